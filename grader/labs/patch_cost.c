/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 4, graded tests of efficiency: what sensitive instructions cost that are executed again and
 * again, between the labels of guests/patchcosts; what a breakpoint costs, and a write beside code;
 * what an operating system pays for all of it. And the predictions, measured on this very monitor.
 */
#include "patch_costs.h"
#include "monitor_layout.h"

/* In instructions. */
#define PATCHED_BUDGET    30   /* of PUSHF, CLI and POPF together */
#define BREAKPOINT_BUDGET 1100 /* of a sensitive instruction that the monitor performs */
#define WRITE_EXITS       2    /* of one write beside code */
#define SELFTEST_PERCENT                                                                           \
	430 /* of what it takes bare: most of it is page tables, ports and the disk */
#define COMPUTE_PERCENT 98 /* of the work that the bare machine does in the same time */

#define HOT 5 /* rounds after which all is hot */

/* ---- between the labels ---- */

struct patchcosts {
	struct guest *guest;
	struct machine *m;
};

static struct patchcosts patchcosts_boot(const char *words)
{
	struct guest *guest = guest_open("patchcosts");

	return (struct patchcosts){guest, boot_several(&(struct boot_guest){guest, words}, 1)};
}

static uint32_t label(const struct patchcosts *p, const char *name)
{
	char symbol[96];

	snprintf(symbol, sizeof(symbol), "patchcosts_%s", name);
	return guest_symbol(p->guest, symbol);
}

/* Where an operation ends. */
static uint32_t label_after(const struct patchcosts *p, const char *name)
{
	char symbol[64];

	if (strcmp(name, "iret") == 0)
		return label(p, "user");
	snprintf(symbol, sizeof(symbol), "patchcosts_after_%s", name);
	return guest_symbol(p->guest, symbol);
}

static uint64_t exits_of(const struct patchcosts *p, const char *name)
{
	return exits_between(p->m, label(p, name), label_after(p, name), false);
}

/* So many rounds later. */
static void rounds_pass(const struct patchcosts *p, unsigned rounds)
{
	for (unsigned i = 0; i < rounds; i++)
		run_until(p->m, label_after(p, "after_write"));
}

static uint64_t instructions_of(const struct patchcosts *p, const char *name)
{
	run_until(p->m, label(p, name));
	return ticks_to(p->m, label_after(p, name));
}

static void assert_no_exit(const struct patchcosts *p, const char *name, const char *what)
{
	uint64_t exits = exits_of(p, name);

	ck_assert_msg(exits == 0,
		"%s that has been executed %d times takes %llu exits; none is needed", what, HOT,
		(unsigned long long)exits);
}

START_TEST(the_interrupt_flag_is_cheap_when_it_is_hot)
{
	struct patchcosts p = patchcosts_boot("mem=4");

	rounds_pass(&p, HOT);
	hint("patch_hit() counts; the third time patch_make() puts a jump there. `patch=0` on the guest's command line shows what it costs without.");
	assert_no_exit(&p, "pushf_cli_popf", "PUSHF, CLI, POPF");
	assert_no_exit(&p, "pushf", "PUSHF");
	assert_no_exit(&p, "sti", "STI");
	assert_no_exit(&p, "cli", "CLI");
	uint64_t cost = instructions_of(&p, "pushf_cli_popf");
	measure("instructions_of_pushf_cli_popf", cost);
	assert_within("PUSHF, CLI, POPF and a JMP in a patch block", cost, PATCHED_BUDGET);
}
END_TEST

START_TEST(reads_of_segment_registers_cost_no_exit)
{
	struct patchcosts p = patchcosts_boot("mem=4");

	rounds_pass(&p, HOT);
	hint("In ring 1 the selector has RPL 1 and no other difference. LEA changes no flag.");
	assert_no_exit(&p, "mov_cs", "MOV EAX,CS");
	assert_no_exit(&p, "push_cs", "PUSH CS");
	measure("instructions_of_mov_from_cs", instructions_of(&p, "mov_cs"));
}
END_TEST

START_TEST(a_return_to_ring_3_costs_no_exit)
{
	struct patchcosts p = patchcosts_boot("mem=4");

	rounds_pass(&p, HOT);
	hint("Where the frame is of ring 3 and has IF set, the processor's own IRET does what must be done, once the virtual flag is set.");
	assert_no_exit(&p, "iret", "IRET to ring 3");
	measure("instructions_of_an_iret", instructions_of(&p, "iret"));
}
END_TEST

START_TEST(a_breakpoint_is_cheap)
{
	struct patchcosts p = patchcosts_boot("mem=4");

	rounds_pass(&p, HOT);
	uint64_t exits = exits_of(&p, "smsw");
	uint64_t cost = instructions_of(&p, "smsw");
	measure("instructions_of_a_breakpoint", cost);
	hint("A breakpoint is one exit. There is no need to scan again.");
	ck_assert_msg(
		exits == 1, "SMSW takes %llu exits: one is needed", (unsigned long long)exits);
	assert_within("SMSW, which a breakpoint stands for,", cost, BREAKPOINT_BUDGET);
}
END_TEST

START_TEST(a_write_beside_code_drops_nothing)
{
	struct patchcosts p = patchcosts_boot("mem=4");

	rounds_pass(&p, 1);
	uint64_t beside = exits_of(&p, "beside_again");
	uint64_t scans = exits_of(&p, "call_beside");
	measure("exits_of_a_write_beside_code", beside);
	hint("code_written() need only forget what was found where a byte of it changes. A function that was known and was not written to is known still.");
	ck_assert_msg(beside <= WRITE_EXITS,
		"a byte written into a page where code was found, but not into the code, takes %llu exits; at most %d are asked for",
		(unsigned long long)beside, WRITE_EXITS);
	ck_assert_msg(scans == 0, "a function beside which a byte was written takes %llu exits",
		(unsigned long long)scans);
}
END_TEST

/* ---- what is not sensitive ---- */

START_TEST(code_without_sensitive_instructions_costs_what_it_costs_bare)
{
	hint("What is CODE_COPIED runs in the copy as it is: CALL, RET and the guest's own stack as well.");
	assert_loop_runs_bare(guest_open("patchcosts"), "patchcosts_loop_begin",
		"patchcosts_loop_end", "per_mille_of_a_loop", COMPUTE_PERCENT);
}
END_TEST

START_TEST(an_operating_system_costs_little_more)
{
	uint64_t bare = selftest_cost("pocket", true, "", NULL),
		 got = selftest_cost("pocket", false, "mem=4", NULL);

	measure("instructions_of_the_self_test", got);
	measure("instructions_of_the_self_test_bare", bare);
	measure("per_mille_of_the_self_test", got * 1000 / bare);
	hint("`make run LAB=4 GUEST=pocket` says at the end how many exits of each kind there were. Which one is too frequent?");
	ck_assert_msg(got * 100 <= bare * SELFTEST_PERCENT,
		"pocket's self-test takes %llu instructions bare and %llu under this monitor, which is %llu per cent; at most %d are asked for",
		(unsigned long long)bare, (unsigned long long)got,
		(unsigned long long)(got * 100 / bare), SELFTEST_PERCENT);
}
END_TEST

/* ---- predictions ---- */

/* The byte that would be fetched for an address of the guest's, which no one has executed. */
static uint8_t fetched_byte(struct machine *m, uint32_t address)
{
	uint8_t byte;

	memory_read(m, registers(m)->cs.base + address, &byte, 1);
	return byte;
}

START_TEST(predictions_about_patching_hold_on_this_monitor)
{
	struct patchcosts p = patchcosts_boot("mem=4");
	uint64_t exits = 0;

	for (int i = 0; i < HOT; i++)
		exits += exits_of(&p, "pushf");
	uint32_t base = registers(p.m)->cs.base;
	uint8_t byte = fetched_byte(p.m, label(&p, "data"));
	uint64_t beside = exits_of(&p, "beside_again");
	uint64_t instructions = instructions_of(&p, "pushf_cli_popf");
	machine_end(p.m);

	assert_prediction("exits_until_pushf_is_hot", exits);
	assert_prediction("base_of_the_kernels_code", base);
	assert_prediction("byte_that_no_scan_has_reached", byte);
	assert_prediction("instructions_of_pushf_cli_popf_jmp", instructions);
	assert_prediction("exits_of_a_write_beside_code", beside);
}
END_TEST

const struct graded_test patch_cost_tests[] = {
	{&the_interrupt_flag_is_cheap_when_it_is_hot, EFFICIENCY, 5, "patchcosts"},
	{&reads_of_segment_registers_cost_no_exit, EFFICIENCY, 2, "patchcosts"},
	{&a_return_to_ring_3_costs_no_exit, EFFICIENCY, 2, "patchcosts"},
	{&a_breakpoint_is_cheap, EFFICIENCY, 2, "patchcosts"},
	{&a_write_beside_code_drops_nothing, EFFICIENCY, 2, "patchcosts"},
	{&code_without_sensitive_instructions_costs_what_it_costs_bare, EFFICIENCY, 2,
		"patchcosts"},
	{&an_operating_system_costs_little_more, EFFICIENCY, 5, "pocket"},
	{&predictions_about_patching_hold_on_this_monitor, EFFICIENCY, 5, "patchcosts"},
	{0},
};
