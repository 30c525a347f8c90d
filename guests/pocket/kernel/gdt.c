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

static struct tss tss;

static struct descriptor descriptor(uint32_t base, uint32_t limit, uint32_t high)
{
	return (struct descriptor){
		.low = base << 16 | (limit & 0xffff),
		.high = (base & 0xff000000) | high | DESCRIPTOR_PRESENT | (limit & 0xf0000) |
			(base >> 16 & 0xff),
	};
}

static struct descriptor segment(uint32_t base, uint32_t last_page, unsigned type, unsigned dpl)
{
	return descriptor(base, last_page,
		HIGH_GRANULAR | HIGH_BIG | DESCRIPTOR_S | HIGH_TYPE(type) | HIGH_DPL(dpl));
}

void gdt_fill(struct gdt *gdt, uint32_t base, uint32_t size)
{
	*gdt = (struct gdt){0};
	gdt->entry[ENTRY(KERNEL_CS)] = segment(0, LIMIT_4GIB_PAGES, SEGMENT_CODE, 0);
	gdt->entry[ENTRY(KERNEL_DS)] = segment(0, LIMIT_4GIB_PAGES, SEGMENT_DATA, 0);
	if (size > 0) {
		uint32_t last_page = size / PAGE_SIZE - 1;
		gdt->entry[ENTRY(USER_CS)] = segment(base, last_page, SEGMENT_CODE, 3);
		gdt->entry[ENTRY(USER_DS)] = segment(base, last_page, SEGMENT_DATA, 3);
	}
	gdt->entry[ENTRY(TSS_ENTRY)] =
		descriptor((uint32_t)&tss, sizeof(tss) - 1, HIGH_TYPE(TYPE_TSS32));
}

void gdt_load(const struct gdt *gdt, uint32_t kernel_stack_top)
{
	struct table_register table = {.limit = sizeof(*gdt) - 1, .base = (uint32_t)gdt};

	gdt_register_load(&table);
	tss.esp0 = kernel_stack_top;
}

void gdt_start(const struct gdt *gdt)
{
	tss.ss0 = KERNEL_DS;
	tss.io_map_base = sizeof(tss); /* behind the limit: programs may use no port */
	gdt_load(gdt, 0);
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
