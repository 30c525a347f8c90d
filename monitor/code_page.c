/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The copies of the guest's code pages, and where they are mapped: code.h has the idea.
 *
 * A table of the shadow's that maps code has a twin: the page table that the same 4 MiB of the code
 * view go through. An entry of the twin leads to a copy, and is there only while the shadow's own
 * entry at the same index is. So a change of the guest's page tables, or of its address space,
 * takes the copy away together with the page (shadow_pool.c).
 *
 * A copy belongs to a linear address, the guest's page there and the page behind it. All three must
 * be the same for it to be used again: an instruction may reach from the one page into the other.
 */
#include "code.h"
#include "paravirt.h"
#include "machine.h"
#include "strings.h"
#include "vm.h"

/* ---- mapping ---- */

static unsigned table_entry(gla_t linear)
{
	return linear.raw / PAGE_SIZE % TABLE_ENTRIES;
}

static maddr_t copy_frame(const struct code_page *page)
{
	return machine_address(page->copy);
}

/* The twin of the shadow's table for this address, in use at this place; made so if it is not. */
static uint32_t *twin_of(struct vcpu *vcpu, gla_t linear)
{
	struct shadow_page *root = vcpu->shadow->root;
	unsigned index = linear.raw / LARGE_PAGE_SIZE;
	struct shadow_page *table = shadow_child(vcpu, root, index);

	shadow_twin_place(vcpu, table, index);
	root->entry[CODE_FIRST_ENTRY + index] = machine_address(table->twin).raw | PTE_P;
	return table->twin;
}

static void page_map_copy(struct vcpu *vcpu, struct code_page *page)
{
	twin_of(vcpu, page->linear)[table_entry(page->linear)] = copy_frame(page).raw | PTE_P;
}

/* From all twins. */
static void page_unmap(struct vcpu *vcpu, const struct code_page *page)
{
	unsigned index = page->linear.raw / LARGE_PAGE_SIZE, entry = table_entry(page->linear);

	for (struct shadow_page *table = vcpu->shadow->newest; table; table = table->older)
		if (table->twin_index == index &&
			(table->twin[entry] & PTE_FRAME) == copy_frame(page).raw)
			table->twin[entry] = 0;
	shadow_flush(vcpu);
}

struct code_page *code_page_at(const struct vcpu *vcpu, gla_t linear)
{
	const struct code_view *view = vcpu->code_view;
	const struct shadow_page *root = vcpu->shadow->root;
	uint32_t entry;

	if (linear.raw >= CODE_MAX)
		return NULL;
	entry = root->entry[CODE_FIRST_ENTRY + linear.raw / LARGE_PAGE_SIZE];
	if (!(entry & PTE_P))
		return NULL;
	entry = ((const uint32_t *)machine_pointer(maddr(entry & PTE_FRAME)))[table_entry(linear)];
	if (!(entry & PTE_P))
		return NULL;
	return &view->page[(entry - copy_frame(&view->page[0]).raw) / PAGE_SIZE];
}

/* ---- the pool ---- */

static void unqueue(struct code_view *view, struct code_page *page)
{
	*(page->newer ? &page->newer->older : &view->newest) = page->older;
	*(page->older ? &page->older->newer : &view->oldest) = page->newer;
}

void code_page_queue(struct code_view *view, struct code_page *page)
{
	page->newer = NULL;
	page->older = view->newest;
	*(view->newest ? &view->newest->newer : &view->oldest) = page;
	view->newest = page;
}

/* The first to be used for another page. */
static void queue_last(struct code_view *view, struct code_page *page)
{
	page->older = NULL;
	page->newer = view->oldest;
	*(view->oldest ? &view->oldest->older : &view->newest) = page;
	view->oldest = page;
}

/* One that is not stands for no page of the guest's. Those that are come first in the queue. */
static bool in_use(const struct code_page *page)
{
	return page->original != NULL;
}

static struct code_page *first_used(struct code_view *view)
{
	return in_use(view->newest) ? view->newest : NULL;
}

static struct code_page *next_used(const struct code_page *page)
{
	return page->older && in_use(page->older) ? page->older : NULL;
}

/* Must writes to this page of the guest's be told, because of a copy? */
static void page_watch(struct vcpu *vcpu, gpa_t at)
{
	maddr_t *frame;
	struct code_view *view = vcpu->code_view;
	bool wanted = false;

	if (!guest_has_memory(vcpu, at))
		return;
	frame = &vcpu->vm->frames[at.raw / PAGE_SIZE];
	for (struct code_page *page = first_used(view); page && !wanted; page = next_used(page))
		wanted = page->page.raw == at.raw || (page->reaches && page->behind.raw == at.raw);
	if (wanted && !(frame->raw & FRAME_CODE)) {
		frame->raw |= FRAME_CODE;
		vcpu_write_protect(vcpu, at, true);
	} else if (!wanted) {
		frame->raw &= ~FRAME_CODE;
	}
}

/* Nothing is known of it, and it is mapped nowhere. */
static void page_release(struct vcpu *vcpu, struct code_page *page)
{
	if (!in_use(page))
		return;
	page_unmap(vcpu, page);
	while (page->patches)
		code_free_patch(vcpu, page->patches);
	memset(page->copy, BREAKPOINT, PAGE_SIZE);
	memset(page->kind, CODE_UNKNOWN, sizeof(page->kind));
	memset(page->target, 0, sizeof(page->target));
	memset(page->hits, 0, sizeof(page->hits));
	page->reaches = false;
	page->original = NULL;
	unqueue(vcpu->code_view, page);
	queue_last(vcpu->code_view, page);
	page_watch(vcpu, page->page);
	page_watch(vcpu, page->behind);
}

/* What a copy is found by. */
struct key {
	gla_t linear;
	gpa_t page, behind;
	unsigned code_size;
};

static struct code_page *page_find(struct code_view *view, const struct key *key)
{
	struct code_page *page = first_used(view);

	while (page &&
		!(page->linear.raw == key->linear.raw && page->page.raw == key->page.raw &&
			page->behind.raw == key->behind.raw && page->code_size == key->code_size))
		page = next_used(page);
	return page;
}

static struct code_page *page_make(struct vcpu *vcpu, const struct key *key)
{
	struct code_page *page = vcpu->code_view->oldest;

	if (in_use(page))
		vcpu->code_view->recycled++;
	page_release(vcpu, page);
	page->linear = key->linear;
	page->page = key->page;
	page->behind = key->behind;
	page->code_size = key->code_size;
	page->original = guest_memory(vcpu, key->page);
	page->next = page->behind.raw == GPA_NOTHING.raw ? NULL : guest_memory(vcpu, page->behind);
	unqueue(vcpu->code_view, page);
	code_page_queue(vcpu->code_view, page);
	page_watch(vcpu, page->page);
	return page;
}

struct code_page *code_page_get(struct vcpu *vcpu, gla_t linear)
{
	struct code_view *view = vcpu->code_view;
	struct key key = {
		.linear = gla(linear.raw & ~PAGE_MASK),
		.behind = GPA_NOTHING,
		.code_size = view->code_size,
	};
	gla_t behind = gla(key.linear.raw + PAGE_SIZE);

	if (!vcpu_translate(vcpu, key.linear, &key.page) || !guest_has_memory(vcpu, key.page))
		return NULL;
	/* the page behind counts once it has been used, and where its end would be noticed */
	if (behind.raw % LARGE_PAGE_SIZE != 0 && vcpu_pointer(vcpu, behind, 1, ACCESS_READ))
		vcpu_translate(vcpu, behind, &key.behind);
	struct code_page *page = page_find(view, &key);
	if (!page)
		page = page_make(vcpu, &key);
	unqueue(view, page);
	code_page_queue(view, page);
	page_map_copy(vcpu, page);
	return page;
}

static bool reaches_behind(const struct code_page *page)
{
	for (uint32_t i = PAGE_SIZE - INSN_MAX_LENGTH + 1; i < PAGE_SIZE; i++)
		if (code_is_known(page, i) && i + code_length(page, i) > PAGE_SIZE)
			return true;
	return false;
}

/* What the monitor has put there may run as it is, sensitive or not: but for INT3, which comes back
 * as every breakpoint does, and is the guest's own then. */
static void page_reveal_all(struct code_page *page)
{
	for (uint32_t at = 0; at < PAGE_SIZE; at++)
		page->kind[at] = page->original[at] == BREAKPOINT ? CODE_REPLACED : CODE_COPIED;
	code_reveal(page, 0, PAGE_SIZE);
}

void code_scan(struct vcpu *vcpu, struct code_page *page, uint32_t offset)
{
	if (pal_is_firmware(vcpu->vm, page)) {
		page_reveal_all(page);
		return;
	}
	scan(vcpu, page, offset);
	if (!page->reaches && page->next && reaches_behind(page)) {
		page->reaches = true;
		page_watch(vcpu, page->behind);
	}
}

void code_page_forget(struct vcpu *vcpu, struct code_page *page)
{
	page_unmap(vcpu, page);
}

void code_pages_forget(struct vcpu *vcpu)
{
	for (struct shadow_page *table = vcpu->shadow->newest; table; table = table->older)
		memset(table->twin, 0, PAGE_SIZE);
	shadow_flush(vcpu);
}

void code_memory_written(struct vcpu *vcpu, gpa_t at, uint32_t size)
{
	uint32_t first = at.raw & PAGE_MASK;
	gpa_t physical = gpa(at.raw & ~PAGE_MASK);

	struct code_page *page = first_used(vcpu->code_view), *next;

	for (; page; page = next) {
		next = next_used(page);
		bool here = page->page.raw == physical.raw && code_written(page, first, size);
		bool behind = page->reaches && page->behind.raw == physical.raw &&
			      code_written(page, PAGE_SIZE + first, size);
		if (here || behind)
			page_release(vcpu, page);
	}
}

/* ---- for the organs ---- */

enum decode_status code_decode(
	const struct code_page *page, uint32_t offset, struct insn *insn, uint8_t bytes[15])
{
	uint32_t available = PAGE_SIZE - offset;

	if (available > INSN_MAX_LENGTH)
		available = INSN_MAX_LENGTH;
	memcpy(bytes, page->original + offset, available);
	if (page->next && available < INSN_MAX_LENGTH) {
		memcpy(bytes + available, page->next, INSN_MAX_LENGTH - available);
		available = INSN_MAX_LENGTH;
	}
	return insn_decode(insn, bytes, available, page->code_size);
}

void code_reveal(struct code_page *page, uint32_t offset, uint32_t length)
{
	memcpy(page->copy + offset, page->original + offset, length);
}

uint32_t code_length(const struct code_page *page, uint32_t offset)
{
	uint8_t bytes[INSN_MAX_LENGTH];
	struct insn insn;

	return code_decode(page, offset, &insn, bytes) == DECODE_OK ? insn.length : 1;
}

uint32_t code_before(const struct code_page *page, uint32_t offset)
{
	for (uint32_t i = offset; i-- > 0 && i + INSN_MAX_LENGTH >= offset;)
		if (code_is_known(page, i) && i + code_length(page, i) == offset)
			return i;
	return offset;
}

uint32_t code_branch_target(const struct code_page *page, uint32_t offset, const struct insn *insn)
{
	struct insn_operand operand[INSN_OPERANDS_MAX];

	insn_operands(insn, operand);
	if (operand[0].kind != OPERAND_RELATIVE)
		return PAGE_SIZE;
	return insn_branch_target(insn, page->linear.raw + offset) - page->linear.raw;
}

void code_restore(struct code_page *page, uint32_t first, uint32_t end)
{
	if (end > PAGE_SIZE)
		end = PAGE_SIZE;
	for (uint32_t at = first; at < end; at++)
		if (!code_patch_at(page, at))
			page->copy[at] = BREAKPOINT;
	for (uint32_t i = first < INSN_MAX_LENGTH ? 0 : first - INSN_MAX_LENGTH + 1; i < end; i++) {
		if (page->kind[i] != CODE_COPIED)
			continue;
		uint32_t behind = i + code_length(page, i);
		for (uint32_t at = i < first ? first : i; at < behind && at < end; at++)
			if (!code_patch_at(page, at))
				code_reveal(page, at, 1);
	}
}
