/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random scripts for a pair of 8259s: traps_script.h. The oracle is Bochs's pair, and that has its
 * limits.
 *
 * It keeps what it has decided: a request that was signalled to the processor is delivered even if
 * it is masked or withdrawn afterwards, or a more urgent one comes. So a script changes masks and
 * lines only while nothing is signalled: requests come up while all are masked, and the masks then
 * open at once. The slave's request must be delivered where it is let through, so then nothing may
 * be in service before it.
 */
#include "traps_script.h"

#include "shared.h"

/* ---- writing a script ---- */

void script_say(struct script *s, enum script_verb verb, uint16_t port, uint8_t value)
{
	if (s->length + 1 >= SCRIPT_STEPS)
		infrastructure_error("the script is longer than SCRIPT_STEPS");
	s->step[s->length++] = (struct script_step){(uint8_t)verb, value, port};
}

void script_out(struct script *s, uint16_t port, uint8_t value)
{
	script_say(s, SCRIPT_OUT, port, value);
}

void script_mask(struct script *s, uint8_t master, uint8_t slave)
{
	script_out(s, SLAVE_DATA, slave);
	script_out(s, MASTER_DATA, master);
}

void script_initialize(struct script *s, uint8_t master, uint8_t slave, bool aeoi)
{
	s->master_base = master;
	s->slave_base = slave;
	s->aeoi = aeoi;
	s->leftover = false;
	script_out(s, MASTER, ICW1);
	script_out(s, MASTER_DATA, master);
	script_out(s, MASTER_DATA, ICW3_MASTER);
	script_out(s, MASTER_DATA, aeoi ? ICW4 | ICW4_AEOI : ICW4);
	script_out(s, SLAVE, ICW1);
	script_out(s, SLAVE_DATA, slave);
	script_out(s, SLAVE_DATA, ICW3_SLAVE);
	script_out(s, SLAVE_DATA, ICW4);
	script_mask(s, 0xff, 0xff);
	script_say(s, SCRIPT_BASES, master, slave);
}

void script_line(struct script *s, unsigned irq, bool level)
{
	script_say(s, level ? SCRIPT_RAISE : SCRIPT_LOWER, 0, (uint8_t)irq);
	s->line[irq] = level;
}

/* IRR, ISR and IMR of both. */
static void look(struct script *s)
{
	script_out(s, MASTER, READ_IRR);
	script_say(s, SCRIPT_IN, MASTER, 0);
	script_out(s, SLAVE, READ_IRR);
	script_say(s, SCRIPT_IN, SLAVE, 0);
	script_out(s, MASTER, READ_ISR);
	script_say(s, SCRIPT_IN, MASTER, 0);
	script_out(s, SLAVE, READ_ISR);
	script_say(s, SCRIPT_IN, SLAVE, 0);
	script_say(s, SCRIPT_IN, MASTER_DATA, 0);
	script_say(s, SCRIPT_IN, SLAVE_DATA, 0);
}

static enum script_policy random_ending_policy(void)
{
	static const enum script_policy policies[] = {
		POLICY_END, POLICY_END_SPECIFIC, POLICY_END_ROTATE};
	return policies[random_below(3)];
}

/* Requests come up while all are masked: which of them, as bits of irqs[]. */
static unsigned random_raise(struct script *s)
{
	unsigned raised = 0;

	for (unsigned i = 0; i < 3; i++) {
		if (s->line[irqs[i]] || random_below(3) == 0)
			continue;
		script_line(s, irqs[i], true);
		raised |= 1u << i;
	}
	return raised;
}

/* One handler raises the line of another interrupt and listens. */
static bool random_nest(struct script *s, unsigned raised)
{
	unsigned first = raised == 1 ? 0 : raised == 2 ? 4 : 8;
	unsigned second = irqs[random_below(3)];

	if ((raised != 1 && raised != 2 && raised != 4) || s->aeoi || s->leftover ||
		second == first || s->line[second])
		return false;
	for (unsigned i = 0; i < 3; i++)
		script_say(s, SCRIPT_POLICY, irqs[i],
			(uint8_t)(random_ending_policy() |
				  (irqs[i] == first ? POLICY_NEST | second << 4 : 0)));
	script_mask(s, 0, 0);
	script_say(s, SCRIPT_LISTEN, 0, 0);
	s->line[second] = true;
	return true;
}

/* What comes in one moment of listening, with random masks and ends. */
static void random_listen(struct script *s)
{
	bool slave = !s->leftover && random_below(3) != 0, special = false;
	bool everyone_ends = slave || random_below(2);

	if (!slave && s->leftover && random_below(2)) {
		special = true;
		script_out(s, MASTER, SPECIAL_ON);
	}
	for (unsigned i = 0; i < 3; i++) {
		enum script_policy policy = random_ending_policy();
		if (!everyone_ends || (irqs[i] == 8 && random_below(4) == 0))
			policy = random_below(2) ? POLICY_NOTHING : POLICY_END_MASTER;
		if (policy == POLICY_NOTHING || policy == POLICY_END_MASTER)
			s->leftover = true;
		script_say(s, SCRIPT_POLICY, irqs[i], (uint8_t)policy);
	}
	uint8_t master = (uint8_t)(random_u32() & random_u32());
	script_mask(s, slave ? master & ~0x04 : master, slave ? 0 : 0xff);
	script_say(s, SCRIPT_LISTEN, 0, 0);
	if (special)
		script_out(s, MASTER, SPECIAL_OFF);
}

static void random_end(struct script *s)
{
	uint16_t chip = random_below(2) ? MASTER : SLAVE;
	uint8_t input =
		(uint8_t)(chip == SLAVE ? 0 : (const uint8_t[]){0, 2, 4, 7}[random_below(4)]);

	switch (random_below(3)) {
	case 0:
		script_out(s, chip, END);
		break;
	case 1:
		script_out(s, chip, END_SPECIFIC + input);
		break;
	default:
		script_out(s, chip, ROTATE_THIS + input);
	}
}

static void random_round(struct script *s)
{
	if (random_below(3) == 0) {
		uint8_t base = (uint8_t)(0x20 + 8 * random_below(26));
		script_initialize(s, base, (uint8_t)(base + 8), random_below(3) == 0);
		if (s->aeoi)
			script_out(s, MASTER, random_below(2) ? AEOI_ROTATE : AEOI_STRAIGHT);
	}
	if (random_below(2))
		script_out(s, MASTER, (uint8_t)(PRIORITY + random_below(8)));
	unsigned raised = random_raise(s);
	if (random_below(3) == 0)
		look(s);
	if (random_below(3) || !random_nest(s, raised))
		random_listen(s);
	script_mask(s, 0xff, 0xff);
	look(s);
	for (unsigned ends = random_below(4); ends > 0; ends--)
		random_end(s);
	for (unsigned i = 0; i < 3; i++)
		if (s->line[irqs[i]] && random_below(8))
			script_line(s, irqs[i], false);
	if (random_below(2)) {
		/* nothing is left in service */
		for (unsigned i = 0; i < 4; i++)
			script_out(s, MASTER, END_SPECIFIC + (const uint8_t[]){0, 2, 4, 7}[i]);
		script_out(s, SLAVE, END_SPECIFIC);
		s->leftover = false;
	}
}

void random_script(struct script *s)
{
	memset(s, 0, sizeof(*s));
	script_initialize(s, 0x20, 0x28, false);
	while (s->length < SCRIPT_STEPS - 90)
		random_round(s);
}

/* ---- performing it ---- */

const char *record_text(uint32_t record)
{
	static char text[2][96];
	static unsigned turn;
	char *to = text[turn++ % 2];
	uint32_t seen = record & 0xffffff;

	switch (record >> 24) {
	case RECORD_READ:
		snprintf(to, sizeof(text[0]), "port %02x reads %02x", seen >> 8, seen & 0xff);
		break;
	case RECORD_INTERRUPT:
		snprintf(to, sizeof(text[0]), "interrupt %02x (ISR: master %02x, slave %02x)",
			seen & 0xff, seen >> 8 & 0xff, seen >> 16);
		break;
	case RECORD_RETURN:
		snprintf(to, sizeof(text[0]), "the handler of %02x ends", seen);
		break;
	case RECORD_LISTENED:
		snprintf(to, sizeof(text[0]), "no further interrupt");
		break;
	case RECORD_LOST:
		snprintf(to, sizeof(text[0]), "the line of IRQ %u does not come up", seen);
		break;
	default:
		snprintf(to, sizeof(text[0]), "nothing more");
	}
	return to;
}

struct guest *script_guest(const struct script *script)
{
	struct guest *guest = guest_open("interrupts");

	guest_write(guest, "interrupts_script", script->step, sizeof(script->step));
	return guest;
}

void record_take(struct machine *m, const struct guest *guest, struct record *record)
{
	memset(record, 0, sizeof(*record));
	run_until(m, guest_symbol(guest, "guest_done"));
	record->count = memory_read_u32(m, guest_symbol(guest, "interrupts_records"));
	if (record->count > SCRIPT_RECORDS)
		record->count = SCRIPT_RECORDS;
	memory_read(m, guest_symbol(guest, "interrupts_record"), record->seen,
		record->count * sizeof(*record->seen));
}
