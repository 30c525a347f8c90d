/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exits: the moments at which control passes from a guest to the monitor.
 *
 * Every exit gets a reason, is counted, is written into the virtual processor's history and
 * is handled by one function, whose verdict says whose business comes next. The history is
 * read by the kill report, by the debugger and by whoever looks at the machine from outside.
 */
#ifndef EXIT_H
#define EXIT_H

#include "x86.h"

struct vcpu;
struct insn;

enum exit_reason {
	EXIT_INTERRUPT,          /* a device of the real machine wants attention */
	EXIT_PRIVILEGED,         /* a privileged instruction of the guest's kernel */
	EXIT_PORT,               /* IN, OUT, INS, OUTS */
	EXIT_SOFTWARE_INTERRUPT, /* INT n, INT3 or INTO: no gate is open to the guest */
	EXIT_PROTECTION,         /* a limit, a type or a privilege level was violated */
	EXIT_PAGE_FAULT,         /* the guest's own */
	EXIT_EXCEPTION,          /* any other exception: the guest's own */
	EXIT_TRACED_WRITE,       /* a write to a page that holds one of the guest's tables */
	EXIT_SHADOW_FILL,        /* an access that the shadow page tables did not have yet */
	EXIT_DEVICE_MEMORY,      /* an access to an address that has no memory behind it */
	EXIT_STEP,               /* the end of a single step of the monitor's */
	EXIT_CODE_SCAN,          /* code that was reached for the first time */
	EXIT_SENSITIVE,          /* a sensitive instruction that a breakpoint stands for */
	EXIT_CODE_STEP,          /* a harmless one that cannot run in the code view */
	EXIT_HYPERCALL,          /* the guest's firmware asks for something */
	EXIT_REASONS,
};

const char *exit_reason_name(enum exit_reason reason);

/* The reason of an exit by a fault at this instruction, from what the instruction is. */
enum exit_reason insn_exit_reason(const struct insn *insn);

/* What is to happen after an exit. */
enum verdict {
	VERDICT_RESUME,      /* the guest goes on where its registers say */
	VERDICT_GUEST_FAULT, /* the guest takes an exception: inject what vcpu_raise() noted */
	VERDICT_WAIT,        /* the guest has halted until an interrupt comes */
	VERDICT_ENDED,       /* the guest is over: it halted, switched itself off or was killed */
};

#define EXIT_HISTORY 32 /* records kept: a power of two */

struct exit_record {
	uint32_t sequence; /* counts this processor's exits, from 0 */
	uint32_t cs, eip;
	uint32_t error_code;
	uint32_t address; /* a page fault's linear address (CR2), else 0 */
	uint8_t vector;
	uint8_t reason;     /* enum exit_reason */
	uint8_t byte_count; /* of the instruction at CS:EIP, where the monitor had to read it */
	uint8_t bytes[15];
} __attribute__((aligned(64))); /* a power of two is found faster */

struct exit_history {
	uint32_t total;
	uint32_t count[EXIT_REASONS];
	struct exit_record
		record[EXIT_HISTORY]; /* number `sequence` at index sequence % EXIT_HISTORY */
};

/* Performs an instruction that faults in ring 1 (vcpu_emulate()), and what belongs to every
 * instruction: RF, the shadow of STI, the guest's own single step. */
enum verdict insn_emulate(struct vcpu *vcpu, const struct insn *insn);

/* Notes an interrupt that the guest's software asks for with an instruction of `length` bytes: its
 * own gate decides (inject.c). Returns VERDICT_GUEST_FAULT. */
enum verdict vcpu_raise_software(struct vcpu *vcpu, unsigned vector, unsigned length);

/* An instruction that faults here and need not on the bare machine, for what the monitor does not
 * have: a far CALL or JMP through the gate, or to the task, that `selector` names, and SYSENTER.
 * Ends the guest by name; VERDICT_GUEST_FAULT where the bare machine faults too. */
enum verdict insn_refuse_by_name(struct vcpu *vcpu, const struct insn *insn, uint16_t selector);

/* Ends the guest after writing one report: why, where, its registers, its last exits.
 * Returns VERDICT_ENDED, so that a handler can end with it. */
__attribute__((cold)) enum verdict vm_kill(struct vcpu *vcpu, const char *why);

/* Prints how many exits of each kind a guest took. */
void exit_summary(const struct vcpu *vcpu);

#endif
