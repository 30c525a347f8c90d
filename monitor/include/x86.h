/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The processor's own names for its bits, each declared once. Sections are of the Intel SDM,
 * volume 3A, unless another volume is named.
 */
#ifndef X86_H
#define X86_H

#include "types.h"

/* EFLAGS, 2.3 */
#define EFLAGS_CF         (1u << 0)
#define EFLAGS_FIXED      (1u << 1) /* always 1 */
#define EFLAGS_PF         (1u << 2)
#define EFLAGS_AF         (1u << 4)
#define EFLAGS_ZF         (1u << 6)
#define EFLAGS_SF         (1u << 7)
#define EFLAGS_TF         (1u << 8)
#define EFLAGS_IF         (1u << 9)
#define EFLAGS_DF         (1u << 10)
#define EFLAGS_OF         (1u << 11)
#define EFLAGS_IOPL       (3u << 12)
#define EFLAGS_NT         (1u << 14)
#define EFLAGS_RF         (1u << 16)
#define EFLAGS_VM         (1u << 17)
#define EFLAGS_AC         (1u << 18)
#define EFLAGS_ID         (1u << 21)
#define EFLAGS_IOPL_SHIFT 12
#define EFLAGS_STATUS     (EFLAGS_CF | EFLAGS_PF | EFLAGS_AF | EFLAGS_ZF | EFLAGS_SF | EFLAGS_OF)

/* Control registers, 2.5 */
#define CR0_PE         (1u << 0)
#define CR0_MP         (1u << 1)
#define CR0_EM         (1u << 2)
#define CR0_TS         (1u << 3)
#define CR0_ET         (1u << 4)
#define CR0_NE         (1u << 5)
#define CR0_WP         (1u << 16)
#define CR0_AM         (1u << 18)
#define CR0_NW         (1u << 29)
#define CR0_CD         (1u << 30)
#define CR0_PG         (1u << 31)
#define CR4_VME        (1u << 0)
#define CR4_PVI        (1u << 1)
#define CR4_TSD        (1u << 2)
#define CR4_DE         (1u << 3)
#define CR4_PSE        (1u << 4)
#define CR4_PAE        (1u << 5)
#define CR4_MCE        (1u << 6)
#define CR4_PGE        (1u << 7)
#define CR4_PCE        (1u << 8)
#define CR4_OSFXSR     (1u << 9)
#define CR4_OSXMMEXCPT (1u << 10)

/* Debug registers, 17.2 */
#define DR6_FIXED     0xffff0ff0u
#define DR6_BD        (1u << 13)
#define DR6_BS        (1u << 14)
#define DR6_HITS      0x0000000fu /* B0 to B3 */
#define DR7_FIXED     (1u << 10)
#define DR7_GD        (1u << 13)
#define DR7_ENABLE(n) (3u << 2 * (n)) /* L and G of breakpoint n */
#define DR7_ENABLES   0x000000ffu     /* of all four */

/* CPUID leaf 1, EDX; SDM volume 2A, CPUID */
#define CPUID_PSE  (1u << 3)
#define CPUID_TSC  (1u << 4)
#define CPUID_PGE  (1u << 13)
#define CPUID_FXSR (1u << 24)

/* Model-specific registers, SDM volume 4 */
#define MSR_TSC          0x10
#define MSR_PERFCTR0     0xc1
#define MSR_SYSENTER_CS  0x174
#define MSR_SYSENTER_ESP 0x175
#define MSR_SYSENTER_EIP 0x176

/* Page-directory and page-table entries, 4.3 */
#define PTE_P     (1u << 0)
#define PTE_RW    (1u << 1)
#define PTE_US    (1u << 2)
#define PTE_PCD   (1u << 4) /* not in a cache: registers of devices */
#define PTE_A     (1u << 5)
#define PTE_D     (1u << 6)
#define PTE_PS    (1u << 7) /* in a page-directory entry: maps 4 MiB */
#define PTE_G     (1u << 8)
#define PTE_FRAME 0xfffff000u

#define LARGE_PAGE_SIZE (4u << 20)
#define TABLE_ENTRIES   1024u

/* Page-fault error code, 4.7 */
#define PF_P    (1u << 0)
#define PF_WR   (1u << 1)
#define PF_US   (1u << 2)
#define PF_RSVD (1u << 3)

/* Exceptions, 6.3 */
enum vector {
	VECTOR_DE = 0,
	VECTOR_DB = 1,
	VECTOR_NMI = 2,
	VECTOR_BP = 3,
	VECTOR_OF = 4,
	VECTOR_BR = 5,
	VECTOR_UD = 6,
	VECTOR_NM = 7,
	VECTOR_DF = 8,
	VECTOR_TS = 10,
	VECTOR_NP = 11,
	VECTOR_SS = 12,
	VECTOR_GP = 13,
	VECTOR_PF = 14,
	VECTOR_MF = 16,
	VECTOR_AC = 17,
	VECTOR_MC = 18,
	VECTOR_XM = 19,
	VECTOR_IRQ = 32, /* the monitor maps IRQ 0 to 15 of the 8259s here */
	VECTORS = 256,
};

#define IRQS 16u

/* Error code of #TS, #NP, #SS and #GP, 6.13 */
#define ERROR_EXT      (1u << 0)
#define ERROR_IDT      (1u << 1)
#define ERROR_TI       (1u << 2)
#define ERROR_INDEX(e) ((e) >> 3 & 0x1fff)

/* Segment selectors, 3.4.2 */
#define SELECTOR_RPL      3u
#define SELECTOR_TI       4u
#define SELECTOR_INDEX(s) ((s) >> 3 & 0x1fff)

/* Type field of a code or data descriptor, 3.4.5.1 */
#define TYPE_ACCESSED    (1u << 0)
#define TYPE_WRITABLE    (1u << 1) /* data */
#define TYPE_EXPAND_DOWN (1u << 2) /* data */
#define TYPE_READABLE    (1u << 1) /* code */
#define TYPE_CONFORMING  (1u << 2) /* code */
#define TYPE_CODE        (1u << 3)

/* Type field of a system descriptor, 3.5 */
#define TYPE_TSS16            1u
#define TYPE_LDT              2u
#define TYPE_CALL_GATE16      4u
#define TYPE_TASK_GATE        5u
#define TYPE_INTERRUPT_GATE16 6u
#define TYPE_TRAP_GATE16      7u
#define TYPE_TSS32            9u
#define TYPE_TSS32_BUSY       11u
#define TYPE_TSS_BUSY         2u /* the bit that makes an available TSS a busy one */
#define TYPE_CALL_GATE32      12u
#define TYPE_INTERRUPT_GATE   14u
#define TYPE_TRAP_GATE        15u

/*
 * An entry of a descriptor table: two doublewords, as the manual draws them (figures 3-8
 * and 6-2). `high` is the one at the higher address.
 */
struct descriptor {
	uint32_t low;
	uint32_t high;
};

#define DESCRIPTOR_PRESENT (1u << 15) /* in `high` */
#define DESCRIPTOR_S       (1u << 12) /* in `high`: 1 for code and data, 0 for the system's */

/* The operand of LGDT and LIDT, 2.4 */
struct table_register {
	uint16_t limit; /* offset of the last byte */
	uint32_t base;
} __attribute__((packed));

/* The 32-bit task-state segment, 7.2.1; 104 bytes */
struct tss {
	uint32_t backlink;
	uint32_t esp0, ss0;
	uint32_t esp1, ss1;
	uint32_t esp2, ss2;
	uint32_t cr3;
	uint32_t eip, eflags;
	uint32_t eax, ecx, edx, ebx, esp, ebp, esi, edi;
	uint32_t es, cs, ss, ds, fs, gs;
	uint32_t ldt;
	uint16_t debug_trap;
	uint16_t io_map_base; /* offset of the I/O permission bit map from the TSS's base */
};
_Static_assert(sizeof(struct tss) == 104, "7.2.1: a 32-bit TSS has 104 bytes");

#endif
