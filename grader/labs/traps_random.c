/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 2, randomised tests. The seed draws cases: a few harmless instructions, one that a guest's
 * kernel in ring 1 may not simply execute, a few harmless ones again, with random registers, flags,
 * control registers and memory around them. The guest scramble runs them on the bare machine and
 * under the submission, and what they leave must be the same.
 *
 * Nothing is drawn that cannot be the same: time, and the instructions that show ring 1 without a
 * trap. Nor is a way to end the guest: paging, task switches, virtual-8086 mode.
 */
#include "decode.h"
#include "traps_tests.h"

#include <stdarg.h>

/* ---- guests/scramble/scramble.h, and kernel.h ---- */

#define CASES       128
#define CODE_SIZE   128
#define MEMORY_SIZE 256
#define STACK_SIZE  8192

#define KERNEL_CS    0x08
#define KERNEL_DS    0x10
#define USER_CS      0x1b
#define USER_DS      0x23
#define KERNEL_TSS   0x28
#define DATA_BASE    0x33
#define READ_ONLY    0x3b
#define ABSENT       0x43
#define ABSENT_0     0x48
#define CODE_CONFORM 0x50
#define CODE_ABSENT  0x58
#define LDT          0x60
#define DATA_STACK   0x68
#define BEYOND       0x208
#define LOCAL        0x0f

#define INT_FIRST 0x40 /* DPL 0, DPL 3, absent, absent code, no gate */
#define INT_KINDS 6

struct frame {
	uint32_t edi, esi, ebp, esp, ebx, edx, ecx, eax;
	uint32_t vector, error_code, eip, cs, eflags, user_esp, user_ss;
};

struct scramble_case {
	struct frame frame;
	uint32_t fs, gs, cr0, cr2, cr4, dr[4];
};

/* ---- a case that grows ---- */

struct assembly {
	uint8_t *bytes;
	size_t length;
	uint32_t address; /* of bytes[0] */
	uint32_t memory;  /* of MEMORY_SIZE bytes */
	uint32_t stack;   /* somewhere in the middle of it */
	uint32_t gdtr, idtr;
	uint32_t ring, eflags;
};

enum { EAX, ECX, EDX, EBX, ESP, EBP, ESI, EDI };

static void emit(struct assembly *a, unsigned count, ...)
{
	va_list bytes;

	if (a->length + count > CODE_SIZE)
		infrastructure_error("a random case is longer than %d bytes", CODE_SIZE);
	va_start(bytes, count);
	for (unsigned i = 0; i < count; i++)
		a->bytes[a->length++] = (uint8_t)va_arg(bytes, int);
	va_end(bytes);
}

static void emit_u32(struct assembly *a, uint32_t value)
{
	emit(a, 4, value & 0xff, value >> 8 & 0xff, value >> 16 & 0xff, value >> 24);
}

static bool one_in(uint32_t n)
{
	return random_below(n) == 0;
}

/* Any general register but ESP. */
static unsigned any_register(void)
{
	unsigned reg = random_below(7);
	return reg >= ESP ? reg + 1 : reg;
}

static uint8_t modrm(unsigned mod, unsigned reg, unsigned rm)
{
	return (uint8_t)(mod << 6 | reg << 3 | rm);
}

/* ModRM and displacement of a doubleword of the case's memory. */
static void emit_memory(struct assembly *a, unsigned reg)
{
	emit(a, 1, modrm(0, reg, EBP));
	emit_u32(a, a->memory + random_below(MEMORY_SIZE - 8));
}

static void emit_address(struct assembly *a, unsigned reg, uint32_t address)
{
	emit(a, 1, modrm(0, reg, EBP));
	emit_u32(a, address);
}

static void emit_mov(struct assembly *a, unsigned reg, uint32_t value)
{
	emit(a, 1, 0xb8 + reg);
	emit_u32(a, value);
}

static void emit_push(struct assembly *a, uint32_t value)
{
	emit(a, 1, 0x68);
	emit_u32(a, value);
}

static uint16_t pick(const uint16_t *from, size_t count)
{
	return from[random_below((uint32_t)count)];
}
#define PICK(array) pick(array, sizeof(array) / sizeof((array)[0]))

/* ---- harmless instructions ---- */

static void emit_harmless(struct assembly *a)
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

/* ---- privileged instructions ---- */

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

static void emit_control(struct assembly *a)
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
static void emit_debug(struct assembly *a)
{
	unsigned number = random_below(8), r = any_register();

	if (one_in(2)) {
		emit(a, 3, 0x0f, 0x21, modrm(random_below(4), number, r));
		return;
	}
	emit_mov(a, r, number == 7 || number == 5 ? random_u32() & 0xffff0300 : random_u32());
	emit(a, 3, 0x0f, 0x23, modrm(random_below(4), number, r));
}

static void emit_status(struct assembly *a)
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

static void emit_flag(struct assembly *a)
{
	emit_prefix(a);
	emit(a, 1, one_in(2) ? 0xfa : 0xfb);
}

static void emit_cache(struct assembly *a)
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

static void emit_msr(struct assembly *a)
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

static void emit_port(struct assembly *a)
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

static void emit_port_string(struct assembly *a)
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

static void emit_tables(struct assembly *a)
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

static void emit_halt(struct assembly *a)
{
	if (a->ring == 3)
		emit(a, 1, 0xf4);
	else
		emit_flag(a); /* nothing would wake it */
}

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

static void emit_segment_load(struct assembly *a)
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
static void emit_return(struct assembly *a)
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

static void emit_jump_far(struct assembly *a)
{
	static const uint16_t codes[] = {KERNEL_CS, KERNEL_CS, USER_CS, USER_CS, CODE_CONFORM, 0,
		BEYOND, KERNEL_DS, CODE_ABSENT, LOCAL};

	emit(a, 1, 0xea);
	emit_u32(a, a->address + (uint32_t)a->length + 6);
	uint16_t code = PICK(codes);
	emit(a, 2, code & 0xff, code >> 8);
}

/* ---- exceptions and INT n ---- */

static void emit_int(struct assembly *a)
{
	static const uint16_t short_forms[] = {0xcc, 0xce, 0xf1};

	if (one_in(3))
		emit(a, 1, PICK(short_forms));
	else if (one_in(4))
		emit(a, 2, 0xcd, 3 + random_below(2));
	else
		emit(a, 2, 0xcd, INT_FIRST + random_below(INT_KINDS));
}

static void emit_exception(struct assembly *a)
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

/* ---- whole cases ---- */

typedef void emitter(struct assembly *a);

struct scramble {
	struct guest *guest;
	struct scramble_case cases[CASES];
	uint8_t code[CASES][CODE_SIZE];
	uint8_t memory[CASES][MEMORY_SIZE];
	size_t length[CASES]; /* of the code */
};

static uint32_t random_eflags(bool nested_task)
{
	const uint32_t free_bits =
		EFLAGS_STATUS | EFLAGS_DF | EFLAGS_IF | EFLAGS_IOPL | EFLAGS_AC | EFLAGS_ID;
	uint32_t flags = (random_u32() & free_bits) | EFLAGS_FIXED;

	if (one_in(2))
		flags &= ~EFLAGS_IOPL;
	if (nested_task && one_in(8))
		flags |= EFLAGS_NT;
	if (one_in(24))
		flags |= EFLAGS_TF;
	return flags;
}

static void case_draw(struct scramble *s, uint32_t number, emitter *const *emitters, size_t count)
{
	struct scramble_case *c = &s->cases[number];
	uint32_t stack = guest_symbol(s->guest, "scramble_stack");
	uint32_t *words = (uint32_t *)&c->frame;
	emitter *subject = emitters[random_below((uint32_t)count)];
	bool user = one_in(3);

	for (int i = 0; i < 8; i++)
		words[i] = random_u32();
	for (size_t i = 0; i < MEMORY_SIZE; i++)
		s->memory[number][i] = (uint8_t)random_u32();
	c->frame.eip = guest_symbol(s->guest, "scramble_code") + number * CODE_SIZE;
	c->frame.cs = user ? USER_CS : KERNEL_CS;
	c->frame.eflags = random_eflags(subject != emit_return);
	c->frame.user_esp = stack + STACK_SIZE / 2 + random_below(STACK_SIZE / 4);
	c->frame.user_ss = USER_DS;
	c->fs = one_in(2) ? KERNEL_DS : DATA_BASE;
	c->gs = one_in(2) ? 0 : USER_DS;
	c->cr0 = CR0_PE | CR0_ET | (random_u32() & (CR0_MP | CR0_EM | CR0_TS | CR0_NE | CR0_AM));
	c->cr2 = random_u32();
	c->cr4 = random_u32() & (CR4_TSD | CR4_DE);
	for (int i = 0; i < 4; i++)
		c->dr[i] = random_u32();

	struct assembly a = {
		.bytes = s->code[number],
		.address = c->frame.eip,
		.memory = guest_symbol(s->guest, "scramble_memory") + number * MEMORY_SIZE,
		.stack = c->frame.user_esp,
		.gdtr = guest_symbol(s->guest, "scramble_gdtr"),
		.idtr = guest_symbol(s->guest, "scramble_idtr"),
		.ring = user ? 3 : 0,
		.eflags = c->frame.eflags,
	};
	for (uint32_t i = random_below(4); i > 0; i--)
		emit_harmless(&a);
	subject(&a);
	for (uint32_t i = random_below(4); i > 0; i--)
		emit_harmless(&a);
	emit(&a, 2, 0xcd, PROBE_END);
	s->length[number] = a.length;
}

/* "case 7 with EFLAGS ... and", then its instructions. */
static const char *case_text(const struct scramble *s, uint32_t number)
{
	static char text[1536];
	const struct scramble_case *c = &s->cases[number];
	int length = snprintf(text, sizeof(text),
		"random case %u, with EFLAGS %08x, CR0 %08x, CR4 %08x:", number, c->frame.eflags,
		c->cr0, c->cr4);

	for (size_t at = 0; at < s->length[number] && (size_t)length < sizeof(text) - 96;) {
		struct insn insn;
		char instruction[INSN_TEXT_SIZE] = "(no instruction)";
		uint32_t eip = c->frame.eip + (uint32_t)at;
		enum decode_status status =
			insn_decode(&insn, s->code[number] + at, s->length[number] - at, 32);
		if (status == DECODE_OK)
			insn_format(&insn, eip, instruction, sizeof(instruction));
		length += snprintf(text + length, sizeof(text) - (size_t)length, "\n  %08x  %s",
			eip, instruction);
		at += status == DECODE_OK ? insn.length : 1;
	}
	snprintf(text + length, sizeof(text) - (size_t)length, "\n");
	return text;
}

static void case_compare(const struct scramble *s, const struct pair *pair, uint32_t number)
{
	struct outcome bare, got;
	uint8_t bare_memory[MEMORY_SIZE], memory[MEMORY_SIZE];
	const struct scramble_case *c = &s->cases[number];
	uint32_t outcome =
		guest_symbol(s->guest, "probe_outcomes") + number * (uint32_t)sizeof(bare);
	uint32_t address = guest_symbol(s->guest, "scramble_memory") + number * MEMORY_SIZE;

	memory_read(pair->bare, outcome, &bare, sizeof(bare));
	memory_read(pair->m, outcome, &got, sizeof(got));
	assert_same_outcome(case_text(s, number), c->frame.cs & 3, c->frame.eip, s->code[number],
		s->length[number], &bare, &got);
	memory_read(pair->bare, address, bare_memory, sizeof(bare_memory));
	memory_read(pair->m, address, memory, sizeof(memory));
	for (uint32_t i = 0; i < MEMORY_SIZE; i++)
		ck_assert_msg(memory[i] == bare_memory[i],
			"%sleaves %02x at %08x on the bare machine and %02x under this monitor",
			case_text(s, number), bare_memory[i], address + i, memory[i]);
}

static void run_random_cases(emitter *const *emitters, size_t count)
{
	static struct scramble s;

	s.guest = guest_open("scramble");
	for (uint32_t i = 0; i < CASES; i++)
		case_draw(&s, i, emitters, count);
	guest_write_u32(s.guest, "scramble_count", CASES);
	guest_write(s.guest, "scramble_cases", s.cases, sizeof(s.cases));
	guest_write(s.guest, "scramble_code", s.code, sizeof(s.code));
	guest_write(s.guest, "scramble_memory", s.memory, sizeof(s.memory));
	struct pair pair = pair_run(s.guest);
	uint32_t done = memory_read_u32(pair.m, guest_symbol(s.guest, "probes_done"));
	for (uint32_t i = 0; i < CASES; i++) {
		ck_assert_msg(i < done, "%swas the last: this monitor did not go beyond it",
			case_text(&s, i));
		case_compare(&s, &pair, i);
	}
}

#define RUN(emitters) run_random_cases(emitters, sizeof(emitters) / sizeof((emitters)[0]))

START_TEST(random_privileged_instructions_do_what_they_do_bare)
{
	static emitter *const emitters[] = {emit_control, emit_control, emit_debug, emit_status,
		emit_flag, emit_cache, emit_msr, emit_port, emit_port_string, emit_tables,
		emit_halt};

	RUN(emitters);
}
END_TEST

START_TEST(random_returns_and_segment_loads_do_what_they_do_bare)
{
	static emitter *const emitters[] = {
		emit_return, emit_return, emit_segment_load, emit_segment_load, emit_jump_far};

	RUN(emitters);
}
END_TEST

START_TEST(random_exceptions_arrive_as_they_do_bare)
{
	static emitter *const emitters[] = {
		emit_int, emit_exception, emit_exception, emit_flag, emit_segment_load};

	RUN(emitters);
}
END_TEST

const struct graded_test traps_random_tests[] = {
	{&random_privileged_instructions_do_what_they_do_bare, EQUIVALENCE, 2, "scramble"},
	{&random_returns_and_segment_loads_do_what_they_do_bare, EQUIVALENCE, 2, "scramble"},
	{&random_exceptions_arrive_as_they_do_bare, EQUIVALENCE, 2, "scramble"},
	{0},
};
