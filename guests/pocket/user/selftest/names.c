/* SPDX-License-Identifier: BSD-2-Clause */
/* Directories and names. */
#include "checks.h"

#define CROWD  3 /* tasks */
#define ROUNDS 2
#define CREATE (OPEN_READ | OPEN_WRITE | OPEN_CREATE | OPEN_TRUNCATE)

static struct file_status status_of(const char *path)
{
	struct file_status status = {0};

	path_status(path, &status);
	return status;
}

static bool file_make(const char *path, const char *text)
{
	int32_t file = open(path, CREATE);

	return file >= 0 && write(file, text, strlen(text)) >= 0 && close(file) == 0;
}

static bool file_is(const char *path, const char *text)
{
	char back[32] = "";
	int32_t file = open(path, OPEN_READ), length = read(file, back, sizeof(back) - 1);

	close(file);
	return length >= 0 && strcmp(back, text) == 0;
}

/* The names in the directory; -1: one of them comes twice, or is not there. */
static int32_t names_count(const char *path)
{
	struct directory_name name;
	int32_t directory = open(path, OPEN_READ), count = 0;

	while (next_name(directory, &name) == 1)
		count++;
	close(directory);
	return count;
}

static void directory_checks(void)
{
	char byte;

	check(mkdir("a") == 0 && mkdir("a/b") == 0, "mkdir");
	check(mkdir("a") == ERROR_EXISTS && mkdir("/") == ERROR_EXISTS && mkdir("a/.") < 0,
		"mkdir of what is there");
	check(mkdir("no/where") == ERROR_NO_FILE && mkdir(NULL) == ERROR_POINTER, "bad mkdir");
	check(status_of("a").type == TYPE_DIRECTORY && status_of("a").links == 3 &&
			status_of("a/b").links == 2,
		"links of directories");
	check(names_count("a") == 3 && names_count("a/b") == 2, "names in directories");
	check(status_of("a/b/..").inode == status_of("a").inode &&
			status_of("a//b/./").inode == status_of("a/b").inode &&
			status_of("/..").inode == status_of("/").inode,
		"dots and slashes");
	int32_t directory = open("a", OPEN_READ);
	check(read(directory, &byte, 1) == ERROR_IS_DIRECTORY, "reading a directory");
	check(next_name(directory, NULL) == ERROR_POINTER, "a name to NULL");
	close(directory);

	check(rmdir("a") == ERROR_NOT_EMPTY && unlink("a") == ERROR_IS_DIRECTORY,
		"a directory that is not empty");
	check(chdir("a/b") == 0 && file_make("c", "c") && file_is("../b/c", "c"), "chdir");
	check(rmdir("c") == ERROR_NOT_DIRECTORY && chdir("c") == ERROR_NOT_DIRECTORY,
		"a file is no directory");
	check(rmdir(".") == ERROR_ARGUMENT && rmdir("/") == ERROR_ARGUMENT, "rmdir of dots");
	check(unlink("c") == 0 && rmdir("../b") == 0, "rmdir of where one is");
	check(open("d", CREATE) == ERROR_NO_FILE && mkdir("d") == ERROR_NO_FILE && chdir("..") == 0,
		"nothing can be made there");
	check(chdir("..") == 0 && rmdir("a") == 0 && status_of("a").type == 0, "rmdir");
	check(chdir("nothing") == ERROR_NO_FILE && chdir(NULL) == ERROR_POINTER, "bad chdir");
}

static void unlink_checks(void)
{
	struct disk_space before, now;
	char text[4] = "";

	disk_space(&before);
	check(file_make("gone", "abc"), "a file");
	int32_t file = open("gone", OPEN_READ);
	check(unlink("gone") == 0 && open("gone", OPEN_READ) == ERROR_NO_FILE, "unlink");
	check(read(file, text, 3) == 3 && strcmp(text, "abc") == 0, "who has it open keeps it");
	check(close(file) == 0 && disk_space(&now) == 0 && now.blocks_free == before.blocks_free,
		"then it is gone");
	check(unlink("gone") == ERROR_NO_FILE && unlink(NULL) == ERROR_POINTER &&
			unlink("/") == ERROR_ARGUMENT && unlink("..") == ERROR_ARGUMENT,
		"bad unlink");
}

static void rename_checks(void)
{
	check(file_make("old", "old") && file_make("other", "other") && mkdir("dir") == 0, "files");
	uint32_t inode = status_of("old").inode;
	check(rename("old", "new") == 0 && status_of("new").inode == inode &&
			status_of("new").links == 1 && status_of("old").type == 0,
		"rename");
	check(rename("new", "dir/new") == 0 && file_is("dir/new", "old"), "into a directory");
	check(rename("dir/new", "other") == 0 && file_is("other", "old"), "over another file");
	check(rename("other", "other") == 0 && file_is("other", "old"), "over itself");
	check(rename("nothing", "x") == ERROR_NO_FILE && rename("other", "no/x") == ERROR_NO_FILE &&
			rename((const char *)BELOW, "x") == ERROR_POINTER &&
			rename("x", (const char *)BELOW) == ERROR_POINTER,
		"bad rename");
	check(rename("other", "dir") == ERROR_EXISTS && rename("dir", "other") == ERROR_EXISTS,
		"a file and a directory");
	check(rename("dir", "dir2") == 0 && status_of("dir2").type == TYPE_DIRECTORY,
		"directories");
	check(mkdir("dir") == 0 && rename("dir2", "dir/x") == ERROR_IS_DIRECTORY, "stay there");
	check(unlink("other") == 0 && rmdir("dir") == 0 && rmdir("dir2") == 0, "all is removed");
}

/* One of several that do the same at the same time, each with its own names. */
static int32_t crowd_member(int32_t number)
{
	char name[] = "crowd-0", other[] = "other-0";

	name[6] = other[6] = (char)('0' + number);
	for (int round = 0; round < ROUNDS; round++) {
		if (!file_make(name, name) || rename(name, other) != 0 || mkdir(name) != 0 ||
			!file_is(other, name) || rmdir(name) != 0 || unlink(other) != 0)
			return 1;
		yield();
	}
	return SEVEN;
}

static void crowd_checks(void)
{
	int32_t status, good = 0;

	for (int32_t i = 0; i < CROWD; i++)
		if (fork() == 0)
			exit(crowd_member(i));
	while (wait(&status) > 0)
		good += status == SEVEN;
	check(good == CROWD, "several tasks at once in one directory");
}

void name_checks(void)
{
	directory_checks();
	unlink_checks();
	rename_checks();
	crowd_checks();
	check(sync() == 0, "sync");
	check(disk_space(NULL) == ERROR_POINTER, "space to NULL");
}
