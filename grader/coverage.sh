#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Every graded test of a lab must be the one that catches a seeded bug: coverage.sh LAB.
set -eu

lab=$1
status=0
for test in $(build/grader/judge --lab "$lab" --list | awk '{ print $3 }'); do
	grep -qx "Caught-by: $test" seeds/bugs/"$lab"-*/*.patch || {
		echo "FAIL $test catches no seeded bug"
		status=1
	}
done
exit $status
