/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Disks in machines for graded tests, with the reference monitor and the guest `disk`: what a guest
 * sees and writes is the same bare and under the monitor, and the judge can read it.
 *
 * They are graded tests, run by the runner; the Check tests here ask for their verdicts.
 */
#include "../../guests/disk/disk.h"
#include "image.h"
#include "machines.h"
#include "runner.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTOR  512u
#define SECTORS 300u
#define WORDS   256u
#define RUN     (DISK_RUN * WORDS)

static char work[64], records[128], monitor[256], kit[256];

/* ---- a guest with a disk, and what it is going to write ---- */

struct disk {
	uint8_t bytes[SECTORS * SECTOR];
};

/* As the guest's fill(). */
static void disk_write(struct disk *disk, uint32_t sector, uint32_t words, uint32_t seed)
{
	for (uint32_t i = 0; i < words; i++) {
		seed = seed * 1664525 + 1013904223;
		disk->bytes[sector * SECTOR + 2 * i] = (uint8_t)(seed >> 16);
		disk->bytes[sector * SECTOR + 2 * i + 1] = (uint8_t)(seed >> 24);
	}
}

static void disk_fill(struct disk *disk)
{
	disk_write(disk, 0, SECTORS * WORDS, random_u32());
}

/* A guest that reads and writes where the seed says; *after: its disk when it is done. */
static struct guest *seeded_guest(struct disk *after)
{
	struct guest *guest = guest_open("disk");
	uint32_t places[DISK_PLACES];
	uint32_t run = random_below(100), block = 120 + random_below(60);
	uint32_t single = 200 + random_below(SECTORS - 200), pattern = random_u32();

	for (unsigned i = 0; i < DISK_PLACES; i++)
		places[i] = random_below(256);
	guest_write(guest, "disk_places", places, sizeof(places));
	guest_write_u32(guest, "disk_run", run);
	guest_write_u32(guest, "disk_block", block);
	guest_write_u32(guest, "disk_single", single);
	guest_write_u32(guest, "disk_pattern", pattern);
	disk_fill(after);
	guest_set_disk(guest, after->bytes, sizeof(after->bytes));
	disk_write(after, single, WORDS, pattern);
	disk_write(after, run, RUN, pattern + 1);
	disk_write(after, block, RUN, pattern + 2);
	return guest;
}

static void run_to_done(
	struct machine *machine, const struct guest *guest, struct disk_results *results)
{
	run_until(machine, guest_symbol(guest, "guest_done"));
	memory_read(machine, guest_symbol(guest, "disk_results"), results, sizeof(*results));
	run_to_end(machine);
}

static void assert_same(const void *want, const void *got, size_t size, const char *what)
{
	const uint8_t *a = want, *b = got;
	size_t at = 0;

	while (at < size && a[at] == b[at])
		at++;
	ck_assert_msg(at == size, "%s: byte %zu is %02x, not %02x", what, at, b[at], a[at]);
}

/* ---- graded tests ---- */

START_TEST(the_disk_is_the_same_bare_and_under_the_monitor)
{
	static struct disk after;
	struct guest *guest = seeded_guest(&after);
	struct disk_results want, got;
	char said[8192];

	struct machine *bare = boot_bare(guest);
	run_to_done(bare, guest, &want);
	snprintf(said, sizeof(said), "%s", console(bare));
	assert_same(after.bytes, machine_disk(bare, guest), sizeof(after.bytes), "the bare disk");
	struct machine *monitored = boot(guest);
	run_to_done(monitored, guest, &got);
	assert_same(after.bytes, machine_disk(monitored, guest), sizeof(after.bytes), "the disk");
	assert_same(&want, &got, sizeof(want), "what the guest saw");
	ck_assert_str_eq(said, console(monitored));
	ck_assert_uint_eq(want.sectors, SECTORS);
	ck_assert_str_eq(want.model, "RINGFENCE DISK");
	ck_assert_uint_eq(want.run_read_interrupts, DISK_RUN);
	ck_assert_uint_eq(want.block_read_interrupts, (DISK_RUN + DISK_BLOCK - 1) / DISK_BLOCK);
	ck_assert_uint_eq(want.run_written_interrupts, DISK_RUN);
	ck_assert_uint_eq(want.block_written_interrupts, (DISK_RUN + DISK_BLOCK - 1) / DISK_BLOCK);
	for (unsigned i = 0; i < DISK_PLACES; i++) {
		ck_assert_uint_eq(want.by_words[i], want.by_string[i]);
		ck_assert_uint_eq(want.by_words[i], want.by_doublewords[i]);
		ck_assert_uint_eq(want.by_words[i], want.by_geometry[i]);
	}
	ck_assert_uint_eq(want.set_multiple.status, 0x40);
	ck_assert_uint_eq(want.set_multiple_3.error, 0x04);
	ck_assert_uint_eq(want.flush.status | want.verify.status | want.seek.status, 0x40);
	ck_assert_uint_eq(want.recalibrate.status | want.parameters.status, 0x40);
	ck_assert_uint_eq(want.transfer_mode.status, 0x40);
	ck_assert_uint_eq(want.unknown.error, 0x04);
	ck_assert_uint_eq(want.beyond_read & want.beyond_written & want.beyond_seek, 1);
	ck_assert_uint_eq(want.silent_interrupts, 0);
	ck_assert_uint_eq(want.silent_read, want.by_words[0]);
	static const uint32_t signature[] = {1, 1, 0, 0, 0xa0, 1};
	assert_same(signature, want.signature, sizeof(signature), "the signature");
	ck_assert_uint_eq(want.slave_status, 0);
}
END_TEST

START_TEST(each_guest_has_its_own_disk)
{
	static struct disk first, second;
	static struct disk untouched;
	struct guest *guest = seeded_guest(&first), *hello = guest_open("hello");
	struct guest *other = seeded_guest(&second);

	disk_fill(&untouched);
	guest_set_disk(hello, untouched.bytes, 64 * SECTOR);
	struct machine *machine = boot_several(
		(struct boot_guest[]){{guest, "mem=2"}, {hello, "mem=2"}, {other, "mem=2"}}, 3);
	size_t size;
	const uint8_t *before = guest_disk(guest, &size);
	ck_assert_uint_eq(size, sizeof(first.bytes));
	assert_same(before, machine_disk(machine, guest), size, "the disk before it runs");
	run_to_end(machine);
	assert_same(first.bytes, machine_disk(machine, guest), size, "the first disk");
	assert_same(second.bytes, machine_disk(machine, other), size, "the third disk");
	assert_same(untouched.bytes, machine_disk(machine, hello), 64 * SECTOR, "the second disk");
}
END_TEST

START_TEST(a_guest_takes_the_disk_beside_its_file_along)
{
	struct guest *guest = guest_open("disk");
	size_t size;

	const uint8_t *disk = guest_disk(guest, &size);
	ck_assert_uint_eq(size, 256 * SECTOR);
	ck_assert_int_eq(memcmp(disk, "sector    0, line  0", 20), 0);
	guest_set_disk(guest, NULL, 0);
	ck_assert_ptr_null(guest_disk(guest, &size));
	struct machine *machine = boot(guest);
	run_to_end(machine);
	ck_assert_str_eq(console(machine), "disk: there is none\n");
	guest = guest_open("hello");
	ck_assert_ptr_null(guest_disk(guest, &size));
}
END_TEST

/* Whoever writes over the module table is not believed. */
START_TEST(a_disk_that_is_somewhere_else_fails_the_test)
{
	struct guest *guest = guest_open("disk");
	struct machine *machine = boot(guest);
	uint32_t table = 0xf0000000 + IMAGE_MODULE_TABLE; /* in the direct map */

	memory_write(machine, table + 16, (uint32_t[]){0x200000, 0x210000}, 8);
	machine_disk(machine, guest);
}
END_TEST

START_TEST(a_bare_failure_leaves_both_disks)
{
	boot_bare(guest_open("disk"));
	ck_abort_msg("as it should");
}
END_TEST

static const struct graded_test graded[] = {
	{&the_disk_is_the_same_bare_and_under_the_monitor, EQUIVALENCE, 1, "disk"},
	{&each_guest_has_its_own_disk, RESOURCE_CONTROL, 1, "disk"},
	{&a_guest_takes_the_disk_beside_its_file_along, EQUIVALENCE, 1, "disk"},
	{&a_disk_that_is_somewhere_else_fails_the_test, EQUIVALENCE, 1, "disk"},
	{&a_bare_failure_leaves_both_disks, EQUIVALENCE, 1, "disk"},
};
#define TESTS (sizeof(graded) / sizeof(graded[0]))
static const struct lab lab = {
	.number = 2, .name = "disk", .folder = "2-traps", .tests = graded, .test_count = TESTS};
const struct lab *const all_labs[] = {&lab, NULL};

/* ---- their verdicts ---- */

static void work_make(void)
{
	strcpy(work, "/tmp/check_disk.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(work));
	snprintf(records, sizeof(records), "%s/records", work);
	ck_assert_ptr_nonnull(getcwd(kit, sizeof(kit) - 64));
	snprintf(monitor, sizeof(monitor), "%.180s/build/monitor/2-solutions/monitor.elf", kit);
}

static void work_remove(void)
{
	char command[256];

	snprintf(command, sizeof(command), "rm -rf %s", work);
	ck_assert_int_eq(system(command), 0);
}

/* One of the graded tests, with a seed. */
static void judge(size_t test, uint64_t seed, enum verdict verdict, const char *message)
{
	bool chosen[TESTS] = {false};
	char left[256];
	struct runner runner = {
		.judgement = {.lab = &lab,
			.kit = kit,
			.monitor = monitor,
			.submission = "solutions",
			.from = "solutions",
			.seed = seed,
			.record = records},
		.work = work,
		.jobs = 1,
	};

	chosen[test] = true;
	struct result *result = result_new(&lab, "solutions", seed, chosen);
	runner_run(&runner, result);
	ck_assert_uint_eq(result->count, 1);
	ck_assert_msg(result->tests[0].verdict == verdict &&
			      strstr(result->tests[0].message, message) != NULL,
		"%s: %s", verdict_name(result->tests[0].verdict), result->tests[0].message);
	result_free(result);
	/* the test's folder, which the machines leave as they found it */
	snprintf(left, sizeof(left), "%s/%s", work, test_name(&graded[test]));
	ck_assert_msg(rmdir(left) == 0, "something is left in %s", left);
}

START_TEST(graded_tests_pass)
{
	judge((size_t)_i, 1, PASSED, "");
}
END_TEST

START_TEST(under_other_seeds_too)
{
	judge(0, (uint64_t)_i, PASSED, "");
}
END_TEST

START_TEST(a_table_that_was_written_over_fails)
{
	judge(3, 1, FAILED, "the disk of disk is not where the boot loader put it");
}
END_TEST

/* What `make gdb TEST=` boots: the image, the guest's disk, and a file that says so. */
START_TEST(what_is_recorded_has_the_second_disk)
{
	char command[1024];

	judge(4, 1, FAILED, "as it should");
	snprintf(command, sizeof(command),
		"cd %s/2/a_bare_failure_leaves_both_disks-1 && test -f disk.img && "
		"grep -q '^second second.img$' machine && cmp second.img %s/build/guests/disk.disk",
		records, kit);
	ck_assert_int_eq(system(command), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("disks in machines");
	TCase *tests = tcase_create("disks");

	tcase_add_checked_fixture(tests, work_make, work_remove);
	tcase_set_timeout(tests, 120);
	tcase_add_loop_test(tests, graded_tests_pass, 0, 3);
	tcase_add_loop_test(tests, under_other_seeds_too, 2, 5);
	tcase_add_test(tests, a_table_that_was_written_over_fails);
	tcase_add_test(tests, what_is_recorded_has_the_second_disk);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
