/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the instructions of forms.asm do with what they find at their address (Intel SDM volume 2).
 *
 * An operation gets the registers and the cell that was read, and leaves both as they are
 * afterwards. Bytes of the cell beyond the form's size are not written.
 */
#include "torture.h"

static void op_test(struct registers *r, uint32_t cell[2], uint32_t size)
{
	(void)r, (void)cell, (void)size;
}

/* EAX gets the cell; of smaller ones its lower part. */
void op_read(struct registers *r, uint32_t cell[2], uint32_t size)
{
	uint32_t mask = size == 4 ? ~0u : (1u << size * 8) - 1;

	r->eax = (r->eax & ~mask) | (cell[0] & mask);
}

static void op_zero_extend(struct registers *r, uint32_t cell[2], uint32_t size)
{
	(void)size;
	r->eax = cell[0] & 0xff;
}

void op_mov(struct registers *r, uint32_t cell[2], uint32_t size)
{
	(void)size;
	cell[0] = r->eax;
}

/* Of the two constants in forms.asm */
static void op_constant(struct registers *r, uint32_t cell[2], uint32_t size)
{
	(void)r, (void)size;
	cell[0] = 0x67;
}

static void op_set(struct registers *r, uint32_t cell[2], uint32_t size)
{
	(void)r, (void)size;
	cell[0] = 1;
}

extern const uint8_t user_call_near[];

/* The return address: that of the INT behind the CALL. */
static void op_call(struct registers *r, uint32_t cell[2], uint32_t size)
{
	(void)r, (void)size;
	cell[0] = (uint32_t)user_call_near + 5;
}

#define OPERATION(name, result)                                                                    \
	void name(struct registers *r, uint32_t cell[2], uint32_t size)                            \
	{                                                                                          \
		uint32_t a = r->eax, old = cell[0];                                                \
		(void)a, (void)size;                                                               \
		cell[0] = result;                                                                  \
	}
OPERATION(op_or, old | a)
OPERATION(op_and, old &a)
OPERATION(op_xor, old ^ a)
OPERATION(op_add, old + a)
OPERATION(op_sub, old - a)
OPERATION(op_bts, old | 1u << (a & 31))
OPERATION(op_btr, old & ~(1u << (a & 31)))
static OPERATION(op_btc, old ^ 1u << (a & 31));
static OPERATION(op_inc, old + 1);
static OPERATION(op_dec, old - 1);
static OPERATION(op_not, ~old);
static OPERATION(op_neg, -old);
#undef OPERATION

void op_xchg(struct registers *r, uint32_t cell[2], uint32_t size)
{
	uint32_t a = r->eax;

	op_read(r, cell, size);
	cell[0] = a;
}

void op_xadd(struct registers *r, uint32_t cell[2], uint32_t size)
{
	uint32_t a = r->eax, old = cell[0];

	op_read(r, cell, size);
	cell[0] = old + a;
}

void op_cmpxchg(struct registers *r, uint32_t cell[2], uint32_t size)
{
	(void)size;
	if (cell[0] == r->eax)
		cell[0] = r->edx;
	else
		r->eax = cell[0];
}

static void op_cmpxchg8b(struct registers *r, uint32_t cell[2], uint32_t size)
{
	(void)size;
	if (cell[0] == r->eax && cell[1] == r->edx) {
		cell[0] = r->ebx;
		cell[1] = r->ecx;
	} else {
		r->eax = cell[0];
		r->edx = cell[1];
	}
}

/* clang-format off */
/* Label in forms.asm, name, kind, size, bytes before the instruction, flags, operation */
#define FORMS(X) \
	X(load_8, "MOV AL, m8", FORM_READ, 1, 0, 0, op_read) \
	X(load_16, "MOV AX, m16", FORM_READ, 2, 0, 0, op_read) \
	X(load_32, "MOV EAX, m32", FORM_READ, 4, 0, 0, op_read) \
	X(load_zero, "MOVZX EAX, m8", FORM_READ, 1, 0, 0, op_zero_extend) \
	X(test_32, "TEST m32, EAX", FORM_READ, 4, 0, 0, op_test) \
	X(bt_32, "BT m32, EAX", FORM_READ, 4, 0, FORM_BIT, op_test) \
	X(push_memory, "PUSH m32", FORM_READ, 4, 0, 0, op_read) \
	X(store_8, "MOV m8, AL", FORM_WRITE, 1, 0, 0, op_mov) \
	X(store_16, "MOV m16, AX", FORM_WRITE, 2, 0, 0, op_mov) \
	X(store_32, "MOV m32, EAX", FORM_WRITE, 4, 0, 0, op_mov) \
	X(store_constant, "MOV m32, 67h", FORM_WRITE, 4, 0, 0, op_constant) \
	X(pop_memory, "POP m32", FORM_WRITE, 4, 1, 0, op_mov) \
	X(set_8, "SETC m8", FORM_WRITE, 1, 1, 0, op_set) \
	X(or_8, "OR m8, AL", FORM_WRITE, 1, 0, 0, op_or) \
	X(or_32, "OR m32, EAX", FORM_WRITE, 4, 0, 0, op_or) \
	X(lock_or_32, "LOCK OR m32, EAX", FORM_WRITE, 4, 0, 0, op_or) \
	X(and_16, "AND m16, AX", FORM_WRITE, 2, 0, 0, op_and) \
	X(and_32, "AND m32, EAX", FORM_WRITE, 4, 0, 0, op_and) \
	X(xor_8, "XOR m8, AL", FORM_WRITE, 1, 0, 0, op_xor) \
	X(xor_32, "XOR m32, EAX", FORM_WRITE, 4, 0, 0, op_xor) \
	X(add_32, "ADD m32, EAX", FORM_WRITE, 4, 0, 0, op_add) \
	X(sub_32, "SUB m32, EAX", FORM_WRITE, 4, 0, 0, op_sub) \
	X(inc_32, "INC m32", FORM_WRITE, 4, 0, 0, op_inc) \
	X(dec_32, "DEC m32", FORM_WRITE, 4, 0, 0, op_dec) \
	X(not_32, "NOT m32", FORM_WRITE, 4, 0, 0, op_not) \
	X(neg_16, "NEG m16", FORM_WRITE, 2, 0, 0, op_neg) \
	X(xchg_8, "XCHG m8, AL", FORM_WRITE, 1, 0, 0, op_xchg) \
	X(xchg_32, "XCHG m32, EAX", FORM_WRITE, 4, 0, 0, op_xchg) \
	X(xadd_32, "LOCK XADD m32, EAX", FORM_WRITE, 4, 0, 0, op_xadd) \
	X(cmpxchg_32, "LOCK CMPXCHG m32, EDX", FORM_WRITE, 4, 0, 0, op_cmpxchg) \
	X(cmpxchg8b, "LOCK CMPXCHG8B m64", FORM_WRITE, 8, 0, 0, op_cmpxchg8b) \
	X(bts_32, "BTS m32, EAX", FORM_WRITE, 4, 0, FORM_BIT, op_bts) \
	X(btr_32, "LOCK BTR m32, EAX", FORM_WRITE, 4, 0, FORM_BIT, op_btr) \
	X(btc_32, "BTC m32, EAX", FORM_WRITE, 4, 0, FORM_BIT, op_btc) \
	X(stosb_one, "STOSB", FORM_STOS, 1, 0, 0, NULL) \
	X(stosd_one, "STOSD", FORM_STOS, 4, 0, 0, NULL) \
	X(rep_stosb, "REP STOSB", FORM_STOS, 1, 0, FORM_REP, NULL) \
	X(rep_stosd, "REP STOSD", FORM_STOS, 4, 0, FORM_REP, NULL) \
	X(lodsd_one, "LODSD", FORM_LODS, 4, 0, 0, NULL) \
	X(rep_lodsd, "REP LODSD", FORM_LODS, 4, 0, FORM_REP, NULL) \
	X(movsd_one, "MOVSD", FORM_MOVS, 4, 0, 0, NULL) \
	X(rep_movsb, "REP MOVSB", FORM_MOVS, 1, 0, FORM_REP, NULL) \
	X(rep_movsw, "REP MOVSW", FORM_MOVS, 2, 0, FORM_REP, NULL) \
	X(rep_movsd, "REP MOVSD", FORM_MOVS, 4, 0, FORM_REP, NULL)

#define DECLARE(label, ...) extern const uint8_t kernel_##label[], user_##label[];
FORMS(DECLARE)
extern const uint8_t user_push_register[], user_push_constant[];
/* clang-format on */

#define ROW(label, name, kind, size, before, flags, operate)                                       \
	{name, kernel_##label, user_##label, kind, size, before, flags, operate},
const struct form torture_forms[] = {
	FORMS(ROW) /* these three in ring 3 alone: in ring 0 the fault's frame needs a stack */
	{"PUSH EAX", NULL, user_push_register, FORM_WRITE, 4, 0, FORM_STACK, op_mov},
	{"PUSH 67h", NULL, user_push_constant, FORM_WRITE, 4, 0, FORM_STACK, op_constant},
	{"CALL", NULL, user_call_near, FORM_WRITE, 4, 0, FORM_STACK, op_call},
	/* MOV EAX, constant; INT: at the address itself */
	{"instruction fetch", NULL, NULL, FORM_FETCH, 0, 0, 0, NULL},
};
const uint32_t torture_form_count = sizeof(torture_forms) / sizeof(torture_forms[0]);

uint8_t form_fetch(void)
{
	return (uint8_t)(torture_form_count - 1);
}

uint8_t form_stosd(void)
{
	uint8_t number = 0;

	while (torture_forms[number].kind != FORM_STOS || torture_forms[number].size != 4)
		number++;
	return number;
}

uint8_t form_find(operation *operate, uint32_t size)
{
	uint8_t number = 0;

	while (torture_forms[number].operate != operate || torture_forms[number].size != size)
		number++;
	return number;
}
