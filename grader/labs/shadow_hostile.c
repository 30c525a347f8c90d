/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 3, graded tests of resource control: guests that try to reach by their page tables what is
 * not their own (guests/escape). Several guests share one machine, one after the other: one that
 * makes all attacks of a group that a right monitor survives, one for each of the others, and in
 * the end one that behaves.
 *
 * While they run, the tables that the processor walks are audited at random moments. After each
 * guest the monitor must be what it was, and the memory of the guest that waits at the end too;
 * and what the attacks saw must be what they see on the bare machine.
 */
#include "monitor_layout.h"
#include "shadow_attacks.h"
#include "shadow_tests.h"

#include <stdlib.h>

/* Memory, pages in the pool, and for attacks that go on for ever time in units of 10 ms. */
#define WORDS       "mem=4 shadow=64"
#define TIME        " time=3"
#define MEMORY      (4u << 20)
#define IN_ROW      8 /* guests with one attack each, in one machine */
#define AUDITS_TOUR 6 /* moments at which the tables are looked at */
#define AUDITS_ONE  2
#define APART_ONE   12000 /* instructions at most between two of them */

#define ATTACKS_FIRST 0x00400000u /* of escape_machine: a bare guest has no memory there */
#define ALL_KINDS     0xffffffffu
#define KIND(kind)    (1u << (kind))

/* ---- the bare machine ---- */

static enum attack_group chosen_group;
static struct attack table[ATTACKS_MAX];
static struct seen bare_seen[ATTACKS_MAX];
static uint32_t attack_count, seed, target, machine_address;
static uint64_t tour_length; /* instructions, bare */

static struct guest *escape_open(uint32_t choice)
{
	struct guest *guest = guest_open("escape");

	guest_write_u32(guest, "escape_choice", choice);
	guest_write_u32(guest, "escape_seed", seed);
	guest_write_u32(guest, "escape_target", target);
	guest_write_u32(guest, "escape_machine", machine_address);
	return guest;
}

/* Is it one of the group that is tried, and of these kinds? */
static bool is_chosen(uint32_t number, unsigned kinds)
{
	return table[number].group == chosen_group && kinds & KIND(table[number].kind);
}

static bool any_chosen(unsigned kinds)
{
	for (uint32_t n = 1; n < attack_count; n++)
		if (is_chosen(n, kinds))
			return true;
	return false;
}

/* The tour takes what is of kind ALIKE in the guest's own table. */
static struct guest *tour_open(unsigned kinds)
{
	static struct attack own[ATTACKS_MAX];
	struct guest *guest = escape_open(ATTACK_TOUR);

	memcpy(own, table, sizeof(own));
	for (uint32_t i = 0; i < attack_count; i++)
		own[i].kind = i == 0 || is_chosen(i, kinds) ? ATTACK_ALIKE : ATTACK_CONFINED;
	guest_write(guest, "escape_attacks", own, attack_count * sizeof(*own));
	return guest;
}

/* What each attack of the group that comes to its end sees, and number 0, which behaves. */
static void bare_run(enum attack_group group)
{
	const struct symbols_range *text = monitor_text();

	chosen_group = group;
	attack_count = attacks_read(guest_open("escape"), table);
	seed = random_u32();
	target = text->start + random_below(text->end - text->start - 64);
	machine_address = ATTACKS_FIRST + random_below((MACHINE_MEGS << 20) - ATTACKS_FIRST);
	struct guest *guest = tour_open(KIND(ATTACK_ALIKE) | KIND(ATTACK_MAY_END));
	struct machine *bare = boot_bare(guest);
	run_until(bare, guest_symbol(guest, "escape_begin"));
	uint64_t start = ticks(bare);
	run_until(bare, guest_symbol(guest, "guest_done"));
	tour_length = ticks(bare) - start;
	machine_memory_read(bare, guest_symbol(guest, "escape_seen"), bare_seen,
		attack_count * sizeof(*bare_seen));
	machine_end(bare);
}

/* ---- one machine ---- */

struct row {
	struct machine *m;
	struct guest *guest[IN_ROW + 2];
	uint32_t number[IN_ROW + 2]; /* ATTACK_TOUR, an attack's, or 0 */
	size_t count;
	struct integrity before;
};

static uint8_t neighbour[MEMORY]; /* of the last guest, as it was loaded */

static const char *name_in(const struct row *row, size_t i)
{
	return row->number[i] == ATTACK_TOUR ? "of one guest (it made a row of them)"
					     : table[row->number[i]].name;
}

/* The monitor's own mapping of all memory serves, whatever the guest's tables are. */
static uint32_t memory_of(const struct row *row, size_t i)
{
	uint32_t vm = memory_read_u32(row->m, monitor_symbol("machines") + 4 * (uint32_t)i);

	return MONITOR_BASE + memory_read_u32(row->m, vm + VM_MEMORY_OFFSET);
}

static void row_add(struct row *row, struct guest *guest, uint32_t number)
{
	row->guest[row->count] = guest;
	row->number[row->count++] = number;
}

/* Boots, and goes to where the first guest attacks. */
static void row_begin(struct row *row)
{
	struct boot_guest guests[IN_ROW + 2];

	row_add(row, escape_open(0), 0);
	for (size_t i = 0; i < row->count; i++)
		guests[i] = (struct boot_guest){
			row->guest[i], row->number[i] != ATTACK_TOUR &&
						       table[row->number[i]].kind == ATTACK_ENDLESS
					       ? WORDS TIME
					       : WORDS};
	row->m = boot_several(guests, row->count);
	run_until(row->m, guest_symbol(row->guest[0], "escape_begin"));
	row->before = integrity_take(row->m);
	memory_read(row->m, memory_of(row, row->count - 1), neighbour, MEMORY);
}

/* ---- after each guest ---- */

static void check_monitor(const struct row *row, const char *attack)
{
	const uint32_t bits0 = CR0_PE | CR0_WP | CR0_PG, bits4 = CR4_PSE | CR4_PAE;
	struct integrity now = integrity_take(row->m);

	ck_assert_msg(memcmp(row->before.text, now.text, now.text_size) == 0,
		"the attack %s changed the monitor's code", attack);
	ck_assert_msg(!((row->before.cr0 ^ now.cr0) & bits0 || (row->before.cr4 ^ now.cr4) & bits4),
		"the attack %s changed CR0 (%08x to %08x) or CR4 (%08x to %08x) of the real machine",
		attack, row->before.cr0, now.cr0, row->before.cr4, now.cr4);
	free(now.text);
}

static void check_neighbour(const struct row *row, const char *attack)
{
	static uint8_t now[MEMORY];
	uint32_t at = 0;

	memory_read(row->m, memory_of(row, row->count - 1), now, MEMORY);
	while (at < MEMORY && now[at] == neighbour[at])
		at++;
	ck_assert_msg(at == MEMORY,
		"the attack %s changed the memory of a guest that waits for its turn, at %08x: %02x to %02x",
		attack, at, neighbour[at % MEMORY], now[at % MEMORY]);
}

/* What came of its attacks, as the guest's memory has it when the guest is over. */
static void check_seen(const struct row *row, size_t i)
{
	static struct seen seen[ATTACKS_MAX];
	uint32_t at = memory_of(row, i) + guest_symbol(row->guest[i], "escape_seen"), n;

	memory_read(row->m, at, seen, attack_count * sizeof(*seen));
	if (row->number[i] != ATTACK_TOUR) {
		n = row->number[i];
		attack_judge(&table[n], &bare_seen[n], &seen[n], monitor_end(row->m));
		return;
	}
	for (n = 0; n < attack_count; n++)
		if (n == 0 || is_chosen(n, KIND(ATTACK_ALIKE)))
			attack_judge(&table[n], &bare_seen[n], &seen[n], monitor_end(row->m));
}

/* ---- while a guest runs ---- */

/* From where it attacks to its end, which is where the monitor's vm_end() begins. */
static void watch_guest(struct row *row, size_t i)
{
	bool tour = row->number[i] == ATTACK_TOUR;
	unsigned audits = tour ? AUDITS_TOUR : AUDITS_ONE;
	uint64_t apart = tour ? 2 * tour_length / AUDITS_TOUR : APART_ONE;
	uint32_t end = monitor_symbol("vm_end");
	const uint32_t places[] = {guest_symbol(row->guest[i], "escape_begin"), end};

	if (i > 0 && run_until_any(row->m, places, 2) != 0)
		ck_abort_msg("the guest of the attack %s did not come so far as to try it",
			name_in(row, i));
	while (audits--) {
		if (run_until_or_for(row->m, end, 1 + random_below((uint32_t)apart)) ||
			!audit_reach_guest(row->m, end))
			return;
		audit_from_outside(row->m);
	}
	ck_assert_msg(run_until_or_for(row->m, end, LIMIT),
		"the attack %s: %u instructions later its guest was neither over nor ended",
		name_in(row, i), LIMIT);
}

static void run_row(struct row *row)
{
	row_begin(row);
	for (size_t i = 0; i < row->count; i++) {
		watch_guest(row, i);
		check_seen(row, i);
		check_monitor(row, name_in(row, i));
		if (i + 1 < row->count)
			check_neighbour(row, name_in(row, i));
	}
	run_to_end(row->m);
	machine_end(row->m);
	free(row->before.text);
	*row = (struct row){0};
}

/* All attacks of a group that are of these kinds. */
static void run_attacks(enum attack_group group, unsigned kinds)
{
	struct row row = {0};

	bare_run(group);
	if (!any_chosen(kinds))
		infrastructure_error("the guest escape has no attack in group %d", group);
	if (any_chosen(kinds & KIND(ATTACK_ALIKE)))
		row_add(&row, tour_open(KIND(ATTACK_ALIKE)), ATTACK_TOUR);
	for (uint32_t n = 1; n < attack_count; n++) {
		if (!is_chosen(n, kinds & ~KIND(ATTACK_ALIKE)))
			continue;
		row_add(&row, escape_open(n), n);
		if (row.count == IN_ROW)
			run_row(&row);
	}
	if (row.count)
		run_row(&row);
}

/* ---- the tests ---- */

START_TEST(no_entry_leads_out_of_the_guests_memory)
{
	hint("A guest-physical page without memory is SHADOW_DEVICE, also as a large page's or beyond 4 GiB: guest_has_memory(). A table there is all ones.");
	run_attacks(ATTACKS_OUTSIDE, ALL_KINDS);
}
END_TEST

START_TEST(no_table_reaches_the_monitor)
{
	hint("From MONITOR_BASE on the entries of a root are the monitor's own, whatever the guest's directory says there. Write no entry by yourself: shadow_link(), shadow_map() and shadow_clear() know.");
	run_attacks(ATTACKS_MONITOR, ALL_KINDS);
}
END_TEST

START_TEST(thousands_of_roots_are_no_harm)
{
	hint("A root that is written becomes data, or another root, while it is not in use: what was made from it goes too.");
	run_attacks(ATTACKS_ROOTS, ALL_KINDS);
}
END_TEST

START_TEST(a_guest_that_cannot_go_on_is_ended)
{
	hint("An exception whose frame, gate or handler the guest's own tables do not let in is another exception; the third ends the guest.");
	run_attacks(ATTACKS_FRAMES, KIND(ATTACK_ENDS));
}
END_TEST

START_TEST(no_storm_of_faults_harms_another_guest)
{
	hint("Whatever a guest's tables are, each exit comes to an end, and time= ends the guest.");
	run_attacks(ATTACKS_STORMS, ALL_KINDS);
}
END_TEST

const struct graded_test shadow_hostile_tests[] = {
	{&no_entry_leads_out_of_the_guests_memory, RESOURCE_CONTROL, 4, "escape"},
	{&no_table_reaches_the_monitor, RESOURCE_CONTROL, 5, "escape"},
	{&thousands_of_roots_are_no_harm, RESOURCE_CONTROL, 4, "escape"},
	{&a_guest_that_cannot_go_on_is_ended, RESOURCE_CONTROL, 2, "escape"},
	{&no_storm_of_faults_harms_another_guest, RESOURCE_CONTROL, 4, "escape"},
	{0},
};
