/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtual processor: its registers, its segments, its next instruction.
 *
 * The invariant that world_enter() counts on: every selector in `registers` can be loaded
 * from the GDT in use. The guest itself can only load what the processor lets it; the monitor
 * keeps to the same rules (vcpu_selector_loads) when it writes a selector or the table.
 */
#include "cpu.h"
#include "machine.h"
#include "strings.h"
#include "vm.h"

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

/* The descriptor that a selector names; not present where there is none. */
static struct descriptor gdt_entry(const struct gdt *gdt, uint16_t selector)
{
	if (selector & SELECTOR_TI) /* no guest has an LDT: its descriptor is not present */
		return (struct descriptor){0, 0};
	return gdt->entry[SELECTOR_INDEX(selector)];
}

static struct segment gdt_segment(const struct gdt *gdt, uint16_t selector)
{
	return descriptor_unpack(gdt_entry(gdt, selector));
}

static bool selector_is_null(uint16_t selector)
{
	return (selector & ~SELECTOR_RPL) == 0;
}

/* SDM 3A 5.5 to 5.8: what MOV, POP and far transfers check at privilege level `cpl`. */
static bool gdt_selector_loads(
	const struct gdt *gdt, unsigned cpl, enum insn_segment segment, uint16_t selector)
{
	struct segment target = gdt_segment(gdt, selector);
	unsigned rpl = selector & SELECTOR_RPL;
	bool code = target.type & TYPE_CODE;

	if (selector_is_null(selector))
		return segment != SEGMENT_CS && segment != SEGMENT_SS;
	if (!target.present || !target.code_or_data)
		return false;
	if (segment == SEGMENT_CS) {
		if (!code)
			return false;
		return target.type & TYPE_CONFORMING ? target.dpl <= cpl : target.dpl == cpl;
	}
	if (segment == SEGMENT_SS)
		return !code && target.type & TYPE_WRITABLE && rpl == cpl && target.dpl == cpl;
	if (code && !(target.type & TYPE_READABLE))
		return false;
	return (code && target.type & TYPE_CONFORMING) || (target.dpl >= cpl && target.dpl >= rpl);
}

bool vcpu_selector_loads(const struct vcpu *vcpu, enum insn_segment segment, uint16_t selector)
{
	return gdt_selector_loads(vcpu->gdt, vcpu_ring(vcpu), segment, selector);
}

/* How many descriptors a guest's table has, as far as there is room for them. */
static uint32_t gdt_count(struct table_register gdtr)
{
	uint32_t count = (gdtr.limit + 1u) / sizeof(struct descriptor);

	return count < GDT_GUEST_ENTRIES ? count : GDT_GUEST_ENTRIES;
}

/* The guest's table as the processor may see it; what is wrong with it, or NULL. */
static const char *gdt_from_guest(struct vcpu *vcpu, struct gdt *gdt, struct table_register gdtr)
{
	static const enum insn_segment all[] = {
		SEGMENT_CS, SEGMENT_SS, SEGMENT_DS, SEGMENT_ES, SEGMENT_FS, SEGMENT_GS};
	static const char *const names[] = {"CS", "SS", "DS", "ES", "FS", "GS"};
	static char problem[192];
	uint32_t count = gdt_count(gdtr), size = count * sizeof(struct descriptor);

	if (vcpu_read(vcpu, gla(gdtr.base), gdt->entry, size) != size)
		return "its GDT is not in its memory";
	gdt->entry[0] = (struct descriptor){0, 0}; /* never used (3.4.2) */
	for (uint32_t i = 1; i < count; i++)
		gdt->entry[i] = descriptor_deprivilege(gdt->entry[i]);
	for (unsigned i = 0; i < ARRAY_LENGTH(all); i++) {
		uint16_t selector = (uint16_t)*vcpu_segment_register(vcpu, all[i]);
		if (gdt_selector_loads(gdt, vcpu_ring(vcpu), all[i], selector))
			continue;
		text_printf(problem, sizeof(problem),
			"%s is in use with selector %04x, which does not load in ring %u from its new GDT: the descriptor there is %08x %08x after descriptor_deprivilege()",
			names[i], selector, vcpu_ring(vcpu), gdt_entry(gdt, selector).high,
			gdt_entry(gdt, selector).low);
		return problem;
	}
	return NULL;
}

bool vcpu_load_gdt(struct vcpu *vcpu, struct table_register gdtr, const char **problem)
{
	static struct gdt candidate; /* too large for the stack; between calls, all zero */
	uint32_t old_count = gdt_count(vcpu->guest_gdtr), count = gdt_count(gdtr);

	*problem = gdt_from_guest(vcpu, &candidate, gdtr);
	if (!*problem) {
		/* entries that the new table does not have become zero: not present */
		uint32_t longer = count > old_count ? count : old_count;
		memcpy(vcpu->gdt->entry, candidate.entry, longer * sizeof(struct descriptor));
		vcpu->guest_gdtr = gdtr;
		vcpu->code_selector = 0; /* what code_segment() keeps is old */
	}
	memset(candidate.entry, 0, count * sizeof(struct descriptor));
	return !*problem;
}

struct vcpu *vcpu_running;

void vcpu_activate(struct vcpu *vcpu)
{
	vcpu_running = vcpu;
	cr3_write(vcpu->page_directory);
	gdt_load(vcpu->gdt);
	/* a trap pushes downwards from the end of the registers */
	tss_set_stack((uint32_t)(uintptr_t)(&vcpu->registers + 1));
}

/* ---- memory ---- */

/* SDM 3A 5.3: is [offset, offset + size) inside the segment's limit? */
static bool segment_holds(struct segment segment, uint32_t offset, uint32_t size)
{
	uint32_t last = offset + size - 1;
	bool expand_down = !(segment.type & TYPE_CODE) && segment.type & TYPE_EXPAND_DOWN;

	if (last < offset)
		return false;
	if (expand_down)
		return offset > segment.limit &&
		       last <= (segment.default_big ? 0xffffffff : 0xffff);
	return last <= segment.limit;
}

bool vcpu_linear(const struct vcpu *vcpu, enum insn_segment segment, uint32_t offset, uint32_t size,
	bool write, gla_t *linear)
{
	uint32_t selector = *vcpu_segment_register((struct vcpu *)vcpu, segment);
	struct segment target = gdt_segment(vcpu->gdt, (uint16_t)selector);
	bool code = target.type & TYPE_CODE;

	if (!target.present || !segment_holds(target, offset, size))
		return false;
	if (write && (code || !(target.type & TYPE_WRITABLE)))
		return false;
	if (!write && code && !(target.type & TYPE_READABLE) && segment != SEGMENT_CS)
		return false;
	*linear = gla(target.base + offset);
	return true;
}

typedef uint32_t (*vm_copy_function)(struct vm *vm, gpa_t at, uint8_t *buffer, uint32_t size);

static uint32_t copy_out(struct vm *vm, gpa_t at, uint8_t *buffer, uint32_t size)
{
	return vm_read(vm, at, buffer, size);
}

static uint32_t copy_in(struct vm *vm, gpa_t at, uint8_t *buffer, uint32_t size)
{
	return vm_write(vm, at, buffer, size);
}

static uint32_t vcpu_copy(
	struct vcpu *vcpu, gla_t at, uint8_t *buffer, uint32_t size, vm_copy_function copy)
{
	uint32_t done = 0;
	gpa_t physical;

	while (done < size && vcpu_translate(vcpu, gla(at.raw + done), &physical)) {
		uint32_t part = PAGE_SIZE - physical.raw % PAGE_SIZE;
		if (part > size - done)
			part = size - done;
		uint32_t copied = copy(vcpu->vm, physical, buffer + done, part);
		done += copied;
		if (copied < part)
			break;
	}
	return done;
}

uint32_t vcpu_read(struct vcpu *vcpu, gla_t from, void *to, uint32_t size)
{
	return vcpu_copy(vcpu, from, to, size, copy_out);
}

uint32_t vcpu_write(struct vcpu *vcpu, gla_t to, const void *from, uint32_t size)
{
	return vcpu_copy(vcpu, to, (uint8_t *)(uintptr_t)from, size, copy_in);
}

/* ---- the next instruction ---- */

/* The code segment changes seldom, and every exit that decodes needs it: keep it unpacked. */
static const struct segment *code_segment(struct vcpu *vcpu)
{
	uint16_t selector = (uint16_t)vcpu->registers.cs;

	if (vcpu->code_selector != selector) {
		vcpu->code = gdt_segment(vcpu->gdt, selector);
		vcpu->code_selector = selector;
	}
	return &vcpu->code;
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
	/* nearly always the longest instruction would lie in one page: decode it in its place */
	if (linear % PAGE_SIZE + available <= PAGE_SIZE &&
		vcpu_translate(vcpu, gla(linear), &physical) &&
		vm_translate(vcpu->vm, physical, &machine)) {
		const uint8_t *text = machine_pointer(machine);
		enum decode_status status = insn_decode(insn, text, available, code_size);
		*count = status == DECODE_OK ? insn->length : available;
		if (available == INSN_MAX_LENGTH) /* nearly always: four moves, no loop */
			__builtin_memcpy(bytes, text, INSN_MAX_LENGTH);
		else
			memcpy(bytes, text, *count);
		return status;
	}
	*count = vcpu_read(vcpu, gla(linear), bytes, available);
	return insn_decode(insn, bytes, *count, code_size);
}
