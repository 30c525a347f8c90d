/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Disks on the two IDE channels of a PC, by programmed input and output with interrupts
 * (ATA/ATAPI-4, NCITS 317-1998: registers in 7, protocols in 9.5 and 9.6).
 *
 * A channel has one set of registers for its two drives, so it does one request at a time: the
 * first in its queue. Each sector that can be read, or has been written, is one interrupt. A drive
 * that does not answer is given up after some seconds, and the next request gets its turn.
 */
#include "disk.h"

#include "abi.h"
#include "cpu.h"
#include "ide.h"
#include "interrupts.h"
#include "lock.h"
#include "task.h"
#include "timer.h"

#define TIMEOUT_TICKS (5 * TICKS_PER_SECOND)
#define POLLS_MAX     100000u

static struct lock lock = {.name = "disk"};

static struct channel {
	const struct ide_ports ports;
	struct disk_request *first, **end; /* the queue; the first is under way */
	uint8_t *data;                     /* of the next sector */
	uint32_t left;                     /* sectors */
	uint32_t start;                    /* of the first, in ticks */
} channels[IDE_CHANNELS] = {
	{.ports = {.base = 0x1f0, .control = 0x3f6}, .end = &channels[0].first},
	{.ports = {.base = 0x170, .control = 0x376}, .end = &channels[1].first},
};

static uint32_t sectors[DISKS_MAX]; /* of each; 0: no disk */

uint32_t disk_sectors(unsigned disk)
{
	return disk < DISKS_MAX ? sectors[disk] : 0;
}

const char *disk_name(unsigned disk)
{
	static const char *const names[DISKS_MAX] = {"first channel, master",
		"first channel, slave", "second channel, master", "second channel, slave"};

	return names[disk];
}

/* ---- one request; the lock is held ---- */

static bool is_slave(unsigned disk)
{
	return disk % IDE_DRIVES;
}

static void sector_read(struct channel *channel)
{
	port_read_words(channel->ports.base + IDE_DATA, channel->data, SECTOR_SIZE / 2);
	channel->data += SECTOR_SIZE;
	channel->left--;
}

static void sector_write(struct channel *channel)
{
	port_write_words(channel->ports.base + IDE_DATA, channel->data, SECTOR_SIZE / 2);
	channel->data += SECTOR_SIZE;
	channel->left--;
}

/* Gives the first request to its drive. False: the drive does not take it. */
static bool request_start(struct channel *channel)
{
	const struct disk_request *request = channel->first;
	const struct ide_ports *ports = &channel->ports;

	channel->data = request->data;
	channel->left = request->count;
	channel->start = timer_ticks();
	ide_select(ports, is_slave(request->disk), request->sector >> 24);
	if (!ide_wait(ports, IDE_STATUS_BSY | IDE_STATUS_DRDY, IDE_STATUS_DRDY, POLLS_MAX))
		return false;
	if (request->command == DISK_FLUSH) {
		port_write(ports->base + IDE_COMMAND, IDE_FLUSH_CACHE);
		return true;
	}
	port_write(ports->base + IDE_COUNT, (uint8_t)request->count); /* 0 is 256 */
	port_write(ports->base + IDE_LBA_LOW, (uint8_t)request->sector);
	port_write(ports->base + IDE_LBA_MIDDLE, (uint8_t)(request->sector >> 8));
	port_write(ports->base + IDE_LBA_HIGH, (uint8_t)(request->sector >> 16));
	if (request->command == DISK_READ) {
		port_write(ports->base + IDE_COMMAND, IDE_READ_SECTORS);
		return true;
	}
	port_write(ports->base + IDE_COMMAND, IDE_WRITE_SECTORS);
	/* for the first sector there is no interrupt */
	if (!ide_wait(ports, IDE_STATUS_BSY | IDE_STATUS_DRQ, IDE_STATUS_DRQ, POLLS_MAX))
		return false;
	sector_write(channel);
	return true;
}

/* The first request is over, so the next can begin. */
static void request_end(struct channel *channel, int32_t result)
{
	bool started;

	do {
		struct disk_request *request = channel->first;
		channel->first = request->next;
		if (!channel->first)
			channel->end = &channel->first;
		request->result = result;
		request->done = true;
		task_wake(request);
		result = ERROR_DISK;
		started = !channel->first || request_start(channel);
	} while (!started);
}

/* The drive has something to say about the first request. */
static void request_go_on(struct channel *channel, uint8_t status)
{
	const struct disk_request *request = channel->first;
	bool transfers = channel->left > 0 && request->command != DISK_FLUSH;

	if (status & (IDE_STATUS_ERR | IDE_STATUS_DF)) {
		request_end(channel, ERROR_DISK);
		return;
	}
	if (transfers && !(status & IDE_STATUS_DRQ))
		return; /* not about this request: wait for the right one */
	if (transfers && request->command == DISK_READ) {
		sector_read(channel);
		transfers = channel->left > 0;
	} else if (transfers) {
		sector_write(channel); /* and then there is one more interrupt */
	}
	if (!transfers)
		request_end(channel, 0);
}

/* Reading the status also takes back the drive's request for an interrupt. */
static void channel_interrupt(struct channel *channel)
{
	uint32_t flags = lock_acquire(&lock);
	uint8_t status = port_read(channel->ports.base + IDE_STATUS);

	if (channel->first && !(status & IDE_STATUS_BSY))
		request_go_on(channel, status);
	lock_release(&lock, flags);
}

static void first_interrupt(void)
{
	channel_interrupt(&channels[0]);
}

static void second_interrupt(void)
{
	channel_interrupt(&channels[1]);
}

static void each_tick(void)
{
	uint32_t flags = lock_acquire(&lock);

	for (unsigned i = 0; i < IDE_CHANNELS; i++) {
		struct channel *channel = &channels[i];
		if (!channel->first || timer_ticks() - channel->start < TIMEOUT_TICKS)
			continue;
		ide_reset(&channel->ports, POLLS_MAX);
		request_end(channel, ERROR_DISK);
	}
	lock_release(&lock, flags);
}

/* ---- for the rest of the kernel ---- */

void disk_init(void)
{
	static void (*const handlers[IDE_CHANNELS])(void) = {first_interrupt, second_interrupt};
	static const unsigned irqs[IDE_CHANNELS] = {IRQ_IDE_FIRST, IRQ_IDE_SECOND};

	for (unsigned disk = 0; disk < DISKS_MAX; disk++)
		sectors[disk] =
			ide_probe(&channels[disk / IDE_DRIVES].ports, is_slave(disk), POLLS_MAX);
	for (unsigned i = 0; i < IDE_CHANNELS; i++) {
		if (!sectors[i * IDE_DRIVES] && !sectors[i * IDE_DRIVES + 1])
			continue;
		interrupt_attach(irqs[i], handlers[i]);
		port_write(channels[i].ports.control, IDE_CONTROL_FIXED);
	}
	timer_attach(each_tick);
}

void disk_submit(struct disk_request *request)
{
	uint32_t flags = lock_acquire(&lock), size = disk_sectors(request->disk);
	bool good = request->command == DISK_FLUSH
			    ? size > 0
			    : request->count > 0 && request->count <= SECTORS_MAX &&
				      request->count <= size &&
				      request->sector <= size - request->count;

	request->done = !good;
	request->result = ERROR_DISK;
	request->next = NULL;
	if (good) {
		struct channel *channel = &channels[request->disk / IDE_DRIVES];
		*channel->end = request;
		channel->end = &request->next;
		if (channel->first == request && !request_start(channel))
			request_end(channel, ERROR_DISK);
	}
	lock_release(&lock, flags);
}

int32_t disk_wait(struct disk_request *request)
{
	uint32_t flags = lock_acquire(&lock);

	while (!request->done)
		task_sleep(request, &lock);
	lock_release(&lock, flags);
	return request->result;
}
