#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Makes what students complete out of solutions/: skeletons.sh FOLDER [FORCE] writes
# FOLDER/N-name/FILE. A text file of answers keeps its questions and loses its numbers. A file that
# is there already and differs may be somebody's work: it is overwritten only with FORCE.
#
# skeletons.sh lines says how many lines the reference has where students write theirs, without blank
# lines and lines that are only a comment.
set -eu

target=${1:?"usage: skeletons.sh FOLDER [FORCE] | lines"} force=${2:-}

if [ "$target" = lines ]; then
	for solution in solutions/*/*.c solutions/*/*.asm; do
		awk -v file="${solution#solutions/}" '
			/BEGIN SOLUTION/ { inside = 1; placeholder = file ~ /\.c$/; next }
			/END SOLUTION/ { inside = 0 }
			placeholder { if ($1 == "*/") placeholder = 0; next }
			inside && NF && $1 !~ /^(;|\/\*|\*)/ { lines++ }
			END { printf "%5d  %s\n", lines, file }' "$solution"
	done
	exit
fi
new=$(mktemp)
trap 'rm -f "$new"' EXIT
kept=0

for solution in solutions/*/*; do
	skeleton=$target/${solution#solutions/}
	case $solution in
	*.txt) sed 's/^\([a-z_]* = \).*/\1?/' "$solution" >"$new" ;;
	*) awk -f grader/tools/skeleton.awk "$solution" >"$new" ;;
	esac
	if [ -e "$skeleton" ] && ! cmp -s "$new" "$skeleton" && [ -z "$force" ]; then
		echo "$skeleton differs from what would be written: it stays as it is" >&2
		kept=1
		continue
	fi
	mkdir -p "${skeleton%/*}"
	cat "$new" >"$skeleton"
done
if [ $kept = 1 ]; then
	echo "make labs FORCE=1 overwrites it" >&2
	exit 1
fi
