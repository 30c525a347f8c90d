/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 3, graded tests with the guest mapped: every instruction that has an operand in memory, where
 * there is no memory. What each leaves, in registers and beside the operand, must be what it leaves
 * on the bare machine.
 *
 * Two of the guest's places are tried, drawn from the seed: one without memory around it, and one
 * where a page ends.
 */
#include "shadow_tests.h"

/* ---- guests/mapped/mapped.h and guests/lib/probe.h ---- */

struct probe {
	uint32_t code, ring, eflags, prepare;
	char name[40];
};

struct place {
	char name[40];
	uint32_t operand, flags;
};

struct record {
	uint32_t edi, esi, ebp, esp, ebx, edx, ecx, eax;
	uint32_t vector, error_code, eip, eflags, cr2;
	uint32_t memory, again[3], floating;
	uint32_t x87_opcode, x87_eip, x87_operand;
};

#define PLACES     15
#define PROBES_MAX 1600
#define PROBE_END  0x60

static const struct {
	const char *name;
	size_t offset;
} fields[] = {
	{"CR2", offsetof(struct record, cr2)},
	{"the error code", offsetof(struct record, error_code)},
	{"EIP", offsetof(struct record, eip)},
	{"EFLAGS", offsetof(struct record, eflags)},
	{"EAX", offsetof(struct record, eax)},
	{"ECX", offsetof(struct record, ecx)},
	{"EDX", offsetof(struct record, edx)},
	{"EBX", offsetof(struct record, ebx)},
	{"ESP", offsetof(struct record, esp)},
	{"EBP", offsetof(struct record, ebp)},
	{"ESI", offsetof(struct record, esi)},
	{"EDI", offsetof(struct record, edi)},
	{"the operand, read again", offsetof(struct record, again[0])},
	{"the operand, read again 4 bytes behind", offsetof(struct record, again[1])},
	{"the operand, read again 12 bytes behind", offsetof(struct record, again[2])},
	{"a checksum of the memory beside the operand", offsetof(struct record, memory)},
	{"a checksum of the x87, MMX and SSE registers", offsetof(struct record, floating)},
	{"the x87's last opcode", offsetof(struct record, x87_opcode)},
	{"the x87's last EIP", offsetof(struct record, x87_eip)},
	{"the x87's last operand", offsetof(struct record, x87_operand)},
};

static uint32_t field(const struct record *record, size_t index)
{
	return *(const uint32_t *)((const char *)record + fields[index].offset);
}

static const char *end_text(const struct record *record)
{
	static char text[2][48];
	static int turn;
	char *to = text[turn ^= 1];

	if (record->vector == PROBE_END)
		snprintf(to, sizeof(text[0]), "it goes through");
	else
		snprintf(to, sizeof(text[0]), "exception %u, error code %x, at EIP %08x",
			record->vector, record->error_code, record->eip);
	return to;
}

/* A jump to all ones reaches the linear addresses that the monitor keeps for itself. */
static bool is_beyond(const struct record *bare)
{
	return bare->eip >= MONITOR_BASE || bare->cr2 >= MONITOR_BASE;
}

static void record_compare(const struct probe *probe, const struct place *place,
	const struct record *bare, const struct record *got)
{
	char where[160];

	snprintf(where, sizeof(where),
		"guests/mapped, %s in ring %u, with its operand at %08x (%s):", probe->name,
		probe->ring, place->operand, place->name);
	ck_assert_msg(bare->vector == got->vector,
		"%s\non the bare machine: %s\nunder this monitor: %s", where, end_text(bare),
		end_text(got));
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		ck_assert_msg(field(bare, i) == field(got, i),
			"%s\n%s is %08x on the bare machine and %08x under this monitor", where,
			fields[i].name, field(bare, i), field(got, i));
}

/* ---- one place, on both machines ---- */

static void random_fill(struct guest *guest, uint32_t places)
{
	guest_write_u32(guest, "mapped_places", places);
	guest_write_u32(guest, "mapped_pattern", random_u32());
	guest_write_u32(guest, "mapped_eflags", random_u32());
}

static void place_compare(const struct twins *twins, uint32_t number)
{
	static struct probe probes[PROBES_MAX];
	static struct record bare[PROBES_MAX], got[PROBES_MAX];
	uint32_t count = guest_read_u32(twins->guest, "probe_count");
	uint32_t first = guest_symbol(twins->guest, "mapped_records") +
			 number * count * (uint32_t)sizeof(struct record);
	struct place places[PLACES];

	if (count > PROBES_MAX)
		infrastructure_error("guests/mapped has %u probes: raise PROBES_MAX", count);
	guest_read(twins->guest, "probe_table", probes, count * sizeof(probes[0]));
	twin_read(twins, true, "mapped_place_table", places, sizeof(places));
	physical_read(twins->bare, true, first, bare, count * sizeof(bare[0]));
	physical_read(twins->m, false, first, got, count * sizeof(got[0]));
	for (uint32_t i = 0; i < count; i++)
		if (!is_beyond(&bare[i]) && memcmp(&bare[i], &got[i], sizeof(bare[i])) != 0)
			record_compare(&probes[i], &places[number], &bare[i], &got[i]);
}

START_TEST(memory_that_is_not_there_floats)
{
	struct guest *guest = guest_open("mapped");
	uint32_t alone = random_below(6), mixed = 6 + random_below(PLACES - 6);

	hint("Where a page is mapped and has no memory: SHADOW_DEVICE, with fault.physical the byte's own address. Rights come first: a page that may not be written is SHADOW_GUEST for a write.");
	random_fill(guest, 1u << alone | 1u << mixed);
	struct twins twins = twins_run(guest, "mem=4");
	twins_assert_finished(&twins);
	place_compare(&twins, alone);
	place_compare(&twins, mixed);
}
END_TEST

const struct graded_test shadow_devices_tests[] = {
	{&memory_that_is_not_there_floats, EQUIVALENCE, 4, "mapped"},
	{0},
};
