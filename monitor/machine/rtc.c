/* SPDX-License-Identifier: BSD-2-Clause */
/* The real clock (Motorola MC146818A data sheet, "Update Cycle"): read where guests' clocks start.
 */
#include "cpu.h"
#include "machine.h"

#define RTC_ADDRESS 0x70
#define RTC_DATA    0x71
#define RTC_A       0x0a
#define RTC_A_UIP   0x80   /* an update comes within 244 us, or is under way */
#define WAIT_LIMIT  100000 /* polls; far longer than the 2.2 ms that an update takes */

uint8_t rtc_read(uint8_t address)
{
	port_write8(RTC_ADDRESS, address);
	return port_read8(RTC_DATA);
}

void rtc_wait(void)
{
	for (unsigned wait = 0; wait < WAIT_LIMIT && rtc_read(RTC_A) & RTC_A_UIP; wait++)
		;
}
