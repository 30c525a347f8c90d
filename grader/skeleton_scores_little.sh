#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A skeleton, as students get it, can be judged and scores at most 10 of 100:
# skeleton_scores_little.sh LAB
set -u

lab=$1 result=build/check/skeleton-$1.json
build/grader/judge --lab "$lab" --from labs --jobs 1 --json "$result"
[ $? = 1 ] && [ "$(jq .score "$result")" -le 10 ]
