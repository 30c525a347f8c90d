#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Grades one seeded bug: bug.sh LAB PATCH [FULL]. The patch is a usual mistake, made to the
# solution. A line "Caught-by: TEST" in front of it names the test that must fail. Only that test
# is run, or with FULL all of them.
set -u

lab=$1 patch=$2 full=${3:-}
folder=$(cd solutions && echo "$lab"-*)
name=$(basename "$patch" .patch)
test=$(sed -n 's/^Caught-by: //p' "$patch")
work=build/mutation/$folder/$name

fail() {
	echo "FAIL $name: $1"
	exit 1
}

rm -rf "$work"
mkdir -p "$work"
cp -r "solutions/$folder" "$work/submission"
patch -s -p1 -d "$work/submission" <"$patch" >"$work/log" 2>&1 ||
	fail "the patch does not apply to solutions/$folder (see $work/log)"
if [ -n "$full" ]; then
	build/grader/judge --lab "$lab" --from "$work/submission" --json "$work/result.json" >"$work/log" 2>&1
else
	build/grader/judge --lab "$lab" --from "$work/submission" --jobs 1 --test "$test" \
		--json "$work/result.json" >"$work/log" 2>&1
fi
status=$?
[ $status = 1 ] || fail "status $status, not 1 (see $work/log)"
# a submission that does not compile would fail every test
jq -e '.tests[] | select(.status == "failed") | select(.message | startswith("not run"))' \
	"$work/result.json" >/dev/null && fail "it does not compile (see $work/log)"
jq -e --arg test "$test" '.tests[] | select(.name == $test and .status == "failed")' \
	"$work/result.json" >/dev/null || fail "$test did not catch it (see $work/log)"
echo "ok   $name: caught by $test"
