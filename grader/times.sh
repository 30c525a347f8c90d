#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# How long grading takes here: times.sh LAB FROM. The whole, on all cores, and the slowest test alone.
set -eu

lab=$1 from=$2
now() { date +%s%N; }
report() { # TEXT START
	printf '  %-56s %9s s\n' "$1" "$(awk -v ns=$(($(now) - $2)) 'BEGIN { printf "%.1f", ns / 1e9 }')"
}

printf '\ngrading, in seconds on %s cores\n' "$(nproc)"
start=$(now)
build/grader/judge --lab "$lab" --from "$from" >/dev/null || [ $? = 1 ]
report "all tests" "$start"
slowest=0 name=
for test in $(build/grader/judge --lab "$lab" --list | awk '{ print $3 }'); do
	start=$(now)
	build/grader/judge --lab "$lab" --from "$from" --jobs 1 --test "$test" >/dev/null || [ $? = 1 ]
	taken=$(($(now) - start))
	[ $taken -gt $slowest ] && slowest=$taken name=$test
done
report "the slowest single test, $name" $(($(now) - slowest))
