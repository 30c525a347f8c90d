/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which memory an instruction touches: the operands that it names, and those that it does not name
 * (the stack, the table of XLATB).
 *
 * Invariant: every byte that the processor reads or writes for the instruction is in the plan, and
 * no byte that it does not, for a device may notice.
 *
 * Read: Intel SDM volume 2, each instruction's page; volume 1, 6.2 (the stack), 6.5 (ENTER, LEAVE).
 */
#include "access.h"
#include "vm.h"

/* Of these FXSAVE and FXRSTOR leave the end alone, and what belongs to SSE while CR4.OSFXSR is 0.
 */
#define FX_SIZE             512u
#define FX_SIZE_WITH_SSE    288u
#define FX_SIZE_WITHOUT_SSE 160u

#define ENTER_LEVELS 32u
#define ESP          4 /* as an instruction encodes it */

/* What is being made. */
struct maker {
	struct vcpu *vcpu;
	const struct insn *insn;
	struct access_plan *plan;
	enum verdict verdict; /* the first that is not VERDICT_RESUME */
};

static void add(struct maker *maker, enum insn_segment segment, uint32_t offset, uint32_t size,
	unsigned use)
{
	bool write = use & (USE_WRITES | ACCESS_PROBES);
	gla_t at;

	if (maker->verdict != VERDICT_RESUME)
		return;
	if (!vcpu_linear(maker->vcpu, segment, offset, size, write, &at))
		maker->verdict = vcpu_segment_refuses(maker->vcpu, segment, offset, size);
	else
		maker->plan->range[maker->plan->count++] =
			(struct access_range){.at = at, .size = size, .use = (uint8_t)use};
}

static uint32_t cut(uint32_t offset, unsigned address_size)
{
	return address_size == 4 ? offset : offset & 0xffff;
}

/* ---- operands that it names ---- */

/* A bit's number in a register may lead to another word than the one that is named. */
static int32_t bit_distance(struct vcpu *vcpu, const struct insn_operand *number)
{
	uint32_t bit = *vcpu_register(vcpu, number->reg);

	return number->size == 4 ? ((int32_t)bit >> 5) * 4 : ((int16_t)bit >> 4) * 2;
}

static uint32_t named_offset(struct maker *maker, const struct insn_operand operand[])
{
	const struct insn *insn = maker->insn;
	uint32_t offset = vcpu_offset(maker->vcpu, insn);

	switch (insn->mnemonic) {
	case MNEMONIC_BT:
	case MNEMONIC_BTS:
	case MNEMONIC_BTR:
	case MNEMONIC_BTC:
		if (operand[1].kind == OPERAND_REGISTER)
			offset += (uint32_t)bit_distance(maker->vcpu, &operand[1]);
		break;
	case MNEMONIC_POP: /* the address is computed when ESP has moved */
		if (operand[0].base == ESP)
			offset += insn->operand_size;
		break;
	}
	return cut(offset, insn->address_size);
}

static uint32_t named_size(
	const struct vcpu *vcpu, const struct insn *insn, const struct insn_operand *operand)
{
	if (insn->mnemonic == MNEMONIC_CLFLUSH) /* faults as a read of a byte does */
		return 1;
	if (operand->size != FX_SIZE)
		return operand->size;
	return vcpu->cr4 & CR4_OSFXSR ? FX_SIZE_WITH_SSE : FX_SIZE_WITHOUT_SSE;
}

static void add_named(struct maker *maker, unsigned position, const struct insn_operand operand[])
{
	const struct insn_operand *memory = &operand[position];
	const struct insn *insn = maker->insn;
	uint32_t offset;

	switch (memory->kind) {
	case OPERAND_MEMORY:
	case OPERAND_MEMORY_OFFSET:
		if (memory->use == USE_NOTHING && insn->mnemonic != MNEMONIC_CLFLUSH)
			return;
		offset = named_offset(maker, operand);
		break;
	case OPERAND_STRING_SOURCE:
		offset = cut(maker->vcpu->registers.esi, insn->address_size);
		break;
	case OPERAND_STRING_DESTINATION:
		offset = cut(maker->vcpu->registers.edi, insn->address_size);
		break;
	default:
		return;
	}
	add(maker, memory->segment, offset, named_size(maker->vcpu, insn, memory), memory->use);
}

/* ---- the stack, and what else it does not name ---- */

/* How many values it pushes, or pops where negative; of operand_size bytes each. */
static int stack_count(unsigned mnemonic)
{
	switch (mnemonic) {
	case MNEMONIC_PUSH:
	case MNEMONIC_PUSHF:
	case MNEMONIC_PUSHFD:
	case MNEMONIC_CALL:
		return 1;
	case MNEMONIC_CALL_FAR:
		return 2;
	case MNEMONIC_PUSHA:
	case MNEMONIC_PUSHAD:
		return 8;
	case MNEMONIC_POP:
	case MNEMONIC_POPF:
	case MNEMONIC_POPFD:
	case MNEMONIC_RET:
		return -1;
	case MNEMONIC_POPA:
	case MNEMONIC_POPAD:
		return -8;
	default:
		return 0;
	}
}

/* On the stack, offsets are of 16 or 32 bits whatever the instruction says. */
static void add_stack(struct maker *maker, uint32_t offset, uint32_t size, unsigned use)
{
	bool big = vcpu_look_up(maker->vcpu, (uint16_t)maker->vcpu->registers.ss)->default_big;

	add(maker, SEGMENT_SS, big ? offset : offset & 0xffff, size, use);
}

static void add_pushed(struct maker *maker, int count, bool selector)
{
	uint32_t size = maker->insn->operand_size, esp = maker->vcpu->registers.esp;
	uint32_t bytes = size * (uint32_t)(count < 0 ? -count : count);

	/* of a selector's doubleword the processor touches two bytes */
	if (count > 0)
		add_stack(maker, esp - bytes, selector ? 2 : bytes, USE_WRITES);
	else
		add_stack(maker, esp, selector ? 2 : bytes, USE_READS);
}

/* Pushes EBP, EBP's frame pointers of the outer levels, and its own (6.5.1). */
static void add_enter(struct maker *maker)
{
	const struct guest_registers *registers = &maker->vcpu->registers;
	const struct insn *insn = maker->insn;
	uint32_t size = insn->operand_size, level = insn->immediate2 % ENTER_LEVELS;
	uint32_t copied = level > 1 ? (level - 1) * size : 0;
	uint32_t pushed = size + copied + (level ? size : 0);
	uint32_t top = registers->esp - pushed;

	if (copied)
		add_stack(maker, registers->ebp - copied, copied, USE_READS);
	add_stack(maker, top, pushed, USE_WRITES);
	add_stack(maker, top - insn->immediate, size, ACCESS_PROBES);
}

static void add_implied(struct maker *maker)
{
	const struct guest_registers *registers = &maker->vcpu->registers;
	const struct insn *insn = maker->insn;
	enum insn_segment data = insn_operand_segment(insn);
	uint32_t offset;

	switch (insn->mnemonic) {
	case MNEMONIC_ENTER:
		add_enter(maker);
		break;
	case MNEMONIC_LEAVE:
		add_stack(maker, registers->ebp, insn->operand_size, USE_READS);
		break;
	case MNEMONIC_XLATB:
		offset = registers->ebx + (registers->eax & 0xff);
		add(maker, data, cut(offset, insn->address_size), 1, USE_READS);
		break;
	case MNEMONIC_MASKMOVQ: /* reads what it does not write */
		add(maker, data, cut(registers->edi, insn->address_size), 8, USE_CHANGES);
		break;
	}
}

enum verdict access_plan_make(struct vcpu *vcpu, const struct insn *insn, struct access_plan *plan)
{
	struct maker maker = {vcpu, insn, plan, VERDICT_RESUME};
	struct insn_operand operand[INSN_OPERANDS_MAX];
	unsigned operands = insn_operands(insn, operand);
	int stack = stack_count(insn->mnemonic);
	bool selector = operand[0].kind == OPERAND_SEGMENT;

	plan->count = 0;
	if (stack < 0)
		add_pushed(&maker, stack, selector);
	/* what is read comes before what is written: the source of MOVS is its second operand */
	for (unsigned i = 0; i < operands; i++)
		if (!(operand[i].use & USE_WRITES))
			add_named(&maker, i, operand);
	for (unsigned i = 0; i < operands; i++)
		if (operand[i].use & USE_WRITES)
			add_named(&maker, i, operand);
	if (stack > 0)
		add_pushed(&maker, stack, selector);
	add_implied(&maker);
	return maker.verdict;
}
