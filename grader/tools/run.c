/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Boots guests under a monitor, or one guest bare, and shows what the machine says:
 *
 *   run [--monitor MONITOR.elf] [--gui x|term] [--boot FOLDER] [--keep-disk FILE]
 *       "GUEST.elf words"...
 *
 *   monitor | what the monitor logs
 *   console | what comes out of COM1
 *   screen  | the text screen, whenever a guest ends
 *
 * A guest's disk, GUEST.disk, is copied and never changed. --keep-disk writes to FILE what the
 * first guest's disk holds when the machine ends.
 *
 * With --gui, Bochs shows the machine's own screen and the rest is left to it. Exit status 0: the
 * machine switched itself off; 1: it did something else; 2: it could not be run.
 */
#include "annotate.h"
#include "bochs.h"
#include "bootdisk.h"
#include "image.h"
#include "symbols.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MEMORY_MIB IMAGE_MEMORY_MIB_DEFAULT
#define SLICE      5000000     /* instructions between two looks at the output */
#define TOO_LONG   2000000000u /* instructions after which the machine is stopped */

static char folder[PATH_MAX];           /* private, for the image */
static struct symbols *monitor_symbols; /* NULL: no monitor, or none that can be read */

static void remove_folder(void)
{
	char path[PATH_MAX + 16];

	for (const char *const *name = (const char *const[]){"disk.img", "second.img", "bochsrc",
		     "bochs.log", "disk.img.lock", "second.img.lock", NULL};
		*name; name++) {
		snprintf(path, sizeof(path), "%s/%s", folder, *name);
		unlink(path);
	}
	rmdir(folder);
}

_Noreturn static void fail(const char *problem)
{
	fprintf(stderr, "run: %s\n", problem);
	exit(2);
}

/* ---- output: each stream's whole lines behind its name ---- */

struct stream {
	const char *name;
	size_t shown; /* bytes already printed */
};

/* A guest may print anything; a terminal should not obey it. */
static void put_line(const char *name, const char *line, size_t length)
{
	char names[256] = "";

	printf("%s | ", name);
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)line[i];
		if (c != '\r')
			putchar(c == '\t' || (c >= ' ' && c < 0x7f) ? c : '?');
	}
	if (monitor_symbols)
		annotate_line(monitor_symbols, line, length, names, sizeof(names));
	printf("%s\n", names);
}

/* Prints what has come since the last time, up to the last whole line; at the end, all. */
static void stream_show(struct stream *stream, const char *text, size_t length, bool at_end)
{
	while (stream->shown < length) {
		const char *line = text + stream->shown;
		const char *end = memchr(line, '\n', length - stream->shown);
		if (!end && !at_end)
			break;
		size_t size = end ? (size_t)(end - line) : length - stream->shown;
		put_line(stream->name, line, size);
		stream->shown += size + (end != NULL);
	}
	fflush(stdout);
}

/* The screen's text is kept for a moment: the console's last bytes are still on their way. */
typedef char screen_rows[BOCHS_SCREEN_ROWS][BOCHS_SCREEN_COLUMNS + 1];
static screen_rows screen, shown;

/* Unless it has been shown already. */
static void keep_screen(struct bochs *machine)
{
	if (bochs_screen(machine, screen) != 0 || memcmp(screen, shown, sizeof(screen)) == 0)
		memset(screen, 0, sizeof(screen));
	else
		memcpy(shown, screen, sizeof(screen));
}

static void show_screen(void)
{
	for (int row = 0; row < BOCHS_SCREEN_ROWS; row++) {
		size_t end = strlen(screen[row]);
		while (end > 0 && screen[row][end - 1] == ' ')
			end--;
		if (end > 0)
			printf("screen  | %.*s\n", (int)end, screen[row]);
	}
	memset(screen, 0, sizeof(screen));
}

/* ---- the first guest's disk ---- */

static uint8_t *file_read(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	struct stat status;

	if (!file || fstat(fileno(file), &status) != 0)
		fail("cannot read the guest's disk");
	*size = (size_t)status.st_size;
	uint8_t *bytes = malloc(*size + 1);
	if (!bytes || fread(bytes, 1, *size, file) != *size)
		fail("cannot read the guest's disk");
	fclose(file);
	return bytes;
}

static void file_write(const char *path, const uint8_t *bytes, size_t size)
{
	FILE *file = fopen(path, "wb");

	if (!file || fwrite(bytes, 1, size, file) != size || fclose(file) != 0) {
		fprintf(stderr, "run: cannot write %s\n", path);
		exit(2);
	}
}

/* Writes it to `path` as it is now: the second disk, or the module behind the guest's own. */
static void disk_keep(struct bochs *machine, const struct bootdisk *disk, const char *path)
{
	char from[PATH_MAX];
	size_t length;

	if (!bootdisk_guest_disk(disk->guests[0], from))
		fail("--keep-disk: there is no disk beside the first guest's file");
	uint8_t *bytes = file_read(from, &length);
	if (!(disk->monitor ? bootdisk_read_module(machine, 1, bytes, length)
			    : bochs_second_disk_read(machine, 0, bytes, length) == length))
		fail("cannot read the guest's disk in the machine");
	file_write(path, bytes, length);
	free(bytes);
}

/* ---- the machine ---- */

/* `ends`: where a guest ends, or the monitor; the screen is still there, and so is memory. */
static int run_headless(const struct bochs_config *config, const struct bootdisk *disk,
	const char *keep, const uint32_t ends[2])
{
	struct bochs *machine;
	struct stream log = {.name = "monitor"}, console = {.name = "console"};
	enum bochs_stop stop = BOCHS_STOP_LIMIT;
	uint64_t used = 0;
	bool going = true;
	size_t length;

	bochs_end_all_on_signal();
	if (bochs_start(&machine, config) != 0)
		fail(machine ? bochs_error(machine) : "out of memory");
	while (going && used < TOO_LONG) {
		stop = bochs_run(machine,
			&(struct bochs_until){.ticks = SLICE, .addresses = ends, .n_addresses = 2});
		used = bochs_ticks(machine);
		going = stop == BOCHS_STOP_LIMIT || stop == BOCHS_STOP_BREAKPOINT;
		const char *text = bochs_log(machine, &length);
		stream_show(&log, text, length, !going);
		text = bochs_console(machine, &length);
		stream_show(&console, text, length, !going);
		show_screen();
		if (stop == BOCHS_STOP_BREAKPOINT)
			keep_screen(machine);
		if (keep && (going ? stop == BOCHS_STOP_BREAKPOINT : !disk->monitor))
			disk_keep(machine, disk, keep);
	}
	int status = stop == BOCHS_STOP_POWER_OFF ? 0 : stop == BOCHS_STOP_ERROR ? 2 : 1;
	if (status == 2)
		fprintf(stderr, "run: %s\n", bochs_error(machine));
	else if (status == 1)
		fprintf(stderr,
			"run: the machine did not switch itself off: %s after %llu instructions\n",
			stop == BOCHS_STOP_LIMIT ? "stopped here" : bochs_stop_name(stop),
			(unsigned long long)used);
	printf("%llu instructions since power-on\n", (unsigned long long)used);
	bochs_free(machine);
	return status;
}

/* A person watches: Bochs with a display, and the log in its terminal. */
static int run_with_display(const char *image, const char *second_disk, const char *library)
{
	char rc[PATH_MAX + 16], log[PATH_MAX + 16], second[PATH_MAX + 16];
	struct stat status;
	size_t size;

	if (strcmp(library, "x") != 0 && strcmp(library, "term") != 0)
		fail("--gui wants x (a window; package bochs-x) or term (this terminal; bochs-term)");
	if (stat(image, &status) != 0)
		fail("the disk image is gone");
	snprintf(rc, sizeof(rc), "%s/bochsrc", folder);
	snprintf(log, sizeof(log), "%s/bochs.log", folder);
	FILE *file = fopen(rc, "w");
	if (!file)
		fail("cannot write Bochs's configuration");
	fprintf(file,
		"display_library: %s\n"
		"romimage: file=/usr/share/bochs/BIOS-bochs-latest, options=fastboot\n"
		"vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest\n"
		"cpu: model=" BOCHS_CPU_MODEL ", ips=%u, reset_on_triple_fault=0\n"
		"megs: %u\nboot: disk\n"
		"ata0-master: type=disk, path=%s, mode=flat, cylinders=%u, heads=16, spt=63, translation=none\n"
		"port_e9_hack: enabled=1\nclock: sync=slowdown\nplugin_ctrl: speaker=0\nlog: %s\n",
		library, BOCHS_TICKS_PER_SECOND, MEMORY_MIB, image, image_cylinders(status.st_size),
		log);
	if (second_disk) {
		uint8_t *bytes = file_read(second_disk, &size);
		snprintf(second, sizeof(second), "%s/second.img", folder);
		file_write(second, bytes, size);
		free(bytes);
		fprintf(file,
			"ata1-master: type=disk, path=%s, mode=flat, cylinders=%zu, heads=4, spt=16, translation=none\n",
			second, size / (4 * 16 * SECTOR_BYTES));
	}
	fclose(file);
	pid_t child = fork();
	if (child == 0) {
		/* "c": the debugger that Debian builds in must be told to go */
		execlp("sh", "sh", "-c", "echo c | exec bochs -q -f \"$0\"", rc, (char *)NULL);
		_exit(127);
	}
	int ended;
	waitpid(child, &ended, 0);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"monitor", required_argument, NULL, 'm'},
		{"gui", required_argument, NULL, 'g'}, {"boot", required_argument, NULL, 'b'},
		{"keep-disk", required_argument, NULL, 'k'}, {0}};
	struct bootdisk disk = {.boot_dir = "build/boot", .memory_mib = MEMORY_MIB};
	const char *gui = NULL, *keep = NULL, *temporary = getenv("TMPDIR");
	char image[PATH_MAX + 16], second_disk[PATH_MAX], error[512];
	uint32_t ends[2];

	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		switch (option) {
		case 'm':
			disk.monitor = optarg;
			break;
		case 'g':
			gui = optarg;
			break;
		case 'b':
			disk.boot_dir = optarg;
			break;
		case 'k':
			keep = optarg;
			break;
		default:
			return 2;
		}
	}
	disk.guests = argv + optind;
	disk.count = (size_t)(argc - optind);
	if (disk.count == 0 || (!disk.monitor && disk.count != 1))
		fail("usage: run [--monitor MONITOR.elf] [--gui x|term] [--keep-disk FILE] \"GUEST.elf words\"... (one guest where there is no monitor)");

	snprintf(folder, sizeof(folder), "%s/ringfence-run.XXXXXX", temporary ? temporary : "/tmp");
	if (!mkdtemp(folder))
		fail("cannot make a temporary folder");
	atexit(remove_folder);
	snprintf(image, sizeof(image), "%s/disk.img", folder);
	if (bootdisk_write(image, &disk, error, sizeof(error)) != 0)
		fail(error);
	if (gui)
		return run_with_display(image, bootdisk_second_disk(&disk, second_disk), gui);
	if (bootdisk_address(&disk, disk.monitor ? "exit_summary" : "guest_done", &ends[0], error,
		    sizeof(error)) != 0 ||
		bootdisk_address(&disk, disk.monitor ? "machine_power_off" : "guest_done", &ends[1],
			error, sizeof(error)) != 0)
		fail(error);
	if (disk.monitor)
		monitor_symbols = symbols_open(disk.monitor, error);
	int status = run_headless(&(struct bochs_config){.disk = image,
					  .second_disk = bootdisk_second_disk(&disk, second_disk),
					  .megs = MEMORY_MIB,
					  .e9 = true},
		&disk, keep, ends);
	symbols_close(monitor_symbols);
	return status;
}
