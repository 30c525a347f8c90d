#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The solution scores everything whatever the seed, and says the same: seeds.sh LAB COUNT. What comes
# of a test must be the same byte for byte with all seeds, but for the seed; the first is judged
# twice. The others share the tests: each seed has a fifth of them, so that each test meets a fifth of
# the seeds. WHOLE=1 gives all tests to every seed.
set -eu

lab=$1 count=$2
shares=5
[ -z "${WHOLE:-}" ] || shares=1
work=build/seeds/$lab
rm -rf "$work"
mkdir -p "$work"

judge() { # SEED FILE [OPTIONS]: what came of each test goes to FILE, a line for each
	seed=$1 file=$2
	shift 2
	build/grader/judge --lab "$lab" --from solutions --seed "$seed" --jobs 1 --json "$file.json" "$@" \
		>"$work/log" 2>&1 || {
		cat "$work/log"
		echo "seed $seed does not score all points"
		exit 1
	}
	jq -c '.tests[]' "$file.json" | sed "s/SEED=$seed\"/SEED=N\"/" >"$file"
}

judge 1 "$work/1"
judge 1 "$work/again"
cmp "$work/1.json" "$work/again.json"
for seed in $(seq 2 "$count"); do
	share=$(build/grader/judge --lab "$lab" --list |
		awk -v n="$shares" -v seed="$seed" 'NR % n == seed % n { print "--test " $3 }')
	# shellcheck disable=SC2086 # one word for each option
	judge "$seed" "$work/$seed" $share
	[ -s "$work/$seed" ]
	if grep -vxF -f "$work/1" "$work/$seed"; then
		echo "seed $seed gives something else than seed 1"
		exit 1
	fi
	echo "seed $seed: $(jq .score "$work/$seed.json") points"
done
