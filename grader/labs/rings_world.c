/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 1, graded tests of enter.asm and of the whole: a guest goes in, traps come out, and what the
 * guest sees is what the same guest sees on the bare machine.
 */
#include "rings_tests.h"

/* What of EFLAGS a guest's kernel in ring 1 has to itself. IF shows the real flag (the crack that
 * lab 4 mends); RF is the debugger's. */
#define GUEST_EFLAGS (EFLAGS_STATUS | EFLAGS_DF | EFLAGS_TF | EFLAGS_NT | EFLAGS_AC | EFLAGS_IOPL)

#define REGISTER_CASES 8

/* ---- the start ---- */

START_TEST(the_guest_starts_as_its_boot_loader_left_it)
{
	struct guest *guest = guest_open("hello");
	uint32_t entry = guest_symbol(guest, "guest_start");
	struct machine *bare = boot_bare(guest), *m = boot(guest);

	/* What the boot loader does not promise is drawn: it cannot be what the monitor's own code
	 * left in a register. */
	struct guest_registers drawn;
	run_until(m, monitor_symbol("world_enter"));
	uint32_t vcpu = memory_read_u32(m, registers(m)->esp + 4);
	memory_read(m, vcpu, &drawn, sizeof(drawn));
	drawn.edi = random_u32();
	drawn.esi = random_u32();
	drawn.ebp = random_u32();
	drawn.edx = random_u32();
	drawn.ecx = random_u32();
	memory_write(m, vcpu, &drawn, sizeof(drawn));
	run_until(m, entry);
	const struct bochs_registers *want = registers(bare), *got = registers(m);
	ck_assert_msg(got->eax == want->eax, "EAX must be %08x (the Multiboot magic); it is %08x",
		want->eax, got->eax);
	ck_assert_msg(got->eip == want->eip, "EIP must be %08x; it is %08x", want->eip, got->eip);
	ck_assert_msg((got->eflags & GUEST_EFLAGS) == (want->eflags & GUEST_EFLAGS),
		"EFLAGS must be %08x but for IF; they are %08x", want->eflags, got->eflags);
	hint("The order in which world_enter takes registers back must be that of struct guest_registers.");
	ck_assert_msg(got->edi == drawn.edi && got->esi == drawn.esi && got->ebp == drawn.ebp &&
			      got->edx == drawn.edx && got->ecx == drawn.ecx,
		"struct guest_registers has EDI %08x, ESI %08x, EBP %08x, EDX %08x, ECX %08x; the guest has %08x %08x %08x %08x %08x",
		drawn.edi, drawn.esi, drawn.ebp, drawn.edx, drawn.ecx, got->edi, got->esi, got->ebp,
		got->edx, got->ecx);
	hint(NULL);
	ck_assert_msg(got->esp < 0xa0000 && got->ebx < 0xa0000,
		"ESP and EBX must lie below 640 KiB; they are %08x and %08x", got->esp, got->ebx);
	ck_assert_msg(got->cs.selector >> 3 == want->cs.selector >> 3 &&
			      got->ss.selector >> 3 == want->ss.selector >> 3 &&
			      got->ds.selector == want->ds.selector &&
			      got->es.selector == want->es.selector,
		"CS %04x SS %04x DS %04x ES %04x must name the boot loader's segments: %04x %04x %04x %04x (CS and SS with RPL 1)",
		got->cs.selector, got->ss.selector, got->ds.selector, got->es.selector,
		want->cs.selector, want->ss.selector, want->ds.selector, want->es.selector);

	/* flags of the information structure, and how much memory it promises */
	uint32_t want_info[3], got_info[3];
	memory_read(bare, want->ebx, want_info, sizeof(want_info));
	memory_read(m, got->ebx, got_info, sizeof(got_info));
	ck_assert_msg(got_info[1] == want_info[1] && got_info[2] == want_info[2],
		"the boot information promises %u and %u KiB of memory; on the bare machine it is %u and %u",
		got_info[1], got_info[2], want_info[1], want_info[2]);
}
END_TEST

START_TEST(the_guests_kernel_runs_in_ring_1)
{
	struct guest *guest = guest_open("hello");
	struct machine *m = boot(guest);

	run_until(m, guest_symbol(guest, "kernel_main"));
	const struct bochs_registers *r = registers(m);
	ck_assert_msg(
		r->cpl == 1, "the guest's kernel must run in ring 1; it runs in ring %u", r->cpl);
	ck_assert_msg((r->eflags & EFLAGS_IOPL) == 0,
		"IOPL must be 0 or the guest owns the ports; EFLAGS is %08x", r->eflags);
	ck_assert_msg(r->eflags & EFLAGS_IF,
		"the real IF must be 1, or nothing brings the processor back from an endless guest");
	const struct bochs_segment *segments[] = {&r->cs, &r->ss, &r->ds, &r->es, &r->fs, &r->gs};
	static const char *const names[] = {"CS", "SS", "DS", "ES", "FS", "GS"};
	for (int i = 0; i < 6; i++) {
		if (!segments[i]->valid)
			continue;
		ck_assert_msg((uint64_t)segments[i]->base + segments[i]->limit < MONITOR_BASE,
			"%s (base %08x, limit %08x) reaches the monitor at %08x", names[i],
			segments[i]->base, segments[i]->limit, MONITOR_BASE);
		ck_assert_msg(segments[i]->limit == MONITOR_BASE - 1,
			"%s ends at %08x; the guest may have everything up to %08x", names[i],
			segments[i]->limit, MONITOR_BASE - 1);
	}
}
END_TEST

/* ---- the same on the bare machine and under the monitor ---- */

START_TEST(hello_shows_what_it_shows_on_the_bare_machine)
{
	struct guest *guest = guest_open("hello");
	char word[16];

	random_word(word);
	guest_write(guest, "hello_word", word, sizeof(word));
	struct machine *bare = boot_bare(guest), *m = boot(guest);
	uint32_t done = guest_symbol(guest, "guest_done");
	run_until(bare, done);
	run_until(m, done);
	char want[81];
	snprintf(want, sizeof(want), "%s", screen_row(bare, 0));
	ck_assert_msg(strcmp(screen_row(m, 0), want) == 0,
		"on the bare machine the screen's first line is \"%s\"; under this monitor it is \"%s\"",
		want, screen_row(m, 0));
	run_to_end(bare);
	run_to_end(m);
	ck_assert_msg(
		strstr(console(bare), word), "the bare machine did not print the seed's word");
	assert_same_console(bare, m);
}
END_TEST

/* struct register_case of guests/registers/registers.h */
struct register_case {
	uint32_t eax, ecx, edx, ebx, esp, ebp, esi, edi;
	uint32_t eflags;
	uint32_t ds, es, fs, gs;
};

static void random_register_cases(struct guest *guest, struct register_case cases[REGISTER_CASES])
{
	uint16_t selectors[32];
	uint32_t count = guest_read_u32(guest, "register_selector_count");
	uint32_t stack = guest_symbol(guest, "register_stack");

	guest_read(guest, "register_selectors", selectors, count * sizeof(*selectors));
	for (int i = 0; i < REGISTER_CASES; i++) {
		struct register_case *c = &cases[i];
		uint32_t *general[] = {
			&c->eax, &c->ecx, &c->edx, &c->ebx, &c->ebp, &c->esi, &c->edi};
		for (int g = 0; g < 7; g++)
			*general[g] = random_u32();
		c->esp = stack + 4 + random_below(4092);
		c->eflags = random_u32() & (EFLAGS_STATUS | EFLAGS_DF);
		uint32_t *segments[] = {&c->ds, &c->es, &c->fs, &c->gs};
		for (int s = 0; s < 4; s++)
			*segments[s] = selectors[random_below(count)];
	}
	guest_write(guest, "register_cases", cases, REGISTER_CASES * sizeof(*cases));
}

START_TEST(registers_survive_an_exit)
{
	struct guest *guest = guest_open("registers");
	struct register_case cases[REGISTER_CASES];

	random_register_cases(guest, cases);
	struct machine *m = boot(guest);
	for (int i = 0; i < REGISTER_CASES; i++) {
		run_until(m, guest_symbol(guest, "register_site"));
		struct bochs_registers before = *registers(m);
		run_until(m, guest_symbol(guest, "register_after"));
		const struct bochs_registers *after = registers(m);
		const struct {
			const char *name;
			uint32_t before, after;
		} all[] = {
			{"EAX", before.eax, after->eax},
			{"ECX", before.ecx, after->ecx},
			{"EDX", before.edx, after->edx},
			{"EBX", before.ebx, after->ebx},
			{"ESP", before.esp, after->esp},
			{"EBP", before.ebp, after->ebp},
			{"ESI", before.esi, after->esi},
			{"EDI", before.edi, after->edi},
		};
		for (size_t r = 0; r < sizeof(all) / sizeof(all[0]); r++)
			ck_assert_msg(all[r].before == all[r].after,
				"%s was %08x when the guest trapped and is %08x when it goes on (case %d)",
				all[r].name, all[r].before, all[r].after, i);
		/* the oracle for the loads themselves: what the seed asked for */
		ck_assert_msg(before.eax == cases[i].eax && before.edi == cases[i].edi,
			"the guest did not reach case %d with its registers: EAX %08x, EDI %08x", i,
			before.eax, before.edi);
	}
}
END_TEST

/* A segment register, visible and hidden part. The ring of DPL 0 segments changes; that is all. A
 * null selector may lose its RPL: an IRET to an outer ring clears it. */
static void assert_same_segment(const char *name, int number, const struct bochs_segment *bare,
	const struct bochs_segment *got)
{
	bool both_null = bare->selector < 4 && got->selector < 4;
	ck_assert_msg(both_null || bare->selector == got->selector,
		"%s is %04x on the bare machine and %04x under this monitor (case %d)", name,
		bare->selector, got->selector, number);
	ck_assert_msg(bare->valid == got->valid,
		"%s (%04x) is %s on the bare machine and %s under this monitor (case %d)", name,
		bare->selector, bare->valid ? "usable" : "unusable",
		got->valid ? "usable" : "unusable", number);
	if (!bare->valid)
		return;
	ck_assert_msg(bare->base == got->base && bare->big == got->big,
		"%s (%04x) has base %08x, D/B %u on the bare machine, and base %08x, D/B %u under this monitor (case %d)",
		name, bare->selector, bare->base, bare->big, got->base, got->big, number);
	ck_assert_msg((uint64_t)got->base + got->limit < MONITOR_BASE,
		"%s (%04x: base %08x, limit %08x) reaches the monitor (case %d)", name,
		got->selector, got->base, got->limit, number);
}

START_TEST(segments_and_flags_survive_an_exit)
{
	struct guest *guest = guest_open("registers");
	struct register_case cases[REGISTER_CASES];
	uint32_t after = guest_symbol(guest, "register_after");

	random_register_cases(guest, cases);
	struct machine *bare = boot_bare(guest), *m = boot(guest);
	hint("FS and GS are the guest's as well; and EFLAGS goes back with IRET, all of it.");
	for (int i = 0; i < REGISTER_CASES; i++) {
		run_until(bare, after);
		run_until(m, after);
		const struct bochs_registers *want = registers(bare), *got = registers(m);
		ck_assert_msg((want->eflags & GUEST_EFLAGS) == (got->eflags & GUEST_EFLAGS),
			"EFLAGS are %08x on the bare machine and %08x under this monitor (case %d; IF does not count)",
			want->eflags, got->eflags, i);
		assert_same_segment("DS", i, &want->ds, &got->ds);
		assert_same_segment("ES", i, &want->es, &got->es);
		assert_same_segment("FS", i, &want->fs, &got->fs);
		assert_same_segment("GS", i, &want->gs, &got->gs);
	}
}
END_TEST

/* struct privileged_site of guests/privileged/sites.asm */
struct privileged_site {
	uint32_t address, next;
	char name[24];
	uint32_t flags;
};

#define SITES_MAX 64

START_TEST(every_privileged_instruction_traps)
{
	struct guest *guest = guest_open("privileged");
	struct privileged_site sites[SITES_MAX];
	uint32_t count = guest_read_u32(guest, "privileged_site_count");

	if (count > SITES_MAX)
		infrastructure_error("raise SITES_MAX to %u", count);
	guest_read(guest, "privileged_sites", sites, count * sizeof(*sites));
	struct machine *m = boot(guest);
	run_until(m, guest_symbol(guest, "kernel_main"));
	struct bochs_registers before = *registers(m);
	for (uint32_t i = 0; i < count; i++) {
		struct trap trap = {0};
		int stopped_at;
		/* the console's own ports trap in between */
		do {
			if (!run_until_trap(m, &sites[i].next, 1, &trap, &stopped_at))
				break;
		} while (trap.eip != sites[i].address);
		ck_assert_msg(trap.eip == sites[i].address && trap.vector == VECTOR_GP,
			"%s at %08x did not trap: in ring 1 it must raise #GP", sites[i].name,
			sites[i].address);
		ck_assert_msg((trap.cs & 3) == 1, "%s trapped out of ring %u, not ring 1",
			sites[i].name, trap.cs & 3);
		if (i + 1 == count) /* HLT, which ends the guest */
			break;
		run_until(m, sites[i].next);
		const struct bochs_registers *after = registers(m);
		ck_assert_msg(after->cr0 == before.cr0 && after->cr3 == before.cr3 &&
				      after->cr4 == before.cr4 &&
				      after->gdtr.base == before.gdtr.base &&
				      after->idtr.base == before.idtr.base &&
				      after->idtr.limit == before.idtr.limit &&
				      after->tr.selector == before.tr.selector,
			"%s changed a register of the real machine", sites[i].name);
	}
	run_to_end(m);
	measure("privileged_instructions", count);
}
END_TEST

START_TEST(ring_3_code_computes_what_it_computes_bare)
{
	struct guest *guest = guest_open("user");

	guest_write_u32(guest, "user_seed", 2 + random_below(100000));
	struct machine *bare = boot_bare(guest), *m = boot(guest);
	uint32_t done = guest_symbol(guest, "user_done");
	run_until(bare, done);
	run_until(m, done);
	ck_assert_msg(cpl(m) == 3, "the guest's user code must run in ring 3; it runs in ring %u",
		cpl(m));
	uint32_t result = guest_symbol(guest, "user_result");
	ck_assert_msg(memory_read_u32(bare, result) == memory_read_u32(m, result),
		"the user code computed %u on the bare machine and %u under this monitor",
		memory_read_u32(bare, result), memory_read_u32(m, result));
}
END_TEST

START_TEST(a_computation_survives_the_timer)
{
	struct guest *guest = guest_open("compute");

	guest_write_u32(guest, "compute_seed", random_u32());
	guest_write_u32(guest, "compute_rounds", 40);
	struct machine *bare = boot_bare(guest), *m = boot(guest);
	uint32_t done = guest_symbol(guest, "guest_done"),
		 result = guest_symbol(guest, "compute_result");
	run_until(bare, done);
	run_until(m, done);
	hint("The timer interrupts this guest between any two instructions: what it has in its registers and flags then must come back.");
	ck_assert_msg(memory_read_u32(bare, result) == memory_read_u32(m, result),
		"the guest computed %08x on the bare machine and %08x under this monitor",
		memory_read_u32(bare, result), memory_read_u32(m, result));
}
END_TEST

/* ---- the monitor's side of an exit ---- */

START_TEST(the_monitor_runs_on_its_own_stack_and_segments)
{
	struct guest *guest = guest_open("registers");
	struct register_case cases[REGISTER_CASES];
	uint32_t stack_top = monitor_symbol("monitor_stack_top"), first_esp = 0;

	random_register_cases(guest, cases);
	for (int i = 0; i < REGISTER_CASES; i += 2)
		cases[i].eflags |= EFLAGS_DF;
	guest_write(guest, "register_cases", cases, sizeof(cases));
	struct machine *m = boot(guest);
	for (int i = 0; i < REGISTER_CASES; i++) {
		run_until(m, guest_symbol(guest, "register_site"));
		run_until(m, monitor_symbol("vm_exit"));
		const struct bochs_registers *r = registers(m);
		ck_assert_msg(
			r->cpl == 0, "vm_exit() must run in ring 0; it runs in ring %u", r->cpl);
		ck_assert_msg(r->ds.selector == MONITOR_DS && r->es.selector == MONITOR_DS &&
				      r->ss.selector == MONITOR_DS,
			"vm_exit() was called with DS %04x ES %04x SS %04x; C needs %04x in all of them",
			r->ds.selector, r->es.selector, r->ss.selector, MONITOR_DS);
		hint("The virtual processor's own memory is no stack: vm_exit() needs hundreds of bytes.");
		ck_assert_msg(r->esp < stack_top && r->esp > stack_top - 128,
			"vm_exit() was called with ESP %08x; the monitor's stack is empty then and ends at %08x",
			r->esp, stack_top);
		hint("Who clears the direction flag? Interrupt gates do not.");
		ck_assert_msg(!(r->eflags & EFLAGS_DF),
			"vm_exit() was called with DF set: string instructions would run backwards");
		hint(NULL);
		if (first_esp == 0)
			first_esp = r->esp;
		ck_assert_msg(r->esp == first_esp,
			"the monitor's stack grows: ESP was %08x in an earlier exit and is %08x now",
			first_esp, r->esp);
		uint32_t vcpu = memory_read_u32(m, r->esp + 4);
		ck_assert_msg(vcpu == running_vcpu(m),
			"vm_exit() was called with %08x; the virtual processor is at %08x", vcpu,
			running_vcpu(m));
	}
}
END_TEST

START_TEST(two_guests_run_one_after_the_other)
{
	struct guest *first = guest_open("hello"), *second = guest_open("hello");
	char words[2][16];

	random_word(words[0]);
	random_word(words[1]);
	guest_write(first, "hello_word", words[0], 16);
	guest_write(second, "hello_word", words[1], 16);
	struct machine *m =
		boot_several((struct boot_guest[]){{first, "mem=2"}, {second, "mem=3"}}, 2);
	run_to_end(m);
	const char *one = strstr(console(m), words[0]), *two = strstr(console(m), words[1]);
	hint("vm_exit() returns the virtual processor that is to run next. It is not always the one that exited.");
	ck_assert_msg(one && two && one < two,
		"\"%s\" and then \"%s\" should have been printed; the console shows\n%s", words[0],
		words[1], console(m));
}
END_TEST

const struct graded_test rings_world_tests[] = {
	{&the_guest_starts_as_its_boot_loader_left_it, EQUIVALENCE, 3, "hello"},
	{&the_guests_kernel_runs_in_ring_1, RESOURCE_CONTROL, 3, "hello"},
	{&hello_shows_what_it_shows_on_the_bare_machine, EQUIVALENCE, 4, "hello"},
	{&registers_survive_an_exit, EQUIVALENCE, 4, "registers"},
	{&segments_and_flags_survive_an_exit, EQUIVALENCE, 3, "registers"},
	{&every_privileged_instruction_traps, RESOURCE_CONTROL, 4, "privileged"},
	{&ring_3_code_computes_what_it_computes_bare, EQUIVALENCE, 3, "user"},
	{&a_computation_survives_the_timer, EQUIVALENCE, 2, "compute"},
	{&the_monitor_runs_on_its_own_stack_and_segments, RESOURCE_CONTROL, 4, "registers"},
	{&two_guests_run_one_after_the_other, EQUIVALENCE, 3, "hello"},
	{0},
};
