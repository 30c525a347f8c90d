/* SPDX-License-Identifier: BSD-2-Clause */
/* A session of pocket's shell that no one wrote down: a disk with a random script. */
#include "pocket.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

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

struct guest *pocket_session_open(const char *name)
{
	static char script[32768];
	char folder[] = "/tmp/ringfence-session.XXXXXX", path[64], command[2 * PATH_MAX];
	const char *kit = judgement()->kit;
	struct guest *guest = guest_open(name);
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
