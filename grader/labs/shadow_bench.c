/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lab 3's operations cost, in instructions and exits, beside the bare machine; what a program
 * pays that forks and waits, and what each of the monitor's choices is worth to it. Not graded:
 * `make bench` prints it, and the graded tests' budgets are set from it.
 */
#include "bench.h"
#include "monitor_layout.h"
#include "shadow_forks.h"
#include "shadow_tests.h"

#include "exit.h"

#include <stdlib.h>

#define OPERATIONS_MAX 48

/* As guests/pagecosts/pagecosts.h has it. */
struct operation {
	uint32_t from, to;
	uint32_t rounds;
	char name[52];
};

/* Every operation of every round; the least of all rounds, as something else may come in between.
 */
static void measure_all(struct machine *m, const struct operation *operations, uint32_t count,
	uint64_t least[OPERATIONS_MAX])
{
	memset(least, 0xff, OPERATIONS_MAX * sizeof(*least));
	for (uint32_t round = 0; round < operations[0].rounds; round++)
		for (uint32_t o = 0; o < count; o++) {
			if (round >= operations[o].rounds)
				continue;
			if (registers(m)->pc != operations[o].from)
				run_until(m, operations[o].from);
			uint64_t cost = ticks_to(m, operations[o].to);
			if (cost < least[o])
				least[o] = cost;
		}
}

START_TEST(each_paging_operation)
{
	struct guest *guest = guest_open("pagecosts");
	uint32_t count = guest_read_u32(guest, "pagecosts_operation_count");
	struct operation operations[OPERATIONS_MAX];
	uint64_t bare[OPERATIONS_MAX], monitored[OPERATIONS_MAX];
	char name[96];

	ck_assert_uint_le(count, OPERATIONS_MAX);
	guest_read(guest, "pagecosts_operations", operations, count * sizeof(*operations));
	measure_all(boot_bare(guest), operations, count, bare);
	measure_all(boot(guest), operations, count, monitored);
	for (uint32_t o = 0; o < count; o++) {
		snprintf(name, sizeof(name), "%s (bare: %llu)", operations[o].name,
			(unsigned long long)bare[o]);
		measure(name, monitored[o]);
	}
}
END_TEST

/* ---- one that computes ---- */

START_TEST(a_computation_with_paging)
{
	static const char *const names[] = {
		"a loop over 64 pages, bare", "a loop over 64 pages, under the monitor"};
	struct guest *guest = guest_open("pagecosts");

	for (int i = 0; i < 2; i++) {
		struct machine *m = i ? boot(guest) : boot_bare(guest);
		run_until(m, guest_symbol(guest, "pagecosts_loop_begin"));
		measure(names[i], ticks_to(m, guest_symbol(guest, "pagecosts_loop_end")));
	}
}
END_TEST

/* ---- one that forks ---- */

#define TIMES     10000 /* where the variable TIMES does not say */
#define TIMES_MAX 1000000
#define PROGRESS  2000 /* forks between two lines on standard error */

static unsigned times(void)
{
	const char *said = getenv("TIMES");
	unsigned long value = said ? strtoul(said, NULL, 10) : TIMES;

	ck_assert_msg(value >= 1 && value <= TIMES_MAX,
		"TIMES=%s: it wants a number of forks from 1 to %d", said, TIMES_MAX);
	return (unsigned)value;
}

struct counted {
	uint64_t instructions;
	struct exit_history exits; /* what the monitor has counted itself */
};

static struct counted count_now(struct machine *m, bool bare)
{
	struct counted now = {.instructions = ticks(m)};

	/* the history is not needed */
	if (!bare)
		memory_read(m, running_vcpu(m) + VCPU_EXITS_OFFSET, &now.exits,
			offsetof(struct exit_history, record));
	return now;
}

/* What all the rounds have taken. */
static struct counted count_forks(bool bare, const char *words, unsigned rounds)
{
	struct forks forks = forks_boot(bare, words, rounds);
	struct counted start = count_now(forks.m, bare);

	for (unsigned done = 0; done < rounds;) {
		unsigned next = rounds - done < PROGRESS ? rounds - done : PROGRESS;
		forks_pass(&forks, next);
		done += next;
		fprintf(stderr, "%s%s%s: %u of %u forks\n", bare ? "bare" : "monitored",
			words[0] ? ", " : "", words, done, rounds);
	}
	struct counted end = count_now(forks.m, bare);
	end.instructions -= start.instructions;
	end.exits.total -= start.exits.total;
	for (unsigned reason = 0; reason < EXIT_REASONS; reason++)
		end.exits.count[reason] -= start.exits.count[reason];
	forks_end(&forks);
	machine_end(forks.m);
	return end;
}

/* The monitor's own name of a reason. */
static const char *reason_text(struct machine *m, unsigned reason)
{
	static char text[32];

	memory_read(m, memory_read_u32(m, monitor_symbol("reason_names") + 4 * reason), text,
		sizeof(text) - 1);
	return text;
}

/* "a fork, exit and wait, roots=1", and its exits of each kind */
static struct counted measure_forks(const char *words, unsigned rounds)
{
	struct counted all = count_forks(false, words, rounds);
	const char *comma = words[0] ? ", " : "";
	struct machine *m = boot(guest_open("hello"));
	char name[96];

	snprintf(name, sizeof(name), "a fork, exit and wait%s%s", comma, words);
	measure(name, all.instructions / rounds);
	snprintf(name, sizeof(name), "exits of a fork, exit and wait%s%s", comma, words);
	measure(name, all.exits.total / rounds);
	for (unsigned reason = 0; reason < EXIT_REASONS; reason++) {
		if (all.exits.count[reason] < rounds / 100 + 1)
			continue;
		snprintf(name, sizeof(name), "exits in a hundred forks%s%s: %s", comma, words,
			reason_text(m, reason));
		measure(name, (uint64_t)all.exits.count[reason] * 100 / rounds);
	}
	return all;
}

START_TEST(forks_and_waits)
{
	unsigned rounds = times();
	struct counted bare = count_forks(true, "", rounds);

	measure("rounds of fork, exit and wait", rounds);
	measure("a fork, exit and wait, bare", bare.instructions / rounds);
	struct counted got = measure_forks("", rounds);
	measure("a fork, exit and wait, in hundredths of the bare machine's",
		got.instructions * 100 / bare.instructions);
}
END_TEST

START_TEST(forks_and_waits_without_tracing)
{
	measure_forks("trace=0", times());
}
END_TEST

START_TEST(forks_and_waits_with_one_root)
{
	measure_forks("roots=1", times());
}
END_TEST

START_TEST(forks_and_waits_with_a_small_pool)
{
	measure_forks("shadow=16", times());
}
END_TEST

const struct graded_test shadow_bench_tests[] = {
	{&each_paging_operation, EFFICIENCY, 0, NULL},
	{&a_computation_with_paging, EFFICIENCY, 0, NULL},
	{&forks_and_waits, EFFICIENCY, 0, NULL},
	{&forks_and_waits_without_tracing, EFFICIENCY, 0, NULL},
	{&forks_and_waits_with_one_root, EFFICIENCY, 0, NULL},
	{&forks_and_waits_with_a_small_pool, EFFICIENCY, 0, NULL},
	{0},
};
