#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Grades one cheat: cheat.sh LAB FOLDER. The folder's files replace those of the solution; where
# it has a program `make`, that makes the submission (make SOLUTION SUBMISSION). Its file `expect`
# says what must come of it, in lines
#       fails TEST      that test must not be passed
#       at-most SCORE   the whole must not score more
#       exit STATUS     the judge's exit status
set -u

lab=$1 cheat=${2%/}
folder=$(cd solutions && echo "$lab"-*)
name=$(basename "$cheat")
work=build/mutation/$folder/cheat-$name

rm -rf "$work"
mkdir -p "$work"
if [ -x "$cheat/make" ]; then
	"$cheat/make" "solutions/$folder" "$work/submission" >"$work/log" 2>&1 || {
		echo "FAIL cheat $name: its make did not work (see $work/log)"
		exit 1
	}
else
	cp -r "solutions/$folder" "$work/submission"
	cp -r "$cheat"/. "$work/submission"
fi
build/grader/judge --lab "$lab" --from "$work/submission" --jobs 1 --json "$work/result.json" \
	>"$work/log" 2>&1
status=$?
score=$(jq .score "$work/result.json")
while read -r word value; do
	problem=
	case $word in
	fails)
		jq -e --arg test "$value" '.tests[] | select(.name == $test and .status == "failed")' \
			"$work/result.json" >/dev/null || problem="$value did not fail"
		;;
	at-most) [ "$score" -le "$value" ] || problem="it scored $score, more than $value" ;;
	exit) [ $status = "$value" ] || problem="exit status $status, not $value" ;;
	*) problem="$cheat/expect: what is \"$word\"?" ;;
	esac
	if [ -n "$problem" ]; then
		echo "FAIL cheat $name: $problem (see $work/log)"
		exit 1
	fi
done <"$cheat/expect"
echo "ok   cheat $name: score $score"
