/* SPDX-License-Identifier: BSD-2-Clause */
/* What a step does to directories, and to the bits that say what tables mean. */
#include "torture.h"

bool is_root(uint32_t frame)
{
	for (uint32_t i = 0; i < ROOTS; i++)
		if (state.roots[i] == frame)
			return true;
	return false;
}

/* The index of a directory that is there, or is not. */
static uint32_t root_draw(bool there)
{
	uint32_t start = random_below(ROOTS);

	for (uint32_t i = 0; i < ROOTS; i++) {
		uint32_t index = (start + i) % ROOTS;
		if ((state.roots[index] != 0) == there)
			return index;
	}
	return state.current;
}

/* Some of its entries are those of another directory: their tables are in both. */
static void root_fill(uint32_t root, uint32_t model)
{
	frame_fill(root, 0);
	poke(root, state.kernel_pde);
	for (uint32_t i = 0; i < PLACES; i++) {
		uint32_t entry = model ? model_word(model + slots[i] * 4u) : 0;
		if (!model || one_in(3))
			entry = table_new() | PAGE_USER_WRITE;
		if (!one_in(4))
			poke(root + slots[i] * 4u, entry);
	}
	flush_now();
}

void do_new_root(void)
{
	uint32_t index = root_draw(false), frame = plain_draw();

	if (state.roots[index])
		return;
	/* before it is filled: no table may be made of it */
	state.roots[index] = frame;
	root_fill(frame, root_now());
	if (one_in(2))
		root_load(index);
}

void do_free_root(void)
{
	uint32_t index = root_draw(true), frame = state.roots[index];

	if (index == state.current)
		return;
	state.roots[index] = 0;
	if (one_in(2))
		frame_fill(frame, value_draw());
	flush_now();
	struct place place = place_draw();
	entry_write(place.pte_word, frame | PAGE_USER_WRITE);
}

void do_switch_root(void)
{
	root_load(root_draw(true));
}

void do_share_across(void)
{
	struct place place = place_draw();
	uint32_t index = root_draw(true), slot = one_in(2) ? place.linear : slot_draw();

	entry_write(state.roots[index] + pde_index(slot) * 4,
		(place.pte_word & PTE_FRAME) | (bits_draw() & ~PTE_G) | PTE_P);
	if (one_in(2))
		root_load(index);
}

void do_toggle_wp(void)
{
	control_set(state.control ^ CONTROL_WP);
}

/* On most of the time: without it there are no pages of 4 MiB. */
void do_toggle_pse(void)
{
	if (one_in(3))
		control_set(state.control & ~CONTROL_PSE);
	else
		control_set(state.control | CONTROL_PSE);
}

void do_toggle_pge(void)
{
	control_set(state.control ^ CONTROL_PGE);
}

/* Off, tables change where nobody looks, and on. */
void do_paging_off(void)
{
	control_set(state.control & ~CONTROL_PG);
	for (uint32_t i = random_below(4); i > 0; i--)
		access_random();
	if (one_in(2)) {
		struct place place = place_draw();
		entry_write(place.pte_word, frame_draw() | bits_draw());
	}
	if (one_in(3))
		root_load(root_draw(true));
	control_set(state.control | CONTROL_PG);
}

void spaces_init(void)
{
	for (uint32_t i = 0; i < 3; i++) {
		state.roots[i] = plain_draw();
		root_fill(state.roots[i], 0);
	}
	root_load(0);
	control_set(CONTROL_PG | CONTROL_WP | CONTROL_PSE);
}
