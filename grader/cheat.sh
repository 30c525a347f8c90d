#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Grades one cheat: cheat.sh LAB FOLDER [FULL]. The folder's files replace those of the solution;
# where it has a program `make`, that makes the submission (make SOLUTION SUBMISSION). Its file
# `expect` says what must come of it, in lines
#       fails TEST      that test must not be passed
#       at-most SCORE   the whole must not score more
#       exit STATUS     the judge's exit status
# Without FULL only the tests that it names are run, and `at-most` is left alone, unless it names none.
set -u

lab=$1 cheat=${2%/} full=${3:-}
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

options=
[ -n "$full" ] || options=$(sed -n 's/^fails /--test /p' "$cheat/expect")
# shellcheck disable=SC2086 # one word for each option
build/grader/judge --lab "$lab" --from "$work/submission" --jobs 1 --json "$work/result.json" $options \
	>"$work/log" 2>&1
status=$?
score=$(jq .score "$work/result.json")
while read -r word value; do
	problem=
	case $word in
	fails)
		jq -e --arg test "$value" '.tests[] | select(.name == $test and .status == "failed")
			| select(.message | startswith("not run") | not)' \
			"$work/result.json" >/dev/null || problem="$value was not run, or did not fail"
		;;
	at-most) [ -n "$options" ] || [ "$score" -le "$value" ] || problem="it scores $score, more than $value" ;;
	exit) [ $status = "$value" ] || problem="exit status $status, not $value" ;;
	*) problem="$cheat/expect: what is \"$word\"?" ;;
	esac
	if [ -n "$problem" ]; then
		echo "FAIL cheat $name: $problem (see $work/log)"
		exit 1
	fi
done <"$cheat/expect"
[ -n "$options" ] && score="$score of its tests"
echo "ok   cheat $name: score $score"
