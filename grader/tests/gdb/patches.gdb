# SPDX-License-Identifier: BSD-2-Clause
# What stands in the copy for the guest's own code: a breakpoint, later a jump, and the block.
#lab 4
#run section mem=4
refused patches
#> refused: patches: The monitor has not loaded its tables yet
tbreak section_run
continue
patches
#> ^page 00100000, guest-physical 00100000, behind it none that is known$
#> ^  [0-9a-f]{8} <section_run> +breakpoint +0 hits +pushf$
#> ^  [0-9a-f]{8} <section_restore> +breakpoint +0 hits +popf$
#> ^  [0-9a-f]{8} <segments_load> +breakpoint +1 hit +jmp 0x8:0x[0-9a-f]+$
#> ^[0-9]+ places, 0 of them jumps to patch blocks$
patches section_run
#> <section_run>: a breakpoint stands for `pushf`, which the monitor performs; 0 hits$
patches section_cli
#> <section_cli>: `cli` runs as it is$
refused patches section_run + 3
#> refused: patches section_run \+ 3: No instruction is known to begin at [0-9a-f]{8} <section_cli\+2> \(inside\)
refused patches section_done
#> refused: patches section_done: No instruction is known to begin at [0-9a-f]{8} <section_done> \(unknown\)
refused patches 0x300000
#> refused: patches 0x300000: Nothing is known of the code at 00300000
code
#> ^page 00100000, guest-physical 00100000, behind it none that is known$
#> ^its copy is at f0[0-9a-f]{6}, and the kernel fetches from it$
#> ^instructions: [0-9]+ copied, [0-9]+ replaced, 0 stepped; 0 jumps; [0-9]+ bytes unknown$
#> ^   [0-9a-f]{8}  [0-9]+ bytes unknown: breakpoints$
#> ^=> [0-9a-f]{8}\* 9c +\| cc +breakpoint pushf$
#> ^   [0-9a-f]{8}  fa +\| the same +copied +cli$
#> ^   [0-9a-f]{8}  9d +\| cc +breakpoint popf$
refused code 0x300000
#> refused: code 0x300000: There is no copy of the code at 00300000
refused code 0x2000000
#> refused: code 0x2000000: 02000000 lies beyond the code view
refused block-step
#> refused: block-step: The guest is in no patch block
# Hot.
tbreak section_restore if section_count == 5
continue
patches jumps
#> ^  [0-9a-f]{8} <section_run> +jump +block fd[0-9a-f]{6}  pushf; cli; inc DWORD PTR ds:0x[0-9a-f]+$
#> ^  [0-9a-f]{8} <section_restore> +jump +block fe[0-9a-f]{6}  popf; mov eax,ds:0x[0-9a-f]+$
#> , 3 of them jumps
code section_cli
#> ^   [0-9a-f]{8}\* 9c +\| e9 +jump +pushf$
#> ^=> [0-9a-f]{8}  fa +\| cc +in the run cli$
#> ^   [0-9a-f]{8}  ff 05 .* \| cc cc 01 cc cc cc +in the run inc
patches section_run
#> <section_run>: a run of 8 bytes; its block has [0-9]+ bytes at fd[0-9a-f]{6}$
#> <section_run>  pushf$
#> ^     fd[0-9a-f]{6}  pushf +exact$
#> ^     fd[0-9a-f]{6}  push +ds +8 pushed$
#> <section_cli>  cli$
#> <section_cli\+1>  inc DWORD PTR
#> ^     fd[0-9a-f]{6}  inc DWORD PTR .* exact, the guest's own$
#> <section_restore>  <- behind the run$
#> ^     fd[0-9a-f]{6}  jmp 0x[0-9a-f]+ <section_restore> +exact
# What the guest reads is its own.
x/2bx section_run
#> 0x9c\s0xfa
#! NOT REFUSED
#! jump .* 0xfc
