#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# What the reference's operations may cost at most, in instructions. Students are given a third more.
set -u

result=$(mktemp)
trap 'rm -f "$result"' EXIT
failed=0 passed=0

# costs LAB TEST NAME MOST: the test of that lab measures NAME, which must not be above MOST
costs() {
	local measured
	if ! build/grader/judge --lab "$1" --from solutions --jobs 1 --test "$2" --json "$result" >/dev/null; then
		echo "FAILED: $2"
		failed=$((failed + 1))
		return
	fi
	measured=$(jq ".measured.$3" "$result")
	if [ "$measured" != null ] && [ "$measured" -le "$4" ]; then
		passed=$((passed + 1))
	else
		echo "FAILED: $3 is $measured, more than $4"
		failed=$((failed + 1))
	fi
}

costs 2 cli_and_sti_are_cheap instructions_of_a_cli 250
costs 2 cli_and_sti_are_cheap instructions_of_an_sti 250
costs 2 a_port_access_is_cheap instructions_of_an_in 400
costs 2 an_exception_is_reflected_cheaply instructions_of_a_divide_error 600
costs 2 a_timer_interrupt_is_cheap instructions_of_a_timer_interrupt 2000

echo "$passed costs are within their budgets, $failed are not"
[ $failed = 0 ]
