/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From power-on to Multiboot: images made by image_write boot in the real Bochs (and in QEMU), and
 * tests/data/mbkernel.asm says on COM1 what it was given. What goes wrong must be said.
 *
 * Three ways lead to a boot that fails. An image is damaged by hand, as a bad disk would. A kernel
 * that image_write refuses is put into an image behind its back. And what no disk can do is done
 * with Bochs's debugger: it stops at the master boot record and puts a small program, the preface,
 * in front of it, which takes over a BIOS call or turns A20 off.
 *
 * Invariant: each test works in a folder of its own, which is removed at the end.
 */
#include "image.h"

#include <check.h>
#include <ftw.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define KIB          1024u
#define MIB          (1024u * KIB)
#define BOOT         "monitor/boot/"
#define BIG_KERNEL   "big.elf" /* its place in an image has room for the others */
#define DIRECTORY_AT ((size_t)IMAGE_PARTITION_LBA * SECTOR_BYTES)
#define SAYS         "Ringfence boot: "
#define TEST_SECONDS 120

static char top[PATH_MAX];    /* the repository */
static char boot[PATH_MAX];   /* what all tests share: the built boot sectors and kernels */
static char folder[PATH_MAX]; /* the test's own folder, in which it runs */

/* ---- Commands and files ---- */

__attribute__((format(printf, 1, 2))) static int command_run(const char *format, ...)
{
	char command[4096];
	va_list arguments;
	int status;

	va_start(arguments, format);
	vsnprintf(command, sizeof(command), format, arguments);
	va_end(arguments);
	status = system(command);
	ck_assert_msg(WIFEXITED(status), "did not end: %s", command);
	return WEXITSTATUS(status);
}

/* The whole file, with a zero byte behind it. The caller frees it. */
static uint8_t *file_load(const char *name, size_t *size)
{
	FILE *file = fopen(name, "rb");
	uint8_t *data;
	long end;

	ck_assert_msg(file != NULL, "no file %s", name);
	fseek(file, 0, SEEK_END);
	end = ftell(file);
	rewind(file);
	data = calloc(1, (size_t)end + 1);
	ck_assert_uint_eq(fread(data, 1, (size_t)end, file), (size_t)end);
	fclose(file);
	if (size)
		*size = (size_t)end;
	return data;
}

static void file_save(const char *name, const void *data, size_t size)
{
	FILE *file = fopen(name, "wb");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(data, 1, size, file), size);
	fclose(file);
}

/* Writes `size` bytes that look random and are the same every time. */
static void file_make(const char *name, size_t size)
{
	uint8_t *data = malloc(size);
	uint32_t state = (uint32_t)size | 1;

	for (size_t i = 0; i < size; i++) {
		state = state * 1664525u + 1013904223u;
		data[i] = (uint8_t)(state >> 24);
	}
	file_save(name, data, size);
	free(data);
}

static int entry_remove(const char *path, const struct stat *status, int kind, struct FTW *ftw)
{
	(void)status, (void)kind, (void)ftw;
	return remove(path);
}

/* ---- What is built once, and each test's folder ---- */

static void kernel_build(const char *name, const char *options)
{
	ck_assert_int_eq(
		command_run("nasm -w+all %s -f bin -o '%s' '%s/grader/tests/data/mbkernel.asm'",
			options, name, top),
		0);
}

static void shared_setup(void)
{
	const char *base = getenv("TMPDIR");

	ck_assert_ptr_nonnull(getcwd(top, sizeof(top)));
	snprintf(boot, sizeof(boot), "%s/check_image.XXXXXX", base ? base : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(boot));
	ck_assert_int_eq(
		command_run("cd " BOOT " && nasm -w+all -f bin -o '%s/mbr.bin' mbr.asm &&"
			    " nasm -w+all -f bin -l '%s/stage2.lst' -o '%s/stage2.bin' stage2.asm",
			boot, boot, boot),
		0);
	ck_assert_int_eq(command_run("gcc -std=c11 -D_GNU_SOURCE -Igrader/include -o '%s/mkimage'"
				     " grader/tools/mkimage.c grader/lib/image.c",
				 boot),
		0);
	ck_assert_int_eq(chdir(boot), 0);
	kernel_build("kernel.elf", "");
	kernel_build(BIG_KERNEL, "-DPADDING=102400");
	ck_assert_int_eq(chdir(top), 0);
}

static void shared_teardown(void)
{
	nftw(boot, entry_remove, 16, FTW_DEPTH | FTW_PHYS);
}

static void test_setup(void)
{
	snprintf(folder, sizeof(folder), "%.4000s/test.XXXXXX", boot);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chdir(folder), 0);
}

static void test_teardown(void)
{
	ck_assert_int_eq(chdir(top), 0);
}

/* ---- Images, all called disk.img ---- */

#define FILES(...)                                                                                 \
	(const struct image_file[]){__VA_ARGS__},                                                  \
		sizeof((const struct image_file[]){__VA_ARGS__}) / sizeof(struct image_file)

#define KERNEL                                                                                     \
	{                                                                                          \
		"../kernel.elf", NULL                                                              \
	}

static char refusal[512]; /* what image_write said last */

static int image_try(const struct image_file *files, size_t count, unsigned memory_mib)
{
	struct image_plan plan = {
		.boot_dir = boot, .files = files, .count = count, .memory_mib = memory_mib};

	return image_write("disk.img", &plan, refusal, sizeof(refusal));
}

static void image_make(const struct image_file *files, size_t count)
{
	ck_assert_msg(image_try(files, count, IMAGE_MEMORY_MIB_DEFAULT) == 0, "%s", refusal);
}

/* An image changed by hand: begin, change, seal the directory if its checksum is to be right, end.
 */
struct patch {
	uint8_t *disk;
	size_t size;
	struct image_directory *directory;
	struct image_entry *entries;
};

static struct patch patch_begin(void)
{
	struct patch patch;

	patch.disk = file_load("disk.img", &patch.size);
	patch.directory = (void *)(patch.disk + DIRECTORY_AT);
	patch.entries = (void *)(patch.directory + 1);
	return patch;
}

static uint8_t *patch_file(struct patch *patch, size_t number)
{
	return patch->disk + DIRECTORY_AT + (size_t)patch->entries[number].lba * SECTOR_BYTES;
}

static void patch_seal(struct patch *patch)
{
	patch->directory->checksum = image_checksum(&patch->directory->version,
		patch->directory->size - offsetof(struct image_directory, version));
}

static void patch_end(struct patch *patch)
{
	file_save("disk.img", patch->disk, patch->size);
	free(patch->disk);
}

/* ---- Machines ---- */

struct machine {
	unsigned megs; /* 0: the default machine */
	bool floppy;   /* boots the image's beginning as a floppy disk */
	bool no_com1;
	const char *preface;  /* NASM source of what runs before the master boot record */
	const char *commands; /* for the debugger, once it stands at the master boot record */
};

static const char bochs_settings[] =
	"display_library: rfb, options=\"timeout=0,hideIPS\"\n"
	"romimage: file=/usr/share/bochs/BIOS-bochs-latest, options=fastboot\n"
	"vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest\n"
	"cpu: model=p3_katmai, ips=50000000, reset_on_triple_fault=0\n"
	"clock: sync=none, time0=946684800\n"
	"panic: action=fatal\n"
	"plugin_ctrl: speaker=0\n"
	"log: log.txt\n";

/* Tells the debugger to put the preface at 0x600 and to start there. */
static void preface_write(FILE *commands, const char *source)
{
	size_t size;
	uint8_t *code;
	FILE *file = fopen("preface.asm", "w");

	ck_assert_ptr_nonnull(file);
	fprintf(file, "bits 16\norg 0x600\n%s\njmp 0:0x7C00\n", source);
	fclose(file);
	ck_assert_int_eq(command_run("nasm -w+all -f bin -o preface.bin preface.asm"), 0);
	code = file_load("preface.bin", &size);
	for (size_t i = 0; i < size; i++)
		fprintf(commands, "setpmem 0x%zx 1 0x%02x\n", 0x600 + i, code[i]);
	fprintf(commands, "set $eip = 0x600\n");
	free(code);
}

static void machine_configure(const struct machine *machine)
{
	struct stat image;
	FILE *file = fopen("bochsrc", "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(stat("disk.img", &image), 0);
	fputs(bochs_settings, file);
	fprintf(file, "megs: %u\n", machine->megs ? machine->megs : IMAGE_MEMORY_MIB_DEFAULT);
	if (machine->floppy)
		fputs("floppya: 1_44=floppy.img, status=inserted\nboot: floppy\n", file);
	else
		fprintf(file,
			"boot: disk\nata0-master: type=disk, path=disk.img, mode=flat, "
			"cylinders=%u,"
			" heads=16, spt=63, translation=none\n",
			image_cylinders(image.st_size));
	if (machine->no_com1)
		fputs("com1: enabled=0\n", file);
	else
		fputs("com1: enabled=1, mode=file, dev=console.txt\n", file);
	fclose(file);
}

/* Boots disk.img until the machine turns itself off. Gives what COM1 wrote; the caller frees it. */
static char *machine_run(const struct machine *machine)
{
	FILE *file = fopen("commands", "w");

	ck_assert_ptr_nonnull(file);
	fputs("pb 0x7c00\nc\nptime\nd 1\n", file);
	if (machine->preface)
		preface_write(file, machine->preface);
	fprintf(file, "%sc\nq\n", machine->commands ? machine->commands : "");
	fclose(file);
	machine_configure(machine);
	unlink("log.txt"); /* of an earlier run in this test */
	unlink("console.txt");
	command_run("timeout %d bwrap --dev-bind / / --unshare-net --die-with-parent"
		    " bochs -q -unlock -f bochsrc -rc commands </dev/null >debugger.txt 2>&1",
		TEST_SECONDS / 2);
	ck_assert_msg(command_run("grep -q 'shutdown requested' log.txt") == 0,
		"the machine did not turn itself off: %s", (char *)file_load("debugger.txt", NULL));
	return machine->no_com1 ? NULL : (char *)file_load("console.txt", NULL);
}

/* ---- What the kernel said ---- */

static void expect_text(const char *console, const char *text)
{
	ck_assert_msg(strstr(console, text) != NULL, "no '%s' in:\n%s", text, console);
}

__attribute__((format(printf, 2, 3))) static void expect_line(
	const char *console, const char *format, ...)
{
	char line[512] = "\n";
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line + 1, sizeof(line) - 2, format, arguments);
	va_end(arguments);
	strcat(line, "\n");
	if (strncmp(console, line + 1, strlen(line + 1)) != 0)
		expect_text(console, line);
}

/* The number behind the first "name=" at or behind `from`. */
static uint32_t number_after(const char *from, const char *name)
{
	const char *found = strstr(from, name);

	ck_assert_msg(found != NULL, "no %s in:\n%s", name, from);
	return (uint32_t)strtoul(found + strlen(name), NULL, 16);
}

/* The same sum as mbkernel.asm's. */
static uint32_t file_sum(const char *name)
{
	size_t size;
	uint8_t *data = file_load(name, &size);
	uint32_t sum = 0x811C9DC5u;

	for (size_t i = 0; i < size; i++)
		sum = (sum ^ data[i]) * 0x01000193u;
	free(data);
	return sum;
}

/* Is the module there, whole, on a page at or above *end? Moves *end behind it. */
static void expect_module(const char *console, const char *name, const char *string, uint32_t *end)
{
	char line[128];
	const char *module;
	struct stat status;

	ck_assert_int_eq(stat(name, &status), 0);
	snprintf(line, sizeof(line), "\nmodule=%s\n", string);
	expect_text(console, line);
	module = strstr(console, line);
	ck_assert_uint_eq(number_after(module, "start=") % 4096, 0);
	ck_assert_uint_ge(number_after(module, "start="), *end);
	ck_assert_uint_eq(number_after(module, "bytes="), status.st_size);
	ck_assert_uint_eq(number_after(module, "sum="), file_sum(name));
	*end = number_after(module, "start=") + (uint32_t)status.st_size;
}

/* Boots disk.img and expects exactly this message, then silence. */
static void expect_failure(const struct machine *machine, const char *message)
{
	char expected[512];
	char *console = machine_run(machine);

	snprintf(expected, sizeof(expected), SAYS "%s\r\n", message);
	ck_assert_str_eq(console, expected);
	free(console);
}

static void expect_boot(const struct machine *machine)
{
	char *console = machine_run(machine);

	expect_line(console, "end");
	free(console);
}

/* ---- A boot that succeeds ---- */

START_TEST(kernel_alone_gets_the_machine_state_of_multiboot)
{
	static const char *const state[] = {"eax=2BADB002", "ecx=00000000", "edx=00000000",
		"esi=00000000", "edi=00000000", "ebp=00000000", "eflags=00000002", "cs=00000008",
		"ds=00000010", "es=00000010", "fs=00000010", "gs=00000010", "ss=00000010",
		"gdt_limit=00000017", "null_low=00000000", "null_high=00000000",
		"code_low=0000FFFF", "data_low=0000FFFF", "code_high=00CF9B00",
		"data_high=00CF9300", "end"};
	char *console;

	image_make(FILES(KERNEL));
	console = machine_run(&(struct machine){0});
	for (size_t i = 0; i < sizeof(state) / sizeof(state[0]); i++)
		expect_line(console, "%s", state[i]);
	ck_assert_uint_eq(number_after(console, "cr0=") & 0x80000001u, 1);
	ck_assert_uint_lt(number_after(console, "esp="), 640 * KIB);
	ck_assert_uint_gt(number_after(console, "esp="), 0x1000);
	ck_assert_uint_lt(number_after(console, "gdt_base="), 640 * KIB);
	free(console);
}
END_TEST

START_TEST(kernel_alone_gets_the_information_of_multiboot)
{
	char *console;
	const char *upper;

	image_make(FILES({"../kernel.elf", "two  words"}));
	console = machine_run(&(struct machine){.megs = 32});
	expect_line(console, "flags=0000024F");
	expect_line(console, "boot_device=8000FFFF");
	expect_line(console, "loader=Ringfence boot");
	expect_line(console, "cmdline=kernel.elf two  words");
	expect_line(console, "modules=00000000");
	expect_line(console, "base=00000000");
	upper = strstr(console, "\nbase=00100000\n");
	ck_assert_ptr_nonnull(upper);
	ck_assert_uint_eq(
		number_after(upper, "length=") / KIB, number_after(console, "mem_upper="));
	ck_assert_uint_eq(number_after(upper, "type="), 1);
	ck_assert_uint_le(number_after(console, "mem_upper="), 31 * KIB);
	ck_assert_uint_ge(number_after(console, "mem_upper="), 31 * KIB - IMAGE_FIRMWARE_KIB);
	ck_assert_uint_le(number_after(console, "mem_lower="), 640);
	ck_assert_uint_ge(number_after(console, "mem_lower="), 600);
	free(console);
}
END_TEST

START_TEST(segments_are_copied_and_the_rest_of_them_cleared)
{
	char commands[32 * 1024];
	size_t length = 0;
	char *console;

	file_save("tail", "the second segment", 18);
	image_make(FILES(KERNEL));
	/* Dirt over all of the second segment and the file's end; see TAIL in mbkernel.asm. */
	for (unsigned address = 0x180000; address < 0x181400; address += 16)
		length += (size_t)snprintf(commands + length, sizeof(commands) - length,
			"setpmem 0x%x 4 0xffffffff\n", address);
	snprintf(commands + length, sizeof(commands) - length, "setpmem 0x181248 1 0xff\n");
	console = machine_run(&(struct machine){.commands = commands});
	expect_line(console, "tail=%08X", file_sum("tail"));
	expect_line(console, "not_zero=00000000");
	free(console);
}
END_TEST

START_TEST(modules_arrive_intact_each_on_its_page)
{
	uint32_t end = 0x181249; /* of the kernel, see mbkernel.asm */
	char *console;

	file_make("one", 1);
	file_make("large", 5 * MIB + 12345);
	file_make("page", 4096);
	image_make(FILES(KERNEL, {"one", "first word"}, {"large", ""}, {"page", "a=1 b=2"}));
	console = machine_run(&(struct machine){0});
	expect_line(console, "modules=00000003");
	expect_module(console, "one", "one first word", &end);
	expect_module(console, "large", "large", &end);
	expect_module(console, "page", "page a=1 b=2", &end);
	free(console);
}
END_TEST

START_TEST(modules_may_fill_the_memory_to_its_end)
{
	size_t fits = (8 * MIB - IMAGE_FIRMWARE_KIB * KIB) - 0x182000;
	uint32_t end = 0x181249;
	char *console;

	file_make("module", fits);
	ck_assert_int_eq(image_try(FILES(KERNEL, {"module", NULL}), 8), 0);
	console = machine_run(&(struct machine){.megs = 8});
	expect_module(console, "module", "module", &end);
	free(console);

	file_make("module", fits + 1);
	ck_assert_int_eq(image_try(FILES(KERNEL, {"module", NULL}), 8), -1);
	ck_assert_str_eq(refusal, "the files need 7044 KiB of memory above 1 MiB, "
				  "a machine of 8 MiB has 7040 KiB: 4 KiB too much");
}
END_TEST

/* The image is made for more memory than the machine has, so that stage 2 must count itself. */
START_TEST(modules_may_fill_what_the_bios_leaves_and_no_more)
{
	size_t fits = 8 * MIB - 64 * KIB - 0x182000; /* Bochs's BIOS keeps 64 KiB */
	uint32_t end = 0x181249;
	char *console;

	file_make("module", fits);
	image_make(FILES(KERNEL, {"module", NULL}));
	console = machine_run(&(struct machine){.megs = 8});
	expect_module(console, "module", "module", &end);
	free(console);

	file_make("module", fits + 1);
	image_make(FILES(KERNEL, {"module", NULL}));
	expect_failure(&(struct machine){.megs = 8},
		"too little memory: 7108 KiB needed above 1 MiB, there are 7104 KiB: "
		"give the machine more or load less");
}
END_TEST

/* As many modules as the directory has room for. */
START_TEST(modules_may_be_many)
{
	struct image_file files[400];
	char *console;

	file_make("m", 700);
	files[0] = (struct image_file)KERNEL;
	for (size_t i = 1; i < 400; i++)
		files[i] = (struct image_file){.path = "m"};
	image_make(files, 400);
	console = machine_run(&(struct machine){0});
	expect_line(console, "modules=0000018F");
	free(console);
}
END_TEST

START_TEST(partition_may_be_any_of_the_four)
{
	struct patch patch;
	char *console;

	image_make(FILES(KERNEL));
	patch = patch_begin();
	memcpy(patch.disk + IMAGE_PARTITION_TABLE + 32, patch.disk + IMAGE_PARTITION_TABLE, 16);
	patch.disk[IMAGE_PARTITION_TABLE] = 0; /* the first one is not active any more */
	patch_end(&patch);
	console = machine_run(&(struct machine){0});
	expect_line(console, "boot_device=8002FFFF");
	expect_line(console, "end");
	free(console);
}
END_TEST

START_TEST(kernel_may_be_linked_high_and_named_by_either_address)
{
	static const char *const options[] = {
		"-DVIRTUAL=0xF0100000", "-DVIRTUAL=0xF0100000 -DENTRY=start", "-DLOAD=0x1400000"};

	kernel_build("high.elf", options[_i]);
	image_make(FILES({"high.elf", NULL}));
	expect_boot(&(struct machine){0});
}
END_TEST

START_TEST(boot_of_200_kib_takes_at_most_600000_instructions)
{
	char *debugger, *first;
	unsigned long long begin, end;

	file_make("module", 100 * KIB);
	image_make(FILES({"../" BIG_KERNEL, NULL}, {"module", NULL}));
	free(machine_run(&(struct machine){.commands = "pb 0x1000a0\nc\nptime\n"}));
	debugger = (char *)file_load("debugger.txt", NULL);
	first = strstr(debugger, "ptime: ");
	ck_assert_ptr_nonnull(first);
	ck_assert_ptr_nonnull(strstr(first + 1, "ptime: "));
	begin = strtoull(first + 7, NULL, 10);
	end = strtoull(strstr(first + 1, "ptime: ") + 7, NULL, 10);
	printf("from the master boot record to the kernel: %llu ticks\n", end - begin);
	ck_assert_uint_gt(end, begin);
	ck_assert_uint_le(end - begin, 600000);
	free(debugger);
}
END_TEST

START_TEST(same_image_boots_in_qemu)
{
	uint32_t end = 0x181249;
	char *console;

	if (command_run("command -v qemu-system-i386 >/dev/null") != 0) {
		printf("skipped: qemu-system-i386 is not installed\n");
		return;
	}
	file_make("module", 300 * KIB + 1);
	image_make(FILES(KERNEL, {"module", "in qemu"}));
	ck_assert_int_eq(
		command_run("timeout %d qemu-system-i386 -accel tcg -m 64 -nic none -no-reboot"
			    " -display none -monitor none -drive file=disk.img,format=raw"
			    " -serial file:console.txt </dev/null",
			TEST_SECONDS / 2),
		0);
	console = (char *)file_load("console.txt", NULL);
	expect_line(console, "cmdline=kernel.elf");
	expect_module(console, "module", "module in qemu", &end);
	expect_line(console, "end");
	free(console);
}
END_TEST

/* ---- Old and odd machines ---- */

/* Takes INT 15h over; the functions named in `cmp` lines fail, the others go to Bochs's BIOS. */
#define HOOK_INT15(compares)                                                                       \
	"mov word [0x54], hook\nmov word [0x56], 0\njmp go\n"                                      \
	"hook:\n" compares "jmp 0xF000:0xF859\n"                                                   \
	"no: push bp\nmov bp, sp\nor byte [bp + 6], 1\nmov ah, 0x86\npop bp\niret\n"               \
	"go:\n"
#define REFUSE(function) "cmp ax, " function "\nje no\n"

START_TEST(memory_is_found_by_older_calls_as_well)
{
	static const struct {
		const char *preface;
		unsigned megs;
	} machines[] = {
		{HOOK_INT15(REFUSE("0xE820")), 32},
		{HOOK_INT15(REFUSE("0xE820")), 8},
		{HOOK_INT15(REFUSE("0xE820") REFUSE("0xE801")), 32},
	};
	const char *upper;
	char *console;

	image_make(FILES(KERNEL));
	console = machine_run(
		&(struct machine){.megs = machines[_i].megs, .preface = machines[_i].preface});
	expect_line(console, "end");
	upper = strstr(console, "\nbase=00100000\n");
	ck_assert_ptr_nonnull(upper);
	ck_assert_uint_eq(number_after(upper, "type="), 1);
	ck_assert_uint_ge(number_after(console, "mem_upper="),
		(machines[_i].megs - 1) * KIB - IMAGE_FIRMWARE_KIB);
	ck_assert_uint_le(number_after(console, "mem_upper="), (machines[_i].megs - 1) * KIB);
	free(console);
}
END_TEST

START_TEST(memory_that_no_call_knows_is_said)
{
	image_make(FILES(KERNEL));
	expect_failure(&(struct machine){.preface = HOOK_INT15(REFUSE("0xE820")
							 REFUSE("0xE801") "cmp ah, 0x88\nje no\n")},
		"the BIOS does not say how much memory there is: try another machine");
}
END_TEST

#define A20_OFF "in al, 0x92\nand al, 0xFC\nout 0x92, al\n"

START_TEST(a20_is_turned_on_by_the_bios_or_without_it)
{
	static const char *const prefaces[] = {A20_OFF, A20_OFF HOOK_INT15(REFUSE("0x2401"))};
	uint32_t end = 0x181249;
	char *console;

	file_make("module", 100 * KIB);
	image_make(FILES({"../kernel.elf", NULL}, {"module", NULL}));
	console = machine_run(&(struct machine){.preface = prefaces[_i]});
	expect_module(console, "module", "module", &end);
	free(console);
}
END_TEST

/* Where a label of stage 2 lies in memory, by NASM's listing. */
static unsigned label_address(const char *name)
{
	char line[512], label[64], offset[16];
	bool found = false;
	unsigned address = 0;
	FILE *listing = fopen("../stage2.lst", "r");

	ck_assert_ptr_nonnull(listing);
	snprintf(label, sizeof(label), " %s:", name);
	while (address == 0 && fgets(line, sizeof(line), listing)) {
		if (found && sscanf(line, "%*u %8[0-9A-F] ", offset) == 1 && strlen(offset) == 8)
			address = 0x7E00 + (unsigned)strtoul(offset, NULL, 16);
		found = found || strstr(line, label);
	}
	fclose(listing);
	ck_assert_msg(address != 0, "no label %s", name);
	return address;
}

START_TEST(a20_that_stays_off_is_said)
{
	char commands[128];

	image_make(FILES(KERNEL));
	/* No switch of Bochs breaks A20, so the test of it becomes: OR SP, SP; RET. */
	snprintf(commands, sizeof(commands), "pb 0x7e00\nc\nsetpmem 0x%x 4 0x00c3e409\n",
		label_address("a20_is_on"));
	expect_failure(&(struct machine){.commands = commands},
		"address line A20 cannot be turned on: try another machine or BIOS setting");
}
END_TEST

START_TEST(failure_without_com1_stands_on_the_screen_and_ends)
{
	static const char expected[] = SAYS "no active partition of type 7F: write the image again";
	struct patch patch;
	char commands[128];
	uint8_t *screen;
	char *text;
	size_t size;

	image_make(FILES(KERNEL));
	patch = patch_begin();
	patch.disk[IMAGE_PARTITION_TABLE] = 0;
	patch_end(&patch);
	snprintf(commands, sizeof(commands), "pb 0x%x\nc\nwritemem \"screen\" 0xb8000 4000\n",
		label_address("halt"));
	machine_run(&(struct machine){.no_com1 = true, .commands = commands});
	screen = file_load("screen", &size);
	text = calloc(1, size);
	for (size_t i = 0; i < size / 2; i++)
		text[i] = (char)screen[2 * i]; /* each character has a colour behind it */
	expect_text(text, expected);
	free(text);
	free(screen);
}
END_TEST

START_TEST(failure_ends_though_com1_is_never_ready)
{
	char commands[128];
	struct patch patch;

	image_make(FILES(KERNEL));
	patch = patch_begin();
	patch.disk[IMAGE_PARTITION_TABLE] = 0;
	patch_end(&patch);
	/* Behind MOV CX, MOV DX and IN, the test of the line status becomes: XOR AL, AL. */
	snprintf(commands, sizeof(commands), "pb 0x7e00\nc\nsetpmem 0x%x 2 0xc030\n",
		label_address("serial_wait") + 7);
	free(machine_run(&(struct machine){.commands = commands})); /* fails if it hangs */
}
END_TEST

/* ---- The master boot record's failures ---- */

START_TEST(missing_extensions_are_said)
{
	image_make(FILES(KERNEL));
	ck_assert_int_eq(command_run("head -c 1474560 disk.img >floppy.img"), 0);
	expect_failure(
		&(struct machine){.floppy = true}, "no INT 13h extensions: boot it as a hard disk");
}
END_TEST

/* Bochs's disk never fails inside itself: INT 13h function 42h fails with AH = 20h. */
START_TEST(read_error_of_stage_2_is_said)
{
	image_make(FILES(KERNEL));
	expect_failure(
		&(struct machine){
			.preface = "mov eax, [0x4C]\nmov [old], eax\n"
				   "mov word [0x4C], hook\nmov word [0x4E], 0\njmp go\n"
				   "hook: cmp ah, 0x42\nje no\njmp far [cs:old]\n"
				   "no: push bp\nmov bp, sp\nor byte [bp + 6], 1\nmov ah, 0x20\n"
				   "pop bp\niret\nold: dd 0\ngo:\n"},
		"disk read error: LBA 1, status 20: check the disk");
}
END_TEST

START_TEST(damaged_stage_2_is_said)
{
	struct patch patch;

	image_make(FILES(KERNEL));
	patch = patch_begin();
	patch.disk[(IMAGE_STAGE2_LBA + IMAGE_STAGE2_SECTORS) * SECTOR_BYTES - 1] ^= 1;
	patch_end(&patch);
	expect_failure(&(struct machine){0}, "stage 2 is damaged: write the image again");
}
END_TEST

/* ---- Stage 2's failures: the disk ---- */

#define NO_SENSE           "the boot directory makes no sense: write the image again"
#define DIRECTORY_CHECKSUM "checksum of the boot directory wrong: write the image again"

/* Each puts 32 bits at an offset in the directory of a kernel (entry at 20) and a module (36). */
static const struct {
	unsigned offset;
	uint32_t value;
	bool sealed;
	const char *message;
} directory_damages[] = {
	{0, 0, false, "no boot directory at LBA 2048: write the image again"},
	{8, 7, true,
		"the boot directory is of version 7, not 1: use the image tool and the boot "
		"sectors of one kit"},
	{4, 0, false, DIRECTORY_CHECKSUM},
	{24, 1000, false, DIRECTORY_CHECKSUM},
	{12, 0, false, NO_SENSE},
	{12, 20, false, NO_SENSE},
	{12, 8193, false, NO_SENSE},
	{12, 56, true, NO_SENSE},
	{16, 0, true, NO_SENSE},
	{16, 0x10000000, true, NO_SENSE},
	{24, 0, true, NO_SENSE},
	{32, 51, true, NO_SENSE},
	{48, 8192, true, NO_SENSE},
	{66, 0x41656C75, true, NO_SENSE}, /* the last command line has no end */
	{20, 0x100000, true,
		"disk read error: LBA 1050624, status 01: the image is cut short or the disk is "
		"bad; write the image again"},
	{24, 0x7FFFFFFF, true,
		"too little memory: 2097152 KiB needed above 1 MiB, there are 64448 KiB: give the "
		"machine more or load less"},
	{40, 0xFFFFFFFF, true,
		"too little memory: 4193276 KiB needed above 1 MiB, there are 64448 KiB: give the "
		"machine more or load less"},
};
#define DIRECTORY_DAMAGES (int)(sizeof(directory_damages) / sizeof(directory_damages[0]))

START_TEST(bad_directory_is_said)
{
	struct patch patch;

	file_make("module", 100);
	image_make(FILES(KERNEL, {"module", NULL}));
	patch = patch_begin();
	memcpy(patch.disk + DIRECTORY_AT + directory_damages[_i].offset,
		&directory_damages[_i].value, 4);
	if (directory_damages[_i].sealed)
		patch_seal(&patch);
	patch_end(&patch);
	expect_failure(&(struct machine){0}, directory_damages[_i].message);
}
END_TEST

START_TEST(damaged_kernel_is_said)
{
	struct patch patch;

	image_make(FILES({"../kernel.elf", "hello"}));
	patch = patch_begin();
	patch_file(&patch, 0)[500] ^= 0x80;
	patch_end(&patch);
	expect_failure(
		&(struct machine){0}, "checksum of kernel kernel.elf wrong: write the image again");
}
END_TEST

START_TEST(damaged_module_is_said_by_name)
{
	struct patch patch;
	static const size_t places[] = {0, 65536, 199999};

	file_make("good", 3000);
	file_make("bad.bin", 200000);
	image_make(FILES(KERNEL, {"good", NULL}, {"bad.bin", "hello"}));
	patch = patch_begin();
	patch_file(&patch, 2)[places[_i]] ^= 1;
	patch_end(&patch);
	expect_failure(
		&(struct machine){0}, "checksum of module bad.bin wrong: write the image again");
}
END_TEST

START_TEST(too_little_memory_is_said_with_the_numbers)
{
	file_make("module", 3 * MIB);
	image_make(FILES(KERNEL, {"module", NULL}));
	expect_failure(&(struct machine){.megs = 2},
		"too little memory: 3592 KiB needed above 1 MiB, there are 960 KiB: "
		"give the machine more or load less");
}
END_TEST

/* ---- Stage 2's failures: the kernel ---- */

/* What is wrong with the kernel: NASM's options, what stage 2 says, what image_write says. */
static const struct {
	const char *options, *stage2, *host;
} bad_kernels[] = {
	{"-DMACHINE=62", " is not an ELF executable for the i386: link it with ld -m elf_i386",
		": not an ELF executable for the i386: link it with ld -m elf_i386"},
	{"-DHEADER_PAGE=2", " has no Multiboot header in its first 8 KiB: link the header first",
		": no Multiboot header in the first 8 KiB: link the header first"},
	{"-DFLAGS=7",
		" asks for Multiboot flags 00000007: only 1 (pages) and 2 (memory) can be given",
		": asks for Multiboot flags 00000007, only 1 and 2 can be given"},
	{"-DFILE_SIZE=0x100000", " has program headers that point outside the file: build it again",
		": a segment lies outside the file: build it again"},
	{"-DLOAD=0x80000", " wants to lie at 00080000: link it at 1 MiB (00100000) or above",
		": wants to lie at 00080000: link it at 1 MiB (00100000) or above"},
	{"-DENTRY=0x90000000",
		" has its entry point 90000000 outside its segments: check its ENTRY",
		": the entry point 90000000 lies outside its segments: check its ENTRY"},
};
#define BAD_KERNELS (int)(sizeof(bad_kernels) / sizeof(bad_kernels[0]))

/* Puts bad.elf in the place of the kernel behind image_write's back. */
static void kernel_smuggle(const uint8_t *data, size_t size)
{
	struct patch patch;

	image_make(FILES({"../" BIG_KERNEL, NULL}));
	patch = patch_begin();
	ck_assert_uint_le(size, patch.entries[0].bytes);
	memset(patch_file(&patch, 0), 0, patch.entries[0].bytes);
	memcpy(patch_file(&patch, 0), data, size);
	patch.entries[0].bytes = (uint32_t)size;
	patch.entries[0].checksum = image_checksum(data, size);
	patch_seal(&patch);
	patch_end(&patch);
}

START_TEST(bad_kernel_is_refused_by_the_host_and_by_stage_2)
{
	char message[256];
	size_t size;
	uint8_t *data;

	kernel_build("bad.elf", bad_kernels[_i].options);
	ck_assert_int_eq(image_try(FILES({"bad.elf", NULL}), 64), -1);
	snprintf(message, sizeof(message), "bad.elf%s", bad_kernels[_i].host);
	ck_assert_str_eq(refusal, message);
	data = file_load("bad.elf", &size);
	kernel_smuggle(data, size);
	snprintf(message, sizeof(message), BIG_KERNEL "%s", bad_kernels[_i].stage2);
	expect_failure(&(struct machine){0}, message);
	free(data);
}
END_TEST

#define NOT_ELF  " is not an ELF executable for the i386: link it with ld -m elf_i386"
#define OUTSIDE  " has program headers that point outside the file: build it again"
#define NO_SPACE " KiB needed above 1 MiB, there are 64448 KiB: give the machine more or load less"

#define HOST_ELF     "bad.elf: not an ELF executable for the i386: link it with ld -m elf_i386"
#define HOST_HEADERS "bad.elf: the program headers lie outside the file: build it again"
#define HOST_SEGMENT "bad.elf: a segment lies outside the file: build it again"
#define HOST_LOW     ": link it at 1 MiB (00100000) or above"
#define HOST_SPACE   " KiB of memory above 1 MiB, a machine of 64 MiB has 64384 KiB: "

/* Each puts 32 bits at an offset in mbkernel.elf: its program headers are at 52, 84 and 116. */
static const struct {
	unsigned offset;
	uint32_t value;
	const char *stage2; /* begins with a space: the kernel's name stands before it */
	const char *host;
} kernel_damages[] = {
	{0, 0x464C4580, NOT_ELF, HOST_ELF},
	{4, 0x00010102, NOT_ELF, HOST_ELF},      /* 64 bits */
	{16, 0x00030003, NOT_ELF, HOST_ELF},     /* a shared library */
	{28, 0xFFFFFFF0, OUTSIDE, HOST_HEADERS}, /* e_phoff */
	{28, 1700, OUTSIDE, HOST_HEADERS},       /* the third header passes the end */
	{40, 0x00210034, OUTSIDE, HOST_HEADERS}, /* e_phentsize */
	{44, 0x0028FFFF, OUTSIDE, HOST_HEADERS}, /* e_phnum */
	{44, 0x00280000, " has nothing to load: link it with program headers",
		"bad.elf: nothing to load: link it with program headers"},
	{52 + 4, 0xFFFFFFFF, OUTSIDE, HOST_SEGMENT}, /* p_offset */
	{52 + 20, 1, OUTSIDE, HOST_SEGMENT},         /* p_memsz below p_filesz */
	{116 + 16, 19, OUTSIDE, HOST_SEGMENT},       /* p_filesz one above what is left */
	{116 + 12, 0x000FFFFF, " wants to lie at 000FFFFF" HOST_LOW,
		"bad.elf: wants to lie at 000FFFFF" HOST_LOW},
	{116 + 12, 0xFFFFFF00, "too little memory: 4193276" NO_SPACE,
		"bad.elf: a segment ends above 4 GiB"},
	{116 + 12, 0x03FEF000, "too little memory: 64456" NO_SPACE,
		"the files need 64456" HOST_SPACE "72 KiB too much"},
	{116 + 20, 0x03F00000, "too little memory: 65028" NO_SPACE,
		"the files need 65028" HOST_SPACE "644 KiB too much"},
};
#define KERNEL_DAMAGES (int)(sizeof(kernel_damages) / sizeof(kernel_damages[0]))

START_TEST(damaged_elf_is_refused_by_the_host_and_by_stage_2)
{
	const char *message = kernel_damages[_i].stage2;
	char expected[256];
	size_t size;
	uint8_t *data = file_load("../kernel.elf", &size);

	memcpy(data + kernel_damages[_i].offset, &kernel_damages[_i].value, 4);
	file_save("bad.elf", data, size);
	ck_assert_int_eq(image_try(FILES({"bad.elf", NULL}), 64), -1);
	ck_assert_str_eq(refusal, kernel_damages[_i].host);
	kernel_smuggle(data, size);
	snprintf(expected, sizeof(expected), "%s%s", *message == ' ' ? BIG_KERNEL : "", message);
	expect_failure(&(struct machine){0}, expected);
	free(data);
}
END_TEST

START_TEST(kernel_that_is_only_a_few_bytes_is_refused)
{
	file_save("bad.elf", "\177ELF\1\1\1", 7);
	ck_assert_int_eq(image_try(FILES({"bad.elf", NULL}), 64), -1);
	kernel_smuggle((const uint8_t *)"\177ELF\1\1\1", 7);
	expect_failure(&(struct machine){0}, BIG_KERNEL NOT_ELF);
}
END_TEST

/* ---- What image_write promises ---- */

START_TEST(partition_table_has_one_active_partition_to_the_disks_end)
{
	static const uint8_t head[] = {0x80, 0xFE, 0xFF, 0xFF, 0x7F, 0xFE, 0xFF, 0xFF, 0, 8, 0, 0};
	static const uint8_t nothing[48];
	struct patch patch;
	uint8_t *table;
	uint32_t sectors;

	image_make(FILES(KERNEL));
	patch = patch_begin();
	table = patch.disk + IMAGE_PARTITION_TABLE;
	ck_assert_mem_eq(table, head, sizeof(head));
	memcpy(&sectors, table + 12, sizeof(sectors));
	ck_assert_uint_eq((IMAGE_PARTITION_LBA + sectors) * SECTOR_BYTES, patch.size);
	ck_assert_mem_eq(table + 16, nothing, sizeof(nothing));
	ck_assert_uint_eq(table[64], 0x55);
	ck_assert_uint_eq(table[65], 0xAA);
	ck_assert_uint_eq(patch.size % IMAGE_CYLINDER_BYTES, 0);
	free(patch.disk);
}
END_TEST

START_TEST(cylinders_hold_the_bytes)
{
	ck_assert_uint_eq(image_cylinders(1), 1);
	ck_assert_uint_eq(image_cylinders(16 * 63 * 512), 1);
	ck_assert_uint_eq(image_cylinders(16 * 63 * 512 + 1), 2);
	ck_assert_uint_eq(image_cylinders((off_t)516096 * 16383), 16383);
}
END_TEST

START_TEST(same_files_make_the_same_image)
{
	uint8_t *first, *second;
	size_t size, again;

	file_make("module", 12345);
	image_make(FILES(KERNEL, {"module", "a"}));
	first = file_load("disk.img", &size);
	image_make(FILES(KERNEL, {"module", "a"}));
	second = file_load("disk.img", &again);
	ck_assert_uint_eq(size, again);
	ck_assert_mem_eq(first, second, size);
	free(first);
	free(second);
}
END_TEST

START_TEST(checksum_notices_any_change_of_one_bit)
{
	uint8_t data[100] = {0};
	uint32_t whole = image_checksum(data, sizeof(data));

	for (size_t bit = 0; bit < 8 * sizeof(data); bit++) {
		data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert_uint_ne(image_checksum(data, sizeof(data)), whole);
		data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	ck_assert_uint_ne(image_checksum(data, sizeof(data) - 1), whole);
}
END_TEST

/* The kernel takes 4 sectors, the directory 16, the partition begins at 1024 KiB. */
START_TEST(disk_of_a_fixed_size_holds_the_files_or_says_by_how_much_not)
{
	struct image_file files[] = {KERNEL, {"module", NULL}};
	struct image_plan plan = {boot, files, 2, 64, 4};
	size_t fits = 4 * MIB - 1024 * KIB - 20 * SECTOR_BYTES;
	struct stat status;

	file_make("module", fits);
	ck_assert_int_eq(image_write("disk.img", &plan, refusal, sizeof(refusal)), 0);
	ck_assert_int_eq(stat("disk.img", &status), 0);
	ck_assert_uint_ge(status.st_size, 4 * MIB);
	ck_assert_uint_lt(status.st_size, 4 * MIB + IMAGE_CYLINDER_BYTES);
	file_make("module", 1);
	ck_assert_int_eq(image_write("disk.img", &plan, refusal, sizeof(refusal)), 0);
	ck_assert_int_eq(stat("disk.img", &status), 0);
	ck_assert_uint_ge(status.st_size, 4 * MIB);
	file_make("module", fits + 3 * KIB);
	ck_assert_int_eq(image_write("disk.img", &plan, refusal, sizeof(refusal)), -1);
	ck_assert_str_eq(
		refusal, "the files need a disk of 4099 KiB, 4 MiB are 4096 KiB: 3 KiB too much");
}
END_TEST

/* A refusal: the files by name, and what is said. The second file is a module if there is one. */
static const struct {
	const char *kernel, *module, *message;
} refusals[] = {
	{"nowhere.elf", NULL, "nowhere.elf: No such file or directory"},
	{"../kernel.elf", "nowhere", "nowhere: No such file or directory"},
	{"../kernel.elf", "empty", "empty: the file is empty"},
	{"../kernel.elf", "pipe", "pipe: not a regular file"},
	{".", NULL, ".: not a regular file"},
	{"old", NULL, "old: not an ELF executable for the i386: link it with ld -m elf_i386"},
	{"../kernel.elf", "disk.img", "disk.img: is one of the files to put in the image"},
};
#define REFUSALS (int)(sizeof(refusals) / sizeof(refusals[0]))

START_TEST(refusal_says_why_and_leaves_the_old_image)
{
	struct image_file files[] = {{refusals[_i].kernel, NULL}, {refusals[_i].module, NULL}};
	char *old;

	file_save("empty", "", 0);
	file_save("old", "some text", 9);
	file_save("disk.img", "the old image", 13);
	ck_assert_int_eq(mkfifo("pipe", 0600), 0);
	ck_assert_int_eq(image_try(files, refusals[_i].module ? 2 : 1, 64), -1);
	ck_assert_str_eq(refusal, refusals[_i].message);
	old = (char *)file_load("disk.img", NULL);
	ck_assert_str_eq(old, "the old image");
	free(old);
	ck_assert_int_ne(command_run("ls | grep -q tmp"), 0);
}
END_TEST

START_TEST(arguments_that_fill_the_directory_are_refused)
{
	char *arguments = calloc(1, IMAGE_DIRECTORY_MAX);

	memset(arguments, 'a', IMAGE_DIRECTORY_MAX - 36 - strlen("kernel.elf ") - 1);
	image_make(FILES({"../kernel.elf", arguments}));
	expect_boot(&(struct machine){0});
	strcat(arguments, "a");
	ck_assert_int_eq(image_try(FILES({"../kernel.elf", arguments}), 64), -1);
	ck_assert_str_eq(refusal,
		"too many files or too long arguments: the boot directory holds 8192 bytes");
	free(arguments);
}
END_TEST

START_TEST(image_that_cannot_be_written_leaves_nothing)
{
	struct image_file kernel = KERNEL;
	struct image_plan plan = {boot, &kernel, 1, 64, 0};

	ck_assert_int_eq(image_write("no/disk.img", &plan, refusal, sizeof(refusal)), -1);
	ck_assert_ptr_nonnull(strstr(refusal, "No such file or directory"));
	ck_assert_int_eq(mkdir("folder", 0700), 0);
	ck_assert_int_eq(image_write("folder", &plan, refusal, sizeof(refusal)), -1);
	ck_assert_str_eq(
		refusal, "folder: not a regular file: write the image to one, then copy it");
	/* A limit on the size of files: the disk full, as far as image_write can tell. */
	ck_assert_int_eq(command_run("trap '' XFSZ; ulimit -f 100; ../mkimage -b .. -o disk.img"
				     " ../kernel.elf 2>error"),
		2);
	ck_assert_int_eq(command_run("grep -q 'disk.img: File too large' error"), 0);
	ck_assert_int_ne(command_run("ls | grep -q 'disk.img'"), 0);
}
END_TEST

START_TEST(boot_sectors_of_the_wrong_kind_are_refused)
{
	struct image_file kernel = KERNEL;
	struct image_plan plan = {".", &kernel, 1, 64, 0};

	ck_assert_int_eq(image_write("disk.img", &plan, refusal, sizeof(refusal)), -1);
	ck_assert_str_eq(refusal, "./mbr.bin: No such file or directory");
	ck_assert_int_eq(command_run("cp ../stage2.bin ../mbr.bin . && printf x >>stage2.bin"), 0);
	ck_assert_int_eq(image_write("disk.img", &plan, refusal, sizeof(refusal)), -1);
	ck_assert_str_eq(
		refusal, "./stage2.bin: has 8193 bytes, not 8192: build the boot sectors again");
	ck_assert_int_eq(command_run("head -c 8192 /dev/zero >stage2.bin"), 0);
	ck_assert_int_eq(image_write("disk.img", &plan, refusal, sizeof(refusal)), -1);
	ck_assert_str_eq(refusal, "stage2.bin: not stage 2 of the boot: build it again");
	ck_assert_int_eq(command_run("head -c 512 /dev/zero >mbr.bin"), 0);
	ck_assert_int_eq(image_write("disk.img", &plan, refusal, sizeof(refusal)), -1);
	ck_assert_str_eq(refusal, "mbr.bin: not a boot sector: build it again");
}
END_TEST

/* ---- The command ---- */

START_TEST(mkimage_writes_an_image_that_boots)
{
	uint32_t end = 0x181249;
	char *console;

	file_make("module", 1000);
	ck_assert_int_eq(
		command_run(
			"../mkimage -b .. -m 32 -s 8 -o disk.img '../kernel.elf a  b' 'module c'"),
		0);
	console = machine_run(&(struct machine){.megs = 32});
	expect_line(console, "cmdline=kernel.elf a  b");
	expect_module(console, "module", "module c", &end);
	free(console);
	ck_assert_int_eq(command_run("../mkimage --help | grep -q '^Usage: mkimage'"), 0);
}
END_TEST

static const char *const bad_commands[] = {"", "-o disk.img", "../kernel.elf",
	"-o disk.img -m 0 ../kernel.elf", "-o disk.img -m 1 ../kernel.elf",
	"-o disk.img -m 64k ../kernel.elf", "-o disk.img -s -1 ../kernel.elf",
	"-o disk.img -s 0 ../kernel.elf", "-o disk.img -x ../kernel.elf", "-o disk.img ''",
	"-o disk.img ../kernel.elf nowhere"};
#define BAD_COMMANDS (int)(sizeof(bad_commands) / sizeof(bad_commands[0]))

START_TEST(mkimage_refuses_with_one_line_and_status_2)
{
	ck_assert_int_eq(command_run("../mkimage -b .. %s 2>error >output", bad_commands[_i]), 2);
	ck_assert_int_eq(
		command_run("test $(wc -l <error) = 1 && test ! -s output && test ! -e disk.img"),
		0);
	ck_assert_int_eq(command_run("grep -q mkimage error"), 0);
}
END_TEST

static Suite *image_suite(void)
{
	Suite *suite = suite_create("image");
	TCase *tests = tcase_create("image");

	tcase_add_unchecked_fixture(tests, shared_setup, shared_teardown);
	tcase_add_checked_fixture(tests, test_setup, test_teardown);
	tcase_set_timeout(tests, TEST_SECONDS);
	suite_add_tcase(suite, tests);

	tcase_add_test(tests, kernel_alone_gets_the_machine_state_of_multiboot);
	tcase_add_test(tests, kernel_alone_gets_the_information_of_multiboot);
	tcase_add_test(tests, segments_are_copied_and_the_rest_of_them_cleared);
	tcase_add_test(tests, modules_arrive_intact_each_on_its_page);
	tcase_add_test(tests, modules_may_fill_the_memory_to_its_end);
	tcase_add_test(tests, modules_may_fill_what_the_bios_leaves_and_no_more);
	tcase_add_test(tests, modules_may_be_many);
	tcase_add_test(tests, partition_may_be_any_of_the_four);
	tcase_add_loop_test(tests, kernel_may_be_linked_high_and_named_by_either_address, 0, 3);
	tcase_add_test(tests, boot_of_200_kib_takes_at_most_600000_instructions);
	tcase_add_test(tests, same_image_boots_in_qemu);
	tcase_add_loop_test(tests, memory_is_found_by_older_calls_as_well, 0, 3);
	tcase_add_loop_test(tests, a20_is_turned_on_by_the_bios_or_without_it, 0, 2);
	tcase_add_test(tests, mkimage_writes_an_image_that_boots);

	tcase_add_test(tests, memory_that_no_call_knows_is_said);
	tcase_add_test(tests, a20_that_stays_off_is_said);
	tcase_add_test(tests, failure_without_com1_stands_on_the_screen_and_ends);
	tcase_add_test(tests, failure_ends_though_com1_is_never_ready);
	tcase_add_test(tests, missing_extensions_are_said);
	tcase_add_test(tests, read_error_of_stage_2_is_said);
	tcase_add_test(tests, damaged_stage_2_is_said);
	tcase_add_loop_test(tests, bad_directory_is_said, 0, DIRECTORY_DAMAGES);
	tcase_add_test(tests, damaged_kernel_is_said);
	tcase_add_loop_test(tests, damaged_module_is_said_by_name, 0, 3);
	tcase_add_test(tests, too_little_memory_is_said_with_the_numbers);
	tcase_add_loop_test(
		tests, bad_kernel_is_refused_by_the_host_and_by_stage_2, 0, BAD_KERNELS);
	tcase_add_loop_test(
		tests, damaged_elf_is_refused_by_the_host_and_by_stage_2, 0, KERNEL_DAMAGES);
	tcase_add_test(tests, kernel_that_is_only_a_few_bytes_is_refused);

	tcase_add_test(tests, partition_table_has_one_active_partition_to_the_disks_end);
	tcase_add_test(tests, cylinders_hold_the_bytes);
	tcase_add_test(tests, same_files_make_the_same_image);
	tcase_add_test(tests, checksum_notices_any_change_of_one_bit);
	tcase_add_test(tests, disk_of_a_fixed_size_holds_the_files_or_says_by_how_much_not);
	tcase_add_loop_test(tests, refusal_says_why_and_leaves_the_old_image, 0, REFUSALS);
	tcase_add_test(tests, arguments_that_fill_the_directory_are_refused);
	tcase_add_test(tests, image_that_cannot_be_written_leaves_nothing);
	tcase_add_test(tests, boot_sectors_of_the_wrong_kind_are_refused);
	tcase_add_loop_test(tests, mkimage_refuses_with_one_line_and_status_2, 0, BAD_COMMANDS);
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(image_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
