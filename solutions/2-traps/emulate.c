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
	/* BEGIN SOLUTION
	(void)vcpu, (void)insn;
	organ_unwritten(__func__);
	*/
	uint32_t selector;
	enum verdict verdict = vcpu_load_rm(vcpu, insn, 2, &selector);

	if (verdict == VERDICT_RESUME)
		verdict =
			vcpu_check_selector(vcpu, SEGMENT_SS, (uint16_t)selector, vcpu_ring(vcpu));
	return verdict == VERDICT_RESUME ? load_ss(vcpu, insn, (uint16_t)selector) : verdict;
	/* END SOLUTION */
}

static enum verdict emulate_pop_ss(struct vcpu *vcpu, const struct insn *insn)
{
	/* BEGIN SOLUTION
	(void)vcpu, (void)insn;
	organ_unwritten(__func__);
	*/
	uint32_t top = vcpu_stack_pointer(vcpu);
	uint16_t selector = 0;
	enum verdict verdict = vcpu_load(vcpu, SEGMENT_SS, top, &selector, sizeof(selector));

	if (verdict == VERDICT_RESUME)
		verdict = vcpu_check_selector(vcpu, SEGMENT_SS, selector, vcpu_ring(vcpu));
	if (verdict != VERDICT_RESUME)
		return verdict;
	vcpu_set_stack_pointer(vcpu, top + insn->operand_size); /* of the old segment */
	return load_ss(vcpu, insn, selector);
	/* END SOLUTION */
}

/* ---- CR0's low bits ---- */

/* LMSW reaches CR0's low four bits, and cannot take PE away. */
static enum verdict emulate_lmsw(struct vcpu *vcpu, const struct insn *insn)
{
	/* BEGIN SOLUTION
	(void)vcpu, (void)insn;
	organ_unwritten(__func__);
	*/
	uint32_t value, reached = CR0_MP | CR0_EM | CR0_TS;
	enum verdict verdict = vcpu_load_rm(vcpu, insn, 2, &value);

	if (verdict != VERDICT_RESUME)
		return verdict;
	return write_cr(vcpu, insn, 0, (vcpu->cr0 & ~reached) | (value & (reached | CR0_PE)));
	/* END SOLUTION */
}

/* ---- the interrupt flag ---- */

static enum verdict emulate_interrupt_flag(struct vcpu *vcpu, const struct insn *insn, bool set)
{
	/* BEGIN SOLUTION
	(void)vcpu, (void)insn, (void)set;
	organ_unwritten(__func__);
	*/
	if (vcpu_cpl(vcpu) > vcpu->virtual_iopl)
		return vcpu_raise(vcpu, VECTOR_GP, 0);
	vcpu->interrupt_shadow = set && !vcpu->virtual_if;
	vcpu->virtual_if = set;
	return done(vcpu, insn);
	/* END SOLUTION */
}

/* ---- ports ---- */

static enum verdict emulate_port(struct vcpu *vcpu, const struct insn *insn)
{
	/* BEGIN SOLUTION
	(void)vcpu, (void)insn;
	organ_unwritten(__func__);
	*/
	struct guest_registers *registers = &vcpu->registers;
	bool immediate = insn->opcode < 0xe8;
	uint16_t port = (uint16_t)(immediate ? insn->immediate & 0xff : registers->edx);
	unsigned size = insn->opcode & 1 ? insn->operand_size : 1;
	enum verdict verdict = vcpu_port_check(vcpu, port, size);

	if (verdict != VERDICT_RESUME)
		return verdict;
	if (insn->mnemonic == MNEMONIC_IN)
		merge(&registers->eax, bus_read(vcpu->vm, port, size), size);
	else
		bus_write(vcpu->vm, port, size, registers->eax);
	return done(vcpu, insn);
	/* END SOLUTION */
}

/* BEGIN SOLUTION
 */
/* One element of INS: the port is read when nothing can go wrong any more. */
static enum verdict port_to_memory(struct vcpu *vcpu, uint16_t port, uint32_t offset, unsigned size)
{
	gla_t to;
	enum verdict verdict = vcpu_check_store(vcpu, SEGMENT_ES, offset, size, &to);

	if (verdict == VERDICT_RESUME) {
		uint32_t value = bus_read(vcpu->vm, port, size);
		vcpu_write(vcpu, to, &value, size);
	}
	return verdict;
}

static enum verdict memory_to_port(
	struct vcpu *vcpu, enum insn_segment segment, uint32_t offset, uint16_t port, unsigned size)
{
	uint32_t value = 0;
	enum verdict verdict = vcpu_load(vcpu, segment, offset, &value, size);

	if (verdict == VERDICT_RESUME)
		bus_write(vcpu->vm, port, size, value);
	return verdict;
}

/* END SOLUTION */

/* INS and OUTS. Each element is complete before the next begins, so that a REP can stop between any
 * two and go on later. */
static enum verdict emulate_string(struct vcpu *vcpu, const struct insn *insn)
{
	/* BEGIN SOLUTION
	(void)vcpu, (void)insn;
	organ_unwritten(__func__);
	*/
	struct guest_registers *registers = &vcpu->registers;
	bool in = insn->opcode < 0x6e;
	bool repeat = insn->prefixes & (PREFIX_REP | PREFIX_REPNE);
	bool single_step = registers->eflags & EFLAGS_TF;
	unsigned size = insn->opcode & 1 ? insn->operand_size : 1;
	uint32_t mask = insn->address_size == 4 ? 0xffffffff : 0xffff;
	uint32_t *index = in ? &registers->edi : &registers->esi;
	uint16_t port = (uint16_t)registers->edx;
	enum verdict verdict = vcpu_port_check(vcpu, port, size);

	for (unsigned left = repeat && !single_step ? PORT_BURST : 1; left; left--) {
		if (verdict != VERDICT_RESUME)
			return verdict;
		if (repeat && !(registers->ecx & mask))
			return done(vcpu, insn);
		verdict = in ? port_to_memory(vcpu, port, *index & mask, size)
			     : memory_to_port(
				       vcpu, insn_operand_segment(insn), *index & mask, port, size);
		if (verdict != VERDICT_RESUME)
			return verdict;
		uint32_t next = registers->eflags & EFLAGS_DF ? *index - size : *index + size;
		merge(index, next, insn->address_size);
		if (repeat)
			merge(&registers->ecx, registers->ecx - 1, insn->address_size);
	}
	return repeat && registers->ecx & mask ? VERDICT_RESUME : done(vcpu, insn);
	/* END SOLUTION */
}

/* ---- far returns ---- */

/* BEGIN SOLUTION
 */
/* Where a far return leads: all that has been checked before anything changes. */
struct far_return {
	uint32_t eip, eflags, esp;
	uint16_t cs, ss;
	unsigned ring; /* the real one */
};

/* `count` values of `size` bytes from the stack, the lowest first. */
static enum verdict stack_peek(
	struct vcpu *vcpu, uint32_t offset, unsigned size, unsigned count, uint32_t value[])
{
	uint16_t half[5];
	enum verdict verdict =
		vcpu_load(vcpu, SEGMENT_SS, offset, size == 2 ? (void *)half : value, size * count);

	for (unsigned i = 0; size == 2 && i < count; i++)
		value[i] = half[i];
	return verdict;
}

/* The checks that IRET and RET far have in common. `popped` is what lies on the stack before ESP
 * and SS of an outer ring, in bytes. */
static enum verdict far_return_check(
	struct vcpu *vcpu, const struct insn *insn, uint32_t popped, struct far_return *to)
{
	uint32_t outer[2], top = vcpu_stack_pointer(vcpu);

	to->ring = selector_deprivilege(to->cs) & SELECTOR_RPL;
	if (to->ring < vcpu_ring(vcpu))
		return vcpu_raise(vcpu, VECTOR_GP, error_of_selector(to->cs));
	enum verdict verdict = vcpu_check_selector(vcpu, SEGMENT_CS, to->cs, to->ring);
	if (verdict != VERDICT_RESUME)
		return verdict;
	to->esp = top + popped;
	to->ss = (uint16_t)vcpu->registers.ss;
	if (to->ring > vcpu_ring(vcpu)) {
		verdict = stack_peek(vcpu, to->esp, insn->operand_size, 2, outer);
		if (verdict != VERDICT_RESUME)
			return verdict;
		to->esp = outer[0];
		to->ss = (uint16_t)outer[1];
		verdict = vcpu_check_selector(vcpu, SEGMENT_SS, to->ss, to->ring);
		if (verdict != VERDICT_RESUME)
			return verdict;
	}
	if (to->eip > vcpu_look_up(vcpu, to->cs)->limit)
		return vcpu_raise(vcpu, VECTOR_GP, 0);
	return VERDICT_RESUME;
}

/* Cannot fail. The way into the guest takes away data segments that an outer ring may not hold: the
 * processor's own IRET does that. */
static void far_return_perform(struct vcpu *vcpu, const struct far_return *to)
{
	vcpu->registers.cs = selector_deprivilege(to->cs);
	vcpu->registers.ss = selector_deprivilege(to->ss);
	vcpu->registers.eip = to->eip;
	vcpu_set_stack_pointer(vcpu, to->esp);
}

/* Which bits of the flags IRET changes depends on who executes it (SDM volume 2A, IRET). */
static uint32_t returned_flags(const struct vcpu *vcpu, uint32_t popped, unsigned size)
{
	uint32_t old = vcpu_flags(vcpu), kept = 0;

	if (vcpu_cpl(vcpu) > 0)
		kept |= EFLAGS_IOPL;
	if (vcpu_cpl(vcpu) > vcpu->virtual_iopl)
		kept |= EFLAGS_IF;
	if (size == 2)
		kept |= 0xffff0000;
	return (old & kept) | (popped & ~kept);
}

/* END SOLUTION */

static enum verdict emulate_iret(struct vcpu *vcpu, const struct insn *insn)
{
	/* BEGIN SOLUTION
	(void)vcpu, (void)insn;
	organ_unwritten(__func__);
	*/
	unsigned size = insn->operand_size;
	struct far_return to;
	uint32_t value[3];

	if (vcpu->registers.eflags & EFLAGS_NT)
		return vm_kill(vcpu,
			"it returned from a task (IRET with NT set), and this monitor has no task switches");
	enum verdict verdict = stack_peek(vcpu, vcpu_stack_pointer(vcpu), size, 3, value);
	if (verdict != VERDICT_RESUME)
		return verdict;
	if (size == 4 && value[2] & EFLAGS_VM && vcpu_cpl(vcpu) == 0)
		return vm_kill(vcpu,
			"it entered virtual-8086 mode (IRET with VM set), which this monitor does not have");
	to.eip = value[0];
	to.cs = (uint16_t)value[1];
	to.eflags = returned_flags(vcpu, value[2], size);
	verdict = far_return_check(vcpu, insn, 3 * size, &to);
	if (verdict != VERDICT_RESUME)
		return verdict;
	vcpu_set_flags(vcpu, to.eflags);
	far_return_perform(vcpu, &to);
	return VERDICT_RESUME;
	/* END SOLUTION */
}

static enum verdict emulate_ret_far(struct vcpu *vcpu, const struct insn *insn)
{
	/* BEGIN SOLUTION
	(void)vcpu, (void)insn;
	organ_unwritten(__func__);
	*/
	unsigned size = insn->operand_size;
	uint32_t value[2], parameters = insn->immediate & 0xffff;
	struct far_return to;
	enum verdict verdict = stack_peek(vcpu, vcpu_stack_pointer(vcpu), size, 2, value);

	if (verdict != VERDICT_RESUME)
		return verdict;
	to.eip = value[0];
	to.cs = (uint16_t)value[1];
	verdict = far_return_check(vcpu, insn, 2 * size + parameters, &to);
	if (verdict != VERDICT_RESUME)
		return verdict;
	if (to.ring > vcpu_ring(vcpu))
		to.esp += parameters;
	far_return_perform(vcpu, &to);
	return VERDICT_RESUME;
	/* END SOLUTION */
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
