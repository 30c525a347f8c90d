/* SPDX-License-Identifier: BSD-2-Clause */
/* A kernel around the file system, as small as it can be: one task, a disk in memory that never
 * fails, and locks that are never waited for. */
#include "console.h"
#include "disk.h"
#include "fstest.h"
#include "lock.h"
#include "panic.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THE_DISK 2
#define DISK_MAX (1u << 20)

uint8_t *disk;
uint32_t disk_bytes;
void (*after_write)(void);

void sleep_lock_acquire(struct sleep_lock *lock)
{
	if (lock->taken)
		abort();
	lock->taken = true;
}

void sleep_lock_release(struct sleep_lock *lock)
{
	lock->taken = false;
}

void console_printf(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
}

void panic(const char *format, ...)
{
	printf("%s\n", format);
	abort();
}

void string_copy(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from);
}

size_t string_span(const char *text, char stop)
{
	return strcspn(text, (const char[]){stop, '\0'});
}

void disk_load(const char *path)
{
	FILE *file = fopen(path, "rb");
	size_t size = 0;

	disk = malloc(DISK_MAX);
	if (file && disk)
		size = fread(disk, 1, DISK_MAX, file);
	if (file)
		fclose(file);
	if (size == 0)
		fail("%s cannot be read", path);
	disk_bytes = (uint32_t)size;
}

uint32_t disk_sectors(unsigned number)
{
	return number == THE_DISK ? disk_bytes / SECTOR_SIZE : 0;
}

const char *disk_name(unsigned number)
{
	return number == THE_DISK ? "memory" : "none";
}

void disk_submit(struct disk_request *request)
{
	uint8_t *at = disk + (size_t)request->sector * SECTOR_SIZE;
	size_t size = (size_t)request->count * SECTOR_SIZE;

	request->result = 0;
	if (request->command == DISK_READ)
		memcpy(request->data, at, size);
	if (request->command != DISK_WRITE)
		return;
	memcpy(at, request->data, size);
	if (after_write)
		after_write();
}

int32_t disk_wait(struct disk_request *request)
{
	return request->result;
}
