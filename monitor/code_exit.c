/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The code view at work: what happens around an exit of the guest's kernel. code.h has the idea.
 *
 * Between two exits the processor is in one of three places: in a copy, where EIP is the guest's
 * own; in a patch block; or, for one single step, in the plain view. Whatever the monitor does in
 * between knows only the guest's own code: code_left() takes EIP back to it, and code_resume()
 * chooses the place anew.
 *
 * In a block there are points at which the state is not that of any instruction of the guest's. A
 * fault there is a fault of the block's: the monitor undoes what the block has pushed and performs
 * the instruction itself. An interrupt there waits until the next exact point, where code_resume()
 * plants a breakpoint for it.
 */
#include "code.h"
#include "paravirt.h"
#include "cpu.h"
#include "port_string.h"
#include "sensitive.h"
#include "step.h"
#include "vm.h"

/* ---- leaving the guest ---- */

static void unplant(struct code_view *view)
{
	if (view->planted)
		*view->planted = view->planted_was;
	view->planted = NULL;
}

/* EIP is in a block: which instruction of the guest's is next? */
static void leave_block(struct vcpu *vcpu, struct patch *patch, uint32_t eip)
{
	struct code_view *view = vcpu->code_view;
	struct guest_registers *registers = &vcpu->registers;
	uint32_t at = eip == patch->entry ? 0 : eip - patch->block;
	const struct block_point *point = patch_point(patch, at);

	view->patch = patch;
	view->at = at;
	view->exact = point->exact;
	view->moved = point->moved;
	view->pushed = point->pushed;
	if (point->undo_if)
		vcpu->virtual_if = view->shared->before == 0;
	registers->eip = patch->page->linear.raw + patch->offset + point->original;
	if (point->exact && point->after_sti && vcpu->virtual_if) {
		vcpu->interrupt_shadow = true;
		vcpu->shadow_eip = registers->eip;
	}
}

/* INT3 in ring 1: the gate is closed to the guest, so it is #GP, and EIP is at the INT3. */
static bool is_breakpoint(const struct guest_registers *registers)
{
	return registers->vector == VECTOR_GP &&
	       registers->error_code == (VECTOR_BP * sizeof(struct descriptor) | ERROR_IDT);
}

void code_left(struct vcpu *vcpu)
{
	struct code_view *view = vcpu->code_view;
	struct guest_registers *registers = &vcpu->registers;
	uint32_t eip = registers->eip;

	code_take_back(view);
	vcpu->virtual_if = view->shared->delta == 0; /* an IRET in a block may have gone to users */
	view->patch = NULL;
	view->at_plant = false;
	if (vcpu_ring(vcpu) != 1)
		return;
	view->at_plant = is_breakpoint(registers) && view->planted && eip >= CODE_MAX &&
			 view->planted == code_block_byte(vcpu, eip);
	unplant(view);
	if (eip < CODE_MAX || !code_reaches_blocks(vcpu))
		return;
	struct patch *patch = code_patch_of_block(vcpu, eip);
	if (patch)
		leave_block(vcpu, patch, eip);
}

/* ---- handlers ---- */

static bool is_interrupt_flag(const struct insn *insn)
{
	return insn->mnemonic == MNEMONIC_CLI || insn->mnemonic == MNEMONIC_STI;
}

/* Sensitive instructions are performed, and those that a block does. The others are stepped: what
 * traps does so then, and comes back as an exit like any other. */
static enum verdict perform(struct vcpu *vcpu, struct exit_record *exit)
{
	const struct decoded *decoded = vcpu_decode(vcpu);
	const struct insn *insn = &decoded->insn;

	exit->byte_count = decoded->count;
	__builtin_memcpy(exit->bytes, decoded->bytes, sizeof(exit->bytes));
	if (decoded->status != DECODE_OK || !(sensitive_is(insn) || is_interrupt_flag(insn))) {
		exit->reason = EXIT_CODE_STEP;
		vcpu->registers.eflags &= ~EFLAGS_RF; /* the fault has set it */
		step_begin(vcpu);
		return VERDICT_RESUME;
	}
	exit->reason = EXIT_SENSITIVE;
	return code_perform(vcpu, insn);
}

enum verdict code_missed(struct vcpu *vcpu, struct exit_record *exit)
{
	gla_t linear = gla(exit->address - CODE_VIEW);
	uint8_t *memory;
	gpa_t physical;
	uint32_t offset;

	exit->address = linear.raw;
	exit->reason = EXIT_CODE_SCAN;
	if (linear.raw >= CODE_MAX)
		return perform(vcpu, exit);
	switch (vcpu_page(vcpu, linear, ACCESS_READ, &memory, &physical)) {
	case PAGE_FAULT:
		exit->reason = EXIT_PAGE_FAULT;
		return VERDICT_GUEST_FAULT;
	case PAGE_ENDED:
		return VERDICT_ENDED;
	case PAGE_DEVICE:
		return perform(vcpu, exit);
	default:
		code_page_get(vcpu, linear);
	}
	struct code_page *page = code_page_here(vcpu, &offset);
	if (page && page->kind[offset] == CODE_UNKNOWN)
		code_scan(vcpu, page, offset);
	return VERDICT_RESUME;
}

static bool is_port_string(const struct insn *insn)
{
	return insn->class == INSN_PRIVILEGED && insn->map == MAP_ONE_BYTE &&
	       (insn->opcode & 0xfc) == 0x6c;
}

/* CLI and STI trap by themselves; but a block does them without. */
static void count_hit(struct vcpu *vcpu, uint32_t eip)
{
	struct code_page *page = code_page_at(vcpu, gla(eip));

	if (page && code_reaches_blocks(vcpu))
		patch_hit(vcpu, page, eip & PAGE_MASK);
}

enum verdict code_emulate(struct vcpu *vcpu, const struct insn *insn)
{
	bool kernel = vcpu_ring(vcpu) == 1;
	uint32_t eip = vcpu->registers.eip;
	enum verdict verdict;

	if (kernel && insn->mnemonic == MNEMONIC_INT && pal_called(vcpu, insn))
		return hypercall(vcpu);
	if (kernel && sensitive_is(insn)) {
		verdict = sensitive_emulate(vcpu, insn);
		vcpu->code_view->reads_code = code_is_read(vcpu);
		return verdict;
	}
	if (is_port_string(insn) && port_string(vcpu, insn))
		return VERDICT_RESUME;
	verdict = vcpu_emulate(vcpu, insn);
	if (kernel && verdict == VERDICT_RESUME && is_interrupt_flag(insn))
		count_hit(vcpu, eip);
	return verdict;
}

/* May the instruction there have bytes in the page behind, and can that be in the copy's key? */
static bool may_reach_behind(const struct code_page *page, uint32_t offset)
{
	return offset > PAGE_SIZE - INSN_MAX_LENGTH &&
	       (page->linear.raw + PAGE_SIZE) % LARGE_PAGE_SIZE != 0;
}

/* A breakpoint in a copy. */
static enum verdict breakpoint(struct vcpu *vcpu, struct exit_record *exit)
{
	struct code_view *view = vcpu->code_view;
	struct code_page *page;
	struct patch *patch;
	uint32_t offset;

	exit->reason = EXIT_CODE_SCAN;
	page = code_page_here(vcpu, &offset);
	if (!page) /* it has gone in between: fetched again */
		return VERDICT_RESUME;
	patch = code_patch_at(page, offset);
	if (patch && !code_reaches_blocks(vcpu))
		return perform(vcpu, exit);
	if (patch && patch_entry(patch, offset - patch->offset) >= 0) {
		view->patch = patch; /* inside a run: the block does the rest */
		view->exact = true;
		vcpu->registers.eflags &= ~EFLAGS_RF;
		return VERDICT_RESUME;
	}
	if (patch)
		code_undo_patch(vcpu, patch);
	if (page->kind[offset] == CODE_UNKNOWN || page->kind[offset] == CODE_INSIDE)
		code_scan(vcpu, page, offset);
	if (page->kind[offset] == CODE_COPIED) {
		vcpu->registers.eflags &= ~EFLAGS_RF;
		return VERDICT_RESUME;
	}
	if (may_reach_behind(page, offset) && !page->next)
		code_page_forget(vcpu, page); /* found again once the page behind is there */
	enum verdict verdict = perform(vcpu, exit);
	if (verdict == VERDICT_RESUME && code_reaches_blocks(vcpu))
		patch_hit(vcpu, page, offset);
	return verdict;
}

/* #GP in a view that is not quite the guest's own need not be the guest's: the instruction is tried
 * again as the guest has it, for one step. */
static bool fault_may_be_ours(struct vcpu *vcpu, const struct exit_record *exit)
{
	struct code_view *view = vcpu->code_view;
	uint16_t selector = (uint16_t)exit->error_code;

	if (exit->vector != VECTOR_GP || vcpu->stepping || view->was_plain)
		return false;
	if (vcpu_ring(vcpu) == 1) /* it reads through CS, or goes beyond the view */
		return selector == 0 && !vcpu_decode(vcpu)->emulated;
	/* users go to a conforming segment of the kernel's */
	if (!selector || selector & ERROR_IDT)
		return false;
	const struct segment *code = vcpu_look_up(vcpu, selector);
	if (!code_is_kernels(code) || !(code->type & TYPE_CONFORMING))
		return false;
	view->wanted = selector;
	view->reads_code = true; /* it may be a load of DS: looked at again when it is taken away */
	return true;
}

bool code_exit(struct vcpu *vcpu, struct exit_record *exit, enum verdict *verdict)
{
	struct code_view *view = vcpu->code_view;
	bool inexact = view->patch && !view->exact;

	*verdict = VERDICT_RESUME;
	if (exit->vector >= VECTOR_IRQ)
		return false;
	if (fault_may_be_ours(vcpu, exit)) {
		exit->reason = EXIT_CODE_STEP;
		vcpu->registers.eflags &= ~EFLAGS_RF;
		step_begin(vcpu);
	} else if (vcpu_ring(vcpu) != 1) {
		return false;
	} else if (view->at_plant) {
		exit->reason = EXIT_STEP;
		vcpu->registers.eflags &= ~EFLAGS_RF;
		if (view->debug)
			*verdict = vcpu_raise(vcpu, VECTOR_DB, 0);
		view->debug = false;
	} else if (inexact && exit->vector == VECTOR_DB) { /* a breakpoint of the guest's on data */
		exit->reason = EXIT_STEP;
		vcpu_take_dr6(vcpu, false);
		view->debug = true;
	} else if (view->patch && exit->vector != VECTOR_DB && !view->moved) {
		vcpu->registers.esp += view->pushed;
		vcpu->registers.eflags &= ~EFLAGS_RF;
		view->exact = true; /* the monitor has been there */
		*verdict = perform(vcpu, exit);
	} else if (is_breakpoint(&vcpu->registers) && !view->was_plain) {
		*verdict = breakpoint(vcpu, exit);
	} else {
		return false;
	}
	return true;
}
