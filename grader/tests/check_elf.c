/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The monitor's reader of guests' files (monitor/elf.c), compiled for the host. A guest's file is
 * not to be trusted: whatever is in it, not one byte outside it may be read. So every file lies
 * right before a page that cannot be touched.
 */
#include "../../monitor/include/elf.h"
#include "../../monitor/include/vm.h"

#include <check.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* vm_write() of the monitor, for elf_load(): what is loaded, and that it fits. */
static uint32_t loaded;

uint32_t vm_write(struct vm *vm, gpa_t to, const void *from, uint32_t size)
{
	volatile uint8_t sum = 0;

	ck_assert_uint_le((uint64_t)to.raw + size, vm->memory_size);
	for (uint32_t i = 0; i < size; i++)
		sum ^= ((const uint8_t *)from)[i];
	loaded += size;
	return size;
}

/* A real guest, with its last byte at the end of a page. */
struct file {
	uint8_t *bytes;
	uint32_t size;
	void *mapping;
	size_t mapped;
};

static struct file file_of_size(const uint8_t *content, uint32_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	/* the reader may count on the alignment that boot loaders give */
	size_t room = ((size_t)size + 3) / 4 * 4, pages = (room + page - 1) / page;
	struct file file = {.size = size, .mapped = (pages + 1) * page};

	file.mapping =
		mmap(NULL, file.mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(file.mapping, MAP_FAILED);
	mprotect((uint8_t *)file.mapping + pages * page, page, PROT_NONE);
	file.bytes = (uint8_t *)file.mapping + pages * page - room;
	memcpy(file.bytes, content, size);
	return file;
}

static void file_free(struct file file)
{
	munmap(file.mapping, file.mapped);
}

static uint8_t *hello;
static uint32_t hello_size;

static void read_hello(void)
{
	FILE *stream = fopen("build/guests/hello.elf", "rb");

	ck_assert_msg(stream != NULL, "build/guests/hello.elf is missing: make guests");
	hello = malloc(1 << 20);
	hello_size = (uint32_t)fread(hello, 1, 1 << 20, stream);
	fclose(stream);
}

static void free_hello(void)
{
	free(hello);
}

/* Checks, loads, and looks up symbols everywhere: all that the monitor does with a file. */
static const char *use(const uint8_t *bytes, uint32_t size)
{
	struct file file = file_of_size(bytes, size);
	struct vm vm = {.memory_size = 4 << 20};
	struct elf_image image;
	uint32_t distance;

	const char *problem = elf_check(&image, file.bytes, file.size);
	if (!problem)
		problem = elf_load(&image, &vm);
	if (!problem)
		for (uint32_t address = 0; address < 0x110000; address += 0x1111)
			elf_symbol_at(&image, address, &distance);
	file_free(file);
	return problem;
}

START_TEST(a_guest_is_loaded_whole)
{
	loaded = 0;
	ck_assert_ptr_null(use(hello, hello_size));
	const Elf32_Ehdr *header = (const void *)hello;
	const Elf32_Phdr *segment = (const void *)(hello + header->e_phoff);
	uint32_t expected = 0;
	for (int i = 0; i < header->e_phnum; i++)
		expected += segment[i].p_type == PT_LOAD ? segment[i].p_filesz : 0;
	ck_assert_uint_eq(loaded, expected);
}
END_TEST

START_TEST(an_address_has_its_symbol)
{
	struct elf_image image;
	uint32_t distance;

	ck_assert_ptr_null(elf_check(&image, hello, hello_size));
	const char *symbol = elf_symbol_at(&image, image.entry, &distance);
	ck_assert_str_eq(symbol, "guest_start");
	ck_assert_uint_eq(distance, 0);
	symbol = elf_symbol_at(&image, image.entry + 1, &distance);
	ck_assert_str_eq(symbol, "guest_start");
	ck_assert_uint_eq(distance, 1);
	ck_assert_ptr_null(elf_symbol_at(&image, 0xfffff, &distance));
}
END_TEST

START_TEST(a_file_cut_off_anywhere_is_refused_or_used_safely)
{
	const Elf32_Ehdr *header = (const void *)hello;
	const Elf32_Phdr *segment = (const void *)(hello + header->e_phoff);
	uint32_t needed = 0;

	for (int i = 0; i < header->e_phnum; i++)
		if (segment[i].p_type == PT_LOAD &&
			segment[i].p_offset + segment[i].p_filesz > needed)
			needed = segment[i].p_offset + segment[i].p_filesz;
	for (uint32_t size = 0; size < hello_size; size += size < 256 ? 1 : 61) {
		const char *problem = use(hello, size);
		if (size < needed)
			ck_assert_msg(
				problem != NULL, "%u bytes of %u were accepted", size, needed);
	}
}
END_TEST

/* One field of the file, changed; and what must be said about it. */
static const struct {
	const char *what;
	uint32_t offset, size, value;
	const char *says;
} damages[] = {
	{"magic", 0, 1, 0x7e, "not an ELF file"},
	{"class", EI_CLASS, 1, ELFCLASS64, "not for a 32-bit x86"},
	{"byte order", EI_DATA, 1, ELFDATA2MSB, "not for a 32-bit x86"},
	{"machine", offsetof(Elf32_Ehdr, e_machine), 2, EM_ARM, "not for a 32-bit x86"},
	{"type", offsetof(Elf32_Ehdr, e_type), 2, ET_REL, "not a linked executable"},
	{"no segments", offsetof(Elf32_Ehdr, e_phnum), 2, 0, "no segments"},
	{"size of a header", offsetof(Elf32_Ehdr, e_phentsize), 2, 31, "program headers"},
	{"too many segments", offsetof(Elf32_Ehdr, e_phnum), 2, 0xffff, "program headers"},
	{"headers behind the end", offsetof(Elf32_Ehdr, e_phoff), 4, 0xfffffff0, "program headers"},
	{"headers at an odd place", offsetof(Elf32_Ehdr, e_phoff), 4, 53, "program headers"},
	{"entry", offsetof(Elf32_Ehdr, e_entry), 4, 0x5000000, "entry point"},
	{"segment behind the end", 52 + offsetof(Elf32_Phdr, p_offset), 4, 0x7fffffff, "cut off"},
	{"segment larger in the file", 52 + offsetof(Elf32_Phdr, p_filesz), 4, 0x7fffffff,
		"larger in the file"},
	{"segment below 1 MiB", 52 + offsetof(Elf32_Phdr, p_paddr), 4, 0xff000, "below 1 MiB"},
	{"segment over the end", 52 + offsetof(Elf32_Phdr, p_paddr), 4, 0xfffffff0,
		"end of the address space"},
	{"segment outside memory", 52 + 32 + offsetof(Elf32_Phdr, p_paddr), 4, 0x3ff000,
		"do not fit"},
	{"Multiboot magic", 0x1000, 4, 0, "no Multiboot header"},
	{"Multiboot checksum", 0x1008, 4, 0, "no Multiboot header"},
};

START_TEST(each_damage_is_named)
{
	uint8_t *copy = malloc(hello_size);

	memcpy(copy, hello, hello_size);
	memcpy(copy + damages[_i].offset, &damages[_i].value, damages[_i].size);
	const char *problem = use(copy, hello_size);
	ck_assert_msg(problem != NULL, "%s: accepted", damages[_i].what);
	ck_assert_msg(strstr(problem, damages[_i].says) != NULL, "%s: \"%s\" does not say \"%s\"",
		damages[_i].what, problem, damages[_i].says);
	free(copy);
}
END_TEST

/* Names that do not end inside their table: then there are no symbols. */
START_TEST(a_string_table_without_an_end_is_not_used)
{
	uint8_t *copy = malloc(hello_size);
	struct elf_image image;
	uint32_t distance;

	memcpy(copy, hello, hello_size);
	const Elf32_Ehdr *header = (const void *)copy;
	const Elf32_Shdr *section = (const void *)(copy + header->e_shoff);
	for (int i = 0; i < header->e_shnum; i++)
		if (section[i].sh_type == SHT_STRTAB)
			copy[section[i].sh_offset + section[i].sh_size - 1] = 'x';
	ck_assert_ptr_null(elf_check(&image, copy, hello_size));
	ck_assert_ptr_null(elf_symbol_at(&image, image.entry, &distance));
	free(copy);
}
END_TEST

/* What a loader must understand and this one does not: say so (Multiboot 3.1.2, bits 0 to 15). */
START_TEST(a_wish_that_cannot_be_met_is_named)
{
	uint8_t *copy = malloc(hello_size);
	uint32_t flags = 0x4 | 0x3, checksum = -(0x1badb002 + flags);

	memcpy(copy, hello, hello_size);
	memcpy(copy + 0x1004, &flags, 4);
	memcpy(copy + 0x1008, &checksum, 4);
	ck_assert_ptr_nonnull(strstr(use(copy, hello_size), "does not offer"));
	free(copy);
}
END_TEST

/* Headers, section headers and symbols with random bytes in them: nothing outside is touched. */
START_TEST(random_damage_reads_nothing_outside)
{
	uint8_t *copy = malloc(hello_size);
	const Elf32_Ehdr *header = (const void *)hello;
	int refused = 0;

	srandom(1);
	for (int round = 0; round < 20000; round++) {
		memcpy(copy, hello, hello_size);
		for (long n = 1 + random() % 4; n > 0; n--) {
			uint32_t where = random() % 2 ? (uint32_t)random() % 128
						      : header->e_shoff + (uint32_t)random() % 1024;
			if (where < hello_size)
				copy[where] = random() % 3 ? (uint8_t)random() : 0xff;
		}
		refused += use(copy, hello_size) != NULL;
	}
	ck_assert_int_gt(refused, 1000);
	free(copy);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("elf");
	TCase *all = tcase_create("guests' files");

	tcase_set_timeout(all, 60);
	tcase_add_checked_fixture(all, read_hello, free_hello);
	tcase_add_test(all, a_guest_is_loaded_whole);
	tcase_add_test(all, an_address_has_its_symbol);
	tcase_add_test(all, a_file_cut_off_anywhere_is_refused_or_used_safely);
	tcase_add_loop_test(all, each_damage_is_named, 0, sizeof(damages) / sizeof(damages[0]));
	tcase_add_test(all, a_string_table_without_an_end_is_not_used);
	tcase_add_test(all, a_wish_that_cannot_be_met_is_named);
	tcase_add_test(all, random_damage_reads_nothing_outside);
	suite_add_tcase(suite, all);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
