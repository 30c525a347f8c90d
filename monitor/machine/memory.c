/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's memory, in frames of PAGE_SIZE bytes: one bit for each says whether it is in
 * use. A frame starts out in use; only what the boot loader's map calls usable becomes free,
 * and of that everything that already holds something stays in use: the first megabyte, the
 * monitor, the modules and the loader's own lists.
 */
#include "machine.h"
#include "strings.h"

#define FRAMES     (MACHINE_MEMORY_MAX / PAGE_SIZE)
#define LOW_MEMORY 0x100000u
#define CHUNK_BITS 32

static uint32_t in_use[FRAMES / CHUNK_BITS];
static uint32_t available;

extern char image_end[];

static bool frame_in_use(uint32_t frame)
{
	return in_use[frame / CHUNK_BITS] >> frame % CHUNK_BITS & 1;
}

static void frame_mark(uint32_t frame, bool used)
{
	if (frame_in_use(frame) == used)
		return;
	in_use[frame / CHUNK_BITS] ^= 1u << frame % CHUNK_BITS;
	available += used ? -1u : 1u;
}

/* Marks every frame that [start, start + size) touches. */
static void memory_reserve(uint32_t start, uint32_t size)
{
	if (!size)
		return;
	uint64_t last = (uint64_t)start + size - 1;
	for (uint64_t frame = start / PAGE_SIZE; frame <= last / PAGE_SIZE && frame < FRAMES;
		frame++)
		frame_mark((uint32_t)frame, true);
}

/* Frees every frame that lies whole inside [start, end). */
static void memory_release(uint64_t start, uint64_t end)
{
	if (end > MACHINE_MEMORY_MAX)
		end = MACHINE_MEMORY_MAX;
	for (uint64_t at = (start + PAGE_MASK) & ~(uint64_t)PAGE_MASK; at + PAGE_SIZE <= end;
		at += PAGE_SIZE)
		frame_mark((uint32_t)(at / PAGE_SIZE), false);
}

static void release_usable(const struct multiboot_info *info)
{
	if (!(info->flags & MULTIBOOT_HAS_MAP)) {
		memory_release(LOW_MEMORY, LOW_MEMORY + (uint64_t)info->memory_upper * 1024);
		return;
	}
	for (uint32_t offset = 0; offset < info->map_length;) {
		const struct multiboot_map_entry *entry =
			machine_pointer(maddr(info->map + offset));
		if (entry->type == MULTIBOOT_MAP_USABLE)
			memory_release(entry->base, entry->base + entry->length);
		offset += entry->size + sizeof(entry->size);
	}
}

static void reserve_modules(const struct multiboot_info *info)
{
	const struct multiboot_module *module = machine_pointer(maddr(info->modules));

	memory_reserve(info->modules, info->module_count * sizeof(*module));
	for (uint32_t i = 0; i < info->module_count; i++) {
		memory_reserve(module[i].start, module[i].end - module[i].start);
		memory_reserve(module[i].command_line,
			strlen(machine_pointer(maddr(module[i].command_line))) + 1);
	}
}

void memory_init(const struct multiboot_info *info)
{
	memset(in_use, 0xff, sizeof(in_use));
	release_usable(info);
	memory_reserve(0, LOW_MEMORY);
	memory_reserve(MONITOR_LOAD, machine_address(image_end).raw - MONITOR_LOAD);
	memory_reserve(machine_address(info).raw, sizeof(*info));
	if (info->flags & MULTIBOOT_HAS_MODULES)
		reserve_modules(info);
}

bool frames_allocate(uint32_t count, uint32_t alignment, maddr_t *first)
{
	uint32_t step = alignment / PAGE_SIZE;

	for (uint32_t start = 0; start + count <= FRAMES;) {
		uint32_t run = 0;
		while (run < count && !frame_in_use(start + run))
			run++;
		if (run == count) {
			*first = maddr(start * PAGE_SIZE);
			memory_reserve(first->raw, count * PAGE_SIZE);
			memset(machine_pointer(*first), 0, count * PAGE_SIZE);
			return true;
		}
		start = (start + run) / step * step + step;
	}
	return false;
}

void frames_free(maddr_t first, uint32_t count)
{
	memory_release(first.raw, (uint64_t)first.raw + count * PAGE_SIZE);
}

uint32_t frames_available(void)
{
	return available;
}
