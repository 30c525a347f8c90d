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

/* BEGIN SOLUTION
 */
/* How far down the order of priorities an input is: 0 is the highest. */
static unsigned chip_rank(const struct vpic_chip *chip, int input)
{
	return ((unsigned)input - chip->lowest - 1) % VPIC_LINES;
}

/* END SOLUTION */

/* The request that INT is raised for, or NONE. */
static int chip_request(const struct vpic_chip *chip)
{
	/* BEGIN SOLUTION
	return chip_highest(chip, 0);
	*/
	unsigned waiting = chip->irr & ~chip->imr;

	if (!waiting)
		return NONE;
	if (chip->special_mask)
		return chip_highest(chip, waiting & ~chip->isr);
	if (!chip->isr)
		return chip_highest(chip, waiting);
	int request = chip_highest(chip, waiting), serving = chip_highest(chip, chip->isr);
	if (chip_rank(chip, request) < chip_rank(chip, serving))
		return request;
	return chip->special_nested && request == serving && request == CASCADE ? request : NONE;
	/* END SOLUTION */
}

/* One of the inputs goes to `level`. */
static void chip_line(struct vpic_chip *chip, unsigned input, bool level)
{
	/* BEGIN SOLUTION
	(void)chip, (void)input, (void)level;
	*/
	uint8_t bit = (uint8_t)(1u << input);

	if (level && !(chip->lines & bit))
		chip->irr |= bit;
	if (level)
		chip->lines |= bit;
	else {
		chip->lines &= (uint8_t)~bit;
		chip->irr &= (uint8_t)~bit;
	}
	/* END SOLUTION */
}

/* INTA: the input whose request goes into service; NONE: the request has gone. */
static int chip_acknowledge(struct vpic_chip *chip)
{
	/* BEGIN SOLUTION
	(void)chip;
	organ_unwritten(__func__);
	*/
	int input = chip_request(chip);

	if (input == NONE)
		return NONE;
	chip->irr &= (uint8_t) ~(1u << input);
	if (!chip->automatic_eoi)
		chip->isr |= (uint8_t)(1u << input);
	else if (chip->rotate_on_aeoi)
		chip->lowest = (uint8_t)input;
	return input;
	/* END SOLUTION */
}

/* OCW2: ends of interrupts, and priorities. */
static void chip_write_ocw2(struct vpic_chip *chip, uint8_t word)
{
	/* BEGIN SOLUTION
	(void)chip, (void)word;
	organ_unwritten(__func__);
	*/
	bool specific = word & OCW2_SL, rotate = word & OCW2_R;
	int input = specific ? word & 7 : chip_highest(chip, chip->isr);

	if (word & OCW2_EOI) {
		if (input == NONE)
			return; /* nothing is in service */
		chip->isr &= (uint8_t) ~(1u << input);
		if (rotate)
			chip->lowest = (uint8_t)input;
	} else if (specific && rotate) {
		chip->lowest = (uint8_t)input;
	} else if (!specific) {
		chip->rotate_on_aeoi = rotate;
	}
	/* END SOLUTION */
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
	/* BEGIN SOLUTION
	(void)vpic;
	*/
	chip_line(&vpic->master, CASCADE, chip_request(&vpic->slave) != NONE);
	/* END SOLUTION */
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
	/* BEGIN SOLUTION
	(void)vpic;
	organ_unwritten(__func__);
	*/
	int input = chip_acknowledge(&vpic->master);

	if (input == NONE)
		return vpic->master.vector_base + 7;
	if (input != CASCADE)
		return (uint8_t)(vpic->master.vector_base + input);
	input = chip_acknowledge(&vpic->slave);
	chip_line(&vpic->master, CASCADE, false); /* the slave's INT falls, and may rise again */
	cascade(vpic);
	return (uint8_t)(vpic->slave.vector_base + (input == NONE ? 7 : input));
	/* END SOLUTION */
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
