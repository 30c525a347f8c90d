#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Writes the transcript in README.md anew, between its two markers, by running the commands that
# it shows. With "check" it only compares.
set -eu

new=$(mktemp)
trap 'rm -f "$new"' EXIT

make -s --no-print-directory kit >/dev/null # or what is built would show

transcript() {
	echo '    $ make run GUEST=crack FROM=solutions'
	make --no-print-directory run LAB=1 GUEST=crack FROM=solutions ARGS=mem=4 | sed 's/^/    /'
	echo
	echo '    $ make bare GUEST=crack'
	make --no-print-directory bare GUEST=crack ARGS= | grep -v '^screen' | sed 's/^/    /'
	echo
	echo '    $ make grade FROM=labs TEST=the_guests_kernel_runs_in_ring_1'
	make --no-print-directory grade LAB=1 FROM=labs TEST=the_guests_kernel_runs_in_ring_1 2>/dev/null |
		sed 's/^\(.\)/    \1/' || true
}

{
	sed '/<!-- transcript: begin/q' README.md
	echo
	transcript
	echo
	sed -n '/<!-- transcript: end/,$p' README.md
} >"$new"

if [ "${1:-}" = check ]; then
	# numbers depend on the compiler's version
	sed 's/[0-9][0-9]*/N/g' README.md >"$new.old"
	sed 's/[0-9][0-9]*/N/g' "$new" >"$new.new"
	status=0
	diff "$new.old" "$new.new" || status=1
	rm -f "$new.old" "$new.new"
	exit $status
else
	cat "$new" >README.md
fi
