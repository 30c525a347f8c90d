/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pool of shadow pages: which there are, what they were made from, and who leads where.
 *
 * A shadow page is POOL_FRAMES frames side by side. The first holds the entries that the processor
 * walks. The next two hold, at the same index, links: all shadow entries that lead to the same
 * place are a list, so that they can be found when that place changes. For an entry of a table the
 * place is a frame of the machine's memory, for one of a root a shadow page.
 *
 * Invariants. An entry is present if and only if it is in the list of the place that it leads to.
 * Entries outside first .. last of their page are 0. A page of the guest's is traced if and only if
 * a shadow page was made from a table in it, or the processor's own tables lie there (views.h).
 */
#include "code.h"
#include "cpu.h"
#include "machine.h"
#include "shadow.h"
#include "strings.h"
#include "vm.h"

#define POOL_FRAMES   4u
#define POOL_BYTES    (POOL_FRAMES * PAGE_SIZE)
#define MACHINE_PAGES (MACHINE_MEMORY_MAX / PAGE_SIZE)

#define SHADOW_PAGES 128 /* where the command line does not say */
#define SHADOW_PAGES_MIN                                                                           \
	16 /* one instruction may need so many: two roots, tables for code, stack, operands */
#define SHADOW_ROOTS 16

#define MONITOR_ENTRIES (TABLE_ENTRIES - FIRST_MONITOR_ENTRY)
#define NO_TWIN         TABLE_ENTRIES

/* The first of the entries that map each frame of the machine, of all virtual machines. */
static uint32_t **mappings;

/* ---- entries and their lists ---- */

static struct shadow_page *page_of(const struct vcpu *vcpu, const uint32_t *entry)
{
	uint32_t offset = (uint32_t)((uintptr_t)entry - (uintptr_t)vcpu->shadow->frames);

	return &vcpu->shadow->page[offset / POOL_BYTES];
}

/* The links stand one and two frames behind an entry. */
static uint32_t **link_next(uint32_t *entry)
{
	return (uint32_t **)(entry + TABLE_ENTRIES);
}

static uint32_t **link_previous(uint32_t *entry)
{
	return (uint32_t **)(entry + 2 * TABLE_ENTRIES);
}

static bool is_root(const struct shadow_page *page)
{
	return page->kind == SHADOW_FLAT || page->kind == SHADOW_ROOT;
}

/* The list of the place that a present entry leads to. */
static uint32_t **list_of(const struct vcpu *vcpu, const struct shadow_page *page, uint32_t entry)
{
	if (!is_root(page))
		return &mappings[entry / PAGE_SIZE];
	return &page_of(vcpu, machine_pointer(maddr(entry & PTE_FRAME)))->parents;
}

static void entry_set(struct vcpu *vcpu, struct shadow_page *page, unsigned index, uint32_t value)
{
	uint32_t *entry = &page->entry[index], **list = list_of(vcpu, page, value);

	*entry = value;
	*link_next(entry) = *list;
	*link_previous(entry) = NULL;
	if (*list)
		*link_previous(*list) = entry;
	*list = entry;
	if (index < page->first)
		page->first = index;
	if (index > page->last)
		page->last = index;
}

static void entry_reset(struct vcpu *vcpu, struct shadow_page *page, unsigned index)
{
	uint32_t *entry = &page->entry[index];
	uint32_t *next = *link_next(entry), *previous = *link_previous(entry);

	if (previous)
		*link_next(previous) = next;
	else
		*list_of(vcpu, page, *entry) = next;
	if (next)
		*link_previous(next) = previous;
	*entry = 0;
	if (is_root(page)) {
		if (index < CODE_TABLES)
			page->entry[CODE_FIRST_ENTRY + index] = 0;
		return;
	}
	/* the copies of this page's code, and of the one before, which may reach into it */
	page->twin[index] = 0;
	if (index)
		page->twin[index - 1] = 0;
}

void shadow_flush(struct vcpu *vcpu)
{
	if (vcpu == vcpu_running)
		cr3_write(vcpu->page_directory);
}

/* Entries that are not the guest's: the direct map. */
static bool is_monitors(const struct shadow_page *page, unsigned index)
{
	return is_root(page) && index >= FIRST_MONITOR_ENTRY;
}

void shadow_clear(struct vcpu *vcpu, struct shadow_page *page, unsigned index)
{
	if (!(page->entry[index] & PTE_P) || is_monitors(page, index))
		return;
	entry_reset(vcpu, page, index);
	shadow_flush(vcpu);
}

void shadow_link(
	struct vcpu *vcpu, struct shadow_page *root, unsigned index, struct shadow_page *table)
{
	if (!is_root(root) || is_root(table) || is_monitors(root, index))
		panic("shadow_link() wants a root, an entry below %u of it, and a table; this was entry %u",
			FIRST_MONITOR_ENTRY, index);
	shadow_clear(vcpu, root, index);
	entry_set(vcpu, root, index, machine_address(table->entry).raw | PTE_P | PTE_RW | PTE_US);
	if (table->twin_index == index)
		root->entry[CODE_FIRST_ENTRY + index] = machine_address(table->twin).raw | PTE_P;
}

void shadow_map(
	struct vcpu *vcpu, struct shadow_page *table, unsigned index, gpa_t page, uint32_t rights)
{
	if (is_root(table) || !guest_has_memory(vcpu, page))
		panic("shadow_map() wants a table, and a page that the guest has; this was guest-physical %08x",
			page.raw);
	uint32_t frame = vcpu->vm->frames[page.raw / PAGE_SIZE].raw & PTE_FRAME;
	uint32_t value = frame | PTE_P | (rights & (PTE_RW | PTE_US)), old = table->entry[index];

	if ((old & PTE_P) && (old & PTE_FRAME) == frame) {
		table->entry[index] = value; /* it is in the right list */
		shadow_flush(vcpu);
		return;
	}
	shadow_clear(vcpu, table, index);
	entry_set(vcpu, table, index, value);
}

struct shadow_page *shadow_child(
	const struct vcpu *vcpu, const struct shadow_page *root, unsigned index)
{
	uint32_t entry = is_monitors(root, index) ? 0 : root->entry[index];

	return entry & PTE_P ? page_of(vcpu, machine_pointer(maddr(entry & PTE_FRAME))) : NULL;
}

uint32_t *shadow_first_mapping(const struct vcpu *vcpu, gpa_t page)
{
	return mappings[vcpu->vm->frames[page.raw / PAGE_SIZE].raw / PAGE_SIZE];
}

uint32_t *shadow_next_mapping(const struct vcpu *vcpu, const uint32_t *entry)
{
	(void)vcpu;
	return *link_next((uint32_t *)(uintptr_t)entry);
}

/* ---- which was made from what ---- */

static struct shadow_page **bucket_of(const struct vcpu *vcpu, gpa_t guest)
{
	return &vcpu->shadow->bucket[guest.raw / PAGE_SIZE % SHADOW_BUCKETS];
}

/* Is it made from a table of the guest's, that the guest can change? */
static bool has_table(const struct shadow_page *page)
{
	return page->kind == SHADOW_ROOT || page->kind == SHADOW_TABLE;
}

struct shadow_page *shadow_next(struct vcpu *vcpu, gpa_t page, struct shadow_page *before)
{
	struct shadow_page *found = before ? before->next : *bucket_of(vcpu, page);

	while (found && !(has_table(found) && found->guest.raw == (page.raw & ~PAGE_MASK)))
		found = found->next;
	return found;
}

/* ---- the order of use ---- */

static void unqueue(struct shadow *shadow, struct shadow_page *page)
{
	*(page->newer ? &page->newer->older : &shadow->newest) = page->older;
	*(page->older ? &page->older->newer : &shadow->oldest) = page->newer;
}

static void queue(struct shadow *shadow, struct shadow_page *page)
{
	page->newer = NULL;
	page->older = shadow->newest;
	*(shadow->newest ? &shadow->newest->newer : &shadow->oldest) = page;
	shadow->newest = page;
}

static void touch(struct shadow *shadow, struct shadow_page *page)
{
	if (shadow->newest == page)
		return;
	unqueue(shadow, page);
	queue(shadow, page);
}

/* ---- dropping and recycling ---- */

/* Gives it back; the TLB is the caller's matter. */
static void page_free(struct vcpu *vcpu, struct shadow_page *page)
{
	struct shadow *shadow = vcpu->shadow;
	struct shadow_page **at = bucket_of(vcpu, page->guest);

	for (unsigned i = page->first; i <= page->last; i++)
		if (page->entry[i] & PTE_P)
			entry_reset(vcpu, page, i);
	while (page->parents) {
		struct shadow_page *parent = page_of(vcpu, page->parents);
		entry_reset(vcpu, parent, (unsigned)(page->parents - parent->entry));
	}
	while (*at != page)
		at = &(*at)->next;
	*at = page->next;
	if (is_root(page)) {
		shadow->roots--;
		memset(page->entry + FIRST_MONITOR_ENTRY, 0,
			MONITOR_ENTRIES * sizeof(*page->entry));
	}
	if (has_table(page) && guest_has_memory(vcpu, page->guest) &&
		!shadow_next(vcpu, page->guest, NULL))
		vcpu->vm->frames[page->guest.raw / PAGE_SIZE].raw &= ~FRAME_SHADOWED;
	unqueue(shadow, page);
	page->kind = SHADOW_FREE;
	page->next = shadow->free;
	shadow->free = page;
}

void shadow_drop(struct vcpu *vcpu, struct shadow_page *page)
{
	page_free(vcpu, page);
	shadow_flush(vcpu);
}

/* The processor walks no shadow at all, only the direct map. */
static void leave_root(struct vcpu *vcpu)
{
	vcpu->shadow->root = NULL;
	vcpu->page_directory = machine_address(boot_page_directory);
	shadow_flush(vcpu);
}

void shadow_drop_all(struct vcpu *vcpu)
{
	leave_root(vcpu);
	while (vcpu->shadow->newest)
		page_free(vcpu, vcpu->shadow->newest);
}

/* The least recently used page, but not the root in use, nor what the last call returned. */
static void recycle_page(struct vcpu *vcpu)
{
	struct shadow *shadow = vcpu->shadow;
	struct shadow_page *page = shadow->oldest;

	while (page == shadow->root || page == shadow->newest)
		page = page->newer;
	shadow_drop(vcpu, page);
	shadow->recycled++;
}

/* The least recently used root: it may be the one in use, since another is about to be. */
static void recycle_root(struct vcpu *vcpu)
{
	struct shadow_page *page = vcpu->shadow->oldest;

	while (!is_root(page))
		page = page->newer;
	if (page == vcpu->shadow->root)
		leave_root(vcpu);
	shadow_drop(vcpu, page);
	vcpu->shadow->recycled++;
}

/* ---- getting one ---- */

static struct shadow_page *find(
	struct vcpu *vcpu, enum shadow_kind kind, gpa_t guest, uint32_t role)
{
	struct shadow_page *page = *bucket_of(vcpu, guest);

	while (page && !(page->guest.raw == guest.raw && page->kind == kind && page->role == role))
		page = page->next;
	return page;
}

static struct shadow_page *make(
	struct vcpu *vcpu, enum shadow_kind kind, gpa_t guest, uint32_t role)
{
	struct shadow *shadow = vcpu->shadow;
	struct shadow_page *page = shadow->free, **bucket = bucket_of(vcpu, guest);

	shadow->free = page->next;
	page->kind = kind;
	page->role = role;
	page->guest = guest;
	page->writes = 0;
	page->first = TABLE_ENTRIES;
	page->last = 0;
	page->parents = NULL;
	page->twin_index = NO_TWIN;
	page->next = *bucket;
	*bucket = page;
	queue(shadow, page);
	if (is_root(page)) {
		shadow->roots++;
		memcpy(page->entry + FIRST_MONITOR_ENTRY, boot_page_directory + FIRST_MONITOR_ENTRY,
			MONITOR_ENTRIES * sizeof(*page->entry));
		if (vcpu->code_view)
			code_root_made(vcpu, page->entry);
	}
	if (has_table(page) && shadow->tracing && guest_has_memory(vcpu, guest) &&
		!(vcpu->vm->frames[guest.raw / PAGE_SIZE].raw & FRAME_SHADOWED)) {
		vcpu->vm->frames[guest.raw / PAGE_SIZE].raw |= FRAME_SHADOWED;
		shadow_protect(vcpu, guest);
	}
	return page;
}

struct shadow_page *shadow_get(struct vcpu *vcpu, enum shadow_kind kind, gpa_t guest, uint32_t role)
{
	struct shadow *shadow = vcpu->shadow;
	struct shadow_page *page = find(vcpu, kind, guest, role);

	if (page) {
		touch(shadow, page);
		return page;
	}
	if ((kind == SHADOW_ROOT || kind == SHADOW_FLAT) && shadow->roots >= shadow->roots_max)
		recycle_root(vcpu);
	if (!shadow->free)
		recycle_page(vcpu);
	return make(vcpu, kind, guest, role);
}

void shadow_use(struct vcpu *vcpu, struct shadow_page *root)
{
	root->writes = 0;
	vcpu->shadow->root = root;
	vcpu->page_directory = machine_address(root->entry);
	shadow_flush(vcpu);
}

void shadow_twin_place(struct vcpu *vcpu, struct shadow_page *table, unsigned index)
{
	uint32_t *parent = table->parents;

	if (table->twin_index == index)
		return;
	for (; parent && table->twin_index != NO_TWIN; parent = *link_next(parent))
		page_of(vcpu, parent)->entry[CODE_FIRST_ENTRY + table->twin_index] = 0;
	memset(table->twin, 0, PAGE_SIZE);
	table->twin_index = index;
	shadow_flush(vcpu);
}

/* ---- stand-ins ---- */

/* The entry for a linear address, below a root's entry that leads to what was made from the guest's
 * table, or else to a table that is there for this alone. In no list: nothing else happens before
 * it goes again. */
static uint32_t *stand_in_entry(struct vcpu *vcpu, gla_t at)
{
	struct shadow_page *root = vcpu->shadow->root;
	unsigned index = at.raw / LARGE_PAGE_SIZE;
	struct shadow_page *table = shadow_child(vcpu, root, index);

	if (table) {
		touch(vcpu->shadow, table); /* it must not be recycled for another stand-in */
	} else {
		table = shadow_get(vcpu, SHADOW_STAND_IN, gpa(at.raw & ~(LARGE_PAGE_SIZE - 1)), 0);
		shadow_link(vcpu, root, index, table);
	}
	return &table->entry[at.raw / PAGE_SIZE % TABLE_ENTRIES];
}

void vcpu_stand_in(struct vcpu *vcpu, gla_t at, maddr_t frame)
{
	uint32_t *entry = stand_in_entry(vcpu, at);
	struct shadow_page *table = page_of(vcpu, entry);

	shadow_clear(vcpu, table, (unsigned)(entry - table->entry));
	*entry = frame.raw | PTE_P | PTE_RW | PTE_US;
}

void vcpu_stand_out(struct vcpu *vcpu, gla_t at)
{
	*stand_in_entry(vcpu, at) = 0;
	shadow_flush(vcpu);
}

/* ---- life ---- */

bool shadow_create(struct vcpu *vcpu)
{
	const char *words = vcpu->vm->command_line;
	struct shadow *shadow = pages_allocate(sizeof(*shadow));
	maddr_t frames;

	vcpu->shadow = shadow;
	if (!mappings)
		mappings = pages_allocate(MACHINE_PAGES * sizeof(*mappings));
	if (!shadow || !mappings)
		return false;
	shadow->pages = option_number(words, "shadow=", SHADOW_PAGES);
	if (shadow->pages < SHADOW_PAGES_MIN)
		shadow->pages = SHADOW_PAGES_MIN;
	shadow->roots_max = option_number(words, "roots=", SHADOW_ROOTS);
	if (!shadow->roots_max)
		shadow->roots_max = 1;
	shadow->tracing = option_number(words, "trace=", 1);
	shadow->audit_every = option_number(words, "audit=", 0);
	shadow->page = pages_allocate(shadow->pages * sizeof(*shadow->page));
	if (!shadow->page || !frames_allocate(shadow->pages * POOL_FRAMES, PAGE_SIZE, &frames))
		return false;
	shadow->frames = machine_pointer(frames);
	for (unsigned i = shadow->pages; i-- > 0;) {
		shadow->page[i].entry = shadow->frames + i * (POOL_BYTES / sizeof(uint32_t));
		shadow->page[i].twin = shadow->page[i].entry + 3 * TABLE_ENTRIES;
		shadow->page[i].next = shadow->free;
		shadow->free = &shadow->page[i];
	}
	return true;
}

void shadow_destroy(struct vcpu *vcpu)
{
	struct shadow *shadow = vcpu->shadow;

	if (!shadow)
		return;
	if (shadow->frames) {
		shadow_drop_all(vcpu);
		pages_free(shadow->frames, shadow->pages * POOL_BYTES);
	}
	pages_free(shadow->page, shadow->pages * sizeof(*shadow->page));
	pages_free(shadow, sizeof(*shadow));
	vcpu->shadow = NULL;
}
