/* SPDX-License-Identifier: BSD-2-Clause */
/* The pair of 8259A interrupt controllers of a PC (data sheet 231468). */
#include "kernel.h"

#define MASTER_COMMAND 0x20
#define MASTER_DATA    0x21
#define SLAVE_COMMAND  0xa0
#define SLAVE_DATA     0xa1

#define ICW1        0x11 /* edge triggered, cascaded, ICW4 follows */
#define ICW3_MASTER 0x04 /* the slave is at input 2 */
#define ICW3_SLAVE  0x02
#define ICW4        0x01 /* 8086 mode, ends by command */
#define EOI         0x20 /* OCW2: non-specific end of interrupt */

void pic_init(uint8_t master, uint8_t slave)
{
	port_write8(MASTER_COMMAND, ICW1);
	port_write8(MASTER_DATA, master);
	port_write8(MASTER_DATA, ICW3_MASTER);
	port_write8(MASTER_DATA, ICW4);
	port_write8(SLAVE_COMMAND, ICW1);
	port_write8(SLAVE_DATA, slave);
	port_write8(SLAVE_DATA, ICW3_SLAVE);
	port_write8(SLAVE_DATA, ICW4);
	pic_mask(0xffff);
}

void pic_mask(uint16_t masked)
{
	port_write8(MASTER_DATA, (uint8_t)masked);
	port_write8(SLAVE_DATA, (uint8_t)(masked >> 8));
}

void pic_end(unsigned irq)
{
	if (irq >= 8)
		port_write8(SLAVE_COMMAND, EOI);
	port_write8(MASTER_COMMAND, EOI);
}
