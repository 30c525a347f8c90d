/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtual processor: its registers, its segments, its memory, its next instruction.
 *
 * The invariant that world_enter() counts on: every selector in `registers` can be loaded
 * from the GDT in use. The guest itself can only load what the processor lets it; the monitor
 * keeps to the same rules (vcpu_check_selector) when it writes a selector or the table.
 */
#include "cpu.h"
#include "machine.h"
#include "strings.h"
#include "views.h"
#include "vm.h"

/* ---- life ---- */

struct vcpu *vcpu_running;

const char *vcpu_create(struct vcpu *vcpu, struct vm *vm)
{
	maddr_t gdt;

	vcpu->vm = vm;
	vcpu->cr0 = CR0_PE | CR0_ET;
	vcpu->dr[6] = DR6_FIXED;
	vcpu->dr[7] = DR7_FIXED;
	vcpu->guest_idtr.limit = 0x3ff; /* as the BIOS leaves it */
	if (!frames_allocate(sizeof(struct gdt) / PAGE_SIZE, PAGE_SIZE, &gdt))
		return "there is not enough memory left for its GDT";
	vcpu->gdt = machine_pointer(gdt);
	gdt_fill_monitor(vcpu->gdt);
	if (!views_create(vcpu))
		return "there is not enough memory left for its descriptor tables";
	if (!page_directory_create(&vcpu->page_directory) || !vcpu_map_memory(vcpu))
		return "there is not enough memory left for its page tables";
	return NULL;
}

void vcpu_destroy(struct vcpu *vcpu)
{
	if (vcpu->gdt)
		frames_free(machine_address(vcpu->gdt), sizeof(struct gdt) / PAGE_SIZE);
	views_destroy(vcpu);
	descriptors_destroy(vcpu);
	if (vcpu->page_directory.raw)
		page_directory_destroy(vcpu->page_directory);
}

void vcpu_activate(struct vcpu *vcpu)
{
	vcpu_running = vcpu;
	cr3_write(vcpu->page_directory);
	gdt_load(vcpu->gdt);
	views_activate(vcpu);
	vcpu_load_control(vcpu);
	/* a trap pushes downwards from the end of the registers */
	tss_set_stack((uint32_t)(uintptr_t)(&vcpu->registers + 1));
}

/* ---- registers ---- */

uint32_t *vcpu_register(struct vcpu *vcpu, unsigned number)
{
	struct guest_registers *r = &vcpu->registers;
	uint32_t *const in_encoding_order[] = {
		&r->eax, &r->ecx, &r->edx, &r->ebx, &r->esp, &r->ebp, &r->esi, &r->edi};

	return in_encoding_order[number];
}

uint32_t *vcpu_segment_register(struct vcpu *vcpu, enum insn_segment segment)
{
	struct guest_registers *r = &vcpu->registers;
	uint32_t *const in_encoding_order[] = {&r->es, &r->cs, &r->ss, &r->ds, &r->fs, &r->gs};

	return in_encoding_order[segment];
}

#define EFLAGS_VIRTUAL (EFLAGS_IF | EFLAGS_IOPL) /* not the processor's, but the guest's own */
#define EFLAGS_GUEST                                                                               \
	(EFLAGS_STATUS | EFLAGS_TF | EFLAGS_DF | EFLAGS_NT | EFLAGS_RF | EFLAGS_AC | EFLAGS_ID)

uint32_t vcpu_flags(const struct vcpu *vcpu)
{
	return (vcpu->registers.eflags & ~EFLAGS_VIRTUAL) | (vcpu->virtual_if ? EFLAGS_IF : 0) |
	       (uint32_t)vcpu->virtual_iopl << EFLAGS_IOPL_SHIFT;
}

void vcpu_set_flags(struct vcpu *vcpu, uint32_t eflags)
{
	vcpu->registers.eflags = (eflags & EFLAGS_GUEST) | EFLAGS_FIXED | EFLAGS_IF;
	vcpu->virtual_if = eflags & EFLAGS_IF;
	vcpu->virtual_iopl = (uint8_t)((eflags & EFLAGS_IOPL) >> EFLAGS_IOPL_SHIFT);
}

enum verdict vcpu_raise(struct vcpu *vcpu, unsigned vector, uint32_t error_code)
{
	vcpu->event = (struct event){
		.kind = EVENT_EXCEPTION,
		.vector = (uint8_t)vector,
		.error_code = error_code,
		.return_eip = vcpu->registers.eip,
	};
	return VERDICT_GUEST_FAULT;
}

/* ---- segments ---- */

static bool selector_is_null(uint16_t selector)
{
	return (selector & ~SELECTOR_RPL) == 0;
}

struct segment vcpu_segment(const struct vcpu *vcpu, uint16_t selector)
{
	uint32_t index = SELECTOR_INDEX(selector);
	bool local = selector & SELECTOR_TI;
	struct descriptor none = {0, 0};

	if (local)
		return descriptor_unpack(vcpu->ldt ? vcpu->ldt[index] : none);
	return descriptor_unpack(index < GDT_GUEST_ENTRIES ? vcpu->gdt->entry[index] : none);
}

/* SDM 3A 5.5 to 5.8, but for P: what MOV, POP and far transfers check in that ring. */
static bool segment_fits(
	struct segment target, enum insn_segment segment, unsigned rpl, unsigned ring)
{
	bool code = target.type & TYPE_CODE;
	bool conforming = code && target.type & TYPE_CONFORMING;

	if (!target.code_or_data)
		return false;
	if (segment == SEGMENT_CS)
		return code && (conforming ? target.dpl <= ring : target.dpl == ring);
	if (segment == SEGMENT_SS)
		return !code && target.type & TYPE_WRITABLE && rpl == ring && target.dpl == ring;
	if (code && !(target.type & TYPE_READABLE))
		return false;
	return conforming || (target.dpl >= ring && target.dpl >= rpl);
}

enum verdict vcpu_check_selector(
	struct vcpu *vcpu, enum insn_segment segment, uint16_t selector, unsigned ring)
{
	uint16_t real = selector_deprivilege(selector);

	if (selector_is_null(selector)) {
		if (segment == SEGMENT_CS || segment == SEGMENT_SS)
			return vcpu_raise(vcpu, VECTOR_GP, 0);
		return VERDICT_RESUME;
	}
	struct segment target = vcpu_segment(vcpu, real);
	if (!segment_fits(target, segment, real & SELECTOR_RPL, ring))
		return vcpu_raise(vcpu, VECTOR_GP, error_of_selector(selector));
	if (!target.present)
		return vcpu_raise(vcpu, segment == SEGMENT_SS ? VECTOR_SS : VECTOR_NP,
			error_of_selector(selector));
	return VERDICT_RESUME;
}

bool vcpu_selector_loads(const struct vcpu *vcpu, enum insn_segment segment, uint16_t selector)
{
	struct segment target = vcpu_segment(vcpu, selector);

	if (selector_is_null(selector))
		return segment != SEGMENT_CS && segment != SEGMENT_SS;
	return target.present &&
	       segment_fits(target, segment, selector & SELECTOR_RPL, vcpu_ring(vcpu));
}

/* SDM 3A 5.3: is [offset, offset + size) inside the segment's limit? */
static bool segment_holds(const struct segment *segment, uint32_t offset, uint32_t size)
{
	uint32_t last = offset + size - 1;
	bool expand_down = !(segment->type & TYPE_CODE) && segment->type & TYPE_EXPAND_DOWN;

	if (last < offset)
		return false;
	if (expand_down)
		return offset > segment->limit &&
		       last <= (segment->default_big ? 0xffffffff : 0xffff);
	return last <= segment->limit;
}

bool segment_linear(
	const struct segment *segment, uint32_t offset, uint32_t size, bool write, gla_t *linear)
{
	bool code = segment->type & TYPE_CODE;

	if (!segment->present || !segment_holds(segment, offset, size))
		return false;
	if (write && (code || !(segment->type & TYPE_WRITABLE)))
		return false;
	*linear = gla(segment->base + offset);
	return true;
}

bool vcpu_linear(const struct vcpu *vcpu, enum insn_segment segment, uint32_t offset, uint32_t size,
	bool write, gla_t *linear)
{
	uint32_t selector = *vcpu_segment_register((struct vcpu *)vcpu, segment);
	struct segment target = vcpu_segment(vcpu, (uint16_t)selector);
	bool execute_only = target.type & TYPE_CODE && !(target.type & TYPE_READABLE);

	return !(execute_only && segment != SEGMENT_CS) &&
	       segment_linear(&target, offset, size, write, linear);
}

/* ---- memory ---- */

enum direction { FROM_GUEST, TO_GUEST };

static uint32_t vcpu_copy(
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
		if (direction == TO_GUEST && copied && views_traces(vcpu, physical))
			views_written(vcpu, gla(at.raw + done), copied);
		done += copied;
		if (copied < part)
			break;
	}
	return done;
}

uint32_t vcpu_read(struct vcpu *vcpu, gla_t from, void *to, uint32_t size)
{
	return vcpu_copy(vcpu, from, to, size, FROM_GUEST);
}

uint32_t vcpu_write(struct vcpu *vcpu, gla_t to, const void *from, uint32_t size)
{
	return vcpu_copy(vcpu, to, (uint8_t *)(uintptr_t)from, size, TO_GUEST);
}

static enum verdict no_memory(struct vcpu *vcpu)
{
	return vm_kill(vcpu, "it has no memory at the linear address that it used");
}

/* True where all of these bytes are the guest's to use. */
static bool vcpu_has_memory(const struct vcpu *vcpu, gla_t at, uint32_t size)
{
	uint32_t last = at.raw + size - 1;
	gpa_t physical;
	maddr_t machine;

	for (uint32_t page = at.raw & ~PAGE_MASK;; page += PAGE_SIZE) {
		if (!vcpu_translate(vcpu, gla(page), &physical) ||
			!vm_translate(vcpu->vm, physical, &machine))
			return false;
		if (page == (last & ~PAGE_MASK))
			return true;
	}
}

enum verdict vcpu_load_linear(struct vcpu *vcpu, gla_t from, void *to, uint32_t size)
{
	return vcpu_read(vcpu, from, to, size) == size ? VERDICT_RESUME : no_memory(vcpu);
}

enum verdict vcpu_store_linear(struct vcpu *vcpu, gla_t to, const void *from, uint32_t size)
{
	if (!vcpu_has_memory(vcpu, to, size)) /* all or nothing */
		return no_memory(vcpu);
	vcpu_write(vcpu, to, from, size);
	return VERDICT_RESUME;
}

static enum verdict segment_refuses(
	struct vcpu *vcpu, enum insn_segment segment, uint32_t offset, uint32_t size)
{
	if (vcpu_was_clipped(vcpu, segment, offset, size))
		return vm_kill(vcpu, "it reached for addresses that belong to the monitor");
	return vcpu_raise(vcpu, segment == SEGMENT_SS ? VECTOR_SS : VECTOR_GP, 0);
}

enum verdict vcpu_load(
	struct vcpu *vcpu, enum insn_segment segment, uint32_t offset, void *to, uint32_t size)
{
	gla_t linear;

	if (!vcpu_linear(vcpu, segment, offset, size, false, &linear))
		return segment_refuses(vcpu, segment, offset, size);
	return vcpu_load_linear(vcpu, linear, to, size);
}

enum verdict vcpu_check_store(
	struct vcpu *vcpu, enum insn_segment segment, uint32_t offset, uint32_t size, gla_t *linear)
{
	if (!vcpu_linear(vcpu, segment, offset, size, true, linear))
		return segment_refuses(vcpu, segment, offset, size);
	return vcpu_has_memory(vcpu, *linear, size) ? VERDICT_RESUME : no_memory(vcpu);
}

enum verdict vcpu_store(struct vcpu *vcpu, enum insn_segment segment, uint32_t offset,
	const void *from, uint32_t size)
{
	gla_t linear;
	enum verdict verdict = vcpu_check_store(vcpu, segment, offset, size, &linear);

	if (verdict == VERDICT_RESUME)
		vcpu_write(vcpu, linear, from, size);
	return verdict;
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

static bool stack_is_big(const struct vcpu *vcpu)
{
	return vcpu_segment(vcpu, (uint16_t)vcpu->registers.ss).default_big;
}

uint32_t vcpu_stack_pointer(const struct vcpu *vcpu)
{
	return stack_is_big(vcpu) ? vcpu->registers.esp : vcpu->registers.esp & 0xffff;
}

void vcpu_set_stack_pointer(struct vcpu *vcpu, uint32_t value)
{
	if (stack_is_big(vcpu))
		vcpu->registers.esp = value;
	else
		vcpu->registers.esp = (vcpu->registers.esp & 0xffff0000) | (value & 0xffff);
}

/* ---- the next instruction ---- */

/* The code segment changes seldom, and every exit that decodes needs it: keep it unpacked. */
static const struct segment *code_segment(struct vcpu *vcpu)
{
	uint16_t selector = (uint16_t)vcpu->registers.cs;

	if (vcpu->code_selector != selector) {
		vcpu->code = vcpu_segment(vcpu, selector);
		vcpu->code_selector = selector;
	}
	return &vcpu->code;
}

/* Sixteen bytes of memory, at any address. */
struct text {
	uint32_t word[4];
} __attribute__((packed));

/* Do the first `length` bytes agree? Nearly every instruction that traps has at most four. */
static bool text_equal(const struct text *one, const struct text *other, unsigned length)
{
	static const uint32_t mask[] = {0, 0xff, 0xffff, 0xffffff, 0xffffffff};

	if (length <= 4)
		return ((one->word[0] ^ other->word[0]) & mask[length]) == 0;
	return memcmp(one, other, length) == 0;
}

/*
 * An instruction that traps once traps again: a loop's CLI, a driver's OUT. So what was decoded is
 * kept, and holds as long as the bytes are the same.
 */
static enum decode_status decode_cached(struct vcpu *vcpu, struct insn *insn, uint32_t linear,
	const struct text *text, unsigned code_size)
{
	struct decoded *cached = &vcpu->decoded[linear % DECODE_CACHE];

	if (cached->linear == linear && cached->code_size == code_size &&
		text_equal((const struct text *)cached->bytes, text, cached->insn.length)) {
		*insn = cached->insn;
		return DECODE_OK;
	}
	enum decode_status status =
		insn_decode(insn, (const uint8_t *)text, INSN_MAX_LENGTH, code_size);
	if (status == DECODE_OK) {
		cached->linear = linear;
		cached->code_size = (uint8_t)code_size;
		memcpy(cached->bytes, text, INSN_MAX_LENGTH);
		cached->insn = *insn;
	}
	return status;
}

enum decode_status vcpu_decode(
	struct vcpu *vcpu, struct insn *insn, uint8_t bytes[15], size_t *count)
{
	const struct segment *code = code_segment(vcpu);
	unsigned code_size = code->default_big ? 32 : 16;
	uint32_t eip = vcpu->registers.eip;
	uint32_t linear = code->base + eip;
	uint32_t behind = code->limit - eip; /* bytes that the segment has behind the first one */
	uint32_t available = behind < INSN_MAX_LENGTH ? behind + 1 : INSN_MAX_LENGTH;
	gpa_t physical;
	maddr_t machine;

	*count = 0;
	if (eip > code->limit)
		return DECODE_TRUNCATED;
	/* nearly always the longest instruction, and a byte, lie in one page: decode it in its
	 * place */
	if (available == INSN_MAX_LENGTH && linear % PAGE_SIZE <= PAGE_SIZE - sizeof(struct text) &&
		vcpu_translate(vcpu, gla(linear), &physical) &&
		vm_translate(vcpu->vm, physical, &machine)) {
		const struct text *text = machine_pointer(machine);
		enum decode_status status = decode_cached(vcpu, insn, linear, text, code_size);
		*count = status == DECODE_OK ? insn->length : INSN_MAX_LENGTH;
		__builtin_memcpy(bytes, text, INSN_MAX_LENGTH);
		return status;
	}
	*count = vcpu_read(vcpu, gla(linear), bytes, available);
	return insn_decode(insn, bytes, *count, code_size);
}
