# SPDX-License-Identifier: BSD-2-Clause
# Where other blocks are in the way, the jump leads to a jump, and that to the block.
#lab 4
#run flags mem=4
tbreak section_memory if critical_counter > 8
continue
#> section_memory \(\) at
block-step
#> ^in a patch block: ff[0-9a-f]{6}, a jump to it, for pushf at [0-9a-f]{8} <section_memory>; exact$
#> ^=> ff[0-9a-f]{6}  jmp 0xfdc
block-step
#> ^in a patch block: fdc[0-9a-f]{5}, byte 0 of .*, for pushf at
stepi
#> ^in a patch block: fdc[0-9a-f]{5}, byte [0-9]+ of .*, for pop edx at [0-9a-f]{8} <section_memory\+1>; exact, the guest's own$
patches section_memory
#> bytes at fdc[0-9a-f]{5}, by a jump at ff[0-9a-f]{6}$
# A whole instruction, from the first jump on.
tbreak section_memory
continue
stepi
#> for pop edx at
