/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of lab 2's graded tests share. */
#ifndef TRAPS_TESTS_H
#define TRAPS_TESTS_H

#include "shared.h"

/* the processor's names for its bits, as the monitor's headers have them */
#include "layout.h"
#include "x86.h"

/* Each file's tests; the last has no test. */
extern const struct graded_test traps_emulate_tests[]; /* emulate.c */
extern const struct graded_test traps_inject_tests[];  /* inject.c */
extern const struct graded_test traps_random_tests[];  /* both, with what no one wrote down */
extern const struct graded_test traps_vpic_tests[];    /* vpic.c */
extern const struct graded_test traps_ports_tests[];   /* IN, OUT, INS, OUTS */
extern const struct graded_test traps_devices_tests[]; /* all of them, as devices' users see it */
extern const struct graded_test traps_hostile_tests[]; /* guests that abuse what they have */
extern const struct graded_test traps_cost_tests[];    /* what it costs, and the predictions */

/* ---- traps_outcomes.c: the same guest twice ---- */

/* One guest on the bare machine and under the submission, each at its end. */
struct pair {
	struct guest *guest;
	struct machine *bare, *m;
	bool ended; /* by the monitor, before it came to guest_done */
};

/* Boots both and runs them to guest_done; or until the monitor ends the guest. */
struct pair pair_run(struct guest *guest);

/* Fails the test where the monitor ended the guest. Before it a test says what it can of how far
 * the guest came. */
void pair_assert_finished(const struct pair *pair);

/* `count` doublewords of the guest's memory must be the same. `what` names one: "the EFLAGS that
 * the handler finds". */
void pair_assert_same_words(
	const struct pair *pair, const char *symbol, size_t count, const char *what);

/* ---- traps_vpic_sheet.c ---- */

/* The 8259s' functions, called from outside, do what the data sheet says. */
void assert_data_sheet(void);

/* ---- probes: guests/lib/probe.h ---- */

struct probe {
	uint32_t code, ring, eflags, prepare;
	char name[40];
};

struct outcome {
	uint32_t edi, esi, ebp, esp, ebx, edx, ecx, eax;
	uint32_t vector, error_code, eip, cs, eflags, ss, frame;
	uint32_t cr0, cr2, cr3, cr4, dr[4], dr6, dr7;
};

#define PROBES_MAX 352
#define PROBE_END  0x60

/* The general registers that probes begin with: from the seed. */
void probe_registers_random(struct guest *guest);

/* The guest's table of probes; the number of them. */
uint32_t probes_read(const struct guest *guest, struct probe probes[PROBES_MAX]);

/* Is it a probe of a group? Groups are named by the beginnings of their probes' names, "iret_",
 * separated by blanks; one that begins with "!" is not of the group, whatever comes before it. */
bool probe_is_of(const struct probe *probe, const char *group);

/* Runs the guest with registers from the seed. All of the group's outcomes must be the same. */
void assert_probes_end_alike(const char *guest, const char *group);

/*
 * One outcome must be the same. `name` is the probe's, `code` where it begins, `bytes` what is
 * there, of which an instruction can be shown.
 */
void assert_same_outcome(const char *name, uint32_t ring, uint32_t code, const uint8_t *bytes,
	size_t size, const struct outcome *bare, const struct outcome *got);

#endif
