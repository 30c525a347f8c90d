/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of the bridge share.
 *
 *   bridge.c            the session, and which packet goes to whom
 *   bridge_registers.c  the target description; registers read and written
 *   bridge_memory.c     memory read and written
 *   bridge_points.c     breakpoints and watchpoints
 *   bridge_view.c       where in the guest's own code the processor is, since lab 4
 *   bridge_run.c        step, continue, and why the machine stopped
 *   bridge_monitor.c    what a person types after "monitor"
 *
 * A packet's handler sends exactly one reply, or none where the protocol has none.
 */
#ifndef BRIDGE_INTERNAL_H
#define BRIDGE_INTERNAL_H

#include "bochs.h"
#include "bridge.h"
#include "rsp.h"

#define REASON_MAX  256
#define SIGNAL_INT  2 /* GDB's numbers */
#define SIGNAL_TRAP 5
#define SIGNAL_ABRT 6
#define SIGNAL_SEGV 11

struct breakpoint {
	uint32_t address;
	bool software, hardware; /* which of GDB's two kinds want it; Bochs knows one */
	uint32_t twin;           /* the next instruction's address, if there is a twin */
	bool has_twin;
	bool warned; /* that there can be no twin, or no place in a patch block */
};

/* GDB's kinds of watchpoints: the numbers of their packets. */
enum watch_kind { WATCH_WRITE = 2, WATCH_READ = 3, WATCH_ACCESS = 4 };

struct watchpoint {
	uint32_t address, length; /* linear */
	enum watch_kind kind;
	uint32_t first, second; /* the machine addresses: of its start, and past a page's end */
	uint32_t first_length;  /* bytes on the first page */
};

/* What Bochs is to stop at, in the form that bochs_run() takes. */
struct points {
	uint32_t addresses[BOCHS_BREAKPOINTS_MAX];
	size_t n_addresses;
	struct bochs_watch watches[2 * BOCHS_WATCHES_MAX];
	size_t owners[2 * BOCHS_WATCHES_MAX]; /* the watchpoint that each belongs to */
	size_t n_watches;
};

/* The last stop at a breakpoint in the code view, until GDB does more than to go on from there. */
struct view_stop {
	bool fresh;
	bool replaced; /* what is fetched is a breakpoint of the monitor's */
	uint32_t address;
	uint32_t general[8];
};

struct view;

struct bridge {
	struct rsp rsp;
	struct bridge_options options;
	struct bochs *machine; /* NULL before the boot */
	char error[BRIDGE_ERROR_MAX];
	char refusal[REASON_MAX]; /* the last one, for "monitor why" */
	bool finished;            /* GDB has said good-bye, or is gone */
	enum rsp_event waiting;   /* came while the machine ran, to be served next */
	bool raw_eip;             /* "monitor linear 0" */
	bool inside;              /* "monitor inside 1" */
	struct view *view;        /* what is known of patch blocks */
	uint64_t until_tick;      /* "monitor until-tick"; 0: none */

	/* the last stop */
	int signal;
	const struct breakpoint *breakpoint; /* until the reply is made */
	const struct watchpoint *watchpoint;
	uint64_t breakpoint_tick; /* of the last stop at a breakpoint's own address */
	struct view_stop view_stop;
	unsigned stepped; /* steps since then */

	struct breakpoint breakpoints[BOCHS_BREAKPOINTS_MAX]; /* in order of address */
	size_t n_breakpoints;
	struct watchpoint watchpoints[2 * BOCHS_WATCHES_MAX];
	size_t n_watchpoints;

	size_t console_shown;
	uint64_t log_shown; /* bytes, counted from the first ever written */
};

/* ---- bridge.c ---- */
void reply(struct bridge *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void reply_ok(struct bridge *b);
/* An error with its reason, in one line. */
void refuse(struct bridge *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Text for the person at GDB; allowed only while GDB waits for a stop or for "monitor". */
void say(struct bridge *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* False after a power-off or another end. */
bool machine_lives(const struct bridge *b);
/* Ends the machine; bridge_boot() can then make another one. */
void machine_drop(struct bridge *b);

/* ---- bridge_registers.c: take what follows the packet's letter ---- */
void registers_get_all(struct bridge *b, const char *text);
void registers_set_all(struct bridge *b, const char *text);
void register_get(struct bridge *b, const char *text);
void register_set(struct bridge *b, const char *text);
void description_get(struct bridge *b, const char *text);
/* Appends "NN:value;" for the registers that GDB wants to see first; returns how many bytes. */
size_t registers_expedite(struct bridge *b, char *text);

/* ---- bridge_memory.c ---- */
void memory_get(struct bridge *b, const char *text);
void memory_set_hex(struct bridge *b, const char *text);
void memory_set_binary(struct bridge *b, const char *text);

/* ---- bridge_points.c ---- */
void point_insert(struct bridge *b, const char *text);
void point_remove(struct bridge *b, const char *text);
/* Gives each breakpoint on a hardware interrupt's handler its twin. Cheap: done at each look. */
void points_find_twins(struct bridge *b);
void points_collect(struct bridge *b, struct points *points);
const struct breakpoint *points_at(const struct bridge *b, uint32_t address);
const struct breakpoint *points_twin_at(const struct bridge *b, uint32_t address);

/* ---- bridge_view.c ---- */
struct view *view_open(void);
void view_close(struct view *view);
/* Another machine. */
void view_forget(struct bridge *b);
/* Where the machine has stopped: true, if only because the monitor makes a patch block there. It is
 * known from then on. */
bool view_look(struct bridge *b);
/* The linear address in the guest's own code; where the guest's kernel does not run, r->pc. */
uint32_t view_pc(struct bridge *b, const struct bochs_registers *r);
/* Inside a patch block, and not where an instruction of the guest's begins, or only the one at that
 * address. */
bool view_between(struct bridge *b, const struct bochs_registers *r, uint32_t address);
/* At a breakpoint, for an instruction at which GDB has stopped already. */
bool view_is_again(struct bridge *b, const struct bochs_registers *r);
/* EIP, for the guest to go on at an address of its own. */
uint32_t view_eip(const struct bridge *b, const struct bochs_registers *r, uint32_t address);
/* Is an instruction there also fetched from view_fetched()? */
bool view_has(const struct bridge *b, uint32_t address);
uint32_t view_fetched(uint32_t address);
/* And the places in patch blocks where it begins; returns how many, at most places_max. */
size_t view_blocks_of(
	const struct bridge *b, uint32_t address, uint32_t places[], size_t places_max);

/* ---- bridge_run.c ---- */
/* Boots up to the start: 0, or -1 with bridge_error(). */
int run_to_start(struct bridge *b);
void run_continue(struct bridge *b);
void run_step(struct bridge *b);
/* Steps while the address is in [start, end). */
void run_range(struct bridge *b, uint32_t start, uint32_t end);
/* Tells GDB where the machine stands and why. */
void stop_tell(struct bridge *b);
/* Hands on what the machine has printed since the last time, in whole lines; at the end, all. */
void output_forward(struct bridge *b, bool at_end);

/* ---- bridge_monitor.c ---- */
void monitor_command(struct bridge *b, const char *hex);

#endif
