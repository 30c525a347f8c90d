/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guests with a submission's driver in them, with the reference's of lab 5: `blocks` and
 * `pocket_virtio` do the same by virtio under the monitor as by IDE on the bare machine, and the
 * judge takes them from where the monitor lies.
 *
 * They are graded tests, run by the runner; the Check tests here ask for their verdicts.
 */
#include "../../guests/blocks/blocks.h"
#include "machines.h"
#include "runner.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LONG_RUN 400000000 /* instructions */
#define SAID     16384

static char work[64], records[128], monitor[256], elsewhere[256], kit[256];

/* ---- two runs of a guest ---- */

struct run {
	char said[SAID];
	uint8_t *disk;
	struct blocks_results results; /* of blocks */
};

static void run_take(struct machine *machine, struct guest *guest, struct run *run)
{
	size_t size;

	guest_disk(guest, &size);
	run_to_end(machine);
	snprintf(run->said, sizeof(run->said), "%s", console(machine));
	run->disk = malloc(size);
	ck_assert_ptr_nonnull(run->disk);
	memcpy(run->disk, machine_disk(machine, guest), size);
	machine_end(machine);
}

/* Runs on the bare machine and under the monitor: `words` for both, and more for the second. */
static void run_twice(
	struct guest *guest, const char *words, const char *more, struct run *bare, struct run *run)
{
	uint32_t results = strcmp(words, "") == 0 ? guest_symbol(guest, "blocks_results") : 0;
	char all[128];
	struct machine *machine;
	size_t size;

	run_limit(LONG_RUN);
	machine = boot_bare_with(&(struct boot_guest){guest, words});
	run_take(machine, guest, bare);
	snprintf(all, sizeof(all), "mem=4 %s %s", words, more);
	machine = boot_several(&(struct boot_guest){guest, all}, 1);
	if (results) {
		run_until(machine, guest_symbol(guest, "guest_done"));
		memory_read(machine, results, &run->results, sizeof(run->results));
	}
	run_take(machine, guest, run);
	guest_disk(guest, &size);
	ck_assert_msg(memcmp(bare->disk, run->disk, size) == 0, "the disks differ");
	free(bare->disk);
	free(run->disk);
}

/* ---- graded tests ---- */

START_TEST(blocks_by_virtio_are_the_blocks_of_ide)
{
	struct guest *guest = guest_open("blocks");
	static struct run bare, run;

	guest_write_u32(guest, "blocks_seed", random_u32());
	run_twice(guest, "", "virtio", &bare, &run);
	ck_assert_str_eq(bare.said, run.said);
	ck_assert_ptr_nonnull(strstr(run.said, "blocks: 0 mistakes\n"));
	ck_assert_uint_eq(run.results.by_virtio, 1);
	ck_assert_uint_eq(run.results.events, 1);
	ck_assert_uint_eq(run.results.sectors, 2048);
	ck_assert_uint_gt(run.results.interrupts, 40);
}
END_TEST

START_TEST(other_queues_do_the_same)
{
	struct guest *guest = guest_open("blocks");
	static struct run bare, run;

	guest_write_u32(guest, "blocks_rounds", 4);
	run_twice(guest, "", "virtio queue=4 events=0", &bare, &run);
	ck_assert_str_eq(bare.said, run.said);
	ck_assert_uint_eq(run.results.descriptors, 4);
	ck_assert_uint_eq(run.results.events, 0);
	ck_assert_uint_gt(run.results.interrupts, 100);
}
END_TEST

/* What they say is the same behind the line that names the disk. */
START_TEST(pocket_leaves_the_same_files)
{
	struct guest *guest = guest_open("pocket_virtio");
	static struct run bare, run;

	run_twice(guest, "run=selftest:files,cat:/etc/rc,sync", "virtio", &bare, &run);
	const char *a = strstr(bare.said, "disk: second channel, master,");
	const char *b = strstr(run.said, "disk: virtio, a file system of");
	ck_assert_msg(a && b, "%s", run.said);
	ck_assert_str_eq(strchr(a, '\n'), strchr(b, '\n'));
	ck_assert_ptr_nonnull(strstr(run.said, "init: selftest ended with status 0"));
}
END_TEST

START_TEST(a_guest_with_a_driver_can_be_opened)
{
	boot_bare(guest_open("blocks"));
	ck_abort_msg("as it should");
}
END_TEST

static const struct graded_test graded[] = {
	{&blocks_by_virtio_are_the_blocks_of_ide, EQUIVALENCE, 1, "blocks"},
	{&other_queues_do_the_same, EQUIVALENCE, 1, "blocks"},
	{&pocket_leaves_the_same_files, EQUIVALENCE, 1, "pocket_virtio"},
	{&a_guest_with_a_driver_can_be_opened, EQUIVALENCE, 1, "blocks"},
};
#define TESTS  (sizeof(graded) / sizeof(graded[0]))
#define OPENED (TESTS - 1)
static const char *const driven[] = {"blocks", "pocket_virtio", NULL};
static const struct lab lab = {.number = 5,
	.name = "paravirt",
	.folder = "5-paravirt",
	.guests = driven,
	.tests = graded,
	.test_count = TESTS};
const struct lab *const all_labs[] = {&lab, NULL};

/* ---- their verdicts ---- */

static void shell(const char *command)
{
	ck_assert_msg(system(command) == 0, "%s", command);
}

static void work_make(void)
{
	char command[640];

	strcpy(work, "/tmp/check_driven.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(work));
	snprintf(records, sizeof(records), "%s/records", work);
	ck_assert_ptr_nonnull(getcwd(kit, sizeof(kit) - 64));
	snprintf(monitor, sizeof(monitor), "%.180s/build/monitor/5-solutions/monitor.elf", kit);
	snprintf(elsewhere, sizeof(elsewhere), "%s/else/monitor.elf", work);
	snprintf(command, sizeof(command), "mkdir -p %s/else/guests && cp %s %s", work, monitor,
		elsewhere);
	shell(command);
}

static void work_remove(void)
{
	char command[256];

	snprintf(command, sizeof(command), "rm -rf %s", work);
	shell(command);
}

static void judge(size_t test, const char *monitor_file, enum verdict verdict, const char *message)
{
	bool chosen[TESTS] = {false};
	struct runner runner = {
		.judgement = {.lab = &lab,
			.kit = kit,
			.monitor = monitor_file,
			.submission = "solutions",
			.from = "solutions",
			.seed = 1,
			.record = records},
		.work = work,
		.jobs = 1,
	};

	chosen[test] = true;
	struct result *result = result_new(&lab, "solutions", 1, chosen);
	runner_run(&runner, result);
	ck_assert_uint_eq(result->count, 1);
	ck_assert_msg(result->tests[0].verdict == verdict &&
			      strstr(result->tests[0].message, message) != NULL,
		"%s: %s", verdict_name(result->tests[0].verdict), result->tests[0].message);
	result_free(result);
}

START_TEST(graded_tests_pass)
{
	judge((size_t)_i, monitor, PASSED, "");
}
END_TEST

START_TEST(a_guest_that_was_not_built_costs_no_points)
{
	judge(OPENED, elsewhere, ERROR, "cannot read");
}
END_TEST

/* What comes out of the sandbox may be anything. */
START_TEST(a_guest_that_is_none_fails)
{
	static const char *const ways[] = {"echo nonsense >",
		"head -c 1000 build/monitor/5-solutions/guests/blocks.elf >", ": >", "cp /bin/true",
		"cp build/guests/driverless/blocks.o"};
	char command[256];

	snprintf(command, sizeof(command), "%s %s/else/guests/blocks.elf", ways[_i], work);
	shell(command);
	judge(OPENED, elsewhere, FAILED, "the guest blocks, with the submission's driver: ");
}
END_TEST

/* `make gdb TEST=` finds the symbols of such a guest there. */
START_TEST(what_is_recorded_has_the_guest)
{
	char command[640];

	judge(OPENED, monitor, FAILED, "as it should");
	snprintf(command, sizeof(command),
		"cd %s/5/a_guest_with_a_driver_can_be_opened-1 && grep -q '^guest blocks$' machine && "
		"cmp blocks.elf %s/build/monitor/5-solutions/guests/blocks.elf",
		records, kit);
	shell(command);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("guests with a driver");
	TCase *tests = tcase_create("driven");

	tcase_add_checked_fixture(tests, work_make, work_remove);
	tcase_set_timeout(tests, 240);
	tcase_add_loop_test(tests, graded_tests_pass, 0, OPENED);
	tcase_add_test(tests, a_guest_that_was_not_built_costs_no_points);
	tcase_add_loop_test(tests, a_guest_that_is_none_fails, 0, 5);
	tcase_add_test(tests, what_is_recorded_has_the_guest);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
