#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Grades one cheat: cheat.sh LAB FOLDER [FULL]. The folder's files replace those of the solution;
# where it has a program `make`, that makes the submission (make SOLUTION SUBMISSION). Its file
# `expect` says what must come of it, in lines
#       fails TEST      that test must not be passed
#       at-most SCORE   the whole must not score more
#       exit STATUS     the judge's exit status
# Where the tests that it names are worth enough, only they are run: who fails them cannot score more
# than `at-most`, whatever becomes of the others. With FULL all tests are run.
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

# the tests to be run, as options, and what those that are not run are worth
named=$(sed -n 's/^fails //p' "$cheat/expect")
most=$(sed -n 's/^at-most //p' "$cheat/expect")
options=$(echo "$named" | sed 's/^./--test &/')
rest=$(build/grader/judge --lab "$lab" --list |
	awk -v named="$(echo "$named" | tr '\n' ' ')" \
		'index(" " named, " " $3 " ") == 0 { sum += $2 } END { print sum + 0 }')
if [ -n "$full" ] || [ -z "$named" ] || [ "$rest" -gt "${most:-$rest}" ]; then
	options='' rest=0
fi

# shellcheck disable=SC2086 # one word for each option
build/grader/judge --lab "$lab" --from "$work/submission" --jobs 1 --json "$work/result.json" $options \
	>"$work/log" 2>&1
status=$?
score=$(jq ".score + $rest" "$work/result.json")
while read -r word value; do
	problem=
	case $word in
	fails)
		jq -e --arg test "$value" '.tests[] | select(.name == $test and .status == "failed")' \
			"$work/result.json" >/dev/null || problem="$value did not fail"
		;;
	at-most) [ "$score" -le "$value" ] || problem="it may score $score, more than $value" ;;
	exit) [ $status = "$value" ] || problem="exit status $status, not $value" ;;
	*) problem="$cheat/expect: what is \"$word\"?" ;;
	esac
	if [ -n "$problem" ]; then
		echo "FAIL cheat $name: $problem (see $work/log)"
		exit 1
	fi
done <"$cheat/expect"
if [ -n "$options" ]; then
	echo "ok   cheat $name: score $score at most"
else
	echo "ok   cheat $name: score $score"
fi
