/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The address space of a program:
 *
 *   USER_BASE   its image, as it was linked
 *   ...         its heap, which sbrk() moves the end of
 *   USER_END    the stack grows down from here, at most STACK_BYTES_MAX
 *
 * None of it is there at first. A page gets a frame when it is first touched (space_fault.c). A
 * program is the only user of its space, and only the program itself changes it, in system calls
 * and page faults: so a space needs no lock, and one may sleep while it is at work.
 */
#ifndef SPACE_H
#define SPACE_H

#include "abi.h"
#include "image.h"

#define STACK_BYTES_MAX (1u << 20)
#define STACK_LOWEST    (USER_END - STACK_BYTES_MAX)
#define HEAP_LIMIT      (STACK_LOWEST - PAGE_SIZE) /* a page between them belongs to nothing */

/* Frames that fork() and sbrk() leave: who runs already will need some, to own what it shares or to
 * touch what it was promised. It is a courtesy, not a promise. */
#define FRAMES_RESERVE 32u

struct space {
	uint32_t *directory;
	struct image *image; /* a use of it */
	uint32_t heap_end;   /* the heap begins on the first page behind the image */
};

/* An empty space for an image, which the space now uses in the caller's place. NULL: no memory; the
 * caller keeps its use. */
struct space *space_create(struct image *image);

/* A space with the same content: both share all frames until one of them writes. NULL: no memory.
 * `space` is the running one. */
struct space *space_copy(struct space *space);

/* Gives everything back. May sleep. The space must not be the running one. */
void space_destroy(struct space *space);

/* Puts a frame at a page's address, where nothing is. False: no memory. */
bool space_put(struct space *space, uint32_t address, void *frame);

/* Moves the heap's end, in the running space. Returns the old end, or ERROR_MEMORY. New pages of
 * the heap are zero. */
uint32_t space_move_heap_end(struct space *space, int32_t bytes);

/* The running program has touched its page at `address` and could not. 0: now it can.
 * ERROR_POINTER: it may not. ERROR_MEMORY, ERROR_FORMAT: there is no memory, or no file, for the
 * page. May sleep. */
int32_t space_fault(struct space *space, uint32_t address, bool write);

/* From now on this is the running space; NULL: only the kernel's part. */
void space_load(struct space *space);

#endif
