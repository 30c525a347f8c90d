/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that changes its tables while it uses them (Intel SDM volume 3A, 2.4, 3.5, 6.10, 7.2):
 * GDT, IDT, LDT and TSS moved, cut, and rewritten in place. Before each probe a function changes
 * something; the probe, in ring 0 or ring 3, then shows what the processor makes of it.
 */
#include "probe.h"
#include "tables.h"

/* What a segment with a base finds at its offset 0. */
SEEDED uint32_t tables_data[4] = {0x11111111, 0x22222222, 0x33333333, 0x44444444};

IN_TABLES struct descriptor tables_other_gdt[KERNEL_GDT_ENTRIES];
IN_TABLES struct descriptor tables_other_idt[VECTORS];
IN_TABLES struct descriptor tables_ldt[LDT_ENTRIES], tables_other_ldt[LDT_ENTRIES];
IN_TABLES struct tss tables_other_tss;
static uint8_t other_stack[4096] __attribute__((aligned(16)));

/* Operands of LGDT and LIDT, as probes.asm uses them. */
struct table_register tables_gdtr = {sizeof(kernel_gdt) - 1, (uint32_t)kernel_gdt};
struct table_register tables_idtr = {sizeof(kernel_idt) - 1, (uint32_t)kernel_idt};
struct table_register tables_other_gdtr = {
	sizeof(tables_other_gdt) - 1, (uint32_t)tables_other_gdt};
struct table_register tables_other_idtr = {
	sizeof(tables_other_idt) - 1, (uint32_t)tables_other_idt};

/* After each probe: has the processor marked the TSS as busy? */
uint32_t tables_busy[PROBES_MAX];

static struct descriptor data_at(const volatile void *base, uint32_t dpl)
{
	return descriptor_make((uint32_t)base, 3, ACCESS_DATA | ACCESS_DPL(dpl), FLAG_BIG);
}

static struct descriptor tss_at(const struct tss *tss)
{
	return descriptor_make((uint32_t)tss, sizeof(*tss) - 1, ACCESS_TSS, 0);
}

static struct descriptor ldt_at(const struct descriptor *ldt)
{
	return descriptor_make((uint32_t)ldt, LDT_ENTRIES * 8 - 1, ACCESS_LDT, 0);
}

static void gdt_set(uint16_t selector, struct descriptor descriptor)
{
	struct descriptor *entry = &kernel_gdt[selector / 8];

	/* a table that is not written needs no look */
	if (entry->low != descriptor.low || entry->high != descriptor.high)
		*entry = descriptor;
}

static void gdt_fill(void)
{
	gdt_set(KERNEL_TSS, tss_at(&kernel_tss));
	gdt_set(DATA_0, data_at(&tables_data[0], 0));
	gdt_set(DATA_3, data_at(&tables_data[1], 3));
	gdt_set(LDT, ldt_at(tables_ldt));
	gdt_set(OTHER_LDT, ldt_at(tables_other_ldt));
	gdt_set(OTHER_TSS, tss_at(&tables_other_tss));
	gdt_set(ABSENT_LDT, descriptor_make((uint32_t)tables_ldt, 7, ACCESS_LDT & ~0x80u, 0));
	gdt_set(ABSENT_TSS,
		descriptor_make((uint32_t)&tables_other_tss, 103, ACCESS_TSS & ~0x80u, 0));
	gdt_set(CODE_3, descriptor_make(0, LIMIT_MAX, ACCESS_CODE | ACCESS_DPL(3), FLAT));
	gdt_set(SHORT_LDT, descriptor_make((uint32_t)tables_ldt, 7, ACCESS_LDT, 0));
	gdt_set(READ_ONLY, descriptor_make(0, LIMIT_MAX, ACCESS_DATA & ~TYPE_WRITABLE, FLAT));
	gdt_set(ABSENT, descriptor_make(0, LIMIT_MAX, ACCESS_DATA & ~0x80u, FLAT));
	gdt_set(CONFORMING, descriptor_make(0, LIMIT_MAX, ACCESS_CODE | TYPE_CONFORMING, FLAT));
}

/* Everything as it was, whatever the last probe did. */
static void reset(void)
{
	tables_busy[probes_done] =
		kernel_gdt[KERNEL_TSS / 8].high << 16 | (kernel_gdt[OTHER_TSS / 8].high & 0xffff);
	gdt_load(kernel_gdt, sizeof(kernel_gdt) - 1);
	idt_load(kernel_idt, sizeof(kernel_idt) - 1);
	ldt_load(0);
	gdt_fill();
	tables_ldt[1] = data_at(&tables_data[2], 3);
	tables_ldt[2] = descriptor_make(0, LIMIT_MAX, ACCESS_CODE | ACCESS_DPL(3), FLAT);
	tables_ldt[3] = descriptor_make(0, LIMIT_MAX, ACCESS_DATA | ACCESS_DPL(3), FLAT);
	tables_ldt[4] = data_at(&tables_data[1], 0);
	kernel_tss.ss0 = KERNEL_DS;
	kernel_tss.esp0 = (uint32_t)&kernel_trap_stack[TRAP_STACK_SIZE];
	gate_set(MOVED, GATE_INTERRUPT | ACCESS_DPL(3));
	gate_set(VECTOR_TS, GATE_INTERRUPT);
	gate_set(VECTOR_SS, GATE_INTERRUPT);
	task_load(KERNEL_TSS);
}

/* ---- preparations ---- */

void prepare_ldt(void)
{
	ldt_load(LDT);
}

void prepare_other_ldt(void)
{
	ldt_load(LDT);
	ldt_load(OTHER_LDT);
}

void prepare_no_ldt(void)
{
	ldt_load(LDT);
	ldt_load(0);
}

void prepare_short_ldt(void)
{
	ldt_load(SHORT_LDT);
}

void prepare_ldt_entry(void)
{
	ldt_load(LDT);
	tables_ldt[1] = data_at(&tables_data[3], 3);
}

void prepare_ldt_entry_gone(void)
{
	ldt_load(LDT);
	tables_ldt[1].high = 0;
}

/* The LDT's descriptor counts when it is loaded, and not afterwards. */
void prepare_ldt_descriptor(void)
{
	ldt_load(LDT);
	gdt_set(LDT, ldt_at(tables_other_ldt));
}

void prepare_gdt_entry(void)
{
	kernel_gdt[DATA_3 / 8] = data_at(&tables_data[3], 3);
}

/* One byte of it: the lowest of the base. */
void prepare_gdt_byte(void)
{
	((volatile uint8_t *)&kernel_gdt[DATA_3 / 8])[2] = (uint8_t)(uint32_t)&tables_data[2];
}

void prepare_gdt_dpl(void)
{
	kernel_gdt[DATA_3 / 8].high &= ~(3u << 13);
}

void prepare_gdt_absent(void)
{
	kernel_gdt[DATA_3 / 8].high &= ~DESCRIPTOR_PRESENT;
}

void prepare_gdt_moved(void)
{
	gdt_load(tables_other_gdt, sizeof(tables_other_gdt) - 1);
}

/* Loaded, and then filled further. */
void prepare_gdt_moved_and_written(void)
{
	gdt_load(tables_other_gdt, sizeof(tables_other_gdt) - 1);
	tables_other_gdt[DATA_3 / 8] = data_at(&tables_data[0], 3);
}

void prepare_gdt_short(void)
{
	gdt_load(kernel_gdt, DATA_3 - 3 - 1);
}

/* The old table is no table any more: what is written there does nothing. */
void prepare_gdt_old_written(void)
{
	gdt_load(tables_other_gdt, sizeof(tables_other_gdt) - 1);
	kernel_gdt[DATA_3 / 8].high = 0;
}

static struct descriptor stub_of(uint8_t vector)
{
	return gate_make(KERNEL_CS, (uint32_t)kernel_stubs + vector * KERNEL_STUB_BYTES,
		GATE_INTERRUPT | ACCESS_DPL(3));
}

void prepare_idt_entry(void)
{
	kernel_idt[MOVED] = stub_of(MOVED + 1);
}

void prepare_idt_byte(void)
{
	((volatile uint8_t *)&kernel_idt[MOVED])[0] += KERNEL_STUB_BYTES;
}

void prepare_idt_dpl(void)
{
	kernel_idt[MOVED].high &= ~(3u << 13);
}

void prepare_idt_trap_gate(void)
{
	gate_set(MOVED, GATE_TRAP | ACCESS_DPL(3));
}

/* From a gate that ring 3 may pass by itself to one that it may not. */
void prepare_idt_trap_gate_closed(void)
{
	gate_set(MOVED, GATE_TRAP | ACCESS_DPL(3));
	kernel_idt[MOVED].high &= ~(3u << 13);
}

void prepare_idt_moved(void)
{
	idt_load(tables_other_idt, sizeof(tables_other_idt) - 1);
}

void prepare_idt_moved_and_written(void)
{
	idt_load(tables_other_idt, sizeof(tables_other_idt) - 1);
	tables_other_idt[MOVED] = stub_of(MOVED + 3);
}

void prepare_idt_short(void)
{
	idt_load(kernel_idt, MOVED * 8 - 1);
}

void prepare_esp0(void)
{
	kernel_tss.esp0 = (uint32_t)&other_stack[sizeof(other_stack) - 32];
}

void prepare_esp0_trap_gate(void)
{
	gate_set(MOVED, GATE_TRAP | ACCESS_DPL(3));
	kernel_tss.esp0 = (uint32_t)&other_stack[sizeof(other_stack) - 64];
}

void prepare_esp0_bytes(void)
{
	volatile uint16_t *half = (volatile uint16_t *)&kernel_tss.esp0;
	uint32_t esp0 = (uint32_t)&other_stack[sizeof(other_stack) - 128];

	half[0] = (uint16_t)esp0;
	half[1] = (uint16_t)(esp0 >> 16);
}

/* A stack that ring 0 cannot use. The fault that tells so goes to conforming code, which needs no
 * other stack, and mends it. */
static void stack_spoil(uint16_t ss0, uint32_t esp0)
{
	extern const uint8_t stack_mend_ts[], stack_mend_ss[];

	kernel_idt[VECTOR_TS] = gate_make(CONFORMING, (uint32_t)stack_mend_ts, GATE_INTERRUPT);
	kernel_idt[VECTOR_SS] = gate_make(CONFORMING, (uint32_t)stack_mend_ss, GATE_INTERRUPT);
	kernel_tss.ss0 = ss0;
	kernel_tss.esp0 = esp0;
}

#define SPOILED(name, ss0)                                                                         \
	void prepare_ss0_##name(void)                                                              \
	{                                                                                          \
		stack_spoil(ss0, (uint32_t)&other_stack[sizeof(other_stack)]);                     \
	}
SPOILED(null, 0)
SPOILED(null_3, 3)
SPOILED(beyond, sizeof(kernel_gdt))
SPOILED(local, KERNEL_DS | SELECTOR_TI)
SPOILED(rpl_3, KERNEL_DS | 3)
SPOILED(dpl_3, USER_DS & ~SELECTOR_RPL)
SPOILED(user, USER_DS)
SPOILED(code, KERNEL_CS)
SPOILED(system, KERNEL_TSS)
SPOILED(read_only, READ_ONLY)
SPOILED(absent, ABSENT)

/* There is room for one doubleword. */
void prepare_esp0_without_room(void)
{
	stack_spoil(DATA_0, 4);
}

void prepare_ss0_null_trap_gate(void)
{
	prepare_ss0_null();
	gate_set(MOVED, GATE_TRAP | ACCESS_DPL(3));
}

void prepare_other_tss(void)
{
	tables_other_tss.ss0 = KERNEL_DS;
	tables_other_tss.esp0 = (uint32_t)&other_stack[sizeof(other_stack) - 256];
	tables_other_tss.io_map_base = sizeof(tables_other_tss);
	task_load(OTHER_TSS);
}

/* The TSS's descriptor counts when TR is loaded, and not afterwards. */
void prepare_tss_descriptor(void)
{
	kernel_gdt[KERNEL_TSS / 8] = tss_at(&tables_other_tss);
}

void prepare_tss_loaded_twice(void)
{
	kernel_gdt[KERNEL_TSS / 8] = tss_at(&kernel_tss);
}

void kernel_main(uint32_t info)
{
	(void)info;
	gdt_fill();
	probes_init();
	for (unsigned i = 0; i < KERNEL_GDT_ENTRIES; i++)
		tables_other_gdt[i] = kernel_gdt[i];
	tables_other_gdt[DATA_3 / 8] = data_at(&tables_data[2], 3);
	for (unsigned i = 0; i < VECTORS; i++)
		tables_other_idt[i] = kernel_idt[i];
	tables_other_idt[MOVED] = stub_of(MOVED + 2);
	tables_other_ldt[1] = data_at(&tables_data[0], 3);
	probes_run("tables", reset);
	console_printf("busy %08x\n", probe_sum(0, tables_busy, sizeof(tables_busy)));
}
