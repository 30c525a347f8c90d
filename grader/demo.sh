#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Shows the kit at work, in about half a minute. Where a machine has a screen, it says what the console says.
set -euo pipefail

title() {
	printf '\n== %s\n\n' "$1"
}

make --no-print-directory organs LAB=1 FROM=solutions
monitor=build/monitor/1-solutions/monitor.elf

title "A guest on the bare machine. It looks at its own privilege level."
build/grader/run build/guests/crack.elf
title "The same guest under the monitor: its kernel runs in ring 1, and CLI traps."
build/grader/run --monitor $monitor "build/guests/crack.elf mem=4"
title "Two guests on one machine. The first one tries to read the monitor's memory."
build/grader/run --monitor $monitor "build/guests/hostile.elf mem=2" "build/guests/hello.elf mem=2"
title "An operating system with page tables, processes and a disk of its own, under lab 3's monitor."
make --no-print-directory organs LAB=3 FROM=solutions
build/grader/run --monitor build/monitor/3-solutions/monitor.elf \
	"build/guests/pocket_quiet.elf run=hello,cow,forkwait:10" | grep -v "^screen"
title "A submission of lab 1 is graded: the reference solution."
build/grader/judge --lab 1 --from solutions
title "And what every student starts from: the skeleton."
build/grader/judge --lab 1 --from labs --test the_guests_kernel_runs_in_ring_1 || [ $? = 1 ]
echo
echo "Next: README.md, then labs/1-rings/README.md."
