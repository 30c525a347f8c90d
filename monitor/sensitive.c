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

static enum verdict store_memory(
	struct vcpu *vcpu, const struct insn *insn, const void *from, uint32_t size)
{
	return vcpu_store(vcpu, insn_operand_segment(insn), vcpu_offset(vcpu, insn), from, size);
}

/* To a register as many bytes as the operand size says, to memory always two. */
static enum verdict store_rm(struct vcpu *vcpu, const struct insn *insn, uint32_t value)
{
	if (insn->has_memory)
		return store_memory(vcpu, insn, &value, 2);
	merge(vcpu_register(vcpu, modrm_rm(insn->modrm)), value, insn->operand_size);
	return VERDICT_RESUME;
}

/* The selector that the guest believes to be in a segment register. Only CS and SS ever have an RPL
 * that it did not ask for. */
static uint16_t shown_selector(struct vcpu *vcpu, enum insn_segment segment)
{
	uint16_t selector = (uint16_t)*vcpu_segment_register(vcpu, segment);
	bool privileged = segment == SEGMENT_CS || segment == SEGMENT_SS;

	return privileged ? selector_believed(selector) : selector;
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
	return VERDICT_RESUME;
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
	return VERDICT_RESUME;
}

/* ---- descriptors that are examined ---- */

/* Sets of types of system descriptors (3.5). A far JMP may go to a task, but not to a busy one. */
#define TYPES_TASK (1u << TYPE_TSS16 | 1u << TYPE_TSS32)
#define TYPES_GATE (1u << TYPE_CALL_GATE16 | 1u << TYPE_CALL_GATE32 | 1u << TYPE_TASK_GATE)
#define TYPES_LSL  (TYPES_TASK | TYPES_TASK << TYPE_TSS_BUSY | 1u << TYPE_LDT)
#define TYPES_LAR  (TYPES_LSL | TYPES_GATE)

/* True where LAR, LSL, VERR or VERW finds the descriptor good; *answer is what LAR and LSL load
 * then. The accessed bit is as the guest wrote it: the processor sets it in its copy alone. */
static bool examine(struct vcpu *vcpu, unsigned mnemonic, uint16_t selector, uint32_t *answer)
{
	struct descriptor raw;
	gla_t at;

	if (!vcpu_guest_descriptor(vcpu, selector, &at, &raw))
		return false;
	struct segment own = descriptor_unpack(raw);
	bool code = own.code_or_data && own.type & TYPE_CODE;
	bool conforming = code && own.type & TYPE_CONFORMING;
	if (!conforming && own.dpl < (selector & SELECTOR_RPL))
		return false;
	switch (mnemonic) {
	case MNEMONIC_LAR:
		*answer = raw.high & 0x00ffff00;
		return own.code_or_data || TYPES_LAR >> own.type & 1;
	case MNEMONIC_LSL:
		*answer = own.limit;
		return own.code_or_data || TYPES_LSL >> own.type & 1;
	case MNEMONIC_VERR:
		return own.code_or_data && (!code || own.type & TYPE_READABLE);
	default: /* VERW */
		return own.code_or_data && !code && own.type & TYPE_WRITABLE;
	}
}

static enum verdict emulate_examine(struct vcpu *vcpu, const struct insn *insn)
{
	bool loads = insn->mnemonic == MNEMONIC_LAR || insn->mnemonic == MNEMONIC_LSL;
	uint32_t selector, answer = 0;
	enum verdict verdict = vcpu_load_rm(vcpu, insn, 2, &selector);

	if (verdict != VERDICT_RESUME)
		return verdict;
	bool good = examine(vcpu, insn->mnemonic, (uint16_t)selector, &answer);
	vcpu->registers.eflags = (vcpu->registers.eflags & ~EFLAGS_ZF) | (good ? EFLAGS_ZF : 0);
	if (good && loads)
		merge(vcpu_register(vcpu, modrm_reg(insn->modrm)), answer, insn->operand_size);
	return VERDICT_RESUME;
}

/* ---- segment registers ---- */

/* DS, ES, FS or GS: the last step that can fail, and the first that changes something. */
static enum verdict load_segment(struct vcpu *vcpu, enum insn_segment segment, uint16_t selector)
{
	enum verdict verdict = vcpu_check_selector(vcpu, segment, selector, vcpu_ring(vcpu));
	if (verdict == VERDICT_RESUME)
		*vcpu_segment_register(vcpu, segment) = selector;
	return verdict;
}

static enum verdict emulate_mov(struct vcpu *vcpu, const struct insn *insn)
{
	enum insn_segment segment = modrm_reg(insn->modrm);
	uint32_t selector;

	if (insn->opcode == 0x8c)
		return store_rm(vcpu, insn, shown_selector(vcpu, segment));
	enum verdict verdict = vcpu_load_rm(vcpu, insn, 2, &selector);
	return verdict == VERDICT_RESUME ? load_segment(vcpu, segment, (uint16_t)selector)
					 : verdict;
}

/* The segment register of PUSH and POP, in both maps. */
static enum insn_segment opcode_segment(const struct insn *insn)
{
	return insn->opcode >> 3 & 7;
}

static enum verdict emulate_pop(struct vcpu *vcpu, const struct insn *insn)
{
	uint32_t top = vcpu_stack_pointer(vcpu);
	uint16_t selector;
	enum verdict verdict = vcpu_load(vcpu, SEGMENT_SS, top, &selector, sizeof(selector));

	if (verdict == VERDICT_RESUME)
		verdict = load_segment(vcpu, opcode_segment(insn), selector);
	if (verdict == VERDICT_RESUME)
		vcpu_set_stack_pointer(vcpu, top + insn->operand_size);
	return verdict;
}

struct far_pointer {
	uint32_t offset;
	uint16_t selector;
};

static enum verdict load_far_pointer(
	struct vcpu *vcpu, const struct insn *insn, struct far_pointer *pointer)
{
	unsigned size = insn->operand_size;
	uint8_t bytes[6] = {0};

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

/* LES and LDS: C4 and C5. LFS and LGS: 0F B4 and 0F B5. */
static enum verdict emulate_load_pointer(struct vcpu *vcpu, const struct insn *insn)
{
	static const uint8_t segments[] = {SEGMENT_ES, SEGMENT_DS, SEGMENT_FS, SEGMENT_GS};
	unsigned number = (insn->opcode & 1) + (insn->map == MAP_0F ? 2 : 0);
	struct far_pointer pointer;
	enum verdict verdict = load_far_pointer(vcpu, insn, &pointer);

	if (verdict == VERDICT_RESUME)
		verdict = load_segment(vcpu, segments[number], pointer.selector);
	if (verdict == VERDICT_RESUME)
		merge(vcpu_register(vcpu, modrm_reg(insn->modrm)), pointer.offset,
			insn->operand_size);
	return verdict;
}

/* ---- far CALL and JMP ---- */

/* May the guest go there (SDM 3A 5.8.1, at CPL 0)? *own is its own segment then. */
static enum verdict check_target(
	struct vcpu *vcpu, const struct insn *insn, uint16_t selector, struct segment *own)
{
	uint32_t error = error_of_selector(selector), rpl = selector & SELECTOR_RPL;
	uint32_t types = selector & SELECTOR_TI ? TYPES_GATE : TYPES_GATE | TYPES_TASK;
	struct descriptor raw;
	gla_t at;

	if (!vcpu_guest_descriptor(vcpu, selector, &at, &raw))
		return vcpu_raise(vcpu, VECTOR_GP, error);
	*own = descriptor_unpack(raw);
	bool is_code = own->code_or_data && own->type & TYPE_CODE && own->dpl == 0 &&
		       (own->type & TYPE_CONFORMING || rpl == 0);
	bool is_gate = !own->code_or_data && types >> own->type & 1 && own->dpl >= rpl;
	if (!is_code && !is_gate)
		return vcpu_raise(vcpu, VECTOR_GP, error);
	if (!own->present)
		return vcpu_raise(vcpu, VECTOR_NP, error);
	return is_gate ? insn_refuse_by_name(vcpu, insn, selector) : VERDICT_RESUME;
}

static enum verdict emulate_far_transfer(struct vcpu *vcpu, const struct insn *insn)
{
	uint32_t top = vcpu_stack_pointer(vcpu), size = insn->operand_size;
	const uint32_t pushed[] = {
		shown_selector(vcpu, SEGMENT_CS), vcpu->registers.eip + insn->length};
	unsigned pushes = insn->mnemonic == MNEMONIC_CALL_FAR ? ARRAY_LENGTH(pushed) : 0;
	gla_t linear[ARRAY_LENGTH(pushed)];
	struct far_pointer to;
	struct segment own;
	enum verdict verdict = load_far_pointer(vcpu, insn, &to);

	if (verdict == VERDICT_RESUME)
		verdict = check_target(vcpu, insn, to.selector, &own);
	for (unsigned i = 0; verdict == VERDICT_RESUME && i < pushes; i++)
		verdict = check_push(vcpu, &top, size, size, &linear[i]);
	if (verdict != VERDICT_RESUME)
		return verdict;
	if (to.offset > own.limit)
		return vcpu_raise(vcpu, VECTOR_GP, 0);
	const struct segment *clipped = vcpu_look_up(vcpu, to.selector);
	if (!clipped->present || to.offset > clipped->limit)
		return vcpu_reached_monitor(vcpu);
	for (unsigned i = 0; i < pushes; i++)
		vcpu_write(vcpu, linear[i], &pushed[i], size);
	vcpu_set_stack_pointer(vcpu, top);
	vcpu->registers.cs = (to.selector & ~SELECTOR_RPL) | vcpu_ring(vcpu);
	vcpu->registers.eip = to.offset;
	return VERDICT_RESUME;
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

static enum verdict emulate_cpuid(struct vcpu *vcpu)
{
	struct guest_registers *registers = &vcpu->registers;
	uint32_t leaf = registers->eax;

	__asm__ volatile("cpuid"
			 : "+a"(registers->eax), "=b"(registers->ebx), "+c"(registers->ecx),
			 "=d"(registers->edx));
	if (leaf == 1)
		registers->edx &= ~CPUID_HIDDEN;
	return VERDICT_RESUME;
}

/* ---- all of them ---- */

/* All but what goes elsewhere: EIP is not moved yet. */
static enum verdict perform(struct vcpu *vcpu, const struct insn *insn)
{
	switch (insn->mnemonic) {
	case MNEMONIC_SGDT: /* all 32 bits of the base, whatever the operand size */
		return store_memory(vcpu, insn, &vcpu->guest_gdtr, sizeof(vcpu->guest_gdtr));
	case MNEMONIC_SIDT:
		return store_memory(vcpu, insn, &vcpu->guest_idtr, sizeof(vcpu->guest_idtr));
	case MNEMONIC_SLDT:
		return store_rm(vcpu, insn, vcpu->guest_ldtr);
	case MNEMONIC_STR:
		return store_rm(vcpu, insn, vcpu->guest_tr);
	case MNEMONIC_SMSW:
		return store_rm(vcpu, insn, vcpu->cr0);
	case MNEMONIC_PUSHF:
	case MNEMONIC_PUSHFD: /* RF is 0 here, and VM always */
		return push(vcpu, insn, vcpu_flags(vcpu), insn->operand_size);
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
	case MNEMONIC_LDS:
	case MNEMONIC_LFS:
	case MNEMONIC_LGS:
		return emulate_load_pointer(vcpu, insn);
	case MNEMONIC_INT:
		return vcpu_raise_software(vcpu, insn->immediate & 0xff, insn->length);
	case MNEMONIC_INT3:
		return vcpu_raise_software(vcpu, VECTOR_BP, insn->length);
	case MNEMONIC_INTO:
		if (!(vcpu->registers.eflags & EFLAGS_OF))
			return VERDICT_RESUME;
		return vcpu_raise_software(vcpu, VECTOR_OF, insn->length);
	case MNEMONIC_INT1: /* a debug exception: no gate's DPL keeps it out, and DR6 stays */
		vcpu_raise(vcpu, VECTOR_DB, 0);
		vcpu->event.return_eip += insn->length;
		return VERDICT_GUEST_FAULT;
	case MNEMONIC_SYSENTER:
		vcpu_raise(vcpu, VECTOR_GP, 0); /* where MSR_SYSENTER_CS is null */
		return insn_refuse_by_name(vcpu, insn, 0);
	default: /* CPUID */
		return emulate_cpuid(vcpu);
	}
}

/* What emulate.c has already, since ring 1 cannot do it: IRET, RET far, and all that loads SS. */
static bool is_emulated_elsewhere(const struct insn *insn)
{
	if (insn->mnemonic == MNEMONIC_MOV)
		return insn->opcode == 0x8e && modrm_reg(insn->modrm) == SEGMENT_SS;
	if (insn->mnemonic == MNEMONIC_POP)
		return opcode_segment(insn) == SEGMENT_SS;
	return insn->mnemonic == MNEMONIC_LSS || insn->mnemonic == MNEMONIC_RET_FAR ||
	       insn->mnemonic == MNEMONIC_IRET || insn->mnemonic == MNEMONIC_IRETD;
}

enum verdict sensitive_emulate(struct vcpu *vcpu, const struct insn *insn)
{
	if (!sensitive_is(insn) || is_emulated_elsewhere(insn))
		return vcpu_emulate(vcpu, insn);
	if (insn->mnemonic == MNEMONIC_CALL_FAR || insn->mnemonic == MNEMONIC_JMP_FAR)
		return emulate_far_transfer(vcpu, insn);
	enum verdict verdict = perform(vcpu, insn);
	if (verdict == VERDICT_RESUME)
		vcpu->registers.eip += insn->length;
	return verdict;
}
