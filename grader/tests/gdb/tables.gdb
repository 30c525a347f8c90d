# SPDX-License-Identifier: BSD-2-Clause
#run hello mem=4
vmresume
gdt
#> ^the processor's: GDTR base f0[0-9a-f]{6} limit ffff
#> ^the guest's:     GDTR base 00008000 limit 0017
#> ^0008 guest  code r-a  DPL 0 present base 00000000 limit ffffffff
#> ^0008 real \* code r-a  DPL 1 present base 00000000 limit efffffff
#> ^ffc0 real   code r-a  DPL 0 present base 00000000 limit ffffffff
#> ^ffd0 real   tss       DPL 0 present base f0[0-9a-f]{6} limit 00000067
gdt 0x10
#> ^0010 guest  data w-a  DPL 0
#> ^0010 real \* data w-a  DPL 1
gdt 0x18
#> ^0018 real   empty
idt
#> Before lab 2 no event goes through it
#> ^0000 real   int gate  DPL 0 present ffc0:f0[0-9a-f]{6} <stub0>
#> ^  to 0007: the same
#> ^0008 real   task gate DPL 0 present task ffd8
#> ^0009 real .*<stub9>
#> ^  to 00ff: the same
idt 13
#> ^000d real   int gate .*<stub13>
refused idt 256
#> refused: idt 256: The table ends before 100
refused idt tea
#> refused: idt tea: `idt` takes one number
refused gdt -8
#> refused: gdt -8: `gdt` takes one number
# Where both are alike there is one line.
set var ((struct descriptor *)(0x8000))[1].low = 0
set var ((struct descriptor *)(0x8000))[1].high = 0
gdt 8
#> ^0008 guest  empty
#! NOT REFUSED
