/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 2, graded tests: what a guest sees of its devices. The timer, the serial line, and a kernel
 * that lives on both (guests/timer, serial, ticker). The pair of 8259s has traps_vpic.c, the ports
 * themselves traps_ports.c.
 */
#include "traps_tests.h"

#include "../../guests/serial/serial.h"
#include "../../guests/ticker/ticker.h"
#include "../../guests/timer/timer.h"

#include <stdlib.h>

/* ---- the timer ---- */

#define TICKS_PER_CLOCK(clocks) ((uint64_t)(clocks)*BOCHS_TICKS_PER_SECOND / 1193182)
#define LATENESS                40000 /* instructions by which an interrupt may come late */
#define CLOCKS_OF_EXITS         400   /* clocks that pass while a guest reads a counter */
#define INTERRUPTS_MAX          96

struct interrupt_times {
	uint32_t phase[INTERRUPTS_MAX];
	uint64_t tick[INTERRUPTS_MAX];
	unsigned count;
	struct timer_results results;
};

static void watch_timer(struct machine *m, const struct guest *guest, struct interrupt_times *times)
{
	const uint32_t places[] = {
		guest_symbol(guest, "timer_interrupt"), guest_symbol(guest, "guest_done")};

	memset(times, 0, sizeof(*times));
	while (run_until_any(m, places, 2) == 0) {
		ck_assert_msg(times->count < INTERRUPTS_MAX,
			"the timer has interrupted the guest %u times, and goes on",
			INTERRUPTS_MAX);
		times->phase[times->count] = memory_read_u32(m, guest_symbol(guest, "timer_phase"));
		times->tick[times->count++] = ticks(m);
	}
	memory_read(
		m, guest_symbol(guest, "timer_results"), &times->results, sizeof(times->results));
}

static struct guest *timer_guest(void)
{
	struct guest *guest = guest_open("timer");

	guest_write_u32(guest, "timer_divisor", 7000 + random_below(5000));
	guest_write_u32(guest, "timer_other_divisor", 5000 + random_below(1500));
	guest_write_u32(guest, "timer_ticks", 3 + random_below(3));
	return guest;
}

static const char *const phase_names[TIMER_PHASES] = {
	[TIMER_RATE] = "mode 2, waiting in HLT",
	[TIMER_SQUARE] = "mode 3, waiting in HLT",
	[TIMER_BUSY] = "mode 2, computing",
	[TIMER_ONE_SHOT] = "mode 0",
	[TIMER_STROBE] = "mode 4",
	[TIMER_REPROGRAM] = "mode 2, with a new count after two periods",
	[TIMER_DEAF] = "mode 2, with interrupts off for three periods and a half",
	[TIMER_READ_BACK] = "reading the counter, with interrupts off",
};

/* As many in each phase, in the same order. */
static void assert_as_often(const struct interrupt_times *want, const struct interrupt_times *got)
{
	hint("A request that comes while interrupts are off is remembered, once. HLT ends with any interrupt.");
	for (unsigned i = 0; i < TIMER_PHASES; i++)
		ck_assert_msg(want->results.interrupts[i] == got->results.interrupts[i],
			"%s: %u interrupts on the bare machine, %u under this monitor",
			phase_names[i], want->results.interrupts[i], got->results.interrupts[i]);
	for (unsigned i = 0; i < TIMER_PHASES; i++)
		ck_assert_msg(want->results.halts[i] == got->results.halts[i],
			"%s: HLT was executed %u times on the bare machine, %u times under this monitor; it waits for an interrupt",
			phase_names[i], want->results.halts[i], got->results.halts[i]);
	for (unsigned i = 0; i < want->count && i < got->count; i++)
		ck_assert_msg(want->phase[i] == got->phase[i],
			"interrupt %u comes in \"%s\" on the bare machine and in \"%s\" under this monitor",
			i, phase_names[want->phase[i] % TIMER_PHASES],
			phase_names[got->phase[i] % TIMER_PHASES]);
}

/* As much time between them. */
static void assert_same_rate(
	const struct interrupt_times *want, const struct interrupt_times *got, uint32_t divisor)
{
	hint("The guest's interrupts come when its timer says, not when the monitor's own timer ticks.");
	unsigned of_phase = 0;
	for (unsigned i = 1; i < want->count && i < got->count; i++) {
		if (want->phase[i] != want->phase[i - 1] || got->phase[i] != got->phase[i - 1]) {
			of_phase = 0;
			continue;
		}
		int64_t bare = (int64_t)(want->tick[i] - want->tick[i - 1]);
		/* the new count waits for the end of the running period, but not in Bochs: here the
		 * data sheet is the oracle */
		if (want->phase[i] == TIMER_REPROGRAM && ++of_phase == 2)
			bare = (int64_t)TICKS_PER_CLOCK(divisor);
		int64_t monitored = (int64_t)(got->tick[i] - got->tick[i - 1]);
		ck_assert_msg(llabs(bare - monitored) <= LATENESS,
			"%s: between two interrupts lie %lld instructions on the bare machine and %lld under this monitor",
			phase_names[want->phase[i] % TIMER_PHASES], (long long)bare,
			(long long)monitored);
	}
}

START_TEST(the_timer_interrupts_as_often_as_bare)
{
	struct guest *guest = timer_guest();
	struct interrupt_times want, got;

	watch_timer(boot_bare(guest), guest, &want);
	watch_timer(boot(guest), guest, &got);
	assert_as_often(&want, &got);
	assert_same_rate(&want, &got, guest_read_u32(guest, "timer_divisor"));
}
END_TEST

/* a - b is `clocks`, or a little more: reading takes time. */
static void assert_counted(
	const char *what, uint32_t from, uint32_t to, uint32_t clocks, const char *machine)
{
	int32_t passed = (int32_t)(from - to);

	ck_assert_msg(passed >= (int32_t)clocks && passed <= (int32_t)(clocks + CLOCKS_OF_EXITS),
		"%s: the counter went from %u to %u %s; it should have counted %u clocks or a few more",
		what, from, to, machine, clocks);
}

static void assert_counter(const struct timer_results *r, uint32_t divisor, const char *machine)
{
	assert_counted("after 100 clocks", divisor, r->first_count, 100, machine);
	assert_counted("after a quarter of the period", r->first_count, r->second_count,
		divisor / 4, machine);
	assert_counted("latched twice, and read", r->second_count, r->third_count, 0, machine);
	assert_counted("after an eighth of the period", r->third_count, r->fourth_count,
		divisor / 8, machine);
}

START_TEST(the_timer_can_be_read)
{
	struct guest *guest = timer_guest();
	uint32_t divisor = guest_read_u32(guest, "timer_divisor");
	struct interrupt_times want, got;

	watch_timer(boot_bare(guest), guest, &want);
	watch_timer(boot(guest), guest, &got);
	const struct timer_results *bare = &want.results, *monitored = &got.results;
	ck_assert_msg(bare->status_no_count == monitored->status_no_count &&
			      bare->status_counting == monitored->status_counting &&
			      bare->status_before_count == monitored->status_before_count,
		"the counter's status without a count, counting, and before its count is %02x, %02x, %02x on the bare machine and %02x, %02x, %02x under this monitor",
		bare->status_no_count, bare->status_counting, bare->status_before_count,
		monitored->status_no_count, monitored->status_counting,
		monitored->status_before_count);
	assert_counter(bare, divisor, "on the bare machine");
	assert_counter(monitored, divisor, "under this monitor");
}
END_TEST

/* ---- the serial line ---- */

static struct guest *serial_guest(char message[SERIAL_MESSAGE])
{
	struct guest *guest = guest_open("serial");
	uint8_t bytes[SERIAL_BYTES], value = (uint8_t)random_u32();
	size_t length = 20 + random_below(SERIAL_MESSAGE - 22);

	for (size_t i = 0; i < length; i++)
		message[i] = (char)('a' + random_below(26));
	message[length] = '\n';
	memset(message + length + 1, 0, SERIAL_MESSAGE - length - 1);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)random_u32();
	guest_write(guest, "serial_message", message, SERIAL_MESSAGE);
	guest_write(guest, "serial_bytes", bytes, sizeof(bytes));
	guest_write(guest, "serial_register", &value, 1);
	return guest;
}

START_TEST(a_serial_driver_by_interrupts_works)
{
	char message[SERIAL_MESSAGE];
	struct guest *guest = serial_guest(message);
	struct machine *bare = boot_bare(guest), *m = boot(guest);
	uint32_t done = guest_symbol(guest, "guest_done"),
		 at = guest_symbol(guest, "serial_results");
	struct serial_results want, got;

	run_until(bare, done);
	run_until(m, done);
	memory_read(bare, at, &want, sizeof(want));
	memory_read(m, at, &got, sizeof(got));
	ck_assert_msg(want.interrupts == got.interrupts && want.sent == got.sent &&
			      want.none_pending == got.none_pending,
		"the driver sends %u bytes in %u interrupts (%u for nothing) on the bare machine; under this monitor %u bytes in %u (%u for nothing)",
		want.sent, want.interrupts, want.none_pending, got.sent, got.interrupts,
		got.none_pending);
	size_t compared = offsetof(struct serial_results, overrun);
	for (size_t i = 0; i < compared; i++)
		ck_assert_msg(((uint8_t *)&want)[i] == ((uint8_t *)&got)[i],
			"byte %zu of serial_results (serial.h) is %02x on the bare machine and %02x under this monitor",
			i, ((uint8_t *)&want)[i], ((uint8_t *)&got)[i]);
	/* Bochs's UART forgets the transmitter's interrupt when it is asked for another's name:
	 * here the data sheet is the oracle */
	uint8_t bytes[SERIAL_BYTES];
	guest_read(guest, "serial_bytes", bytes, sizeof(bytes));
	const uint32_t overrun[] = {0x06, 0x63, 0x04, bytes[1], 0x02, 0x01};
	for (size_t i = 0; i < sizeof(overrun) / sizeof(overrun[0]); i++)
		ck_assert_msg(got.overrun[i] == overrun[i],
			"overrun[%zu] of serial_results (serial.h) is %02x under this monitor; by the data sheet it is %02x",
			i, got.overrun[i], overrun[i]);
	run_to_end(bare);
	run_to_end(m);
	ck_assert_msg(strstr(console(bare), message), "the bare machine did not print the message");
	ck_assert_msg(strstr(console(m), message),
		"the driver sent\n%sunder this monitor the console shows\n%s", message, console(m));
}
END_TEST

/* ---- all of it ---- */

static void assert_really_preempted(const struct ticker_counters *c, const char *machine)
{
	for (unsigned i = 0; i < TASKS; i++)
		ck_assert_msg(c->preempted[i] >= 3,
			"task %u was preempted %u times %s; the timer should have taken the processor from it several times",
			i, c->preempted[i], machine);
	ck_assert_msg(c->switches >= 3 * TASKS, "there were %u switches between tasks %s",
		c->switches, machine);
}

START_TEST(preempted_tasks_compute_what_they_compute_bare)
{
	struct guest *guest = guest_open("ticker");
	uint32_t data[TASKS][TASK_DATA], results[2][TASKS];
	struct ticker_counters counters[2];

	for (unsigned i = 0; i < TASKS * TASK_DATA; i++)
		data[i / TASK_DATA][i % TASK_DATA] = random_u32();
	guest_write(guest, "ticker_data", data, sizeof(data));
	guest_write_u32(guest, "ticker_divisor", 900 + random_below(300));
	struct machine *both[] = {boot_bare(guest), boot(guest)};
	for (int i = 0; i < 2; i++) {
		run_until(both[i], guest_symbol(guest, "guest_done"));
		memory_read(both[i], guest_symbol(guest, "ticker_results"), results[i],
			sizeof(results[i]));
		memory_read(both[i], guest_symbol(guest, "ticker_counters"), &counters[i],
			sizeof(counters[i]));
		run_to_end(both[i]);
	}
	hint("An interrupt from ring 3 takes SS0:ESP0 from the guest's TSS as it stands then; IRET must bring every register and flag back.");
	for (unsigned i = 0; i < TASKS; i++)
		ck_assert_msg(results[0][i] == results[1][i],
			"task %u computed %08x on the bare machine and %08x under this monitor", i,
			results[0][i], results[1][i]);
	ck_assert_msg(strcmp(console(both[0]), console(both[1])) == 0,
		"on the bare machine the console shows\n%s\nunder this monitor it shows\n%s",
		console(both[0]), console(both[1]));
	assert_really_preempted(&counters[0], "on the bare machine");
	assert_really_preempted(&counters[1], "under this monitor");
}
END_TEST

const struct graded_test traps_devices_tests[] = {
	{&the_timer_interrupts_as_often_as_bare, EQUIVALENCE, 1, "timer"},
	{&the_timer_can_be_read, EQUIVALENCE, 1, "timer"},
	{&a_serial_driver_by_interrupts_works, EQUIVALENCE, 1, "serial"},
	{&preempted_tasks_compute_what_they_compute_bare, EQUIVALENCE, 1, "ticker"},
	{0},
};
