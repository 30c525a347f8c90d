/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a failed test leaves behind for the debugger: the very image that the machine booted, with
 * the seed's data in its guests, the monitor's symbols, and the tick at which the test gave up.
 * Bochs is deterministic, so the same image is at the same place at the same tick.
 */
#include "machines_private.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

static bool file_copy(const char *from, const char *folder, const char *name)
{
	char path[PATH_MAX + 16];
	struct stat status;
	ssize_t copied = 1;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	unlink(path);
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	bool ok = in >= 0 && out >= 0 && fstat(in, &status) == 0;
	for (off_t left = ok ? status.st_size : 0; left > 0 && copied > 0; left -= copied)
		copied = sendfile(out, in, NULL, (size_t)left);
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return ok && copied > 0;
}

/* Its symbols: those of a guest with the student's driver are nowhere else. */
static void guest_record(const struct guest *guest, const char *folder, FILE *file)
{
	char name[sizeof(guest->name) + 8];

	snprintf(name, sizeof(name), "%s.elf", guest->name);
	if (guest->driven)
		file_copy(guest->path, folder, name);
	fprintf(file, "guest %s\n", guest->name);
}

bool machines_record(const char *folder)
{
	struct machine *machine = machines;
	char path[PATH_MAX + 16];

	if (!machine || !machine->bochs || !machine->disk[0] ||
		!file_copy(machine->disk, folder, "disk.img") ||
		(machine->second_disk[0] &&
			!file_copy(machine->second_disk, folder, "second.img")) ||
		(!machine->bare && !file_copy(judgement()->monitor, folder, "monitor.elf")))
		return false;
	snprintf(path, sizeof(path), "%s/machine", folder);
	FILE *file = fopen(path, "w");
	if (!file)
		return false;
	uint64_t tick = bochs_ticks(machine->bochs);
	fprintf(file, "from %s\nmegs %" PRIu32 "\ntick %" PRIu64 "\n", judgement()->from,
		machine->megs, machine->over && tick > 0 ? tick - 1 : tick);
	if (!machine->bare)
		fprintf(file, "monitor monitor.elf\n");
	if (machine->second_disk[0])
		fprintf(file, "second second.img\n");
	for (size_t i = 0; i < machine->guest_count; i++)
		guest_record(machine->guests[i], folder, file);
	return fclose(file) == 0;
}
