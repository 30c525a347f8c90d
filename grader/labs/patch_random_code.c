/* SPDX-License-Identifier: BSD-2-Clause */
/* Lab 4, random cases: the sensitive instructions, in each form. */
#include "patch_random.h"

uint32_t jumble_far;

#define FLAGS_FREE                                                                                 \
	(EFLAGS_STATUS | EFLAGS_DF | EFLAGS_IF | EFLAGS_AC | EFLAGS_ID | EFLAGS_IOPL | EFLAGS_RF)

static uint32_t random_flags(void)
{
	uint32_t flags = (random_u32() & FLAGS_FREE) | EFLAGS_FIXED;

	if (!one_in(4))
		flags &= ~EFLAGS_IOPL;
	if (one_in(32))
		flags |= EFLAGS_TF;
	return flags;
}

static void emit_short(struct assembly *a)
{
	emit(a, 1, 0x66);
}

static void emit_pop(struct assembly *a)
{
	emit(a, 1, 0x58 + any_register());
}

/* movzx r, word [esp]; lea esp, [esp + 4]. A pushed selector is two bytes; the two behind them are
 * what was there before (SDM volume 2, PUSH). */
static void emit_pop_selector(struct assembly *a, unsigned r)
{
	emit(a, 4, 0x0f, 0xb7, modrm(0, r, 4), 0x24);
	emit(a, 4, 0x8d, 0x64, 0x24, 4);
}

void emit_flags(struct assembly *a)
{
	switch (random_below(8)) {
	case 0:
	case 1:
		emit(a, 1, 0x9c);
		emit_pop(a);
		break;
	case 2: /* of 16 bits */
		emit_short(a);
		emit(a, 1, 0x9c);
		emit_short(a);
		emit_pop(a);
		break;
	case 3:
		emit_push(a, random_flags());
		emit(a, 1, 0x9d);
		break;
	case 4: /* of 16 bits, from above: lea esp, [esp + 2] */
		emit_push(a, random_flags());
		emit_short(a);
		emit(a, 5, 0x9d, 0x8d, 0x64, 0x24, 2);
		break;
	case 5: /* a critical section */
		emit(a, 2, 0x9c, 0xfa);
		emit_harmless(a);
		emit(a, 1, 0x9d);
		break;
	case 6:
		emit(a, 1, 0xfa + random_below(2));
		break;
	default:
		emit(a, 2, 0x9c, 0x9d);
		break;
	}
}

void emit_segment_read(struct assembly *a)
{
	unsigned segment = random_below(6), r = any_register();

	switch (random_below(4)) {
	case 0:
		if (one_in(3))
			emit_short(a);
		emit(a, 2, 0x8c, modrm(3, segment, r));
		break;
	case 1:
		if (one_in(3))
			emit_short(a);
		emit(a, 1, 0x8c);
		emit_memory(a, segment);
		break;
	default: {
		bool is_short = one_in(3);
		if (is_short)
			emit_short(a);
		if (segment < 4)
			emit(a, 1, 0x06 | segment << 3);
		else
			emit(a, 2, 0x0f, segment == 4 ? 0xa0 : 0xa8);
		if (is_short) {
			emit_short(a);
			emit_pop(a);
		} else {
			emit_pop_selector(a, r);
		}
		break;
	}
	}
}

/* DS and SS stay what they are: the case goes on. */
void emit_segment_write(struct assembly *a)
{
	static const uint16_t others[] = {KERNEL_DS, USER_DS, JUMBLE_DATA, JUMBLE_READ, 0, 0x0f, 3};
	static const uint16_t segments[] = {0, 2, 3, 4, 5};
	unsigned segment = PICK(segments), r = any_register();
	bool must_stay = segment == 2 || segment == 3;
	uint16_t selector = must_stay ? KERNEL_DS : PICK(others);

	if (one_in(12) && !must_stay)
		selector = one_in(2) ? JUMBLE_ABSENT : JUMBLE_CODE_X;
	switch (random_below(3)) {
	case 0:
		emit_mov(a, r, selector | random_u32() << 16);
		emit(a, 2, 0x8e, modrm(3, segment, r));
		break;
	case 1:
		emit_push(a, selector);
		if (segment < 4)
			emit(a, 1, 0x07 | segment << 3);
		else
			emit(a, 2, 0x0f, segment == 4 ? 0xa1 : 0xa9);
		break;
	default: /* mov dword [m], offset; mov word [m + 4], selector; les, lfs or lgs r, [m] */
		emit(a, 1, 0xc7);
		emit_address(a, 0, a->memory + 240);
		emit_u32(a, random_u32());
		emit(a, 2, 0x66, 0xc7);
		emit_address(a, 0, a->memory + 244);
		emit(a, 2, selector & 0xff, selector >> 8);
		if (segment == 0 || must_stay)
			emit(a, 1, must_stay && segment == 3 ? 0xc5 : 0xc4);
		else
			emit(a, 2, 0x0f, segment == 4 ? 0xb4 : 0xb5);
		emit_address(a, r, a->memory + 240);
		break;
	}
}

/* SGDT, SIDT, SLDT, STR, SMSW */
void emit_tables_read(struct assembly *a)
{
	unsigned which = random_below(5);

	if (one_in(3))
		emit_short(a);
	if (which < 2) {
		emit(a, 2, 0x0f, 0x01);
		emit_memory(a, which);
		return;
	}
	emit(a, 2, 0x0f, which == 4 ? 0x01 : 0x00);
	unsigned reg = which == 4 ? 4 : which - 2;
	if (one_in(2))
		emit(a, 1, modrm(3, reg, any_register()));
	else
		emit_memory(a, reg);
}

/* LAR, LSL, VERR, VERW */
void emit_selector_test(struct assembly *a)
{
	static const uint16_t selectors[] = {0, KERNEL_CS, KERNEL_DS, USER_CS, USER_DS, KERNEL_TSS,
		JUMBLE_DATA, JUMBLE_READ, JUMBLE_ABSENT, JUMBLE_CODE_X, JUMBLE_CODE_C, JUMBLE_LDT,
		0x0c, 0x0f, BEYOND, 0xffe8, 0xffc0, 0xfff8};
	uint32_t selector = PICK(selectors);
	unsigned r = any_register(), which = random_below(4);

	if (one_in(3))
		selector = (selector & ~3u) | random_below(4);
	emit_mov(a, r, selector | random_u32() << 16);
	bool in_memory = one_in(3);
	if (in_memory) {
		emit(a, 1, 0x89);
		emit_address(a, r, a->memory + 240);
	}
	if (one_in(3))
		emit_short(a);
	unsigned reg = which < 2 ? any_register() : 2 + which; /* VERR is /4, VERW /5 */
	emit(a, 2, 0x0f, which < 2 ? 0x02 + which : 0x00);
	if (in_memory)
		emit_address(a, reg, a->memory + 240);
	else
		emit(a, 1, modrm(3, reg, r));
}

/* What follows an instruction of `length` bytes from here on. */
static uint32_t behind(const struct assembly *a, unsigned length)
{
	return a->address + (uint32_t)a->length + length;
}

void emit_far(struct assembly *a)
{
	unsigned parameters = 4 * random_below(3);

	switch (random_below(5)) {
	case 0:
		emit(a, 1, 0x9a);
		emit_u32(a, jumble_far);
		emit(a, 2, KERNEL_CS, 0);
		break;
	case 1:
		emit(a, 1, 0xea);
		emit_u32(a, behind(a, 6));
		emit(a, 2, KERNEL_CS, 0);
		break;
	case 2: /* push parameters; push cs; push next; ret far */
		for (unsigned i = 0; i < parameters; i += 4)
			emit_push(a, random_u32());
		emit(a, 1, 0x0e);
		emit_push(a, behind(a, parameters ? 8 : 6));
		if (parameters)
			emit(a, 3, 0xca, parameters, 0);
		else
			emit(a, 1, 0xcb);
		break;
	case 3: /* pushf; push cs; push next; iret */
		emit(a, 2, 0x9c, 0x0e);
		emit_push(a, behind(a, 6));
		emit(a, 1, 0xcf);
		break;
	default:
		emit_push(a, random_flags());
		emit_push(a, KERNEL_CS);
		emit_push(a, behind(a, 6));
		emit(a, 1, 0xcf);
		break;
	}
}

void emit_interrupt(struct assembly *a)
{
	switch (random_below(4)) {
	case 0:
		emit(a, 1, 0xcc);
		break;
	case 1:
		emit(a, 1, 0xce);
		break;
	default:
		emit(a, 2, 0xcd, JUMBLE_COUNT);
		break;
	}
}

/* What a processor is called, and not what it can do. */
void emit_cpuid(struct assembly *a)
{
	emit_mov(a, EAX, 0);
	emit(a, 2, 0x0f, 0xa2);
}

void emit_repeatable(struct assembly *a)
{
	unsigned r = any_register(), s = any_register();

	switch (random_below(16)) {
	case 0:
		emit_mov(a, r, random_u32());
		break;
	case 1:
		emit(a, 2, random_below(8) << 3 | 1, modrm(3, r, s));
		break;
	case 2: /* inc, dec */
		emit(a, 1, (one_in(2) ? 0x40 : 0x48) + r);
		break;
	case 3: /* push, pop */
		emit(a, 2, 0x50 + r, 0x58 + s);
		break;
	case 4:
		emit(a, 2, 0x9c, 0x58 + r);
		break;
	case 5:
		emit(a, 2, 0x9c, 0xfa);
		emit(a, 3, 0x40 + r, 0x48 + s, 0x9d);
		break;
	case 6:
		emit(a, 1, 0xfa);
		emit(a, 2, 0x40 + r, 0x48 + s);
		emit(a, 1, 0xfb);
		break;
	case 7:
		emit_push(
			a, (random_u32() & (EFLAGS_STATUS | EFLAGS_IF | EFLAGS_DF)) | EFLAGS_FIXED);
		emit(a, 1, 0x9d);
		break;
	case 8:
		emit(a, 2, 0x8c, modrm(3, one_in(2) ? 1 : 2, r));
		break;
	case 9:
		emit(a, 1, one_in(2) ? 0x0e : 0x16);
		emit_pop_selector(a, r);
		break;
	case 10: /* pushf; push cs; push next; iret */
		emit(a, 2, 0x9c, 0x0e);
		emit_push(a, behind(a, 6));
		emit(a, 1, 0xcf);
		break;
	case 11:
		emit(a, 2, 0xcd, JUMBLE_COUNT);
		break;
	case 12: /* smsw */
		emit(a, 3, 0x0f, 0x01, modrm(3, 4, r));
		break;
	case 13: /* jcc over an inc */
		emit(a, 3, 0x70 + random_below(16), 1, 0x40 + r);
		break;
	case 14:
		emit(a, 3, 0xc1, modrm(3, 4, r), 1 + random_below(31));
		break;
	default:
		emit(a, 1, 0xfb);
		break;
	}
}
