/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An IDE channel without interrupts: see ide.h. ATA/ATAPI-4, 8.12 (IDENTIFY DEVICE), 9.1 (reset).
 *
 * Nothing here waits for ever. Where there is no channel the bus floats, and each port reads FFh.
 * Where there is a channel without that drive the status reads 0.
 */
#include "cpu.h"
#include "ide.h"

#define FLOATING       0xff
#define IDENTIFY_WORDS 256
#define CAPABILITIES   49 /* words of what IDENTIFY DEVICE gives */
#define SECTORS_LOW    60
#define SECTORS_HIGH   61
#define CAPABLE_OF_LBA (1u << 9)
#define NOT_A_DISK     (1u << 15) /* word 0 */

/* 400 ns, the time that a drive has to show its status: four reads of a slow port. */
static void status_settle(const struct ide_ports *ports)
{
	for (unsigned i = 0; i < 4; i++)
		port_read(ports->control);
}

void ide_select(const struct ide_ports *ports, bool slave, uint32_t lba_top)
{
	port_write(ports->base + IDE_DEVICE,
		(uint8_t)(IDE_DEVICE_LBA | (slave ? IDE_DEVICE_SLAVE : 0) | (lba_top & 0xf)));
	status_settle(ports);
}

bool ide_wait(const struct ide_ports *ports, uint8_t mask, uint8_t value, uint32_t polls)
{
	for (uint32_t i = 0; i < polls; i++)
		if ((port_read(ports->control) & mask) == value)
			return true;
	return false;
}

uint32_t ide_probe(const struct ide_ports *ports, bool slave, uint32_t polls)
{
	uint16_t words[IDENTIFY_WORDS];

	port_write(ports->control, IDE_CONTROL_FIXED | IDE_CONTROL_NO_INTERRUPTS);
	ide_select(ports, slave, 0);
	uint8_t status = port_read(ports->base + IDE_STATUS);
	if (status == FLOATING || status == 0 || !ide_wait(ports, IDE_STATUS_BSY, 0, polls))
		return 0;
	port_write(ports->base + IDE_COMMAND, IDE_IDENTIFY);
	status_settle(ports);
	/* a drive for CDs refuses, with ERR; one that is not there stays at 0 */
	if (port_read(ports->control) == 0 || !ide_wait(ports, IDE_STATUS_BSY, 0, polls))
		return 0;
	status = port_read(ports->base + IDE_STATUS);
	if ((status & (IDE_STATUS_ERR | IDE_STATUS_DRQ)) != IDE_STATUS_DRQ)
		return 0;
	port_read_words(ports->base + IDE_DATA, words, IDENTIFY_WORDS);
	if ((words[0] & NOT_A_DISK) || !(words[CAPABILITIES] & CAPABLE_OF_LBA))
		return 0;
	return words[SECTORS_LOW] | (uint32_t)words[SECTORS_HIGH] << 16;
}

void ide_reset(const struct ide_ports *ports, uint32_t polls)
{
	port_write(ports->control, IDE_CONTROL_FIXED | IDE_CONTROL_RESET);
	for (unsigned i = 0; i < 4; i++)
		status_settle(ports); /* 5 us at least */
	port_write(ports->control, IDE_CONTROL_FIXED);
	status_settle(ports);
	ide_wait(ports, IDE_STATUS_BSY, 0, polls);
}
