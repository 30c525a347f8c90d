/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lab 3's operations cost, in instructions and exits, beside the bare machine. Not graded:
 * `make bench` prints it, and the graded tests' budgets are set from it.
 */
#include "bench.h"
#include "shared.h"

#define OPERATIONS_MAX 48

/* As guests/pagecosts/pagecosts.h has it. */
struct operation {
	uint32_t from, to;
	uint32_t rounds;
	char name[52];
};

static uint64_t ticks_to(struct machine *m, uint32_t address)
{
	uint64_t start = ticks(m);

	run_until(m, address);
	return ticks(m) - start;
}

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

const struct graded_test shadow_bench_tests[] = {
	{&each_paging_operation, EFFICIENCY, 0, NULL},
	{0},
};
