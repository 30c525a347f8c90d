#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Disks of guests from the command line: `run` and QEMU attach NAME.disk beside NAME.elf, under the
# monitor and bare, never change it, and say what is wrong with one.
set -u

monitor=build/monitor/2-solutions/monitor.elf
guests=build/guests
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0 passed=0

# WHAT COMMAND...
check() {
	if "${@:2}" >"$work/said" 2>&1; then
		passed=$((passed + 1))
	else
		echo "FAILED: $1"
		sed 's/^/    /' "$work/said"
		failed=$((failed + 1))
	fi
}

# What a guest prints, from run's output or QEMU's.
console() {
	sed -n -e 's/^console | //p; t' -e '/^disk: /p' "$1"
}

# The same guest, bare, under the monitor, and in QEMU.
cp $guests/disk.elf $guests/disk.disk "$work"
build/grader/run --keep-disk "$work/bare" "$work/disk.elf" >"$work/out.bare"
build/grader/run --monitor $monitor --keep-disk "$work/monitored" "$work/disk.elf mem=2" >"$work/out.monitored"
grader/qemu.sh $monitor "$work/disk.elf mem=2" >"$work/out.qemu"
DISK=1 grader/qemu.sh $monitor "$work/disk.elf mem=2" >"$work/out.image"
for out in bare monitored qemu image; do
	console "$work/out.$out" >"$work/console.$out"
	check "$out: the same output" cmp "$work/console.bare" "$work/console.$out"
done
check "it has something to say" grep -q '^disk: RINGFENCE DISK, 256 sectors, 4 cylinders' "$work/console.bare"
check "what the guest wrote is the same" cmp "$work/bare" "$work/monitored"
check "something was written" bash -c "! cmp -s $work/bare $work/disk.disk"
check "the disk itself stays as it is" cmp "$work/disk.disk" $guests/disk.disk
timeout 20 qemu-system-i386 -m 64 -display none -no-reboot -serial stdio -kernel "$work/disk.elf" \
	-drive file="$work/disk.disk",format=raw,if=ide,index=2,snapshot=on | sed 1d >"$work/console.qemu_bare"
check "QEMU, bare: the same, but for its name and geometry" cmp <(sed 1d "$work/console.bare") "$work/console.qemu_bare"

# Each guest has its own, and one without a disk has none.
cp $guests/disk.elf "$work/none.elf"
build/grader/run --monitor $monitor "$work/none.elf mem=2" "$work/disk.elf mem=2" "$work/none.elf mem=2" >"$work/out"
check "the one in the middle has a disk" grep -q '^console | disk: RINGFENCE' "$work/out"
check "its neighbours have none" test "$(grep -c '^console | disk: there is none' "$work/out")" = 2
check "ports without a drive are named" grep -q 'none: no device at port 177' "$work/out"
check "a bare machine without a disk" bash -c "build/grader/run $work/none.elf | grep -q '^console | disk: there is none'"

# What is wrong with a disk is said.
head -c 33000 $guests/disk.disk >"$work/odd.disk"
cp $guests/disk.elf "$work/odd.elf"
check "bare: half a sector" bash -c "build/grader/run $work/odd.elf 2>&1 | grep -q 'has 33000 bytes: a guest.s disk has 32768 or more'"
build/grader/run --monitor $monitor "$work/odd.elf mem=2" "$work/disk.elf mem=2" >"$work/out"
check "monitored: the guest is not loaded" grep -q 'cannot load odd: its disk has to have 64 sectors' "$work/out"
check "and the next one runs" grep -q '^console | disk: RINGFENCE' "$work/out"
check "no disk to keep" bash -c "build/grader/run --keep-disk $work/kept $work/none.elf 2>&1 | grep -q 'no disk beside the first guest'"

# A disk that no guest is before.
build/grader/mkimage -o "$work/stray.img" $monitor "$work/disk.disk" "$work/none.elf" "$work/disk.disk" "$work/disk.disk"
timeout 20 qemu-system-i386 -m 64 -display none -no-reboot -debugcon stdio -serial null \
	-drive file="$work/stray.img",format=raw >"$work/out"
check "strays are named" test "$(grep -c 'disk.disk is a disk, and the module before it is no guest' "$work/out")" = 2
check "the guest between them runs" grep -q 'none switched itself off' "$work/out"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
