/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * STOS and MOVS with an operand in a traced page or a device: how kernels fill page tables and
 * screens. With REP, many elements at once.
 *
 * Invariant: each element is complete before the next begins, so an instruction that stops between
 * two goes on later. A burst stays within one page of each operand, and within their segments.
 *
 * Read: Intel SDM volume 2, MOVS, STOS, REP.
 */
#include "access.h"
#include "vm.h"

#define BURST 256u /* elements between two looks at the interrupts */

/* One operand of a burst. */
struct side {
	enum insn_segment segment;
	uint32_t *index; /* ESI or EDI */
	bool write;
	gla_t at; /* of the first element */
	enum page_kind kind;
	uint8_t *memory;
	gpa_t physical;
};

struct burst {
	unsigned size; /* of an element, in bytes */
	uint32_t mask; /* what the address size leaves of an index */
	uint32_t step; /* from one element to the next, modulo 2^32 */
	uint32_t count;
};

static void merge(uint32_t *into, uint32_t value, uint32_t mask)
{
	*into = (*into & ~mask) | (value & mask);
}

/* Where it begins; false: the segment does not allow it, or the element lies in two pages. */
static bool side_begins(struct vcpu *vcpu, struct side *side, const struct burst *burst)
{
	return vcpu_linear(vcpu, side->segment, *side->index & burst->mask, burst->size,
		       side->write, &side->at) &&
	       side->at.raw % PAGE_SIZE <= PAGE_SIZE - burst->size;
}

static bool side_take(struct vcpu *vcpu, struct side *side, enum verdict *verdict)
{
	uint32_t access =
		(side->write ? ACCESS_WRITE : 0) | (vcpu_ring(vcpu) == 3 ? ACCESS_USER : 0);

	side->kind = vcpu_page(vcpu, side->at, access, &side->memory, &side->physical);
	*verdict = side->kind == PAGE_FAULT   ? VERDICT_GUEST_FAULT
		   : side->kind == PAGE_ENDED ? VERDICT_ENDED
					      : VERDICT_RESUME;
	return *verdict == VERDICT_RESUME;
}

/* The burst ends with the page, and where its last element is not inside the segment it is one
 * element. */
static void burst_limit(struct vcpu *vcpu, struct burst *burst, const struct side *side)
{
	uint32_t offset = side->at.raw % PAGE_SIZE;
	uint32_t room = burst->step == burst->size ? (PAGE_SIZE - offset) / burst->size
						   : offset / burst->size + 1;
	gla_t last;

	if (burst->count > room)
		burst->count = room;
	uint32_t distance = (burst->count - 1) * burst->step;
	if (!vcpu_linear(vcpu, side->segment, (*side->index + distance) & burst->mask, burst->size,
		    side->write, &last) ||
		last.raw != side->at.raw + distance)
		burst->count = 1;
}

static void element_read(
	struct vcpu *vcpu, const struct side *from, uint32_t distance, void *value, unsigned size)
{
	if (from->kind == PAGE_DEVICE)
		bus_load_memory(vcpu->vm, gpa(from->physical.raw + distance), value, size);
	else
		memory_copy(value, from->memory + (int32_t)distance, size);
}

static void element_write(struct vcpu *vcpu, const struct side *to, uint32_t distance,
	const void *value, unsigned size)
{
	if (to->kind == PAGE_DEVICE)
		bus_store_memory(vcpu->vm, gpa(to->physical.raw + distance), value, size);
	else
		memory_copy(to->memory + (int32_t)distance, value, size);
}

static void tell_traced(struct vcpu *vcpu, const struct side *to, const struct burst *burst)
{
	bool up = burst->step == burst->size;
	uint32_t lowest = up ? 0 : (burst->count - 1) * burst->step;

	traced_written(vcpu, gpa(to->physical.raw + lowest), burst->count * burst->size);
}

/* So much is written to a page table that the shadows that were made from it go anyway
 * (shadow_written()). Then nothing is left for the monitor to do: the processor writes by itself.
 */
static bool gives_way(struct vcpu *vcpu, const struct side *to, const struct burst *burst)
{
	const struct vm *vm = vcpu->vm;

	if (to->kind != PAGE_TRACED || burst->count * burst->size <= SHADOW_BURST_SIZE ||
		(vm->frames[to->physical.raw / PAGE_SIZE].raw & PAGE_MASK) != FRAME_SHADOWED)
		return false;
	tell_traced(vcpu, to, burst);
	return !shadow_traces(vcpu, to->physical);
}

bool access_string(struct vcpu *vcpu, const struct insn *insn, enum verdict *verdict)
{
	struct guest_registers *registers = &vcpu->registers;
	bool moves = insn->opcode < 0xa6, repeat = insn->prefixes & (PREFIX_REP | PREFIX_REPNE);
	struct burst burst = {.size = insn->opcode & 1 ? insn->operand_size : 1};
	struct side to = {.segment = SEGMENT_ES, .index = &registers->edi, .write = true};
	struct side from = {.segment = insn_operand_segment(insn), .index = &registers->esi};
	uint32_t value = registers->eax;

	burst.mask = insn->address_size == 4 ? 0xffffffff : 0xffff;
	burst.step = registers->eflags & EFLAGS_DF ? -burst.size : burst.size;
	burst.count = repeat ? registers->ecx & burst.mask : 1;
	if (burst.count == 0 || (moves && !side_begins(vcpu, &from, &burst)) ||
		!side_begins(vcpu, &to, &burst))
		return false;
	if ((moves && !side_take(vcpu, &from, verdict)) || !side_take(vcpu, &to, verdict))
		return true;
	if (burst.count > BURST)
		burst.count = BURST;
	burst_limit(vcpu, &burst, &to);
	if (moves)
		burst_limit(vcpu, &burst, &from);

	if (gives_way(vcpu, &to, &burst))
		return true;
	for (uint32_t i = 0, distance = 0; i < burst.count; i++, distance += burst.step) {
		if (moves)
			element_read(vcpu, &from, distance, &value, burst.size);
		element_write(vcpu, &to, distance, &value, burst.size);
	}
	merge(&registers->edi, registers->edi + burst.count * burst.step, burst.mask);
	if (moves)
		merge(&registers->esi, registers->esi + burst.count * burst.step, burst.mask);
	if (repeat)
		merge(&registers->ecx, registers->ecx - burst.count, burst.mask);
	if (to.kind == PAGE_TRACED)
		tell_traced(vcpu, &to, &burst);
	access_finish(vcpu, insn);
	if (repeat && registers->ecx & burst.mask)
		registers->eip -= insn->length; /* the rest comes when interrupts had a moment */
	return true;
}
