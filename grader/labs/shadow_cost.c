/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 3, graded tests of efficiency: what a fill, a page fault, a traced write and a switch of
 * address spaces cost, between the labels of guests/pagecosts; what a program pays that forks and
 * waits, and one that only computes. And the predictions, measured on this very monitor.
 */
#include "shadow_forks.h"
#include "shadow_tests.h"

/* In instructions. The reference must do with three quarters of these (grader/tests/budgets.sh): a
 * plainer solution may take more. */
#define FILL_BUDGET   933
#define FAULT_BUDGET  1300
#define WRITE_BUDGET  1200
#define SWITCH_BUDGET 800

#define FORK_TIMES_10   61 /* tenths of what it takes bare */
#define COMPUTE_PERCENT 98 /* of the work that the bare machine does in the same time */

#define ROUNDS 8  /* of pagecosts.asm */
#define FORKS  40 /* of one that forks and waits */

/* ---- between the labels of pagecosts ---- */

struct pagecosts {
	struct guest *guest;
	struct machine *m;
};

static struct pagecosts pagecosts_boot(void)
{
	struct guest *guest = guest_open("pagecosts");

	return (struct pagecosts){guest, boot(guest)};
}

static uint32_t label(const struct pagecosts *p, const char *name)
{
	char symbol[64];

	snprintf(symbol, sizeof(symbol), "pagecosts_%s", name);
	return guest_symbol(p->guest, symbol);
}

/* The least of all rounds: something else may come in between. */
static uint64_t cost_between(const char *from, const char *to)
{
	struct pagecosts p = pagecosts_boot();
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < ROUNDS; i++) {
		run_until(p.m, label(&p, from));
		uint64_t cost = ticks_to(p.m, label(&p, to));
		if (cost < least)
			least = cost;
	}
	machine_end(p.m);
	return least;
}

/* When the guest comes there next. */
static uint64_t exits_of(const struct pagecosts *p, const char *from, const char *to)
{
	return exits_between(p->m, label(p, from), label(p, to), false);
}

START_TEST(a_fill_is_cheap)
{
	uint64_t read = cost_between("touch", "after_touch");
	uint64_t write = cost_between("write", "after_write");

	measure("instructions_of_a_first_read", read);
	measure("instructions_of_a_first_write", write);
	hint("One miss is one walk and one entry. shadow_child() finds the table that the root leads to already.");
	assert_within("the first read of a page", read, FILL_BUDGET);
	assert_within("the first write to it", write, FILL_BUDGET);

	struct pagecosts p = pagecosts_boot();
	uint64_t exits = exits_of(&p, "refill", "after_refill");
	hint("INVLPG of an entry that the guest has not changed: its tables are traced, so the shadow is right as it is.");
	ck_assert_msg(exits == 0, "an access after INVLPG took %llu exits; none is needed",
		(unsigned long long)exits);
}
END_TEST

START_TEST(the_guests_own_page_fault_is_cheap)
{
	uint64_t fault = cost_between("fault", "fault_handler");

	measure("instructions_of_a_page_fault", fault);
	hint("What the guest's own tables forbid is told by the walk alone: the shadow need not be touched.");
	assert_within(
		"the guest's own page fault, from the access to its handler,", fault, FAULT_BUDGET);
}
END_TEST

START_TEST(a_write_to_a_table_is_cheap)
{
	uint64_t entry = cost_between("entry", "after_entry");

	measure("instructions_of_a_write_to_a_table", entry);
	hint("Only what was made from the entry goes. The pages in which other tables lie are of no interest.");
	assert_within("a MOV to an entry of a table in use", entry, WRITE_BUDGET);
}
END_TEST

START_TEST(a_switch_to_a_recent_root_fills_nothing)
{
	struct pagecosts p = pagecosts_boot();

	/* the first round finds roots that have not been here before */
	run_until(p.m, label(&p, "after_switch_back"));
	uint64_t there = exits_of(&p, "switch", "after_switch");
	uint64_t back = exits_of(&p, "switch_back", "after_switch_back");
	run_until(p.m, label(&p, "switch"));
	uint64_t cost = ticks_to(p.m, label(&p, "after_switch"));

	measure("exits_of_a_switch", there);
	measure("instructions_of_a_switch", cost);
	hint("A root stays in the pool when the guest leaves it, and so do the tables that it leads to: shadow_get() finds it again.");
	ck_assert_msg(there == 1 && back == 1,
		"a MOV to CR3, and eight pages touched; both roots have been here before: %llu exits, and %llu on the way back. The MOV should be the only one",
		(unsigned long long)there, (unsigned long long)back);
	assert_within("a switch to a recent root, with eight pages touched,", cost, SWITCH_BUDGET);
}
END_TEST

/* ---- forks ---- */

/* Instructions of one round. */
static uint64_t fork_cost(bool bare)
{
	struct forks forks = forks_boot(bare, "", FORKS);
	uint64_t start = ticks(forks.m);

	forks_pass(&forks, FORKS);
	uint64_t taken = ticks(forks.m) - start;
	forks_end(&forks);
	machine_end(forks.m);
	return taken / FORKS;
}

START_TEST(forks_and_waits_cost_little_more)
{
	uint64_t bare = fork_cost(true), got = fork_cost(false);

	measure("instructions_of_a_fork", got);
	measure("instructions_of_a_fork_bare", bare);
	measure("per_mille_of_forks_and_waits", got * 1000 / bare);
	hint("A table that is built anew is written again and again and used by nobody: SHADOW_BURST, SHADOW_BURST_SIZE.");
	ck_assert_msg(got * 10 <= bare * FORK_TIMES_10,
		"a fork, exit and wait of pocket_quiet takes %llu instructions bare and %llu under this monitor, which is %llu.%llu times as many; at most %d.%d is asked for",
		(unsigned long long)bare, (unsigned long long)got, (unsigned long long)(got / bare),
		(unsigned long long)(got * 10 / bare % 10), FORK_TIMES_10 / 10, FORK_TIMES_10 % 10);
}
END_TEST

/* ---- a computation ---- */

START_TEST(a_computation_with_paging_costs_what_it_costs_bare)
{
	hint("While the guest changes no table, nothing that is in the shadow may go.");
	assert_loop_runs_bare(guest_open("pagecosts"), "pagecosts_loop_begin", "pagecosts_loop_end",
		"per_mille_of_a_computation", COMPUTE_PERCENT);
}
END_TEST

/* ---- predictions ---- */

/* The entry of the page at ESI, in the tables that the processor walks. */
static uint32_t real_entry(struct machine *m)
{
	uint32_t page = registers(m)->esi, root = registers(m)->cr3 & PTE_FRAME, entry;

	machine_memory_read(m, root + (page >> 22) * 4, &entry, sizeof(entry));
	if (!(entry & PTE_P))
		return 0;
	uint32_t at = (entry & PTE_FRAME) + page / PAGE_SIZE % TABLE_ENTRIES * 4;
	machine_memory_read(m, at, &entry, sizeof(entry));
	return entry;
}

/* In the order in which the guest comes by; in its second round no table, and neither root, is new.
 */
START_TEST(predictions_about_paging_hold_on_this_monitor)
{
	struct pagecosts p = pagecosts_boot();

	uint64_t touched = exits_of(&p, "touch", "after_touch");
	uint32_t entry = real_entry(p.m);
	touched += exits_of(&p, "again", "after_write");
	run_until(p.m, label(&p, "after_root_touch"));
	uint64_t demand = exits_of(&p, "demand", "after_demand");
	uint64_t switches = exits_of(&p, "switch", "after_switch_back");
	uint64_t new_root = exits_of(&p, "root", "after_root_touch");
	uint64_t ten_entries = exits_of(&p, "build_begin", "build_end");
	machine_end(p.m);

	assert_prediction("exits_per_page_touched", touched);
	assert_prediction("entry_after_read", entry & PAGE_MASK);
	assert_prediction("exits_per_demand_page", demand);
	assert_prediction("exits_for_ten_entries", ten_entries);
	assert_prediction("exits_per_switch", switches);
	assert_prediction("exits_per_new_root", new_root);
}
END_TEST

const struct graded_test shadow_cost_tests[] = {
	{&a_fill_is_cheap, EFFICIENCY, 2, "pagecosts"},
	{&the_guests_own_page_fault_is_cheap, EFFICIENCY, 2, "pagecosts"},
	{&a_write_to_a_table_is_cheap, EFFICIENCY, 2, "pagecosts"},
	{&a_switch_to_a_recent_root_fills_nothing, EFFICIENCY, 2, "pagecosts"},
	{&forks_and_waits_cost_little_more, EFFICIENCY, 3, "pocket_quiet"},
	{&a_computation_with_paging_costs_what_it_costs_bare, EFFICIENCY, 2, "pagecosts"},
	{&predictions_about_paging_hold_on_this_monitor, EFFICIENCY, 4, "pagecosts"},
	{0},
};
