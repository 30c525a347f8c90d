/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ports that a PC or its emulators have for debugging and for the end:
 *
 *   80h     the POST code: kept
 *   92h     system control port A (IBM PS/2): bit 0 resets, bit 1 is A20
 *   E9h     text for the log, a line at a time; reading gives E9h, which says that it is there
 *   604h    QEMU's power management: the word 2000h switches off
 *   8900h   Bochs's: the word "Shutdown", byte by byte, switches off
 */
#ifndef DEBUG_PORTS_H
#define DEBUG_PORTS_H

#include "types.h"

#define DEBUG_LINE 120 /* bytes of a line; a longer one is broken */

struct debug_ports {
	uint8_t post_code;
	uint8_t power_off_progress; /* bytes of "Shutdown" seen */
	uint8_t length;             /* of `line` */
	char line[DEBUG_LINE + 1];
};

struct vm;

void debug_ports_attach(struct vm *vm);

/* Logs what stands in a line that was not ended. */
void debug_ports_flush(struct vm *vm);

#endif
