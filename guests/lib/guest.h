/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every guest has: a console, a screen, a clean start and an end.
 *
 * A guest boots bare, and in ring 1 under the monitor. It cannot tell which, unless it uses one of
 * the instructions that show it; the library uses none.
 */
#ifndef GUEST_H
#define GUEST_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A value that is drawn from a seed and written into the guest's ELF file after it was built. It
 * must have initialised storage in .data, and the code must read it where it stands.
 */
#define SEEDED __attribute__((section(".data"))) volatile

/* Each guest's own part. `info` is the address of its struct multiboot_info. When it returns, the
 * guest switches itself off. */
void kernel_main(uint32_t info);

/* Switches the machine off; where that is not to be had, halts. Its first instruction has the label
 * guest_done: nothing of what the guest computes or prints comes after it. */
_Noreturn void power_off(void);

/* ---- console.c: COM1, 115200 baud, by polling ---- */

/* One byte. A port that never becomes ready is given up after a bounded wait. */
void console_put(char byte);

/* At most TEXT_MAX - 1 bytes, formatted as by text_printf(). */
__attribute__((format(printf, 1, 2))) void console_printf(const char *format, ...);

/* ---- text.c ---- */

#define TEXT_MAX 256

/* printf with %s %c %u %x %%, and a width with leading zeros for numbers (%08x). Writes at most
 * `size` bytes with the final NUL. */
__attribute__((format(printf, 3, 4))) void text_printf(
	char *text, size_t size, const char *format, ...);
void text_format(char *text, size_t size, const char *format, va_list arguments);

/* ---- screen.c: the VGA text buffer, 25 rows of 80 ---- */

/* Writes a line from its first column and blanks the rest of the row. No port is touched, so under
 * the monitor this costs no exit. */
void screen_write(unsigned row, const char *text);

/* ---- information.c: what the boot loader said ---- */

/* KiB of memory from address 0 up to the end of the block that starts at 1 MiB. */
uint32_t memory_kib(uint32_t info);

/* The command line, "name word word ..."; empty where there is none. */
const char *command_line(uint32_t info);

/* ---- memory.c: what the compiler takes for granted ---- */

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memset(void *to, int byte, size_t size);

/* ---- ports ---- */

static inline uint8_t port_read8(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void port_write8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

#endif
