/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The real machine, as far as the monitor drives it: memory, tables, interrupt controllers,
 * timer, serial line, log and power.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdarg.h>

#include "layout.h"
#include "multiboot.h"
#include "organ.h"
#include "x86.h"

/* ---- memory (memory.c): frames of PAGE_SIZE bytes, up to MACHINE_MEMORY_MAX ---- */

/* Learns from the boot loader's map which frames are free. */
void memory_init(const struct multiboot_info *info);

/* `count` frames side by side, zeroed, aligned to `alignment` bytes (a power of two, at least
 * PAGE_SIZE). False where there is no such run. */
bool frames_allocate(uint32_t count, uint32_t alignment, maddr_t *first);
void frames_free(maddr_t first, uint32_t count);
uint32_t frames_available(void);

/* The monitor's own view of a machine address: the direct map. */
static inline void *machine_pointer(maddr_t address)
{
	return (void *)(uintptr_t)(MONITOR_BASE + address.raw);
}

static inline maddr_t machine_address(const void *pointer)
{
	return maddr((uint32_t)(uintptr_t)pointer - MONITOR_BASE);
}

/* ---- paging (paging.c) ---- */

#define FIRST_MONITOR_ENTRY (MONITOR_BASE / LARGE_PAGE_SIZE)

/* The direct map, in the entries from FIRST_MONITOR_ENTRY on. */
extern uint32_t boot_page_directory[TABLE_ENTRIES];

void paging_init(void);

/* A new page directory that holds the direct map and nothing else; false: no memory. */
bool page_directory_create(maddr_t *directory);

/* Gives its page tables and itself back. */
void page_directory_destroy(maddr_t directory);

/* Maps one page: linear -> machine, with PTE_... flags. False: no memory for a page table. */
bool page_map(maddr_t directory, gla_t linear, maddr_t machine, uint32_t flags);

/* ---- descriptor tables (tables.c) ---- */

struct gdt;

/* The monitor's own GDT, IDT and TSS, through the functions of rings.h. */
void tables_init(void);

/* Writes the monitor's own entries, the last eight, into a GDT. */
void gdt_fill_monitor(struct gdt *gdt);
struct table_register gdt_register(const struct gdt *gdt);

/* The gates that all lead to the monitor. */
extern struct descriptor monitor_idt[VECTORS];

/* From now on INT `vector` in ring 1 leads to the monitor, instead of to #GP. */
void gate_open_to_kernels(unsigned vector);

extern struct table_register monitor_idtr;

struct table_register idt_register(const struct descriptor idt[VECTORS]);

/* Where a trap from an outer ring finds its stack. */
void tss_set_stack(uint32_t esp0);

/* Where a gate that leads to ring 1 finds its stack. */
void tss_set_inner_stack(uint16_t ss1, uint32_t esp1);

/* ---- time (clock.c) ---- */

/* Learns how fast the time-stamp counter is. Takes about 5 ms. */
void clock_init(void);

/* ---- interrupts (interrupts.c): two 8259s, an 8254 ---- */

#define TICKS_PER_SECOND 100u /* the timer comes at least so often */

#define IRQ_TIMER    0
#define IRQ_KEYBOARD 1
#define IRQ_SERIAL   4

void interrupts_init(void);

/* A real interrupt has arrived: acknowledges it. False where it was a spurious one. */
bool interrupt_acknowledge(unsigned irq);

/* The next interrupt of the timer comes at `deadline`, or a tick from now where that is sooner. */
void timer_set(uint64_t now, uint64_t deadline);

/* The byte that the keyboard controller has. */
uint8_t keyboard_get(void);

/* Stops the processor until an interrupt comes: its vector. The only place where the monitor itself
 * is interrupted. */
uint32_t machine_idle(void);

/* ---- the serial line (serial.c): the guests' console ---- */

void serial_init(void);
void serial_put(uint8_t byte);

/* Waits until everything has left the UART. */
void serial_flush(void);

/* A byte that has arrived, or -1 where none has. One that arrives raises IRQ_SERIAL. */
int serial_get(void);

/* ---- the real clock (rtc.c) ---- */

/* Waits until the registers hold still, for 244 us at least. */
void rtc_wait(void);

/* One register of it, or of the memory beside it (0 to 127). */
uint8_t rtc_read(uint8_t address);

/* ---- the monitor's log (log.c): port 0xe9, and a copy in memory ---- */

/* Before it is called, the log goes to memory only. */
void log_init(bool memory_only);

/* printf with %s %c %u %d %x %% and a width with leading zeros or blanks. */
__attribute__((format(printf, 1, 2))) void log_printf(const char *format, ...);

/* The same into `text`, at most `size` bytes with the final NUL. */
__attribute__((format(printf, 3, 4))) void text_printf(
	char *text, size_t size, const char *format, ...);
void text_format(char *text, size_t size, const char *format, va_list arguments);

/* ---- the end (power.c) ---- */

/* Switches the machine off; where that is not to be had, halts. */
_Noreturn void machine_power_off(void);

/* The monitor itself cannot go on: one message, then power off. */
__attribute__((format(printf, 1, 2), noreturn, cold)) void panic(const char *format, ...);

#endif
