#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Boots a monitor and its guests in QEMU: qemu.sh MONITOR "GUEST words"... By default QEMU itself
# loads them (-kernel, -initrd); with DISK=1 from the disk image, as a PC would. The log comes out
# first, then the console. QEMU's processor does not check segment limits, so a guest that ought
# to be stopped by one is not stopped here.
set -eu

monitor=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# each guest's disk is the module behind it
modules=
for guest in "$@"; do
	shift
	set -- "$@" "$guest"
	modules="$modules${modules:+,}$guest"
	disk=${guest%% *}
	disk=${disk%.elf}.disk
	if [ -f "$disk" ]; then
		set -- "$@" "$disk"
		modules="$modules,$disk"
	fi
done

set_machine="-m 64 -display none -no-reboot -debugcon stdio -serial file:$work/console"
if [ "${DISK:-}" = 1 ]; then
	build/grader/mkimage -o "$work/disk.img" -b build/boot "$monitor" "$@"
	# shellcheck disable=SC2086 # a list of words
	timeout 60 qemu-system-i386 $set_machine -drive file="$work/disk.img",format=raw
else
	# shellcheck disable=SC2086
	timeout 60 qemu-system-i386 $set_machine -kernel "$monitor" -initrd "$modules"
fi
echo "console:"
cat "$work/console"
