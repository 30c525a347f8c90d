/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The timer's ports, and what its outputs are wired to (Intel 8254 data sheet 231164, "Programming
 * the 82C54" and "Read Operations"; IBM PC AT Technical Reference for port 61h).
 *
 * Only the rising edges of counter 0's output are reported. In modes 2 and 3 IRQ 0 then stays high
 * until just before the next one: a falling edge would take a request back that waits, and a guest
 * whose turn comes late would lose a tick that the bare machine would have given it in time.
 */
#include "machine.h"
#include "vm.h"

/* The control word. */
#define CONTROL          3    /* its port, from PIT_PORT */
#define ACCESS_MASK      0x30 /* 0: the counter latch command */
#define COUNTER_SHIFT    6
#define READ_BACK        3    /* in the place of a counter's number */
#define READ_BACK_COUNT  0x20 /* both mean: do not */
#define READ_BACK_STATUS 0x10

/* Port 61h. */
#define GATE_2         0x01
#define PORT61_KEPT    0x0f
#define REFRESH        0x10 /* toggles */
#define OUT_2          0x20
#define REFRESH_CLOCKS 18 /* 15 us between two toggles */

/* What the BIOS leaves. */
#define TICKS_18_HZ  0x34 /* counter 0, both bytes, mode 2; the count is 0, which is 65536 */
#define REFRESH_RATE 0x54 /* counter 1, low byte, mode 2 */
#define SPEAKER_TONE 0xb6 /* counter 2, both bytes, mode 3 */

/* ---- counter 0's output ---- */

/* Something was written to counter 0: its output may have changed, and will rise at another time.
 */
static void pit_rewired(struct vm *vm, bool was_high, uint64_t now)
{
	struct pit *pit = &vm->devices.pit;
	bool high = counter_out(&pit->counter[0], now);

	if (!high || !was_high)
		vm_irq(vm, IRQ_TIMER, false);
	if (high && !was_high)
		vm_irq(vm, IRQ_TIMER, true);
	pit->next_edge = counter_next_edge(&pit->counter[0], now);
	vm_deadline_changed(vm);
}

void pit_advance(struct vm *vm, uint64_t now)
{
	struct pit *pit = &vm->devices.pit;

	if (now < pit->next_edge)
		return;
	vm_irq(vm, IRQ_TIMER, false);
	vm_irq(vm, IRQ_TIMER, true);
	pit->next_edge = counter_edge_after(&pit->counter[0], pit->next_edge, now);
}

/* ---- ports 40h to 43h ---- */

static void pit_control(struct pit *pit, uint8_t word, uint64_t now)
{
	unsigned number = word >> COUNTER_SHIFT;

	if (number != READ_BACK) {
		if (word & ACCESS_MASK)
			counter_control(&pit->counter[number], word, now);
		else
			counter_latch_count(&pit->counter[number], now);
		return;
	}
	for (unsigned i = 0; i < PIT_COUNTERS; i++) {
		if (!(word >> (i + 1) & 1))
			continue;
		if (!(word & READ_BACK_COUNT))
			counter_latch_count(&pit->counter[i], now);
		if (!(word & READ_BACK_STATUS))
			counter_latch_status(&pit->counter[i], now);
	}
}

static void pit_write(struct vm *vm, uint16_t port, unsigned size, uint32_t value)
{
	struct pit *pit = &vm->devices.pit;
	uint64_t now = clock_now();
	unsigned number = port - PIT_PORT;

	(void)size;
	pit_advance(vm, now);
	bool was_high = counter_out(&pit->counter[0], now);
	if (number == CONTROL)
		pit_control(pit, (uint8_t)value, now);
	else
		counter_write(&pit->counter[number], (uint8_t)value, now);
	bool for_counter_0 = number == 0 || (number == CONTROL && value >> COUNTER_SHIFT == 0 &&
						    value & ACCESS_MASK);
	if (for_counter_0)
		pit_rewired(vm, was_high, now);
}

static uint32_t pit_read(struct vm *vm, uint16_t port, unsigned size)
{
	unsigned number = port - PIT_PORT;

	(void)size;
	if (number == CONTROL)
		return 0xff; /* it cannot be read */
	return counter_read(&vm->devices.pit.counter[number], clock_now());
}

/* ---- port 61h ---- */

static void gate_write(struct vm *vm, uint16_t port, unsigned size, uint32_t value)
{
	struct pit *pit = &vm->devices.pit;

	(void)port;
	(void)size;
	pit->port61 = value & PORT61_KEPT;
	counter_set_gate(&pit->counter[2], value & GATE_2, clock_now());
}

static uint32_t gate_read(struct vm *vm, uint16_t port, unsigned size)
{
	struct pit *pit = &vm->devices.pit;
	uint64_t now = clock_now();
	uint32_t value = pit->port61;

	(void)port;
	(void)size;
	if (clock_remainder(now, 2 * REFRESH_CLOCKS) >= REFRESH_CLOCKS)
		value |= REFRESH;
	if (counter_out(&pit->counter[2], now))
		value |= OUT_2;
	return value;
}

void pit_attach(struct vm *vm, uint64_t now)
{
	static const struct {
		uint8_t control;
		uint16_t count;
	} bios[PIT_COUNTERS] = {
		{TICKS_18_HZ, 0}, {REFRESH_RATE, REFRESH_CLOCKS}, {SPEAKER_TONE, 0}};
	struct pit *pit = &vm->devices.pit;

	for (unsigned i = 0; i < PIT_COUNTERS; i++) {
		struct pit_counter *counter = &pit->counter[i];
		*counter = (struct pit_counter){.gate = i != 2};
		counter_control(counter, bios[i].control, now);
		counter_write(counter, (uint8_t)bios[i].count, now);
		if (counter->writing_high)
			counter_write(counter, (uint8_t)(bios[i].count >> 8), now);
	}
	pit->port61 = 0;
	pit->next_edge = counter_next_edge(&pit->counter[0], now);
	bus_attach(&vm->bus, (struct bus_range){.first = PIT_PORT,
				     .last = PIT_PORT + CONTROL,
				     .read = pit_read,
				     .write = pit_write});
	bus_attach(&vm->bus, (struct bus_range){.first = PIT_PORT_GATE,
				     .last = PIT_PORT_GATE,
				     .read = gate_read,
				     .write = gate_write});
}
