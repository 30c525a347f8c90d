/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The code view, since lab 4: what the guest's kernel fetches is not what it reads.
 *
 * The processor fetches through CS and reads through DS. The guest's code segments of ring 1 get
 * base CODE_VIEW more than the guest gave them, and may only be executed. So an instruction at the
 * guest's linear address L is fetched from CODE_VIEW + L, where no data segment reaches, and there
 * the monitor maps what it wants to be executed:
 *
 *   - from CODE_VIEW on, CODE_MAX bytes: copies of the guest's code pages (patch.h). An entry there
 *     is present only while the shadow has one for L itself, so faults, remapping and address
 *     spaces are the shadow's matter;
 *   - above: patch blocks, the same in all address spaces.
 *
 * In the *plain view* CS has the guest's own base, and the processor executes the original: for one
 * single step, where the monitor has looked at the instruction and found it harmless. So are
 * performed: instructions that read through CS or go beyond the view, those that cannot be in a
 * copy, those above CODE_MAX, and all while the guest steps itself with TF.
 *
 * Users, in ring 3, run as they did.
 *
 * Before lab 4 plain/code.c is there instead.
 */
#ifndef CODE_H
#define CODE_H

#include "patch.h"
#include "vm.h"

#define CODE_MAX         0x01c00000u /* the guest's kernel executes below this linear address */
#define CODE_TABLES      (CODE_MAX / LARGE_PAGE_SIZE) /* page tables for copies */
#define CODE_FIRST_ENTRY (CODE_VIEW / LARGE_PAGE_SIZE)
#define BLOCK_TABLES     (TABLE_ENTRIES - CODE_FIRST_ENTRY - CODE_TABLES)

/* What a virtual processor's code view consists of. */
struct code_view {
	bool blocks;     /* false: the word patch=0 */
	unsigned strict; /* the word strict=1 or strict=2: what may hide inside what is copied */
	struct shared_flags *shared;
	struct descriptor
		*lent[6]; /* the descriptors that are the guest's own until the next exit */
	struct descriptor lent_was[6];
	unsigned lent_count;
	bool reads_code; /* a data segment register holds a code segment of the kernel's */

	/* where the processor is in a block */
	struct patch *patch; /* NULL: nowhere */
	uint32_t at;         /* offset in the block */
	bool exact;          /* the registers are as before the instruction at registers.eip */
	bool moved;          /* it is the guest's own instruction there */
	uint8_t pushed;      /* bytes that the block has on the guest's stack */
	bool debug;          /* #DB waits for the next exact point */
	bool at_plant;       /* this exit came from the planted breakpoint */
	bool was_plain;      /* the guest ran in the plain view */
	uint16_t wanted;     /* a code segment to be lent to users for a step; 0: none */
	uint8_t *planted;    /* a breakpoint that waits at the next exact point; NULL: none */
	uint8_t planted_was;

	/* the pool of code pages; those that are mapped are for code of this size */
	unsigned code_size;
	struct code_page *page;
	unsigned pages;
	struct code_page *newest, *oldest;
	unsigned recycled;

	/* the pool of patches, and the pages that their blocks lie in */
	struct patch *patch_pool, *free_patch;
	uint32_t *block_table[BLOCK_TABLES]; /* the page tables; NULL: nothing there yet */
	unsigned block_pages;                /* how many are in use */
	unsigned next_room;                  /* where the next block may stand (code_block.c) */
};

/* With a new virtual processor. The words patch=0, strict=N and code=N on its command line count.
 * False: no memory for it. Before lab 4 there is none, and vcpu->code_view stays NULL. */
bool code_create(struct vcpu *vcpu);
void code_destroy(struct vcpu *vcpu);

/* A new root of the shadow's: the entries for patch blocks. */
void code_root_made(struct vcpu *vcpu, uint32_t *root);

/* ---- segments (code_segments.c) ---- */

/* The descriptor that the processor gets for one that has been deprivileged. */
struct descriptor code_descriptor(struct descriptor descriptor);

/* Is it code of the guest's kernel? */
bool code_is_kernels(const struct segment *segment);

/* Until the next exit a code segment of the kernel's is what the guest has made it: one, or all
 * that segment registers name. Then it is taken back. */
void code_lend(struct vcpu *vcpu, uint16_t selector);
void code_lend_all(struct vcpu *vcpu);
void code_take_back(struct code_view *view);

/* Does DS, ES, FS or GS hold a code segment of the kernel's? */
bool code_is_read(const struct vcpu *vcpu);

/* The descriptor for the selector MONITOR_SHARED, in both views of the GDT; and whether it can be
 * loaded: blocks work alone, or fault on the way. One that is in use can. */
void code_publish_shared(struct vcpu *vcpu);
void code_share(struct vcpu *vcpu, bool alone);

/* ---- around every exit (code_exit.c, code_resume.c) ---- */

/* The first thing at an exit: takes over the virtual IF, and where the processor was in a patch
 * block, EIP becomes the guest's own. */
void code_left(struct vcpu *vcpu);

/* An exit of the code view's own: a breakpoint, or the fault of a block. False: it is none. */
bool code_exit(struct vcpu *vcpu, struct exit_record *exit, enum verdict *verdict);

/* A page fault in the code view: the copy is missing. */
enum verdict code_missed(struct vcpu *vcpu, struct exit_record *exit);

/* Performs an instruction: a sensitive one of the kernel's, or what vcpu_emulate() knows. */
enum verdict code_emulate(struct vcpu *vcpu, const struct insn *insn);

/* In the middle of what a block does: no interrupt now. */
static inline bool code_busy(const struct vcpu *vcpu)
{
	return vcpu->code_view->patch && !vcpu->code_view->exact;
}

/* Is the next instruction one that the guest must not go on with by itself: a sensitive one while
 * it steps itself, or any where there is no code view? Then code_perform_next(): it is performed,
 * or stepped in the plain view. */
bool code_must_perform(struct vcpu *vcpu);
enum verdict code_perform_next(struct vcpu *vcpu);

/* Can the kernel's code segment reach the blocks, and is EIP a linear address in it? */
bool code_reaches_blocks(const struct vcpu *vcpu);

/* The copy that the processor fetches from at EIP, and where in it; NULL: none. */
struct code_page *code_page_here(const struct vcpu *vcpu, uint32_t *offset);

/* The instruction at EIP, done by the monitor. A fault that nothing names is #GP(0). */
enum verdict code_perform(struct vcpu *vcpu, const struct insn *insn);

/* The last thing before the guest goes on. */
void code_resume(struct vcpu *vcpu);

/* Memory of a page whose copy is in use was written. */
void code_memory_written(struct vcpu *vcpu, gpa_t at, uint32_t size);

/* ---- pages and blocks ---- */

/* The copy that is mapped at that address now; NULL: none. */
struct code_page *code_page_at(const struct vcpu *vcpu, gla_t linear);

/* The copy for that address, mapped: one that there is, or a new one. NULL: no memory is there. */
struct code_page *code_page_get(struct vcpu *vcpu, gla_t linear);

/* Finds the instructions from `offset` on. The page behind is watched once one reaches into it. */
void code_scan(struct vcpu *vcpu, struct code_page *page, uint32_t offset);

/* It is the one that was used last. */
void code_page_queue(struct code_view *view, struct code_page *page);

/* It, or all that are mapped, are looked for anew at the next fetch. */
void code_page_forget(struct vcpu *vcpu, struct code_page *page);
void code_pages_forget(struct vcpu *vcpu);

/* The patch whose block has that byte; NULL: none. And the byte, in the direct map. */
struct patch *code_patch_of_block(const struct vcpu *vcpu, uint32_t eip);
uint8_t *code_block_byte(const struct vcpu *vcpu, uint32_t eip);

/* Gives a patch and its block back. The copy is not changed. */
void code_free_patch(struct vcpu *vcpu, struct patch *patch);

void code_blocks_destroy(struct code_view *view);

#endif
