/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bochs, driven from outside through its internal debugger.
 *
 * The idea: whoever judges a machine must not believe what the machine says. This library starts
 * one Bochs per machine, stops it where the caller asks, and reads registers, descriptors and
 * memory from the emulator itself. Code inside the machine owns ring 0, the screen, the serial port
 * and port 0xE9; it owns nothing of the channel on which the debugger answers.
 *
 * The invariant: everything declared here under "what the machine is" comes from the debugger's own
 * channel, which no guest can write to. What the machine *says* (bochs_log(), bochs_console(),
 * bochs_screen()) explains a verdict and never makes one.
 *
 * Time is deterministic: the same disk gives the same ticks and the same machine, every time. A
 * tick is one instruction (one iteration of a repeated string instruction), and it also counts the
 * time that the processor sleeps in HLT, ten ticks at a step.
 *
 * Nothing is left behind: the configuration, the disk, the log and the console are files without a
 * name (memfd), and the kernel kills Bochs when the thread that started it ends, however it ends.
 *
 * A handle is for one thread at a time. Any number of processes, and up to BOCHS_MACHINES_MAX
 * machines in one process, run side by side. Bochs 2.7 as Debian builds it: with the debugger.
 *
 * Read: Intel SDM volume 3, chapters 2, 3 and 6, for the registers and descriptors.
 */
#ifndef BOCHS_H
#define BOCHS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The processor of every machine in the kit, named here only: 32-bit, SSE, no VMX, no long mode. */
#define BOCHS_CPU_MODEL "p3_katmai"
/* Ticks in one second of the machine's own time: the timer and the UART count in it. */
#define BOCHS_TICKS_PER_SECOND 50000000u
#define BOCHS_MEGS_DEFAULT     32u
#define BOCHS_SECONDS_DEFAULT  60u
#define BOCHS_BREAKPOINTS_MAX  16u /* Bochs has no more slots for linear addresses */
#define BOCHS_WATCHES_MAX      16u /* and no more for watched memory, reads and writes each */
#define BOCHS_MACHINES_MAX     64u
#define BOCHS_LOG_MAX          (1u << 20) /* the last bytes of port 0xE9's text that are kept */

#define BOCHS_SCREEN_ROWS    25
#define BOCHS_SCREEN_COLUMNS 80

struct bochs;

/* A machine to start. A field that is zero or NULL takes its default. */
struct bochs_config {
	const char *disk;      /* image to boot: needed; it is copied and never changed */
	const char *keep_disk; /* bochs_end() writes the disk's final contents to this path */
	const char
		*second_disk; /* image of the second disk, ata1-master, copied too; default: none */
	const char *program;  /* Bochs itself; default: the environment's BOCHS, else "bochs" */
	const char *cpu_model; /* default: BOCHS_CPU_MODEL */
	uint32_t megs;         /* memory in MiB; default: BOCHS_MEGS_DEFAULT */
	uint32_t seconds;      /* wall-clock backstop of the start and of each run */
	bool e9;               /* port 0xE9 exists and bochs_log() shows what is written to it */
};

/*
 * Starts a machine and stops it before its first instruction. The machine's disk is the image,
 * filled up with zeros to a whole cylinder of 504 KiB. The second disk has the image's own size, 64
 * sectors at least, and a geometry of 4 heads and 16 sectors. Returns 0, or -1 when the machine
 * cannot be judged (a missing program, a bad image...): then bochs_error() says why and what to do.
 * *b is a handle in both cases, to be given to bochs_free(); it is NULL only when memory is short.
 */
int bochs_start(struct bochs **b, const struct bochs_config *config);

/*
 * Ends the machine in order, by force if it does not answer within a second, and writes keep_disk.
 * Does nothing the second time. The console, the log and the error stay readable. Returns 0, or -1
 * when keep_disk could not be written.
 */
int bochs_end(struct bochs *b);

/*
 * What is on the second disk now, or was when the machine ended: bytes from `offset` on. Returns
 * how many there are; 0 where there is no such disk.
 */
size_t bochs_second_disk_read(struct bochs *b, uint64_t offset, void *bytes, size_t length);

/* Ends the machine and frees the handle. Accepts NULL. */
void bochs_free(struct bochs *b);

/* Why the last call on this handle failed: one line without a newline; "" when none has. */
const char *bochs_error(const struct bochs *b);

/* How Bochs ended. */
enum bochs_exit {
	BOCHS_EXIT_NONE,         /* it still runs */
	BOCHS_EXIT_ENDED,        /* bochs_end() */
	BOCHS_EXIT_POWER_OFF,    /* the machine wrote "Shutdown" to port 0x8900 */
	BOCHS_EXIT_TRIPLE_FAULT, /* the processor shut down */
	BOCHS_EXIT_PANIC,        /* Bochs gave up: a device or the BIOS saw the impossible */
	BOCHS_EXIT_KILLED,       /* a signal ended it */
	BOCHS_EXIT_FAILED,       /* it did not start, did not answer, or gave no reason */
};
enum bochs_exit bochs_exit_status(const struct bochs *b);

/*
 * Bochs's own report on the processor at a power-off, a triple fault or a panic, many lines; ""
 * while it runs. The tick of the end is bochs_ticks().
 */
const char *bochs_report(const struct bochs *b);

/* What keeps Bochs's display, a VNC server on TCP ports 5900 to 5949, away from the network. */
enum bochs_isolation {
	BOCHS_ISOLATION_NAMESPACE, /* a network namespace of its own */
	BOCHS_ISOLATION_NONE,      /* this system allows none: the display can be reached */
};
enum bochs_isolation bochs_isolation(const struct bochs *b);

/*
 * Makes SIGINT, SIGTERM and SIGHUP end every Bochs of this process before they take their default
 * action. Only on request: the library leaves signals alone otherwise. The kernel cleans up after a
 * dead driver anyway; this also reaches what a wrapper script started that BOCHS names.
 */
void bochs_end_all_on_signal(void);

/* --- Running --- */

enum bochs_stop {
	BOCHS_STOP_BREAKPOINT, /* the next instruction is at one of the addresses */
	BOCHS_STOP_WATCHPOINT, /* the last instruction touched watched memory: bochs_watch_hit() */
	BOCHS_STOP_LIMIT,      /* the ticks or the steps are used up */
	BOCHS_STOP_HALTED,     /* the processor sleeps and nothing will wake it; see below */
	BOCHS_STOP_POWER_OFF,  /* from here on Bochs is gone: bochs_exit_status(), bochs_report() */
	BOCHS_STOP_TRIPLE_FAULT, /* gone */
	BOCHS_STOP_PANIC,        /* gone; code in the machine can cause this */
	BOCHS_STOP_INTERRUPTED,  /* bochs_interrupt(), or bochs_interrupt_on()'s file */
	BOCHS_STOP_TIMEOUT, /* the wall-clock backstop: the machine is stopped at no exact place */
	BOCHS_STOP_ERROR,   /* bochs_error() says what is wrong */
};

/* The name of a stop, as in "breakpoint", for messages. */
const char *bochs_stop_name(enum bochs_stop stop);

enum bochs_access { BOCHS_WRITE, BOCHS_READ };

/* Machine memory to watch: length bytes from a machine (physical) address. */
struct bochs_watch {
	uint32_t address;
	uint32_t length;
	enum bochs_access access;
};

/* When to stop: at whichever comes first. Every run is bounded: ticks must not be zero. */
struct bochs_until {
	uint64_t ticks;            /* at most so many ticks from now */
	const uint32_t *addresses; /* linear, in whatever address space: the caller filters */
	size_t n_addresses; /* at most BOCHS_BREAKPOINTS_MAX, each one slows the machine a little */
	const struct bochs_watch *watches;
	size_t n_watches; /* at most BOCHS_WATCHES_MAX of each access; they cost nothing */
};

/*
 * Runs the machine, by at least one instruction. Three things to know about Bochs:
 *
 * It never stops at the first instruction of a *hardware* interrupt's handler: name the second one.
 * Handlers of exceptions and of INT n are fine.
 *
 * The limit is exact (to the tick, the same every time), except that a limit which falls into a
 * sleep (HLT) takes effect one instruction after the processor woke up.
 *
 * A processor that sleeps with interrupts off, or for ten seconds of its own time past the limit,
 * is reported as BOCHS_STOP_HALTED. Its tick count then says nothing: sleep goes on for as long as
 * the host looks.
 */
enum bochs_stop bochs_run(struct bochs *b, const struct bochs_until *until);

/* Runs until the linear address, for at most so many ticks. */
enum bochs_stop bochs_run_until(struct bochs *b, uint32_t address, uint64_t ticks);

/* Runs for so many ticks: BOCHS_STOP_LIMIT is the good result. */
enum bochs_stop bochs_run_ticks(struct bochs *b, uint64_t ticks);

/* Executes so many instructions, n > 0, past any address: BOCHS_STOP_LIMIT is the good result. */
enum bochs_stop bochs_step(struct bochs *b, uint32_t n);

/* After BOCHS_STOP_WATCHPOINT: the index of the watch that was touched. */
size_t bochs_watch_hit(const struct bochs *b);

/* Stops the run in progress, else the next one. For signal handlers and other threads, too. */
void bochs_interrupt(struct bochs *b);

/* From now on a run also stops when this file has something to read; it is not read. -1: none. */
void bochs_interrupt_on(struct bochs *b, int fd);

/* --- What the machine is --- */

/* A segment register with its hidden part, which the processor uses whatever the tables say. */
struct bochs_segment {
	uint16_t selector;
	bool valid;        /* false: a null selector, unusable; the rest says nothing then */
	uint32_t base;     /* linear */
	uint32_t limit;    /* in bytes, G applied: the last offset inside; expand-down: outside */
	uint8_t type;      /* the descriptor's four type bits */
	bool code_or_data; /* the descriptor's S bit: false for system descriptors */
	uint8_t dpl;
	bool present;
	bool big; /* D/B */
	bool granular;
};

/* GDTR or IDTR. */
struct bochs_table {
	uint32_t base;  /* linear */
	uint16_t limit; /* the last byte's offset */
};

struct bochs_registers {
	uint32_t eax, ecx, edx, ebx, esp, ebp, esi, edi;
	uint32_t eip, eflags;
	struct bochs_segment es, cs, ss, ds, fs, gs, ldtr, tr;
	struct bochs_table gdtr, idtr;
	uint32_t cr0, cr2, cr3, cr4;
	uint32_t dr0, dr1, dr2, dr3, dr6, dr7;
	uint64_t ticks;        /* since power-on, sleep included */
	uint64_t instructions; /* since power-on, without sleep */
	uint32_t pc;           /* linear: CS.base + EIP */
	uint8_t cpl;           /* 0 in real mode, 3 in virtual-8086 mode, else the RPL of CS */
	bool halted;           /* sleeps in HLT */
};

/* The stopped machine's, valid until it moves or a register is set. NULL: see bochs_error(). */
const struct bochs_registers *bochs_registers(struct bochs *b);

/* Ticks since power-on: also after a power-off, a triple fault or a panic, the tick of that. */
uint64_t bochs_ticks(struct bochs *b);

enum bochs_register {
	BOCHS_EAX,
	BOCHS_ECX,
	BOCHS_EDX,
	BOCHS_EBX,
	BOCHS_ESP,
	BOCHS_EBP,
	BOCHS_ESI,
	BOCHS_EDI,
	BOCHS_EIP, /* the offset in CS */
	BOCHS_EFLAGS,
};

/*
 * Sets a register. Bochs can change the flags CF, PF, AF, ZF, SF, DF and OF only: another value of
 * EFLAGS is refused and changes nothing. Returns 0, or -1 with bochs_error().
 */
int bochs_set_register(struct bochs *b, enum bochs_register reg, uint32_t value);

/* The x87 and SSE registers, each as its bytes lie in memory. */
struct bochs_floating {
	uint8_t st[8][10]; /* ST(0) to ST(7) */
	uint32_t control, status, tag, opcode;
	uint32_t fip, fcs, fdp, fds; /* of the last instruction and of its operand */
	bool has_sse;                /* the next two say something */
	uint8_t xmm[8][16];
	uint32_t mxcsr;
};

/* Returns 0, or -1 with bochs_error(). Bochs cannot set any of these. */
int bochs_floating(struct bochs *b, struct bochs_floating *f);

/*
 * Memory at linear addresses, through the page tables that CR3 names now and regardless of
 * privilege. Returns how many bytes were mapped: fewer than length if a page is not present, and
 * none of the bytes from there on, or if the range would wrap at 4 GiB.
 */
size_t bochs_read_linear(struct bochs *b, uint32_t address, void *bytes, size_t length);

/* Machine (physical) memory, up to its end: returns how many of the bytes exist. */
size_t bochs_read_physical(struct bochs *b, uint32_t address, void *bytes, size_t length);

/*
 * Write memory, all of it or nothing. Return 0, or -1 with bochs_error(). For a few KiB: 2 us a
 * word. Bochs does not notice when this changes code: what has run before may run on in its old
 * form.
 */
int bochs_write_linear(struct bochs *b, uint32_t address, const void *bytes, size_t length);
int bochs_write_physical(struct bochs *b, uint32_t address, const void *bytes, size_t length);

/* The machine address behind a linear one; false if its page is not present. */
bool bochs_translate(struct bochs *b, uint32_t linear, uint32_t *physical);

/* --- Every ring crossing, from outside --- */

enum bochs_event_kind {
	BOCHS_EXCEPTION,    /* a fault, trap or abort that an instruction raised */
	BOCHS_SOFTWARE_INT, /* INT n, INT3, INTO */
	BOCHS_HARDWARE_INT,
	BOCHS_IRET, /* one that succeeded, to wherever it went */
};

struct bochs_event {
	uint64_t tick; /* after delivery; a hardware interrupt's: one instruction later */
	enum bochs_event_kind kind;
	uint8_t vector; /* 0 for IRET */
	bool has_error_code;
	uint32_t error_code;
	/*
	 * False: another exception came before the handler's first instruction, so that the handler
	 * never ran (INT n through a gate that CPL may not use, a fault that led to a double
	 * fault...).
	 */
	bool delivered;
	/*
	 * Where the processor went: the handler's first instruction, or where IRET returned to. For
	 * a hardware interrupt, the handler's *second* instruction. Of no meaning when not
	 * delivered. Bochs does not tell where it came from: that is on the handler's stack.
	 */
	uint16_t cs;
	uint32_t eip;
};

typedef void bochs_event_fn(void *context, const struct bochs_event *event);

/*
 * Calls back for every exception, interrupt and IRET from now on, in order, while the machine runs;
 * the callback must not use the handle. SYSENTER, SYSEXIT, call gates, far returns and task
 * switches by JMP or CALL are not among them. One thing may come late: an IRET that is the last of
 * several instructions before a stop other than a breakpoint is handed over by the next run, and is
 * lost if there is none. Code that traps often runs several times slower.
 * Refused (-1) on a machine that has port 0xE9: its text and the events would share a channel.
 */
int bochs_trace_start(struct bochs *b, bochs_event_fn *event, void *context);
int bochs_trace_stop(struct bochs *b);

/* --- What the machine says: for explanation only --- */

/* The last BOCHS_LOG_MAX bytes written to port 0xE9; a zero byte follows that length omits. */
const char *bochs_log(struct bochs *b, size_t *length);

/* How many bytes came before those: written to port 0xE9 and no longer kept. */
uint64_t bochs_log_dropped(const struct bochs *b);

/*
 * What was written to COM1, all of it; ends in a zero byte that length omits. A byte arrives when
 * the UART has sent it: a machine that powers off must wait for THR and TSR to be empty (LSR bits 5
 * and 6) first.
 */
const char *bochs_console(struct bochs *b, size_t *length);

/* The VGA text buffer at 0xB8000: rows of characters, dots for unprintable ones. 0 or -1. */
int bochs_screen(struct bochs *b, char rows[BOCHS_SCREEN_ROWS][BOCHS_SCREEN_COLUMNS + 1]);

/*
 * The answer to one of the debugger's commands that only look, for people: "info idt",
 * "u /10 0x7c00", "info tab", "creg"... Returns text that is valid until the next call, or NULL for
 * a command that is not on the list of those or is not written the way Bochs wants it.
 */
const char *bochs_inspect(struct bochs *b, const char *command);

#endif
