/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What must be in the arena, and what the processor must do to it (Intel SDM volume 3A, 4.3, 4.6 to
 * 4.8). It is kept beside the arena and never read from it.
 *
 * Invariants: an access is predicted before it is tried, and one that would touch anything outside
 * the arena, or the entry that maps the kernel, is not tried. The tables may hold anything.
 *
 * The order is that of Bochs: A and D are set when the whole walk is known to succeed, the PDE's
 * before the PTE's; D is set in the entry that maps the page alone.
 */
#include "torture.h"

#define WORDS          (FRAMES * PAGE_SIZE / 4)
#define PDE4M_RESERVED (1u << 21)
#define PDE4M_HIGH     0x001fe000u /* bits 32 to 39 of the physical address */

uint32_t expected[WORDS];
struct change changes[CHANGES_MAX];
uint32_t change_count;
uint32_t walked[WALKED_MAX];
uint32_t walked_count;
struct walked_entries walked_entries;

void model_begin(void)
{
	change_count = 0;
	walked_count = 0;
	walked_entries = (struct walked_entries){{0}, {0}};
}

void model_undo(void)
{
	while (change_count) {
		const struct change *change = &changes[--change_count];
		*expected_at(change->word) = change->before;
	}
}

bool model_set(uint32_t word, uint32_t value, bool data)
{
	if (change_count == CHANGES_MAX)
		return false;
	changes[change_count++] = (struct change){word, *expected_at(word), data};
	*expected_at(word) = value;
	return true;
}

bool model_entangled(void)
{
	for (uint32_t c = 0; c < change_count; c++)
		for (uint32_t w = 0; changes[c].data && w < walked_count; w++)
			if (changes[c].word == walked[w])
				return true;
	return false;
}

static bool model_walked(uint32_t word)
{
	for (uint32_t i = 0; i < walked_count; i++)
		if (walked[i] == word)
			return true;
	if (walked_count == WALKED_MAX)
		return false;
	walked[walked_count++] = word;
	return true;
}

static bool entry_use(uint32_t word, uint32_t bits)
{
	uint32_t entry = model_word(word);

	return (entry & bits) == bits || model_set(word, entry | bits, false);
}

/* The kernel's own 4 MiB: written by the supervisor only, A and D are set. */
static enum walk kernel_walk(
	uint32_t linear, bool write, bool user, uint32_t *physical, uint32_t *error_code)
{
	if (!arena_has(linear))
		return WALK_REJECT;
	*physical = linear;
	*error_code = PF_P | PF_US | (write ? PF_WR : 0);
	return user && (state.control & CONTROL_PG) ? WALK_FAULT : WALK_OK;
}

static bool rights_allow(uint32_t rights, bool write, bool user)
{
	if (user && !(rights & PTE_US))
		return false;
	return !write || (rights & PTE_RW) || (!user && !(state.control & CONTROL_WP));
}

static void entries_note(uint32_t pde_word, uint32_t pte_word)
{
	struct walked_entries *e = &walked_entries;

	e->last[0] = pde_word;
	e->last[1] = pte_word;
	if (!e->first[0])
		memcpy(e->first, e->last, sizeof(e->first));
}

static enum walk table_walk(
	uint32_t linear, bool write, bool user, uint32_t *physical, uint32_t *error_code)
{
	uint32_t pde_word = root_now() + pde_index(linear) * 4, pde = model_word(pde_word);
	uint32_t leaf_word = 0, leaf = pde, rights = pde;
	bool large = (pde & PTE_PS) && (state.control & CONTROL_PSE);

	*error_code = (write ? PF_WR : 0) | (user ? PF_US : 0);
	if (!is_slot(pde_index(linear)) || !model_walked(pde_word))
		return WALK_REJECT;
	if (!large && (pde & PTE_P)) {
		leaf_word = (pde & PTE_FRAME) + pte_index(linear) * 4;
		if (!arena_has(leaf_word))
			return WALK_REJECT;
		leaf = model_word(leaf_word);
		rights &= leaf;
	}
	if (leaf_word && !model_walked(leaf_word))
		return WALK_REJECT;
	entries_note(pde_word, leaf_word);
	if (!(pde & PTE_P) || !(leaf & PTE_P))
		return WALK_FAULT;
	*error_code |= PF_P;
	if (large && (pde & PDE4M_RESERVED)) {
		*error_code |= PF_RSVD;
		return WALK_FAULT;
	}
	if (large)
		*physical = (pde & 0xffc00000) | (linear & 0x3fffff);
	else
		*physical = (leaf & PTE_FRAME) | (linear & 0xfff);
	if (!rights_allow(rights, write, user))
		return WALK_FAULT;
	if (!arena_has(*physical) || (large && (pde & PDE4M_HIGH)))
		return WALK_REJECT;
	if (!large && !entry_use(pde_word, PTE_A))
		return WALK_REJECT;
	if (!entry_use(large ? pde_word : leaf_word, write ? PTE_A | PTE_D : PTE_A))
		return WALK_REJECT;
	if ((leaf & PTE_G) && (state.control & CONTROL_PGE))
		flush_global();
	return WALK_OK;
}

enum walk model_walk(
	uint32_t linear, bool write, bool user, uint32_t *physical, uint32_t *error_code)
{
	if (linear < KERNEL_SIZE || !(state.control & CONTROL_PG))
		return kernel_walk(linear, write, user, physical, error_code);
	return table_walk(linear, write, user, physical, error_code);
}

uint32_t model_peek(uint32_t linear, bool write, bool user)
{
	uint32_t physical, error_code;

	model_begin();
	enum walk walk = model_walk(linear, write, user, &physical, &error_code);
	model_undo();
	return walk == WALK_OK ? physical : 0;
}

static uint32_t word_compare(uint32_t word)
{
	return arena_has(word) && *(volatile uint32_t *)word != *expected_at(word) ? word : 0;
}

uint32_t model_compare(void)
{
	uint32_t found = 0;

	for (uint32_t i = 0; i < change_count && !found; i++)
		found = word_compare(changes[i].word);
	for (uint32_t i = 0; i < walked_count && !found; i++)
		found = word_compare(walked[i]);
	return found;
}

uint32_t model_compare_all(void)
{
	const uint32_t *is = (const uint32_t *)ARENA, *must = expected;
	uint32_t count = WORDS;
	bool differs;

	__asm__ volatile("repe cmpsl"
			 : "+S"(is), "+D"(must), "+c"(count), "=@ccne"(differs)
			 :
			 : "memory");
	return differs ? (uint32_t)(is - 1) : 0;
}

bool frame_is_table(uint32_t frame)
{
	if (frame == root_now())
		return true;
	for (uint32_t i = 0; i < PLACES; i++) {
		uint32_t pde = model_word(root_now() + slots[i] * 4u);
		if ((pde & PTE_P) && (pde & PTE_FRAME) == frame)
			return true;
	}
	return false;
}

void poke(uint32_t word, uint32_t value)
{
	flush_note(word, *expected_at(word));
	*expected_at(word) = value;
	*(volatile uint32_t *)word = value;
	record_event(EVENT_STORE, word, value);
}

void frame_fill(uint32_t frame, uint32_t value)
{
	uint32_t *is = (uint32_t *)frame, *must = expected_at(frame), count = TABLE_ENTRIES;

	if (frame_is_table(frame))
		flush_note_all();
	__asm__ volatile("rep stosl" : "+D"(is), "+c"(count) : "a"(value) : "memory");
	count = TABLE_ENTRIES;
	__asm__ volatile("rep stosl" : "+D"(must), "+c"(count) : "a"(value) : "memory");
	record_event(EVENT_FILL, frame, value);
}
