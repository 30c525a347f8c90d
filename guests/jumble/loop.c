/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A loop that the timer interrupts, each time after another while. Each round of the loop begins in
 * the same state. So what an interrupt before one of its instructions sees, EFLAGS above all, is
 * the same each time it comes there (Intel SDM volume 3A, 6.8).
 *
 * The timer counts down once (mode 0) and is set again by the handler: an interrupt that is lost is
 * missed for ever, and the loop gives up.
 */
#include "jumble.h"

#define PIT_0          0x40
#define PIT_CONTROL    0x43
#define ONE_SHOT       0x30 /* counter 0, low byte then high byte, mode 0 */
#define IRQ_VECTOR     0x20
#define SPURIOUS       0x27   /* a request that was taken back: no one wants its end */
#define LOOPS_FOR_EACH 20000u /* rounds without an interrupt, after which it is lost */

SEEDED uint32_t jumble_wanted; /* interrupts */
SEEDED uint32_t jumble_clocks = 40, jumble_clocks_range = 60;
SEEDED uint32_t jumble_seed = 1;

struct jumble_seen jumble_seen[JUMBLE_BODY];
uint32_t jumble_taken;   /* interrupts */
uint32_t jumble_closed;  /* of them, with IF = 0 in their frame */
uint32_t jumble_outside; /* of them, neither in the body nor in the loop around it */
uint32_t jumble_lost;    /* the loop gave up */

extern const uint8_t jumble_body[], jumble_loop[], jumble_loop_end[];

/* Runs the body once: loop.asm */
void jumble_round(void);

/* The timer's clocks are some forty instructions long: in between it is the delay that counts. */
static void timer_set(void)
{
	jumble_seed = jumble_seed * 1664525 + 1013904223;
	for (uint32_t i = jumble_seed >> 25; i > 0; i--)
		__asm__ volatile("");
	uint32_t clocks = jumble_clocks + (jumble_seed >> 8) % jumble_clocks_range;
	port_write8(PIT_CONTROL, ONE_SHOT);
	port_write8(PIT_0, (uint8_t)clocks);
	port_write8(PIT_0, (uint8_t)(clocks >> 8));
}

static bool is_same(const struct jumble_state *first, const struct jumble_state *now)
{
	const uint32_t *a = (const uint32_t *)first, *b = (const uint32_t *)now;

	for (uint32_t i = 0; i < sizeof(*now) / 4; i++)
		if (a[i] != b[i])
			return false;
	return true;
}

static void see(struct jumble_seen *seen, const struct jumble_state *now)
{
	if (!seen->count++)
		seen->first = *now;
	if (is_same(&seen->first, now))
		return;
	seen->differed++;
	seen->other = *now;
}

static void interrupt(struct frame *frame)
{
	uint32_t at = frame->eip - (uint32_t)jumble_body;
	struct jumble_state now = {
		.registers = {frame->edi, frame->esi, frame->ebp, (uint32_t)&frame->user_esp,
			frame->ebx, frame->edx, frame->ecx, frame->eax},
		.cs = frame->cs,
		.eflags = frame->eflags,
	};

	jumble_taken++;
	jumble_closed += !(frame->eflags & EFLAGS_IF);
	if (at < JUMBLE_BODY)
		see(&jumble_seen[at], &now);
	else if (frame->eip < (uint32_t)jumble_loop || frame->eip >= (uint32_t)jumble_loop_end)
		jumble_outside++;
	pic_end(0);
	timer_set();
}

static void spurious(struct frame *frame)
{
	(void)frame;
}

void loop_run(void)
{
	uint32_t before = 0, rounds = 0;

	handler_set(IRQ_VECTOR, interrupt);
	handler_set(SPURIOUS, spurious);
	timer_set();
	pic_mask((uint16_t)~1u);
	while (jumble_taken < jumble_wanted && rounds < LOOPS_FOR_EACH) {
		jumble_round();
		rounds = before == jumble_taken ? rounds + 1 : 0;
		before = jumble_taken;
	}
	interrupts_disable();
	pic_mask(0xffff);
	jumble_lost = jumble_taken < jumble_wanted;
	if (jumble_lost)
		console_printf("jumble: the interrupt behind number %u is lost\n", jumble_taken);
}
