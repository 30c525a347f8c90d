/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bridge moves the machine: it stops where it was told to and says why, and refuses with a
 * reason what Bochs cannot do.
 *
 * Invariant: the oracle is the guest's own source.
 */
#include "bochs.h"
#include "bridge_fixture.h"

#include <signal.h>

static struct bridge_client session;

/* ---- stops ---- */

START_TEST(a_step_follows_the_trap_into_the_monitor)
{
	uint32_t stub = symbol(MONITOR, "stub13");

	monitor_start(&session);
	run_to(&session, symbol(REGISTERS, "register_site"));
	ck_assert_uint_eq(reg(&session, "cpl"), 1);
	ck_assert_reply(ask(&session, "vCont;s:1"), "T05");
	ck_assert_uint_eq(reg(&session, "eip"), stub);
	ck_assert_uint_eq(reg(&session, "cpl"), 0);
	ck_assert_reply(ask(&session, "s"), "T05");
	ck_assert_uint_eq(reg(&session, "eip"), stub + 2);
	/* and back: the guest goes on behind the CLI */
	run_to(&session, symbol(REGISTERS, "register_after"));
	ck_assert_uint_eq(reg(&session, "cpl"), 1);
	session_end(&session);
}
END_TEST

START_TEST(breakpoints_stop_guest_and_monitor)
{
	uint32_t site = symbol(REGISTERS, "register_site"), stub = symbol(MONITOR, "stub13");

	monitor_start(&session);
	run_to(&session, site);
	ck_assert_str_eq(ask(&session, "Z0,%x,1", site), "OK");
	ck_assert_str_eq(ask(&session, "Z1,%x,1", stub), "OK");
	ck_assert_reply(ask(&session, "vCont;c"), "T05hwbreak:;");
	ck_assert_uint_eq(reg(&session, "eip"), stub);
	ck_assert_str_eq(ask(&session, "z1,%x,1", stub), "OK");
	ck_assert_reply(ask(&session, "c"), "T05swbreak:;"); /* the second case */
	ck_assert_uint_eq(reg(&session, "eip"), site);
	ck_assert_uint_eq(reg(&session, "eax"), 0x21111111);
	session_end(&session);
}
END_TEST

START_TEST(breakpoints_that_do_not_fit_are_refused)
{
	monitor_start(&session);
	for (unsigned i = 0; i < BOCHS_BREAKPOINTS_MAX; i++)
		ck_assert_str_eq(ask(&session, "Z0,%x,1", 0x1000 + i), "OK");
	ck_assert_str_eq(ask(&session, "Z0,1000,1"), "OK"); /* there already */
	ck_assert_reply(ask(&session, "Z0,2000,1"), "E.Bochs has room for 16 breakpoints");
	ck_assert_str_eq(ask(&session, "z0,1003,1"), "OK");
	ck_assert_str_eq(ask(&session, "Z1,2000,1"), "OK");
	session_end(&session);
}
END_TEST

START_TEST(a_hardware_interrupts_handler_is_stopped_at_its_second_instruction)
{
	uint32_t handler, next;

	bare_start(&session, TIMER);
	handler = symbol(guest, "handler");
	next = symbol(guest, "handler_second");
	ck_assert_str_eq(ask(&session, "Z0,%x,1", handler), "OK");
	/* the interrupt table is loaded only after this */
	for (int i = 0; i < 3; i++) {
		ck_assert_reply(ask(&session, "vCont;c"), "T050"); /* no swbreak */
		ck_assert_says(&session, "one instruction late");
		ck_assert_uint_eq(reg(&session, "eip"), next);
		ck_assert_uint_eq(word_at(&session, symbol(guest, "ticks")), i);
	}
	session_end(&session);

	/* reached by INT it stops once, at the first */
	session_start(&session, (char *[]){BRIDGE, guest, NULL});
	ck_assert_str_eq(ask(&session, "M%x,2:cd20", symbol(guest, "wait_here")), "OK");
	ck_assert_str_eq(ask(&session, "Z0,%x,1", handler), "OK");
	for (int i = 0; i < 3; i++) {
		ck_assert_reply(ask(&session, "vCont;c"), "T05swbreak:;");
		ck_assert_uint_eq(reg(&session, "eip"), handler);
		ck_assert_uint_eq(word_at(&session, symbol(guest, "ticks")), i);
	}
	session_end(&session);
}
END_TEST

START_TEST(watchpoints_stop_after_the_access)
{
	uint32_t place = symbol(REGISTERS, "caller_esp"), site = symbol(REGISTERS, "register_site");

	monitor_start(&session);
	run_to(&session, symbol(REGISTERS, "register_cases_run"));
	ck_assert_str_eq(ask(&session, "Z2,%x,4", place), "OK");
	ck_assert_reply(ask(&session, "vCont;c"), "T05watch:10");
	ck_assert_uint_eq(word_at(&session, place), reg(&session, "esp"));
	ck_assert_str_eq(ask(&session, "z2,%x,4", place), "OK");
	run_to(&session, site);
	ck_assert_str_eq(ask(&session, "Z3,%x,4", place), "OK");
	ck_assert_reply(ask(&session, "vCont;c"), "T05rwatch:10");
	ck_assert_uint_eq(word_at(&session, place), reg(&session, "esp"));
	ck_assert_str_eq(ask(&session, "z3,%x,4", place), "OK");
	session_end(&session);

	/* both accesses: the write, then the read */
	monitor_start(&session);
	run_to(&session, symbol(REGISTERS, "register_cases_run"));
	ck_assert_str_eq(ask(&session, "Z4,%x,4", place), "OK");
	ck_assert_reply(ask(&session, "vCont;c"), "T05awatch:10");
	ck_assert_uint_lt(reg(&session, "eip"), site);
	ck_assert_reply(ask(&session, "vCont;c"), "T05awatch:10");
	ck_assert_uint_gt(reg(&session, "eip"), site);
	session_end(&session);
}
END_TEST

START_TEST(watchpoints_count_in_steps_too)
{
	uint32_t place = symbol(REGISTERS, "caller_esp");

	monitor_start(&session);
	run_to(&session, symbol(REGISTERS, "register_cases_run") + 8); /* behind PUSHA and LGDT */
	ck_assert_str_eq(ask(&session, "Z2,%x,4", place), "OK");
	ck_assert_reply(ask(&session, "vCont;r100000,110000"), "T05watch:10");
	ck_assert_uint_eq(word_at(&session, place), reg(&session, "esp"));
	ck_assert_reply(ask(&session, "vCont;s"), "T0504");
	ck_assert_str_eq(ask(&session, "z2,%x,4", place), "OK");
	ck_assert_str_eq(ask(&session, "Z3,%x,4", place), "OK");
	run_to(&session, symbol(REGISTERS, "register_after"));
	do
		ask(&session, "vCont;s");
	while (!strncmp(session.rsp.packet, "T0504", 5));
	ck_assert_reply(session.rsp.packet, "T05rwatch:10"); /* MOV ESP, [caller_esp] */
	session_end(&session);
}
END_TEST

/* The first access is on the second page. */
START_TEST(a_watchpoint_may_lie_on_two_pages)
{
	uint32_t place = symbol(REGISTERS, "register_stack");

	monitor_start(&session);
	ck_assert_uint_ne(place >> 12, (place + 4092) >> 12);
	run_to(&session, symbol(REGISTERS, "register_cases_run"));
	ck_assert_str_eq(ask(&session, "Z2,%x,1000", place), "OK");
	ck_assert_reply(ask(&session, "vCont;c"), "T05watch:10");
	ck_assert_uint_eq(reg(&session, "esp"), place + 4092); /* PUSH */
	session_end(&session);
}
END_TEST

START_TEST(watchpoints_that_bochs_cannot_have_are_refused)
{
	monitor_start(&session);
	run_to(&session, symbol(REGISTERS, "register_site"));
	ck_assert_reply(ask(&session, "Z2,e0000000,4"), "E.linear address e0000000 is not mapped");
	ck_assert_reply(ask(&session, "Z2,100000,0"), "E.a watchpoint on 0 bytes");
	/* one that crosses a page takes two places of 16 */
	for (unsigned i = 0; i < 8; i++)
		ck_assert_str_eq(ask(&session, "Z2,%x,8", 0x102ffc + 0x1000 * i), "OK");
	ck_assert_reply(ask(&session, "Z2,104000,1"), "E.Bochs has room for 16");
	ck_assert_reply(ask(&session, "Z4,104000,1"), "E.Bochs has room for 16");
	ck_assert_str_eq(ask(&session, "Z3,104000,1"), "OK");
	ck_assert_str_eq(ask(&session, "Z5,104000,1"), "");
	session_end(&session);
}
END_TEST

START_TEST(a_range_is_stepped_through_at_once)
{
	uint32_t from, to;

	bare_start(&session, COMPUTE);
	from = symbol(guest, "copying");
	to = symbol(guest, "copied");
	run_to(&session, from);
	ck_assert_reply(ask(&session, "vCont;s"), "T05");
	ck_assert_uint_eq(reg(&session, "eip"), from); /* one byte of 100,000 is copied */
	ck_assert_uint_eq(reg(&session, "ecx"), 99999);
	ck_assert_reply(ask(&session, "vCont;r%x,%x", from, to), "T05");
	ck_assert_uint_eq(reg(&session, "eip"), to);
	ck_assert_uint_eq(reg(&session, "ecx"), 0);
	session_end(&session);

	/* a trap leaves the range */
	monitor_start(&session);
	from = symbol(REGISTERS, "register_site");
	run_to(&session, from);
	ck_assert_reply(ask(&session, "vCont;r%x,%x:1", from, from + 16), "T05");
	ck_assert_uint_eq(reg(&session, "eip"), symbol(MONITOR, "stub13"));
	session_end(&session);
}
END_TEST

START_TEST(control_c_stops_a_machine_that_runs)
{
	bare_start(&session, TIMER);
	ck_assert_reply(ask(&session, "?"), "T05");
	rsp_send(&session.rsp, "vCont;c", 7);
	usleep(200000);
	ck_assert_int_eq(write(session.fd, "\003", 1), 1);
	ck_assert_reply(bridge_client_reply(&session), "T02");
	ck_assert_uint_gt(word_at(&session, symbol(guest, "ticks")), 0);
	/* one that comes together with the request to run counts too */
	ck_assert_int_eq(write(session.fd, "$vCont;c#a8\003", 12), 12);
	ck_assert_reply(bridge_client_reply(&session), "T02");
	/* one that comes when it stands does nothing, nor does the terminal's signal */
	ck_assert_int_eq(write(session.fd, "\003", 1), 1);
	ck_assert_str_eq(ask(&session, "qC"), "QC1");
	ck_assert_int_eq(kill(session.process, SIGINT), 0);
	ck_assert_reply(ask(&session, "vCont;s"), "T05");
	session_end(&session);
}
END_TEST

START_TEST(a_run_can_end_at_an_exact_tick)
{
	uint64_t now;
	char command[64];

	bare_start(&session, TIMER);
	ck_assert_reply(ask(&session, "?"), "T05");
	now = reg(&session, "ticks");
	snprintf(command, sizeof(command), "until-tick %llu", (unsigned long long)now + 12345678);
	monitor_ask(&session, command);
	ck_assert_reply(ask(&session, "vCont;c"), "T05");
	ck_assert_uint_eq(reg(&session, "ticks"), now + 12345678);
	ck_assert_ptr_nonnull(strstr(monitor_ask(&session, "until-tick 5"), "wants a tick later"));
	session_end(&session);
}
END_TEST

/* ---- ends ---- */

START_TEST(a_power_off_is_exit_code_0)
{
	monitor_start(&session);
	ck_assert_str_eq(ask(&session, "vCont;c"), "W00");
	ck_assert_says(&session, "monitor | ringfence: loaded registers");
	ck_assert_says(&session, "\nconsole | ");
	ck_assert_says(&session, "switched itself off");
	/* all that can be asked of a machine that is gone */
	ck_assert_str_eq(ask(&session, "?"), "W00");
	ck_assert_str_eq(ask(&session, "vCont;c"), "W00");
	ck_assert_reply(ask(&session, "g"), "E.the machine has ended");
	ck_assert_reply(ask(&session, "m0,4"), "E.");
	monitor_ask(&session, "console");
	ck_assert_ptr_nonnull(strstr(session.output, "registers "));
	monitor_ask(&session, "sreg");
	monitor_ask(&session, "screen");
	session_end(&session);
}
END_TEST

START_TEST(a_triple_fault_ends_with_a_signal_and_an_explanation)
{
	bare_start(&session, TRIPLE_FAULT);
	ck_assert_str_eq(ask(&session, "vCont;c"), "X0b");
	ck_assert_says(&session, "triple fault");
	ck_assert_says(&session, "EIP=");
	session_end(&session);
	/* also when it is stepped into */
	session_start(&session, (char *[]){BRIDGE, guest, NULL});
	for (int i = 0; i < 3; i++)
		ck_assert_reply(ask(&session, "vCont;s"), "T05");
	ck_assert_str_eq(ask(&session, "vCont;s"), "X0b");
	session_end(&session);
}
END_TEST

START_TEST(a_machine_that_sleeps_for_ever_is_stopped)
{
	bare_start(&session, SLEEP);
	ck_assert_reply(ask(&session, "vCont;c"), "T05");
	ck_assert_says(&session, "nothing will wake it");
	ck_assert_uint_eq(reg(&session, "eip"), symbol(guest, "wait_here"));
	ck_assert_reply(ask(&session, "vCont;r100000,110000"), "T05");
	ck_assert_says(&session, "nothing will wake it");
	session_end(&session);
}
END_TEST

START_TEST(a_restart_gives_the_same_machine)
{
	uint64_t ticks;

	monitor_start(&session);
	ck_assert_reply(ask(&session, "?"), "T05");
	ticks = reg(&session, "ticks");
	ck_assert_str_eq(ask(&session, "vCont;c"), "W00");
	ck_assert_ptr_nonnull(strstr(monitor_ask(&session, "restart"), "booted again"));
	ck_assert_uint_eq(reg(&session, "ticks"), ticks);
	run_to(&session, symbol(REGISTERS, "register_site"));
	ck_assert_str_eq(ask(&session, "!"), "OK");
	rsp_send(&session.rsp, "R00", 3);
	ck_assert_reply(ask(&session, "?"), "T05");
	ck_assert_uint_eq(reg(&session, "ticks"), ticks);
	session_end(&session);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bridge_run");
	TCase *t = tcase_create("run");

	tcase_add_checked_fixture(t, folder_make, folder_check_and_remove);
	tcase_set_timeout(t, 120);
	suite_add_tcase(suite, t);
	tcase_add_test(t, a_step_follows_the_trap_into_the_monitor);
	tcase_add_test(t, breakpoints_stop_guest_and_monitor);
	tcase_add_test(t, breakpoints_that_do_not_fit_are_refused);
	tcase_add_test(t, a_hardware_interrupts_handler_is_stopped_at_its_second_instruction);
	tcase_add_test(t, watchpoints_stop_after_the_access);
	tcase_add_test(t, watchpoints_count_in_steps_too);
	tcase_add_test(t, a_watchpoint_may_lie_on_two_pages);
	tcase_add_test(t, watchpoints_that_bochs_cannot_have_are_refused);
	tcase_add_test(t, a_range_is_stepped_through_at_once);
	tcase_add_test(t, control_c_stops_a_machine_that_runs);
	tcase_add_test(t, a_run_can_end_at_an_exact_tick);
	tcase_add_test(t, a_power_off_is_exit_code_0);
	tcase_add_test(t, a_triple_fault_ends_with_a_signal_and_an_explanation);
	tcase_add_test(t, a_machine_that_sleeps_for_ever_is_stopped);
	tcase_add_test(t, a_restart_gives_the_same_machine);
	return suite_run(suite);
}
