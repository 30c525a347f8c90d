/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists, entries and texts where nothing is, or where a kernel may not write: an operation faults
 * where a MOV there would fault, and says what is left. And the page of an INVLPG may be any.
 */
#include "callers.h"

#define LIST    WINDOW             /* two pages; none behind */
#define ENTRIES (WINDOW + 0x10000) /* a page that may be written, and one that may not */
#define NOWHERE 0x10000000u        /* from here on nothing is mapped */
#define BELOW   0xf0000000u        /* a monitor may have what lies above */
#define ROUNDS  7u

static uint32_t *entries;

static uint32_t random_nowhere(void)
{
	return NOWHERE + random_below(BELOW - NOWHERE - PAGE_SIZE);
}

static uint32_t random_count(void)
{
	return random_below(4) ? 1 + random_below(200) : random_u32() | 1;
}

/* `count` updates that store `value` and more into `entries`, up to the end of the list's pages. */
static struct pal_update *list_new(uint32_t count, uint32_t value)
{
	uint32_t end = LIST + 2 * PAGE_SIZE;
	struct pal_update *list = (void *)(end - count * PAL_UPDATE_SIZE);

	for (uint32_t i = 0; i < count; i++)
		list[i] = (struct pal_update){(uint32_t)&entries[i], value + i, random_u32()};
	return list;
}

static void note_sum(void)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < PAGE_SIZE / 4; i++)
		sum = sum * 31 + entries[i];
	result_note("- what is stored", sum);
}

static void try_update(const char *name, uint32_t list, uint32_t count)
{
	struct outcome outcome = try_pal(PAL_UPDATE, list, count, random_u32() & EFLAGS_IF);

	outcome_note(name, &outcome);
	note_sum();
}

static void lists_run(void)
{
	for (uint32_t i = 0; i < ROUNDS; i++) {
		uint32_t count = 1 + random_below(150);
		try_update("a list that is nowhere", random_nowhere(), random_count());
		try_update("a list that is too short", (uint32_t)list_new(count, random_u32()),
			count + random_count());
	}
}

static void entries_run(void)
{
	for (uint32_t i = 0; i < ROUNDS; i++) {
		uint32_t count = 10 + random_below(150), at = random_below(count);
		struct pal_update *list = list_new(count, random_u32());
		list[at].entry = random_nowhere() & ~3u;
		try_update("an entry that is nowhere", (uint32_t)list, count);
		list = list_new(count, random_u32());
		list[at].entry = ENTRIES + PAGE_SIZE + random_below(PAGE_SIZE - 4);
		try_update("an entry in a read-only page", (uint32_t)list, count);
		cr0_write(cr0_read() & ~CR0_WP);
		try_update("the same without CR0.WP", (uint32_t)list, count);
		cr0_write(cr0_read() | CR0_WP);
		list = list_new(count, random_u32());
		list[at].entry = ENTRIES + random_below(PAGE_SIZE - 4);
		try_update("an entry that is not aligned", (uint32_t)list, count);
		list = list_new(count, random_u32());
		list[at].entry = ENTRIES + PAGE_SIZE - 1 - random_below(3);
		try_update("an entry across two pages", (uint32_t)list, count);
	}
}

static void texts_run(void)
{
	for (uint32_t i = 0; i < ROUNDS; i++) {
		uint32_t count = 1 + random_below(1500);
		uint8_t *text = (uint8_t *)LIST + 2 * PAGE_SIZE - count;
		for (uint32_t j = 0; j < count; j++)
			text[j] = (uint8_t)(j % 64 == 63 ? '\n' : 'A' + random_below(26));
		struct outcome outcome =
			try_pal(PAL_CONSOLE, (uint32_t)text, count + random_count(), 0);
		outcome_note("a text that is too short", &outcome);
		outcome = try_pal(PAL_CONSOLE, random_nowhere(), random_count(), 0);
		outcome_note("a text that is nowhere", &outcome);
	}
}

static void translations_run(void)
{
	for (uint32_t i = 0; i < ROUNDS; i++) {
		struct outcome outcome =
			try_pal(PAL_INVALIDATE, random_u32() | BELOW, 0, EFLAGS_IF);
		outcome_note("INVLPG, far up", &outcome);
		outcome = try_pal(PAL_INVALIDATE, random_u32(), 0, 0);
		outcome_note("INVLPG anywhere", &outcome);
		outcome = try_pal(PAL_SET_CR3, directory | (random_u32() & 0xfe7), 0, 0);
		outcome_note("CR3 with bits that are ignored", &outcome);
		result_note("- CR3", cr3_read() & PTE_FRAME);
	}
}

void faults_run(void)
{
	static void (*const choices[])(void) = {
		lists_run, entries_run, texts_run, translations_run};

	for (uint32_t page = 0; page < 2; page++)
		page_new(LIST + page * PAGE_SIZE, PAGE_KERNEL_WRITE);
	entries = page_new(ENTRIES, PAGE_KERNEL_WRITE);
	page_new(ENTRIES + PAGE_SIZE, PAGE_KERNEL_READ);
	cr0_write(cr0_read() | CR0_WP);
	choices[callers_choice]();
}
