/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The constants that C and NASM share. This file is compiled to assembly and never linked;
 * the Makefile turns the lines that it leaves there into constants.inc.
 */
#include "code.h"
#include "hypercall.h"
#include "multiboot.h"
#include "shadow.h"
#include "virtio_devices.h"
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

#define VCPU_CODE_VIEW_OFFSET      offsetof(struct vcpu, code_view)
#define CODE_VIEW_SHARED_OFFSET    offsetof(struct code_view, shared)
#define CODE_VIEW_NEWEST_OFFSET    offsetof(struct code_view, newest)
#define CODE_VIEW_RECYCLED_OFFSET  offsetof(struct code_view, recycled)
#define CODE_VIEW_STRICT_OFFSET    offsetof(struct code_view, strict)
#define CODE_PAGE_LINEAR_OFFSET    offsetof(struct code_page, linear)
#define CODE_PAGE_ORIGINAL_OFFSET  offsetof(struct code_page, original)
#define CODE_PAGE_NEXT_OFFSET      offsetof(struct code_page, next)
#define CODE_PAGE_COPY_OFFSET      offsetof(struct code_page, copy)
#define CODE_PAGE_CODE_SIZE_OFFSET offsetof(struct code_page, code_size)
#define CODE_PAGE_KIND_OFFSET      offsetof(struct code_page, kind)
#define CODE_PAGE_PATCHES_OFFSET   offsetof(struct code_page, patches)
#define CODE_PAGE_OLDER_OFFSET     offsetof(struct code_page, older)
#define CODE_PAGE_TARGET_OFFSET    offsetof(struct code_page, target)
#define PATCH_RUN_OFFSET           offsetof(struct patch, offset)
#define PATCH_LENGTH_OFFSET        offsetof(struct patch, length)
#define PATCH_BLOCK_OFFSET         offsetof(struct patch, block)
#define PATCH_ENTRY_OFFSET         offsetof(struct patch, entry)
#define PATCH_BLOCK_LENGTH_OFFSET  offsetof(struct patch, block_length)
#define PATCH_POINTS_OFFSET        offsetof(struct patch, points)
#define PATCH_POINT_OFFSET         offsetof(struct patch, point)
#define PATCH_NEXT_OFFSET          offsetof(struct patch, next)

#define VM_VIRTIO_OFFSET        offsetof(struct vm, virtio)
#define VIRTIO_BLOCK_OFFSET     offsetof(struct virtio, device[VIRTIO_BLOCK])
#define VIRTIO_ENTROPY_OFFSET   offsetof(struct virtio, device[VIRTIO_ENTROPY])
#define VIRTIO_STATUS_OFFSET    offsetof(struct virtio_device, status)
#define VIRTIO_INTERRUPT_OFFSET offsetof(struct virtio_device, interrupt_status)
#define VIRTIO_QUEUE_OFFSET     offsetof(struct virtio_device, queue[0].queue)
#define VIRTIO_CHAIN_OFFSET     offsetof(struct virtio_device, queue[0].chain)

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
	/* the copies of code */
	CONSTANT(VCPU_CODE_VIEW_OFFSET);
	CONSTANT(CODE_VIEW_SHARED_OFFSET);
	CONSTANT(CODE_VIEW_NEWEST_OFFSET);
	CONSTANT(CODE_VIEW_RECYCLED_OFFSET);
	CONSTANT(CODE_VIEW_STRICT_OFFSET);
	CONSTANT(CODE_PAGE_LINEAR_OFFSET);
	CONSTANT(CODE_PAGE_ORIGINAL_OFFSET);
	CONSTANT(CODE_PAGE_NEXT_OFFSET);
	CONSTANT(CODE_PAGE_COPY_OFFSET);
	CONSTANT(CODE_PAGE_CODE_SIZE_OFFSET);
	CONSTANT(CODE_PAGE_KIND_OFFSET);
	CONSTANT(CODE_PAGE_PATCHES_OFFSET);
	CONSTANT(CODE_PAGE_OLDER_OFFSET);
	CONSTANT(CODE_PAGE_TARGET_OFFSET);
	CONSTANT(PATCH_RUN_OFFSET);
	CONSTANT(PATCH_LENGTH_OFFSET);
	CONSTANT(PATCH_BLOCK_OFFSET);
	CONSTANT(PATCH_ENTRY_OFFSET);
	CONSTANT(PATCH_BLOCK_LENGTH_OFFSET);
	CONSTANT(PATCH_POINTS_OFFSET);
	CONSTANT(PATCH_POINT_OFFSET);
	CONSTANT(PATCH_NEXT_OFFSET);
	/* the virtio devices and their queues */
	CONSTANT(VM_VIRTIO_OFFSET);
	CONSTANT(VIRTIO_BLOCK_OFFSET);
	CONSTANT(VIRTIO_ENTROPY_OFFSET);
	CONSTANT(VIRTIO_STATUS_OFFSET);
	CONSTANT(VIRTIO_INTERRUPT_OFFSET);
	CONSTANT(VIRTIO_QUEUE_OFFSET);
	CONSTANT(VIRTIO_CHAIN_OFFSET);
	CONSTANT(PAL_SLOT);
	CONSTANT(PAL_VERSION);
	CONSTANT(PAL_FLAGS);
	CONSTANT(PAL_SET_FLAGS);
	CONSTANT(PAL_MASK);
	CONSTANT(PAL_UNMASK);
	CONSTANT(PAL_HALT);
	CONSTANT(PAL_SET_CR3);
	CONSTANT(PAL_INVALIDATE);
	CONSTANT(PAL_UPDATE);
	CONSTANT(PAL_TIME);
	CONSTANT(PAL_CONSOLE);
	CONSTANT(PAL_OPERATIONS);
	CONSTANT(PAL_OF_MONITOR);
	CONSTANT(PAL_DATA);
	CONSTANT(HYPERCALL_VECTOR);
	CONSTANT(SHARED_DELTA);
	CONSTANT(SHARED_WAITING);
	CONSTANT(EFLAGS_IF);
}
