/* SPDX-License-Identifier: BSD-2-Clause */
/* What ought to be on the disk, and whether it is: see fstest.h. */
#include "fstest.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define IMAGE  "fstest.image" /* in the folder where the test runs */
#define OUTPUT "fstest.output"

struct node nodes[NODES];
struct node *touched[2];
const char *fsck_path;
unsigned operation;

void fail(const char *format, ...)
{
	va_list arguments;

	printf("fstest: operation %u: ", operation);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("\n");
	exit(1);
}

void expect(const char *what, const char *path, int32_t result, int32_t wanted)
{
	if (result != wanted)
		fail("%s of %s gives %d, not %d", what, path, result, wanted);
}

struct node *node_find(const char *path)
{
	for (struct node *node = nodes; node < nodes + NODES; node++)
		if (node->used && strcmp(node->path, path) == 0)
			return node;
	return NULL;
}

struct node *node_unused(void)
{
	for (struct node *node = nodes; node < nodes + NODES; node++)
		if (!node->used)
			return node;
	return NULL;
}

bool node_has_names(const struct node *directory)
{
	size_t length = strlen(directory->path);

	for (struct node *node = nodes; node < nodes + NODES; node++)
		if (node->used && strncmp(node->path, directory->path, length) == 0 &&
			node->path[length] == '/')
			return true;
	return false;
}

int fsck_run(const char *path)
{
	char command[PATH_MAX * 4];
	FILE *file = fopen(IMAGE, "wb");

	if (!file || fwrite(disk, 1, disk_bytes, file) != disk_bytes || fclose(file) != 0)
		fail(IMAGE " cannot be written");
	snprintf(command, sizeof(command), "%s " IMAGE " %s >" OUTPUT, fsck_path, path);
	return WEXITSTATUS(system(command));
}

void content_check(const struct node *node)
{
	static uint8_t bytes[DATA_MAX + 1];

	if (fsck_run(node->path) != 0)
		fail("%s is lost", node->path);
	FILE *file = fopen(OUTPUT, "rb");
	size_t size = file ? fread(bytes, 1, sizeof(bytes), file) : 0;
	if (file)
		fclose(file);
	if (size != node->size || memcmp(bytes, node->data, size) != 0)
		fail("%s has lost its content", node->path);
}

void crash_check(void)
{
	if (fsck_run("") > 1) {
		system("cat " OUTPUT);
		fail("a crash would damage the file system");
	}
	const struct node *node = &nodes[rand() % NODES];
	if (node->used && !node->directory && node != touched[0] && node != touched[1])
		content_check(node);
}
