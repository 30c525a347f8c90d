/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The IDT, and who deals with a trap. Intel SDM volume 3A, chapter 6.
 *
 * Interrupts of devices and exceptions come through interrupt gates, with interrupts off. A system
 * call comes through a trap gate, so it can be interrupted and preempted like the program itself.
 */
#include "traps.h"

#include "abi.h"
#include "console.h"
#include "cpu.h"
#include "gdt.h"
#include "interrupts.h"
#include "panic.h"
#include "syscall.h"
#include "task.h"
#include "user_memory.h"

#define IDT_ENTRIES (VECTOR_SYSTEM_CALL + 1)

/* trap.asm */
extern const uint32_t trap_stubs[VECTOR_IRQ + IRQS];
void trap_stub_system_call(void);

/* trap.asm has this number. */
_Static_assert(offsetof(struct trap_frame, eflags) == 64, "FRAME_EFLAGS");

/* A page of its own: nothing that changes often lies beside it. */
static union {
	struct descriptor entry[IDT_ENTRIES];
	uint8_t page[PAGE_SIZE];
} idt __attribute__((aligned(PAGE_SIZE)));

static const char *const exception_names[VECTOR_IRQ] = {
	[VECTOR_DE] = "divide error",
	[VECTOR_DB] = "debug exception",
	[VECTOR_NMI] = "non-maskable interrupt",
	[VECTOR_BP] = "breakpoint",
	[VECTOR_OF] = "overflow",
	[VECTOR_BR] = "BOUND range exceeded",
	[VECTOR_UD] = "invalid opcode",
	[VECTOR_NM] = "no floating-point unit for programs",
	[VECTOR_DF] = "double fault",
	[VECTOR_TS] = "invalid TSS",
	[VECTOR_NP] = "segment not present",
	[VECTOR_SS] = "stack-segment fault",
	[VECTOR_GP] = "general protection",
	[VECTOR_PF] = "page fault",
	[VECTOR_MF] = "floating-point error",
	[VECTOR_AC] = "alignment check",
	[VECTOR_MC] = "machine check",
	[VECTOR_XM] = "SIMD floating-point error",
};

/* `dpl` 3: a program may use INT n to come here. Figure 6-2. */
static void gate_set(unsigned vector, uint32_t handler, unsigned type, unsigned dpl)
{
	idt.entry[vector] = (struct descriptor){
		.low = KERNEL_CS << 16 | (handler & 0xffff),
		.high = (handler & 0xffff0000) | DESCRIPTOR_PRESENT | dpl << 13 | type << 8,
	};
}

void traps_init(void)
{
	struct table_register table = {.limit = sizeof(idt.entry) - 1, .base = (uint32_t)idt.entry};

	for (unsigned vector = 0; vector < ARRAY_LENGTH(trap_stubs); vector++) {
		bool instruction = vector == VECTOR_BP || vector == VECTOR_OF; /* INT3, INTO */
		gate_set(vector, trap_stubs[vector], TYPE_INTERRUPT_GATE, instruction ? 3 : 0);
	}
	gate_set(VECTOR_SYSTEM_CALL, (uint32_t)trap_stub_system_call, TYPE_TRAP_GATE, 3);
	idt_register_load(&table);
}

static const char *exception_name(uint32_t vector)
{
	return exception_names[vector] ? exception_names[vector] : "reserved exception";
}

static _Noreturn void program_kill(const struct trap_frame *frame)
{
	trap_frame_print(frame);
	task_exit(STATUS_KILLED);
}

/* A program's mistake ends the program; the kernel's own ends everything. */
static void exception_handle(struct trap_frame *frame)
{
	if (!trap_from_user(frame) || frame->vector == VECTOR_NMI || frame->vector == VECTOR_MC)
		panic_trap(frame, exception_name(frame->vector));
	interrupts_enable();
	console_printf("%s was killed: %s (vector %u, error code %x)\n", task_current()->name,
		exception_name(frame->vector), frame->vector, frame->error_code);
	program_kill(frame);
}

static const char *fault_reason(int32_t error)
{
	switch (error) {
	case ERROR_MEMORY:
		return "there is no memory left for it";
	case ERROR_FORMAT:
		return "its file cannot be read there";
	default:
		return "it may not";
	}
}

/*
 * A page fault by a program, or by the kernel for it (user_memory.h), is first of all a request for
 * a page. CR2 is read before interrupts go on: behind that, other tasks' faults overwrite it.
 */
static void page_fault_handle(struct trap_frame *frame)
{
	uint32_t address = cr2_read();
	struct task *task = task_current();
	bool user = trap_from_user(frame), write = frame->error_code & PF_WR;

	if (!user && !(user_copy_is_at(frame->eip) && frame->eflags & EFLAGS_IF && task->space))
		panic_trap(frame, exception_name(frame->vector));
	interrupts_enable();
	int32_t error = space_fault(task->space, address, write);
	if (error == 0)
		return;
	if (!user) {
		frame->eip = user_copy_way_out();
		return;
	}
	const char *what = write ? "wrote to" : address == frame->eip ? "jumped to" : "read from";
	console_printf("%s was killed: it %s %08x, but %s\n", task->name, what, address,
		fault_reason(error));
	program_kill(frame);
}

void trap_handle(struct trap_frame *frame)
{
	if (frame->vector == VECTOR_SYSTEM_CALL) {
		syscall_handle(frame);
	} else {
		interrupts_were_disabled();
		if (frame->vector >= VECTOR_IRQ) {
			interrupt_handle(frame->vector - VECTOR_IRQ);
			task_preempt();
		} else if (frame->vector == VECTOR_PF) {
			page_fault_handle(frame);
		} else {
			exception_handle(frame);
		}
	}
	if (trap_from_user(frame) && task_current()->killed) {
		interrupts_enable();
		task_exit(STATUS_KILLED);
	}
}
