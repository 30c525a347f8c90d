/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest torture on the bare machine: what it expects of paging is what the machine does,
 * whatever the seed; a walk is the same each time and within its budget; and it notices when the
 * machine does something else, and says where.
 */
#include "bare_guest.h"

#define BUDGET 20000000 /* instructions of the guest, as it is built */

/* ---- guests/torture/records.h ---- */

#define BLOCK   64
#define RECORDS 1024
#define ARENA   0x300000

struct digest {
	uint32_t sum, records;
};

struct record {
	uint32_t step;
	uint8_t kind, number, ring, control;
	uint32_t cr3, edi, esi, ecx, eax, edx, vector, error_code, cr2, eip;
	uint32_t after[5], entries[4], sum;
};

#define KIND_ACCESS 1
#define FORM_SIZE   48
#define NAME_SIZE   32

/* ---- the tests ---- */

static void digests_read(struct run *run, struct digest *digests, uint32_t count)
{
	ck_assert_uint_eq(word_at(run, address_of(run, "torture_blocks")), count);
	ck_assert_uint_eq(bochs_read_physical(run->machine, address_of(run, "torture_digests"),
				  digests, count * sizeof(*digests)),
		count * sizeof(*digests));
}

START_TEST(the_bare_machine_does_what_the_model_says)
{
	const struct setting settings[] = {{"torture_seed", 1 + (uint32_t)_i * 0x9e3779b1},
		{"torture_steps", 4096}, {NULL, 0}};
	struct run run = run_begin("torture", settings);

	run_to_end(&run);
	ck_assert_uint_eq(word_at(&run, address_of(&run, "torture_failed")), 0);
	run_finish(&run);
	ck_assert_msg(strncmp(console_of(&run), "torture: 4096 steps, ", 21) == 0, "it says:\n%s",
		console_of(&run));
	run_end(&run);
}
END_TEST

/* As it is built: within its budget, and no block has more records than the ring. */
START_TEST(a_walk_is_within_its_budget)
{
	static struct digest digests[128];
	struct run run = run_begin("torture", NULL);
	uint32_t steps = word_at(&run, address_of(&run, "torture_steps")), before = 0;

	ck_assert_uint_lt(run_to_end(&run), BUDGET);
	ck_assert_uint_gt(steps, 2000);
	digests_read(&run, digests, steps / BLOCK);
	for (uint32_t i = 0; i < steps / BLOCK; i++) {
		ck_assert_uint_gt(digests[i].records - before, BLOCK);
		ck_assert_uint_le(digests[i].records - before, RECORDS);
		before = digests[i].records;
	}
	run_end(&run);
}
END_TEST

#define BLOCKS 8

static void walk(uint32_t seed, struct digest digests[BLOCKS])
{
	const struct setting settings[] = {
		{"torture_seed", seed}, {"torture_steps", BLOCKS * BLOCK}, {NULL, 0}};
	struct run run = run_begin("torture", settings);

	run_to_end(&run);
	digests_read(&run, digests, BLOCKS);
	run_end(&run);
}

START_TEST(a_seed_gives_the_same_walk_and_another_another)
{
	struct digest first[BLOCKS], second[BLOCKS], other[BLOCKS];

	walk(7, first);
	walk(7, second);
	walk(8, other);
	ck_assert_mem_eq(first, second, sizeof(first));
	for (uint32_t i = 0; i < BLOCKS; i++)
		ck_assert_uint_ne(first[i].sum, other[i].sum);
}
END_TEST

/* A word of the arena changes behind the guest's back. Each block ends with a look at all of it. */
START_TEST(a_word_that_changes_by_itself_is_found)
{
	const struct setting settings[] = {{"torture_seed", 3}, {"torture_steps", 256}, {NULL, 0}};
	struct run run = run_begin("torture", settings);
	uint32_t at = ARENA + 8 + (uint32_t)_i * 0x9554, word;

	run_until(&run, "model_compare_all");
	word = word_at(&run, at) ^ 1u << _i % 32;
	ck_assert_int_eq(bochs_write_physical(run.machine, at, &word, 4), 0);
	run_to_end(&run);
	ck_assert_uint_eq(word_at(&run, address_of(&run, "torture_failed")), 1);
	ck_assert_uint_eq(word_at(&run, address_of(&run, "torture_blocks")), 0);
	run_finish(&run);
	ck_assert_msg(strstr(console_of(&run), " and must be ") != NULL, "it says:\n%s",
		console_of(&run));
	run_end(&run);
}
END_TEST

/* The error code of the first fault changes before the handler sees it. */
static void fault_change(struct run *run)
{
	uint32_t stub = address_of(run, "kernel_stubs") + 14 * 16, error_code;

	ck_assert_int_eq(bochs_run_until(run->machine, stub, LIMIT), BOCHS_STOP_BREAKPOINT);
	uint32_t esp = bochs_registers(run->machine)->esp;
	error_code = word_at(run, esp) ^ 2;
	ck_assert_int_eq(bochs_write_physical(run->machine, esp, &error_code, 4), 0);
}

START_TEST(a_fault_that_tells_something_else_is_found)
{
	const struct setting settings[] = {{"torture_seed", 5}, {"torture_steps", 256}, {NULL, 0}};
	struct run run = run_begin("torture", settings);

	fault_change(&run);
	run_to_end(&run);
	ck_assert_uint_eq(word_at(&run, address_of(&run, "torture_failed")), 1);
	run_finish(&run);
	ck_assert_msg(strstr(console_of(&run), "the error code is ") != NULL, "it says:\n%s",
		console_of(&run));
	run_end(&run);
}
END_TEST

static uint32_t records_read(struct run *run, struct record records[RECORDS])
{
	bochs_read_physical(run->machine, address_of(run, "torture_records"), records,
		RECORDS * sizeof(*records));
	return word_at(run, address_of(run, "torture_record_count"));
}

/* The way that records.h describes, for two runs that part in the first block. */
START_TEST(the_first_record_that_differs_says_what_happened)
{
	static struct record good[RECORDS], bad[RECORDS];
	const struct setting settings[] = {{"torture_seed", 5}, {"torture_steps", 64}, {NULL, 0}};
	struct run run = run_begin("torture", settings), other = run_begin("torture", settings);
	char name[NAME_SIZE];
	uint32_t i = 0;

	run_until(&run, "torture_block_done");
	records_read(&run, good);
	fault_change(&other);
	run_to_end(&other);
	uint32_t count = records_read(&other, bad);
	while (i < count && memcmp(&good[i], &bad[i], sizeof(good[i])) == 0)
		i++;
	ck_assert_uint_eq(i, count - 1);
	ck_assert_uint_eq(bad[i].kind, KIND_ACCESS);
	ck_assert_uint_eq(bad[i].vector, 14);
	ck_assert_uint_eq(bad[i].error_code, good[i].error_code ^ 2);
	ck_assert_uint_eq(bad[i].cr2, good[i].cr2);
	ck_assert_uint_eq(bad[i].eip, good[i].eip);
	bochs_read_physical(other.machine,
		address_of(&other, "torture_forms") + bad[i].number * FORM_SIZE, name,
		sizeof(name));
	run_finish(&other);
	ck_assert_msg(strstr(console_of(&other), name) != NULL, "%s: it says:\n%s", name,
		console_of(&other));
	run_end(&run);
	run_end(&other);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("the guest torture");
	TCase *torture = tcase_create("torture");

	tcase_set_timeout(torture, 120);
	tcase_add_checked_fixture(torture, folder_make, folder_remove);
	tcase_add_loop_test(torture, the_bare_machine_does_what_the_model_says, 0, 6);
	tcase_add_test(torture, a_walk_is_within_its_budget);
	tcase_add_test(torture, a_seed_gives_the_same_walk_and_another_another);
	tcase_add_loop_test(torture, a_word_that_changes_by_itself_is_found, 0, 4);
	tcase_add_test(torture, a_fault_that_tells_something_else_is_found);
	tcase_add_test(torture, the_first_record_that_differs_says_what_happened);
	suite_add_tcase(suite, torture);
	return suite_run(suite);
}
