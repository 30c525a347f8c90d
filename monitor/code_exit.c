/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The code view at work: what happens around an exit of the guest's kernel. code.h has the idea.
 *
 * Between two exits the processor is in one of three places: in a copy, where EIP is the guest's own;
 * in a patch block; or, for one single step, in the plain view. Whatever the monitor does in between
 * knows only the guest's own code: code_left() takes EIP back to it, and code_resume() chooses the
 * place anew.
 *
 * In a block there are points at which the state is not that of any instruction of the guest's. A
 * fault there is a fault of the block's: the monitor undoes what the block has pushed and performs the
 * instruction itself. An interrupt there waits until the next exact point, where code_resume() plants
 * a breakpoint for it.
 */
#include "code.h"
#include "cpu.h"
#include "port_string.h"
#include "sensitive.h"
#include "step.h"
#include "views.h"
#include "vm.h"

/* ---- descriptors ---- */

static bool is_kernel_code(const struct segment *segment)
{
	return segment->code_or_data && segment->type & TYPE_CODE && segment->dpl == 1 &&
	       segment->present;
}

struct descriptor code_descriptor(struct descriptor descriptor)
{
	struct segment segment = descriptor_unpack(descriptor);

	if (!is_kernel_code(&segment))
		return descriptor;
	if (segment.base >= CODE_MAX) {
		segment.present = false;
		return descriptor_pack(segment);
	}
	if (segment.base == 0 && segment.limit >= CODE_MAX - 1) {
		segment.limit = 0u - CODE_VIEW - 1; /* and the blocks */
		segment.granular = true;
	} else if (segment.limit >= CODE_MAX - segment.base) {
		segment.limit = CODE_MAX - segment.base - 1;
		segment.granular = segment.limit > 0xfffff;
	}
	segment.base += CODE_VIEW;
	segment.type = TYPE_CODE | TYPE_ACCESSED;
	return descriptor_pack(segment);
}

void code_publish_shared(struct vcpu *vcpu)
{
	struct segment shared = {
		.limit = sizeof(struct shared_flags) - 1,
		.type = TYPE_WRITABLE | TYPE_ACCESSED,
		.code_or_data = true,
		.dpl = 1,
		.default_big = true,
		.present = true,
	};

	if (!vcpu->code_view)
		return;
	shared.base = (uint32_t)(uintptr_t)vcpu->code_view->shared;
	vcpu->open_gdt->entry[SELECTOR_INDEX(MONITOR_SHARED)] = descriptor_pack(shared);
	vcpu->closed_gdt->entry[SELECTOR_INDEX(MONITOR_SHARED)] = descriptor_pack(shared);
}

/* The selector's descriptor in the table that the processor uses. */
static struct descriptor *loaded_descriptor(struct vcpu *vcpu, uint16_t selector)
{
	struct descriptor *table =
		selector & SELECTOR_TI ? vcpu->open_ldt : vcpu->open_gdt->entry;

	return &table[SELECTOR_INDEX(selector)];
}

/* Can its code segment reach the blocks, and is EIP a linear address in it? */
static bool reaches_blocks(const struct vcpu *vcpu)
{
	const struct segment *code = vcpu_look_up(vcpu, (uint16_t)vcpu->registers.cs);

	return vcpu->code_view->blocks && code->base == 0 && code->limit >= CODE_MAX - 1 &&
	       code->default_big;
}

/* Until the next exit this code segment is what the guest has made it. */
static void lend(struct vcpu *vcpu, uint16_t selector)
{
	struct code_view *view = vcpu->code_view;
	struct descriptor *loaded = loaded_descriptor(vcpu, selector);

	if (!is_kernel_code(vcpu_look_up(vcpu, selector)))
		return;
	view->lent[view->lent_count] = loaded;
	view->lent_was[view->lent_count++] = *loaded;
	*loaded = descriptor_pack(vcpu_segment(vcpu, selector));
}

/* All that the segment registers name: CS, and what is also read through another one. */
static void plain_select(struct vcpu *vcpu)
{
	const struct guest_registers *registers = &vcpu->registers;

	lend(vcpu, (uint16_t)registers->cs);
	lend(vcpu, (uint16_t)registers->ds);
	lend(vcpu, (uint16_t)registers->es);
	lend(vcpu, (uint16_t)registers->fs);
	lend(vcpu, (uint16_t)registers->gs);
}

static void take_back(struct code_view *view)
{
	while (view->lent_count) {
		view->lent_count--;
		*view->lent[view->lent_count] = view->lent_was[view->lent_count];
	}
}

/* Does the guest read its kernel's code through a data segment register? */
static bool reads_code(const struct vcpu *vcpu)
{
	const struct guest_registers *registers = &vcpu->registers;

	return is_kernel_code(vcpu_look_up(vcpu, (uint16_t)registers->ds)) ||
	       is_kernel_code(vcpu_look_up(vcpu, (uint16_t)registers->es)) ||
	       is_kernel_code(vcpu_look_up(vcpu, (uint16_t)registers->fs)) ||
	       is_kernel_code(vcpu_look_up(vcpu, (uint16_t)registers->gs));
}

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

	take_back(view);
	vcpu->virtual_if = view->shared->delta == 0; /* an IRET in a block may have gone to users */
	view->patch = NULL;
	view->at_plant = false;
	if (vcpu_ring(vcpu) != 1)
		return;
	view->at_plant = is_breakpoint(registers) && view->planted && eip >= CODE_MAX &&
			 view->planted == code_block_byte(vcpu, eip);
	unplant(view);
	if (eip < CODE_MAX || !reaches_blocks(vcpu))
		return;
	struct patch *patch = code_patch_of_block(vcpu, eip);
	if (patch)
		leave_block(vcpu, patch, eip);
}

/* ---- handlers ---- */

/* The copy that the processor fetches from at EIP, and where in it; NULL: none. */
static struct code_page *page_here(const struct vcpu *vcpu, uint32_t *offset)
{
	uint32_t linear =
		vcpu_look_up(vcpu, (uint16_t)vcpu->registers.cs)->base + vcpu->registers.eip;

	*offset = linear & PAGE_MASK;
	return code_page_at(vcpu, gla(linear));
}

/* The instruction at EIP, done by the monitor. Where nothing names its fault it is #GP(0). */
static enum verdict perform_insn(struct vcpu *vcpu, const struct insn *insn)
{
	enum verdict verdict = insn_emulate(vcpu, insn);

	vcpu->code_view->reads_code = reads_code(vcpu);
	if (verdict == VERDICT_GUEST_FAULT && vcpu->event.kind == EVENT_NONE)
		return vcpu_raise(vcpu, VECTOR_GP, 0);
	return verdict;
}

static enum verdict perform(struct vcpu *vcpu, struct exit_record *exit)
{
	const struct decoded *decoded = vcpu_decode(vcpu);

	exit->byte_count = decoded->count;
	__builtin_memcpy(exit->bytes, decoded->bytes, sizeof(exit->bytes));
	if (!decoded->emulated) {
		exit->reason = EXIT_CODE_STEP;
		vcpu->registers.eflags &= ~EFLAGS_RF; /* the fault has set it */
		step_begin(vcpu);
		return VERDICT_RESUME;
	}
	exit->reason = EXIT_SENSITIVE;
	return perform_insn(vcpu, &decoded->insn);
}

enum verdict code_missed(struct vcpu *vcpu, struct exit_record *exit)
{
	gla_t linear = gla(exit->address - CODE_VIEW);
	uint8_t *memory;
	gpa_t physical;
	uint32_t offset;

	exit->address = linear.raw;
	exit->reason = EXIT_CODE_SCAN;
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
	struct code_page *page = page_here(vcpu, &offset);
	if (page && page->kind[offset] == CODE_UNKNOWN)
		scan(vcpu, page, offset);
	return VERDICT_RESUME;
}

static bool is_port_string(const struct insn *insn)
{
	return insn->class == INSN_PRIVILEGED && insn->map == MAP_ONE_BYTE &&
	       (insn->opcode & 0xfc) == 0x6c;
}

enum verdict code_emulate(struct vcpu *vcpu, const struct insn *insn)
{
	if (vcpu_ring(vcpu) == 1 && sensitive_is(insn))
		return sensitive_emulate(vcpu, insn);
	if (is_port_string(insn) && port_string(vcpu, insn))
		return VERDICT_RESUME;
	return vcpu_emulate(vcpu, insn);
}

void code_trapped(struct vcpu *vcpu, const struct insn *insn, uint32_t eip)
{
	if (insn->class == INSN_SENSITIVE)
		vcpu->code_view->reads_code = reads_code(vcpu);
	if (insn->mnemonic != MNEMONIC_CLI && insn->mnemonic != MNEMONIC_STI)
		return;
	uint32_t linear = vcpu_look_up(vcpu, (uint16_t)vcpu->registers.cs)->base + eip;
	struct code_page *page = code_page_at(vcpu, gla(linear));

	if (page && vcpu_ring(vcpu) == 1 && reaches_blocks(vcpu))
		patch_hit(vcpu, page, linear & PAGE_MASK);
}

/* May the instruction there have bytes in the page behind, and can that be in the copy's key? */
static bool reaches_behind(const struct code_page *page, uint32_t offset)
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
	page = page_here(vcpu, &offset);
	if (!page) /* it has gone in between: fetched again */
		return VERDICT_RESUME;
	patch = code_patch_at(page, offset);
	if (patch && !reaches_blocks(vcpu))
		return perform(vcpu, exit);
	if (patch && patch_entry(patch, offset - patch->offset) >= 0) {
		view->patch = patch; /* inside a run: the block does the rest */
		view->exact = true;
		vcpu->registers.eflags &= ~EFLAGS_RF;
		return VERDICT_RESUME;
	}
	if (patch)
		patch_undo(vcpu, patch);
	if (page->kind[offset] == CODE_UNKNOWN || page->kind[offset] == CODE_INSIDE)
		scan(vcpu, page, offset);
	if (page->kind[offset] == CODE_COPIED) {
		vcpu->registers.eflags &= ~EFLAGS_RF;
		return VERDICT_RESUME;
	}
	if (reaches_behind(page, offset) && !page->next)
		code_page_forget(vcpu, page); /* found again once the page behind is there */
	enum verdict verdict = perform(vcpu, exit);
	if (verdict == VERDICT_RESUME && reaches_blocks(vcpu))
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
	if (!is_kernel_code(code) || !(code->type & TYPE_CONFORMING))
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

/* ---- going on ---- */

/* Does the guest's kernel execute where there is no code view? */
static bool is_outside(const struct vcpu *vcpu)
{
	uint32_t base = vcpu_look_up(vcpu, (uint16_t)vcpu->registers.cs)->base;

	return vcpu_ring(vcpu) == 1 && base + vcpu->registers.eip >= CODE_MAX;
}

/* Which of the guest's breakpoints are on instructions, as DR6 has them. The processor compares linear
 * addresses: only in the plain view do they hit. */
static uint32_t breaks_on_code(const struct vcpu *vcpu)
{
	uint32_t dr7 = vcpu->dr[7], found = 0;

	for (unsigned i = 0; i < 4 && dr7 & DR7_ENABLES; i++)
		if (dr7 & DR7_ENABLE(i) && !(dr7 >> (16 + 4 * i) & 3))
			found |= 1u << i;
	return found;
}

/* And which of these are on the next one. */
static uint32_t breaks_here(const struct vcpu *vcpu)
{
	uint32_t linear =
		vcpu_look_up(vcpu, (uint16_t)vcpu->registers.cs)->base + vcpu->registers.eip;
	uint32_t found = breaks_on_code(vcpu);

	for (unsigned i = 0; i < 4; i++)
		if (vcpu->dr[i] != linear)
			found &= ~(1u << i);
	return vcpu->registers.eflags & EFLAGS_RF ? 0 : found;
}

static bool next_is_sensitive(struct vcpu *vcpu)
{
	const struct decoded *decoded = vcpu_decode(vcpu);

	return decoded->status == DECODE_OK && decoded->insn.class == INSN_SENSITIVE;
}

bool code_must_perform(struct vcpu *vcpu)
{
	if (vcpu_ring(vcpu) != 1 || vcpu->stepping)
		return false;
	return vcpu->code_view->reads_code || is_outside(vcpu) || breaks_on_code(vcpu) || (vcpu->registers.eflags & EFLAGS_TF && next_is_sensitive(vcpu));
}

enum verdict code_perform_next(struct vcpu *vcpu)
{
	vcpu->event.kind = EVENT_NONE;
	if (breaks_here(vcpu) && next_is_sensitive(vcpu)) {
		vcpu->dr[6] |= breaks_here(vcpu);
		vcpu->registers.eflags |= EFLAGS_RF;
		return vcpu_raise(vcpu, VECTOR_DB, 0);
	}
	if (next_is_sensitive(vcpu))
		return perform_insn(vcpu, &vcpu_decode(vcpu)->insn);
	step_begin(vcpu);
	return VERDICT_RESUME;
}

static bool holds_shared(const struct guest_registers *registers)
{
	return (registers->ds & ~SELECTOR_RPL) == MONITOR_SHARED ||
	       (registers->es & ~SELECTOR_RPL) == MONITOR_SHARED ||
	       (registers->fs & ~SELECTOR_RPL) == MONITOR_SHARED ||
	       (registers->gs & ~SELECTOR_RPL) == MONITOR_SHARED;
}

/* Blocks reach the shared flags, or fault on the way: what they must not do alone. A segment that is
 * in use must stay. */
static void shared_select(struct vcpu *vcpu, bool alone)
{
	struct descriptor *shared = loaded_descriptor(vcpu, MONITOR_SHARED);

	if (alone || holds_shared(&vcpu->registers))
		shared->high |= DESCRIPTOR_PRESENT;
	else
		shared->high &= ~DESCRIPTOR_PRESENT;
}

/* The same bytes are other instructions in a 16-bit segment. */
static void size_select(struct vcpu *vcpu)
{
	struct code_view *view = vcpu->code_view;
	unsigned size =
		vcpu_look_up(vcpu, (uint16_t)vcpu->registers.cs)->default_big ? 32 : 16;

	if (size == view->code_size)
		return;
	view->code_size = size;
	view->patch = NULL;
	code_pages_forget(vcpu);
}

/* A breakpoint at the next exact point of the block. */
static void plant(struct vcpu *vcpu)
{
	struct code_view *view = vcpu->code_view;
	const struct patch *patch = view->patch;

	for (unsigned i = 0; i < patch->points; i++) {
		if (patch->point[i].at <= view->at || !patch->point[i].exact)
			continue;
		view->planted = code_block_byte(vcpu, patch->block + patch->point[i].at);
		view->planted_was = *view->planted;
		*view->planted = BREAKPOINT;
		return;
	}
}

/* Back into the block, if the guest is still where it was. */
static void enter_block(struct vcpu *vcpu)
{
	struct code_view *view = vcpu->code_view;
	struct guest_registers *registers = &vcpu->registers;
	const struct patch *patch = view->patch;
	int at = (int)view->at;

	if (view->exact)
		at = patch_entry(patch, registers->eip - patch->page->linear.raw - patch->offset);
	if (at < 0)
		return;
	registers->eip = patch->block + (uint32_t)at;
	if (!view->exact && (vcpu->vm->interrupt_pending || view->debug))
		plant(vcpu);
}

void code_resume(struct vcpu *vcpu)
{
	struct code_view *view = vcpu->code_view;
	bool inexact = view->patch && !view->exact;

	view->shared->delta = vcpu->virtual_if ? 0 : SHARED_IF_CLEAR;
	shared_select(vcpu,
		inexact || (!vcpu->vm->interrupt_pending && vcpu->virtual_iopl == 0 &&
				   vcpu_look_up(vcpu, (uint16_t)vcpu->registers.ss)->default_big));
	view->was_plain = false;
	if (vcpu_ring(vcpu) != 1) { /* an open gate may lead to the kernel with no exit */
		plain_select(vcpu);
		lend(vcpu, view->wanted);
		view->wanted = 0;
		return;
	}
	size_select(vcpu);
	view->was_plain = vcpu->registers.eflags & EFLAGS_TF && !inexact;
	if (view->was_plain) {
		plain_select(vcpu);
		return;
	}
	if (view->patch)
		enter_block(vcpu);
}
