/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The commands of a guest's disk (ATA-4, section 8; the older codes of the power management
 * commands are in ATA-3, section 7). A command that is not here is answered as a drive answers one
 * that it does not know: aborted.
 *
 * There is no cache to flush and no head to move: such commands succeed and change nothing.
 */
#include "ide.h"
#include "strings.h"
#include "vm.h"

enum command {
	RECALIBRATE = 0x10, /* to 1Fh */
	READ_SECTORS = 0x20,
	READ_SECTORS_ONCE = 0x21, /* without retries */
	WRITE_SECTORS = 0x30,
	WRITE_SECTORS_ONCE = 0x31,
	READ_VERIFY = 0x40,
	READ_VERIFY_ONCE = 0x41,
	SEEK = 0x70,
	INITIALIZE_PARAMETERS = 0x91,
	STANDBY_IMMEDIATE_OLD = 0x94,
	IDLE_IMMEDIATE_OLD = 0x95,
	STANDBY_OLD = 0x96,
	IDLE_OLD = 0x97,
	CHECK_POWER_OLD = 0x98,
	SLEEP_OLD = 0x99,
	READ_MULTIPLE = 0xc4,
	WRITE_MULTIPLE = 0xc5,
	SET_MULTIPLE = 0xc6,
	STANDBY_IMMEDIATE = 0xe0,
	IDLE_IMMEDIATE = 0xe1,
	STANDBY = 0xe2,
	IDLE = 0xe3,
	CHECK_POWER = 0xe5,
	SLEEP = 0xe6,
	FLUSH_CACHE = 0xe7,
	IDENTIFY = 0xec,
	SET_FEATURES = 0xef,
};

enum feature {
	WRITE_CACHE_ON = 0x02,
	TRANSFER_MODE = 0x03,
	LOOK_AHEAD_OFF = 0x55,
	KEEP_SETTINGS = 0x66,
	WRITE_CACHE_OFF = 0x82,
	LOOK_AHEAD_ON = 0xaa,
	REVERT_SETTINGS = 0xcc,
};

/* ---- IDENTIFY DEVICE (8.12): words of the answer ---- */

enum identify_word {
	CONFIGURATION = 0,
	CYLINDERS = 1,
	HEADS = 3,
	TRACK = 6,
	SERIAL_NUMBER = 10,
	FIRMWARE = 23,
	MODEL = 27,
	MULTIPLE_MAX = 47,
	DOUBLEWORDS = 48,
	CAPABILITIES = 49,
	PIO_MODE = 51,
	VALID = 53,
	CURRENT_CYLINDERS = 54,
	CURRENT_HEADS = 55,
	CURRENT_TRACK = 56,
	CURRENT_SECTORS = 57,
	MULTIPLE = 59,
	LBA_SECTORS = 60,
	PIO_MODES = 64,
	CYCLE_TIME = 67,
	CYCLE_TIME_IORDY = 68,
	VERSIONS = 80,
	COMMAND_SETS = 82, /* to 84; enabled: 85 to 87 */
};

#define FIXED_DEVICE      0x0040
#define LBA               0x0200
#define PIO_MODE_2        0x0200
#define PIO_MODES_3_4     0x0003
#define NANOSECONDS       120
#define WORDS_54_58       0x0001
#define WORDS_64_70       0x0002
#define ATA_1_TO_4        0x001e
#define POWER_MANAGEMENT  0x0008
#define WORD_IS_VALID     0x4000
#define MULTIPLE_RESERVED 0x8000
#define MULTIPLE_IS_SET   0x0100
#define CYLINDERS_MAX     16383

static void put_word(struct ide *ide, unsigned word, uint32_t value)
{
	ide->buffer[word * 2] = (uint8_t)value;
	ide->buffer[word * 2 + 1] = (uint8_t)(value >> 8);
}

static void put_doubleword(struct ide *ide, unsigned word, uint32_t value)
{
	put_word(ide, word, value);
	put_word(ide, word + 1, value >> 16);
}

/* Text of `words` words, padded with blanks; the first character of two is in the high byte. */
static void put_text(struct ide *ide, unsigned word, unsigned words, const char *text)
{
	for (unsigned i = 0; i < words * 2; i++)
		ide->buffer[word * 2 + (i ^ 1)] = *text ? (uint8_t)*text++ : ' ';
}

static uint32_t at_most(uint32_t value, uint32_t most)
{
	return value < most ? value : most;
}

static void identify(struct vm *vm)
{
	struct ide *ide = &vm->devices.ide;
	const struct ide_geometry *now = &ide->geometry;

	memset(ide->buffer, 0, IDE_SECTOR);
	put_word(ide, CONFIGURATION, FIXED_DEVICE);
	put_word(ide, CYLINDERS, at_most(ide->sectors / IDE_SECTORS_MIN, CYLINDERS_MAX));
	put_word(ide, HEADS, IDE_HEADS);
	put_word(ide, TRACK, IDE_TRACK);
	put_text(ide, SERIAL_NUMBER, 10, "RF0001");
	put_text(ide, FIRMWARE, 4, "1.0");
	put_text(ide, MODEL, 20, "RINGFENCE DISK");
	put_word(ide, MULTIPLE_MAX, MULTIPLE_RESERVED | IDE_MULTIPLE_MAX);
	put_word(ide, DOUBLEWORDS, 1);
	put_word(ide, CAPABILITIES, LBA);
	put_word(ide, PIO_MODE, PIO_MODE_2);
	put_word(ide, VALID, WORDS_54_58 | WORDS_64_70);
	put_word(ide, CURRENT_CYLINDERS, now->cylinders);
	put_word(ide, CURRENT_HEADS, now->heads);
	put_word(ide, CURRENT_TRACK, now->track);
	put_doubleword(ide, CURRENT_SECTORS, now->cylinders * now->heads * now->track);
	if (ide->multiple)
		put_word(ide, MULTIPLE, MULTIPLE_IS_SET | ide->multiple);
	put_doubleword(ide, LBA_SECTORS, ide->sectors);
	put_word(ide, PIO_MODES, PIO_MODES_3_4);
	put_word(ide, CYCLE_TIME, NANOSECONDS);
	put_word(ide, CYCLE_TIME_IORDY, NANOSECONDS);
	put_word(ide, VERSIONS, ATA_1_TO_4);
	for (unsigned word = COMMAND_SETS; word < COMMAND_SETS + 6; word += 3) {
		put_word(ide, word, POWER_MANAGEMENT);
		put_word(ide, word + 1, WORD_IS_VALID);
		put_word(ide, word + 2, WORD_IS_VALID);
	}
	ide_send_buffer(vm);
}

/* ---- commands that transfer nothing: their error ---- */

static uint8_t verify(struct ide *ide)
{
	uint32_t sector;

	for (uint32_t left = ide->count ? ide->count : 256; left; left--) {
		if (!ide_locate(ide, &sector))
			return IDE_ERROR_NOT_FOUND;
		ide_step(ide);
		ide->count--;
	}
	return 0;
}

static uint8_t seek(const struct ide *ide)
{
	uint32_t sector;

	return ide_locate(ide, &sector) ? 0 : IDE_ERROR_NOT_FOUND;
}

static uint8_t recalibrate(struct ide *ide)
{
	ide_set_cylinder(ide, 0);
	return 0;
}

/* INITIALIZE DEVICE PARAMETERS: sectors on a track, and the number of the last head. */
static uint8_t set_geometry(struct ide *ide)
{
	uint32_t heads = (ide->device & IDE_DEVICE_HEAD) + 1u;
	uint32_t cylinder = heads * ide->count; /* in sectors */

	if (!cylinder || ide->sectors < cylinder)
		return IDE_ERROR_ABORTED;
	ide->geometry = (struct ide_geometry){
		.cylinders = at_most(ide->sectors / cylinder, 0xffff),
		.heads = heads,
		.track = ide->count,
	};
	return 0;
}

/* SET MULTIPLE MODE: a power of two, or 0, which switches the mode off. */
static uint8_t set_multiple(struct ide *ide)
{
	if (ide->count > IDE_MULTIPLE_MAX || ide->count & (ide->count - 1))
		return IDE_ERROR_ABORTED;
	ide->multiple = ide->count;
	return 0;
}

static uint8_t set_features(struct ide *ide)
{
	switch (ide->features) {
	case TRANSFER_MODE: /* 00h and 01h: the default; 08h to 0Ch: PIO mode 0 to 4 */
		return ide->count <= 1 || (ide->count >= 8 && ide->count <= 12) ? 0
										: IDE_ERROR_ABORTED;
	case KEEP_SETTINGS:
	case REVERT_SETTINGS:
		ide->keeps_settings = ide->features == KEEP_SETTINGS;
		return 0;
	case WRITE_CACHE_ON:
	case WRITE_CACHE_OFF:
	case LOOK_AHEAD_ON:
	case LOOK_AHEAD_OFF:
		return 0;
	default:
		return IDE_ERROR_ABORTED;
	}
}

static uint8_t set_power(struct ide *ide, uint8_t power)
{
	ide->power = power;
	return 0;
}

static uint8_t check_power(struct ide *ide)
{
	ide->count = ide->power;
	return 0;
}

static uint8_t fall_asleep(struct ide *ide)
{
	ide->asleep = true;
	return 0;
}

static uint8_t command_without_data(struct ide *ide, uint8_t command)
{
	switch (command) {
	case READ_VERIFY:
	case READ_VERIFY_ONCE:
		return verify(ide);
	case SEEK:
		return seek(ide);
	case INITIALIZE_PARAMETERS:
		return set_geometry(ide);
	case SET_MULTIPLE:
		return set_multiple(ide);
	case SET_FEATURES:
		return set_features(ide);
	case STANDBY:
	case STANDBY_OLD:
	case STANDBY_IMMEDIATE:
	case STANDBY_IMMEDIATE_OLD:
		return set_power(ide, IDE_POWER_STANDBY);
	case IDLE:
	case IDLE_OLD:
	case IDLE_IMMEDIATE:
	case IDLE_IMMEDIATE_OLD:
		return set_power(ide, IDE_POWER_ACTIVE);
	case CHECK_POWER:
	case CHECK_POWER_OLD:
		return check_power(ide);
	case SLEEP:
	case SLEEP_OLD:
		return fall_asleep(ide);
	case FLUSH_CACHE:
		return 0;
	default:
		return (command & 0xf0) == RECALIBRATE ? recalibrate(ide) : IDE_ERROR_ABORTED;
	}
}

/* ---- all of them ---- */

void ide_command(struct vm *vm, uint8_t command)
{
	struct ide *ide = &vm->devices.ide;

	switch (command) {
	case READ_SECTORS:
	case READ_SECTORS_ONCE:
		ide_read_sectors(vm, 1);
		break;
	case WRITE_SECTORS:
	case WRITE_SECTORS_ONCE:
		ide_write_sectors(vm, 1);
		break;
	case READ_MULTIPLE:
		if (ide->multiple)
			ide_read_sectors(vm, ide->multiple);
		else
			ide_complete(vm, IDE_ERROR_ABORTED);
		break;
	case WRITE_MULTIPLE:
		if (ide->multiple)
			ide_write_sectors(vm, ide->multiple);
		else
			ide_complete(vm, IDE_ERROR_ABORTED);
		break;
	case IDENTIFY:
		identify(vm);
		break;
	case IDE_EXECUTE_DIAGNOSTIC:
		ide_sign(ide);
		ide_interrupt(vm);
		break;
	default:
		ide_complete(vm, command_without_data(ide, command));
	}
}
