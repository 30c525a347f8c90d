#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The solution scores everything whatever the seed, and says the same: seeds.sh LAB COUNT. What comes
# of a test must be the same byte for byte with all seeds, but for the seed. The first has all tests.
# Then all seeds, the first too, share them: each has a tenth, so that each test meets a tenth of the
# seeds. WHOLE=1 gives all tests to every seed.
set -eu

lab=$1 count=$2
shares=10
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
for seed in $(seq 1 "$count"); do
	share=$(build/grader/judge --lab "$lab" --list |
		awk -v n="$shares" -v seed="$seed" 'NR % n == seed % n { print "--test " $3 }')
	# shellcheck disable=SC2086 # one word for each option
	judge "$seed" "$work/again" $share
	[ -s "$work/again" ]
	if grep -vxF -f "$work/1" "$work/again"; then
		echo "seed $seed gives something else than seed 1 with all tests"
		exit 1
	fi
	echo "seed $seed: $(jq .score "$work/again.json") points"
done
