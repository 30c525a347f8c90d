/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the processor does for every access: descriptors, limits, rings, pages, the stack. SDM
 * volume 3A 3.4, 4.6, 5.3 to 5.8; volume 2A MOV, IRET.
 */
#include "segments.h"

#include "machine.h"

struct fault fault;

bool fault_raise(unsigned vector, uint32_t error_code)
{
	fault.vector = vector;
	fault.error_code = error_code;
	return false;
}

/* ---- descriptors ---- */

struct loaded descriptor_take(struct descriptor d)
{
	uint32_t type = d.high >> 8 & 15, limit = (d.high & 0xf0000) | (d.low & 0xffff);
	bool system = !(d.high >> 12 & 1), code = !system && type & 8;

	return (struct loaded){
		.present = d.high >> 15 & 1,
		.system = system,
		.code = code,
		.conforming = code && type & 4,
		.readable = !system && (!code || type & 2),
		.writable = !system && !code && type & 2,
		.expand_down = !system && !code && type & 4,
		.big = d.high >> 22 & 1,
		.dpl = d.high >> 13 & 3,
		.base = (d.high & 0xff000000) | (d.high & 0xff) << 16 | d.low >> 16,
		.limit = d.high >> 23 & 1 ? limit << 12 | 0xfff : limit,
	};
}

bool processor_find(uint16_t selector, struct loaded *segment)
{
	bool local = selector & 4;
	uint32_t base = local ? host.ldt_base : host.gdtr.base;
	uint32_t limit = local ? host.ldt_limit : host.gdtr.limit, offset = selector & 0xfff8;
	struct descriptor found;

	*segment = (struct loaded){0};
	if ((local && !host.ldt_base) || offset + 7 > limit)
		return false;
	memcpy(&found, (const void *)(uintptr_t)(HOST_MEMORY + base + offset), sizeof(found));
	*segment = descriptor_take(found);
	return true;
}

bool selector_null(uint16_t selector)
{
	return (selector & 0xfffc) == 0;
}

unsigned cpl(const struct vm *vm)
{
	return vm->vcpu.registers.cs & 3;
}

/* What a load of DS, ES, FS or GS checks (volume 2A, MOV). */
bool check_data(uint16_t selector, unsigned ring)
{
	struct loaded s;
	unsigned rpl = selector & 3;

	if (selector_null(selector))
		return true;
	if (!processor_find(selector, &s) || s.system || !s.readable)
		return fault_raise(VECTOR_GP, selector & 0xfffcu);
	if (!s.conforming && (rpl > s.dpl || ring > s.dpl))
		return fault_raise(VECTOR_GP, selector & 0xfffcu);
	return s.present || fault_raise(VECTOR_NP, selector & 0xfffcu);
}

/* And of SS, in that ring. `bad` is the exception for all but absence. */
bool check_stack(uint16_t selector, unsigned ring, unsigned bad)
{
	struct loaded s;

	if (selector_null(selector))
		return fault_raise(bad, 0);
	if (!processor_find(selector, &s) || (selector & 3u) != ring || !s.writable ||
		s.dpl != ring)
		return fault_raise(bad, selector & 0xfffcu);
	return s.present || fault_raise(VECTOR_SS, selector & 0xfffcu);
}

/* What a far return to that CS checks (volume 2A, IRET), in ring `from`. */
bool check_return(uint16_t selector, unsigned from)
{
	struct loaded s;
	unsigned rpl = selector & 3;

	if (selector_null(selector))
		return fault_raise(VECTOR_GP, 0);
	if (!processor_find(selector, &s) || !s.code || rpl < from ||
		(s.conforming ? s.dpl > rpl : s.dpl != rpl))
		return fault_raise(VECTOR_GP, selector & 0xfffcu);
	return s.present || fault_raise(VECTOR_NP, selector & 0xfffcu);
}

/* ---- memory ---- */

uint32_t processor_page(uint32_t linear)
{
	const uint32_t *directory = machine_pointer(host.cr3);
	uint32_t entry = directory[linear >> 22];

	if (!(entry & PTE_P))
		return 0;
	const uint32_t *table = machine_pointer(maddr(entry & PTE_FRAME));
	entry = table[linear >> 12 & 0x3ff];
	return entry & PTE_P ? entry : 0;
}

uint8_t *byte_at(uint32_t linear)
{
	return (uint8_t *)machine_pointer(maddr(processor_page(linear) & PTE_FRAME)) +
	       linear % PAGE_SIZE;
}

/* Ring 1 is a supervisor, but CR0.WP holds it to read-only pages as well. */
bool check_page(const struct vm *vm, uint32_t linear, bool write)
{
	uint32_t entry = processor_page(linear), user = cpl(vm) == 3 ? PF_US : 0;

	if (entry && (entry & PTE_RW || !write))
		return true;
	host.cr2 = linear;
	return fault_raise(VECTOR_PF, (entry ? PF_P : 0) | (write ? PF_WR : 0) | user);
}

static bool check_linear(const struct vm *vm, uint32_t linear, uint32_t size, bool write)
{
	return check_page(vm, linear, write) &&
	       ((linear ^ (linear + size - 1)) < PAGE_SIZE ||
		       check_page(vm, (linear + size - 1) & ~PAGE_MASK, write));
}

static bool in_limit(const struct loaded *s, uint32_t offset, uint32_t size)
{
	uint64_t last = (uint64_t)offset + size - 1;

	if (s->expand_down)
		return offset > s->limit && last <= (s->big ? 0xffffffffu : 0xffffu);
	return last <= s->limit;
}

/* An access of up to a page through a segment register. */
static bool check_access(const struct vm *vm, enum insn_segment segment, uint32_t offset,
	uint32_t size, bool write, uint32_t *linear)
{
	struct vcpu *vcpu = (struct vcpu *)&vm->vcpu;
	unsigned vector = segment == SEGMENT_SS ? VECTOR_SS : VECTOR_GP;
	uint16_t selector = (uint16_t)*vcpu_segment_register(vcpu, segment);
	struct loaded s;

	if (selector_null(selector) || !processor_find(selector, &s) || !in_limit(&s, offset, size))
		return fault_raise(vector, 0);
	if (write ? !s.writable : !s.readable && segment != SEGMENT_CS)
		return fault_raise(vector, 0);
	*linear = s.base + offset;
	return check_linear(vm, *linear, size, write);
}

bool load(const struct vm *vm, enum insn_segment segment, uint32_t offset, void *to, uint32_t size)
{
	uint32_t linear;

	if (!check_access(vm, segment, offset, size, false, &linear))
		return false;
	for (uint32_t i = 0; i < size; i++)
		((uint8_t *)to)[i] = *byte_at(linear + i);
	return true;
}

bool store(const struct vm *vm, enum insn_segment segment, uint32_t offset, const void *from,
	uint32_t size)
{
	uint32_t linear;

	if (!check_access(vm, segment, offset, size, true, &linear))
		return false;
	for (uint32_t i = 0; i < size; i++)
		*byte_at(linear + i) = ((const uint8_t *)from)[i];
	return true;
}

/* Such a page may be open for one instruction, which writes by itself. */
static bool is_traced(const struct vm *vm, uint32_t linear)
{
	return vm->frames[linear / PAGE_SIZE].raw & FRAME_TRACED;
}

void processor_poke(struct vm *vm, uint32_t linear, const uint8_t *bytes, uint32_t size)
{
	if (!check_linear(vm, linear, size, true) || is_traced(vm, linear) ||
		is_traced(vm, linear + size - 1))
		return;
	for (uint32_t i = 0; i < size; i++)
		*byte_at(linear + i) = bytes[i];
}

/* ---- the stack ---- */

uint32_t stack_mask(const struct vm *vm)
{
	struct loaded s;

	processor_find((uint16_t)vm->vcpu.registers.ss, &s);
	return s.big ? 0xffffffff : 0xffff;
}

void stack_move(struct vm *vm, uint32_t by)
{
	uint32_t mask = stack_mask(vm), *esp = &vm->vcpu.registers.esp;

	*esp = (*esp & ~mask) | ((*esp + by) & mask);
}

/* Doublewords or words from the top of the stack, which stay there. */
bool peek(const struct vm *vm, unsigned first, unsigned size, unsigned count, uint32_t *to)
{
	for (unsigned i = 0; i < count; i++) {
		uint32_t at = (vm->vcpu.registers.esp + (first + i) * size) & stack_mask(vm);
		to[i] = 0;
		if (!load(vm, SEGMENT_SS, at, &to[i], size))
			return false;
	}
	return true;
}

bool push(struct vm *vm, uint32_t value, unsigned size)
{
	uint32_t at = (vm->vcpu.registers.esp - size) & stack_mask(vm);

	if (!store(vm, SEGMENT_SS, at, &value, size))
		return false;
	stack_move(vm, -size);
	return true;
}

/* PUSHA, ENTER: `count` values downwards; ESP moves when all are there. */
bool push_many(struct vm *vm, uint32_t value, unsigned count, unsigned size)
{
	uint32_t esp = vm->vcpu.registers.esp;

	for (unsigned i = 0; i < count; i++)
		if (!push(vm, value, size)) {
			vm->vcpu.registers.esp = esp;
			return false;
		}
	return true;
}
