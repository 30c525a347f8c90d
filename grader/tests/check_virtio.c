/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The transport of virtio devices (VIRTIO 1.2, 2.1 to 2.6, 3.1, 4.2) as a driver from elsewhere
 * meets it, on the host and with sanitizers. The devices themselves are in check_virtio_devices.c.
 */
#include "virtio_fixture.h"

/* Nothing here sends frames. */
void wire_send(struct vm *from, const uint8_t *frame, uint32_t length)
{
	(void)from, (void)frame, (void)length;
}

/* A buffer for random bytes: the smallest thing that a device does. */
static void ask(void)
{
	desc(0, 0, BUFFER_AT, 8, VIRTQ_DESC_F_WRITE);
	offer(0, 0);
	notify(0);
}

static void works(void)
{
	start(NOTHING);
	ask();
	ck_assert_uint_eq(given(0), 1);
	ck_assert_uint_eq(interrupt_handled(), VIRTIO_INTERRUPT_USED);
}

/* ---- what is there ---- */

START_TEST(the_command_line_says_where_they_are)
{
	char line[256] = "guest virtio", small[60] = "guest virtio";

	begin(VIRTIO_BLOCK);
	virtio_describe(vm, line, sizeof(line));
	ck_assert_str_eq(line, "guest virtio virtio_mmio.device=0x200@0xd0000000:5"
			       " virtio_mmio.device=0x200@0xd0001000:9"
			       " virtio_mmio.device=0x200@0xd0002000:11"
			       " virtio_mmio.device=0x200@0xd0003000:10");
	virtio_describe(vm, small, sizeof(small)); /* whole words only */
	ck_assert_str_eq(small, "guest virtio virtio_mmio.device=0x200@0xd0000000:5");
}
END_TEST

START_TEST(only_who_asks_has_devices)
{
	static const char *const lines[] = {"virtio", "guest", "guest virtio_mmio.device=1"};

	for (unsigned i = 0; i < ARRAY_LENGTH(lines); i++) {
		guest_make();
		vm->command_line = lines[i];
		ck_assert_ptr_null(virtio_attach(vm));
		ck_assert_ptr_null(vm->virtio);
		devices_advance(vm, devices_deadline(vm));
		devices_serial_input(vm, 'x');
	}
	begin_with("guest virtio_x virtio", VIRTIO_NET);
	ck_assert_uint_eq(get(VIRTIO_MMIO_MAGIC), VIRTIO_MAGIC);
}
END_TEST

START_TEST(without_a_disk_there_is_no_block_device)
{
	char line[256] = "";

	guest_make();
	vm->disk = NULL;
	vm->command_line = "guest virtio";
	ck_assert_ptr_null(virtio_attach(vm));
	virtio_describe(vm, line, sizeof(line));
	ck_assert_ptr_null(strstr(line, "0xd0000000"));
	ck_assert_uint_eq(bus_read_memory(vm, gpa(0xd0000000), 4), 0xffffffff);
}
END_TEST

START_TEST(features_have_two_halves)
{
	static const uint32_t low[] = {
		1 << 2 | 1 << 6 | 1 << 9, 1 << 0 | 1 << 2, 0, 1 << 5 | 1 << 16};

	begin((enum virtio_place)_i);
	put(VIRTIO_MMIO_DEVICE_FEATURES_SEL, 0);
	ck_assert_uint_eq(get(VIRTIO_MMIO_DEVICE_FEATURES), low[_i] | 1u << 28 | 1u << 29);
	put(VIRTIO_MMIO_DEVICE_FEATURES_SEL, 1);
	ck_assert_uint_eq(get(VIRTIO_MMIO_DEVICE_FEATURES), 1 << 0 | 1 << 8);
	put(VIRTIO_MMIO_DEVICE_FEATURES_SEL, 2);
	ck_assert_uint_eq(get(VIRTIO_MMIO_DEVICE_FEATURES), 0);
	put(VIRTIO_MMIO_DEVICE_FEATURES_SEL, 0xffffffff);
	ck_assert_uint_eq(get(VIRTIO_MMIO_DEVICE_FEATURES), 0);
	NOT_REFUSED();
}
END_TEST

/* What Linux asks of regions of shared memory, and of queues, before it knows. */
START_TEST(what_is_not_there_says_so)
{
	begin(VIRTIO_ENTROPY);
	negotiate(NOTHING);
	put(VIRTIO_MMIO_SHM_SEL, 0);
	for (uint32_t offset = VIRTIO_MMIO_SHM_LEN_LOW; offset <= VIRTIO_MMIO_SHM_BASE_HIGH;
		offset += 4)
		ck_assert_uint_eq(get(offset), 0xffffffff);
	put(VIRTIO_MMIO_QUEUE_SEL, 1);
	ck_assert_uint_eq(get(VIRTIO_MMIO_QUEUE_NUM_MAX), 0);
	ck_assert_uint_eq(get(VIRTIO_MMIO_QUEUE_READY), 0);
	ck_assert_uint_eq(get(VIRTIO_MMIO_CONFIG_GENERATION), get(VIRTIO_MMIO_CONFIG_GENERATION));
	NOT_REFUSED();
}
END_TEST

START_TEST(the_configuration_is_read_in_any_width)
{
	uint64_t value = 0;

	begin(VIRTIO_BLOCK);
	for (unsigned width = 1; width <= 4; width *= 2, value = 0) {
		for (unsigned at = 0; at < 8; at += width)
			value |= (uint64_t)bus_read_memory(
					 vm, gpa(device->base.raw + 0x100 + at), width)
				 << at * 8;
		ck_assert_uint_eq(value, HOST_DISK / 512);
	}
	ck_assert_uint_eq(get(0x100 + 12), 254); /* seg_max */
	ck_assert_uint_eq(get(0x100 + 20), 512); /* blk_size */
	start(NOTHING);
	for (uint32_t offset = 0x100 + sizeof(struct virtio_blk_config); offset < 0x200;
		offset += 4)
		ck_assert_uint_eq(get(offset), 0);
	NOT_REFUSED();
}
END_TEST

/* ---- status and features ---- */

START_TEST(a_device_works)
{
	begin(VIRTIO_ENTROPY);
	works();
	works(); /* and again after a reset */
}
END_TEST

START_TEST(features_must_be_good)
{
	begin(VIRTIO_ENTROPY);
	ck_assert(!negotiate(VIRTIO_FEATURE(33)));
	ck_assert_ptr_nonnull(strstr(host.log, "2.2.1"));
	ck_assert(!negotiate(VIRTIO_FEATURE(0)));
	put(VIRTIO_MMIO_STATUS, 0);
	status_add(VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER);
	status_add(VIRTIO_STATUS_FEATURES_OK); /* without VERSION_1 */
	ck_assert_uint_eq(get(VIRTIO_MMIO_STATUS), 3);
	ck_assert_ptr_nonnull(strstr(host.log, "6.1"));
	status_add(VIRTIO_STATUS_FAILED);
	NOT_REFUSED();
	works();
	put(VIRTIO_MMIO_STATUS, 0);
	put(VIRTIO_MMIO_DRIVER_FEATURES_SEL, 2);
	put(VIRTIO_MMIO_DRIVER_FEATURES, 0); /* there are no more */
	NOT_REFUSED();
	put(VIRTIO_MMIO_DRIVER_FEATURES, 1);
	REFUSED("2.2.1");
}
END_TEST

/* Linux up to 5.18 tells an entropy device too early. */
START_TEST(what_came_before_driver_ok_is_not_lost)
{
	begin(VIRTIO_ENTROPY);
	negotiate(NOTHING);
	queue_set(0);
	ask();
	ck_assert_uint_eq(given(0), 0);
	ck_assert_int_eq(irq_taken(), -1);
	status_add(VIRTIO_STATUS_DRIVER_OK);
	ck_assert_uint_eq(given(0), 1);
	NOT_REFUSED();
}
END_TEST

START_TEST(a_reset_clears_everything)
{
	begin(VIRTIO_ENTROPY);
	start(NOTHING);
	ask();
	put(VIRTIO_MMIO_STATUS, 0);
	ck_assert_int_eq(irq_taken(), -1);
	ck_assert_uint_eq(get(VIRTIO_MMIO_STATUS), 0);
	ck_assert_uint_eq(get(VIRTIO_MMIO_INTERRUPT_STATUS), 0);
	ck_assert_uint_eq(get(VIRTIO_MMIO_QUEUE_READY), 0);
	works();
}
END_TEST

/* ---- who breaks the rules ---- */

/* One write to a device that works. */
static const struct {
	uint32_t offset, value;
	const char *section;
} writes[] = {
	{VIRTIO_MMIO_STATUS, 7, "2.1.1"},
	{VIRTIO_MMIO_DRIVER_FEATURES, 0, "3.1.1"},
	{VIRTIO_MMIO_QUEUE_READY, 1, "4.2.3.2"},
	{VIRTIO_MMIO_QUEUE_NUM, SIZE, "4.2.2.2"},
	{VIRTIO_MMIO_QUEUE_DESC_LOW, RINGS_AT, "4.2.2.2"},
	{VIRTIO_MMIO_QUEUE_DESC_HIGH, 0, "4.2.2.2"},
	{VIRTIO_MMIO_QUEUE_DRIVER_HIGH, 0, "4.2.2.2"},
	{VIRTIO_MMIO_QUEUE_DEVICE_HIGH, 0, "4.2.2.2"},
	{VIRTIO_MMIO_QUEUE_RESET, 1, "2.6.1"},
	{VIRTIO_MMIO_QUEUE_NOTIFY, 1, "4.2.2"},
	{VIRTIO_MMIO_QUEUE_NOTIFY, 0xffffffff, "4.2.2"},
	{VIRTIO_MMIO_INTERRUPT_ACK, 4, "4.2.2.2"},
	{VIRTIO_MMIO_MAGIC, 0, "4.2.2.2"},
	{VIRTIO_MMIO_QUEUE_NUM_MAX, 1, "4.2.2.2"},
	{VIRTIO_MMIO_CONFIG, 0, "4.2.2.2"},
	{0x0f0, 0, "4.2.2.2"},
};

START_TEST(a_write_is_refused)
{
	begin(VIRTIO_ENTROPY);
	start(NOTHING);
	put(writes[_i].offset, writes[_i].value);
	REFUSED(writes[_i].section);
	ck_assert_uint_eq(interrupt_handled(), VIRTIO_INTERRUPT_CONFIG);
	ask();
	ck_assert_uint_eq(given(0), 0);
	status_add(0);
	ck_assert(get(VIRTIO_MMIO_STATUS) & VIRTIO_STATUS_NEEDS_RESET);
	works();
}
END_TEST

/* One setting of a queue before it becomes ready. */
static const struct {
	uint32_t offset, value;
	const char *section;
} settings[] = {
	{VIRTIO_MMIO_QUEUE_NUM, 0, "2.7"},
	{VIRTIO_MMIO_QUEUE_NUM, 15, "2.7"},
	{VIRTIO_MMIO_QUEUE_NUM, 512, "4.2.2.2"},
	{VIRTIO_MMIO_QUEUE_NUM, 0x80000000, "4.2.2.2"},
	{VIRTIO_MMIO_QUEUE_DESC_LOW, RINGS_AT + 8, "2.7.1"},
	{VIRTIO_MMIO_QUEUE_DRIVER_LOW, RINGS_AT + 1, "2.7.1"},
	{VIRTIO_MMIO_QUEUE_DEVICE_LOW, RINGS_AT + 2, "2.7.1"},
	{VIRTIO_MMIO_QUEUE_DESC_LOW, HOST_GUEST_MEMORY - 240, "2.7"},
	{VIRTIO_MMIO_QUEUE_DRIVER_LOW, HOST_GUEST_MEMORY - 36, "2.7"},
	{VIRTIO_MMIO_QUEUE_DEVICE_LOW, HOST_GUEST_MEMORY - 132, "2.7"},
	{VIRTIO_MMIO_QUEUE_DESC_HIGH, 1, "2.7"},
	{VIRTIO_MMIO_QUEUE_DEVICE_HIGH, 0xffffffff, "2.7"},
	{VIRTIO_MMIO_QUEUE_DEVICE_LOW, 0xfffffffc, "2.7"},
	{VIRTIO_MMIO_QUEUE_SEL, 1, "4.2.3.2"},
};

START_TEST(a_queue_is_refused)
{
	begin(VIRTIO_ENTROPY);
	negotiate(NOTHING);
	queue_place(0, SIZE);
	put(settings[_i].offset, settings[_i].value);
	put(VIRTIO_MMIO_QUEUE_READY, 1);
	REFUSED(settings[_i].section);
	ck_assert_uint_eq(get(VIRTIO_MMIO_QUEUE_READY), 0);
	ck_assert_int_eq(irq_taken(), -1); /* not before DRIVER_OK: 2.1.2 */
	works();
}
END_TEST

START_TEST(tables_may_end_where_memory_ends)
{
	static const uint32_t last[][2] = {{VIRTIO_MMIO_QUEUE_DESC_LOW, 16 * SIZE},
		{VIRTIO_MMIO_QUEUE_DRIVER_LOW, 6 + 2 * SIZE},
		{VIRTIO_MMIO_QUEUE_DEVICE_LOW, 8 + 8 * SIZE}};

	for (unsigned i = 0; i < 3; i++) {
		begin(VIRTIO_ENTROPY);
		negotiate(NOTHING);
		queue_place(0, SIZE);
		put(last[i][0], HOST_GUEST_MEMORY - last[i][1]);
		put(VIRTIO_MMIO_QUEUE_READY, 1);
		ck_assert_msg(get(VIRTIO_MMIO_QUEUE_READY) == 1, "%s", host.log);
	}
}
END_TEST

START_TEST(steps_in_the_wrong_order_are_refused)
{
	begin(VIRTIO_ENTROPY);
	put(VIRTIO_MMIO_STATUS, VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER);
	status_add(VIRTIO_STATUS_DRIVER_OK);
	REFUSED("3.1.1");
	ck_assert(!(get(VIRTIO_MMIO_STATUS) & VIRTIO_STATUS_DRIVER_OK));
	begin(VIRTIO_ENTROPY);
	queue_place(0, SIZE);
	put(VIRTIO_MMIO_QUEUE_READY, 1);
	REFUSED("3.1.1");
}
END_TEST

START_TEST(registers_have_32_bits)
{
	for (unsigned width = 1; width <= 2; width++) {
		begin(VIRTIO_ENTROPY);
		bus_read_memory(vm, gpa(device->base.raw + VIRTIO_MMIO_STATUS), width);
		REFUSED("4.2.2.2");
		begin(VIRTIO_ENTROPY);
		bus_write_memory(vm, gpa(device->base.raw + VIRTIO_MMIO_STATUS), width, 1);
		REFUSED("4.2.2.2");
	}
	begin(VIRTIO_ENTROPY);
	get(VIRTIO_MMIO_QUEUE_NOTIFY); /* is written only */
	REFUSED("4.2.2.2");
}
END_TEST

START_TEST(the_log_does_not_overflow)
{
	begin(VIRTIO_ENTROPY);
	for (unsigned i = 0; i < 1000; i++) {
		if (i == VIRTIO_REPORTS)
			host.log_length = 0;
		put(VIRTIO_MMIO_STATUS, 0);
		put(VIRTIO_MMIO_MAGIC, 0);
	}
	ck_assert_uint_eq(host.log_length, 0);
	ck_assert_ptr_nonnull(strstr(host.log, "says no more"));
	works();
}
END_TEST

/* ---- interrupts ---- */

/* The 8259 sees edges: what comes between reading and acknowledging must make one. */
START_TEST(an_event_that_is_left_interrupts_again)
{
	begin(VIRTIO_ENTROPY);
	start(NOTHING);
	ask();
	ck_assert_int_eq(irq_taken(), IRQ_VIRTIO_ENTROPY);
	ck_assert_uint_eq(get(VIRTIO_MMIO_INTERRUPT_STATUS), VIRTIO_INTERRUPT_USED);
	ask();
	ck_assert_int_eq(irq_taken(), -1); /* the line is still up */
	put(VIRTIO_MMIO_MAGIC, 0);         /* another event */
	put(VIRTIO_MMIO_INTERRUPT_ACK, VIRTIO_INTERRUPT_USED);
	ck_assert_uint_eq(interrupt_handled(), VIRTIO_INTERRUPT_CONFIG);
	ck_assert_int_eq(irq_taken(), -1);
}
END_TEST

START_TEST(interrupts_can_be_refused)
{
	begin(VIRTIO_ENTROPY);
	start(NOTHING);
	guest_write16(avail_at(0), VIRTQ_AVAIL_F_NO_INTERRUPT);
	ask();
	ck_assert_int_eq(irq_taken(), -1);
	ck_assert_uint_eq(get(VIRTIO_MMIO_INTERRUPT_STATUS), 0);

	start(VIRTIO_FEATURE(VIRTIO_F_EVENT_IDX));
	guest_write16(avail_at(0) + 4 + 2 * SIZE, 2); /* used_event */
	for (unsigned i = 0; i < 5; i++) {
		ask();
		ck_assert_int_eq(irq_taken(), i == 2 ? IRQ_VIRTIO_ENTROPY : -1);
		put(VIRTIO_MMIO_INTERRUPT_ACK, VIRTIO_INTERRUPT_USED);
	}
	ck_assert_uint_eq(guest_read16(used_at(0) + 4 + 8 * SIZE), 5); /* avail_event */
}
END_TEST

/* ---- queues ---- */

START_TEST(a_queue_is_reset)
{
	begin(VIRTIO_ENTROPY);
	start(VIRTIO_FEATURE(VIRTIO_F_RING_RESET));
	ask();
	put(VIRTIO_MMIO_QUEUE_RESET, 1);
	ck_assert_uint_eq(get(VIRTIO_MMIO_QUEUE_RESET), 0);
	ck_assert_uint_eq(get(VIRTIO_MMIO_QUEUE_READY), 0);
	ask(); /* nobody looks */
	ck_assert_uint_eq(given(0), 1);
	NOT_REFUSED();
	queue_set(0);
	ask();
	ck_assert_uint_eq(given(0), 1);
	put(VIRTIO_MMIO_QUEUE_READY, 0);
	ck_assert_uint_eq(get(VIRTIO_MMIO_QUEUE_READY), 0);
	ask();
	ck_assert_uint_eq(given(0), 1);
}
END_TEST

/* Bytes that are not all in memory, as far as the chassis says so. */
static const struct {
	uint64_t address;
	uint32_t length;
} outside[] = {
	{HOST_GUEST_MEMORY, 1},
	{HOST_GUEST_MEMORY - 1, 2},
	{0, HOST_GUEST_MEMORY + 1},
	{UINT64_MAX, 2},
	{UINT64_MAX - 0xfff, 0xffffffff},
	{0xffffffff, 2},
	{UINT64_C(1) << 32, 8},
	{VIRTIO_BASE, 4},
	{MONITOR_BASE, 4},
};

START_TEST(memory_has_an_end)
{
	begin(VIRTIO_ENTROPY);
	start(NOTHING);
	desc(0, 0, outside[_i].address, outside[_i].length, VIRTQ_DESC_F_WRITE);
	offer(0, 0);
	notify(0);
	REFUSED("2.7.5");
	ck_assert_uint_eq(given(0), 0);
	works();
}
END_TEST

/* A device that writes where the guest's descriptors are, or its page tables, is seen as the guest
 * is. */
START_TEST(a_device_writes_into_tables_that_are_watched)
{
	begin(VIRTIO_ENTROPY);
	start(NOTHING);
	vcpu->open_gdt->entry[SELECTOR_INDEX(FREE_LAST)] = (struct descriptor){1, 0};
	desc(0, 0, GDT_AT + FREE_LAST, 8, VIRTQ_DESC_F_WRITE);
	offer(0, 0);
	notify(0);
	ck_assert_uint_eq(given(0), 1);
	ck_assert_msg(vcpu->open_gdt->entry[SELECTOR_INDEX(FREE_LAST)].low != 1,
		"the monitor's copy of a descriptor is old");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("virtio");
	TCase *tests = tcase_create("transport");

	tcase_set_timeout(tests, 30);
	tcase_add_test(tests, the_command_line_says_where_they_are);
	tcase_add_test(tests, only_who_asks_has_devices);
	tcase_add_test(tests, without_a_disk_there_is_no_block_device);
	tcase_add_loop_test(tests, features_have_two_halves, 0, VIRTIO_DEVICES);
	tcase_add_test(tests, what_is_not_there_says_so);
	tcase_add_test(tests, the_configuration_is_read_in_any_width);
	tcase_add_test(tests, a_device_works);
	tcase_add_test(tests, features_must_be_good);
	tcase_add_test(tests, what_came_before_driver_ok_is_not_lost);
	tcase_add_test(tests, a_reset_clears_everything);
	tcase_add_loop_test(tests, a_write_is_refused, 0, (int)ARRAY_LENGTH(writes));
	tcase_add_loop_test(tests, a_queue_is_refused, 0, (int)ARRAY_LENGTH(settings));
	tcase_add_test(tests, tables_may_end_where_memory_ends);
	tcase_add_test(tests, steps_in_the_wrong_order_are_refused);
	tcase_add_test(tests, registers_have_32_bits);
	tcase_add_test(tests, the_log_does_not_overflow);
	tcase_add_test(tests, an_event_that_is_left_interrupts_again);
	tcase_add_test(tests, interrupts_can_be_refused);
	tcase_add_test(tests, a_queue_is_reset);
	tcase_add_loop_test(tests, memory_has_an_end, 0, (int)ARRAY_LENGTH(outside));
	tcase_add_test(tests, a_device_writes_into_tables_that_are_watched);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
