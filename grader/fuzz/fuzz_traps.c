/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fuzzer of lab 2's monitor (libFuzzer). The input is what a guest does: one byte that says how
 * it begins, then events, each a byte for its kind and what it needs. Between two events the guest
 * runs, and everything in invariants.c holds.
 *
 *   selectors are one byte (the first 32 entries of the GDT or LDT), addresses two bytes, which
 *   count 4 bytes each and so reach the guest's memory and a page behind it, numbers four.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "machine.h"
#include "processor.h"

#define EVENTS_MAX 64

#define GDT_AT   0x1000u
#define IDT_AT   0x2000u
#define TSS_AT   0x3000u
#define LDT_AT   0x4000u
#define CODE_AT  0x8000u
#define STACK_AT 0x10000u

#define TSS_SELECTOR 0x28
#define LDT_SELECTOR 0x30

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- the input ---- */

static struct {
	const uint8_t *at, *end;
} input;

static uint8_t take8(void)
{
	return input.at < input.end ? *input.at++ : 0;
}

static uint16_t take16(void)
{
	uint16_t low = take8();

	return (uint16_t)(low | take8() << 8);
}

static uint32_t take32(void)
{
	uint32_t low = take16();

	return low | (uint32_t)take16() << 16;
}

static uint32_t take_address(void)
{
	return take16() % ((HOST_GUEST_MEMORY + PAGE_SIZE) / 4) * 4;
}

/* The same, and two bits more. */
static uint32_t take_byte_address(void)
{
	uint32_t at = take_address();

	return at + take8() % 4;
}

/* ---- the guest as it begins ---- */

static const struct descriptor gdt[] = {
	{0x00000000, 0x00000000}, {0x0000ffff, 0x00cf9a00}, /* 08 code, ring 0 */
	{0x0000ffff, 0x00cf9200},                           /* 10 data, ring 0 */
	{0x0000ffff, 0x00cffa00},                           /* 18 code, ring 3 */
	{0x0000ffff, 0x00cff200},                           /* 20 data, ring 3 */
	{0x30002067, 0x00008900},                           /* 28 TSS */
	{0x4000003f, 0x00008200},                           /* 30 LDT */
	{0x0000ffff, 0x00cf9e00},                           /* 38 conforming code */
	{0x0000ffff, 0x00009a00},                           /* 40 16-bit code */
	{0x00000fff, 0x00cf9600},                           /* 48 data, expand down */
	{0x0000ffff, 0x00009200},                           /* 50 16-bit data */
	{0x0000ffff, 0x00cff800},                           /* 58 code of ring 3, not readable */
	{0x80000fff, 0x0040fa00},                           /* 60 code of ring 3, 4 KiB */
	{0x12340008, 0x0000ec00},                           /* 68 call gate */
	{0x80000fff, 0x00409a00},                           /* 70 code of ring 0, 4 KiB */
	{0x0000ffff, 0x00cf1a00},                           /* 78 code that is not present */
	{0x0000ffff, 0x00cfba00},                           /* 80 code of ring 1 */
	{0x0000ffff, 0x00cfb200},                           /* 88 data of ring 1 */
	{0x0000ffff, 0x00cfda00},                           /* 90 code of ring 2 */
	{0x0000ffff, 0x00cfd200},                           /* 98 data of ring 2 */
};

static const struct descriptor ldt[] = {
	{0x0000ffff, 0x00cf9a00},
	{0x0000ffff, 0x00cf9200},
	{0x0000ffff, 0x00cffa00},
	{0x0000ffff, 0x00cff200},
};

static struct descriptor gate(uint16_t selector, uint32_t offset, uint32_t attributes)
{
	return (struct descriptor){
		(uint32_t)selector << 16 | (offset & 0xffff), (offset & 0xffff0000) | attributes};
}

static void tables_write(struct vm *vm)
{
	struct tss tss = {.esp0 = STACK_AT + 0x4000, .ss0 = 0x10, .io_map_base = 104};

	for (unsigned vector = 0; vector < VECTORS; vector++) {
		uint32_t attributes = vector % 2 ? 0x8f00 : 0x8e00;
		if (vector == 3 || vector == 4 || vector == 0x80 || vector == 0x81)
			attributes = vector == 0x81 ? 0xee00 : 0xef00;
		struct descriptor d = gate(0x08, CODE_AT + 0x1000 + vector * 8, attributes);
		host_guest_write(vm, IDT_AT + vector * 8, &d, sizeof(d));
		host_guest_write(vm, CODE_AT + 0x1000 + vector * 8, "\x90\x90\xcf", 3);
	}
	host_guest_write(vm, GDT_AT, gdt, sizeof(gdt));
	host_guest_write(vm, LDT_AT, ldt, sizeof(ldt));
	host_guest_write(vm, TSS_AT, &tss, sizeof(tss));
}

static void execute(struct vm *vm, const char *bytes, uint32_t size)
{
	processor_poke(vm, CODE_AT, (const uint8_t *)bytes, size);
	processor_jump(vm, CODE_AT);
	processor_execute(vm);
}

/* LGDT, LIDT, LLDT, LTR, as a kernel does it. */
static void tables_load(struct vm *vm)
{
	const struct table_register gdtr = {0xff, GDT_AT}, idtr = {0x7ff, IDT_AT};

	host_guest_write(vm, CODE_AT + 0x100, &gdtr, sizeof(gdtr));
	host_guest_write(vm, CODE_AT + 0x108, &idtr, sizeof(idtr));
	execute(vm, "\x0f\x01\x15\x00\x81\x00\x00", 7);
	execute(vm, "\x0f\x01\x1d\x08\x81\x00\x00", 7);
	vm->vcpu.registers.eax = TSS_SELECTOR;
	execute(vm, "\x0f\x00\xd8", 3);
	vm->vcpu.registers.eax = LDT_SELECTOR;
	execute(vm, "\x0f\x00\xd0", 3);
}

static void guest_begin(struct vm *vm, uint8_t how)
{
	vm->time_limit = 20;
	vm->time_end = clock_now() + 20 * (CLOCK_HZ / TICKS_PER_SECOND);
	vm->vcpu.registers.esp = STACK_AT;
	vm->vcpu.registers.eip = CODE_AT;
	tables_write(vm);
	processor_start(vm);
	if (how & 1)
		return; /* with the boot loader's tables */
	tables_load(vm);
	if (how & 2) { /* both 8259s at 20h and 28h, nothing masked; IF on */
		static const uint16_t script[][2] = {{0x20, 0x11}, {0x21, 0x20}, {0x21, 4},
			{0x21, 1}, {0x21, 0}, {0xa0, 0x11}, {0xa1, 0x28}, {0xa1, 2}, {0xa1, 1},
			{0xa1, 0}};
		for (unsigned i = 0; i < ARRAY_LENGTH(script); i++)
			bus_write(vm, script[i][0], 1, script[i][1]);
		execute(vm, "\xfb", 1);
	}
}

/* ---- events ---- */

static void event_register(struct vm *vm)
{
	uint8_t which = take8();

	*vcpu_register(&vm->vcpu, which & 7) = which & 8 ? take32() : take_address();
}

static void event_segment(struct vm *vm)
{
	static const enum insn_segment segments[] = {
		SEGMENT_DS, SEGMENT_ES, SEGMENT_FS, SEGMENT_GS};

	enum insn_segment segment = segments[take8() & 3];
	processor_load_segment(vm, segment, take8());
}

/* Bytes anywhere in memory that may be written. */
static void event_poke(struct vm *vm)
{
	uint8_t bytes[16];
	uint32_t at = take_byte_address();
	uint32_t count = take8() % sizeof(bytes) + 1;

	for (uint32_t i = 0; i < count; i++)
		bytes[i] = take8();
	processor_poke(vm, at, bytes, count);
}

/* Puts an instruction where CS:EIP is, if that can be written. */
static void put_instruction(struct vm *vm)
{
	uint8_t bytes[INSN_MAX_LENGTH];
	uint32_t count = take8() % sizeof(bytes) + 1;
	struct loaded code;

	for (uint32_t i = 0; i < count; i++)
		bytes[i] = take8();
	processor_find((uint16_t)vm->vcpu.registers.cs, &code);
	processor_poke(vm, code.base + vm->vcpu.registers.eip, bytes, count);
}

static void event_execute(struct vm *vm)
{
	put_instruction(vm);
	processor_execute(vm);
}

/* The same, and it traps, whatever it is. */
static void event_trap(struct vm *vm)
{
	static const uint8_t vectors[] = {VECTOR_DE, VECTOR_DB, VECTOR_BR, VECTOR_UD, VECTOR_NM,
		VECTOR_TS, VECTOR_NP, VECTOR_SS, VECTOR_GP, VECTOR_GP, VECTOR_GP, VECTOR_GP,
		VECTOR_MF, VECTOR_AC, VECTOR_MC, VECTOR_XM};
	uint8_t vector = vectors[take8() % sizeof(vectors)];
	uint32_t error = take16();

	put_instruction(vm);
	if (vector == VECTOR_DB)
		host.dr6 = DR6_FIXED | (error & (DR6_HITS | DR6_BS | DR6_BD));
	if (vector < VECTOR_TS || vector > VECTOR_GP)
		error = 0;
	processor_trap(vm, vector, error);
}

static void event_page_fault(struct vm *vm)
{
	uint32_t error;

	host.cr2 = take_byte_address();
	put_instruction(vm);
	error = take8() % 8;
	if (processor_page(host.cr2) && error & PF_WR)
		error &= ~PF_P; /* a write to a traced page is what event_execute() makes */
	processor_trap(vm, VECTOR_PF, error);
}

static void event_interrupt(struct vm *vm)
{
	uint8_t how = take8();

	host.spurious = how & 0x80;
	host.now += take16();
	if ((how & 0xf) == IRQ_KEYBOARD)
		host.key = take8();
	if ((how & 0xf) == IRQ_SERIAL)
		host.serial = take8();
	processor_trap(vm, VECTOR_IRQ + (how & 0xf), 0);
}

/* A device's line: seen at the next exit. */
static void event_line(struct vm *vm)
{
	uint8_t how = take8();
	unsigned irq = (how & 0xf) == 2 ? 9 : how & 0xf; /* as a PC has it: 2 is the cascade */

	vm_irq(vm, irq, how & 0x10);
	processor_trap(vm, VECTOR_IRQ + 3, 0);
}

static void event_time(struct vm *vm)
{
	(void)vm;
	host.now += take16() * 64u;
}

/* What POPF changes. */
static void event_flags(struct vm *vm)
{
	uint32_t changed =
		EFLAGS_STATUS | EFLAGS_TF | EFLAGS_DF | EFLAGS_NT | EFLAGS_AC | EFLAGS_ID;

	if (vm->vcpu.stepping)
		return; /* one instruction at a time: only event_execute() makes a step */
	uint32_t *eflags = &vm->vcpu.registers.eflags;
	*eflags = (*eflags & ~changed) | (take32() & changed);
}

static void event_jump(struct vm *vm)
{
	if (!vm->vcpu.stepping)
		processor_jump(vm, take_byte_address());
}

/* A frame for IRET or RET on the stack. */
static void event_frame(struct vm *vm)
{
	uint32_t frame[5];

	frame[0] = take_address();
	frame[1] = take8();
	frame[2] = take32();
	frame[3] = take_address();
	frame[4] = take8();
	processor_poke(vm, vm->vcpu.registers.esp, (const uint8_t *)frame, sizeof(frame));
}

/* IN or OUT. */
static void event_port(struct vm *vm)
{
	static const uint16_t ports[] = {0x20, 0x21, 0xa0, 0xa1, 0x40, 0x41, 0x42, 0x43, 0x60, 0x61,
		0x64, 0x70, 0x71, 0x92, 0x3f8, 0x3f9, 0x3fa, 0x3fb, 0x3fc, 0x3fd, 0x3fe, 0x3ff,
		0x80, 0xe9};
	static const uint8_t opcodes[] = {0xec, 0xed, 0xee, 0xef};
	uint8_t how = take8(), bytes[3] = {0x90, 0x90, 0x90};
	struct guest_registers *registers = &vm->vcpu.registers;
	struct loaded code;

	registers->edx = how >> 3 < ARRAY_LENGTH(ports) ? ports[how >> 3] : take16();
	if (!(how & 1))
		registers->eax = how & 4 ? take32() : take8();
	bytes[how >> 2 & 1] = opcodes[(how & 2) | (how >> 2 & 1)];
	if (how & 4)
		bytes[0] = 0x66;
	processor_find((uint16_t)registers->cs, &code);
	processor_poke(vm, code.base + registers->eip, bytes, sizeof(bytes));
	processor_execute(vm);
}

/* A whole descriptor or gate, by the instructions that a kernel writes it with. */
static void event_descriptor(struct vm *vm)
{
	uint32_t at = take_address();
	struct guest_registers *registers = &vm->vcpu.registers;

	for (unsigned half = 0; half < 2; half++) {
		registers->eax = take32();
		registers->edi = at + half * 4;
		processor_jump(vm, CODE_AT + 0x200);
		processor_poke(vm, CODE_AT + 0x200, (const uint8_t *)"\x89\x07", 2);
		processor_execute(vm); /* mov [edi], eax */
	}
}

static void event_gate(struct vm *vm)
{
	uint8_t vector = take8();
	uint16_t selector = take8();
	uint32_t offset = take_address(), attributes = (uint32_t)take8() << 8;
	struct descriptor d = gate(selector, offset, attributes);
	static const uint8_t store[] = {0x89, 0x07, 0x89, 0x57, 0x04};

	vm->vcpu.registers.edi = vm->vcpu.guest_idtr.base + vector * 8u;
	vm->vcpu.registers.eax = d.low;
	vm->vcpu.registers.edx = d.high;
	processor_poke(vm, CODE_AT + 0x200, store, sizeof(store));
	processor_jump(vm, CODE_AT + 0x200);
	processor_execute(vm);
	processor_execute(vm);
}

/* All that an exit of a real guest began with. */
static void event_state(struct vm *vm)
{
	struct guest_registers *r = &vm->vcpu.registers;

	for (unsigned i = 0; i < 8; i++)
		*vcpu_register(&vm->vcpu, i) = take32();
	r->esp %= HOST_GUEST_MEMORY;
	r->edi %= HOST_GUEST_MEMORY;
	event_segment(vm);
	event_segment(vm);
	event_flags(vm);
	event_jump(vm);
	event_frame(vm);
	event_execute(vm);
}

static void (*const events[])(struct vm *vm) = {event_register, event_segment, event_poke,
	event_execute, event_trap, event_page_fault, event_interrupt, event_line, event_time,
	event_flags, event_jump, event_frame, event_port, event_descriptor, event_gate,
	event_state};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	input.at = data;
	input.end = data + size;
	processor_trace = getenv("FUZZ_TRACE");
	host_reset();
	struct vm *vm = host_guest_create();
	guest_begin(vm, take8());
	for (unsigned i = 0; i < EVENTS_MAX && input.at < input.end && !processor_ended(vm); i++)
		events[take8() % ARRAY_LENGTH(events)](vm);
	return 0;
}
