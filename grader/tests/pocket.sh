#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# What pocket, the kit's own operating system, says on the bare machine: all of it, the same each
# time, on the serial line and on the screen, with much and with little memory. A program that goes
# wrong is ended, and a kernel that goes wrong says where. QEMU types for the program that reads.
set -u

pocket=build/guests/pocket.elf
budget=60000000 # instructions since power-on
work=$(mktemp -d)
qemu=
trap '[ -n "$qemu" ] && kill "$qemu"; rm -rf "$work"' EXIT
failed=0 passed=0

fails() {
	echo "FAILED: $1"
	failed=$((failed + 1))
}

# boots FILE WORDS: the output of a run goes to FILE
boots() {
	build/grader/run "$pocket $2" >"$1" 2>&1 || fails "'$2': it did not switch itself off"
}

# is_all FILE STREAM: the lines of one stream match the patterns on the standard input, one by one
is_all() {
	local line pattern number=0
	sed -n "s/^$2 *| //p" "$1" >"$work/lines"
	exec 3<"$work/lines"
	while IFS= read -r pattern; do
		number=$((number + 1))
		if ! IFS= read -r line <&3; then
			fails "the $2 ends before line $number: $pattern"
			return
		fi
		if [[ $line =~ ^$pattern$ ]]; then
			passed=$((passed + 1))
		else
			fails "line $number of the $2 is: $line"
			echo "    not: $pattern"
		fi
	done
	if IFS= read -r line <&3; then
		fails "the $2 goes on behind its last line: $line"
	fi
	exec 3<&-
}

says() { # FILE PATTERN
	if grep -Eq -- "$2" "$1"; then
		passed=$((passed + 1))
	else
		fails "no line matches: $2"
		sed 's/^/    /' "$1"
	fi
}

hex='[0-9a-f]{8}'
cat >"$work/expected" <<END
pocket: a small operating system
console: screen, serial line, keyboard
memory: 64 MiB
clock: 2000-01-01 00:0[0-9]
programs: count echo fault hello orphans ping pong primes selftest seven
timer: 100 ticks a second
hello from ring 3
init: hello ended with status 0
count: from 1 to 1000, 871 takes the most steps: 178
init: count ended with status 0
primes: 2262 below 20000, the largest is 19997
init: primes ended with status 0
ping: 4 rounds here, 3 rounds there
init: ping ended with status 0
fault: writing to 100000
fault was killed: general protection \(vector 13, error code 0\)
  eax $hex  ebx $hex  ecx $hex  edx $hex
  esi $hex  edi $hex  ebp $hex  esp $hex
  eip $hex  eflags $hex  cs 001b  ds 0023  ss 0023
init: fault ended with status -1
selftest: write
selftest: [1-9][0-9]+ checks passed
init: selftest ended with status 0
pocket: all done
END

boots "$work/first" ""
is_all "$work/first" console <"$work/expected"
is_all "$work/first" screen <"$work/expected"
boots "$work/second" ""
cmp "$work/first" "$work/second" || fails "two runs differ"
used=$(awk '/instructions since power-on/ { print $1 }' "$work/first")
[ "${used:-$budget}" -lt $budget ] || fails "it took ${used:-no known number of} instructions"

# no memory is lost: selftest starts more programs than fit in 4 MiB
boots "$work/small" "mem=4 run=selftest,hello"
says "$work/small" 'console \| memory: 4 MiB$'
says "$work/small" 'console \| init: selftest ended with status 0$'
says "$work/small" 'console \| hello from ring 3$'

boots "$work/unknown" "run=nothing,hello"
says "$work/unknown" 'console \| init: cannot run nothing: error -4$'
says "$work/unknown" 'console \| hello from ring 3$'

# a fault in the kernel
boots "$work/crash" "crash=1"
says "$work/crash" 'console \| panic: invalid opcode in init \(vector 6, error code 0\)$'
says "$work/crash" 'console \|   eip [0-9a-f]{8}  eflags [0-9a-f]{8}  cs 0008  ds 0010  ss 0010$'
says "$work/crash" 'console \|   called from [0-9a-f]{8}'
# the first address of the backtrace is in the function that called the one at fault
caller=$(sed -n 's/^console |   called from \([0-9a-f]*\).*/\1/p' "$work/crash")
addr2line -f -e "$pocket" "0x${caller:-0}" >"$work/caller"
says "$work/caller" '^thread_begin$'

# someone types, with a mistake and a backspace
mkfifo "$work/keys"
timeout 60 qemu-system-i386 -kernel $pocket -append "run=echo" -display none -no-reboot -serial stdio \
	<"$work/keys" >"$work/echo" 2>&1 &
qemu=$!
exec 4>"$work/keys"
for _ in {1..300}; do
	grep -q 'type a line' "$work/echo" && break
	sleep 0.1
done
printf 'hellx\bo there\r' >&4
wait "$qemu"
qemu=
exec 4>&-
says "$work/echo" '^echo: hello there$'
says "$work/echo" '^pocket: all done$'

echo "$passed lines found, $failed missing"
[ $failed = 0 ]
