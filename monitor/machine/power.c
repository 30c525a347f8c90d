/* SPDX-License-Identifier: BSD-2-Clause */
/* The end of the machine: switched off where the machine understands one of the two ways that
 * the emulators have, halted elsewhere. */
#include "cpu.h"
#include "machine.h"

#define BOCHS_POWER_PORT 0x8900 /* wants the word "Shutdown", byte by byte */
#define QEMU_PM_CONTROL  0x604  /* PM1a_CNT of QEMU's PIIX4, where its BIOS puts it */
#define PM_SLEEP_ENABLE  0x2000 /* with SLP_TYP 0: soft off (ACPI 4.8.3.2.1) */

void machine_power_off(void)
{
	serial_flush();
	for (const char *word = "Shutdown"; *word; word++)
		port_write8(BOCHS_POWER_PORT, (uint8_t)*word);
	port_write16(QEMU_PM_CONTROL, PM_SLEEP_ENABLE);
	log_printf("ringfence: you can switch the machine off now\n");
	cpu_halt();
}
