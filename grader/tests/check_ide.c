/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's disk as the standard has it (ATA-4; the power commands' older codes: ATA-3), on the
 * host and with sanitizers. What a real drive and Bochs's do alike is compared in
 * check_devices_ide.c.
 *
 * The disk is HOST_DISK bytes, between frames that AddressSanitizer watches: whoever reads or
 * writes beside it ends the test.
 */
#include "guest.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum {
	DATA = 0x170,
	ERROR,
	FEATURES = ERROR,
	COUNT,
	SECTOR,
	CYLINDER_LOW,
	CYLINDER_HIGH,
	DEVICE,
	STATUS,
	COMMAND = STATUS,
	CONTROL = 0x376, /* read: alternate status */
	DRIVE_ADDRESS,
};

enum { BUSY = 0x80, READY = 0x50, WAITS = 0x58, FAILED = 0x51 }; /* Status */
enum { NIEN = 0x02, SRST = 0x04 };
enum { LBA = 0xe0, CHS = 0xa0, SLAVE = 0x10 };
enum { ABORTED = 0x04, NOT_FOUND = 0x10 };

#define SECTORS (HOST_DISK / 512)
#define WORDS   256

static uint32_t in(uint16_t port)
{
	return bus_read(vm, port, 1);
}

static void out(uint16_t port, uint32_t value)
{
	bus_write(vm, port, 1, value);
}

static bool line(void)
{
	return vm->devices.ide.line;
}

/* Every word of the disk tells where it is. */
static uint16_t word_at(uint32_t sector, uint32_t word)
{
	return (uint16_t)(sector * 257 + word * 3 + 1);
}

static uint16_t disk_word(uint32_t sector, uint32_t word)
{
	uint16_t value;

	memcpy(&value, vm->disk + sector * 512 + word * 2, 2);
	return value;
}

static void disk_make(void)
{
	guest_make();
	for (uint32_t sector = 0; sector < SECTORS; sector++)
		for (uint32_t word = 0; word < WORDS; word++) {
			uint16_t value = word_at(sector, word);
			memcpy(vm->disk + sector * 512 + word * 2, &value, 2);
		}
}

static void address(uint32_t device, uint32_t sector, uint32_t count)
{
	out(DEVICE, device | (sector >> 24 & 0xf));
	out(COUNT, count);
	out(SECTOR, sector);
	out(CYLINDER_LOW, sector >> 8);
	out(CYLINDER_HIGH, sector >> 16);
}

static void address_geometry(uint32_t cylinder, uint32_t head, uint32_t sector, uint32_t count)
{
	out(DEVICE, CHS | head);
	out(COUNT, count);
	out(SECTOR, sector);
	out(CYLINDER_LOW, cylinder);
	out(CYLINDER_HIGH, cylinder >> 8);
}

static void command(uint32_t device, uint32_t sector, uint32_t count, uint32_t code)
{
	address(device, sector, count);
	out(COMMAND, code);
}

static void take(uint32_t words)
{
	while (words--)
		bus_read(vm, DATA, 2);
}

static void give(uint32_t words, uint32_t value)
{
	while (words--)
		bus_write(vm, DATA, 2, value);
}

/* The sector that waits is this one. */
static void takes_sector(uint32_t sector)
{
	for (uint32_t word = 0; word < WORDS; word++)
		ck_assert_uint_eq(bus_read(vm, DATA, 2), word_at(sector, word));
}

/* A command without data: Status and Error. */
static void answers(uint32_t code, uint32_t status, uint32_t error)
{
	out(COMMAND, code);
	ck_assert_msg(line(), "%02x: no interrupt", code);
	ck_assert_msg(in(CONTROL) == status, "%02x: status is %02x", code, in(CONTROL));
	if (status == FAILED)
		ck_assert_msg(in(ERROR) == error, "%02x: error is %02x", code, in(ERROR));
	in(STATUS);
	ck_assert(!line());
}

/* ---- reading ---- */

START_TEST(identify_says_what_it_is)
{
	uint16_t page[WORDS];
	char model[41] = "";

	out(COMMAND, 0xec);
	ck_assert(line());
	ck_assert_uint_eq(in(STATUS), WAITS);
	for (uint32_t i = 0; i < WORDS; i++)
		page[i] = (uint16_t)bus_read(vm, DATA, 2);
	ck_assert_uint_eq(in(STATUS), READY);
	ck_assert(!line());
	for (uint32_t i = 0; i < 20; i++) {
		model[2 * i] = (char)(page[27 + i] >> 8);
		model[2 * i + 1] = (char)page[27 + i];
	}
	ck_assert_str_eq(model, "RINGFENCE DISK                          ");
	ck_assert_uint_eq(page[0], 0x0040);
	ck_assert_uint_eq(page[1] * page[3] * page[6], SECTORS);
	ck_assert_uint_eq(page[47] & 0xff, 16);
	ck_assert_uint_eq(page[49], 0x0200); /* LBA, no DMA */
	ck_assert_uint_eq(page[60] | (uint32_t)page[61] << 16, SECTORS);
	ck_assert_uint_eq(page[54] * page[55] * page[56], page[57] | (uint32_t)page[58] << 16);
	ck_assert_uint_eq(page[59], 0);
	out(COUNT, 4);
	answers(0xc6, READY, 0);
	out(COMMAND, 0xec);
	for (uint32_t i = 0; i < WORDS; i++)
		page[i] = (uint16_t)bus_read(vm, DATA, 2);
	ck_assert_uint_eq(page[59], 0x0104);
}
END_TEST

START_TEST(reading_interrupts_for_each_block_and_not_at_the_end)
{
	for (uint32_t code = 0x20; code <= 0x21; code++) {
		command(LBA, 5, 3, code);
		for (uint32_t sector = 5; sector < 8; sector++) {
			ck_assert(line());
			ck_assert_uint_eq(in(CONTROL), WAITS);
			ck_assert(line()); /* alternate status takes nothing back */
			ck_assert_uint_eq(in(STATUS), WAITS);
			ck_assert(!line());
			takes_sector(sector);
		}
		ck_assert(!line());
		ck_assert_uint_eq(in(STATUS), READY);
		ck_assert_uint_eq(in(COUNT), 0);
	}
}
END_TEST

START_TEST(a_count_of_0_is_256)
{
	command(LBA, 0, 0, 0x20);
	for (uint32_t sector = 0; sector < SECTORS; sector++)
		takes_sector(sector);
	ck_assert_uint_eq(in(STATUS), FAILED); /* the disk ends before */
	ck_assert_uint_eq(in(COUNT), (256 - SECTORS) & 0xff);
}
END_TEST

START_TEST(data_comes_as_words_and_doublewords)
{
	command(LBA, 3, 1, 0x20);
	ck_assert_uint_eq(bus_read(vm, DATA, 4), word_at(3, 0) | (uint32_t)word_at(3, 1) << 16);
	ck_assert_uint_eq(bus_read(vm, DATA, 1), 0xff); /* and not as bytes */
	ck_assert_uint_eq(bus_read(vm, DATA, 2), word_at(3, 2));
	take(WORDS - 3);
	ck_assert_uint_eq(in(STATUS), READY);
	ck_assert_uint_eq(bus_read(vm, DATA, 2), 0);
	command(LBA, 3, 1, 0x30);
	bus_write(vm, DATA, 4, 0x22221111);
	bus_write(vm, DATA, 1, 0x77);
	give(WORDS - 2, 0x3333);
	ck_assert_uint_eq(disk_word(3, 0), 0x1111);
	ck_assert_uint_eq(disk_word(3, 1), 0x2222);
	ck_assert_uint_eq(disk_word(3, 2), 0x3333);
	/* at the other ports a wide access is one of bytes */
	bus_write(vm, COUNT, 4, 0x44332211);
	ck_assert_uint_eq(in(CYLINDER_HIGH), 0x44);
	ck_assert_uint_eq(bus_read(vm, SECTOR, 2), 0x3322);
}
END_TEST

/* ---- writing ---- */

START_TEST(writing_interrupts_after_each_block)
{
	for (uint32_t code = 0x30; code <= 0x31; code++) {
		command(LBA, 10, 2, code);
		ck_assert(!line()); /* the first block is not asked for */
		ck_assert_uint_eq(in(STATUS), WAITS);
		give(WORDS - 1, code);
		ck_assert_uint_eq(disk_word(10, 0), code == 0x30 ? word_at(10, 0) : 0x30);
		give(1, code);
		ck_assert(line());
		ck_assert_uint_eq(in(STATUS), WAITS);
		give(WORDS, code + 0x100);
		ck_assert(line());
		ck_assert_uint_eq(in(STATUS), READY);
		ck_assert_uint_eq(disk_word(10, 255), code);
		ck_assert_uint_eq(disk_word(11, 0), code + 0x100);
		ck_assert_uint_eq(disk_word(12, 0), word_at(12, 0));
		ck_assert_uint_eq(disk_word(9, 255), word_at(9, 255));
	}
}
END_TEST

START_TEST(a_part_of_a_block_is_not_written)
{
	command(LBA, 10, 1, 0x30);
	give(WORDS - 1, 0);
	out(COMMAND, 0xe7);
	ck_assert_uint_eq(in(STATUS), READY);
	give(1, 0);
	ck_assert_uint_eq(disk_word(10, 0), word_at(10, 0));
	command(LBA, 10, 1, 0x30);
	give(WORDS - 1, 0);
	out(CONTROL, SRST);
	give(1, 0);
	out(CONTROL, 0);
	give(1, 0);
	ck_assert_uint_eq(disk_word(10, 0), word_at(10, 0));
}
END_TEST

START_TEST(the_directions_do_not_mix)
{
	command(LBA, 10, 1, 0x30);
	ck_assert_uint_eq(bus_read(vm, DATA, 2), 0);
	give(WORDS, 7);
	ck_assert_uint_eq(disk_word(10, 0), 7);
	command(LBA, 11, 1, 0x20);
	give(WORDS, 7);
	takes_sector(11);
	ck_assert_uint_eq(disk_word(11, 0), word_at(11, 0));
}
END_TEST

/* ---- blocks of several sectors ---- */

START_TEST(multiple_transfers_come_in_blocks)
{
	command(LBA, 0, 4, 0xc4);
	ck_assert_uint_eq(in(STATUS), FAILED); /* before it is set */
	ck_assert_uint_eq(in(ERROR), ABORTED);
	command(LBA, 0, 4, 0xc5);
	ck_assert_uint_eq(in(STATUS), FAILED);
	out(COUNT, 4);
	answers(0xc6, READY, 0);
	command(LBA, 20, 6, 0xc4);
	ck_assert_uint_eq(in(STATUS), WAITS);
	for (uint32_t sector = 20; sector < 24; sector++) {
		ck_assert(!line());
		takes_sector(sector);
	}
	ck_assert(line());
	ck_assert_uint_eq(in(STATUS), WAITS);
	takes_sector(24);
	takes_sector(25);
	ck_assert_uint_eq(in(STATUS), READY);
	command(LBA, 20, 6, 0xc5);
	give(4 * WORDS - 1, 0xbeef);
	ck_assert(!line());
	ck_assert_uint_eq(disk_word(20, 0), word_at(20, 0));
	give(1, 0xbeef);
	ck_assert(line());
	ck_assert_uint_eq(disk_word(23, 255), 0xbeef);
	ck_assert_uint_eq(in(STATUS), WAITS);
	give(2 * WORDS, 0xcafe);
	ck_assert(line());
	ck_assert_uint_eq(in(STATUS), READY);
	ck_assert_uint_eq(disk_word(25, 255), 0xcafe);
	ck_assert_uint_eq(disk_word(26, 0), word_at(26, 0));
}
END_TEST

START_TEST(the_size_of_a_block_is_a_power_of_two_up_to_16)
{
	for (uint32_t count = 0; count < 256; count++) {
		bool good = count <= 16 && !(count & (count - 1)); /* 0 switches it off */
		out(COUNT, count);
		answers(0xc6, good ? READY : FAILED, ABORTED);
	}
	out(COUNT, 0);
	answers(0xc6, READY, 0);
	command(LBA, 0, 1, 0xc4);
	ck_assert_uint_eq(in(STATUS), FAILED);
}
END_TEST

/* ---- addresses ---- */

START_TEST(a_sector_has_two_addresses)
{
	/* 4 heads of 16 sectors: there is one cylinder */
	for (uint32_t sector = 0; sector < SECTORS; sector++) {
		address_geometry(0, sector / 16, sector % 16 + 1, 1);
		out(COMMAND, 0x20);
		takes_sector(sector);
	}
	address_geometry(0, 0, 15, 4); /* over the end of a track */
	out(COMMAND, 0x20);
	for (uint32_t sector = 14; sector < 18; sector++)
		takes_sector(sector);
}
END_TEST

START_TEST(the_geometry_can_be_another)
{
	out(DEVICE, CHS | 1);
	out(COUNT, 8);
	answers(0x91, READY, 0); /* 2 heads of 8 sectors: 4 cylinders */
	address_geometry(3, 1, 8, 1);
	out(COMMAND, 0x20);
	takes_sector(63);
	address_geometry(1, 1, 8, 2); /* over the end of a cylinder */
	out(COMMAND, 0x20);
	takes_sector(31);
	takes_sector(32);
	address_geometry(4, 0, 1, 1);
	answers(0x40, FAILED, NOT_FOUND);
	out(DEVICE, CHS | 15);
	out(COUNT, 5);
	answers(0x91, FAILED, ABORTED); /* more than the disk is one cylinder */
	out(DEVICE, CHS);
	out(COUNT, 0);
	answers(0x91, FAILED, ABORTED);
}
END_TEST

static void is_not_there(uint32_t cylinder, uint32_t head, uint32_t sector)
{
	address_geometry(cylinder, head, sector, 1);
	answers(0x40, FAILED, NOT_FOUND);
	answers(0x70, FAILED, NOT_FOUND);
	out(COMMAND, 0x20);
	ck_assert_uint_eq(in(STATUS), FAILED);
	answers(0x30, FAILED, NOT_FOUND); /* before there is data */
	give(WORDS, 0xdead);
}

START_TEST(addresses_that_are_not_on_the_disk_are_not_found)
{
	is_not_there(0, 0, 0);
	is_not_there(0, 1, 0);
	is_not_there(0, 0, 17);
	is_not_there(0, 4, 1);
	is_not_there(1, 0, 1);
	is_not_there(0x100, 0, 1);
	is_not_there(0xffff, 15, 255);
	for (uint32_t bit = 6; bit < 28; bit++) {
		address(LBA, 1u << bit, 1);
		answers(0x40, FAILED, NOT_FOUND);
		command(LBA, 1u << bit, 1, 0x30);
		ck_assert_uint_eq(in(STATUS), FAILED);
		give(WORDS, 0xdead);
	}
	for (uint32_t sector = 0; sector < SECTORS; sector++)
		ck_assert_uint_eq(disk_word(sector, 7), word_at(sector, 7));
}
END_TEST

START_TEST(an_error_names_the_sector_and_comes_after_what_is_before_it)
{
	command(LBA, SECTORS - 2, 5, 0x20);
	takes_sector(SECTORS - 2);
	takes_sector(SECTORS - 1);
	ck_assert(line());
	ck_assert_uint_eq(in(STATUS), FAILED);
	ck_assert_uint_eq(in(ERROR), NOT_FOUND);
	ck_assert_uint_eq(in(SECTOR), SECTORS);
	ck_assert_uint_eq(in(COUNT), 3);
	command(LBA, SECTORS - 1, 2, 0x30);
	give(WORDS, 0x1234);
	ck_assert_uint_eq(in(STATUS), WAITS);
	give(WORDS, 0x5678);
	ck_assert_uint_eq(in(STATUS), FAILED);
	ck_assert_uint_eq(disk_word(SECTORS - 1, 255), 0x1234);
	address(LBA, SECTORS - 4, 4);
	answers(0x40, READY, 0);
	address(LBA, SECTORS - 4, 5);
	answers(0x41, FAILED, NOT_FOUND);
	ck_assert_uint_eq(in(SECTOR), SECTORS);
	/* the next command begins without it */
	address(LBA, 0, 1);
	answers(0x40, READY, 0);
	ck_assert_uint_eq(in(ERROR), 0);
}
END_TEST

/* ---- other commands ---- */

/* By the standard's tables: all that this drive has, each with registers that suit it. */
static bool is_known(uint32_t code)
{
	static const uint8_t known[] = {0x20, 0x21, 0x30, 0x31, 0x40, 0x41, 0x70, 0x90, 0x91, 0x94,
		0x95, 0x96, 0x97, 0x98, 0x99, 0xc4, 0xc5, 0xc6, 0xe0, 0xe1, 0xe2, 0xe3, 0xe5, 0xe6,
		0xe7, 0xec, 0xef};

	return (code & 0xf0) == 0x10 || memchr(known, (int)code, sizeof(known));
}

START_TEST(unknown_commands_are_aborted)
{
	for (uint32_t code = 0; code < 256; code++) {
		out(CONTROL, SRST); /* wakes it */
		out(CONTROL, 0);
		out(COUNT, 16);
		answers(0xc6, READY, 0);
		address(LBA, 0, 16);
		out(FEATURES, 0x82);
		out(COMMAND, code);
		bool aborted = in(CONTROL) == FAILED && in(ERROR) == ABORTED;
		ck_assert_msg(
			aborted == !is_known(code), "command %02x: status %02x", code, in(CONTROL));
		ck_assert_int_eq(vm->state, VM_READY);
	}
	ck_assert_str_eq(host.log, "");
}
END_TEST

START_TEST(commands_without_data_succeed_at_once)
{
	static const uint8_t codes[] = {
		0x10, 0x1f, 0x70, 0xe0, 0xe1, 0xe2, 0xe3, 0xe5, 0xe7, 0x94, 0x95, 0x96, 0x97, 0x98};

	for (uint32_t i = 0; i < sizeof(codes); i++) {
		address(LBA, 5, 1);
		answers(codes[i], READY, 0);
	}
}
END_TEST

START_TEST(features_are_transfer_modes_and_caches)
{
	for (uint32_t feature = 0; feature < 256; feature++) {
		static const uint8_t known[] = {0x02, 0x03, 0x55, 0x66, 0x82, 0xaa, 0xcc};
		out(FEATURES, feature);
		out(COUNT, 0);
		answers(0xef, memchr(known, (int)feature, sizeof(known)) ? READY : FAILED, ABORTED);
	}
	out(FEATURES, 3);
	for (uint32_t mode = 0; mode < 256; mode++) {
		bool programmed = mode <= 1 || (mode >= 8 && mode <= 12);
		out(COUNT, mode);
		answers(0xef, programmed ? READY : FAILED, ABORTED);
	}
}
END_TEST

START_TEST(it_says_whether_it_stands_by)
{
	static const uint8_t codes[2][4] = {{0xe0, 0xe1, 0xe2, 0xe3}, {0x94, 0x95, 0x96, 0x97}};

	for (unsigned old = 0; old < 2; old++) {
		for (unsigned i = 0; i < 4; i++) {
			answers(codes[old][i], READY, 0);
			answers(old ? 0x98 : 0xe5, READY, 0);
			ck_assert_uint_eq(in(COUNT), i % 2 ? 0xff : 0x00);
		}
		answers(codes[old][0], READY, 0);
		command(LBA, 0, 1, 0x20);
		takes_sector(0);
		answers(old ? 0x98 : 0xe5, READY, 0);
		ck_assert_uint_eq(in(COUNT), 0xff);
	}
}
END_TEST

START_TEST(only_a_reset_wakes_it)
{
	for (unsigned old = 0; old < 2; old++) {
		answers(old ? 0x99 : 0xe6, READY, 0);
		command(LBA, 0, 1, 0x20);
		ck_assert(!line());
		ck_assert_uint_eq(in(STATUS), READY);
		out(CONTROL, SRST);
		out(CONTROL, 0);
		command(LBA, 0, 1, 0x20);
		takes_sector(0);
	}
}
END_TEST

/* ---- interrupts, the slave, resets ---- */

START_TEST(nien_holds_the_interrupt_back)
{
	out(CONTROL, NIEN);
	out(COMMAND, 0xe7);
	ck_assert(!line());
	out(CONTROL, 0);
	ck_assert(line());
	out(CONTROL, NIEN);
	ck_assert(!line());
	in(STATUS);
	out(CONTROL, 0);
	ck_assert(!line());
	out(COMMAND, 0xe7);
	ck_assert(line());
	command(LBA, 0, 1, 0x30); /* a command takes it back too */
	ck_assert(!line());
}
END_TEST

START_TEST(the_interrupt_is_irq_15)
{
	out(0x20, 0x11), out(0x21, 0x20), out(0x21, 4), out(0x21, 1), out(0x21, 0);
	out(0xa0, 0x11), out(0xa1, 0x28), out(0xa1, 2), out(0xa1, 1), out(0xa1, 0);
	ck_assert(!vm->interrupt_pending);
	out(COMMAND, 0xe7);
	ck_assert(vm->interrupt_pending);
	ck_assert_uint_eq(vpic_acknowledge(&vm->vpic), 0x2f);
}
END_TEST

START_TEST(the_slave_is_not_there)
{
	out(COUNT, 0x33);
	out(COMMAND, 0xe7);
	out(DEVICE, CHS | SLAVE);
	ck_assert(!line()); /* a drive that is not selected is silent */
	ck_assert_uint_eq(in(STATUS), 0);
	ck_assert_uint_eq(in(CONTROL), 0);
	ck_assert_uint_eq(in(DEVICE), CHS | SLAVE);
	ck_assert_uint_eq(in(COUNT), 0x33); /* the master answers with its own */
	out(COMMAND, 0xec);
	ck_assert_uint_eq(bus_read(vm, DATA, 2), 0);
	ck_assert_uint_eq(in(STATUS), 0);
	out(DEVICE, CHS);
	ck_assert(line()); /* nothing was taken back */
	ck_assert_uint_eq(in(STATUS), READY);
	out(DEVICE, CHS | SLAVE);
	out(COMMAND, 0x90); /* a diagnosis is for both, and selects the master */
	ck_assert(line());
	ck_assert_uint_eq(in(DEVICE), CHS);
	ck_assert_uint_eq(in(STATUS), READY);
	ck_assert_uint_eq(in(ERROR), 0x01);
}
END_TEST

static void shows_signature(void)
{
	ck_assert_uint_eq(in(ERROR), 0x01);
	ck_assert_uint_eq(in(COUNT), 1);
	ck_assert_uint_eq(in(SECTOR), 1);
	ck_assert_uint_eq(in(CYLINDER_LOW), 0);
	ck_assert_uint_eq(in(CYLINDER_HIGH), 0);
	ck_assert_uint_eq(in(DEVICE), CHS);
	ck_assert_uint_eq(in(STATUS), READY);
}

START_TEST(a_reset_leaves_the_signature)
{
	shows_signature(); /* as after power-on */
	command(LBA, 0x123456, 0x78, 0x20);
	out(CONTROL, SRST);
	ck_assert(!line());
	ck_assert_uint_eq(in(STATUS), BUSY);
	ck_assert_uint_eq(in(CONTROL), BUSY);
	out(COMMAND, 0xec); /* not taken while it is busy */
	ck_assert(!line());
	out(CONTROL, 0);
	ck_assert(!line());
	shows_signature();
	ck_assert_uint_eq(in(DRIVE_ADDRESS), 0xff);
}
END_TEST

START_TEST(a_reset_may_keep_settings)
{
	for (unsigned keep = 0; keep < 2; keep++) {
		out(FEATURES, keep ? 0x66 : 0xcc);
		answers(0xef, READY, 0);
		out(COUNT, 2);
		answers(0xc6, READY, 0);
		out(CONTROL, SRST);
		out(CONTROL, 0);
		command(LBA, 0, 2, 0xc4);
		ck_assert_uint_eq(in(STATUS), keep ? WAITS : FAILED);
	}
}
END_TEST

/* ---- whatever a guest does ---- */

static uint64_t state;

static uint32_t random_bits(void)
{
	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(state >> 32);
}

/* A command that transfers, mostly of sectors that are there. */
static void random_command_given(void)
{
	static const uint8_t codes[] = {0x20, 0x30, 0xc4, 0xc5, 0xec};
	uint32_t bits = random_bits();

	out(COUNT, 1u << (bits & 7));
	if (bits & 0x100)
		out(COMMAND, 0xc6);
	command(bits & 0x200 ? LBA : CHS, random_bits() % (SECTORS + 2), bits >> 10 & 0x1f,
		codes[(bits >> 16) % sizeof(codes)]);
}

/* A port of the drive's or beside them, in any size. */
static void random_access_made(void)
{
	static const uint16_t ports[] = {0x16e, 0x16f, 0x170, 0x170, 0x170, 0x170, 0x170, 0x170,
		0x171, 0x172, 0x173, 0x174, 0x175, 0x176, 0x177, 0x376};
	static const unsigned sizes[] = {1, 2, 4, 2};
	uint32_t bits = random_bits();
	uint16_t port = ports[bits % ARRAY_LENGTH(ports)];
	unsigned size = sizes[bits >> 4 & 3];
	uint32_t value = random_bits();

	if (port == CONTROL && bits & 0x3000) { /* so that it does not sleep for long */
		out(CONTROL, SRST);
		value = 0;
	}
	for (uint32_t left = port == DATA ? bits >> 16 & 0x3ff : 1; left; left--) {
		if (bits & 0x40)
			bus_read(vm, port, size);
		else
			bus_write(vm, port, size, value + left);
	}
}

/* What is not the disk's, the 8259s' or the bus's notes: all of it stays as it is. */
static void forget_what_may_change(struct vm *copy)
{
	memset(&copy->devices.ide, 0, sizeof(copy->devices.ide));
	memset(&copy->vpic, 0, sizeof(copy->vpic));
	memset(copy->bus.reported, 0, sizeof(copy->bus.reported));
	copy->interrupt_pending = false;
}

START_TEST(whatever_is_written_stays_on_the_disk)
{
	struct vm *before = malloc(sizeof(*before)), *after = malloc(sizeof(*after));
	const struct ide *ide = &vm->devices.ide;
	unsigned transfers = 0;

	memcpy(before, vm, sizeof(*before));
	forget_what_may_change(before);
	state = (uint64_t)_i;
	for (unsigned i = 0; i < 20000; i++) {
		if (random_bits() % 8 == 0)
			random_command_given();
		else
			random_access_made();
		ck_assert(ide->transfer == IDE_NO_TRANSFER ||
			  (ide->at < ide->end && ide->end <= sizeof(ide->buffer)));
		ck_assert_ptr_eq(ide->disk, vm->disk);
		ck_assert_uint_eq(ide->sectors, SECTORS);
		transfers += ide->transfer != IDE_NO_TRANSFER;
	}
	ck_assert_uint_gt(transfers, 1000);
	memcpy(after, vm, sizeof(*after));
	forget_what_may_change(after);
	ck_assert_int_eq(memcmp(before, after, sizeof(*before)), 0);
	ck_assert_int_eq(vm->state, VM_READY);
	free(before);
	free(after);
}
END_TEST

int main(void)
{
	const TTest *const all[] = {identify_says_what_it_is,
		reading_interrupts_for_each_block_and_not_at_the_end, a_count_of_0_is_256,
		data_comes_as_words_and_doublewords, writing_interrupts_after_each_block,
		a_part_of_a_block_is_not_written, the_directions_do_not_mix,
		multiple_transfers_come_in_blocks, the_size_of_a_block_is_a_power_of_two_up_to_16,
		a_sector_has_two_addresses, the_geometry_can_be_another,
		addresses_that_are_not_on_the_disk_are_not_found,
		an_error_names_the_sector_and_comes_after_what_is_before_it,
		unknown_commands_are_aborted, commands_without_data_succeed_at_once,
		features_are_transfer_modes_and_caches, it_says_whether_it_stands_by,
		only_a_reset_wakes_it, nien_holds_the_interrupt_back, the_interrupt_is_irq_15,
		the_slave_is_not_there, a_reset_leaves_the_signature, a_reset_may_keep_settings};
	Suite *suite = suite_create("disk");
	TCase *tests = tcase_create("disk");

	tcase_add_checked_fixture(tests, disk_make, NULL);
	tcase_set_timeout(tests, 60);
	for (unsigned i = 0; i < ARRAY_LENGTH(all); i++)
		tcase_add_test(tests, all[i]);
	tcase_add_loop_test(tests, whatever_is_written_stays_on_the_disk, 0, 8);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
