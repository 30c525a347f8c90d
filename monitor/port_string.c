/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * REP INS and OUTS on the data port of a disk, a block at once.
 *
 * A driver without DMA moves each sector by such an instruction. Done element by element, as lab 2
 * does it, that is most of what a guest with a disk costs. So since lab 4 what lies in one page of
 * the guest's memory, to which the processor itself has an entry, and in one block of the device's,
 * is copied. Everything else goes the long way (vcpu_emulate()).
 *
 * Invariant: as there, an instruction that stops in between has moved whole elements, and its
 * registers say how many.
 *
 * Read: Intel SDM volume 2, INS, OUTS, REP.
 */
#include "port_string.h"
#include "vm.h"

/* How much of the instruction lies in one page, and where; 0: this is not for here. */
static uint32_t stretch(
	struct vcpu *vcpu, const struct insn *insn, unsigned size, bool in, uint8_t **memory)
{
	const struct guest_registers *registers = &vcpu->registers;
	enum insn_segment segment = in ? SEGMENT_ES : insn_operand_segment(insn);
	uint32_t offset = in ? registers->edi : registers->esi;
	uint32_t access = (in ? ACCESS_WRITE : 0) | (vcpu_ring(vcpu) == 3 ? ACCESS_USER : 0);
	gla_t at;

	if (!vcpu_linear(vcpu, segment, offset, size, in, &at))
		return 0;
	uint32_t room = (PAGE_SIZE - at.raw % PAGE_SIZE) / size;
	uint32_t bytes = (registers->ecx < room ? registers->ecx : room) * size;
	if (!bytes || !vcpu_linear(vcpu, segment, offset, bytes, in, &at))
		return 0;
	*memory = vcpu_pointer(vcpu, at, bytes, access);
	return *memory ? bytes : 0;
}

bool port_string(struct vcpu *vcpu, const struct insn *insn)
{
	struct guest_registers *registers = &vcpu->registers;
	bool in = insn->opcode < 0x6e;
	unsigned size = insn->opcode & 1 ? insn->operand_size : 1;
	uint16_t port = (uint16_t)registers->edx;
	uint8_t *memory;

	if (!(insn->prefixes & (PREFIX_REP | PREFIX_REPNE)) || insn->address_size != 4 ||
		registers->eflags & (EFLAGS_DF | EFLAGS_TF) || vcpu_cpl(vcpu) > vcpu->virtual_iopl)
		return false;
	uint32_t bytes = stretch(vcpu, insn, size, in, &memory);
	if (bytes)
		bytes = bus_move_block(
			vcpu->vm, port, size, in ? TO_GUEST : FROM_GUEST, memory, bytes);
	if (!bytes)
		return false;
	*(in ? &registers->edi : &registers->esi) += bytes;
	registers->ecx -= bytes / size;
	if (!registers->ecx)
		registers->eip += insn->length;
	return true;
}
