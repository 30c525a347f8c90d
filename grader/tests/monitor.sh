#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# What the reference monitor says and does where a guest is broken, greedy, endless or hostile: each
# case boots a machine in Bochs and looks for lines in its output.
set -u

monitor=build/monitor/1-solutions/monitor.elf
guests=build/guests
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0 passed=0

# boots GUESTS...: the output goes to $work/out
boots() {
	build/grader/run --monitor $monitor "$@" >"$work/out" 2>&1
}

says() { # PATTERN: a line of the last output must match
	if grep -Eq -- "$1" "$work/out"; then
		passed=$((passed + 1))
	else
		echo "FAILED: no line matches: $1"
		sed 's/^/    /' "$work/out"
		failed=$((failed + 1))
	fi
}

says_not() { # PATTERN
	if grep -Eq -- "$1" "$work/out"; then
		echo "FAILED: a line matches: $1"
		failed=$((failed + 1))
	else
		passed=$((passed + 1))
	fi
}

# a guest that reaches past its memory is ended, and the next one runs
boots "$guests/greedy.elf mem=2" "$guests/hello.elf mem=2"
says 'killing greedy: it has no memory at the linear address that it used'
says 'exception    vector 14'
says 'at           0009:[0-9a-f]{8} <.*greedy_site'
says 'instruction  mov'
says 'page fault'
says 'console \| hello, world'

# a hostile guest: the report names the place and the instruction
boots "$guests/hostile.elf mem=2" "$guests/hello.elf mem=2"
says 'killing hostile: it reached for addresses that belong to the monitor'
says 'at           0009:[0-9a-f]{8} <read_ds.site|<read_ds'
says 'instruction  mov eax, dword \[ds:ebx\]|instruction  mov eax, dword \[ebx\]'
says 'hostile took [0-9]+ exits:'
says 'console \| hello, world'

# an endless guest is ended when its time is up
boots "$guests/user.elf mem=2 time=5"
says 'killing user: its time is up'

# two of one kind, each in its own memory
boots "$guests/pair.elf mem=3 one" "$guests/pair.elf mem=3 two"
says 'round 4.* 0 words are wrong'
says_not '[1-9][0-9]* words are wrong'

# a port with no device: all ones, named once
boots "$guests/privileged.elf mem=2"
says 'privileged: no device at port'
says 'privileged halted'
[ "$(grep -c 'no device at port ec ' "$work/out")" = 1 ] || {
	echo "FAILED: port ec was not named exactly once"
	failed=$((failed + 1))
}

# broken files: each has its message, and the good guest runs
head -c 100 $guests/hello.elf >"$work/cut.elf"
{ printf 'not an ELF file'; head -c 5000 /dev/zero; } >"$work/text.elf"
cp $guests/hello.elf "$work/sixtyfour.elf"
printf '\002' | dd of="$work/sixtyfour.elf" bs=1 seek=4 conv=notrunc 2>/dev/null
cp $guests/hello.elf "$work/noboot.elf"
printf '\0\0\0\0' | dd of="$work/noboot.elf" bs=1 seek=$((0x1000)) conv=notrunc 2>/dev/null
boots "$work/cut.elf" "$work/text.elf" "$work/sixtyfour.elf" "$work/noboot.elf" \
	"$guests/hello.elf mem=999" "$guests/hello.elf mem=0" "$guests/hello.elf mem=70" "$guests/hello.elf mem=2"
says "cannot load cut: the ELF file's program headers do not lie in the file"
says 'cannot load text: this is not an ELF file'
says 'cannot load sixtyfour: this ELF file is not for a 32-bit x86 processor'
says 'cannot load noboot: it has no Multiboot header'
says 'cannot load hello: mem= wants a number of MiB'
says 'cannot load hello: there is not enough memory left'
says 'console \| hello, world'

# what a guest that could not be loaded was given goes back: two of 40 MiB do not fit side by side
cp $guests/hello.elf "$work/large.elf" # the second program header's size in memory: 64 MiB
printf '\0\0\0\4' | dd of="$work/large.elf" bs=1 seek=$((52 + 32 + 20)) conv=notrunc 2>/dev/null
boots "$work/large.elf mem=40" "$guests/hello.elf mem=40"
says 'cannot load large: its segments do not fit in its memory'
says 'loaded hello, 40 MiB'

# a kernel's data right behind its code: writes to them are no exits, at lab 4 as before
for lab in 3 4; do
	monitor=build/monitor/$lab-solutions/monitor.elf
	boots "$guests/pocket_quiet.elf mem=4 run=hello"
	says 'took [0-9]+ exits: .*[^0-9][0-9]{1,2} traced write'
done
monitor=build/monitor/1-solutions/monitor.elf

# nothing to run
boots "$work/text.elf"
says 'PANIC: none of the guests could be loaded'

echo "$passed lines found, $failed missing"
[ $failed = 0 ]
