/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guests of labs 2 and 3 keep away from the instructions that show ring 1 without a trap: what
 * Popek and Goldberg's condition forbids and x86 has. Their code is decoded here, from symbol to
 * symbol, by the monitor's own decoder. Code of ring 3 lies in a section of its own, .user, and may
 * read its own segment registers: they are what it believes.
 *
 * Guests that are known to use such instructions show that the check finds them.
 */
#include "decode.h"
#include "symbols.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SYMBOLS_MAX 4096
#define SMALLEST    300 /* instructions: every guest has more */

static const char *const guests[] = {"exceptions", "interruptflag", "control", "tables", "returns",
	"syscalls", "scramble", "ports", "interrupts", "timer", "serial", "ticker", "disk",
	"torture", "cow", "mapped", "escape", "pagecosts", "pocket_quiet"};
#define GUESTS (int)(sizeof(guests) / sizeof(guests[0]))

/* Programs of pocket's, which both of its kernels run. */
static const char *const programs[] = {"init", "selftest", "cow", "forkwait"};
#define PROGRAMS (int)(sizeof(programs) / sizeof(programs[0]))

/* What lies between instructions in .text and is none. */
static const char *const data[] = {"power_off.word"};

struct code {
	const char *path;
	struct symbols *symbols;
	uint8_t *file;
	const char *section;
	bool kernel;
	struct {
		const char *name;
		uint32_t address;
	} symbol[SYMBOLS_MAX];
	size_t symbol_count;
	uint32_t start, end; /* of the section */
	unsigned instructions;
	unsigned found;  /* of those that are not allowed */
	char first[256]; /* the first of these */
};

static bool reads_segment(const struct insn *insn)
{
	struct insn_operand operand[INSN_OPERANDS_MAX];
	unsigned count = insn_operands(insn, operand);

	if (insn->mnemonic == MNEMONIC_PUSH)
		return operand[0].kind == OPERAND_SEGMENT;
	return insn->mnemonic == MNEMONIC_MOV && count == 2 && operand[1].kind == OPERAND_SEGMENT;
}

/* Shows privileged state, or changes it in silence, whatever ring it runs in. */
static bool is_crack(const struct insn *insn)
{
	switch (insn->mnemonic) {
	case MNEMONIC_PUSHF:
	case MNEMONIC_PUSHFD:
	case MNEMONIC_POPF:
	case MNEMONIC_POPFD:
	case MNEMONIC_SGDT:
	case MNEMONIC_SIDT:
	case MNEMONIC_SLDT:
	case MNEMONIC_STR:
	case MNEMONIC_SMSW:
	case MNEMONIC_LAR:
	case MNEMONIC_LSL:
	case MNEMONIC_VERR:
	case MNEMONIC_VERW:
	case MNEMONIC_CPUID:
		return true;
	default:
		return false;
	}
}

static bool is_forbidden(const struct code *code, const struct insn *insn)
{
	if (is_crack(insn))
		return true;
	return code->kernel && (reads_segment(insn) || insn->mnemonic == MNEMONIC_CALL_FAR);
}

static void take_symbol(void *context, const char *name, uint32_t address, uint32_t size)
{
	struct code *code = context;

	(void)size;
	if (address < code->start || address >= code->end)
		return;
	if (code->symbol_count && code->symbol[code->symbol_count - 1].address == address)
		return;
	ck_assert_msg(code->symbol_count < SYMBOLS_MAX, "%s: raise SYMBOLS_MAX", code->path);
	code->symbol[code->symbol_count].name = name;
	code->symbol[code->symbol_count++].address = address;
}

static bool is_data(const char *name)
{
	for (size_t i = 0; i < sizeof(data) / sizeof(data[0]); i++)
		if (strcmp(name, data[i]) == 0)
			return true;
	return false;
}

/* From one symbol to the next. */
static void decode_range(struct code *code, const char *name, uint32_t address, uint32_t end)
{
	char text[INSN_TEXT_SIZE];
	uint32_t offset;

	ck_assert(symbols_file_offset(code->symbols, address, end - address, &offset));
	const uint8_t *bytes = code->file + offset;
	for (uint32_t at = address; at < end;) {
		struct insn insn;
		enum decode_status status =
			insn_decode(&insn, bytes + (at - address), end - at, 32);
		/* a probe may be meant to be no instruction, or to be too long */
		if (status != DECODE_OK) {
			at++;
			continue;
		}
		code->instructions++;
		if (is_forbidden(code, &insn) && code->found++ == 0) {
			insn_format(&insn, at, text, sizeof(text));
			snprintf(code->first, sizeof(code->first), "%s+%#x (%08x): %s", name,
				at - address, at, text);
		}
		at += insn.length;
	}
}

static uint8_t *file_read(const char *path)
{
	FILE *file = fopen(path, "rb");

	ck_assert_msg(file != NULL, "there is no %s: `make guests` builds it", path);
	fseek(file, 0, SEEK_END);
	long size = ftell(file);
	rewind(file);
	uint8_t *bytes = malloc((size_t)size);
	ck_assert_uint_eq(fread(bytes, 1, (size_t)size, file), (size_t)size);
	fclose(file);
	return bytes;
}

/* Decodes one section of a guest, if it has it. */
static void code_decode(struct code *code, const char *guest, const char *section, bool kernel)
{
	char error[SYMBOLS_ERROR_MAX];
	static char path[256];
	size_t count;

	snprintf(path, sizeof(path), "build/guests/%s.elf", guest);
	memset(code, 0, sizeof(*code));
	code->path = path;
	code->section = section;
	code->kernel = kernel;
	code->file = file_read(path);
	code->symbols = symbols_open(path, error);
	ck_assert_msg(code->symbols != NULL, "%s", error);
	const struct symbols_range *range = symbols_sections(code->symbols, &count);
	for (size_t i = 0; i < count; i++) {
		if (strcmp(range[i].name, section) != 0)
			continue;
		code->start = range[i].start;
		code->end = range[i].end;
	}
	symbols_each(code->symbols, take_symbol, code);
	for (size_t i = 0; i < code->symbol_count; i++) {
		uint32_t end = i + 1 < code->symbol_count ? code->symbol[i + 1].address : code->end;
		if (!is_data(code->symbol[i].name))
			decode_range(code, code->symbol[i].name, code->symbol[i].address, end);
	}
	symbols_close(code->symbols);
	free(code->file);
}

static struct code code;

START_TEST(kernels_use_nothing_that_shows_ring_1)
{
	code_decode(&code, guests[_i], ".text", true);
	ck_assert_msg(code.found == 0, "the guest %s: %u of its instructions; the first is %s",
		guests[_i], code.found, code.first);
	ck_assert_msg(code.instructions > SMALLEST,
		"of the guest %s only %u instructions were seen", guests[_i], code.instructions);
}
END_TEST

START_TEST(users_use_nothing_that_shows_the_monitor)
{
	code_decode(&code, guests[_i], ".user", false);
	ck_assert_msg(code.found == 0, "the guest %s: %u of its instructions; the first is %s",
		guests[_i], code.found, code.first);
}
END_TEST

/* The check is worth something: it finds what is there. */
START_TEST(programs_of_pocket_use_nothing_that_shows_the_monitor)
{
	char guest[64];

	snprintf(guest, sizeof(guest), "pocket/user/%s", programs[_i]);
	code_decode(&code, guest, ".text", true);
	ck_assert_msg(code.found == 0, "the program %s: %u of its instructions; the first is %s",
		guest, code.found, code.first);
	ck_assert_msg(code.instructions > SMALLEST,
		"of the program %s only %u instructions were seen", guest, code.instructions);
}
END_TEST

START_TEST(guests_with_the_crack_are_found)
{
	static const struct {
		const char *guest;
		unsigned least;
	} cracked[] = {{"crack", 3}, {"pocket", 3}, {"privileged", 1}};

	code_decode(&code, cracked[_i].guest, ".text", true);
	ck_assert_msg(code.found >= cracked[_i].least,
		"in the guest %s only %u such instructions were found", cracked[_i].guest,
		code.found);
}
END_TEST

/* A probe of ring 3 is in .user, whatever file it comes from, and one of ring 0 is not. */
START_TEST(probes_are_in_the_section_of_their_ring)
{
	static const char *const probed[] = {
		"exceptions", "interruptflag", "control", "tables", "returns", "mapped"};
	struct probe {
		uint32_t code, ring, eflags, prepare;
		char name[40];
	};
	char path[256], error[SYMBOLS_ERROR_MAX];
	uint32_t address, offset, number;
	size_t count;

	snprintf(path, sizeof(path), "build/guests/%s.elf", probed[_i]);
	struct symbols *symbols = symbols_open(path, error);
	ck_assert_msg(symbols != NULL, "%s", error);
	uint8_t *file = file_read(path);
	ck_assert(symbols_address(symbols, "probe_count", &address));
	ck_assert(symbols_file_offset(symbols, address, sizeof(number), &offset));
	memcpy(&number, file + offset, sizeof(number));
	ck_assert_uint_gt(number, 10);
	ck_assert(symbols_address(symbols, "probe_table", &address));
	ck_assert(symbols_file_offset(
		symbols, address, number * (uint32_t)sizeof(struct probe), &offset));
	const struct symbols_range *range = symbols_sections(symbols, &count);
	for (uint32_t i = 0; i < number; i++) {
		struct probe probe;
		const char *section = "none";
		memcpy(&probe, file + offset + i * sizeof(probe), sizeof(probe));
		for (size_t s = 0; s < count; s++)
			if (probe.code >= range[s].start && probe.code < range[s].end)
				section = range[s].name;
		ck_assert_msg(strcmp(section, probe.ring == 3 ? ".user" : ".text") == 0,
			"the guest %s: the probe %s of ring %u is in %s", probed[_i], probe.name,
			probe.ring, section);
	}
	symbols_close(symbols);
	free(file);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("guests");
	TCase *tests = tcase_create("instructions");

	tcase_add_loop_test(tests, kernels_use_nothing_that_shows_ring_1, 0, GUESTS);
	tcase_add_loop_test(tests, users_use_nothing_that_shows_the_monitor, 0, GUESTS);
	tcase_add_loop_test(
		tests, programs_of_pocket_use_nothing_that_shows_the_monitor, 0, PROGRAMS);
	tcase_add_loop_test(tests, guests_with_the_crack_are_found, 0, 3);
	tcase_add_loop_test(tests, probes_are_in_the_section_of_their_ring, 0, 6);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
