/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads through CS: from the flat segment (through.asm), and from segments with a base, a limit and
 * without the right to be read (segments.asm).
 */
#include "views.h"

extern const struct {
	uint32_t (*function)(void);
	char name[28];
} through_table[];
extern const uint32_t through_count;

extern const struct {
	const void *code;
	char name[36];
} segment_entries[];
extern const uint32_t segment_entry_count;
extern const uint8_t segment_code[], segment_code_end[], write_through[];

static void segments_fill(void)
{
	uint32_t base = (uint32_t)segment_code,
		 limit = code_size(segment_code, segment_code_end) - 1;
	struct descriptor *free = &kernel_gdt[KERNEL_FREE / 8];

	free[0] = descriptor_make(base, limit, ACCESS_CODE, FLAG_BIG);
	free[1] = descriptor_make(base, limit, ACCESS_CODE & ~TYPE_READABLE, FLAG_BIG);
	free[2] = descriptor_make(base, limit, ACCESS_CODE | TYPE_CONFORMING, FLAG_BIG);
	free[3] = descriptor_make(base, limit, ACCESS_CODE, 0);
}

/* `again`: what was read once as data is code now, or is known to be none. */
static void flat_run(const char *again)
{
	char name[40];

	for (uint32_t i = 0; i < through_count; i++) {
		text_printf(name, sizeof(name), "%s%s", again, through_table[i].name);
		result_note(name, through_table[i].function());
	}
}

static void entry_run(const char *name, const void *code, uint32_t argument)
{
	uint32_t faults = fault.count;

	result_note(name, code_try(code, argument));
	if (fault.count == faults)
		return;
	result_note("- its fault's EIP", fault.eip);
	result_note("- its fault", fault.vector << 16 | fault.error_code);
}

void through_run(void)
{
	segments_fill();
	flat_run("CS: ");
	flat_run("CS again: ");
	for (uint32_t round = 0; round < 2; round++)
		for (uint32_t i = 0; i < segment_entry_count; i++)
			entry_run(segment_entries[i].name, segment_entries[i].code, random_u32());
	entry_run("a write through CS", write_through, 1);
}
