/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's disk beside Bochs's own: random scripts of commands, done by a bare machine with a
 * second disk and by the model; what is read, the interrupt line and the disk's content must agree.
 *
 * The scripts leave out where Bochs 2.7 is not the standard, or has chosen otherwise where that
 * leaves a choice:
 *   - WRITE SECTORS without retries, STANDBY, IDLE, SLEEP and the power commands' older codes are
 *     aborted; CHECK POWER MODE always answers FFh; DMA commands and those of 48-bit addresses are
 *     taken. SET FEATURES 66h changes nothing, and leaves a transfer that runs as it is.
 *   - An address that is not on the disk is aborted (04h), not "not found" (10h); in the first
 * block of READ MULTIPLE that clears DSC. READ VERIFY does not look at addresses. Cylinders, heads
 * and sectors that are too large, and sector 0, are counted on, as far as there are sectors. Behind
 *     the last cylinder the address starts over in it.
 *   - INITIALIZE DEVICE PARAMETERS takes the drive's own geometry and no other. SET MULTIPLE 0 is
 *     aborted, and the setting is not in the identification.
 *   - With nIEN an interrupt is lost, not held back. A reset clears nIEN, whatever is written.
 *   - EXECUTE DEVICE DIAGNOSTIC is not done while the slave is selected, and leaves the LBA bit.
 *   - The absent slave has registers of its own; when it is selected, the master's interrupt stays.
 *   - Bit 1 of Status (index) is 1 each tenth time. A word written when none is asked for ends
 *     Bochs. A wide access to a port other than the data port is lost.
 *   - Reading takes time, with BSY set; writing takes none.
 */
#include "devices_fixture.h"

#include "bare_script.h"
#include <unistd.h>

#define STEPS_MAX 2000
#define SECTORS   300u /* more than whole cylinders */
#define DISK_SIZE (SECTORS * 512)
#define SCRIPTS   6

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
	CONTROL = 0x376,
	SLAVE_PIC = 0xa0,
};

#define INDEX 0x02 /* in Status */

enum what { END, WRITE, READ, TAKE, GIVE, SETTLE };

struct step {
	uint8_t what;
	uint8_t value;
	uint16_t port; /* of TAKE and GIVE: words */
};

static char second[128];
static uint8_t content[DISK_SIZE]; /* of both disks, at first */
static struct step script[STEPS_MAX + 1];
static uint16_t expected[STEPS_MAX], answers[STEPS_MAX];
static uint16_t ignored[STEPS_MAX]; /* bits of what is read that do not matter */
static unsigned steps;
static uint64_t state;

static uint32_t random_below(uint32_t limit)
{
	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(state >> 33) % limit;
}

/* ---- both ---- */

static void files_make(void)
{
	script_assemble("ide_script");
	snprintf(second, sizeof(second), "%s/second", folder);
}

static void files_remove(void)
{
	unlink(second);
	script_remove();
}

/* The same bytes for both. */
static void disks_make(void)
{
	FILE *file = fopen(second, "wb");

	for (uint32_t i = 0; i < DISK_SIZE; i++)
		content[i] = (uint8_t)random_below(256);
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(content, 1, DISK_SIZE, file), DISK_SIZE);
	ck_assert_int_eq(fclose(file), 0);
	vm->disk = malloc(DISK_SIZE);
	ck_assert_ptr_nonnull(vm->disk);
	memcpy(vm->disk, content, DISK_SIZE);
	vm->disk_size = DISK_SIZE;
	ide_attach(vm);
}

static void model_make(void)
{
	devices_make();
	steps = 0;
	memset(script, 0, sizeof(script));
}

static void model_free(void)
{
	free(vm->disk);
	devices_free();
}

/* ---- the model, as the script is made ---- */

static uint16_t model_take(unsigned words)
{
	uint16_t sum = 1;

	while (words--)
		sum = (uint16_t)(sum * 31 + bus_read(vm, DATA, 2));
	return sum;
}

/* What the 8259 shows of its requests is the line's level. */
static uint16_t model_read(uint16_t port)
{
	return port == SLAVE_PIC ? (uint16_t)(seen.line[15] << 7) : in(port);
}

static void add(enum what what, uint16_t port, uint8_t value)
{
	ck_assert_uint_lt(steps, STEPS_MAX);
	script[steps] = (struct step){(uint8_t)what, value, port};
	expected[steps] = 0;
	if (what == WRITE && port != SLAVE_PIC)
		out(port, value);
	else if (what == READ)
		expected[steps] = model_read(port);
	else if (what == TAKE)
		expected[steps] = model_take(port);
	else if (what == GIVE)
		for (unsigned left = port; left; left--)
			bus_write(vm, DATA, 2, (uint16_t)(value * 257u + left));
	ignored[steps] = 0;
	if (what == READ && (port == STATUS || port == CONTROL))
		ignored[steps] = INDEX | (expected[steps] & IDE_ERROR ? IDE_SEEK : 0);
	if (what == READ && port == SLAVE_PIC)
		ignored[steps] = 0x7f;
	steps++;
}

static void write_to(uint16_t port, uint32_t value)
{
	add(WRITE, port, (uint8_t)value);
}

static void read_from(uint16_t port)
{
	add(READ, port, 0);
}

static void look_at_line(void)
{
	write_to(SLAVE_PIC, 0x0a);
	read_from(SLAVE_PIC);
}

/* The drive is ready: everything that can be seen. */
static void look(void)
{
	add(SETTLE, 0, 0);
	look_at_line();
	read_from(CONTROL);
	look_at_line();
	read_from(STATUS);
	look_at_line();
	for (uint16_t port = COUNT; port <= DEVICE; port++)
		read_from(port);
	if (!(vm->devices.ide.status & IDE_ERROR))
		return;
	read_from(ERROR);
	if (vm->devices.ide.error == IDE_ERROR_NOT_FOUND)
		ignored[steps - 1] = IDE_ERROR_NOT_FOUND | IDE_ERROR_ABORTED;
}

static void command(uint32_t code)
{
	write_to(COMMAND, code);
	look();
}

static void address(uint32_t device, uint32_t sector, uint32_t cylinder, uint32_t count)
{
	write_to(DEVICE, device);
	write_to(COUNT, count);
	write_to(SECTOR, sector);
	write_to(CYLINDER_LOW, cylinder);
	write_to(CYLINDER_HIGH, cylinder >> 8);
}

/* ---- the bare machine ---- */

static void bare_run(void)
{
	struct bochs *b = script_run(vm->disk ? second : NULL, script,
		(steps + 1) * sizeof(*script), answers, steps * sizeof(*answers));

	ck_assert_uint_eq(bochs_second_disk_read(b, 0, content, DISK_SIZE), vm->disk_size);
	bochs_free(b);
}

static void agree(void)
{
	bare_run();
	for (unsigned i = 0; i < steps; i++) {
		bool read = script[i].what == READ, took = script[i].what == TAKE;
		if (!read && !took)
			continue;
		ck_assert_msg((answers[i] | ignored[i]) == (expected[i] | ignored[i]),
			"step %u: %s %x is %x on the bare machine, %x here", i,
			read ? "port" : "the sum of words", script[i].port, answers[i],
			expected[i]);
	}
	if (vm->disk)
		ck_assert_int_eq(memcmp(content, vm->disk, DISK_SIZE), 0);
}

/* ---- random scripts ---- */

/* An address on the disk, or just behind it, and a count that leads at most there. */
static void random_address(void)
{
	if (random_below(2)) {
		uint32_t sector =
			random_below(8) ? random_below(SECTORS) : SECTORS - 3 + random_below(6);
		address(0xe0, sector, sector >> 8, random_below(8) ? random_below(9) : 0);
	} else {
		uint32_t cylinder = random_below(4);
		uint32_t count = 1 + random_below(8);
		uint32_t sector = 1 + random_below(16), head = random_below(4);
		if (cylinder == 3)
			head = random_below(3);
		if (random_below(8) == 0)
			cylinder = 5; /* there are 4, and sectors behind them */
		address(0xa0 | head, sector, cylinder, count);
	}
}

/* Some of the words, all of the block, or what is left of the command. */
static void random_data(void)
{
	const struct ide *ide = &vm->devices.ide;

	for (unsigned turns = 1 + random_below(12); turns && ide->transfer != IDE_NO_TRANSFER;
		turns--) {
		unsigned words = (ide->end - ide->at) / 2;
		if (random_below(16) == 0)
			words = 1 + random_below(words);
		add(ide->transfer == IDE_TO_HOST ? TAKE : GIVE, (uint16_t)words,
			(uint8_t)random_below(256));
		add(SETTLE, 0, 0);
		look_at_line();
		if (random_below(4))
			read_from(STATUS);
	}
}

static void random_command(void)
{
	static const uint8_t transfers[] = {0x20, 0x20, 0x21, 0x30, 0x30, 0xc4, 0xc5};
	static const uint8_t others[] = {0x10, 0x1a, 0x70, 0xe1, 0xe7, 0x00, 0x03, 0x08, 0x22, 0x32,
		0x50, 0x87, 0x92, 0xa0, 0xa1, 0xb0, 0xc0, 0xcc, 0xd1, 0xe4, 0xe8, 0xf1, 0xff};
	static const uint8_t features[] = {0x02, 0x82, 0xaa, 0x55, 0xcc, 0x01, 0x44};

	switch (random_below(8)) {
	case 0:
		write_to(COUNT, random_below(2) ? 1u << random_below(6) : 1 + random_below(20));
		command(0xc6);
		break;
	case 1:
		random_address();
		command(others[random_below(sizeof(others))]);
		break;
	case 2:
		if (vm->devices.ide.transfer != IDE_NO_TRANSFER)
			break;
		write_to(FEATURES, features[random_below(sizeof(features))]);
		command(0xef);
		break;
	case 3: /* the same state, in two ways */
		if (random_below(2)) {
			write_to(DEVICE, 0xa0);
			command(0x90);
			break;
		}
		write_to(CONTROL, 0x04);
		look_at_line();
		write_to(CONTROL, 0x00);
		look();
		break;
	default:
		random_address();
		command(transfers[random_below(sizeof(transfers))]);
		random_data();
	}
}

START_TEST(random_scripts_show_no_difference)
{
	state = (uint64_t)_i + 1;
	disks_make();
	write_to(CONTROL, 0x04);
	write_to(CONTROL, 0x00);
	look();
	while (steps < STEPS_MAX - 200)
		random_command();
	agree();
}
END_TEST

START_TEST(identification_agrees_in_what_drivers_use)
{
	static const uint8_t alike[] = {
		0, 1, 3, 6, 48, 54, 55, 56, 57, 58, 60, 61}; /* and the model */

	disks_make();
	write_to(CONTROL, 0x04);
	write_to(CONTROL, 0x00);
	write_to(COMMAND, 0xec);
	look();
	unsigned first = steps;
	for (unsigned word = 0; word < 256; word++)
		add(TAKE, 1, 0);
	for (unsigned word = 0; word < 256; word++)
		if (!memchr(alike, (int)word, sizeof(alike)) && !(word >= 27 && word <= 46))
			ignored[first + word] = 0xffff;
	agree();
}
END_TEST

START_TEST(there_is_no_slave)
{
	disks_make();
	write_to(CONTROL, 0x04);
	write_to(CONTROL, 0x00);
	for (uint32_t device = 0xb0; device <= 0xf0; device += 0x40) {
		write_to(DEVICE, device);
		read_from(STATUS);
		read_from(CONTROL);
		write_to(COMMAND, 0xec);
		read_from(STATUS);
		add(TAKE, 1, 0);
		look_at_line();
	}
	write_to(DEVICE, 0xa0);
	look();
	agree();
}
END_TEST

/* Bochs's channel without a drive answers with status 0; a guest without a disk has no channel.
 * Either says that nothing is there. */
START_TEST(without_a_disk_there_is_no_drive)
{
	write_to(DEVICE, 0xa0);
	read_from(STATUS);
	read_from(CONTROL);
	write_to(COMMAND, 0xec);
	read_from(STATUS);
	bare_run();
	for (unsigned i = 0; i < steps; i++) {
		if (script[i].what != READ)
			continue;
		ck_assert_uint_eq(answers[i], 0x00);
		ck_assert_uint_eq(expected[i], 0xff);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("a disk, beside the bare machine's");
	TCase *tests = tcase_create("bare");

	tcase_add_unchecked_fixture(tests, files_make, files_remove); /* also after a failure */
	tcase_add_checked_fixture(tests, model_make, model_free);
	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, random_scripts_show_no_difference, 0, SCRIPTS);
	tcase_add_test(tests, identification_agrees_in_what_drivers_use);
	tcase_add_test(tests, there_is_no_slave);
	tcase_add_test(tests, without_a_disk_there_is_no_drive);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
