/* SPDX-License-Identifier: BSD-2-Clause */
/* The interrupt controllers before lab 2: they never ask for anything, and read as an empty port.
 */
#include "traps.h"

void vpic_reset(struct vpic *vpic)
{
	(void)vpic;
}

void vpic_line(struct vpic *vpic, unsigned irq, bool level)
{
	(void)vpic, (void)irq, (void)level;
}

bool vpic_pending(const struct vpic *vpic)
{
	(void)vpic;
	return false;
}

uint8_t vpic_acknowledge(struct vpic *vpic)
{
	(void)vpic;
	return 0;
}

uint8_t vpic_read(struct vpic *vpic, uint16_t port)
{
	(void)vpic, (void)port;
	return 0xff;
}

void vpic_write(struct vpic *vpic, uint16_t port, uint8_t value)
{
	(void)vpic, (void)port, (void)value;
}
