/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 1, privilege rings: the contract.
 *
 * The monitor lives in ring 0 and the guest's kernel, which believes that it does too, runs
 * in ring 1. Two organs make that so:
 *
 *   segments.c  builds the descriptors, gates and the task-state segment that the processor
 *               reads, and takes the privilege out of a guest's own descriptors
 *   enter.asm   the door between the two worlds: into the guest by IRET, out of it by a trap
 *
 * Sections are of the Intel SDM, volume 3A. Every function must be a pure function of its
 * arguments: the monitor calls them for several guests, in any order. None can fail: every
 * input has an answer, and where nothing else is safe the answer is a descriptor that is not
 * present.
 */
#ifndef RINGS_H
#define RINGS_H

#include "layout.h"
#include "organ.h"
#include "x86.h"

/*
 * A segment descriptor, taken apart (3.4.5 and figure 3-8).
 *
 * `limit` is the offset in bytes at which the processor compares: the limit field itself
 * where `granular` is false, and (field << 12 | 0xfff) where it is true. So the flat 4 GiB
 * segment has limit 0xffffffff and granular true.
 */
struct segment {
	uint32_t base;
	uint32_t limit;
	uint8_t type;      /* 4 bits: TYPE_..., or the system types of 3.5 where !code_or_data */
	bool code_or_data; /* S */
	uint8_t dpl;       /* 0 to 3 */
	bool present;      /* P */
	bool available;    /* AVL, free for software */
	bool default_big;  /* D/B */
	bool granular;     /* G */
};

/*
 * segment -> descriptor, each field in its place. Bit 21 of the high doubleword (L, 64-bit
 * code) is 0. Where `granular` is true the low 12 bits of `limit` do not matter; where it is
 * false only the low 20 bits of `limit` do.
 */
struct descriptor descriptor_pack(struct segment segment);

/* descriptor -> segment. For every descriptor d with bit 21 of `high` clear,
 * descriptor_pack(descriptor_unpack(d)) is d. */
struct segment descriptor_unpack(struct descriptor descriptor);

/*
 * An interrupt, trap or call gate (6.11 and figure 6-2): where control goes, through which
 * code segment, and who may call it with INT n (dpl). `type` is TYPE_INTERRUPT_GATE,
 * TYPE_TRAP_GATE or TYPE_CALL_GATE32. The gate is present. A call gate's parameter count is 0.
 */
struct descriptor gate_pack(uint16_t selector, uint32_t offset, uint8_t type, uint8_t dpl);

/*
 * Prepares a task-state segment for one use: when a trap comes from an outer ring, the
 * processor takes SS and ESP for ring 0 from it (7.2.1 and 6.12.1). Every other field is 0,
 * except that `io_map_base` must leave no port to ring 1 to 3: no permission bit map at all
 * (SDM volume 1, 19.5.2: where the base is not below the TSS's limit there is none).
 */
void tss_prepare(struct tss *tss, uint16_t ss0, uint32_t esp0);

/*
 * Takes the privilege out of a descriptor that a guest's kernel wrote, so that the monitor
 * can put it into the table that the processor really uses:
 *
 * - System descriptors (S = 0: TSS, LDT, every gate) become not present: the monitor, not
 *   the processor, must act on them. Nothing else of them changes, not even DPL.
 * - Of code and data, present or not, DPL 0 becomes DPL 1. Others stay. (With DPL 0 a load of an
 *   absent segment would raise #GP where the bare machine raises #NP.)
 * - Nothing else of a descriptor that is not present changes.
 * - The accessed bit is set, so that the processor never has to write the table.
 * - No offset inside the limit reaches MONITOR_BASE or above: for every offset o that the
 *   processor lets through, (base + o) modulo 2^32 is below MONITOR_BASE, for accesses of any
 *   size (each byte of an access is checked against the limit). Base, type and D/B never
 *   change; bit 21 of `high` becomes 0. A limit that is safe already stays as it is, and so does G.
 *   Otherwise the segment becomes the largest safe one: with G = 0, which is exact, where the exact
 *   safe limit is below 1 MiB, and else with G = 1, rounded to the safe side.
 *   - Expand up (code, and data with TYPE_EXPAND_DOWN clear): the valid offsets are
 *     0 .. limit, so the limit comes down. Where even offset 0 is not safe, the descriptor
 *     becomes not present: P clear, limit and G as they were; the rules for DPL and the accessed
 *     bit still hold.
 *   - Expand down (3.4.5.1; data with TYPE_EXPAND_DOWN set): the valid offsets are
 *     limit + 1 .. 0xffffffff (0xffff where D/B is 0), so only the lower end can move: the
 *     limit goes up. A segment can lose its monitor part in this way only if what remains
 *     lies above it, where base + offset has wrapped. Where no limit is safe, or only
 *     one that leaves no valid offset, the descriptor becomes not present as above. (A segment that
 *     has no valid offset to begin with is safe, and stays.)
 */
struct descriptor descriptor_deprivilege(struct descriptor descriptor);

/*
 * The selector that the processor gets where the guest's kernel used `selector`: requested
 * privilege level 0 becomes 1, the others stay; and so does the null selector (index 0 of the
 * GDT, whatever its RPL: 3.4.2).
 */
uint16_t selector_deprivilege(uint16_t selector);

/*
 * The state of a guest's processor while the monitor runs, in the order in which the way out
 * of the guest pushes it. The lowest address comes first, so the last thing pushed is `edi`.
 */
struct guest_registers {
	/* by PUSHA; `pusha_esp` is the stack pointer of the monitor, and no one's business */
	uint32_t edi, esi, ebp, pusha_esp, ebx, edx, ecx, eax;
	/* pushed one by one; only the low 16 bits of each mean something */
	uint32_t gs, fs, es, ds;
	/* by the stub of the vector, which pushes 0 where the processor pushes no error code */
	uint32_t vector, error_code;
	/* by the processor, on the stack that the task-state segment names (6.12.1) */
	uint32_t eip, cs, eflags, esp, ss;
};

struct vcpu; /* its first member is its struct guest_registers */

/*
 * enter.asm, the way in: leaves the monitor and goes on in the guest.
 *
 * One argument on the stack (cdecl); never returns. The monitor's stack is free from here on.
 * All general registers, the segment registers, EFLAGS and EIP become what
 * `vcpu`'s struct guest_registers says; `vector`, `error_code` and `pusha_esp` are skipped.
 * The monitor has made sure that every selector in it can be loaded.
 * IRET does the last step (SDM volume 2A, IRET; 6.12.1): to an outer ring it pops ESP and SS too.
 */
_Noreturn void world_enter(struct vcpu *vcpu);

/*
 * enter.asm, the way out: where every trap from a guest arrives, in ring 0, interrupts off.
 * Not to be called from C. The stub of the vector has just jumped here:
 *
 *      ss  esp  eflags  cs  eip  error_code  vector   <- ESP
 *
 * The stack is the tail of the running vcpu's struct guest_registers: the task-state segment
 * makes it so. What is to do:
 *   1. push the rest, in the order of struct guest_registers. ESP is now the vcpu's address;
 *   2. load DS and ES with MONITOR_DS: a guest's segments are clipped, and C needs flat ones; FS
 *      and GS may stay the guest's. Clear the direction flag, which C takes for granted (System V
 *      ABI, i386);
 *   3. switch to the monitor's stack: ESP becomes the address `monitor_stack_top` (a label, not a
 *      variable), the stack grows down from there;
 *   4. call vm_exit(vcpu). It returns the vcpu that is to run next, not always the same;
 *   5. world_enter() that one.
 */
void world_exit(void);

/* The chassis's half of step 4 (exit.c). */
struct vcpu *vm_exit(struct vcpu *vcpu);

#endif
