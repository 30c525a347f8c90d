/* SPDX-License-Identifier: BSD-2-Clause */
/* What the guest `ports` does, one case after the other, and what it keeps of each. */
#ifndef PORTS_H
#define PORTS_H

#include <stdint.h>

/* One instruction that is tried, as sites.asm lays it out. */
enum ports_kind { PORTS_IN, PORTS_OUT, PORTS_INS, PORTS_OUTS };

struct ports_site {
	char name[20];
	uint32_t address;
	uint8_t kind;  /* enum ports_kind */
	uint8_t size;  /* bytes of one element */
	uint8_t port;  /* the immediate byte; 0: DX */
	uint8_t flags; /* PORTS_... */
};

#define PORTS_REPEATED  1 /* (E)CX counts */
#define PORTS_ADDRESS16 2 /* CX, SI and DI instead of ECX, ESI and EDI */
#define PORTS_SOURCE_FS 4 /* OUTS takes its memory from FS */

extern const struct ports_site ports_sites[];
extern const uint32_t ports_site_count;

/* The ring of a case, and who lets it use the ports. */
enum ports_ring { PORTS_KERNEL, PORTS_USER_IOPL_3, PORTS_USER_MAP };

struct ports_case {
	uint32_t site; /* index in ports_sites */
	uint32_t ring; /* enum ports_ring */
	uint32_t eax, ecx, edx, ebx, esi, edi;
	uint32_t backwards; /* DF */
	uint32_t es, fs;
	uint32_t cmos; /* the address at port 70h */
};

#define PORTS_CASES 160

/* What is left of a case: the frame of the INT behind it, or of the exception that it raised. */
struct ports_result {
	uint32_t eax, ecx, edx, ebx, esi, edi;
	uint32_t vector, error_code, eip, cs, eflags;
};

/* sites.asm: runs a case until something pushes a frame; ports_case_end() comes back to the caller.
 */
void ports_case_run(const struct ports_case *test, uint32_t address);
_Noreturn void ports_case_end(void);

#endif
