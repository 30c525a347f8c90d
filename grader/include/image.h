/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Disk images that a PC boots a Multiboot kernel and its modules from.
 *
 * An image holds, in sectors of 512 bytes:
 *
 *	0		master boot record, with one active partition of type 7Fh
 *	1 to 16		stage 2 of the boot
 *	2048 to the end	the partition: the boot directory, then each file on a sector boundary
 *
 * All numbers on the disk are 32 bits, little endian. The boot sectors that read this are in
 * monitor/boot/; layout.inc and disk.inc there state the same numbers.
 *
 * Invariant: an image depends on nothing but the arguments and the contents of the files, so the
 * same call writes the same bytes.
 */
#ifndef RINGFENCE_IMAGE_H
#define RINGFENCE_IMAGE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SECTOR_BYTES            512u
#define IMAGE_HEADS             16u
#define IMAGE_SECTORS_PER_TRACK 63u
#define IMAGE_CYLINDER_BYTES    (IMAGE_HEADS * IMAGE_SECTORS_PER_TRACK * SECTOR_BYTES)

#define IMAGE_PARTITION_TABLE 446u /* offset in the master boot record */
#define IMAGE_PARTITION_TYPE  0x7Fu
#define IMAGE_PARTITION_LBA   2048u
#define IMAGE_STAGE2_LBA      1u
#define IMAGE_STAGE2_SECTORS  16u
#define IMAGE_STAGE2_MAGIC    0x32474E52u /* "RNG2", the last four bytes of stage 2 */

#define IMAGE_DIRECTORY_MAGIC   0x44424652u /* "RFBD" */
#define IMAGE_DIRECTORY_VERSION 1u
#define IMAGE_DIRECTORY_MAX     8192u /* bytes */

/* Where in memory the boot sectors leave the Multiboot module table: layout.inc. */
#define IMAGE_MODULE_TABLE 0xC000u

/* What the firmware may keep at the top of memory, in KiB: Bochs's takes 64, QEMU's 128. */
#define IMAGE_FIRMWARE_KIB 128u

#define IMAGE_MEMORY_MIB_MIN     2u
#define IMAGE_MEMORY_MIB_MAX     3072u
#define IMAGE_MEMORY_MIB_DEFAULT 64u /* the default machine */

/* The first sector of the partition begins with this. */
struct image_directory {
	uint32_t magic;
	uint32_t checksum; /* image_checksum of all that follows, up to size */
	uint32_t version;
	uint32_t size;  /* bytes: this, the entries, and the command lines behind them */
	uint32_t count; /* entries: the kernel, then its modules */
};

struct image_entry {
	uint32_t lba;      /* the file's first sector, counted from the partition's first */
	uint32_t bytes;    /* at least 1 */
	uint32_t checksum; /* image_checksum of the file */
	uint32_t string;   /* offset of its command line in the directory, ended by a zero byte */
};

struct image_file {
	const char *path;
	const char *arguments; /* NULL or "" for none; handed over as "basename arguments" */
};

struct image_plan {
	const char *boot_dir;           /* the folder that holds mbr.bin and stage2.bin */
	const struct image_file *files; /* the kernel (Multiboot 1, ELF32, i386), then modules */
	size_t count;                   /* of the files, at least 1 */
	unsigned memory_mib;            /* memory of the machine that is to boot it, in MiB */
	unsigned disk_mib; /* size of the disk in MiB, rounded up to a cylinder; 0: as needed */
};

/*
 * Writes the image to the file `out`, replacing an older one; its size is a whole number of
 * cylinders. Returns 0, or -1 with one sentence in `error` (without a newline). After a failure
 * `out` is as it was. Refused are files that are missing, empty or not regular, a kernel that the
 * boot sectors would not load, and files that do not fit in the memory or on the disk.
 */
int image_write(const char *out, const struct image_plan *plan, char *error, size_t error_size);

/* How many cylinders (of 16 heads, 63 sectors) hold that many bytes: Bochs wants to be told. */
unsigned image_cylinders(off_t bytes);

/* The checksum that the boot sectors verify; disk.inc says what it is good for. */
uint32_t image_checksum(const void *data, size_t size);

#endif
