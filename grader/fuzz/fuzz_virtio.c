/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fuzzer of lab 5's virtio devices (libFuzzer). The input is what a driver does: one byte that
 * says which device and how it begins, then events, each a byte for its kind and what it needs.
 *
 * What must hold. No byte that is not the guest's is touched: the machine of host.h has every frame
 * between two that AddressSanitizer watches. The monitor comes back from each event. A device that
 * needs a reset is well after one.
 */
#include <stddef.h>
#include <string.h>

#include "guest.h"
#include "machine.h"
#include "paravirt.h"
#include "virtio_devices.h"

#define EVENTS_MAX  96
#define SIZE        16u /* descriptors of a queue that is set up as it should be */
#define RINGS_AT    0x15000u
#define RINGS_BYTES 0x800u
#define AVAIL       0x400u
#define USED        0x500u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- the input ---- */

static struct {
	const uint8_t *at, *end;
} input;

static uint8_t take8(void)
{
	return input.at < input.end ? *input.at++ : 0;
}

static uint16_t take16(void)
{
	uint16_t low = take8();

	return (uint16_t)(low | take8() << 8);
}

static uint32_t take32(void)
{
	uint32_t low = take16();

	return low | (uint32_t)take16() << 16;
}

/* Mostly in the guest's memory, or just behind it. */
static uint64_t take_address(void)
{
	uint8_t kind = take8();
	uint32_t at = take16();

	if (kind == 0xff)
		return (uint64_t)take32() << 32 | at;
	if (kind == 0xfe)
		return take32();
	return kind & 1 ? at : HOST_GUEST_MEMORY - 0x8000 + at % 0x9000;
}

/* ---- the driver ---- */

static struct virtio_device *device;
static uint16_t offered[VIRTIO_QUEUES_MAX];

static uint32_t get(uint32_t offset)
{
	return bus_read_memory(vm, gpa(device->base.raw + offset), 4);
}

static void put(uint32_t offset, uint32_t value)
{
	bus_write_memory(vm, gpa(device->base.raw + offset), 4, value);
}

static uint32_t rings_at(unsigned queue)
{
	return RINGS_AT + queue * RINGS_BYTES;
}

static void queue_set(unsigned queue)
{
	static const uint8_t zeros[RINGS_BYTES];

	host_guest_write(vm, rings_at(queue), zeros, sizeof(zeros));
	offered[queue] = 0;
	put(VIRTIO_MMIO_QUEUE_SEL, queue);
	put(VIRTIO_MMIO_QUEUE_NUM, SIZE);
	put(VIRTIO_MMIO_QUEUE_DESC_LOW, rings_at(queue));
	put(VIRTIO_MMIO_QUEUE_DRIVER_LOW, rings_at(queue) + AVAIL);
	put(VIRTIO_MMIO_QUEUE_DEVICE_LOW, rings_at(queue) + USED);
	put(VIRTIO_MMIO_QUEUE_READY, 1);
}

/* As a driver should. Bits 28 and 29 of `features`: INDIRECT_DESC, EVENT_IDX. */
static void begin(uint32_t features)
{
	put(VIRTIO_MMIO_STATUS, 0);
	put(VIRTIO_MMIO_STATUS, VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER);
	put(VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
	put(VIRTIO_MMIO_DRIVER_FEATURES, features);
	put(VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
	put(VIRTIO_MMIO_DRIVER_FEATURES, 1);
	put(VIRTIO_MMIO_STATUS, get(VIRTIO_MMIO_STATUS) | VIRTIO_STATUS_FEATURES_OK);
	if (!(get(VIRTIO_MMIO_STATUS) & VIRTIO_STATUS_FEATURES_OK))
		host_finding("a good driver is refused: %s", host.log);
	for (unsigned queue = 0; queue < device->kind->queues; queue++)
		queue_set(queue);
	put(VIRTIO_MMIO_STATUS, get(VIRTIO_MMIO_STATUS) | VIRTIO_STATUS_DRIVER_OK);
	if (get(VIRTIO_MMIO_STATUS) & VIRTIO_STATUS_NEEDS_RESET)
		host_finding("a good driver is refused: %s", host.log);
}

/* Every byte of a frame is looked at, as whoever is at the other end would. */
void wire_send(struct vm *from, const uint8_t *frame, uint32_t length)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < length; i++)
		sum += frame[i];
	if (from != vm || sum > length * 255)
		host_finding("a frame of another machine's");
}

/* ---- events ---- */

static void write_register(void)
{
	uint32_t offset = take8() * 4u;

	put(offset % VIRTIO_MMIO_SIZE, take32());
}

static void access_any(void)
{
	unsigned kind = take8(), bytes = 1u << kind % 3;
	gpa_t at = gpa(device->base.raw + take16() % VIRTIO_MMIO_SIZE / bytes * bytes);

	if (kind & 4)
		bus_write_memory(vm, at, bytes, take32());
	else
		bus_read_memory(vm, at, bytes);
}

static void write_memory(void)
{
	uint8_t bytes[16];
	uint32_t at = RINGS_AT + take16() % 0x4000, size = 1 + take8() % sizeof(bytes);

	for (uint32_t i = 0; i < size; i++)
		bytes[i] = take8();
	host_guest_write(vm, at, bytes, size);
}

static void write_descriptor(void)
{
	uint8_t where = take8();
	struct virtq_desc desc = {.addr = take_address(), .len = take16(), .flags = take8()};

	desc.next = take8();
	if (desc.flags & 0x80) /* a long one */
		desc.len = take32();
	desc.flags &= 7;
	host_guest_write(
		vm, rings_at(where >> 7) + where % (2 * SIZE) * sizeof(desc), &desc, sizeof(desc));
}

static void offer(void)
{
	uint8_t what = take8();
	unsigned queue = what >> 7;
	uint32_t avail = rings_at(queue) + AVAIL;

	guest_write16(avail + 4 + 2 * (offered[queue]++ % SIZE), what % (SIZE + 1));
	guest_write16(avail + 2, offered[queue]);
	put(VIRTIO_MMIO_QUEUE_NOTIFY, queue % device->kind->queues);
}

static void go_on(void)
{
	uint64_t deadline = virtio_deadline(vm);

	if (deadline == CLOCK_NEVER)
		return;
	host.now = deadline;
	devices_advance(vm, host.now);
}

static void acknowledge(void)
{
	put(VIRTIO_MMIO_INTERRUPT_ACK, get(VIRTIO_MMIO_INTERRUPT_STATUS));
}

static void arrive(void)
{
	uint8_t frame[64];

	if (take8() & 1) {
		devices_serial_input(vm, take8());
		return;
	}
	memset(frame, take8(), sizeof(frame));
	virtio_net_receive(vm, frame, 14 + take8() % 50);
	go_on();
}

static void start_over(void)
{
	begin((uint32_t)take8() << 28 & 0x30000000);
}

static void events_run(void)
{
	static void (*const events[])(void) = {write_register, access_any, write_memory,
		write_descriptor, write_descriptor, offer, offer, go_on, acknowledge, arrive,
		start_over};

	for (unsigned i = 0; i < EVENTS_MAX && input.at < input.end; i++)
		events[take8() % ARRAY_LENGTH(events)]();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	input.at = data;
	input.end = data + size;
	guest_make();
	vm->command_line = "guest virtio entropy=7";
	if (virtio_attach(vm))
		host_finding("there is no memory for the devices");
	uint8_t how = take8();
	device = &vm->virtio->device[how % VIRTIO_DEVICES];
	if (how & 4)
		begin((uint32_t)how << 25 & 0x30000000);
	if (setjmp(host.off) == 0)
		events_run();
	begin(0);
	virtio_detach(vm);
	return 0;
}
