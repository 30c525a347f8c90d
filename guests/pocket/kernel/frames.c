/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A count of users for each frame of the machine. A frame that is no memory, or is the kernel's, is
 * FRAME_RESERVED for ever. The counts lie behind the kernel, as many as the machine has frames.
 * Frames are looked for from the lowest address on.
 */
#include "frames.h"

#include "boot.h"
#include "lock.h"
#include "panic.h"
#include "string.h"

#define FRAMES_MAX     65536u /* 256 MiB: what lies above is not used */
#define FRAME_RESERVED 0xffffu

extern uint8_t kernel_end[]; /* kernel.ld */

static struct lock lock = {.name = "frames"};
static uint16_t *users; /* of each frame */
static uint32_t frame_count, free_count;
static uint32_t lowest; /* no frame below is free */
static uint32_t memory_end;

/* Puts the counts behind the kernel, all FRAME_RESERVED. The result is where they end. */
static uint32_t counts_place(const struct memory_range *ranges, unsigned count)
{
	uint32_t start = page_round_up((uint32_t)kernel_end);

	for (unsigned i = 0; i < count; i++)
		if (ranges[i].end > memory_end)
			memory_end = ranges[i].end;
	frame_count = memory_end / PAGE_SIZE < FRAMES_MAX ? memory_end / PAGE_SIZE : FRAMES_MAX;
	uint32_t size = frame_count * (uint32_t)sizeof(*users);
	for (unsigned i = 0; i < count; i++)
		if (ranges[i].start <= start && ranges[i].end > start &&
			ranges[i].end - start >= size)
			users = (uint16_t *)start;
	if (!users)
		panic("there is no memory behind the kernel");
	memset(users, 0xff, size);
	return start + size;
}

void frames_init(void)
{
	const struct memory_range *ranges;
	unsigned count = boot_memory(&ranges);
	uint32_t used_end = counts_place(ranges, count);

	for (unsigned i = 0; i < count; i++) {
		uint32_t start = ranges[i].start < used_end ? used_end : ranges[i].start;
		uint32_t end = ranges[i].end / PAGE_SIZE;
		for (uint32_t f = page_round_up(start) / PAGE_SIZE; f < end && f < frame_count;
			f++) {
			free_count += users[f] != 0;
			users[f] = 0;
		}
	}
}

/* How many frames from `frame` on are free, up to `wanted`. */
static uint32_t run_length(uint32_t frame, uint32_t wanted)
{
	uint32_t length = 0;

	while (length < wanted && frame + length < frame_count && users[frame + length] == 0)
		length++;
	return length;
}

static void run_take(uint32_t frame, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		users[frame + i] = 1;
	free_count -= count;
}

void *frames_allocate(uint32_t count)
{
	uint32_t flags = lock_acquire(&lock);
	void *found = NULL;

	while (lowest < frame_count && users[lowest] > 0)
		lowest++;
	/* frame 0 is never free, so no result is NULL */
	for (uint32_t frame = lowest; frame < frame_count && !found && count > 0;) {
		uint32_t length = run_length(frame, count);
		if (length == count) {
			run_take(frame, count);
			found = (void *)(frame * PAGE_SIZE);
		}
		frame += length + 1;
	}
	lock_release(&lock, flags);
	return found;
}

/* The frame's number. It must have a user. */
static uint32_t frame_number(const void *frame)
{
	uint32_t number = (uint32_t)frame / PAGE_SIZE;

	if (number >= frame_count || users[number] == 0 || users[number] == FRAME_RESERVED)
		panic("the frame at %08x is nobody's", (uint32_t)frame);
	return number;
}

void frames_free(void *frames, uint32_t count)
{
	uint32_t flags = lock_acquire(&lock);

	for (uint32_t i = 0; i < count; i++) {
		uint32_t number = frame_number((uint8_t *)frames + i * PAGE_SIZE);
		if (--users[number] > 0)
			continue;
		free_count++;
		if (number < lowest)
			lowest = number;
	}
	lock_release(&lock, flags);
}

void frame_share(void *frame)
{
	uint32_t flags = lock_acquire(&lock), number = frame_number(frame);

	if (++users[number] == FRAME_RESERVED)
		panic("the frame at %08x has too many users", (uint32_t)frame);
	lock_release(&lock, flags);
}

bool frame_is_shared(void *frame)
{
	uint32_t flags = lock_acquire(&lock);
	bool shared = users[frame_number(frame)] > 1;

	lock_release(&lock, flags);
	return shared;
}

uint32_t frames_free_count(void)
{
	return free_count;
}

uint32_t frames_memory_end(void)
{
	return memory_end;
}
