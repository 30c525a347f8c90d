/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 2, graded tests of resource control: guests with tables, interrupts and devices of their own
 * (guests/rogue). Each attack is a virtual machine of its own, and many of them share one machine,
 * one after the other. The last guest behaves: what it prints shows whether the machine is what it
 * was.
 *
 * While they run, Bochs records every exception, interrupt and IRET. Who comes to ring 0 must come
 * to the monitor; and nothing but an INT n may go from the processor straight into a guest.
 */
#include "traps_tests.h"

#include "rings.h"

#include "../../guests/rogue/rogue.h"

#include <stdlib.h>

#define BATCH       15 /* attacks in one machine; behind them comes a guest that behaves */
#define ATTACKS_MAX 400
#define STOPS_MAX   4 /* ends of one attack that are looked at */

/* The guest's memory, and its time in units of 10 ms of the machine's: an attack that goes on for
 * ever need not do so for long. */
#define ARGUMENTS "mem=2 time=3"

/* ---- what must not change ---- */

/* The code, and the control registers. The tables change with the guest: check_tables(). */
static void check_monitor(struct machine *m, const struct integrity *before, const char *attack)
{
	struct integrity now = integrity_take(m);

	ck_assert_msg(memcmp(before->text, now.text, now.text_size) == 0,
		"the attack %s changed the monitor's code", attack);
	ck_assert_msg(before->cr0 == now.cr0 && before->cr4 == now.cr4,
		"the attack %s changed CR0 (%08x to %08x) or CR4 (%08x to %08x) of the real machine",
		attack, before->cr0, now.cr0, before->cr4, now.cr4);
	free(now.text);
}

/* ---- the tables that the processor uses while a guest runs ---- */

static void check_descriptor(
	const char *table, unsigned index, struct descriptor d, const char *when)
{
	uint32_t base = (d.high & 0xff000000) | (d.high & 0xff) << 16 | d.low >> 16;
	uint32_t limit = (d.high & 0xf0000) | (d.low & 0xffff);
	bool expand_down = (d.high & 0xc00) == 0x400;

	if (!(d.high & DESCRIPTOR_PRESENT))
		return;
	if (d.high & 1u << 23)
		limit = limit << 12 | 0xfff;
	ck_assert_msg(d.high & DESCRIPTOR_S,
		"%s: entry %u of the real %s is a gate or a task, and present: %08x %08x", when,
		index, table, d.high, d.low);
	ck_assert_msg((d.high >> 13 & 3) != 0, "%s: entry %u of the real %s has DPL 0: %08x %08x",
		when, index, table, d.high, d.low);
	ck_assert_msg(expand_down || (uint64_t)base + limit < MONITOR_BASE,
		"%s: entry %u of the real %s reaches the monitor: base %08x, limit %08x", when,
		index, table, base, limit);
}

static void check_descriptors(struct machine *m, const char *name, uint32_t base, uint32_t limit,
	unsigned count, const char *when)
{
	static struct descriptor table[GDT_ENTRIES];

	if (count > (limit + 1) / sizeof(*table))
		count = (limit + 1) / sizeof(*table);
	memory_read(m, base, table, count * sizeof(*table));
	for (unsigned i = name[0] == 'G'; i < count; i++)
		check_descriptor(name, i, table[i], when);
}

/* A gate leads to the monitor; or it is a trap gate for INT n into the guest's ring 1. */
static void check_gate(unsigned vector, struct descriptor gate, const char *when)
{
	uint32_t offset = (gate.high & 0xffff0000) | (gate.low & 0xffff);
	uint16_t selector = (uint16_t)(gate.low >> 16);
	bool guest_vector = vector == VECTOR_BP || vector == VECTOR_OF || vector >= 48;

	if (!(gate.high & DESCRIPTOR_PRESENT))
		return;
	if (selector == MONITOR_CS && offset >= MONITOR_BASE)
		return;
	if ((gate.high >> 8 & 0x1f) == TYPE_TASK_GATE && vector == VECTOR_DF)
		return;
	ck_assert_msg(guest_vector && (gate.high >> 8 & 0xff) == 0xef && (selector & 3) == 1 &&
			      offset < MONITOR_BASE,
		"%s: gate %02x of the real IDT leads to %04x:%08x (%08x %08x)", when, vector,
		selector, offset, gate.high, gate.low);
}

static void check_tables(struct machine *m, const char *attack)
{
	struct bochs_registers r = *registers(m);
	struct descriptor gates[VECTORS];
	struct tss tss;
	char when[96];

	snprintf(when, sizeof(when), "in the attack %s", attack);
	ck_assert_msg(r.cpl == 0 || ((r.eflags & EFLAGS_IF) && !(r.eflags & EFLAGS_IOPL)),
		"%s the real EFLAGS are %08x: IF must be 1 and IOPL 0", when, r.eflags);
	check_descriptors(m, "GDT", r.gdtr.base, r.gdtr.limit, GDT_GUEST_ENTRIES, when);
	if (r.ldtr.valid && r.ldtr.present)
		check_descriptors(m, "LDT", r.ldtr.base, r.ldtr.limit, GDT_ENTRIES, when);
	memory_read(m, r.idtr.base, gates, sizeof(gates));
	for (unsigned i = 0; i < VECTORS; i++)
		check_gate(i, gates[i], when);
	memory_read(m, r.tr.base, &tss, sizeof(tss));
	ck_assert_msg(tss.ss0 == MONITOR_DS && tss.esp0 >= MONITOR_BASE,
		"%s ring 0's stack in the real TSS is %04x:%08x", when, tss.ss0, tss.esp0);
	ck_assert_msg(tss.io_map_base > r.tr.limit, "%s the real TSS has a map of ports", when);
}

/* ---- the record of ring crossings ---- */

static void check_events(struct machine *m, const char *attack)
{
	const struct bochs_event *events;
	size_t count = trace_end(m, &events);

	for (size_t i = 0; i < count; i++) {
		const struct bochs_event *e = &events[i];
		if (!e->delivered)
			continue;
		if ((e->cs & 3) == 0) {
			ck_assert_msg(e->cs == MONITOR_CS && e->eip >= MONITOR_BASE,
				"during or after the attack %s the processor went to %04x:%08x in ring 0, which is not the monitor's",
				attack, e->cs, e->eip);
			continue;
		}
		ck_assert_msg(e->kind == BOCHS_IRET || e->kind == BOCHS_SOFTWARE_INT,
			"in the attack %s vector %u went straight into the guest, to %04x:%08x",
			attack, e->vector, e->cs, e->eip);
	}
}

/* ---- one machine: attacks, one after the other, and a guest that behaves ---- */

struct batch {
	const struct rogue_attack *attack[BATCH];
	uint32_t number[BATCH];
	size_t count;
};

/* Watches one attack until the next guest has its turn. False: the machine is off. */
static bool watch_attack(
	struct machine *m, const struct guest *guest, const struct rogue_attack *attack)
{
	const uint32_t places[] = {guest_symbol(guest, "rogue_attack"),
		guest_symbol(guest, "rogue_behave"), guest_symbol(guest, "rogue_succeeded"),
		guest_symbol(guest, "rogue_over")};

	/* it may come to its end again and again: then its time runs out */
	for (unsigned stops = 0;; stops++) {
		int place = run_until_any(m, places, stops < STOPS_MAX ? 4 : 3);
		if (place == 2)
			ck_abort_msg(
				"the attack %s succeeded: the guest went on at rogue_succeeded with EAX %08x",
				attack->name, registers(m)->eax);
		if (place != 3)
			return place >= 0;
		check_tables(m, attack->name);
		ck_assert_msg(attack->kind == ROGUE_CONFINED,
			"the attack %s came to its end, and should have been ended", attack->name);
	}
}

/* The guests of a batch, and the one that behaves behind them. */
static struct machine *batch_boot(const struct batch *batch, uint32_t seed, struct guest **one)
{
	struct boot_guest guests[BATCH + 1];
	const struct symbols_range *text = monitor_text();

	for (size_t i = 0; i <= batch->count; i++) {
		struct guest *guest = guest_open("rogue");
		bool behaves = i == batch->count;
		guests[i] = (struct boot_guest){guest, ARGUMENTS};
		guest_write_u32(guest, "rogue_choice", behaves ? 0 : batch->number[i]);
		guest_write_u32(guest, "rogue_seed", behaves ? seed : random_u32());
		guest_write_u32(guest, "rogue_target",
			text->start + (random_below(text->end - text->start - 64) & ~3u));
	}
	*one = guests[0].guest;
	return boot_several(guests, batch->count + 1);
}

/* Every guest says which it is before it attacks; the last one what it computed. */
static void check_console(struct machine *m, const struct batch *batch, const char *line)
{
	const char *at = console(m);
	char header[64];

	for (size_t i = 0; i < batch->count; i++) {
		snprintf(header, sizeof(header), "attack %u: %s", batch->number[i],
			batch->attack[i]->name);
		at = strstr(at, header);
		ck_assert_msg(at, "a guest should have printed\n%s\nthe console shows\n%s", header,
			console(m));
	}
	ck_assert_msg(strstr(at, line),
		"the guest behind the attacks %s to %s should have printed\n%sthe console shows\n%s",
		batch->attack[0]->name, batch->attack[batch->count - 1]->name, line, console(m));
}

static void run_batch(const struct batch *batch, uint32_t seed, const char *line)
{
	struct guest *guest;
	struct machine *m = batch_boot(batch, seed, &guest);

	run_until(m, guest_symbol(guest, "rogue_attack"));
	struct integrity before = integrity_take(m);
	for (size_t i = 0; i < batch->count; i++) {
		const struct rogue_attack *attack = batch->attack[i];
		check_tables(m, attack->name);
		/* one that goes on for ever shows all that it can early, and makes too many events
		 */
		bool traced = attack->kind != ROGUE_ENDLESS;
		if (traced)
			trace_begin(m);
		bool more = watch_attack(m, guest, attack);
		if (traced)
			check_events(m, attack->name);
		ck_assert_msg(more,
			"after the attack %s the machine switched itself off: %zu guests did not get their turn",
			attack->name, batch->count - i);
		check_monitor(m, &before, attack->name);
	}
	run_to_end(m);
	check_console(m, batch, line);
	machine_end(m);
	free(before.text);
}

/* What the guest that behaves prints on the bare machine. */
static const char *bare_line(uint32_t seed)
{
	static char line[128];
	struct guest *guest = guest_open("rogue");

	guest_write_u32(guest, "rogue_seed", seed);
	struct machine *bare = boot_bare(guest);
	run_to_end(bare);
	const char *at = strstr(console(bare), "computed");
	if (!at)
		infrastructure_error("the guest rogue printed nothing on the bare machine");
	snprintf(line, sizeof(line), "%.*s\n", (int)strcspn(at, "\r\n"), at);
	return line;
}

/* All attacks of a group. */
static void run_group(enum rogue_group group)
{
	static struct rogue_attack table[ATTACKS_MAX];
	struct batch batch = {0};
	struct guest *guest = guest_open("rogue");
	uint32_t count = guest_read_u32(guest, "rogue_attack_count"), seed = random_u32();
	const char *line = bare_line(seed);
	size_t tried = 0;

	if (count > ATTACKS_MAX)
		infrastructure_error("raise ATTACKS_MAX to %u", count);
	guest_read(guest, "rogue_attacks", table, count * sizeof(*table));
	for (uint32_t i = 0; i < count; i++) {
		if (table[i].group != group)
			continue;
		batch.attack[batch.count] = &table[i];
		batch.number[batch.count++] = i;
		tried++;
		if (batch.count < BATCH)
			continue;
		run_batch(&batch, seed, line);
		batch.count = 0;
	}
	if (batch.count)
		run_batch(&batch, seed, line);
	if (tried == 0)
		infrastructure_error("the guest rogue has no attack in group %d", group);
}

/* ---- the tests ---- */

START_TEST(no_storm_of_interrupts_holds_the_processor)
{
	hint("Whatever the guest does with its own IF, the real one stays 1, and time= ends it.");
	run_group(ROGUE_STORMS);
}
END_TEST

START_TEST(no_gate_of_the_guests_leads_out_of_it)
{
	hint("A gate is checked as the processor would: vector, type, selector, ring, offset, in this order.");
	run_group(ROGUE_GATES);
}
END_TEST

START_TEST(a_gate_for_users_opens_the_guest_only)
{
	hint("A gate is looked at each time that it is written, or the GDT that it names.");
	run_group(ROGUE_OPEN);
}
END_TEST

START_TEST(no_place_of_the_gdt_confuses_the_monitor)
{
	hint("A table may lie anywhere, and change in place.");
	run_group(ROGUE_TABLES);
}
END_TEST

START_TEST(no_descriptor_is_missed_when_it_goes)
{
	hint("A segment register keeps what was in the table; the monitor has to load it again after each exit.");
	run_group(ROGUE_REGISTERS);
}
END_TEST

START_TEST(no_ldt_or_tss_confuses_the_monitor)
{
	hint("The base and limit of LDT and TSS are the guest's word.");
	run_group(ROGUE_LOCAL);
}
END_TEST

START_TEST(no_stack_for_ring_0_is_trusted)
{
	hint("SS0 and ESP0 are the guest's word. They are checked as the processor would, before anything is pushed.");
	run_group(ROGUE_INNER);
}
END_TEST

START_TEST(no_frame_lands_where_it_must_not)
{
	hint("Frames are pushed with the guest's own segment and its limit.");
	run_group(ROGUE_FRAMES);
}
END_TEST

START_TEST(no_return_leads_where_it_must_not)
{
	hint("IRET and RET are checked as the processor would, before anything is popped.");
	run_group(ROGUE_RETURNS);
}
END_TEST

START_TEST(no_register_of_the_processors_is_the_guests)
{
	run_group(ROGUE_CONTROL);
}
END_TEST

START_TEST(no_nonsense_for_devices_harms_the_monitor)
{
	run_group(ROGUE_DEVICES);
}
END_TEST

START_TEST(no_write_to_a_watched_table_gets_past)
{
	hint("A write to a table that is in force takes effect at once, deprivileged.");
	run_group(ROGUE_TRACED);
}
END_TEST

/* The next guest that ends does so for this reason: as vm_kill() or vm_end() is told, not as the
 * log has it. */
static void assert_ends_for(struct machine *m, const char *attack, const char *word)
{
	const uint32_t places[] = {monitor_symbol("vm_kill"), monitor_symbol("vm_end")};
	char why[160] = "";
	int place = run_until_any(m, places, 2);

	ck_assert_msg(place >= 0, "the attack %s switched the machine off", attack);
	memory_read(m, memory_read_u32(m, registers(m)->esp + 8), why, sizeof(why) - 1);
	ck_assert_msg(strstr(why, word),
		"the attack %s ended its guest with \"%s\"; the report should name it: \"%s\"",
		attack, why, word);
	if (place == 0) /* which ends with vm_end() */
		run_until(m, places[1]);
}

/* The reports are for people; that there is one, and that it has the right name, is in the
 * contract. */
START_TEST(the_report_names_what_happened)
{
	static const struct {
		const char *attack, *word;
	} reports[] = {{"triple_fault", "triple fault"}, {"gate_to_task", "task gate"},
		{"off_and_halt", "halted for ever"}};
	static struct rogue_attack table[ATTACKS_MAX];
	struct guest *guest = guest_open("rogue");
	uint32_t count = guest_read_u32(guest, "rogue_attack_count");
	struct batch batch = {0};

	guest_read(guest, "rogue_attacks", table, count * sizeof(*table));
	for (size_t r = 0; r < sizeof(reports) / sizeof(reports[0]); r++)
		for (uint32_t i = 0; i < count; i++)
			if (strcmp(table[i].name, reports[r].attack) == 0) {
				batch.attack[batch.count] = &table[i];
				batch.number[batch.count++] = i;
			}
	struct machine *m = batch_boot(&batch, random_u32(), &guest);
	for (size_t r = 0; r < sizeof(reports) / sizeof(reports[0]); r++)
		assert_ends_for(m, reports[r].attack, reports[r].word);
	run_to_end(m);
}
END_TEST

const struct graded_test traps_hostile_tests[] = {
	{&no_storm_of_interrupts_holds_the_processor, RESOURCE_CONTROL, 2, "rogue"},
	{&no_gate_of_the_guests_leads_out_of_it, RESOURCE_CONTROL, 1, "rogue"},
	{&a_gate_for_users_opens_the_guest_only, RESOURCE_CONTROL, 2, "rogue"},
	{&no_place_of_the_gdt_confuses_the_monitor, RESOURCE_CONTROL, 1, "rogue"},
	{&no_descriptor_is_missed_when_it_goes, RESOURCE_CONTROL, 2, "rogue"},
	{&no_ldt_or_tss_confuses_the_monitor, RESOURCE_CONTROL, 1, "rogue"},
	{&no_stack_for_ring_0_is_trusted, RESOURCE_CONTROL, 2, "rogue"},
	{&no_frame_lands_where_it_must_not, RESOURCE_CONTROL, 1, "rogue"},
	{&no_return_leads_where_it_must_not, RESOURCE_CONTROL, 2, "rogue"},
	{&no_register_of_the_processors_is_the_guests, RESOURCE_CONTROL, 1, "rogue"},
	{&no_nonsense_for_devices_harms_the_monitor, RESOURCE_CONTROL, 1, "rogue"},
	{&no_write_to_a_watched_table_gets_past, RESOURCE_CONTROL, 2, "rogue"},
	{&the_report_names_what_happened, RESOURCE_CONTROL, 1, "rogue"},
	{0},
};
