/* SPDX-License-Identifier: BSD-2-Clause */
/* The selectors and the vector of tables.c, once more in probes.asm. */
#ifndef TABLES_H
#define TABLES_H

#include "kernel.h"

/* In the GDT */
#define DATA_0     (KERNEL_FREE + 0x00)     /* tables_data[0], 4 bytes */
#define DATA_3     (KERNEL_FREE + 0x08 + 3) /* tables_data[1]; it is this one that changes */
#define LDT        (KERNEL_FREE + 0x10)
#define OTHER_LDT  (KERNEL_FREE + 0x18)
#define OTHER_TSS  (KERNEL_FREE + 0x20)
#define ABSENT_LDT (KERNEL_FREE + 0x28)
#define ABSENT_TSS (KERNEL_FREE + 0x30)
#define CODE_3     (KERNEL_FREE + 0x38)
#define SHORT_LDT  (KERNEL_FREE + 0x40) /* entry 0 alone */
#define READ_ONLY  (KERNEL_FREE + 0x48)
#define ABSENT     (KERNEL_FREE + 0x50) /* data */
#define CONFORMING (KERNEL_FREE + 0x58)

/* In the LDT: 1 data (tables_data[2]), 2 code and 3 data of ring 3, 4 data (tables_data[1]) of ring
 * 0 */
#define LDT_ENTRIES 8

#define MOVED 0x70 /* the gate that changes */

#endif
