/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the guest torture shows to whoever looks at it from outside: its seed, what happened, and
 * digests of that. Two runs of one seed have the same records, whatever machine they ran on.
 *
 * To find where two runs part: the first torture_digests that differ say in which block of steps.
 * Stop both machines at torture_block_done with that many torture_blocks (or give both the steps up
 * to that block's end): the block's records are in the ring then, and the first of them that differ
 * are the place. Their names say what it was.
 */
#ifndef RECORDS_H
#define RECORDS_H

#include "guest.h"

/* The walk is drawn from these. The guest ends after that many steps. */
extern SEEDED uint32_t torture_seed;
extern SEEDED uint32_t torture_steps; /* at most TORTURE_STEPS_MAX */

#define TORTURE_BLOCK     64 /* steps */
#define TORTURE_STEPS_MAX 8192u
#define TORTURE_RECORDS   1024u

enum record_kind {
	RECORD_ACTION, /* a step begins; number: index into torture_actions */
	RECORD_ACCESS, /* number: index into torture_forms */
	RECORD_EVENT,  /* number: index into torture_events; address and value say of what */
};

/* What happened, in order. What an action does is in the records that follow it. */
struct torture_record {
	uint32_t step;
	uint8_t kind, number;
	uint8_t ring;                          /* of an access */
	uint8_t control;                       /* CONTROL_... before it */
	uint32_t cr3;                          /* before it */
	uint32_t edi, esi, ecx, eax, edx;      /* before it; EDI is the address */
	uint32_t vector, error_code, cr2, eip; /* how it ended; TORTURE_END: without a fault */
	uint32_t edi_after, esi_after, ecx_after, eax_after, edx_after;
	uint32_t entries[4]; /* afterwards: PDE and PTE of the first page that was used, and of the
				last; 0 where none was read */
	uint32_t sum;        /* of this and all records before */
};
_Static_assert(sizeof(struct torture_record) == 88, "a reader outside counts on it");

#define CONTROL_PG  1u
#define CONTROL_WP  2u
#define CONTROL_PSE 4u
#define CONTROL_PGE 8u
#define CONTROL_DF  16u /* EFLAGS.DF of an access */

/* The last TORTURE_RECORDS records: record n is at n % TORTURE_RECORDS. */
extern struct torture_record torture_records[TORTURE_RECORDS];
extern uint32_t torture_record_count;

/* The sum of the last record of each block of TORTURE_BLOCK steps, and how many records there were
 * by then. The label torture_block_done is passed when a block's digest is there. */
struct torture_digest {
	uint32_t sum, records;
};
extern struct torture_digest torture_digests[TORTURE_STEPS_MAX / TORTURE_BLOCK];
extern uint32_t torture_blocks;
void torture_block_done(void);

/* 0, or 1 when the machine did something that the model did not expect: the last record is it. */
extern uint32_t torture_failed;

/* ---- the tables that records name ---- */

#define NAME_SIZE 32

struct action {
	char name[NAME_SIZE];
	uint32_t weight;
	void (*function)(void);
};
_Static_assert(sizeof(struct action) == 40, "a reader outside counts on it");
extern const struct action torture_actions[];
extern const uint32_t torture_action_count;

struct registers;
typedef void operation(struct registers *registers, uint32_t cell[2], uint32_t size);

struct form {
	char name[NAME_SIZE];
	const uint8_t *kernel, *user; /* its code in either ring; NULL: not in this ring */
	uint8_t kind;                 /* enum form_kind */
	uint8_t size;                 /* bytes of an access */
	uint8_t before;               /* bytes of code before the instruction that counts */
	uint8_t flags;                /* FORM_... */
	operation *operate;           /* FORM_READ and FORM_WRITE */
};
_Static_assert(sizeof(struct form) == 48, "a reader outside counts on it");
extern const struct form torture_forms[];
extern const uint32_t torture_form_count;

extern const char torture_events[][NAME_SIZE];
extern const uint32_t torture_event_count;

#define TORTURE_END 0x81 /* INT n that ends an access: the vector where there was no fault */

#endif
