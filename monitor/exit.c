/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The exit dispatcher: every exit gets a reason, a place in the history, one handler, and a
 * verdict that says whose business it is next.
 */
#include "exit.h"
#include "cpu.h"
#include "machine.h"
#include "traps.h"
#include "vm.h"

typedef enum verdict (*exit_handler)(struct vcpu *vcpu, struct exit_record *exit);

static const char *const reason_names[EXIT_REASONS] = {
	[EXIT_INTERRUPT] = "interrupt",
	[EXIT_PRIVILEGED] = "privileged instruction",
	[EXIT_PORT] = "port access",
	[EXIT_SOFTWARE_INTERRUPT] = "software interrupt",
	[EXIT_PROTECTION] = "protection",
	[EXIT_PAGE_FAULT] = "page fault",
	[EXIT_EXCEPTION] = "exception",
};

const char *exit_reason_name(enum exit_reason reason)
{
	return reason_names[reason];
}

/* ---- handlers, one for each kind of vector ---- */

static enum verdict handle_interrupt(struct vcpu *vcpu, struct exit_record *exit)
{
	exit->reason = EXIT_INTERRUPT;
	bool tick = interrupt_acknowledge(exit->vector - VECTOR_IRQ);

	if (!tick || vcpu->vm->time_left == 0 || --vcpu->vm->time_left > 0)
		return VERDICT_RESUME;
	return vm_kill(vcpu, "its time is up (time= on its command line)");
}

static enum verdict handle_exception(struct vcpu *vcpu, struct exit_record *exit)
{
	(void)vcpu;
	exit->reason = EXIT_EXCEPTION;
	return VERDICT_GUEST_FAULT;
}

static enum verdict handle_page_fault(struct vcpu *vcpu, struct exit_record *exit)
{
	exit->reason = EXIT_PAGE_FAULT;
	exit->address = cr2_read();
	return vm_kill(vcpu, "it has no memory at the linear address that it used");
}

static enum exit_reason protection_reason(const struct insn *insn)
{
	if (insn->class != INSN_PRIVILEGED)
		return EXIT_PROTECTION;
	switch (insn->mnemonic) {
	case MNEMONIC_IN:
	case MNEMONIC_OUT:
	case MNEMONIC_INSB:
	case MNEMONIC_INSW:
	case MNEMONIC_INSD:
	case MNEMONIC_OUTSB:
	case MNEMONIC_OUTSW:
	case MNEMONIC_OUTSD:
		return EXIT_PORT;
	default:
		return EXIT_PRIVILEGED;
	}
}

/*
 * #GP is where deprivileging shows: the guest's kernel used an instruction that ring 0 alone
 * may use, or a gate that is closed to it, or it reached for memory beyond a limit.
 */
static enum verdict handle_general_protection(struct vcpu *vcpu, struct exit_record *exit)
{
	struct insn insn;
	size_t count;

	exit->reason = EXIT_PROTECTION;
	enum decode_status status = vcpu_decode(vcpu, &insn, exit->bytes, &count);
	exit->byte_count = (uint8_t)count;
	if (exit->error_code & ERROR_IDT) {
		exit->reason = EXIT_SOFTWARE_INTERRUPT;
		return VERDICT_GUEST_FAULT;
	}
	if (status != DECODE_OK)
		return VERDICT_GUEST_FAULT;
	exit->reason = protection_reason(&insn);
	if (vcpu_ring(vcpu) != 1)
		return VERDICT_GUEST_FAULT; /* no kernel: on the bare machine it traps as well */
	if (insn.class != INSN_PRIVILEGED && insn.class != INSN_SENSITIVE)
		return VERDICT_GUEST_FAULT;
	return vcpu_emulate(vcpu, &insn);
}

static exit_handler exit_handler_of(uint32_t vector)
{
	switch (vector) {
	case VECTOR_GP:
		return handle_general_protection;
	case VECTOR_PF:
		return handle_page_fault;
	default:
		return vector >= VECTOR_IRQ && vector < VECTOR_IRQ + IRQS ? handle_interrupt
									  : handle_exception;
	}
}

/* ---- the dispatcher ---- */

static struct exit_record *exit_open(struct vcpu *vcpu)
{
	const struct guest_registers *registers = &vcpu->registers;
	uint32_t sequence = vcpu->exits.total++;
	struct exit_record *exit = &vcpu->exits.record[sequence % EXIT_HISTORY];

	exit->sequence = sequence;
	exit->cs = registers->cs;
	exit->eip = registers->eip;
	exit->error_code = registers->error_code;
	exit->address = 0;
	exit->vector = (uint8_t)registers->vector;
	exit->byte_count = 0;
	return exit;
}

/* The guest that just exited has ended: whose turn is it? */
static struct vcpu *turn_over(struct vcpu *vcpu)
{
	exit_summary(vcpu);
	struct vm *next = vm_next_ready(vcpu->vm->number);
	if (next) {
		vm_start(next);
		return &next->vcpu;
	}
	log_printf("ringfence: no guest is left to run\n");
	machine_power_off();
}

struct vcpu *vm_exit(struct vcpu *vcpu)
{
	if (vcpu != vcpu_running)
		panic("world_exit called vm_exit(%08x); the virtual processor that runs is at %08x. Compare what was pushed with struct guest_registers",
			(uint32_t)(uintptr_t)vcpu, (uint32_t)(uintptr_t)vcpu_running);
	struct exit_record *exit = exit_open(vcpu);
	enum verdict verdict = exit_handler_of(exit->vector)(vcpu, exit);

	vcpu->exits.count[exit->reason]++;
	if (verdict == VERDICT_GUEST_FAULT)
		verdict = vcpu_inject(vcpu);
	return verdict == VERDICT_RESUME ? vcpu : turn_over(vcpu);
}
