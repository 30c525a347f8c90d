/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 5, graded tests of efficiency for the firmware: what calls cost that a kernel makes all the
 * time, between the labels of guests/palcosts, and what an operating system saves that makes them.
 */
#include "paravirt_tests.h"
#include "patch_costs.h"

/* In instructions, with CALL, RET and a JMP. */
#define FLAG_BUDGET       12 /* of what needs no monitor */
#define TIME_BUDGET       680
#define INVALIDATE_BUDGET 760
#define CR3_BUDGET        1120
#define UPDATES_BUDGET    14000 /* of 64 entries */

#define EXITS_PERCENT        78 /* of pocket's exits, that pocket_pal may take */
#define INSTRUCTIONS_PERCENT 90 /* and of its instructions */

#define SELFTEST_LIMITS 4 /* times LIMIT instructions, for pocket_pal */

#define WARM 3 /* rounds after which all is known */

struct palcosts {
	struct guest *guest;
	struct machine *m;
};

static uint32_t label(const struct palcosts *p, const char *prefix, const char *name)
{
	char symbol[96];

	snprintf(symbol, sizeof(symbol), "palcosts_%s%s", prefix, name);
	return guest_symbol(p->guest, symbol);
}

static struct palcosts palcosts_boot(void)
{
	struct guest *guest = guest_open("palcosts");
	struct palcosts p = {guest, boot(guest)};

	for (int round = 0; round < WARM; round++)
		run_until(p.m, label(&p, "after_", "serial"));
	return p;
}

static void assert_exits(
	const struct palcosts *p, const char *name, const char *what, uint64_t most)
{
	uint64_t exits = exits_between(p->m, label(p, "", name), label(p, "after_", name), false);

	ck_assert_msg(exits <= most, "%s takes %llu exits: %llu %s needed", what,
		(unsigned long long)exits, (unsigned long long)most, most == 1 ? "is" : "are");
}

static void assert_instructions(
	const struct palcosts *p, const char *name, const char *what, uint64_t budget)
{
	char measured[64];

	run_until(p->m, label(p, "", name));
	uint64_t cost = ticks_to(p->m, label(p, "after_", name));
	snprintf(measured, sizeof(measured), "instructions_of_pal_%s", name);
	measure(measured, cost);
	assert_within(what, cost, budget);
}

START_TEST(the_flag_needs_no_monitor)
{
	static const struct {
		const char *name, *what;
	} calls[] = {{"version", "PAL_VERSION"}, {"flags", "PAL_FLAGS"}, {"mask", "PAL_MASK"},
		{"unmask", "PAL_UNMASK"}, {"set_flags", "PAL_SET_FLAGS"}};
	struct palcosts p = palcosts_boot();

	hint("`delta` is in the data page: the firmware reads and writes it itself. Only where an interrupt waits does the monitor have to know.");
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		assert_exits(&p, calls[i].name, calls[i].what, 0);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		assert_instructions(&p, calls[i].name, calls[i].what, FLAG_BUDGET);
}
END_TEST

START_TEST(a_hypercall_is_one_cheap_exit)
{
	struct palcosts p = palcosts_boot();

	hint("Nothing is decoded, and only what the guest asked for is forgotten.");
	assert_exits(&p, "time", "PAL_TIME", 1);
	assert_exits(&p, "invalidate", "PAL_INVALIDATE", 1);
	assert_exits(&p, "cr3", "PAL_SET_CR3", 1);
	assert_instructions(&p, "time", "PAL_TIME", TIME_BUDGET);
	assert_instructions(&p, "invalidate", "PAL_INVALIDATE", INVALIDATE_BUDGET);
	assert_instructions(&p, "cr3", "PAL_SET_CR3", CR3_BUDGET);
}
END_TEST

START_TEST(sixty_four_updates_are_one_exit)
{
	struct palcosts p = palcosts_boot();

	hint("A hypercall does as many entries as it may: HYPERCALL_ENTRIES.");
	assert_exits(&p, "update", "PAL_UPDATE of 64 entries", 1);
	assert_instructions(&p, "update", "PAL_UPDATE of 64 entries", UPDATES_BUDGET);
}
END_TEST

START_TEST(a_line_of_text_is_one_exit)
{
	struct palcosts p = palcosts_boot();

	hint("A hypercall prints as many bytes as it may: HYPERCALL_BYTES.");
	assert_exits(&p, "console", "PAL_CONSOLE of a line of 60 bytes", 1);
}
END_TEST

START_TEST(an_operating_system_saves_exits)
{
	uint32_t plain_exits, exits;
	uint64_t got = selftest_cost_within(SELFTEST_LIMITS, "pocket_pal", false, "mem=4", &exits),
		 plain = selftest_cost("pocket", false, "mem=4", &plain_exits);

	measure("exits_of_the_self_test_with_firmware", exits);
	measure("exits_of_the_self_test_without", plain_exits);
	measure("instructions_of_the_self_test_with_firmware", got);
	hint("`make run LAB=5 GUEST=pocket_pal` says at the end how many exits of each kind there were.");
	ck_assert_msg((uint64_t)exits * 100 <= (uint64_t)plain_exits * EXITS_PERCENT,
		"pocket's self-test takes %u exits, and with its operations behind the firmware %u; at most %d in a hundred are asked for",
		plain_exits, exits, EXITS_PERCENT);
	ck_assert_msg(got * 100 <= plain * INSTRUCTIONS_PERCENT,
		"pocket's self-test takes %llu instructions, and with its operations behind the firmware %llu; at most %d in a hundred are asked for",
		(unsigned long long)plain, (unsigned long long)got, INSTRUCTIONS_PERCENT);
}
END_TEST

const struct graded_test paravirt_pal_cost_tests[] = {
	{&the_flag_needs_no_monitor, EFFICIENCY, 3, "palcosts"},
	{&a_hypercall_is_one_cheap_exit, EFFICIENCY, 2, "palcosts"},
	{&sixty_four_updates_are_one_exit, EFFICIENCY, 2, "palcosts"},
	{&a_line_of_text_is_one_exit, EFFICIENCY, 1, "palcosts"},
	{&an_operating_system_saves_exits, EFFICIENCY, 2, "pocket_pal"},
	{0},
};
