/* SPDX-License-Identifier: BSD-2-Clause */
/* Lab 2, random cases: loads of segment registers, returns and jumps, exceptions and INT n. */
#include "traps_random.h"

/* ---- segment registers and far transfers ---- */

/* RPL 1 is left out: in ring 1 it is no outer ring, and the processor does not object. */
static const uint16_t data_selectors[] = {KERNEL_DS, KERNEL_DS, DATA_STACK, DATA_STACK, USER_DS,
	USER_DS, USER_DS & ~3, DATA_BASE, READ_ONLY, ABSENT, ABSENT_0, 0, 3, BEYOND, KERNEL_CS,
	USER_CS, CODE_CONFORM, KERNEL_TSS, LOCAL, KERNEL_DS | 3};

static void emit_pointer(struct assembly *a, uint16_t selector, uint32_t offset)
{
	/* mov dword [memory + 240], offset; mov word [memory + 244], selector */
	emit(a, 1, 0xc7);
	emit_address(a, 0, a->memory + 240);
	emit_u32(a, offset);
	emit(a, 2, 0x66, 0xc7);
	emit_address(a, 0, a->memory + 244);
	emit(a, 2, selector & 0xff, selector >> 8);
}

void emit_segment_load(struct assembly *a)
{
	static const uint16_t registers[] = {
		0, 2, 2, 2, 3, 4, 5}; /* ES, SS more often, DS, FS, GS */
	unsigned segment = PICK(registers), r = any_register();
	uint16_t selector = PICK(data_selectors);

	switch (random_below(3)) {
	case 0:
		emit_mov(a, r, selector | random_u32() << 16);
		emit(a, 2, 0x8e, modrm(3, segment, r));
		return;
	case 1:
		emit_push(a, selector | random_u32() << 16);
		if (segment >= 4)
			emit(a, 2, 0x0f, segment == 4 ? 0xa1 : 0xa9);
		else
			emit(a, 1, 0x07 | segment << 3);
		return;
	default:
		break;
	}
	bool stack = segment == 2 && one_in(2);
	emit_pointer(a, selector, stack ? a->stack : random_u32());
	if (segment == 0 || segment == 3)
		emit(a, 1, segment == 0 ? 0xc4 : 0xc5);
	else
		emit(a, 2, 0x0f, segment == 2 ? 0xb2 : segment == 4 ? 0xb4 : 0xb5);
	emit_address(a, stack ? ESP : r, a->memory + 240);
}

/* EFLAGS for an IRET. To ring 3, IF and IOPL of an open guest stay: that IRET does not trap. */
static uint32_t returned_flags(const struct assembly *a, bool to_user)
{
	const uint32_t free_bits = EFLAGS_STATUS | EFLAGS_DF | EFLAGS_IF | EFLAGS_IOPL | EFLAGS_AC |
				   EFLAGS_ID | EFLAGS_FIXED;
	uint32_t flags = random_u32() & free_bits, kept = 0;

	if (one_in(8))
		flags |= EFLAGS_TF;
	if (to_user && (a->eflags & (EFLAGS_IF | EFLAGS_IOPL)) == EFLAGS_IF)
		kept = EFLAGS_IF | EFLAGS_IOPL;
	if (a->ring == 3)
		kept = EFLAGS_IF;
	return (flags & ~kept) | (a->eflags & kept);
}

/* IRET or RET far to what comes behind it. */
void emit_return(struct assembly *a)
{
	static const uint16_t bad_codes[] = {0, 3, BEYOND, KERNEL_DS, CODE_ABSENT, USER_CS & ~3,
		KERNEL_CS | 3, USER_DS, KERNEL_TSS, CODE_CONFORM, LOCAL};
	static const uint16_t bad_stacks[] = {
		0, 3, BEYOND, KERNEL_DS, KERNEL_DS | 3, USER_DS & ~3, READ_ONLY, USER_CS};
	bool interrupt = !one_in(3), user = a->ring == 3 || one_in(2);
	uint16_t code = user ? USER_CS : KERNEL_CS;
	unsigned parameters = !interrupt && one_in(3) ? 4 * random_below(5) : 0;

	if (one_in(4))
		code = PICK(bad_codes);
	if (user && a->ring == 0) {
		emit_push(a, one_in(4) ? PICK(bad_stacks) : USER_DS);
		emit_push(a, a->stack - 64 + random_below(64));
	}
	for (unsigned i = 0; i < parameters; i += 4)
		emit_push(a, random_u32());
	if (interrupt)
		emit_push(a, returned_flags(a, user));
	emit_push(a, code);
	size_t to = a->length + 1;
	emit_push(a, 0);
	if (interrupt)
		emit(a, 1, 0xcf);
	else if (parameters)
		emit(a, 3, 0xca, parameters, 0);
	else
		emit(a, 1, 0xcb);
	uint32_t next = a->address + (uint32_t)a->length;
	memcpy(a->bytes + to, &next, sizeof(next));
}

void emit_jump_far(struct assembly *a)
{
	static const uint16_t codes[] = {KERNEL_CS, KERNEL_CS, USER_CS, USER_CS, CODE_CONFORM, 0,
		BEYOND, KERNEL_DS, CODE_ABSENT, LOCAL};

	emit(a, 1, 0xea);
	emit_u32(a, a->address + (uint32_t)a->length + 6);
	uint16_t code = PICK(codes);
	emit(a, 2, code & 0xff, code >> 8);
}

/* ---- exceptions and INT n ---- */

void emit_int(struct assembly *a)
{
	static const uint16_t short_forms[] = {0xcc, 0xce, 0xf1};

	if (one_in(3))
		emit(a, 1, PICK(short_forms));
	else if (one_in(4))
		emit(a, 2, 0xcd, 3 + random_below(2));
	else
		emit(a, 2, 0xcd, INT_FIRST + random_below(INT_KINDS));
}

void emit_exception(struct assembly *a)
{
	unsigned r = any_register();

	switch (random_below(7)) {
	case 0: /* div, idiv */
		emit(a, 2, 0xf7, modrm(3, 6 + random_below(2), r));
		break;
	case 1: /* bound */
		emit(a, 1, 0x62);
		emit_memory(a, r);
		break;
	case 2: /* aam */
		emit(a, 2, 0xd4, one_in(2) ? 0 : 1 + random_below(255));
		break;
	case 3: /* ud2 */
		emit(a, 2, 0x0f, 0x0b);
		break;
	case 4: /* a locked register */
		emit(a, 3, 0xf0, 0x01, modrm(3, r, EAX));
		break;
	case 5: /* inside a segment of 4 KiB, or not */
		emit_mov(a, r, DATA_BASE);
		emit(a, 2, 0x8e, modrm(3, 4, r));
		emit(a, 2, 0x64, 0x8b);
		emit_address(a, r, random_below(0x1800));
		break;
	default: /* a string that may leave its segment */
		emit_mov(a, EDI, a->memory + random_below(32));
		emit_mov(a, ECX, random_below(12));
		emit_mov(a, r == EDI || r == ECX ? EBX : r, DATA_BASE);
		emit(a, 3, 0xfc, 0xf3, 0xab);
		break;
	}
}
