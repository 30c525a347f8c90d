/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 3, shadow page tables: the contract.
 *
 * The guest has page tables of its own, in its own memory, full of guest-physical addresses. The
 * processor must not walk them. It walks the *shadow*: tables that only the monitor writes, with
 * machine addresses in them, made from the guest's entry by entry when an access misses. One organ,
 * shadow.c, keeps this true:
 *
 *   For every entry of the shadow, a walk of the guest's tables for the same address arrives at the
 *   same page, with at least the same rights, through entries whose A bits are set, and a writable
 *   one through a leaf whose D bit is set.
 *
 * An entry may always be missing: the next access puts it there. It must never be wrong.
 *
 * Sections are of the Intel SDM, volume 3A. 4.3 is 32-bit paging, 4.6 access rights, 4.7 the error
 * code, 4.8 the A and D bits, 4.10.4 what a kernel must invalidate and when.
 *
 * The guest's kernel runs in ring 1 and its users in ring 3. To page tables ring 1 is a supervisor
 * as ring 0 is, so U/S means in the shadow what it means in the guest's own tables. CR0.WP of the
 * processor itself is always 1, whatever the guest's own (vcpu->cr0) says.
 */
#ifndef SHADOW_H
#define SHADOW_H

#include "exit.h"
#include "organ.h"
#include "types.h"
#include "x86.h"

struct vcpu;

/* What an access asks for: the bits of an entry that it needs, and those of an error code. */
#define ACCESS_READ  0u
#define ACCESS_WRITE PTE_RW /* the bit of PF_WR too */
#define ACCESS_USER  PTE_US /* the bit of PF_US too */
#define ACCESS_PEEK                                                                                \
	0x10000u /* no access: someone wants to know. No right is missing, no bit is set */

/* ---- the walk ---- */

/* Where a walk of the guest's tables arrived. */
struct walk {
	gpa_t page;      /* the 4 KiB page that the address lies in, also inside a large one */
	bool beyond;     /* that page lies beyond 4 GiB (4.3, PSE-36): there is no memory */
	gpa_t table;     /* the page table that the last entry came from; of a large page (and with
			  * paging off) its first byte */
	bool large;      /* a 4 MiB page, or paging is off: there is no page table */
	uint32_t rights; /* PTE_RW and PTE_US as far as both entries have them */
	uint32_t role; /* PTE_RW and PTE_US of the page-directory entry alone; of a large page PTE_D
			* too, and of paging off all three */
	bool accessed; /* A of all entries, after this access */
	bool dirty;    /* D of the last one, after this access */
	uint32_t error; /* where there is none: the error code */
};

/*
 * Walks the guest's own tables, as CR0.PG, CR0.WP, CR3 and CR4.PSE say, for one access. True where
 * the access is allowed: *walk says where it goes, and the A bits of the entries used, and for a
 * write the D bit of the last, are set. False where it faults: walk->error, and no bit is changed.
 *
 *   CR0.PG = 0     every address is its own physical one, with all rights, dirty.
 *   P = 0          an error code without PF_P.
 *   PS = 1         in a page-directory entry, and CR4.PSE = 1: a 4 MiB page. Bits 13 to 20 are bits
 *                  32 to 39 of its address; bit 21 is reserved: where it is 1, PF_P | PF_RSVD.
 *   rights         a user needs U/S in both entries, and R/W in both to write. A supervisor may
 *                  read all, and write what R/W in both allows, or anything where CR0.WP is 0.
 *                  Else an error code with PF_P.
 *
 * The error code also says what the access was: PF_WR, PF_US. With ACCESS_PEEK only P and the
 * reserved bit count, and no bit is set.
 *
 * Entries are read and written by their guest-physical address: guest_entry_read(),
 * guest_entry_write(). First the directory's entry is set, then the table's: one and the same may
 * serve as both.
 */
bool guest_walk(struct vcpu *vcpu, gla_t linear, uint32_t access, struct walk *walk);

/* ---- misses ---- */

/* Whose business a page fault is. */
enum shadow_fault {
	SHADOW_FIXED,  /* the monitor's own: the entry is there now, the access will succeed */
	SHADOW_GUEST,  /* the guest's: its own tables do not allow the access */
	SHADOW_TRACED, /* a write to a page in which a table of the guest's lies */
	SHADOW_DEVICE, /* the guest-physical address has no memory behind it */
};

struct page_fault {
	gla_t linear;    /* in: the address, below MONITOR_BASE */
	uint32_t access; /* in: ACCESS_WRITE, ACCESS_USER */
	gpa_t physical;  /* out, for SHADOW_TRACED and SHADOW_DEVICE: the same byte's address */
	bool beyond;     /* out, for SHADOW_DEVICE: it lies beyond 4 GiB */
	uint32_t error;  /* out, for SHADOW_GUEST */
};

/*
 * The shadow has no entry that allows this access. Walks the guest's tables and decides. Where the
 * access is allowed and there is memory, fills the shadow on the way down: the page-directory entry
 * that leads to the right shadow table (shadow_get(), shadow_link()), then the entry itself
 * (shadow_map()).
 *
 * R/W in the entry: only where the guest's entries allow it, D is set, and the page is not traced.
 * U/S in the entry: as the guest's entries have it; but not in an entry that is writable only
 * because CR0.WP is 0. Shadow page-directory entries allow everything (shadow_link() sees to that).
 */
enum shadow_fault shadow_miss(struct vcpu *vcpu, struct page_fault *fault);

/* ---- changes ---- */

/* Takes R/W away from every shadow entry that maps this page of the guest's: it holds a table from
 * now on. shadow_get() calls it, and so does who watches the guest's GDT. */
void shadow_protect(struct vcpu *vcpu, gpa_t page);

/*
 * The guest has written `size` bytes (1 to 4096, all in one page) at `at`, in a page that holds its
 * tables. What the shadow has made of these entries goes (shadow_clear()), in every shadow page
 * that was made from this one.
 *
 * A guest that writes and writes, and does not use what it has written, is building a table anew or
 * uses the page for data. So each shadow page counts the writes since it was last used
 * (shadow_page.writes; a miss that fills one of its entries and shadow_use() are uses). The write
 * that makes them more than SHADOW_BURST drops it (shadow_drop()), and one of more than
 * SHADOW_BURST_SIZE bytes does so at once. When the last has gone the guest's page is no longer
 * traced. Never the root that the processor walks.
 */
void shadow_written(struct vcpu *vcpu, gpa_t at, uint32_t size);

#define SHADOW_BURST      3
#define SHADOW_BURST_SIZE 64 /* bytes: more than an instruction without REP writes */
#define SHADOW_BUCKETS    64

/*
 * The guest wrote CR0, CR3 or CR4; the new values are in place, and `changed_...` are the bits that
 * differ. After CR3 the processor is to walk the shadow of the new root: one that there is already,
 * or a new one, which fills by and by (shadow_get(), shadow_use()). What was made under other rules
 * (CR0.PG, CR0.WP, CR4.PSE) is of no use any more: shadow_drop_all(). So it is, at each of these
 * writes, where the guest's tables are not traced (vcpu->shadow->tracing).
 */
void shadow_control_changed(struct vcpu *vcpu, uint32_t changed_cr0, uint32_t changed_cr4);

/* INVLPG. The processor's TLB forgets this page (page_invalidate()). Where the guest's tables are
 * not traced both entries on the way to it may be old, and go too. Such a change of a
 * page-directory entry is seen no earlier. */
void shadow_invalidate(struct vcpu *vcpu, gla_t linear);

/* ---- what you are given (shadow_pool.c) ---- */

/* What a shadow page was made from. */
enum shadow_kind {
	SHADOW_FREE,
	SHADOW_FLAT,     /* nothing: the root while paging is off (guest and role are 0) */
	SHADOW_ROOT,     /* a page directory of the guest's */
	SHADOW_TABLE,    /* a page table of the guest's */
	SHADOW_LARGE,    /* a 4 MiB page of the guest's, in 1024 pieces */
	SHADOW_STAND_IN, /* nothing, for one instruction: the chassis's own (access.h) */
};

/* Two shadows of one page table differ in what the page-directory entry above allows: R/W and U/S,
 * and for a large page D. */
#define SHADOW_ROLE (PTE_RW | PTE_US | PTE_D)

struct shadow_page {
	enum shadow_kind kind;
	uint32_t role;   /* the bits of SHADOW_ROLE */
	gpa_t guest;     /* the first byte of what it was made from */
	uint32_t *entry; /* the TABLE_ENTRIES entries that the processor walks */
	unsigned writes; /* of the guest's to its table since this page was last used */
	/* the pool's own */
	unsigned first, last;     /* no entry outside these is in use */
	uint32_t *parents;        /* the shadow page-directory entries that lead here */
	struct shadow_page *next; /* made from the same page, or another with the same hash */
	struct shadow_page *newer, *older;
	uint32_t *twin;      /* since lab 4: the page table of the code view (code.h) */
	unsigned twin_index; /* for the root's entry with that index */
};

/* What a virtual processor's shadow consists of. */
struct shadow {
	bool tracing;             /* false: the word trace=0, to see what tracing is good for */
	unsigned roots;           /* how many there are now */
	unsigned roots_max;       /* the word roots=N */
	struct shadow_page *root; /* that the processor walks */
	/* the pool's own */
	struct shadow_page *page;
	unsigned pages;
	uint32_t *frames; /* of page[0], page[1], ..., POOL_FRAMES each */
	struct shadow_page *bucket[SHADOW_BUCKETS];
	struct shadow_page *newest, *oldest, *free;
	unsigned recycled;                 /* how often a page was taken from another use */
	unsigned audit_every, audit_count; /* the word audit=N: 0, never */
	const struct page_fault *fault;    /* SHADOW_TRACED or SHADOW_DEVICE, and being handled */
};

/* The shadow page made from `guest` with that kind and role: one that there is, or a new one. The
 * least recently used one is recycled where none is free, but never the root in use, nor what the
 * call before has returned. A new one's table in the guest's memory is traced from here on. */
struct shadow_page *shadow_get(
	struct vcpu *vcpu, enum shadow_kind kind, gpa_t guest, uint32_t role);

/* All that were made from a table in this page of the guest's, roots and tables, one after the
 * other: shadow_next(vcpu, page, NULL) is the first, then with the one before; NULL: no more. */
struct shadow_page *shadow_next(struct vcpu *vcpu, gpa_t page, struct shadow_page *before);

/* The shadow page that a shadow page-directory entry leads to; NULL: not present, or the monitor's
 * own entry. */
struct shadow_page *shadow_child(
	const struct vcpu *vcpu, const struct shadow_page *root, unsigned index);

/* Makes an entry of a root lead to a table. What was there goes first. */
void shadow_link(
	struct vcpu *vcpu, struct shadow_page *root, unsigned index, struct shadow_page *table);

/* Makes an entry of a table (or large page) map a page of the guest's memory, with PTE_RW and
 * PTE_US of `rights`. What was there goes first. */
void shadow_map(
	struct vcpu *vcpu, struct shadow_page *table, unsigned index, gpa_t page, uint32_t rights);

/* Makes an entry not present, of whatever kind, and the TLB forget it. */
void shadow_clear(struct vcpu *vcpu, struct shadow_page *page, unsigned index);

/* The shadow entries that map a page of the guest's memory, one after the other: the first, and the
 * one behind `entry`; NULL: no more. After a change of what an entry allows: shadow_flush(). */
uint32_t *shadow_first_mapping(const struct vcpu *vcpu, gpa_t page);
uint32_t *shadow_next_mapping(const struct vcpu *vcpu, const uint32_t *entry);
void shadow_flush(struct vcpu *vcpu);

/* Gives a shadow page back to the pool: no entry leads to it, and it maps nothing. Where it was the
 * last one made from a page of the guest's, that page is no longer traced. */
void shadow_drop(struct vcpu *vcpu, struct shadow_page *page);
void shadow_drop_all(struct vcpu *vcpu);

/* The twin of a table is for this entry of a root from now on. */
void shadow_twin_place(struct vcpu *vcpu, struct shadow_page *table, unsigned index);

/* With a new virtual processor. The words shadow=N (pages in the pool), roots=N, trace=0 and
 * audit=N on its command line count. False: no memory for it. */
bool shadow_create(struct vcpu *vcpu);
void shadow_destroy(struct vcpu *vcpu);

/* The processor walks this root from now on. */
void shadow_use(struct vcpu *vcpu, struct shadow_page *root);

/* Is this page of the guest's memory write-protected, since a table of the guest's lies in it?
 * (This and what follows is in memory.h.) */
static inline bool shadow_traces(const struct vcpu *vcpu, gpa_t page);

/* True where the guest has memory at that page. */
static inline bool guest_has_memory(const struct vcpu *vcpu, gpa_t page);

/* Four bytes of the guest's memory. Where there is none, reading gives all ones and writing does
 * nothing, as on an empty bus. `at` is a multiple of 4. */
static inline uint32_t guest_entry_read(const struct vcpu *vcpu, gpa_t at);
static inline void guest_entry_write(struct vcpu *vcpu, gpa_t at, uint32_t entry);

#endif
