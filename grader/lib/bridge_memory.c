/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory for GDB: linear addresses, through whatever page tables are in force, regardless of rings.
 *
 * The invariant: bytes on a page that is not present are never made up. A read gives what comes
 * before the hole, or error 14 (EFAULT) if nothing does; a write is done whole or not at all.
 *
 * Bochs keeps decoded instructions: those that have run before may run on in their old form.
 */
#include "bridge_internal.h"

#include <inttypes.h>

#define READ_MAX (RSP_PACKET_MAX / 2)

/* "address,length" */
static bool range_take(const char **text, uint32_t *address, uint32_t *length)
{
	return rsp_take_number(text, address) && rsp_take_word(text, ",") &&
	       rsp_take_number(text, length);
}

void memory_get(struct bridge *b, const char *text)
{
	uint8_t bytes[READ_MAX];
	char digits[2 * READ_MAX + 1];
	uint32_t address, length;
	size_t n;

	if (!range_take(&text, &address, &length)) {
		refuse(b, "a read needs an address below 4 GiB and a length");
		return;
	}
	n = bochs_read_linear(b->machine, address, bytes, length < READ_MAX ? length : READ_MAX);
	if (!n && length)
		reply(b, "E14");
	else
		rsp_send(&b->rsp, digits, rsp_to_hex(digits, bytes, n));
}

static void memory_set(struct bridge *b, uint32_t address, const uint8_t *bytes, uint32_t length)
{
	if (length && bochs_write_linear(b->machine, address, bytes, length))
		reply(b, "E14");
	else
		reply_ok(b);
}

void memory_set_hex(struct bridge *b, const char *text)
{
	uint8_t bytes[READ_MAX];
	uint32_t address, length;

	if (!range_take(&text, &address, &length) || !rsp_take_word(&text, ":") ||
		rsp_from_hex(bytes, text, READ_MAX) != length)
		refuse(b, "a write whose length is not that of its bytes");
	else
		memory_set(b, address, bytes, length);
}

void memory_set_binary(struct bridge *b, const char *text)
{
	uint32_t address, length;

	if (!range_take(&text, &address, &length) || !rsp_take_word(&text, ":") ||
		(size_t)(b->rsp.packet + b->rsp.length - text) != length)
		refuse(b, "a write whose length is not that of its bytes");
	else
		memory_set(b, address, (const uint8_t *)text, length);
}
