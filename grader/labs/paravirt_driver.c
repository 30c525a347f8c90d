/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 5, graded tests of virtio_blk.c: guests/blocks runs with it, and the judge is its device
 * (paravirt_device.h). virtqueue.c has no part in this.
 */
#include "paravirt_device.h"
#include "paravirt_virtio.h"
#include "shadow_tests.h"

#include <stdlib.h>

#define STEPS   20000 /* of one call, at most */
#define SUBMITS 6

static struct device device;

/* Runs the driver with such a device; then blocks must have printed what it does bare, by IDE. */
static void driver_try(const char *words, void (*prepare)(struct device *device))
{
	char line[96];

	snprintf(line, sizeof(line), "seed=%u %s", 1 + random_below(1000000), words);
	device_open(&device, line);
	if (prepare)
		prepare(&device);
	device_run(&device);
	struct machine *bare = boot_bare_with(&(struct boot_guest){device.guest, line});
	run_until(bare, guest_symbol(device.guest, "guest_done"));
	ck_assert_msg(device.requests > 0, "the driver has given the device no requests");
	run_to_end(bare);
	run_to_end(device.m);
	assert_same_console(bare, device.m);
	ck_assert_msg(memcmp(machine_disk(bare, device.guest), device.disk, device.disk_size) == 0,
		"blocks (%s) writes something else to the device than to the bare machine's disk",
		line);
	machine_end(bare);
	machine_end(device.m);
}

START_TEST(requests_are_what_a_device_expects)
{
	hint("A request is header, data and status; the device writes the status, and the data of a read. A descriptor is free when its request has come back, and not before.");
	driver_try("rounds=3 do=random,queued,flush", NULL);
	driver_try("rounds=3 queue=8 events=0 do=queued,random", NULL);
}
END_TEST

static void begin_near_the_end(struct device *d)
{
	d->start = (uint16_t)(65533 - random_below(6));
}

START_TEST(the_drivers_indices_go_on_behind_65535)
{
	hint("Indices are 16 bits, and only the place in a ring is taken modulo the queue's size.");
	driver_try("rounds=4 queue=16 do=random,queued", begin_near_the_end);
}
END_TEST

static void be_late(struct device *d)
{
	d->late = true;
	if (random_below(2))
		begin_near_the_end(d);
}

START_TEST(an_interrupt_that_is_asked_for_too_late_is_not_waited_for)
{
	hint("What came before the device saw the wish brings no interrupt: whoever asks looks once more, and virtio_blk_want_interrupt() says so.");
	driver_try("rounds=3 do=queued-sleeping,sleeping", be_late);
	driver_try("rounds=2 queue=16 events=0 do=queued-sleeping", be_late);
}
END_TEST

/* ---- a device that lies ---- */

static void be_lying(struct device *d)
{
	d->lies = true;
}

START_TEST(a_device_that_lies_harms_nobody)
{
	hint("An element of the used ring may name what the device was not given: ignore it. Its id has 32 bits.");
	driver_try("rounds=4 do=random,queued", be_lying);
	driver_try("rounds=2 queue=16 events=0 do=random,queued", be_lying);
}
END_TEST

/* ---- the order ---- */

/* One call of virtio_blk_submit(), instruction by instruction. */
static void submit_watch(struct device *d)
{
	const struct bochs_registers *r = registers(d->m);
	uint32_t back = memory_read_u32(d->m, r->ss.base + r->esp);
	unsigned before = d->requests;

	for (int steps = 0; steps < STEPS && registers(d->m)->pc != back; steps++) {
		step(d->m);
		if (cpl(d->m) != 0)
			device_take(
				d); /* fails the test where what the index covers is not there */
	}
	ck_assert_msg(d->requests == before + 1,
		"virtio_blk_submit() has put %u requests into the available ring; it should be 1",
		d->requests - before);
}

START_TEST(a_request_is_complete_before_the_index_says_so)
{
	hint("First the descriptors, then the ring's element, then a barrier, then the index.");
	device_open(&device, "do=queued");
	uint32_t submit = guest_symbol(device.guest, "virtio_blk_submit");
	run_until(device.m, monitor_symbol("virtio_work"));
	device_begin(&device);
	run_until(device.m, submit);
	const struct bochs_registers *r = registers(device.m);
	run_until(device.m, memory_read_u32(device.m, r->ss.base + r->esp)); /* all is scanned */
	device_take(&device);
	for (int i = 0; i < SUBMITS; i++) {
		run_until(device.m, submit);
		submit_watch(&device);
	}
}
END_TEST

const struct graded_test paravirt_driver_tests[] = {
	{&requests_are_what_a_device_expects, EQUIVALENCE, 3, "blocks"},
	{&the_drivers_indices_go_on_behind_65535, EQUIVALENCE, 1, "blocks"},
	{&a_request_is_complete_before_the_index_says_so, EQUIVALENCE, 1, "blocks"},
	{&an_interrupt_that_is_asked_for_too_late_is_not_waited_for, RESOURCE_CONTROL, 2, "blocks"},
	{&a_device_that_lies_harms_nobody, RESOURCE_CONTROL, 2, "blocks"},
	{0},
};
