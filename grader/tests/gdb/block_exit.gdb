# SPDX-License-Identifier: BSD-2-Clause
# An exit out of a patch block: EIP is in the block, then in the guest's own code. This one is the
# fault of a block that must not do its work alone (#NP, vector 11, at POP DS): the monitor performs the
# instruction.
#lab 4
#run flags mem=4
tbreak *vm_exit if vcpu_running->registers.eip >= 0x1c00000 && vcpu_running->registers.vector == 11
continue
bt
#> ^#1 +world_exit \(\) at
#> ^#2 +0x0[1-3][0-9a-f]{6} in <patch block f[d-f][0-9a-f]{6}\+[0-9]+, [0-9]+ bytes pushed> \(\)$
#> ^#3 +0x[0-9a-f]{8} in .* at guests/
#> in kernel_main \(
tbreak code_resume
continue
bt
#> ^#[0-9]+ +world_exit \(\) at
#> ^#[0-9]+ +[a-z_]+ .* at guests/
#> in kernel_main \(
vmresume
#> ^#0 +.* at guests/
guest-step
#> ^[a-z_]+ .* at guests/
#! ^#0 .*patch block
