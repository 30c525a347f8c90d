/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 5, graded tests of efficiency for virtio: what a disk costs, between the steps of
 * guests/blocks, which its driver runs; and the predictions.
 */
#include "paravirt_bed.h"
#include "paravirt_disk.h"
#include "paravirt_virtio.h"

#include "monitor_layout.h"

#define TIMES_FEWER     20 /* exits of a megabyte than by IDE */
#define SECTOR_BUDGET   7000
#define MEGABYTE_BUDGET 620000
#define BATCH_EXITS     2 /* of 64 writes and 64 reads */

START_TEST(sixty_four_requests_cost_one_exit)
{
	struct disk_cost cost = disk_cost(DISK_VIRTIO, "queued,queued");

	hint("Submitting is no exit. Only QueueNotify is, and once is enough.");
	measure("exits_of_64_writes_and_64_reads", cost.exits);
	ck_assert_msg(cost.exits <= BATCH_EXITS,
		"64 writes at once and 64 reads at once take %llu exits; one each is needed",
		(unsigned long long)cost.exits);
}
END_TEST

START_TEST(a_megabyte_takes_a_twentieth_of_the_exits)
{
	struct disk_cost ide = disk_cost(DISK_IDE, "whole,whole"),
			 virtio = disk_cost(DISK_VIRTIO, "whole,whole");

	hint("`make run LAB=5 GUEST=blocks ARGS=virtio` and the same without: compare the last line.");
	measure("exits_of_a_megabyte_by_ide", ide.exits);
	measure("exits_of_a_megabyte_by_virtio", virtio.exits);
	measure("instructions_of_a_megabyte_by_virtio", virtio.instructions);
	ck_assert_msg(virtio.exits * TIMES_FEWER <= ide.exits,
		"reading a megabyte takes %llu exits by IDE and %llu by virtio: at most a %dth is asked for",
		(unsigned long long)ide.exits, (unsigned long long)virtio.exits, TIMES_FEWER);
	assert_within("reading a megabyte by virtio", virtio.instructions, MEGABYTE_BUDGET);
}
END_TEST

START_TEST(a_sector_costs_one_exit)
{
	struct disk_cost cost = disk_cost(DISK_VIRTIO, "read,read,read");

	measure("instructions_of_a_sector_by_virtio", cost.instructions);
	ck_assert_msg(cost.exits <= 1,
		"reading a sector by virtio, without interrupts, takes %llu exits: 1 is needed",
		(unsigned long long)cost.exits);
	assert_within("reading a sector by virtio", cost.instructions, SECTOR_BUDGET);
}
END_TEST

/* How often the device interrupts in these steps. */
static unsigned interrupts_of(const char *words)
{
	struct guest *guest = guest_open("blocks");
	char line[96];
	const uint32_t places[] = {
		monitor_symbol("virtio_interrupt"), guest_symbol(guest, "guest_done")};
	unsigned count = 0;

	snprintf(line, sizeof(line), "virtio mem=4 %s", words);
	struct machine *m = boot_several(&(struct boot_guest){guest, line}, 1);
	while (run_until_any(m, places, 2) == 0)
		count++;
	machine_end(m);
	return count;
}

START_TEST(no_interrupt_comes_that_nobody_waits_for)
{
	hint("virtio_blk_want_interrupt(): used_event far away, or VIRTQ_AVAIL_F_NO_INTERRUPT. virtqueue_must_tell() looks there.");
	for (int events = 0; events < 2; events++) {
		char words[64];
		snprintf(words, sizeof(words), "events=%d rounds=6 do=random,queued", events);
		unsigned polled = interrupts_of(words);
		ck_assert_msg(polled == 0,
			"a guest that polls (%s) gets %u interrupts; it has asked for none", words,
			polled);
		snprintf(words, sizeof(words), "events=%d do=queued-sleeping", events);
		unsigned slept = interrupts_of(words);
		ck_assert_msg(slept == 2,
			"a guest that sleeps until 64 writes are done, and then 64 reads (%s), gets %u interrupts; it waits for 2",
			words, slept);
	}
}
END_TEST

/* ---- predictions ---- */

static uint64_t measure_ide(void)
{
	return disk_cost(DISK_IDE, "whole,whole").exits;
}

static uint64_t measure_virtio(void)
{
	return disk_cost(DISK_VIRTIO, "whole,whole").exits;
}

/* After three reads of one sector each: two bytes of the block device's used ring. */
static uint16_t used_ring_after_three_reads(uint32_t (*offset)(uint32_t size))
{
	struct guest *guest = guest_open("blocks");
	struct machine *m =
		boot_several(&(struct boot_guest){guest, "virtio mem=4 do=read,read,read"}, 1);
	struct monitor_queue queue;
	uint16_t value;

	for (int i = 0; i < 3; i++)
		run_until(m, guest_symbol(guest, "blocks_end"));
	uint32_t vm = memory_read_u32(m, running_vcpu(m) + VCPU_VM_OFFSET);
	memory_read(m,
		memory_read_u32(m, vm + VM_VIRTIO_OFFSET) + VIRTIO_BLOCK_OFFSET +
			VIRTIO_QUEUE_OFFSET,
		&queue, sizeof(queue));
	memory_read(m, queue.used_ring + offset(queue.size), &value, sizeof(value));
	machine_end(m);
	return value;
}

static uint32_t second_length(uint32_t size)
{
	return 4 + 8 * (1 % size) + 4;
}

static uint32_t event_offset(uint32_t size)
{
	return 4 + 8 * size;
}

static uint64_t measure_length(void)
{
	return used_ring_after_three_reads(second_length);
}

static uint64_t measure_event(void)
{
	return used_ring_after_three_reads(event_offset);
}

static uint64_t measure_call(const char *from, const char *to)
{
	struct guest *guest = guest_open("palcosts");
	struct machine *m = boot(guest);

	for (int round = 0; round < 3; round++)
		run_until(m, guest_symbol(guest, to));
	run_until(m, guest_symbol(guest, from));
	uint64_t cost = ticks_to(m, guest_symbol(guest, to));
	machine_end(m);
	return cost;
}

static uint64_t measure_mask(void)
{
	return measure_call("palcosts_mask", "palcosts_after_mask");
}

static uint64_t measure_time(void)
{
	return measure_call("palcosts_time", "palcosts_after_time");
}

START_TEST(predictions_about_paravirtualization_hold_on_this_monitor)
{
	static const struct prediction predictions[] = {
		{"instructions_of_pal_mask", measure_mask},
		{"instructions_of_pal_time", measure_time},
		{"exits_of_a_megabyte_by_ide", measure_ide},
		{"exits_of_a_megabyte_by_virtio", measure_virtio},
		{"length_in_the_used_ring_of_a_sector", measure_length},
		{"avail_event_after_three_reads", measure_event},
	};

	assert_predictions(predictions, sizeof(predictions) / sizeof(predictions[0]));
}
END_TEST

const struct graded_test paravirt_virtio_cost_tests[] = {
	{&sixty_four_requests_cost_one_exit, EFFICIENCY, 3, "blocks"},
	{&a_megabyte_takes_a_twentieth_of_the_exits, EFFICIENCY, 2, "blocks"},
	{&a_sector_costs_one_exit, EFFICIENCY, 1, "blocks"},
	{&no_interrupt_comes_that_nobody_waits_for, EFFICIENCY, 2, "blocks"},
	{&predictions_about_paravirtualization_hold_on_this_monitor, EFFICIENCY, 5, "blocks"},
	{0},
};
