/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way of a block between the host and a guest's disk: which sector the registers name, the
 * buffer, the data port (ATA-4, sections 6.2, 9.3 and 9.4).
 *
 * Invariants: nothing but buffer_fill() and buffer_empty() touches the disk, and these only where
 * ide_locate() says. While a transfer runs, at < end, and both are even.
 */
#include "ide.h"
#include "strings.h"
#include "vm.h"

#define NO_DATA 0 /* what the data port reads where there is none */

/* ---- addresses ---- */

static uint32_t ide_cylinder(const struct ide *ide)
{
	return (uint32_t)ide->cylinder_high << 8 | ide->cylinder_low;
}

void ide_set_cylinder(struct ide *ide, uint32_t cylinder)
{
	ide->cylinder_low = (uint8_t)cylinder;
	ide->cylinder_high = (uint8_t)(cylinder >> 8);
}

static void ide_set_head(struct ide *ide, uint32_t head)
{
	ide->device = (uint8_t)((ide->device & ~IDE_DEVICE_HEAD) | head);
}

bool ide_locate(const struct ide *ide, uint32_t *sector)
{
	const struct ide_geometry *geometry = &ide->geometry;
	uint32_t head = ide->device & IDE_DEVICE_HEAD;

	if (ide->device & IDE_DEVICE_LBA) {
		*sector = head << 24 | ide_cylinder(ide) << 8 | ide->sector;
		return *sector < ide->sectors;
	}
	if (ide_cylinder(ide) >= geometry->cylinders || head >= geometry->heads ||
		ide->sector == 0 || ide->sector > geometry->track)
		return false;
	*sector = (ide_cylinder(ide) * geometry->heads + head) * geometry->track + ide->sector - 1;
	return *sector < ide->sectors;
}

void ide_step(struct ide *ide)
{
	uint32_t head = ide->device & IDE_DEVICE_HEAD;

	if (ide->device & IDE_DEVICE_LBA) {
		uint32_t next = (head << 24 | ide_cylinder(ide) << 8 | ide->sector) + 1;
		ide->sector = (uint8_t)next;
		ide_set_cylinder(ide, next >> 8);
		ide_set_head(ide, next >> 24 & IDE_DEVICE_HEAD);
	} else if (ide->sector < ide->geometry.track) {
		ide->sector++;
	} else {
		bool last = head + 1 >= ide->geometry.heads;
		ide->sector = 1;
		ide_set_head(ide, last ? 0 : head + 1);
		if (last)
			ide_set_cylinder(ide, ide_cylinder(ide) + 1);
	}
}

/* ---- blocks ---- */

void ide_complete(struct vm *vm, uint8_t error)
{
	struct ide *ide = &vm->devices.ide;

	ide->transfer = IDE_NO_TRANSFER;
	ide->error = error;
	ide->status = IDE_READY | IDE_SEEK | (error ? IDE_ERROR : 0);
	ide_interrupt(vm);
}

/* Sectors of the next block. */
static uint32_t block_size(const struct ide *ide)
{
	return ide->left < ide->in_block ? ide->left : ide->in_block;
}

/* A block is ready to be transferred. */
static void block_open(struct ide *ide, enum ide_transfer transfer, uint32_t sectors)
{
	ide->transfer = transfer;
	ide->at = 0;
	ide->end = sectors * IDE_SECTOR;
	ide->status = IDE_READY | IDE_SEEK | IDE_DATA;
}

/* One sector has gone through the buffer. */
static void sector_done(struct ide *ide)
{
	ide_step(ide);
	ide->count--;
	ide->left--;
}

/* The next block, from the disk. False: one of its sectors is not there. */
static bool buffer_fill(struct ide *ide, uint32_t sectors)
{
	uint32_t sector;

	for (uint32_t i = 0; i < sectors; i++) {
		if (!ide_locate(ide, &sector))
			return false;
		memcpy(ide->buffer + i * IDE_SECTOR, ide->disk + (size_t)sector * IDE_SECTOR,
			IDE_SECTOR);
		sector_done(ide);
	}
	return true;
}

/* A block that is complete, onto the disk. */
static bool buffer_empty(struct ide *ide, uint32_t sectors)
{
	uint32_t sector;

	for (uint32_t i = 0; i < sectors; i++) {
		if (!ide_locate(ide, &sector))
			return false;
		memcpy(ide->disk + (size_t)sector * IDE_SECTOR, ide->buffer + i * IDE_SECTOR,
			IDE_SECTOR);
		sector_done(ide);
	}
	return true;
}

static void block_read(struct vm *vm)
{
	struct ide *ide = &vm->devices.ide;
	uint32_t sectors = block_size(ide);

	if (!buffer_fill(ide, sectors)) {
		ide_complete(vm, IDE_ERROR_NOT_FOUND);
		return;
	}
	block_open(ide, IDE_TO_HOST, sectors);
	ide_interrupt(vm);
}

/* The host has taken a whole block. The last one ends without an interrupt. */
static void block_taken(struct vm *vm)
{
	struct ide *ide = &vm->devices.ide;

	if (ide->left) {
		block_read(vm);
	} else {
		ide->transfer = IDE_NO_TRANSFER;
		ide->status = IDE_READY | IDE_SEEK;
	}
}

/* The host has given a whole block. */
static void block_given(struct vm *vm)
{
	struct ide *ide = &vm->devices.ide;

	if (!buffer_empty(ide, ide->end / IDE_SECTOR)) {
		ide_complete(vm, IDE_ERROR_NOT_FOUND);
	} else if (ide->left) {
		block_open(ide, IDE_TO_DISK, block_size(ide));
		ide_interrupt(vm);
	} else {
		ide_complete(vm, 0);
	}
}

static void transfer_begin(struct ide *ide, uint32_t in_block)
{
	ide->left = ide->count ? ide->count : 256;
	ide->in_block = in_block;
	ide->error = 0;
	ide->power = IDE_POWER_ACTIVE;
}

void ide_read_sectors(struct vm *vm, uint32_t in_block)
{
	transfer_begin(&vm->devices.ide, in_block);
	block_read(vm);
}

/* The host gives the first block without being asked by an interrupt, unless it is refused at once.
 */
void ide_write_sectors(struct vm *vm, uint32_t in_block)
{
	struct ide *ide = &vm->devices.ide;
	uint32_t sector;

	transfer_begin(ide, in_block);
	if (ide_locate(ide, &sector))
		block_open(ide, IDE_TO_DISK, block_size(ide));
	else
		ide_complete(vm, IDE_ERROR_NOT_FOUND);
}

void ide_send_buffer(struct vm *vm)
{
	struct ide *ide = &vm->devices.ide;

	ide->left = 0;
	ide->error = 0;
	block_open(ide, IDE_TO_HOST, 1);
	ide_interrupt(vm);
}

/* ---- the data port ---- */

uint32_t ide_data_read(struct vm *vm)
{
	struct ide *ide = &vm->devices.ide;
	uint32_t word;

	if (ide->transfer != IDE_TO_HOST || ide_slave_selected(ide))
		return NO_DATA;
	word = ide->buffer[ide->at] | (uint32_t)ide->buffer[ide->at + 1] << 8;
	ide->at += 2;
	if (ide->at == ide->end)
		block_taken(vm);
	return word;
}

void ide_data_write(struct vm *vm, uint32_t word)
{
	struct ide *ide = &vm->devices.ide;

	if (ide->transfer != IDE_TO_DISK || ide_slave_selected(ide))
		return;
	ide->buffer[ide->at] = (uint8_t)word;
	ide->buffer[ide->at + 1] = (uint8_t)(word >> 8);
	ide->at += 2;
	if (ide->at == ide->end)
		block_given(vm);
}

uint32_t ide_move(struct vm *vm, uint16_t port, unsigned size, enum direction direction,
	uint8_t *memory, uint32_t bytes)
{
	struct ide *ide = &vm->devices.ide;
	bool in = direction == TO_GUEST;
	uint32_t left = ide->end - ide->at;

	if (port != IDE_PORT || ide->transfer != (in ? IDE_TO_HOST : IDE_TO_DISK) ||
		ide_slave_selected(ide))
		return 0;
	if (bytes > left)
		bytes = left / size * size;
	if (in)
		memcpy(memory, ide->buffer + ide->at, bytes);
	else
		memcpy(ide->buffer + ide->at, memory, bytes);
	ide->at += bytes;
	if (bytes && ide->at == ide->end)
		in ? block_taken(vm) : block_given(vm);
	return bytes;
}
