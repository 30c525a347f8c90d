/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 1, graded tests of resource control: guests that want out (guests/hostile). Each attack is a
 * virtual machine of its own, and many of them share one machine, one after the other: so each
 * that is stopped shows as well that the others go on.
 */
#include "rings_tests.h"

#include <stdlib.h>

#define BATCH       16 /* virtual machines at once */
#define ATTACKS_MAX 256
#define STOPS_MAX   2000 /* exceptions in the life of one attack; a good one takes about 200 */

/* struct attack and its enumerations of guests/hostile/attack.h */
enum attack_kind { ATTACK_FAULTS, ATTACK_CONFINED, ATTACK_ENDLESS };
enum attack_group {
	GROUP_MEMORY,
	GROUP_SEGMENTS,
	GROUP_SELECTORS,
	GROUP_TRANSFERS,
	GROUP_INTERRUPTS,
	GROUP_CONTROL,
	GROUP_PORTS,
	GROUP_USER,
};

struct attack {
	char name[32];
	uint32_t run, site, vector, kind, group;
};

/* ---- one batch ---- */

/* Some attacks trap without end: those are not stopped at each trap. */
static bool run_until_event(struct machine *m, const struct attack *attack,
	const uint32_t places[3], struct trap *trap, int *place)
{
	if (attack->kind != ATTACK_ENDLESS)
		return run_until_trap(m, places, 3, trap, place);
	*place = run_until_any(m, places, 3);
	return false;
}

/*
 * Watches one virtual machine from the first instruction of its attack to the first of the next
 * machine's, or to the end of all. True: there is a next one.
 */
static bool watch_attack(struct machine *m, const struct guest *guest, const struct attack *attack)
{
	const uint32_t places[] = {guest_symbol(guest, "attack_start"),
		guest_symbol(guest, "attack_succeeded"), guest_symbol(guest, "attack_over")};
	struct trap trap;
	bool stopped = false;
	int place;

	for (unsigned stops = 0;; stops++) {
		ck_assert_msg(stops < STOPS_MAX,
			"after the attack %s the guest raises exceptions without end",
			attack->name);
		if (run_until_event(m, attack, places, &trap, &place)) {
			if (trap.eip != attack->site || (trap.cs & 3) == 0 || stopped)
				continue;
			stopped = true;
			ck_assert_msg(trap.vector == attack->vector,
				"the attack %s was stopped by exception %u (error code %x); it must be stopped by %u",
				attack->name, trap.vector, trap.error_code, attack->vector);
			continue;
		}
		if (place == 1)
			ck_abort_msg(
				"the attack %s succeeded: the guest went on at attack_succeeded with EAX %08x",
				attack->name, registers(m)->eax);
		if (place == 2) {
			ck_assert_msg(attack->kind != ATTACK_FAULTS,
				"the attack %s was not stopped at %08x", attack->name,
				attack->site);
			ck_assert_msg(stopped || attack->vector == 0,
				"the attack %s did not trap at %08x: it must raise exception %u",
				attack->name, attack->site, attack->vector);
			continue;
		}
		ck_assert_msg(attack->kind != ATTACK_FAULTS || stopped,
			"the attack %s ended without an exception at %08x", attack->name,
			attack->site);
		return place == 0;
	}
}

/* The monitor's memory that is attacked: somewhere in its code. */
static uint32_t random_target(void)
{
	const struct symbols_range *text = monitor_text();
	return text->start + (random_below(text->end - text->start - 64) & ~3u);
}

static void run_batch(const struct attack *const *attacks, const uint32_t *numbers, size_t count)
{
	struct boot_guest guests[BATCH] = {0};

	for (size_t i = 0; i < count; i++) {
		guests[i].guest = guest_open("hostile");
		guests[i].arguments = attacks[i]->kind == ATTACK_ENDLESS ? "mem=2 time=5" : "mem=2";
		guest_write_u32(guests[i].guest, "attack_choice", numbers[i]);
		guest_write_u32(guests[i].guest, "attack_target", random_target());
	}
	struct machine *m = boot_several(guests, count);
	run_until(m, guest_symbol(guests[0].guest, "attack_start"));
	struct integrity before = integrity_take(m);
	for (size_t i = 0; i < count; i++) {
		bool more = watch_attack(m, guests[i].guest, attacks[i]);
		ck_assert_msg(more == (i + 1 < count),
			"after the attack %s the machine switched itself off: %zu guests did not get their turn",
			attacks[i]->name, count - i - 1);
		if (more)
			integrity_check(m, &before, attacks[i]->name);
	}
	free(before.text);
	machine_end(m);
}

/* All attacks of a group, in batches. */
static void run_group(enum attack_group group, enum attack_kind first, enum attack_kind last)
{
	static struct attack table[ATTACKS_MAX];
	const struct attack *batch[BATCH];
	uint32_t numbers[BATCH];
	struct guest *guest = guest_open("hostile");
	uint32_t count = guest_read_u32(guest, "attack_count");
	size_t filled = 0, tried = 0;

	if (count > ATTACKS_MAX)
		infrastructure_error("raise ATTACKS_MAX to %u", count);
	guest_read(guest, "attacks", table, count * sizeof(*table));
	for (uint32_t i = 0; i < count; i++) {
		if (table[i].group != group || table[i].kind < first || table[i].kind > last)
			continue;
		batch[filled] = &table[i];
		numbers[filled++] = i;
		tried++;
		if (filled == BATCH) {
			run_batch(batch, numbers, filled);
			filled = 0;
		}
	}
	if (filled)
		run_batch(batch, numbers, filled);
	if (tried == 0)
		infrastructure_error("the guest hostile has no attack in group %d", group);
}

/* ---- the tests ---- */

START_TEST(flat_segments_end_at_the_monitor)
{
	hint("The limit of a flat segment must stop at the last byte below MONITOR_BASE.");
	run_group(GROUP_MEMORY, ATTACK_FAULTS, ATTACK_CONFINED);
}
END_TEST

START_TEST(no_segment_of_the_guests_reaches_the_monitor)
{
	hint("The guest's own descriptors pass descriptor_deprivilege(). Bases make offsets wrap.");
	run_group(GROUP_SEGMENTS, ATTACK_FAULTS, ATTACK_CONFINED);
}
END_TEST

START_TEST(the_monitors_selectors_cannot_be_loaded)
{
	run_group(GROUP_SELECTORS, ATTACK_FAULTS, ATTACK_CONFINED);
}
END_TEST

START_TEST(no_transfer_leads_into_the_monitor)
{
	hint("Gates and task-state segments of the guest's must not be present for the processor.");
	run_group(GROUP_TRANSFERS, ATTACK_FAULTS, ATTACK_CONFINED);
	run_group(GROUP_INTERRUPTS, ATTACK_FAULTS, ATTACK_CONFINED);
}
END_TEST

START_TEST(the_processors_own_state_stays_the_monitors)
{
	run_group(GROUP_CONTROL, ATTACK_FAULTS, ATTACK_CONFINED);
}
END_TEST

START_TEST(no_port_reaches_a_real_device)
{
	hint("A permission bit map in the TSS would give ports away. So would IOPL.");
	run_group(GROUP_PORTS, ATTACK_FAULTS, ATTACK_CONFINED);
}
END_TEST

START_TEST(ring_3_reaches_neither_monitor_nor_kernel)
{
	run_group(GROUP_USER, ATTACK_FAULTS, ATTACK_CONFINED);
}
END_TEST

START_TEST(an_endless_guest_is_ended)
{
	hint("Only the timer brings the processor back. Is the real IF set while the guest runs?");
	run_group(GROUP_CONTROL, ATTACK_ENDLESS, ATTACK_ENDLESS);
}
END_TEST

const struct graded_test rings_hostile_tests[] = {
	{&flat_segments_end_at_the_monitor, RESOURCE_CONTROL, 3, "hostile"},
	{&no_segment_of_the_guests_reaches_the_monitor, RESOURCE_CONTROL, 3, "hostile"},
	{&the_monitors_selectors_cannot_be_loaded, RESOURCE_CONTROL, 2, "hostile"},
	{&no_transfer_leads_into_the_monitor, RESOURCE_CONTROL, 3, "hostile"},
	{&the_processors_own_state_stays_the_monitors, RESOURCE_CONTROL, 2, "hostile"},
	{&no_port_reaches_a_real_device, RESOURCE_CONTROL, 2, "hostile"},
	{&ring_3_reaches_neither_monitor_nor_kernel, RESOURCE_CONTROL, 3, "hostile"},
	{&an_endless_guest_is_ended, RESOURCE_CONTROL, 2, "hostile"},
	{0},
};
