/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest for the tests of emulate.c and inject.c: a kernel and a user with tables of their own on
 * the machine of host.h, and what such a test does with them.
 */
#ifndef GUEST_H
#define GUEST_H

#include "host.h"

/* Where its things are. */
#define GDT_AT     0x1000u
#define IDT_AT     0x2000u
#define TSS_AT     0x3000u
#define LDT_AT     0x4000u
#define CODE_AT    0x8000u
#define DATA_AT    0x9000u
#define HANDLER_AT 0xa000u
#define STACK_AT   0x10000u /* its end: ESP of the kernel */
#define INNER_AT   0x12000u /* ESP0 */
#define USER_AT    0x14000u /* ESP of the user */

/* Selectors, as the guest's kernel writes them. */
enum {
	CODE0 = 0x08,
	DATA0 = 0x10,
	CODE3 = 0x1b,
	DATA3 = 0x23,
	TSS = 0x28,
	LDT = 0x30,
	FREE = 0x38, /* the first of those that a test describes itself, up to FREE_LAST */
	FREE_LAST = 0xf8,
};

/* `high` of flat descriptors (3.4.5), without type, DPL and P. */
#define FLAT_LOW  0x0000ffffu
#define FLAT_HIGH 0x00cf0000u

extern struct vm *vm;
extern struct vcpu *vcpu;

/* A new machine and its guest: in its kernel, IF 0, IOPL 0. */
void guest_make(void);

/* Goes on in the user. */
void guest_enter_user(void);

/* An entry of the guest's GDT or IDT, taken over at once. */
void guest_set_descriptor(uint16_t selector, uint32_t low, uint32_t high);
void guest_set_gate(unsigned vector, uint32_t low, uint32_t high);

/* Turns "0f 22 c0" into the instruction at CS:EIP, and performs it as vm_exit() would, but for what
 * comes after a verdict. */
enum verdict guest_emulate(const char *bytes);

/* What the guest takes after VERDICT_GUEST_FAULT where #GP(0) has trapped. */
struct event guest_fault(void);

uint32_t guest_read32(uint32_t address);
void guest_write32(uint32_t address, uint32_t value);
void guest_write16(uint32_t address, uint16_t value);

/* True where the guest was ended with a message that has this text in it. */
bool guest_killed(const char *why);

#endif
