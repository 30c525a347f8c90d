/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 2, emulate.c: a privileged instruction of the guest's trapped; do to the virtual processor
 * what it would have done to a real one.
 *
 * traps.h is the contract. Intel SDM volume 2: each instruction's own page; volume
 * 3A 2.5, 5.9, 6.8.3; volume 1, chapter 19 (ports).
 *
 * Every function has two parts: what can fail comes first, and changes nothing. The instructions
 * that only move a register are done, as examples. Yours are the others.
 */
#include "vm.h"

/* The instruction has been performed: EIP goes behind it. */
static enum verdict done(struct vcpu *vcpu, const struct insn *insn)
{
	vcpu->registers.eip += insn->length;
	return VERDICT_RESUME;
}

/* Puts the low `size` bytes of a value into a register and leaves the others. */
static void merge(uint32_t *into, uint32_t value, unsigned size)
{
	uint32_t mask = size == 4 ? 0xffffffff : (1u << size * 8) - 1;

	*into = (*into & ~mask) | (value & mask);
}

/* ---- tables ---- */

static enum verdict emulate_table(struct vcpu *vcpu, const struct insn *insn)
{
	struct table_register operand;
	const char *problem;
	enum verdict verdict = vcpu_load(vcpu, insn_operand_segment(insn), vcpu_offset(vcpu, insn),
		&operand, sizeof(operand));

	if (verdict != VERDICT_RESUME)
		return verdict;
	if (insn->operand_size == 2)
		operand.base &= 0x00ffffff;
	if (insn->mnemonic == MNEMONIC_LIDT)
		vcpu_load_idt(vcpu, operand);
	else if (!vcpu_load_gdt(vcpu, operand, &problem))
		return vm_kill(vcpu, problem);
	return done(vcpu, insn);
}

static enum verdict emulate_system_segment(struct vcpu *vcpu, const struct insn *insn)
{
	uint32_t selector;
	enum verdict verdict = vcpu_load_rm(vcpu, insn, 2, &selector);

	if (verdict == VERDICT_RESUME)
		verdict = insn->mnemonic == MNEMONIC_LLDT
				  ? vcpu_load_ldt(vcpu, (uint16_t)selector)
				  : vcpu_load_task(vcpu, (uint16_t)selector);
	return verdict == VERDICT_RESUME ? done(vcpu, insn) : verdict;
}

/* ---- control, debug and model-specific registers ---- */

static enum verdict write_cr(
	struct vcpu *vcpu, const struct insn *insn, unsigned number, uint32_t value)
{
	enum verdict verdict = vcpu_write_cr(vcpu, number, value);

	return verdict == VERDICT_RESUME ? done(vcpu, insn) : verdict;
}

static enum verdict emulate_mov_control(struct vcpu *vcpu, const struct insn *insn)
{
	uint32_t *general = vcpu_register(vcpu, modrm_rm(insn->modrm));
	enum verdict verdict;

	switch (insn->opcode) {
	case 0x20:
		*general = vcpu_read_cr(vcpu, modrm_reg(insn->modrm));
		return done(vcpu, insn);
	case 0x21:
		verdict = vcpu_read_dr(vcpu, modrm_reg(insn->modrm), general);
		break;
	case 0x22:
		return write_cr(vcpu, insn, modrm_reg(insn->modrm), *general);
	default:
		verdict = vcpu_write_dr(vcpu, modrm_reg(insn->modrm), *general);
		break;
	}
	return verdict == VERDICT_RESUME ? done(vcpu, insn) : verdict;
}

static enum verdict emulate_msr(struct vcpu *vcpu, const struct insn *insn, uint32_t number)
{
	struct guest_registers *registers = &vcpu->registers;
	uint64_t value = (uint64_t)registers->edx << 32 | registers->eax;
	bool good = insn->mnemonic == MNEMONIC_WRMSR ? vcpu_write_msr(vcpu, number, value)
						     : vcpu_read_msr(vcpu, number, &value);

	if (!good)
		return vcpu_raise(vcpu, VECTOR_GP, 0);
	registers->eax = (uint32_t)value;
	registers->edx = (uint32_t)(value >> 32);
	return done(vcpu, insn);
}

static enum verdict emulate_invlpg(struct vcpu *vcpu, const struct insn *insn)
{
	struct segment segment = vcpu_segment(
		vcpu, (uint16_t)*vcpu_segment_register(vcpu, insn_operand_segment(insn)));

	vcpu_invalidate(vcpu, gla(segment.base + vcpu_offset(vcpu, insn)));
	return done(vcpu, insn);
}

/* ---- the stack segment ---- */

/* After the next instruction, which loads ESP in every sane program, interrupts may come again. */
static enum verdict load_ss(struct vcpu *vcpu, const struct insn *insn, uint16_t selector)
{
	vcpu->registers.ss = selector_deprivilege(selector);
	vcpu->interrupt_shadow = true;
	return done(vcpu, insn);
}

static enum verdict emulate_lss(struct vcpu *vcpu, const struct insn *insn)
{
	unsigned size = insn->operand_size;
	uint8_t pointer[6];
	enum verdict verdict = vcpu_load(
		vcpu, insn_operand_segment(insn), vcpu_offset(vcpu, insn), pointer, size + 2);
	if (verdict != VERDICT_RESUME)
		return verdict;
	uint16_t selector = (uint16_t)(pointer[size] | pointer[size + 1] << 8);
	uint32_t offset = pointer[0] | (uint32_t)pointer[1] << 8 | (uint32_t)pointer[2] << 16 |
			  (uint32_t)pointer[3] << 24;
	verdict = vcpu_check_selector(vcpu, SEGMENT_SS, selector, vcpu_ring(vcpu));
	if (verdict != VERDICT_RESUME)
		return verdict;
	merge(vcpu_register(vcpu, modrm_reg(insn->modrm)), offset, size);
	return load_ss(vcpu, insn, selector);
}

static enum verdict emulate_mov_ss(struct vcpu *vcpu, const struct insn *insn)
{
	/* YOUR CODE HERE */
	(void)vcpu, (void)insn;
	organ_unwritten(__func__);
}

static enum verdict emulate_pop_ss(struct vcpu *vcpu, const struct insn *insn)
{
	/* YOUR CODE HERE */
	(void)vcpu, (void)insn;
	organ_unwritten(__func__);
}

/* ---- CR0's low bits ---- */

/* LMSW reaches CR0's low four bits, and cannot take PE away. */
static enum verdict emulate_lmsw(struct vcpu *vcpu, const struct insn *insn)
{
	/* YOUR CODE HERE */
	(void)vcpu, (void)insn;
	organ_unwritten(__func__);
}

/* ---- the interrupt flag ---- */

static enum verdict emulate_interrupt_flag(struct vcpu *vcpu, const struct insn *insn, bool set)
{
	/* YOUR CODE HERE */
	(void)vcpu, (void)insn, (void)set;
	organ_unwritten(__func__);
}

/* ---- ports ---- */

static enum verdict emulate_port(struct vcpu *vcpu, const struct insn *insn)
{
	/* YOUR CODE HERE */
	(void)vcpu, (void)insn;
	organ_unwritten(__func__);
}

/* INS and OUTS. Each element is complete before the next begins, so that a REP can stop between any
 * two and go on later. */
static enum verdict emulate_string(struct vcpu *vcpu, const struct insn *insn)
{
	/* YOUR CODE HERE */
	(void)vcpu, (void)insn;
	organ_unwritten(__func__);
}

/* ---- far returns ---- */

static enum verdict emulate_iret(struct vcpu *vcpu, const struct insn *insn)
{
	/* YOUR CODE HERE */
	(void)vcpu, (void)insn;
	organ_unwritten(__func__);
}

static enum verdict emulate_ret_far(struct vcpu *vcpu, const struct insn *insn)
{
	/* YOUR CODE HERE */
	(void)vcpu, (void)insn;
	organ_unwritten(__func__);
}

/* ---- who may do what ---- */

static bool moves_to_ss(const struct insn *insn)
{
	return insn->map == MAP_ONE_BYTE && insn->opcode == 0x8e &&
	       modrm_reg(insn->modrm) == SEGMENT_SS;
}

static bool pops_ss(const struct insn *insn)
{
	return insn->map == MAP_ONE_BYTE && insn->opcode == 0x17;
}

/* What only CPL 0 may do. */
static enum verdict emulate_privileged(struct vcpu *vcpu, const struct insn *insn)
{
	switch (insn->mnemonic) {
	case MNEMONIC_HLT:
		done(vcpu, insn);
		return VERDICT_WAIT;
	case MNEMONIC_LGDT:
	case MNEMONIC_LIDT:
		return emulate_table(vcpu, insn);
	case MNEMONIC_LLDT:
	case MNEMONIC_LTR:
		return emulate_system_segment(vcpu, insn);
	case MNEMONIC_MOV:
		return insn->map == MAP_0F ? emulate_mov_control(vcpu, insn) : VERDICT_GUEST_FAULT;
	case MNEMONIC_CLTS:
		return write_cr(vcpu, insn, 0, vcpu->cr0 & ~CR0_TS);
	case MNEMONIC_LMSW:
		return emulate_lmsw(vcpu, insn);
	case MNEMONIC_INVLPG:
		return emulate_invlpg(vcpu, insn);
	case MNEMONIC_INVD:
	case MNEMONIC_WBINVD:
		return done(vcpu, insn);
	case MNEMONIC_RDMSR:
	case MNEMONIC_WRMSR:
		return emulate_msr(vcpu, insn, vcpu->registers.ecx);
	case MNEMONIC_RDTSC:
		return emulate_msr(vcpu, insn, MSR_TSC);
	case MNEMONIC_RDPMC:
		return emulate_msr(vcpu, insn, MSR_PERFCTR0 + vcpu->registers.ecx);
	default:
		return VERDICT_GUEST_FAULT;
	}
}

enum verdict vcpu_emulate(struct vcpu *vcpu, const struct insn *insn)
{
	/* first what an outer ring may do as well, where IOPL or the permission map let it */
	switch (insn->mnemonic) {
	case MNEMONIC_CLI:
	case MNEMONIC_STI:
		return emulate_interrupt_flag(vcpu, insn, insn->mnemonic == MNEMONIC_STI);
	case MNEMONIC_IN:
	case MNEMONIC_OUT:
		return emulate_port(vcpu, insn);
	case MNEMONIC_INSB:
	case MNEMONIC_INSW:
	case MNEMONIC_INSD:
	case MNEMONIC_OUTSB:
	case MNEMONIC_OUTSW:
	case MNEMONIC_OUTSD:
		return emulate_string(vcpu, insn);
	case MNEMONIC_IRET:
	case MNEMONIC_IRETD:
		return emulate_iret(vcpu, insn);
	case MNEMONIC_RET_FAR:
		return emulate_ret_far(vcpu, insn);
	case MNEMONIC_LSS:
		return emulate_lss(vcpu, insn);
	}
	if (moves_to_ss(insn))
		return emulate_mov_ss(vcpu, insn);
	if (pops_ss(insn))
		return emulate_pop_ss(vcpu, insn);
	return vcpu_cpl(vcpu) == 0 ? emulate_privileged(vcpu, insn) : VERDICT_GUEST_FAULT;
}
