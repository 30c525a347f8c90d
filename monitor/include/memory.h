/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's memory as its virtual processor reaches it. Nearly always what is wanted is a few
 * doublewords in one page: a descriptor, a frame. That way is short, and in line.
 */
#ifndef MEMORY_H
#define MEMORY_H

#include "machine.h"
#include "vm.h"

enum direction { FROM_GUEST, TO_GUEST };

/* True where a page of the guest's memory is write-protected because a table lies in it (views.h).
 */
static inline bool views_traces(const struct vcpu *vcpu, gpa_t page)
{
	return page.raw < vcpu->vm->memory_size &&
	       vcpu->vm->frames[page.raw / PAGE_SIZE].raw & FRAME_TRACED;
}

/* Where bytes of the guest's are in the direct map, if they all lie in one page that it has and
 * that, for a write, no one watches; else NULL. */
static inline uint8_t *vcpu_pointer(
	const struct vcpu *vcpu, gla_t at, uint32_t size, enum direction direction)
{
	gpa_t physical;

	if (at.raw % PAGE_SIZE > PAGE_SIZE - size || size > PAGE_SIZE ||
		!vcpu_translate(vcpu, at, &physical) || physical.raw >= vcpu->vm->memory_size)
		return NULL;
	uint32_t frame = vcpu->vm->frames[physical.raw / PAGE_SIZE].raw;
	if (direction == TO_GUEST && frame & FRAME_TRACED)
		return NULL;
	return machine_pointer(maddr((frame & ~PAGE_MASK) | (physical.raw & PAGE_MASK)));
}

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

/* The long ways: page by page, to the first byte that is not there; and a write that others watch.
 */
uint32_t vcpu_copy(
	struct vcpu *vcpu, gla_t at, uint8_t *buffer, uint32_t size, enum direction direction);
enum verdict vcpu_store_far(struct vcpu *vcpu, gla_t to, const void *from, uint32_t size);
enum verdict vcpu_no_memory(struct vcpu *vcpu);

static inline enum verdict vcpu_load_linear(struct vcpu *vcpu, gla_t from, void *to, uint32_t size)
{
	const uint8_t *found = vcpu_pointer(vcpu, from, size, FROM_GUEST);

	if (found)
		memory_copy(to, found, size);
	else if (vcpu_copy(vcpu, from, to, size, FROM_GUEST) != size)
		return vcpu_no_memory(vcpu);
	return VERDICT_RESUME;
}

static inline enum verdict vcpu_store_linear(
	struct vcpu *vcpu, gla_t to, const void *from, uint32_t size)
{
	uint8_t *found = vcpu_pointer(vcpu, to, size, TO_GUEST);

	if (!found)
		return vcpu_store_far(vcpu, to, from, size);
	memory_copy(found, from, size);
	return VERDICT_RESUME;
}

#endif
