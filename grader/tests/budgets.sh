#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# What the reference's operations may cost at most, in instructions. Students are given a third more.
set -u

result=$(mktemp)
trap 'rm -f "$result"' EXIT
failed=0 passed=0

build/grader/judge --lab 2 --from solutions --jobs 1 --json "$result" \
	--test cli_and_sti_are_cheap --test a_port_access_is_cheap \
	--test an_exception_is_reflected_cheaply --test a_timer_interrupt_is_cheap || exit

# costs NAME MOST: what those tests measured as NAME must not be above MOST
costs() {
	local measured
	measured=$(jq ".measured.$1" "$result")
	if [ "$measured" != null ] && [ "$measured" -le "$2" ]; then
		passed=$((passed + 1))
	else
		echo "FAILED: $1 is $measured, more than $2"
		failed=$((failed + 1))
	fi
}

costs instructions_of_a_cli 250
costs instructions_of_an_sti 250
costs instructions_of_an_in 400
costs instructions_of_a_divide_error 600
costs instructions_of_a_timer_interrupt 2000

echo "$passed costs are within their budgets, $failed are not"
[ $failed = 0 ]
