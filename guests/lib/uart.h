/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * COM1 as a driver sees it: the ports and bits of its UART (National Semiconductor PC16550D data
 * sheet, section 8). While LCR_DLAB is set, the first two ports are the divisor's low and high
 * byte.
 */
#ifndef GUEST_UART_H
#define GUEST_UART_H

#define COM1      0x3f8
#define UART_DATA (COM1 + 0)
#define UART_IER  (COM1 + 1) /* which interrupts are enabled */
#define UART_IIR  (COM1 + 2) /* read: which one is pending */
#define UART_FCR  (COM1 + 2) /* written: the FIFOs */
#define UART_LCR  (COM1 + 3)
#define UART_MCR  (COM1 + 4)
#define UART_LSR  (COM1 + 5)
#define UART_MSR  (COM1 + 6)
#define UART_SCR  (COM1 + 7)

#define IER_DATA     0x01
#define IER_THRE     0x02 /* the transmitter can take more */
#define IER_LINE     0x04
#define IER_MODEM    0x08
#define IIR_NONE     0x01
#define IIR_ID       0x0f
#define IIR_THRE     0x02
#define FCR_ENABLE   0x01
#define FCR_RESET    0x06 /* both FIFOs */
#define FCR_LEVEL_14 0xc0
#define LCR_8N1      0x03
#define LCR_DLAB     0x80
#define MCR_LINES    0x0b /* DTR, RTS, and OUT2: the interrupt's way to IRQ 4 */
#define MCR_LOOP     0x10
#define LSR_DR       0x01
#define LSR_THRE     0x20
#define LSR_TEMT     0x40

#define UART_DIVISOR 1  /* 115200 baud */
#define UART_FIFO    16 /* bytes */

#endif
