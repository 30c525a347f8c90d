/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Prints what a lab's operations cost, counted by Bochs in instructions: bench MONITOR.elf [LAB].
 * The same figures come out each time. Exit status: 0, or 2 where something could not be measured.
 */
#include "../labs/bench.h"
#include "bridge.h"
#include "result.h"
#include "runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECONDS   600 /* of wall-clock time, for one table */
#define TESTS_MAX 16  /* of one lab, and an end */

/* "from_power_on_to_the_guest" -> "from power on to the guest" */
static void print_title(const char *name)
{
	putchar('\n');
	for (; *name; name++)
		putchar(*name == '_' ? ' ' : *name);
	putchar('\n');
}

static int print_measured(const struct result *result)
{
	int status = 0;

	for (size_t i = 0; i < result->count; i++) {
		const struct judged_test *test = &result->tests[i];
		print_title(test_name(test->test));
		for (size_t m = 0; m < test->measured_count; m++)
			printf("  %-56s %12llu\n", test->measured[m].name,
				(unsigned long long)test->measured[m].value);
		if (test->verdict != PASSED) {
			printf("  could not be measured: %s\n", test->message);
			status = 2;
		}
	}
	return status;
}

/* Both tables in one. */
static const struct graded_test *join(
	const struct graded_test *first, const struct graded_test *second)
{
	static struct graded_test all[TESTS_MAX];
	size_t count = 0;

	for (; first->test; first++)
		all[count++] = *first;
	for (; second->test; second++)
		all[count++] = *second;
	return all;
}

/* The debugger's bridge: the only figures here that are times, and depend on this host. */
static int print_bridge(const char *monitor)
{
	char error[BRIDGE_ERROR_MAX];
	struct bridge_cost cost;

	printf("\nthe debugger's bridge, in milliseconds here\n");
	if (bridge_measure("build/grader/bridge", monitor, "build/guests/compute.elf", &cost,
		    error) != 0) {
		printf("  could not be measured: %s\n", error);
		return 2;
	}
	printf("  %-56s %12.2f\n", "attach", cost.attach_ms);
	printf("  %-56s %12.3f\n", "one step", cost.step_ms);
	printf("  %-56s %12.1f\n", "a long computation, not debugged", cost.plain_ms);
	printf("  %-56s %12.1f\n", "the same, by continue to a breakpoint", cost.run_ms);
	return 0;
}

int main(int argc, char **argv)
{
	char work[] = "/tmp/ringfence-bench.XXXXXX", command[64], submission[64];
	static const struct lab labs[] = {
		{.number = 1, .name = "rings", .folder = "1-rings", .tests = rings_bench_tests},
		{.number = 2, .name = "traps", .folder = "2-traps", .tests = traps_bench_tests},
		{.number = 3, .name = "shadow", .folder = "3-shadow", .tests = shadow_bench_tests},
		{.number = 4, .name = "patch", .folder = "4-patch", .tests = patch_bench_tests},
		{.number = 5, .name = "paravirt", .folder = "5-paravirt"},
	};
	const size_t lab_count = sizeof(labs) / sizeof(labs[0]);
	unsigned long number = argc == 3 ? strtoul(argv[2], NULL, 10) : 1;

	if (argc < 2 || argc > 3 || number < 1 || number > lab_count) {
		fprintf(stderr, "usage: bench MONITOR.elf [LAB], LAB from 1 to %zu\n", lab_count);
		return 2;
	}
	struct lab lab = labs[number - 1];
	snprintf(submission, sizeof(submission), "solutions/%s", lab.folder);
	if (!lab.tests)
		lab.tests = join(paravirt_bench_tests, paravirt_virtio_bench_tests);
	while (lab.tests[lab.test_count].test)
		lab.test_count++;
	lab.guests = all_labs[number - 1]->guests;
	if (!mkdtemp(work)) {
		perror("bench: a temporary folder");
		return 2;
	}
	struct result *result = result_new(&lab, "solutions", 1, NULL);
	runner_run(
		&(struct runner){
			.judgement = {.lab = &lab,
				.kit = ".",
				.monitor = argv[1],
				.submission = submission,
				.from = "solutions",
				.seed = 1},
			.work = work,
			.jobs = (unsigned)sysconf(_SC_NPROCESSORS_ONLN),
			.seconds = SECONDS,
		},
		result);
	printf("Lab %u, in instructions\n", lab.number);
	int status = print_measured(result);
	if (print_bridge(argv[1]) != 0)
		status = 2;
	result_free(result);
	snprintf(command, sizeof(command), "rm -rf %s", work);
	return system(command) == 0 ? status : 2;
}
