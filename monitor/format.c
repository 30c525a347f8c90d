/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The text of a decoded instruction, in the syntax of NASM: what reports, traces and debugger
 * commands show.
 *
 * Invariants: whatever the size of the buffer, the text in it ends with a zero, and nothing is
 * written behind it. What the text leaves out changes nothing that the instruction does: it shows
 * the prefixes that have an effect, and those alone.
 */
#include "decode.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Where the text goes. There is always room for the zero at the end. */
struct writer {
	char *text;
	size_t length;
	size_t room; /* for characters, without the zero */
};

static void write_character(struct writer *writer, char character)
{
	if (writer->length < writer->room)
		writer->text[writer->length++] = character;
}

static void write_string(struct writer *writer, const char *string)
{
	while (*string)
		write_character(writer, *string++);
}

/* "0x" and at least that many digits. */
static void write_hexadecimal(struct writer *writer, uint32_t value, unsigned digits)
{
	write_string(writer, "0x");
	for (unsigned digit = 8; digit-- > 0;)
		if (digit < digits || value >> 4 * digit != 0)
			write_character(writer, "0123456789abcdef"[value >> 4 * digit & 0xF]);
}

/* An address: as many digits as it has. */
static void write_address(struct writer *writer, uint32_t address, unsigned bytes)
{
	write_hexadecimal(writer, bytes == 2 ? address & 0xFFFF : address, 2 * bytes);
}

/* A register of a file whose names are a word and a number: "cr0". */
static void write_numbered(struct writer *writer, const char *file, unsigned number)
{
	write_string(writer, file);
	write_character(writer, (char)('0' + number));
}

static void write_general_register(struct writer *writer, unsigned number, unsigned size)
{
	static const char byte_name[8][3] = {"al", "cl", "dl", "bl", "ah", "ch", "dh", "bh"};
	static const char word_name[8][3] = {"ax", "cx", "dx", "bx", "sp", "bp", "si", "di"};

	if (size == 1) {
		write_string(writer, byte_name[number]);
		return;
	}
	if (size == 4)
		write_character(writer, 'e');
	write_string(writer, word_name[number]);
}

static void write_segment(struct writer *writer, unsigned segment)
{
	static const char name[][3] = {"es", "cs", "ss", "ds", "fs", "gs"};

	write_string(writer, segment < LENGTH(name) ? name[segment] : "?");
}

/* "dword " and the like; nothing for sizes that have no such word. */
static void write_size(struct writer *writer, unsigned bytes)
{
	static const struct {
		uint8_t bytes;
		const char *keyword;
	} sizes[] = {{1, "byte "}, {2, "word "}, {4, "dword "}, {8, "qword "}, {10, "tword "}};

	for (unsigned i = 0; i < LENGTH(sizes); i++)
		if (sizes[i].bytes == bytes)
			write_string(writer, sizes[i].keyword);
}

/* What stands between the brackets, after the segment. */
static void write_offset(
	struct writer *writer, const struct insn *insn, const struct insn_operand *memory)
{
	bool has_base = memory->base != INSN_NO_REGISTER;
	bool has_index = memory->index != INSN_NO_REGISTER;
	bool negative = (int32_t)memory->displacement < 0;

	if (!has_base && !has_index) {
		write_address(writer, memory->displacement, insn->address_size);
		return;
	}
	if (has_base)
		write_general_register(writer, memory->base, insn->address_size);
	if (has_base && has_index)
		write_character(writer, '+');
	if (has_index)
		write_general_register(writer, memory->index, insn->address_size);
	if (memory->scale != 1)
		write_numbered(writer, "*", memory->scale);
	if (memory->displacement != 0) {
		write_character(writer, negative ? '-' : '+');
		write_hexadecimal(
			writer, negative ? 0 - memory->displacement : memory->displacement, 1);
	}
}

static void write_memory(
	struct writer *writer, const struct insn *insn, const struct insn_operand *memory)
{
	/* A far pointer in memory is called by the size of its offset. */
	bool far = insn->mnemonic == MNEMONIC_CALL_FAR || insn->mnemonic == MNEMONIC_JMP_FAR;

	write_size(writer, far ? insn->operand_size : memory->size);
	write_character(writer, '[');
	if (insn->segment != SEGMENT_DEFAULT) {
		write_segment(writer, insn->segment);
		write_character(writer, ':');
	}
	write_offset(writer, insn, memory);
	write_character(writer, ']');
}

static void write_operand(struct writer *writer, const struct insn *insn,
	const struct insn_operand *operand, uint32_t eip)
{
	switch (operand->kind) {
	case OPERAND_REGISTER:
		write_general_register(writer, operand->reg, operand->size);
		break;
	case OPERAND_MEMORY:
	case OPERAND_MEMORY_OFFSET:
		write_memory(writer, insn, operand);
		break;
	case OPERAND_IMMEDIATE:
		write_hexadecimal(writer, operand->value, 1);
		break;
	case OPERAND_RELATIVE:
		write_address(writer, insn_branch_target(insn, eip), insn->operand_size);
		break;
	case OPERAND_FAR_POINTER:
		write_address(writer, operand->selector, 2);
		write_character(writer, ':');
		write_address(writer, operand->value, insn->operand_size);
		break;
	case OPERAND_SEGMENT:
		write_segment(writer, operand->reg);
		break;
	case OPERAND_CONTROL:
		write_numbered(writer, "cr", operand->reg);
		break;
	case OPERAND_DEBUG:
		write_numbered(writer, "dr", operand->reg);
		break;
	case OPERAND_X87:
		write_numbered(writer, "st", operand->reg);
		break;
	case OPERAND_MMX:
		write_numbered(writer, "mm", operand->reg);
		break;
	case OPERAND_XMM:
		write_numbered(writer, "xmm", operand->reg);
		break;
	}
}

/* Whether it is a string instruction. Its mnemonic implies all of its operands. */
static bool operands_are_strings(const struct insn_operand operand[])
{
	return operand[0].kind == OPERAND_STRING_SOURCE ||
	       operand[0].kind == OPERAND_STRING_DESTINATION ||
	       operand[1].kind == OPERAND_STRING_SOURCE ||
	       operand[1].kind == OPERAND_STRING_DESTINATION;
}

/* Whether the instruction uses memory or a counter that none of its operands shows. */
static bool insn_hides_address(const struct insn *insn)
{
	switch (insn->mnemonic) {
	case MNEMONIC_XLATB:
	case MNEMONIC_LOOP:
	case MNEMONIC_LOOPE:
	case MNEMONIC_LOOPNE:
	case MNEMONIC_MASKMOVQ:
	case MNEMONIC_MASKMOVDQU:
	case MNEMONIC_MONITOR:
		return true;
	default:
		return false;
	}
}

/* Whether the operand size matters although neither the mnemonic nor a register shows it. */
static bool insn_hides_operand_size(const struct insn *insn, const struct insn_operand *first)
{
	switch (insn->mnemonic) {
	case MNEMONIC_RET:
	case MNEMONIC_RET_FAR:
	case MNEMONIC_ENTER:
	case MNEMONIC_LEAVE:
	case MNEMONIC_LGDT:
	case MNEMONIC_LIDT:
	case MNEMONIC_FLDENV:
	case MNEMONIC_FNSTENV:
	case MNEMONIC_FNSAVE:
	case MNEMONIC_FRSTOR:
		return true;
	case MNEMONIC_PUSH:
	case MNEMONIC_POP:
		return first->kind == OPERAND_SEGMENT || first->kind == OPERAND_IMMEDIATE;
	default:
		return false;
	}
}

/* REP as this string instruction uses it: CMPS and SCAS stop at a difference, or at equality. */
static void write_repetition(struct writer *writer, const struct insn *insn)
{
	bool compares = (insn->opcode & 0xF6) == 0xA6; /* A6, A7, AE, AF */

	if (insn->prefixes & PREFIX_REP)
		write_string(writer, compares ? "repe " : "rep ");
	else if (insn->prefixes & PREFIX_REPNE)
		write_string(writer, "repne ");
}

static void write_prefixes(
	struct writer *writer, const struct insn *insn, const struct insn_operand operand[])
{
	bool string = operands_are_strings(operand);
	bool hides_address = string || insn_hides_address(insn);

	if (insn->prefixes & PREFIX_LOCK)
		write_string(writer, "lock ");
	if (string)
		write_repetition(writer, insn);
	if (hides_address && insn->prefixes & PREFIX_ADDRESS_SIZE)
		write_string(writer, insn->address_size == 2 ? "a16 " : "a32 ");
	if (insn->prefixes & PREFIX_OPERAND_SIZE && insn_hides_operand_size(insn, &operand[0]))
		write_string(writer, insn->operand_size == 2 ? "o16 " : "o32 ");
	if (hides_address && insn->segment != SEGMENT_DEFAULT) {
		write_segment(writer, insn->segment);
		write_character(writer, ' ');
	}
}

size_t insn_format(const struct insn *insn, uint32_t eip, char *text, size_t size)
{
	struct writer writer = {.text = text, .room = size - 1};
	struct insn_operand operand[INSN_OPERANDS_MAX];
	unsigned count = insn_operands(insn, operand);

	if (size == 0)
		return 0;
	if (operands_are_strings(operand))
		count = 0;
	write_prefixes(&writer, insn, operand);
	write_string(&writer, insn_mnemonic_name(insn->mnemonic));
	for (unsigned i = 0; i < count; i++) {
		write_string(&writer, i == 0 ? " " : ", ");
		write_operand(&writer, insn, &operand[i], eip);
	}
	text[writer.length] = '\0';
	return writer.length;
}

const char *insn_mnemonic_name(unsigned mnemonic)
{
#define MNEMONIC_TEXT(name, text) [MNEMONIC_##name] = text,
	static const char *const names[] = {MNEMONIC_LIST(MNEMONIC_TEXT)};

	return mnemonic < LENGTH(names) && names[mnemonic] ? names[mnemonic] : "?";
}

const char *insn_class_name(enum insn_class class)
{
	switch (class) {
	case INSN_HARMLESS:
		return "harmless";
	case INSN_CONTROL_FLOW:
		return "control flow";
	case INSN_PRIVILEGED:
		return "privileged";
	case INSN_SENSITIVE:
		return "sensitive";
	}
	return "?";
}
