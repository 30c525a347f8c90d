/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of lab 3's graded tests share. */
#ifndef SHADOW_TESTS_H
#define SHADOW_TESTS_H

#include "shadow_audit.h"
#include "shared.h"

/* the processor's names for its bits, and the contract, as the monitor's headers have them */
#include "layout.h"
#include "x86.h"
/* some functions are declared there and defined, in line, only for the monitor */
#pragma GCC diagnostic ignored "-Wunused-function"
#include "shadow.h"

/* Each file's tests; the last has no test. */
extern const struct graded_test shadow_walk_tests[];    /* guest_walk(), called from outside */
extern const struct graded_test shadow_miss_tests[];    /* shadow_miss(), in the same way */
extern const struct graded_test shadow_escape_tests[];  /* what guests try one after the other */
extern const struct graded_test shadow_torture_tests[]; /* whole guests, bare and monitored */
extern const struct graded_test shadow_devices_tests[]; /* memory that is not there */
extern const struct graded_test shadow_kernel_tests[];  /* an operating system */
extern const struct graded_test shadow_hostile_tests[]; /* guests that harm, with others beside */
extern const struct graded_test shadow_cost_tests[];    /* what it costs, and the predictions */

/* ---- shadow_stage.c: a virtual processor before its guest runs, whose tables a test writes ----
 */

struct stage {
	struct machine *m;
	uint32_t vcpu;
	uint32_t memory, size; /* the guest's: machine address and bytes */
	uint32_t frames;       /* linear address of vm->frames */
};

/* Boots with these words on the guest's command line, and stops where the chassis first asks the
 * organ for something: the virtual processor is there, and no shadow page is. */
struct stage stage_open(const char *words);

/* The guest's registers, as it would have loaded them. */
void stage_control(const struct stage *stage, uint32_t cr0, uint32_t cr3, uint32_t cr4);

/* An entry in the guest's memory; where it has none, all ones are read and nothing is written. */
uint32_t stage_read(const struct stage *stage, uint32_t at);
void stage_write(const struct stage *stage, uint32_t at, uint32_t entry);

/* The machine address of a page of the guest's. */
uint32_t stage_frame(const struct stage *stage, uint32_t page);

/* One walk that is asked for, in tables that are written for it. */
struct question {
	uint32_t cr0, cr3, cr4;
	uint32_t linear, access;
	uint32_t pde, pte;
	uint32_t pde_at, pte_at; /* where these are; pte_at is 0 where there is no page table */
};

/* Writes the tables: entries that do not lie in memory are all ones. */
void question_pose(const struct stage *stage, struct question *q);

/* What must come of it: a walk of the judge's own, with the entries as they are afterwards. */
bool question_answer(const struct question *q, struct walk *walk, uint32_t *pde, uint32_t *pte);

/* "a user's write to linear 00123456, PDE 00003067 at 00005000, ..." */
const char *question_text(const struct question *q);

/* A page of the guest's memory that holds nothing, never the same twice in a row. */
uint32_t random_page(const struct stage *stage);

/* An address below the monitor's. */
uint32_t random_linear(void);

/* ---- shadow_pair.c: the same guest twice ---- */

struct twins {
	struct guest *guest;
	struct machine *bare, *m;
	bool ended; /* by the monitor, before it came to its end */
};

/* Boots both, the one under the monitor with these words too, and runs them to guest_done. */
struct twins twins_run(struct guest *guest, const char *words);

/* The same to a label of the guest's. */
struct twins twins_run_to(struct guest *guest, const char *words, const char *label);

/* Memory of a guest by its physical address, whatever its tables say. */
void physical_read(struct machine *m, bool bare, uint32_t at, void *data, size_t size);

/* Data of a guest whose kernel lies where it is linked. */
void twin_read(const struct twins *twins, bool bare, const char *symbol, void *data, size_t size);
uint32_t twin_read_u32(const struct twins *twins, bool bare, const char *symbol);

/* What the monitor's log has of a guest that it ended: for messages. */
const char *monitor_end(struct machine *m);

/* Fails the test where the monitor ended the guest. */
void twins_assert_finished(const struct twins *twins);

/* Fails the test where the consoles differ, or a machine does not switch itself off. */
void twins_assert_same_console(const struct twins *twins);

#endif
