/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The monitor's machine.h for a 64-bit host: the same functions, but the machine's memory is one
 * array of the host's (host.c). It lies where the low 32 bits of its addresses are those of the
 * direct map, so what the monitor writes into descriptors and table registers is what it would
 * write there.
 */
#ifndef FUZZ_MACHINE_H
#define FUZZ_MACHINE_H

#define machine_pointer chassis_machine_pointer
#include "../../monitor/include/machine.h"
#undef machine_pointer

#define HOST_MEMORY 0x200000000000ull /* + MONITOR_BASE + a machine address */

static inline void *machine_pointer(maddr_t address)
{
	return (void *)(uintptr_t)(HOST_MEMORY + MONITOR_BASE + address.raw);
}

#endif
