/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtual processor: its registers, its segments, its memory, its next instruction.
 *
 * The invariant that world_enter() counts on: every selector in `registers` can be loaded
 * from the GDT in use. The guest itself can only load what the processor lets it; the monitor
 * keeps to the same rules (vcpu_check_selector) when it writes a selector or the table.
 */
#include "code.h"
#include "cpu.h"
#include "machine.h"
#include "strings.h"
#include "views.h"
#include "vm.h"

/* ---- life ---- */

struct vcpu *vcpu_running;
struct vcpu *vcpu_running_bare;

const char *vcpu_create(struct vcpu *vcpu, struct vm *vm)
{
	vcpu->vm = vm;
	vcpu->emulate = vcpu_emulate;
	vcpu->cr0 = CR0_PE | CR0_ET;
	vcpu->dr[6] = DR6_FIXED;
	vcpu->dr[7] = DR7_FIXED;
	vcpu->guest_idtr.limit = 0x3ff; /* as the BIOS leaves it */
	vcpu->gdt = pages_allocate(sizeof(*vcpu->gdt));
	if (!vcpu->gdt)
		return "there is not enough memory left for its GDT";
	if (!code_create(vcpu))
		return "there is not enough memory left for copies of its code (give it less with code=N)";
	if (!views_create(vcpu))
		return "there is not enough memory left for its descriptor tables";
	if (!vcpu_map_memory(vcpu))
		return "there is not enough memory left for its page tables";
	return NULL;
}

void vcpu_destroy(struct vcpu *vcpu)
{
	pages_free(vcpu->gdt, sizeof(*vcpu->gdt));
	views_destroy(vcpu);
	access_destroy(vcpu);
	descriptors_destroy(vcpu);
	vcpu_unmap_memory(vcpu);
	code_destroy(vcpu);
}

void vcpu_activate(struct vcpu *vcpu)
{
	vcpu_running = vcpu;
	vcpu_running_bare = vcpu->code_view ? NULL : vcpu;
	cr3_write(vcpu->page_directory);
	gdtr_write(&vcpu->gdtr);
	views_activate(vcpu);
	vcpu_load_control(vcpu);
	/* a trap pushes downwards from the end of the registers */
	tss_set_stack((uint32_t)(uintptr_t)(&vcpu->registers + 1));
	if (vcpu->code_view)
		code_resume(vcpu);
}

/* ---- registers ---- */

#define EFLAGS_GUEST                                                                               \
	(EFLAGS_STATUS | EFLAGS_TF | EFLAGS_DF | EFLAGS_NT | EFLAGS_RF | EFLAGS_AC | EFLAGS_ID)

void vcpu_set_flags(struct vcpu *vcpu, uint32_t eflags)
{
	vcpu->registers.eflags = (eflags & EFLAGS_GUEST) | EFLAGS_FIXED | EFLAGS_IF;
	vcpu->virtual_if = eflags & EFLAGS_IF;
	vcpu->virtual_iopl = (uint8_t)((eflags & EFLAGS_IOPL) >> EFLAGS_IOPL_SHIFT);
}

/* ---- segments ---- */

static bool selector_is_null(uint16_t selector)
{
	return (selector & ~SELECTOR_RPL) == 0;
}

void vcpu_unpack(struct vcpu *vcpu, uint16_t selector)
{
	struct unpacked *unpacked = &vcpu->unpacked[selector >> 3 & (UNPACKED - 1)];
	uint32_t index = SELECTOR_INDEX(selector);
	struct descriptor descriptor = {0, 0};

	if (selector & SELECTOR_TI) {
		if (vcpu->ldt)
			descriptor = vcpu->ldt[index];
	} else if (index < GDT_GUEST_ENTRIES) {
		descriptor = vcpu->gdt->entry[index];
	}
	unpacked->key = selector | SELECTOR_RPL | UNPACKED_VALID;
	unpacked->segment = descriptor_unpack(descriptor);
}

void vcpu_forget_segments(struct vcpu *vcpu)
{
	for (unsigned i = 0; i < UNPACKED; i++)
		vcpu->unpacked[i].key = 0;
	vcpu->code_selector = 0;
}

/* SDM 3A 5.5 to 5.8, but for P: what MOV, POP and far transfers check in that ring. */
static inline bool segment_fits(
	const struct segment *target, enum insn_segment segment, unsigned rpl, unsigned ring)
{
	bool code = target->type & TYPE_CODE;
	bool conforming = code && target->type & TYPE_CONFORMING;

	if (!target->code_or_data)
		return false;
	if (segment == SEGMENT_CS)
		return code && (conforming ? target->dpl <= ring : target->dpl == ring);
	if (segment == SEGMENT_SS)
		return !code && target->type & TYPE_WRITABLE && rpl == ring && target->dpl == ring;
	if (code && !(target->type & TYPE_READABLE))
		return false;
	return conforming || (target->dpl >= ring && target->dpl >= rpl);
}

enum verdict vcpu_check_selector(
	struct vcpu *vcpu, enum insn_segment segment, uint16_t selector, unsigned ring)
{
	unsigned rpl = selector & SELECTOR_RPL ? selector & SELECTOR_RPL : 1; /* as deprivileged */

	if (selector_is_null(selector)) {
		if (segment == SEGMENT_CS || segment == SEGMENT_SS)
			return vcpu_raise(vcpu, VECTOR_GP, 0);
		return VERDICT_RESUME;
	}
	const struct segment *target = vcpu_look_up(vcpu, selector);
	if (!segment_fits(target, segment, rpl, ring))
		return vcpu_raise(vcpu, VECTOR_GP, error_of_selector(selector));
	if (!target->present)
		return vcpu_raise(vcpu, segment == SEGMENT_SS ? VECTOR_SS : VECTOR_NP,
			error_of_selector(selector));
	return VERDICT_RESUME;
}

bool vcpu_selector_loads(const struct vcpu *vcpu, enum insn_segment segment, uint16_t selector)
{
	const struct segment *target = vcpu_look_up(vcpu, selector);

	if (selector_is_null(selector))
		return segment != SEGMENT_CS && segment != SEGMENT_SS;
	return target->present &&
	       segment_fits(target, segment, selector & SELECTOR_RPL, vcpu_ring(vcpu));
}

/* ---- memory ---- */

uint32_t vcpu_copy(
	struct vcpu *vcpu, gla_t at, uint8_t *buffer, uint32_t size, enum direction direction)
{
	uint32_t done = 0;
	gpa_t physical;

	while (done < size && vcpu_translate(vcpu, gla(at.raw + done), &physical)) {
		uint32_t part = PAGE_SIZE - physical.raw % PAGE_SIZE;
		if (part > size - done)
			part = size - done;
		uint32_t copied = direction == FROM_GUEST
					  ? vm_read(vcpu->vm, physical, buffer + done, part)
					  : vm_write(vcpu->vm, physical, buffer + done, part);
		if (direction == TO_GUEST && copied)
			traced_written(vcpu, physical, copied);
		done += copied;
		if (copied < part)
			break;
	}
	return done;
}

uint32_t vcpu_read(struct vcpu *vcpu, gla_t from, void *to, uint32_t size)
{
	const uint8_t *found = vcpu_pointer(vcpu, from, size, ACCESS_READ);

	if (!found)
		return vcpu_copy(vcpu, from, to, size, FROM_GUEST);
	memory_copy(to, found, size);
	return size;
}

uint32_t vcpu_write(struct vcpu *vcpu, gla_t to, const void *from, uint32_t size)
{
	vcpu_store_as(vcpu, to, from, size, ACCESS_WRITE);
	return size;
}

enum verdict vcpu_no_memory(struct vcpu *vcpu)
{
	return vm_kill(vcpu, "it has no memory at the linear address that it used");
}

enum verdict vcpu_reached_monitor(struct vcpu *vcpu)
{
	return vm_kill(vcpu, "it reached for addresses that belong to the monitor");
}

enum transfer { LOOK, LOAD, STORE };

/* The part of an access that lies in one page. */
static enum verdict transfer_part(struct vcpu *vcpu, gla_t at, uint8_t *bytes, uint32_t size,
	uint32_t access, enum transfer transfer)
{
	uint8_t *memory;
	gpa_t physical;
	enum page_kind kind = vcpu_page(vcpu, at, access, &memory, &physical);

	if (kind == PAGE_FAULT)
		return VERDICT_GUEST_FAULT;
	if (kind == PAGE_ENDED)
		return VERDICT_ENDED;
	if (transfer == LOOK)
		return VERDICT_RESUME;
	if (kind == PAGE_DEVICE && transfer == LOAD) {
		bus_load_memory(vcpu->vm, physical, bytes, size);
	} else if (kind == PAGE_DEVICE) {
		bus_store_memory(vcpu->vm, physical, bytes, size);
	} else if (transfer == LOAD) {
		memory_copy(bytes, memory, size);
	} else {
		memory_copy(memory, bytes, size);
		if (kind == PAGE_TRACED)
			traced_written(vcpu, physical, size);
	}
	return VERDICT_RESUME;
}

static enum verdict transfer_all(struct vcpu *vcpu, gla_t at, uint8_t *bytes, uint32_t size,
	uint32_t access, enum transfer transfer)
{
	enum verdict verdict = VERDICT_RESUME;

	while (size && verdict == VERDICT_RESUME) {
		uint32_t part = PAGE_SIZE - at.raw % PAGE_SIZE;
		if (part > size)
			part = size;
		verdict = transfer_part(vcpu, at, bytes, part, access, transfer);
		at.raw += part;
		if (bytes) /* a look has none */
			bytes += part;
		size -= part;
	}
	return verdict;
}

enum verdict vcpu_load_far(struct vcpu *vcpu, gla_t from, void *to, uint32_t size, uint32_t access)
{
	return transfer_all(vcpu, from, to, size, access, LOAD);
}

enum verdict vcpu_store_far(
	struct vcpu *vcpu, gla_t to, const void *from, uint32_t size, uint32_t access)
{
	uint8_t *bytes = (uint8_t *)(uintptr_t)from;
	enum verdict verdict = transfer_all(vcpu, to, bytes, size, access, LOOK);

	if (verdict == VERDICT_RESUME) /* all or nothing */
		verdict = transfer_all(vcpu, to, bytes, size, access, STORE);
	return verdict;
}

enum verdict vcpu_segment_refuses(
	struct vcpu *vcpu, enum insn_segment segment, uint32_t offset, uint32_t size)
{
	if (vcpu_was_clipped(vcpu, segment, offset, size))
		return vcpu_reached_monitor(vcpu);
	return vcpu_raise(vcpu, segment == SEGMENT_SS ? VECTOR_SS : VECTOR_GP, 0);
}

/* Whose access it is, to the page tables. */
static uint32_t own_access(const struct vcpu *vcpu)
{
	return vcpu_ring(vcpu) == 3 ? ACCESS_USER : 0;
}

enum verdict vcpu_load(
	struct vcpu *vcpu, enum insn_segment segment, uint32_t offset, void *to, uint32_t size)
{
	gla_t linear;

	if (!vcpu_linear(vcpu, segment, offset, size, false, &linear))
		return vcpu_segment_refuses(vcpu, segment, offset, size);
	return vcpu_load_as(vcpu, linear, to, size, own_access(vcpu));
}

enum verdict vcpu_check_store(
	struct vcpu *vcpu, enum insn_segment segment, uint32_t offset, uint32_t size, gla_t *linear)
{
	uint32_t access = own_access(vcpu) | ACCESS_WRITE;

	if (!vcpu_linear(vcpu, segment, offset, size, true, linear))
		return vcpu_segment_refuses(vcpu, segment, offset, size);
	vcpu->stored_at = *linear;
	vcpu->stored = size;
	if (vcpu_pointer(vcpu, *linear, size, access))
		return VERDICT_RESUME;
	return transfer_all(vcpu, *linear, NULL, size, access, LOOK);
}

enum verdict vcpu_store(struct vcpu *vcpu, enum insn_segment segment, uint32_t offset,
	const void *from, uint32_t size)
{
	gla_t linear;

	if (!vcpu_linear(vcpu, segment, offset, size, true, &linear))
		return vcpu_segment_refuses(vcpu, segment, offset, size);
	vcpu->stored_at = linear;
	vcpu->stored = size;
	return vcpu_store_as(vcpu, linear, from, size, own_access(vcpu));
}

/* ---- operands ---- */

uint32_t vcpu_offset(struct vcpu *vcpu, const struct insn *insn)
{
	uint32_t general[8];

	for (unsigned i = 0; i < 8; i++)
		general[i] = *vcpu_register(vcpu, i);
	return insn_offset(insn, general);
}

enum verdict vcpu_load_rm(
	struct vcpu *vcpu, const struct insn *insn, uint32_t size, uint32_t *value)
{
	*value = 0;
	if (insn->has_memory)
		return vcpu_load(
			vcpu, insn_operand_segment(insn), vcpu_offset(vcpu, insn), value, size);
	*value = *vcpu_register(vcpu, insn->modrm & 7);
	if (size == 2)
		*value &= 0xffff;
	return VERDICT_RESUME;
}

/* ---- the next instruction ---- */

const uint8_t *vcpu_text(const struct vcpu *vcpu, gla_t linear)
{
	return vcpu_pointer(vcpu, linear, 1, ACCESS_READ);
}

/* The code segment changes seldom, and every exit that decodes needs it: it is kept unpacked. What
 * was decoded holds only as long as it is the same. */
static void code_segment_take(struct vcpu *vcpu)
{
	struct segment old = vcpu->code;
	const struct segment *code = vcpu_look_up(vcpu, (uint16_t)vcpu->registers.cs);

	if (code->base != old.base || code->limit != old.limit ||
		code->default_big != old.default_big)
		vcpu_forget_decoded(vcpu);
	vcpu->code_selector = (uint16_t)vcpu->registers.cs;
	vcpu->code = *code;
}

const struct decoded *vcpu_decode_anew(struct vcpu *vcpu)
{
	if (vcpu->code_selector != (uint16_t)vcpu->registers.cs)
		code_segment_take(vcpu);
	unsigned code_size = vcpu->code.default_big ? 32 : 16;
	uint32_t eip = vcpu->registers.eip, available = INSN_MAX_LENGTH;
	uint32_t linear = vcpu->code.base + eip;
	struct decoded *decoded = &vcpu->decoded[linear % DECODE_CACHE];

	if (eip > vcpu->code.limit)
		available = 0;
	else if (vcpu->code.limit - eip < INSN_MAX_LENGTH)
		available = vcpu->code.limit - eip + 1;
	/* one that may lie in two pages is not found again: the second may be anywhere in the
	 * machine */
	const uint8_t *text = vcpu_pointer(vcpu, gla(linear), INSN_MAX_LENGTH, ACCESS_READ);
	if (text)
		__builtin_memcpy(decoded->bytes, text, INSN_MAX_LENGTH);
	else
		available = vcpu_read(vcpu, gla(linear), decoded->bytes, available);
	decoded->linear = linear;
	decoded->text = NULL;
	decoded->reason = EXIT_PROTECTION;
	decoded->emulated = false;
	decoded->count = (uint8_t)available;
	decoded->status =
		(uint8_t)insn_decode(&decoded->insn, decoded->bytes, available, code_size);
	if (decoded->status != DECODE_OK)
		return decoded;
	decoded->text = text;
	decoded->count = decoded->insn.length;
	decoded->reason = (uint8_t)insn_exit_reason(&decoded->insn);
	decoded->emulated =
		decoded->insn.class == INSN_PRIVILEGED || decoded->insn.class == INSN_SENSITIVE;
	return decoded;
}

void vcpu_forget_decoded(struct vcpu *vcpu)
{
	for (unsigned i = 0; i < DECODE_CACHE; i++)
		vcpu->decoded[i].text = NULL;
}
