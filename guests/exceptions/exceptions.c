/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest to which everything happens: every exception that a program can raise, from ring 0 and
 * from ring 3, INT n through good and bad gates, and faults while something else is delivered
 * (Intel SDM volume 3A, 6.12 to 6.15). probes.asm has what happens; this file has the tables, and
 * what changes in them before a probe.
 */
#include "exceptions.h"
#include "probe.h"

/* Data that a breakpoint watches. */
uint32_t exceptions_watched;

/* All that a stack pointer of 16 bits can name. */
uint8_t exceptions_stack[0x10000] __attribute__((aligned(16)));

static void segments_fill(void)
{
	static const struct {
		uint16_t selector;
		uint8_t access, flags;
		uint32_t limit, base;
	} segments[] = {
		{ABSENT_DATA, (ACCESS_DATA & ~0x80u) | ACCESS_DPL(3), FLAT, LIMIT_MAX, 0},
		{ABSENT_CODE, ACCESS_CODE & ~0x80u, FLAT, LIMIT_MAX, 0},
		{SMALL_DATA, ACCESS_DATA | ACCESS_DPL(3), FLAT, (SMALL_END >> 12) - 1, 0},
		{READ_ONLY, (ACCESS_DATA & ~TYPE_WRITABLE) | ACCESS_DPL(3), FLAT, LIMIT_MAX, 0},
		{EXECUTE_ONLY, (ACCESS_CODE & ~TYPE_READABLE) | ACCESS_DPL(3), FLAT, LIMIT_MAX, 0},
		{CONFORMING_CODE, ACCESS_CODE | TYPE_CONFORMING, FLAT, LIMIT_MAX, 0},
		{SMALL_STACK, ACCESS_DATA, FLAT, (SMALL_END >> 12) - 1, 0},
		{LDT_DESCRIPTOR, ACCESS_LDT, 0, 7, 0},
		{SMALL_CODE, ACCESS_CODE, FLAG_BIG, 0xfff, 0},
		{ABSENT_STACK, ACCESS_DATA & ~0x80u, FLAT, LIMIT_MAX, 0},
		{BASE_STACK, ACCESS_DATA, FLAT, (SMALL_END >> 12) - 1, STACK_BASE},
		{STACK_16, ACCESS_DATA, 0, 0xffff, (uint32_t)exceptions_stack},
	};

	for (size_t i = 0; i < sizeof(segments) / sizeof(segments[0]); i++)
		kernel_gdt[segments[i].selector / 8] = descriptor_make(
			segments[i].base, segments[i].limit, segments[i].access, segments[i].flags);
}

/* A gate with DPL 3 to the vector's own stub, through another code segment. */
static void gate_through(uint8_t vector, uint16_t selector)
{
	kernel_idt[vector] =
		gate_make(selector, (uint32_t)kernel_stubs + vector * KERNEL_STUB_BYTES,
			GATE_INTERRUPT | ACCESS_DPL(3));
}

static void gates_fill(void)
{
	for (unsigned dpl = 0; dpl < 4; dpl++)
		gate_set((uint8_t)(INT_DPL_0 + dpl), GATE_INTERRUPT | ACCESS_DPL(dpl));
	gate_set(INT_TRAP_DPL_0, GATE_TRAP);
	gate_set(INT_TRAP_DPL_3, GATE_TRAP | ACCESS_DPL(3));
	gate_set(INT_ABSENT_DPL_0, TYPE_INTERRUPT_GATE);
	gate_set(INT_ABSENT, TYPE_INTERRUPT_GATE | ACCESS_DPL(3));
	gate_set(INT_TYPE_DATA, ACCESS_DATA | ACCESS_DPL(3));
	gate_set(INT_TYPE_CALL, GATE_PRESENT | TYPE_CALL_GATE32 | ACCESS_DPL(3));
	gate_set(INT_TYPE_LDT, ACCESS_LDT | ACCESS_DPL(3));
	gate_set(INT_TYPE_TSS, ACCESS_TSS | ACCESS_DPL(3));
	gate_through(INT_CS_NULL, 0);
	gate_through(INT_CS_BEYOND, sizeof(kernel_gdt) + 8);
	gate_through(INT_CS_DATA, KERNEL_DS);
	gate_through(INT_CS_ABSENT, ABSENT_CODE);
	gate_through(INT_CS_OUTER, USER_CS);
	gate_through(INT_CS_CONFORMING, CONFORMING_CODE);
	gate_through(INT_CS_SMALL, SMALL_CODE);
	gate_through(INT_CS_LOCAL, KERNEL_CS | SELECTOR_TI);
	gate_through(INT_CS_RPL_3, KERNEL_CS | 3);
	gate_through(INT_CS_SYSTEM, KERNEL_TSS);
	gate_set(INT_LAST, GATE_INTERRUPT | ACCESS_DPL(3));
	gate_set(VECTOR_DB, GATE_INTERRUPT | ACCESS_DPL(3));
	gate_set(VECTOR_BP, GATE_INTERRUPT | ACCESS_DPL(3));
	gate_set(VECTOR_OF, GATE_INTERRUPT | ACCESS_DPL(3));
	idt_load(kernel_idt, INT_LAST * 8 + 7);
}

/* What a probe's preparation changed goes back. */
static uint8_t changed_vectors[4];
static unsigned changed_count;
static bool idt_moved;

static void reset(void)
{
	while (changed_count)
		gate_set(changed_vectors[--changed_count], GATE_INTERRUPT);
	if (idt_moved)
		idt_load(kernel_idt, INT_LAST * 8 + 7);
	idt_moved = false;
	exceptions_watched = 0;
}

static void gate_change(uint8_t vector, struct descriptor gate)
{
	changed_vectors[changed_count++] = vector;
	kernel_idt[vector] = gate;
}

static void gate_remove(uint8_t vector)
{
	changed_vectors[changed_count++] = vector;
	gate_set(vector, TYPE_INTERRUPT_GATE);
}

/* ---- preparations ---- */

static void cr0_set(uint32_t bits)
{
	uint32_t cr0;

	__asm__ volatile("movl %%cr0, %0" : "=r"(cr0));
	cr0 = (cr0 & ~(CR0_MP | CR0_EM | CR0_TS | CR0_AM)) | bits;
	__asm__ volatile("movl %0, %%cr0" : : "r"(cr0));
}

void with_ts(void)
{
	cr0_set(CR0_TS);
}

void with_ts_mp(void)
{
	cr0_set(CR0_TS | CR0_MP);
}

void with_mp(void)
{
	cr0_set(CR0_MP);
}

void with_em(void)
{
	cr0_set(CR0_EM);
}

void with_am(void)
{
	cr0_set(CR0_AM);
}

static void breakpoint_set(uint32_t address, uint32_t dr7)
{
	__asm__ volatile("movl %0, %%db0" : : "r"(address));
	__asm__ volatile("movl %0, %%db7" : : "r"(dr7));
}

/* DR7: L0 and, in bits 16 to 19, what breaks and its size (17.2.4). */
void with_code_breakpoint(void)
{
	extern const uint8_t breakpoint_code[], breakpoint_code_user[];
	breakpoint_set((uint32_t)breakpoint_code, 0x401);
	__asm__ volatile("movl %0, %%db1" : : "r"(breakpoint_code_user));
	__asm__ volatile("movl %0, %%db7" : : "r"(0x405));
}

void with_write_breakpoint(void)
{
	breakpoint_set((uint32_t)&exceptions_watched, 0xd0401);
}

void with_access_breakpoint(void)
{
	breakpoint_set((uint32_t)&exceptions_watched, 0xf0402);
}

void without_ud_gate(void)
{
	gate_remove(VECTOR_UD);
}

void without_gp_gate(void)
{
	gate_remove(VECTOR_GP);
}

void without_gp_and_np_gate(void)
{
	gate_remove(VECTOR_GP);
	gate_remove(VECTOR_NP);
}

void without_de_gate(void)
{
	gate_remove(VECTOR_DE);
}

void ud_gate_to_data(void)
{
	gate_change(VECTOR_UD, gate_make(KERNEL_DS, 0, GATE_INTERRUPT));
}

void ud_gate_null(void)
{
	gate_change(VECTOR_UD, gate_make(0, 0, GATE_INTERRUPT));
}

void ud_gate_of_wrong_type(void)
{
	gate_change(VECTOR_UD, gate_make(KERNEL_CS, 0, ACCESS_DATA));
}

/* The frame is on a stack that DS does not reach. */
void ud_gate_to_frame_reader(void)
{
	extern const uint8_t frame_reader[];
	gate_change(VECTOR_UD, gate_make(KERNEL_CS, (uint32_t)frame_reader, GATE_INTERRUPT));
}

void ud_gate_to_flag_reader(void)
{
	extern const uint8_t flag_reader[];
	gate_change(VECTOR_UD, gate_make(KERNEL_CS, (uint32_t)flag_reader, GATE_INTERRUPT));
}

/* To a stub that expects no error code. */
void gp_gate_for_int(void)
{
	gate_change(VECTOR_GP,
		gate_make(KERNEL_CS, (uint32_t)kernel_stubs + INT_DPL_3 * KERNEL_STUB_BYTES,
			GATE_INTERRUPT | ACCESS_DPL(3)));
}

void ud_gate_to_small(void)
{
	gate_change(VECTOR_UD, gate_make(SMALL_CODE, 0x1000, GATE_INTERRUPT));
}

/* The IDT ends in the middle of a gate. */
void with_half_a_gate(void)
{
	idt_load(kernel_idt, INT_LAST * 8 + 3);
	idt_moved = true;
}

void kernel_main(uint32_t info)
{
	(void)info;
	segments_fill();
	probes_init();
	gates_fill();
	probes_run("exceptions", reset);
}
