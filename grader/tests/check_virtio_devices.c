/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Block, console, entropy and network (VIRTIO 1.2, 5.1 to 5.4) as a driver from elsewhere meets
 * them, on the host and with sanitizers: whoever reads or writes beside the disk ends the test.
 */
#include "virtio_fixture.h"

#define W         VIRTQ_DESC_F_WRITE
#define N         VIRTQ_DESC_F_NEXT
#define SECTOR    VIRTIO_BLK_SECTOR
#define SECTORS   (HOST_DISK / SECTOR)
#define HEADER_AT BUFFER_AT
#define STATUS_AT (BUFFER_AT + 0x20)
#define BYTES_AT  (BUFFER_AT + 0x100)
#define FILLER    0xa5

/* ---- the wire, which ends here ---- */

static uint8_t frame[NET_FRAME_MAX];
static uint32_t frame_length;
static unsigned frames;

void wire_send(struct vm *from, const uint8_t *bytes, uint32_t length)
{
	ck_assert_ptr_eq(from, vm);
	memcpy(frame, bytes, length);
	frame_length = length;
	frames++;
}

/* ---- block ---- */

static void begin_block(uint64_t features)
{
	begin(VIRTIO_BLOCK);
	for (uint32_t i = 0; i < HOST_DISK; i++)
		vm->disk[i] = (uint8_t)(i * 7 + i / SECTOR);
	start(features);
}

/* What follows BYTES_AT is FILLER, as far as one looks. */
static void buffer_fill(uint32_t size)
{
	for (uint32_t i = 0; i < size; i++)
		*host_guest_memory(vm, BYTES_AT + i) = FILLER;
	*host_guest_memory(vm, STATUS_AT) = 0xff;
}

static uint8_t buffer_byte(uint32_t i)
{
	return *host_guest_memory(vm, BYTES_AT + i);
}

static void header_set(uint32_t type, uint64_t sector)
{
	const struct virtio_blk_header header = {.type = type, .sector = sector};

	host_guest_write(vm, HEADER_AT, &header, sizeof(header));
}

/* As Linux makes it: header, data if there are any, status. Returns the status. */
static uint8_t request(uint32_t type, uint64_t sector, uint32_t bytes)
{
	header_set(type, sector);
	desc(0, 0, HEADER_AT, 16, N);
	desc(0, 1, BYTES_AT, bytes, (uint16_t)(N | (type == VIRTIO_BLK_T_OUT ? 0 : W)));
	desc(0, 2, STATUS_AT, 1, W);
	offer(0, 0);
	notify(0);
	while (given(0) != offered[0] && goes_on())
		continue;
	ck_assert_uint_eq(given(0), offered[0]);
	ck_assert_uint_eq(interrupt_handled(), VIRTIO_INTERRUPT_USED);
	return *host_guest_memory(vm, STATUS_AT);
}

static uint32_t last_written(void)
{
	return written(0, offered[0] - 1u);
}

START_TEST(sectors_are_read)
{
	begin_block(NOTHING);
	for (uint32_t sector = 0; sector < SECTORS; sector += 7) {
		buffer_fill(3 * SECTOR);
		uint32_t bytes = sector + 2 <= SECTORS ? 2 * SECTOR : SECTOR;
		ck_assert_uint_eq(request(VIRTIO_BLK_T_IN, sector, bytes), VIRTIO_BLK_S_OK);
		ck_assert_uint_eq(last_written(), bytes + 1);
		for (uint32_t i = 0; i < bytes; i++)
			ck_assert(buffer_byte(i) == vm->disk[sector * SECTOR + i]);
		ck_assert_uint_eq(buffer_byte(bytes), FILLER);
	}
}
END_TEST

START_TEST(sectors_are_written)
{
	static uint8_t before[HOST_DISK];

	begin_block(NOTHING);
	memcpy(before, vm->disk, HOST_DISK);
	buffer_fill(2 * SECTOR);
	ck_assert_uint_eq(request(VIRTIO_BLK_T_OUT, SECTORS - 3, 2 * SECTOR), VIRTIO_BLK_S_OK);
	ck_assert_uint_eq(last_written(), 1);
	for (uint32_t i = 0; i < HOST_DISK; i++) {
		bool inside = i / SECTOR == SECTORS - 3 || i / SECTOR == SECTORS - 2;
		ck_assert(vm->disk[i] == (inside ? FILLER : before[i]));
	}
}
END_TEST

/* Each is answered, nothing of the disk is read or written, and all that is written are zeros. */
static const struct {
	uint32_t type;
	uint64_t sector;
	uint32_t bytes;
	uint8_t status;
} failing[] = {
	{VIRTIO_BLK_T_IN, SECTORS, SECTOR, VIRTIO_BLK_S_IOERR},
	{VIRTIO_BLK_T_IN, SECTORS - 1, 2 * SECTOR, VIRTIO_BLK_S_IOERR},
	{VIRTIO_BLK_T_IN, 0, SECTOR - 1, VIRTIO_BLK_S_IOERR},
	{VIRTIO_BLK_T_IN, UINT64_MAX, SECTOR, VIRTIO_BLK_S_IOERR},
	{VIRTIO_BLK_T_IN, UINT64_C(1) << 32, SECTOR, VIRTIO_BLK_S_IOERR},
	{VIRTIO_BLK_T_IN, UINT64_C(1) << 55, SECTOR, VIRTIO_BLK_S_IOERR},
	{VIRTIO_BLK_T_OUT, SECTORS, SECTOR, VIRTIO_BLK_S_IOERR},
	{VIRTIO_BLK_T_OUT, UINT64_MAX, 2 * SECTOR, VIRTIO_BLK_S_IOERR},
	{VIRTIO_BLK_T_OUT, (UINT64_C(1) << 55) - 1, 2 * SECTOR, VIRTIO_BLK_S_IOERR},
	{VIRTIO_BLK_T_OUT, 3, SECTOR + 8, VIRTIO_BLK_S_IOERR},
	{2, 0, SECTOR, VIRTIO_BLK_S_UNSUPP},
	{0xffffffff, 0, 1, VIRTIO_BLK_S_UNSUPP},
};

START_TEST(a_request_fails)
{
	static uint8_t before[HOST_DISK];
	bool out = failing[_i].type == VIRTIO_BLK_T_OUT;

	begin_block(NOTHING);
	memcpy(before, vm->disk, HOST_DISK);
	buffer_fill(2 * SECTOR);
	ck_assert_uint_eq(request(failing[_i].type, failing[_i].sector, failing[_i].bytes),
		failing[_i].status);
	ck_assert_uint_eq(last_written(), out ? 1 : failing[_i].bytes + 1);
	for (uint32_t i = 0; i < 2 * SECTOR; i++)
		ck_assert(buffer_byte(i) == (out || i >= failing[_i].bytes ? FILLER : 0));
	ck_assert_mem_eq(before, vm->disk, HOST_DISK);
	NOT_REFUSED();
	ck_assert_uint_eq(request(VIRTIO_BLK_T_IN, 0, SECTOR), VIRTIO_BLK_S_OK);
}
END_TEST

START_TEST(it_flushes_and_has_a_name)
{
	begin_block(VIRTIO_FEATURE(VIRTIO_BLK_F_FLUSH));
	ck_assert_uint_eq(request(VIRTIO_BLK_T_FLUSH, 0, 0), VIRTIO_BLK_S_OK);
	ck_assert_uint_eq(last_written(), 1);
	for (uint32_t bytes = 4; bytes <= 40; bytes += 16) { /* 20 is what there should be */
		buffer_fill(64);
		ck_assert_uint_eq(request(VIRTIO_BLK_T_GET_ID, 0, bytes), VIRTIO_BLK_S_OK);
		for (uint32_t i = 0; i < bytes; i++)
			ck_assert_int_eq(buffer_byte(i), i < 9 ? "ringfence"[i] : 0);
		ck_assert_uint_eq(buffer_byte(bytes), FILLER);
	}
}
END_TEST

/* Cuts `bytes` at `at` into random descriptors from n on: the next one. */
static unsigned cut(unsigned n, uint32_t at, uint32_t bytes, uint16_t flags, unsigned most)
{
	while (bytes) {
		uint32_t part = most > 1 ? 1 + (uint32_t)rand() % bytes : bytes;
		desc(0, n++, at, part, (uint16_t)(flags | N));
		at += part;
		bytes -= part;
		most--;
	}
	return n;
}

/* 2.7.4.1: however a request is cut, it is the same request. */
START_TEST(cuts_do_not_matter)
{
	begin_block(NOTHING);
	srand(1);
	for (unsigned round = 0; round < 500; round++) {
		bool out = round % 2;
		uint32_t sector = (uint32_t)rand() % (SECTORS - 1), data = BYTES_AT + 16;
		buffer_fill(3 * SECTOR);
		header_set(out ? VIRTIO_BLK_T_OUT : VIRTIO_BLK_T_IN, sector);
		/* header and data, or data and status, lie side by side and are cut as one */
		uint8_t bytes[16];
		host_guest_read(vm, HEADER_AT, bytes, 16);
		host_guest_write(vm, BYTES_AT, bytes, 16);
		unsigned n = cut(0, BYTES_AT, 16 + (out ? SECTOR : 0), 0, 6);
		n = cut(n, out ? STATUS_AT : data, out ? 1 : SECTOR + 1, W, 6);
		desc(0, n, 0, 0, W); /* of none: no segment */
		offer(0, 0);
		notify(0);
		ck_assert_uint_eq(given(0), offered[0]);
		ck_assert_uint_eq(*host_guest_memory(vm, out ? STATUS_AT : data + SECTOR), 0);
		ck_assert_uint_eq(last_written(), out ? 1 : SECTOR + 1);
		for (uint32_t i = 0; i < SECTOR; i++)
			ck_assert(
				*host_guest_memory(vm, data + i) == vm->disk[sector * SECTOR + i]);
	}
}
END_TEST

START_TEST(a_request_without_its_parts_is_refused)
{
	begin_block(NOTHING);
	desc(0, 0, HEADER_AT, 15, N);
	desc(0, 1, STATUS_AT, 1, W);
	offer(0, 0);
	notify(0);
	REFUSED("5.2.6");
	begin_block(NOTHING);
	desc(0, 0, HEADER_AT, 16, 0); /* no status */
	offer(0, 0);
	notify(0);
	REFUSED("5.2.6");
	ck_assert_uint_eq(given(0), 0);
}
END_TEST

/* 14 times the same 96 KiB, for zeros: more than an exit's work. */
START_TEST(one_exit_does_not_do_everything)
{
	begin_block(NOTHING);
	header_set(VIRTIO_BLK_T_IN, SECTORS);
	*host_guest_memory(vm, 0x1fff0) = 0xff;
	desc(0, 0, HEADER_AT, 16, N);
	for (unsigned i = 1; i < 15; i++)
		desc(0, i, 0, 0x15000, W | N);
	desc(0, 15, 0x1fff0, 1, W);
	offer(0, 0);
	notify(0);
	ck_assert_uint_eq(given(0), 0);
	desc(0, 15, HOST_GUEST_MEMORY, 1, W); /* it has its own copy */
	ck_assert_uint_eq(*host_guest_memory(vm, 0x1fff0), 0xff);
	ck_assert(goes_on());
	ck_assert_uint_eq(given(0), 1);
	ck_assert_uint_eq(*host_guest_memory(vm, 0x1fff0), VIRTIO_BLK_S_IOERR);
	ck_assert_uint_eq(last_written(), 14 * 0x15000 + 1);
	ck_assert(!goes_on());
}
END_TEST

START_TEST(a_reset_ends_what_is_on_its_way)
{
	begin_block(VIRTIO_FEATURE(VIRTIO_F_RING_RESET));
	header_set(VIRTIO_BLK_T_IN, SECTORS);
	desc(0, 0, HEADER_AT, 16, N);
	for (unsigned i = 1; i < 15; i++)
		desc(0, i, 0, 0x15000, W | N);
	desc(0, 15, STATUS_AT, 1, W);
	offer(0, 0);
	notify(0);
	ck_assert_uint_eq(vm->deadline, host.now + VIRTIO_PAUSE);
	if (_i)
		put(VIRTIO_MMIO_STATUS, 0);
	else
		put(VIRTIO_MMIO_QUEUE_RESET, 1);
	ck_assert(!_i || virtio_deadline(vm) == CLOCK_NEVER);
	guest_write32(0x9000, 0x12345678);
	while (goes_on())
		continue;
	ck_assert_uint_eq(guest_read32(0x9000), 0x12345678);
	ck_assert_uint_eq(given(0), 0);
	if (_i)
		start(NOTHING);
	else
		queue_set(0);
	ck_assert_uint_eq(request(VIRTIO_BLK_T_IN, 0, SECTOR), VIRTIO_BLK_S_OK);
}
END_TEST

/* ---- console ---- */

static void begin_console(void)
{
	begin(VIRTIO_CONSOLE);
	start(NOTHING);
	host.sent_count = 0;
}

START_TEST(what_is_sent_comes_out)
{
	begin_console();
	host_guest_write(vm, BYTES_AT, "hello, world\n", 13);
	desc(VIRTIO_SEND, 0, BYTES_AT, 5, N);
	desc(VIRTIO_SEND, 1, BYTES_AT + 5, 8, 0);
	offer(VIRTIO_SEND, 0);
	notify(VIRTIO_SEND);
	ck_assert_uint_eq(host.sent_count, 13);
	ck_assert_mem_eq(host.sent, "hello, world\n", 13);
	ck_assert_uint_eq(given(VIRTIO_SEND), 1);
	ck_assert_uint_eq(written(VIRTIO_SEND, 0), 0);
	ck_assert_uint_eq(interrupt_handled(), VIRTIO_INTERRUPT_USED);
}
END_TEST

START_TEST(an_exit_sends_128_bytes)
{
	begin_console();
	desc(VIRTIO_SEND, 0, 0, 300, 0);
	offer(VIRTIO_SEND, 0);
	notify(VIRTIO_SEND);
	ck_assert_uint_eq(host.sent_count, 128);
	ck_assert_uint_eq(guest_read16(used_at(VIRTIO_SEND)), VIRTQ_USED_F_NO_NOTIFY);
	notify(VIRTIO_SEND); /* a driver may do it again */
	ck_assert_uint_eq(host.sent_count, 256);
	ck_assert_uint_eq(given(VIRTIO_SEND), 0);
	ck_assert(goes_on());
	ck_assert_uint_eq(host.sent_count, 300);
	ck_assert_uint_eq(given(VIRTIO_SEND), 1);
	ck_assert_uint_eq(guest_read16(used_at(VIRTIO_SEND)), 0);
	ck_assert(!goes_on());
}
END_TEST

START_TEST(what_comes_in_arrives)
{
	begin_console();
	devices_serial_input(vm, 'a'); /* no buffer yet */
	devices_serial_input(vm, 'b');
	ck_assert_uint_eq(given(VIRTIO_RECEIVE), 0);
	desc(VIRTIO_RECEIVE, 0, BYTES_AT, 100, W);
	desc(VIRTIO_RECEIVE, 5, BYTES_AT + 100, 1, W);
	offer(VIRTIO_RECEIVE, 0);
	notify(VIRTIO_RECEIVE);
	ck_assert_uint_eq(given(VIRTIO_RECEIVE), 1);
	ck_assert_uint_eq(written(VIRTIO_RECEIVE, 0), 2);
	ck_assert_uint_eq(buffer_byte(0), 'a');
	ck_assert_uint_eq(buffer_byte(1), 'b');
	ck_assert_uint_eq(interrupt_handled(), VIRTIO_INTERRUPT_USED);
	offer(VIRTIO_RECEIVE, 5);
	notify(VIRTIO_RECEIVE);
	ck_assert_uint_eq(given(VIRTIO_RECEIVE), 1); /* nothing to put there */
	devices_serial_input(vm, 'c');
	ck_assert_uint_eq(given(VIRTIO_RECEIVE), 2);
	ck_assert_uint_eq(buffer_byte(100), 'c');
	ck_assert_uint_eq(vm->devices.uart.count + vm->devices.uart.wire_count, 3); /* as well */
	ck_assert_uint_eq(interrupt_handled(), VIRTIO_INTERRUPT_USED);
	for (unsigned i = 0; i < 1000; i++) /* what has no room gets lost */
		devices_serial_input(vm, 'x');
	desc(VIRTIO_RECEIVE, 0, BYTES_AT, 1000, W);
	offer(VIRTIO_RECEIVE, 0);
	notify(VIRTIO_RECEIVE);
	ck_assert_uint_eq(written(VIRTIO_RECEIVE, 2), CONSOLE_WAITING);
	NOT_REFUSED();
}
END_TEST

START_TEST(an_emergency_needs_no_driver)
{
	begin(VIRTIO_CONSOLE);
	ck_assert_uint_eq(get(0x100), 80 | 25 << 16);
	put(0x108, 'E');
	ck_assert_uint_eq(host.sent_count, 1);
	ck_assert_uint_eq(host.sent[0], 'E');
	NOT_REFUSED();
	put(0x100, 1);
	REFUSED("5.3.4");
}
END_TEST

/* ---- entropy ---- */

static uint64_t random_bytes(const char *command_line)
{
	uint64_t bytes = 0;

	begin_with(command_line, VIRTIO_ENTROPY);
	start(NOTHING);
	desc(0, 0, BYTES_AT, sizeof(bytes), W);
	offer(0, 0);
	notify(0);
	ck_assert_uint_eq(written(0, 0), sizeof(bytes));
	host_guest_read(vm, BYTES_AT, &bytes, sizeof(bytes));
	return bytes;
}

START_TEST(a_seed_repeats_its_bytes)
{
	uint64_t seven = random_bytes("guest virtio entropy=7");

	ck_assert(seven != 0);
	ck_assert(random_bytes("guest virtio entropy=7") == seven);
	ck_assert(random_bytes("guest virtio entropy=8") != seven);
	ck_assert(random_bytes("guest virtio") != seven);
}
END_TEST

START_TEST(an_entropy_device_reads_nothing)
{
	begin(VIRTIO_ENTROPY);
	start(NOTHING);
	desc(0, 0, BYTES_AT, 8, N);
	desc(0, 1, BYTES_AT, 8, W);
	offer(0, 0);
	notify(0);
	REFUSED("5.4.6.1");
}
END_TEST

/* The same 64 KiB in 16 descriptors: a device may use less of a buffer than there is. */
START_TEST(an_entropy_device_has_its_limit)
{
	begin(VIRTIO_ENTROPY);
	start(NOTHING);
	for (unsigned i = 0; i < 4; i++)
		desc(0, i, 0x18000, 0x8000, (uint16_t)(W | (i < 3 ? N : 0)));
	offer(0, 0);
	offer(0, 0);
	notify(0);
	ck_assert_uint_eq(given(0), 1);
	ck_assert_uint_eq(written(0, 0), 0x10000);
	ck_assert(goes_on());
	ck_assert_uint_eq(given(0), 2);
}
END_TEST

/* ---- network ---- */

static void begin_net(void)
{
	begin(VIRTIO_NET);
	start(VIRTIO_FEATURE(VIRTIO_NET_F_MAC));
	frames = 0;
}

/* Sends a header and a frame of that many bytes, in odd pieces. */
static void send(uint8_t flags, uint8_t gso_type, uint32_t length)
{
	const struct virtio_net_header header = {.flags = flags, .gso_type = gso_type};

	for (uint32_t i = 0; i < length; i++)
		*host_guest_memory(vm, BYTES_AT + 12 + i) = (uint8_t)(i + length);
	host_guest_write(vm, BYTES_AT, &header, 12);
	desc(VIRTIO_SEND, 0, BYTES_AT, 7, N);
	desc(VIRTIO_SEND, 1, BYTES_AT + 7, 12 + length - 7, 0);
	offer(VIRTIO_SEND, 0);
	notify(VIRTIO_SEND);
}

START_TEST(frames_are_sent)
{
	static const uint32_t lengths[] = {14, 60, 1514, 1518, 0, 13, 1519, 4000};

	begin_net();
	ck_assert_uint_eq(get(0x100), 0x52005452);
	ck_assert_uint_eq(bus_read_memory(vm, gpa(device->base.raw + 0x106), 2), 1); /* link */
	for (unsigned i = 0; i < ARRAY_LENGTH(lengths); i++) {
		send(0, 0, lengths[i]);
		ck_assert_uint_eq(given(VIRTIO_SEND), i + 1);
		ck_assert_uint_eq(frames, i < 4 ? i + 1 : 4); /* others get lost */
		if (i >= 4)
			continue;
		ck_assert_uint_eq(frame_length, lengths[i]);
		for (uint32_t j = 0; j < frame_length; j++)
			ck_assert_uint_eq(frame[j], (uint8_t)(j + frame_length));
	}
	NOT_REFUSED();
}
END_TEST

START_TEST(a_frame_must_be_plain)
{
	begin_net();
	send(1, 0, 60); /* NEEDS_CSUM */
	REFUSED("5.1.6.2");
	begin_net();
	send(0, 1, 60); /* GSO */
	REFUSED("5.1.6.2");
	begin_net();
	desc(VIRTIO_SEND, 0, BYTES_AT, 11, 0);
	offer(VIRTIO_SEND, 0);
	notify(VIRTIO_SEND);
	REFUSED("5.1.6.2");
	ck_assert_uint_eq(frames, 0);
}
END_TEST

START_TEST(frames_arrive)
{
	static const uint8_t first[60] = "first", second[1514] = "second";

	begin_net();
	desc(VIRTIO_RECEIVE, 0, BYTES_AT, 1526, W);
	offer(VIRTIO_RECEIVE, 0);
	notify(VIRTIO_RECEIVE);
	ck_assert(virtio_net_receive(vm, first, sizeof(first)));
	ck_assert_uint_eq(given(VIRTIO_RECEIVE), 0); /* it may not be its turn */
	ck_assert(goes_on());
	ck_assert_uint_eq(given(VIRTIO_RECEIVE), 1);
	ck_assert_uint_eq(written(VIRTIO_RECEIVE, 0), 12 + 60);
	ck_assert_uint_eq(guest_read16(BYTES_AT + 10), 1); /* num_buffers */
	ck_assert_uint_eq(buffer_byte(12), 'f');
	ck_assert_uint_eq(interrupt_handled(), VIRTIO_INTERRUPT_USED);
	ck_assert(virtio_net_receive(vm, second, sizeof(second)));
	ck_assert(goes_on());
	ck_assert(!goes_on());
	offer(VIRTIO_RECEIVE, 0);
	notify(VIRTIO_RECEIVE);
	ck_assert_uint_eq(written(VIRTIO_RECEIVE, 1), 1526);
	ck_assert_uint_eq(buffer_byte(12), 's');
}
END_TEST

START_TEST(frames_that_wait_are_few)
{
	static const uint8_t bytes[NET_FRAME_MAX + 1];
	unsigned taken = 0;

	begin_net();
	ck_assert(!virtio_net_receive(vm, bytes, NET_FRAME_MAX + 1));
	while (taken < 100 && virtio_net_receive(vm, bytes, NET_FRAME_MAX))
		taken++;
	ck_assert_uint_eq(taken, NET_WAITING);
	vm->virtio = NULL;
	ck_assert(!virtio_net_receive(vm, bytes, 60));
}
END_TEST

START_TEST(a_buffer_must_hold_a_frame)
{
	static const uint8_t bytes[60];

	begin_net();
	desc(VIRTIO_RECEIVE, 0, BYTES_AT, 71, W);
	offer(VIRTIO_RECEIVE, 0);
	notify(VIRTIO_RECEIVE);
	virtio_net_receive(vm, bytes, sizeof(bytes));
	goes_on();
	REFUSED("5.1.6.3.1");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("virtio devices");
	TCase *block = tcase_create("block"), *others = tcase_create("others");

	tcase_set_timeout(block, 60);
	tcase_add_test(block, sectors_are_read);
	tcase_add_test(block, sectors_are_written);
	tcase_add_loop_test(block, a_request_fails, 0, (int)ARRAY_LENGTH(failing));
	tcase_add_test(block, it_flushes_and_has_a_name);
	tcase_add_test(block, cuts_do_not_matter);
	tcase_add_test(block, a_request_without_its_parts_is_refused);
	tcase_add_test(block, one_exit_does_not_do_everything);
	tcase_add_loop_test(block, a_reset_ends_what_is_on_its_way, 0, 2);
	suite_add_tcase(suite, block);
	tcase_set_timeout(others, 60);
	tcase_add_test(others, what_is_sent_comes_out);
	tcase_add_test(others, an_exit_sends_128_bytes);
	tcase_add_test(others, what_comes_in_arrives);
	tcase_add_test(others, an_emergency_needs_no_driver);
	tcase_add_test(others, a_seed_repeats_its_bytes);
	tcase_add_test(others, an_entropy_device_reads_nothing);
	tcase_add_test(others, an_entropy_device_has_its_limit);
	tcase_add_test(others, frames_are_sent);
	tcase_add_test(others, a_frame_must_be_plain);
	tcase_add_test(others, frames_arrive);
	tcase_add_test(others, frames_that_wait_are_few);
	tcase_add_test(others, a_buffer_must_hold_a_frame);
	suite_add_tcase(suite, others);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
