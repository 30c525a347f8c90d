/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The disk (ATA-4, sections 7 to 9): the master of the PC's secondary channel. What it says it is,
 * sectors read and written in every way that there is, with and without interrupts, what it answers
 * to commands that it does not know and to addresses that it does not have, a reset.
 *
 * A real disk takes its time, so the guest waits for BSY to go where a command may take long. While
 * it polls, the drive's interrupts are off: a request that polling takes back may be in the 8259
 * already, and would come later, as one too many or as a spurious one. Where drives differ (the
 * rest of the identification, which error an address beyond the end is), it keeps nothing.
 */
#include "disk.h"
#include "kernel.h"

#define DATA          0x170
#define ERROR         0x171
#define FEATURES      0x171
#define COUNT         0x172
#define SECTOR        0x173
#define CYLINDER_LOW  0x174
#define CYLINDER_HIGH 0x175
#define DEVICE        0x176
#define STATUS        0x177
#define COMMAND       0x177
#define CONTROL       0x376 /* alternate status, where it is read */

#define BUSY        0x80
#define READY       0x40
#define DATA_WAITS  0x08
#define FAILED      0x01
#define NOBODY      0xff
#define IN_LBA      0xe0
#define IN_GEOMETRY 0xa0
#define SLAVE       0x10
#define NIEN        0x02
#define SRST        0x04

#define READ_SECTORS   0x20
#define WRITE_SECTORS  0x30
#define READ_VERIFY    0x40
#define SEEK           0x70
#define RECALIBRATE    0x10
#define PARAMETERS     0x91
#define READ_MULTIPLE  0xc4
#define WRITE_MULTIPLE 0xc5
#define SET_MULTIPLE   0xc6
#define FLUSH_CACHE    0xe7
#define IDENTIFY       0xec
#define SET_FEATURES   0xef
#define UNKNOWN        0x0f

#define BASE   0x20
#define IRQ_15 (BASE + 15)
#define WORDS  256 /* of a sector */

#define POLLS 10000000 /* far longer than any command takes */

/* Where the guest reads: each place is one sector. Where it writes: DISK_RUN sectors from each. */
SEEDED uint32_t disk_places[DISK_PLACES] = {0, 1, 77, 255};
SEEDED uint32_t disk_run = 100;
SEEDED uint32_t disk_block = 130;
SEEDED uint32_t disk_single = 200;
SEEDED uint32_t disk_pattern = 0x12345678;

struct disk_results disk_results;

static uint16_t buffer[DISK_RUN * WORDS];
static volatile uint32_t interrupts;    /* that have come */
static volatile uint8_t handler_status; /* what the handler read, which takes the request back */

/* ---- words ---- */

static uint32_t sum(const uint16_t *words, uint32_t count)
{
	uint32_t value = 1;

	for (uint32_t i = 0; i < count; i++)
		value = value * 31 + words[i];
	return value;
}

static void fill(uint32_t count, uint32_t seed)
{
	for (uint32_t i = 0; i < count; i++) {
		seed = seed * 1664525 + 1013904223;
		buffer[i] = (uint16_t)(seed >> 16);
	}
}

static void read_string(uint16_t *to, uint32_t words)
{
	__asm__ volatile("rep insw" : "+D"(to), "+c"(words) : "d"(DATA) : "memory");
}

static void write_string(const uint16_t *from, uint32_t words)
{
	__asm__ volatile("rep outsw" : "+S"(from), "+c"(words) : "d"(DATA) : "memory");
}

/* ---- commands ---- */

/* Status when BSY has gone. Reading it takes the interrupt back. */
static uint8_t settled(void)
{
	uint8_t status = port_read8(STATUS);

	for (uint32_t i = 0; i < POLLS && status & BUSY; i++)
		status = port_read8(STATUS);
	return status;
}

static void address(uint32_t sector, uint32_t count)
{
	port_write8(DEVICE, (uint8_t)(IN_LBA | (sector >> 24 & 0xf)));
	port_write8(COUNT, (uint8_t)count);
	port_write8(SECTOR, (uint8_t)sector);
	port_write8(CYLINDER_LOW, (uint8_t)(sector >> 8));
	port_write8(CYLINDER_HIGH, (uint8_t)(sector >> 16));
}

static void address_in_geometry(uint32_t sector)
{
	uint32_t track = sector / disk_results.track, cylinder = track / disk_results.heads;

	port_write8(DEVICE, (uint8_t)(IN_GEOMETRY | track % disk_results.heads));
	port_write8(COUNT, 1);
	port_write8(SECTOR, (uint8_t)(sector % disk_results.track + 1));
	port_write8(CYLINDER_LOW, (uint8_t)cylinder);
	port_write8(CYLINDER_HIGH, (uint8_t)(cylinder >> 8));
}

/* A command to the end, without data. */
static struct disk_answer answer_to(uint8_t command, uint32_t count)
{
	struct disk_answer answer;

	port_write8(COUNT, (uint8_t)count);
	port_write8(COMMAND, command);
	answer.status = settled();
	answer.status &= READY | DATA_WAITS | FAILED; /* old drives pulse another one */
	answer.error = answer.status & FAILED ? port_read8(ERROR) : 0;
	return answer;
}

static bool data_waits(void)
{
	return (settled() & (DATA_WAITS | FAILED)) == DATA_WAITS;
}

/* ---- by polling ---- */

static void identify(void)
{
	struct disk_results *r = &disk_results;

	port_write8(DEVICE, IN_GEOMETRY);
	if (port_read8(STATUS) == NOBODY) /* nothing drives the bus */
		return;
	port_write8(COMMAND, IDENTIFY);
	if (!data_waits())
		return;
	read_string(buffer, WORDS);
	r->cylinders = buffer[1];
	r->heads = buffer[3];
	r->track = buffer[6];
	r->multiple_max = buffer[47] & 0xff;
	r->sectors = buffer[60] | (uint32_t)buffer[61] << 16;
	for (uint32_t i = 0; i < 20; i++) {
		r->model[2 * i] = (char)(buffer[27 + i] >> 8);
		r->model[2 * i + 1] = (char)buffer[27 + i];
	}
	for (uint32_t i = 40; i && r->model[i - 1] == ' '; i--)
		r->model[i - 1] = '\0';
}

static void read_places(void)
{
	struct disk_results *r = &disk_results;

	for (uint32_t place = 0; place < DISK_PLACES; place++) {
		uint32_t sector = disk_places[place];

		address(sector, 1);
		port_write8(COMMAND, READ_SECTORS);
		for (uint32_t i = 0; data_waits() && i < WORDS; i++)
			buffer[i] = port_read16(DATA);
		r->by_words[place] = sum(buffer, WORDS);

		address(sector, 1);
		port_write8(COMMAND, READ_SECTORS);
		if (data_waits())
			read_string(buffer, WORDS);
		r->by_string[place] = sum(buffer, WORDS);

		address(sector, 1);
		port_write8(COMMAND, READ_SECTORS);
		for (uint32_t i = 0; data_waits() && i < WORDS; i += 2) {
			uint32_t both = port_read32(DATA);
			buffer[i] = (uint16_t)both;
			buffer[i + 1] = (uint16_t)(both >> 16);
		}
		r->by_doublewords[place] = sum(buffer, WORDS);

		address_in_geometry(sector);
		port_write8(COMMAND, READ_SECTORS);
		if (data_waits())
			read_string(buffer, WORDS);
		r->by_geometry[place] = sum(buffer, WORDS);
	}
}

static void write_by_polling(void)
{
	fill(WORDS, disk_pattern);
	address(disk_single, 1);
	port_write8(COMMAND, WRITE_SECTORS);
	for (uint32_t i = 0; data_waits() && i < WORDS; i++)
		port_write16(DATA, buffer[i]);
	settled();
	fill(WORDS, 0);
	address(disk_single, 1);
	port_write8(COMMAND, READ_SECTORS);
	if (data_waits())
		read_string(buffer, WORDS);
	disk_results.written = sum(buffer, WORDS);
}

/* ---- by interrupts ---- */

static void on_interrupt(struct frame *frame)
{
	(void)frame;
	handler_status = port_read8(STATUS);
	interrupts++;
	pic_end(15);
}

/* Sleeps until more interrupts have come than before. True: data waits. Interrupts are off outside
 * of it, so that none is slept through. */
static bool sleep_until_more_than(uint32_t before)
{
	interrupts_disable();
	while (interrupts == before) {
		interrupt_wait();
		interrupts_disable();
	}
	return handler_status & DATA_WAITS;
}

/* Reads into the buffer, in blocks of `block` sectors: how many interrupts came. */
static uint32_t read_sleeping(uint8_t command, uint32_t sector, uint32_t count, uint32_t block)
{
	uint32_t first = interrupts, seen = first;

	address(sector, count);
	port_write8(COMMAND, command);
	for (uint32_t done = 0; done < count; done += block) {
		uint32_t sectors = count - done < block ? count - done : block;

		if (!sleep_until_more_than(seen++))
			break;
		read_string(buffer + done * WORDS, sectors * WORDS);
	}
	return interrupts - first;
}

/* The first block is given without being asked for. */
static uint32_t write_sleeping(uint8_t command, uint32_t sector, uint32_t count, uint32_t block)
{
	uint32_t first = interrupts, seen = first;

	address(sector, count);
	port_write8(COMMAND, command);
	if (!data_waits())
		return 0;
	for (uint32_t done = 0; done < count; done += block) {
		uint32_t sectors = count - done < block ? count - done : block;

		write_string(buffer + done * WORDS, sectors * WORDS);
		sleep_until_more_than(seen++);
	}
	return interrupts - first;
}

static void with_interrupts(void)
{
	struct disk_results *r = &disk_results;

	r->set_multiple = answer_to(SET_MULTIPLE, DISK_BLOCK);
	port_write8(CONTROL, 0);
	for (uint32_t place = 0; place < DISK_PLACES; place++) {
		read_sleeping(READ_SECTORS, disk_places[place], 1, 1);
		r->by_interrupt[place] = sum(buffer, WORDS);
	}
	fill(DISK_RUN * WORDS, disk_pattern + 1);
	r->run_written_interrupts = write_sleeping(WRITE_SECTORS, disk_run, DISK_RUN, 1);
	fill(DISK_RUN * WORDS, 0);
	r->run_read_interrupts = read_sleeping(READ_SECTORS, disk_run, DISK_RUN, 1);
	r->run_read = sum(buffer, DISK_RUN * WORDS);

	fill(DISK_RUN * WORDS, disk_pattern + 2);
	r->block_written_interrupts =
		write_sleeping(WRITE_MULTIPLE, disk_block, DISK_RUN, DISK_BLOCK);
	fill(DISK_RUN * WORDS, 0);
	r->block_read_interrupts = read_sleeping(READ_MULTIPLE, disk_block, DISK_RUN, DISK_BLOCK);
	r->block_read = sum(buffer, DISK_RUN * WORDS);
	port_write8(CONTROL, NIEN);
}

/* The drive's own switch for interrupts. */
static void without_interrupts(void)
{
	uint32_t first = interrupts;

	interrupts_enable();
	address(disk_places[0], 1);
	port_write8(COMMAND, READ_SECTORS);
	if (data_waits())
		read_string(buffer, WORDS);
	interrupts_disable();
	disk_results.silent_read = sum(buffer, WORDS);
	disk_results.silent_interrupts = interrupts - first;
}

/* ---- commands that transfer nothing, and errors ---- */

static void other_commands(void)
{
	struct disk_results *r = &disk_results;

	r->set_multiple_3 = answer_to(SET_MULTIPLE, 3);
	r->flush = answer_to(FLUSH_CACHE, 0);
	address(disk_run, DISK_RUN);
	r->verify = answer_to(READ_VERIFY, DISK_RUN);
	address(disk_run, 1);
	r->seek = answer_to(SEEK, 1);
	r->recalibrate = answer_to(RECALIBRATE, 0);
	port_write8(DEVICE, (uint8_t)(IN_GEOMETRY | (r->heads - 1)));
	r->parameters = answer_to(PARAMETERS, r->track);
	port_write8(FEATURES, 3);
	r->transfer_mode = answer_to(SET_FEATURES, 0x0b); /* PIO mode 3 */
	r->unknown = answer_to(UNKNOWN, 0);
}

/* Drives may refuse such a write at once, or when they have the data. */
static void beyond_the_end(void)
{
	uint32_t sectors = disk_results.sectors;

	address(sectors, 1);
	port_write8(COMMAND, READ_SECTORS);
	disk_results.beyond_read = (settled() & (FAILED | DATA_WAITS)) == FAILED;
	address(sectors, 1);
	port_write8(COMMAND, WRITE_SECTORS);
	if (data_waits())
		write_string(buffer, WORDS);
	disk_results.beyond_written = (settled() & (FAILED | DATA_WAITS)) == FAILED;
	address(sectors, 1);
	disk_results.beyond_seek = answer_to(SEEK, 1).status & FAILED;
}

static void reset(void)
{
	struct disk_results *r = &disk_results;

	address(disk_run, DISK_RUN);
	port_write8(COMMAND, READ_SECTORS); /* and no one takes the data */
	settled();
	port_write8(CONTROL, SRST | NIEN);
	port_write8(CONTROL, NIEN);
	r->reset_status = settled() & (READY | DATA_WAITS | FAILED);
	r->signature[0] = port_read8(COUNT);
	r->signature[1] = port_read8(SECTOR);
	r->signature[2] = port_read8(CYLINDER_LOW);
	r->signature[3] = port_read8(CYLINDER_HIGH);
	r->signature[4] = port_read8(DEVICE);
	r->signature[5] = port_read8(ERROR);
	port_write8(DEVICE, IN_GEOMETRY | SLAVE);
	r->slave_status = port_read8(STATUS);
	port_write8(DEVICE, IN_GEOMETRY);
}

static void report(void)
{
	const struct disk_results *r = &disk_results;

	console_printf("disk: %s, %u sectors, %u cylinders of %u heads and %u sectors\n", r->model,
		r->sectors, r->cylinders, r->heads, r->track);
	for (uint32_t i = 0; i < DISK_PLACES; i++)
		console_printf("disk: sector %u: %08x %08x %08x %08x %08x\n", disk_places[i],
			r->by_words[i], r->by_string[i], r->by_doublewords[i], r->by_geometry[i],
			r->by_interrupt[i]);
	console_printf("disk: wrote %08x, %08x and %08x\n", r->written, r->run_read, r->block_read);
	console_printf("disk: %u interrupts\n", r->interrupts);
}

void kernel_main(uint32_t info)
{
	(void)info;
	kernel_tables_load();
	handler_set(IRQ_15, on_interrupt);
	pic_init(BASE, BASE + 8);
	pic_mask((uint16_t) ~(1u << 15 | 1u << 2));
	port_write8(CONTROL, NIEN);
	identify();
	if (!disk_results.sectors) {
		console_printf("disk: there is none\n");
		return;
	}
	read_places();
	write_by_polling();
	with_interrupts();
	without_interrupts();
	other_commands();
	beyond_the_end();
	reset();
	disk_results.interrupts = interrupts;
	report();
}
