#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Makes what students complete out of solutions/: skeletons.sh FOLDER writes FOLDER/N-name/FILE.
# A text file of answers keeps its questions and loses its numbers.
set -eu

target=${1:?"usage: skeletons.sh FOLDER"}
for solution in solutions/*/*; do
	skeleton=$target/${solution#solutions/}
	mkdir -p "${skeleton%/*}"
	case $solution in
	*.txt) sed 's/^\([a-z_]* = \).*/\1?/' "$solution" >"$skeleton" ;;
	*) awk -f grader/tools/skeleton.awk "$solution" >"$skeleton" ;;
	esac
done
