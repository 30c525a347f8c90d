/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptors and the task-state segment. The processor's hardware task switch is not used: of the
 * one TSS only SS0 and ESP0 matter. Intel SDM volume 3A, 3.4.5 and 7.2.1.
 */
#include "gdt.h"

#include "cpu.h"

/* The upper doubleword of a descriptor */
#define HIGH_TYPE(type)  ((uint32_t)(type) << 8)
#define HIGH_DPL(dpl)    ((uint32_t)(dpl) << 13)
#define HIGH_BIG         (1u << 22) /* 32-bit code, 32-bit stack */
#define HIGH_GRANULAR    (1u << 23) /* the limit counts pages */
#define LIMIT_4GIB_PAGES 0xfffffu
#define SEGMENT_CODE     (TYPE_CODE | TYPE_READABLE | TYPE_ACCESSED)
#define SEGMENT_DATA     (TYPE_WRITABLE | TYPE_ACCESSED)
#define ENTRY(selector)  ((selector) / sizeof(struct descriptor))

/* A page of their own: nothing that changes often lies beside them. */
static union {
	struct {
		struct descriptor gdt[GDT_ENTRIES];
		struct tss tss;
	};
	uint8_t page[PAGE_SIZE];
} tables __attribute__((aligned(PAGE_SIZE)));

static struct descriptor descriptor(uint32_t base, uint32_t limit, uint32_t high)
{
	return (struct descriptor){
		.low = base << 16 | (limit & 0xffff),
		.high = (base & 0xff000000) | high | DESCRIPTOR_PRESENT | (limit & 0xf0000) |
			(base >> 16 & 0xff),
	};
}

static struct descriptor flat_segment(unsigned type, unsigned dpl)
{
	return descriptor(0, LIMIT_4GIB_PAGES,
		HIGH_GRANULAR | HIGH_BIG | DESCRIPTOR_S | HIGH_TYPE(type) | HIGH_DPL(dpl));
}

void gdt_set_kernel_stack(uint32_t top)
{
	tables.tss.esp0 = top;
}

void gdt_init(void)
{
	struct table_register table = {
		.limit = sizeof(tables.gdt) - 1, .base = (uint32_t)tables.gdt};

	tables.gdt[ENTRY(KERNEL_CS)] = flat_segment(SEGMENT_CODE, 0);
	tables.gdt[ENTRY(KERNEL_DS)] = flat_segment(SEGMENT_DATA, 0);
	tables.gdt[ENTRY(USER_CS)] = flat_segment(SEGMENT_CODE, 3);
	tables.gdt[ENTRY(USER_DS)] = flat_segment(SEGMENT_DATA, 3);
	tables.gdt[ENTRY(TSS_ENTRY)] =
		descriptor((uint32_t)&tables.tss, sizeof(tables.tss) - 1, HIGH_TYPE(TYPE_TSS32));
	tables.tss.ss0 = KERNEL_DS;
	tables.tss.io_map_base =
		sizeof(tables.tss); /* behind the limit: programs may use no port */
	gdt_register_load(&table);
	__asm__ volatile("ljmp %0, $1f\n"
			 "1:	mov %1, %%ds\n"
			 "	mov %1, %%es\n"
			 "	mov %1, %%fs\n"
			 "	mov %1, %%gs\n"
			 "	mov %1, %%ss"
			 :
			 : "i"(KERNEL_CS), "r"(KERNEL_DS)
			 : "memory");
	task_register_load(TSS_ENTRY);
	ldt_register_load(0); /* none: after reset it would be whatever lies at address 0 */
}
