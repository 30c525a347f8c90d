/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 2, graded tests: the pair of 8259s. The guest `interrupts` performs random scripts on the
 * bare machine's real ones and on the monitor's, and the two records must be the same.
 *
 * Bochs's 8259s poll, and rotate on a non-specific end of interrupt, in ways of their own: there
 * the data sheet (231468) decides.
 */
#include "traps_tests.h"

#include "traps_script.h"

static void compare_scripts(const struct script *script)
{
	static struct record want, got;
	struct guest *guest = script_guest(script);

	record_take(boot_bare(guest), guest, &want);
	record_take(boot(guest), guest, &got);
	for (uint32_t i = 0; i < want.count || i < got.count; i++)
		ck_assert_msg(want.seen[i] == got.seen[i],
			"entry %u of interrupts_record: the real 8259s show \"%s\", yours \"%s\"",
			i, record_text(want.seen[i]), record_text(got.seen[i]));
}

#define SCRIPTS 3

START_TEST(random_scripts_show_what_the_real_8259s_show)
{
	static struct script script;

	for (int i = 0; i < SCRIPTS; i++) {
		random_script(&script);
		compare_scripts(&script);
	}
}
END_TEST

/* ---- where the data sheet decides ---- */

/* The reads and interrupts of a record, without what is only said for people. */
struct seen {
	bool interrupt;
	uint8_t value; /* of a read, or the vector */
	uint8_t mask;  /* bits of it that mean something */
};

#define READS(v)                                                                                   \
	{                                                                                          \
		false, v, 0xff                                                                     \
	}
#define READS_BITS(v, m)                                                                           \
	{                                                                                          \
		false, v, m                                                                        \
	}
#define INTERRUPT(v)                                                                               \
	{                                                                                          \
		true, v, 0xff                                                                      \
	}

static void assert_seen(
	const char *what, struct script *script, const struct seen *want, size_t count)
{
	static struct record got;
	struct guest *guest = script_guest(script);
	size_t at = 0;

	record_take(boot(guest), guest, &got);
	for (uint32_t i = 0; i < got.count; i++) {
		uint32_t kind = got.seen[i] >> 24;
		uint8_t value = (uint8_t)got.seen[i];
		if (kind != RECORD_READ && kind != RECORD_INTERRUPT)
			continue;
		ck_assert_msg(at < count, "%s: after all that should come: %s", what,
			record_text(got.seen[i]));
		const struct seen *seen = &want[at++];
		ck_assert_msg(seen->interrupt == (kind == RECORD_INTERRUPT) &&
				      seen->value == (value & seen->mask),
			"%s: %s; by the data sheet it is %s %02x", what, record_text(got.seen[i]),
			seen->interrupt ? "interrupt" : "a read that gives", seen->value);
	}
	ck_assert_msg(at == count, "%s: %zu of %zu reads and interrupts came", what, at, count);
}

/* A poll takes the place of the acknowledgement. */
static void assert_polls(void)
{
	static struct script s;
	uint8_t base = (uint8_t)(0x20 + 8 * random_below(26));
	static const struct seen want[] = {READS(0x84), READS(0x10), READS_BITS(0, 0x80),
		READS(0x00), READS(0x82), READS(0x80), READS(0x04), READS(0x01)};

	memset(&s, 0, sizeof(s));
	script_initialize(&s, base, (uint8_t)(base + 8), false);
	script_line(&s, 4, true);
	script_mask(&s, 0, 0);
	script_out(&s, MASTER, POLL);
	script_say(&s, SCRIPT_IN, MASTER, 0);
	script_out(&s, MASTER, READ_ISR);
	script_say(&s, SCRIPT_IN, MASTER, 0);
	script_out(&s, MASTER, END);
	script_out(&s, MASTER, POLL); /* no request any more */
	script_say(&s, SCRIPT_IN, MASTER, 0);
	script_say(&s, SCRIPT_IN, MASTER, 0);
	script_line(&s, 8, true); /* the master says it is the slave; the slave says who */
	script_out(&s, MASTER, POLL);
	script_say(&s, SCRIPT_IN, MASTER, 0);
	script_out(&s, SLAVE, POLL);
	script_say(&s, SCRIPT_IN, SLAVE, 0);
	script_say(&s, SCRIPT_LISTEN, 0, 0);
	script_say(&s, SCRIPT_IN, MASTER, 0);
	script_out(&s, SLAVE, READ_ISR);
	script_say(&s, SCRIPT_IN, SLAVE, 0);
	assert_seen("polling", &s, want, sizeof(want) / sizeof(want[0]));
}

/* The input that was served becomes the lowest: the next one has the highest priority. */
static void assert_rotates(void)
{
	static struct script s;
	uint8_t base = (uint8_t)(0x20 + 8 * random_below(26));
	const struct seen want[] = {INTERRUPT(base + 4), INTERRUPT(base), INTERRUPT(base + 4),
		INTERRUPT(base + 4), INTERRUPT(base), INTERRUPT(base), INTERRUPT(base + 4),
		INTERRUPT(base)};

	memset(&s, 0, sizeof(s));
	script_initialize(&s, base, (uint8_t)(base + 8), false);
	/* 4 is served: 0 goes before 4 as it did */
	script_say(&s, SCRIPT_POLICY, 4, POLICY_NOTHING);
	script_line(&s, 4, true);
	script_mask(&s, 0, 0);
	script_say(&s, SCRIPT_LISTEN, 0, 0);
	script_out(&s, MASTER, ROTATE_END);
	script_mask(&s, 0xff, 0xff);
	script_line(&s, 4, false);
	script_line(&s, 4, true);
	script_line(&s, 0, true);
	script_say(&s, SCRIPT_POLICY, 4, POLICY_END);
	script_say(&s, SCRIPT_POLICY, 0, POLICY_NOTHING);
	script_mask(&s, 0, 0);
	script_say(&s, SCRIPT_LISTEN, 0, 0);
	/* now 0 has been served: 4 goes before 0 */
	script_out(&s, MASTER, ROTATE_END);
	script_say(&s, SCRIPT_LISTEN, 0, 0);
	script_mask(&s, 0xff, 0xff);
	script_line(&s, 0, false);
	script_line(&s, 4, false);
	script_line(&s, 0, true);
	script_line(&s, 4, true);
	script_say(&s, SCRIPT_POLICY, 0, POLICY_END);
	script_mask(&s, 0, 0);
	script_say(&s, SCRIPT_LISTEN, 0, 0);
	/* the same with the automatic end: 0 is served, and 4 goes before 0 */
	script_initialize(&s, base, (uint8_t)(base + 8), true);
	script_out(&s, MASTER, AEOI_ROTATE);
	script_line(&s, 0, false);
	script_line(&s, 4, false);
	script_line(&s, 0, true);
	script_mask(&s, 0, 0);
	script_say(&s, SCRIPT_LISTEN, 0, 0);
	script_mask(&s, 0xff, 0xff);
	script_line(&s, 0, false);
	script_line(&s, 0, true);
	script_line(&s, 4, true);
	script_mask(&s, 0, 0);
	script_say(&s, SCRIPT_LISTEN, 0, 0);
	assert_seen("rotating", &s, want, sizeof(want) / sizeof(want[0]));
}

/* In special mask mode an input in service blocks nobody but itself. */
static void assert_special_mask(void)
{
	static struct script s;
	uint8_t base = (uint8_t)(0x20 + 8 * random_below(26));
	const struct seen want[] = {INTERRUPT(base), READS(0x01), INTERRUPT(base + 4), READS(0x01),
		READS(0x01), READS(0x00), INTERRUPT(base)};

	memset(&s, 0, sizeof(s));
	script_initialize(&s, base, (uint8_t)(base + 8), false);
	script_say(&s, SCRIPT_POLICY, 0, POLICY_NOTHING);
	script_say(&s, SCRIPT_POLICY, 4, POLICY_END_SPECIFIC);
	script_line(&s, 0, true);
	script_mask(&s, 0, 0);
	script_say(&s, SCRIPT_LISTEN, 0, 0);
	script_out(&s, MASTER, READ_ISR);
	script_say(&s, SCRIPT_IN, MASTER, 0);
	script_line(&s, 4, true);
	script_say(&s, SCRIPT_LISTEN, 0, 0); /* 0 is in service: 4 has to wait */
	script_out(&s, MASTER, SPECIAL_ON);
	script_say(&s, SCRIPT_LISTEN, 0, 0);
	script_say(&s, SCRIPT_IN, MASTER, 0);
	script_line(&s, 0, false);
	script_line(&s, 0, true);
	script_say(&s, SCRIPT_LISTEN, 0, 0); /* and 0 for itself */
	script_out(&s, MASTER, READ_IRR);
	script_say(&s, SCRIPT_IN, MASTER, 0);
	script_out(&s, MASTER, SPECIAL_OFF);
	script_out(&s, MASTER, END_SPECIFIC);
	script_out(&s, MASTER, READ_ISR);
	script_say(&s, SCRIPT_IN, MASTER, 0);
	script_say(&s, SCRIPT_LISTEN, 0, 0);
	assert_seen("special mask mode", &s, want, sizeof(want) / sizeof(want[0]));
}

/* A request that is taken back, or masked, before the processor listens does not come any more; at
 * most input 7's vector, and then nothing is in service. */
static void assert_taken_back(void)
{
	static struct script s;
	static struct record got;
	uint8_t base = (uint8_t)(0x20 + 8 * random_below(26));
	unsigned irq = irqs[random_below(3)];
	bool spurious = false, last = false;

	memset(&s, 0, sizeof(s));
	script_initialize(&s, base, (uint8_t)(base + 8), false);
	for (unsigned i = 0; i < 3; i++)
		script_say(&s, SCRIPT_POLICY, irqs[i], POLICY_END);
	script_line(&s, irq, true);
	script_mask(&s, 0, 0);
	script_line(&s, irq, false);
	script_say(&s, SCRIPT_LISTEN, 0, 0);
	script_line(&s, irq, true);
	script_mask(&s, irq < 8 ? (uint8_t)(1u << irq) : 0xff, 0xff);
	script_say(&s, SCRIPT_LISTEN, 0, 0);
	script_out(&s, MASTER, READ_ISR);
	script_say(&s, SCRIPT_IN, MASTER, 0);
	script_mask(&s, 0, 0); /* and here it is again */
	script_say(&s, SCRIPT_LISTEN, 0, 0);
	struct guest *guest = script_guest(&s);
	record_take(boot(guest), guest, &got);
	for (uint32_t i = 0; i < got.count; i++) {
		uint8_t vector = (uint8_t)got.seen[i];
		if (got.seen[i] >> 24 == RECORD_READ)
			ck_assert_msg((got.seen[i] & 0xff) == 0,
				"nothing came and was acknowledged, but ISR is %02x",
				got.seen[i] & 0xff);
		if (got.seen[i] >> 24 == RECORD_READ)
			last = true;
		if (got.seen[i] >> 24 != RECORD_INTERRUPT)
			continue;
		spurious = vector == base + 7 || vector == base + 15;
		ck_assert_msg(spurious || last,
			"the request of IRQ %u was taken back, or masked, and yet came: %s", irq,
			record_text(got.seen[i]));
		ck_assert_msg(spurious || vector == base + irq,
			"IRQ %u was unmasked and came as %s", irq, record_text(got.seen[i]));
		last = last && spurious;
	}
	ck_assert_msg(!last, "IRQ %u was unmasked, and did not come", irq);
}

/* Called from outside: the processor asks although the request has gone. */
static void assert_spurious(void)
{
	struct guest *guest = guest_open("hello");
	struct machine *m = boot(guest);
	uint32_t vpic = call_scratch(m), base = 0x20 + 8 * random_below(26), irq = random_below(2);

	const uint32_t words[][3] = {{vpic, MASTER, ICW1}, {vpic, MASTER_DATA, base},
		{vpic, MASTER_DATA, ICW3_MASTER}, {vpic, MASTER_DATA, ICW4}, {vpic, SLAVE, ICW1},
		{vpic, SLAVE_DATA, base + 8}, {vpic, SLAVE_DATA, ICW3_SLAVE},
		{vpic, SLAVE_DATA, ICW4}};
	call(m, "vpic_reset", &vpic, 1);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		call(m, "vpic_write", words[i], 3);
	irq = irq * 4 + random_below(2);
	call(m, "vpic_line", (uint32_t[]){vpic, irq, 1}, 3);
	ck_assert_msg(call(m, "vpic_pending", &vpic, 1) & 0xff,
		"the line of IRQ %u went up, and vpic_pending() says false", irq);
	call(m, "vpic_line", (uint32_t[]){vpic, irq, 0}, 3);
	uint32_t vector = call(m, "vpic_acknowledge", &vpic, 1) & 0xff;
	ck_assert_msg(vector == base + 7,
		"the request of IRQ %u was taken back; the acknowledgement gives vector %02x, and it is input 7's, %02x",
		irq, vector, base + 7);
	call(m, "vpic_write", (uint32_t[]){vpic, MASTER, READ_ISR}, 3);
	uint32_t isr = call(m, "vpic_read", (uint32_t[]){vpic, MASTER}, 2) & 0xff;
	ck_assert_msg(isr == 0, "nothing goes into service then, but ISR is %02x", isr);
}

START_TEST(polls_and_rotations_go_by_the_data_sheet)
{
	assert_data_sheet();
	assert_polls();
	assert_rotates();
	assert_special_mask();
}
END_TEST

START_TEST(a_request_that_was_taken_back_does_not_come)
{
	assert_taken_back();
	assert_spurious();
}
END_TEST

const struct graded_test traps_vpic_tests[] = {
	{&random_scripts_show_what_the_real_8259s_show, EQUIVALENCE, 2, "interrupts"},
	{&polls_and_rotations_go_by_the_data_sheet, EQUIVALENCE, 1, "interrupts"},
	{&a_request_that_was_taken_back_does_not_come, EQUIVALENCE, 1, "interrupts"},
	{0},
};
