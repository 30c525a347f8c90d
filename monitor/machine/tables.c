/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The monitor's own descriptor tables (SDM 3A 2.4, 3.5, 6.10 and 7.2), packed by the organs
 * of lab 1.
 *
 * Every gate has DPL 0: no INT n of a guest passes one, it raises #GP instead and the monitor
 * decides. Every gate is an interrupt gate: the monitor is never interrupted. One vector is
 * different: a double fault switches to a task of its own, so that even a monitor whose stack
 * is ruined can still say so.
 */
#include "cpu.h"
#include "machine.h"
#include "vm.h"

extern const uint32_t stub_table[VECTORS];
extern const char double_fault_task[];
extern const char fault_stack_top[];
extern uint32_t boot_page_directory[];

static struct gdt boot_gdt;
struct descriptor monitor_idt[VECTORS];
struct table_register monitor_idtr;
struct tss tss;              /* for every trap out of a guest; unwind.inc needs it too */
static struct tss fault_tss; /* for the monitor's own double fault */

/*
 * A wrong descriptor here would end in a triple fault, which explains nothing. So the one
 * worked example of lab 1's handout, in which every field is different, is tried first.
 */
static void try_descriptor_pack(void)
{
	struct segment example = {
		.base = 0x12345678,
		.limit = 0x9abcd,
		.type = TYPE_WRITABLE,
		.code_or_data = true,
		.dpl = 2,
		.present = true,
		.available = true,
		.default_big = true,
	};
	struct descriptor packed = descriptor_pack(example);

	if (packed.high != 0x1259d234 || packed.low != 0x5678abcd)
		panic("descriptor_pack() made high %08x low %08x of the handout's example, which is high 1259d234 low 5678abcd. With such descriptors the processor would reset; see labs/1-rings/README.md, exercise 1",
			packed.high, packed.low);
}

static struct descriptor monitor_segment(uint8_t type)
{
	return descriptor_pack((struct segment){
		.limit = 0xffffffff,
		.type = type | TYPE_ACCESSED,
		.code_or_data = true,
		.present = true,
		.default_big = true,
		.granular = true,
	});
}

static struct descriptor tss_descriptor(const struct tss *of)
{
	return descriptor_pack((struct segment){
		.base = (uint32_t)(uintptr_t)of,
		.limit = sizeof(*of) - 1,
		.type = TYPE_TSS32,
		.present = true,
	});
}

void gdt_fill_monitor(struct gdt *gdt)
{
	gdt->entry[SELECTOR_INDEX(MONITOR_CS)] = monitor_segment(TYPE_CODE | TYPE_READABLE);
	gdt->entry[SELECTOR_INDEX(MONITOR_DS)] = monitor_segment(TYPE_WRITABLE);
	gdt->entry[SELECTOR_INDEX(MONITOR_TSS)] = tss_descriptor(&tss);
	gdt->entry[SELECTOR_INDEX(MONITOR_FAULT_TSS)] = tss_descriptor(&fault_tss);
}

struct table_register gdt_register(const struct gdt *gdt)
{
	return (struct table_register){sizeof(*gdt) - 1, (uint32_t)(uintptr_t)gdt};
}

struct table_register idt_register(const struct descriptor idt[VECTORS])
{
	return (struct table_register){VECTORS * sizeof(*idt) - 1, (uint32_t)(uintptr_t)idt};
}

void tss_set_stack(uint32_t esp0)
{
	tss.esp0 = esp0;
}

void tss_set_inner_stack(uint16_t ss1, uint32_t esp1)
{
	tss.ss1 = ss1;
	tss.esp1 = esp1;
}

static void fault_task_init(void)
{
	tss_prepare(&fault_tss, 0, 0);
	fault_tss.cr3 = machine_address(boot_page_directory).raw;
	fault_tss.eip = (uint32_t)(uintptr_t)double_fault_task;
	fault_tss.eflags = EFLAGS_FIXED;
	fault_tss.esp = (uint32_t)(uintptr_t)fault_stack_top;
	fault_tss.cs = MONITOR_CS;
	fault_tss.ss = fault_tss.ds = fault_tss.es = MONITOR_DS;
	/* a task gate (7.2.5): only the selector and the type count */
	monitor_idt[VECTOR_DF].low = (uint32_t)MONITOR_FAULT_TSS << 16;
	monitor_idt[VECTOR_DF].high = DESCRIPTOR_PRESENT | TYPE_TASK_GATE << 8;
}

/* From the loader's or start.asm's segments to the monitor's own. */
static void segments_reload(void)
{
	__asm__ volatile(
		"ljmp %0, $1f\n"
		"1:\n\tmov %w1, %%ds\n\tmov %w1, %%es\n\tmov %w1, %%ss\n\tmov %w2, %%fs\n\tmov %w2, %%gs\n\t"
		:
		: "i"(MONITOR_CS), "r"(MONITOR_DS), "r"(0)
		: "memory");
}

void gate_open_to_kernels(unsigned vector)
{
	monitor_idt[vector] = gate_pack(MONITOR_CS, stub_table[vector], TYPE_INTERRUPT_GATE, 1);
}

void tables_init(void)
{
	try_descriptor_pack();

	gdt_fill_monitor(&boot_gdt);
	struct table_register gdtr = gdt_register(&boot_gdt);
	gdtr_write(&gdtr);
	segments_reload();

	for (unsigned vector = 0; vector < VECTORS; vector++)
		monitor_idt[vector] =
			gate_pack(MONITOR_CS, stub_table[vector], TYPE_INTERRUPT_GATE, 0);
	fault_task_init();
	monitor_idtr = idt_register(monitor_idt);
	idtr_write(&monitor_idtr);

	tss_prepare(&tss, MONITOR_DS, 0);
	tr_write(MONITOR_TSS);
}

/* What a trap out of ring 0 left: no SS and ESP, for the stack has not changed. */
struct monitor_frame {
	uint32_t vector, error_code, eip, cs, eflags;
};

_Noreturn void monitor_fault(const struct monitor_frame *frame);

void monitor_fault(const struct monitor_frame *frame)
{
	panic("exception %u (error code %x, CR2 %08x) in the monitor itself, at EIP %08x, EFLAGS %08x. `make gdb` with a breakpoint on monitor_fault shows the way there",
		frame->vector, frame->error_code, cr2_read(), frame->eip, frame->eflags);
}

_Noreturn void double_fault_report(void);

/* The switch of tasks has saved the registers of the moment in the TSS that was in use. */
void double_fault_report(void)
{
	if (tss.cs & SELECTOR_RPL)
		panic("double fault: an exception of the guest's at %04x:%08x could not be delivered to the monitor. Look at the IDT's gates (gate_pack) and at SS0 and ESP0 in the TSS (tss_prepare)",
			tss.cs, tss.eip);
	panic("double fault in the monitor at EIP %08x, CS %x, ESP %08x, SS %x, DS %x: an exception could not be delivered. Look at the IDT's gates, and at what world_enter and world_exit did last",
		tss.eip, tss.cs, tss.esp, tss.ss, tss.ds);
}
