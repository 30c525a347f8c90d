/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The constants that C and NASM share. This file is compiled to assembly and never linked;
 * the Makefile turns the lines that it leaves there into constants.inc.
 */
#include "multiboot.h"
#include "shadow.h"
#include "vm.h"

#define CONSTANT(name) __asm__ volatile(".ascii \"@ " #name " %c0\"" : : "i"((unsigned)(name)))

#define VCPU_EXITS_OFFSET    offsetof(struct vcpu, exits)
#define VCPU_GDT_OFFSET      offsetof(struct vcpu, gdt)
#define VCPU_REGISTERS_SIZE  sizeof(struct guest_registers)
#define VCPU_VM_OFFSET       offsetof(struct vcpu, vm)
#define VCPU_CR0_OFFSET      offsetof(struct vcpu, cr0)
#define VCPU_CR3_OFFSET      offsetof(struct vcpu, cr3)
#define VCPU_CR4_OFFSET      offsetof(struct vcpu, cr4)
#define VCPU_STEPPING_OFFSET offsetof(struct vcpu, stepping)
#define VM_MEMORY_OFFSET     offsetof(struct vm, memory)
#define VM_SIZE_OFFSET       offsetof(struct vm, memory_size)
#define VM_FRAMES_OFFSET     offsetof(struct vm, frames)
#define SHADOW_ENTRY_OFFSET  offsetof(struct shadow_page, entry)

void constants(void);

void constants(void)
{
	CONSTANT(MONITOR_BASE);
	CONSTANT(MACHINE_MEMORY_MAX);
	CONSTANT(MONITOR_CS);
	CONSTANT(MONITOR_DS);
	CONSTANT(VECTORS);
	CONSTANT(LARGE_PAGE_SIZE);
	CONSTANT(PTE_P);
	CONSTANT(PTE_RW);
	CONSTANT(PTE_PS);
	CONSTANT(CR0_PG);
	CONSTANT(CR0_WP);
	CONSTANT(CR4_PSE);
	CONSTANT(CPUID_PSE);
	CONSTANT(MULTIBOOT_HEADER_MAGIC);
	CONSTANT(MULTIBOOT_PAGE_ALIGN);
	CONSTANT(MULTIBOOT_MEMORY_INFO);
	/* for unwind.inc */
	CONSTANT(VCPU_GDT_OFFSET);
	CONSTANT(VCPU_REGISTERS_SIZE);
	/* for the grader: where a virtual processor's exit history is */
	CONSTANT(VCPU_EXITS_OFFSET);
	/* and what the guest believes of its paging, and where its memory is */
	CONSTANT(VCPU_VM_OFFSET);
	CONSTANT(VCPU_CR0_OFFSET);
	CONSTANT(VCPU_CR3_OFFSET);
	CONSTANT(VCPU_CR4_OFFSET);
	CONSTANT(VCPU_STEPPING_OFFSET);
	CONSTANT(VM_MEMORY_OFFSET);
	CONSTANT(VM_SIZE_OFFSET);
	CONSTANT(VM_FRAMES_OFFSET);
	/* the entries of a shadow page */
	CONSTANT(SHADOW_ENTRY_OFFSET);
}
