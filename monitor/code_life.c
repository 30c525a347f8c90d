/* SPDX-License-Identifier: BSD-2-Clause */
/* A code view's memory, from its virtual processor's beginning to its end: code.h has the idea. */
#include "code.h"
#include "machine.h"
#include "strings.h"
#include "vm.h"

#define CODE_PAGES     128 /* where the command line does not say */
#define CODE_PAGES_MIN 4
#define PATCHES        1024

bool code_create(struct vcpu *vcpu)
{
	const char *words = vcpu->vm->command_line;
	struct code_view *view = pages_allocate(sizeof(*view));
	uint8_t *copies;

	vcpu->code_view = view;
	vcpu->emulate = code_emulate;
	if (!view)
		return false;
	view->code_size = 32;
	view->strict = option_number(words, "strict=", 0);
	/* a jump's last byte is no breakpoint */
	view->blocks = option_number(words, "patch=", 1) && !view->strict;
	view->pages = option_number(words, "code=", CODE_PAGES);
	if (view->pages < CODE_PAGES_MIN)
		view->pages = CODE_PAGES_MIN;
	view->page = pages_allocate(view->pages * sizeof(*view->page));
	copies = pages_allocate(view->pages * PAGE_SIZE);
	view->patch_pool = pages_allocate(PATCHES * sizeof(*view->patch_pool));
	view->shared = pages_allocate(sizeof(*view->shared));
	for (unsigned i = 0; view->page && i < view->pages; i++)
		view->page[i].copy = copies + i * PAGE_SIZE;
	if (!view->page || !copies || !view->patch_pool || !view->shared)
		return false;
	memset(copies, BREAKPOINT, view->pages * PAGE_SIZE);
	for (unsigned i = 0; i < view->pages; i++)
		code_page_queue(view, &view->page[i]);
	for (unsigned i = PATCHES; i-- > 0;) {
		view->patch_pool[i].next = view->free_patch;
		view->free_patch = &view->patch_pool[i];
	}
	return true;
}

void code_destroy(struct vcpu *vcpu)
{
	struct code_view *view = vcpu->code_view;

	if (!view)
		return;
	code_blocks_destroy(view);
	if (view->page) {
		pages_free(view->page[0].copy, view->pages * PAGE_SIZE);
		pages_free(view->page, view->pages * sizeof(*view->page));
	}
	pages_free(view->patch_pool, PATCHES * sizeof(*view->patch_pool));
	pages_free(view->shared, sizeof(*view->shared));
	pages_free(view, sizeof(*view));
	vcpu->code_view = NULL;
}
