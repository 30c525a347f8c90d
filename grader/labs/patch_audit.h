/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The copies of a guest's code that the processor fetches from, and the guest's own code, looked at
 * from outside.
 */
#ifndef PATCH_AUDIT_H
#define PATCH_AUDIT_H

#include "patch_tests.h"

#define GUEST_LOAD 0x00100000u

/* May it run in the code view as it is? scan_classify()'s contract. */
bool insn_may_run_as_it_is(const struct insn *insn);

/* What the monitor says of a byte: enum code_kind of monitor/include/patch.h. */
enum { UNKNOWN, COPIED, REPLACED, STEPPED, INSIDE };

static inline bool kind_begins(uint8_t kind)
{
	return kind != UNKNOWN && kind != INSIDE;
}

#define BREAKPOINT 0xcc
#define JUMP_SIZE  5

/* One copy, the page that it stands for and the beginning of the one behind, and what the monitor's
 * record (struct code_page) says of it. */
struct seen {
	struct machine *m;
	char when[64]; /* for messages */
	uint32_t linear, record;
	uint8_t own[PAGE_SIZE + INSN_MAX_LENGTH], copy[PAGE_SIZE], kind[PAGE_SIZE];
	bool target[PAGE_SIZE];
	bool in_run[PAGE_SIZE]; /* of a jump */
	unsigned code_size;
};

/* The instruction at `offset` of the page; false: it does not decode. */
bool seen_decode(const struct seen *seen, uint32_t offset, struct insn *insn);

/* Fails the test: a byte of the copy is wrong. */
__attribute__((format(printf, 3, 4), noreturn)) void seen_wrong(
	const struct seen *seen, uint32_t offset, const char *format, ...);

/* Fails the test where a jump of the page, its run or its block is not what the contract says of
 * patch_make(). `at` is the monitor's struct patch. Returns the next one. */
uint32_t audit_patch(struct seen *seen, uint32_t at);

/* The same for patch_point() and patch_entry(), which are called: the machine stands in the
 * monitor. */
void audit_ways_in(const struct seen *seen, uint32_t at);

/* What a point of a block says: the guest is about to execute the instruction at `eip`, and so many
 * bytes on its stack are the block's. */
struct moment {
	uint32_t eip, pushed;
	bool exact;
};

/* Reads all blocks that there are now, and says how many; and the point at that byte of one of
 * them. False: there is none. */
unsigned blocks_read(struct machine *m);
bool block_moment(uint32_t eip, struct moment *moment);

/* Reads what the record says, and fails the test where the copy is not what the contract says.
 * Returns how many bytes are no breakpoints. */
unsigned audit_page(struct seen *seen);

/*
 * Fails the test at the first byte of the code view that is wrong: one that is neither a
 * breakpoint, nor of an instruction that may run as it is, nor of a jump to a block. Goes on to a
 * moment at which the guest itself runs. Returns how many bytes are no breakpoints: none where the
 * guest came to its end before.
 */
unsigned audit_code_view(struct machine *m);

/* A guest's text, as it lies in its memory. The bytes are the caller's to free. */
struct text {
	uint32_t start;
	size_t size;
	uint8_t *bytes;
};
struct text text_take(struct machine *m, bool bare, const struct guest *guest);

/* Fails the test where it is another now. */
void text_check(struct machine *m, const struct guest *guest, const struct text *before);

#endif
