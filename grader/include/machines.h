/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Machines for graded tests: guests with the seed's data written into them, booted under the
 * submitted monitor or bare, and looked at from outside.
 *
 * Nothing here asks the machine what it thinks: registers, tables and memory are read through
 * Bochs's debugger. Functions that cannot do what they say end the test: as a failure of the
 * submission where the machine did something else (with what it did), and as an
 * infrastructure error where the emulator or a file of the kit's is to blame.
 *
 * These machines have no port 0xe9: what the monitor logs is read from its memory, and nothing that
 * it prints shares a channel with the debugger.
 *
 * Addresses without a prefix are linear addresses. Counts of instructions are Bochs's ticks.
 *
 * Since lab 4 the monitor has the guest's kernel fetched from copies of its code, and some of its
 * instructions done elsewhere. Addresses are the guest's own here all the same: registers()->pc is,
 * and so is where a run ends. Only where an instruction has moved into a patch block together with
 * the one before it, a run does not end at it. Labels that a test waits for are places that a
 * branch leads to.
 */
#ifndef MACHINES_H
#define MACHINES_H

#include "bochs.h"
#include "judge.h"
#include "symbols.h"

#define MACHINE_MEGS 64       /* MiB of the real machine under a monitor */
#define GUEST_MEGS   4        /* MiB of a guest, and of the machine that runs it bare */
#define LIMIT        60000000 /* instructions after which a run has taken too long */

/* Another one, for what is left of this test: there are guests that the monitor steps. */
void run_limit(unsigned instructions);

/* ---- guests ---- */

/* A private copy of a guest's ELF file, to write the seed's data into. */
struct guest *guest_open(const char *name);

/* Data of the guest by symbol, `size` bytes, in the file: before it boots. */
void guest_write(struct guest *guest, const char *symbol, const void *data, size_t size);
void guest_write_u32(struct guest *guest, const char *symbol, uint32_t value);
void guest_read(const struct guest *guest, const char *symbol, void *data, size_t size);
uint32_t guest_read_u32(const struct guest *guest, const char *symbol);

uint32_t guest_symbol(const struct guest *guest, const char *name);
bool guest_has_code_at(const struct guest *guest, uint32_t address);

/*
 * Its disk: guest_open() takes NAME.disk along where it is beside the guest's file. Another one, of
 * whole sectors, 64 at least; no bytes: none. Before it boots.
 */
void guest_set_disk(struct guest *guest, const void *bytes, size_t size);

/* What it boots with: the guest's own bytes; NULL: no disk. */
const uint8_t *guest_disk(const struct guest *guest, size_t *size);

/* ---- machines ---- */

struct machine;

/* Boots one guest under the submitted monitor and stops in monitor_main(). */
struct machine *boot(struct guest *guest);

/* Stops before the BIOS's first instruction instead. */
struct machine *power_on(struct guest *guest);
struct machine *power_on_bare(struct guest *guest);

/* The same with several guests side by side, each with more words for its command line. */
struct boot_guest {
	struct guest *guest;
	const char *arguments; /* "mem=2", may be "" */
};
struct machine *boot_several(const struct boot_guest *guests, size_t count);

/* Boots the guest on the bare machine and stops at its first instruction. */
struct machine *boot_bare(struct guest *guest);

/* The same with words for its command line. */
struct machine *boot_bare_with(const struct boot_guest *guest);

/* Ends a machine before the test ends. */
void machine_end(struct machine *machine);

/* ---- running ---- */

/* Runs until the instruction at an address is next. Fails the test where the machine stops or
 * takes too long before. */
void run_until(struct machine *machine, uint32_t address);

/* Runs until one of several addresses, or to the machine's end: the index of the one it
 * stopped at, or -1 where it switched itself off. */
int run_until_any(struct machine *machine, const uint32_t *addresses, size_t count);

/* Runs `instructions` more. */
void run_for(struct machine *machine, uint64_t instructions);

/* Runs `instructions` more, or until the instruction at an address is next: then true. */
bool run_until_or_for(struct machine *machine, uint32_t address, uint64_t instructions);

/* Runs to the end: the machine must switch itself off. */
void run_to_end(struct machine *machine);

void step(struct machine *machine);

/* ---- looking ---- */

/* All registers with the hidden parts of the segments; see bochs.h. */
const struct bochs_registers *registers(struct machine *machine);
unsigned cpl(struct machine *machine);
uint64_t ticks(struct machine *machine);

uint32_t monitor_symbol(const char *name);

/* Linear memory through the page tables in use, and machine memory. */
void memory_read(struct machine *machine, uint32_t linear, void *data, size_t size);
uint32_t memory_read_u32(struct machine *machine, uint32_t linear);
void machine_memory_read(struct machine *machine, uint32_t address, void *data, size_t size);

/*
 * What is on a guest's disk now, or was when the machine switched itself off: as many bytes as
 * guest_disk() has. Valid until the next call for this machine. Fails the test where a monitor has
 * ended the machine in a way of its own.
 */
const uint8_t *machine_disk(struct machine *machine, const struct guest *guest);

/* What came out of the machine's COM1 so far. Valid until the machine runs on. */
const char *console(struct machine *machine);

/* Line `row`, 0 to 24, of the text screen, without blanks at its end. */
const char *screen_row(struct machine *machine, unsigned row);

/* What the monitor wrote to its log. It is a student's word: for messages, never for verdicts. */
const char *monitor_log(struct machine *machine);

/* ---- calling a function of the monitor ---- */

/*
 * Runs a function of the monitor from outside, as the machine stands in monitor_main() or
 * anywhere in ring 0: pushes `count` doublewords, calls, returns EDX:EAX. Registers are put
 * back. Fails the test where the function does not return.
 */
uint64_t call(
	struct machine *machine, const char *function, const uint32_t *arguments, size_t count);

/* The same with stops on the way: call_begin(), then call_run() until it returns -1, which is when
 * the function has, then call_end(). What call_run() returns is which address it stopped at. */
void call_begin(
	struct machine *machine, const char *function, const uint32_t *arguments, size_t count);
int call_run(struct machine *machine, const uint32_t *addresses, size_t count);
uint64_t call_end(struct machine *machine);

/* Where the machine stands at the first instruction of a function of the monitor: leaves it, as if
 * it had done nothing. */
void function_leave(struct machine *machine);

/* 256 bytes of the machine's memory that a called function may use: their linear address. */
uint32_t call_scratch(struct machine *machine);
void memory_write(struct machine *machine, uint32_t linear, const void *data, size_t size);

/* ---- exits, as the processor makes them ---- */

/* What the processor pushed for a trap, read off the real stack at the first instruction of the
 * vector's stub. */
struct trap {
	uint8_t vector;
	uint32_t error_code; /* 0 where the vector has none */
	uint32_t eip;
	uint16_t cs;
};

/*
 * Runs until a guest raises an exception, or until one of `count` addresses (at most 5). True:
 * an exception, in *trap. False: `*stopped_at` is the address's index, or -1 where the machine
 * switched itself off.
 */
bool run_until_trap(struct machine *machine, const uint32_t *addresses, size_t count,
	struct trap *trap, int *stopped_at);

/* The linear address of the running virtual processor, from the real TSS. */
uint32_t running_vcpu(struct machine *machine);

/* ---- the record of ring crossings, kept by Bochs ---- */

void trace_begin(struct machine *machine);
/* The events since trace_begin(): owned by the machine. */
size_t trace_end(struct machine *machine, const struct bochs_event **events);

#endif
