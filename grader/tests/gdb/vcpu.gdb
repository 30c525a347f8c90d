# SPDX-License-Identifier: BSD-2-Clause
#run hello mem=4
vmresume
vcpu
#> ^hello, running, 0 exits so far
#>  eip    001001d0
#> ^ +the guest believes +the processor
#> ^ring     0 +\* 1$
#> ^cs       0008 00000000\+ffffffff code r-a 0 \* 0009 00000000\+efffffff code r-a 1
#> ^ss       0010 00000000\+ffffffff data w-a 0 \* 0011 00000000\+efffffff data w-a 1
#> ^IF       \(not kept yet\) +1$
#> ^gdtr     00008000 limit 0017 +\* f0[0-9a-f]{6} limit ffff
#> ^idtr     \(not kept yet\) +f0[0-9a-f]{6} limit 07ff
vmexit port
vcpu
#> ^hello, stopped while the monitor works, [0-9]+ exits so far
#> ^ring     0 +\* 1$
refused vcpu 1
#> refused: vcpu 1: `vcpu` takes no arguments
#! NOT REFUSED
