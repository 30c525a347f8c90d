/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine for the monitor on the host: memory, the registers that only ring 0 may write, time.
 *
 * It does nothing by itself. processor.h executes a guest's instructions on it.
 */
#ifndef HOST_H
#define HOST_H

#include <setjmp.h>

#include "vm.h"

#define HOST_GUEST_MEMORY 0x20000u /* bytes, of each guest */
#define HOST_DISK         0x8000u  /* bytes of its disk, as few as one has */
#define HOST_SENT         256      /* bytes of the console that are kept */

struct host {
	/* the processor */
	uint32_t cr0, cr2, cr4, dr6, dr7, dr[4];
	maddr_t cr3;
	struct table_register gdtr, idtr;
	uint16_t ldtr;
	uint32_t ldt_base, ldt_limit; /* what LLDT found; 0, 0: no LDT */
	uint32_t esp0, esp1;          /* of the monitor's TSS */
	uint16_t ss1;
	/* the machine */
	uint32_t frames; /* taken so far */
	uint64_t now;    /* machine time */
	uint64_t due;    /* when its timer comes */
	bool spurious;   /* the next interrupt 7 or 15 is none */
	int key, serial; /* a byte that has come; -1: none */
	/* what came out of it */
	char log[8192]; /* what the monitor said, or the last of it */
	size_t log_length;
	uint8_t sent[HOST_SENT];
	unsigned sent_count;
	/* the ends */
	jmp_buf off; /* where machine_power_off() goes */
};

extern struct host host;

/* A machine that was just switched on. All memory of an earlier one is gone. */
void host_reset(void);

/* A guest with HOST_GUEST_MEMORY, its devices and a disk of HOST_DISK bytes, all 0, a GDT as the
 * boot loader leaves it, and EIP 0; the processor's tables are its own. */
struct vm *host_guest_create(void);

/* LLDT: what it loads from the GDT in use is the finder's, if it is no LDT. */
void host_load_ldt(uint16_t selector);

/* Where the guest's memory at that guest-physical address is, up to the end of its page. */
uint8_t *host_guest_memory(struct vm *vm, uint32_t address);

/* Bytes of it, also across pages. */
void host_guest_write(struct vm *vm, uint32_t address, const void *from, uint32_t size);
void host_guest_read(struct vm *vm, uint32_t address, void *to, uint32_t size);

/* Something that must not be: says so, and ends the program. */
__attribute__((format(printf, 1, 2), noreturn)) void host_finding(const char *format, ...);

#endif
