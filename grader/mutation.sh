#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Grades every seeded bug and every cheat of a lab: mutation.sh LAB JOBS [FULL]. Every bug must be
# caught by the test that it names, every graded test must catch a bug, no cheat may gain: a cheat
# meets all tests. With FULL each bug does too, and the matrix is printed.
set -u

lab=$1 jobs=$2 full=${3:-}
folder=$(cd solutions && echo "$lab"-*)
bugs=seeds/bugs/$folder cheats=seeds/cheats/$folder
failed=0

parallel --will-cite -j "$jobs" grader/bug.sh "$lab" {} "$full" ::: "$bugs"/*.patch || failed=1
parallel --will-cite -j "$jobs" grader/cheat.sh "$lab" {} full ::: "$cheats"/*/ || failed=1
grader/coverage.sh "$lab" || failed=1

if [ -n "$full" ]; then
	echo "which tests each bug fails:"
	for bug in "$bugs"/*.patch; do
		name=$(basename "$bug" .patch)
		printf '  %-40s %s\n' "$name" "$(jq -r '[.tests[] | select(.status == "failed").name] | join(" ")' \
			"build/mutation/$folder/$name/result.json")"
	done
fi
[ $failed = 0 ] && echo "$(find "$bugs" -name '*.patch' | wc -l) seeded bugs and $(find "$cheats" -name expect | wc -l) cheats, all caught"
exit $failed
