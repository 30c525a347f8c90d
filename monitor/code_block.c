/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where patch blocks stand.
 *
 * A jump to a block overwrites five bytes of the copy, and some of them may be reached by a way
 * that no one has seen. So a block stands where the displacement of the jump to it is CCh, CCh, CCh
 * and a fourth byte, which leaves three places for each jump, 16 MiB apart. Whoever arrives at one
 * of the three bytes executes a breakpoint. Where there is no room for a block, the last place has
 * a jump to one that stands elsewhere.
 *
 * Invariant: a byte of a block page that is in no block is a breakpoint.
 */
#include "code.h"
#include "machine.h"
#include "strings.h"
#include "vm.h"

#define BLOCK_PAGES   256 /* at most */
#define DISPLACEMENTS 0x00ccccccu
#define PLACES        3u /* the last one is for jumps alone: they are as far apart as the runs */
#define PLACE_STEP    0x01000000u
#define ROOMS         1024u
_Static_assert(ROOMS *BLOCK_SIZE <= JUMP_SIZE + DISPLACEMENTS + PLACE_STEP - CODE_MAX,
	"the rooms lie in front of the first place");

/* ---- block pages ---- */

/* The entry for a block's address; NULL: no page table there yet. */
static uint32_t *entry_of(const struct code_view *view, uint32_t eip)
{
	uint32_t *table = view->block_table[(eip - CODE_MAX) / LARGE_PAGE_SIZE];

	return table ? &table[eip / PAGE_SIZE % TABLE_ENTRIES] : NULL;
}

static uint8_t *byte_of(const struct code_view *view, uint32_t eip)
{
	const uint32_t *entry = entry_of(view, eip);

	if (!entry || !(*entry & PTE_P))
		return NULL;
	return (uint8_t *)machine_pointer(maddr(*entry & PTE_FRAME)) + eip % PAGE_SIZE;
}

/* Makes the page of that address exist. */
static bool page_take(struct vcpu *vcpu, uint32_t eip)
{
	struct code_view *view = vcpu->code_view;
	unsigned index = (eip - CODE_MAX) / LARGE_PAGE_SIZE;
	maddr_t frame;

	if (byte_of(view, eip))
		return true;
	if (view->block_pages == BLOCK_PAGES || !frames_allocate(1, PAGE_SIZE, &frame))
		return false;
	if (!view->block_table[index]) {
		view->block_table[index] = pages_allocate(PAGE_SIZE);
		if (!view->block_table[index]) {
			frames_free(frame, 1);
			return false;
		}
		for (struct shadow_page *root = vcpu->shadow->newest; root; root = root->older)
			if (root->kind == SHADOW_ROOT || root->kind == SHADOW_FLAT)
				code_root_made(vcpu, root->entry);
	}
	memset(machine_pointer(frame), BREAKPOINT, PAGE_SIZE);
	*entry_of(view, eip) = frame.raw | PTE_P;
	view->block_pages++;
	return true;
}

void code_root_made(struct vcpu *vcpu, uint32_t *root)
{
	const struct code_view *view = vcpu->code_view;

	for (unsigned i = 0; i < BLOCK_TABLES; i++)
		if (view->block_table[i])
			root[CODE_FIRST_ENTRY + CODE_TABLES + i] =
				machine_address(view->block_table[i]).raw | PTE_P | PTE_RW;
}

/* ---- blocks ---- */

/* Is no byte of [eip, eip + length) in a block? */
static bool is_free(const struct code_view *view, uint32_t eip, uint32_t length)
{
	for (unsigned i = 0; i < view->pages; i++)
		for (const struct patch *patch = view->page[i].patches; patch; patch = patch->next)
			if ((eip < patch->block + patch->block_length &&
				    patch->block < eip + length) ||
				(eip < patch->entry + JUMP_SIZE && patch->entry < eip + length))
				return false;
	return true;
}

/* Room for any block, somewhere in front of the places that displacements lead to. */
static uint32_t find_room(struct code_view *view)
{
	for (unsigned i = 0; i < ROOMS; i++) {
		uint32_t eip = CODE_MAX + view->next_room * BLOCK_SIZE;
		view->next_room = (view->next_room + 1) % ROOMS;
		if (is_free(view, eip, BLOCK_SIZE))
			return eip;
	}
	return 0;
}

bool code_place_block(
	struct vcpu *vcpu, const struct code_page *page, uint32_t offset, struct block *block)
{
	uint32_t behind = page->linear.raw + offset + JUMP_SIZE;

	while (block->place < PLACES) {
		block->entry = behind + DISPLACEMENTS + ++block->place * PLACE_STEP;
		if (block->entry > 0u - CODE_VIEW - BLOCK_SIZE)
			return false;
		block->eip = block->place < PLACES ? block->entry : find_room(vcpu->code_view);
		if (block->eip && is_free(vcpu->code_view, block->entry, JUMP_SIZE))
			return true;
	}
	return false;
}

static void put(struct code_view *view, uint32_t eip, const uint8_t *bytes, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		*byte_of(view, eip + i) = bytes[i];
}

/* JMP rel32, from where it stands. */
static void jump_write(uint8_t jump[JUMP_SIZE], uint32_t from, uint32_t to)
{
	uint32_t distance = to - (from + JUMP_SIZE);

	jump[0] = 0xe9;
	memcpy(jump + 1, &distance, sizeof(distance));
}

/* The run's bytes in the copy: a jump, and breakpoints. */
static void put_run(struct code_page *page, const struct patch *patch)
{
	uint32_t end = patch->offset + patch->length;

	memset(page->copy + patch->offset, BREAKPOINT,
		(end < PAGE_SIZE ? end : PAGE_SIZE) - patch->offset);
	jump_write(page->copy + patch->offset, page->linear.raw + patch->offset, patch->entry);
}

struct patch *code_commit_block(struct vcpu *vcpu, struct code_page *page, uint32_t offset,
	uint32_t length, const struct block *block)
{
	struct code_view *view = vcpu->code_view;
	struct patch *patch = view->free_patch;
	uint32_t last = block->eip + block->length - 1;

	if (!patch || block->overflow || !is_free(view, block->eip, block->length) ||
		!page_take(vcpu, block->eip) || !page_take(vcpu, last) ||
		!page_take(vcpu, block->entry) || !page_take(vcpu, block->entry + JUMP_SIZE - 1))
		return NULL;
	view->free_patch = patch->next;
	patch->page = page;
	patch->offset = (uint16_t)offset;
	patch->length = (uint16_t)length;
	patch->block = block->eip;
	patch->entry = block->entry;
	patch->block_length = block->length;
	patch->points = block->points;
	memcpy(patch->point, block->point, block->points * sizeof(block->point[0]));
	patch->next = page->patches;
	page->patches = patch;
	if (block->entry != block->eip) {
		uint8_t jump[JUMP_SIZE];
		jump_write(jump, block->entry, block->eip);
		put(view, block->entry, jump, sizeof(jump));
	}
	put(view, block->eip, block->code, block->length);
	put_run(page, patch);
	return patch;
}

void code_free_patch(struct vcpu *vcpu, struct patch *patch)
{
	struct code_view *view = vcpu->code_view;
	struct patch **at = &patch->page->patches;

	if (view->patch == patch) { /* the processor was there: it goes on in the guest's code */
		view->patch = NULL;
		view->planted = NULL;
	}
	for (unsigned i = 0; i < JUMP_SIZE; i++)
		*byte_of(view, patch->entry + i) = BREAKPOINT;
	for (unsigned i = 0; i < patch->block_length; i++)
		*byte_of(view, patch->block + i) = BREAKPOINT;
	while (*at != patch)
		at = &(*at)->next;
	*at = patch->next;
	patch->page = NULL;
	patch->next = view->free_patch;
	view->free_patch = patch;
}

void code_undo_patch(struct vcpu *vcpu, struct patch *patch)
{
	struct code_page *page = patch->page;
	uint32_t first = patch->offset, end = first + patch->length;

	code_free_patch(vcpu, patch);
	code_restore(page, first, end);
	for (uint32_t i = first; i < end && i < PAGE_SIZE; i++)
		page->hits[i] = 0;
}

struct patch *code_patch_at(const struct code_page *page, uint32_t offset)
{
	struct patch *patch = page->patches;

	while (patch && !(offset >= patch->offset && offset < patch->offset + patch->length))
		patch = patch->next;
	return patch;
}

struct patch *code_patch_of_block(const struct vcpu *vcpu, uint32_t eip)
{
	const struct code_view *view = vcpu->code_view;

	for (struct code_page *page = view->newest; page; page = page->older)
		for (struct patch *patch = page->patches; patch; patch = patch->next)
			if (eip == patch->entry ||
				(eip >= patch->block && eip < patch->block + patch->block_length))
				return patch;
	return NULL;
}

uint8_t *code_block_byte(const struct vcpu *vcpu, uint32_t eip)
{
	return byte_of(vcpu->code_view, eip);
}

void code_blocks_destroy(struct code_view *view)
{
	for (unsigned i = 0; i < BLOCK_TABLES; i++) {
		uint32_t *table = view->block_table[i];
		for (unsigned j = 0; table && j < TABLE_ENTRIES; j++)
			if (table[j] & PTE_P)
				frames_free(maddr(table[j] & PTE_FRAME), 1);
		pages_free(table, PAGE_SIZE);
	}
}
