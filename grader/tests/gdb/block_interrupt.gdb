# SPDX-License-Identifier: BSD-2-Clause
# An interrupt in the middle of a patch block: the guest's stack is found, the interrupt waits, and
# the monitor goes back into the block.
#lab 4
#run flags mem=4
tbreak section_nested
continue
set var flags_ticks = 500
tbreak plant if vcpu->code_view->pushed
continue
bt
#> ^#[0-9]+ +world_exit \(\) at
#> ^#[0-9]+ +0x0[1-3][0-9a-f]{6} in <patch block f[d-f][0-9a-f]{6}\+[0-9]+, [0-9]+ bytes pushed> \(\)$
#> ^#[0-9]+ +0x[0-9a-f]{8} in .* \(\) at guests/flags/critical.asm
#> in section_run \(number=[0-9]\)
vmresume
#> ^#0 .* at guests/flags/critical.asm
#> ^in a patch block: f[d-f][0-9a-f]{6}, byte [0-9]+ of .*; [0-9]+ pushed
vcpu
#> ^next .*a breakpoint at the patch block's next exact point$
patches $fetch
#> ^  => f[d-f][0-9a-f]{6}  .* pushed
#> ^     f[d-f][0-9a-f]{6}  int3 +exact
# It is hit at once.
vmexit
#> ^exit [0-9]+  vector 13 error 1a  0009:0[1-3][0-9a-f]{6} in a patch block, for .* at [0-9a-f]{8} <
#! ^next +nothing
