/* SPDX-License-Identifier: BSD-2-Clause */
/* Scripts for the guest `interrupts`: writing them, and what the guest saw. */
#ifndef TRAPS_SCRIPT_H
#define TRAPS_SCRIPT_H

#include "machines.h"

#include "../../guests/interrupts/interrupts.h"

#define MASTER      0x20
#define MASTER_DATA 0x21
#define SLAVE       0xa0
#define SLAVE_DATA  0xa1

#define ICW1          0x11
#define ICW3_MASTER   0x04
#define ICW3_SLAVE    0x02
#define ICW4          0x01
#define ICW4_AEOI     0x02
#define SPECIAL_OFF   0x48 /* OCW3 */
#define SPECIAL_ON    0x68
#define READ_IRR      0x0a
#define READ_ISR      0x0b
#define POLL          0x0c
#define END           0x20 /* OCW2 */
#define END_SPECIFIC  0x60
#define ROTATE_END    0xa0
#define PRIORITY      0xc0
#define ROTATE_THIS   0xe0
#define AEOI_ROTATE   0x80
#define AEOI_STRAIGHT 0x00

/* The interrupts whose lines the guest can raise. */
static const uint8_t irqs[] = {0, 4, 8};

struct script {
	struct script_step step[SCRIPT_STEPS];
	unsigned length;
	uint8_t master_base, slave_base;
	bool line[16]; /* which are up */
	bool leftover; /* something may be in service that nobody ended */
	bool aeoi;
};

void script_say(struct script *s, enum script_verb verb, uint16_t port, uint8_t value);
void script_out(struct script *s, uint16_t port, uint8_t value);
void script_mask(struct script *s, uint8_t master, uint8_t slave);
void script_line(struct script *s, unsigned irq, bool level);

/* ICW1 to ICW4 for both, and all masked. `aeoi` is the master's. */
void script_initialize(struct script *s, uint8_t master, uint8_t slave, bool aeoi);

/* Fills a script that the real 8259s and Bochs's agree about. */
void random_script(struct script *s);

/* ---- performing it ---- */

struct record {
	uint32_t seen[SCRIPT_RECORDS];
	uint32_t count;
};

/* `interrupts` with that script in it. */
struct guest *script_guest(const struct script *script);

/* Runs the guest to its end, and takes what it recorded. */
void record_take(struct machine *m, const struct guest *guest, struct record *record);

/* An entry for people. Two of them can be held at once. */
const char *record_text(uint32_t record);

#endif
