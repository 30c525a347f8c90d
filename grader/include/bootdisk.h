/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Disk images from a command line: [a monitor and] guests, each one word "GUEST.elf words for it".
 *
 * What boots is the monitor with the guests as its modules, or, without a monitor, one guest bare.
 */
#ifndef BOOTDISK_H
#define BOOTDISK_H

#include <stddef.h>
#include <stdint.h>

#define BOOTDISK_GUESTS_MAX 31

struct bootdisk {
	const char *boot_dir; /* the folder that holds mbr.bin and stage2.bin */
	const char *monitor;  /* NULL: the guest boots bare */
	char *const *guests;  /* "GUEST.elf words" */
	size_t count;         /* of the guests: at least 1; exactly 1 where there is no monitor */
	unsigned memory_mib;  /* of the machine that is to boot it */
};

/* Writes the image. Returns 0, or -1 with one sentence in error[]. */
int bootdisk_write(const char *image, const struct bootdisk *disk, char *error, size_t error_size);

/*
 * The linear address of a symbol in what boots first, the monitor or the bare guest; where there is
 * no such symbol, its entry point. Returns 0, or -1 with one sentence in error[].
 */
int bootdisk_address(const struct bootdisk *disk, const char *symbol, uint32_t *address,
	char *error, size_t error_size);

#endif
