/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine in Bochs that GDB can be put on: GDB's Remote Serial Protocol on top of bochs.h.
 *
 * The idea: GDB wants a target with registers, memory, points to stop at, and "go". Bochs is all
 * of that, below every ring: GDB goes on stepping when a guest's instruction traps and the next one
 * is the monitor's. What GDB calls an address is a linear address, through the page tables that CR3
 * names at that moment. EIP is shown as CS.base + EIP, so that it is one too. Where a monitor has
 * the guest's kernel fetch from elsewhere (lab 4) it is the address in the guest's own code, and
 * the register `fetch` says from where it is fetched.
 *
 * The invariant: GDB is told nothing that Bochs did not say. What Bochs cannot do is refused, and
 * "monitor why" in GDB shows the reason.
 *
 * One session serves one GDB and ends with it. Sessions share nothing, so any number run side by
 * side. Read: Debugging with GDB, appendix E (GDB Remote Serial Protocol).
 */
#ifndef BRIDGE_H
#define BRIDGE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define BRIDGE_ERROR_MAX 512

struct bridge;

struct bridge_options {
	const char *disk;        /* the image to boot; must be readable until bridge_close() */
	const char *second_disk; /* the image of its second disk, in the same way; NULL: none */
	uint32_t megs;           /* memory of the machine in MiB */
	uint32_t start;          /* linear address at which GDB finds the machine */
	uint32_t commit;  /* a monitor's code_commit_block(), since lab 4; 0: there is none */
	uint32_t running; /* its vcpu_running, where there is one */
	FILE *log;        /* console and monitor log go here, in whole lines; NULL: to GDB */
};

/* Returns NULL only when memory is short. The options are copied. */
struct bridge *bridge_open(const struct bridge_options *options);

/*
 * Boots the machine and runs it to its start. Returns 0, or -1 with bridge_error(). Not needed:
 * bridge_serve() does it when GDB first asks for something of the machine's, so that a slow boot
 * does not look like a dead connection. Called earlier, it shows problems earlier.
 */
int bridge_boot(struct bridge *bridge);

/*
 * Serves GDB until it detaches, kills, closes the connection or dies. `in` and `out` are not
 * closed. Returns 0, or -1 with bridge_error() when there was no machine to serve.
 */
int bridge_serve(struct bridge *bridge, int in, int out);

/* Ends the machine, and frees. Accepts NULL. */
void bridge_close(struct bridge *bridge);

/* Why the last call failed: one line, says what to do. */
const char *bridge_error(const struct bridge *bridge);

#define BRIDGE_TICKS_NUMBER 41 /* GDB's number of the register $ticks */

/* ---- what the bridge costs ---- */

struct bridge_cost {
	double attach_ms; /* from the start of the program to its first stop reply */
	double step_ms;   /* one step, from request to stop reply: the mean of many */
	double plain_ms; /* a long computation of a guest's, run by the library, stopping nowhere */
	double run_ms;   /* the same, by "continue" to a breakpoint at its end */
};

/*
 * Measures the program (build/grader/bridge) with a monitor and the guest "compute". Wall-clock
 * times, the best of several rounds. Returns 0, or -1 with one sentence in error[].
 */
int bridge_measure(const char *program, const char *monitor, const char *guest,
	struct bridge_cost *cost, char error[BRIDGE_ERROR_MAX]);

#endif
