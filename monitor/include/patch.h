/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 4, binary patching: the contract.
 *
 * Some instructions of the guest's kernel are sensitive and do not trap in ring 1: PUSHF shows the
 * wrong IF, POPF does not change it, MOV from CS shows the wrong ring. So the monitor looks at code
 * before it runs, and replaces them. Two organs:
 *
 *   scan.c    finds the instructions, follows the ways that control can go, and says which ones may
 *             run as they are
 *   patch.c   replaces the others: by a breakpoint, or by a jump into a patch block, which does in
 *             ring 1 what the instruction would have done in ring 0
 *
 * The guest's own memory is never changed. What its kernel *fetches* is another thing than what it
 * reads: the code segments of ring 1 have base CODE_VIEW instead of 0, and there the monitor maps
 * private copies of the guest's code pages (code.h). EIP is the guest's own all the while.
 *
 * The invariants of a copy:
 *
 *   - A byte that the scanner has not reached is a breakpoint (INT3, CCh). Whoever jumps there, by
 *     whatever way, arrives in the monitor, which scans from there.
 *   - An instruction of kind CODE_COPIED has all its bytes in the copy as they are in the original.
 *   - An instruction of kind CODE_REPLACED or CODE_STEPPED has a breakpoint in its first byte, or
 *     lies in a run that a jump stands for.
 *
 * Sections are of the Intel SDM, volume 3A, and the instructions' pages of volume 2.
 */
#ifndef PATCH_H
#define PATCH_H

#include "decode.h"
#include "exit.h"
#include "organ.h"
#include "types.h"

struct vcpu;
struct patch;

#define BREAKPOINT 0xcc /* INT3 */

/* What a byte of a code page is, as far as the scanner knows. */
enum code_kind {
	CODE_UNKNOWN,  /* not reached */
	CODE_COPIED,   /* the first byte of an instruction that runs as it is */
	CODE_REPLACED, /* of one that the monitor performs: sensitive, and it need not trap */
	CODE_STEPPED,  /* of one that is harmless and yet cannot be in the copy: the monitor has it
			* performed where it is, by a single step */
	CODE_INSIDE,   /* a further byte of an instruction */
};

/* A page of the guest's code, and the copy of it that the processor fetches from. */
struct code_page {
	gla_t linear;            /* where its first byte is */
	gpa_t page, behind;      /* the guest's page, and the one that lies behind it */
	const uint8_t *original; /* the guest's own PAGE_SIZE bytes, as they are now */
	const uint8_t *next;     /* those of the page behind; NULL: there is none */
	uint8_t *copy;
	unsigned code_size;      /* of the segment: 16 or 32 bits */
	uint8_t kind[PAGE_SIZE]; /* enum code_kind */
	bool target[PAGE_SIZE];  /* a direct branch leads to this byte */
	uint8_t hits[PAGE_SIZE]; /* how often the monitor had to perform the instruction here */
	struct patch *patches;   /* the jumps in this page */
	/* the chassis's own */
	bool reaches; /* an instruction that was found has bytes in the page behind */
	struct code_page *newer, *older;
};

/* ---- scan.c ---- */

/*
 * What is to become of an instruction of the kernel's, by itself: CODE_COPIED or CODE_REPLACED.
 *
 * CODE_COPIED: what is harmless, all transfers inside the segment, and what traps in ring 1 by
 * itself (the class INSN_PRIVILEGED). Of the class INSN_SENSITIVE those that do in ring 1 what they
 * do in ring 0, or trap: PUSH and MOV from DS, ES, FS and GS (they hold the guest's own selectors),
 * POP and MOV to them, LDS, LES, LFS and LGS (the descriptors were deprivileged together with the
 * ring).
 *
 * CODE_REPLACED: all others of the class INSN_SENSITIVE.
 */
enum code_kind scan_classify(const struct insn *insn);

/*
 * Control has come, or is about to come, to page->linear + offset, where no instruction is known to
 * begin. Finds the instructions from there on, as far as control flows inside the page: behind each
 * instruction that certainly goes on (CALL, INT n, INT1, INT3 and UD2 need not come back), and to
 * the target of each direct branch (target[] is set there, also where the instruction was known).
 * What is known already is not gone through again; what lies in other pages is found when control
 * comes there.
 *
 * For each instruction:
 * - its first byte gets its kind, the others CODE_INSIDE where they are CODE_UNKNOWN;
 * - CODE_COPIED: code_reveal(). Where that would overwrite the breakpoint of another instruction
 *   that begins inside this one, it is CODE_STEPPED instead;
 * - CODE_REPLACED and CODE_STEPPED: breakpoint_set() (patch.c);
 * - with vcpu->code_view->strict (the words strict=1 and strict=2), one into whose middle a
 *   computed jump might lead is CODE_STEPPED: where a CODE_REPLACED instruction would begin at one
 *   of its further bytes; with strict=2 also where one would begin there that does not decode, or
 *   ends behind it;
 * - what does not decode, and what is harmless and does not end in this page, is CODE_STEPPED: the
 *   processor itself will say what it is. Nothing is known of what follows what does not decode.
 */
void scan(struct vcpu *vcpu, struct code_page *page, uint32_t offset);

/* ---- patch.c ---- */

/*
 * Makes the byte at `offset`, where an instruction begins, a breakpoint. It may also lie inside
 * another instruction that has been copied (code may be entered at both): that one would not be
 * what it was, so it becomes CODE_STEPPED, with a breakpoint of its own, and its other bytes are
 * breakpoints again but where another instruction shows them (code_restore()). So may the one
 * inside which that one begins. Where the byte lies in a run that a jump stands for, the jump goes
 * first (code_undo_patch()).
 */
void breakpoint_set(struct vcpu *vcpu, struct code_page *page, uint32_t offset);

/* A point of a patch block: what is true where the processor is about to execute the byte `at`. */
struct block_point {
	uint8_t at;       /* offset in the block */
	uint8_t original; /* of the instruction that is next: offset in the run. The run's length:
			   * all are done */
	uint8_t pushed;   /* bytes on the stack that are the block's own */
	bool exact;       /* registers, stack and flags are as before that instruction: an
			   * interrupt may come here */
	bool moved;       /* it is the guest's own instruction: a fault here is its own. Else it is
			   * the block's, and the monitor performs the instruction */
	bool after_sti;   /* exact, and the instruction before was STI */
	bool undo_if;     /* the flag has changed already: shared_flags.before is what it was */
};

#define BLOCK_SIZE   192 /* bytes of a block at most */
#define BLOCK_POINTS 64
#define RUN_SIZE     48 /* bytes of a run at most */
#define JUMP_SIZE    5  /* of JMP rel32 */

/* A run of instructions that a jump stands for, and the block that it leads to. */
struct patch {
	struct code_page *page;
	uint16_t offset; /* of the run, in the page */
	uint16_t length; /* bytes of the run: whole instructions */
	uint32_t block;  /* EIP of the block's first byte */
	uint32_t entry;  /* where the jump leads to: there, or to a jump that leads there */
	uint16_t block_length;
	uint16_t points;
	struct block_point point[BLOCK_POINTS]; /* in the order of `at`, one for each instruction */
	struct patch *next;                     /* in the same page */
};

/* A block that is being written. */
struct block {
	uint8_t code[BLOCK_SIZE];
	uint16_t length, points;
	struct block_point point[BLOCK_POINTS];
	uint32_t eip;     /* where it will stand: relative transfers need it */
	uint32_t entry;   /* where the jump of the run is to lead to */
	unsigned place;   /* how many places were tried */
	uint8_t original; /* this, and as far as `undo_if`: for the points that follow */
	uint8_t pushed;
	bool exact, moved, after_sti, undo_if;
	bool overflow; /* it did not fit */
};

/* The next instruction of a block, in bytes: emit(block, 0x68, IMMEDIATE(MONITOR_SHARED)). A point
 * is added for it, from what `block` says of them. */
#define emit(block, ...)                                                                           \
	emit_bytes(block, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))
#define IMMEDIATE(value)                                                                           \
	(uint8_t)(value), (uint8_t)((value) >> 8), (uint8_t)((value) >> 16),                       \
		(uint8_t)((value) >> 24)
void emit_bytes(struct block *block, const uint8_t *bytes, unsigned count);

/* From here on a point is not exact: the block has `bytes` of its own on the stack. */
void emit_pushed(struct block *block, unsigned bytes);

/* PUSH DS, PUSH MONITOR_SHARED, POP DS: DS leads to struct shared_flags, and the guest's own lies
 * on the stack, above `on_stack` bytes that the block had there before. And POP DS. */
void emit_shared_begin(struct block *block, unsigned on_stack);
void emit_shared_end(struct block *block, unsigned on_stack);

/* JMP, to an address of the guest's or in a block. */
void emit_jump(struct block *block, uint32_t eip);

/* An instruction of the guest's, from `eip`, that may run as it is. A transfer leads where it led.
 * False: it cannot be moved. CALL would push another address, LOOP and JECXZ reach 127 bytes, and
 * the x87 would keep the block's EIP. */
bool emit_guests_own(
	struct block *block, const struct insn *insn, const uint8_t *bytes, uint32_t eip);

/*
 * An instruction had to be performed by the monitor once more: a breakpoint was hit, or CLI or STI
 * trapped. The PATCH_HOT-th time puts a jump there (patch_make()); where that fails it is not tried
 * again. It may lie in a run already, whose block did not do its work alone; and it may be unknown,
 * if it has written to its own page. (With the word patch=0 the chassis does not call it.)
 */
void patch_hit(struct vcpu *vcpu, struct code_page *page, uint32_t offset);

#define PATCH_HOT   3
#define PATCH_NEVER 255 /* in hits[]: there is no way */

/*
 * Replaces a run of instructions, of which the one at `offset` is one, by a jump. A run
 * - has JUMP_SIZE bytes at least and RUN_SIZE at most, all of known instructions one behind the
 *   other;
 * - may begin at the instruction or before it;
 * - has no target[] inside but at its first byte, not in the middle of an instruction either, and
 * no byte of another jump's run;
 * - has no instruction that begins in the fifth byte of the jump. (The chassis places blocks so
 *   that the three bytes before are breakpoints: code_place_block().)
 * - begins in this page so that the jump fits into it;
 * - has only instructions that can be moved: what is harmless (emit_guests_own()), what traps, and
 *   those that have a block (block_emit()); a transfer (JMP, Jcc, RET, IRET) only as the last one.
 *   What is CODE_STEPPED since it crosses the page's end can be moved, too;
 * - goes on behind STI: an interrupt must not come before the instruction behind it is done.
 *
 * An instruction that begins before the run and reaches into it is not what it was any more, as in
 * breakpoint_set(). True where it is done. The bytes of the run behind the jump are breakpoints.
 */
bool patch_make(struct vcpu *vcpu, struct code_page *page, uint32_t offset);

/*
 * Writes what stands for one instruction of a run into the block. False: there is nothing that does
 * without the monitor. Every instruction written has its point.
 *
 *   CLI, STI, PUSHF, POPF, IRET to ring 3, MOV r,CS, MOV r,SS, PUSH CS, PUSH SS: see the handout.
 *   What may run as it is: its bytes. JMP and Jcc: the same to the same target, with a 32-bit
 *   displacement. Operand size 2 of PUSHF, POPF, IRET: false.
 *
 * The virtual interrupt flag is in memory that the block reaches through the selector
 * MONITOR_SHARED (struct shared_flags). To load that selector faults while a block must not do its
 * work alone: an interrupt waits, IOPL is not 0, the stack is a 16-bit one. Then the monitor takes
 * the guest back to the instruction and performs it.
 */
bool block_emit(struct block *block, const struct insn *insn, const uint8_t *bytes, uint32_t eip);

/* What the monitor and the blocks share. */
struct shared_flags {
	uint32_t delta;  /* EFLAGS as the guest believes them, less the real ones: 0 where its IF is
			  * 1, SHARED_IF_CLEAR where it is 0 */
	uint32_t before; /* what IRET has replaced */
	uint32_t waiting; /* not 0: an interrupt waits for the guest's IF. For firmware
			   * (hypercall.h); blocks need not look */
};

#define SHARED_IF_CLEAR (0u - EFLAGS_IF)
#define SHARED_DELTA    ((uint32_t)offsetof(struct shared_flags, delta))
#define SHARED_BEFORE   ((uint32_t)offsetof(struct shared_flags, before))
#define SHARED_WAITING  ((uint32_t)offsetof(struct shared_flags, waiting))

/* Where in the guest's own code is a processor that is at byte `at` of the block? The last point at
 * or before it. */
const struct block_point *patch_point(const struct patch *patch, uint32_t at);

/* And back: the byte of the block at which the instruction at `original` (offset in the run)
 * begins, in an exact state; -1: no instruction begins there. */
int patch_entry(const struct patch *patch, uint32_t original);

/*
 * The guest has written `size` bytes (1 to 4096) at `offset` of a page whose copy is in use. Does
 * one of them belong to an instruction that was found? Then the copy is of no use any more, and
 * goes. If not, the guest has data beside its code, and nothing happens. The original has the new
 * bytes already: how long an instruction was, kind[] alone can tell. `offset` may be PAGE_SIZE or
 * more: then it is the page behind, which matters where an instruction may reach into it.
 */
bool code_written(const struct code_page *page, uint32_t offset, uint32_t size);

/* ---- what you are given (code_page.c, code_block.c, code_emit.c) ---- */

/* Decodes the instruction at `offset` of the original. DECODE_TRUNCATED: it reaches into a page
 * that is not there. */
enum decode_status code_decode(
	const struct code_page *page, uint32_t offset, struct insn *insn, uint8_t bytes[15]);

/* Is it known that an instruction begins there? And its length; 1 for what does not decode. */
static inline bool code_is_known(const struct code_page *page, uint32_t offset)
{
	return page->kind[offset] != CODE_UNKNOWN && page->kind[offset] != CODE_INSIDE;
}
uint32_t code_length(const struct code_page *page, uint32_t offset);

/* The known instruction that ends where the one at `offset` begins; `offset` itself: there is none.
 */
uint32_t code_before(const struct code_page *page, uint32_t offset);

/* Where the direct branch at `offset` leads, as an offset in the page; PAGE_SIZE or more: it is
 * none, or leads out of the page. */
uint32_t code_branch_target(const struct code_page *page, uint32_t offset, const struct insn *insn);

/* Makes bytes `first` to `end` - 1 of the copy what the invariants say, by the kinds as they are
 * now: the bytes of what is CODE_COPIED, and breakpoints. The run of a jump is left alone. */
void code_restore(struct code_page *page, uint32_t first, uint32_t end);

/* Copies `length` bytes of the original into the copy. */
void code_reveal(struct code_page *page, uint32_t offset, uint32_t length);

/* The jump in whose run the byte lies; NULL: none. */
struct patch *code_patch_at(const struct code_page *page, uint32_t offset);

/*
 * The next place for a block that the run at `offset` of the page jumps to (block->place is 0
 * before the first call). Sets block->eip, and block->entry, to which the displacement is CCh, CCh,
 * CCh and a fourth byte. False: there is no other. Nothing is taken yet: that is
 * code_commit_block()'s.
 */
bool code_place_block(
	struct vcpu *vcpu, const struct code_page *page, uint32_t offset, struct block *block);

/* Puts the block where it was placed, and into the copy the jump to it: the other bytes of the run
 * are breakpoints. A patch that the chassis knows from here on. NULL: the block does not fit in
 * there, and nothing has changed. */
struct patch *code_commit_block(struct vcpu *vcpu, struct code_page *page, uint32_t offset,
	uint32_t length, const struct block *block);

/* Takes a jump and its block away: the instructions of the run have again what they had before it,
 * and are as cold. */
void code_undo_patch(struct vcpu *vcpu, struct patch *patch);

#endif
