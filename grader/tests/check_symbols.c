/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The symbols of an ELF file: tests/data/symbols_program.asm linked on the spot, and the same file
 * broken in every way that a hostile student may think of.
 *
 * Invariant: what is expected stands in the program's source or in its bytes.
 */
#include "symbols.h"

#include <check.h>
#include <elf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SOURCE   "grader/tests/data/symbols_program.asm"
#define BASE     0x10000000u /* where the program is linked */
#define FILE_MAX 65536

static char folder[64], program[128], broken[128];
static uint8_t bytes[FILE_MAX];
static size_t length;

__attribute__((format(printf, 1, 2))) static void command_run(const char *format, ...)
{
	char command[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(command, sizeof(command), format, arguments);
	va_end(arguments);
	ck_assert_int_eq(system(command), 0);
}

static void program_make(void)
{
	FILE *f;

	strcpy(folder, "/tmp/check_symbols.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(program, sizeof(program), "%s/program", folder);
	snprintf(broken, sizeof(broken), "%s/broken", folder);
	command_run("nasm -f elf32 -DPART=1 -o %s/1.o " SOURCE, folder);
	command_run("nasm -f elf32 -DPART=2 -o %s/2.o " SOURCE, folder);
	command_run("ld -m elf_i386 -Ttext-segment=0x10000000 -o %s/program %s/1.o %s/2.o", folder,
		folder, folder);
	f = fopen(program, "rb");
	ck_assert_ptr_nonnull(f);
	length = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	ck_assert_uint_lt(length, sizeof(bytes));
}

static void folder_remove(void)
{
	command_run("rm -r %s", folder);
}

static struct symbols *program_open(void)
{
	char error[SYMBOLS_ERROR_MAX];
	struct symbols *s = symbols_open(program, error);

	ck_assert_msg(s != NULL, "%s", error);
	ck_assert_str_eq(error, "");
	return s;
}

static uint32_t address(const struct symbols *s, const char *name)
{
	uint32_t value = 0;

	ck_assert_msg(symbols_address(s, name, &value), "no %s", name);
	return value;
}

/* --- A good file --- */

START_TEST(names_have_addresses_and_sizes)
{
	struct symbols *s = program_open();
	uint32_t start = address(s, "_start"), ignored;

	ck_assert_uint_eq(symbols_entry(s), start);
	ck_assert_uint_ge(start, BASE);
	ck_assert_uint_eq(symbols_size(s, "_start"), 11);
	ck_assert_uint_eq(address(s, "_start.end"), start + 11);
	ck_assert_uint_eq(symbols_size(s, "_start.end"), 0);
	ck_assert_uint_eq(symbols_size(s, "secret"), 8);
	ck_assert_uint_eq(symbols_size(s, "nothing"), 0);
	ck_assert(!symbols_address(s, "nothing", &ignored));
	ck_assert(!symbols_address(s, "", &ignored));
	ck_assert(!symbols_address(s, ".text", &ignored));
	symbols_close(s);
	symbols_close(NULL);
}
END_TEST

START_TEST(a_global_name_wins_and_an_ambiguous_one_is_refused)
{
	struct symbols *s = program_open();
	uint32_t value;

	ck_assert_uint_eq(address(s, "helper"), address(s, "_start") + 18);
	ck_assert(!symbols_address(s, "twice", &value));
	symbols_close(s);
}
END_TEST

START_TEST(an_address_has_the_name_it_lies_in)
{
	struct symbols *s = program_open();
	uint32_t start = address(s, "_start"), secret = address(s, "secret"), offset = 99;

	ck_assert_str_eq(symbols_lookup(s, start, &offset), "_start");
	ck_assert_uint_eq(offset, 0);
	ck_assert_str_eq(symbols_lookup(s, start + 10, &offset), "_start");
	ck_assert_uint_eq(offset, 10);
	/* past the end of _start, a label without a size */
	ck_assert_str_eq(symbols_lookup(s, start + 12, &offset), "_start.end");
	ck_assert_uint_eq(offset, 1);
	ck_assert_str_eq(symbols_lookup(s, start + 18, NULL), "helper");
	ck_assert_str_eq(symbols_lookup(s, secret + 7, &offset), "secret");
	ck_assert_uint_eq(offset, 7);
	/* past the end of secret */
	ck_assert_str_eq(symbols_lookup(s, secret + 9, &offset), "before");
	ck_assert_uint_eq(offset, 17);
	ck_assert_str_eq(symbols_lookup(s, address(s, "zeros") + 4095, &offset), "zeros");
	ck_assert_uint_eq(offset, 4095);
	/* outside of every section */
	ck_assert_ptr_null(symbols_lookup(s, 0, NULL));
	ck_assert_ptr_null(symbols_lookup(s, start - 1, NULL));
	ck_assert_ptr_null(symbols_lookup(s, address(s, "zeros") + 4096, NULL));
	ck_assert_ptr_null(symbols_lookup(s, 0xffffffff, NULL));
	symbols_close(s);
}
END_TEST

START_TEST(data_is_found_in_the_file)
{
	static const uint8_t content[] = {0x11, 0x11, 0x11, 0x11, 0x22, 0x22, 0x22, 0x22};
	struct symbols *s = program_open();
	uint32_t secret = address(s, "secret"), offset = 0;

	ck_assert(symbols_file_offset(s, secret, 8, &offset));
	ck_assert_uint_le(offset + 8, length);
	ck_assert_mem_eq(bytes + offset, content, 8);
	ck_assert(symbols_file_offset(s, secret - 8, 6, &offset));
	ck_assert_mem_eq(bytes + offset, "before", 6);
	/* the end of .data is the end of what is stored */
	ck_assert(symbols_file_offset(s, secret, 12, &offset));
	ck_assert(!symbols_file_offset(s, secret, 13, &offset));
	ck_assert(!symbols_file_offset(s, address(s, "zeros") + 100, 1, &offset));
	ck_assert(!symbols_file_offset(s, secret, 0xffffffff, &offset));
	ck_assert(!symbols_file_offset(s, 0, 1, &offset));
	symbols_close(s);
}
END_TEST

START_TEST(sections_are_ranges_with_rights)
{
	struct symbols *s = program_open();
	const struct symbols_range *r;
	size_t n;

	r = symbols_sections(s, &n);
	ck_assert_uint_eq(n, 3);
	ck_assert_str_eq(r[0].name, ".text");
	ck_assert(r[0].executable && !r[0].writable);
	ck_assert_uint_eq(r[0].start, address(s, "_start"));
	ck_assert_str_eq(r[1].name, ".data");
	ck_assert(!r[1].executable && r[1].writable);
	ck_assert_uint_eq(r[1].end - r[1].start, 20);
	ck_assert_str_eq(r[2].name, ".bss");
	ck_assert_uint_eq(r[2].end - r[2].start, 4096);
	symbols_close(s);
}
END_TEST

struct walk {
	size_t n;
	uint32_t last;
	bool saw_after;
};

static void symbol_walk(void *context, const char *name, uint32_t at, uint32_t size)
{
	struct walk *walk = context;

	(void)size;
	ck_assert_uint_ge(at, walk->last);
	walk->last = at;
	walk->n++;
	walk->saw_after |= !strcmp(name, "after");
}

START_TEST(all_symbols_can_be_walked_in_order)
{
	struct symbols *s = program_open();
	struct walk walk = {0};

	symbols_each(s, symbol_walk, &walk);
	ck_assert(walk.saw_after); /* at the end of its section */
	ck_assert_uint_ge(walk.n, 11);
	symbols_close(s);
}
END_TEST

START_TEST(a_stripped_program_has_no_symbols_but_the_rest)
{
	char error[SYMBOLS_ERROR_MAX];
	struct symbols *s = program_open();
	uint32_t secret = address(s, "secret"), offset;

	symbols_close(s);
	command_run("strip -o %s %s", broken, program);
	s = symbols_open(broken, error);
	ck_assert_msg(s != NULL, "%s", error);
	ck_assert(!symbols_address(s, "secret", &offset));
	ck_assert_ptr_null(symbols_lookup(s, secret, NULL));
	ck_assert(symbols_file_offset(s, secret, 8, &offset));
	symbols_close(s);
}
END_TEST

/* --- Bad files --- */

static void broken_write(size_t n)
{
	FILE *f = fopen(broken, "wb");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
	fclose(f);
}

static void open_fails(const char *path, const char *why)
{
	char error[SYMBOLS_ERROR_MAX];

	ck_assert_ptr_null(symbols_open(path, error));
	ck_assert_msg(strstr(error, path) != NULL, "\"%s\" does not name the file", error);
	ck_assert_msg(strstr(error, why) != NULL, "\"%s\" does not say \"%s\"", error, why);
}

static void broken_fails(const char *why)
{
	broken_write(length);
	open_fails(broken, why);
}

START_TEST(what_is_no_program_is_refused_with_the_reason)
{
	Elf32_Ehdr *header = (Elf32_Ehdr *)bytes, good = *header;

	open_fails("/nonexistent/program", "No such file");
	open_fails(folder, "not a file");
	open_fails("/proc/self/exe", "not a 32-bit");
	open_fails(SOURCE, "not an ELF file");
	command_run("cp %s/1.o %s", folder, broken);
	open_fails(broken, "not a linked program");
	broken_write(0);
	open_fails(broken, "not an ELF file");
	header->e_machine = EM_ARM;
	broken_fails("not for the i386");
	*header = good;
	header->e_phnum = 0;
	broken_fails("no program headers");
	*header = good;
	header->e_phoff = 0xfffffff0;
	broken_fails("program headers");
}
END_TEST

START_TEST(segments_outside_the_file_or_the_address_space_are_refused)
{
	const Elf32_Ehdr *header = (const Elf32_Ehdr *)bytes;
	Elf32_Phdr *segment = (Elf32_Phdr *)(bytes + header->e_phoff), good = *segment;

	ck_assert_uint_eq(segment->p_type, PT_LOAD);
	segment->p_filesz = (uint32_t)length + 1;
	broken_fails("past the end of the file");
	*segment = good;
	segment->p_offset = 0xfffffff0;
	broken_fails("past the end of the file");
	*segment = good;
	segment->p_vaddr = 0xffffffff;
	broken_fails("past 4 GiB");
}
END_TEST

START_TEST(sections_outside_the_address_space_are_refused)
{
	const Elf32_Ehdr *header = (const Elf32_Ehdr *)bytes;
	Elf32_Shdr *section = (Elf32_Shdr *)(bytes + header->e_shoff) + 1;

	section->sh_addr = 0xffffffff;
	broken_fails("past 4 GiB");
}
END_TEST

/* Whatever is opened must answer everything. */
static void answer_everything(const struct symbols *s)
{
	const struct symbols_range *r;
	struct walk walk = {0};
	uint32_t value;
	size_t n;

	symbols_each(s, symbol_walk, &walk);
	r = symbols_sections(s, &n);
	for (size_t i = 0; i < n; i++) {
		ck_assert_uint_lt(r[i].start, r[i].end);
		ck_assert_uint_lt(strlen(r[i].name), FILE_MAX);
	}
	if (symbols_file_offset(s, BASE, 1, &value))
		ck_assert_uint_lt(value, FILE_MAX);
	for (uint32_t at = BASE - 16; at < BASE + 0x3000; at += 7)
		symbols_lookup(s, at, &value);
	symbols_address(s, "secret", &value);
	symbols_size(s, "helper");
}

static bool broken_open(size_t n)
{
	char error[SYMBOLS_ERROR_MAX];
	struct symbols *s;

	broken_write(n);
	s = symbols_open(broken, error);
	if (s)
		answer_everything(s);
	else
		ck_assert_msg(*error && !strchr(error, '\n'), "no reason");
	symbols_close(s);
	return s != NULL;
}

START_TEST(a_truncated_file_is_refused_or_harmless)
{
	for (size_t n = 0; n < length; n += n < 512 ? 1 : 61)
		ck_assert_msg(!broken_open(n), "%zu of %zu bytes were enough", n, length);
	ck_assert(broken_open(length));
}
END_TEST

START_TEST(a_damaged_file_is_refused_or_harmless)
{
	static uint8_t good[FILE_MAX];
	unsigned opened = 0;

	memcpy(good, bytes, length);
	srand(1);
	for (int i = 0; i < 3000; i++) {
		size_t tables = length < 2048 ? length : 2048;

		/* headers at the start, section headers and names at the end */
		for (int j = 0; j < 4; j++) {
			size_t at = (size_t)rand() % tables;

			bytes[rand() % 2 ? at : length - 1 - at] =
				(uint8_t)(rand() % 3 ? rand() : 0xff);
		}
		opened += broken_open(length);
		memcpy(bytes, good, length);
	}
	ck_assert_uint_gt(opened, 100);
	ck_assert_uint_lt(opened, 3000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("symbols");
	TCase *good = tcase_create("good"), *bad = tcase_create("bad");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(good, program_make, folder_remove);
	tcase_add_checked_fixture(bad, program_make, folder_remove);
	tcase_set_timeout(bad, 60);
	suite_add_tcase(suite, good);
	suite_add_tcase(suite, bad);

	tcase_add_test(good, names_have_addresses_and_sizes);
	tcase_add_test(good, a_global_name_wins_and_an_ambiguous_one_is_refused);
	tcase_add_test(good, an_address_has_the_name_it_lies_in);
	tcase_add_test(good, data_is_found_in_the_file);
	tcase_add_test(good, sections_are_ranges_with_rights);
	tcase_add_test(good, all_symbols_can_be_walked_in_order);
	tcase_add_test(good, a_stripped_program_has_no_symbols_but_the_rest);

	tcase_add_test(bad, what_is_no_program_is_refused_with_the_reason);
	tcase_add_test(bad, segments_outside_the_file_or_the_address_space_are_refused);
	tcase_add_test(bad, sections_outside_the_address_space_are_refused);
	tcase_add_test(bad, a_truncated_file_is_refused_or_harmless);
	tcase_add_test(bad, a_damaged_file_is_refused_or_harmless);

	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
