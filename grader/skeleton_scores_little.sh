#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A skeleton, as students get it, compiles without a word, can be judged, and scores at most 10 of
# 100: skeleton_scores_little.sh LAB
set -u

lab=$1 result=build/check/skeleton-$1.json
if ! words=$(make -s --no-print-directory organs LAB="$lab" FROM=labs CATCHUP=1 OUT="build/check/skeleton-$lab" 2>&1) || [ -n "$words" ]; then
	printf 'FAILED: the skeleton of lab %s does not compile cleanly:\n%s\n' "$lab" "$words"
	exit 1
fi
build/grader/judge --lab "$lab" --from labs --jobs 1 --json "$result"
[ $? = 1 ] && [ "$(jq .score "$result")" -le 10 ]
