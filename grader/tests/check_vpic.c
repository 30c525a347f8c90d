/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vpic.c of the reference against a second model of two 8259As, written from the data sheet in
 * another way: each input is a struct of its own, priorities are a list that is rotated, and
 * whether a request counts is asked of each input in turn. Both get the same random scripts, and
 * everything that can be seen from outside must be the same after each step.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "traps.h"

#define STEPS   12500
#define SCRIPTS 8
#define CASCADE 2

/* ---- the second model ---- */

struct input {
	bool wire, requested, served, masked;
};

struct chip {
	struct input input[8];
	unsigned order[8]; /* the inputs, the highest priority first */
	unsigned base, expects, cascade;
	bool needs_icw4, alone, automatic, rotates, special_mask, special_nested, shows_service,
		polled;
};

struct pair {
	struct chip chip[2]; /* 0 is the master */
};

static void order_from(struct chip *chip, unsigned lowest)
{
	for (unsigned i = 0; i < 8; i++)
		chip->order[i] = (lowest + 1 + i) % 8;
}

static void pair_reset(struct pair *pair)
{
	*pair = (struct pair){0};
	for (unsigned c = 0; c < 2; c++) {
		order_from(&pair->chip[c], 7);
		for (unsigned i = 0; i < 8; i++)
			pair->chip[c].input[i].masked = true;
	}
}

/* The input that INT is active for, or 8: down the priorities, until one in service shuts out all
 * that follow ("Fully nested mode", "Special mask mode", "Special fully nested mode"). */
static unsigned active(const struct chip *chip)
{
	for (unsigned place = 0; place < 8; place++) {
		unsigned i = chip->order[place];
		const struct input *input = &chip->input[i];
		bool asks = input->requested && !input->masked;
		if (chip->special_mask) {
			if (asks && !input->served)
				return i;
			continue;
		}
		if (input->served)
			return asks && chip->special_nested && i == CASCADE ? i : 8;
		if (asks)
			return i;
	}
	return 8;
}

static void wire(struct chip *chip, unsigned i, bool level)
{
	if (!level)
		chip->input[i].requested = false;
	else if (!chip->input[i].wire)
		chip->input[i].requested = true;
	chip->input[i].wire = level;
}

static void settle(struct pair *pair)
{
	wire(&pair->chip[0], CASCADE, active(&pair->chip[1]) != 8);
}

static unsigned acknowledge_chip(struct chip *chip)
{
	unsigned i = active(chip);

	if (i == 8)
		return 8;
	chip->input[i].requested = false;
	if (!chip->automatic)
		chip->input[i].served = true;
	else if (chip->rotates)
		order_from(chip, i);
	return i;
}

static unsigned acknowledge(struct pair *pair)
{
	unsigned i = acknowledge_chip(&pair->chip[0]);

	if (i == 8)
		return pair->chip[0].base + 7;
	if (i != CASCADE)
		return pair->chip[0].base + i;
	i = acknowledge_chip(&pair->chip[1]);
	wire(&pair->chip[0], CASCADE, false); /* INT of the slave goes low with each INTA */
	settle(pair);
	return pair->chip[1].base + (i == 8 ? 7 : i);
}

static void end_of_interrupt(struct chip *chip, unsigned word)
{
	unsigned which = word & 7;

	switch (word >> 5) { /* R, SL, EOI */
	case 0:
		chip->rotates = false;
		return;
	case 4:
		chip->rotates = true;
		return;
	case 6:
		order_from(chip, which);
		return;
	case 3:
	case 7:
		break;
	case 1:
	case 5:
		for (which = 0; which < 8 && !chip->input[chip->order[which]].served; which++)
			;
		if (which == 8)
			return;
		which = chip->order[which];
		break;
	default:
		return; /* 2: no operation */
	}
	chip->input[which].served = false;
	if (word & 0x80)
		order_from(chip, which);
}

static void command(struct chip *chip, unsigned word)
{
	if (word & 0x10) { /* ICW1 */
		struct chip fresh = {.expects = 2, .needs_icw4 = word & 1, .alone = word & 2};
		order_from(&fresh, 7);
		for (unsigned i = 0; i < 8; i++)
			fresh.input[i].wire = chip->input[i].wire;
		*chip = fresh;
	} else if (word & 8) { /* OCW3 */
		if (word & 0x40)
			chip->special_mask = word & 0x20;
		if (word & 4)
			chip->polled = true;
		else if (word & 2)
			chip->shows_service = word & 1;
	} else {
		end_of_interrupt(chip, word);
	}
}

static void data(struct chip *chip, unsigned word)
{
	switch (chip->expects) {
	case 2:
		chip->base = word & 0xf8;
		chip->expects = !chip->alone ? 3 : chip->needs_icw4 ? 4 : 0;
		return;
	case 3:
		chip->cascade = word;
		chip->expects = chip->needs_icw4 ? 4 : 0;
		return;
	case 4:
		chip->automatic = word & 2;
		chip->special_nested = word & 0x10;
		chip->expects = 0;
		return;
	default:
		for (unsigned i = 0; i < 8; i++)
			chip->input[i].masked = word >> i & 1;
	}
}

static unsigned bits(const struct chip *chip, size_t member)
{
	unsigned value = 0;

	for (unsigned i = 0; i < 8; i++)
		if (*((const bool *)&chip->input[i] + member))
			value |= 1u << i;
	return value;
}

#define WIRE      0
#define REQUESTED 1
#define SERVED    2
#define MASKED    3

static unsigned read_chip(struct chip *chip, bool odd)
{
	if (chip->polled) {
		unsigned i = acknowledge_chip(chip);
		chip->polled = false;
		return i == 8 ? 0 : 0x80 | i;
	}
	if (odd)
		return bits(chip, MASKED);
	return bits(chip, chip->shows_service ? SERVED : REQUESTED);
}

/* ---- both, side by side ---- */

static struct pair model;
static struct vpic vpic;
static uint64_t state;

static unsigned random_below(unsigned limit)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state >> 33) % limit;
}

static void same_chip(
	unsigned step, unsigned which, const struct chip *want, const struct vpic_chip *is)
{
	ck_assert_msg(is->irr == bits(want, REQUESTED) && is->isr == bits(want, SERVED) &&
			      is->imr == bits(want, MASKED) && is->lines == bits(want, WIRE) &&
			      is->lowest == want->order[7],
		"step %u, chip %u: IRR %02x ISR %02x IMR %02x lowest %u; it should be %02x %02x %02x %u",
		step, which, is->irr, is->isr, is->imr, is->lowest, bits(want, REQUESTED),
		bits(want, SERVED), bits(want, MASKED), want->order[7]);
}

static void same(unsigned step)
{
	same_chip(step, 0, &model.chip[0], &vpic.master);
	same_chip(step, 1, &model.chip[1], &vpic.slave);
	ck_assert_msg(vpic_pending(&vpic) == (active(&model.chip[0]) != 8), "step %u: INT", step);
}

static void both_write(uint16_t port, unsigned word)
{
	struct chip *chip = &model.chip[port >= 0xa0];

	vpic_write(&vpic, port, (uint8_t)word);
	if (port & 1)
		data(chip, word);
	else
		command(chip, word);
	settle(&model);
}

static void both_read(unsigned step, uint16_t port)
{
	unsigned want = read_chip(&model.chip[port >= 0xa0], port & 1);

	settle(&model);
	unsigned is = vpic_read(&vpic, port);
	ck_assert_msg(is == want, "step %u: port %x reads %02x, not %02x", step, port, is, want);
}

static void both_line(unsigned irq, bool level)
{
	vpic_line(&vpic, irq, level);
	wire(&model.chip[irq / 8], irq % 8, level);
	settle(&model);
}

static void both_acknowledge(unsigned step)
{
	unsigned want = acknowledge(&model), is = vpic_acknowledge(&vpic);

	ck_assert_msg(is == want, "step %u: vector %02x, not %02x", step, is, want);
}

/* The way that a PC's BIOS does it, with a random ICW4. */
static void initialize(void)
{
	static const uint16_t ports[] = {0x20, 0xa0};

	for (unsigned c = 0; c < 2; c++) {
		both_write(ports[c], 0x11);
		both_write(ports[c] + 1, random_below(32) * 8);
		both_write(ports[c] + 1, c ? 2 : 4);
		both_write(ports[c] + 1, 1 | random_below(2) * 2 | random_below(2) * 16);
		both_write(ports[c] + 1, random_below(3) ? 0 : random_below(256));
	}
}

static void one_step(unsigned step)
{
	static const uint16_t ports[] = {0x20, 0x21, 0xa0, 0xa1};
	uint16_t port = ports[random_below(4)];
	unsigned irq = random_below(16);

	switch (random_below(16)) {
	case 0:
	case 1:
	case 2:
	case 3:
		if (irq != CASCADE) /* nothing else is on that input of a PC's */
			both_line(irq, random_below(2));
		break;
	case 4:
	case 5:
	case 6:
		both_acknowledge(step);
		break;
	case 7:
	case 8:
		both_write(port & ~1u, 0x20); /* EOI */
		break;
	case 9:
		both_write(port & ~1u, random_below(256) & 0xe7); /* any OCW2 */
		break;
	case 10:
		both_write(port & ~1u, (random_below(256) & 0x67) | 8); /* any OCW3 */
		break;
	case 11:
		both_write(port | 1, random_below(256));
		break;
	case 12:
		if (random_below(64) == 0)
			both_write(port, random_below(256)); /* ICW1, with all that it can say */
		break;
	case 13:
		if (random_below(32) == 0)
			initialize();
		break;
	default:
		both_read(step, port);
	}
}

START_TEST(a_random_script_shows_no_difference)
{
	state = 0x9e3779b97f4a7c15ull * (unsigned)(_i + 1);
	vpic_reset(&vpic);
	pair_reset(&model);
	same(0);
	for (unsigned step = 1; step <= STEPS; step++) {
		one_step(step);
		same(step);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vpic");
	TCase *tests = tcase_create("vpic");

	tcase_add_loop_test(tests, a_random_script_shows_no_difference, 0, SCRIPTS);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
