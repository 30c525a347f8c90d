#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The solution scores everything whatever the seed, and says the same: seeds.sh LAB COUNT. The
# results of all seeds must be the same byte for byte, but for the seed; the first is judged twice.
set -eu

lab=$1 count=$2
work=build/seeds/$lab
rm -rf "$work"
mkdir -p "$work"

judge() { # SEED FILE
	build/grader/judge --lab "$lab" --from solutions --seed "$1" --jobs 1 --json "$2.json" \
		>"$work/log" 2>&1 || {
		cat "$work/log"
		echo "seed $1 does not score all points"
		exit 1
	}
	sed "s/\"seed\": $1,/\"seed\": N,/; s/SEED=$1\"/SEED=N\"/" "$2.json" >"$2"
}

judge 1 "$work/first"
judge 1 "$work/again"
cmp "$work/first.json" "$work/again.json"
for seed in $(seq 2 "$count"); do
	judge "$seed" "$work/$seed"
	cmp "$work/first" "$work/$seed"
	echo "seed $seed: $(jq .score "$work/$seed.json") points"
done
