/* SPDX-License-Identifier: BSD-2-Clause */
/* Lab 2, random cases: privileged instructions. */
#include "traps_random.h"

/* Sometimes a prefix that means nothing here, rarely LOCK. */
static void emit_prefix(struct assembly *a)
{
	static const uint16_t prefixes[] = {0x66, 0x67, 0x2e, 0x3e, 0x64, 0xf2, 0xf3};

	if (one_in(4))
		emit(a, 1, PICK(prefixes));
	if (one_in(24))
		emit(a, 1, 0xf0);
}

static uint32_t random_cr0(void)
{
	const uint32_t free_bits = CR0_MP | CR0_EM | CR0_TS | CR0_NE | CR0_WP | CR0_AM;
	uint32_t value = CR0_PE | (random_u32() & free_bits);

	if (!one_in(4))
		value |= CR0_ET;
	if (one_in(8))
		value |= CR0_CD;
	if (one_in(8))
		value |= CR0_NW; /* without CD: #GP */
	return value;
}

static uint32_t random_cr4(void)
{
	uint32_t value = random_u32() & 0x7dc; /* without VME, PVI and PAE */
	return one_in(8) ? value | 1u << (11 + random_below(21)) : value;
}

void emit_control(struct assembly *a)
{
	static const uint16_t numbers[] = {0, 0, 0, 2, 2, 3, 4, 4, 1, 5, 7};
	unsigned number = PICK(numbers), r = any_register();

	if (one_in(2)) {
		emit(a, 3, 0x0f, 0x20, modrm(random_below(4), number, r));
		return;
	}
	uint32_t value = random_u32();
	if (number == 0)
		value = random_cr0();
	if (number == 3)
		value &= 0x3ff018;
	if (number == 4)
		value = random_cr4();
	emit_mov(a, r, value);
	emit(a, 3, 0x0f, 0x22, modrm(random_below(4), number, r));
}

/* No breakpoint is switched on, nor GD. */
void emit_debug(struct assembly *a)
{
	unsigned number = random_below(8), r = any_register();

	if (one_in(2)) {
		emit(a, 3, 0x0f, 0x21, modrm(random_below(4), number, r));
		return;
	}
	emit_mov(a, r, number == 7 || number == 5 ? random_u32() & 0xffff0300 : random_u32());
	emit(a, 3, 0x0f, 0x23, modrm(random_below(4), number, r));
}

void emit_status(struct assembly *a)
{
	unsigned r = any_register();

	switch (random_below(3)) {
	case 0: /* clts */
		emit_prefix(a);
		emit(a, 2, 0x0f, 0x06);
		break;
	case 1: /* lmsw r16 */
		emit(a, 3, 0x0f, 0x01, modrm(3, 6, r));
		break;
	default:
		emit(a, 2, 0x0f, 0x01);
		emit_memory(a, 6);
		break;
	}
}

void emit_flag(struct assembly *a)
{
	emit_prefix(a);
	emit(a, 1, one_in(2) ? 0xfa : 0xfb);
}

void emit_cache(struct assembly *a)
{
	switch (random_below(3)) {
	case 0:
		emit(a, 2, 0x0f, 0x01);
		emit_memory(a, 7);
		break;
	default:
		emit(a, 2, 0x0f, 0x08 + random_below(2));
		break;
	}
}

void emit_msr(struct assembly *a)
{
	if (one_in(6) && !(a->eflags & EFLAGS_TF)) { /* rdtsc; what it says is forgotten */
		emit(a, 6, 0x0f, 0x31, 0x31, 0xc0, 0x31, 0xd2);
		return;
	}
	emit_mov(a, ECX, 0x174 + random_below(3));
	emit(a, 4, 0x31, 0xd2, 0x0f, one_in(2) ? 0x30 : 0x32); /* EDX is 0 */
}

/* A port that no device has, and one that a byte can name. */
#define PORT       0x7800
#define PORT_SHORT 0xec

void emit_port(struct assembly *a)
{
	unsigned opcode = 0xe4 + random_below(4);
	bool short_form = one_in(2);

	if (!short_form)
		emit_mov(a, EDX, PORT);
	if (one_in(3))
		emit(a, 1, 0x66);
	if (short_form)
		emit(a, 2, opcode, PORT_SHORT);
	else
		emit(a, 1, opcode + 8);
}

void emit_port_string(struct assembly *a)
{
	uint32_t aligned = a->eflags & EFLAGS_AC ? ~3u : ~0u; /* #AC is not the matter here */

	emit_mov(a, EDX, PORT);
	emit_mov(a, EDI, (a->memory + 96 + random_below(64)) & aligned);
	emit_mov(a, ESI, (a->memory + 96 + random_below(64)) & aligned);
	emit_mov(a, ECX, random_below(9));
	if (one_in(2))
		emit(a, 1, 0xf3);
	if (one_in(3))
		emit(a, 1, 0x66);
	emit(a, 1, 0x6c + random_below(4));
}

void emit_tables(struct assembly *a)
{
	static const uint16_t selectors[] = {
		0, LDT, LDT, LDT | 3, KERNEL_DS, KERNEL_TSS, BEYOND, ABSENT, CODE_ABSENT, LOCAL};
	bool interrupts = one_in(2);
	unsigned r = any_register();

	switch (random_below(3)) {
	case 0: /* lgdt, lidt of what is there already */
		if (one_in(3))
			emit(a, 1, 0x66);
		emit(a, 2, 0x0f, 0x01);
		emit_address(a, interrupts ? 3 : 2, interrupts ? a->idtr : a->gdtr);
		break;
	case 1:
		emit_mov(a, r, PICK(selectors) | random_u32() << 16);
		emit(a, 3, 0x0f, 0x00, modrm(3, 2, r));
		break;
	default: /* ltr: only what must fault, for the TSS in use is busy */
		emit_mov(a, r, PICK(selectors));
		emit(a, 3, 0x0f, 0x00, modrm(3, 3, r));
		break;
	}
}

void emit_halt(struct assembly *a)
{
	if (a->ring == 3)
		emit(a, 1, 0xf4);
	else
		emit_flag(a); /* nothing would wake it */
}
