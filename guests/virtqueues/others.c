/* SPDX-License-Identifier: BSD-2-Clause */
/* Console, entropy and network (VIRTIO 1.2, 5.3, 5.4, 5.1). */
#include "virtqueues.h"

#define RECEIVE 0
#define SEND    1

void console_try(const struct device *device)
{
	static const char text[] = "through the virtio console\n", more[] = "in two pieces\n";
	static char long_text[1500];
	uint32_t length = sizeof(long_text);

	check(device_start(device, VIRTIO_FEATURE(VIRTIO_CONSOLE_F_SIZE), 2), "console: starts");
	console_printf("console: %u columns, %u rows\n",
		device->registers[VIRTIO_MMIO_CONFIG / 4] & 0xffff,
		device->registers[VIRTIO_MMIO_CONFIG / 4] >> 16);
	desc_set(SEND, 0, text, sizeof(text) - 1, 0, 1);
	desc_set(SEND, 1, more, sizeof(more) - 1, 0, -1);
	queue_offer(SEND, 0);
	queue_notify(device, SEND);
	check(queue_wait(SEND, 1), "console: has sent it");
	for (uint32_t i = 0; i < length; i++) /* more than one exit's worth */
		long_text[i] = (char)(i % 50 == 49 ? '\n' : '0' + i / 50 % 10);
	desc_set(SEND, 0, long_text, length, 0, -1);
	queue_offer(SEND, 0);
	queue_notify(device, SEND);
	check(queue_wait(SEND, 2), "console: has sent %u bytes", length);
	device->registers[(VIRTIO_MMIO_CONFIG + 8) / 4] = '!'; /* emerg_wr */
	device->registers[(VIRTIO_MMIO_CONFIG + 8) / 4] = '\n';
}

void entropy_try(const struct device *device)
{
	static uint8_t bytes[64];
	unsigned ones = 0;

	check(device_start(device, NOT_FEATURES, 1), "entropy: starts");
	desc_set(0, 0, bytes, sizeof(bytes), VIRTQ_DESC_F_WRITE, -1);
	queue_offer(0, 0);
	queue_notify(device, 0);
	check(queue_wait(0, 1) && queue_used(0)->ring[0].len == sizeof(bytes), "entropy: %u bytes",
		queue_used(0)->ring[0].len);
	for (unsigned i = 0; i < sizeof(bytes) * 8; i++)
		ones += bytes[i / 8] >> i % 8 & 1;
	check(ones > 190 && ones < 322, "entropy: about half the bits are ones");
}

/* What another machine has sent before this one ran. */
static void receive(const struct device *device)
{
	static uint8_t buffer[1600];
	const uint8_t *frame = buffer + sizeof(struct virtio_net_header);

	desc_set(RECEIVE, 0, buffer, sizeof(buffer), VIRTQ_DESC_F_WRITE, -1);
	queue_offer(RECEIVE, 0);
	queue_notify(device, RECEIVE);
	if (queue_used(RECEIVE)->idx == 0)
		console_printf("network: no frame waits\n");
	else
		console_printf("network: a frame of %u bytes from the machine with number %u\n",
			queue_used(RECEIVE)->ring[0].len -
				(uint32_t)sizeof(struct virtio_net_header),
			frame[11]);
}

void network_try(const struct device *device)
{
	static struct {
		struct virtio_net_header header;
		uint8_t to[6], from[6], type[2], data[46];
	} packet = {.to = {255, 255, 255, 255, 255, 255}};
	const volatile uint8_t *mac =
		(const volatile uint8_t *)&device->registers[VIRTIO_MMIO_CONFIG / 4];

	check(device_start(device, VIRTIO_FEATURE(VIRTIO_NET_F_MAC), 2), "network: starts");
	console_printf("network: %02x:%02x:%02x:%02x:%02x:%02x\n", mac[0], mac[1], mac[2], mac[3],
		mac[4], mac[5]);
	receive(device);
	for (unsigned i = 0; i < 6; i++)
		packet.from[i] = mac[i];
	desc_set(SEND, 0, &packet, sizeof(packet), 0, -1);
	queue_offer(SEND, 0);
	queue_notify(device, SEND);
	check(queue_wait(SEND, 1), "network: has sent a frame");
}
