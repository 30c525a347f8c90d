/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest whose users ask for something, again and again, through three kinds of gate:
 *
 *   80h  a trap gate with DPL 3: interrupts stay on in the kernel
 *   81h  an interrupt gate with DPL 3: they go off
 *   82h  a gate with DPL 0: ring 3 may not, and the kernel is asked through #GP instead
 *
 * The users are in users.asm. Under a monitor the first may go straight from ring 3 to the kernel
 * and back.
 */
#include "kernel.h"

#define CALL_TRAP      0x80
#define CALL_INTERRUPT 0x81
#define CALL_KERNEL    0x82
#define ROUNDS_MAX     1000

#define NUMBER_LEAVE 0
#define NUMBER_MIX   1

SEEDED uint32_t syscalls_seed = 0x2545f491;
SEEDED uint32_t syscalls_rounds = 40; /* 1 to ROUNDS_MAX */

#define TASKS 3
static const uint8_t vectors[TASKS] = {CALL_TRAP, CALL_INTERRUPT, CALL_KERNEL};

/* What each user was told last; how often the kernel was asked; what the kernel saw: the frame's
 * EFLAGS, CS, SS and return address, all added up. */
uint32_t syscalls_results[TASKS];
uint32_t syscalls_counts[TASKS];
uint32_t syscalls_seen[TASKS];
/* EFLAGS in the handler itself, of the first call, through another interrupt */
uint32_t syscalls_eflags[TASKS];
/* a dirtied register that must come back */
uint32_t syscalls_kept[TASKS];

#define LOOK 0x70
static uint32_t looked;

/* users.asm: in ring 3. EBX: the first value; ESI: rounds. */
extern const uint8_t user_trap[], user_interrupt[], user_kernel[];
static uint8_t user_stack[4096] __attribute__((aligned(16)));

static uint32_t rotate(uint32_t value, unsigned by)
{
	return value << by | value >> (32 - by);
}

static void look(struct frame *frame)
{
	looked = frame->eflags;
}

static void serve(struct frame *frame, unsigned task)
{
	uint32_t seen = frame->eip + rotate(frame->cs, 8) + rotate(frame->eflags, 16) +
			rotate(frame->user_esp, 5) + rotate(frame->user_ss, 24);

	if (syscalls_counts[task] == 0) {
		software_interrupt(LOOK);
		syscalls_eflags[task] = looked;
	}
	syscalls_counts[task]++;
	syscalls_seen[task] = rotate(syscalls_seen[task], 1) ^ seen;
	if (frame->eax == NUMBER_LEAVE) {
		syscalls_results[task] = frame->ebx;
		syscalls_kept[task] = frame->edi;
		user_leave(frame->ebx);
	}
	frame->eax = rotate(frame->ebx * 5 + syscalls_counts[task], 7);
}

static void call_trap(struct frame *frame)
{
	serve(frame, 0);
}

static void call_interrupt(struct frame *frame)
{
	serve(frame, 1);
}

/* INT 82h from ring 3: EIP still points at its two bytes. */
static void general_protection(struct frame *frame)
{
	if (!frame_from_user(frame) || frame->error_code != CALL_KERNEL * 8 + ERROR_IDT)
		kernel_unexpected(frame);
	serve(frame, 2);
	frame->eip += 2;
}

void kernel_main(uint32_t info)
{
	static const uint8_t *const users[TASKS] = {user_trap, user_interrupt, user_kernel};
	uint32_t rounds = syscalls_rounds;

	(void)info;
	kernel_tables_load();
	pic_init(0x20, 0x28);
	gate_set(CALL_TRAP, GATE_TRAP | ACCESS_DPL(3));
	gate_set(CALL_INTERRUPT, GATE_INTERRUPT | ACCESS_DPL(3));
	gate_set(CALL_KERNEL, GATE_TRAP);
	handler_set(CALL_TRAP, call_trap);
	handler_set(CALL_INTERRUPT, call_interrupt);
	handler_set(VECTOR_GP, general_protection);
	handler_set(LOOK, look);
	if (rounds < 1 || rounds > ROUNDS_MAX)
		rounds = 1;
	for (unsigned task = 0; task < TASKS; task++) {
		struct frame frame = {
			.eip = (uint32_t)users[task],
			.cs = USER_CS,
			.eflags = EFLAGS_IF,
			.ebx = syscalls_seed,
			.esi = rounds,
			.user_esp = (uint32_t)&user_stack[sizeof(user_stack)],
			.user_ss = USER_DS,
		};
		frame_run(&frame);
		interrupts_disable();
		console_printf("gate %x: %u calls, %08x\n", vectors[task], syscalls_counts[task],
			syscalls_results[task]);
	}
}
