/* SPDX-License-Identifier: BSD-2-Clause */
/* Pipes: what is written at one end is read at the other. */
#ifndef PIPE_H
#define PIPE_H

#include <stdbool.h>
#include <stdint.h>

struct pipe;

/* With both ends open; NULL: no memory. Of heap_allocate(). */
struct pipe *pipe_create(void);

/* Closes one end. The pipe goes when both are closed. */
void pipe_close(struct pipe *pipe, bool writing_end);

/* Sleeps until there is something. 0: there is nothing more, and no one can write. */
int32_t pipe_read(struct pipe *pipe, void *data, uint32_t size);

/* Sleeps until there is room for all. What fits in the pipe as a whole comes out in one piece.
 * ERROR_PIPE: no one can read it. */
int32_t pipe_write(struct pipe *pipe, const void *data, uint32_t size);

#endif
