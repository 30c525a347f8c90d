/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The instruction decoder: reads an instruction from left to right, the way the processor does, and
 * asks the tables (decode_tables.c) at each step what comes next.
 *
 *     prefixes | opcode, 1 to 3 bytes | ModRM | SIB | displacement | immediates
 *
 * Invariants: a byte is read only after it is known to belong to the instruction, and never past
 * what was given or past 15 bytes. Nothing here names an opcode, a prefix or an instruction: those
 * are in the tables.
 *
 * Decoding runs at every exit, so it does no work that only some callers want: insn_operands() and
 * insn_offset() do the rest on demand.
 *
 * Read: Intel SDM volume 2, chapter 2, "Instruction Format"; tables 2-1 to 2-3 for ModRM and SIB.
 */
#include "decode.h"
#include "decode_tables.h"

/* General registers as ModRM encodes them; with 16-bit addressing they are BX, BP, SI and DI. */
enum { EBX = 3, ESP, EBP, ESI, EDI };

/*
 * What a ModRM byte says about the bytes behind it: nothing if it names a register; if it names
 * memory, how many belong to the displacement, and whether a SIB byte comes first. A row is one
 * value of mod, with its eight values of rm. reg lies between the two and does not matter here, so
 * each row is there eight times. The row of mod 3, registers, is all zero.
 */
#define DISPLACEMENT 7 /* mask: 0, 1, 2 or 4 bytes */
#define SIB          8
#define MEMORY       16
#define M(bytes)     (MEMORY | (bytes))
#define ROW(...)                                                                                   \
	__VA_ARGS__, __VA_ARGS__, __VA_ARGS__, __VA_ARGS__, __VA_ARGS__, __VA_ARGS__, __VA_ARGS__, \
		__VA_ARGS__

static const uint8_t address_form_16[256] = {
	ROW(M(0), M(0), M(0), M(0), M(0), M(0), M(2), M(0)),
	ROW(M(1), M(1), M(1), M(1), M(1), M(1), M(1), M(1)),
	ROW(M(2), M(2), M(2), M(2), M(2), M(2), M(2), M(2)),
};

static const uint8_t address_form_32[256] = {
	ROW(M(0), M(0), M(0), M(0), M(0) | SIB, M(4), M(0), M(0)),
	ROW(M(1), M(1), M(1), M(1), M(1) | SIB, M(1), M(1), M(1)),
	ROW(M(4), M(4), M(4), M(4), M(4) | SIB, M(4), M(4), M(4)),
};

/* The low `size` bytes of a value. */
static uint32_t value_cut(uint32_t value, unsigned size)
{
	return size >= sizeof(value) ? value : value & ((1u << 8 * size) - 1);
}

/* The bytes that are left to read. */
struct reader {
	const uint8_t *next;
	const uint8_t *end;
};

static inline bool read_byte(struct reader *reader, uint8_t *value)
{
	if (reader->next == reader->end)
		return false;
	*value = *reader->next++;
	return true;
}

/* Reads a little-endian number of 1, 2 or 4 bytes and extends it from its sign. */
static inline bool read_signed(struct reader *reader, unsigned size, uint32_t *value)
{
	const uint8_t *byte = reader->next;
	size_t left = (size_t)(reader->end - byte);

	if (size == 4) {
		if (left < 4)
			return false;
		*value = byte[0] | (uint32_t)byte[1] << 8 | (uint32_t)byte[2] << 16 |
			 (uint32_t)byte[3] << 24;
	} else if (size == 1) {
		if (left < 1)
			return false;
		*value = (uint32_t)(int8_t)byte[0];
	} else {
		if (left < 2)
			return false;
		*value = (uint32_t)(int16_t)(byte[0] | byte[1] << 8);
	}
	reader->next += size;
	return true;
}

/* Sets what stands if no byte says otherwise: no prefix, no ModRM, no numbers. */
static void insn_clear(struct insn *insn, unsigned code_size)
{
	insn->operand_size = (uint8_t)(code_size / 8);
	insn->address_size = (uint8_t)(code_size / 8);
	insn->map = MAP_ONE_BYTE;
	insn->prefixes = 0;
	insn->segment = SEGMENT_DEFAULT;
	insn->has_modrm = false;
	insn->has_sib = false;
	insn->has_memory = false;
	insn->modrm = 0;
	insn->sib = 0;
	insn->displacement_size = 0;
	insn->immediate_size = 0;
	insn->immediate2_size = 0;
	insn->immediate2 = 0;
	insn->displacement = 0;
	insn->immediate = 0;
}

/* The size prefixes choose the size that is not the default, however often they are repeated. */
static void insn_apply_prefix(struct insn *insn, const struct opcode *op)
{
	uint8_t added = op->prefix & ~insn->prefixes;

	if (op->prefix == 0)
		insn->segment = op->segment;
	if (added & PREFIX_OPERAND_SIZE)
		insn->operand_size = insn->operand_size == 4 ? 2 : 4;
	if (added & PREFIX_ADDRESS_SIZE)
		insn->address_size = insn->address_size == 4 ? 2 : 4;
	if (added & (PREFIX_REP | PREFIX_REPNE))
		insn->prefixes &= (uint8_t) ~(PREFIX_REP | PREFIX_REPNE);
	insn->prefixes |= added;
}

/* Reads prefixes, map escapes and opcode. Returns its entry, or NULL if the bytes end before. */
static const struct opcode *insn_read_opcode(struct insn *insn, struct reader *reader)
{
	const struct opcode *map = opcode_map_one_byte;

	while (reader->next != reader->end) {
		const struct opcode *op = &map[*reader->next++];

		if (op->select < SELECT_NEXT_MAP)
			return op;
		if (op->select == SELECT_NEXT_MAP) {
			insn->map = op->map;
			map = op->table;
		} else {
			insn_apply_prefix(insn, op);
		}
	}
	return NULL;
}

/* Which entry of a table it is. */
static unsigned insn_index(const struct insn *insn, enum opcode_select select)
{
	switch (select) {
	case SELECT_RM:
		return modrm_rm(insn->modrm);
	case SELECT_MOD:
		return modrm_mod(insn->modrm) == MODRM_MOD_REGISTER;
	case SELECT_OPERAND_SIZE:
		return insn->operand_size == 4;
	case SELECT_ADDRESS_SIZE:
		return insn->address_size == 4;
	case SELECT_PREFIX: /* F2 and F3 go before 66 */
		if (insn->prefixes & PREFIX_REPNE)
			return 3;
		if (insn->prefixes & PREFIX_REP)
			return 2;
		return insn->prefixes & PREFIX_OPERAND_SIZE ? 1 : 0;
	default:
		return modrm_reg(insn->modrm);
	}
}

/* Reads what a ModRM byte that names memory says is behind it. */
static bool insn_read_address(struct insn *insn, struct reader *reader, unsigned form)
{
	insn->has_memory = true;
	insn->displacement_size = form & DISPLACEMENT;
	if (form & SIB) {
		if (!read_byte(reader, &insn->sib))
			return false;
		insn->has_sib = true;
		if (modrm_mod(insn->modrm) == 0 && sib_base(insn->sib) == SIB_NO_BASE)
			insn->displacement_size = 4;
	}
	return insn->displacement_size == 0 ||
	       read_signed(reader, insn->displacement_size, &insn->displacement);
}

/* Reads an offset or immediates. */
static bool insn_read_numbers(struct insn *insn, struct reader *reader, unsigned needs)
{
	uint32_t second;

	if (needs & NEEDS_OFFSET) {
		insn->has_memory = true;
		insn->displacement_size = insn->address_size;
		return read_signed(reader, insn->displacement_size, &insn->displacement);
	}
	if (needs & NEEDS_IMM8)
		insn->immediate_size = 1;
	else if (needs & NEEDS_IMM16)
		insn->immediate_size = 2;
	else
		insn->immediate_size = insn->operand_size;
	if (!read_signed(reader, insn->immediate_size, &insn->immediate))
		return false;
	if (!(needs & SIGN_EXTENDS))
		insn->immediate = value_cut(insn->immediate, insn->immediate_size);

	if (needs & (NEEDS_SECOND8 | NEEDS_SECOND16)) {
		insn->immediate2_size = needs & NEEDS_SECOND8 ? 1 : 2;
		if (!read_signed(reader, insn->immediate2_size, &second))
			return false;
		insn->immediate2 = (uint16_t)value_cut(second, insn->immediate2_size);
	}
	return true;
}

/* Goes from the opcode's entry to the instruction's, and reads what is behind the opcode. */
static enum decode_status insn_complete(
	struct insn *insn, struct reader *reader, const struct opcode *op)
{
	unsigned form = 0;
	unsigned needs;

	if (op->needs & NEEDS_MODRM) {
		if (!read_byte(reader, &insn->modrm))
			return DECODE_TRUNCATED;
		insn->has_modrm = true;
		form = insn->address_size == 4 ? address_form_32[insn->modrm]
					       : address_form_16[insn->modrm];
	}
	if (op->select == SELECT_REG) /* as most tables do */
		op = &op->table[modrm_reg(insn->modrm)];
	while (op->select != SELECT_INSTRUCTION) {
		if (op->select == SELECT_INVALID)
			return DECODE_INVALID;
		op = &op->table[insn_index(insn, op->select)];
	}
	needs = op->needs;
	insn->entry = op;
	insn->mnemonic = op->mnemonic;
	insn->class = op->class;

	if (form & MEMORY && !(needs & IGNORES_MOD)) {
		if (needs & NEEDS_REGISTER)
			return DECODE_INVALID;
		if (!insn_read_address(insn, reader, form))
			return DECODE_TRUNCATED;
	} else if (needs & NEEDS_MEMORY) {
		return DECODE_INVALID;
	}
	if (insn->prefixes & PREFIX_LOCK && !(needs & ALLOWS_LOCK && insn->has_memory))
		return DECODE_INVALID;
	if (needs & (NEEDS_IMMEDIATE | NEEDS_OFFSET) && !insn_read_numbers(insn, reader, needs))
		return DECODE_TRUNCATED;
	return DECODE_OK;
}

enum decode_status insn_decode(
	struct insn *insn, const uint8_t *bytes, size_t available, unsigned code_size)
{
	size_t readable = available < INSN_MAX_LENGTH ? available : INSN_MAX_LENGTH;
	struct reader reader = {bytes, bytes + readable};
	enum decode_status status = DECODE_TRUNCATED;
	const struct opcode *op;

	insn_clear(insn, code_size);
	op = insn_read_opcode(insn, &reader);
	if (op) {
		insn->opcode = reader.next[-1];
		status = insn_complete(insn, &reader, op);
	}
	insn->length = (uint8_t)(reader.next - bytes);
	if (status == DECODE_TRUNCATED && available >= INSN_MAX_LENGTH)
		return DECODE_TOO_LONG;
	return status;
}

/* The size of an operand in bytes. */
static uint16_t insn_size(const struct insn *insn, uint8_t size)
{
	switch (size) {
	case SIZE_V:
		return insn->operand_size;
	case SIZE_P:
		return insn->operand_size + 2;
	case SIZE_A:
		return insn->operand_size * 2;
	case SIZE_ENV:
		return insn->operand_size == 4 ? 28 : 14;
	case SIZE_STATE:
		return insn->operand_size == 4 ? 108 : 94;
	case SIZE_FX:
		return 512;
	default:
		return size;
	}
}

/* Fills in the registers through which ModRM addresses memory, where there are any. */
static void insn_find_registers(const struct insn *insn, struct insn_operand *memory)
{
	static const struct {
		uint8_t base, index;
	} pair[8] = {
		{EBX, ESI},
		{EBX, EDI},
		{EBP, ESI},
		{EBP, EDI},
		{ESI, INSN_NO_REGISTER},
		{EDI, INSN_NO_REGISTER},
		{EBP, INSN_NO_REGISTER},
		{EBX, INSN_NO_REGISTER},
	};
	unsigned rm = modrm_rm(insn->modrm);

	if (insn->address_size == 2) {
		memory->base = pair[rm].base;
		memory->index = pair[rm].index;
	} else if (insn->has_sib) {
		memory->base = sib_base(insn->sib);
		if (sib_index(insn->sib) != SIB_NO_INDEX) {
			memory->index = sib_index(insn->sib);
			memory->scale = (uint8_t)(1 << sib_scale(insn->sib));
		}
	} else {
		memory->base = (uint8_t)rm;
	}
	if (modrm_mod(insn->modrm) == 0 && insn->displacement_size != 0)
		memory->base = INSN_NO_REGISTER;
}

/* Fills in how the instruction's memory operand is addressed. */
static void insn_describe_memory(const struct insn *insn, struct insn_operand *memory)
{
	memory->base = memory->index = INSN_NO_REGISTER;
	memory->scale = 1;
	memory->displacement = insn->displacement;
	if (insn->has_modrm && insn->has_memory)
		insn_find_registers(insn, memory);
	memory->segment = insn->segment;
	if (insn->segment == SEGMENT_DEFAULT)
		memory->segment =
			memory->base == ESP || memory->base == EBP ? SEGMENT_SS : SEGMENT_DS;
}

/* Expands one operand from its form. */
static void insn_expand(
	const struct insn *insn, const struct operand_form *form, struct insn_operand *operand)
{
	operand->kind = form->kind;
	operand->size = insn_size(insn, form->size);
	switch (form->source) {
	case FROM_RM:
		if (insn->has_memory) {
			operand->kind = OPERAND_MEMORY;
			insn_describe_memory(insn, operand);
		} else {
			operand->reg = modrm_rm(insn->modrm);
			operand->size = insn_size(insn, form->reg);
		}
		break;
	case FROM_REG:
		operand->reg = modrm_reg(insn->modrm);
		break;
	case FROM_OPCODE:
		operand->reg = insn->opcode & 7;
		break;
	case FROM_FORM:
		operand->reg = form->reg;
		break;
	case FROM_IMMEDIATE:
		operand->value = value_cut(insn->immediate, operand->size);
		operand->selector = insn->immediate2;
		break;
	case FROM_SECOND:
		operand->value = insn->immediate2;
		break;
	case FROM_ONE:
		operand->value = 1;
		break;
	case FROM_OFFSET:
		insn_describe_memory(insn, operand);
		break;
	case FROM_STRING:
		operand->base = form->reg;
		operand->index = INSN_NO_REGISTER;
		operand->segment = insn->segment == SEGMENT_DEFAULT ? SEGMENT_DS : insn->segment;
		if (form->kind == OPERAND_STRING_DESTINATION)
			operand->segment = SEGMENT_ES;
		break;
	}
}

static bool operand_is_memory(const struct insn_operand *operand)
{
	return operand->kind >= OPERAND_MEMORY && operand->kind <= OPERAND_STRING_DESTINATION;
}

unsigned insn_operands(const struct insn *insn, struct insn_operand operand[INSN_OPERANDS_MAX])
{
	unsigned count = 0;

	for (unsigned i = 0; i < INSN_OPERANDS_MAX; i++) {
		operand[i] = (struct insn_operand){.kind = OPERAND_NONE};
		if (insn->entry->form[i] == FORM_none)
			continue;
		insn_expand(insn, &operand_forms[insn->entry->form[i]], &operand[count]);
		if (operand_is_memory(&operand[count]))
			operand[count].use = (uint8_t)insn_use_at(insn, count);
		count++;
	}
	return count;
}

uint32_t insn_offset(const struct insn *insn, const uint32_t gpr[8])
{
	struct insn_operand memory;
	uint32_t offset;

	if (!insn->has_memory)
		return 0;
	insn_describe_memory(insn, &memory);
	offset = memory.displacement;
	if (memory.base != INSN_NO_REGISTER)
		offset += gpr[memory.base];
	if (memory.index != INSN_NO_REGISTER)
		offset += gpr[memory.index] * memory.scale;
	return value_cut(offset, insn->address_size);
}

enum insn_segment insn_operand_segment(const struct insn *insn)
{
	struct insn_operand memory;

	insn_describe_memory(insn, &memory);
	return memory.segment;
}

uint32_t insn_branch_target(const struct insn *insn, uint32_t eip)
{
	return value_cut(eip + insn->length + insn->immediate, insn->operand_size);
}
