/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The disk behind a virtio block device, by the driver that this kernel is linked with
 * (monitor/include/virtio_blk.h).
 *
 * A device may do the requests that it has in any order (VIRTIO 1.2, 2.7.13). disk.h promises that
 * they are done in the order in which they came, and the file system's safety rests on that. So the
 * device has one at a time: the first in the queue.
 */
#include "drivers.h"

#include "abi.h"
#include "boot.h"
#include "console.h"
#include "interrupts.h"
#include "lock.h"
#include "paging.h"
#include "panic.h"
#include "task.h"
#include "timer.h"
#include "virtio_guest.h"

#define TIMEOUT_TICKS (5 * TICKS_PER_SECOND)

static struct lock lock = {.name = "disk"};
static struct virtio_device device;
static struct virtio_blk blk;
static struct virtio_blk_rings rings;
static struct virtio_blk_request under_way; /* the first's, as the device has it */
static struct disk_request *first, **end = &first;
static uint32_t start; /* of the first, in ticks */
static bool broken;    /* the device has not come back from a reset */

void guest_unwritten(const char *function)
{
	panic("%s() is not written yet: see its contract in monitor/include and the lab's README.md",
		function);
}

uint32_t virtio_disk_sectors(unsigned disk)
{
	return disk == 0 ? (uint32_t)blk.sectors : 0;
}

const char *virtio_disk_name(unsigned disk)
{
	(void)disk;
	return "virtio";
}

/* ---- one request; the lock is held ---- */

/* False: the device knows nothing of this. */
static bool request_start(void)
{
	static const uint32_t types[] = {[DISK_READ] = VIRTIO_BLK_T_IN,
		[DISK_WRITE] = VIRTIO_BLK_T_OUT,
		[DISK_FLUSH] = VIRTIO_BLK_T_FLUSH};
	bool flush = first->command == DISK_FLUSH;

	if (broken || (flush && !virtio_has(&device, VIRTIO_BLK_F_FLUSH)))
		return false;
	under_way = (struct virtio_blk_request){
		.type = types[first->command],
		.sector = flush ? 0 : first->sector,
		.data = first->data,
		.bytes = flush ? 0 : first->count * SECTOR_SIZE,
	};
	start = timer_ticks();
	virtio_blk_submit(&blk, &under_way);
	virtio_blk_tell(&blk);
	return true;
}

static void request_end(int32_t result)
{
	struct disk_request *request = first;

	first = request->next;
	if (!first)
		end = &first;
	request->result = result;
	request->done = true;
	task_wake(request);
}

/* Gives the device the next request that it can do something about. Where no FLUSH is offered, what
 * is written is on the disk. */
static void requests_go_on(void)
{
	while (first && !request_start())
		request_end(broken ? ERROR_DISK : 0);
}

/* ---- the device ---- */

static enum virtio_outcome device_begin(void)
{
	return virtio_blk_find(&blk, &device, boot_command_line(), &rings, VIRTIO_BLK_QUEUE,
		VIRTIO_FEATURE(VIRTIO_F_EVENT_IDX) | VIRTIO_FEATURE(VIRTIO_BLK_F_FLUSH));
}

static void device_interrupt(void)
{
	uint32_t flags = lock_acquire(&lock);

	virtio_acknowledge(&device);
	do {
		while (virtio_blk_next(&blk)) {
			request_end(under_way.status == VIRTIO_BLK_S_OK ? 0 : ERROR_DISK);
			requests_go_on();
		}
	} while (!virtio_blk_want_interrupt(&blk, true));
	lock_release(&lock, flags);
}

/* A device that says nothing may still write into the request's memory: only a reset ends that. */
static void each_tick(void)
{
	uint32_t flags = lock_acquire(&lock);

	if (first && timer_ticks() - start >= TIMEOUT_TICKS) {
		broken = device_begin() != VIRTIO_FOUND || !virtio_blk_want_interrupt(&blk, true);
		request_end(ERROR_DISK);
		requests_go_on();
	}
	lock_release(&lock, flags);
}

/* The registers lie where they are, for the kernel only, and not in a cache: in the kernel's own
 * directory, before paging is on and any other is made. */
static void registers_map(void)
{
	uint32_t address = (uint32_t)device.registers & ~(LARGE_PAGE_SIZE - 1);

	kernel_directory()[address / LARGE_PAGE_SIZE] =
		address | PTE_P | PTE_RW | PTE_PCD | PTE_PS | PTE_G;
}

/* ---- for disk.c ---- */

bool virtio_disk_init(void)
{
	enum virtio_outcome outcome = device_begin();

	if (outcome == VIRTIO_ABSENT)
		return false;
	if (outcome != VIRTIO_FOUND) {
		console_printf("disk: the virtio device %s\n", virtio_outcome_text(outcome));
		return false;
	}
	if ((uint32_t)device.registers < USER_END) {
		console_printf("disk: the virtio device lies where programs do\n");
		virtio_fail(&device);
		return false;
	}
	registers_map();
	interrupt_attach(device.irq, device_interrupt);
	virtio_blk_want_interrupt(&blk, true);
	timer_attach(each_tick);
	return true;
}

void virtio_disk_submit(struct disk_request *request)
{
	uint32_t flags = lock_acquire(&lock), size = virtio_disk_sectors(request->disk);
	bool good = request->command == DISK_FLUSH
			    ? size > 0
			    : request->count > 0 && request->count <= SECTORS_MAX &&
				      request->count <= size &&
				      request->sector <= size - request->count;

	request->done = !good;
	request->result = ERROR_DISK;
	request->next = NULL;
	if (good) {
		*end = request;
		end = &request->next;
		if (first == request)
			requests_go_on();
	}
	lock_release(&lock, flags);
}

int32_t virtio_disk_wait(struct disk_request *request)
{
	uint32_t flags = lock_acquire(&lock);

	while (!request->done)
		task_sleep(request, &lock);
	lock_release(&lock, flags);
	return request->result;
}
