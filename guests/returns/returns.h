/* SPDX-License-Identifier: BSD-2-Clause */
/* The selectors of returns.c, once more in probes.asm. Names that end in _3 have DPL 3. */
#ifndef RETURNS_H
#define RETURNS_H

#include "kernel.h"

#define CODE_ABSENT      (KERNEL_FREE + 0x00)
#define CODE_ABSENT_3    (KERNEL_FREE + 0x08 + 3)
#define CODE_CONFORMING  (KERNEL_FREE + 0x10)
#define CODE_NEAR        (KERNEL_FREE + 0x18) /* 256 bytes, for 16 bits of EIP */
#define CODE_NEAR_3      (KERNEL_FREE + 0x20 + 3)
#define DATA_SMALL       (KERNEL_FREE + 0x28) /* ends at SMALL_END */
#define DATA_SMALL_3     (KERNEL_FREE + 0x30 + 3)
#define DATA_ABSENT      (KERNEL_FREE + 0x38)
#define DATA_ABSENT_3    (KERNEL_FREE + 0x40 + 3)
#define DATA_READ_ONLY   (KERNEL_FREE + 0x48)
#define DATA_READ_ONLY_3 (KERNEL_FREE + 0x50 + 3)
#define DATA_BASE        (KERNEL_FREE + 0x58) /* begins at BASE */
#define DATA_16          (KERNEL_FREE + 0x60) /* a 16-bit stack, 64 KiB */
#define DATA_DOWN        (KERNEL_FREE + 0x68) /* the same, expand-down: from 100h */

#define SMALL_END 0x200000u
#define BASE      0x10000u

#endif
