/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a machine is and how it runs, seen through the driver of Bochs: real machines, boot sectors
 * from tests/data/bochs_*.asm.
 *
 * Invariant: every expectation is a fact of the boot sector or of the Intel manual, or the same
 * question asked in a second way.
 */
#include "bochs_fixture.h"

#include <pthread.h>

#define COUNTER 0x500u /* of bochs_loop.asm */

/* of bochs_protected.asm */
#define HOLE    0x20000u
#define ALIAS   0x30000u
#define ALIASED 0x40000u
#define FAR     0x800000u /* no page table */
enum protected_label { READY, STORM, DONE, SUM };

#define EFLAGS_CF 0x001u
#define EFLAGS_ZF 0x040u
#define EFLAGS_IF 0x200u
#define EFLAGS_DF 0x400u
#define EFLAGS_OF 0x800u

static struct bochs *protected_boot(void)
{
	struct bochs *b =
		machine_boot(&(struct bochs_config){.disk = assemble("bochs_protected", "")});

	ck_assert_stop(b, bochs_run_until(b, label(READY), PLENTY), BOCHS_STOP_BREAKPOINT);
	return b;
}

static struct bochs *loop_boot(void)
{
	return machine_boot(&(struct bochs_config){.disk = assemble("bochs_loop", "")});
}

/* --- Running --- */

START_TEST(a_machine_starts_at_the_reset_vector)
{
	struct bochs *b = machine_start(&(struct bochs_config){.disk = assemble("bochs_loop", "")});
	const struct bochs_registers *r = registers(b);

	ck_assert_uint_eq(r->pc, 0xfffffff0);
	ck_assert_uint_eq(r->cs.selector, 0xf000);
	ck_assert_uint_eq(r->cs.base, 0xffff0000);
	ck_assert_uint_eq(r->eip, 0xfff0);
	ck_assert_uint_eq(r->ticks, 0);
	ck_assert_uint_eq(bochs_ticks(b), 0);
	ck_assert_int_eq(bochs_exit_status(b), BOCHS_EXIT_NONE);
	bochs_free(b);
}
END_TEST

START_TEST(a_run_stops_at_the_first_of_several_addresses)
{
	struct bochs *b = loop_boot();
	uint32_t addresses[] = {0x1234, label(1), 0x5678};
	struct bochs_until until = {.ticks = PLENTY, .addresses = addresses, .n_addresses = 3};
	uint8_t counter;

	ck_assert_stop(b, bochs_run(b, &until), BOCHS_STOP_BREAKPOINT);
	ck_assert_uint_eq(registers(b)->pc, label(1));
	ck_assert_uint_eq(registers(b)->eax & 0xff, 0);
	ck_assert_uint_eq(bochs_read_linear(b, COUNTER, &counter, 1), 1);
	ck_assert_uint_eq(counter, 0);
	/* again from an address in the list: a whole round */
	ck_assert_stop(b, bochs_run(b, &until), BOCHS_STOP_BREAKPOINT);
	ck_assert_uint_eq(registers(b)->eax, 0x100);
	bochs_free(b);
}
END_TEST

START_TEST(more_addresses_than_bochs_can_hold_are_refused)
{
	struct bochs *b = loop_boot();
	uint32_t addresses[BOCHS_BREAKPOINTS_MAX + 1];
	struct bochs_until until = {.ticks = 1000, .addresses = addresses};

	for (uint32_t i = 0; i <= BOCHS_BREAKPOINTS_MAX; i++)
		addresses[i] = 0x100000 + i;
	until.n_addresses = BOCHS_BREAKPOINTS_MAX + 1;
	ck_assert_stop(b, bochs_run(b, &until), BOCHS_STOP_ERROR);
	ck_assert_ptr_nonnull(strstr(bochs_error(b), "room for 16"));
	until.n_addresses = BOCHS_BREAKPOINTS_MAX;
	ck_assert_stop(b, bochs_run(b, &until), BOCHS_STOP_LIMIT);
	addresses[BOCHS_BREAKPOINTS_MAX - 1] = label(1);
	until.ticks = PLENTY;
	ck_assert_stop(b, bochs_run(b, &until), BOCHS_STOP_BREAKPOINT);
	bochs_free(b);
}
END_TEST

START_TEST(a_limit_is_exact_to_the_tick)
{
	static const uint64_t ticks[] = {1, 2, 3, 1000, 123457, 1, 5000000};
	struct bochs *b = loop_boot();

	for (size_t i = 0; i < sizeof(ticks) / sizeof(ticks[0]); i++) {
		uint64_t before = bochs_ticks(b);

		ck_assert_stop(b, bochs_run_ticks(b, ticks[i]), BOCHS_STOP_LIMIT);
		ck_assert_uint_eq(bochs_ticks(b), before + ticks[i]);
		ck_assert_uint_eq(registers(b)->instructions, registers(b)->ticks);
	}
	bochs_free(b);
}
END_TEST

/* Bochs holds five times and forgets none: each of these leaves one, earlier than the last. */
START_TEST(a_limit_is_exact_after_many_that_were_not_reached)
{
	struct bochs *b = loop_boot();
	uint64_t before;

	for (uint64_t ticks = 100000000; ticks > 20000; ticks = ticks / 2 + ticks / 4)
		ck_assert_stop(b, bochs_run_until(b, label(1), ticks), BOCHS_STOP_BREAKPOINT);
	before = bochs_ticks(b);
	ck_assert_stop(b, bochs_run_ticks(b, 777), BOCHS_STOP_LIMIT);
	ck_assert_uint_eq(bochs_ticks(b), before + 777);
	ck_assert_stop(b, bochs_run_ticks(b, 30000000), BOCHS_STOP_LIMIT);
	ck_assert_uint_eq(bochs_ticks(b), before + 777 + 30000000);
	ck_assert_stop(b, bochs_step(b, 40000000), BOCHS_STOP_LIMIT);
	ck_assert_uint_eq(bochs_ticks(b), before + 777 + 70000000);
	bochs_free(b);
}
END_TEST

START_TEST(a_run_without_a_limit_is_refused)
{
	struct bochs *b = loop_boot();

	ck_assert_stop(b, bochs_run_ticks(b, 0), BOCHS_STOP_ERROR);
	ck_assert_stop(b, bochs_step(b, 0), BOCHS_STOP_ERROR);
	bochs_free(b);
}
END_TEST

START_TEST(a_step_is_one_instruction)
{
	struct bochs *b = loop_boot();
	uint32_t again = label(0);

	ck_assert_stop(b, bochs_step(b, 2), BOCHS_STOP_LIMIT);
	ck_assert_uint_eq(registers(b)->pc, again);
	ck_assert_stop(b, bochs_step(b, 1), BOCHS_STOP_LIMIT);
	ck_assert_uint_eq(registers(b)->pc, again + 2);
	ck_assert_uint_eq(registers(b)->eax, 1);
	ck_assert_stop(b, bochs_step(b, 3 * 10), BOCHS_STOP_LIMIT);
	ck_assert_uint_eq(registers(b)->pc, again + 2);
	ck_assert_uint_eq(registers(b)->eax, 11);
	bochs_free(b);
}
END_TEST

START_TEST(a_watch_stops_after_the_access)
{
	struct bochs *b = loop_boot();
	struct bochs_watch watches[] = {
		{0x900, 4, BOCHS_WRITE}, {COUNTER, 1, BOCHS_READ}, {COUNTER - 3, 4, BOCHS_WRITE}};
	struct bochs_until until = {.ticks = PLENTY, .watches = watches, .n_watches = 3};
	uint8_t counter;

	for (unsigned i = 1; i < 5; i++) {
		ck_assert_stop(b, bochs_run(b, &until), BOCHS_STOP_WATCHPOINT);
		ck_assert_uint_eq(bochs_watch_hit(b), 2);
		ck_assert_uint_eq(registers(b)->pc, label(0) + 5);
		ck_assert_uint_eq(bochs_read_physical(b, COUNTER, &counter, 1), 1);
		ck_assert_uint_eq(counter, i);
	}
	/* watched one byte beside it, nothing happens; and a watch does not outlive its run */
	watches[2].address = COUNTER + 1;
	until.ticks = 100000;
	ck_assert_stop(b, bochs_run(b, &until), BOCHS_STOP_LIMIT);
	ck_assert_stop(b, bochs_run_ticks(b, 100000), BOCHS_STOP_LIMIT);
	bochs_free(b);
}
END_TEST

START_TEST(a_watch_for_reading_stops_after_the_read)
{
	struct bochs *b = protected_boot();
	struct bochs_watch watch = {label(READY) & ~3u, 4, BOCHS_READ};
	struct bochs_until until = {.ticks = PLENTY, .watches = &watch, .n_watches = 1};

	/* IDT entry 0x30, which INT 0x30 reads */
	watch.address = 0x2000 + 8 * 0x30;
	ck_assert_stop(b, bochs_run(b, &until), BOCHS_STOP_WATCHPOINT);
	ck_assert_uint_eq(bochs_watch_hit(b), 0);
	ck_assert_uint_eq(registers(b)->esp, 0x7000 - 12);
	bochs_free(b);
}
END_TEST

static volatile bool nagging;

static void *machine_nag(void *b)
{
	for (unsigned i = 0; nagging; i++) {
		bochs_interrupt(b);
		usleep(200 + i * 37 % 500);
	}
	return NULL;
}

#define WAKES 100

/* When does the timer wake the machine? With or without a debugger that stops it all the time. */
static void wakes_record(struct bochs_registers r[WAKES], bool disturbed)
{
	struct bochs *b =
		machine_start(&(struct bochs_config){.disk = assemble("bochs_end", "-DHOW=5")});
	uint32_t after_hlt = label(0) + 3;
	unsigned interrupted = 0;
	pthread_t thread;

	nagging = disturbed;
	if (disturbed)
		ck_assert_int_eq(pthread_create(&thread, NULL, machine_nag, b), 0);
	for (size_t i = 0; i < WAKES;) {
		enum bochs_stop stop = bochs_run_until(b, after_hlt, PLENTY);

		if (stop == BOCHS_STOP_INTERRUPTED) {
			interrupted++;
			continue;
		}
		ck_assert_stop(b, stop, BOCHS_STOP_BREAKPOINT);
		r[i++] = *registers(b);
	}
	nagging = false;
	if (disturbed) {
		pthread_join(thread, NULL);
		ck_assert_uint_gt(interrupted, 10);
	}
	bochs_free(b);
}

START_TEST(the_same_disk_gives_the_same_machine_whoever_looks)
{
	static struct bochs_registers r[3][WAKES];

	for (int i = 0; i < 3; i++)
		wakes_record(r[i], i == 2);
	ck_assert_uint_gt(r[0][WAKES - 1].ebp, 10);
	for (int i = 0; i < WAKES; i++) {
		ck_assert_uint_eq(r[0][i].ticks, r[1][i].ticks);
		ck_assert_uint_eq(r[0][i].ticks, r[2][i].ticks);
		ck_assert_mem_eq(&r[0][i], &r[1][i], sizeof(r[0][i]));
		ck_assert_mem_eq(&r[0][i], &r[2][i], sizeof(r[0][i]));
	}
}
END_TEST

/* Bochs's timer for the times to stop at goes on when none is left, and counts them down below 0.
 * The next one would be kept outside Bochs's list. */
START_TEST(a_time_that_has_passed_does_no_harm_later)
{
	struct bochs *b = machine_start(&(struct bochs_config){.disk = assemble("bochs_loop", "")});

	for (int i = 0; i < 300; i++) {
		ck_assert_stop(b, bochs_run_ticks(b, 1000), BOCHS_STOP_LIMIT);
		ck_assert_stop(b, bochs_step(b, 2500), BOCHS_STOP_LIMIT);
	}
	ck_assert_stop(b, bochs_step(b, 20000000), BOCHS_STOP_LIMIT);
	bochs_free(b);
}
END_TEST

/* The timer does not wait for one who looks: 50 M ticks a second, 18.2 interrupts a second. */
START_TEST(a_limit_in_a_sleep_takes_effect_at_the_next_interrupt)
{
	struct bochs *b =
		machine_boot(&(struct bochs_config){.disk = assemble("bochs_end", "-DHOW=5")});
	uint64_t before;

	ck_assert_stop(b, bochs_run_until(b, label(0), PLENTY), BOCHS_STOP_BREAKPOINT);
	for (int i = 0; i < 10; i++) {
		before = bochs_ticks(b);
		ck_assert_stop(b, bochs_run_ticks(b, 10000000), BOCHS_STOP_LIMIT);
		ck_assert_uint_ge(bochs_ticks(b), before + 10000000);
		ck_assert_uint_le(bochs_ticks(b), before + 10000000 + 3000000);
		ck_assert(!registers(b)->halted);
	}
	ck_assert_uint_lt(registers(b)->instructions, 6000000);
	bochs_free(b);
}
END_TEST

START_TEST(a_sleep_without_end_is_found)
{
	struct bochs *b =
		machine_boot(&(struct bochs_config){.disk = assemble("bochs_end", "-DHOW=3")});

	ck_assert_stop(b, bochs_run_ticks(b, UINT64_MAX), BOCHS_STOP_HALTED);
	ck_assert(registers(b)->halted);
	ck_assert_uint_eq(registers(b)->pc, label(0) + 3);
	ck_assert_int_eq(bochs_set_register(b, BOCHS_EIP, BOOT_SECTOR), -1);
	ck_assert_ptr_nonnull(strstr(bochs_error(b), "sleeps"));
	ck_assert_stop(b, bochs_step(b, 1), BOCHS_STOP_HALTED);
	bochs_free(b);
	b = machine_boot(&(struct bochs_config){.disk = assemble("bochs_end", "-DHOW=4")});
	ck_assert_stop(b, bochs_run_ticks(b, 1000000), BOCHS_STOP_HALTED);
	ck_assert_uint_eq(registers(b)->eflags & EFLAGS_IF, EFLAGS_IF);
	bochs_free(b);
}
END_TEST

START_TEST(a_machine_past_its_time_is_stopped_and_can_be_looked_at)
{
	struct bochs *b = machine_boot(
		&(struct bochs_config){.disk = assemble("bochs_loop", ""), .seconds = 1});

	ck_assert_stop(b, bochs_run_ticks(b, UINT64_MAX), BOCHS_STOP_TIMEOUT);
	ck_assert_ptr_nonnull(strstr(bochs_error(b), "more than 1 second"));
	ck_assert_uint_ge(registers(b)->pc, label(0));
	ck_assert_stop(b, bochs_step(b, 1), BOCHS_STOP_LIMIT);
	bochs_free(b);
}
END_TEST

static void *interrupt_later(void *b)
{
	usleep(100000);
	bochs_interrupt(b);
	return NULL;
}

START_TEST(another_thread_interrupts_a_run)
{
	struct bochs *b = loop_boot();
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, interrupt_later, b), 0);
	ck_assert_stop(b, bochs_run_ticks(b, UINT64_MAX), BOCHS_STOP_INTERRUPTED);
	pthread_join(thread, NULL);
	ck_assert_stop(b, bochs_run_ticks(b, 1000), BOCHS_STOP_LIMIT);
	bochs_interrupt(b);
	ck_assert_stop(b, bochs_run_ticks(b, 1000), BOCHS_STOP_INTERRUPTED);
	bochs_free(b);
}
END_TEST

START_TEST(a_readable_file_interrupts_a_run)
{
	struct bochs *b = loop_boot();
	int ends[2];
	char byte;

	ck_assert_int_eq(pipe(ends), 0);
	bochs_interrupt_on(b, ends[0]);
	ck_assert_stop(b, bochs_run_ticks(b, 1000000), BOCHS_STOP_LIMIT);
	ck_assert_int_eq(write(ends[1], "x", 1), 1);
	ck_assert_stop(b, bochs_run_ticks(b, UINT64_MAX), BOCHS_STOP_INTERRUPTED);
	ck_assert_int_eq(read(ends[0], &byte, 1), 1);
	ck_assert_stop(b, bochs_run_ticks(b, 1000000), BOCHS_STOP_LIMIT);
	close(ends[0]);
	close(ends[1]);
	bochs_free(b);
}
END_TEST

START_TEST(two_machines_run_side_by_side)
{
	struct bochs *a = loop_boot();
	struct bochs *b = loop_boot();

	for (int i = 0; i < 5; i++) {
		ck_assert_stop(a, bochs_run_ticks(a, 300), BOCHS_STOP_LIMIT);
		ck_assert_stop(b, bochs_run_ticks(b, 600), BOCHS_STOP_LIMIT);
	}
	ck_assert_uint_eq(bochs_ticks(a) + 5 * 300, bochs_ticks(b));
	bochs_free(a);
	ck_assert_stop(b, bochs_run_ticks(b, 600), BOCHS_STOP_LIMIT);
	bochs_free(b);
}
END_TEST

/* --- Registers and memory --- */

START_TEST(a_hidden_part_is_shown_not_the_table_in_memory)
{
	struct bochs *b = protected_boot();
	const struct bochs_registers *r = registers(b);
	uint8_t entry[8], zero[8] = {0};

	ck_assert_uint_eq(bochs_read_linear(b, r->gdtr.base + 0x18, entry, 8), 8);
	ck_assert_mem_eq(entry, zero, 8);
	ck_assert_uint_eq(r->gdtr.limit, 31);
	ck_assert_uint_eq(r->fs.selector, 0x18);
	ck_assert(r->fs.valid && r->fs.present && r->fs.code_or_data && r->fs.granular);
	ck_assert(!r->fs.big);
	ck_assert_uint_eq(r->fs.base, 0x12345678);
	ck_assert_uint_eq(r->fs.limit, 0xbcdefff);
	ck_assert_uint_eq(r->fs.type, 3); /* data, writable, accessed: loading it set the bit */
	ck_assert_uint_eq(r->fs.dpl, 2);
	ck_assert(!r->gs.valid);
	ck_assert_uint_eq(r->cs.type, 0xb);
	ck_assert_uint_eq(r->cs.limit, 0xffffffff);
	ck_assert(r->cs.big);
	ck_assert_uint_eq(r->idtr.base, 0x2000);
	ck_assert_uint_eq(r->idtr.limit, 0x1ff);
	ck_assert_uint_eq(r->cr0 & 0x80000001, 0x80000001);
	ck_assert_uint_eq(r->cr3, 0x10000);
	ck_assert_uint_eq(r->cpl, 0);
	ck_assert_uint_eq(r->dr7, 0x400);
	ck_assert_uint_eq(r->ldtr.selector, 0);
	bochs_free(b);
}
END_TEST

START_TEST(linear_memory_ends_at_a_page_that_is_not_mapped)
{
	struct bochs *b = protected_boot();
	uint8_t bytes[3 * 4096];

	ck_assert_uint_eq(bochs_read_linear(b, HOLE - 4096, bytes, sizeof(bytes)), 4096);
	ck_assert_uint_eq(bochs_read_linear(b, HOLE - 10, bytes, 20), 10);
	ck_assert_uint_eq(bochs_read_linear(b, HOLE, bytes, 1), 0);
	ck_assert_uint_eq(bochs_read_linear(b, HOLE + 4096, bytes, sizeof(bytes)), sizeof(bytes));
	ck_assert_uint_eq(bochs_read_linear(b, FAR, bytes, 1), 0);
	ck_assert_uint_eq(bochs_read_linear(b, 0xfffff000, bytes, 8192), 0);
	ck_assert_uint_eq(bochs_read_linear(b, 0x1000, bytes, 0), 0);
	ck_assert_int_eq(bochs_exit_status(b), BOCHS_EXIT_NONE);
	bochs_free(b);
}
END_TEST

START_TEST(linear_and_machine_memory_are_told_apart)
{
	static const char words[] = "seven and seventy";
	struct bochs *b = protected_boot();
	char got[sizeof(words)] = "";
	uint32_t physical = 0;

	ck_assert(bochs_translate(b, ALIAS + 5, &physical));
	ck_assert_uint_eq(physical, ALIASED + 5);
	ck_assert(!bochs_translate(b, HOLE + 5, &physical));
	ck_assert_int_eq(bochs_write_linear(b, ALIAS + 4093, words, sizeof(words)), 0);
	ck_assert_uint_eq(bochs_read_physical(b, ALIASED + 4093, got, 3), 3);
	ck_assert_mem_eq(got, words, 3);
	ck_assert_uint_eq(bochs_read_physical(b, ALIAS + 4096, got + 3, sizeof(words) - 3),
		sizeof(words) - 3);
	ck_assert_str_eq(got, words);
	ck_assert_int_eq(bochs_write_physical(b, ALIASED + 1, words, sizeof(words)), 0);
	ck_assert_uint_eq(bochs_read_linear(b, ALIAS + 1, got, sizeof(got)), sizeof(got));
	ck_assert_str_eq(got, words);
	bochs_free(b);
}
END_TEST

START_TEST(both_ways_to_read_machine_memory_agree)
{
	struct bochs *b = loop_boot();
	static uint8_t before[40001], after[40001];
	struct bochs *p;

	/* paging off: through the file; on: in hexadecimal. The BIOS's own ROM is the same in both.
	 */
	ck_assert_uint_eq(bochs_read_physical(b, 0xf0003, before, sizeof(before)), sizeof(before));
	bochs_free(b);
	p = protected_boot();
	ck_assert_uint_eq(bochs_read_physical(p, 0xf0003, after, sizeof(after)), sizeof(after));
	ck_assert_mem_eq(before, after, sizeof(after));
	ck_assert_uint_eq(bochs_read_linear(p, 0xf0003, before, sizeof(before)), sizeof(before));
	ck_assert_mem_eq(before, after, sizeof(after));
	bochs_free(p);
}
END_TEST

START_TEST(memory_has_an_end)
{
	struct bochs_config config = {.disk = assemble("bochs_loop", ""), .megs = 8};
	struct bochs *b = machine_boot(&config);
	uint8_t bytes[32] = {0};

	ck_assert_uint_eq(bochs_read_physical(b, (8 << 20) - 8, bytes, 32), 8);
	ck_assert_uint_eq(bochs_read_physical(b, 8 << 20, bytes, 32), 0);
	ck_assert_uint_eq(bochs_read_physical(b, 0xffffffff, bytes, 32), 0);
	ck_assert_int_eq(bochs_write_physical(b, (8 << 20) - 8, bytes, 9), -1);
	ck_assert_ptr_nonnull(strstr(bochs_error(b), "not in memory"));
	ck_assert_int_eq(bochs_write_physical(b, (8 << 20) - 8, bytes, 8), 0);
	bochs_free(b);
}
END_TEST

START_TEST(a_write_that_cannot_be_done_changes_nothing)
{
	struct bochs *b = protected_boot();
	uint8_t ones[64], got[32], before[32];

	memset(ones, 0xff, sizeof(ones));
	ck_assert_uint_eq(bochs_read_linear(b, HOLE - 32, before, 32), 32);
	ck_assert_int_eq(bochs_write_linear(b, HOLE - 32, ones, sizeof(ones)), -1);
	ck_assert_ptr_nonnull(strstr(bochs_error(b), "not mapped"));
	ck_assert_uint_eq(bochs_read_linear(b, HOLE - 32, got, 32), 32);
	ck_assert_mem_eq(got, before, 32);
	ck_assert_int_eq(bochs_write_linear(b, 0xfffffffc, ones, 8), -1);
	bochs_free(b);
}
END_TEST

START_TEST(a_function_can_be_called_from_outside)
{
	struct bochs *b = protected_boot();
	uint32_t frame[] = {label(DONE), 40000, 2345};
	struct bochs_registers before = *registers(b);

	ck_assert_int_eq(bochs_write_linear(b, 0x6000, frame, sizeof(frame)), 0);
	ck_assert_int_eq(bochs_set_register(b, BOCHS_ESP, 0x6000), 0);
	ck_assert_int_eq(bochs_set_register(b, BOCHS_EIP, label(SUM)), 0);
	ck_assert_stop(b, bochs_run_until(b, label(DONE), 1000), BOCHS_STOP_BREAKPOINT);
	ck_assert_uint_eq(registers(b)->eax, 42345);
	ck_assert_uint_eq(registers(b)->esp, 0x6004);
	ck_assert_uint_eq(registers(b)->instructions, before.instructions + 3);
	ck_assert_int_eq(bochs_set_register(b, BOCHS_ESP, before.esp), 0);
	ck_assert_int_eq(bochs_set_register(b, BOCHS_EIP, before.eip), 0);
	ck_assert_stop(b, bochs_run_until(b, label(STORM), PLENTY), BOCHS_STOP_BREAKPOINT);
	bochs_free(b);
}
END_TEST

START_TEST(every_general_register_can_be_set)
{
	struct bochs *b = protected_boot();
	const struct bochs_registers *r;

	for (uint32_t i = BOCHS_EAX; i <= BOCHS_EDI; i++)
		ck_assert_int_eq(bochs_set_register(b, (enum bochs_register)i, 0x81000000 + i), 0);
	r = registers(b);
	ck_assert_uint_eq(r->eax, 0x81000000 + BOCHS_EAX);
	ck_assert_uint_eq(r->ecx, 0x81000000 + BOCHS_ECX);
	ck_assert_uint_eq(r->edx, 0x81000000 + BOCHS_EDX);
	ck_assert_uint_eq(r->ebx, 0x81000000 + BOCHS_EBX);
	ck_assert_uint_eq(r->esp, 0x81000000 + BOCHS_ESP);
	ck_assert_uint_eq(r->ebp, 0x81000000 + BOCHS_EBP);
	ck_assert_uint_eq(r->esi, 0x81000000 + BOCHS_ESI);
	ck_assert_uint_eq(r->edi, 0x81000000 + BOCHS_EDI);
	bochs_free(b);
}
END_TEST

START_TEST(flags_are_set_or_refused_never_mistaken)
{
	static const uint32_t good[] = {
		0, EFLAGS_DF, EFLAGS_OF, EFLAGS_CF | EFLAGS_ZF, EFLAGS_DF | EFLAGS_OF | 0xd5};
	static const uint32_t bad[] = {EFLAGS_IF, 0x100, 0x3000, 0x4000, 0x20000, 0x200000};
	struct bochs *b = protected_boot();

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ck_assert_int_eq(bochs_set_register(b, BOCHS_EFLAGS, 2 | good[i]), 0);
		ck_assert_uint_eq(registers(b)->eflags, 2 | good[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint32_t before = registers(b)->eflags;

		ck_assert_int_eq(bochs_set_register(b, BOCHS_EFLAGS, before ^ bad[i]), -1);
		ck_assert_ptr_nonnull(strstr(bochs_error(b), "EFLAGS"));
		ck_assert_uint_eq(registers(b)->eflags, before);
	}
	bochs_free(b);
}
END_TEST

START_TEST(the_screen_shows_what_the_bios_wrote)
{
	struct bochs *b = loop_boot();
	char rows[BOCHS_SCREEN_ROWS][BOCHS_SCREEN_COLUMNS + 1];
	bool found = false;

	ck_assert_int_eq(bochs_screen(b, rows), 0);
	for (size_t i = 0; i < BOCHS_SCREEN_ROWS; i++) {
		ck_assert_uint_eq(strlen(rows[i]), BOCHS_SCREEN_COLUMNS);
		found |= strstr(rows[i], "Booting from Hard Disk") != NULL;
	}
	ck_assert(found);
	bochs_free(b);
}
END_TEST

START_TEST(people_may_ask_what_only_looks)
{
	static const char *const refused[] = {"c", "s", "q", "info foo", "u", "u 5 5 5", "x /0x 5",
		"x /4z 5", "info idt\nq", "setpmem 0 1 1", "", "page", "info", "print-stack q"};
	struct bochs *b = protected_boot();
	const char *answer = bochs_inspect(b, "info idt 0x30");

	ck_assert_ptr_nonnull(answer);
	ck_assert_ptr_nonnull(strstr(answer, "32-Bit Interrupt Gate target=0x0008:"));
	answer = bochs_inspect(b, "u /2 0x7c00");
	ck_assert_ptr_nonnull(answer);
	ck_assert_str_eq(answer + strlen(answer) - 5, "31c0\n");
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		ck_assert_msg(!bochs_inspect(b, refused[i]), "\"%s\" was let through", refused[i]);
	ck_assert_uint_eq(registers(b)->pc, label(READY));
	bochs_free(b);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bochs");
	TCase *running = tcase_create("running"), *looking = tcase_create("looking");

	tcase_add_checked_fixture(running, folder_make, folder_check_and_remove);
	tcase_add_checked_fixture(looking, folder_make, folder_check_and_remove);
	tcase_set_timeout(running, 60);
	tcase_set_timeout(looking, 60);
	suite_add_tcase(suite, running);
	suite_add_tcase(suite, looking);

	tcase_add_test(running, a_machine_starts_at_the_reset_vector);
	tcase_add_test(running, a_run_stops_at_the_first_of_several_addresses);
	tcase_add_test(running, more_addresses_than_bochs_can_hold_are_refused);
	tcase_add_test(running, a_limit_is_exact_to_the_tick);
	tcase_add_test(running, a_limit_is_exact_after_many_that_were_not_reached);
	tcase_add_test(running, a_run_without_a_limit_is_refused);
	tcase_add_test(running, a_step_is_one_instruction);
	tcase_add_test(running, a_watch_stops_after_the_access);
	tcase_add_test(running, a_watch_for_reading_stops_after_the_read);
	tcase_add_test(running, the_same_disk_gives_the_same_machine_whoever_looks);
	tcase_add_test(running, a_time_that_has_passed_does_no_harm_later);
	tcase_add_test(running, a_limit_in_a_sleep_takes_effect_at_the_next_interrupt);
	tcase_add_test(running, a_sleep_without_end_is_found);
	tcase_add_test(running, a_machine_past_its_time_is_stopped_and_can_be_looked_at);
	tcase_add_test(running, another_thread_interrupts_a_run);
	tcase_add_test(running, a_readable_file_interrupts_a_run);
	tcase_add_test(running, two_machines_run_side_by_side);

	tcase_add_test(looking, a_hidden_part_is_shown_not_the_table_in_memory);
	tcase_add_test(looking, linear_memory_ends_at_a_page_that_is_not_mapped);
	tcase_add_test(looking, linear_and_machine_memory_are_told_apart);
	tcase_add_test(looking, both_ways_to_read_machine_memory_agree);
	tcase_add_test(looking, memory_has_an_end);
	tcase_add_test(looking, a_write_that_cannot_be_done_changes_nothing);
	tcase_add_test(looking, a_function_can_be_called_from_outside);
	tcase_add_test(looking, every_general_register_can_be_set);
	tcase_add_test(looking, flags_are_set_or_refused_never_mistaken);
	tcase_add_test(looking, the_screen_shows_what_the_bios_wrote);
	tcase_add_test(looking, people_may_ask_what_only_looks);
	return suite_run(suite);
}
