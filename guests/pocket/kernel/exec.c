/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exec: all that can fail is done first, beside the old address space; then the new one takes its
 * place. The new program begins with a stack on which main() finds its arguments (System V ABI,
 * i386, 2.2.1), as if someone had called it:
 *
 *   USER_END   the strings
 *              NULL
 *              their addresses            <- argv
 *              argv
 *   ESP        argc
 */
#include "exec.h"

#include "abi.h"
#include "frames.h"
#include "gdt.h"
#include "space.h"
#include "string.h"
#include "task.h"
#include "user_memory.h"

#define STACK_PAGE (USER_END - PAGE_SIZE)

/* The words beside the strings: an address each, NULL, argv, argc, and one for alignment. */
static uint32_t words_bytes(uint32_t count)
{
	return (count + 4) * (uint32_t)sizeof(uint32_t);
}

void arguments_begin(struct arguments *arguments)
{
	*arguments = (struct arguments){.page = frames_allocate(1)};
}

void arguments_drop(struct arguments *arguments)
{
	if (arguments->page)
		frames_free(arguments->page, 1);
}

/* The bytes that are left for one more string with its NUL. */
static uint32_t arguments_room(const struct arguments *arguments)
{
	uint32_t used = arguments->bytes + words_bytes(arguments->count + 1);

	return used < PAGE_SIZE ? PAGE_SIZE - used : 0;
}

int32_t arguments_add(struct arguments *arguments, const char *text, uint32_t length)
{
	if (!arguments->page)
		return ERROR_MEMORY;
	if (length >= arguments_room(arguments))
		return ERROR_TOO_LONG;
	char *to = arguments->page + arguments->bytes;
	memcpy(to, text, length);
	to[length] = '\0';
	arguments->bytes += length + 1;
	arguments->count++;
	return 0;
}

int32_t arguments_add_user(struct arguments *arguments, uint32_t pointer)
{
	if (!arguments->page)
		return ERROR_MEMORY;
	char *to = arguments->page + arguments->bytes;
	int32_t length = user_string(pointer, to, arguments_room(arguments));
	if (length < 0)
		return length;
	arguments->bytes += (uint32_t)length + 1;
	arguments->count++;
	return 0;
}

/* Brings the page into its final order. Returns the program's first ESP. */
static uint32_t arguments_place(const struct arguments *arguments)
{
	uint32_t strings = PAGE_SIZE - arguments->bytes;
	uint32_t argc = (strings - words_bytes(arguments->count)) & ~(uint32_t)(sizeof(argc) - 1);
	uint32_t *word = (uint32_t *)(void *)(arguments->page + argc);

	memmove(arguments->page + strings, arguments->page, arguments->bytes);
	memset(arguments->page, 0, strings); /* what was in the frame is not for programs */
	word[0] = arguments->count;
	word[1] = STACK_PAGE + argc + 2 * (uint32_t)sizeof(*word);
	for (uint32_t i = 0; i < arguments->count; i++) {
		word[2 + i] = STACK_PAGE + strings;
		strings += strlen(arguments->page + strings) + 1;
	}
	word[2 + arguments->count] = 0;
	return STACK_PAGE + argc;
}

static void frame_fill(struct trap_frame *frame, uint32_t entry, uint32_t stack_pointer)
{
	*frame = (struct trap_frame){
		.ds = USER_DS,
		.es = USER_DS,
		.fs = USER_DS,
		.gs = USER_DS,
		.eip = entry,
		.cs = USER_CS,
		.eflags = EFLAGS_FIXED | EFLAGS_IF,
		.esp = stack_pointer,
		.ss = USER_DS,
	};
}

/* The last part of the path. */
static const char *path_name(const char *path)
{
	const char *name = path;

	for (; *path; path++)
		if (*path == '/')
			name = path + 1;
	return name;
}

/* A space for the file, with the arguments on its stack. */
static int32_t space_prepare(const char *path, struct arguments *arguments, struct space **space)
{
	struct image *image;
	int32_t error = image_open(path, &image);

	if (error < 0)
		return error;
	*space = space_create(image);
	if (!*space) {
		image_close(image);
		return ERROR_MEMORY;
	}
	if (!space_put(*space, STACK_PAGE, arguments->page)) {
		space_destroy(*space);
		return ERROR_MEMORY;
	}
	return 0;
}

int32_t exec_program(const char *path, struct arguments *arguments, struct trap_frame *frame)
{
	struct task *task = task_current();
	struct space *old = task->space, *new;
	int32_t error = arguments->page ? space_prepare(path, arguments, &new) : ERROR_MEMORY;

	if (error < 0) {
		arguments_drop(arguments);
		return error;
	}
	uint32_t stack_pointer = arguments_place(arguments);
	task->space = new;
	space_load(new);
	if (old)
		space_destroy(old);
	string_copy(task->name, sizeof(task->name), path_name(path));
	frame_fill(frame, new->image->entry, stack_pointer);
	return 0;
}
