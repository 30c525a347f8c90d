/* SPDX-License-Identifier: BSD-2-Clause */
/* Tells how much memory and how much of the disk is free. */
#include "pocket.h"

#define KIB_PER_FRAME 4

int32_t main(void)
{
	struct disk_space space;
	int32_t error = disk_space(&space);

	if (error < 0)
		return complain("free", "/", error);
	printf("memory: %d KiB free\n", frames_free() * KIB_PER_FRAME);
	printf("disk: %u of %u KiB free, %u of %u files\n", space.blocks_free, space.blocks,
		space.inodes_free, space.inodes);
	return 0;
}
