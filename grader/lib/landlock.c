/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Landlock: the one way in which a process without any privilege can give up access to files.
 *
 * Where namespaces are forbidden, it keeps a compiler from reading what a submission includes:
 * the solutions, the hidden tests, the other submissions, the user's home.
 *
 * Reading: landlock(7).
 */
#include "landlock.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The rights of Landlock's first version, which every kernel that has it knows. */
#define READ_FILE   (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_EXECUTE)
#define READ_FOLDER (READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITE_FILE  (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE)
#define ALL         ((uint64_t)(LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)

static void rule_add(int rules, const char *path, uint64_t folder_rights, uint64_t file_rights)
{
	struct landlock_path_beneath_attr rule = {.parent_fd = open(path, O_PATH | O_CLOEXEC)};
	struct stat status;

	if (rule.parent_fd < 0)
		return;
	if (fstat(rule.parent_fd, &status) == 0) {
		rule.allowed_access = S_ISDIR(status.st_mode) ? folder_rights : file_rights;
		syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	}
	close(rule.parent_fd);
}

/* make lists the folder that its makefile lies in: the names in it, not what they hold. */
static void rule_add_listing(int rules, const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];
	struct stat status;

	if (stat(path, &status) != 0 || !S_ISREG(status.st_mode))
		return;
	snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
	rule_add(rules, folder, LANDLOCK_ACCESS_FS_READ_DIR, 0);
}

void landlock_confine(const char *const *system, const char *const *readable, const char *writable)
{
	struct landlock_ruleset_attr attributes = {.handled_access_fs = ALL};
	int rules = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes), 0);

	if (rules < 0)
		return;
	for (size_t i = 0; system[i]; i++)
		rule_add(rules, system[i], READ_FOLDER, READ_FILE);
	for (size_t i = 0; readable && readable[i]; i++) {
		rule_add(rules, readable[i], READ_FOLDER, READ_FILE);
		rule_add_listing(rules, readable[i]);
	}
	rule_add(rules, "/dev/null", ALL, WRITE_FILE);
	rule_add(rules, writable, ALL, WRITE_FILE);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	syscall(SYS_landlock_restrict_self, rules, 0);
	close(rules);
}
