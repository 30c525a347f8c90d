/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest torture: a random walk through everything that a kernel may do to page tables, with
 * accesses after each step, and a model that says what must come of them.
 *
 * This is what its files have in common; records.h is for whoever looks at it from outside.
 */
#ifndef TORTURE_H
#define TORTURE_H

#include "paging.h"
#include "records.h"

/* ---- the arena ---- */

/* All tables and all data of the walk. Bit 21 is set in the address of every frame: with PS, a PDE
 * of a table has a reserved bit set. */
#define ARENA     0x300000u
#define FRAMES    32u
#define ARENA_END (ARENA + FRAMES * PAGE_SIZE)

static inline bool arena_has(uint32_t physical)
{
	return physical >= ARENA && physical < ARENA_END;
}

/* ---- torture.c ---- */

#define ROOTS 8u

struct state {
	uint32_t step;
	uint32_t roots[ROOTS]; /* directories; 0: none */
	uint32_t current;      /* index of the one in CR3 */
	uint32_t control;      /* CONTROL_... */
	uint32_t kernel_pde;   /* entry 0 of each directory; it never changes */
	uint32_t action;       /* index into torture_actions */
	uint32_t focus;        /* a linear address that the last action had to do with */
};
extern struct state state;

static inline uint32_t root_now(void)
{
	return state.roots[state.current];
}
bool is_root(uint32_t frame);

/* ---- random.c ---- */

extern uint32_t random_state; /* never 0 */

/* xorshift (Marsaglia 2003) */
static inline uint32_t random_u32(void)
{
	uint32_t x = random_state;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return random_state = x;
}

/* n up to 65536 */
static inline uint32_t random_below(uint32_t n)
{
	return (random_u32() >> 16) * n >> 16;
}

static inline bool one_in(uint32_t n)
{
	return random_below(n) == 0;
}

/* The places that the walk uses: 8 entries of the directory, 8 of each table. */
#define PLACES 8u
extern const uint16_t slots[PLACES], pages[PLACES];
bool is_slot(uint32_t pde_index);

uint32_t slot_draw(void);    /* a linear address */
uint32_t linear_draw(void);  /* of a page */
uint32_t address_draw(void); /* of a byte; may be one of the arena as the kernel maps it */
uint32_t frame_draw(void);   /* any */
uint32_t plain_draw(void);   /* no directory */
uint32_t bits_draw(void);    /* rights, A, D, G and available bits */
uint32_t value_draw(void);   /* often an entry */

/* A linear page at which a table is mapped, perhaps: they come up more often. */
void window_note(uint32_t linear);
uint32_t window_draw(void);

/* ---- model.c ---- */

extern uint32_t expected[FRAMES * PAGE_SIZE / 4]; /* the arena as it must be */

static inline uint32_t *expected_at(uint32_t physical)
{
	return &expected[(physical - ARENA) / 4];
}

/* A word of the arena as it must be; 0 elsewhere. */
static inline uint32_t model_word(uint32_t physical)
{
	return arena_has(physical) ? *expected_at(physical) : 0;
}

/* What one access does to the model: begin, then walks and writes, then end, or undo. */
struct change {
	uint32_t word, before;
	bool data; /* written by the instruction; else A and D by the processor */
};
#define CHANGES_MAX 160u
#define WALKED_MAX  24u
extern struct change changes[CHANGES_MAX];
extern uint32_t change_count;
extern uint32_t walked[WALKED_MAX]; /* the entries that were read, each once */
extern uint32_t walked_count;
/* PDE and PTE of the first walk and of the last; 0 where there was none */
struct walked_entries {
	uint32_t first[2], last[2];
};
extern struct walked_entries walked_entries;

void model_begin(void);
void model_undo(void);
bool model_set(uint32_t word, uint32_t value, bool data); /* false: too many changes */

enum walk { WALK_OK, WALK_FAULT, WALK_REJECT };

/* One page: what an access does there. WALK_REJECT: it is not to be tried. */
enum walk model_walk(
	uint32_t linear, bool write, bool user, uint32_t *physical, uint32_t *error_code);

/* The same and nothing changes: the physical address, or 0. */
uint32_t model_peek(uint32_t linear, bool write, bool user);

/* An instruction has written an entry that it used itself, and goes on. */
bool model_entangled(void);

/* Compares what the last access had to do with, and everything: the first word that is not as
 * expected, or 0. */
uint32_t model_compare(void);
uint32_t model_compare_all(void);

/* Frames that the directory in CR3 uses as tables, itself among them. */
bool frame_is_table(uint32_t frame);

/* The kernel writes a word, or a frame, by itself. flush_now() is due. */
void poke(uint32_t word, uint32_t value);
void frame_fill(uint32_t frame, uint32_t value);

/* ---- flush.c ---- */

void flush_note(uint32_t word, uint32_t before); /* a word has changed */
void flush_note_all(void);
void flush_global(void); /* a global translation may be cached */
void flush_now(void);    /* does what the manual demands, or more */
void flush_more(void);   /* of its own accord */
void root_load(uint32_t index);
void control_set(uint32_t control);

/* ---- forms.c ---- */

struct registers {
	uint32_t edi, esi, ecx, eax, edx, ebx;
};

enum form_kind { FORM_READ, FORM_WRITE, FORM_STOS, FORM_LODS, FORM_MOVS, FORM_FETCH };

#define FORM_REP   1u
#define FORM_STACK 2u /* its address is that of the stack, less its size */
#define FORM_BIT   4u /* EAX is the number of a bit */

uint8_t form_find(operation *operate, uint32_t size); /* there must be one */
uint8_t form_fetch(void);
uint8_t form_stosd(void);

operation op_mov, op_read, op_xchg, op_xor, op_or, op_and, op_add, op_sub, op_xadd, op_cmpxchg,
	op_bts, op_btr;

/* ---- access.c ---- */

struct ending {
	uint32_t vector, error_code, cr2, eip;
	struct registers registers;
};

struct access {
	uint8_t form;
	uint8_t ring; /* 0 or 3 */
	bool backward;
	struct registers begin;
	struct ending want, got;
};

/* Predicts it, does it, compares and records. False: it was not to be tried. */
bool access_do(struct access *access);
void access_random(void);
void access_init(void);

/* write.c: an entry gets a value, by some instruction at some address of it. */
void entry_write(uint32_t word, uint32_t value);

/* predict.c: fills `want` and the model. */
bool access_predict(struct access *access);

/* ---- record.c ---- */

enum event {
	EVENT_INVLPG,
	EVENT_CR3,
	EVENT_CR0,
	EVENT_CR4,
	EVENT_STORE,
	EVENT_FILL,
	EVENTS,
};
void record_action(uint8_t number);
void record_access(const struct access *access);
void record_event(enum event event, uint32_t address, uint32_t value);
void block_end(void);
/* The machine did not do what the model says: says so, and ends the guest. */
_Noreturn void fail(const char *what, uint32_t got, uint32_t want);
_Noreturn void fail_at(uint32_t word); /* of the arena */

/* ---- actions.c, spaces.c ---- */

/* A page of the walk's: no page of 4 MiB. The table is made where there is none. */
struct place {
	uint32_t linear, pde_word, pte_word;
};
struct place place_draw(void);
uint32_t table_new(void); /* a frame with some entries in it */

void do_switch_root(void);
void do_new_root(void);
void do_free_root(void);
void do_share_across(void);
void do_toggle_wp(void);
void do_toggle_pse(void);
void do_toggle_pge(void);
void do_paging_off(void);

/* The first directories: all as if they had been there before. */
void spaces_init(void);

#endif
