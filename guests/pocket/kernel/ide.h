/* SPDX-License-Identifier: BSD-2-Clause */
/* One IDE channel's registers, and what can be done with them without interrupts. For ide.c. */
#ifndef IDE_H
#define IDE_H

#include <stdbool.h>
#include <stdint.h>

#define IDE_CHANNELS 2u
#define IDE_DRIVES   2u /* of one channel: master and slave */

struct ide_ports {
	uint16_t base, control;
};

/* Registers, from the base (ATA/ATAPI-4, 7.2). */
#define IDE_DATA       0
#define IDE_COUNT      2
#define IDE_LBA_LOW    3
#define IDE_LBA_MIDDLE 4
#define IDE_LBA_HIGH   5
#define IDE_DEVICE     6
#define IDE_STATUS     7 /* read */
#define IDE_COMMAND    7 /* written */

#define IDE_DEVICE_LBA   0xe0 /* with the two bits that were always 1 */
#define IDE_DEVICE_SLAVE 0x10

#define IDE_STATUS_ERR  0x01
#define IDE_STATUS_DRQ  0x08 /* wants data, or has some */
#define IDE_STATUS_DF   0x20 /* the drive is broken */
#define IDE_STATUS_DRDY 0x40
#define IDE_STATUS_BSY  0x80 /* no other bit means anything */

/* The control register; read, it is the status without a consequence. */
#define IDE_CONTROL_FIXED         0x08
#define IDE_CONTROL_NO_INTERRUPTS 0x02
#define IDE_CONTROL_RESET         0x04

#define IDE_READ_SECTORS  0x20
#define IDE_WRITE_SECTORS 0x30
#define IDE_FLUSH_CACHE   0xe7
#define IDE_IDENTIFY      0xec

/* Makes one of the two drives listen, with bits 24 to 27 of a sector's number. */
void ide_select(const struct ide_ports *ports, bool slave, uint32_t lba_top);

/* Waits until the bits of the status that `mask` names are `value`, for at most so many looks.
 * False: they never were. */
bool ide_wait(const struct ide_ports *ports, uint8_t mask, uint8_t value, uint32_t polls);

/* The number of sectors of a drive; 0: there is no disk. Leaves the channel's interrupts off. */
uint32_t ide_probe(const struct ide_ports *ports, bool slave, uint32_t polls);

/* Both drives begin anew. */
void ide_reset(const struct ide_ports *ports, uint32_t polls);

#endif
