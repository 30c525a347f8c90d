/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The exit dispatcher: every exit gets a reason, a place in the history, one handler, and a
 * verdict that says whose business it is next.
 */
#include "exit.h"
#include "code.h"
#include "cpu.h"
#include "delivery.h"
#include "machine.h"
#include "paravirt.h"
#include "step.h"
#include "views.h"
#include "vm.h"

static const char *const reason_names[EXIT_REASONS] = {
	[EXIT_INTERRUPT] = "interrupt",
	[EXIT_PRIVILEGED] = "privileged instruction",
	[EXIT_PORT] = "port access",
	[EXIT_SOFTWARE_INTERRUPT] = "software interrupt",
	[EXIT_PROTECTION] = "protection",
	[EXIT_PAGE_FAULT] = "page fault",
	[EXIT_EXCEPTION] = "exception",
	[EXIT_TRACED_WRITE] = "traced write",
	[EXIT_SHADOW_FILL] = "shadow fill",
	[EXIT_DEVICE_MEMORY] = "device memory",
	[EXIT_STEP] = "step",
	[EXIT_CODE_SCAN] = "code scan",
	[EXIT_SENSITIVE] = "sensitive instruction",
	[EXIT_CODE_STEP] = "stepped code",
	[EXIT_HYPERCALL] = "hypercall",
};

const char *exit_reason_name(enum exit_reason reason)
{
	return reason_names[reason];
}

/* ---- handlers, one for each kind of vector ---- */

static enum verdict handle_interrupt(struct vcpu *vcpu, struct exit_record *exit)
{
	exit->reason = EXIT_INTERRUPT;
	return machine_interrupt(vcpu->vm, exit->vector);
}

static enum verdict handle_exception(struct vcpu *vcpu, struct exit_record *exit)
{
	(void)vcpu;
	exit->reason = EXIT_EXCEPTION;
	return VERDICT_GUEST_FAULT;
}

static enum verdict handle_debug(struct vcpu *vcpu, struct exit_record *exit)
{
	vcpu_take_dr6(vcpu, false);
	return handle_exception(vcpu, exit);
}

static enum verdict handle_page_fault(struct vcpu *vcpu, struct exit_record *exit)
{
	exit->address = cr2_read();
	return vcpu_page_fault(vcpu, exit);
}

enum exit_reason insn_exit_reason(const struct insn *insn)
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

enum verdict vcpu_raise_software(struct vcpu *vcpu, unsigned vector, unsigned length)
{
	vcpu->event = (struct event){
		.kind = EVENT_SOFTWARE,
		.vector = (uint8_t)vector,
		.return_eip = vcpu->registers.eip + length,
	};
	vcpu->registers.eflags &= ~EFLAGS_RF; /* the fault that brought us here has set it */
	return VERDICT_GUEST_FAULT;
}

/* STI is the one instruction with a shadow that a trap for a single step ignores. */
static bool defers_single_step(const struct vcpu *vcpu, const struct insn *insn)
{
	return vcpu->interrupt_shadow && insn->mnemonic != MNEMONIC_STI;
}

/* An event that is noted as a fault of the instruction, or not noted: it is not done, and RF comes
 * back. INT n and INT1 are done: what they raise returns behind them. */
static bool is_fault(const struct vcpu *vcpu)
{
	return vcpu->event.kind == EVENT_NONE || vcpu->event.return_eip == vcpu->registers.eip;
}

/* In line, since most exits come this way. */
static inline __attribute__((always_inline)) enum verdict emulate(
	struct vcpu *vcpu, const struct insn *insn)
{
	uint32_t eflags = vcpu->registers.eflags;

	vcpu->interrupt_shadow = false;
	vcpu->registers.eflags = eflags & ~EFLAGS_RF; /* the fault has set it */
	enum verdict verdict = vcpu->emulate(vcpu, insn);
	vcpu->shadow_eip = vcpu->registers.eip;
	if (vcpu->registers.eip > vcpu->code.limit)
		vcpu->unchecked = true; /* it was the segment's last instruction */
	if (verdict == VERDICT_GUEST_FAULT) {
		if (is_fault(vcpu))
			vcpu->registers.eflags = eflags | EFLAGS_RF; /* as every fault pushes it */
		return verdict;
	}
	if (eflags & EFLAGS_TF && verdict != VERDICT_ENDED && !defers_single_step(vcpu, insn))
		return vcpu_raise_single_step(vcpu);
	return verdict;
}

enum verdict insn_emulate(struct vcpu *vcpu, const struct insn *insn)
{
	return emulate(vcpu, insn);
}

enum verdict insn_refuse_by_name(struct vcpu *vcpu, const struct insn *insn, uint16_t selector)
{
	switch (insn->mnemonic) {
	case MNEMONIC_CALL_FAR:
	case MNEMONIC_JMP_FAR:
		if (!vcpu_names_gate(vcpu, selector))
			break;
		return vm_kill(vcpu,
			"it went through a call gate, a task gate or a TSS, which this monitor does not emulate");
	case MNEMONIC_SYSENTER:
		if (!(vcpu->sysenter[0] & ~SELECTOR_RPL))
			break;
		return vm_kill(vcpu, "it used SYSENTER, which this monitor does not emulate");
	}
	return VERDICT_GUEST_FAULT;
}

/* Where a near transfer with 32 bits would go; false: it is none, or what it reads is not there. */
static bool transfer_target(
	struct vcpu *vcpu, const struct insn *insn, const struct insn_operand *to, uint32_t *target)
{
	bool indirect = insn->mnemonic == MNEMONIC_CALL || insn->mnemonic == MNEMONIC_JMP;
	uint32_t offset = vcpu_stack_pointer(vcpu);
	enum insn_segment segment = SEGMENT_SS;
	gla_t at;

	if (insn->operand_size != sizeof(*target))
		return false;
	if (to->kind == OPERAND_RELATIVE) {
		*target = insn_branch_target(insn, vcpu->registers.eip);
		return true;
	}
	if (indirect && to->kind == OPERAND_REGISTER) {
		*target = *vcpu_register(vcpu, to->reg);
		return true;
	}
	if (indirect && to->kind == OPERAND_MEMORY) {
		offset = vcpu_offset(vcpu, insn);
		segment = to->segment;
	} else if (insn->mnemonic != MNEMONIC_RET) {
		return false;
	}
	return vcpu_linear(vcpu, segment, offset, sizeof(*target), false, &at) &&
	       vcpu_read(vcpu, at, target, sizeof(*target)) == sizeof(*target);
}

/* An access beyond a limit: of the guest's own, or of the monitor's making? */
static enum verdict limit_violated(struct vcpu *vcpu, const struct insn *insn)
{
	struct insn_operand operand[INSN_OPERANDS_MAX];
	unsigned count = insn_operands(insn, operand);
	uint32_t esp = vcpu_stack_pointer(vcpu), target;
	bool clipped = vcpu_was_clipped(vcpu, SEGMENT_SS, esp - 4, 4) ||
		       vcpu_was_clipped(vcpu, SEGMENT_SS, esp, 4);

	for (unsigned i = 0; i < count; i++) {
		uint32_t offset, size = operand[i].size ? operand[i].size : 1;
		switch (operand[i].kind) {
		case OPERAND_MEMORY:
		case OPERAND_MEMORY_OFFSET:
			offset = vcpu_offset(vcpu, insn);
			break;
		case OPERAND_STRING_SOURCE:
			offset = vcpu->registers.esi;
			break;
		case OPERAND_STRING_DESTINATION:
			offset = vcpu->registers.edi;
			break;
		default:
			continue;
		}
		clipped = clipped || vcpu_was_clipped(vcpu, operand[i].segment, offset, size);
	}
	if (!clipped && transfer_target(vcpu, insn, &operand[0], &target))
		clipped = vcpu_was_clipped(vcpu, SEGMENT_CS, target, 1);
	return clipped ? vcpu_reached_monitor(vcpu) : VERDICT_GUEST_FAULT;
}

/* Not an instruction: too long, or it runs into what may not be executed. */
static enum verdict undecodable(struct vcpu *vcpu, const struct decoded *decoded)
{
	if (decoded->status == DECODE_TRUNCATED &&
		vcpu_was_clipped(vcpu, SEGMENT_CS, vcpu->registers.eip, INSN_MAX_LENGTH))
		return vm_kill(vcpu, "it ran into addresses that belong to the monitor");
	return VERDICT_GUEST_FAULT;
}

/*
 * #GP is where deprivileging shows: the guest's kernel used an instruction that ring 0 alone
 * may use, or a gate that is closed to it, or a selector of the wrong ring, or it reached for
 * memory beyond a limit. #TS, #NP and #SS have the same reasons. (Not inlined: the debugger and the
 * benchmarks know it by name.)
 */
static __attribute__((noinline)) enum verdict handle_protection(
	struct vcpu *vcpu, struct exit_record *exit)
{
	const struct decoded *decoded = vcpu_decode(vcpu);
	const struct insn *insn = &decoded->insn;

	exit->byte_count = decoded->count;
	__builtin_memcpy(exit->bytes, decoded->bytes, sizeof(exit->bytes));
	if (exit->error_code & ERROR_IDT) {
		exit->reason = EXIT_SOFTWARE_INTERRUPT;
		return vcpu_raise_software(vcpu, ERROR_INDEX(exit->error_code),
			decoded->status == DECODE_OK ? insn->length : 0);
	}
	exit->reason = decoded->reason;
	if (!decoded->emulated)
		return decoded->status == DECODE_OK ? limit_violated(vcpu, insn)
						    : undecodable(vcpu, decoded);
	enum verdict verdict = emulate(vcpu, insn);
	if (verdict != VERDICT_GUEST_FAULT)
		return verdict;
	return insn_refuse_by_name(vcpu, insn, (uint16_t)exit->error_code);
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

/* The instruction before may have been the last of its segment: the processor notices when it
 * fetches the next one, but not before it has taken an interrupt or a trap. */
static void check_eip(struct vcpu *vcpu)
{
	if (vcpu->registers.eip > vcpu_look_up(vcpu, (uint16_t)vcpu->registers.cs)->limit)
		vcpu->unchecked = true;
}

static inline __attribute__((always_inline)) enum verdict handle(
	struct vcpu *vcpu, struct exit_record *exit, bool viewed)
{
	enum verdict verdict;

	vcpu->event.kind = EVENT_NONE;
	if (vcpu->stepping && step_end(vcpu, exit->vector)) {
		exit->reason = EXIT_STEP;
		check_eip(vcpu);
		return VERDICT_RESUME;
	}
	if (viewed && code_exit(vcpu, exit, &verdict))
		return verdict;
	switch (exit->vector) {
	case VECTOR_TS:
	case VECTOR_NP:
	case VECTOR_SS:
	case VECTOR_GP:
		return handle_protection(vcpu, exit);
	case VECTOR_PF:
		return handle_page_fault(vcpu, exit);
	case VECTOR_DB:
		return handle_debug(vcpu, exit);
	default:
		if (exit->vector == HYPERCALL_VECTOR)
			return pal_exit(vcpu, exit);
		if (exit->vector < VECTOR_IRQ || exit->vector >= VECTOR_IRQ + IRQS)
			return handle_exception(vcpu, exit);
		check_eip(vcpu);
		return handle_interrupt(vcpu, exit);
	}
}

/* What the guest takes: what was noted, or else the exception that trapped. */
static struct event event_of(const struct vcpu *vcpu, const struct exit_record *exit)
{
	struct event trapped = {
		.kind = EVENT_EXCEPTION,
		.vector = exit->vector,
		.error_code = exit->error_code,
		.return_eip = vcpu->registers.eip,
	};

	return vcpu->event.kind == EVENT_NONE ? trapped : vcpu->event;
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

static inline bool interrupt_waits(const struct vcpu *vcpu, bool viewed)
{
	return vcpu->vm->interrupt_pending && vcpu->virtual_if && !vcpu->stepping &&
	       !(viewed && code_busy(vcpu));
}

/* vcpu_check(); its fault pushes RF as every fault does. */
static enum verdict check(struct vcpu *vcpu)
{
	enum verdict verdict = vcpu_check(vcpu);

	if (verdict == VERDICT_GUEST_FAULT)
		vcpu->registers.eflags |= EFLAGS_RF;
	return verdict;
}

/* What must still happen before the guest goes on: what may not load any more is looked at, and an
 * interrupt that waits is injected. Each may make the other necessary. */
static inline __attribute__((always_inline)) enum verdict settle(struct vcpu *vcpu, bool viewed)
{
	enum verdict verdict = VERDICT_RESUME;

	while (verdict == VERDICT_RESUME) {
		if (vcpu->unchecked)
			verdict = check(vcpu);
		else if (interrupt_waits(vcpu, viewed))
			verdict = vcpu_deliver(vcpu);
		else if (viewed && code_must_perform(vcpu))
			verdict = code_perform_next(vcpu);
		else
			break;
		if (verdict == VERDICT_GUEST_FAULT)
			verdict = vcpu_inject(vcpu, vcpu->event);
	}
	return verdict;
}

/* From an exit to the way back. Compiled twice: where there is no code view (code.h), nothing is
 * paid for it. */
static inline __attribute__((always_inline)) struct vcpu *exit_and_return(
	struct vcpu *vcpu, bool viewed)
{
	if (viewed)
		code_left(vcpu);
	struct exit_record *exit = exit_open(vcpu);
	enum verdict verdict = handle(vcpu, exit, viewed);

	vcpu->exits.count[exit->reason]++;
	if (verdict == VERDICT_GUEST_FAULT)
		verdict = vcpu_inject(vcpu, event_of(vcpu, exit));
	if (verdict == VERDICT_WAIT)
		verdict = vcpu_wait(vcpu);
	if (verdict == VERDICT_RESUME && (vcpu->unchecked || interrupt_waits(vcpu, viewed) ||
						 (viewed && code_must_perform(vcpu))))
		verdict = settle(vcpu, viewed);
	if (verdict != VERDICT_RESUME || vcpu->vm->state != VM_READY)
		return turn_over(vcpu);
	views_select(vcpu, viewed);
	if (viewed)
		code_resume(vcpu);
	return vcpu;
}

static __attribute__((noinline)) struct vcpu *exit_viewed(struct vcpu *vcpu)
{
	if (vcpu != vcpu_running)
		panic("world_exit called vm_exit(%08x); the virtual processor that runs is at %08x. Compare what was pushed with struct guest_registers",
			(uint32_t)(uintptr_t)vcpu, (uint32_t)(uintptr_t)vcpu_running);
	return exit_and_return(vcpu, true);
}

struct vcpu *vm_exit(struct vcpu *vcpu)
{
	return vcpu == vcpu_running_bare ? exit_and_return(vcpu, false) : exit_viewed(vcpu);
}
