/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The instruction decoder: bytes in, a description of one 32-bit x86 instruction out.
 *
 * It is pure: no state, no memory but what it is given, no library. The same code serves the
 * monitor (emulation, patching, translation) and the host's tools and tests.
 *
 * The machine it models is a processor of the Pentium III class in protected mode, in 16- or 32-bit
 * code, with SSE2 to SSE4.2 beside it so that compiled code of any age has a length. What such a
 * processor answers with #UD, the decoder calls DECODE_INVALID.
 *
 * Invariants: a decoded instruction has 1 to 15 bytes, of which the decoder read no more. What it
 * says depends on those bytes and on code_size alone. Registers and segments are numbered as Intel
 * encodes them: EAX ECX EDX EBX ESP EBP ESI EDI; ES CS SS DS FS GS.
 *
 * Sources: Intel SDM volume 2, chapter 2 (format), chapters 3 to 5 (each instruction), appendix A
 * (opcode maps); volume 3, section 5.9 (privileged instructions). Popek and Goldberg, "Formal
 * Requirements for Virtualizable Third Generation Architectures" (1974), and Robin and Irvine,
 * "Analysis of the Intel Pentium's Ability to Support a Secure Virtual Machine Monitor" (2000), for
 * the classes.
 *
 * Where it differs on purpose from a disassembler for current processors, such as Zydis:
 *  - There are no VEX, EVEX and XOP encodings. C4, C5 and 62 are LES, LDS and BOUND, which are
 *    invalid with a register operand; 8F /1 to 8F /7 are invalid.
 *  - Extensions that the machine lacks are invalid (VMX, SVM, SMX, SGX, XSAVE, AES, SHA, RDRAND,
 *    MOVBE, TSX, SYSCALL, ...). grader/tools/decode_oracle.c lists each of them.
 *  - Encodings that were instructions before an extension took them keep their first meaning: F3 0F
 *    BD is BSR (not LZCNT), 0F 1A is NOP (not MPX), F3 0F 1E FB is NOP (not ENDBR32).
 *  - MOVSD and CMPSD of SSE2 have mnemonics of their own, and so have far CALL, JMP and RET.
 *
 * The mode that the processor is in is the caller's business: ARPL, LAR, LSL, VERR, VERW, SLDT,
 * STR, LLDT and LTR raise #UD in virtual-8086 mode, and the decoder does not know about it.
 */
#ifndef DECODE_H
#define DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mnemonics.h"

#define INSN_MAX_LENGTH 15 /* bytes; SDM volume 2, section 2.3.11 */

/*
 * What a monitor must do about an instruction of a guest kernel that runs in ring 1, with IOPL 0.
 *
 * HARMLESS: it does in ring 1 what it does in ring 0. Arithmetic, x87 and SSE; exceptions that are
 *   the same in every ring (DIV, BOUND, UD2; RSM, which is #UD outside system management mode);
 *   ARPL, whose result depends on its operands alone; LAHF and SAHF, which leave IF and IOPL alone.
 * CONTROL FLOW: harmless too, but goes elsewhere than to the next instruction, in the same segment:
 *   near CALL, JMP and RET, Jcc, LOOPcc, JCXZ. A scanner follows these, a translator rewrites them.
 * PRIVILEGED: it traps outside ring 0. HLT, LGDT, LIDT, LLDT, LTR, LMSW, CLTS, MOV to and from
 *   control and debug registers, INVLPG, INVD, WBINVD, RDMSR, WRMSR, SYSEXIT; MONITOR and MWAIT
 *   (#UD); RDTSC and RDPMC (if CR4.TSD is set and CR4.PCE is clear); and those that IOPL guards:
 *   CLI, STI, IN, OUT, INS, OUTS.
 * SENSITIVE: it reads or writes privileged state, and need not trap.
 *   SGDT, SIDT, SLDT, STR, SMSW: show the monitor's registers instead of the guest's.
 *   PUSHF, POPF, IRET: show, and silently fail to change, IF and IOPL.
 *   LAR, LSL, VERR, VERW: depend on CPL, and see the monitor's descriptors.
 *   PUSH and MOV from a segment register: show the RPL.
 *   POP and MOV to a segment register, LDS, LES, LFS, LGS, LSS: load a descriptor from a table
 *     of the monitor's, and check it against CPL.
 *   Far CALL, JMP and RET: show or change CS, and with it the ring.
 *   INT n, INT3, INTO, INT1, SYSENTER: enter the monitor's handler, not the guest's.
 *   CPUID: describes the machine, not the guest's processor.
 */
enum insn_class { INSN_HARMLESS, INSN_CONTROL_FLOW, INSN_PRIVILEGED, INSN_SENSITIVE };

enum decode_status {
	DECODE_OK,
	DECODE_INVALID,   /* no such instruction: the processor raises #UD */
	DECODE_TOO_LONG,  /* longer than 15 bytes: the processor raises #GP(0) */
	DECODE_TRUNCATED, /* valid as far as it goes, but it is longer than the bytes given */
};

/* MNEMONIC_NONE, then MNEMONIC_AAA, MNEMONIC_AAD, ... */
#define MNEMONIC_ENUMERATOR(name, text) MNEMONIC_##name,
enum insn_mnemonic { MNEMONIC_NONE, MNEMONIC_LIST(MNEMONIC_ENUMERATOR) MNEMONIC_COUNT };

/* Opcode maps, SDM volume 2, appendix A: which bytes came before the opcode. */
enum insn_map { MAP_ONE_BYTE, MAP_0F, MAP_0F38, MAP_0F3A };

enum insn_segment {
	SEGMENT_ES,
	SEGMENT_CS,
	SEGMENT_SS,
	SEGMENT_DS,
	SEGMENT_FS,
	SEGMENT_GS,
	SEGMENT_DEFAULT, /* no override */
};

/*
 * Bits of insn.prefixes. A prefix that is repeated counts once. Of F2 and F3 the last one counts,
 * and is the only one recorded. An SSE instruction that is selected by 66, F2 or F3 has that bit as
 * well.
 */
enum insn_prefix {
	PREFIX_LOCK = 1 << 0,         /* F0 */
	PREFIX_REP = 1 << 1,          /* F3: REP, REPE */
	PREFIX_REPNE = 1 << 2,        /* F2: REPNE */
	PREFIX_OPERAND_SIZE = 1 << 3, /* 66 */
	PREFIX_ADDRESS_SIZE = 1 << 4, /* 67 */
};

/* The fields of a ModRM byte and of a SIB byte. SDM volume 2, section 2.1.3. */
#define MODRM_MOD_REGISTER 3 /* mod: rm names a register; otherwise memory */
#define SIB_NO_INDEX       4 /* index: there is none */
#define SIB_NO_BASE        5 /* base, if mod is 0: there is none, but 4 bytes of displacement */

static inline uint8_t modrm_mod(uint8_t modrm)
{
	return modrm >> 6;
}

static inline uint8_t modrm_reg(uint8_t modrm)
{
	return modrm >> 3 & 7;
}

static inline uint8_t modrm_rm(uint8_t modrm)
{
	return modrm & 7;
}

static inline uint8_t sib_scale(uint8_t sib) /* as a power of 2 */
{
	return sib >> 6;
}

static inline uint8_t sib_index(uint8_t sib)
{
	return sib >> 3 & 7;
}

static inline uint8_t sib_base(uint8_t sib)
{
	return sib & 7;
}

#define INSN_OPERANDS_MAX 3

/*
 * One decoded instruction. Its bytes are, in this order: prefixes, map escape (0F, 0F 38, 0F 3A),
 * opcode, ModRM, SIB, displacement, immediate, second immediate. So the place of each, from the
 * opcode on, follows from length and the sizes of what is behind it.
 */
struct insn {
	const struct opcode *entry; /* in the opcode tables; for insn_operands() */
	uint16_t mnemonic;          /* enum insn_mnemonic */
	uint8_t class;              /* enum insn_class */
	uint8_t length;             /* bytes, 1 to 15 */
	uint8_t operand_size;       /* bytes, 2 or 4: effective, what Intel calls "v" */
	uint8_t opcode;             /* the opcode byte in its map */
	uint8_t address_size;       /* bytes, 2 or 4: effective */
	uint8_t map;                /* enum insn_map */
	uint8_t prefixes;           /* set of PREFIX_ bits */
	uint8_t segment;            /* enum insn_segment: the last override, or SEGMENT_DEFAULT */
	bool has_modrm;
	bool has_sib;
	bool has_memory;           /* ModRM or moffs names a memory operand */
	uint8_t modrm;             /* 0 if there is none */
	uint8_t sib;               /* 0 if there is none */
	uint8_t displacement_size; /* bytes: 0, 1, 2 or 4. The offset of MOV AL, [moffs] is one */
	uint8_t immediate_size;    /* bytes: 0, 1, 2 or 4. A branch's distance is one, and the
				    * offset of a far pointer */
	uint8_t immediate2_size;   /* bytes: 0, 1 (ENTER's level) or 2 (a far pointer's selector) */
	uint16_t immediate2;
	uint32_t displacement; /* sign-extended */
	uint32_t immediate;    /* sign-extended where the instruction does so */
};

/*
 * Decodes the instruction that begins at bytes[0], of which `available` bytes may be read;
 * code_size is the D bit of the code segment, in bits: 16 or 32. Fills *insn when it returns
 * DECODE_OK; otherwise the contents of *insn mean nothing.
 */
enum decode_status insn_decode(
	struct insn *insn, const uint8_t *bytes, size_t available, unsigned code_size);

enum insn_operand_kind {
	OPERAND_NONE,
	OPERAND_REGISTER,           /* general register. Size 1: AL CL DL BL AH CH DH BH */
	OPERAND_MEMORY,             /* through ModRM; insn_offset() computes its offset */
	OPERAND_MEMORY_OFFSET,      /* at an offset in the instruction; insn_offset() serves too */
	OPERAND_STRING_SOURCE,      /* memory at (E)SI, in DS or the override */
	OPERAND_STRING_DESTINATION, /* memory at (E)DI, in ES whatever the override */
	OPERAND_IMMEDIATE,
	OPERAND_RELATIVE,    /* near branch; insn_branch_target() computes where to */
	OPERAND_FAR_POINTER, /* selector:offset in the instruction */
	OPERAND_SEGMENT,     /* segment register, enum insn_segment */
	OPERAND_CONTROL,     /* CR0, CR2, CR3, CR4 */
	OPERAND_DEBUG, /* DR0 to DR7; DR4 and DR5 are #UD if CR4.DE is set, else DR6 and DR7 */
	OPERAND_X87,   /* ST(0) to ST(7) */
	OPERAND_MMX,
	OPERAND_XMM,
};

/* What an instruction does with a memory operand. An instruction that writes on a condition, such
 * as CMPXCHG, writes: the processor checks the write in any case. */
enum insn_use {
	USE_NOTHING = 0, /* its address counts, or not even that: LEA, INVLPG, prefetches, NOP */
	USE_READS = 1,
	USE_WRITES = 2,
	USE_CHANGES = USE_READS | USE_WRITES,
};

#define INSN_NO_REGISTER 8 /* base or index of a memory operand that has none */

struct insn_operand {
	uint8_t kind;          /* enum insn_operand_kind */
	uint16_t size;         /* bytes; 0 if the operand has no size (LEA, INVLPG, prefetches) */
	uint8_t reg;           /* register kinds: the number, Intel's encoding */
	uint8_t segment;       /* memory kinds: enum insn_segment, the one that is used */
	uint8_t base;          /* memory kinds: general register or INSN_NO_REGISTER */
	uint8_t index;         /* OPERAND_MEMORY: general register or INSN_NO_REGISTER */
	uint8_t scale;         /* OPERAND_MEMORY: 1, 2, 4 or 8 */
	uint8_t use;           /* memory kinds: enum insn_use */
	uint16_t selector;     /* OPERAND_FAR_POINTER */
	uint32_t displacement; /* memory kinds: sign-extended */
	uint32_t value;        /* cut to size. OPERAND_RELATIVE: distance from the next instruction;
				* OPERAND_FAR_POINTER: offset */
};

/*
 * Expands the operands of a decoded instruction in the order of Intel's syntax, destination first.
 * Returns how many there are, 0 to 3; the rest of operand[] is OPERAND_NONE. Operands that the
 * mnemonic implies (the EAX of MUL, the stack of PUSH, the AL and EBX of XLATB) are not listed.
 */
unsigned insn_operands(const struct insn *insn, struct insn_operand operand[INSN_OPERANDS_MAX]);

/*
 * The offset of the instruction's memory operand (ModRM or moffs) within its segment; 0 if it has
 * none. gpr[] is in encoding order, EAX first. With 16-bit addressing the sum wraps at 64 KiB. POP
 * [ESP + n] wants ESP as it is after the pop.
 */
uint32_t insn_offset(const struct insn *insn, const uint32_t gpr[8]);

/*
 * The segment of that operand: the override, else SS when the base register is EBP, ESP or BP, else
 * DS. Right for the source of a string instruction and for XLATB too; string destinations are
 * always in ES.
 */
enum insn_segment insn_operand_segment(const struct insn *insn);

/*
 * Where a near relative branch at eip goes when it is taken. With operand_size 2 the processor cuts
 * it to 16 bits. Means nothing for an instruction without OPERAND_RELATIVE.
 */
uint32_t insn_branch_target(const struct insn *insn, uint32_t eip);

/*
 * Writes the instruction at eip as text, in the style of NASM: "mov cr0, eax", "lgdt [0x00104010]".
 * At most size bytes, the last of them a zero unless size is 0. Returns the length of what was
 * written, without the zero. INSN_TEXT_SIZE is enough for every instruction.
 */
#define INSN_TEXT_SIZE 64
size_t insn_format(const struct insn *insn, uint32_t eip, char *text, size_t size);

const char *insn_class_name(enum insn_class class); /* "harmless", "control flow", ... */
const char *insn_mnemonic_name(unsigned mnemonic);  /* "cli"; "?" for what is no mnemonic */

#endif
