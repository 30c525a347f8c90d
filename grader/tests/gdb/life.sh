#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# What comes before and after the commands: Ctrl-C, the end of GDB in every way, the full screen, a
# failed test's machine, wrong words. Nothing may be left behind. Run in the kit's folder.
set -u

work=$(mktemp -d)
export TMPDIR=$work/tmp
mkdir "$TMPDIR"
failed=0
trap 'rm -rf "$work"' EXIT

complain() {
	echo "FAILED: $1"
	[ ! -f "$work/out" ] || cat "$work/out"
	failed=1
}

await() { # SECONDS COMMAND...: until the command succeeds
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.1
	done
}

says() { # PATTERN
	grep -Eq -- "$1" "$work/out"
}

family() { # PID -> it and all that it has started
	local child
	echo "$1"
	for child in $(pgrep -P "$1"); do
		family "$child"
	done
}

# shellcheck disable=SC2317 # await calls it
gone() { # PID...
	local pid state
	for pid in "$@"; do
		state=$(ps -o state= -p "$pid")
		[ -z "$state" ] || [ "$state" = Z ] || return 1
	done
}

# GDB on a guest that never ends, running; sets gdb and machine.
start() { # EMULATOR
	printf 'continue\nprint $%s\n' cpl >"$work/script"
	EMULATOR=$1 GDBARGS="-nx -batch -ex 'echo running\n' -x $work/script" \
		grader/gdb.sh 1 solutions "user mem=4" </dev/null >"$work/out" 2>&1 &
	gdb=$!
	await 30 says '^running' || complain "$1 does not run"
	sleep 1
	mapfile -t machine < <(family $gdb)
	[ ${#machine[@]} -gt 1 ] || complain "$1: there is no machine beside GDB"
}

ends() { # TEXT
	await 5 gone "${machine[@]}" || complain "$1 leaves something running: $(ps -o pid,args -p "${machine[*]}")"
	[ -z "$(ls -A "$TMPDIR")" ] || complain "$1 leaves files: $(ls "$TMPDIR")"
}

ctrl_c() {
	start bochs
	kill -INT $gdb
	await 5 gone $gdb || complain "Ctrl-C does not stop a running guest"
	says 'SIGINT' || complain "Ctrl-C is not what stops the guest"
	says '= 3$' || complain "Ctrl-C does not find the guest's user in ring 3"
	ends "Ctrl-C and the end of a script"
}

killed() { # EMULATOR
	start "$1"
	disown $gdb # bash need not say that it was killed
	kill -KILL $gdb
	ends "killing GDB on $1"
}

screen() {
	tmux -S "$work/tmux" capture-pane -p >"$work/out"
}

shows() { # PATTERN
	screen && says "$1"
}

type() {
	tmux -S "$work/tmux" send-keys "$1" Enter
}

full_screen() {
	tmux -f /dev/null -S "$work/tmux" new -d -x 80 -y 24 "grader/gdb.sh 1 solutions 'crack mem=4'"
	await 30 shows '^\(gdb\)' || complain "GDB does not start in a terminal"
	mapfile -t machine < <(family "$(tmux -S "$work/tmux" list-panes -F '#{pane_pid}')")
	type 'layout src'
	await 5 shows '>.*serial_init\(\)' || complain "layout src does not show the monitor"
	type 'vmexit privileged'
	await 10 shows 'monitor/exit\.c.*─' || complain "layout src does not follow vmexit"
	shows 'In: handle_protection' || complain "the status line does not follow vmexit"
	type guest
	await 5 shows 'console_printf|interrupts_disable\(\);' || complain "layout src does not follow guest"
	type 'vmresume'
	await 5 shows '>.*eflags_read' || complain "layout src does not follow vmresume"
	type 'layout asm'
	await 5 shows '> 0x1004f6 .*pushf' || complain "layout asm does not show the guest"
	type quit
	ends "quit in the full screen"
}

# What the judge leaves of a failed test; here made by hand.
failed_test() {
	local folder=build/failures/1/life-$$
	mkdir -p "$folder"
	cp build/monitor/1-solutions/monitor.elf "$folder"
	build/grader/mkimage -o "$folder/disk.img" -b build/boot "$folder/monitor.elf log=memory" \
		"build/guests/crack.elf mem=4" || complain "mkimage"
	printf '%s\n' "from solutions" "megs 64" "tick 7700000" "monitor monitor.elf" "guest crack" >"$folder/machine"
	TEST=life SEED=$$ GDBARGS="-nx -batch -ex 'monitor ticks' -ex bt" grader/gdb.sh 1 solutions hello </dev/null >"$work/out" 2>&1
	says '^7700000$' || complain "a failed test's machine is not run to its tick"
	says 'guest_start \(\)' || complain "a failed test's guest has no symbols"
	refuses "a failure of another submission" "FROM=solutions. Judge this one first" env TEST=life SEED=$$ grader/gdb.sh 1 labs hello
	rm -rf "$folder"
	refuses "a failure that is not there" "no failure of life with seed $$ is recorded" env TEST=life SEED=$$ grader/gdb.sh 1 solutions hello
}

refuses() { # WHAT PATTERN COMMAND...
	local what=$1 pattern=$2
	shift 2
	"$@" </dev/null >"$work/out" 2>&1
	[ $? = 2 ] || complain "$what is not refused"
	says "$pattern" || complain "$what is refused without saying why"
}

ctrl_c
killed bochs
killed qemu
full_screen
failed_test
refuses "a guest that is not there" 'no guest tea. There are: .*hello' grader/gdb.sh 1 solutions tea
refuses "a monitor that is not built" 'is not built' grader/gdb.sh 1 nowhere hello
refuses "no guest" 'name a guest' grader/gdb.sh 1 solutions
refuses "two guests on the bare machine" 'runs one guest' env BARE=1 grader/gdb.sh 1 solutions hello crack
refuses "an emulator that is not there" 'EMULATOR is bochs or qemu' env EMULATOR=vax grader/gdb.sh 1 solutions hello
exit $failed
