# SPDX-License-Identifier: BSD-2-Clause
# Steps: of the guest's instructions, through its exits and its patch blocks, and of a block's.
#lab 4
#run section mem=4
tbreak section_run
continue
print/x $fetch - (unsigned)$pc
#> = 0xfc000000$
vcpu
#> ^cs       0008 00000000\+ffffffff code r-a 0 \* 0009 fc000000\+03ffffff code --a 1$
#> ^IF       0 +\* 1$
#> ^fetch    fc[0-9a-f]{6}, the copy of its own code$
gdt 8
#> ^0008 real \* code --a  DPL 1 present base fc000000 limit 03ffffff$
guest-step
#> ^exit [0-9]+  sensitive  vector 13 error 1a  0009:[0-9a-f]{8} <section_run>  pushf$
#> ^#0 +section_cli \(\) at guests/section/critical.asm
print *(unsigned *)$esp >> 9 & 1
#> = 0$
guest-step
#> ^exit [0-9]+  privileged vector 13 error 0  .* <section_cli>  cli$
#> ^#0 +section_cli \(\) at
# The guest's own IF is where the blocks have it. With IF = 1, later: STI is no exit of its own.
tbreak section_restore if section_count == 12
continue
#> section_restore \(\)
vcpu
#> ^IF       0 +\* 1$
stepi
#> mov eax, \[section_count\]$
#> ^in a patch block: fe[0-9a-f]{6}, byte [0-9]+ of [0-9]+, for mov eax,.* at [0-9a-f]{8} <section_after>; exact, the guest's own$
vcpu
#> ^IF       1 +1$
#> ^fetch    fe[0-9a-f]{6}, a patch block, for mov eax,
# A breakpoint inside a run: its instruction is fetched from the block alone.
tbreak section_cli
continue
#> ^Temporary breakpoint [0-9]+, section_cli \(\) at
#> ^in a patch block: fd[0-9a-f]{6}, byte 22 of [0-9]+, for cli at [0-9a-f]{8} <section_cli>; exact$
bt
#> ^#0 +section_cli \(\) at guests/section/critical.asm
stepi
#> inc dword \[section_count\]
#> for inc DWORD
# Each instruction of the block, from the jump on.
tbreak section_run
continue
set var $before = $esp
block-step
#> ^in a patch block: fd[0-9a-f]{6}, byte 0 of [0-9]+, for pushf at [0-9a-f]{8} <section_run>; exact$
#> ^=> fd[0-9a-f]{6}  pushf$
block-step
#> ^in a patch block: .*, byte 1 of .* for pushf .*; 4 pushed$
#> ^=> fd[0-9a-f]{6}  pushf$
block-step
#> 8 pushed$
#> ^=> fd[0-9a-f]{6}  push ds$
bt
#> ^#0 +<patch block fd[0-9a-f]{6}\+2, 8 bytes pushed> \(\)$
#> ^#1 +0x[0-9a-f]+ in section_run \(\) at guests/section/critical.asm:[0-9]+$
up
print $esp == $before
#> = 1$
patches section_run
#> ^  => fd[0-9a-f]{6}  push ds +8 pushed$
# stepi does what is left of the guest's instruction.
stepi
#> ^section_cli \(\) at
#> for cli at [0-9a-f]{8} <section_cli>; exact$
refused block-step 2
#> refused: block-step 2: `block-step` takes no arguments
vmexit
refused guest-step
#> refused: guest-step: The monitor runs now
#! NOT REFUSED
