# SPDX-License-Identifier: BSD-2-Clause
#
# A walk along one PUSHF of the guest's: it is found, hit, performed, hit again, becomes hot, and moves
# into a patch block. Then through the block, and out of it. The guest's own code never changes.
#
#   make gdb LAB=4 GUEST=section FROM=labs GDBARGS="-x labs/4-patch/walk.gdb"
#
# Or open GDB without GDBARGS and type the commands yourself. Lines with #> are what to look for;
# the kit's tests look for it too. It needs the whole of scan.c and patch.c.
#lab 4
#run section mem=4

# ---- 1. The kernel's first instruction. Its copy is not there; then it is nothing but breakpoints. ----

tbreak scan
continue
#> scan \(vcpu=.*, page=.*, offset=464\)
code 0x1001d0
#> ^page 00100000, guest-physical 00100000, behind it
#> ^instructions: 0 copied, 0 replaced, 0 stepped; 0 jumps; 4096 bytes unknown$
vmresume
code
#> ^=> 001001d0  .* \| the same +copied +mov esp,

# ---- 2. PUSHF. The guest reads its own byte; what is fetched is a breakpoint. ----

tbreak section_run
continue
#> section_run \(\) at guests/section/critical.asm
print/x $fetch
#> = 0xfc1[0-9a-f]{5}$
code
#> ^=> [0-9a-f]{8}\* 9c +\| cc +breakpoint pushf$
#> ^   [0-9a-f]{8}  fa +\| the same +copied +cli$
vmexit sensitive
#> ^exit [0-9]+  sensitive  vector 13 error 1a  0009:[0-9a-f]{8} <section_run>  pushf$
vmresume
#> ^#0 +section_cli \(\) at
# IF is bit 9. The processor's own is 1, and what PUSHF has pushed is the guest's.
print (unsigned)$eflags >> 9 & 1
#> = 1$
print *(unsigned *)$esp >> 9 & 1
#> = 0$

# ---- 3. The third time. A run of whole instructions, five bytes or more. ----

tbreak patch_make
continue
#> patch_make \(vcpu=.*, page=.*, offset=[0-9]+\)
tbreak code_commit_block
continue
#> code_commit_block \(vcpu=.*, page=.*, offset=[0-9]+, length=[0-9]+, block=
print *block
#> overflow = false
vmresume
patches section_run
#> <section_run>: a run of 8 bytes; its block has [0-9]+ bytes at f[d-f][0-9a-f]{6}$
#> <section_run>  pushf$
#> <section_cli>  cli$
#> <section_cli\+1>  inc DWORD PTR
code section_run
#> ^=> [0-9a-f]{8}\* 9c +\| e9 +jump +pushf$
#> ^   [0-9a-f]{8}  fa +\| cc +in the run cli$
#> \| cc cc 0[123] cc cc cc +in the run inc

# ---- 4. Through the block. What `pushed` says is not the guest's; at `exact` all is. ----

tbreak section_run
continue
block-step
#> ^in a patch block: f[d-f][0-9a-f]{6}, byte 0 of [0-9]+, for pushf at [0-9a-f]{8} <section_run>; exact$
block-step
#> for pushf at [0-9a-f]{8} <section_run>; [0-9]+ pushed$
bt
#> ^#0 +<patch block f[d-f][0-9a-f]{6}\+[0-9]+, [0-9]+ bytes pushed> \(\)$
#> ^#1 +0x[0-9a-f]{8} in section_run \(\) at guests/section/critical.asm
stepi
#> for cli at [0-9a-f]{8} <section_cli>; exact$
print *(unsigned *)$esp >> 9 & 1
#> = 0$
stepi
#> for inc DWORD PTR .*; exact, the guest's own$
vcpu
#> ^IF       0 +\* 1$
#> ^fetch    f[d-f][0-9a-f]{6}, a patch block, for inc

# ---- 5. What it was for, and what the guest has seen of it. ----

tbreak section_run if section_count == 12
continue
print $before = vcpu_running->exits.count[EXIT_SENSITIVE]
#> = [0-9]+$
tbreak section_run
continue
print vcpu_running->exits.count[EXIT_SENSITIVE] - $before
#> = 0$
tbreak section_done
continue
print section_sums[0] == section_sums[1]
#> = 1$
print section_wrong
#> = 0$
exits by reason
#> code_scan
#> sensitive
