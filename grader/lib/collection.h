/* SPDX-License-Identifier: BSD-2-Clause */
/* What the two halves of collecting share: submission.c and submission_archive.c. */
#ifndef RINGFENCE_COLLECTION_H
#define RINGFENCE_COLLECTION_H

#include "submission.h"

struct collection {
	const struct lab *lab;
	int into; /* the folder to fill */
	char **message;
};

/* Sets the message and says who is to blame. */
#define BLAME(collection, who, ...)    (*(collection)->message = text_print(__VA_ARGS__), (who))
#define BLAME_STUDENT(collection, ...) BLAME(collection, BLAME_SUBMISSION, __VA_ARGS__)

bool name_may_be_missing(const char *name);

/* Writes one of the lab's files. `size` is at most one above the limit: readers stop there. */
enum blame file_store(
	struct collection *collection, const char *name, const char *data, size_t size);

/* The archive that is open as `fd`. */
enum blame archive_collect(struct collection *collection, int fd);

enum blame archive_refuse_large(struct collection *collection);

#endif
