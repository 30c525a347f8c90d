/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's virtio devices: what all of them have, the table of them, and what each adds.
 *
 *   virtqueue_memory.c  what the organ virtqueue.c needs
 *   virtio_mmio.c       the transport: registers, status, queues, interrupts (VIRTIO 1.2, 4.2)
 *   virtio_devices.c    the table, and the work: chain after chain, a bounded piece for each exit
 *   virtio_block.c, virtio_console.c, virtio_entropy.c, virtio_net.c
 *
 * Work. A device takes a chain, serves it and gives it back, in the exit that told it of the chain.
 * But an exit ends: a device serves at most its `budget` of bytes in one, and at most
 * VIRTQUEUE_SIZE_MAX chains. What is left goes on VIRTIO_PAUSE later, while the guest
 * runs. So a chain may be half served when the guest goes on; it is the monitor's copy of its
 * descriptors that counts then.
 *
 * What the guest has written can at most stop its own device: virtio_refuse().
 */
#ifndef VIRTIO_DEVICES_H
#define VIRTIO_DEVICES_H

#include "virtqueue.h"
#include "vm.h"

/* Where they are: guest-physical, a page for each, and the line that each has. */
#define VIRTIO_BASE        0xd0000000u
#define VIRTIO_STRIDE      0x1000u
#define IRQ_VIRTIO_BLOCK   5
#define IRQ_VIRTIO_CONSOLE 9
#define IRQ_VIRTIO_ENTROPY 11
#define IRQ_VIRTIO_NET     10

enum virtio_place { VIRTIO_BLOCK, VIRTIO_CONSOLE, VIRTIO_ENTROPY, VIRTIO_NET, VIRTIO_DEVICES };

#define VIRTIO_VENDOR      0x46474e52 /* "RNGF" */
#define VIRTIO_QUEUES_MAX  2          /* of a device */
#define VIRTIO_CONFIG_SIZE 32         /* bytes of configuration, at most */
#define VIRTIO_PAUSE       (CLOCK_HZ / 1000)
#define VIRTIO_REPORTS     64 /* lines of the log about one guest's drivers, at most */

/* Console and network: queue 0 is what the guest receives, queue 1 what it sends. */
#define VIRTIO_RECEIVE 0
#define VIRTIO_SEND    1

/* What every device offers. */
#define VIRTIO_FEATURES                                                                            \
	(VIRTIO_FEATURE(VIRTIO_F_VERSION_1) | VIRTIO_FEATURE(VIRTIO_F_EVENT_IDX) |                 \
		VIRTIO_FEATURE(VIRTIO_F_INDIRECT_DESC) | VIRTIO_FEATURE(VIRTIO_F_RING_RESET))

struct virtio_device;

struct virtio_queue {
	struct virtqueue queue; /* all 0 but vm, device and number while it is not ready */
	uint32_t size;          /* the registers: what the driver has written */
	uint64_t desc, avail, used;

	/* the chain that is being served */
	bool busy;
	bool left;        /* there is more to do, at device->deadline */
	uint32_t done;    /* of its readable data: bytes that the device has dealt with */
	uint32_t written; /* of its writable bytes: the first so many */
	struct virtqueue_chain chain;
};

/* What a device is; one for each, and constant. */
struct virtio_kind {
	const char *name;
	uint32_t id; /* VIRTIO_ID_... */
	unsigned irq, queues;
	uint64_t features; /* besides VIRTIO_FEATURES */
	uint32_t budget;   /* bytes that it moves in one exit, at most */

	/* Fills device->config. False: the guest does not have this device. */
	bool (*attach)(struct virtio_device *device);

	/* Is there something to do for the queue's next chain? NULL: always. */
	bool (*wants)(const struct virtio_device *device, unsigned queue);

	/*
	 * Goes on with queue->chain, from queue->done (0: a new one), for at most *budget bytes,
	 * which it takes off. True: it is complete, and queue->written says how far it was written.
	 * False: *budget is used up, or the driver was refused.
	 */
	bool (*serve)(struct virtio_device *device, struct virtio_queue *queue, uint32_t *budget);

	/* The driver has written to the configuration. NULL: it must not. */
	void (*configure)(struct virtio_device *device, uint32_t offset, uint32_t value);
};

struct virtio_device {
	const struct virtio_kind *kind; /* NULL: the guest does not have it */
	struct vm *vm;
	gpa_t base;
	uint8_t config[VIRTIO_CONFIG_SIZE];
	uint32_t status;           /* VIRTIO_STATUS_... */
	uint32_t interrupt_status; /* VIRTIO_INTERRUPT_... */
	uint64_t accepted;         /* features: what the driver has written */
	uint32_t device_features_select, driver_features_select, queue_select;
	uint64_t deadline; /* when work goes on that is left, or CLOCK_NEVER */
	struct virtio_queue queue[VIRTIO_QUEUES_MAX];
};

/* ---- what single devices keep besides ---- */

struct virtio_block {
	struct virtio_blk_header header; /* of the request that is being served */
	uint32_t out;                    /* bytes that go to the disk */
	uint8_t status;                  /* VIRTIO_BLK_S_... */
};

#define CONSOLE_WAITING 256 /* bytes for which the guest has no buffer yet; more are lost */

struct virtio_console {
	uint8_t waiting[CONSOLE_WAITING];
	unsigned first, count;
};

struct virtio_entropy {
	uint64_t state; /* of the generator */
};

#define NET_FRAME_MIN 14   /* bytes: two addresses and a type */
#define NET_FRAME_MAX 1518 /* with a VLAN's tag, without checksum */
#define NET_WAITING   16   /* frames for which the guest has no buffer yet; more are lost */

struct virtio_net {
	struct net_frame {
		uint32_t length;
		uint8_t bytes[NET_FRAME_MAX];
	} waiting[NET_WAITING];
	unsigned first, count;
	struct net_frame sent; /* what it is sending */
};

struct virtio {
	struct virtio_device device[VIRTIO_DEVICES];
	struct virtio_block block;
	struct virtio_console console;
	struct virtio_entropy entropy;
	struct virtio_net net;
	unsigned reports; /* lines of the log so far */
};

extern const struct virtio_kind virtio_block, virtio_console, virtio_entropy, virtio_net;

/* ---- virtio_mmio.c ---- */

/* Puts the device on the guest's bus, as after a reset. */
void virtio_mmio_attach(struct virtio_device *device);

/* VIRTIO_INTERRUPT_...: the line is up until the driver has acknowledged it. */
void virtio_interrupt(struct virtio_device *device, uint32_t event);

/* May it use its queues? (2.1.2) */
static inline bool virtio_is_live(const struct virtio_device *device)
{
	uint32_t bits = VIRTIO_STATUS_DRIVER_OK | VIRTIO_STATUS_NEEDS_RESET;

	return (device->status & bits) == VIRTIO_STATUS_DRIVER_OK && device->vm->state == VM_READY;
}

static inline bool virtio_has(const struct virtio_device *device, unsigned feature)
{
	return device->accepted & VIRTIO_FEATURE(feature);
}

/* The driver breaks a rule of that section: the log says so, and the device needs a reset, which
 * the driver is told of (2.1.2). `text` says where and how. */
void virtio_refuse(struct virtio_device *device, const char *section, const char *text);

/* A line of the log about the driver, as long as there are not too many. */
void virtio_report(struct virtio_device *device, const char *section, const char *text);

/* ---- virtio_devices.c ---- */

/* There may be work on that queue: does it, as far as it goes now. */
void virtio_work(struct virtio_device *device, unsigned queue);

/* ---- the wire (plain/wire.c, until lab 6) ---- */

/* Takes a frame that a guest sends to wherever it goes. */
void wire_send(struct vm *from, const uint8_t *frame, uint32_t length);

/* A frame arrives at a guest, which need not be the one that runs: it waits until that one does.
 * False: the guest has no network device, or no room. */
bool virtio_net_receive(struct vm *to, const uint8_t *frame, uint32_t length);

#endif
