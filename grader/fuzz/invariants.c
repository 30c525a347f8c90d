/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What holds whenever a guest runs, whatever it did before. The rules are those of DESIGN and of
 * the Intel SDM; none is asked of the monitor's own functions, but for descriptor_deprivilege(),
 * whose result is compared with what the tables hold.
 */
#include "delivery.h"
#include "machine.h"
#include "processor.h"
#include "views.h"

#define EFLAGS_ALLOWED                                                                             \
	(EFLAGS_STATUS | EFLAGS_FIXED | EFLAGS_IF | EFLAGS_TF | EFLAGS_DF | EFLAGS_NT |            \
		EFLAGS_RF | EFLAGS_AC | EFLAGS_ID)

#define REQUIRE(condition, ...)                                                                    \
	do {                                                                                       \
		if (!(condition))                                                                  \
			host_finding(__VA_ARGS__);                                                 \
	} while (0)

static uint32_t low(const void *pointer)
{
	return (uint32_t)(uintptr_t)pointer;
}

static bool descriptor_same(struct descriptor a, struct descriptor b)
{
	return a.low == b.low && a.high == b.high;
}

/* Does an offset that the processor lets through lead to the monitor? (3.4.5.1, 5.3) */
static bool reaches_monitor(const struct loaded *s)
{
	uint64_t top = s->big ? 0xffffffff : 0xffff;
	uint64_t first = s->expand_down ? (uint64_t)s->base + s->limit + 1 : s->base;
	uint64_t last = s->expand_down ? s->base + top : (uint64_t)s->base + s->limit;

	if (first > last)
		return false; /* no offset is valid */
	return (first < 1ull << 32 && last >= MONITOR_BASE) || last >= (1ull << 32) + MONITOR_BASE;
}

static void check_descriptor(const char *table, uint32_t index, struct descriptor d)
{
	struct loaded s = descriptor_take(d);

	if (!s.present)
		return;
	REQUIRE(!s.system, "%s[%u] is a system descriptor: %08x %08x", table, index, d.high, d.low);
	REQUIRE(s.dpl != 0, "%s[%u] has DPL 0: %08x %08x", table, index, d.high, d.low);
	REQUIRE(!reaches_monitor(&s), "%s[%u] reaches the monitor: %08x %08x", table, index, d.high,
		d.low);
	REQUIRE(d.high & 0x100, "%s[%u] is not marked as accessed", table, index);
	REQUIRE(!(d.high >> 21 & 1), "%s[%u] has bit 21 set", table, index);
}

/* What the closed view shows of a descriptor: all, but for code of an outer ring. */
static void check_closed(
	const char *table, uint32_t i, struct descriptor open, struct descriptor closed)
{
	struct loaded o = descriptor_take(open), c = descriptor_take(closed);

	check_descriptor(table, i, open);
	if (o.present && o.code && o.dpl >= 2) {
		REQUIRE(!c.code || !c.present, "%s[%u]: closed, and still code", table, i);
		REQUIRE(!c.present || c.system ||
				(c.base == o.base && c.limit == o.limit && !c.writable),
			"%s[%u]: closed %08x %08x is not open %08x %08x", table, i, closed.high,
			closed.low, open.high, open.low);
	} else if (!(o.code && o.dpl >= 2)) {
		REQUIRE(descriptor_same(open, closed), "%s[%u]: the views differ", table, i);
	}
	if (!c.system)
		check_descriptor(table, i, closed);
}

static void check_tables(const char *name, const struct descriptor *open,
	const struct descriptor *closed, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (open[i].high | open[i].low | closed[i].high | closed[i].low)
			check_closed(name, i, open[i], closed[i]);
}

static void check_own_entries(const struct vcpu *vcpu)
{
	static struct gdt own;

	if (!own.entry[SELECTOR_INDEX(MONITOR_CS)].high)
		gdt_fill_monitor(&own);
	for (unsigned i = GDT_GUEST_ENTRIES; i < GDT_ENTRIES; i++) {
		if (i == SELECTOR_INDEX(MONITOR_LDT))
			continue;
		REQUIRE(descriptor_same(own.entry[i], vcpu->gdt->entry[i]) &&
				descriptor_same(own.entry[i], vcpu->closed_gdt->entry[i]),
			"the monitor's own descriptor %u has changed", i);
	}
	if (!vcpu->local.present) {
		REQUIRE(!(host.ldtr & 0xfffc), "an LDT is loaded, and the guest has none");
		return;
	}
	bool closed = host.gdtr.base == low(vcpu->closed_gdt);
	REQUIRE(host.ldtr == MONITOR_LDT, "the guest's LDT is not loaded");
	REQUIRE(host.ldt_base == low(closed ? vcpu->closed_ldt : vcpu->ldt),
		"the LDT that is loaded is not that of the view");
	REQUIRE(host.ldt_limit <= 0xffff, "the LDT is longer than its copy");
}

/* The copies are those of what the guest's memory holds now. */
static void check_copies(const struct vm *vm)
{
	struct vm *guest = (struct vm *)vm;
	const struct vcpu *vcpu = &vm->vcpu;
	uint32_t base[2] = {vcpu->guest_gdtr.base, vcpu->local.base};
	uint32_t limit[2] = {vcpu->guest_gdtr.limit, vcpu->local.present ? vcpu->local.limit : 0};
	const struct descriptor *copy[2] = {vcpu->gdt->entry, vcpu->ldt};

	for (unsigned table = 0; table < 2; table++) {
		for (uint32_t i = table == 0; i * 8 + 7 <= limit[table] && i < GDT_GUEST_ENTRIES;
			i++) {
			struct descriptor d;
			if (!host_guest_memory(guest, base[table] + i * 8) ||
				!host_guest_memory(guest, base[table] + i * 8 + 7))
				continue;
			host_guest_read(guest, base[table] + i * 8, &d, sizeof(d));
			REQUIRE(descriptor_same(descriptor_deprivilege(d), copy[table][i]),
				"%s[%u] is older than the guest's: %08x %08x of %08x %08x",
				table ? "LDT" : "GDT", i, copy[table][i].high, copy[table][i].low,
				d.high, d.low);
		}
	}
}

/* A gate that is open is the guest's own: a present trap gate with DPL 3, to the same place. */
static void check_open_gate(const struct vm *vm, unsigned vector, struct descriptor gate)
{
	uint32_t at = vm->vcpu.guest_idtr.base + vector * 8;
	struct descriptor own;

	REQUIRE(vector * 8 + 7 <= vm->vcpu.guest_idtr.limit, "gate %u is beyond the guest's IDT",
		vector);
	host_guest_read((struct vm *)vm, at, &own, sizeof(own));
	REQUIRE((own.high & 0xff00) == 0xef00 && (own.high ^ gate.high) <= 0xff &&
			((own.low ^ gate.low) & 0xfffcffff) == 0,
		"gate %u is %08x %08x, and the guest's is %08x %08x", vector, gate.high, gate.low,
		own.high, own.low);
}

static void check_gates(const struct vm *vm)
{
	static const struct descriptor *own = monitor_idt;
	const struct vcpu *vcpu = &vm->vcpu;
	bool step = vcpu->stepping && vcpu->step_size; /* a write to it is under way */

	for (unsigned vector = 0; vector < VECTORS; vector++) {
		struct descriptor gate = vcpu->idt[vector], d;
		uint16_t selector = (uint16_t)(gate.low >> 16);
		if (descriptor_same(gate, own[vector]))
			continue;
		REQUIRE(vector == 3 || vector == 4 || vector >= 48, "gate %u is the guest's",
			vector);
		REQUIRE((gate.high & 0xff00) == 0xef00, "gate %u is %08x %08x", vector, gate.high,
			gate.low);
		REQUIRE((selector & 4) || selector >> 3 < GDT_GUEST_ENTRIES,
			"gate %u leads to %04x", vector, selector);
		REQUIRE(!(selector & 4) || vcpu->ldt, "gate %u leads to the LDT: there is none",
			vector);
		if (!step)
			check_open_gate(vm, vector, gate);
		d = selector & 4 ? vcpu->ldt[selector >> 3] : vcpu->gdt->entry[selector >> 3];
		struct loaded code = descriptor_take(d);
		/* where the guest has taken the code away since, the processor faults */
		REQUIRE(!code.present || !code.code || (code.dpl >= 1 && code.dpl != 2),
			"gate %u leads to %04x: %08x %08x", vector, selector, d.high, d.low);
	}
	REQUIRE(host.idtr.base == low(monitor_idt) || host.idtr.base == low(vcpu->idt),
		"another IDT is loaded");
}

static void check_view(const struct vm *vm)
{
	const struct vcpu *vcpu = &vm->vcpu;
	bool open = vcpu->virtual_if && vcpu->virtual_iopl == 0;

	REQUIRE(host.gdtr.base == low(vcpu->gdt) || host.gdtr.base == low(vcpu->closed_gdt),
		"another GDT is loaded");
	REQUIRE(host.gdtr.limit == sizeof(struct gdt) - 1, "the GDT's limit is %x",
		host.gdtr.limit);
	if (host.idtr.base == low(vcpu->idt))
		REQUIRE(open && !vcpu->stepping,
			"the guest's gates are open, and IF is %u, IOPL %u", vcpu->virtual_if,
			vcpu->virtual_iopl);
	if (host.gdtr.base == low(vcpu->gdt) && (vcpu->registers.cs & 3) == 1)
		REQUIRE(open, "ring 3 is visible to ring 1, and IF is %u, IOPL %u",
			vcpu->virtual_if, vcpu->virtual_iopl);
}

/* The step of a write to it is under way: of one that can reach it. */
static bool page_is_open(const struct vcpu *vcpu, uint32_t page)
{
	int64_t at = vcpu->step_at.raw, size = vcpu->step_size;

	return vcpu->stepping && size && page < at + size && page + PAGE_SIZE > at - size;
}

static void check_traced(const struct vm *vm, const char *table, uint32_t base, uint32_t size)
{
	for (uint32_t page = base & ~PAGE_MASK; size; page += PAGE_SIZE) {
		if (page < vm->memory_size && !page_is_open(&vm->vcpu, page))
			REQUIRE(!(processor_page(page) & PTE_RW),
				"page %08x of the %s can be written", page, table);
		if (page == ((base + size - 1) & ~PAGE_MASK))
			return;
	}
}

static void check_memory(const struct vm *vm)
{
	const struct vcpu *vcpu = &vm->vcpu;

	REQUIRE(host.cr3.raw == vcpu->page_directory.raw, "CR3 is another's");
	for (uint32_t page = 0; page < vm->memory_size; page += PAGE_SIZE) {
		uint32_t entry = processor_page(page), frame = vm->frames[page / PAGE_SIZE].raw;
		REQUIRE((entry & PTE_FRAME) == (frame & PTE_FRAME), "page %08x is mapped to %08x",
			page, entry);
		REQUIRE(entry & PTE_RW || frame & FRAME_TRACED, "page %08x stays read-only", page);
	}
	check_traced(vm, "GDT", vcpu->guest_gdtr.base, vcpu->guest_gdtr.limit + 1u);
	check_traced(vm, "IDT", vcpu->guest_idtr.base,
		vcpu->guest_idtr.base == 0       ? 0
		: vcpu->guest_idtr.limit < 0x7ff ? vcpu->guest_idtr.limit + 1u
						 : 0x800);
	if (vcpu->local.present)
		check_traced(vm, "LDT", vcpu->local.base,
			vcpu->local.limit < 0xffff ? vcpu->local.limit + 1 : 0x10000);
	if (vcpu->task.present)
		check_traced(vm, "TSS", vcpu->task.base, 12);
}

static void check_registers(const struct vm *vm)
{
	const struct vcpu *vcpu = &vm->vcpu;
	const struct guest_registers *r = &vcpu->registers;

	REQUIRE((r->cs & 3) != 0 && (r->ss & 3) == (r->cs & 3), "CS is %04x and SS %04x", r->cs,
		r->ss);
	REQUIRE((r->eflags & (EFLAGS_FIXED | EFLAGS_IF)) == (EFLAGS_FIXED | EFLAGS_IF) &&
			!(r->eflags & ~EFLAGS_ALLOWED),
		"EFLAGS are %08x", r->eflags);
	REQUIRE(!vcpu->stepping || r->eflags & EFLAGS_TF, "a step without TF");
	REQUIRE(vcpu->virtual_iopl <= 3, "IOPL is %u", vcpu->virtual_iopl);
	REQUIRE(host.esp0 == low(&vcpu->registers + 1), "ESP0 is %08x", host.esp0);
	REQUIRE(vm->interrupt_pending == vpic_pending(&vm->vpic),
		"interrupt_pending is not what vpic_pending() says");
	REQUIRE(!(vm->interrupt_pending && vcpu->virtual_if) || vcpu->stepping,
		"an interrupt waits, IF is 1, and the guest runs on");
	for (unsigned i = 0; i < 4; i++)
		REQUIRE(!(host.dr7 >> 2 * i & 3) || host.dr[i] <= MONITOR_BASE - 8,
			"breakpoint %u is on the monitor", i);
	REQUIRE(!(host.dr7 & DR7_GD), "DR7.GD is set");
}

static bool segment_same(struct segment a, struct segment b)
{
	return a.base == b.base && a.limit == b.limit && a.type == b.type && a.dpl == b.dpl &&
	       a.code_or_data == b.code_or_data && a.present == b.present &&
	       a.default_big == b.default_big && a.granular == b.granular;
}

/* What a selector names in the copies; beyond the guest's part, nothing. */
static struct segment segment_now(const struct vcpu *vcpu, uint16_t selector)
{
	struct descriptor none = {0, 0};

	if (selector & 4)
		return descriptor_unpack(vcpu->ldt ? vcpu->ldt[selector >> 3] : none);
	return descriptor_unpack(
		selector >> 3 < GDT_GUEST_ENTRIES ? vcpu->gdt->entry[selector >> 3] : none);
}

/* What is kept unpacked is what the tables hold. */
static void check_unpacked(const struct vcpu *vcpu)
{
	struct segment code = segment_now(vcpu, (uint16_t)vcpu->registers.cs);

	if (vcpu->code_selector == (uint16_t)vcpu->registers.cs)
		REQUIRE(segment_same(code, vcpu->code), "the code segment that is kept is old");
	for (unsigned i = 0; i < UNPACKED; i++) {
		const struct unpacked *unpacked = &vcpu->unpacked[i];
		if (unpacked->key & UNPACKED_VALID)
			REQUIRE(segment_same(unpacked->segment,
					segment_now(vcpu, (uint16_t)unpacked->key)),
				"the segment that is kept for %04x is old", unpacked->key & 0xffff);
	}
}

/* A transfer of the disk's stays in its buffer. */
static void check_disk(const struct ide *ide)
{
	if (ide->transfer == IDE_NO_TRANSFER)
		return;
	REQUIRE(ide->at < ide->end && ide->end <= sizeof(ide->buffer) && ide->at % 2 == 0,
		"the disk's transfer stands at %u of %u bytes", ide->at, ide->end);
	REQUIRE(ide->status & IDE_DATA, "the disk transfers without DRQ");
}

void invariants_check(const struct vm *vm)
{
	const struct vcpu *vcpu = &vm->vcpu;

	check_registers(vm);
	check_view(vm);
	check_own_entries(vcpu);
	check_tables("GDT", vcpu->gdt->entry, vcpu->closed_gdt->entry, GDT_GUEST_ENTRIES);
	if (host.ldtr & 0xfffc) /* what lies behind its limit is no one's */
		check_tables("LDT", vcpu->ldt, vcpu->closed_ldt, (host.ldt_limit + 1) / 8);
	check_gates(vm);
	check_memory(vm);
	check_unpacked(vcpu);
	check_disk(&vm->devices.ide);
	if (!(vcpu->stepping && vcpu->step_size))
		check_copies(vm);
}
