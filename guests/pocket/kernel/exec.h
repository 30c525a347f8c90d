/* SPDX-License-Identifier: BSD-2-Clause */
/* How a task becomes another program. */
#ifndef EXEC_H
#define EXEC_H

#include "traps.h"

/*
 * A program's arguments, on the page that will be the top of its stack. While they are collected,
 * the strings lie at the page's start, one behind the other.
 */
struct arguments {
	char *page; /* NULL: no memory */
	uint32_t count, bytes;
};

void arguments_begin(struct arguments *arguments);

/* From the kernel, or from the running program's memory. 0, ERROR_MEMORY, ERROR_POINTER, or
 * ERROR_TOO_LONG where they do not fit on the page. */
int32_t arguments_add(struct arguments *arguments, const char *text, uint32_t length);
int32_t arguments_add_user(struct arguments *arguments, uint32_t pointer);

/* Where they are not handed to exec_program(). */
void arguments_drop(struct arguments *arguments);

/*
 * The running task becomes the program of a file, with these arguments, which are taken over in any
 * case. Fills in the frame with which it begins. An error of image_open(): the task
 * stays what it was.
 */
int32_t exec_program(const char *path, struct arguments *arguments, struct trap_frame *frame);

#endif
