#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Tests the GDB commands on real machines: gdb_test.sh SCRIPT...
#
# A script is what a user would type, in real GDB on real Bochs. Comments in it say what it is about:
#   #run GUEST words[, GUEST words]   under the reference monitor; or #bare, #qemu, #qemu-bare
#   #lab N                            that monitor is lab N's; without it, lab 1's
#   #> PATTERN                        the output has a line like that, after the ones before
#   #! PATTERN                        no line is like that
set -u

failed=0

complain() { # SCRIPT TEXT
	echo "FAILED $1: $2"
	failed=1
}

machine_of() { # SCRIPT -> the line that says which machine
	grep -m 1 -E '^#(run|bare|qemu|qemu-bare) ' "$1"
}

run() { # SCRIPT
	local kind lab guests bare='' emulator=bochs
	lab=$(sed -n 's/^#lab //p' "$1")
	kind=$(machine_of "$1") || return
	mapfile -t guests < <(sed 's/^#[a-z-]* //; s/, /\n/g' <<<"$kind")
	case $kind in
	'#bare '*) bare=1 ;;
	'#qemu '*) emulator=qemu ;;
	'#qemu-bare '*) bare=1 emulator=qemu ;;
	esac
	BARE=$bare EMULATOR=$emulator GDBARGS="-nx -batch -x grader/tests/gdb/prelude.py -x $1" \
		timeout 120 grader/gdb.sh "${lab:-1}" solutions "${guests[@]}" </dev/null 2>&1
}

check() { # SCRIPT
	local expected line number=0
	local output
	output=$(run "$1")
	mapfile -t expected < <(sed -n 's/^#> //p' "$1")
	[ ${#expected[@]} -gt 0 ] || complain "$1" "it expects nothing"
	while IFS= read -r line && [ $number -lt ${#expected[@]} ]; do
		[[ $line =~ ${expected[$number]} ]] && number=$((number + 1))
	done <<<"$output"
	[ $number = ${#expected[@]} ] || complain "$1" "no line is like: ${expected[$number]}"
	while IFS= read -r unwanted; do
		grep -Eq -- "$unwanted" <<<"$output" && complain "$1" "a line is like: $unwanted"
	done < <(
		sed -n 's/^#! //p' "$1"
		echo '^Traceback|Error in sourced command file|^NOT REFUSED'
	)
	if [ $failed = 1 ]; then
		printf '%s\n' "--- what it printed:" "$output"
	fi
}

for script in "$@"; do
	check "$script"
done
exit $failed
