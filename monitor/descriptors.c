/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's own tables: its GDT, LDT, IDT and TSS (SDM 3A 2.4, 3.5, 7.2).
 *
 * The processor never sees them. It uses a copy of the GDT and LDT in which every descriptor has
 * gone through descriptor_deprivilege(), at the index that the guest gave it. The IDT and the
 * TSS are read when an event needs them.
 *
 * Invariant: the selectors in the segment registers load from the copy.
 */
#include "machine.h"
#include "strings.h"
#include "views.h"
#include "vm.h"

#define LDT_ENTRIES 8192u
#define LDT_BYTES   (LDT_ENTRIES * (uint32_t)sizeof(struct descriptor))

/* How many descriptors a table with that limit has, as far as there is room for them. */
static uint32_t gdt_count(struct table_register gdtr)
{
	uint32_t count = (gdtr.limit + 1u) / sizeof(struct descriptor);

	return count < GDT_GUEST_ENTRIES ? count : GDT_GUEST_ENTRIES;
}

static uint32_t ldt_count(const struct vcpu *vcpu)
{
	return vcpu->local.present ? (vcpu->local.limit + 1) / sizeof(struct descriptor) : 0;
}

/* Fills `table` with the guest's `count` descriptors at `base`, deprivileged. False: they are not
 * in its memory; what is in `table` then has no meaning. */
static bool table_take(struct vcpu *vcpu, struct descriptor *table, uint32_t base, uint32_t count)
{
	uint32_t size = count * sizeof(*table);

	if (vcpu_read(vcpu, gla(base), table, size) != size)
		return false;
	for (uint32_t i = 0; i < count; i++)
		table[i] = descriptor_deprivilege(table[i]);
	return true;
}

/* ---- do the segment registers load? ---- */

/* Which one does not, as a sentence; NULL: all do. */
static const char *segments_problem(const struct vcpu *vcpu)
{
	static const enum insn_segment all[] = {
		SEGMENT_CS, SEGMENT_SS, SEGMENT_DS, SEGMENT_ES, SEGMENT_FS, SEGMENT_GS};
	static const char *const names[] = {"CS", "SS", "DS", "ES", "FS", "GS"};
	static char problem[192];

	for (unsigned i = 0; i < ARRAY_LENGTH(all); i++) {
		uint16_t selector = (uint16_t)*vcpu_segment_register((struct vcpu *)vcpu, all[i]);
		if (vcpu_selector_loads(vcpu, all[i], selector))
			continue;
		struct descriptor found = descriptor_pack(vcpu_segment(vcpu, selector));
		text_printf(problem, sizeof(problem),
			"%s is in use with selector %04x, which does not load in ring %u from its new table: the descriptor there is %08x %08x after descriptor_deprivilege()",
			names[i], selector, vcpu_ring(vcpu), found.high, found.low);
		return problem;
	}
	return NULL;
}

/* ---- GDT ---- */

bool vcpu_load_gdt(struct vcpu *vcpu, struct table_register gdtr, const char **problem)
{
	static struct descriptor before[GDT_GUEST_ENTRIES];
	struct descriptor *table = vcpu->gdt->entry;
	uint32_t old_count = gdt_count(vcpu->guest_gdtr), count = gdt_count(gdtr);
	uint32_t longer = count > old_count ? count : old_count;

	memcpy(before, table, longer * sizeof(*table));
	/* those that the new table does not have are not present */
	memset(table, 0, longer * sizeof(*table));
	bool taken = table_take(vcpu, table, gdtr.base, count);
	table[0] = (struct descriptor){0, 0}; /* never used (3.4.2) */
	vcpu_forget_segments(vcpu);
	*problem = taken ? segments_problem(vcpu) : "its GDT is not in its memory";
	if (*problem) {
		memcpy(table, before, longer * sizeof(*table));
		vcpu_forget_segments(vcpu);
		return false;
	}
	vcpu->guest_gdtr = gdtr;
	vcpu->unchecked = true; /* EIP */
	views_descriptors_changed(vcpu, false, 0, longer);
	views_gates_changed(vcpu, 0, VECTORS); /* a gate names its code by selector */
	views_trace_tables(vcpu);
	return true;
}

void vcpu_reload_descriptors(struct vcpu *vcpu, bool local, uint32_t first, uint32_t last)
{
	struct descriptor *table = local ? vcpu->ldt : vcpu->gdt->entry;
	uint32_t base = local ? vcpu->local.base : vcpu->guest_gdtr.base;
	uint32_t count = local ? ldt_count(vcpu) : gdt_count(vcpu->guest_gdtr);
	bool changed = false;

	for (uint32_t i = first; i <= last && i < count; i++) {
		struct descriptor entry = {0, 0};
		if (i == 0 && !local)
			continue;
		vcpu_read(vcpu, gla(base + i * sizeof(entry)), &entry, sizeof(entry));
		entry = descriptor_deprivilege(entry);
		if (entry.low == table[i].low && entry.high == table[i].high)
			continue;
		table[i] = entry;
		changed = true;
		views_descriptors_changed(vcpu, local, i, 1);
	}
	if (changed) {
		vcpu_forget_segments(vcpu);
		vcpu->unchecked = true;
	}
}

enum verdict vcpu_check(struct vcpu *vcpu)
{
	const char *problem = segments_problem(vcpu);

	vcpu->unchecked = false;
	if (problem)
		return vm_kill(vcpu, problem);
	if (vcpu->registers.eip > vcpu_look_up(vcpu, (uint16_t)vcpu->registers.cs)->limit)
		return vcpu_raise(vcpu, VECTOR_GP, 0);
	return VERDICT_RESUME;
}

/* ---- the guest's own descriptor, as it wrote it ---- */

bool vcpu_guest_descriptor(
	struct vcpu *vcpu, uint16_t selector, gla_t *at, struct descriptor *descriptor)
{
	bool local = selector & SELECTOR_TI;
	uint32_t offset = selector & ~(SELECTOR_RPL | SELECTOR_TI);
	uint32_t base = local ? vcpu->local.base : vcpu->guest_gdtr.base;
	uint32_t limit = local ? vcpu->local.limit : vcpu->guest_gdtr.limit;

	if ((local && !vcpu->local.present) || (!local && offset == 0) ||
		offset + sizeof(*descriptor) - 1 > limit)
		return false;
	*at = gla(base + offset);
	return vcpu_read(vcpu, *at, descriptor, sizeof(*descriptor)) == sizeof(*descriptor);
}

bool vcpu_was_clipped(struct vcpu *vcpu, enum insn_segment segment, uint32_t offset, uint32_t size)
{
	uint16_t selector = (uint16_t)*vcpu_segment_register(vcpu, segment);
	struct descriptor raw;
	gla_t at, linear;

	if (!vcpu_guest_descriptor(vcpu, selector, &at, &raw))
		return false;
	struct segment own = descriptor_unpack(raw), clipped = vcpu_segment(vcpu, selector);
	return segment_linear(&own, offset, size, false, &linear) &&
	       !segment_linear(&clipped, offset, size, false, &linear);
}

bool vcpu_names_gate(struct vcpu *vcpu, uint16_t selector)
{
	struct descriptor raw;
	gla_t at;

	if (!vcpu_guest_descriptor(vcpu, selector, &at, &raw))
		return false;
	struct segment segment = descriptor_unpack(raw);
	if (segment.code_or_data || !segment.present)
		return false;
	return segment.type == TYPE_TSS16 || segment.type == TYPE_TSS32 ||
	       segment.type == TYPE_CALL_GATE16 || segment.type == TYPE_CALL_GATE32 ||
	       segment.type == TYPE_TASK_GATE;
}

/* ---- IDT ---- */

void vcpu_load_idt(struct vcpu *vcpu, struct table_register idtr)
{
	vcpu->guest_idtr = idtr;
	views_gates_changed(vcpu, 0, VECTORS);
	views_trace_tables(vcpu);
}

/* ---- LDT and TSS: segments that a selector in the GDT names ---- */

/* What LLDT and LTR check, in the guest's own descriptor (SDM volume 2A, LLDT, LTR). */
static enum verdict system_segment(struct vcpu *vcpu, uint16_t selector, uint8_t type, gla_t *at,
	struct descriptor *descriptor)
{
	if (selector & SELECTOR_TI || !vcpu_guest_descriptor(vcpu, selector, at, descriptor))
		return vcpu_raise(vcpu, VECTOR_GP, error_of_selector(selector));
	struct segment segment = descriptor_unpack(*descriptor);
	if (segment.code_or_data || segment.type != type)
		return vcpu_raise(vcpu, VECTOR_GP, error_of_selector(selector));
	if (!segment.present)
		return vcpu_raise(vcpu, VECTOR_NP, error_of_selector(selector));
	return VERDICT_RESUME;
}

static bool ldt_allocate(struct vcpu *vcpu)
{
	if (vcpu->ldt)
		return true;
	vcpu->ldt = pages_allocate(LDT_BYTES);
	vcpu->open_ldt = vcpu->code_view ? pages_allocate(LDT_BYTES) : vcpu->ldt;
	vcpu->closed_ldt = pages_allocate(LDT_BYTES);
	if (vcpu->ldt && vcpu->open_ldt && vcpu->closed_ldt)
		return true;
	descriptors_destroy(vcpu);
	vcpu->ldt = vcpu->open_ldt = vcpu->closed_ldt = NULL;
	return false;
}

void descriptors_destroy(struct vcpu *vcpu)
{
	if (vcpu->open_ldt != vcpu->ldt)
		pages_free(vcpu->open_ldt, LDT_BYTES);
	pages_free(vcpu->ldt, LDT_BYTES);
	pages_free(vcpu->closed_ldt, LDT_BYTES);
}

static enum verdict ldt_take(struct vcpu *vcpu, struct segment local)
{
	if (!ldt_allocate(vcpu))
		return vm_kill(vcpu, "there is not enough memory left for its LDT");
	memset(vcpu->ldt, 0, ldt_count(vcpu) * sizeof(struct descriptor));
	vcpu->local = local;
	if (vcpu->local.limit >= LDT_BYTES) /* there is no selector for what lies behind (3.5.1) */
		vcpu->local.limit = LDT_BYTES - 1;
	if (!table_take(vcpu, vcpu->ldt, local.base, ldt_count(vcpu)))
		return vm_kill(vcpu, "its LDT is not in its memory");
	return VERDICT_RESUME;
}

enum verdict vcpu_load_ldt(struct vcpu *vcpu, uint16_t selector)
{
	struct segment none = {0};
	struct descriptor raw;
	gla_t at;

	if ((selector & ~SELECTOR_RPL) == 0) { /* no LDT: every selector with TI is refused */
		if (vcpu->ldt)
			memset(vcpu->ldt, 0, ldt_count(vcpu) * sizeof(struct descriptor));
		vcpu->local = none;
	} else {
		enum verdict verdict = system_segment(vcpu, selector, TYPE_LDT, &at, &raw);
		if (verdict == VERDICT_RESUME)
			verdict = ldt_take(vcpu, descriptor_unpack(raw));
		if (verdict != VERDICT_RESUME)
			return verdict;
	}
	vcpu->guest_ldtr = selector;
	vcpu_forget_segments(vcpu);
	views_descriptors_changed(vcpu, true, 0, ldt_count(vcpu));
	views_trace_tables(vcpu);
	vcpu->unchecked = true;
	return VERDICT_RESUME;
}

enum verdict vcpu_load_task(struct vcpu *vcpu, uint16_t selector)
{
	struct descriptor raw;
	gla_t at;

	if ((selector & ~SELECTOR_RPL) == 0)
		return vcpu_raise(vcpu, VECTOR_GP, 0);
	enum verdict verdict = system_segment(vcpu, selector, TYPE_TSS32, &at, &raw);
	if (verdict != VERDICT_RESUME)
		return verdict;
	vcpu->guest_tr = selector;
	vcpu->task = descriptor_unpack(raw);
	raw.high |= TYPE_TSS_BUSY << 8;
	vcpu_write(vcpu, at, &raw, sizeof(raw));
	views_stack_changed(vcpu);
	views_trace_tables(vcpu);
	return VERDICT_RESUME;
}

bool vcpu_find_task_stack(const struct vcpu *vcpu, gla_t *at)
{
	return segment_linear(
		&vcpu->task, offsetof(struct tss, esp0), sizeof(struct task_stack), false, at);
}

enum verdict vcpu_task_stack(struct vcpu *vcpu, uint16_t *ss0, uint32_t *esp0)
{
	struct task_stack stack;
	gla_t linear;

	if (!vcpu_find_task_stack(vcpu, &linear))
		return vcpu_raise(vcpu, VECTOR_TS, error_of_selector(vcpu->guest_tr));
	enum verdict verdict = vcpu_load_linear(vcpu, linear, &stack, sizeof(stack));
	if (verdict != VERDICT_RESUME)
		return verdict;
	*ss0 = (uint16_t)stack.ss0;
	*esp0 = stack.esp0;
	return VERDICT_RESUME;
}

/* SDM volume 1, 19.5.2: one bit for each port, 1 where it is denied; two bytes are read. */
enum verdict vcpu_port_check(struct vcpu *vcpu, uint16_t port, unsigned size)
{
	uint16_t map_base, bits;
	uint32_t at;

	if (vcpu_cpl(vcpu) <= vcpu->virtual_iopl)
		return VERDICT_RESUME;
	if (!vcpu->task.present || vcpu->task.limit < sizeof(struct tss) - 1)
		return vcpu_raise(vcpu, VECTOR_GP, 0);
	enum verdict verdict =
		vcpu_load_linear(vcpu, gla(vcpu->task.base + offsetof(struct tss, io_map_base)),
			&map_base, sizeof(map_base));
	if (verdict != VERDICT_RESUME)
		return verdict;
	at = map_base + port / 8u;
	if (at + sizeof(bits) - 1 > vcpu->task.limit)
		return vcpu_raise(vcpu, VECTOR_GP, 0);
	verdict = vcpu_load_linear(vcpu, gla(vcpu->task.base + at), &bits, sizeof(bits));
	if (verdict != VERDICT_RESUME)
		return verdict;
	return bits >> port % 8 & ((1u << size) - 1) ? vcpu_raise(vcpu, VECTOR_GP, 0)
						     : VERDICT_RESUME;
}
