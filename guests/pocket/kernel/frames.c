/* SPDX-License-Identifier: BSD-2-Clause */
/* A bit for each frame of the machine: 1, it can be given away. A frame that is no memory, or is
 * the kernel's, has 0 for ever. Frames are looked for from the lowest address on. */
#include "frames.h"

#include "boot.h"
#include "lock.h"
#include "panic.h"

#define FRAMES_MAX    65536u /* 256 MiB: what lies above is not used */
#define BITS_PER_WORD 32u

extern uint8_t kernel_end[]; /* kernel.ld */

static struct lock lock = {.name = "frames"};
static uint32_t free_bits[FRAMES_MAX / BITS_PER_WORD];
static uint32_t memory_end;

static bool frame_is_free(uint32_t frame)
{
	return free_bits[frame / BITS_PER_WORD] >> frame % BITS_PER_WORD & 1;
}

static void frame_set(uint32_t frame, bool is_free)
{
	uint32_t bit = 1u << frame % BITS_PER_WORD;

	if (is_free)
		free_bits[frame / BITS_PER_WORD] |= bit;
	else
		free_bits[frame / BITS_PER_WORD] &= ~bit;
}

void frames_init(void)
{
	const struct memory_range *ranges;
	unsigned count = boot_memory(&ranges);

	for (unsigned i = 0; i < count; i++) {
		uint32_t start = ranges[i].start, end = ranges[i].end / PAGE_SIZE;
		if (ranges[i].end > memory_end)
			memory_end = ranges[i].end;
		if (start < (uint32_t)kernel_end)
			start = (uint32_t)kernel_end;
		for (uint32_t f = page_round_up(start) / PAGE_SIZE; f < end && f < FRAMES_MAX; f++)
			frame_set(f, true);
	}
}

/* How many frames from `frame` on are free, up to `wanted`. */
static uint32_t run_length(uint32_t frame, uint32_t wanted)
{
	uint32_t length = 0;

	while (length < wanted && frame + length < FRAMES_MAX && frame_is_free(frame + length))
		length++;
	return length;
}

static void run_set(uint32_t frame, uint32_t count, bool is_free)
{
	for (uint32_t i = 0; i < count; i++)
		frame_set(frame + i, is_free);
}

void *frames_allocate(uint32_t count)
{
	uint32_t flags = lock_acquire(&lock);
	void *found = NULL;

	/* frame 0 is never free, so no result is NULL */
	for (uint32_t frame = 0; frame < FRAMES_MAX && !found && count > 0;) {
		uint32_t length = run_length(frame, count);
		if (length == count) {
			run_set(frame, count, false);
			found = (void *)(frame * PAGE_SIZE);
		}
		frame += length + 1;
	}
	lock_release(&lock, flags);
	return found;
}

void frames_free(void *frames, uint32_t count)
{
	uint32_t flags = lock_acquire(&lock), first = (uint32_t)frames / PAGE_SIZE;

	for (uint32_t frame = first; frame < first + count; frame++)
		if (frame >= FRAMES_MAX || frame_is_free(frame))
			panic("the frame at %08x is freed twice", frame * PAGE_SIZE);
	run_set(first, count, true);
	lock_release(&lock, flags);
}

uint32_t frames_memory_end(void)
{
	return memory_end;
}
