#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The driver of lab 5's solution with devices that were not written here: QEMU's, on a machine that has
# nothing but virtio-mmio (microvm). The guests `blocks` and `pocket_virtio` do the same there as by IDE
# on Bochs's bare machine: same words, same bytes on the disk.
# SeaBIOS starts it: qboot leaves the 8259s cut off from the processor.
set -u

guests=build/monitor/5-solutions/guests
work=$(mktemp -d)
qemu=
trap '[ -n "$qemu" ] && kill "$qemu"; rm -rf "$work"' EXIT
failed=0
# places without a device come first; the IRQ is 5 and the place's number
words='virtio_mmio.device=512@0xfeb00000:5 virtio_mmio.device=512@0xfeb00c00:11'
words+=' virtio_mmio.device=0x200@0xfeb00e00:12'

fails() {
	echo "FAILED: $1"
	failed=1
}

# bare GUEST WORDS: what it says goes to $work/bare, and its disk to $work/bare.disk
bare() {
	build/grader/run --keep-disk "$work/bare.disk" "$guests/$1.elf $2" 2>&1 |
		sed -n 's/^console *| //p' >"$work/bare"
}

# strange GUEST WORDS LAST OPTIONS: the same, until it has said LAST. The machine has no switch.
strange() {
	cp "$guests/$1.disk" "$work/strange.disk"
	: >"$work/out"
	timeout 30 qemu-system-i386 -m 64 -display none -serial stdio -no-reboot \
		-M microvm,auto-kernel-cmdline=off,acpi=off,pic=on,pit=on,rtc=on,isa-serial=on,x-option-roms=on \
		-bios /usr/share/seabios/bios-microvm.bin -global virtio-mmio.force-legacy=false \
		-kernel "$guests/$1.elf" -append "$2 $words" \
		-drive "id=d,file=$work/strange.disk,format=raw,if=none" \
		-device "virtio-blk-device,drive=d$4" </dev/null >"$work/out" 2>&1 &
	qemu=$!
	for _ in {1..250}; do
		grep -q "$3" "$work/out" && break
		sleep 0.1
	done
	kill "$qemu"
	wait "$qemu" 2>/dev/null
	qemu=
	tr -d '\r' <"$work/out" | sed '/^qemu-system/d' >"$work/strange"
}

same() { # WHAT
	diff "$work/bare" "$work/strange" || fails "$1: QEMU's device gives other words"
	cmp "$work/bare.disk" "$work/strange.disk" || fails "$1: QEMU's device leaves another disk"
}

bare blocks "seed=5"
for options in '' 'queue=4' 'queue=16 events=0'; do
	strange blocks "seed=5 $options" 'mistakes' ''
	same "blocks $options"
done
strange blocks "seed=5" 'mistakes' ',event_idx=off'
same "blocks without events"
strange blocks "who do=queued-sleeping" 'mistakes' ''
grep -q 'by virtio, 256 descriptors, events 1$' "$work/strange" || fails "blocks did not find QEMU's device"

bare pocket_virtio "run=selftest:files,cat:/etc/rc,sync"
strange pocket_virtio "run=selftest:files,cat:/etc/rc,sync" 'all done' ''
# what differs is the machine: its consoles, its clock, and the name of the disk
sed -i '/^console:/d; /^clock:/d; /^disk:/d' "$work/bare" "$work/strange"
same "pocket_virtio"

exit $failed
