/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The buffer cache: see cache.h.
 *
 * All buffers are in one ring, the last used first. A block that is not in it takes the place of
 * the one that was not used for the longest time.
 */
#include "cache.h"

#include "abi.h"
#include "panic.h"
#include "string.h"

#define BUFFERS           64u
#define SECTORS_PER_BLOCK (BLOCK_SIZE / SECTOR_SIZE)

static struct buffer buffers[BUFFERS];
static struct buffer ring; /* its `older` is the last used one, its `newer` the oldest */
static struct buffer *first_changed, **end_changed = &first_changed;
static unsigned cache_disk;

static void buffer_unlink(struct buffer *buffer)
{
	buffer->newer->older = buffer->older;
	buffer->older->newer = buffer->newer;
}

static void buffer_link(struct buffer *buffer)
{
	buffer->newer = &ring;
	buffer->older = ring.older;
	buffer->older->newer = buffer;
	ring.older = buffer;
}

void cache_init(unsigned disk)
{
	cache_disk = disk;
	ring.newer = ring.older = &ring;
	for (unsigned i = 0; i < BUFFERS; i++) {
		buffers[i].valid = false;
		buffer_link(&buffers[i]);
	}
}

static struct buffer *buffer_find(uint32_t block)
{
	for (struct buffer *buffer = ring.older; buffer != &ring; buffer = buffer->older)
		if (buffer->valid && buffer->block == block)
			return buffer;
	return NULL;
}

static struct buffer *buffer_oldest(void)
{
	for (struct buffer *buffer = ring.newer; buffer != &ring; buffer = buffer->newer)
		if (buffer->users == 0 && !buffer->changed)
			return buffer;
	return NULL;
}

/* A buffer for a block that is in none; its data are not valid. */
static struct buffer *buffer_take(uint32_t block)
{
	struct buffer *buffer = buffer_oldest();

	if (!buffer) {
		cache_flush();
		buffer = buffer_oldest();
	}
	if (buffer) {
		buffer->block = block;
		buffer->valid = false;
		return buffer;
	}
	panic("all buffers of the cache are in use");
}

static void request_submit(struct buffer *buffer, enum disk_command command)
{
	buffer->request = (struct disk_request){
		.command = command,
		.disk = cache_disk,
		.sector = buffer->block * SECTORS_PER_BLOCK,
		.count = SECTORS_PER_BLOCK,
		.data = buffer->data,
	};
	disk_submit(&buffer->request);
}

struct buffer *cache_get(uint32_t block)
{
	struct buffer *buffer = buffer_find(block);

	if (!buffer) {
		buffer = buffer_take(block);
		request_submit(buffer, DISK_READ);
		if (disk_wait(&buffer->request) < 0)
			return NULL;
		buffer->valid = true;
	}
	buffer->users++;
	return buffer;
}

struct buffer *cache_get_zeroed(uint32_t block)
{
	struct buffer *buffer = buffer_find(block);

	if (!buffer)
		buffer = buffer_take(block);
	memset(buffer->data, 0, sizeof(buffer->data));
	buffer->valid = true;
	buffer->users++;
	cache_change(buffer);
	return buffer;
}

void cache_change(struct buffer *buffer)
{
	if (buffer->changed)
		return;
	buffer->changed = true;
	buffer->next_changed = NULL;
	*end_changed = buffer;
	end_changed = &buffer->next_changed;
}

void cache_put(struct buffer *buffer)
{
	buffer->users--;
	buffer_unlink(buffer);
	buffer_link(buffer);
}

/* The disk keeps the order. A block that could not be written is read again when it is needed. */
int32_t cache_flush(void)
{
	int32_t result = 0;

	for (struct buffer *buffer = first_changed; buffer; buffer = buffer->next_changed)
		request_submit(buffer, DISK_WRITE);
	for (struct buffer *buffer = first_changed; buffer; buffer = buffer->next_changed) {
		buffer->changed = false;
		if (disk_wait(&buffer->request) < 0) {
			buffer->valid = buffer->users > 0;
			result = ERROR_DISK;
		}
	}
	first_changed = NULL;
	end_changed = &first_changed;
	return result;
}

int32_t cache_sync(void)
{
	struct disk_request request = {.command = DISK_FLUSH, .disk = cache_disk};
	int32_t result = cache_flush();

	disk_submit(&request);
	int32_t sync_result = disk_wait(&request);
	return result < 0 ? result : sync_result;
}
