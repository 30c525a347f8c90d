/* SPDX-License-Identifier: BSD-2-Clause */
/* What a step does to the tables of the directory in CR3. What it does to directories and to the
 * control registers is in spaces.c. */
#include "torture.h"

static uint32_t pde_word(uint32_t linear)
{
	return root_now() + pde_index(linear) * 4;
}

/* The frame of the table that a PDE names; 0 where it names none in the arena. */
static uint32_t table_of(uint32_t pde)
{
	bool large = (pde & PTE_PS) && (state.control & CONTROL_PSE);

	return (pde & PTE_P) && !large && arena_has(pde & PTE_FRAME) ? pde & PTE_FRAME : 0;
}

uint32_t table_new(void)
{
	uint32_t table = plain_draw();

	frame_fill(table, 0);
	for (uint32_t i = 0; i < PLACES; i++)
		if (!one_in(3))
			poke(table + pages[i] * 4u, frame_draw() | bits_draw());
	flush_now();
	return table;
}

static struct place place_of(uint32_t linear)
{
	struct place place = {.linear = linear, .pde_word = pde_word(linear)};
	uint32_t table = table_of(model_word(place.pde_word));

	if (!table) {
		table = table_new();
		entry_write(place.pde_word, table | PAGE_USER_WRITE);
	}
	place.pte_word = table + pte_index(linear) * 4;
	state.focus = linear;
	return place;
}

struct place place_draw(void)
{
	uint32_t slot = slot_draw();

	for (uint32_t tries = 0; tries < 3 && !table_of(model_word(pde_word(slot))); tries++)
		slot = slot_draw();
	return place_of(slot | (uint32_t)pages[random_below(PLACES)] << 12);
}

static void do_map(void)
{
	struct place place = place_draw();

	entry_write(place.pte_word, frame_draw() | bits_draw());
}

static void do_unmap(void)
{
	struct place place = place_draw();
	uint32_t entry = model_word(place.pte_word);

	entry_write(place.pte_word, one_in(2) ? 0 : entry & ~PTE_P);
}

static void do_protect_page(void)
{
	struct place place = place_draw();
	uint32_t entry = model_word(place.pte_word), bits = PTE_P | PTE_RW | PTE_US;

	if (one_in(2))
		entry ^= 1u << random_below(3);
	else
		entry = (entry & ~bits) | (bits_draw() & bits);
	entry_write(place.pte_word, entry);
}

static void do_protect_directory(void)
{
	struct place place = place_draw();

	entry_write(place.pde_word, model_word(place.pde_word) ^ 1u << random_below(3));
}

static void do_alias(void)
{
	struct place first = place_draw(), second = place_draw();
	uint32_t frame = frame_draw();

	entry_write(first.pte_word, frame | bits_draw() | PTE_P);
	entry_write(second.pte_word, frame | bits_draw() | PTE_P);
}

/* A page through which the kernel, or a user, can write a table that is in use. */
static void do_map_table(void)
{
	struct place place = place_draw();
	uint32_t table = table_of(model_word(pde_word(slot_draw())));
	uint32_t frame = table && !one_in(4) ? table : root_now();

	entry_write(place.pte_word, frame | bits_draw() | PTE_P | PTE_RW);
	window_note(place.linear);
}

/* The directory as a table of its own: all tables appear as pages. */
static void do_map_self(void)
{
	uint32_t slot = slot_draw();

	entry_write(pde_word(slot), root_now() | bits_draw() | PTE_P);
	for (uint32_t i = 0; i < 3; i++)
		window_note(slot | (uint32_t)slots[random_below(PLACES)] << 12);
	window_note(slot | pde_index(slot) << 12);
	state.focus = slot | (uint32_t)slots[random_below(PLACES)] << 12;
}

static void do_new_table(void)
{
	uint32_t slot = slot_draw();

	entry_write(pde_word(slot), table_new() | (bits_draw() & ~PTE_G) | PTE_P);
	state.focus = slot | (uint32_t)pages[random_below(PLACES)] << 12;
}

/* A table becomes data at once: filled with some pattern, and mapped. */
static void do_free_table(void)
{
	uint32_t slot = slot_draw(), table = table_of(model_word(pde_word(slot)));

	if (!table || is_root(table))
		return;
	entry_write(pde_word(slot), 0);
	frame_fill(table, value_draw());
	flush_now();
	struct place place = place_draw();
	entry_write(place.pte_word, table | PAGE_USER_WRITE);
}

static void do_large_on(void)
{
	uint32_t slot = slot_draw();

	entry_write(pde_word(slot), PTE_PS | bits_draw() | (one_in(8) ? 0 : PTE_P));
	state.focus = slot + frame_draw();
}

static void do_large_off(void)
{
	uint32_t slot = slot_draw();

	for (uint32_t i = 0; i < PLACES; i++)
		if (model_word(pde_word((uint32_t)slots[i] << 22)) & PTE_PS)
			slot = (uint32_t)slots[i] << 22;
	entry_write(pde_word(slot), table_new() | PAGE_USER_WRITE);
	state.focus = slot | (uint32_t)pages[random_below(PLACES)] << 12;
}

/* PS in the entry of a table: with CR4.PSE a reserved bit is set, without it PS is ignored. */
static void do_large_reserved(void)
{
	struct place place = place_draw();

	entry_write(place.pde_word, model_word(place.pde_word) ^ PTE_PS);
}

/* One table at two entries, with rights of its own at each. */
static void do_share_within(void)
{
	struct place place = place_draw();
	uint32_t table = place.pte_word & PTE_FRAME, slot = slot_draw();

	entry_write(pde_word(slot), table | (bits_draw() & ~PTE_G) | PTE_P);
	if (one_in(2))
		state.focus = slot | pte_index(place.linear) << 12;
}

static void do_clear_page(void)
{
	struct place place = place_draw();
	uint32_t clear = one_in(3) ? PTE_A | PTE_D : one_in(2) ? PTE_A : PTE_D;

	entry_write(place.pte_word, model_word(place.pte_word) & ~clear);
}

static void do_clear_directory(void)
{
	uint32_t word = pde_word(slot_draw());

	entry_write(word, model_word(word) & ~(PTE_A | PTE_D));
}

/* All of a table's A and D bits, as a kernel does that looks for pages to take away. */
static void do_clear_all(void)
{
	struct place place = place_draw();
	uint32_t table = place.pte_word & PTE_FRAME;

	for (uint32_t i = 0; i < PLACES; i++)
		entry_write(table + pages[i] * 4u,
			model_word(table + pages[i] * 4u) & ~(PTE_A | PTE_D));
}

/* Many entries at once. */
static void do_burst(void)
{
	struct place place = place_draw();
	uint32_t table = place.pte_word & PTE_FRAME;

	for (uint32_t i = 0; i < PLACES; i++)
		entry_write(table + pages[i] * 4u, frame_draw() | bits_draw());
}

static void do_invalidate(void)
{
	flush_more();
}

static void do_nothing(void)
{
}

const struct action torture_actions[] = {
	{"map a page", 12, do_map},
	{"unmap a page", 6, do_unmap},
	{"change a page's rights", 10, do_protect_page},
	{"change a PDE's rights", 6, do_protect_directory},
	{"map a frame twice", 5, do_alias},
	{"map a table", 8, do_map_table},
	{"map the directory as table", 5, do_map_self},
	{"a new table", 6, do_new_table},
	{"a table becomes data", 4, do_free_table},
	{"a page of 4 MiB", 7, do_large_on},
	{"a table instead of 4 MiB", 3, do_large_off},
	{"PS in a table's entry", 2, do_large_reserved},
	{"share a table at two entries", 4, do_share_within},
	{"share a table with a directory", 4, do_share_across},
	{"clear A and D of a page", 8, do_clear_page},
	{"clear A and D of an entry", 6, do_clear_directory},
	{"clear A and D of a table", 2, do_clear_all},
	{"many entries at once", 2, do_burst},
	{"invalidate what need not be", 3, do_invalidate},
	{"another directory", 10, do_switch_root},
	{"a new directory", 3, do_new_root},
	{"a directory becomes data", 2, do_free_root},
	{"CR0.WP", 4, do_toggle_wp},
	{"CR4.PSE", 3, do_toggle_pse},
	{"CR4.PGE", 2, do_toggle_pge},
	{"paging off and on", 2, do_paging_off},
	{"nothing", 4, do_nothing},
};
const uint32_t torture_action_count = sizeof(torture_actions) / sizeof(torture_actions[0]);
