/* SPDX-License-Identifier: BSD-2-Clause */
/* What errors mean, in words. */
#include "pocket.h"

static const char *const texts[] = {
	[-ERROR_NO_CALL] = "there is no such system call",
	[-ERROR_POINTER] = "bad pointer",
	[-ERROR_NO_FILE] = "nothing has this name",
	[-ERROR_FORMAT] = "not a program",
	[-ERROR_MEMORY] = "not enough memory",
	[-ERROR_NO_CHILD] = "no child to wait for",
	[-ERROR_TOO_LONG] = "too long",
	[-ERROR_NO_TASK] = "no such task",
	[-ERROR_DENIED] = "not allowed",
	[-ERROR_KILLED] = "killed",
	[-ERROR_DESCRIPTOR] = "not open for that",
	[-ERROR_EXISTS] = "the name is taken",
	[-ERROR_NOT_DIRECTORY] = "not a directory",
	[-ERROR_IS_DIRECTORY] = "is a directory",
	[-ERROR_NOT_EMPTY] = "the directory is not empty",
	[-ERROR_TOO_MANY] = "too many files are open",
	[-ERROR_TOO_LARGE] = "too large for a file",
	[-ERROR_PIPE] = "no one reads it any more",
	[-ERROR_ARGUMENT] = "not a good argument",
	[-ERROR_DISK_FULL] = "the disk is full",
	[-ERROR_DISK] = "the disk failed",
};

const char *error_text(int32_t error)
{
	uint32_t index = -(uint32_t)error;

	return index < ARRAY_LENGTH(texts) && texts[index] ? texts[index] : "unknown error";
}
