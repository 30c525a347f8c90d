/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes where the kernel is. The processor adds the base of this program's segment and compares
 * with its limit, so this is neither the kernel's memory nor anyone's. An emulator that does not
 * check limits gets a second chance: HLT, which ring 3 may not use. */
#include "pocket.h"

#define KERNEL_START 0x100000u

int32_t main(void)
{
	printf("fault: writing to %x\n", KERNEL_START);
	*(volatile uint32_t *)KERNEL_START = 0;
	printf("fault: this processor does not check limits\n");
	__asm__ volatile("hlt");
	return 1;
}
