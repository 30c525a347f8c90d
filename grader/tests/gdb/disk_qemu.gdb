# SPDX-License-Identifier: BSD-2-Clause
# A guest's disk is there in every machine that the debugger starts: qemu.
#qemu disk
#lab 2
break guest_done
continue
#> power_off \(\) at guests/lib/start.asm
p disk_results.sectors
#> = 256$
p disk_results.interrupts
#> = 50$
