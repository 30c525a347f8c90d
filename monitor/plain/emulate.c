/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Emulation before lab 2. A lab 1 guest can print (OUT), ask its serial port (IN), load a GDT
 * of its own (LGDT) and a stack segment from it (MOV SS), and halt. Every other privileged
 * instruction is stepped over: it trapped, which is the point of lab 1, and it has no effect.
 */
#include "vm.h"

static enum verdict step_over(struct vcpu *vcpu, const struct insn *insn)
{
	vcpu->registers.eip += insn->length;
	return VERDICT_RESUME;
}

/* IN and OUT, SDM volume 2A: the port is an immediate byte or DX, the data AL, AX or EAX. */
static enum verdict emulate_port(struct vcpu *vcpu, const struct insn *insn, bool out)
{
	struct guest_registers *registers = &vcpu->registers;
	bool immediate = insn->opcode < 0xe8;
	bool byte = !(insn->opcode & 1);
	uint16_t port = (uint16_t)(immediate ? insn->immediate & 0xff : registers->edx);
	unsigned size = byte ? 1 : insn->operand_size;

	if (out) {
		bus_write(vcpu->vm, port, size, registers->eax);
	} else {
		uint32_t value = bus_read(vcpu->vm, port, size);
		uint32_t kept = size == 4 ? 0 : registers->eax >> size * 8 << size * 8;
		registers->eax = kept | value;
	}
	step_over(vcpu, insn);
	return vcpu->vm->state == VM_READY ? VERDICT_RESUME : VERDICT_ENDED;
}

/* LGDT, SDM volume 2A: with a 16-bit operand size the base has 24 bits. */
static enum verdict emulate_lgdt(struct vcpu *vcpu, const struct insn *insn)
{
	uint32_t general[8];
	struct table_register gdtr;
	const char *problem = NULL;
	gla_t operand;

	for (unsigned i = 0; i < 8; i++)
		general[i] = *vcpu_register(vcpu, i);
	if (!vcpu_linear(vcpu, insn_operand_segment(insn), insn_offset(insn, general), sizeof(gdtr),
		    false, &operand) ||
		vcpu_read(vcpu, operand, &gdtr, sizeof(gdtr)) != sizeof(gdtr))
		return VERDICT_GUEST_FAULT;
	if (insn->operand_size == 2)
		gdtr.base &= 0x00ffffff;
	if (!vcpu_load_gdt(vcpu, gdtr, &problem))
		return vm_kill(vcpu, problem);
	return step_over(vcpu, insn);
}

/* MOV SS, r16: the kernel's selector has RPL 0, which the processor refuses in ring 1. */
static enum verdict emulate_mov_ss(struct vcpu *vcpu, const struct insn *insn)
{
	uint16_t selector = selector_deprivilege((uint16_t)*vcpu_register(vcpu, insn->modrm & 7));

	if (!vcpu_selector_loads(vcpu, SEGMENT_SS, selector))
		return VERDICT_GUEST_FAULT;
	vcpu->registers.ss = selector;
	return step_over(vcpu, insn);
}

static bool insn_is_mov_ss(const struct insn *insn)
{
	return insn->map == 0 && insn->opcode == 0x8e && (insn->modrm >> 3 & 7) == SEGMENT_SS &&
	       insn->modrm >> 6 == 3;
}

enum verdict vcpu_emulate(struct vcpu *vcpu, const struct insn *insn)
{
	if (vcpu_ring(vcpu) != 1)
		return VERDICT_GUEST_FAULT; /* no kernel: on the bare machine it traps as well */
	switch (insn->mnemonic) {
	case MNEMONIC_IN:
		return emulate_port(vcpu, insn, false);
	case MNEMONIC_OUT:
		return emulate_port(vcpu, insn, true);
	case MNEMONIC_LGDT:
		return emulate_lgdt(vcpu, insn);
	case MNEMONIC_HLT:
		vm_end(vcpu->vm, "halted");
		return VERDICT_ENDED;
	}
	if (insn->class == INSN_PRIVILEGED)
		return step_over(vcpu, insn);
	return insn_is_mov_ss(insn) ? emulate_mov_ss(vcpu, insn) : VERDICT_GUEST_FAULT;
}
