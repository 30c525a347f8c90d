/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which blocks and inodes of the disk are in use: one bit each, 1 for those that are.
 *
 * The bit is set before anything refers to what was allocated, and cleared after nothing does any
 * more. A crash in between loses space, but nothing is ever in use twice.
 */
#include "console.h"
#include "fs_internal.h"
#include "string.h"

static struct super_block super_block;

/* One of the two bitmaps. */
struct bitmap {
	uint32_t start; /* block */
	uint32_t bits;
	uint32_t free;  /* bits that are 0 */
	uint32_t first; /* all bits below are 1 */
};

static struct bitmap blocks, inodes;

const struct super_block *super(void)
{
	return &super_block;
}

static uint32_t blocks_for(uint32_t count, uint32_t per_block)
{
	return (count + per_block - 1) / per_block;
}

/* The areas lie where mkfs puts them, one behind the other. */
static bool super_is_good(const struct super_block *s, uint32_t sectors)
{
	return s->magic == FS_MAGIC && s->blocks <= sectors / (BLOCK_SIZE / SECTOR_SIZE) &&
	       s->inodes > ROOT_INODE && s->inodes <= s->blocks &&
	       s->inode_bitmap == SUPER_BLOCK_NUMBER + 1 &&
	       s->block_bitmap == s->inode_bitmap + blocks_for(s->inodes, BITS_PER_BLOCK) &&
	       s->inode_table == s->block_bitmap + blocks_for(s->blocks, BITS_PER_BLOCK) &&
	       s->data == s->inode_table + blocks_for(s->inodes, INODES_PER_BLOCK) &&
	       s->data < s->blocks;
}

/* Reads the block with the bit. */
static struct buffer *bit_get(const struct bitmap *map, uint32_t bit)
{
	return cache_get(map->start + bit / BITS_PER_BLOCK);
}

static uint8_t *bit_byte(struct buffer *buffer, uint32_t bit)
{
	return &buffer->data[bit % BITS_PER_BLOCK / 8];
}

static bool bitmap_init(struct bitmap *map, uint32_t start, uint32_t bits)
{
	*map = (struct bitmap){.start = start, .bits = bits};
	for (uint32_t bit = 0; bit < bits;) {
		struct buffer *buffer = bit_get(map, bit);
		if (!buffer)
			return false;
		do
			map->free += !(*bit_byte(buffer, bit) >> bit % 8 & 1);
		while (++bit < bits && bit % BITS_PER_BLOCK != 0);
		cache_put(buffer);
	}
	return true;
}

bool space_init(uint32_t sectors)
{
	if (sectors < (SUPER_BLOCK_NUMBER + 1) * (BLOCK_SIZE / SECTOR_SIZE))
		return false;
	struct buffer *buffer = cache_get(SUPER_BLOCK_NUMBER);
	if (!buffer)
		return false;
	memcpy(&super_block, buffer->data, sizeof(super_block));
	cache_put(buffer);
	return super_is_good(&super_block, sectors) &&
	       bitmap_init(&inodes, super_block.inode_bitmap, super_block.inodes) &&
	       bitmap_init(&blocks, super_block.block_bitmap, super_block.blocks);
}

/* Looks from the lowest bit on that may be free. */
static int32_t bit_allocate(struct bitmap *map)
{
	while (map->free > 0 && map->first < map->bits) {
		struct buffer *buffer = bit_get(map, map->first);
		if (!buffer)
			return ERROR_DISK;
		do {
			uint32_t bit = map->first++;
			uint8_t *byte = bit_byte(buffer, bit), mask = (uint8_t)(1u << bit % 8);
			if (*byte & mask)
				continue;
			*byte |= mask;
			map->free--;
			cache_change(buffer);
			cache_put(buffer);
			return (int32_t)bit;
		} while (map->first < map->bits && map->first % BITS_PER_BLOCK != 0);
		cache_put(buffer);
	}
	return ERROR_DISK_FULL;
}

/* What cannot be read stays in use. */
static void bit_free(struct bitmap *map, uint32_t bit)
{
	struct buffer *buffer = bit_get(map, bit);

	if (!buffer)
		return;
	uint8_t *byte = bit_byte(buffer, bit), mask = (uint8_t)(1u << bit % 8);
	if (*byte & mask) {
		*byte &= (uint8_t)~mask;
		map->free++;
		cache_change(buffer);
	} else {
		console_printf("disk: number %u is freed twice: the file system is damaged\n", bit);
	}
	if (bit < map->first)
		map->first = bit;
	cache_put(buffer);
}

int32_t block_allocate(void)
{
	return bit_allocate(&blocks);
}

void block_free(uint32_t block)
{
	bit_free(&blocks, block);
}

int32_t inode_number_allocate(void)
{
	return bit_allocate(&inodes);
}

void inode_number_free(uint32_t number)
{
	bit_free(&inodes, number);
}

int32_t fs_space(struct disk_space *space)
{
	fs_begin();
	*space = (struct disk_space){
		.blocks = blocks.bits,
		.blocks_free = blocks.free,
		.inodes = inodes.bits,
		.inodes_free = inodes.free,
	};
	return fs_end(0);
}
