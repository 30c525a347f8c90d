/* SPDX-License-Identifier: BSD-2-Clause */
/* Lab 2, random cases: how instructions are put together, and the harmless ones. */
#include "traps_random.h"

#include <stdarg.h>

void emit(struct assembly *a, unsigned count, ...)
{
	va_list bytes;

	if (a->length + count > CODE_SIZE)
		infrastructure_error("a random case is longer than %d bytes", CODE_SIZE);
	va_start(bytes, count);
	for (unsigned i = 0; i < count; i++)
		a->bytes[a->length++] = (uint8_t)va_arg(bytes, int);
	va_end(bytes);
}

void emit_u32(struct assembly *a, uint32_t value)
{
	emit(a, 4, value & 0xff, value >> 8 & 0xff, value >> 16 & 0xff, value >> 24);
}

bool one_in(uint32_t n)
{
	return random_below(n) == 0;
}

unsigned any_register(void)
{
	unsigned reg = random_below(7);
	return reg >= ESP ? reg + 1 : reg;
}

uint8_t modrm(unsigned mod, unsigned reg, unsigned rm)
{
	return (uint8_t)(mod << 6 | reg << 3 | rm);
}

/* ModRM and displacement of a doubleword of the case's memory. */
void emit_memory(struct assembly *a, unsigned reg)
{
	emit(a, 1, modrm(0, reg, EBP));
	emit_u32(a, a->memory + random_below(MEMORY_SIZE - 8));
}

void emit_address(struct assembly *a, unsigned reg, uint32_t address)
{
	emit(a, 1, modrm(0, reg, EBP));
	emit_u32(a, address);
}

void emit_mov(struct assembly *a, unsigned reg, uint32_t value)
{
	emit(a, 1, 0xb8 + reg);
	emit_u32(a, value);
}

void emit_push(struct assembly *a, uint32_t value)
{
	emit(a, 1, 0x68);
	emit_u32(a, value);
}

uint16_t pick(const uint16_t *from, size_t count)
{
	return from[random_below((uint32_t)count)];
}

/* ---- harmless instructions ---- */

void emit_harmless(struct assembly *a)
{
	static const uint16_t flag_opcodes[] = {0xf5, 0xf8, 0xf9, 0xfc, 0xfd};
	static const uint16_t shifts[] = {0, 1, 2, 3, 4, 5, 7};
	unsigned r = any_register(), s = any_register();

	switch (random_below(19)) {
	case 0:
		emit_mov(a, r, random_u32());
		break;
	case 1: /* add or adc sbb and sub xor cmp */
		emit(a, 2, random_below(8) << 3 | 1, modrm(3, r, s));
		break;
	case 2:
		emit(a, 3, 0x83, modrm(3, random_below(8), r), random_below(256));
		break;
	case 3: /* inc, dec */
		emit(a, 1, (one_in(2) ? 0x40 : 0x48) + r);
		break;
	case 4:
		emit(a, 3, 0xc1, modrm(3, PICK(shifts), r), 1 + random_below(31));
		break;
	case 5:
		emit(a, 1, 0x8b);
		emit_memory(a, r);
		break;
	case 6:
		emit(a, 1, 0x89);
		emit_memory(a, r);
		break;
	case 7:
		emit(a, 1, 0x50 + r);
		break;
	case 8:
		emit(a, 1, 0x58 + r);
		break;
	case 9: /* lea r, [s + 4 * eax + n] */
		emit(a, 4, 0x8d, modrm(1, r, ESP), s | 2 << 6, random_below(256));
		break;
	case 10:
		emit(a, 1, PICK(flag_opcodes));
		break;
	case 11: /* bswap */
		emit(a, 2, 0x0f, 0xc8 + r);
		break;
	case 12: /* movzx */
		emit(a, 3, 0x0f, 0xb6, modrm(3, r, random_below(8)));
		break;
	case 13: /* setcc */
		emit(a, 2, 0x0f, 0x90 + random_below(16));
		emit_memory(a, 0);
		break;
	case 14: /* cmovcc */
		emit(a, 3, 0x0f, 0x40 + random_below(16), modrm(3, r, s));
		break;
	case 15: /* jcc over an inc */
		emit(a, 3, 0x70 + random_below(16), 1, 0x40 + r);
		break;
	case 16: /* not, neg */
		emit(a, 2, 0xf7, modrm(3, 2 + random_below(2), r));
		break;
	case 17: /* imul */
		emit(a, 3, 0x0f, 0xaf, modrm(3, r, s));
		break;
	default: /* xchg with memory */
		emit(a, 1, 0x87);
		emit_memory(a, r);
		break;
	}
}
