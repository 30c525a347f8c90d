/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The x87 and SSE registers.
 *
 * Bochs's command "fpu" answers on standard error, which is not believed here; so the x87 registers
 * are taken from Bochs's own table of its state ("show"). There they are numbered as the processor
 * has them; ST(0) is the one that TOP names.
 *
 * The invariant: as in bochs_parse.c, a line that is missing or different makes the reader say so.
 *
 * Read: Intel SDM volume 1, 8.1 (x87 registers), 10.2 (XMM registers and MXCSR).
 */
#include "bochs_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATUS_TOP_SHIFT 11

static void bytes_put(uint8_t *bytes, uint64_t value, size_t n)
{
	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)(value >> 8 * i);
}

/* The number behind a label: "cwd = 0x037f". */
static bool value_read(const char *text, const char *label, uint64_t *value)
{
	const char *p = text ? strstr(text, label) : NULL;
	char *end;

	if (!p)
		return false;
	p += strlen(label);
	*value = strtoull(p, &end, 0);
	return end != p;
}

static bool word_read(const char *text, const char *label, uint32_t *value)
{
	uint64_t wide;

	if (!value_read(text, label, &wide))
		return false;
	*value = (uint32_t)wide;
	return true;
}

/* "st3 = {", then a line each with exp and fraction */
static bool stack_read(const char *text, unsigned n, uint8_t bytes[10])
{
	uint64_t exponent, fraction;
	char label[12];

	snprintf(label, sizeof(label), "st%u = {", n);
	text = strstr(text, label);
	if (!value_read(text, "exp =", &exponent) || !value_read(text, "fraction =", &fraction))
		return false;
	bytes_put(bytes, fraction, 8);
	bytes_put(bytes + 8, exponent, 2);
	return true;
}

static bool x87_read(const char *text, struct bochs_floating *f)
{
	uint32_t top;

	text = strstr(text, "FPU = {");
	if (!text || !word_read(text, "tos =", &top) || top > 7)
		return false;
	for (unsigned i = 0; i < 8; i++)
		if (!stack_read(text, (top + i) % 8, f->st[i]))
			return false;
	if (!word_read(text, "cwd =", &f->control) || !word_read(text, "swd =", &f->status) ||
		!word_read(text, "twd =", &f->tag) || !word_read(text, "foo =", &f->opcode) ||
		!word_read(text, "fip =", &f->fip) || !word_read(text, "fcs =", &f->fcs) ||
		!word_read(text, "fdp =", &f->fdp) || !word_read(text, "fds =", &f->fds))
		return false;
	f->status |= top << STATUS_TOP_SHIFT;
	return true;
}

/* "XMM[00]: 33333333_22222222_11111111_00000000" */
static bool sse_read(const char *text, struct bochs_floating *f)
{
	for (unsigned i = 0; i < 8; i++) {
		uint32_t part[4];
		char label[12];
		const char *p;

		snprintf(label, sizeof(label), "XMM[%02u]:", i);
		p = strstr(text, label);
		if (!p || sscanf(p + strlen(label), " %x_%x_%x_%x", &part[3], &part[2], &part[1],
				  &part[0]) != 4)
			return false;
		for (unsigned j = 0; j < 4; j++)
			bytes_put(f->xmm[i] + 4 * j, part[j], 4);
	}
	return word_read(text, "MXCSR:", &f->mxcsr);
}

int bochs_floating(struct bochs *b, struct bochs_floating *f)
{
	memset(f, 0, sizeof(*f));
	if (bochs_check_alive(b) || talk_ask(b, "show \"cpu0.FPU\"\nsse\n"))
		return -1;
	if (!x87_read(b->answer.bytes, f))
		return bochs_fail(
			b, "Bochs shows its x87 registers in an unknown way: is it version 2.7?");
	f->has_sse = sse_read(b->answer.bytes, f);
	return 0;
}
