# SPDX-License-Identifier: BSD-2-Clause
# An exit out of a patch block: EIP is in the block, then in the guest's own code.
#lab 4
#run flags mem=4
tbreak *vm_exit if vcpu_running->registers.eip >= 0x1c00000
continue
bt
#> ^#1 +world_exit \(\) at
#> ^#2 +0x01[0-9a-f]{6} in <patch block fd[0-9a-f]{6}\+0, 0 bytes pushed> \(\)$
#> ^#3 +0x[0-9a-f]{8} in user_leave \(\) at guests/lib/kernel/user.asm
#> ^#4 .* in record 
tbreak code_resume
continue
bt
#> ^#[0-9]+ +world_exit \(\) at
#> ^#[0-9]+ +user_leave \(\) at
#> ^#[0-9]+ .* in record
vmresume
#> ^#0 +user_leave \(\) at
#> ^in a patch block: fd[0-9a-f]{6}, byte 5 of [0-9]+, for mov esp,.* at [0-9a-f]{8} <user_leave\+[0-9]+>; exact, the guest's own$
guest-step
#> ^user_leave \(\) at
#! patch block fd[0-9a-f]+, byte 6 
