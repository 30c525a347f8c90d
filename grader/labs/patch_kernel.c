/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 4, graded tests with a whole operating system: guests/pocket, the very image that boots bare.
 * It is full of PUSHF, CLI and POPF; its timer interrupts it wherever it is. What it prints and
 * what it leaves on its disk must be what it does on the bare machine.
 */
#include "patch_audit.h"
#include "monitor_layout.h"
#include "multiboot.h"
#include "pocket.h"

#include <elf.h>
#include <limits.h>
#include <stdlib.h>

/*
 * What the kernel has in memory in the end: all but what depends on the time, on where frames and
 * buffers were free then, and on the machine (its memory, and the channel that its disk is on).
 */
static const char *const other_each_time[] = {"ticks", "start", "start_seconds", "buffers", "ring",
	"table", "first_table", "boot_stack", "busy", "ranges", "channels", "sectors", "handlers",
	"mask"};

struct memory_comparison {
	struct machine *bare, *m;
	unsigned objects;
	char difference[160]; /* the first one; "": none */
};

static bool is_other_each_time(const char *name)
{
	for (size_t i = 0; i < sizeof(other_each_time) / sizeof(other_each_time[0]); i++)
		if (strcmp(name, other_each_time[i]) == 0)
			return true;
	return false;
}

static void object_compare(void *context, const char *name, uint32_t at, uint32_t size)
{
	struct memory_comparison *c = context;
	uint32_t same = 0;

	if (is_other_each_time(name) || c->difference[0])
		return;
	uint8_t *want = malloc(size), *got = malloc(size);
	physical_read(c->bare, true, at, want, size);
	physical_read(c->m, false, at, got, size);
	while (same < size && want[same] == got[same])
		same++;
	if (same < size)
		snprintf(c->difference, sizeof(c->difference),
			"in the end the byte at %s+%u of pocket's kernel is %02x, and on the bare machine %02x",
			name, same, got[same], want[same]);
	c->objects++;
	free(want);
	free(got);
}

static void memory_compare(struct memory_comparison *c)
{
	char error[SYMBOLS_ERROR_MAX], path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/build/guests/pocket.elf", judgement()->kit);
	struct symbols *symbols = symbols_open(path, error);
	if (!symbols)
		infrastructure_error("%s: %s; `make kit` builds it", path, error);
	symbols_each(symbols, object_compare, c);
	symbols_close(symbols);
}

static void assert_session_is_alike(struct guest *guest, const char *words)
{
	const struct boot_guest with_words = {guest, words};
	struct machine *bare = boot_bare_with(&with_words), *m = boot_several(&with_words, 1);

	pocket_run(bare, guest);
	pocket_run(m, guest);
	struct memory_comparison memory = {.bare = bare, .m = m};
	memory_compare(&memory);
	run_to_end(bare);
	run_to_end(m);
	assert_same_session(bare, m);
	assert_same_files(bare, m, guest);
	ck_assert_msg(memory.difference[0] == 0, "%s", memory.difference);
	ck_assert_uint_gt(memory.objects, 100);
}

/* ---- the image ---- */

static uint8_t *image_read(size_t *size)
{
	char path[PATH_MAX];
	uint8_t *bytes = malloc(1 << 22);

	snprintf(path, sizeof(path), "%s/build/guests/pocket.elf", judgement()->kit);
	FILE *file = fopen(path, "rb");
	if (!file || !bytes)
		infrastructure_error("cannot read %s: %m; `make kit` builds it", path);
	*size = fread(bytes, 1, 1 << 22, file);
	fclose(file);
	return bytes;
}

/* The module as the boot loader has left it, before the monitor's first instruction in C. */
static void assert_module_is_the_file(struct machine *m, const uint8_t *image, size_t size)
{
	uint32_t info = memory_read_u32(m, registers(m)->esp + 8); /* (magic, information) */
	struct multiboot_info boot;
	struct multiboot_module module;
	uint8_t *bytes = malloc(size);

	if (info >= MONITOR_BASE)
		info -= MONITOR_BASE;
	machine_memory_read(m, info, &boot, sizeof(boot));
	machine_memory_read(m, boot.modules, &module, sizeof(module));
	ck_assert_uint_eq(module.end - module.start, size);
	machine_memory_read(m, module.start, bytes, size);
	ck_assert_msg(memcmp(bytes, image, size) == 0,
		"the image that lies in the machine's memory is not pocket's file");
	free(bytes);
}

/* Each segment as it was loaded, when the guest is about to execute its first instruction. */
static void assert_segments_are_the_files(struct machine *m, bool bare, const uint8_t *image)
{
	const Elf32_Ehdr *header = (const Elf32_Ehdr *)image;
	const Elf32_Phdr *segment = (const Elf32_Phdr *)(image + header->e_phoff);
	unsigned loaded = 0;

	for (unsigned i = 0; i < header->e_phnum; i++) {
		if (segment[i].p_type != PT_LOAD || segment[i].p_filesz == 0)
			continue;
		uint8_t *bytes = malloc(segment[i].p_filesz);
		physical_read(m, bare, segment[i].p_paddr, bytes, segment[i].p_filesz);
		const uint8_t *want = image + segment[i].p_offset;
		uint32_t at = 0;
		while (at < segment[i].p_filesz && bytes[at] == want[at])
			at++;
		if (at < segment[i].p_filesz)
			ck_abort_msg(
				"%s, before pocket's first instruction, its byte at %08x is %02x; its file has %02x",
				bare ? "on the bare machine" : "under this monitor",
				segment[i].p_paddr + at, bytes[at], want[at]);
		free(bytes);
		loaded++;
	}
	ck_assert_uint_gt(loaded, 0);
}

START_TEST(the_image_that_runs_is_the_one_that_boots_bare)
{
	size_t size;
	uint8_t *image = image_read(&size);
	struct guest *guest = guest_open("pocket");
	struct machine *m = boot(guest), *bare = boot_bare(guest);

	hint("The guest's memory is its own: not one byte of its code may be another, before it runs and after.");
	assert_module_is_the_file(m, image, size);
	run_until(m, guest_symbol(guest, "guest_start"));
	assert_segments_are_the_files(m, false, image);
	assert_segments_are_the_files(bare, true, image);
	struct text before = text_take(m, false, guest);
	run_until(m, guest_symbol(guest, "init"));
	run_for(m, 1000000 + random_below(4000000));
	text_check(m, guest, &before);
	free(before.bytes);
	free(image);
}
END_TEST

START_TEST(pocket_runs_as_it_is)
{
	hint("`make bare GUEST=pocket` and `make run LAB=4 GUEST=pocket` should print the same.");
	assert_session_is_alike(guest_open("pocket"), "mem=4");
}
END_TEST

/* ---- a session ---- */

START_TEST(a_session_of_two_hundred_commands_is_as_bare)
{
	hint("A command that prints something else once, here or there, is an interrupt at the wrong place: TEST=interrupts_come_between_instructions_of_the_guests looks closer.");
	assert_session_is_alike(pocket_session_open("pocket"), "mem=4");
}
END_TEST

const struct graded_test patch_kernel_tests[] = {
	{&the_image_that_runs_is_the_one_that_boots_bare, EQUIVALENCE, 2, "pocket"},
	{&pocket_runs_as_it_is, EQUIVALENCE, 2, "pocket"},
	{&a_session_of_two_hundred_commands_is_as_bare, EQUIVALENCE, 3, "pocket"},
	{0},
};
