/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The two states of a guest's tables, open and closed: views.h has the idea.
 *
 * Invariants. A real gate or a visible code segment of an outer ring exists only while what it
 * would show is what the guest believes. A page that holds a table of the guest's is
 * write-protected, so the copies are never older than the tables.
 */
#include "paravirt.h"
#include "views.h"
#include "code.h"
#include "cpu.h"
#include "machine.h"
#include "strings.h"
#include "vm.h"

#define FIRST_FREE_VECTOR (VECTOR_IRQ + IRQS) /* below it: exceptions and the real interrupts */

bool views_create(struct vcpu *vcpu)
{
	vcpu->open_gdt = vcpu->code_view ? pages_allocate(sizeof(*vcpu->open_gdt)) : vcpu->gdt;
	vcpu->closed_gdt = pages_allocate(sizeof(*vcpu->closed_gdt));
	vcpu->idt = pages_allocate(sizeof(monitor_idt));
	if (!vcpu->open_gdt || !vcpu->closed_gdt || !vcpu->idt)
		return false;
	gdt_fill_monitor(vcpu->open_gdt);
	gdt_fill_monitor(vcpu->closed_gdt);
	code_publish_shared(vcpu);
	vcpu->gdtr = gdt_register(vcpu->open_gdt);
	vcpu->closed_gdtr = gdt_register(vcpu->closed_gdt);
	vcpu->idtr = idt_register(vcpu->idt);
	memcpy(vcpu->idt, monitor_idt, sizeof(monitor_idt));
	return true;
}

void views_destroy(struct vcpu *vcpu)
{
	if (vcpu->open_gdt != vcpu->gdt)
		pages_free(vcpu->open_gdt, sizeof(*vcpu->open_gdt));
	pages_free(vcpu->closed_gdt, sizeof(*vcpu->closed_gdt));
	pages_free(vcpu->idt, sizeof(monitor_idt));
}

/* ---- which view ---- */

void views_load(struct vcpu *vcpu, enum view view)
{
	vcpu->view = view;
	gdtr_write(view == VIEW_CLOSED ? &vcpu->closed_gdtr : &vcpu->gdtr);
	idtr_write(view == VIEW_OPEN ? &vcpu->idtr : &monitor_idtr);
	if (vcpu->local.present) /* the two GDTs have each their LDT */
		ldtr_write(MONITOR_LDT);
}

void views_activate(struct vcpu *vcpu)
{
	views_stack_changed(vcpu);
	ldtr_write(0);
	views_load(vcpu, views_wanted(vcpu, vcpu->code_view));
}

/* ---- descriptors ---- */

/*
 * Code of an outer ring, as ring 1 sees it while it may not return there: data, with the same base
 * and limit, which DS can still hold; a reserved type where it cannot be read. A return to either
 * is #GP.
 */
static struct descriptor descriptor_close(struct descriptor open)
{
	struct segment segment = descriptor_unpack(open);

	if (!segment.code_or_data || !(segment.type & TYPE_CODE) || segment.dpl < 2)
		return open;
	if (!(segment.type & TYPE_READABLE)) {
		segment.code_or_data = false;
		segment.type = 0;
	} else {
		if (segment.type & TYPE_CONFORMING)
			segment.dpl = 3;
		segment.type = TYPE_ACCESSED;
	}
	return descriptor_pack(segment);
}

/* The descriptor of the copy of the LDT itself, in each view of the GDT. */
static void local_publish(struct vcpu *vcpu)
{
	struct segment ldt = {.limit = vcpu->local.limit, .type = TYPE_LDT, .present = true};

	ldt.base = (uint32_t)(uintptr_t)vcpu->open_ldt;
	vcpu->open_gdt->entry[SELECTOR_INDEX(MONITOR_LDT)] = descriptor_pack(ldt);
	ldt.base = (uint32_t)(uintptr_t)vcpu->closed_ldt;
	vcpu->closed_gdt->entry[SELECTOR_INDEX(MONITOR_LDT)] = descriptor_pack(ldt);
}

void views_descriptors_changed(struct vcpu *vcpu, bool local, uint32_t first, uint32_t count)
{
	const struct descriptor *own = local ? vcpu->ldt : vcpu->gdt->entry;
	struct descriptor *open = local ? vcpu->open_ldt : vcpu->open_gdt->entry;
	struct descriptor *closed = local ? vcpu->closed_ldt : vcpu->closed_gdt->entry;

	for (uint32_t i = first; i < first + count; i++) {
		open[i] = vcpu->code_view ? code_descriptor(own[i]) : own[i];
		closed[i] = descriptor_close(open[i]);
	}
	if (local && vcpu->local.present)
		local_publish(vcpu);
	if (local && vcpu == vcpu_running)
		ldtr_write(vcpu->local.present ? MONITOR_LDT : 0);
}

/* ---- gates ---- */

/* May the guest's users pass this gate without the monitor? Then *real is what the processor gets.
 */
static bool gate_opens(
	const struct vcpu *vcpu, unsigned vector, struct descriptor gate, struct descriptor *real)
{
	uint16_t selector = selector_deprivilege((uint16_t)(gate.low >> 16));
	unsigned type = gate.high >> 8 & 0x1f, dpl = gate.high >> 13 & 3;

	if (vector < FIRST_FREE_VECTOR && vector != VECTOR_BP && vector != VECTOR_OF)
		return false;
	if (vector == VECTOR_BP && vcpu->code_view) /* breakpoints in its code are the monitor's */
		return false;
	if (vector == HYPERCALL_VECTOR && vcpu->vm->pal.code.raw) /* the firmware's way */
		return false;
	if (!(gate.high & DESCRIPTOR_PRESENT) || type != TYPE_TRAP_GATE || dpl != 3)
		return false;
	struct segment code = vcpu_segment(vcpu, selector);
	if (!code.present || !code.code_or_data || !(code.type & TYPE_CODE) ||
		code.type & TYPE_CONFORMING || code.dpl != 1)
		return false;
	if (vcpu->code_view && !code.default_big) /* other copies are wanted (code.h) */
		return false;
	*real = gate_pack(
		selector, (gate.high & 0xffff0000) | (gate.low & 0xffff), TYPE_TRAP_GATE, 3);
	return true;
}

void views_gates_changed(struct vcpu *vcpu, uint32_t first, uint32_t count)
{
	uint32_t there = (vcpu->guest_idtr.limit + 1u) / sizeof(struct descriptor);
	struct descriptor gate, real;

	for (uint32_t vector = first; vector < first + count && vector < VECTORS; vector++) {
		gla_t at = gla(vcpu->guest_idtr.base + vector * sizeof(gate));
		bool opens = vector < there && vcpu->guest_idtr.base &&
			     vcpu_read(vcpu, at, &gate, sizeof(gate)) == sizeof(gate) &&
			     gate_opens(vcpu, vector, gate, &real);
		vcpu->idt[vector] = opens ? real : monitor_idt[vector];
	}
}

void views_stack_changed(struct vcpu *vcpu)
{
	struct task_stack stack = {0, 0};
	gla_t at;

	if (vcpu != vcpu_running)
		return;
	/* a null SS makes a gate that is open fault, as it should where there is no TSS */
	if (!vcpu_find_task_stack(vcpu, &at) ||
		vcpu_read(vcpu, at, &stack, sizeof(stack)) != sizeof(stack))
		stack.ss0 = 0;
	tss_set_inner_stack(selector_deprivilege((uint16_t)stack.ss0), stack.esp0);
}

/* ---- tracing ---- */

static void page_trace(struct vcpu *vcpu, gla_t linear, gpa_t page)
{
	if (!vm_has_memory(vcpu->vm, page) || vcpu->traced_count == TRACED_PAGES)
		return;
	for (unsigned i = 0; i < vcpu->traced_count; i++)
		if (vcpu->traced[i].linear.raw == linear.raw)
			return;
	vcpu->traced[vcpu->traced_count].linear = linear;
	vcpu->traced[vcpu->traced_count++].page = page;
	if (views_traces(vcpu, page))
		return;
	vcpu->vm->frames[page.raw / PAGE_SIZE].raw |= FRAME_TRACED;
	vcpu_write_protect(vcpu, page, true);
}

static void range_trace(struct vcpu *vcpu, uint32_t base, uint32_t size)
{
	gpa_t physical;

	if (size == 0)
		return;
	for (uint32_t page = base & ~PAGE_MASK;; page += PAGE_SIZE) {
		if (vcpu_translate(vcpu, gla(page), &physical))
			page_trace(vcpu, gla(page), physical);
		if (page == ((base + size - 1) & ~PAGE_MASK))
			return;
	}
}

void views_trace_tables(struct vcpu *vcpu)
{
	for (unsigned i = 0; i < vcpu->traced_count; i++) {
		gpa_t page = vcpu->traced[i].page;
		if (!views_traces(vcpu, page))
			continue;
		vcpu->vm->frames[page.raw / PAGE_SIZE].raw &= ~FRAME_TRACED;
		vcpu_write_protect(vcpu, page, false);
	}
	vcpu->traced_count = 0;
	range_trace(vcpu, vcpu->guest_gdtr.base, vcpu->guest_gdtr.limit + 1u);
	if (vcpu->guest_idtr.base)
		range_trace(vcpu, vcpu->guest_idtr.base,
			vcpu->guest_idtr.limit < VECTORS * sizeof(struct descriptor)
				? vcpu->guest_idtr.limit + 1u
				: VECTORS * sizeof(struct descriptor));
	if (vcpu->task.present)
		range_trace(vcpu, vcpu->task.base, offsetof(struct tss, esp1));
	if (vcpu->local.present)
		range_trace(vcpu, vcpu->local.base, vcpu->local.limit + 1);
}

/* The entries of 8 bytes of a table at `base` that the bytes first .. last touch. */
static bool entries_touched(uint32_t base, uint32_t limit, uint32_t first, uint32_t last,
	uint32_t *first_entry, uint32_t *last_entry)
{
	if (last < base || first > base + limit)
		return false;
	*first_entry = first < base ? 0 : (first - base) / sizeof(struct descriptor);
	*last_entry = (last - base) / sizeof(struct descriptor);
	return true;
}

static void tables_written(struct vcpu *vcpu, uint32_t first, uint32_t last)
{
	uint32_t low, high;

	if (entries_touched(
		    vcpu->guest_gdtr.base, vcpu->guest_gdtr.limit, first, last, &low, &high))
		vcpu_reload_descriptors(vcpu, false, low, high);
	if (vcpu->local.present &&
		entries_touched(vcpu->local.base, vcpu->local.limit, first, last, &low, &high))
		vcpu_reload_descriptors(vcpu, true, low, high);
	if (entries_touched(
		    vcpu->guest_idtr.base, vcpu->guest_idtr.limit, first, last, &low, &high))
		views_gates_changed(vcpu, low, high - low + 1);
	if (vcpu->task.present && first < vcpu->task.base + offsetof(struct tss, esp1) &&
		last >= vcpu->task.base)
		views_stack_changed(vcpu);
}

void views_written(struct vcpu *vcpu, gpa_t at, uint32_t size)
{
	for (unsigned i = 0; i < vcpu->traced_count; i++)
		if (vcpu->traced[i].page.raw == (at.raw & ~PAGE_MASK)) {
			uint32_t first = vcpu->traced[i].linear.raw | (at.raw & PAGE_MASK);
			tables_written(vcpu, first, first + size - 1);
		}
}

/* The translation of a table's page has changed: it is another table now. */
static void tables_take_again(struct vcpu *vcpu)
{
	const char *problem;

	if (!vcpu_load_gdt(vcpu, vcpu->guest_gdtr, &problem))
		vm_kill(vcpu, problem);
	if (vcpu->local.present)
		vcpu_reload_descriptors(vcpu, true, 0, SELECTOR_INDEX(0xffff));
	views_gates_changed(vcpu, 0, VECTORS);
	views_stack_changed(vcpu);
	views_trace_tables(vcpu);
}

/* Does a table's page still lie where it did? */
static bool page_stays(struct vcpu *vcpu, gla_t linear, gpa_t before)
{
	const uint8_t *there =
		machine_pointer(maddr(vcpu->vm->frames[before.raw / PAGE_SIZE].raw & ~PAGE_MASK));
	gpa_t page;

	if (vcpu_pointer(vcpu, linear, 1, ACCESS_READ) == there) /* the short way to find out */
		return true;
	return vcpu_translate(vcpu, linear, &page) && page.raw == before.raw;
}

void views_space_changed(struct vcpu *vcpu)
{
	for (unsigned i = 0; i < vcpu->traced_count; i++)
		if (!page_stays(vcpu, vcpu->traced[i].linear, vcpu->traced[i].page)) {
			tables_take_again(vcpu);
			return;
		}
}

void views_page_changed(struct vcpu *vcpu, gla_t linear)
{
	for (unsigned i = 0; i < vcpu->traced_count; i++)
		if (vcpu->traced[i].linear.raw == (linear.raw & ~PAGE_MASK)) {
			views_space_changed(vcpu);
			return;
		}
}
