/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The code view, since lab 4: the guest's kernel is fetched from elsewhere than where its code lies
 * (monitor/include/code.h), and parts of it run in patch blocks.
 *
 * The idea: GDB is to see the guest's own addresses. A fetch in the view from CODE_VIEW + L is the
 * guest's instruction at L. In a patch block it is the instruction that the block stands for at
 * that byte; the register `fetch` says where the processor really is. So a breakpoint of GDB's at L
 * is several of Bochs's: at L, at CODE_VIEW + L, and in each block where that instruction begins.
 *
 * The monitor tells no one of its blocks. So the machine stops for a moment, unseen, wherever the
 * monitor calls code_commit_block(), whose arguments say all. The bridge remembers what it saw
 * there; it never looks at what an organ keeps.
 *
 * The invariant: only where the state is that of the guest before one of its instructions does a
 * block's byte count as the place of that instruction.
 */
#include "bridge_internal.h"

#include "code.h"
#include "layout.h"

#include <stdlib.h>
#include <string.h>

#define BLOCKS_MAX  1024u /* as many as the monitor has for one guest */
#define KERNEL_RING 1     /* of a guest under the monitor */

/* A patch block. Offsets in the run and in the block are those of monitor/include/patch.h. */
struct known_block {
	uint32_t vcpu;         /* whose: guests have blocks of their own at the same addresses */
	uint32_t run, length;  /* the guest's instructions: linear address, bytes */
	uint32_t first, bytes; /* linear address of the block in the code view, and its bytes */
	uint32_t entry;        /* the same, or where a jump to the block stands */
	uint32_t points;
	struct block_point point[BLOCK_POINTS];
};

struct view {
	struct known_block block[BLOCKS_MAX];
	size_t n_blocks, next;
};

struct view *view_open(void)
{
	return calloc(1, sizeof(struct view));
}

void view_close(struct view *view)
{
	free(view);
}

void view_forget(struct bridge *b)
{
	memset(b->view, 0, sizeof(*b->view));
}

/* ---- what the monitor does ---- */

static bool word_read(struct bridge *b, uint32_t address, uint32_t *word)
{
	return bochs_read_linear(b->machine, address, word, sizeof(*word)) == sizeof(*word);
}

static bool overlap(const struct known_block *one, const struct known_block *other)
{
	return one->vcpu == other->vcpu &&
	       (one->entry == other->entry || (one->first < other->first + other->bytes &&
						      other->first < one->first + one->bytes));
}

/* The place for a new block: that of one which is gone, since the new one lies there. */
static struct known_block *place_for(struct view *view, const struct known_block *block)
{
	for (size_t i = 0; i < view->n_blocks; i++)
		if (overlap(&view->block[i], block))
			return &view->block[i];
	if (view->n_blocks < BLOCKS_MAX)
		return &view->block[view->n_blocks++];
	return &view->block[view->next++ % BLOCKS_MAX];
}

/* The machine stands at the first instruction of code_commit_block(). */
static void commit_note(struct bridge *b, uint32_t esp)
{
	struct {
		uint32_t back, vcpu, page, offset, length, block;
	} arguments;
	struct block written;
	struct known_block block = {0};

	if (bochs_read_linear(b->machine, esp, &arguments, sizeof(arguments)) !=
			sizeof(arguments) ||
		bochs_read_linear(b->machine, arguments.block, &written, sizeof(written)) !=
			sizeof(written) ||
		!word_read(b, arguments.page + offsetof(struct code_page, linear), &block.run) ||
		written.overflow || !written.points || written.points > BLOCK_POINTS ||
		written.length > BLOCK_SIZE)
		return;
	block.vcpu = arguments.vcpu;
	block.run += arguments.offset;
	block.length = arguments.length;
	block.first = CODE_VIEW + written.eip;
	block.bytes = written.length;
	block.entry = CODE_VIEW + written.entry;
	block.points = written.points;
	memcpy(block.point, written.point, sizeof(block.point));
	*place_for(b->view, &block) = block;
}

bool view_look(struct bridge *b)
{
	const struct bochs_registers *r = bochs_registers(b->machine);

	if (!b->options.commit || !r || r->pc != b->options.commit)
		return false;
	commit_note(b, r->esp);
	return true;
}

/* ---- where is the guest? ---- */

/* Is it the guest's kernel in the code view? */
static bool in_view(const struct bridge *b, const struct bochs_registers *r)
{
	return b->options.commit && r->cpl == KERNEL_RING && r->cs.base >= CODE_VIEW;
}

/* The block that the processor is in; NULL: none that is known. */
static const struct known_block *block_at(struct bridge *b, const struct bochs_registers *r)
{
	uint32_t vcpu;

	if (!in_view(b, r) || r->pc - CODE_VIEW < CODE_MAX ||
		!word_read(b, b->options.running, &vcpu))
		return NULL;
	for (size_t i = 0; i < b->view->n_blocks; i++) {
		const struct known_block *block = &b->view->block[i];
		if (block->vcpu == vcpu &&
			(r->pc == block->entry || r->pc - block->first < block->bytes))
			return block;
	}
	return NULL;
}

/* The byte of the block that an address belongs to. */
static uint32_t byte_at(const struct known_block *block, uint32_t address)
{
	return address == block->entry ? 0 : address - block->first;
}

/* The point that a byte of the block belongs to: the last one at or before it. */
static const struct block_point *point_at(const struct known_block *block, uint32_t at)
{
	uint32_t i = block->points;

	while (i > 1 && block->point[i - 1].at > at)
		i--;
	return &block->point[i - 1];
}

/* Does the guest's instruction begin at this point? Not the way back behind the last one. */
static bool begins(const struct known_block *block, const struct block_point *point)
{
	const struct block_point *before = point - 1;

	return point->exact && point->original < block->length &&
	       (point == block->point || before->original != point->original);
}

uint32_t view_pc(struct bridge *b, const struct bochs_registers *r)
{
	const struct known_block *block;

	if (!in_view(b, r))
		return r->pc;
	if (r->pc - CODE_VIEW < CODE_MAX)
		return r->pc - CODE_VIEW;
	block = block_at(b, r);
	return block ? block->run + point_at(block, byte_at(block, r->pc))->original : r->pc;
}

bool view_between(struct bridge *b, const struct bochs_registers *r, uint32_t address)
{
	const struct known_block *block = block_at(b, r);
	const struct block_point *point;

	if (!block)
		return false;
	point = point_at(block, byte_at(block, r->pc));
	return byte_at(block, r->pc) != point->at || !begins(block, point) ||
	       block->run + point->original == address;
}

/* What is to become of an instruction of the guest's kernel, where it is fetched. */
enum fetched {
	FETCHED_ELSEWHERE, /* it is not the kernel's, or not in the code view */
	FETCHED_COPY,      /* it is executed, or traps */
	FETCHED_REPLACED,  /* a breakpoint that is not the guest's own: the monitor looks at it */
	FETCHED_PLAIN,     /* where it lies, for one step */
};

static enum fetched fetched_now(struct bridge *b, const struct bochs_registers *r)
{
	uint8_t fetched = 0, own = 0;

	if (!b->options.commit || r->cpl != KERNEL_RING)
		return FETCHED_ELSEWHERE;
	if (r->cs.base < CODE_VIEW)
		return FETCHED_PLAIN;
	if (r->pc - CODE_VIEW >= CODE_MAX)
		return FETCHED_ELSEWHERE;
	bochs_read_linear(b->machine, r->pc, &fetched, 1);
	bochs_read_linear(b->machine, r->pc - CODE_VIEW, &own, 1);
	return fetched == BREAKPOINT && own != BREAKPOINT ? FETCHED_REPLACED : FETCHED_COPY;
}

/*
 * Since lab 4 an instruction may be fetched twice until it is done: where it is fetched from the
 * monitor has not looked at it yet, or only looks at it and has it executed where it lies. GDB
 * stops at the first, and goes on: to the guest, and so to GDB, the second is the same time.
 */
bool view_is_again(struct bridge *b, const struct bochs_registers *r)
{
	struct view_stop *last = &b->view_stop;
	enum fetched now = fetched_now(b, r);
	uint32_t address = view_pc(b, r);
	bool again = last->fresh && last->address == address &&
		     !memcmp(last->general, &r->eax, sizeof(last->general)) &&
		     (now == FETCHED_PLAIN || (now == FETCHED_COPY && last->replaced));

	last->fresh = now == FETCHED_COPY || now == FETCHED_REPLACED;
	last->replaced = now == FETCHED_REPLACED;
	last->address = address;
	memcpy(last->general, &r->eax, sizeof(last->general));
	return again;
}

uint32_t view_eip(const struct bridge *b, const struct bochs_registers *r, uint32_t address)
{
	return address - r->cs.base + (in_view(b, r) ? CODE_VIEW : 0);
}

/* ---- breakpoints ---- */

bool view_has(const struct bridge *b, uint32_t address)
{
	return b->options.commit && address < CODE_MAX;
}

uint32_t view_fetched(uint32_t address)
{
	return CODE_VIEW + address;
}

size_t view_blocks_of(
	const struct bridge *b, uint32_t address, uint32_t places[], size_t places_max)
{
	size_t n = 0;

	for (size_t i = 0; i < b->view->n_blocks; i++) {
		const struct known_block *block = &b->view->block[i];
		/* at the run's first byte is the jump: that one is in the copy */
		if (address == block->run || address - block->run >= block->length)
			continue;
		for (uint32_t j = 0; j < block->points && n < places_max; j++)
			if (block->run + block->point[j].original == address &&
				begins(block, &block->point[j]))
				places[n++] = block->first + block->point[j].at;
	}
	return n;
}
