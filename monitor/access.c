/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An instruction that touches a page without memory, or a traced one: access.h has the idea. This
 * is the way that every instruction can go, with frames that stand in for what is not there.
 *
 * Invariants. Nothing of a device is read before it is certain that no access of the instruction's
 * will page-fault. The step cannot be interrupted: the real IF is 0 (step.h), and every page that
 * the instruction needs is in the processor's tables. So what a device gave is read once. When the
 * guest runs on, no stand-in is left.
 *
 * Read: Intel SDM volume 3A, 6.6 and 6.7 (restart of instructions), 17.3.1.4 (single steps).
 */
#include "access.h"
#include "machine.h"
#include "step.h"
#include "vm.h"

/* ---- pages ---- */

static enum verdict page_refused(enum page_kind kind)
{
	return kind == PAGE_FAULT ? VERDICT_GUEST_FAULT : VERDICT_ENDED;
}

static struct access_page *page_find(struct access_step *step, gla_t at)
{
	for (unsigned i = 0; i < step->pages; i++)
		if (((step->page[i].page.raw ^ at.raw) & ~PAGE_MASK) == 0)
			return &step->page[i];
	return NULL;
}

/* Where a byte of the instruction's is during the step. */
static uint8_t *page_byte(struct access_step *step, gla_t at)
{
	return page_find(step, at)->memory + at.raw % PAGE_SIZE;
}

static bool frames_take(struct access_step *step)
{
	return step->frames.raw || frames_allocate(ACCESS_PAGES, PAGE_SIZE, &step->frames);
}

/* Checks an access to the page of `at`, and notes what will stand there. */
static enum verdict page_take(struct vcpu *vcpu, gla_t at, bool write)
{
	struct access_step *step = &vcpu->access;
	uint32_t access = (write ? ACCESS_WRITE : 0) | (vcpu_ring(vcpu) == 3 ? ACCESS_USER : 0);
	gla_t page = gla(at.raw & ~PAGE_MASK);
	uint8_t *memory = NULL;
	gpa_t physical = GPA_NOTHING;
	enum page_kind kind = vcpu_page(vcpu, at, access, &memory, &physical);

	if (kind == PAGE_FAULT || kind == PAGE_ENDED)
		return page_refused(kind);
	struct access_page *known = page_find(step, page);
	if (known) {
		if (kind == PAGE_TRACED) { /* what was read so far is written too */
			known->kind = PAGE_TRACED;
			known->physical = gpa(physical.raw & ~PAGE_MASK);
		}
		return VERDICT_RESUME;
	}
	if (kind == PAGE_DEVICE) {
		if (!frames_take(step))
			return vm_kill(vcpu, "the monitor has no memory left for its stand-ins");
		memory = machine_pointer(maddr(step->frames.raw + step->pages * PAGE_SIZE));
	} else {
		memory -= at.raw % PAGE_SIZE;
	}
	step->page[step->pages++] = (struct access_page){
		.page = page,
		.physical = gpa(physical.raw & ~PAGE_MASK),
		.memory = memory,
		.kind = (uint8_t)kind,
	};
	return VERDICT_RESUME;
}

static enum verdict range_take(struct vcpu *vcpu, const struct access_range *range)
{
	gla_t last = gla(range->at.raw + range->size - 1);
	bool write = range->use & (USE_WRITES | ACCESS_PROBES);
	enum verdict verdict = page_take(vcpu, range->at, write);

	if (verdict == VERDICT_RESUME && (last.raw ^ range->at.raw) >= PAGE_SIZE)
		verdict = page_take(vcpu, gla(last.raw & ~PAGE_MASK), write);
	return verdict;
}

static enum verdict pages_take(struct vcpu *vcpu)
{
	struct access_plan *plan = &vcpu->access.plan;
	enum verdict verdict = VERDICT_RESUME;

	for (unsigned i = 0; i < plan->count && verdict == VERDICT_RESUME; i++)
		verdict = range_take(vcpu, &plan->range[i]);
	return verdict;
}

/* The instruction itself must be there too: what the tables have no room for goes. */
static enum verdict code_take(struct vcpu *vcpu, const struct insn *insn)
{
	const struct access_range code = {
		.at = gla(vcpu->code.base + vcpu->registers.eip),
		.size = insn->length,
		.use = USE_READS,
	};

	return range_take(vcpu, &code);
}

/* ---- what goes over the bus ---- */

typedef void move_part(struct vcpu *vcpu, struct access_page *page, gla_t at, uint32_t size);

static void part_read(struct vcpu *vcpu, struct access_page *page, gla_t at, uint32_t size)
{
	uint32_t offset = at.raw % PAGE_SIZE;

	if (page->kind == PAGE_DEVICE)
		bus_load_memory(
			vcpu->vm, gpa(page->physical.raw + offset), page->memory + offset, size);
}

static void part_written(struct vcpu *vcpu, struct access_page *page, gla_t at, uint32_t size)
{
	uint32_t offset = at.raw % PAGE_SIZE;

	if (page->kind == PAGE_DEVICE)
		bus_store_memory(
			vcpu->vm, gpa(page->physical.raw + offset), page->memory + offset, size);
	else if (page->kind == PAGE_TRACED)
		traced_written(vcpu, gpa(page->physical.raw + offset), size);
}

/* Calls it for each part of the ranges with that use, page by page. */
static void move(struct vcpu *vcpu, unsigned use, move_part *part)
{
	struct access_plan *plan = &vcpu->access.plan;

	for (unsigned i = 0; i < plan->count; i++) {
		struct access_range range = plan->range[i];
		uint32_t first = PAGE_SIZE - range.at.raw % PAGE_SIZE;

		if (!(range.use & use))
			continue;
		if (first > range.size)
			first = range.size;
		part(vcpu, page_find(&vcpu->access, range.at), range.at, first);
		if (range.size > first) {
			gla_t rest = gla(range.at.raw + first);
			part(vcpu, page_find(&vcpu->access, rest), rest, range.size - first);
		}
	}
}

/* ---- the step ---- */

/* The flags that PUSHF has pushed show the step's TF, and its IF. Both are in the second byte. */
static void mend_pushed_flags(struct vcpu *vcpu)
{
	uint32_t top = vcpu_stack_pointer(vcpu);
	gla_t at;

	if (!vcpu_linear(vcpu, SEGMENT_SS, top + 1, 1, true, &at))
		return;
	uint8_t *flags = page_byte(&vcpu->access, at);
	*flags |= EFLAGS_IF >> 8;
	if (!vcpu->step_guest_tf)
		*flags &= (uint8_t) ~(EFLAGS_TF >> 8);
}

void access_end(struct vcpu *vcpu, bool done)
{
	struct access_step *step = &vcpu->access;

	if (done &&
		(vcpu->step_mnemonic == MNEMONIC_PUSHF || vcpu->step_mnemonic == MNEMONIC_PUSHFD))
		mend_pushed_flags(vcpu);
	for (unsigned i = 0; i < step->pages; i++)
		vcpu_stand_out(vcpu, step->page[i].page);
	if (done)
		move(vcpu, USE_WRITES, part_written);
	step->pages = 0;
}

/* Is the page of the fault among those of the plan? Else the step would fault there again. */
static bool plan_has(const struct access_plan *plan, gla_t at)
{
	for (unsigned i = 0; i < plan->count; i++) {
		const struct access_range *range = &plan->range[i];
		uint32_t first = range->at.raw / PAGE_SIZE, page = at.raw / PAGE_SIZE;

		if (page >= first && page <= (range->at.raw + range->size - 1) / PAGE_SIZE)
			return true;
	}
	return false;
}

static enum verdict perform_by_step(struct vcpu *vcpu, const struct insn *insn, gla_t at)
{
	struct access_step *step = &vcpu->access;

	enum verdict verdict = access_plan_make(vcpu, insn, &step->plan);

	if (verdict != VERDICT_RESUME)
		return verdict;
	if (!plan_has(&step->plan, at))
		return vm_kill(vcpu, "it used an address without memory, in a way that this "
				     "monitor does not emulate");
	verdict = pages_take(vcpu);
	if (verdict == VERDICT_RESUME)
		verdict = code_take(vcpu, insn);
	if (verdict != VERDICT_RESUME) {
		step->pages = 0;
		return verdict;
	}
	move(vcpu, USE_READS, part_read);
	for (unsigned i = 0; i < step->pages; i++)
		vcpu_stand_in(vcpu, step->page[i].page, machine_address(step->page[i].memory));
	step_begin_access(vcpu);
	return VERDICT_RESUME;
}

/* ---- which way ---- */

/* Loads of SS and far returns fault in ring 1 wherever their operand is: vcpu_emulate() knows them.
 */
static bool is_emulated(const struct insn *insn)
{
	switch (insn->mnemonic) {
	case MNEMONIC_IRET:
	case MNEMONIC_IRETD:
	case MNEMONIC_RET_FAR:
	case MNEMONIC_LSS:
		return true;
	case MNEMONIC_MOV:
		return insn->map == MAP_ONE_BYTE && insn->opcode == 0x8e &&
		       modrm_reg(insn->modrm) == SEGMENT_SS;
	case MNEMONIC_POP:
		return insn->map == MAP_ONE_BYTE && insn->opcode == 0x17;
	default:
		return false;
	}
}

/* Its gate is the guest's, and the stack that it leads to is such a page. While a step lasts no
 * gate is open, so that it comes back as a software interrupt, for the injector. */
static bool is_software_interrupt(const struct insn *insn)
{
	return insn->mnemonic == MNEMONIC_INT || insn->mnemonic == MNEMONIC_INT3 ||
	       insn->mnemonic == MNEMONIC_INTO;
}

/* The instruction itself has no memory, or its end has none. An empty bus gives FFh FFh, which is
 * no instruction. */
static enum verdict code_missing(struct vcpu *vcpu, gla_t at)
{
	uint8_t bytes[2], *memory;
	gpa_t physical;
	uint32_t access = vcpu_ring(vcpu) == 3 ? ACCESS_USER : 0;

	if (at.raw == vcpu->code.base + vcpu->registers.eip &&
		PAGE_SIZE - at.raw % PAGE_SIZE >= 2 &&
		vcpu_page(vcpu, at, access, &memory, &physical) == PAGE_DEVICE) {
		bus_load_memory(vcpu->vm, physical, bytes, sizeof(bytes));
		if (bytes[0] == 0xff && bytes[1] == 0xff)
			return vcpu_raise(vcpu, VECTOR_UD, 0);
	}
	return vm_kill(vcpu, "it executes at an address without memory");
}

enum verdict access_perform(struct vcpu *vcpu, gla_t at, bool write)
{
	const struct decoded *decoded = vcpu_decode(vcpu);
	const struct insn *insn = &decoded->insn;
	enum verdict verdict;

	(void)write; /* the instruction says it, and more exactly */
	if (decoded->status != DECODE_OK)
		return code_missing(vcpu, at);
	if (access_fast(vcpu, insn, at, &verdict))
		return verdict;
	if (is_emulated(insn))
		return insn_emulate(vcpu, insn);
	if (!is_software_interrupt(insn))
		return perform_by_step(vcpu, insn, at);
	step_begin(vcpu);
	return VERDICT_RESUME;
}

void access_destroy(struct vcpu *vcpu)
{
	if (vcpu->access.frames.raw)
		frames_free(vcpu->access.frames, ACCESS_PAGES);
}
