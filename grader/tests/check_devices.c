/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a guest finds behind its ports, as the data sheets have it: the bus, the serial port, the
 * debugging ports. Timer, clock and keyboard have files of their own.
 */
#include "devices_fixture.h"

/* The serial port: offsets from 3F8h are the registers' names. */
enum { RBR = 0x3f8, THR = RBR, IER, IIR, FCR = IIR, LCR, MCR, LSR, MSR, SCR };
enum { OUT2 = 0x08, LOOP = 0x10 };

enum { IRQ_COM1 = 4 };

/* ---- bus ---- */

START_TEST(a_port_without_a_device_reads_all_ones_and_is_named_once)
{
	ck_assert_uint_eq(bus_read(vm, 0x5555, 1), 0xff);
	ck_assert_str_eq(seen.log, "guest: no device at port 5555 (read at EIP 00000000)\n");
	ck_assert_uint_eq(bus_read(vm, 0x5555, 2), 0xffff);
	ck_assert_uint_eq(bus_read(vm, 0x5555, 4), 0xffffffff);
	bus_write(vm, 0x5555, 1, 3);
	ck_assert_str_eq(seen.log, "guest: no device at port 5555 (read at EIP 00000000)\n");
	bus_write(vm, 0xcf8, 4, 0x80000000);
	ck_assert_ptr_nonnull(strstr(seen.log, "port cf8 (written"));
	ck_assert_ptr_null(strstr(seen.log, "port cf9"));
}
END_TEST

START_TEST(wide_accesses_become_bytes_the_low_one_first)
{
	out(LCR, 0x80);
	bus_write(vm, RBR, 2, 0x1234); /* both halves of the divisor */
	ck_assert_uint_eq(in(RBR), 0x34);
	ck_assert_uint_eq(in(IER), 0x12);
	ck_assert_uint_eq(bus_read(vm, RBR, 2), 0x1234);
	ck_assert_uint_eq(bus_read(vm, RBR, 4), 0x80011234);
	/* half on the device, half on nothing */
	ck_assert_uint_eq(bus_read(vm, 0x3f6, 4), 0x1234ffff);
	ck_assert_uint_eq(bus_read(vm, 0xffff, 2), 0xffff);
}
END_TEST

static uint32_t wide_read(struct vm *machine, uint16_t port, unsigned size)
{
	(void)machine;
	return size << 16 | port;
}

START_TEST(a_device_may_take_wide_accesses_whole)
{
	bus_attach(&vm->bus,
		(struct bus_range){
			.first = 0x1f0, .last = 0x1f3, .read = wide_read, .sizes = BUS_WORD});
	ck_assert_uint_eq(bus_read(vm, 0x1f1, 2), 0x01f1);
	ck_assert_uint_eq(bus_read(vm, 0x1f0, 4), 0x01f201f0); /* two words */
	ck_assert_uint_eq(bus_read(vm, 0x1f3, 2), 0xfff3);     /* beyond its end: bytes */
}
END_TEST

START_TEST(two_devices_cannot_have_one_port)
{
	seen.expects_panic = true;
	if (!setjmp(seen.panic)) {
		bus_attach(&vm->bus,
			(struct bus_range){.first = 0x3f0, .last = 0x3f8, .read = wide_read});
		ck_abort_msg("nothing was said");
	}
}
END_TEST

/* ---- serial port ---- */

static void received(const char *text)
{
	for (; *text; text++)
		devices_serial_input(vm, (uint8_t)*text);
}

START_TEST(a_polling_guest_finds_the_transmitter_ready)
{
	for (const char *c = "hello"; *c; c++) {
		ck_assert_uint_eq(in(LSR), 0x60);
		out(THR, (uint8_t)*c);
	}
	ck_assert_str_eq(seen.sent, "hello");
	ck_assert_uint_eq(seen.edges[IRQ_COM1], 0);
}
END_TEST

START_TEST(each_byte_sent_is_one_interrupt_of_the_transmitter)
{
	out(MCR, OUT2);
	out(IER, 0x02); /* it is empty already */
	ck_assert_uint_eq(seen.edges[IRQ_COM1], 1);
	ck_assert_uint_eq(in(IIR), 0x02);
	ck_assert(!seen.line[IRQ_COM1]); /* reading has taken it back */
	ck_assert_uint_eq(in(IIR), 0x01);
	out(THR, 'a');
	ck_assert_uint_eq(seen.edges[IRQ_COM1], 2);
	out(THR, 'b'); /* a new edge, though nobody has looked */
	ck_assert_uint_eq(seen.edges[IRQ_COM1], 3);
	in(IIR);
	out(IER, 0x00);
	ck_assert(!seen.line[IRQ_COM1]);
	out(IER, 0x02); /* to enable it asks again: so a driver starts */
	ck_assert_uint_eq(seen.edges[IRQ_COM1], 4);
}
END_TEST

START_TEST(out2_lets_the_interrupt_through)
{
	out(IER, 0x01);
	received("x");
	ck_assert_uint_eq(in(IIR), 0x04);
	ck_assert(!seen.line[IRQ_COM1]);
	out(MCR, OUT2);
	ck_assert(seen.line[IRQ_COM1]);
	out(MCR, 0);
	ck_assert(!seen.line[IRQ_COM1]);
}
END_TEST

START_TEST(without_a_fifo_each_byte_received_is_an_edge)
{
	out(MCR, OUT2);
	out(IER, 0x01);
	received("abc");
	for (const char *c = "abc"; *c; c++) {
		ck_assert(seen.line[IRQ_COM1]);
		ck_assert_uint_eq(in(LSR), 0x61);
		ck_assert_uint_eq(in(RBR), (uint8_t)*c);
	}
	ck_assert_uint_eq(seen.edges[IRQ_COM1], 3);
	ck_assert(!seen.line[IRQ_COM1]);
	ck_assert_uint_eq(in(LSR), 0x60);
}
END_TEST

START_TEST(the_fifo_interrupts_at_its_trigger_level)
{
	static const unsigned levels[] = {1, 4, 8, 14};

	out(MCR, OUT2);
	out(IER, 0x01);
	for (unsigned i = 0; i < 4; i++) {
		out(FCR, i << 6 | 0x07);
		for (unsigned n = 1; n <= levels[i]; n++) {
			ck_assert_uint_eq(in(IIR), 0xc1);
			received("x");
		}
		ck_assert_uint_eq(in(IIR), 0xc4);
		in(RBR);
		ck_assert_uint_eq(in(IIR), 0xc1);
		out(FCR, i << 6 | 0x03); /* emptied */
		ck_assert_uint_eq(in(LSR), 0x60);
	}
	received("x");
	out(FCR, 0); /* switching empties it */
	ck_assert_uint_eq(in(IIR), 0x01);
	ck_assert_uint_eq(in(LSR), 0x60);
	received("y");
	out(FCR, 0xc2); /* of no effect while it is off */
	ck_assert_uint_eq(in(IIR), 0x04);
	ck_assert_uint_eq(in(LSR), 0x61);
}
END_TEST

START_TEST(bytes_below_the_level_time_out_after_four_characters)
{
	/* 1200 baud, 8 bits, no parity, one stop bit: 40 bits take 33333 us */
	const uint64_t expected = CLOCK_HZ / 30;

	out(LCR, 0x83);
	bus_write(vm, RBR, 2, 96);
	out(LCR, 0x03);
	out(MCR, OUT2);
	out(IER, 0x01);
	out(FCR, 0xc1);
	unsigned before = seen.deadlines;
	received("ab");
	ck_assert_uint_gt(seen.deadlines, before);
	uint64_t deadline = devices_deadline(vm) - seen.now;
	ck_assert_uint_ge(deadline, expected);
	ck_assert_uint_le(deadline, expected + expected / 1000);
	seen.now += deadline - 1;
	devices_advance(vm, seen.now);
	ck_assert_uint_eq(in(IIR), 0xc1);
	seen.now++;
	devices_advance(vm, seen.now);
	ck_assert(seen.line[IRQ_COM1]);
	ck_assert_uint_eq(in(IIR), 0xcc);
	ck_assert_uint_eq(in(RBR), 'a'); /* the time starts anew */
	ck_assert_uint_eq(in(IIR), 0xc1);
	seen.now += deadline;
	ck_assert_uint_eq(in(IIR), 0xcc); /* also where nobody was told in between */
	ck_assert_uint_eq(in(RBR), 'b');
	seen.now += deadline;
	ck_assert_uint_eq(in(IIR), 0xc1); /* nothing is left to be late */
}
END_TEST

START_TEST(what_arrives_waits_for_the_receiver)
{
	char text[UART_FIFO + UART_WIRE + 1] = {0};

	for (unsigned i = 0; i < UART_FIFO + UART_WIRE; i++)
		text[i] = (char)('0' + i);
	out(FCR, 0x01);
	received(text);
	ck_assert_uint_eq(in(LSR), 0x61);
	received("!"); /* more than all of it */
	out(MCR, OUT2);
	out(IER, 0x04);
	ck_assert_uint_eq(in(IIR), 0xc6);
	ck_assert_uint_eq(in(LSR), 0x63);
	ck_assert_uint_eq(in(LSR), 0x61); /* reading took it back */
	ck_assert(!seen.line[IRQ_COM1]);
	for (unsigned i = 0; text[i]; i++)
		ck_assert_uint_eq(in(RBR), (uint8_t)text[i]);
	ck_assert_uint_eq(in(LSR), 0x60);
}
END_TEST

START_TEST(in_loopback_the_port_talks_to_itself)
{
	out(LCR, 0x03);
	out(MCR, LOOP);
	received("w"); /* stays outside */
	out(THR, 'x');
	ck_assert_uint_eq(in(LSR), 0x61);
	out(THR, 'y'); /* overruns the register */
	ck_assert_uint_eq(in(LSR), 0x63);
	ck_assert_uint_eq(in(RBR), 'y');
	ck_assert_uint_eq(in(LSR), 0x60);
	out(FCR, 0x01);
	for (unsigned i = 0; i < 17; i++)
		out(THR, i);
	ck_assert_uint_eq(in(LSR), 0x63); /* the FIFO keeps the first sixteen */
	for (unsigned i = 0; i < 16; i++)
		ck_assert_uint_eq(in(RBR), i);
	ck_assert_uint_eq(in(LSR), 0x60);
	out(LCR, 0x00); /* five bits */
	out(THR, 0xff);
	ck_assert_uint_eq(in(RBR), 0x1f);
	ck_assert_str_eq(seen.sent, "");
	out(MCR, 0);
	ck_assert_uint_eq(in(RBR), 'w');
}
END_TEST

START_TEST(in_loopback_the_modem_lines_are_the_chips_own)
{
	in(MSR);
	out(MCR, LOOP);
	ck_assert_uint_eq(in(MSR), 0x0b); /* three lines fell */
	ck_assert_uint_eq(in(MSR), 0x00);
	out(MCR, LOOP | 0x01);
	ck_assert_uint_eq(in(MSR), 0x22);
	out(MCR, LOOP | 0x02);
	ck_assert_uint_eq(in(MSR), 0x13);
	out(MCR, LOOP | 0x04);
	ck_assert_uint_eq(in(MSR), 0x41); /* that the bell rings is no event */
	out(MCR, LOOP | OUT2);
	ck_assert_uint_eq(in(MSR), 0x8c); /* that it stops is one */
	out(IER, 0x08);
	out(MCR, LOOP | OUT2 | 0x01);
	ck_assert(seen.line[IRQ_COM1]);
	ck_assert_uint_eq(in(IIR), 0x00);
	in(MSR);
	ck_assert_uint_eq(in(IIR), 0x01);
}
END_TEST

START_TEST(interrupts_have_an_order)
{
	out(LCR, 0x03);
	out(IER, 0x0f);
	out(MCR, LOOP | OUT2); /* the modem's lines change */
	out(THR, 'x');
	out(THR, 'y'); /* overrun */
	ck_assert_uint_eq(in(IIR), 0x06);
	in(LSR);
	ck_assert_uint_eq(in(IIR), 0x04);
	in(RBR);
	ck_assert_uint_eq(in(IIR), 0x02);
	ck_assert_uint_eq(in(IIR), 0x00);
	in(MSR);
	ck_assert_uint_eq(in(IIR), 0x01);
	ck_assert(!seen.line[IRQ_COM1]);
}
END_TEST

/* ---- debugging ports ---- */

static void out_text(uint16_t port, const char *text)
{
	for (; *text; text++)
		out(port, (uint8_t)*text);
}

START_TEST(text_goes_to_the_log_by_lines)
{
	out_text(0xe9, "one\r\ntwo \x1b[2J");
	ck_assert_str_eq(seen.log, "guest| one\n");
	debug_ports_flush(vm);
	ck_assert_str_eq(seen.log, "guest| one\nguest| two .[2J\n");
	ck_assert_uint_eq(in(0xe9), 0xe9);
	seen.log[0] = '\0';
	for (unsigned i = 0; i < DEBUG_LINE + 1; i++)
		out(0xe9, 'x');
	ck_assert_uint_eq(strlen(seen.log), strlen("guest| \n") + DEBUG_LINE);
}
END_TEST

START_TEST(a_guest_can_switch_itself_off)
{
	out_text(0x8900, "ShutShutdow");
	ck_assert_ptr_null(seen.ended);
	out(0x8900, 'n');
	ck_assert_str_eq(seen.ended, "switched itself off");
	seen.ended = NULL;
	bus_write(vm, 0x604, 2, 0x2001);
	bus_write(vm, 0x604, 4, 0x12342000);
	ck_assert_str_eq(seen.ended, "switched itself off");
}
END_TEST

START_TEST(a_guest_can_reset_itself)
{
	static const uint8_t ways[][3] = {
		{0x92, 0x03, 0}, {0x64, 0xfe, 0}, {0x64, 0xd1, 0x02}, {0x64, 0xf0, 0}};

	out(0x92, 0x02);
	out(0x64, 0xff);
	out(0x64, 0xd1);
	out(0x60, 0x03);
	ck_assert_ptr_null(seen.ended);
	for (unsigned i = 0; i < ARRAY_LENGTH(ways); i++) {
		seen.ended = NULL;
		out(ways[i][0], ways[i][1]);
		if (ways[i][2])
			out(0x60, ways[i][2]);
		ck_assert_str_eq(seen.ended, "reset itself");
	}
}
END_TEST

START_TEST(the_post_code_and_a20_are_kept)
{
	out(0x80, 0x5a);
	ck_assert_uint_eq(in(0x80), 0x5a);
	ck_assert_uint_eq(in(0x92), 0x02);
	out(0x92, 0x00);
	out(0x64, 0xd0);
	ck_assert_uint_eq(in(0x60) & 0x03, 0x01);
	out(0x64, 0xdf);
	ck_assert_uint_eq(in(0x92), 0x02);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("devices");
	TCase *tests = tcase_create("devices");

	tcase_add_checked_fixture(tests, devices_make, devices_free);
	tcase_add_test(tests, a_port_without_a_device_reads_all_ones_and_is_named_once);
	tcase_add_test(tests, wide_accesses_become_bytes_the_low_one_first);
	tcase_add_test(tests, a_device_may_take_wide_accesses_whole);
	tcase_add_test(tests, two_devices_cannot_have_one_port);
	tcase_add_test(tests, a_polling_guest_finds_the_transmitter_ready);
	tcase_add_test(tests, each_byte_sent_is_one_interrupt_of_the_transmitter);
	tcase_add_test(tests, out2_lets_the_interrupt_through);
	tcase_add_test(tests, without_a_fifo_each_byte_received_is_an_edge);
	tcase_add_test(tests, the_fifo_interrupts_at_its_trigger_level);
	tcase_add_test(tests, bytes_below_the_level_time_out_after_four_characters);
	tcase_add_test(tests, what_arrives_waits_for_the_receiver);
	tcase_add_test(tests, in_loopback_the_port_talks_to_itself);
	tcase_add_test(tests, in_loopback_the_modem_lines_are_the_chips_own);
	tcase_add_test(tests, interrupts_have_an_order);
	tcase_add_test(tests, text_goes_to_the_log_by_lines);
	tcase_add_test(tests, a_guest_can_switch_itself_off);
	tcase_add_test(tests, a_guest_can_reset_itself);
	tcase_add_test(tests, the_post_code_and_a20_are_kept);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
