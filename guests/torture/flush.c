/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the processor may still hold of entries that have changed, and how it is made to forget it
 * (Intel SDM volume 3A, 4.10.4).
 *
 * Invariant: when the next access is tried, the processor holds nothing that the tables do not say.
 * What was not present needs nothing: it is never held (4.10.4.3). A directory that is not in CR3
 * needs nothing: it is forgotten when CR3 is loaded, global pages by hand.
 */
#include "torture.h"

#define PENDING_MAX 4u

static uint32_t pending[PENDING_MAX]; /* linear addresses */
static uint32_t pending_count;
static bool pending_all;
static bool global_held; /* a global translation, perhaps */

void flush_note_all(void)
{
	pending_all = true;
}

void flush_global(void)
{
	global_held = true;
}

static void page_note(uint32_t linear)
{
	if (pending_count == PENDING_MAX)
		pending_all = true;
	else
		pending[pending_count++] = linear;
}

/* A word that was a PDE: the 4 MiB go with any address in them; a table's pages are many. */
static void pde_note(uint32_t index, uint32_t before)
{
	if (!is_slot(index))
		return;
	if ((before & PTE_PS) && (state.control & CONTROL_PSE))
		page_note(index << 22 | random_below(TABLE_ENTRIES) << 12);
	else
		pending_all = true;
}

void flush_note(uint32_t word, uint32_t before)
{
	uint32_t frame = word & PTE_FRAME, index = word % PAGE_SIZE / 4;

	if (!(before & PTE_P))
		return;
	if (frame == root_now())
		pde_note(index, before);
	for (uint32_t i = 0; i < PLACES; i++) {
		uint32_t pde = model_word(root_now() + slots[i] * 4u);
		if ((pde & PTE_P) && (pde & PTE_FRAME) == frame)
			page_note((uint32_t)slots[i] << 22 | index << 12);
	}
}

static void cr3_load(void)
{
	record_event(EVENT_CR3, 0, root_now());
	cr3_write(root_now());
}

static void cr4_load(void)
{
	uint32_t value = (state.control & CONTROL_PSE ? CR4_PSE : 0) |
			 (state.control & CONTROL_PGE ? CR4_PGE : 0);

	record_event(EVENT_CR4, 0, value);
	cr4_write(value);
}

static void cr0_load(void)
{
	uint32_t value = CR0_PE | CR0_ET | (state.control & CONTROL_WP ? CR0_WP : 0) |
			 (state.control & CONTROL_PG ? CR0_PG : 0);

	record_event(EVENT_CR0, 0, value);
	cr0_write(value);
}

/* Everything, global pages too where some may be held. */
static void flush_all(void)
{
	uint32_t way = random_below(16);

	if (way < 13 && !global_held) {
		cr3_load();
		return;
	}
	if (way % 4) {
		state.control ^= CONTROL_PGE;
		cr4_load();
		state.control ^= CONTROL_PGE;
		cr4_load();
	} else {
		state.control ^= CONTROL_PG;
		cr0_load();
		state.control ^= CONTROL_PG;
		cr0_load();
	}
	global_held = false;
}

static void invalidate(uint32_t linear)
{
	record_event(EVENT_INVLPG, linear, 0);
	page_invalidate(linear);
}

void flush_now(void)
{
	if (!pending_all && pending_count == 0)
		return;
	if (!(state.control & CONTROL_PG))
		; /* nothing is held */
	else if (pending_all || one_in(6))
		flush_all();
	else
		for (uint32_t i = 0; i < pending_count; i++)
			invalidate(pending[i]);
	pending_all = false;
	pending_count = 0;
}

void flush_more(void)
{
	if (one_in(2))
		flush_all();
	else
		invalidate(address_draw());
}

void root_load(uint32_t index)
{
	state.current = index;
	cr3_load();
	if (global_held)
		flush_all();
}

void control_set(uint32_t control)
{
	uint32_t changed = state.control ^ control;

	state.control = control;
	if (changed & (CONTROL_PSE | CONTROL_PGE))
		cr4_load();
	if (changed & (CONTROL_PG | CONTROL_WP))
		cr0_load();
	if (changed & (CONTROL_PGE | CONTROL_PG))
		global_held = false;
	if (changed & CONTROL_PSE)
		flush_all();
}
