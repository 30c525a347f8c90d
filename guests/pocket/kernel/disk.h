/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Disks, by the sector. Whoever wants something fills in a request, submits it, and may do
 * something else until it waits for the end. One disk does its requests in the order in which they
 * came.
 */
#ifndef DISK_H
#define DISK_H

#include <stdbool.h>
#include <stdint.h>

#define SECTOR_SIZE 512u
#define SECTORS_MAX 256u /* of one request */
#define DISKS_MAX   4u

enum disk_command {
	DISK_READ,
	DISK_WRITE,
	DISK_FLUSH, /* the disk is to write what it only keeps in its own memory */
};

struct disk_request {
	enum disk_command command;
	unsigned disk;
	uint32_t sector, count; /* [sector, sector + count) */
	void *data;             /* the kernel's memory: it is used in interrupts */

	/* from here on the driver's own */
	bool done;
	int32_t result; /* 0 or ERROR_DISK */
	struct disk_request *next;
};

/* Looks for disks. Interrupts may still be off. */
void disk_init(void);

/* The number of its sectors; 0: there is no such disk. */
uint32_t disk_sectors(unsigned disk);

/* Where it is attached, for people. */
const char *disk_name(unsigned disk);

/* The request must stay where it is until disk_wait() has returned. */
void disk_submit(struct disk_request *request);

/* Sleeps until the request is done. Returns its result. */
int32_t disk_wait(struct disk_request *request);

#endif
