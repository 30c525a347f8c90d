/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that reaches for memory that it does not have: above the end of what the boot loader told
 * it. The bare machine's bus answers with all ones. A monitor has no page there to give, and the
 * machine's other memory must not show through.
 */
#include "guest.h"
#include "multiboot.h"

SEEDED uint32_t greedy_offset = 0; /* bytes above the end of memory, a multiple of 4 */
SEEDED uint32_t greedy_write = 0;  /* 1: write first, at greedy_write_site; 0: only read */
volatile uint32_t greedy_address;  /* where that is */
volatile uint32_t greedy_value;    /* what was read there */

/* access.asm: one instruction each touches the address, at greedy_site and greedy_write_site */
uint32_t greedy_load(uint32_t address);
void greedy_store(uint32_t address, uint32_t value);

/* Where the block of the memory map that begins at `address` ends; `address` where there is none. A
 * PC's firmware keeps the last of the memory for itself, and says so in the map. */
static uint32_t block_end(const struct multiboot_info *info, uint32_t address)
{
	uint32_t at = info->map;

	while (at < info->map + info->map_length) {
		const struct multiboot_map_entry *entry = (const struct multiboot_map_entry *)at;
		if (entry->base == address)
			return address + (uint32_t)entry->length;
		at += entry->size + sizeof(entry->size);
	}
	return address;
}

static uint32_t memory_end(uint32_t info)
{
	uint32_t end = memory_kib(info) * 1024;

	for (uint32_t next = block_end((const struct multiboot_info *)info, end); next != end;
		next = block_end((const struct multiboot_info *)info, end))
		end = next;
	return end;
}

void kernel_main(uint32_t info)
{
	greedy_address = memory_end(info) + greedy_offset;
	console_printf("my memory has an end; I reach behind it\n");
	if (greedy_write)
		greedy_store(greedy_address, 0x6eeed111);
	greedy_value = greedy_load(greedy_address);
	console_printf("there I found %08x\n", greedy_value);
}
