/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's memory as its virtual processor reaches it. Nearly always what is wanted is a few
 * doublewords in one page: a descriptor, a frame. That way is short, and in line.
 */
#ifndef MEMORY_H
#define MEMORY_H

#include "machine.h"
#include "shadow.h"
#include "vm.h"

/* True where a page of the guest's memory is write-protected because a table lies in it (views.h).
 */
static inline bool views_traces(const struct vcpu *vcpu, gpa_t page)
{
	return page.raw < vcpu->vm->memory_size &&
	       vcpu->vm->frames[page.raw / PAGE_SIZE].raw & FRAME_TRACED;
}

void views_written(struct vcpu *vcpu, gpa_t at, uint32_t size);       /* views.h */
void code_memory_written(struct vcpu *vcpu, gpa_t at, uint32_t size); /* code.h */

/*
 * Where bytes of the guest's are in the direct map, if they all lie in one page to which the
 * processor itself has an entry now that allows the access; else NULL. `access` is ACCESS_...
 * (shadow.h). The monitor's own part of the tables has large pages, and the guest's never.
 */
static inline uint8_t *vcpu_pointer(
	const struct vcpu *vcpu, gla_t at, uint32_t size, uint32_t access)
{
	const uint32_t *table = machine_pointer(vcpu->page_directory);
	uint32_t entry = table[at.raw / LARGE_PAGE_SIZE];

	if ((entry & (PTE_P | PTE_PS)) != PTE_P || size > PAGE_SIZE ||
		at.raw % PAGE_SIZE > PAGE_SIZE - size)
		return NULL;
	table = machine_pointer(maddr(entry & PTE_FRAME));
	entry = table[at.raw / PAGE_SIZE % TABLE_ENTRIES];
	if (~entry & (access | PTE_P))
		return NULL;
	return machine_pointer(maddr((entry & PTE_FRAME) | at.raw % PAGE_SIZE));
}

/* ---- the guest's physical memory, as its page tables lie in it (shadow.h) ---- */

static inline bool guest_has_memory(const struct vcpu *vcpu, gpa_t page)
{
	return vm_has_memory(vcpu->vm, page);
}

static inline bool shadow_traces(const struct vcpu *vcpu, gpa_t page)
{
	return vcpu->vm->frames[page.raw / PAGE_SIZE].raw &
	       (FRAME_TRACED | FRAME_SHADOWED | FRAME_CODE);
}

/* Where a byte is in the direct map; NULL: the guest has no memory there. */
static inline void *guest_memory(const struct vcpu *vcpu, gpa_t at)
{
	maddr_t machine;

	return vm_translate(vcpu->vm, at, &machine) ? machine_pointer(machine) : NULL;
}

static inline uint32_t guest_entry_read(const struct vcpu *vcpu, gpa_t at)
{
	const uint32_t *entry = guest_memory(vcpu, at);

	return entry ? *entry : 0xffffffff;
}

static inline void guest_entry_write(struct vcpu *vcpu, gpa_t at, uint32_t value)
{
	uint32_t frame;

	if (!guest_has_memory(vcpu, at))
		return;
	frame = vcpu->vm->frames[at.raw / PAGE_SIZE].raw;
	*(uint32_t *)machine_pointer(maddr((frame & ~PAGE_MASK) | (at.raw & PAGE_MASK))) = value;
	if (frame & FRAME_TRACED) /* it is a descriptor, too */
		views_written(vcpu, at, sizeof(value));
	if (frame & FRAME_CODE)
		code_memory_written(vcpu, at, sizeof(value));
}

/* ---- accesses ---- */

/* What an access to a linear address meets. */
enum page_kind {
	PAGE_MEMORY, /* the guest's memory */
	PAGE_TRACED, /* that too; but a write must be told of: traced_written() */
	PAGE_DEVICE, /* no memory: the bus (bus_read_memory()) */
	PAGE_FAULT,  /* the guest's own page fault: vcpu_raise() has noted it */
	PAGE_ENDED,  /* nothing that the guest may have: it has been ended */
};

/*
 * Finds out as the processor would, with the same effect on A and D bits. *memory is where the byte
 * is, in the direct map, for PAGE_MEMORY and PAGE_TRACED; *physical its guest-physical address,
 * for PAGE_TRACED and PAGE_DEVICE (in the page GPA_NOTHING where it is beyond all that a bus has).
 */
enum page_kind vcpu_page(
	struct vcpu *vcpu, gla_t at, uint32_t access, uint8_t **memory, gpa_t *physical);

#define GPA_NOTHING gpa(0xfffff000) /* no device may be there */

/* A page fault that the processor took while the guest ran. */
enum verdict vcpu_page_fault(struct vcpu *vcpu, struct exit_record *exit);

/* The guest, or the monitor for it, has written to a page that is traced. */
void traced_written(struct vcpu *vcpu, gpa_t at, uint32_t size);

static inline void memory_copy(void *to, const void *from, uint32_t size)
{
	struct text_word *into = to;
	const struct text_word *found = from;

	if (size % sizeof(*into) || size > 32) {
		memcpy(to, from, size);
		return;
	}
	for (uint32_t i = 0; i < size / sizeof(*into); i++)
		into[i] = found[i];
}

/* As far as there is memory, without a look at rights and without a trace in A and D bits: what the
 * monitor wants to know for itself. Returns the bytes copied. */
uint32_t vcpu_copy(
	struct vcpu *vcpu, gla_t at, uint8_t *buffer, uint32_t size, enum direction direction);

/* The long ways: accesses that lie in two pages, or miss. */
enum verdict vcpu_load_far(struct vcpu *vcpu, gla_t from, void *to, uint32_t size, uint32_t access);
enum verdict vcpu_store_far(
	struct vcpu *vcpu, gla_t to, const void *from, uint32_t size, uint32_t access);

/* The two ends of a guest that uses addresses that it does not have: nothing is there, or the
 * monitor is. */
enum verdict vcpu_no_memory(struct vcpu *vcpu);
enum verdict vcpu_reached_monitor(struct vcpu *vcpu);

static inline enum verdict vcpu_load_as(
	struct vcpu *vcpu, gla_t from, void *to, uint32_t size, uint32_t access)
{
	const uint8_t *found = vcpu_pointer(vcpu, from, size, access);

	if (!found)
		return vcpu_load_far(vcpu, from, to, size, access);
	memory_copy(to, found, size);
	return VERDICT_RESUME;
}

static inline enum verdict vcpu_store_as(
	struct vcpu *vcpu, gla_t to, const void *from, uint32_t size, uint32_t access)
{
	uint8_t *found = vcpu_pointer(vcpu, to, size, access | ACCESS_WRITE);

	if (!found)
		return vcpu_store_far(vcpu, to, from, size, access | ACCESS_WRITE);
	memory_copy(found, from, size);
	return VERDICT_RESUME;
}

static inline enum verdict vcpu_load_linear(struct vcpu *vcpu, gla_t from, void *to, uint32_t size)
{
	return vcpu_load_as(vcpu, from, to, size, ACCESS_READ);
}

static inline enum verdict vcpu_store_linear(
	struct vcpu *vcpu, gla_t to, const void *from, uint32_t size)
{
	return vcpu_store_as(vcpu, to, from, size, ACCESS_WRITE);
}

#endif
