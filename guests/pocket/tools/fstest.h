/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of fstest: see fstest.c. */
#ifndef FSTEST_H
#define FSTEST_H

#include "fs.h"

#include <stddef.h>

/* ---- fstest_kernel.c: a disk in memory, and what else the file system wants of a kernel ---- */

extern uint8_t *disk;
extern uint32_t disk_bytes;

/* Fills the disk from a file, or ends the test. */
void disk_load(const char *path);

/* Called after each write to the disk; NULL: nothing is. */
extern void (*after_write)(void);

/* ---- fstest_model.c: what ought to be on the disk, and the judge ---- */

#define NODES    40
#define DATA_MAX (40u * 1024)

struct node {
	bool used, directory;
	char path[PATH_MAX];
	uint32_t size;
	uint8_t data[DATA_MAX];
};

extern struct node nodes[NODES];
extern unsigned operation;      /* the number of the one that is under way */
extern struct node *touched[2]; /* by it */
extern const char *fsck_path;

/* Says why, and ends the test. */
__attribute__((format(printf, 1, 2))) _Noreturn void fail(const char *format, ...);

/* Fails if an operation gave something else. */
void expect(const char *what, const char *path, int32_t result, int32_t wanted);

struct node *node_find(const char *path);
struct node *node_unused(void);
bool node_has_names(const struct node *directory);

/* Runs fsck on the disk as it is now; with a path, to get that file. Its exit status. */
int fsck_run(const char *path);

/* Fails if the disk does not hold the file as the model has it. */
void content_check(const struct node *node);

/* What must hold if the power fails now: the file system is whole, and so is some file that the
 * operation is not about. */
void crash_check(void);

/* ---- fstest_growth.c ---- */

/* Leaves the file system as it was: empty. */
void growth_check(bool renames);

#endif
