/* SPDX-License-Identifier: BSD-2-Clause */
/* The two drivers that disk.c chooses from: what is behind each name is in disk.h. */
#ifndef DRIVERS_H
#define DRIVERS_H

#include "disk.h"

/* False: there is no virtio block device that can be used. */
bool virtio_disk_init(void);
uint32_t virtio_disk_sectors(unsigned disk);
const char *virtio_disk_name(unsigned disk);
void virtio_disk_submit(struct disk_request *request);
int32_t virtio_disk_wait(struct disk_request *request);

void ide_disk_init(void);
uint32_t ide_disk_sectors(unsigned disk);
const char *ide_disk_name(unsigned disk);
void ide_disk_submit(struct disk_request *request);
int32_t ide_disk_wait(struct disk_request *request);

#endif
