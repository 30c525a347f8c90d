/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers for GDB: one table says which there are, in which order, and where their values are.
 *
 * The order is the bridge's own. First come those that GDB gets at every stop, from one question
 * to Bochs; behind them the x87 and SSE registers, which GDB asks for one by one when it needs
 * them.
 *
 * The invariant: the description that GDB reads is made from the same table as the values. A
 * register that Bochs does not show is "unavailable" (x), never zero.
 *
 * Read: Debugging with GDB, appendix G (Target Descriptions), "i386 Features".
 */
#include "bridge_internal.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of what feature a register is: GDB knows the first two, the third is the kit's. */
enum feature { CORE, SSE, SYSTEM };

struct reg {
	const char *name;
	const char *type;
	enum feature feature;
	uint16_t offset; /* in struct bochs_registers, or in struct bochs_floating */
	uint8_t stored;  /* bytes there */
	uint8_t size;    /* bytes for GDB */
};

#define REGISTER(name, type, feature, field, size)                                                 \
	{                                                                                          \
		name, type, feature, offsetof(struct bochs_registers, field),                      \
			sizeof(((struct bochs_registers *)0)->field), size                         \
	}
#define WORD(name, type, field) REGISTER(name, type, CORE, field, 4)
#define OF_SYSTEM(name, field)  REGISTER(name, "uint32", SYSTEM, field, 4)
#define FLOATING(name, type, feature, field)                                                       \
	{                                                                                          \
		name, type, feature, offsetof(struct bochs_floating, field),                       \
			sizeof(((struct bochs_floating *)0)->field),                               \
			sizeof(((struct bochs_floating *)0)->field)                                \
	}

#define EIP_NUMBER 8

static const struct reg registers[] = {
	WORD("eax", "int32", eax),
	WORD("ecx", "int32", ecx),
	WORD("edx", "int32", edx),
	WORD("ebx", "int32", ebx),
	WORD("esp", "data_ptr", esp),
	WORD("ebp", "data_ptr", ebp),
	WORD("esi", "int32", esi),
	WORD("edi", "int32", edi),
	WORD("eip", "code_ptr", eip),
	WORD("eflags", "eflags", eflags),
	WORD("cs", "int32", cs.selector),
	WORD("ss", "int32", ss.selector),
	WORD("ds", "int32", ds.selector),
	WORD("es", "int32", es.selector),
	WORD("fs", "int32", fs.selector),
	WORD("gs", "int32", gs.selector),

	OF_SYSTEM("cr0", cr0),
	OF_SYSTEM("cr2", cr2),
	OF_SYSTEM("cr3", cr3),
	OF_SYSTEM("cr4", cr4),
	OF_SYSTEM("cs_base", cs.base),
	OF_SYSTEM("ss_base", ss.base),
	OF_SYSTEM("ds_base", ds.base),
	OF_SYSTEM("es_base", es.base),
	OF_SYSTEM("fs_base", fs.base),
	OF_SYSTEM("gs_base", gs.base),
	OF_SYSTEM("cs_limit", cs.limit),
	OF_SYSTEM("ss_limit", ss.limit),
	OF_SYSTEM("ds_limit", ds.limit),
	OF_SYSTEM("es_limit", es.limit),
	OF_SYSTEM("fs_limit", fs.limit),
	OF_SYSTEM("gs_limit", gs.limit),
	OF_SYSTEM("gdtr_base", gdtr.base),
	OF_SYSTEM("gdtr_limit", gdtr.limit),
	OF_SYSTEM("idtr_base", idtr.base),
	OF_SYSTEM("idtr_limit", idtr.limit),
	OF_SYSTEM("tr", tr.selector),
	OF_SYSTEM("tr_base", tr.base),
	OF_SYSTEM("ldtr", ldtr.selector),
	OF_SYSTEM("cpl", cpl),
	OF_SYSTEM("fetch", pc),
	REGISTER("ticks", "uint64", SYSTEM, ticks, 8),

	FLOATING("st0", "i387_ext", CORE, st[0]),
	FLOATING("st1", "i387_ext", CORE, st[1]),
	FLOATING("st2", "i387_ext", CORE, st[2]),
	FLOATING("st3", "i387_ext", CORE, st[3]),
	FLOATING("st4", "i387_ext", CORE, st[4]),
	FLOATING("st5", "i387_ext", CORE, st[5]),
	FLOATING("st6", "i387_ext", CORE, st[6]),
	FLOATING("st7", "i387_ext", CORE, st[7]),
	FLOATING("fctrl", "int", CORE, control),
	FLOATING("fstat", "int", CORE, status),
	FLOATING("ftag", "int", CORE, tag),
	FLOATING("fiseg", "int", CORE, fcs),
	FLOATING("fioff", "int", CORE, fip),
	FLOATING("foseg", "int", CORE, fds),
	FLOATING("fooff", "int", CORE, fdp),
	FLOATING("fop", "int", CORE, opcode),

	FLOATING("xmm0", "vec128", SSE, xmm[0]),
	FLOATING("xmm1", "vec128", SSE, xmm[1]),
	FLOATING("xmm2", "vec128", SSE, xmm[2]),
	FLOATING("xmm3", "vec128", SSE, xmm[3]),
	FLOATING("xmm4", "vec128", SSE, xmm[4]),
	FLOATING("xmm5", "vec128", SSE, xmm[5]),
	FLOATING("xmm6", "vec128", SSE, xmm[6]),
	FLOATING("xmm7", "vec128", SSE, xmm[7]),
	FLOATING("mxcsr", "int", SSE, mxcsr),
};

#define REGISTERS_COUNT (sizeof(registers) / sizeof(registers[0]))
_Static_assert(sizeof(registers) / sizeof(registers[0]) == 67, "42 general, 16 x87, 9 SSE");
#define GENERAL_COUNT 42 /* those of struct bochs_registers; the last is ticks */
_Static_assert(BRIDGE_TICKS_NUMBER == GENERAL_COUNT - 1, "the number that is told");
#define SETTABLE_COUNT 10 /* those of enum bochs_register, which has the same order */
#define SELECTORS_END  16

/* ---- the description ---- */

static const struct {
	enum feature feature;
	const char *name;
	const char *types;
} features[] = {
	{CORE, "org.gnu.gdb.i386.core",
		"<flags id=\"eflags\" size=\"4\">"
		"<field name=\"CF\" start=\"0\" end=\"0\"/><field name=\"\" start=\"1\" end=\"1\"/>"
		"<field name=\"PF\" start=\"2\" end=\"2\"/><field name=\"AF\" start=\"4\" end=\"4\"/>"
		"<field name=\"ZF\" start=\"6\" end=\"6\"/><field name=\"SF\" start=\"7\" end=\"7\"/>"
		"<field name=\"TF\" start=\"8\" end=\"8\"/><field name=\"IF\" start=\"9\" end=\"9\"/>"
		"<field name=\"DF\" start=\"10\" end=\"10\"/><field name=\"OF\" start=\"11\" end=\"11\"/>"
		"<field name=\"IOPL\" start=\"12\" end=\"13\"/>"
		"<field name=\"NT\" start=\"14\" end=\"14\"/><field name=\"RF\" start=\"16\" end=\"16\"/>"
		"<field name=\"VM\" start=\"17\" end=\"17\"/><field name=\"AC\" start=\"18\" end=\"18\"/>"
		"</flags>"},
	{SSE, "org.gnu.gdb.i386.sse",
		"<vector id=\"v4f\" type=\"ieee_single\" count=\"4\"/>"
		"<vector id=\"v2d\" type=\"ieee_double\" count=\"2\"/>"
		"<vector id=\"v16i8\" type=\"int8\" count=\"16\"/>"
		"<vector id=\"v8i16\" type=\"int16\" count=\"8\"/>"
		"<vector id=\"v4i32\" type=\"int32\" count=\"4\"/>"
		"<vector id=\"v2i64\" type=\"int64\" count=\"2\"/>"
		"<union id=\"vec128\">"
		"<field name=\"v4_float\" type=\"v4f\"/><field name=\"v2_double\" type=\"v2d\"/>"
		"<field name=\"v16_int8\" type=\"v16i8\"/><field name=\"v8_int16\" type=\"v8i16\"/>"
		"<field name=\"v4_int32\" type=\"v4i32\"/><field name=\"v2_int64\" type=\"v2i64\"/>"
		"<field name=\"uint128\" type=\"uint128\"/></union>"},
	{SYSTEM, "org.ringfence.system", ""},
};

static const char *group_of(const struct reg *r)
{
	if (r->feature == SYSTEM)
		return "system";
	if (r->feature == SSE)
		return "vector";
	return r - registers >= GENERAL_COUNT ? "float" : "general";
}

static void description_write(FILE *f)
{
	fprintf(f, "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\">"
		   "<target version=\"1.0\"><architecture>i386</architecture>");
	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		fprintf(f, "<feature name=\"%s\">%s", features[i].name, features[i].types);
		for (size_t n = 0; n < REGISTERS_COUNT; n++)
			if (registers[n].feature == features[i].feature)
				fprintf(f,
					"<reg name=\"%s\" bitsize=\"%u\" type=\"%s\" regnum=\"%zu\" group=\"%s\"/>",
					registers[n].name, 8u * registers[n].size,
					registers[n].type, n, group_of(&registers[n]));
		fprintf(f, "</feature>");
	}
	fprintf(f, "</target>\n");
}

/* "target.xml:offset,length" -> m and a piece of it, or l and the last one. */
void description_get(struct bridge *b, const char *text)
{
	char *description = NULL, packet[RSP_PACKET_MAX + 1];
	size_t size = 0;
	uint32_t offset, length;
	FILE *f;

	if (!rsp_take_word(&text, "target.xml:") || !rsp_take_number(&text, &offset) ||
		!rsp_take_word(&text, ",") || !rsp_take_number(&text, &length)) {
		reply(b, "E00");
		return;
	}
	f = open_memstream(&description, &size);
	if (f) {
		description_write(f);
		fclose(f);
	}
	if (offset > size)
		offset = (uint32_t)size;
	if (length > RSP_PACKET_MAX - 1)
		length = RSP_PACKET_MAX - 1;
	if (length > size - offset)
		length = (uint32_t)(size - offset);
	packet[0] = offset + length < size ? 'm' : 'l';
	if (length)
		memcpy(packet + 1, description + offset, length);
	rsp_send(&b->rsp, packet, 1 + length);
	free(description);
}

/* ---- values ---- */

/* The value of a register of struct bochs_registers, as GDB sees it. */
static uint64_t value_of(struct bridge *b, const struct bochs_registers *r, size_t number)
{
	uint64_t value = 0;

	if (number == EIP_NUMBER && !b->raw_eip)
		return view_pc(b, r);
	/* x86 is little-endian, and so is the host that Bochs runs on */
	memcpy(&value, (const char *)r + registers[number].offset, registers[number].stored);
	return value;
}

/* Writes the digits of a register; returns how many. */
static size_t value_put(
	struct bridge *b, const struct bochs_registers *r, size_t number, char *digits)
{
	uint64_t value = value_of(b, r, number);

	return rsp_to_hex(digits, &value, registers[number].size);
}

void registers_get_all(struct bridge *b, const char *text)
{
	const struct bochs_registers *r = bochs_registers(b->machine);
	char digits[GENERAL_COUNT * 16 + 1];
	size_t at = 0;

	(void)text;
	if (!r) {
		refuse(b, "%s", bochs_error(b->machine));
		return;
	}
	for (size_t n = 0; n < GENERAL_COUNT; n++)
		at += value_put(b, r, n, digits + at);
	rsp_send(&b->rsp, digits, at);
}

static void floating_get(struct bridge *b, size_t number)
{
	const struct reg *reg = &registers[number];
	struct bochs_floating f;
	char digits[40];
	bool known = bochs_floating(b->machine, &f) == 0;

	if (reg->feature == SSE)
		known = known && f.has_sse;
	if (known)
		rsp_to_hex(digits, (const char *)&f + reg->offset, reg->size);
	else
		memset(digits, 'x', 2 * reg->size);
	rsp_send(&b->rsp, digits, 2 * reg->size);
}

void register_get(struct bridge *b, const char *text)
{
	const struct bochs_registers *r;
	char digits[20];
	uint32_t number;

	if (!rsp_take_number(&text, &number) || number >= REGISTERS_COUNT) {
		refuse(b, "there is no such register");
	} else if (number >= GENERAL_COUNT) {
		floating_get(b, number);
	} else if (!(r = bochs_registers(b->machine))) {
		refuse(b, "%s", bochs_error(b->machine));
	} else {
		rsp_send(&b->rsp, digits, value_put(b, r, number, digits));
	}
}

size_t registers_expedite(struct bridge *b, char *text)
{
	static const uint8_t wanted[] = {4, 5, EIP_NUMBER, 9, 10}; /* esp ebp eip eflags cs */
	const struct bochs_registers *r = bochs_registers(b->machine);
	size_t at = 0;

	for (size_t i = 0; r && i < sizeof(wanted); i++) {
		at += (size_t)sprintf(text + at, "%02x:", wanted[i]);
		at += value_put(b, r, wanted[i], text + at);
		text[at++] = ';';
	}
	text[at] = 0;
	return at;
}

/* Returns false after it has refused. */
static bool value_set(struct bridge *b, size_t number, uint32_t value)
{
	const struct bochs_registers *r = bochs_registers(b->machine);
	const struct reg *reg = &registers[number];

	if (r && value_of(b, r, number) == value)
		return true;
	if (number >= SETTABLE_COUNT) {
		refuse(b, "Bochs's debugger cannot set %s", reg->name);
		return false;
	}
	if (r && number == EIP_NUMBER && !b->raw_eip)
		value = view_eip(b, r, value);
	if (!r || bochs_set_register(b->machine, (enum bochs_register)number, value)) {
		refuse(b, "%s%s", bochs_error(b->machine),
			number == BOCHS_EFLAGS ? " (it can set CF, PF, AF, ZF, SF, DF and OF)"
					       : "");
		return false;
	}
	return true;
}

/* "number=digits" */
void register_set(struct bridge *b, const char *text)
{
	uint8_t bytes[4];
	uint32_t number, value;

	if (!rsp_take_number(&text, &number) || !rsp_take_word(&text, "=") ||
		number >= REGISTERS_COUNT) {
		refuse(b, "there is no such register");
	} else if (number >= GENERAL_COUNT || registers[number].size != sizeof(value)) {
		refuse(b, "Bochs's debugger cannot set %s", registers[number].name);
	} else if (rsp_from_hex(bytes, text, 4) != 4) {
		refuse(b, "a register's value needs eight digits");
	} else {
		memcpy(&value, bytes, 4);
		if (value_set(b, number, value))
			reply_ok(b);
	}
}

/* All at once: those that cannot be set must keep their values. */
void registers_set_all(struct bridge *b, const char *text)
{
	uint8_t bytes[SELECTORS_END * 4];
	uint32_t values[SELECTORS_END];

	if (rsp_from_hex(bytes, text, sizeof(bytes)) != sizeof(bytes)) {
		refuse(b, "too few registers");
		return;
	}
	memcpy(values, bytes, sizeof(values));
	for (size_t n = SELECTORS_END; n-- > 0;) /* what cannot be set first */
		if (!value_set(b, n, values[n]))
			return;
	reply_ok(b);
}
