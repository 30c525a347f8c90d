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
#include <unistd.h>

/* The console without the line that tells the time. */
static const char *timeless(struct machine *m)
{
	static char text[2][65536];
	static int turn;
	char *to = text[turn ^= 1];

	snprintf(to, sizeof(text[0]), "%s", console(m));
	char *clock = strstr(to, "clock: ");
	if (clock) {
		const char *next = clock + strcspn(clock, "\n");
		memmove(clock, next, strlen(next) + 1);
	}
	return to;
}

/* From the first line that differs. */
static void assert_same_session(struct machine *bare, struct machine *m)
{
	const char *want = timeless(bare), *got = timeless(m);
	size_t line = 0;

	if (strcmp(want, got) == 0)
		return;
	for (size_t i = 0; want[i] && want[i] == got[i]; i++)
		if (want[i] == '\n')
			line = i + 1;
	ck_abort_msg(
		"the console differs from the bare machine's. There it goes on with\n%.400s\nunder this monitor with\n%.400s",
		want + line, got + line);
}

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

#define COMMANDS 210
#define NAMES    6

/* One command of a shell's script: files come and go, programs compute, fork and fail. */
static int command_draw(char *line, size_t size)
{
	static const char *const names[NAMES] = {"apple", "pear", "plum", "fig", "lime", "kiwi"};
	const char *one = names[random_below(NAMES)], *other = names[random_below(NAMES)];
	unsigned number = random_below(1000);

	switch (random_below(20)) {
	case 0:
	case 1:
	case 2:
		return snprintf(line, size, "echo %s %u > %s\n", other, number, one);
	case 3:
	case 4:
		return snprintf(line, size, "echo %u %s >> %s\n", number, one, other);
	case 5:
		return snprintf(line, size, "cat %s %s | wc\n", one, other);
	case 6:
		return snprintf(line, size, "sort < %s | head -3\n", one);
	case 7:
		return snprintf(line, size, "cp %s %s; echo $?\n", one, other);
	case 8:
		return snprintf(line, size, "mv %s %s; echo $?\n", one, other);
	case 9:
		return snprintf(line, size, "rm %s; echo $?\n", one);
	case 10:
		return snprintf(line, size, "ls | sort | sum\n");
	case 11:
		return snprintf(line, size, "sum %s %s\n", one, other);
	case 12:
		return snprintf(
			line, size, "grep %c %s | hexdump\n", 'a' + (char)(number % 26), one);
	case 13:
		return snprintf(line, size, "forkwait %u\n", 1 + number % 4);
	case 14:
		return snprintf(line, size, "vm %u; echo $?\n", 16 + number % 64);
	case 15:
		return snprintf(line, size, "cat %s | tee copy | wc\n", one);
	case 16:
		return snprintf(line, size, "hello; echo %u\n", number);
	case 17:
		return snprintf(line, size,
			"mkdir d%u; cp %s d%u/%s; ls d%u; rm d%u/%s; rmdir d%u\n", number, one,
			number, one, number, number, one, number);
	case 18:
		return snprintf(line, size, "ping\n");
	default:
		return snprintf(line, size, "echo %s | cat | cat | grep %c\n", one, one[0]);
	}
}

/* pocket with a disk of its own, whose /etc/rc is another. */
static struct guest *session_open(void)
{
	static char script[32768];
	char folder[] = "/tmp/ringfence-session.XXXXXX", path[64], command[2 * PATH_MAX];
	const char *kit = judgement()->kit;
	struct guest *guest = guest_open("pocket");
	size_t length = 0, size;

	guest_disk(guest, &size);
	length += (size_t)snprintf(script, sizeof(script), "mkdir /tmp\ncd /tmp\n");
	for (int i = 0; i < COMMANDS; i++)
		length += (size_t)command_draw(script + length, sizeof(script) - length);
	if (!mkdtemp(folder))
		infrastructure_error("cannot make a temporary folder: %m");
	snprintf(command, sizeof(command),
		"cp -R %s/build/guests/pocket/root %s/root && chmod -R u+w %s", kit, folder,
		folder);
	if (system(command) != 0)
		infrastructure_error(
			"cannot copy the files of pocket's disk: `make kit` builds them");
	snprintf(path, sizeof(path), "%s/root/etc/rc", folder);
	FILE *rc = fopen(path, "w");
	if (!rc || fputs(script, rc) < 0 || fclose(rc) != 0)
		infrastructure_error("cannot write %s: %m", path);
	snprintf(command, sizeof(command), "%s/build/guests/pocket/tools/mkfs %s/disk %zu %s/root",
		kit, folder, size / 1024, folder);
	if (system(command) != 0)
		infrastructure_error("cannot make a disk for pocket");
	snprintf(path, sizeof(path), "%s/disk", folder);
	uint8_t *disk = malloc(size);
	FILE *file = fopen(path, "rb");
	if (!file || !disk || fread(disk, 1, size, file) != size)
		infrastructure_error("cannot read %s: %m", path);
	fclose(file);
	guest_set_disk(guest, disk, size);
	free(disk);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	if (system(command) != 0)
		infrastructure_error("cannot remove %s", folder);
	return guest;
}

START_TEST(a_session_of_two_hundred_commands_is_as_bare)
{
	hint("A command that prints something else once, here or there, is an interrupt at the wrong place: TEST=interrupts_come_between_instructions_of_the_guests looks closer.");
	assert_session_is_alike(session_open(), "mem=4");
}
END_TEST

const struct graded_test patch_kernel_tests[] = {
	{&the_image_that_runs_is_the_one_that_boots_bare, EQUIVALENCE, 2, "pocket"},
	{&pocket_runs_as_it_is, EQUIVALENCE, 2, "pocket"},
	{&a_session_of_two_hundred_commands_is_as_bare, EQUIVALENCE, 3, "pocket"},
	{0},
};
