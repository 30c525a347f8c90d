/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The disk by programmed I/O (ATA-4, 9.5 and 9.6): the master of the PC's secondary channel, with
 * its interrupts off. Where there is no virtio this does the same work.
 */
#include "blocks.h"
#include "kernel.h"

#define DATA     0x170
#define COUNT    0x172
#define SECTOR   0x173
#define CYLINDER 0x174 /* low, high */
#define DEVICE   0x176
#define STATUS   0x177
#define COMMAND  0x177
#define CONTROL  0x376

#define BUSY       0x80
#define DATA_WAITS 0x08
#define FAILED     0x01
#define NOBODY     0xff
#define IN_LBA     0xe0
#define NIEN       0x02

#define READ_SECTORS  0x20
#define WRITE_SECTORS 0x30
#define FLUSH_CACHE   0xe7
#define IDENTIFY      0xec

#define WORDS (SECTOR_SIZE / 2)
#define POLLS 10000000 /* far longer than any command takes */

static uint8_t settled(void)
{
	uint8_t status = port_read8(STATUS);

	for (uint32_t i = 0; i < POLLS && status & BUSY; i++)
		status = port_read8(STATUS);
	return status;
}

static bool data_waits(void)
{
	return (settled() & (BUSY | DATA_WAITS | FAILED)) == DATA_WAITS;
}

static void read_string(void *to)
{
	uint32_t words = WORDS;

	__asm__ volatile("rep insw" : "+D"(to), "+c"(words) : "d"(DATA) : "memory");
}

static void write_string(const void *from)
{
	uint32_t words = WORDS;

	__asm__ volatile("rep outsw" : "+S"(from), "+c"(words) : "d"(DATA) : "memory");
}

/* True: all of it is done. */
static bool transfer_do(const struct transfer *transfer)
{
	static const uint8_t commands[] = {[TRANSFER_READ] = READ_SECTORS,
		[TRANSFER_WRITE] = WRITE_SECTORS,
		[TRANSFER_FLUSH] = FLUSH_CACHE};

	port_write8(DEVICE, (uint8_t)(IN_LBA | (transfer->sector >> 24 & 0xf)));
	port_write8(COUNT, (uint8_t)transfer->count);
	port_write8(SECTOR, (uint8_t)transfer->sector);
	port_write8(CYLINDER, (uint8_t)(transfer->sector >> 8));
	port_write8(CYLINDER + 1, (uint8_t)(transfer->sector >> 16));
	port_write8(COMMAND, commands[transfer->kind]);
	for (uint32_t i = 0; i < transfer->count; i++) {
		if (!data_waits())
			return false;
		if (transfer->kind == TRANSFER_READ)
			read_string(transfer->data + i * SECTOR_SIZE);
		else
			write_string(transfer->data + i * SECTOR_SIZE);
	}
	return !(settled() & (BUSY | DATA_WAITS | FAILED));
}

static void ide_transfer(struct transfer *transfers, uint32_t count, bool by_interrupt)
{
	(void)by_interrupt;
	for (uint32_t i = 0; i < count; i++)
		transfers[i].failed = !transfer_do(&transfers[i]);
}

bool ide_open(struct driver *driver)
{
	uint16_t words[WORDS];

	port_write8(CONTROL, NIEN);
	port_write8(DEVICE, IN_LBA);
	if (port_read8(STATUS) == NOBODY)
		return false;
	port_write8(COMMAND, IDENTIFY);
	if (!data_waits())
		return false;
	read_string(words);
	*driver = (struct driver){.name = "IDE",
		.sectors = words[60] | (uint32_t)words[61] << 16,
		.transfer = ide_transfer};
	return true;
}
