/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the instruction decoder promises in decode.h, one promise a test. Instructions are written
 * as the processor sees them, in hexadecimal: "0f 22 c0" is MOV CR0, EAX.
 *
 * decode_oracle compares the same decoder with an independent one on millions of byte strings; here
 * stand the promises that no other decoder makes: classes, operands, offsets, text, truncation.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "decode.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define BYTES_MAX     32

enum { EAX, ECX, EDX, EBX, ESP, EBP, ESI, EDI };

/* Turns "0f 22 c0" into bytes and returns how many. */
static size_t bytes_parse(uint8_t bytes[BYTES_MAX], const char *text)
{
	size_t count = 0;
	char *end;

	for (unsigned long byte = strtoul(text, &end, 16); end != text;
		byte = strtoul(text, &end, 16)) {
		ck_assert_uint_lt(count, BYTES_MAX);
		bytes[count++] = (uint8_t)byte;
		text = end;
	}
	return count;
}

/* The next instruction of a list like "fa, 0f 22 c0", or NULL. */
static const char *list_next(const char *list)
{
	const char *comma = strchr(list, ',');

	return comma ? comma + 1 : NULL;
}

static enum decode_status try_decode(struct insn *insn, unsigned code_size, const char *text)
{
	uint8_t bytes[BYTES_MAX];
	size_t count = bytes_parse(bytes, text);

	return insn_decode(insn, bytes, count, code_size);
}

/* Decodes bytes that must be one whole instruction. */
static struct insn decode(unsigned code_size, const char *text)
{
	struct insn insn;
	uint8_t bytes[BYTES_MAX];
	size_t count = bytes_parse(bytes, text);

	ck_assert_msg(insn_decode(&insn, bytes, count, code_size) == DECODE_OK, "%s", text);
	ck_assert_msg(insn.length == count, "%s: length %u", text, insn.length);
	return insn;
}

static struct insn_operand operand(const char *text, unsigned number)
{
	struct insn insn = decode(32, text);
	struct insn_operand operands[INSN_OPERANDS_MAX];

	ck_assert_uint_lt(number, insn_operands(&insn, operands));
	return operands[number];
}

/* Instructions of all shapes, and their text at address 0x00100000. */
static const struct example {
	unsigned code_size;
	const char *bytes;
	const char *text;
} examples[] = {
	/* what a kernel does to its machine */
	{32, "fa", "cli"},
	{32, "0f 22 c0", "mov cr0, eax"},
	{32, "0f 20 d9", "mov ecx, cr3"},
	{32, "0f 23 fe", "mov dr7, esi"},
	{32, "0f 01 15 10 40 10 00", "lgdt [0x00104010]"},
	{32, "0f 01 7d f8", "invlpg [ebp-0x8]"},
	{32, "ee", "out dx, al"},
	{32, "e7 70", "out 0x70, eax"},
	{32, "66 ed", "in ax, dx"},
	{32, "8e d8", "mov ds, ax"},
	{32, "8c 08", "mov word [eax], cs"},
	{32, "16", "push ss"},
	{32, "66 16", "o16 push ss"},
	{32, "ea 34 12 10 00 08 00", "jmp far 0x0008:0x00101234"},
	{32, "ff 1c 24", "call far dword [esp]"},
	{32, "66 ff 2b", "jmp far word [ebx]"},
	{32, "0f b2 65 0c", "lss esp, [ebp+0xc]"},
	{32, "cd 80", "int 0x80"},
	{32, "cf", "iretd"},
	{32, "66 9c", "pushf"},
	/* memory */
	{32, "8b 44 8c 10", "mov eax, dword [esp+ecx*4+0x10]"},
	{32, "8b 04 25 00 00 0b 00", "mov eax, dword [0x000b0000]"},
	{32, "8b 04 8d 00 00 0b 00", "mov eax, dword [ecx*4+0xb0000]"},
	{32, "88 a3 00 ff ff ff", "mov byte [ebx-0x100], ah"},
	{32, "65 a1 14 00 00 00", "mov eax, dword [gs:0x00000014]"},
	{32, "67 8a 40 02", "mov al, byte [bx+si+0x2]"},
	{32, "67 8a 0e 34 12", "mov cl, byte [0x1234]"},
	{32, "c7 05 00 80 0b 00 41 07 42 07", "mov dword [0x000b8000], 0x7420741"},
	{32, "f0 0f b1 0a", "lock cmpxchg dword [edx], ecx"},
	{32, "0f b6 4f 01", "movzx ecx, byte [edi+0x1]"},
	{32, "8d 34 b5 00 00 00 00", "lea esi, [esi*4]"},
	/* numbers */
	{32, "83 c4 f8", "add esp, 0xfffffff8"},
	{32, "66 83 c0 ff", "add ax, 0xffff"},
	{32, "6a ff", "push 0xffffffff"},
	{32, "c8 20 01 02", "enter 0x120, 0x2"},
	{32, "c1 e0 0c", "shl eax, 0xc"},
	{32, "d1 e8", "shr eax, 0x1"},
	{32, "0f a4 d0 04", "shld eax, edx, 0x4"},
	/* branches */
	{32, "eb fe", "jmp 0x00100000"},
	{32, "e8 fb 0f 00 00", "call 0x00101000"},
	{32, "0f 84 00 01 00 00", "je 0x00100106"},
	{32, "66 e9 00 00", "jmp 0x0004"},
	{32, "67 e3 10", "jcxz 0x00100013"},
	{32, "67 e2 fd", "a16 loop 0x00100000"},
	{32, "ff 24 85 00 10 10 00", "jmp dword [eax*4+0x101000]"},
	{32, "c2 08 00", "ret 0x8"},
	/* strings */
	{32, "f3 a5", "rep movsd"},
	{32, "f3 66 ab", "rep stosw"},
	{32, "f2 ae", "repne scasb"},
	{32, "f3 a6", "repe cmpsb"},
	{32, "26 ac", "es lodsb"},
	{32, "f3 67 6e", "rep a16 outsb"},
	{32, "64 d7", "fs xlatb"},
	/* x87, MMX, SSE */
	{32, "d8 c1", "fadd st0, st1"},
	{32, "db 2d 00 20 10 00", "fld tword [0x00102000]"},
	{32, "df e0", "fnstsw ax"},
	{32, "0f fc d1", "paddb mm2, mm1"},
	{32, "66 0f 6f 06", "movdqa xmm0, [esi]"},
	{32, "f2 0f 10 4b 08", "movsd xmm1, qword [ebx+0x8]"},
	{32, "66 0f 3a 0f c1 04", "palignr xmm0, xmm1, 0x4"},
	{32, "f2 0f 38 f1 c3", "crc32 eax, ebx"},
	{32, "f3 90", "pause"},
	/* 16-bit code */
	{16, "b8 34 12", "mov ax, 0x1234"},
	{16, "66 b8 78 56 34 12", "mov eax, 0x12345678"},
	{16, "8b 46 fe", "mov ax, word [bp-0x2]"},
	{16, "8b 1a", "mov bx, word [bp+si]"},
	{16, "a0 00 7c", "mov al, byte [0x7c00]"},
	{16, "67 8b 04 24", "mov ax, word [esp]"},
	{16, "67 66 8b 80 00 00 01 00", "mov eax, dword [eax+0x10000]"},
	{16, "ea 00 00 ff ff", "jmp far 0xffff:0x0000"},
	{16, "66 ea 00 00 10 00 08 00", "jmp far 0x0008:0x00100000"},
	{16, "0f 01 16 00 7e", "lgdt [0x7e00]"},
	{16, "66 0f 01 16 00 7e", "o32 lgdt [0x7e00]"},
	{16, "0f 22 c0", "mov cr0, eax"},
	{16, "66 cf", "iretd"},
	{16, "e8 fd ff", "call 0x0000"},
};

START_TEST(instructions_have_their_length_and_text)
{
	const struct example *example = &examples[_i];
	struct insn insn = decode(example->code_size, example->bytes);
	char text[INSN_TEXT_SIZE];

	ck_assert_uint_eq(
		insn_format(&insn, 0x00100000, text, sizeof(text)), strlen(example->text));
	ck_assert_str_eq(text, example->text);
}
END_TEST

START_TEST(the_beginning_of_an_instruction_is_truncated)
{
	const struct example *example = &examples[_i];
	uint8_t bytes[BYTES_MAX];
	size_t count = bytes_parse(bytes, example->bytes);
	struct insn insn;

	for (size_t available = 0; available < count; available++)
		ck_assert_msg(insn_decode(&insn, bytes, available, example->code_size) ==
				      DECODE_TRUNCATED,
			"%s: the first %zu bytes", example->bytes, available);
}
END_TEST

/* The bytes end where the next page cannot be read. */
START_TEST(no_byte_behind_the_instruction_is_read)
{
	const struct example *example = &examples[_i];
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *pages =
		mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint8_t bytes[BYTES_MAX];
	size_t count = bytes_parse(bytes, example->bytes);
	struct insn insn;

	ck_assert_ptr_ne(pages, MAP_FAILED);
	ck_assert_int_eq(mprotect(pages + page, page, PROT_NONE), 0);
	memcpy(pages + page - count, bytes, count);
	ck_assert_int_eq(
		insn_decode(&insn, pages + page - count, INSN_MAX_LENGTH, example->code_size),
		DECODE_OK);
	munmap(pages, 2 * page);
}
END_TEST

START_TEST(fifteen_bytes_are_an_instruction_and_sixteen_are_too_long)
{
	struct insn insn;

	decode(32, "66 66 66 66 66 66 66 66 66 66 66 66 66 66 90");
	ck_assert_int_eq(try_decode(&insn, 32, "66 66 66 66 66 66 66 66 66 66 66 66 66 66 66 90"),
		DECODE_TOO_LONG);
	/* 11 bytes behind 4 prefixes, and behind 5 */
	decode(32, "2e 2e 2e 64 81 84 8b 00 00 00 00 00 00 00 00");
	ck_assert_int_eq(try_decode(&insn, 32, "2e 2e 2e 2e 64 81 84 8b 00 00 00 00 00 00 00 00"),
		DECODE_TOO_LONG);
	ck_assert_int_eq(try_decode(&insn, 32, "66 66 66 66 66 66 66 66 66 66 66 66 66 66"),
		DECODE_TRUNCATED);
}
END_TEST

/* ---- Prefixes ---- */

START_TEST(a_repeated_prefix_counts_once)
{
	struct insn insn = decode(32, "66 66 67 67 b8 34 12");

	ck_assert_uint_eq(insn.prefixes, PREFIX_OPERAND_SIZE | PREFIX_ADDRESS_SIZE);
	ck_assert_uint_eq(insn.operand_size, 2);
	ck_assert_uint_eq(insn.address_size, 2);
}
END_TEST

START_TEST(the_last_override_counts)
{
	ck_assert_uint_eq(decode(32, "2e 64 36 8b 00").segment, SEGMENT_SS);
	ck_assert_uint_eq(decode(32, "26 8b 00").segment, SEGMENT_ES);
	ck_assert_uint_eq(decode(32, "2e 8b 00").segment, SEGMENT_CS);
	ck_assert_uint_eq(decode(32, "3e 8b 00").segment, SEGMENT_DS);
	ck_assert_uint_eq(decode(32, "64 8b 00").segment, SEGMENT_FS);
	ck_assert_uint_eq(decode(32, "65 8b 00").segment, SEGMENT_GS);
	ck_assert_uint_eq(decode(32, "8b 00").segment, SEGMENT_DEFAULT);
}
END_TEST

START_TEST(the_last_of_f2_and_f3_counts)
{
	ck_assert_uint_eq(decode(32, "f2 f3 a4").prefixes, PREFIX_REP);
	ck_assert_uint_eq(decode(32, "f3 f2 a4").prefixes, PREFIX_REPNE);
	ck_assert_uint_eq(decode(32, "f2 f3 0f 58 c1").mnemonic, MNEMONIC_ADDSS);
	ck_assert_uint_eq(decode(32, "f3 f2 0f 58 c1").mnemonic, MNEMONIC_ADDSD);
}
END_TEST

START_TEST(f2_and_f3_select_before_66)
{
	ck_assert_uint_eq(decode(32, "0f 58 c1").mnemonic, MNEMONIC_ADDPS);
	ck_assert_uint_eq(decode(32, "66 0f 58 c1").mnemonic, MNEMONIC_ADDPD);
	ck_assert_uint_eq(decode(32, "f3 66 0f 58 c1").mnemonic, MNEMONIC_ADDSS);
	ck_assert_uint_eq(decode(32, "66 f2 0f 58 c1").mnemonic, MNEMONIC_ADDSD);
}
END_TEST

START_TEST(size_prefixes_choose_the_other_size)
{
	static const struct {
		unsigned code_size;
		const char *bytes;
		unsigned operand_size, address_size;
	} cases[] = {
		{32, "89 00", 4, 4},
		{32, "66 89 00", 2, 4},
		{32, "67 89 00", 4, 2},
		{32, "66 67 89 00", 2, 2},
		{16, "89 00", 2, 2},
		{16, "66 89 00", 4, 2},
		{16, "67 89 00", 2, 4},
		{16, "66 67 89 00", 4, 4},
	};

	for (unsigned i = 0; i < LENGTH(cases); i++) {
		struct insn insn = decode(cases[i].code_size, cases[i].bytes);

		ck_assert_uint_eq(insn.operand_size, cases[i].operand_size);
		ck_assert_uint_eq(insn.address_size, cases[i].address_size);
	}
}
END_TEST

/* ---- Validity ---- */

START_TEST(what_the_processor_does_not_know_is_invalid)
{
	static const char invalid[] =
		"0f 04, 0f 0a, 0f a6 c0,"               /* no such opcode */
		"fe d0, ff f8, 8f c8, c6 c8, 0f 00 f0," /* no such ModRM.reg in the group */
		"0f ba c0 01, 0f 01 e8, d9 d1, da e8,"
		"8c f0, 8e f8, 8e c8,"               /* segments 6 and 7; MOV CS, AX */
		"0f 20 c8, 0f 22 e8, 0f 24 c0,"      /* CR1, CR5; test registers */
		"c4 c0, c5 c0, 62 c0, 8d c0, ff d8," /* a register where memory must be */
		"ff e8, 0f 01 d0, 0f 01 f8, 0f c7 c8, 0f 13 c0,"
		"66 0f d7 00, 0f 50 00, 0f c5 00 00,"    /* memory where a register must be */
		"66 0f c3 00, f3 0f 28 c0, 0f 38 14 c1," /* not with, not without this prefix */
		"c5 f8 77, 62 f1 7c 48 58 c1";           /* VEX, EVEX */
	struct insn insn;

	for (const char *text = invalid; text; text = list_next(text))
		ck_assert_msg(try_decode(&insn, 32, text) == DECODE_INVALID, "%s", text);
}
END_TEST

START_TEST(lock_is_valid_where_memory_is_changed)
{
	static const char valid[] =
		"f0 01 00, f0 08 00, f0 11 00, f0 18 00, f0 21 00, f0 28 00, f0 31 00,"
		"f0 80 00 01, f0 81 08 00 00 00 00, f0 83 30 01, f0 86 00, f0 87 00,"
		"f0 f6 10, f0 f7 18, f0 fe 00, f0 ff 08, f0 0f ab 00, f0 0f b3 00,"
		"f0 0f bb 00, f0 0f ba 28 01, f0 0f ba 30 01, f0 0f ba 38 01, f0 0f b0 00,"
		"f0 0f b1 00, f0 0f c0 00, f0 0f c1 00, f0 0f c7 08, f3 f0 01 00";
	static const char invalid[] =
		"f0 90, f0 f4, f0 01 c0, f0 87 c0,"                   /* no memory */
		"f0 03 00, f0 38 00, f0 81 38 00 00 00 00, f0 8b 00," /* not changed */
		"f0 84 00, f0 f6 00 01, f0 0f a3 00, f0 0f ba 20 01,"
		"f0 89 00, f0 a4, f0 0f 22 c0, f0 c1 20 01, f0 8f 00," /* not these */
		"f0 a2 00 00 00 00, f0 0f 11 00, f0 d9 10";
	struct insn insn;

	for (const char *text = valid; text; text = list_next(text))
		ck_assert_uint_eq(decode(32, text).prefixes & PREFIX_LOCK, PREFIX_LOCK);
	for (const char *text = invalid; text; text = list_next(text))
		ck_assert_msg(try_decode(&insn, 32, text) == DECODE_INVALID, "%s", text);
}
END_TEST

START_TEST(older_meanings_are_kept)
{
	ck_assert_uint_eq(decode(32, "f3 0f bd c1").mnemonic, MNEMONIC_BSR); /* not LZCNT */
	ck_assert_uint_eq(decode(32, "f3 0f bc c1").mnemonic, MNEMONIC_BSF); /* not TZCNT */
	ck_assert_uint_eq(decode(32, "f3 0f 1e fb").mnemonic, MNEMONIC_NOP); /* not ENDBR32 */
	ck_assert_uint_eq(decode(32, "0f 1a 00").mnemonic, MNEMONIC_NOP);    /* not BNDLDX */
	ck_assert_uint_eq(decode(32, "f3 0f 09").mnemonic, MNEMONIC_WBINVD); /* not WBNOINVD */
}
END_TEST

/* ---- Operands ---- */

START_TEST(registers_have_number_and_size)
{
	struct insn_operand ah = operand("88 e1", 1);
	struct insn_operand di = operand("66 89 f8", 1);
	struct insn_operand esi = operand("56", 0);

	ck_assert_uint_eq(operand("89 f8", 1).kind, OPERAND_REGISTER);
	ck_assert_uint_eq(ah.reg, 4);
	ck_assert_uint_eq(ah.size, 1);
	ck_assert_uint_eq(di.reg, EDI);
	ck_assert_uint_eq(di.size, 2);
	ck_assert_uint_eq(esi.reg, ESI);
	ck_assert_uint_eq(esi.size, 4);
	ck_assert_uint_eq(operand("d3 e0", 1).reg, ECX); /* shl eax, cl */
	ck_assert_uint_eq(operand("d3 e0", 1).size, 1);
	ck_assert_uint_eq(operand("0f 22 c0", 1).size, 4);
}
END_TEST

START_TEST(each_register_file_has_its_kind)
{
	static const struct {
		const char *bytes;
		unsigned number;
		enum insn_operand_kind kind;
		unsigned reg, size;
	} cases[] = {
		{"8e e0", 0, OPERAND_SEGMENT, SEGMENT_FS, 2},
		{"0e", 0, OPERAND_SEGMENT, SEGMENT_CS, 2},
		{"0f 22 e0", 0, OPERAND_CONTROL, 4, 4},
		{"0f 23 f8", 0, OPERAND_DEBUG, 7, 4},
		{"d8 c3", 0, OPERAND_X87, 0, 10},
		{"d8 c3", 1, OPERAND_X87, 3, 10},
		{"0f fc d1", 0, OPERAND_MMX, 2, 8},
		{"0f 58 d1", 1, OPERAND_XMM, 1, 16},
	};

	for (unsigned i = 0; i < LENGTH(cases); i++) {
		struct insn_operand found = operand(cases[i].bytes, cases[i].number);

		ck_assert_msg(found.kind == cases[i].kind && found.reg == cases[i].reg &&
				      found.size == cases[i].size,
			"%s", cases[i].bytes);
	}
}
END_TEST

START_TEST(control_register_moves_ignore_mod)
{
	struct insn insn = decode(32, "0f 22 05"); /* mod 0, rm 5 would be [disp32] */

	ck_assert(!insn.has_memory);
	ck_assert_uint_eq(operand("0f 22 05", 1).kind, OPERAND_REGISTER);
	ck_assert_uint_eq(operand("0f 22 05", 1).reg, EBP);
}
END_TEST

START_TEST(memory_has_base_index_scale_and_displacement)
{
	struct insn_operand full = operand("8b 44 8c 90", 1); /* [esp+ecx*4-0x70] */
	struct insn_operand absolute = operand("8b 05 44 33 22 11", 1);
	struct insn_operand no_index = operand("8b 04 e4", 1); /* [esp], scale is ignored */

	ck_assert_uint_eq(full.kind, OPERAND_MEMORY);
	ck_assert_uint_eq(full.size, 4);
	ck_assert_uint_eq(full.base, ESP);
	ck_assert_uint_eq(full.index, ECX);
	ck_assert_uint_eq(full.scale, 4);
	ck_assert_uint_eq(full.displacement, 0xFFFFFF90);
	ck_assert_uint_eq(full.segment, SEGMENT_SS);
	ck_assert_uint_eq(absolute.base, INSN_NO_REGISTER);
	ck_assert_uint_eq(absolute.index, INSN_NO_REGISTER);
	ck_assert_uint_eq(absolute.displacement, 0x11223344);
	ck_assert_uint_eq(no_index.index, INSN_NO_REGISTER);
	ck_assert_uint_eq(no_index.scale, 1);
}
END_TEST

START_TEST(memory_operands_have_their_size)
{
	static const struct {
		const char *bytes;
		unsigned size;
	} cases[] = {
		{"8a 00", 1},
		{"8b 00", 4},
		{"66 8b 00", 2},
		{"0f b7 00", 2},
		{"8c 00", 2},
		{"8d 00", 0},
		{"0f 01 38", 0},
		{"0f 01 10", 6},
		{"c4 00", 6},
		{"66 c4 00", 4},
		{"62 00", 8},
		{"0f c7 08", 8},
		{"dd 00", 8},
		{"db 28", 10},
		{"0f 58 00", 16},
		{"f3 0f 58 00", 4},
		{"d9 20", 28},
		{"66 d9 20", 14},
		{"dd 30", 108},
		{"0f ae 00", 512},
	};

	for (unsigned i = 0; i < LENGTH(cases); i++) {
		struct insn insn = decode(32, cases[i].bytes);
		struct insn_operand operands[INSN_OPERANDS_MAX];
		unsigned count = insn_operands(&insn, operands);
		const struct insn_operand *memory = &operands[count - 1];

		if (operands[0].kind == OPERAND_MEMORY)
			memory = &operands[0];
		ck_assert_uint_eq(memory->kind, OPERAND_MEMORY);
		ck_assert_msg(memory->size == cases[i].size, "%s", cases[i].bytes);
	}
}
END_TEST

START_TEST(string_operands_name_their_segments)
{
	struct insn_operand destination = operand("64 a5", 0); /* fs movsd */
	struct insn_operand source = operand("64 a5", 1);

	ck_assert_uint_eq(destination.kind, OPERAND_STRING_DESTINATION);
	ck_assert_uint_eq(destination.segment, SEGMENT_ES);
	ck_assert_uint_eq(destination.base, EDI);
	ck_assert_uint_eq(destination.size, 4);
	ck_assert_uint_eq(source.kind, OPERAND_STRING_SOURCE);
	ck_assert_uint_eq(source.segment, SEGMENT_FS);
	ck_assert_uint_eq(source.base, ESI);
	ck_assert_uint_eq(operand("a5", 1).segment, SEGMENT_DS);
	ck_assert_uint_eq(operand("6c", 0).kind, OPERAND_STRING_DESTINATION); /* insb */
	ck_assert_uint_eq(operand("6e", 1).kind, OPERAND_STRING_SOURCE);      /* outsb */
}
END_TEST

START_TEST(immediates_are_extended_as_the_instruction_says)
{
	ck_assert_uint_eq(operand("83 c0 80", 1).value, 0xFFFFFF80); /* add eax, -128 */
	ck_assert_uint_eq(operand("66 83 c0 80", 1).value, 0xFF80);
	ck_assert_uint_eq(operand("80 c0 80", 1).value, 0x80);
	ck_assert_uint_eq(operand("66 b8 ff ff", 1).value, 0xFFFF);
	ck_assert_uint_eq(operand("cd 80", 0).value, 0x80);
	ck_assert_uint_eq(operand("c1 e0 80", 1).value, 0x80);
	ck_assert_uint_eq(operand("d1 e0", 1).value, 1);
	ck_assert_uint_eq(decode(32, "83 c0 80").immediate, 0xFFFFFF80);
	ck_assert_uint_eq(decode(32, "80 c0 80").immediate, 0x80);
	ck_assert_uint_eq(decode(32, "68 80 00 00 80").immediate, 0x80000080);
}
END_TEST

START_TEST(some_instructions_have_two_numbers)
{
	struct insn far = decode(32, "9a 78 56 34 12 08 00");
	struct insn enter = decode(32, "c8 34 12 1f");
	struct insn store = decode(32, "c7 45 f8 78 56 34 12");

	ck_assert_uint_eq(operand("9a 78 56 34 12 08 00", 0).kind, OPERAND_FAR_POINTER);
	ck_assert_uint_eq(operand("9a 78 56 34 12 08 00", 0).selector, 8);
	ck_assert_uint_eq(operand("9a 78 56 34 12 08 00", 0).value, 0x12345678);
	ck_assert_uint_eq(far.immediate_size, 4);
	ck_assert_uint_eq(far.immediate2_size, 2);
	ck_assert_uint_eq(enter.immediate, 0x1234);
	ck_assert_uint_eq(enter.immediate2, 0x1F);
	ck_assert_uint_eq(enter.immediate2_size, 1);
	ck_assert_uint_eq(store.displacement_size, 1);
	ck_assert_uint_eq(store.displacement, 0xFFFFFFF8);
	ck_assert_uint_eq(store.immediate_size, 4);
	ck_assert_uint_eq(store.immediate, 0x12345678);
}
END_TEST

START_TEST(there_are_as_many_operands_as_intel_lists)
{
	struct insn_operand operands[INSN_OPERANDS_MAX];
	struct insn none = decode(32, "fa"), one = decode(32, "50"), two = decode(32, "01 c8");
	struct insn three = decode(32, "6b c3 10");

	ck_assert_uint_eq(insn_operands(&none, operands), 0);
	ck_assert_uint_eq(operands[0].kind, OPERAND_NONE);
	ck_assert_uint_eq(insn_operands(&one, operands), 1);
	ck_assert_uint_eq(insn_operands(&two, operands), 2);
	ck_assert_uint_eq(operands[2].kind, OPERAND_NONE);
	ck_assert_uint_eq(insn_operands(&three, operands), 3);
	ck_assert_uint_eq(operands[0].reg, EAX);
	ck_assert_uint_eq(operands[1].reg, EBX);
	ck_assert_uint_eq(operands[2].value, 0x10);
}
END_TEST

START_TEST(the_parts_of_an_instruction_are_kept)
{
	struct insn insn =
		decode(32, "66 0f 3a 0f 44 8c 10 04"); /* palignr xmm0, [esp+ecx*4+16], 4 */

	ck_assert_uint_eq(insn.map, MAP_0F3A);
	ck_assert_uint_eq(insn.opcode, 0x0F);
	ck_assert(insn.has_modrm);
	ck_assert_uint_eq(insn.modrm, 0x44);
	ck_assert(insn.has_sib);
	ck_assert_uint_eq(insn.sib, 0x8C);
	ck_assert(insn.has_memory);
	ck_assert_uint_eq(insn.displacement_size, 1);
	ck_assert_uint_eq(insn.immediate_size, 1);
	ck_assert_uint_eq(decode(32, "90").map, MAP_ONE_BYTE);
	ck_assert_uint_eq(decode(32, "0f a2").map, MAP_0F);
	ck_assert_uint_eq(decode(32, "0f 38 00 c1").map, MAP_0F38);
	ck_assert(!decode(32, "90").has_modrm);
	ck_assert(!decode(32, "89 c0").has_memory);
}
END_TEST

/* ---- Addresses ---- */

static const uint32_t gpr[8] = {
	[EAX] = 0x1000,
	[ECX] = 0x20,
	[EDX] = 0xFFFFFFF0,
	[EBX] = 0x00018000,
	[ESP] = 0xC0000000,
	[EBP] = 0x0000F000,
	[ESI] = 0x00009000,
	[EDI] = 0x12340004,
};

static uint32_t offset(unsigned code_size, const char *text)
{
	struct insn insn = decode(code_size, text);

	return insn_offset(&insn, gpr);
}

START_TEST(offsets_are_computed_with_32_bits)
{
	ck_assert_uint_eq(offset(32, "8b 00"), 0x1000);
	ck_assert_uint_eq(offset(32, "8b 40 ff"), 0xFFF);
	ck_assert_uint_eq(offset(32, "8b 80 00 00 00 10"), 0x10001000);
	ck_assert_uint_eq(offset(32, "8b 05 78 56 34 12"), 0x12345678);
	ck_assert_uint_eq(offset(32, "8b 44 88 08"), 0x1088);              /* [eax+ecx*4+8] */
	ck_assert_uint_eq(offset(32, "8b 04 24"), 0xC0000000);             /* [esp] */
	ck_assert_uint_eq(offset(32, "8b 04 cd 00 00 00 01"), 0x01000100); /* [ecx*8+0x1000000] */
	ck_assert_uint_eq(offset(32, "8b 42 20"), 0x10);                   /* wraps at 4 GiB */
	ck_assert_uint_eq(offset(32, "a1 78 56 34 12"), 0x12345678);       /* moffs */
	ck_assert_uint_eq(offset(32, "89 c0"), 0);                         /* no memory */
}
END_TEST

START_TEST(offsets_are_computed_with_16_bits)
{
	ck_assert_uint_eq(offset(16, "8b 00"), 0x1000);        /* bx+si = 8000 + 9000: wraps */
	ck_assert_uint_eq(offset(16, "8b 01"), 0x8004);        /* bx+di */
	ck_assert_uint_eq(offset(16, "8b 02"), 0x8000);        /* bp+si = f000 + 9000: wraps */
	ck_assert_uint_eq(offset(16, "8b 03"), 0xF004);        /* bp+di */
	ck_assert_uint_eq(offset(16, "8b 04"), 0x9000);        /* si */
	ck_assert_uint_eq(offset(16, "8b 05"), 0x0004);        /* di */
	ck_assert_uint_eq(offset(16, "8b 46 00"), 0xF000);     /* bp */
	ck_assert_uint_eq(offset(16, "8b 07"), 0x8000);        /* bx */
	ck_assert_uint_eq(offset(16, "8b 06 fe ff"), 0xFFFE);  /* disp16 */
	ck_assert_uint_eq(offset(16, "8b 45 fb"), 0xFFFF);     /* di-5 */
	ck_assert_uint_eq(offset(16, "8b 85 00 80"), 0x8004);  /* di+8000 */
	ck_assert_uint_eq(offset(32, "67 8b 01"), 0x8004);     /* by prefix */
	ck_assert_uint_eq(offset(16, "67 8b 03"), 0x00018000); /* and back: [ebx] */
	ck_assert_uint_eq(offset(32, "67 a1 fe ff"), 0xFFFE);
}
END_TEST

START_TEST(the_segment_is_the_override_or_follows_the_base)
{
	static const struct {
		unsigned code_size;
		const char *bytes;
		enum insn_segment segment;
	} cases[] = {
		{32, "8b 00", SEGMENT_DS},
		{32, "8b 45 00", SEGMENT_SS},             /* [ebp] */
		{32, "8b 04 24", SEGMENT_SS},             /* [esp] */
		{32, "8b 04 28", SEGMENT_DS},             /* [eax+ebp] */
		{32, "8b 44 05 00", SEGMENT_SS},          /* [ebp+eax] */
		{32, "8b 04 2d 00 00 00 00", SEGMENT_DS}, /* [ebp*1], no base */
		{32, "8b 05 00 00 00 00", SEGMENT_DS},    /* mod 0, rm 5: no base */
		{32, "3e 8b 45 00", SEGMENT_DS},
		{32, "2e 8b 00", SEGMENT_CS},
		{32, "a1 00 00 00 00", SEGMENT_DS},
		{32, "65 a1 00 00 00 00", SEGMENT_GS},
		{16, "8b 02", SEGMENT_SS},       /* [bp+si] */
		{16, "8b 03", SEGMENT_SS},       /* [bp+di] */
		{16, "8b 46 00", SEGMENT_SS},    /* [bp] */
		{16, "8b 06 00 00", SEGMENT_DS}, /* [disp16] */
		{16, "8b 07", SEGMENT_DS},
		{16, "26 8b 46 00", SEGMENT_ES},
	};

	for (unsigned i = 0; i < LENGTH(cases); i++) {
		struct insn insn = decode(cases[i].code_size, cases[i].bytes);

		ck_assert_msg(
			insn_operand_segment(&insn) == cases[i].segment, "%s", cases[i].bytes);
	}
}
END_TEST

static uint32_t target(unsigned code_size, const char *text, uint32_t eip)
{
	struct insn insn = decode(code_size, text);

	return insn_branch_target(&insn, eip);
}

START_TEST(branches_count_from_the_next_instruction)
{
	ck_assert_uint_eq(target(32, "eb fe", 0x00100000), 0x00100000);
	ck_assert_uint_eq(target(32, "eb 7f", 0x00100000), 0x00100081);
	ck_assert_uint_eq(target(32, "74 80", 0x00100000), 0x000FFF82);
	ck_assert_uint_eq(target(32, "e8 00 00 00 00", 0xFFFFFFFE), 0x00000003);
	ck_assert_uint_eq(target(32, "0f 85 fa ff ff ff", 0x00100000), 0x00100000);
	ck_assert_uint_eq(target(32, "66 e9 fc ff", 0x00120000), 0x0000); /* cut to 16 bits */
	ck_assert_uint_eq(target(16, "e9 00 80", 0x9000), 0x1003);
	ck_assert_uint_eq(target(16, "66 e9 00 00 01 00", 0x9000), 0x00019006);
	ck_assert_uint_eq(target(32, "e2 fe", 0x00100000), 0x00100000);
	ck_assert_uint_eq(operand("eb fe", 0).kind, OPERAND_RELATIVE);
}
END_TEST

/* ---- Classes ---- */

static void check_class(enum insn_class class, const char *list)
{
	for (const char *text = list; text; text = list_next(text)) {
		struct insn insn = decode(32, text);

		ck_assert_msg(insn.class == class, "%s is %s, not %s: %s",
			insn_mnemonic_name(insn.mnemonic), insn_class_name(insn.class),
			insn_class_name(class), text);
	}
}

START_TEST(privileged_instructions)
{
	static const char list[] =
		"fa, fb, f4,"                                        /* CLI STI HLT */
		"e4 20, e5 20, ec, ed, 66 ed, e6 20, e7 20, ee, ef," /* IN OUT */
		"6c, 6d, 66 6d, 6e, 6f, 66 6f, f3 6c,"               /* INS OUTS */
		"0f 00 d0, 0f 00 d8, 0f 01 10, 0f 01 18,"            /* LLDT LTR LGDT LIDT */
		"0f 01 30, 0f 01 f0, 0f 06, 0f 01 38, 0f 08, 0f 09," /* LMSW CLTS INV... */
		"0f 20 c0, 0f 20 d0, 0f 20 d8, 0f 20 e0,"            /* MOV from CR */
		"0f 22 c0, 0f 22 d0, 0f 22 d8, 0f 22 e0,"            /* MOV to CR */
		"0f 21 c0, 0f 23 f8,"                                /* MOV from, to DR */
		"0f 30, 0f 31, 0f 32, 0f 33, 0f 35,"                 /* WRMSR RDTSC ... */
		"0f 01 c8, 0f 01 c9";                                /* MONITOR MWAIT */

	check_class(INSN_PRIVILEGED, list);
}
END_TEST

START_TEST(sensitive_instructions)
{
	static const char list[] =
		"0f 01 00, 0f 01 08, 0f 00 00, 0f 00 c0,"                   /* SGDT SIDT SLDT */
		"0f 00 08, 0f 00 c8, 0f 01 20, 0f 01 e0,"                   /* STR SMSW */
		"9c, 66 9c, 9d, 66 9d, cf, 66 cf,"                          /* PUSHF POPF IRET */
		"0f 02 c1, 0f 03 c1, 0f 00 e0, 0f 00 e8,"                   /* LAR LSL VERR VERW */
		"06, 0e, 16, 1e, 0f a0, 0f a8,"                             /* PUSH segment */
		"07, 17, 1f, 0f a1, 0f a9,"                                 /* POP segment */
		"8c c0, 8c c8, 8c 10, 8c d8, 8c e0, 8c e8,"                 /* MOV from segment */
		"8e c0, 8e 10, 8e d8, 8e e0, 8e e8,"                        /* MOV to segment */
		"c4 00, c5 00, 0f b2 00, 0f b4 00, 0f b5 00,"               /* LES LDS LSS ... */
		"9a 00 00 00 00 08 00, ff 18, ea 00 00 00 00 08 00, ff 28," /* far CALL, JMP */
		"ca 04 00, cb,"                                             /* far RET */
		"cc, cd 80, ce, f1,"                                        /* INT3 INT INTO INT1 */
		"0f a2, 0f 34";                                             /* CPUID SYSENTER */

	check_class(INSN_SENSITIVE, list);
}
END_TEST

START_TEST(control_flow_instructions)
{
	static const char list[] =
		"70 00, 71 00, 72 00, 73 00, 74 00, 75 00, 76 00, 77 00," /* Jcc */
		"78 00, 79 00, 7a 00, 7b 00, 7c 00, 7d 00, 7e 00, 7f 00,"
		"0f 80 00 00 00 00, 0f 84 00 00 00 00, 0f 8f 00 00 00 00,"
		"e0 00, e1 00, e2 00, e3 00, 67 e3 00," /* LOOP JCXZ */
		"e8 00 00 00 00, ff d0, ff 10,"         /* near CALL */
		"e9 00 00 00 00, eb 00, ff e0, ff 20,"  /* near JMP */
		"c2 04 00, c3";                         /* near RET */

	check_class(INSN_CONTROL_FLOW, list);
}
END_TEST

START_TEST(harmless_instructions)
{
	static const char list[] =
		"90, f3 90, 01 c8, 8b 00, a1 00 00 00 00, 89 e5, 8d 00, 0f b6 c1,"
		"50, 58, 8f 00, ff 30, 60, 61, c8 00 00 00, c9," /* PUSH POP ENTER */
		"f3 a5, f3 aa, d7, 27, d4 0a, d6, f0 0f b1 0a, 0f c7 08,"
		"9e, 9f, f8, fc, fd, 63 c8,"                          /* SAHF LAHF ARPL */
		"62 00, f7 f1, 0f 0b, 0f b9 c0, 0f ff c0, 0f aa,"     /* BOUND DIV UD RSM */
		"9b, d9 e8, dd 30, df e0, 0f 77, 0f 58 c1, 0f ae 00," /* x87 MMX SSE */
		"0f ae f0, 0f ae 38, 0f 18 00, 0f a3 c8, 0f c8, 0f 40 c1, 0f 90 c0";

	check_class(INSN_HARMLESS, list);
}
END_TEST

/*
 * The lists above are complete: among all opcodes of the first two maps with all ModRM bytes, what
 * is privileged or sensitive bears one of these names.
 */
START_TEST(no_other_instruction_is_privileged_or_sensitive)
{
	/* clang-format off */
	static const uint16_t names[] = {
		MNEMONIC_CLI, MNEMONIC_STI, MNEMONIC_HLT, MNEMONIC_IN, MNEMONIC_OUT, MNEMONIC_INSB,
		MNEMONIC_INSW, MNEMONIC_INSD, MNEMONIC_OUTSB, MNEMONIC_OUTSW, MNEMONIC_OUTSD,
		MNEMONIC_LLDT, MNEMONIC_LTR, MNEMONIC_LGDT, MNEMONIC_LIDT, MNEMONIC_LMSW,
		MNEMONIC_INVLPG, MNEMONIC_CLTS, MNEMONIC_INVD, MNEMONIC_WBINVD, MNEMONIC_MOV,
		MNEMONIC_WRMSR, MNEMONIC_RDTSC, MNEMONIC_RDMSR, MNEMONIC_RDPMC, MNEMONIC_SYSEXIT,
		MNEMONIC_MONITOR, MNEMONIC_MWAIT, MNEMONIC_SGDT, MNEMONIC_SIDT, MNEMONIC_SLDT,
		MNEMONIC_STR, MNEMONIC_SMSW, MNEMONIC_PUSHF, MNEMONIC_PUSHFD, MNEMONIC_POPF,
		MNEMONIC_POPFD, MNEMONIC_IRET, MNEMONIC_IRETD, MNEMONIC_LAR, MNEMONIC_LSL,
		MNEMONIC_VERR, MNEMONIC_VERW, MNEMONIC_PUSH, MNEMONIC_POP, MNEMONIC_LES,
		MNEMONIC_LDS, MNEMONIC_LSS, MNEMONIC_LFS, MNEMONIC_LGS, MNEMONIC_CALL_FAR,
		MNEMONIC_JMP_FAR, MNEMONIC_RET_FAR, MNEMONIC_INT3, MNEMONIC_INT, MNEMONIC_INTO,
		MNEMONIC_INT1, MNEMONIC_CPUID, MNEMONIC_SYSENTER,
	};
	/* clang-format on */
	bool expected[MNEMONIC_COUNT] = {false}, found[MNEMONIC_COUNT] = {false};

	for (unsigned i = 0; i < LENGTH(names); i++)
		expected[names[i]] = true;
	for (unsigned code = 0; code < 2 * 256 * 256; code++) {
		uint8_t bytes[INSN_MAX_LENGTH] = {0x0F, code >> 8 & 0xFF, code & 0xFF};
		bool one_byte = code >> 16;
		struct insn insn;

		if (insn_decode(&insn, bytes + one_byte, sizeof(bytes) - 1, 32) == DECODE_OK &&
			(insn.class == INSN_PRIVILEGED || insn.class == INSN_SENSITIVE))
			found[insn.mnemonic] = true;
	}
	for (unsigned i = 0; i < MNEMONIC_COUNT; i++)
		ck_assert_msg(expected[i] == found[i], "%s", insn_mnemonic_name(i));
}
END_TEST

/* ---- Text ---- */

START_TEST(text_is_cut_to_the_buffer)
{
	static const char whole[] = "lgdt [0x00104010]";
	struct insn insn = decode(32, "0f 01 15 10 40 10 00");
	char text[INSN_TEXT_SIZE];

	for (size_t size = 1; size <= sizeof(whole); size++) {
		memset(text, '#', sizeof(text));
		ck_assert_uint_eq(insn_format(&insn, 0, text, size), size - 1);
		ck_assert_uint_eq(strlen(text), size - 1);
		ck_assert_int_eq(strncmp(text, whole, size - 1), 0);
		ck_assert_int_eq(text[size], '#');
	}
	memset(text, '#', sizeof(text));
	ck_assert_uint_eq(insn_format(&insn, 0, text, 0), 0);
	ck_assert_int_eq(text[0], '#');
}
END_TEST

START_TEST(names_are_those_of_the_list)
{
	ck_assert_str_eq(insn_mnemonic_name(MNEMONIC_CLI), "cli");
	ck_assert_str_eq(insn_mnemonic_name(MNEMONIC_XORPS), "xorps");
	ck_assert_str_eq(insn_mnemonic_name(MNEMONIC_NONE), "?");
	ck_assert_str_eq(insn_mnemonic_name(MNEMONIC_COUNT), "?");
	for (unsigned i = MNEMONIC_NONE + 1; i < MNEMONIC_COUNT; i++)
		ck_assert_str_ne(insn_mnemonic_name(i), "?");
	ck_assert_str_eq(insn_class_name(INSN_HARMLESS), "harmless");
	ck_assert_str_eq(insn_class_name(INSN_CONTROL_FLOW), "control flow");
	ck_assert_str_eq(insn_class_name(INSN_PRIVILEGED), "privileged");
	ck_assert_str_eq(insn_class_name(INSN_SENSITIVE), "sensitive");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		fifteen_bytes_are_an_instruction_and_sixteen_are_too_long,
		a_repeated_prefix_counts_once,
		the_last_override_counts,
		the_last_of_f2_and_f3_counts,
		f2_and_f3_select_before_66,
		size_prefixes_choose_the_other_size,
		what_the_processor_does_not_know_is_invalid,
		lock_is_valid_where_memory_is_changed,
		older_meanings_are_kept,
		registers_have_number_and_size,
		each_register_file_has_its_kind,
		control_register_moves_ignore_mod,
		memory_has_base_index_scale_and_displacement,
		memory_operands_have_their_size,
		string_operands_name_their_segments,
		immediates_are_extended_as_the_instruction_says,
		some_instructions_have_two_numbers,
		there_are_as_many_operands_as_intel_lists,
		the_parts_of_an_instruction_are_kept,
		offsets_are_computed_with_32_bits,
		offsets_are_computed_with_16_bits,
		the_segment_is_the_override_or_follows_the_base,
		branches_count_from_the_next_instruction,
		privileged_instructions,
		sensitive_instructions,
		control_flow_instructions,
		harmless_instructions,
		no_other_instruction_is_privileged_or_sensitive,
		text_is_cut_to_the_buffer,
		names_are_those_of_the_list,
	};
	Suite *suite = suite_create("decode");
	TCase *cases = tcase_create("decode");
	SRunner *runner = srunner_create(suite);
	int failed;

	for (unsigned i = 0; i < LENGTH(tests); i++)
		tcase_add_test(cases, tests[i]);
	tcase_add_loop_test(cases, instructions_have_their_length_and_text, 0, LENGTH(examples));
	tcase_add_loop_test(
		cases, the_beginning_of_an_instruction_is_truncated, 0, LENGTH(examples));
	tcase_add_loop_test(cases, no_byte_behind_the_instruction_is_read, 0, LENGTH(examples));
	suite_add_tcase(suite, cases);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
