/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pair of 8259s as a program sees them (data sheet 231468): a script of writes, reads, requests
 * and moments in which the processor listens. Every interrupt, every byte read goes into the
 * record, in the order in which it was seen.
 *
 * The script that stands here is an example. Whoever judges writes others.
 */
#include "interrupts.h"
#include "kernel.h"

#define MASTER   0x20 /* command; data at the next port */
#define SLAVE    0xa0
#define FIRST    32 /* vectors below are the processor's */
#define CASCADE  2  /* the master's input that is the slave */
#define READ_ISR 0x0b
#define END      0x20
#define SPECIFIC 0x60 /* + input */
#define ROTATE   0xe0 /* + input: specific, and the lowest from now on */

SEEDED struct script_step interrupts_script[SCRIPT_STEPS] = {
	{SCRIPT_OUT, 0x11, 0x20},
	{SCRIPT_OUT, 0x40, 0x21},
	{SCRIPT_OUT, 0x04, 0x21},
	{SCRIPT_OUT, 0x01, 0x21},
	{SCRIPT_OUT, 0x11, 0xa0},
	{SCRIPT_OUT, 0x48, 0xa1},
	{SCRIPT_OUT, 0x02, 0xa1},
	{SCRIPT_OUT, 0x01, 0xa1},
	{SCRIPT_BASES, 0x48, 0x40},
	{SCRIPT_OUT, 0xff, 0x21},
	{SCRIPT_OUT, 0xff, 0xa1},
	{SCRIPT_POLICY, POLICY_END, 0},
	{SCRIPT_POLICY, POLICY_END_SPECIFIC, 4},
	{SCRIPT_POLICY, POLICY_END, 8},
	{SCRIPT_RAISE, 8, 0},
	{SCRIPT_RAISE, 4, 0},
	{SCRIPT_RAISE, 0, 0},
	{SCRIPT_IN, 0, 0x20},
	{SCRIPT_IN, 0, 0xa0},
	{SCRIPT_OUT, 0x00, 0xa1},
	{SCRIPT_OUT, 0x00, 0x21},
	{SCRIPT_LISTEN, 0, 0},
	{SCRIPT_OUT, 0xff, 0x21},
	{SCRIPT_OUT, 0xff, 0xa1},
	{SCRIPT_LOWER, 8, 0},
	{SCRIPT_LOWER, 4, 0},
	{SCRIPT_LOWER, 0, 0},
};

uint32_t interrupts_record[SCRIPT_RECORDS];
uint32_t interrupts_records;

static uint8_t policies[16];
static uint8_t master_base, slave_base;

static void record(enum script_record kind, uint32_t seen)
{
	if (interrupts_records < SCRIPT_RECORDS)
		interrupts_record[interrupts_records++] = (uint32_t)kind << 24 | seen;
}

static void raise(unsigned irq)
{
	if (!line_raise(irq))
		record(RECORD_LOST, irq);
}

/* Long enough for any number of interrupts: each one comes back here for the next. */
static void listen(void)
{
	__asm__ volatile("sti; nop; nop; nop; nop; cli" : : : "memory");
}

static uint8_t in_service(uint16_t chip)
{
	port_write8(chip, READ_ISR);
	return port_read8(chip);
}

static void end_interrupt(unsigned irq, enum script_policy policy)
{
	unsigned input = irq % 8;

	switch (policy) {
	case POLICY_END:
		if (irq >= 8)
			port_write8(SLAVE, END);
		port_write8(MASTER, END);
		break;
	case POLICY_END_SPECIFIC:
	case POLICY_END_ROTATE: {
		uint8_t command = policy == POLICY_END_ROTATE ? ROTATE : SPECIFIC;
		if (irq >= 8)
			port_write8(SLAVE, (uint8_t)(command + input));
		port_write8(MASTER, (uint8_t)(command + (irq >= 8 ? CASCADE : input)));
		break;
	}
	case POLICY_END_MASTER:
		port_write8(MASTER, END);
		break;
	default:
		break;
	}
}

static void on_interrupt(struct frame *frame)
{
	unsigned base = frame->vector & ~7u, input = frame->vector & 7;
	unsigned irq = base == slave_base && base != master_base ? 8 + input : input;
	uint32_t master = in_service(MASTER), slave = in_service(SLAVE);

	record(RECORD_INTERRUPT, slave << 16 | master << 8 | frame->vector);
	if (policies[irq] & POLICY_NEST) {
		raise(policies[irq] >> 4);
		listen();
	}
	end_interrupt(irq, policies[irq] & 7);
	record(RECORD_RETURN, frame->vector);
}

static void perform(struct script_step step)
{
	switch (step.verb) {
	case SCRIPT_OUT:
		port_write8(step.port, step.value);
		break;
	case SCRIPT_IN:
		record(RECORD_READ, (uint32_t)step.port << 8 | port_read8(step.port));
		break;
	case SCRIPT_RAISE:
		raise(step.value);
		break;
	case SCRIPT_LOWER:
		line_lower(step.value);
		break;
	case SCRIPT_LISTEN:
		listen();
		record(RECORD_LISTENED, 0);
		break;
	case SCRIPT_POLICY:
		policies[step.port % 16] = step.value;
		break;
	case SCRIPT_BASES:
		master_base = (uint8_t)step.port;
		slave_base = step.value;
		break;
	}
}

void kernel_main(uint32_t info)
{
	uint32_t sum = 0;

	(void)info;
	kernel_tables_load();
	for (unsigned vector = FIRST; vector < VECTORS; vector++)
		handler_set((uint8_t)vector, on_interrupt);
	lines_prepare();
	for (unsigned i = 0; i < SCRIPT_STEPS && interrupts_script[i].verb != SCRIPT_END; i++) {
		struct script_step step = {
			.verb = interrupts_script[i].verb,
			.value = interrupts_script[i].value,
			.port = interrupts_script[i].port,
		};
		perform(step);
	}
	for (unsigned i = 0; i < interrupts_records; i++)
		sum = (sum << 5 | sum >> 27) + interrupts_record[i];
	console_printf("interrupts: %u records, checksum %08x\n", interrupts_records, sum);
}
