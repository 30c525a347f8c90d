/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The script that the guest `interrupts` performs, and the record of what it saw. A script says
 * what is written to the pair of 8259s, when a device asks for an interrupt, and when the processor
 * listens.
 */
#ifndef INTERRUPTS_H
#define INTERRUPTS_H

#include <stdint.h>

enum script_verb {
	SCRIPT_END,
	SCRIPT_OUT,    /* value -> port */
	SCRIPT_IN,     /* port -> the record */
	SCRIPT_RAISE,  /* the line of IRQ `value` goes up: 0 (timer), 4 (UART) or 8 (clock) */
	SCRIPT_LOWER,  /* and down */
	SCRIPT_LISTEN, /* interrupts are on for a moment */
	SCRIPT_POLICY, /* what the handler of IRQ `port` does: POLICY_... */
	SCRIPT_BASES,  /* where the handlers find out which IRQ it was: master `port`, slave `value`
			*/
};

struct script_step {
	uint8_t verb; /* enum script_verb */
	uint8_t value;
	uint16_t port;
};

#define SCRIPT_STEPS   512
#define SCRIPT_RECORDS 2048

/* What a handler does about the interrupt that it was called for. */
enum script_policy {
	POLICY_NOTHING,
	POLICY_END,          /* non-specific end of interrupt, at the slave too where it is its */
	POLICY_END_SPECIFIC, /* the same, naming the input */
	POLICY_END_ROTATE,   /* and making it the lowest */
	POLICY_END_MASTER,   /* the slave's is forgotten */
	POLICY_NEST = 0x08,  /* first raises the line in bits 4 to 7, and listens */
};

/* A record: bits 31:24 what it is, the rest what was seen. */
enum script_record {
	RECORD_READ = 1,      /* port << 8 | value */
	RECORD_INTERRUPT = 2, /* ISR of the slave << 16 | ISR of the master << 8 | vector */
	RECORD_RETURN = 3,    /* the handler of that vector is at its end */
	RECORD_LISTENED = 4,  /* a SCRIPT_LISTEN is over */
	RECORD_LOST = 5,      /* a line did not come up */
};

/* lines.c: devices' requests, as the guest wants them */
int line_raise(unsigned irq); /* 0: it did not come */
void line_lower(unsigned irq);
void lines_prepare(void);

#endif
