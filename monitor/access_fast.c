/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Instructions of a traced page or a device that are performed at once: what is written to page
 * tables and to the registers of devices is written by few forms of instruction.
 *
 * A table says of each opcode what it does with its memory operand and where its other operand is.
 * The arithmetic is the processor's own (arithmetic.h).
 *
 * Invariant: all that can fault comes first. An instruction that could be seen to differ, under TF
 * or a breakpoint, goes the other way.
 *
 * Read: Intel SDM volume 2, appendix A, tables.
 */
#include "access.h"
#include "arithmetic.h"
#include "vm.h"

enum form_kind {
	FORM_NONE,
	FORM_STORE,    /* memory = other */
	FORM_LOAD,     /* register = memory */
	FORM_EXTEND,   /* register = memory, wider, with zeros */
	FORM_SIGN,     /* the same with the sign */
	FORM_EXCHANGE, /* memory <-> register */
	FORM_MODIFY,   /* memory = memory operation other */
	FORM_COMBINE,  /* register = register operation memory */
	FORM_STRING,   /* access_string.c */
};

enum form_other { OTHER_REGISTER, OTHER_IMMEDIATE, OTHER_ACCUMULATOR };

/* Where ModRM.reg selects the operation. */
#define BY_REG_GROUP_1 32u
#define BY_REG_GROUP_3 33u
#define BY_REG_GROUP_4 34u
#define BY_REG_GROUP_8 35u
#define NO_OPERATION   255u

/* `size`: of the memory operand in bytes; 0 stands for the operand size. */
struct form {
	uint8_t kind, other, operation, size;
};

/* clang-format off */
#define STORE(size, other)               {FORM_STORE, OTHER_##other, 0, size}
#define LOAD(size, other)                {FORM_LOAD, OTHER_##other, 0, size}
#define EXTEND(kind, size)               {FORM_##kind, OTHER_REGISTER, 0, size}
#define EXCHANGE(size)                   {FORM_EXCHANGE, OTHER_REGISTER, 0, size}
#define MODIFY(operation, size, other)   {FORM_MODIFY, OTHER_##other, operation, size}
#define COMBINE(operation, size)         {FORM_COMBINE, OTHER_REGISTER, operation, size}
#define STRING(size)                     {FORM_STRING, 0, 0, size}

/* The forms of ADD, OR, ADC, SBB, AND, SUB, XOR and CMP that can have memory. */
#define ARITHMETIC(name)                                                                          \
	MODIFY(ARITHMETIC_##name, 1, REGISTER), MODIFY(ARITHMETIC_##name, 0, REGISTER),           \
	COMBINE(ARITHMETIC_##name, 1), COMBINE(ARITHMETIC_##name, 0)

static const struct form one_byte[256] = {
	[0x00] = ARITHMETIC(ADD), [0x08] = ARITHMETIC(OR),
	[0x10] = ARITHMETIC(ADC), [0x18] = ARITHMETIC(SBB),
	[0x20] = ARITHMETIC(AND), [0x28] = ARITHMETIC(SUB),
	[0x30] = ARITHMETIC(XOR), [0x38] = ARITHMETIC(CMP),
	[0x80] = MODIFY(BY_REG_GROUP_1, 1, IMMEDIATE), MODIFY(BY_REG_GROUP_1, 0, IMMEDIATE),
	[0x83] = MODIFY(BY_REG_GROUP_1, 0, IMMEDIATE),
	[0x84] = MODIFY(ARITHMETIC_TEST, 1, REGISTER), MODIFY(ARITHMETIC_TEST, 0, REGISTER),
	[0x86] = EXCHANGE(1), EXCHANGE(0),
	[0x88] = STORE(1, REGISTER), STORE(0, REGISTER), LOAD(1, REGISTER), LOAD(0, REGISTER),
	[0xa0] = LOAD(1, ACCUMULATOR), LOAD(0, ACCUMULATOR),
		 STORE(1, ACCUMULATOR), STORE(0, ACCUMULATOR), STRING(1), STRING(0),
	[0xaa] = STRING(1), STRING(0),
	[0xc6] = STORE(1, IMMEDIATE), STORE(0, IMMEDIATE),
	[0xf6] = MODIFY(BY_REG_GROUP_3, 1, IMMEDIATE), MODIFY(BY_REG_GROUP_3, 0, IMMEDIATE),
	[0xfe] = MODIFY(BY_REG_GROUP_4, 1, IMMEDIATE), MODIFY(BY_REG_GROUP_4, 0, IMMEDIATE),
};

static const struct form behind_0f[256] = {
	[0xb6] = EXTEND(EXTEND, 1), EXTEND(EXTEND, 2),
	[0xba] = MODIFY(BY_REG_GROUP_8, 0, IMMEDIATE),
	[0xbe] = EXTEND(SIGN, 1), EXTEND(SIGN, 2),
};

static const uint8_t group[][8] = {
	[BY_REG_GROUP_1 - BY_REG_GROUP_1] = {
		ARITHMETIC_ADD, ARITHMETIC_OR, ARITHMETIC_ADC, ARITHMETIC_SBB,
		ARITHMETIC_AND, ARITHMETIC_SUB, ARITHMETIC_XOR, ARITHMETIC_CMP},
	[BY_REG_GROUP_3 - BY_REG_GROUP_1] = { /* the other four multiply and divide */
		ARITHMETIC_TEST, ARITHMETIC_TEST, ARITHMETIC_NOT, ARITHMETIC_NEG,
		NO_OPERATION, NO_OPERATION, NO_OPERATION, NO_OPERATION},
	[BY_REG_GROUP_4 - BY_REG_GROUP_1] = { /* the others call, jump and push */
		ARITHMETIC_INC, ARITHMETIC_DEC, NO_OPERATION, NO_OPERATION,
		NO_OPERATION, NO_OPERATION, NO_OPERATION, NO_OPERATION},
	[BY_REG_GROUP_8 - BY_REG_GROUP_1] = {
		NO_OPERATION, NO_OPERATION, NO_OPERATION, NO_OPERATION,
		ARITHMETIC_BT, ARITHMETIC_BTS, ARITHMETIC_BTR, ARITHMETIC_BTC},
};
/* clang-format on */

static const struct form *form_find(const struct insn *insn)
{
	static const struct form none = {.kind = FORM_NONE};

	if (insn->map == MAP_ONE_BYTE)
		return &one_byte[insn->opcode];
	return insn->map == MAP_0F ? &behind_0f[insn->opcode] : &none;
}

static unsigned form_operation(const struct form *form, const struct insn *insn)
{
	return form->operation < BY_REG_GROUP_1
		       ? form->operation
		       : group[form->operation - BY_REG_GROUP_1][modrm_reg(insn->modrm)];
}

/* ---- the other operand ---- */

/* AH, CH, DH and BH are the second bytes of the first four registers. */
static uint8_t *byte_register(struct vcpu *vcpu, unsigned number)
{
	return (uint8_t *)vcpu_register(vcpu, number & 3) + (number >> 2);
}

static uint32_t register_read(struct vcpu *vcpu, unsigned number, unsigned size)
{
	return size == 1 ? *byte_register(vcpu, number) : *vcpu_register(vcpu, number);
}

static void register_write(struct vcpu *vcpu, unsigned number, unsigned size, uint32_t value)
{
	uint32_t *whole = vcpu_register(vcpu, number);

	if (size == 4)
		*whole = value;
	else if (size == 2)
		*whole = (*whole & 0xffff0000) | (value & 0xffff);
	else
		*byte_register(vcpu, number) = (uint8_t)value;
}

/* ---- memory ---- */

/* Where the operand is, whatever it is: in memory, or in a buffer that the bus fills. */
struct operand {
	enum page_kind kind;
	gla_t at;
	gpa_t physical;
	unsigned size;
	uint8_t *memory;
	uint32_t buffer;
};

static uint32_t operand_read(struct vcpu *vcpu, struct operand *operand)
{
	if (operand->kind == PAGE_DEVICE)
		bus_load_memory(vcpu->vm, operand->physical, operand->memory, operand->size);
	switch (operand->size) {
	case 4:
		return ((const struct text_word *)operand->memory)->value;
	case 2:
		return operand->memory[0] | (uint32_t)operand->memory[1] << 8;
	default:
		return operand->memory[0];
	}
}

static void operand_write(struct vcpu *vcpu, struct operand *operand, uint32_t value)
{
	if (operand->size == 4) {
		((struct text_word *)operand->memory)->value = value;
	} else {
		operand->memory[0] = (uint8_t)value;
		if (operand->size == 2)
			operand->memory[1] = (uint8_t)(value >> 8);
	}
	if (operand->kind == PAGE_TRACED)
		traced_written(vcpu, operand->physical, operand->size);
	else if (operand->kind == PAGE_DEVICE)
		bus_store_memory(vcpu->vm, operand->physical, operand->memory, operand->size);
}

/* The address of a page fault is that of the operand. But where it is the first of a page, the
 * operand may begin in the page before; and one that ends in the next page is none for here. */
static bool operand_begins(struct vcpu *vcpu, const struct insn *insn, gla_t at, unsigned size)
{
	gla_t begin;

	if (!insn->has_memory || at.raw % PAGE_SIZE > PAGE_SIZE - size)
		return false;
	if (at.raw % PAGE_SIZE)
		return true;
	return vcpu_linear(vcpu, insn_operand_segment(insn), vcpu_offset(vcpu, insn), size, false,
		       &begin) &&
	       begin.raw == at.raw;
}

/* ---- the instruction ---- */

void access_finish(struct vcpu *vcpu, const struct insn *insn)
{
	vcpu->registers.eip += insn->length;
	vcpu->registers.eflags &= ~EFLAGS_RF; /* the fault has set it */
	vcpu->interrupt_shadow = false;
	if (vcpu->registers.eip > vcpu->code.limit)
		vcpu->unchecked = true; /* it was the segment's last instruction */
}

static uint32_t other_read(
	struct vcpu *vcpu, const struct insn *insn, const struct form *form, unsigned size)
{
	switch (form->other) {
	case OTHER_REGISTER:
		return register_read(vcpu, modrm_reg(insn->modrm), size);
	case OTHER_IMMEDIATE:
		return insn->immediate;
	default:
		return vcpu->registers.eax;
	}
}

static void perform(struct vcpu *vcpu, const struct insn *insn, const struct form *form,
	unsigned operation, struct operand *operand)
{
	unsigned size = operand->size, reg = modrm_reg(insn->modrm);
	uint32_t *eflags = &vcpu->registers.eflags, value;

	switch (form->kind) {
	case FORM_STORE:
		operand_write(vcpu, operand, other_read(vcpu, insn, form, size));
		break;
	case FORM_LOAD:
		value = operand_read(vcpu, operand);
		register_write(vcpu, form->other == OTHER_REGISTER ? reg : 0, size, value);
		break;
	case FORM_EXTEND:
		register_write(vcpu, reg, insn->operand_size, operand_read(vcpu, operand));
		break;
	case FORM_SIGN:
		value = operand_read(vcpu, operand);
		value = size == 1 ? (uint32_t)(int8_t)value : (uint32_t)(int16_t)value;
		register_write(vcpu, reg, insn->operand_size, value);
		break;
	case FORM_EXCHANGE:
		value = operand_read(vcpu, operand);
		operand_write(vcpu, operand, register_read(vcpu, reg, size));
		register_write(vcpu, reg, size, value);
		break;
	case FORM_MODIFY:
		value = arithmetic_perform(operation, size, operand_read(vcpu, operand),
			other_read(vcpu, insn, form, size), eflags);
		if (arithmetic_writes(operation))
			operand_write(vcpu, operand, value);
		break;
	default: /* FORM_COMBINE */
		value = arithmetic_perform(operation, size, register_read(vcpu, reg, size),
			operand_read(vcpu, operand), eflags);
		if (arithmetic_writes(operation))
			register_write(vcpu, reg, size, value);
		break;
	}
}

static bool form_writes(const struct form *form, unsigned operation)
{
	return form->kind == FORM_STORE || form->kind == FORM_EXCHANGE ||
	       (form->kind == FORM_MODIFY && arithmetic_writes(operation));
}

bool access_fast(struct vcpu *vcpu, const struct insn *insn, gla_t at, enum verdict *verdict)
{
	const struct form *form = form_find(insn);
	unsigned operation = form_operation(form, insn);
	struct operand operand = {.at = at, .size = form->size ? form->size : insn->operand_size};
	uint32_t access = vcpu_ring(vcpu) == 3 ? ACCESS_USER : 0;

	if (form->kind == FORM_NONE || operation == NO_OPERATION ||
		vcpu->registers.eflags & EFLAGS_TF || vcpu->dr[7] & DR7_ENABLES)
		return false;
	if (form->kind == FORM_STRING)
		return access_string(vcpu, insn, verdict);
	if (!operand_begins(vcpu, insn, at, operand.size))
		return false;
	if (form_writes(form, operation))
		access |= ACCESS_WRITE;
	operand.kind = vcpu_page(vcpu, at, access, &operand.memory, &operand.physical);
	if (operand.kind == PAGE_FAULT || operand.kind == PAGE_ENDED) {
		*verdict = operand.kind == PAGE_FAULT ? VERDICT_GUEST_FAULT : VERDICT_ENDED;
		return true;
	}
	if (operand.kind == PAGE_DEVICE)
		operand.memory = (uint8_t *)&operand.buffer;
	perform(vcpu, insn, form, operation, &operand);
	access_finish(vcpu, insn);
	*verdict = VERDICT_RESUME;
	return true;
}
