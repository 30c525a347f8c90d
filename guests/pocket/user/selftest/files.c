/* SPDX-License-Identifier: BSD-2-Clause */
/* Open files: reading, writing, places in them, large ones, and what a descriptor is. */
#include "checks.h"

#include "fs_format.h"

#define CREATE    (OPEN_READ | OPEN_WRITE | OPEN_CREATE | OPEN_TRUNCATE)
#define BIG_BYTES 40000u /* more than the direct blocks */
#define NOT_OPEN  9

static uint8_t bytes[BIG_BYTES], back[BIG_BYTES];

/* A file with a text in it, at its start. */
static int32_t file_make(const char *path, const char *text)
{
	int32_t file = open(path, CREATE);

	check(file >= 0 && write(file, text, strlen(text)) == (int32_t)strlen(text), path);
	check(seek(file, 0, FROM_START) == 0, "seek to the start");
	return file;
}

/* What follows in the file is this text. */
static bool file_says(int32_t file, const char *text)
{
	int32_t length = (int32_t)strlen(text);

	memset(back, 0, 100);
	return read(file, back, strlen(text)) == length && memcmp(back, text, strlen(text)) == 0;
}

static uint32_t size_of(int32_t file)
{
	struct file_status status = {0};

	return file_status(file, &status) == 0 ? status.size : UINT32_MAX;
}

static void open_checks(void)
{
	char long_path[PATH_MAX + 1];

	memset(long_path, 'x', PATH_MAX);
	long_path[PATH_MAX] = '\0';
	check(open("nothing", OPEN_READ) == ERROR_NO_FILE, "open of nothing");
	check(open("", OPEN_READ) == ERROR_NO_FILE, "open of no name");
	check(open("no/where", CREATE) == ERROR_NO_FILE, "a file in no directory");
	check(open("/bin/hello/x", OPEN_READ) == ERROR_NOT_DIRECTORY, "a path through a file");
	check(open("/bin", OPEN_WRITE) == ERROR_IS_DIRECTORY, "writing to a directory");
	check(open(long_path, OPEN_READ) == ERROR_TOO_LONG, "a long path");
	long_path[NAME_MAX + 1] = '\0';
	check(open(long_path, CREATE) == ERROR_TOO_LONG, "a long name");
	check(open(NULL, OPEN_READ) == ERROR_POINTER, "open of NULL");
	check(open("x", OPEN_READ | 0x100) == ERROR_ARGUMENT, "open with unknown flags");
	check(open("x", OPEN_READ | OPEN_TRUNCATE) == ERROR_ARGUMENT, "truncation for reading");
}

static void descriptor_checks(void)
{
	struct file_status status;
	struct directory_name name;
	int32_t file = file_make("few", "abc"), count = 0, copy;

	check(close(NOT_OPEN) == ERROR_DESCRIPTOR && close(-1) == ERROR_DESCRIPTOR &&
			close(FILES_MAX) == ERROR_DESCRIPTOR && read(NOT_OPEN, back, 1) < 0 &&
			seek(NOT_OPEN, 0, FROM_START) == ERROR_DESCRIPTOR &&
			dup(NOT_OPEN) == ERROR_DESCRIPTOR && dup2(NOT_OPEN, 3) < 0 &&
			file_status(NOT_OPEN, &status) == ERROR_DESCRIPTOR &&
			next_name(NOT_OPEN, &name) == ERROR_DESCRIPTOR &&
			truncate(NOT_OPEN, 0) == ERROR_DESCRIPTOR,
		"a descriptor that is not open");
	check(dup2(file, FILES_MAX) == ERROR_DESCRIPTOR, "dup2 to no descriptor");
	check(dup2(file, file) == file, "dup2 to itself");
	check(file_status(file, NULL) == ERROR_POINTER, "a status to NULL");
	check(next_name(file, &name) == ERROR_NOT_DIRECTORY, "names in a file");
	check(file_status(FILE_INPUT, &status) == 0 && status.size == 0, "the input's status");
	check(seek(FILE_INPUT, 0, FROM_START) == ERROR_ARGUMENT || status.type != TYPE_CONSOLE,
		"seek in the console");

	copy = dup(file);
	check(copy == file + 1, "the lowest descriptor");
	check(file_says(file, "a") && file_says(copy, "b"), "copies share their place");
	check(close(file) == 0 && file_says(copy, "c"), "and one outlives the other");
	check(read(copy, back, 1) == 0, "the end of a file");
	while (dup(copy) >= 0)
		count++;
	check(dup(copy) == ERROR_TOO_MANY && open("few", OPEN_READ) == ERROR_TOO_MANY,
		"too many descriptors");
	check(count == FILES_MAX - copy, "all were used");
	for (int32_t i = FILE_ERROR + 1; i < FILES_MAX; i++)
		close(i);
}

static void place_checks(void)
{
	int32_t file = file_make("place", "0123456789");

	check(seek(file, 4, FROM_START) == 4 && file_says(file, "45"), "seek from the start");
	check(seek(file, -3, FROM_CURRENT) == 3 && file_says(file, "34"), "seek from here");
	check(seek(file, -1, FROM_END) == 9 && file_says(file, "9"), "seek from the end");
	check(seek(file, -1, FROM_START) == ERROR_ARGUMENT, "seek before the start");
	check(seek(file, INT32_MAX, FROM_CURRENT) == ERROR_ARGUMENT, "seek too far");
	check(seek(file, 0, (enum seek_from)7) == ERROR_ARGUMENT, "seek from nowhere");
	check(seek(file, 5, FROM_START) == 5 && write(file, "xy", 2) == 2, "writing in the middle");
	check(seek(file, 0, FROM_START) == 0 && file_says(file, "01234xy789"), "changes only that");
	check(seek(file, 5000, FROM_START) == 5000 && write(file, "z", 1) == 1, "past the end");
	check(size_of(file) == 5001 && seek(file, 10, FROM_START) == 10 &&
			read(file, back, 4990) == 4990 && back[0] == 0 && back[4989] == 0,
		"zeros fill the gap");
	check(truncate(file, 3) == 0 && size_of(file) == 3, "truncation");
	check(truncate(file, 6) == 0 && seek(file, 0, FROM_START) == 0 &&
			read(file, back, 9) == 6 && memcmp(back, "012\0\0\0", 6) == 0,
		"and growing again");
	check(truncate(file, FILE_SIZE_MAX + 1) == ERROR_TOO_LARGE, "truncation to too much");
	close(file);

	file = open("place", OPEN_WRITE | OPEN_APPEND);
	check(seek(file, 0, FROM_START) == 0 && write(file, "end", 3) == 3 && size_of(file) == 9,
		"appending");
	check(read(file, back, 1) == ERROR_DESCRIPTOR, "reading what is open for writing");
	close(file);
	file = open("place", OPEN_READ);
	check(write(file, "x", 1) == ERROR_DESCRIPTOR && truncate(file, 0) == ERROR_DESCRIPTOR,
		"writing what is open for reading");
	check(read(file, (void *)OUTSIDE, 1) == ERROR_POINTER, "reading to outside");
	check(read(file, back, 0) == 0, "reading nothing");
	close(file);
}

static int32_t shared_file;

static int32_t two_read(void)
{
	return file_says(shared_file, "cd") ? SEVEN : 0;
}

/* A child has its parent's files, with their places. */
static void fork_checks(void)
{
	shared_file = file_make("shared", "abcdefgh");
	check(file_says(shared_file, "ab") && child_status(two_read) == SEVEN &&
			file_says(shared_file, "ef"),
		"parent and child share their place");
	close(shared_file);
	check(child_status(two_read) == 0, "a closed file stays closed");
}

/* Larger than the direct blocks, in odd pieces. */
static void big_checks(void)
{
	int32_t file = open("big", CREATE);
	uint32_t done = 0, piece = 1;

	for (uint32_t i = 0; i < BIG_BYTES; i++)
		bytes[i] = (uint8_t)(i * 7 + i / 256);
	for (; done < BIG_BYTES; done += piece, piece = piece * 5 + 3) {
		if (piece > BIG_BYTES - done)
			piece = BIG_BYTES - done;
		if (write(file, bytes + done, piece) != (int32_t)piece)
			break;
	}
	check(done == BIG_BYTES && size_of(file) == BIG_BYTES, "a big file");
	check(seek(file, 0, FROM_START) == 0 && read(file, back, BIG_BYTES) == (int32_t)BIG_BYTES &&
			memcmp(bytes, back, BIG_BYTES) == 0,
		"holds what was written");
	check(truncate(file, 20000) == 0 && seek(file, 19000, FROM_START) == 19000 &&
			read(file, back, BIG_BYTES) == 1000 &&
			memcmp(bytes + 19000, back, 1000) == 0,
		"also when it is cut");
	int32_t last = FILE_SIZE_MAX - 1;
	check(seek(file, last, FROM_START) == last && write(file, "xy", 2) == 1,
		"the largest file");
	check(write(file, "y", 1) == ERROR_TOO_LARGE, "and no larger");
	close(file);
}

static void full_checks(void)
{
	struct disk_space before, now;
	int32_t file, length, count = 0;
	char name[] = "file-00";

	check(unlink("big") == 0 && disk_space(&before) == 0, "unlink of a big file");
	file = open("full", CREATE);
	while ((length = write(file, bytes, 16384)) == 16384)
		;
	check(length >= 0 && write(file, bytes, 1024) == ERROR_DISK_FULL, "a full disk");
	check(disk_space(&now) == 0 && now.blocks_free == 0, "is full");
	check(open("full2", CREATE) >= 0 && write(file + 1, "x", 1) == ERROR_DISK_FULL,
		"an empty file fits");
	check(close(file) == 0 && close(file + 1) == 0 && unlink("full") == 0 &&
			unlink("full2") == 0,
		"a full disk's files can be removed");
	check(disk_space(&now) == 0 && now.blocks_free == before.blocks_free &&
			now.inodes_free == before.inodes_free,
		"no block is lost");

	for (; count < 100; count++) {
		name[5] = (char)('0' + count / 10);
		name[6] = (char)('0' + count % 10);
		file = open(name, CREATE);
		if (file < 0)
			break;
		close(file);
	}
	check(file == ERROR_DISK_FULL && mkdir("more") == ERROR_DISK_FULL &&
			count == (int32_t)before.inodes_free,
		"too many files");
	while (count-- > 0) {
		name[5] = (char)('0' + count / 10);
		name[6] = (char)('0' + count % 10);
		check(unlink(name) == 0, name);
	}
	check(disk_space(&now) == 0 && now.inodes_free == before.inodes_free, "no inode is lost");
}

void file_checks(void)
{
	open_checks();
	descriptor_checks();
	place_checks();
	fork_checks();
	big_checks();
	full_checks();
	check(unlink("few") == 0 && unlink("place") == 0 && unlink("shared") == 0, "unlink");
}
