/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the walk goes next. Every draw depends on the seed and on the model alone, never on what
 * the machine did. */
#include "torture.h"

/* Neighbours, so that an access can begin in one and end in the other. All lie below the linear
 * addresses that a monitor keeps for itself, and an access that runs over the end does, too. */
const uint16_t slots[PLACES] = {0x001, 0x002, 0x07f, 0x080, 0x200, 0x201, 0x3bd, 0x3be};
const uint16_t pages[PLACES] = {0x000, 0x001, 0x002, 0x080, 0x200, 0x201, 0x3fe, 0x3ff};

#define WINDOWS 8u
static uint32_t windows[WINDOWS];
static uint32_t window_next;

uint32_t random_state;

bool is_slot(uint32_t pde_index)
{
	switch (pde_index) {
	case 0x001:
	case 0x002:
	case 0x07f:
	case 0x080:
	case 0x200:
	case 0x201:
	case 0x3bd:
	case 0x3be:
		return true;
	default:
		return false;
	}
}

uint32_t slot_draw(void)
{
	return (uint32_t)slots[random_below(PLACES)] << 22;
}

uint32_t linear_draw(void)
{
	uint32_t slot = slot_draw();
	uint32_t pde = model_word(root_now() + pde_index(slot) * 4);

	if ((pde & PTE_PS) && (state.control & CONTROL_PSE))
		return slot + frame_draw();
	if ((pde & PTE_FRAME) == root_now() && !one_in(4))
		return slot | (uint32_t)slots[random_below(PLACES)] << 12;
	return slot | (uint32_t)pages[random_below(PLACES)] << 12;
}

void window_note(uint32_t linear)
{
	windows[window_next++ % WINDOWS] = linear & PTE_FRAME;
}

uint32_t window_draw(void)
{
	uint32_t linear = windows[random_below(WINDOWS)];

	return linear ? linear : linear_draw();
}

/* At the end of a page, at an entry that is in use, or anywhere; one in three is not aligned. */
static uint32_t offset_draw(void)
{
	uint32_t offset;

	switch (random_below(4)) {
	case 0:
		return 0xff9 + random_below(7);
	case 1:
		offset = pages[random_below(PLACES)] * 4u;
		break;
	case 2:
		offset = slots[random_below(PLACES)] * 4u;
		break;
	default:
		offset = random_below(TABLE_ENTRIES) * 4;
		break;
	}
	return one_in(3) ? (offset + random_below(4)) & (PAGE_SIZE - 1) : offset;
}

uint32_t address_draw(void)
{
	uint32_t page;

	if (!(state.control & CONTROL_PG) || one_in(12))
		page = frame_draw();
	else if (state.focus && one_in(3))
		page = state.focus & PTE_FRAME;
	else if (one_in(3))
		page = window_draw();
	else
		page = linear_draw();
	return page + offset_draw();
}

uint32_t frame_draw(void)
{
	return ARENA + random_below(FRAMES) * PAGE_SIZE;
}

uint32_t plain_draw(void)
{
	uint32_t frame = frame_draw();

	while (is_root(frame))
		frame = frame_draw();
	return frame;
}

/* Present 15 times in 16, writable and the user's 7 in 8, used and dirty 1 in 4, global 1 in 8. */
uint32_t bits_draw(void)
{
	uint32_t drawn = random_u32(), bits = 0;

	if (drawn & 15)
		bits |= PTE_P;
	if (drawn >> 4 & 7)
		bits |= PTE_RW;
	if (drawn >> 7 & 7)
		bits |= PTE_US;
	if (!(drawn >> 10 & 3))
		bits |= PTE_A;
	if (!(drawn >> 12 & 3))
		bits |= PTE_D;
	if (!(drawn >> 14 & 7))
		bits |= PTE_G;
	if (!(drawn >> 17 & 7))
		bits |= drawn >> 20 & 0xe00; /* nobody's */
	return bits;
}

uint32_t value_draw(void)
{
	switch (random_below(4)) {
	case 0:
		return random_u32();
	case 1:
		return random_below(256);
	default:
		return frame_draw() | bits_draw();
	}
}
