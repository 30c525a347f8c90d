#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The solution scores everything whatever the seed, and says the same: seeds.sh LAB COUNT. The
# results of all seeds must be the same byte for byte, but for the seed; the first is judged twice.
# The tests of resource control are batteries of attacks that take most of the time, and of which the
# seed changes little: every fourth seed runs them. WHOLE=1 runs them with every seed.
set -eu

lab=$1 count=$2
work=build/seeds/$lab
rm -rf "$work"
mkdir -p "$work"
most=$(build/grader/judge --lab "$lab" --list | awk '$1 != "resource-control" { print "--test " $3 }')

judge() { # SEED FILE [OPTIONS]
	seed=$1 file=$2
	shift 2
	build/grader/judge --lab "$lab" --from solutions --seed "$seed" --jobs 1 --json "$file.json" "$@" \
		>"$work/log" 2>&1 || {
		cat "$work/log"
		echo "seed $seed does not score all points"
		exit 1
	}
	sed "s/\"seed\": $seed,/\"seed\": N,/; s/SEED=$seed\"/SEED=N\"/" "$file.json" >"$file"
}

judge 1 "$work/1-all"
judge 1 "$work/1-again"
cmp "$work/1-all.json" "$work/1-again.json"
# shellcheck disable=SC2086 # one word for each option
judge 1 "$work/1-most" $most
for seed in $(seq 2 "$count"); do
	if [ -n "${WHOLE:-}" ] || [ $((seed % 4)) = 1 ]; then
		judge "$seed" "$work/$seed"
		cmp "$work/1-all" "$work/$seed"
	else
		# shellcheck disable=SC2086
		judge "$seed" "$work/$seed" $most
		cmp "$work/1-most" "$work/$seed"
	fi
	echo "seed $seed: $(jq .score "$work/$seed.json") points"
done
