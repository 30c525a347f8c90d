/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of guests with page tables share: a guest with words of its own, booted bare in
 * Bochs, and looked at from outside.
 */
#ifndef BARE_GUEST_H
#define BARE_GUEST_H

#include "bochs.h"
#include "bootdisk.h"
#include "symbols.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MEGS  4
#define LIMIT 200000000

struct setting {
	const char *symbol;
	uint32_t value;
};

struct run {
	struct symbols *symbols;
	struct bochs *machine;
	uint64_t begun; /* tick of the guest's first instruction */
};

static char folder[64];

static uint32_t address_of(const struct run *run, const char *symbol)
{
	uint32_t address;

	ck_assert_msg(symbols_address(run->symbols, symbol, &address), "no symbol %s", symbol);
	return address;
}

static inline uint32_t word_at(const struct run *run, uint32_t address)
{
	uint32_t word;

	ck_assert_uint_eq(bochs_read_physical(run->machine, address, &word, 4), 4);
	return word;
}

static void elf_copy(const char *name, const char *path, const struct setting *settings)
{
	char from[128], error[SYMBOLS_ERROR_MAX];
	uint32_t address, offset;

	snprintf(from, sizeof(from), "build/guests/%s.elf", name);
	struct symbols *symbols = symbols_open(from, error);
	ck_assert_msg(symbols != NULL, "%s", error);
	FILE *file = fopen(from, "rb"), *copy = fopen(path, "w+b");
	ck_assert(file && copy);
	for (int c; (c = fgetc(file)) != EOF;)
		fputc(c, copy);
	fclose(file);
	for (const struct setting *s = settings; s && s->symbol; s++) {
		ck_assert(symbols_address(symbols, s->symbol, &address));
		ck_assert(symbols_file_offset(symbols, address, 4, &offset));
		fseek(copy, offset, SEEK_SET);
		fwrite(&s->value, 4, 1, copy);
	}
	ck_assert_int_eq(fclose(copy), 0);
	symbols_close(symbols);
}

/* Stops at kernel_main(). */
static struct run run_begin(const char *name, const struct setting *settings)
{
	char elf[96], image[96], error[SYMBOLS_ERROR_MAX];
	struct run run;

	snprintf(elf, sizeof(elf), "%s/guest.elf", folder);
	snprintf(image, sizeof(image), "%s/disk.img", folder);
	elf_copy(name, elf, settings);
	run.symbols = symbols_open(elf, error);
	ck_assert_msg(run.symbols != NULL, "%s", error);
	char *guests[] = {elf};
	struct bootdisk disk = {
		.boot_dir = "build/boot", .guests = guests, .count = 1, .memory_mib = MEGS};
	ck_assert_msg(bootdisk_write(image, &disk, error, sizeof(error)) == 0, "%s", error);
	struct bochs_config config = {.disk = image, .megs = MEGS};
	ck_assert_msg(bochs_start(&run.machine, &config) == 0, "%s", bochs_error(run.machine));
	ck_assert_int_eq(bochs_run_until(run.machine, address_of(&run, "kernel_main"), LIMIT),
		BOCHS_STOP_BREAKPOINT);
	run.begun = bochs_ticks(run.machine);
	unlink(elf);
	unlink(image);
	return run;
}

static const char *console_of(struct run *run)
{
	size_t length;

	return bochs_console(run->machine, &length);
}

static void run_until(struct run *run, const char *symbol)
{
	enum bochs_stop stop = bochs_run_until(run->machine, address_of(run, symbol), LIMIT);

	ck_assert_msg(stop == BOCHS_STOP_BREAKPOINT, "%s before %s; it says:\n%s",
		bochs_stop_name(stop), symbol, console_of(run));
}

/* To its last instruction but one: how many it took. */
static uint64_t run_to_end(struct run *run)
{
	run_until(run, "guest_done");
	return bochs_ticks(run->machine) - run->begun;
}

/* From there until the machine is off: then all that it printed has come. */
static void run_finish(struct run *run)
{
	ck_assert_int_eq(bochs_run_ticks(run->machine, LIMIT), BOCHS_STOP_POWER_OFF);
}

static void run_end(struct run *run)
{
	bochs_free(run->machine);
	symbols_close(run->symbols);
}

static void folder_make(void)
{
	strcpy(folder, "/tmp/check_bare_guest.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void folder_remove(void)
{
	rmdir(folder);
}

static int suite_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
