/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 2, vpic.c: a pair of 8259A interrupt controllers.
 *
 * traps.h is the contract. Intel 8259A data sheet (231468): "Interrupt sequence", "Initialization
 * command words", "Operation command words".
 *
 * Invariant: the master's input 2 is the slave's INT output. The words that initialize a chip, and
 * its reads, are done; yours is how it chooses.
 */
#include "traps.h"

#define CASCADE 2 /* the master's input that the slave is on */
#define NONE    (-1)

#define PORT_MASTER 0x20
#define PORT_SLAVE  0xa0

/* Initialization and operation command words */
#define ICW1           0x10 /* this bit tells ICW1 from OCW2 and OCW3 */
#define ICW1_IC4       0x01
#define ICW1_SNGL      0x02
#define ICW4_AEOI      0x02
#define ICW4_SFNM      0x10
#define OCW3           0x08 /* and this one OCW3 from OCW2 */
#define OCW3_RIS       0x01
#define OCW3_RR        0x02
#define OCW3_P         0x04
#define OCW3_SMM       0x20
#define OCW3_ESMM      0x40
#define OCW2_EOI       0x20
#define OCW2_SL        0x40 /* specific: the low three bits name an input */
#define OCW2_R         0x80 /* rotate priorities */
#define POLL_REQUESTED 0x80

/* ---- one chip ---- */

/* The input with the highest priority in a set, or NONE. Priorities go round, from behind `lowest`:
 * so the set is turned until the highest is bit 0. */
static int chip_highest(const struct vpic_chip *chip, unsigned set)
{
	unsigned turn = (chip->lowest + 1u) % VPIC_LINES;
	unsigned turned = set >> turn | set << (VPIC_LINES - turn);

	if (!set)
		return NONE;
	return (int)(((unsigned)__builtin_ctz(turned) + turn) % VPIC_LINES);
}

/* The request that INT is raised for, or NONE. */
static int chip_request(const struct vpic_chip *chip)
{
	/* YOUR CODE HERE */
	return chip_highest(chip, 0);
}

/* One of the inputs goes to `level`. */
static void chip_line(struct vpic_chip *chip, unsigned input, bool level)
{
	/* YOUR CODE HERE */
	(void)chip, (void)input, (void)level;
}

/* INTA: the input whose request goes into service; NONE: the request has gone. */
static int chip_acknowledge(struct vpic_chip *chip)
{
	/* YOUR CODE HERE */
	(void)chip;
	organ_unwritten(__func__);
}

/* OCW2: ends of interrupts, and priorities. */
static void chip_write_ocw2(struct vpic_chip *chip, uint8_t word)
{
	/* YOUR CODE HERE */
	(void)chip, (void)word;
	organ_unwritten(__func__);
}

static void chip_write_ocw3(struct vpic_chip *chip, uint8_t word)
{
	if (word & OCW3_ESMM)
		chip->special_mask = word & OCW3_SMM;
	if (word & OCW3_P)
		chip->poll = true;
	else if (word & OCW3_RR)
		chip->reads_isr = word & OCW3_RIS;
}

static void chip_write_command(struct vpic_chip *chip, uint8_t word)
{
	if (word & ICW1) {
		uint8_t lines = chip->lines; /* the wires stay; an edge must come anew */
		*chip = (struct vpic_chip){
			.lines = lines,
			.lowest = 7,
			.initializing = 2,
			.wants_icw4 = word & ICW1_IC4,
			.single = word & ICW1_SNGL,
		};
	} else if (word & OCW3) {
		chip_write_ocw3(chip, word);
	} else {
		chip_write_ocw2(chip, word);
	}
}

static void chip_write_data(struct vpic_chip *chip, uint8_t word)
{
	uint8_t last = chip->wants_icw4 ? 4 : chip->single ? 2 : 3;

	switch (chip->initializing) {
	case 2:
		chip->vector_base = word & 0xf8;
		chip->initializing = last == 2 ? 0 : chip->single ? 4 : 3;
		break;
	case 3:
		chip->cascade = word;
		chip->initializing = last == 3 ? 0 : 4;
		break;
	case 4:
		chip->automatic_eoi = word & ICW4_AEOI;
		chip->special_nested = word & ICW4_SFNM;
		chip->initializing = 0;
		break;
	default:
		chip->imr = word; /* OCW1 */
	}
}

static uint8_t chip_read(struct vpic_chip *chip, bool data)
{
	if (chip->poll) { /* takes the place of INTA */
		int input = chip_acknowledge(chip);
		chip->poll = false;
		return input == NONE ? 0 : (uint8_t)(POLL_REQUESTED | input);
	}
	if (data)
		return chip->imr;
	return chip->reads_isr ? chip->isr : chip->irr;
}

/* ---- the pair ---- */

/* The slave's INT output, on its way to the master. */
static void cascade(struct vpic *vpic)
{
	/* YOUR CODE HERE */
	(void)vpic;
}

static struct vpic_chip *chip_at(struct vpic *vpic, uint16_t port)
{
	return (port & ~1u) == PORT_MASTER ? &vpic->master : &vpic->slave;
}

void vpic_reset(struct vpic *vpic)
{
	*vpic = (struct vpic){
		.master = {.imr = 0xff, .lowest = 7},
		.slave = {.imr = 0xff, .lowest = 7},
	};
}

void vpic_line(struct vpic *vpic, unsigned irq, bool level)
{
	if (irq < VPIC_LINES) {
		chip_line(&vpic->master, irq, level);
	} else {
		chip_line(&vpic->slave, irq - VPIC_LINES, level);
		cascade(vpic);
	}
}

bool vpic_pending(const struct vpic *vpic)
{
	return chip_request(&vpic->master) != NONE;
}

uint8_t vpic_acknowledge(struct vpic *vpic)
{
	/* YOUR CODE HERE */
	(void)vpic;
	organ_unwritten(__func__);
}

uint8_t vpic_read(struct vpic *vpic, uint16_t port)
{
	struct vpic_chip *chip = chip_at(vpic, port);
	uint8_t value = chip_read(chip, port & 1);

	if (chip == &vpic->slave)
		cascade(vpic); /* a poll takes its request away */
	return value;
}

void vpic_write(struct vpic *vpic, uint16_t port, uint8_t value)
{
	struct vpic_chip *chip = chip_at(vpic, port);

	if (port & 1)
		chip_write_data(chip, value);
	else
		chip_write_command(chip, value);
	if (chip == &vpic->slave)
		cascade(vpic);
}
