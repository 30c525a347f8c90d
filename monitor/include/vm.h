/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtual machine: memory, devices, one virtual processor. Nothing in the monitor is about
 * "the guest": every function is told which one.
 *
 * Life of a virtual machine: vm_create() gives it memory and loads its kernel; world_enter()
 * runs it; vm_end() is its end, whether it halted, switched itself off or was killed. The
 * others go on.
 */
#ifndef VM_H
#define VM_H

#include "bus.h"
#include "devices.h"
#include "elf.h"
#include "vcpu.h"

#define VM_MAX        32          /* virtual machines at once */
#define VM_NAME_SIZE  24          /* bytes, with the final NUL */
#define VM_MEMORY     (16u << 20) /* bytes of memory where the command line does not say */
#define VM_MEMORY_MIN (2u << 20)

/* In vm->frames: the page is write-protected, since a table of the guest's lies in it. */
#define FRAME_TRACED   1u /* a descriptor table (views.h) */
#define FRAME_SHADOWED 2u /* a page table (shadow.h) */
#define FRAME_CODE     4u /* or code of which there is a copy (code.h) */

enum vm_state { VM_READY, VM_ENDED };

/* The two pages of a kernel that calls its firmware (pal.h), by linear and guest-physical address
 * alike, and what the monitor has put in the first; 0, NULL: it does not. */
struct pal {
	gpa_t code, data;
	uint8_t *firmware;
};

struct vm {
	struct vcpu vcpu;
	char name[VM_NAME_SIZE];
	unsigned number; /* from 0, in the order of the modules */
	enum vm_state state;
	const char *command_line;
	uint32_t memory_size; /* bytes, a multiple of PAGE_SIZE */
	maddr_t memory;  /* what it was given, memory_size bytes side by side; 0: nothing yet */
	maddr_t *frames; /* guest-physical page -> machine address of its frame, and flags; 0: none
			  */
	uint8_t *disk;   /* what its disk holds: the module's own memory; NULL: it has none */
	uint32_t disk_size;     /* bytes, whole sectors */
	uint32_t time_limit;    /* 10 ms ticks until the monitor ends it; 0: for ever */
	uint64_t time_end;      /* when that is, once it runs */
	struct elf_image image; /* the module it came from: symbols for reports */
	struct bus bus;
	struct devices devices;
	struct virtio *virtio; /* its paravirtual devices (virtio_devices.h); NULL: it has none */
	struct pal pal;
	uint64_t deadline; /* when a device of its has something to do; may be earlier than that */
	struct vpic vpic;
	bool interrupt_pending; /* vpic_pending(), kept up to date */
};

/* What is to be run, as the boot loader left it. */
struct vm_config {
	const char
		*command_line; /* "name word word ..."; mem=MIB and time=TICKS are the monitor's */
	const uint8_t *image;  /* an ELF file in the direct map */
	uint32_t image_size;   /* bytes */
	uint8_t *disk;         /* becomes the machine's disk, itself; NULL: it has none */
	uint32_t disk_size;    /* bytes */
};

/* The decimal number of a word KEY=NUMBER in a guest's command line, or `otherwise`. */
uint32_t option_number(const char *command_line, const char *key, uint32_t otherwise);

/* A new virtual machine, ready to run, or NULL after a message on the log that says why not. */
struct vm *vm_create(const struct vm_config *config);

/* Its turn: the screen is its own from here on, and the processor's tables are set for it. */
void vm_start(struct vm *vm);

/* Marks it as ended and logs `how`. Its memory stays as it is, for whoever wants to look. */
void vm_end(struct vm *vm, const char *how);

/* The next virtual machine that is ready, after the one with number `after`; NULL: none. */
struct vm *vm_next_ready(unsigned after);

/* Copies between the monitor and a guest's memory, at most up to the first byte that is not
 * there: the number of bytes copied. */
uint32_t vm_read(struct vm *vm, gpa_t from, void *to, uint32_t size);
uint32_t vm_write(struct vm *vm, gpa_t to, const void *from, uint32_t size);

/* Whole pages of the monitor's own, zeroed, `bytes` or more; NULL: there is no such run of frames.
 */
void *pages_allocate(uint32_t bytes);

/* Gives them back, with the `bytes` that they were asked for; of NULL nothing. */
void pages_free(const void *memory, uint32_t bytes);

static inline bool vm_has_memory(const struct vm *vm, gpa_t address)
{
	return address.raw < vm->memory_size && vm->frames[address.raw / PAGE_SIZE].raw;
}

/* The machine address of a guest-physical one; false where the guest has no memory there. */
static inline bool vm_translate(const struct vm *vm, gpa_t address, maddr_t *machine)
{
	if (!vm_has_memory(vm, address))
		return false;
	*machine = maddr(
		(vm->frames[address.raw / PAGE_SIZE].raw & ~PAGE_MASK) | (address.raw & PAGE_MASK));
	return true;
}

#include "memory.h"

#endif
