/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A device on virtio-mmio, from its reset to DRIVER_OK: virtio_guest.h.
 *
 * Invariant: the steps come in the order of VIRTIO 1.2, 3.1.1, and a device that fails one gets
 * none of those that follow.
 */
#include "virtio_guest.h"

#define RESET_LOOKS 1000000u

static uint32_t register_read(const struct virtio_device *device, unsigned offset)
{
	return device->registers[offset / 4];
}

static void register_write(const struct virtio_device *device, unsigned offset, uint32_t value)
{
	device->registers[offset / 4] = value;
}

static void status_add(const struct virtio_device *device, uint32_t bits)
{
	register_write(
		device, VIRTIO_MMIO_STATUS, register_read(device, VIRTIO_MMIO_STATUS) | bits);
}

const char *virtio_outcome_text(enum virtio_outcome outcome)
{
	static const char *const texts[] = {
		[VIRTIO_FOUND] = "was found",
		[VIRTIO_ABSENT] = "is not there",
		[VIRTIO_VERSION_UNKNOWN] = "is not of version 2",
		[VIRTIO_RESET_FAILED] = "does not end its reset",
		[VIRTIO_FEATURES_MISSING] = "does not offer VERSION_1",
		[VIRTIO_FEATURES_REFUSED] = "does not accept these features",
		[VIRTIO_QUEUE_MISSING] = "has no queue that can be used",
	};

	return texts[outcome];
}

/* The first device of this kind. An ID of 0 is a place without a device (4.2.2). */
static bool device_locate(struct virtio_device *device, const char *command_line, uint32_t id)
{
	struct virtio_place place;

	while (virtio_place_next(&command_line, &place)) {
		device->registers = (volatile uint32_t *)(uintptr_t)place.address;
		device->irq = place.irq;
		if (register_read(device, VIRTIO_MMIO_MAGIC) == VIRTIO_MAGIC &&
			register_read(device, VIRTIO_MMIO_DEVICE_ID) == id)
			return true;
	}
	return false;
}

static bool device_reset(const struct virtio_device *device)
{
	register_write(device, VIRTIO_MMIO_STATUS, 0);
	for (uint32_t looks = 0; looks < RESET_LOOKS; looks++)
		if (register_read(device, VIRTIO_MMIO_STATUS) == 0)
			return true;
	return false;
}

static uint64_t features_read(const struct virtio_device *device)
{
	register_write(device, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 0);
	uint32_t low = register_read(device, VIRTIO_MMIO_DEVICE_FEATURES);
	register_write(device, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 1);
	return (uint64_t)register_read(device, VIRTIO_MMIO_DEVICE_FEATURES) << 32 | low;
}

static void features_write(const struct virtio_device *device, uint64_t features)
{
	register_write(device, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
	register_write(device, VIRTIO_MMIO_DRIVER_FEATURES, (uint32_t)features);
	register_write(device, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
	register_write(device, VIRTIO_MMIO_DRIVER_FEATURES, (uint32_t)(features >> 32));
}

static enum virtio_outcome features_negotiate(struct virtio_device *device, uint64_t wanted)
{
	uint64_t offered = features_read(device);

	device->features = offered & (wanted | VIRTIO_FEATURE(VIRTIO_F_VERSION_1));
	if (!virtio_has(device, VIRTIO_F_VERSION_1))
		return VIRTIO_FEATURES_MISSING;
	features_write(device, device->features);
	status_add(device, VIRTIO_STATUS_FEATURES_OK);
	if (!(register_read(device, VIRTIO_MMIO_STATUS) & VIRTIO_STATUS_FEATURES_OK))
		return VIRTIO_FEATURES_REFUSED;
	return VIRTIO_FOUND;
}

enum virtio_outcome virtio_begin(
	struct virtio_device *device, const char *command_line, uint32_t id, uint64_t wanted)
{
	enum virtio_outcome outcome;

	if (!device_locate(device, command_line, id))
		return VIRTIO_ABSENT;
	if (register_read(device, VIRTIO_MMIO_VERSION) != VIRTIO_MMIO_CURRENT)
		return VIRTIO_VERSION_UNKNOWN;
	if (!device_reset(device))
		return VIRTIO_RESET_FAILED;
	status_add(device, VIRTIO_STATUS_ACKNOWLEDGE);
	status_add(device, VIRTIO_STATUS_DRIVER);
	outcome = features_negotiate(device, wanted);
	if (outcome != VIRTIO_FOUND)
		virtio_fail(device);
	return outcome;
}

static void address_write(const struct virtio_device *device, unsigned low, const void *address)
{
	uint64_t value = (uintptr_t)address;

	register_write(device, low, (uint32_t)value);
	register_write(device, low + 4, (uint32_t)(value >> 32));
}

unsigned virtio_queue_begin(const struct virtio_device *device, unsigned number, unsigned size,
	void *desc, void *avail, void *used)
{
	register_write(device, VIRTIO_MMIO_QUEUE_SEL, number);
	uint32_t most = register_read(device, VIRTIO_MMIO_QUEUE_NUM_MAX);
	if (register_read(device, VIRTIO_MMIO_QUEUE_READY) != 0 || most == 0)
		return 0;
	while (size > most)
		size /= 2;
	register_write(device, VIRTIO_MMIO_QUEUE_NUM, size);
	address_write(device, VIRTIO_MMIO_QUEUE_DESC_LOW, desc);
	address_write(device, VIRTIO_MMIO_QUEUE_DRIVER_LOW, avail);
	address_write(device, VIRTIO_MMIO_QUEUE_DEVICE_LOW, used);
	register_write(device, VIRTIO_MMIO_QUEUE_READY, 1);
	return size;
}

void virtio_run(const struct virtio_device *device)
{
	status_add(device, VIRTIO_STATUS_DRIVER_OK);
}

void virtio_fail(const struct virtio_device *device)
{
	status_add(device, VIRTIO_STATUS_FAILED);
}

uint64_t virtio_config_read64(const struct virtio_device *device, unsigned offset)
{
	uint32_t before, low, high;

	do {
		before = register_read(device, VIRTIO_MMIO_CONFIG_GENERATION);
		low = register_read(device, VIRTIO_MMIO_CONFIG + offset);
		high = register_read(device, VIRTIO_MMIO_CONFIG + offset + 4);
	} while (register_read(device, VIRTIO_MMIO_CONFIG_GENERATION) != before);
	return (uint64_t)high << 32 | low;
}

uint32_t virtio_acknowledge(const struct virtio_device *device)
{
	uint32_t why = register_read(device, VIRTIO_MMIO_INTERRUPT_STATUS);

	if (why)
		register_write(device, VIRTIO_MMIO_INTERRUPT_ACK, why);
	return why;
}
