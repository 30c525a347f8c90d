/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Functions that are made at run time, in pages that were data before: a compiler of one screen.
 *
 * A function is a row of random operations. Each leaves a value in EAX, which is mixed into ECX;
 * what it must be is known when the operation is written.
 */
#include "paging.h"
#include "selfmod.h"

#define FUNCTIONS  64u
#define CODE_PAGES 2u

/* Flags that POPF may be given: no TF, and no RF or VM, which it drops. */
#define FLAGS_ANY                                                                                  \
	(EFLAGS_STATUS | EFLAGS_IF | EFLAGS_DF | EFLAGS_IOPL | EFLAGS_NT | EFLAGS_AC | EFLAGS_ID)

static uint8_t code[CODE_PAGES][4096] __attribute__((aligned(4096)));

static uint8_t *out;

static void emit(const char *bytes, uint32_t size)
{
	memcpy(out, bytes, size);
	out += size;
}
#define EMIT(text) emit(text, sizeof(text) - 1)

static void emit_u32(uint32_t value)
{
	memcpy(out, &value, sizeof(value));
	out += sizeof(value);
}

static uint32_t emit_flags(void)
{
	uint32_t flags = random_u32() & FLAGS_ANY;

	EMIT("\x68"); /* PUSH imm32 */
	emit_u32(flags);
	EMIT("\x9d\x9c\x58"); /* POPF, PUSHF, POP EAX */
	return flags | EFLAGS_FIXED;
}

/* A critical section around nothing: IF is afterwards what it was. */
static uint32_t emit_section(void)
{
	uint32_t flags = random_u32() & (EFLAGS_IF | EFLAGS_CF | EFLAGS_OF);

	EMIT("\x68");
	emit_u32(flags);
	EMIT("\x9d\x9c\xfa\x9c\x58\x9d"); /* POPF, PUSHF, CLI, PUSHF, POP EAX, POPF */
	EMIT("\x9c\x5a\x8d\x04\x50");     /* PUSHF, POP EDX, LEA EAX, [EAX + EDX * 2] */
	return (flags & ~EFLAGS_IF) + EFLAGS_FIXED + 2 * (flags | EFLAGS_FIXED);
}

/* SIDT or SGDT on the stack: the first four bytes. */
static uint32_t emit_table(bool interrupts)
{
	EMIT("\x83\xec\x08"); /* SUB ESP, 8 */
	if (interrupts)
		EMIT("\x0f\x01\x0c\x24");
	else
		EMIT("\x0f\x01\x04\x24");
	EMIT("\x58\x5a"); /* POP EAX, POP EDX */
	if (interrupts)
		return (sizeof(kernel_idt) - 1) | (uint32_t)kernel_idt << 16;
	return (sizeof(kernel_gdt) - 1) | (uint32_t)kernel_gdt << 16;
}

static uint32_t emit_rights(void)
{
	uint32_t selector = random_below(4) * 8 + KERNEL_CS, high = kernel_gdt[selector / 8].high;

	EMIT("\xba"); /* MOV EDX, imm32 */
	emit_u32(selector);
	EMIT("\x0f\x02\xc2"); /* LAR EAX, EDX */
	return high & 0x00ffff00;
}

/* A jump over bytes that are not code. */
static uint32_t emit_junk(void)
{
	uint32_t bytes = 1 + random_below(9), value = random_u32();

	EMIT("\xeb");
	*out++ = (uint8_t)bytes;
	while (bytes--)
		*out++ = (uint8_t)random_u32();
	EMIT("\xb8"); /* MOV EAX, imm32 */
	emit_u32(value);
	return value;
}

/* Writes one operation, and returns the value that it leaves in EAX. */
static uint32_t emit_operation(void)
{
	switch (random_below(14)) {
	case 0:
		EMIT("\xfa\x9c\x58\x25\x00\x02\x00\x00"); /* CLI, PUSHF, POP EAX, AND EAX, 200h */
		return 0;
	case 1:
		EMIT("\xfb\x9c\x58\x25\x00\x02\x00\x00"); /* STI */
		return EFLAGS_IF;
	case 2:
		EMIT("\x8c\xc8"); /* MOV EAX, CS */
		return KERNEL_CS;
	case 3:
		EMIT("\x8c\xd0"); /* MOV EAX, SS */
		return KERNEL_DS;
	case 4:
		EMIT("\x0e\x58\x98"); /* PUSH CS, POP EAX, CWDE */
		return KERNEL_CS;
	case 5:
		EMIT("\x0f\x01\xe0"); /* SMSW EAX */
		return cr0_read();
	case 6:
		EMIT("\x0f\x00\xc8"); /* STR EAX */
		return KERNEL_TSS;
	case 7:
		EMIT("\x0f\x00\xc0"); /* SLDT EAX */
		return 0;
	case 8:
		return emit_table(true);
	case 9:
		return emit_table(false);
	case 10:
		return emit_rights();
	case 11:
		return emit_junk();
	case 12:
		return emit_section();
	default:
		return emit_flags();
	}
}

uint32_t jit_emit(uint8_t *to, uint32_t operations, uint32_t *wanted)
{
	uint32_t value = random_u32();

	out = to;
	EMIT("\xb9"); /* MOV ECX, imm32 */
	emit_u32(value);
	while (operations--) {
		uint32_t left = emit_operation();
		EMIT("\xc1\xc1\x05\x01\xc1"); /* ROL ECX, 5; ADD ECX, EAX */
		value = (value << 5 | value >> 27) + left;
	}
	EMIT("\x6a\x02\x9d\x89\xc8\xc3"); /* PUSH 2; POPF; MOV EAX, ECX; RET */
	*wanted = value;
	return (uint32_t)(out - to);
}

/* Each is written over the one before, sometimes at another place, and called twice. */
void jit_run(void)
{
	uint32_t wrong = 0, sum = 0;

	for (uint32_t i = 0; i < FUNCTIONS; i++) {
		uint32_t wanted,
			place = random_below(4) ? 0 : random_below(sizeof(code) - JIT_BYTES);
		uint8_t *function = (uint8_t *)code + place;
		jit_emit(function, 1 + random_below(16), &wanted);
		for (uint32_t call = 0; call < 2; call++) {
			uint32_t value = code_call(function);
			wrong += value != wanted;
			sum = sum * 31 + value;
		}
	}
	result_check("functions made at run time", wrong, 0);
	result_note("functions made at run time: values", sum);
}
