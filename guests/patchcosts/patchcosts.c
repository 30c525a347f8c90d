/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the instructions cost that are sensitive and do not trap: PUSHF, POPF, STI, reads of CS,
 * IRET, SMSW; what it costs to run a page of code for the first time, and to write beside code.
 * Whoever measures counts instructions and exits between the labels of patchcosts.asm, here and on
 * the bare machine.
 */
#include "kernel.h"

#define ROUNDS 12u /* of patchcosts.asm */

extern const uint8_t patchcosts_back[];
extern const uint8_t patchcosts_function[], patchcosts_function_end[];
void patchcosts_run(void);
void patchcosts_loop(void);

/* A page of code for each round, and what ring 3 has for a stack. */
uint8_t patchcosts_pages[ROUNDS][PAGE_SIZE] __attribute__((aligned(4096)));
uint8_t patchcosts_user_stack[PAGE_SIZE] __attribute__((aligned(4096)));

void kernel_main(uint32_t info)
{
	(void)info;
	kernel_tables_load();
	pic_init(0x20, 0x28);
	kernel_idt[SYSTEM_CALL] =
		gate_make(KERNEL_CS, (uint32_t)patchcosts_back, GATE_INTERRUPT | ACCESS_DPL(3));
	for (uint32_t i = 0; i < ROUNDS; i++)
		memcpy(patchcosts_pages[i], patchcosts_function,
			(size_t)(patchcosts_function_end - patchcosts_function));
	patchcosts_run();
	patchcosts_loop();
	console_printf("patchcosts: over\n");
}
