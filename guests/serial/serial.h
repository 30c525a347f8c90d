/* SPDX-License-Identifier: BSD-2-Clause */
/* What the guest `serial` keeps of what it saw. */
#ifndef SERIAL_H
#define SERIAL_H

#include <stdint.h>

#define SERIAL_MESSAGE 80 /* bytes, with the final NUL */
#define SERIAL_BYTES   48

struct serial_results {
	/* registers as they read after something was written to them */
	uint32_t interrupt_enable, line_control, modem_control, divisor, scratch;
	uint32_t identification_plain, identification_fifo, line_status;
	/* in loopback */
	uint32_t modem_status[16];   /* for each value of the four outputs */
	uint32_t identifications[7]; /* interrupts in the order in which they are named */
	uint32_t trigger[4][16];     /* identification, by trigger level and bytes received */
	uint32_t timeout, timeout_over;
	uint32_t received_count; /* of bytes that came round the loop */
	uint8_t received[SERIAL_BYTES];
	uint32_t overrun[6]; /* two bytes where there is room for one; Bochs knows no overrun */
	/* the driver */
	uint32_t interrupts, sent, none_pending;
};

#endif
