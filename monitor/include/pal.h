/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PAL: replaceable firmware between a kernel and its machine.
 *
 * The DEC Alpha put its privileged operations behind firmware of its own, PALcode: a kernel asked
 * for "set the interrupt priority" or "load a translation", and what the machine then did was the
 * firmware's business. Whoever replaces the firmware replaces the machine. The kit does the same on
 * x86, for a kernel that asks for it (paravirtualization).
 *
 * Such a kernel has two pages in its image, at addresses that are linear and guest-physical
 * addresses at once, and names them in a header, which is found as the Multiboot header is:
 *
 *   the code page   one operation every PAL_SLOT bytes, which is called like a function
 *   the data page   what the firmware keeps; nobody else's business
 *
 * In the image the code page holds the firmware of the bare machine: each operation is the
 * instruction that it is called after. A monitor since lab 5 puts its own firmware there before the
 * kernel starts, and maps a page that it shares with the guest at the data page's place. The
 * kernel cannot tell the two apart, but by PAL_VERSION, and by what they cost. A kernel that wants
 * firmware of its own writes, or maps, a whole code page: operations know of each other.
 *
 * The call. Arguments are in EDX and ECX, the result in EAX. EAX, ECX, EDX and the status flags may
 * change; no other register does. The caller is in ring 0, with flat segments, IOPL is 0, and both
 * pages are mapped at their addresses.
 *
 * An operation that is given addresses faults where a MOV there would fault, with CR2 as it should
 * be. What came before is done and not done again when the handler returns: EDX and ECX say what is
 * left, as for a string instruction.
 */
#ifndef PAL_H
#define PAL_H

#define PAL_SLOT 32 /* bytes of code of each operation, at most */

/* EAX = how many operations there are, and in the high half whose firmware it is. */
#define PAL_VERSION    0
#define PAL_OF_MACHINE 0x50414c00 /* the bare machine's; the low byte is the number */
#define PAL_OF_MONITOR 0x4d4f4e00

#define PAL_FLAGS      1 /* EAX = EFLAGS, with the kernel's own IF (PUSHF) */
#define PAL_SET_FLAGS  2 /* IF as in EDX; no other flag changes (POPF) */
#define PAL_MASK       3 /* EAX = EFLAGS; then IF = 0 (PUSHF, CLI) */
#define PAL_UNMASK     4 /* IF = 1, at once: with no shadow (STI, NOP) */
#define PAL_HALT       5 /* IF = 1, and waits for the next interrupt (STI, HLT) */
#define PAL_SET_CR3    6 /* CR3 = EDX */
#define PAL_INVALIDATE 7 /* forgets the translation of EDX (INVLPG) */
#define PAL_UPDATE     8 /* ECX entries of page tables, from the list at EDX; EAX = 0 */
#define PAL_TIME                                                                                   \
	9                 /* EDX:EAX = periods of 1.193182 MHz since some moment. Asked less       \
			   * often than every 50 ms, the bare machine's loses some */
#define PAL_CONSOLE    10 /* ECX bytes at EDX go to the console, where COM1 goes; EAX = 0 */
#define PAL_OPERATIONS 11

/* PAL_UPDATE: the value is stored, and what the processor knows of the page is forgotten. */
#define PAL_UPDATE_SIZE 12 /* bytes of struct pal_update */

/* Where a firmware that is put into a code page has an address in the data page, it has
 * PAL_DATA + offset, for offsets below PAL_DATA_SIZE. Whoever puts it there puts in the page's own
 * address. So no other doubleword in it, at whatever byte it begins, may look like that. */
#define PAL_DATA      0xdada0000
#define PAL_DATA_SIZE 256

/* struct pal_header, 4-aligned in the first 8 KiB of the file. */
#define PAL_HEADER_MAGIC   0x504c4150 /* "PALP" */
#define PAL_HEADER_VERSION 1

#ifndef __ASSEMBLER__
#include <stdint.h>

struct pal_header {
	uint32_t magic, version, checksum; /* the sum of these is 0 */
	uint32_t code, data;               /* addresses of the two pages */
};

struct pal_update {
	uint32_t entry; /* linear address of a page-table entry, a multiple of 4 */
	uint32_t value;
	uint32_t linear; /* an address in the page that it maps */
};
#endif

#endif
