/* SPDX-License-Identifier: BSD-2-Clause */
/* What the boot loader said about the machine (Multiboot 3.3). */
#include "guest.h"
#include "multiboot.h"

static const struct multiboot_info *multiboot_info(uint32_t info)
{
	return (const struct multiboot_info *)info;
}

uint32_t memory_kib(uint32_t info)
{
	if (!(multiboot_info(info)->flags & MULTIBOOT_HAS_MEMORY))
		return 0;
	return 1024 + multiboot_info(info)->memory_upper;
}

const char *command_line(uint32_t info)
{
	if (!(multiboot_info(info)->flags & MULTIBOOT_HAS_COMMAND_LINE))
		return "";
	return (const char *)multiboot_info(info)->command_line;
}
