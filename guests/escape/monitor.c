/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linear addresses from F0000000h on are a guest's as all others are: on the bare machine its own
 * tables say what is there. The monitor lies there too, and must not be seen or changed.
 */
#include "escape.h"
#include "layout.h"

#define FIRST   (MONITOR_BASE >> 22) /* of the directory */
#define SEGMENT (KERNEL_FREE + 3)

static uint32_t shared_table(void)
{
	uint32_t table = frame_new(), page = frame_filled(MARK);

	for (uint32_t i = 0; i < TABLE_ENTRIES; i++)
		words(table)[i] = page | PAGE_USER_WRITE;
	return table;
}

/* All of it is one page of the guest's own. */
static void range_map(void)
{
	uint32_t table = shared_table();

	for (uint32_t i = FIRST; i < TABLE_ENTRIES; i++)
		words(world_root)[i] = table | PAGE_USER_WRITE;
}

static void range_map_large(void)
{
	for (uint32_t i = FIRST; i < TABLE_ENTRIES; i++)
		words(world_root)[i] = PTE_PS | PAGE_USER_WRITE;
	cr3_write(world_root);
}

void range_set_and_left_alone(void)
{
	range_map();
	cr3_write(world_root);
	try_read(POOL);
	range_map_large();
	page_invalidate(MONITOR_BASE);
	page_invalidate(escape_target);
	see(words(world_root)[FIRST] ^ words(world_root)[FIRST + 1]);
}

void range_read(void)
{
	range_map();
	try_read(MONITOR_BASE);
	try_read(escape_target & ~3u);
	for (uint32_t i = FIRST; i < TABLE_ENTRIES; i++)
		try_read(i << 22 | (i * 0x1235 & 0x3ff000));
}

void range_write(void)
{
	range_map();
	try_write(MONITOR_BASE, 1);
	try_write(escape_target & ~3u, 2);
	for (uint32_t i = FIRST; i < TABLE_ENTRIES; i++)
		try_write(i << 22 | (i * 0x1235 & 0x3ff000), i);
	try_read(MONITOR_BASE);
}

void range_read_by_user(void)
{
	range_map();
	user_read(MONITOR_BASE);
	user_read(escape_target & ~3u);
	for (uint32_t i = FIRST; i < TABLE_ENTRIES; i++)
		user_read(i << 22 | (i * 0x1235 & 0x3ff000));
}

void range_write_by_user(void)
{
	range_map();
	user_write(MONITOR_BASE, 1);
	user_write(escape_target & ~3u, 2);
	for (uint32_t i = FIRST; i < TABLE_ENTRIES; i++)
		user_write(i << 22 | (i * 0x1235 & 0x3ff000), i);
}

void range_large_read(void)
{
	*words(LOW) = MARK;
	range_map_large();
	try_read(MONITOR_BASE + LOW);
	user_read(MONITOR_BASE + 7 * LARGE_PAGE_SIZE + LOW);
}

void range_large_write(void)
{
	range_map_large();
	try_write(MONITOR_BASE + LOW, MARK);
	user_write(MONITOR_BASE + 9 * LARGE_PAGE_SIZE + LOW + 4, MARK);
	see(*words(LOW));
	see(*words(LOW + 4));
}

/* Where nothing is mapped by the guest, all it may see is its own page fault. */
void range_absent(void)
{
	for (uint32_t i = FIRST; i < TABLE_ENTRIES; i += 3) {
		try_read(i << 22);
		user_read(i << 22 | 0x123454);
	}
	user_write(escape_target, MARK);
	try_write(escape_target, MARK);
	user_call(escape_target);
}

/* Straight below, and across. */
void range_from_below(void)
{
	range_map();
	map(world_root, MONITOR_BASE - PAGE_SIZE, frame_filled(~MARK), PAGE_USER_WRITE);
	try_read(MONITOR_BASE - 4);
	user_write(MONITOR_BASE - 4, 7);
	user_read(MONITOR_BASE - 4);
	user_read(MONITOR_BASE - 2);
	user_write(MONITOR_BASE - 1, 0x01020304);
}

void range_across_absent(void)
{
	map(world_root, MONITOR_BASE - PAGE_SIZE, frame_filled(~MARK), PAGE_USER_WRITE);
	user_read(MONITOR_BASE - 3);
	user_write(MONITOR_BASE - 2, MARK);
	user_read(MONITOR_BASE - 4);
}

/* At the very end of the address space. */
void range_wraps(void)
{
	range_map();
	try_read(0xfffffffc);
	user_read(0xfffffffc);
}

/* RET, in a page that only the guest's tables put there. */
void range_call(void)
{
	range_map();
	uint32_t page = words(words(world_root)[FIRST] & PTE_FRAME)[0] & PTE_FRAME;
	memset(words(page), 0xc3, PAGE_SIZE);
	user_call(MONITOR_BASE + 0x100000);
	try_call(escape_target);
}

/* Segments whose base leads there, and round the end of the address space. */
static void by_segment(uint32_t base, uint32_t offset)
{
	kernel_gdt[SEGMENT / 8] =
		descriptor_make(base, LIMIT_MAX, ACCESS_DATA | ACCESS_DPL(3), FLAT);
	try_segment(SEGMENT, offset);
}

void range_by_segments(void)
{
	range_map();
	by_segment(MONITOR_BASE, 0x100);
	by_segment(0xe0000000, 0x10000100);
	by_segment(0xfffff000, 0xf0101000);
	by_segment(escape_target, 0);
	by_segment(0x80000000, escape_target - 0x80000000);
}

void range_by_segments_absent(void)
{
	by_segment(MONITOR_BASE, 0x100);
	by_segment(0xfffff000, 0xf0101000);
	by_segment(escape_target, 0);
	by_segment(0x80000000, escape_target - 0x80000000);
	by_segment(0xffffffff, escape_target + 1);
}

void range_by_segments_of_users(void)
{
	extern const uint8_t user_by_segment[];
	static const uint32_t bases[] = {MONITOR_BASE, 0xe0000000, 0xfffff000, 0x80000000};

	for (uint32_t i = 0; i < 8; i++) {
		if (i == 4)
			range_map();
		kernel_gdt[SEGMENT / 8] =
			descriptor_make(bases[i & 3], LIMIT_MAX, ACCESS_DATA | ACCESS_DPL(3), FLAT);
		user_go((uint32_t)user_by_segment, SEGMENT, MONITOR_BASE + 0x100 - bases[i & 3]);
		user_go((uint32_t)user_by_segment, SEGMENT, (escape_target & ~3u) - bases[i & 3]);
	}
}

void segment_wraps_into_memory(void)
{
	*words(POOL) = MARK;
	by_segment(0xfffff000, POOL + 0x1000);
	by_segment(POOL + 0x1000, 0xfffff000);
}

/* A user's stack there; the kernel's; the tables that the processor reads. */
void range_has_the_users_stack(void)
{
	extern const uint8_t user_pushes[];

	range_map();
	user_go((uint32_t)user_pushes, MONITOR_BASE + 0x200, MARK);
	try_read(MONITOR_BASE + 0x1fc);
}

void range_has_the_kernels_stack(void)
{
	range_map();
	kernel_tss.esp0 = escape_target & ~3u;
	user_read(POOL);
}

void range_has_the_gdt(void)
{
	range_map();
	uint32_t page = words(words(world_root)[FIRST] & PTE_FRAME)[0] & PTE_FRAME;
	memcpy(words(page), kernel_gdt, sizeof(kernel_gdt));
	gdt_load(words(MONITOR_BASE), sizeof(kernel_gdt) - 1);
	try_segment(USER_DS, POOL);
}

void range_has_the_idt(void)
{
	range_map();
	uint32_t page = words(words(world_root)[FIRST] & PTE_FRAME)[0] & PTE_FRAME;
	memcpy(words(page), kernel_idt, sizeof(kernel_idt));
	idt_load(words(MONITOR_BASE), sizeof(kernel_idt) - 1);
	try_read(WINDOW);
}

void range_has_the_idt_absent(void)
{
	idt_load(words(escape_target), sizeof(kernel_idt) - 1);
	try_read(WINDOW);
}

void range_has_the_stack_absent(void)
{
	kernel_tss.esp0 = MONITOR_BASE + 0x1000;
	user_read(WINDOW);
}
