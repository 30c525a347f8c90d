/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kernel's own tables (Intel SDM volume 3A, 3.4.5, 6.11, 7.2), and which C function a vector
 * leads to.
 *
 * They are filled before they are loaded: from then on a monitor watches every write to them.
 */
#include "kernel.h"

IN_TABLES struct descriptor kernel_gdt[KERNEL_GDT_ENTRIES];
IN_TABLES struct descriptor kernel_idt[VECTORS];
IN_TABLES struct tss kernel_tss;

uint8_t kernel_trap_stack[TRAP_STACK_SIZE] __attribute__((aligned(16)));

static handler *handlers[VECTORS];

void kernel_dispatch(struct frame *frame); /* stubs.asm calls it */
void segments_load(void);                  /* segments.asm */

struct descriptor descriptor_make(uint32_t base, uint32_t limit, uint32_t access, uint32_t flags)
{
	return (struct descriptor){
		.low = base << 16 | (limit & 0xffff),
		.high = (base & 0xff000000) | flags << 20 | (limit & 0xf0000) | access << 8 |
			(base >> 16 & 0xff),
	};
}

struct descriptor gate_make(uint16_t selector, uint32_t offset, uint32_t access)
{
	return (struct descriptor){
		.low = (uint32_t)selector << 16 | (offset & 0xffff),
		.high = (offset & 0xffff0000) | access << 8,
	};
}

void gate_set(uint8_t vector, uint32_t access)
{
	uint32_t stub = (uint32_t)kernel_stubs + vector * KERNEL_STUB_BYTES;

	kernel_idt[vector] = gate_make(KERNEL_CS, stub, access);
}

void kernel_tables_load(void)
{
	struct descriptor *gdt = kernel_gdt;

	gdt[KERNEL_CS / 8] = descriptor_make(0, LIMIT_MAX, ACCESS_CODE, FLAT);
	gdt[KERNEL_DS / 8] = descriptor_make(0, LIMIT_MAX, ACCESS_DATA, FLAT);
	gdt[USER_CS / 8] = descriptor_make(0, LIMIT_MAX, ACCESS_CODE | ACCESS_DPL(3), FLAT);
	gdt[USER_DS / 8] = descriptor_make(0, LIMIT_MAX, ACCESS_DATA | ACCESS_DPL(3), FLAT);
	gdt[KERNEL_TSS / 8] =
		descriptor_make((uint32_t)&kernel_tss, sizeof(kernel_tss) - 1, ACCESS_TSS, 0);
	for (unsigned vector = 0; vector < VECTORS; vector++)
		gate_set((uint8_t)vector, GATE_INTERRUPT);
	kernel_tss.ss0 = KERNEL_DS;
	kernel_tss.esp0 = (uint32_t)&kernel_trap_stack[TRAP_STACK_SIZE];
	kernel_tss.io_map_base = sizeof(kernel_tss);

	gdt_load(kernel_gdt, sizeof(kernel_gdt) - 1);
	segments_load();
	idt_load(kernel_idt, sizeof(kernel_idt) - 1);
	task_load(KERNEL_TSS);
}

void handler_set(uint8_t vector, handler *function)
{
	handlers[vector] = function;
}

void kernel_dispatch(struct frame *frame)
{
	handler *function = handlers[frame->vector];

	if (function)
		function(frame);
	else
		kernel_unexpected(frame);
}

void kernel_unexpected(struct frame *frame)
{
	console_printf("unexpected vector %u, error code %x, at %x:%08x, eflags %08x\n",
		frame->vector, frame->error_code, frame->cs, frame->eip, frame->eflags);
	power_off();
}
