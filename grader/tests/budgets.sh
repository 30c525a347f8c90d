#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# What the reference's operations may cost at most: instructions, exits, or a thousandth of what it takes
# bare. Students are given a third more.
set -u

result=$(mktemp)
trap 'rm -f "$result"' EXIT
failed=0 passed=0

# judge LAB TEST...
judge() {
	local lab=$1 test
	local -a tests=()
	shift
	for test; do
		tests+=(--test "$test")
	done
	build/grader/judge --lab "$lab" --from solutions --jobs 1 --json "$result" "${tests[@]}" || exit
}

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

judge 2 cli_and_sti_are_cheap a_port_access_is_cheap an_exception_is_reflected_cheaply \
	a_timer_interrupt_is_cheap
costs instructions_of_a_cli 250
costs instructions_of_an_sti 250
costs instructions_of_an_in 400
costs instructions_of_a_divide_error 600
costs instructions_of_a_timer_interrupt 2000

judge 3 a_fill_is_cheap the_guests_own_page_fault_is_cheap a_write_to_a_table_is_cheap \
	a_switch_to_a_recent_root_fills_nothing forks_and_waits_cost_little_more \
	a_computation_with_paging_costs_what_it_costs_bare
costs instructions_of_a_first_read 700
costs instructions_of_a_first_write 700
costs instructions_of_a_page_fault 975
costs instructions_of_a_write_to_a_table 900
costs exits_of_a_switch 1
costs instructions_of_a_switch 600
costs per_mille_of_forks_and_waits 6100
costs per_mille_of_a_computation 1020

judge 4 the_interrupt_flag_is_cheap_when_it_is_hot reads_of_segment_registers_cost_no_exit \
	a_return_to_ring_3_costs_no_exit a_breakpoint_is_cheap a_write_beside_code_drops_nothing \
	code_without_sensitive_instructions_costs_what_it_costs_bare an_operating_system_costs_little_more
costs instructions_of_pushf_cli_popf 30
costs instructions_of_mov_from_cs 6
costs instructions_of_an_iret 24
costs instructions_of_a_breakpoint 950
costs exits_of_a_write_beside_code 1
costs per_mille_of_a_loop 1020
costs per_mille_of_the_self_test 3300

judge 5 a_hypercall_is_one_cheap_exit sixty_four_updates_are_one_exit one_hypercall_is_bounded \
	an_operating_system_saves_exits
costs instructions_of_pal_time 510
costs instructions_of_pal_invalidate 570
costs instructions_of_pal_cr3 840
costs instructions_of_pal_update 9800
costs instructions_of_the_longest_update 12500
costs exits_of_the_self_test_with_firmware 72000

echo "$passed costs are within their budgets, $failed are not"
[ $failed = 0 ]
