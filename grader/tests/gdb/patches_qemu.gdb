# SPDX-License-Identifier: BSD-2-Clause
# Lab 4 on QEMU, whose stub knows nothing of the code view.
#lab 4
#qemu section mem=4
break section_done
#> ^From lab 4 on QEMU stops in the guest's kernel only at `tbreak`
delete
tbreak section_run
continue
#> ^Temporary breakpoint [0-9]+, section_run \(\) at
vcpu
#> ^fetch    fc[0-9a-f]{6}, the copy of its own code$
guest-step
#> ^exit [0-9]+  sensitive .* <section_run>  pushf$
#> ^#0 +section_cli \(\) at
refused block-step
#> refused: block-step: The guest is in no patch block
tbreak section_run
continue
tbreak section_run
continue
tbreak section_run
continue
# Hot: the jump, and a step of the block's.
stepi
#> ^in a patch block: fd[0-9a-f]{6}, byte 0 of .*, for pushf at [0-9a-f]{8} <section_run>; exact$
stepi
bt
#> ^#0 .*<patch block fd[0-9a-f]{6}\+1, 4 bytes pushed> \(\)$
#> ^#1 .* in section_run \(\) at
code
#> ^=> [0-9a-f]{8}\* 9c +\| e9 +jump +pushf$
tbreak section_done
continue
#> ^Temporary breakpoint [0-9]+, section_done
patches jumps
#> <section_run> +jump +block fd
tbreak section_cli
vmexit page_fault
#> section switched itself off
#! NOT REFUSED
