/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 2, graded tests of emulate.c: each trapped instruction does to the virtual processor what it
 * does to a real one, or faults as it does there. The guests control, tables, returns and
 * interruptflag are full of probes (guests/lib/probe.h); each test compares the outcomes of some.
 */
#include "traps_tests.h"

START_TEST(control_registers_keep_what_they_are_given)
{
	hint("Reserved bits, bits that are always set, and values that may not be: SDM 3A 2.5. CLTS and LMSW change CR0 as well.");
	assert_probes_end_alike("control", "cr lmsw clts");
}
END_TEST

START_TEST(debug_registers_keep_what_they_are_given)
{
	hint("DR4 and DR5 are other names of DR6 and DR7 unless CR4.DE is set. The mod field of MOV to and from these registers does not matter.");
	assert_probes_end_alike("control", "dr");
}
END_TEST

START_TEST(caches_msrs_and_counters_answer)
{
	hint("RDMSR and RDTSC fill EDX and EAX; WRMSR takes both. INVLPG of a register is no instruction.");
	assert_probes_end_alike("control", "inv wbinvd rdmsr wrmsr sys rsm rdtsc rdpmc");
}
END_TEST

START_TEST(cli_and_sti_ask_iopl)
{
	hint("CPL <= IOPL decides, and both are the guest's own: not those of the real EFLAGS.");
	assert_probes_end_alike("control", "cli sti hlt");
}
END_TEST

START_TEST(an_interrupt_comes_in_where_the_flag_lets_it)
{
	hint("STI lets the next instruction through first, but only where the flag was off. Which instruction of yours sets interrupt_shadow?");
	assert_probes_end_alike(
		"interruptflag", "off on_ sti cli mov_ss unmasked requested masked iret step");
}
END_TEST

START_TEST(tables_are_loaded_in_every_form)
{
	hint("With operand size 2 the base has 24 bits. The operand lies in a segment, which has a limit. LLDT and LTR take a word.");
	assert_probes_end_alike("tables", "lgdt lidt lldt ltr");
}
END_TEST

START_TEST(a_table_that_is_moved_or_rewritten_takes_effect)
{
	hint("LGDT, LIDT and LLDT name a place; what is there counts when it is used.");
	assert_probes_end_alike("tables", "gdt idt ldt");
}
END_TEST

START_TEST(the_task_names_the_stack_of_the_next_crossing)
{
	hint("SS0:ESP0 is read from the guest's TSS each time that ring 3 is left.");
	assert_probes_end_alike("tables", "esp0 other_tss tss_ ltr");
}
END_TEST

START_TEST(iret_goes_on_in_the_kernel)
{
	hint("IRET changes IF, IOPL and all flags in ring 0. With operand size 2 three words are popped.");
	assert_probes_end_alike("returns",
		"iret_ iretw !iret_user !iret_in_user !iretw_user !iretw_in !iret_cs !iret_frame");
}
END_TEST

START_TEST(iret_goes_down_to_ring_3)
{
	hint("To an outer ring ESP and SS are popped as well. A data segment register that ring 3 may not hold becomes null.");
	assert_probes_end_alike("returns",
		"iret_user iret_in_user iretw_user iretw_in !iret_user_cs !iret_user_ss !iret_in_user_cs !iret_in_user_frame");
}
END_TEST

START_TEST(a_return_that_must_fault_changes_nothing)
{
	hint("Decode, then perform. Which check comes first: RPL, type, DPL, present?");
	assert_probes_end_alike("returns",
		"iret_cs iret_frame iret_user_cs iret_user_ss iret_in_user_cs iret_in_user_frame retf_cs retf_in_user_cs retf_user_cs retf_user_ss retf_frame");
}
END_TEST

START_TEST(far_returns_go_where_they_should)
{
	hint("RET n releases the parameters, on the outer stack too. EFLAGS stay.");
	assert_probes_end_alike("returns",
		"retf !retf_cs !retf_in_user_cs !retf_user_cs !retf_user_ss !retf_frame");
}
END_TEST

START_TEST(the_stack_segment_loads_in_every_form)
{
	hint("SS and what comes with it change together or not at all: ESP behind POP, the register of LSS.");
	assert_probes_end_alike("returns", "mov_ss pop_ss lss");
}
END_TEST

/* ---- the real machine under all this ---- */

/* Where a guest runs: what the processor itself must have, whatever the guest wrote. */
static void assert_machine_is_the_monitors(struct machine *m, const char *where, uint32_t cr3)
{
	const struct bochs_registers *r = registers(m);
	const uint32_t needed = CR0_PE | CR0_WP | CR0_PG;

	ck_assert_msg(r->cpl != 0, "%s: the guest runs in ring 0", where);
	ck_assert_msg((r->eflags & EFLAGS_IF) && !(r->eflags & EFLAGS_IOPL),
		"%s: the real EFLAGS are %08x; IF must be 1 and IOPL 0 while a guest runs", where,
		r->eflags);
	ck_assert_msg((r->cr0 & needed) == needed,
		"%s: the real CR0 is %08x; PE, WP and PG must stay", where, r->cr0);
	ck_assert_msg(r->cr3 == cr3, "%s: the real CR3 is %08x, and was %08x", where, r->cr3, cr3);
	ck_assert_msg(r->gdtr.base >= MONITOR_BASE && r->idtr.base >= MONITOR_BASE &&
			      r->tr.base >= MONITOR_BASE,
		"%s: GDTR %08x, IDTR %08x or TR %08x names a table of the guest's", where,
		r->gdtr.base, r->idtr.base, r->tr.base);
	ck_assert_msg(!r->ldtr.valid || r->ldtr.base >= MONITOR_BASE,
		"%s: LDTR names a table of the guest's at %08x", where, r->ldtr.base);
}

/* At some probes of a guest, in whatever ring they are, and at its end. */
static void watch_machine(const char *name, unsigned stops)
{
	static struct probe probes[PROBES_MAX];
	struct guest *guest = guest_open(name);
	uint32_t count = probes_read(guest, probes), at = 0;

	probe_registers_random(guest);
	struct machine *m = boot(guest);
	run_until(m, guest_symbol(guest, "kernel_main"));
	uint32_t cr3 = registers(m)->cr3;
	for (unsigned i = 0; i < stops; i++) {
		at += 1 + random_below(count / stops);
		if (at >= count)
			break;
		run_until(m, probes[at].code);
		assert_machine_is_the_monitors(m, probes[at].name, cr3);
	}
	run_until(m, guest_symbol(guest, "guest_done"));
	assert_machine_is_the_monitors(m, "guest_done", cr3);
}

START_TEST(the_real_processor_stays_the_monitors)
{
	hint("What the guest writes into CR0, EFLAGS or GDTR goes into the virtual processor.");
	watch_machine("control", 12);
	watch_machine("tables", 12);
}
END_TEST

START_TEST(no_return_leads_to_ring_0)
{
	struct guest *guest = guest_open("returns");
	const struct bochs_event *events;

	probe_registers_random(guest);
	struct machine *m = boot(guest);
	run_until(m, guest_symbol(guest, "kernel_main"));
	trace_begin(m);
	run_until(m, guest_symbol(guest, "guest_done"));
	size_t count = trace_end(m, &events);
	hint("CS as the guest wrote it has RPL 0. Which function makes of it what the processor may see?");
	for (size_t i = 0; i < count; i++)
		ck_assert_msg(!events[i].delivered || (events[i].cs & 3) != 0 ||
				      events[i].eip >= MONITOR_BASE,
			"at tick %llu the guest was entered at %04x:%08x, in ring 0",
			(unsigned long long)events[i].tick, events[i].cs, events[i].eip);
}
END_TEST

const struct graded_test traps_emulate_tests[] = {
	{&control_registers_keep_what_they_are_given, EQUIVALENCE, 3, "control"},
	{&debug_registers_keep_what_they_are_given, EQUIVALENCE, 2, "control"},
	{&caches_msrs_and_counters_answer, EQUIVALENCE, 2, "control"},
	{&cli_and_sti_ask_iopl, EQUIVALENCE, 2, "control"},
	{&an_interrupt_comes_in_where_the_flag_lets_it, EQUIVALENCE, 4, "interruptflag"},
	{&tables_are_loaded_in_every_form, EQUIVALENCE, 2, "tables"},
	{&a_table_that_is_moved_or_rewritten_takes_effect, EQUIVALENCE, 2, "tables"},
	{&the_task_names_the_stack_of_the_next_crossing, EQUIVALENCE, 2, "tables"},
	{&iret_goes_on_in_the_kernel, EQUIVALENCE, 2, "returns"},
	{&iret_goes_down_to_ring_3, EQUIVALENCE, 3, "returns"},
	{&a_return_that_must_fault_changes_nothing, EQUIVALENCE, 2, "returns"},
	{&far_returns_go_where_they_should, EQUIVALENCE, 2, "returns"},
	{&the_stack_segment_loads_in_every_form, EQUIVALENCE, 2, "returns"},
	{&the_real_processor_stays_the_monitors, RESOURCE_CONTROL, 2, "control"},
	{&no_return_leads_to_ring_0, RESOURCE_CONTROL, 2, "returns"},
	{0},
};
