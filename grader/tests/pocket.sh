#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# What pocket, the kit's own operating system, says on the bare machine: all of it, the same each
# time, on the serial line and on the screen, with much and with little memory, and the same from
# both builds. A program that goes wrong is ended, and a kernel that goes wrong says where. What it
# leaves on its disk is whole, whatever happens: also where the disk fails, and wherever a crash cuts
# off its writing. QEMU types for the shell.
set -u

pocket=build/guests/pocket.elf
quiet=build/guests/pocket_quiet.elf
disk=build/guests/pocket.disk
mkfs=build/guests/pocket/tools/mkfs
fsck=build/guests/pocket/tools/fsck
fstest=$PWD/build/guests/pocket/tools/fstest
budget=120000000 # instructions since power-on; half of them for selftest's thousand forks
work=$(mktemp -d)
qemu=
trap '[ -n "$qemu" ] && kill "$qemu"; rm -rf "$work"' EXIT
failed=0 passed=0

fails() {
	echo "FAILED: $1"
	failed=$((failed + 1))
}

# boots KERNEL FILE WORDS: the output of a run goes to FILE, and the disk as it was left to FILE.disk
boots() {
	local keep=()
	[ -e "${1%.elf}.disk" ] && keep=(--keep-disk "$2.disk")
	build/grader/run "${keep[@]}" "$1 $3" >"$2" 2>&1 ||
		fails "$1 '$3': it did not switch itself off"
}

# is_whole FILE: there is a file system in it without a mistake
is_whole() {
	if $fsck "$1" >"$work/fsck" 2>&1; then
		passed=$((passed + 1))
	else
		fails "fsck finds something in $1:"
		sed 's/^/    /' "$work/fsck"
	fi
}

# instructions FILE: how many the run took
instructions() {
	awk '/instructions since power-on/ { print $1 }' "$1"
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
code='40[0-9a-f]{6}'
registers="  eax $hex  ebx $hex  ecx $hex  edx $hex
  esi $hex  edi $hex  ebp $hex  esp $hex
  eip $hex  eflags $hex  cs 001b  ds 0023  ss 0023"
cat >"$work/expected" <<END
pocket: a small operating system
console: screen, serial line, keyboard
memory: 64 MiB
clock: 2000-01-01 00:0[0-9]
timer: 100 ticks a second
disk: second channel, master, a file system of [0-9]+ KiB
hello from ring 3
hello ended with status 0
count: from 1 to 1000, 871 takes the most steps: 178
count ended with status 0
primes: 2262 below 20000, the largest is 19997
primes ended with status 0
ping: 4 rounds here, 3 rounds there
ping ended with status 0
fault: writing to the kernel
fault was killed: it wrote to 00100000, but it may not
$registers
fault ended with status -1
cow: 3 generations, 0 of them saw what is not theirs
cow ended with status 0
vm: 1024 KiB, 0 words are wrong
vm ended with status 0
forkwait: 100 of 100 children
forkwait ended with status 0
apple
banana
4aa3a8d7 20 sorted
4aa3a8d7 20 moved
000000 62 61 6e 61 6e 61 0a                            banana.
-   1      1[0-9] programs
-   1      20 fruit
-   1      20 sorted
-   1      20 moved
files and pipes ended with status 0
selftest: write
selftest was killed: it read from 00000000, but it may not
$registers
selftest was killed: it jumped to 00000000, but it may not
$registers
selftest was killed: it wrote to $code, but it may not
$registers
fault: writing to its code
fault was killed: it wrote to $code, but it may not
$registers
selftest was killed: it read from 3ffff000, but it may not
$registers
selftest was killed: it wrote to bfeff[0-9a-f]{3}, but it may not
$registers
selftest: [1-9][0-9]+ checks passed
init: /etc/rc ended with status 0
pocket: all done
END

boots $pocket "$work/first" ""
is_all "$work/first" console <"$work/expected"
sed -n '/^screen/p' "$work/first" | tail -n 24 >"$work/screen"
is_all "$work/screen" screen < <(tail -n 24 "$work/expected")
boots $pocket "$work/second" ""
cmp "$work/first" "$work/second" || fails "two runs differ"
boots $quiet "$work/quiet" ""
cmp <(grep -v 'instructions since' "$work/first") <(grep -v 'instructions since' "$work/quiet") ||
	fails "the two builds differ"
cmp "$work/first.disk" "$work/second.disk" || fails "two runs leave different disks"
cmp "$work/first.disk" "$work/quiet.disk" || fails "the two builds leave different disks"
is_whole "$work/first.disk"
used=$(instructions "$work/first")
[ "${used:-$budget}" -lt $budget ] || fails "it took ${used:-no known number of} instructions"

for kernel in $pocket $quiet; do
	# no memory is lost: what uses it up runs twice, and selftest starts more programs than fit
	boots "$kernel" "$work/small" "mem=4 run=exhaust,selftest,exhaust,hello"
	says "$work/small" 'console \| memory: 4 MiB$'
	says "$work/small" 'console \| init: selftest ended with status 0$'
	says "$work/small" 'console \| exhaust was killed: .* there is no memory left for it$'
	says "$work/small" 'console \| init: exhaust ended with status 0$'
	says "$work/small" 'console \| hello from ring 3$'
	is_whole "$work/small.disk"
	[ "$(grep -c 'console | exhaust: the machine is as before' "$work/small")" = 2 ] ||
		fails "exhaust did not end well twice"
done

# a fork, an exit and a wait: 40000 instructions at most
boots $pocket "$work/forks10" "run=forkwait:10"
boots $pocket "$work/forks510" "run=forkwait:510"
says "$work/forks510" 'console \| forkwait: 510 of 510 children$'
each=$((($(instructions "$work/forks510") - $(instructions "$work/forks10")) / 500))
if [ $each -le 0 ] || [ $each -ge 40000 ]; then
	fails "a fork takes $each instructions"
fi

boots $pocket "$work/unknown" "run=nothing,hello"
says "$work/unknown" 'console \| init: nothing: nothing has this name$'
says "$work/unknown" 'console \| hello from ring 3$'

# a fault in the kernel
boots $pocket "$work/crash" "crash=1"
says "$work/crash" 'console \| panic: invalid opcode in init \(vector 6, error code 0\)$'
says "$work/crash" 'console \|   eip [0-9a-f]{8}  eflags [0-9a-f]{8}  cs 0008  ds 0010  ss 0010$'
says "$work/crash" 'console \|   called from [0-9a-f]{8}'
# the first address of the backtrace is in the function that called the one at fault
caller=$(sed -n 's/^console |   called from \([0-9a-f]*\).*/\1/p' "$work/crash")
addr2line -f -e "$pocket" "0x${caller:-0}" >"$work/caller"
says "$work/caller" '^thread_begin$'

# without a disk, and with one on which there is no file system
cp $pocket "$work/alone.elf"
boots "$work/alone.elf" "$work/alone" ""
says "$work/alone" 'console \| disk: there is none with a file system of pocket.s'
head -c 32768 /dev/zero >"$work/alone.disk"
boots "$work/alone.elf" "$work/empty" ""
says "$work/empty" 'console \| disk: there is none with a file system of pocket.s'
cmp -s "$work/alone.disk" "$work/empty.disk" || fails "a disk that is not pocket's was written"

# ---- a shell that someone types to ----

# starts_shell DRIVE: QEMU with that disk; its input is descriptor 4, its output $work/shell
starts_shell() {
	rm -f "$work/keys"
	mkfifo "$work/keys"
	timeout 120 qemu-system-i386 -kernel $pocket -append shell -display none -no-reboot \
		-serial stdio -drive "if=ide,index=2,format=raw,werror=report,rerror=report,file=$1" \
		<"$work/keys" >"$work/shell" 2>&1 &
	qemu=$!
	exec 4>"$work/keys"
	prompts=0
}

# awaits COUNT PATTERN: so many lines match it
awaits() {
	for _ in {1..600}; do
		[ "$(tr -d '\r' <"$work/shell" | grep -ac -- "$2")" -ge "$1" ] && return
		sleep 0.1
	done
	fails "the shell waits for ever: $2"
}

# types TEXT: when the next prompt is there
types() {
	prompts=$((prompts + 1))
	awaits $prompts '^\$ '
	printf '%b' "$1" >&4
}

ends_shell() {
	wait "$qemu"
	qemu=
	exec 4>&-
	tr -d '\r' <"$work/shell" >"$work/said"
}

cp $disk "$work/qemu.disk"
starts_shell "$work/qemu.disk"
types 'echx\bo "one  two" > /file; cat < /file\r'
types 'cat /bin/* nothing | wc; ls /bin | wc > /count; mkdir /new; cd /new\r'
types 'cat /bin/selftest | cat | tee copy | sum; sum < /bin/selftest; cp copy copy2; sum copy2\r'
types 'seven; echo status $?; fault\r'
types 'cat | cat\rline\r'
awaits 2 '^line$' # as it was typed, and as it came out
printf '\003' >&4
types 'echo still $?\r'
types 'not fin\003'
types 'echo > x | | cat\r'
types 'ask\r'
awaits 1 '^ask: type'
printf 'an answer\r' >&4
types 'sleep 1000000 & ps\r'
types 'sh\r'
types 'exit 3\r'
types 'echo inner $?; mv copy2 /etc/copy3; rm copy; cd /; rmdir new; sync\r'
types 'exit 5\r'
ends_shell
sum=$(gzip -c build/guests/pocket/root/bin/selftest | tail -c 8 | od -An -tx4 -N4 | tr -d ' ')
size=$(stat -c %s build/guests/pocket/root/bin/selftest)
says "$work/said" '^one  two$'
says "$work/said" '^cat: nothing: nothing has this name$'
[ "$(grep -c "^$sum $size\$" "$work/said")" = 2 ] || fails "not twice $sum $size from sum"
says "$work/said" "^$sum $size copy2\$"
says "$work/said" '^status 7$'
says "$work/said" '^fault was killed: it wrote to 00100000'
says "$work/said" '^line$'
says "$work/said" '^still -1$'
says "$work/said" '^\$ not fin\^C$'
says "$work/said" '^sh: a command is missing$'
says "$work/said" '^ask: an answer$'
says "$work/said" '^ +[0-9]+ +1 +[0-9]+ (ready|sleeping) +sleep$'
says "$work/said" '^inner 3$'
says "$work/said" '^init: the shell ended with status 5$'
says "$work/said" '^pocket: all done$'
is_whole "$work/qemu.disk"
cmp <($fsck "$work/qemu.disk" /etc/copy3) build/guests/pocket/root/bin/selftest ||
	fails "a file that was copied has changed"
[ "$($fsck "$work/qemu.disk" /file)" = "one  two" ] || fails "/file is not on the disk"
$fsck "$work/qemu.disk" /new/copy >/dev/null 2>&1 && fails "/new/copy is still on the disk"

# the next machine finds what the last one left; then its disk takes no writes any more
cat >"$work/failing" <<END
[inject-error]
event = "write_aio"
iotype = "write"
errno = "5"
once = "off"
END
starts_shell "blkdebug:$work/failing:$work/qemu.disk"
types 'cat /file; echo lost > /lost\r'
types 'rm /file; cat /etc/rc | head -1; exit\r'
ends_shell
says "$work/said" '^one  two$'
says "$work/said" '^sh: /lost: the disk failed$'
says "$work/said" '^rm: /file: the disk failed$'
says "$work/said" '^# What pocket runs'
says "$work/said" '^pocket: all done$'
is_whole "$work/qemu.disk"

# the same under QEMU as on Bochs, but for the clock and for selftest's last bits
cp $disk "$work/qemu.disk"
timeout 120 qemu-system-i386 -kernel $pocket -m 64 -display none -no-reboot -serial stdio \
	-drive "if=ide,index=2,format=raw,file=$work/qemu.disk" </dev/null 2>&1 | tr -d '\r' |
	sed 's/^/console | /' >"$work/qemu"
is_all "$work/qemu" console < <(sed 's/^clock:.*/clock: .*/' "$work/expected")
is_whole "$work/qemu.disk"

# ---- the file system's tools, and the file system itself ----

$mkfs "$work/again.disk" $(($(stat -c %s $disk) / 1024)) build/guests/pocket/root >/dev/null
cmp $disk "$work/again.disk" || fails "the same files do not give the same image"
mkdir "$work/nothing"
$mkfs "$work/test.disk" 144 "$work/nothing" >/dev/null
for seed in 1 2 3; do
	(cd "$work" && $fstest test.disk "$OLDPWD/$fsck" $seed 150) >"$work/fstest" ||
		fails "$(tail -n 3 "$work/fstest")"
done

# damage OFFSET BYTE STATUS: fsck sees it
damage() {
	cp $disk "$work/damaged"
	printf '%b' "$2" | dd of="$work/damaged" bs=1 seek="$1" conv=notrunc status=none
	$fsck "$work/damaged" >"$work/fsck" 2>&1
	status=$?
	if [ $status = "$3" ]; then
		passed=$((passed + 1))
	else
		fails "fsck gives $status, not $3, for byte $2 at $1"
	fi
}
# block 1 super block, 2 inode bitmap, 3 block bitmap, 4 inodes of 64 bytes; the first is the root
root=$((4 * 1024 + 64))
names=$(($(od -An -tu4 -N4 -j $((root + 8)) $disk) * 1024)) # the root's entries, of 32 bytes
damage 1024 '\0' 3                   # no file system
damage 1028 '\0\0\1' 3               # more blocks than there are
damage 2048 '\1' 2                   # the root's inode is marked free
damage $((2048 + 8)) '\377' 1        # an inode that is not in use is marked
damage $((3072 + 8)) '\0' 2          # blocks in use are marked free
damage $((3072 + 35)) '\377' 1       # the last blocks are marked
damage $root '\7' 2                  # the root has no known type
damage $((root + 2)) '\1' 2          # the root has more names than it counts
damage $((root + 2)) '\11' 1         # and fewer
damage $((root + 4)) '\11' 2         # the root ends within a name
damage $((root + 8)) '\1' 2          # its block is the super block
damage $((root + 64 + 8)) '\11\0' 2  # a block belongs to two
damage $((root + 12)) '\377' 2       # a block that does not hold data
damage $((names + 4)) 'x' 2          # no "."
damage $((names + 36)) 'xy' 2        # no ".."
damage $((names + 64)) '\0' 1        # a name is gone, and what it named is lost
damage $((names + 64)) '\77' 2       # a name of a free inode
damage $((names + 68)) '/' 2         # a name that is none
damage $((names + 96)) '\2' 2        # two names of a directory

echo "$passed lines found, $failed missing"
[ $failed = 0 ]
