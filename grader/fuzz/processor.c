/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The processor: processor.h says what it is. SDM volume 3A 5.8, 6.12; volume 2A IRET, INT n,
 * RET, MOV, POP.
 */
#include "processor.h"

#include <stdio.h>

#include "segments.h"

#define RETRIES 8 /* exits that one instruction may take before it is done */

bool processor_trace;

/* ---- entries and exits ---- */

static void enter(struct vm *vm)
{
	struct guest_registers *r = &vm->vcpu.registers;
	uint32_t *const data[] = {&r->ds, &r->es, &r->fs, &r->gs};
	struct loaded code, s;

	if (!check_return((uint16_t)r->cs, 1))
		host_finding("IRET to CS %04x faults in the monitor: %u (%x)", r->cs, fault.vector,
			fault.error_code);
	if (!check_stack((uint16_t)r->ss, cpl(vm), VECTOR_GP))
		host_finding("IRET to SS %04x, CS %04x faults in the monitor: %u (%x)", r->ss,
			r->cs, fault.vector, fault.error_code);
	processor_find((uint16_t)r->cs, &code);
	if (r->eip > code.limit)
		host_finding("IRET to EIP %08x faults in the monitor: the limit is %08x", r->eip,
			code.limit);
	for (unsigned i = 0; i < ARRAY_LENGTH(data); i++) {
		if (!check_data((uint16_t)*data[i], 0))
			host_finding("POP of segment register %u, %04x, faults in the monitor", i,
				*data[i]);
		/* IRET takes away what the outer ring may not hold */
		if (!selector_null((uint16_t)*data[i]) && processor_find((uint16_t)*data[i], &s) &&
			!s.conforming && s.dpl < cpl(vm))
			*data[i] = 0;
	}
	invariants_check(vm);
}

bool processor_ended(const struct vm *vm)
{
	return vm->state != VM_READY;
}

void processor_start(struct vm *vm)
{
	enter(vm);
}

void processor_trap(struct vm *vm, unsigned vector, uint32_t error_code)
{
	struct guest_registers *r = &vm->vcpu.registers;

	if (processor_ended(vm))
		return;
	if (processor_trace)
		fprintf(stderr, "exit %u (%x) at %04x:%08x\n", vector, error_code, r->cs, r->eip);
	r->vector = vector;
	r->error_code = error_code;
	if (vector < VECTOR_IRQ && vector != VECTOR_DB)
		r->eflags |= EFLAGS_RF; /* 17.3.1.1 */
	if (setjmp(host.off) == 0) {
		if (vm_exit(&vm->vcpu) != &vm->vcpu)
			host_finding("vm_exit() returned another guest's processor");
		if (processor_ended(vm))
			host_finding("vm_exit() returned a guest that has ended");
		enter(vm);
	} else if (!processor_ended(vm)) {
		host_finding("the machine was switched off, and the guest has not ended");
	}
}

/* ---- transfers ---- */

#define EFLAGS_POPPED (EFLAGS_STATUS | EFLAGS_TF | EFLAGS_DF | EFLAGS_NT | EFLAGS_AC | EFLAGS_ID)

/* POPF and IRET outside ring 0, with IOPL 0: IF, IOPL and VM stay. */
static void set_flags(struct vm *vm, uint32_t value, unsigned size, uint32_t also)
{
	uint32_t changed = (EFLAGS_POPPED | also) & (size == 2 ? 0xffff : 0xffffffff);
	uint32_t *eflags = &vm->vcpu.registers.eflags;

	*eflags = (*eflags & ~changed) | (value & changed);
}

/* IRET (`count` 3) and RET far (2): the frame on the stack, and to an outer ring ESP and SS. */
static bool far_return(struct vm *vm, unsigned size, unsigned count, uint32_t parameters)
{
	struct guest_registers *r = &vm->vcpu.registers;
	uint32_t *const data[] = {&r->ds, &r->es, &r->fs, &r->gs};
	uint32_t frame[5];
	struct loaded code, s;

	if (count == 3 && r->eflags & EFLAGS_NT)
		return fault_raise(VECTOR_TS, 0); /* the monitor's TSS has no back link */
	if (!peek(vm, 0, size, count, frame) || !check_return((uint16_t)frame[1], cpl(vm)))
		return false;
	bool outer = (frame[1] & 3) > cpl(vm);
	processor_find((uint16_t)frame[1], &code);
	if (outer) {
		if (!peek(vm, count + parameters / size, size, 2, frame + 3) ||
			!check_stack((uint16_t)frame[4], frame[1] & 3, VECTOR_GP))
			return false;
	}
	if (frame[0] > code.limit)
		return fault_raise(VECTOR_GP, 0);
	if (count == 3)
		set_flags(vm, frame[2], size, EFLAGS_RF);
	r->cs = frame[1] & 0xffff;
	r->eip = frame[0];
	if (!outer) {
		stack_move(vm, count * size + parameters);
		return true;
	}
	r->ss = frame[4] & 0xffff;
	uint32_t mask = stack_mask(vm);
	r->esp = (r->esp & ~mask) | ((frame[3] + parameters) & mask);
	for (unsigned i = 0; i < ARRAY_LENGTH(data); i++)
		if (!selector_null((uint16_t)*data[i]) && processor_find((uint16_t)*data[i], &s) &&
			!s.conforming && s.dpl < cpl(vm))
			*data[i] = 0;
	return true;
}

/* A software interrupt through the IDT that is in use (6.12). */
static bool interrupt(struct vm *vm, unsigned vector, uint32_t return_eip)
{
	struct guest_registers *r = &vm->vcpu.registers, old = *r;
	struct descriptor gate;
	struct loaded code;

	gate = host.idtr.base == monitor_idtr.base ? monitor_idt[vector] : vm->vcpu.idt[vector];
	unsigned type = gate.high >> 8 & 0x1f;
	uint16_t selector = (uint16_t)(gate.low >> 16);
	if ((gate.high >> 13 & 3) < cpl(vm))
		return fault_raise(VECTOR_GP, vector * 8 + 2);
	if (type != TYPE_TRAP_GATE || !(gate.high & 0x8000))
		host_finding("INT %x passes the gate %08x %08x", vector, gate.high, gate.low);
	if (!processor_find(selector, &code) || !code.code || code.dpl > cpl(vm) || !code.present)
		return fault_raise(VECTOR_GP, selector & 0xfffcu);
	if (!code.conforming && code.dpl < cpl(vm)) {
		if (code.dpl != 1)
			host_finding("INT %x leads to ring %u", vector, code.dpl);
		if (!check_stack(host.ss1, 1, VECTOR_TS))
			return false;
		r->cs = (selector & 0xfffcu) | 1;
		r->ss = host.ss1;
		r->esp = host.esp1;
		if (!push(vm, old.ss, 4) || !push(vm, old.esp, 4))
			goto undo;
	}
	if (!push(vm, old.eflags, 4) || !push(vm, old.cs, 4) || !push(vm, return_eip, 4))
		goto undo;
	uint32_t offset = (gate.high & 0xffff0000) | (gate.low & 0xffff);
	if (offset > code.limit) {
		fault_raise(VECTOR_GP, 0);
		goto undo;
	}
	r->cs = (selector & 0xfffcu) | cpl(vm);
	r->eip = offset;
	r->eflags &= ~(EFLAGS_TF | EFLAGS_NT | EFLAGS_RF);
	return true;
undo:
	*r = old;
	return false;
}

/* A far jump in the same ring: to nonconforming code of that ring, or to conforming code. */
static bool far_jump(struct vm *vm, uint16_t selector, uint32_t eip)
{
	struct loaded s;

	if (selector_null(selector))
		return fault_raise(VECTOR_GP, 0);
	if (!processor_find(selector, &s) || !s.code ||
		(s.conforming ? s.dpl > cpl(vm) : (selector & 3) > cpl(vm) || s.dpl != cpl(vm)))
		return fault_raise(VECTOR_GP, selector & 0xfffcu);
	if (!s.present)
		return fault_raise(VECTOR_NP, selector & 0xfffcu);
	if (eip > s.limit)
		return fault_raise(VECTOR_GP, 0);
	vm->vcpu.registers.cs = (selector & 0xfffcu) | cpl(vm);
	vm->vcpu.registers.eip = eip;
	return true;
}

static bool load_segment(struct vm *vm, enum insn_segment segment, uint16_t selector)
{
	if (segment == SEGMENT_SS ? !check_stack(selector, cpl(vm), VECTOR_GP)
				  : !check_data(selector, cpl(vm)))
		return false;
	*vcpu_segment_register(&vm->vcpu, segment) = selector;
	return true;
}

void processor_load_segment(struct vm *vm, enum insn_segment segment, uint16_t selector)
{
	if (segment != SEGMENT_CS && segment != SEGMENT_SS)
		load_segment(vm, segment, selector);
}

void processor_jump(struct vm *vm, uint32_t eip)
{
	struct loaded s;

	processor_find((uint16_t)vm->vcpu.registers.cs, &s);
	if (eip <= s.limit)
		vm->vcpu.registers.eip = eip;
}

/* ---- instructions ---- */

/* A write of `size` bytes: what is written matters less than that it is. */
static bool write_operand(struct vm *vm, const struct insn *insn, const struct insn_operand *to)
{
	uint32_t general[8], offset;
	uint8_t bytes[512] = {0};
	uint32_t size = insn->mnemonic == MNEMONIC_FXSAVE ? sizeof(bytes) : to->size;

	for (unsigned i = 0; i < 8; i++)
		general[i] = *vcpu_register(&vm->vcpu, i);
	offset = to->kind == OPERAND_STRING_DESTINATION ? vm->vcpu.registers.edi
							: insn_offset(insn, general);
	uint32_t value = insn->immediate_size                      ? insn->immediate
			 : insn->has_modrm && insn->opcode >= 0x88 ? general[modrm_reg(insn->modrm)]
								   : general[0];
	for (uint32_t i = 0; i < size && i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(value >> i % 4 * 8);
	return size == 0 || size > sizeof(bytes) || store(vm, to->segment, offset, bytes, size);
}

static bool is_write(const struct insn *insn, const struct insn_operand *to)
{
	bool memory = to->kind == OPERAND_MEMORY || to->kind == OPERAND_MEMORY_OFFSET ||
		      to->kind == OPERAND_STRING_DESTINATION;

	switch (insn->mnemonic) {
	case MNEMONIC_MOV:
	case MNEMONIC_ADD:
	case MNEMONIC_OR:
	case MNEMONIC_XCHG:
	case MNEMONIC_STOSB:
	case MNEMONIC_STOSW:
	case MNEMONIC_STOSD:
	case MNEMONIC_FXSAVE:
	case MNEMONIC_MOVAPS:
	case MNEMONIC_MOVUPS:
		return memory;
	default:
		return false;
	}
}

/* MOV and POP into a segment register, from a register or the stack. */
static bool segment_instruction(struct vm *vm, const struct insn *insn, bool *known)
{
	static const uint8_t pop[][2] = {
		{0x07, SEGMENT_ES}, {0x17, SEGMENT_SS}, {0x1f, SEGMENT_DS}};
	uint32_t value;

	*known = true;
	if (insn->map == MAP_ONE_BYTE && insn->opcode == 0x8e) {
		uint32_t general[8];
		for (unsigned i = 0; i < 8; i++)
			general[i] = *vcpu_register(&vm->vcpu, i);
		value = general[modrm_rm(insn->modrm)];
		if (insn->has_memory) {
			value = 0;
			if (!load(vm, insn_operand_segment(insn), insn_offset(insn, general),
				    &value, 2))
				return false;
		}
		return load_segment(vm, modrm_reg(insn->modrm), (uint16_t)value);
	}
	for (unsigned i = 0; i < ARRAY_LENGTH(pop); i++)
		if (insn->map == MAP_ONE_BYTE && insn->opcode == pop[i][0]) {
			uint32_t esp = vm->vcpu.registers.esp;
			if (!peek(vm, 0, insn->operand_size, 1, &value))
				return false;
			stack_move(vm, insn->operand_size);
			if (load_segment(vm, pop[i][1], (uint16_t)value))
				return true;
			vm->vcpu.registers.esp = esp;
			return false;
		}
	*known = false;
	return true;
}

/* Everything after which EIP is simply the next instruction's. */
static bool perform(struct vm *vm, const struct insn *insn)
{
	struct insn_operand operand[INSN_OPERANDS_MAX];
	struct guest_registers *r = &vm->vcpu.registers;
	uint32_t value;
	bool known;

	if (!segment_instruction(vm, insn, &known) || known)
		return known;
	switch (insn->mnemonic) {
	case MNEMONIC_PUSH:
		return push(vm, r->eax, insn->operand_size);
	case MNEMONIC_PUSHF:
	case MNEMONIC_PUSHFD:
		return push(vm, r->eflags & ~(EFLAGS_RF | EFLAGS_VM), insn->operand_size);
	case MNEMONIC_POPF:
	case MNEMONIC_POPFD:
		if (!peek(vm, 0, insn->operand_size, 1, &value))
			return false;
		stack_move(vm, insn->operand_size);
		set_flags(vm, value, insn->operand_size, 0);
		return true;
	case MNEMONIC_PUSHA:
	case MNEMONIC_PUSHAD:
		return push_many(vm, r->eax, 8, insn->operand_size);
	case MNEMONIC_ENTER:
		return push_many(vm, r->ebp, 1 + insn->immediate2 % 32, insn->operand_size);
	}
	if (insn_operands(insn, operand) && is_write(insn, &operand[0]))
		return write_operand(vm, insn, &operand[0]);
	return true;
}

static bool instruction(struct vm *vm, const struct insn *insn)
{
	struct guest_registers *r = &vm->vcpu.registers;
	uint32_t next = r->eip + insn->length;
	unsigned size = insn->operand_size;

	if (insn->class == INSN_PRIVILEGED &&
		(insn->mnemonic != MNEMONIC_RDTSC || host.cr4 & CR4_TSD))
		return fault_raise(VECTOR_GP, 0);
	switch (insn->mnemonic) {
	case MNEMONIC_IRET:
	case MNEMONIC_IRETD:
		return far_return(vm, size, 3, 0);
	case MNEMONIC_RET_FAR:
		return far_return(vm, size, 2, insn->immediate & 0xffff & ~(size - 1));
	case MNEMONIC_INT:
		return interrupt(vm, insn->immediate & 0xff, next);
	case MNEMONIC_INT3:
		return interrupt(vm, VECTOR_BP, next);
	case MNEMONIC_INTO:
		if (r->eflags & EFLAGS_OF)
			return interrupt(vm, VECTOR_OF, next);
		break;
	case MNEMONIC_JMP_FAR:
		if (!insn->has_modrm)
			return far_jump(vm, insn->immediate2, insn->immediate);
		break;
	}
	if (!perform(vm, insn))
		return false;
	r->eip = next;
	return true;
}

/* The bytes at CS:EIP, decoded; false with a fault where there is no instruction. */
static bool fetch(struct vm *vm, struct insn *insn)
{
	uint8_t bytes[INSN_MAX_LENGTH];
	struct loaded code;
	uint32_t eip = vm->vcpu.registers.eip, count = 0;
	bool limit = false;

	processor_find((uint16_t)vm->vcpu.registers.cs, &code);
	while (count < sizeof(bytes)) {
		limit = (uint64_t)eip + count > code.limit;
		if (limit || !processor_page(code.base + eip + count))
			break;
		bytes[count] = *byte_at(code.base + eip + count);
		count++;
	}
	switch (insn_decode(insn, bytes, count, code.big ? 32 : 16)) {
	case DECODE_OK:
		return true;
	case DECODE_INVALID:
		return fault_raise(VECTOR_UD, 0);
	case DECODE_TOO_LONG:
		return fault_raise(VECTOR_GP, 0);
	default:
		return limit ? fault_raise(VECTOR_GP, 0)
			     : check_page(vm, code.base + eip + count, false);
	}
}

static bool loads_ss(const struct insn *insn)
{
	return insn->map == MAP_ONE_BYTE &&
	       (insn->opcode == 0x17 ||
		       (insn->opcode == 0x8e && modrm_reg(insn->modrm) == SEGMENT_SS));
}

static void trace_instruction(const struct vm *vm, const struct insn *insn)
{
	const struct guest_registers *r = &vm->vcpu.registers;
	char text[INSN_TEXT_SIZE];

	insn_format(insn, r->eip, text, sizeof(text));
	fprintf(stderr, "%04x:%08x %s\n", r->cs, r->eip, text);
}

void processor_execute(struct vm *vm)
{
	struct guest_registers *r = &vm->vcpu.registers;

	for (unsigned tries = 0; tries < RETRIES; tries++) {
		struct insn insn;
		uint32_t eip = r->eip, eflags = r->eflags,
			 traced = vm->vcpu.exits.count[EXIT_TRACED_WRITE];

		if (processor_ended(vm))
			return;
		bool fetched = fetch(vm, &insn);
		if (processor_trace && fetched)
			trace_instruction(vm, &insn);
		if (fetched && instruction(vm, &insn)) {
			r->eflags &= ~EFLAGS_RF;
			if (eflags & EFLAGS_TF && insn.mnemonic != MNEMONIC_INT &&
				insn.mnemonic != MNEMONIC_INT3 && !loads_ss(&insn)) {
				host.dr6 |= DR6_BS;
				processor_trap(vm, VECTOR_DB, 0);
			}
			return;
		}
		processor_trap(vm, fault.vector, fault.error_code);
		if (traced == vm->vcpu.exits.count[EXIT_TRACED_WRITE] || r->eip != eip)
			return; /* not a write that is to be done again */
	}
	host_finding("the instruction at %08x writes to traced pages, and is never done", r->eip);
}
