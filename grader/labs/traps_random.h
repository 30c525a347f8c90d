/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The random cases of lab 2: what puts instructions together. A case is a few harmless
 * instructions, one that a guest's kernel in ring 1 may not simply execute, and a few harmless ones
 * again.
 *
 * Nothing is drawn that cannot be the same on both machines: time, and the instructions that show
 * ring 1 without a trap. Nor is a way to end the guest: paging, task switches, virtual-8086 mode.
 */
#ifndef TRAPS_RANDOM_H
#define TRAPS_RANDOM_H

#include "traps_tests.h"

/* ---- guests/lib/kernel.h and guests/scramble/scramble.h ---- */

#define CODE_SIZE   128 /* bytes of a case's code */
#define MEMORY_SIZE 256 /* bytes of memory that it may use */

#define KERNEL_CS    0x08
#define KERNEL_DS    0x10
#define USER_CS      0x1b
#define USER_DS      0x23
#define KERNEL_TSS   0x28
#define DATA_BASE    0x33
#define READ_ONLY    0x3b
#define ABSENT       0x43
#define ABSENT_0     0x48
#define CODE_CONFORM 0x50
#define CODE_ABSENT  0x58
#define LDT          0x60
#define DATA_STACK   0x68
#define BEYOND       0x208
#define LOCAL        0x0f

#define INT_FIRST 0x40 /* DPL 0, DPL 3, absent, absent code, no gate */
#define INT_KINDS 6

/* ---- a case that grows ---- */

struct assembly {
	uint8_t *bytes;
	size_t length;
	uint32_t address; /* of bytes[0] */
	uint32_t memory;  /* of MEMORY_SIZE bytes */
	uint32_t stack;   /* somewhere in the middle of it */
	uint32_t gdtr, idtr;
	uint32_t ring, eflags;
};

enum { EAX, ECX, EDX, EBX, ESP, EBP, ESI, EDI };

/* `count` bytes, as ints. */
void emit(struct assembly *a, unsigned count, ...);
void emit_u32(struct assembly *a, uint32_t value);

/* mov reg, value; push value */
void emit_mov(struct assembly *a, unsigned reg, uint32_t value);
void emit_push(struct assembly *a, uint32_t value);

/* ModRM and displacement of something in the case's memory, or at an address. */
void emit_memory(struct assembly *a, unsigned reg);
void emit_address(struct assembly *a, unsigned reg, uint32_t address);
uint8_t modrm(unsigned mod, unsigned reg, unsigned rm);

/* Any general register but ESP. */
unsigned any_register(void);

bool one_in(uint32_t n);
uint16_t pick(const uint16_t *from, size_t count);
#define PICK(array) pick(array, sizeof(array) / sizeof((array)[0]))

/* ---- instructions ---- */

typedef void emitter(struct assembly *a);

emitter emit_harmless;

/* traps_random_privileged.c */
emitter emit_control, emit_debug, emit_status, emit_flag, emit_cache, emit_msr, emit_port,
	emit_port_string, emit_tables, emit_halt;

/* traps_random_transfers.c */
emitter emit_segment_load, emit_return, emit_jump_far, emit_int, emit_exception;

#endif
