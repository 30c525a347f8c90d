/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Disks by virtio, if the command line names a block device, and by IDE otherwise. Never by both:
 * the same disk may be there in two ways.
 */
#include "drivers.h"

static bool by_virtio;

void disk_init(void)
{
	by_virtio = virtio_disk_init();
	if (!by_virtio)
		ide_disk_init();
}

uint32_t disk_sectors(unsigned disk)
{
	return by_virtio ? virtio_disk_sectors(disk) : ide_disk_sectors(disk);
}

const char *disk_name(unsigned disk)
{
	return by_virtio ? virtio_disk_name(disk) : ide_disk_name(disk);
}

void disk_submit(struct disk_request *request)
{
	if (by_virtio)
		virtio_disk_submit(request);
	else
		ide_disk_submit(request);
}

int32_t disk_wait(struct disk_request *request)
{
	return by_virtio ? virtio_disk_wait(request) : ide_disk_wait(request);
}
