/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes where the kernel is: its pages are there, but not for ring 3. With an argument, writes to
 * its own code instead, which is only for reading. */
#include "pocket.h"

#define KERNEL_START 0x100000u

int32_t main(int32_t argc, char **argv)
{
	uint32_t address = argc > 1 ? (uint32_t)main : KERNEL_START;

	printf("fault: writing to %s\n", argc > 1 ? argv[1] : "the kernel");
	*(volatile uint32_t *)address = 0;
	printf("fault: nobody minds\n");
	return 1;
}
