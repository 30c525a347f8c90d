/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sensitive instructions, performed on the virtual processor: sensitive.h is the contract.
 *
 * They show or change what the guest's kernel believes: its tables, its flags, its segments. So
 * each works on that, and where it asks for a privilege the answer is that of CPL 0. Descriptors
 * that an instruction examines are the guest's own, as they lie in its memory, and not the
 * processor's copy.
 *
 * Invariant: decode, then perform. All that can fail comes first and changes nothing.
 *
 * Read: Intel SDM volume 2, each instruction's own page; volume 3A 5.5 to 5.10.
 */
#include "sensitive.h"
#include "memory.h"
#include "strings.h"
#include "vm.h"

/* The instruction has been performed: EIP goes behind it. */
static enum verdict done(struct vcpu *vcpu, const struct insn *insn)
{
	vcpu->registers.eip += insn->length;
	return VERDICT_RESUME;
}

static uint32_t mask_of(unsigned size)
{
	return size == 2 ? 0xffff : 0xffffffff;
}

/* Puts the low `size` bytes of a value into a register and leaves the others. */
static void merge(uint32_t *into, uint32_t value, unsigned size)
{
	*into = (*into & ~mask_of(size)) | (value & mask_of(size));
}

/* ---- registers that are shown ---- */

/* SGDT, SIDT: limit and all 32 bits of the base, whatever the operand size. */
static enum verdict store_table(
	struct vcpu *vcpu, const struct insn *insn, struct table_register table)
{
	enum verdict verdict = vcpu_store(
		vcpu, insn_operand_segment(insn), vcpu_offset(vcpu, insn), &table, sizeof(table));

	return verdict == VERDICT_RESUME ? done(vcpu, insn) : verdict;
}

/* To a register as many bytes as the operand size says, to memory always two. */
static enum verdict store_rm(struct vcpu *vcpu, const struct insn *insn, uint32_t value)
{
	enum verdict verdict = VERDICT_RESUME;

	if (insn->has_memory)
		verdict = vcpu_store(
			vcpu, insn_operand_segment(insn), vcpu_offset(vcpu, insn), &value, 2);
	else
		merge(vcpu_register(vcpu, modrm_rm(insn->modrm)), value, insn->operand_size);
	return verdict == VERDICT_RESUME ? done(vcpu, insn) : verdict;
}

/* The selector that the guest believes to be in a segment register. Only CS and SS ever have an RPL
 * that it did not ask for. */
static uint16_t shown_selector(struct vcpu *vcpu, enum insn_segment segment)
{
	uint16_t selector = (uint16_t)*vcpu_segment_register(vcpu, segment);

	return segment == SEGMENT_CS || segment == SEGMENT_SS ? selector_believed(selector)
							      : selector;
}

/* ---- the stack ---- */

/* Moves `top` down by a slot of the stack, and checks that `size` bytes may be written there. */
static enum verdict check_push(
	struct vcpu *vcpu, uint32_t *top, unsigned slot, unsigned size, gla_t *linear)
{
	bool big = vcpu_look_up(vcpu, (uint16_t)vcpu->registers.ss)->default_big;

	*top = (*top - slot) & mask_of(big ? 4 : 2);
	return vcpu_check_store(vcpu, SEGMENT_SS, *top, size, linear);
}

/* A slot has the operand size; `size` bytes of it are written. */
static enum verdict push(struct vcpu *vcpu, const struct insn *insn, uint32_t value, unsigned size)
{
	uint32_t top = vcpu_stack_pointer(vcpu);
	gla_t linear;
	enum verdict verdict = check_push(vcpu, &top, insn->operand_size, size, &linear);

	if (verdict != VERDICT_RESUME)
		return verdict;
	vcpu_write(vcpu, linear, &value, size);
	vcpu_set_stack_pointer(vcpu, top);
	return done(vcpu, insn);
}

/* CPL 0 may change every flag but VM; RF becomes 0. There is no shadow as behind STI. */
static enum verdict emulate_popf(struct vcpu *vcpu, const struct insn *insn)
{
	uint32_t top = vcpu_stack_pointer(vcpu), mask = mask_of(insn->operand_size), popped = 0;
	enum verdict verdict = vcpu_load(vcpu, SEGMENT_SS, top, &popped, insn->operand_size);

	if (verdict != VERDICT_RESUME)
		return verdict;
	vcpu_set_stack_pointer(vcpu, top + insn->operand_size);
	vcpu_set_flags(vcpu, ((vcpu_flags(vcpu) & ~mask) | popped) & ~EFLAGS_RF);
	return done(vcpu, insn);
}

/* ---- descriptors that are examined ---- */

#define TYPE_SET(type) (1u << (type))
#define TYPES_TSS                                                                                  \
	(TYPE_SET(TYPE_TSS16) | TYPE_SET(TYPE_TSS16 | TYPE_TSS_BUSY) | TYPE_SET(TYPE_TSS32) |      \
		TYPE_SET(TYPE_TSS32_BUSY))
#define TYPES_TASK (TYPE_SET(TYPE_TSS16) | TYPE_SET(TYPE_TSS32)) /* that a far JMP may go to */
#define TYPES_GATE                                                                                 \
	(TYPE_SET(TYPE_CALL_GATE16) | TYPE_SET(TYPE_CALL_GATE32) | TYPE_SET(TYPE_TASK_GATE))
#define TYPES_LSL (TYPES_TSS | TYPE_SET(TYPE_LDT)) /* what has a limit */
#define TYPES_LAR (TYPES_LSL | TYPES_GATE)

#define LAR_SHOWS 0x00ffff00u /* of the high doubleword */

static bool is_conforming(const struct segment *segment)
{
	return segment->code_or_data && segment->type & TYPE_CODE &&
	       segment->type & TYPE_CONFORMING;
}

/* True where the instruction finds the descriptor good; *answer is what LAR or LSL loads then. */
static bool examine(unsigned mnemonic, struct descriptor raw, unsigned rpl, uint32_t *answer)
{
	struct segment segment = descriptor_unpack(raw);
	bool code = segment.type & TYPE_CODE;

	if (!is_conforming(&segment) && segment.dpl < rpl)
		return false;
	switch (mnemonic) {
	case MNEMONIC_LAR:
		*answer = raw.high & LAR_SHOWS;
		return segment.code_or_data || TYPES_LAR >> segment.type & 1;
	case MNEMONIC_LSL:
		*answer = segment.limit;
		return segment.code_or_data || TYPES_LSL >> segment.type & 1;
	case MNEMONIC_VERR:
		return segment.code_or_data && (!code || segment.type & TYPE_READABLE);
	default: /* VERW */
		return segment.code_or_data && !code && segment.type & TYPE_WRITABLE;
	}
}

/* LAR, LSL, VERR, VERW. The accessed bit is as the guest wrote it: the processor sets it in the
 * copy alone. */
static enum verdict emulate_examine(struct vcpu *vcpu, const struct insn *insn)
{
	bool loads = insn->mnemonic == MNEMONIC_LAR || insn->mnemonic == MNEMONIC_LSL;
	uint32_t selector, answer = 0;
	struct descriptor raw;
	gla_t at;
	enum verdict verdict = vcpu_load_rm(vcpu, insn, 2, &selector);

	if (verdict != VERDICT_RESUME)
		return verdict;
	vcpu->registers.eflags &= ~EFLAGS_ZF;
	if (vcpu_guest_descriptor(vcpu, (uint16_t)selector, &at, &raw) &&
		examine(insn->mnemonic, raw, selector & SELECTOR_RPL, &answer)) {
		vcpu->registers.eflags |= EFLAGS_ZF;
		if (loads)
			merge(vcpu_register(vcpu, modrm_reg(insn->modrm)), answer,
				insn->operand_size);
	}
	return done(vcpu, insn);
}

/* ---- segment registers ---- */

struct far_pointer {
	uint32_t offset;
	uint16_t selector;
};

static enum verdict load_far_pointer(
	struct vcpu *vcpu, const struct insn *insn, struct far_pointer *pointer)
{
	unsigned size = insn->operand_size;
	uint8_t bytes[6];

	pointer->offset = insn->immediate & mask_of(size);
	pointer->selector = insn->immediate2;
	if (!insn->has_memory)
		return VERDICT_RESUME;
	enum verdict verdict = vcpu_load(
		vcpu, insn_operand_segment(insn), vcpu_offset(vcpu, insn), bytes, size + 2);
	pointer->offset = 0;
	memcpy(&pointer->offset, bytes, size);
	memcpy(&pointer->selector, bytes + size, sizeof(pointer->selector));
	return verdict;
}

static enum verdict emulate_mov(struct vcpu *vcpu, const struct insn *insn)
{
	enum insn_segment segment = modrm_reg(insn->modrm);
	uint32_t selector;

	if (insn->opcode == 0x8c)
		return store_rm(vcpu, insn, shown_selector(vcpu, segment));
	if (segment == SEGMENT_SS)
		return vcpu_emulate(vcpu, insn);
	enum verdict verdict = vcpu_load_rm(vcpu, insn, 2, &selector);
	if (verdict == VERDICT_RESUME)
		verdict = vcpu_check_selector(vcpu, segment, (uint16_t)selector, vcpu_ring(vcpu));
	if (verdict != VERDICT_RESUME)
		return verdict;
	*vcpu_segment_register(vcpu, segment) = selector;
	return done(vcpu, insn);
}

/* The segment register of PUSH and POP, in both maps. */
static enum insn_segment opcode_segment(const struct insn *insn)
{
	return insn->opcode >> 3 & 7;
}

static enum verdict emulate_pop(struct vcpu *vcpu, const struct insn *insn)
{
	enum insn_segment segment = opcode_segment(insn);
	uint32_t top = vcpu_stack_pointer(vcpu);
	uint16_t selector = 0;

	if (segment == SEGMENT_SS)
		return vcpu_emulate(vcpu, insn);
	enum verdict verdict = vcpu_load(vcpu, SEGMENT_SS, top, &selector, sizeof(selector));
	if (verdict == VERDICT_RESUME)
		verdict = vcpu_check_selector(vcpu, segment, selector, vcpu_ring(vcpu));
	if (verdict != VERDICT_RESUME)
		return verdict;
	vcpu_set_stack_pointer(vcpu, top + insn->operand_size);
	*vcpu_segment_register(vcpu, segment) = selector;
	return done(vcpu, insn);
}

/* LDS, LES, LFS, LGS. */
static enum verdict emulate_load_pointer(
	struct vcpu *vcpu, const struct insn *insn, enum insn_segment segment)
{
	struct far_pointer pointer;
	enum verdict verdict = load_far_pointer(vcpu, insn, &pointer);

	if (verdict == VERDICT_RESUME)
		verdict = vcpu_check_selector(vcpu, segment, pointer.selector, vcpu_ring(vcpu));
	if (verdict != VERDICT_RESUME)
		return verdict;
	merge(vcpu_register(vcpu, modrm_reg(insn->modrm)), pointer.offset, insn->operand_size);
	*vcpu_segment_register(vcpu, segment) = pointer.selector;
	return done(vcpu, insn);
}

/* ---- far CALL and JMP ---- */

/* To a call gate, a task gate or a TSS, if the guest may go there. */
static enum verdict check_system_target(
	struct vcpu *vcpu, const struct insn *insn, const struct segment *target, uint16_t selector)
{
	bool task = TYPES_TASK >> target->type & 1, gate = TYPES_GATE >> target->type & 1;
	bool fits = gate || (task && !(selector & SELECTOR_TI));

	if (!fits || target->dpl < (selector & SELECTOR_RPL))
		return vcpu_raise(vcpu, VECTOR_GP, error_of_selector(selector));
	if (!target->present)
		return vcpu_raise(vcpu, VECTOR_NP, error_of_selector(selector));
	return insn_refuse_by_name(vcpu, insn, selector);
}

/* To code: SDM 3A 5.8.1, at CPL 0. *target is the guest's own segment. */
static enum verdict check_code_target(
	struct vcpu *vcpu, const struct insn *insn, uint16_t selector, struct segment *target)
{
	uint32_t error = error_of_selector(selector);
	struct descriptor raw;
	gla_t at;

	if (!vcpu_guest_descriptor(vcpu, selector, &at, &raw))
		return vcpu_raise(vcpu, VECTOR_GP, error);
	*target = descriptor_unpack(raw);
	if (!target->code_or_data)
		return check_system_target(vcpu, insn, target, selector);
	if (!(target->type & TYPE_CODE) || target->dpl > 0 ||
		(!is_conforming(target) && selector & SELECTOR_RPL))
		return vcpu_raise(vcpu, VECTOR_GP, error);
	return target->present ? VERDICT_RESUME : vcpu_raise(vcpu, VECTOR_NP, error);
}

/* Is the offset inside, and not only in what the monitor has clipped? */
static enum verdict check_target_offset(
	struct vcpu *vcpu, const struct segment *own, struct far_pointer to)
{
	const struct segment *clipped = vcpu_look_up(vcpu, to.selector);

	if (to.offset > own->limit)
		return vcpu_raise(vcpu, VECTOR_GP, 0);
	if (!clipped->present || to.offset > clipped->limit)
		return vcpu_reached_monitor(vcpu);
	return VERDICT_RESUME;
}

static enum verdict emulate_far_transfer(struct vcpu *vcpu, const struct insn *insn)
{
	bool call = insn->mnemonic == MNEMONIC_CALL_FAR;
	uint32_t top = vcpu_stack_pointer(vcpu), size = insn->operand_size;
	const uint32_t pushed[] = {
		shown_selector(vcpu, SEGMENT_CS), vcpu->registers.eip + insn->length};
	gla_t linear[ARRAY_LENGTH(pushed)];
	struct far_pointer to;
	struct segment target;
	enum verdict verdict = load_far_pointer(vcpu, insn, &to);

	if (verdict == VERDICT_RESUME)
		verdict = check_code_target(vcpu, insn, to.selector, &target);
	for (unsigned i = 0; call && verdict == VERDICT_RESUME && i < ARRAY_LENGTH(pushed); i++)
		verdict = check_push(vcpu, &top, size, size, &linear[i]);
	if (verdict == VERDICT_RESUME)
		verdict = check_target_offset(vcpu, &target, to);
	if (verdict != VERDICT_RESUME)
		return verdict;
	for (unsigned i = 0; call && i < ARRAY_LENGTH(pushed); i++)
		vcpu_write(vcpu, linear[i], &pushed[i], size);
	vcpu_set_stack_pointer(vcpu, top);
	vcpu->registers.cs = (to.selector & ~SELECTOR_RPL) | vcpu_ring(vcpu);
	vcpu->registers.eip = to.offset;
	return VERDICT_RESUME;
}

/* ---- exceptions that are asked for ---- */

/* F1: a debug exception as the hardware's own; no gate's DPL keeps it out, and DR6 stays. */
static enum verdict emulate_int1(struct vcpu *vcpu, const struct insn *insn)
{
	vcpu_raise(vcpu, VECTOR_DB, 0);
	vcpu->event.return_eip += insn->length;
	return VERDICT_GUEST_FAULT;
}

static enum verdict emulate_into(struct vcpu *vcpu, const struct insn *insn)
{
	if (!(vcpu->registers.eflags & EFLAGS_OF))
		return done(vcpu, insn);
	return vcpu_raise_software(vcpu, VECTOR_OF, insn->length);
}

/* ---- CPUID ---- */

/*
 * Leaf 1, EDX: what a guest of this monitor does not get. Virtual-8086 mode (VME) and PAE end it,
 * and so does SYSENTER (SEP). The others are used through registers that RDMSR refuses: the machine
 * check's (MCE, MCA), the local APIC's, the memory types' (MTRR, PAT), and in processors after the
 * Pentium III the debug store's and the thermal monitor's (DS, ACPI, TM).
 */
#define CPUID_HIDDEN                                                                               \
	(1u << 1 /* VME */ | 1u << 6 /* PAE */ | 1u << 7 /* MCE */ | 1u << 9 /* APIC */ |          \
		1u << 11 /* SEP */ | 1u << 12 /* MTRR */ | 1u << 14 /* MCA */ |                    \
		1u << 16 /* PAT */ | 1u << 21 /* DS */ | 1u << 22 /* ACPI */ | 1u << 29 /* TM */)

static enum verdict emulate_cpuid(struct vcpu *vcpu, const struct insn *insn)
{
	struct guest_registers *registers = &vcpu->registers;
	uint32_t leaf = registers->eax;

	__asm__ volatile("cpuid"
			 : "+a"(registers->eax), "=b"(registers->ebx), "+c"(registers->ecx),
			 "=d"(registers->edx));
	if (leaf == 1)
		registers->edx &= ~CPUID_HIDDEN;
	return done(vcpu, insn);
}

/* ---- all of them ---- */

enum verdict sensitive_emulate(struct vcpu *vcpu, const struct insn *insn)
{
	switch (insn->mnemonic) {
	case MNEMONIC_SGDT:
		return store_table(vcpu, insn, vcpu->guest_gdtr);
	case MNEMONIC_SIDT:
		return store_table(vcpu, insn, vcpu->guest_idtr);
	case MNEMONIC_SLDT:
		return store_rm(vcpu, insn, vcpu->guest_ldtr);
	case MNEMONIC_STR:
		return store_rm(vcpu, insn, vcpu->guest_tr);
	case MNEMONIC_SMSW:
		return store_rm(vcpu, insn, vcpu->cr0);
	case MNEMONIC_PUSHF:
	case MNEMONIC_PUSHFD: /* RF and VM read as 0 */
		return push(vcpu, insn, vcpu_flags(vcpu) & ~(EFLAGS_RF | EFLAGS_VM),
			insn->operand_size);
	case MNEMONIC_POPF:
	case MNEMONIC_POPFD:
		return emulate_popf(vcpu, insn);
	case MNEMONIC_LAR:
	case MNEMONIC_LSL:
	case MNEMONIC_VERR:
	case MNEMONIC_VERW:
		return emulate_examine(vcpu, insn);
	case MNEMONIC_PUSH: /* a segment register has two bytes, whatever the slot */
		return push(vcpu, insn, shown_selector(vcpu, opcode_segment(insn)), 2);
	case MNEMONIC_POP:
		return emulate_pop(vcpu, insn);
	case MNEMONIC_MOV:
		return emulate_mov(vcpu, insn);
	case MNEMONIC_LES:
		return emulate_load_pointer(vcpu, insn, SEGMENT_ES);
	case MNEMONIC_LDS:
		return emulate_load_pointer(vcpu, insn, SEGMENT_DS);
	case MNEMONIC_LFS:
		return emulate_load_pointer(vcpu, insn, SEGMENT_FS);
	case MNEMONIC_LGS:
		return emulate_load_pointer(vcpu, insn, SEGMENT_GS);
	case MNEMONIC_CALL_FAR:
	case MNEMONIC_JMP_FAR:
		return emulate_far_transfer(vcpu, insn);
	case MNEMONIC_INT:
		return vcpu_raise_software(vcpu, insn->immediate & 0xff, insn->length);
	case MNEMONIC_INT3:
		return vcpu_raise_software(vcpu, VECTOR_BP, insn->length);
	case MNEMONIC_INTO:
		return emulate_into(vcpu, insn);
	case MNEMONIC_INT1:
		return emulate_int1(vcpu, insn);
	case MNEMONIC_CPUID:
		return emulate_cpuid(vcpu, insn);
	case MNEMONIC_SYSENTER:
		vcpu_raise(vcpu, VECTOR_GP, 0);
		return insn_refuse_by_name(vcpu, insn, 0);
	default: /* MOV and POP to SS above; LSS, IRET, RET far */
		return vcpu_emulate(vcpu, insn);
	}
}
