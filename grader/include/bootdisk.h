/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Disk images from a command line: [a monitor and] guests, each one word "GUEST.elf words for it".
 *
 * What boots is the monitor with the guests as its modules, or, without a monitor, one guest bare.
 *
 * A file NAME.disk beside NAME.elf is that guest's disk. Under a monitor it is a module, right
 * behind its guest's; bare, it is the machine's second disk.
 */
#ifndef BOOTDISK_H
#define BOOTDISK_H

#include "bochs.h"

#include <limits.h>
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

/* The path of the disk of "GUEST.elf words". False: there is no such file. */
bool bootdisk_guest_disk(const char *guest, char path[PATH_MAX]);

/* The machine's second disk: that of a bare guest, in path[], or NULL. */
const char *bootdisk_second_disk(const struct bootdisk *disk, char path[PATH_MAX]);

/*
 * Reads what a module's memory holds now, `size` bytes, in a machine that has booted. Modules are
 * counted from 0; the kernel is none. False: the boot sectors' table says that it has another size,
 * or the memory is not there.
 */
bool bootdisk_read_module(struct bochs *machine, size_t number, void *bytes, size_t size);

/*
 * The linear address of a symbol in what boots first, the monitor or the bare guest; where there is
 * no such symbol, its entry point. Returns 0, or -1 with one sentence in error[].
 */
int bootdisk_address(const struct bootdisk *disk, const char *symbol, uint32_t *address,
	char *error, size_t error_size);

#endif
