/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The constants that the guests' C and NASM files share with the monitor's headers. This file is
 * compiled to assembly and never linked; guests.mk turns the lines that it leaves there into
 * constants.inc.
 */
#include "layout.h"
#include "multiboot.h"
#include "pal.h"

#define CONSTANT(name) __asm__ volatile(".ascii \"@ " #name " %c0\"" : : "i"((unsigned)(name)))

void constants(void);

void constants(void)
{
	CONSTANT(MONITOR_BASE);
	CONSTANT(MONITOR_CS);
	CONSTANT(MONITOR_DS);
	CONSTANT(MONITOR_TSS);
	CONSTANT(MONITOR_FAULT_TSS);
	CONSTANT(BOOT_CS);
	CONSTANT(BOOT_DS);
	CONSTANT(MULTIBOOT_HEADER_MAGIC);
	CONSTANT(MULTIBOOT_PAGE_ALIGN);
	CONSTANT(MULTIBOOT_MEMORY_INFO);
	CONSTANT(PAL_SLOT);
	CONSTANT(PAL_VERSION);
	CONSTANT(PAL_FLAGS);
	CONSTANT(PAL_SET_FLAGS);
	CONSTANT(PAL_MASK);
	CONSTANT(PAL_UNMASK);
	CONSTANT(PAL_HALT);
	CONSTANT(PAL_SET_CR3);
	CONSTANT(PAL_INVALIDATE);
	CONSTANT(PAL_UPDATE);
	CONSTANT(PAL_UPDATE_SIZE);
	CONSTANT(PAL_TIME);
	CONSTANT(PAL_CONSOLE);
	CONSTANT(PAL_OPERATIONS);
	CONSTANT(PAL_OF_MACHINE);
	CONSTANT(PAL_HEADER_MAGIC);
	CONSTANT(PAL_HEADER_VERSION);
}
