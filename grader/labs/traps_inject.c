/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 2, graded tests of inject.c: what happens to a guest arrives in its own handlers, as it does
 * on the bare machine. The guest exceptions has the probes; interruptflag nests handlers; syscalls
 * has users that call their kernel.
 */
#include "traps_tests.h"

START_TEST(exceptions_arrive_with_their_frame)
{
	hint("Which vectors have an error code? CS and SS in the frame are those that the guest believes; EFLAGS have the virtual IF and IOPL.");
	assert_probes_end_alike("exceptions",
		"divide aam bound ud2 lock mov_to les jump too_long em_ mp_ ts_ no_ ds_ es_ fs_ lds lfs cs_ stosd ss_ ebp_ push_ align");
}
END_TEST

START_TEST(single_steps_and_breakpoints_are_the_guests)
{
	hint("The handler runs without TF. An instruction that you emulate ends with the guest's single-step trap too.");
	assert_probes_end_alike("exceptions", "step int1 code_ write_ access_");
}
END_TEST

START_TEST(int_n_goes_through_the_gate)
{
	hint("The order of the checks: inside the IDT, type, DPL against CPL, present; then the code segment. EXT is 0.");
	assert_probes_end_alike("exceptions", "int !int1 !int_then");
}
END_TEST

START_TEST(a_fault_in_a_delivery_is_delivered_instead)
{
	hint("EXT is set where the first event was no INT n. Two contributory exceptions are a double fault. A fault pushes RF.");
	assert_probes_end_alike("exceptions", "ud_ gp_ de_ int_then np_");
}
END_TEST

/* guests/interruptflag */
#define STEPS     64
#define INTERRUPT 0x24 /* the UART's; 70h to 73h are INT n */

struct interruptflag_step {
	uint32_t who, eflags;
};

/* "INT 73h with EFLAGS 00000293 (IF 1)" */
static const char *step_text(struct interruptflag_step step, char text[64])
{
	const char *kind = step.who == INTERRUPT ? "interrupt" : "INT";

	if (step.who == 0)
		snprintf(text, 64, "nothing more");
	else if (step.who < 32) /* the guest says where it is */
		snprintf(text, 64, "part %u of nest()", step.who);
	else
		snprintf(text, 64, "%s %02xh with EFLAGS %08x (IF %u)", kind, step.who, step.eflags,
			!!(step.eflags & EFLAGS_IF));
	return text;
}

static void assert_same_steps(const struct pair *pair)
{
	uint32_t address = guest_symbol(pair->guest, "interruptflag_steps");
	struct interruptflag_step bare[STEPS], got[STEPS];
	char text[3][64] = {"the beginning"};

	memory_read(pair->bare, address, bare, sizeof(bare));
	memory_read(pair->m, address, got, sizeof(got));
	for (unsigned i = 0; i < STEPS; i++) {
		ck_assert_msg(memcmp(&bare[i], &got[i], sizeof(bare[i])) == 0,
			"handlers run inside one another (nest() of guests/interruptflag). Behind %s comes\non the bare machine: %s\nunder this monitor: %s\nEFLAGS are those in the handler's frame",
			text[0], step_text(bare[i], text[1]), step_text(got[i], text[2]));
		step_text(bare[i], text[0]);
	}
}

START_TEST(handlers_nest_and_give_the_flag_back)
{
	struct pair pair = pair_run(guest_open("interruptflag"));

	hint("An interrupt gate clears IF, a trap gate leaves it. IRET brings back what the frame has.");
	assert_same_steps(&pair);
	pair_assert_finished(&pair);
}
END_TEST

START_TEST(system_calls_reach_the_kernel_and_come_back)
{
	struct guest *guest = guest_open("syscalls");

	guest_write_u32(guest, "syscalls_seed", random_u32());
	guest_write_u32(guest, "syscalls_rounds", 1 + random_below(60));
	struct pair pair = pair_run(guest);
	hint("Word 0 is through a trap gate, word 1 through an interrupt gate, word 2 through a gate that ring 3 may not use.");
	pair_assert_same_words(&pair, "syscalls_counts", 3, "how often the kernel was called");
	pair_assert_same_words(&pair, "syscalls_seen", 3, "the frames that the kernel saw");
	pair_assert_same_words(&pair, "syscalls_eflags", 3, "EFLAGS in the kernel");
	pair_assert_same_words(&pair, "syscalls_results", 3, "what the users computed");
	pair_assert_same_words(&pair, "syscalls_kept", 3, "a register of the users");
	pair_assert_finished(&pair);
	assert_same_console(pair.bare, pair.m);
}
END_TEST

const struct graded_test traps_inject_tests[] = {
	{&exceptions_arrive_with_their_frame, EQUIVALENCE, 4, "exceptions"},
	{&single_steps_and_breakpoints_are_the_guests, EQUIVALENCE, 2, "exceptions"},
	{&int_n_goes_through_the_gate, EQUIVALENCE, 3, "exceptions"},
	{&a_fault_in_a_delivery_is_delivered_instead, EQUIVALENCE, 2, "exceptions"},
	{&handlers_nest_and_give_the_flag_back, EQUIVALENCE, 2, "interruptflag"},
	{&system_calls_reach_the_kernel_and_come_back, EQUIVALENCE, 2, "syscalls"},
	{0},
};
