/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's disk: one ATA drive (ATA-4, INCITS 317: sections 7 to 9), the master of the PC's
 * secondary channel, at ports 170h to 177h and 376h with IRQ 15. It transfers by programmed
 * input and output alone, and has no slave beside it. A guest without a disk has no channel.
 *
 * What is on the disk is a boot module's memory, itself: when the machine stops, it is what the
 * guest wrote.
 *
 * A command takes no time. When the write to the command register is over, the first block's data
 * is there, or the command is complete, and the interrupt is pending. So a driver that polls never
 * waits, and one that sleeps must be ready for the interrupt before it gives the command, as it
 * must on a real machine, whose disk has a cache.
 */
#ifndef IDE_H
#define IDE_H

#include "bus.h"
#include "types.h"

#define IDE_PORT    0x170
#define IDE_CONTROL 0x376 /* and the drive address behind it */
#define IRQ_IDE     15

#define IDE_SECTOR       512u /* bytes */
#define IDE_MULTIPLE_MAX 16u  /* sectors in one block of READ and WRITE MULTIPLE */

/* The geometry that the drive has when it is reset. */
#define IDE_HEADS       4u
#define IDE_TRACK       16u                     /* sectors */
#define IDE_SECTORS_MIN (IDE_HEADS * IDE_TRACK) /* on a disk: one cylinder */

/* Status (7.15). */
#define IDE_BUSY  0x80
#define IDE_READY 0x40
#define IDE_SEEK  0x10 /* the head is where it should be */
#define IDE_DATA  0x08 /* DRQ: a block waits to be transferred */
#define IDE_ERROR 0x01

/* Error (7.9); after a reset or a diagnosis it is a code. */
#define IDE_ERROR_ABORTED   0x04
#define IDE_ERROR_NOT_FOUND 0x10 /* the sector's address */
#define IDE_DIAGNOSIS_GOOD  0x01

/* The one command that a drive obeys when it is not selected. */
#define IDE_EXECUTE_DIAGNOSTIC 0x90

/* What CHECK POWER MODE answers. */
#define IDE_POWER_ACTIVE  0xff
#define IDE_POWER_STANDBY 0x00

/* Device and head (7.7). */
#define IDE_DEVICE_LBA   0x40
#define IDE_DEVICE_SLAVE 0x10
#define IDE_DEVICE_HEAD  0x0f

struct ide_geometry {
	uint32_t cylinders, heads, track; /* track: sectors on one */
};

enum ide_transfer { IDE_NO_TRANSFER, IDE_TO_HOST, IDE_TO_DISK };

struct ide {
	uint8_t *disk;    /* in the direct map */
	uint32_t sectors; /* on the disk */
	/* the registers, by their names */
	uint8_t features, count, sector, cylinder_low, cylinder_high, device;
	uint8_t status, error, control;
	bool interrupt; /* pending: until Status is read, or a command written */
	bool line;      /* what IRQ 15 was told last */
	/* what commands have set */
	struct ide_geometry geometry;
	uint8_t multiple;    /* sectors in a block of READ and WRITE MULTIPLE; 0: they are off */
	uint8_t power;       /* as CHECK POWER MODE answers */
	bool asleep;         /* only a reset wakes it */
	bool keeps_settings; /* a software reset leaves geometry and multiple alone */
	/* the command that runs */
	enum ide_transfer transfer;
	uint32_t left;     /* sectors that are still to go through the buffer */
	uint32_t in_block; /* sectors in one block of it */
	uint32_t at, end;  /* bytes of the buffer: the next to go, and where the block ends */
	uint8_t buffer[IDE_MULTIPLE_MAX * IDE_SECTOR];
};

struct vm;

/* Puts the drive on the bus of a virtual machine that has a disk (vm->disk). */
void ide_attach(struct vm *vm);

/* ---- what the parts share: registers (ide.c), commands (ide_command.c), data (ide_transfer.c) ---
 */

/* The other drive of the channel, which is not there. */
static inline bool ide_slave_selected(const struct ide *ide)
{
	return ide->device & IDE_DEVICE_SLAVE;
}

/* The drive asks for the host: INTRQ. */
void ide_interrupt(struct vm *vm);

/* The task file as a reset and a diagnosis leave it (9.12): an ATA disk, and no error. */
void ide_sign(struct ide *ide);

/* Executes what was written to the command register. */
void ide_command(struct vm *vm, uint8_t command);

/* The command has ended: IDE_ERROR_... bits, 0 for none. */
void ide_complete(struct vm *vm, uint8_t error);

/* The sector that the address registers name; false: it is not on the disk. */
bool ide_locate(const struct ide *ide, uint32_t *sector);

/* The address registers name the next sector. */
void ide_step(struct ide *ide);
void ide_set_cylinder(struct ide *ide, uint32_t cylinder);

/* Begins a transfer of the sectors that the registers name, `in_block` of them in each block. */
void ide_read_sectors(struct vm *vm, uint32_t in_block);
void ide_write_sectors(struct vm *vm, uint32_t in_block);

/* Begins to hand over the one sector that is in the buffer. */
void ide_send_buffer(struct vm *vm);

/* One word of the transfer that runs. Without one, 0 is read and nothing is written. */
uint32_t ide_data_read(struct vm *vm);
void ide_data_write(struct vm *vm, uint32_t word);

/* Many words at once. */
uint32_t ide_move(struct vm *vm, uint16_t port, unsigned size, enum direction direction,
	uint8_t *memory, uint32_t bytes);

#endif
