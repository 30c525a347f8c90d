/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A pipe is a ring of bytes, and a channel to sleep on for each end: readers sleep while it is
 * empty, writers while it is full. Closing an end wakes the other one, which then sees that no one
 * is there any more.
 */
#include "pipe.h"

#include "abi.h"
#include "heap.h"
#include "lock.h"
#include "ring.h"
#include "string.h"
#include "task.h"

struct pipe {
	struct lock lock;
	bool has_reader, has_writer;
	struct ring ring;
};

struct pipe *pipe_create(void)
{
	struct pipe *pipe = heap_allocate(sizeof(*pipe));

	if (!pipe)
		return NULL;
	memset(pipe, 0, sizeof(*pipe));
	pipe->lock.name = "pipe";
	pipe->has_reader = pipe->has_writer = true;
	return pipe;
}

/* Where its readers and its writers sleep. */
static const void *readers(const struct pipe *pipe)
{
	return &pipe->has_reader;
}

static const void *writers(const struct pipe *pipe)
{
	return &pipe->has_writer;
}

void pipe_close(struct pipe *pipe, bool writing_end)
{
	uint32_t flags = lock_acquire(&pipe->lock);

	if (writing_end)
		pipe->has_writer = false;
	else
		pipe->has_reader = false;
	bool last = !pipe->has_writer && !pipe->has_reader;
	task_wake(readers(pipe));
	task_wake(writers(pipe));
	lock_release(&pipe->lock, flags);
	if (last)
		heap_free(pipe);
}

int32_t pipe_read(struct pipe *pipe, void *data, uint32_t size)
{
	uint32_t flags = lock_acquire(&pipe->lock), count = 0;
	char *bytes = data;

	while (size > 0 && ring_is_empty(&pipe->ring) && pipe->has_writer &&
		!task_current()->killed)
		task_sleep(readers(pipe), &pipe->lock);
	while (count < size && !ring_is_empty(&pipe->ring))
		bytes[count++] = ring_get(&pipe->ring);
	if (count > 0)
		task_wake(writers(pipe));
	lock_release(&pipe->lock, flags);
	return (int32_t)count;
}

static uint32_t room(const struct pipe *pipe)
{
	return RING_BYTES - (pipe->ring.put - pipe->ring.got);
}

int32_t pipe_write(struct pipe *pipe, const void *data, uint32_t size)
{
	uint32_t flags = lock_acquire(&pipe->lock), count = 0;
	uint32_t wanted = size <= RING_BYTES ? size : 1;
	const char *bytes = data;

	while (count < size && pipe->has_reader && !task_current()->killed) {
		if (room(pipe) < wanted) {
			task_sleep(writers(pipe), &pipe->lock);
			continue;
		}
		while (count < size && !ring_is_full(&pipe->ring))
			ring_put(&pipe->ring, bytes[count++]);
		task_wake(readers(pipe));
	}
	bool has_reader = pipe->has_reader;
	lock_release(&pipe->lock, flags);
	return has_reader || count == size ? (int32_t)count : ERROR_PIPE;
}
