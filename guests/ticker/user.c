/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every task does, in ring 3: it computes a checksum of its own data, which keeps the general
 * registers and the flags busy while the timer takes the processor away again and again; then it
 * waits for its turn and prints a line.
 */
#include "kernel.h"
#include "ticker.h"

#define LINE 64

void ticker_user_main(uint32_t number); /* entry.asm calls it */

USER_CODE static uint32_t compute(uint32_t number)
{
	uint32_t a = number + 1, b = 0x9e3779b9, c = 0;

	for (uint32_t round = 0; round < ticker_rounds; round++)
		for (uint32_t i = 0; i < TASK_DATA; i++) {
			a = (a << 7 | a >> 25) + ticker_data[number][i];
			b ^= a * 0x85ebca6b;
			c += b < a; /* the carry */
		}
	return a ^ b ^ c;
}

USER_CODE void ticker_user_main(uint32_t number)
{
	char line[LINE];
	uint32_t result = compute(number);

	system_call(CALL_COMPUTED, result);
	while (!system_call(CALL_TURN, 0))
		;
	text_printf(line, sizeof(line), "task %u computed %08x\n", number, result);
	for (const char *c = line; *c; c++)
		system_call(CALL_PUT, (uint8_t)*c);
	system_call(CALL_END, 0);
}
