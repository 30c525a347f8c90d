/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 5, graded tests of virtio with whole guests: a driver that is not the student's against the
 * student's queues, the student's driver and queues together, a whole operating system, and a guest
 * that harms beside one that does not.
 */
#include "paravirt_virtio.h"
#include "pocket.h"

#include "../../guests/requests/requests.h"
#include "layout.h"
#include "monitor_layout.h"
#include "paravirt_bed.h"
#include "virtio.h"

#include <stdlib.h>

#define SECTORS 512
#define SECTOR  VIRTIO_BLK_SECTOR

/* ---- random requests (guests/requests) ---- */

static uint8_t disk[SECTORS * SECTOR];
static struct request_plan plan[REQUESTS_MAX];
static struct request_outcome outcome[REQUESTS_MAX];

/* guests/lib/random.h */
static uint32_t guest_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static struct request_plan request_draw(void)
{
	static const uint32_t types[] = {VIRTIO_BLK_T_IN, VIRTIO_BLK_T_OUT, VIRTIO_BLK_T_IN,
		VIRTIO_BLK_T_OUT, VIRTIO_BLK_T_FLUSH, 77};
	uint32_t sectors = random_below(4) ? 1 : 1 + random_below(DATA_MAX / SECTOR);
	struct request_plan request = {
		.type = types[random_below(16) ? random_below(4) : 4 + random_below(2)],
		.sector = random_below(SECTORS - sectors + 1),
		.bytes = sectors * SECTOR,
		.seed = 1 + random_below(0x7fffffff),
		.indirect = random_below(2),
		.tell = random_below(6) == 0,
	};

	if (request.type == VIRTIO_BLK_T_FLUSH)
		request.bytes = 0;
	if (random_below(16) == 0) /* behind the end */
		request.sector = SECTORS - sectors + 1 + random_below(3);
	return request;
}

/* What comes of a request: the disk here is what the guest's should be then. */
static struct request_outcome request_model(const struct request_plan *request)
{
	struct request_outcome want = {.status = VIRTIO_BLK_S_OK, .written = 1};
	uint32_t state = request->seed, end = request->sector + request->bytes / SECTOR;
	uint8_t *at = disk + request->sector * SECTOR;
	bool in = request->type == VIRTIO_BLK_T_IN, out = request->type == VIRTIO_BLK_T_OUT;

	if (!out)
		want.written += request->bytes;
	if ((in || out) && end > SECTORS)
		want.status = VIRTIO_BLK_S_IOERR;
	else if (!in && !out && request->type != VIRTIO_BLK_T_FLUSH)
		want.status = VIRTIO_BLK_S_UNSUPP;
	if (want.status != VIRTIO_BLK_S_OK)
		return want;
	for (uint32_t i = 0; out && i < request->bytes; i++)
		at[i] = (uint8_t)guest_random(&state);
	for (uint32_t i = 0; in && i < request->bytes; i++)
		want.sum = want.sum * 31 + at[i];
	return want;
}

static void assert_outcome(uint32_t number, const struct request_outcome *got)
{
	const struct request_plan *request = &plan[number];
	struct request_outcome want = request_model(request);

	ck_assert_msg(got->status == want.status,
		"request %u (type %u, sector %u, %u bytes) ends with status %u; it should be %u",
		number, request->type, request->sector, request->bytes, got->status, want.status);
	ck_assert_msg(got->written == want.written,
		"request %u (type %u, %u bytes): the used ring says that %u bytes were written; it should be %u",
		number, request->type, request->bytes, got->written, want.written);
	ck_assert_msg(want.status != VIRTIO_BLK_S_OK || got->sum == want.sum,
		"request %u reads %u bytes from sector %u, and they are not what is there", number,
		request->bytes, request->sector);
	ck_assert_msg(got->spilled == 0,
		"request %u: %u bytes are changed that lie between its descriptors' pieces", number,
		got->spilled);
}

/* The device's counters begin where the guest's do. */
static void counters_set(struct machine *m, uint16_t start)
{
	uint32_t vm = memory_read_u32(m, running_vcpu(m) + VCPU_VM_OFFSET);
	uint32_t queue = memory_read_u32(m, vm + VM_VIRTIO_OFFSET) + VIRTIO_BLOCK_OFFSET +
			 VIRTIO_QUEUE_OFFSET;
	uint16_t counters[] = {start, start, start};

	memory_write(m, queue + offsetof(struct monitor_queue, taken), counters, sizeof(counters));
}

/* A driver that keeps to the rules, and what it is to do. */
struct requests {
	struct guest *guest;
	uint32_t size, count;
	bool events, indirect;
	uint16_t start; /* its indices' */
};

static void requests_draw(struct requests *r)
{
	r->guest = guest_open("requests");
	for (size_t i = 0; i < sizeof(disk); i++)
		disk[i] = (uint8_t)random_u32();
	for (uint32_t i = 0; i < r->count; i++)
		plan[i] = request_draw();
	guest_set_disk(r->guest, disk, sizeof(disk));
	guest_write(r->guest, "requests_plan", plan, r->count * sizeof(plan[0]));
	guest_write_u32(r->guest, "requests_count", r->count);
	guest_write_u32(r->guest, "requests_size", r->size);
	guest_write_u32(r->guest, "requests_events", r->events);
	guest_write_u32(r->guest, "requests_indirect", r->indirect);
	guest_write_u32(r->guest, "requests_start", r->start);
}

/* From before its first request to its end: each must have come back, and the disk be right. */
static void requests_judge(struct machine *m, const struct requests *r)
{
	run_until(m, guest_symbol(r->guest, "requests_begin"));
	counters_set(m, r->start);
	run_until(m, guest_symbol(r->guest, "guest_done"));
	uint32_t done = memory_read_u32(m, guest_symbol(r->guest, "requests_done"));
	ck_assert_msg(done == r->count,
		"a driver that keeps to the rules has got %u of %u requests back (queue of %u, indices from %u, event index %s, indirect tables %s). The log:\n%s",
		done, r->count, r->size, r->start, r->events ? "on" : "off",
		r->indirect ? "on" : "off", monitor_log(m));
	memory_read(m, guest_symbol(r->guest, "requests_outcome"), outcome,
		r->count * sizeof(outcome[0]));
	for (uint32_t i = 0; i < r->count; i++)
		assert_outcome(i, &outcome[i]);
	ck_assert_msg(memcmp(machine_disk(m, r->guest), disk, sizeof(disk)) == 0,
		"after %u requests the disk is not what it should be", r->count);
}

static void requests_try(struct requests r)
{
	requests_draw(&r);
	struct machine *m = boot_several(&(struct boot_guest){r.guest, "virtio mem=4"}, 1);
	requests_judge(m, &r);
	machine_end(m);
}

START_TEST(random_requests_of_another_driver_leave_the_right_disk)
{
	hint("`make run LAB=5 GUEST=virtqueues ARGS=virtio` does less at a time, and says what.");
	requests_try((struct requests){.size = 32, .count = 48});
	requests_try((struct requests){
		.size = 32 << random_below(4), .count = 64, .events = true, .indirect = true});
}
END_TEST

START_TEST(indices_go_on_behind_65535)
{
	hint("An index is 16 bits. 65535 and 0 are neighbours, and the place in a ring is the index modulo the queue's size.");
	requests_try((struct requests){.size = 32,
		.count = 48,
		.events = true,
		.indirect = true,
		.start = (uint16_t)(65531 - random_below(20))});
	requests_try((struct requests){
		.size = 64, .count = 48, .start = (uint16_t)(65531 - random_below(20))});
}
END_TEST

/* ---- both organs: guests/blocks, by IDE on the bare machine and by virtio here ---- */

static void blocks_compare(const char *words)
{
	struct guest *guest = guest_open("blocks");
	char line[96], monitored[128];
	size_t size;

	snprintf(line, sizeof(line), "seed=%u %s", 1 + random_below(1000000), words);
	snprintf(monitored, sizeof(monitored), "virtio mem=4 %s", line);
	struct machine *bare = boot_bare_with(&(struct boot_guest){guest, line});
	struct machine *m = boot_several(&(struct boot_guest){guest, monitored}, 1);
	uint32_t done = guest_symbol(guest, "guest_done");
	for (int runs = 0; !run_until_or_for(bare, done, LIMIT); runs++)
		ck_assert_msg(runs < 4, "blocks does not end on the bare machine");
	for (int runs = 0; !run_until_or_for(m, done, LIMIT); runs++)
		ck_assert_msg(runs < 4,
			"blocks (%s) does not end under this monitor. It has said:\n%s", monitored,
			console(m));
	uint32_t by_virtio =
		memory_read_u32(m, guest_symbol(guest, "blocks_results")); /* its first field */
	run_to_end(bare);
	run_to_end(m);
	assert_same_console(bare, m);
	ck_assert_msg(by_virtio == 1, "blocks has not found the virtio device");
	guest_disk(guest, &size);
	ck_assert_msg(memcmp(machine_disk(bare, guest), machine_disk(m, guest), size) == 0,
		"blocks (%s) leaves another disk than on the bare machine", monitored);
	machine_end(bare);
	machine_end(m);
}

START_TEST(blocks_are_by_virtio_what_they_are_by_ide)
{
	char words[64];

	hint("`make run LAB=5 GUEST=blocks ARGS=virtio` and `make bare GUEST=blocks` should print the same.");
	blocks_compare("rounds=10 do=random,queued,sleeping,flush,again");
	snprintf(words, sizeof(words),
		"rounds=6 queue=%u events=0 do=queued,sleeping,queued-sleeping",
		4u << random_below(3));
	blocks_compare(words);
}
END_TEST

/* ---- an operating system ---- */

START_TEST(pocket_finds_the_same_files_by_virtio)
{
	struct guest *guest = guest_open("pocket_virtio");
	struct machine *bare = boot_bare_with(&(struct boot_guest){guest, "mem=4"});
	struct machine *m = boot_several(&(struct boot_guest){guest, "mem=4 virtio"}, 1);

	hint("`make run LAB=5 GUEST=pocket_virtio ARGS=virtio`, and the same without `virtio`.");
	pocket_run(bare, guest);
	pocket_run(m, guest);
	run_to_end(bare);
	run_to_end(m);
	assert_same_files(bare, m, guest);
	ck_assert_msg(strstr(console(m), "checks passed"),
		"pocket's self-test does not pass with a disk behind virtio. It says:\n%s",
		console(m));
}
END_TEST

/* ---- one that harms ---- */

START_TEST(a_guest_that_breaks_every_rule_harms_no_other)
{
	struct guest *hostile = guest_open("virtqueues");
	struct requests good = {.size = 64, .count = 24, .events = true, .indirect = true};

	hint("`make run LAB=5 GUEST=virtqueues ARGS=virtio`: each line says what it did.");
	requests_draw(&good);
	const struct boot_guest both[] = {{hostile, "virtio"}, {good.guest, "virtio mem=4"}};
	struct machine *m = boot_several(both, 2);
	run_limit(4 * LIMIT);
	run_until(m, guest_symbol(hostile, "kernel_main"));
	struct integrity before = integrity_take(m);
	run_until(m, guest_symbol(hostile, "guest_done"));
	integrity_check(m, &before, "of the guest virtqueues");
	free(before.text);
	uint32_t failures = memory_read_u32(m, guest_symbol(hostile, "failures")),
		 devices = memory_read_u32(m, guest_symbol(hostile, "device_count"));
	ck_assert_msg(failures == 0, "the guest virtqueues finds %u mistakes. It says:\n%s",
		failures, console(m));
	ck_assert_msg(devices == 4, "the guest virtqueues finds %u devices of 4", devices);
	run_until(m, monitor_symbol("vm_end"));
	requests_judge(m, &good);
}
END_TEST

const struct graded_test paravirt_virtio_tests[] = {
	{&random_requests_of_another_driver_leave_the_right_disk, EQUIVALENCE, 3, "requests"},
	{&indices_go_on_behind_65535, EQUIVALENCE, 2, "requests"},
	{&blocks_are_by_virtio_what_they_are_by_ide, EQUIVALENCE, 2, "blocks"},
	{&pocket_finds_the_same_files_by_virtio, EQUIVALENCE, 3, "pocket_virtio"},
	{&a_guest_that_breaks_every_rule_harms_no_other, RESOURCE_CONTROL, 2, "virtqueues"},
	{0},
};
