/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the decoder and its tables agree on. Private to decode.c, decode_tables.c and format.c.
 *
 * The tables say what Intel's opcode maps say (SDM volume 2, appendix A), in the same notation: an
 * entry is a mnemonic and up to three operand forms, each a letter for the way the operand is
 * addressed and a suffix for its type: "Ev, Gv". Where an opcode byte alone does not determine the
 * instruction, the entry is a smaller table and says what selects from it.
 */
#ifndef DECODE_TABLES_H
#define DECODE_TABLES_H

#include "decode.h"

/*
 * What must follow the opcode, and what may. An instruction's set is made from the forms of its
 * operands. A table has NEEDS_MODRM if ModRM is to be read before the instruction is selected.
 */
enum opcode_needs {
	NEEDS_NOTHING = 0,
	NEEDS_MODRM = 1 << 0,
	NEEDS_MEMORY = 1 << 1,   /* ModRM must name memory (mod is not 3) */
	NEEDS_REGISTER = 1 << 2, /* ModRM must name a register (mod is 3) */
	NEEDS_IMM8 = 1 << 3,     /* an immediate of 1 byte */
	NEEDS_IMM16 = 1 << 4,    /* 2 bytes */
	NEEDS_IMMZ = 1 << 5,     /* as many bytes as the operand size */
	NEEDS_SECOND8 = 1 << 6,  /* a second immediate of 1 byte */
	NEEDS_SECOND16 = 1 << 7, /* 2 bytes */
	NEEDS_OFFSET = 1 << 8,   /* an offset as long as the address size */
	SIGN_EXTENDS = 1 << 9,   /* the immediate is signed */
	IGNORES_MOD = 1 << 10,   /* ModRM names a register whatever mod is */
	ALLOWS_LOCK = 1 << 11,   /* LOCK is valid if ModRM names memory */
};

#define NEEDS_IMMEDIATE (NEEDS_IMM8 | NEEDS_IMM16 | NEEDS_IMMZ)

/* Where an operand is found. The letters in comments are Intel's. */
enum operand_source {
	FROM_NOWHERE,   /* there is no operand */
	FROM_RM,        /* E, M, N, Q, R, U, W: ModRM.rm and mod, a register or memory */
	FROM_REG,       /* C, D, G, P, S, V: ModRM.reg, a register */
	FROM_OPCODE,    /* Z: the low 3 bits of the opcode, a register */
	FROM_FORM,      /* the opcode implies this register */
	FROM_IMMEDIATE, /* A, I, J */
	FROM_SECOND,    /* the second immediate */
	FROM_ONE,       /* the 1 that the shifts D0 and D1 imply */
	FROM_OFFSET,    /* O */
	FROM_STRING,    /* X, Y: the opcode implies (E)SI or (E)DI */
};

/*
 * Sizes of operands in bytes; those above SIZE_BY_OPERAND_SIZE depend on the operand size. Intel's
 * suffixes: b 1, w 2, d 4, q 8, dq and ps and pd 16, ss 4, sd 8, v and z 2 or 4, p (far pointer)
 * 4 or 6, a (BOUND's pair) 4 or 8, s (pseudo-descriptor) 6. "t" is x87's 10-byte format.
 */
enum operand_size {
	SIZE_NONE = 0,
	SIZE_B = 1,
	SIZE_W = 2,
	SIZE_D = 4,
	SIZE_S = 6,
	SIZE_Q = 8,
	SIZE_T = 10,
	SIZE_DQ = 16,
	SIZE_BY_OPERAND_SIZE = 0xF8,
	SIZE_V,     /* 2 or 4 */
	SIZE_P,     /* 4 or 6 */
	SIZE_A,     /* 4 or 8 */
	SIZE_ENV,   /* 14 or 28: FLDENV */
	SIZE_STATE, /* 94 or 108: FNSAVE */
	SIZE_FX,    /* 512: FXSAVE */
};

/* clang-format off */
/*
 * Every operand form: name; kind, as the decoder's caller sees it (what comes from RM may be
 * memory instead); source; size; register (its size for RM, else the number of the one
 * that is implied); needs.
 */
#define FORM_LIST(X)                                                                               \
	X(none, NONE,               NOWHERE,   SIZE_NONE,  0,         NEEDS_NOTHING)               \
	/* general register or memory; the register may be wider */                                \
	X(Eb,   REGISTER,           RM,        SIZE_B,     SIZE_B,    NEEDS_MODRM)                 \
	X(Ew,   REGISTER,           RM,        SIZE_W,     SIZE_W,    NEEDS_MODRM)                 \
	X(Ed,   REGISTER,           RM,        SIZE_D,     SIZE_D,    NEEDS_MODRM)                 \
	X(Ev,   REGISTER,           RM,        SIZE_V,     SIZE_V,    NEEDS_MODRM)                 \
	X(RvMw, REGISTER,           RM,        SIZE_W,     SIZE_V,    NEEDS_MODRM)                 \
	X(RdMw, REGISTER,           RM,        SIZE_W,     SIZE_D,    NEEDS_MODRM)                 \
	X(RdMb, REGISTER,           RM,        SIZE_B,     SIZE_D,    NEEDS_MODRM)                 \
	/* a register whatever mod is */                                                           \
	X(Rd,   REGISTER,           RM,        SIZE_D,     SIZE_D,    NEEDS_MODRM | IGNORES_MOD)   \
	/* memory only; Mn has no size */                                                          \
	X(Mn,   NONE,               RM,        SIZE_NONE,  0,         NEEDS_MODRM | NEEDS_MEMORY)  \
	X(Mw,   NONE,               RM,        SIZE_W,     0,         NEEDS_MODRM | NEEDS_MEMORY)  \
	X(Md,   NONE,               RM,        SIZE_D,     0,         NEEDS_MODRM | NEEDS_MEMORY)  \
	X(Mq,   NONE,               RM,        SIZE_Q,     0,         NEEDS_MODRM | NEEDS_MEMORY)  \
	X(Mt,   NONE,               RM,        SIZE_T,     0,         NEEDS_MODRM | NEEDS_MEMORY)  \
	X(Mdq,  NONE,               RM,        SIZE_DQ,    0,         NEEDS_MODRM | NEEDS_MEMORY)  \
	X(Ma,   NONE,               RM,        SIZE_A,     0,         NEEDS_MODRM | NEEDS_MEMORY)  \
	X(Mp,   NONE,               RM,        SIZE_P,     0,         NEEDS_MODRM | NEEDS_MEMORY)  \
	X(Ms,   NONE,               RM,        SIZE_S,     0,         NEEDS_MODRM | NEEDS_MEMORY)  \
	X(Menv, NONE,               RM,        SIZE_ENV,   0,         NEEDS_MODRM | NEEDS_MEMORY)  \
	X(Mst,  NONE,               RM,        SIZE_STATE, 0,         NEEDS_MODRM | NEEDS_MEMORY)  \
	X(Mfx,  NONE,               RM,        SIZE_FX,    0,         NEEDS_MODRM | NEEDS_MEMORY)  \
	/* register in ModRM.reg or in the opcode */                                               \
	X(Gb,   REGISTER,           REG,       SIZE_B,     0,         NEEDS_MODRM)                 \
	X(Gw,   REGISTER,           REG,       SIZE_W,     0,         NEEDS_MODRM)                 \
	X(Gd,   REGISTER,           REG,       SIZE_D,     0,         NEEDS_MODRM)                 \
	X(Gv,   REGISTER,           REG,       SIZE_V,     0,         NEEDS_MODRM)                 \
	X(Zb,   REGISTER,           OPCODE,    SIZE_B,     0,         NEEDS_NOTHING)               \
	X(Zd,   REGISTER,           OPCODE,    SIZE_D,     0,         NEEDS_NOTHING)               \
	X(Zv,   REGISTER,           OPCODE,    SIZE_V,     0,         NEEDS_NOTHING)               \
	X(Sw,   SEGMENT,            REG,       SIZE_W,     0,         NEEDS_MODRM)                 \
	X(Cd,   CONTROL,            REG,       SIZE_D,     0,         NEEDS_MODRM)                 \
	X(Dd,   DEBUG,              REG,       SIZE_D,     0,         NEEDS_MODRM)                 \
	/* implied registers */                                                                    \
	X(AL,   REGISTER,           FORM,      SIZE_B,     0,         NEEDS_NOTHING)               \
	X(CL,   REGISTER,           FORM,      SIZE_B,     1,         NEEDS_NOTHING)               \
	X(AX,   REGISTER,           FORM,      SIZE_W,     0,         NEEDS_NOTHING)               \
	X(DX,   REGISTER,           FORM,      SIZE_W,     2,         NEEDS_NOTHING)               \
	X(rAX,  REGISTER,           FORM,      SIZE_V,     0,         NEEDS_NOTHING)               \
	X(ES,   SEGMENT,            FORM,      SIZE_W,     SEGMENT_ES,NEEDS_NOTHING)               \
	X(CS,   SEGMENT,            FORM,      SIZE_W,     SEGMENT_CS,NEEDS_NOTHING)               \
	X(SS,   SEGMENT,            FORM,      SIZE_W,     SEGMENT_SS,NEEDS_NOTHING)               \
	X(DS,   SEGMENT,            FORM,      SIZE_W,     SEGMENT_DS,NEEDS_NOTHING)               \
	X(FS,   SEGMENT,            FORM,      SIZE_W,     SEGMENT_FS,NEEDS_NOTHING)               \
	X(GS,   SEGMENT,            FORM,      SIZE_W,     SEGMENT_GS,NEEDS_NOTHING)               \
	/* immediates; sIb is sign-extended */                                                     \
	X(Ib,   IMMEDIATE,          IMMEDIATE, SIZE_B,     0,         NEEDS_IMM8)                  \
	X(sIb,  IMMEDIATE,          IMMEDIATE, SIZE_V,     0,         NEEDS_IMM8 | SIGN_EXTENDS)   \
	X(Iw,   IMMEDIATE,          IMMEDIATE, SIZE_W,     0,         NEEDS_IMM16)                 \
	X(Iz,   IMMEDIATE,          IMMEDIATE, SIZE_V,     0,         NEEDS_IMMZ)                  \
	X(Ib2,  IMMEDIATE,          SECOND,    SIZE_B,     0,         NEEDS_SECOND8)               \
	X(one,  IMMEDIATE,          ONE,       SIZE_B,     0,         NEEDS_NOTHING)               \
	X(Jb,   RELATIVE,           IMMEDIATE, SIZE_V,     0,         NEEDS_IMM8 | SIGN_EXTENDS)   \
	X(Jz,   RELATIVE,           IMMEDIATE, SIZE_V,     0,         NEEDS_IMMZ | SIGN_EXTENDS)   \
	X(Ap,   FAR_POINTER,        IMMEDIATE, SIZE_P,     0,         NEEDS_IMMZ | NEEDS_SECOND16) \
	/* memory without ModRM; X through (E)SI = 6, Y through (E)DI = 7 */                       \
	X(Ob,   MEMORY_OFFSET,      OFFSET,    SIZE_B,     0,         NEEDS_OFFSET)                \
	X(Ov,   MEMORY_OFFSET,      OFFSET,    SIZE_V,     0,         NEEDS_OFFSET)                \
	X(Xb,   STRING_SOURCE,      STRING,    SIZE_B,     6,         NEEDS_NOTHING)               \
	X(Xv,   STRING_SOURCE,      STRING,    SIZE_V,     6,         NEEDS_NOTHING)               \
	X(Yb,   STRING_DESTINATION, STRING,    SIZE_B,     7,         NEEDS_NOTHING)               \
	X(Yv,   STRING_DESTINATION, STRING,    SIZE_V,     7,         NEEDS_NOTHING)               \
	/* x87 */                                                                                  \
	X(ST0,  X87,                FORM,      SIZE_T,     0,         NEEDS_NOTHING)               \
	X(STi,  X87,                RM,        SIZE_T,     SIZE_T,    NEEDS_MODRM | NEEDS_REGISTER)\
	/* MMX */                                                                                  \
	X(Pq,   MMX,                REG,       SIZE_Q,     0,         NEEDS_MODRM)                 \
	X(Qd,   MMX,                RM,        SIZE_D,     SIZE_Q,    NEEDS_MODRM)                 \
	X(Qq,   MMX,                RM,        SIZE_Q,     SIZE_Q,    NEEDS_MODRM)                 \
	X(Nq,   MMX,                RM,        SIZE_Q,     SIZE_Q,    NEEDS_MODRM | NEEDS_REGISTER)\
	/* SSE */                                                                                  \
	X(Vdq,  XMM,                REG,       SIZE_DQ,    0,         NEEDS_MODRM)                 \
	X(Ww,   XMM,                RM,        SIZE_W,     SIZE_DQ,   NEEDS_MODRM)                 \
	X(Wd,   XMM,                RM,        SIZE_D,     SIZE_DQ,   NEEDS_MODRM)                 \
	X(Wq,   XMM,                RM,        SIZE_Q,     SIZE_DQ,   NEEDS_MODRM)                 \
	X(Wdq,  XMM,                RM,        SIZE_DQ,    SIZE_DQ,   NEEDS_MODRM)                 \
	X(Udq,  XMM,                RM,        SIZE_DQ,    SIZE_DQ,   NEEDS_MODRM | NEEDS_REGISTER)
/* clang-format on */

/* FORM_Eb, ...: what insn.form[] holds, an index into operand_forms[]; and NEEDS_OF_Eb, ... */
#define FORM_ENUMERATOR(name, kind, source, size, reg, needs) FORM_##name,
#define FORM_NEEDS(name, kind, source, size, reg, needs)      NEEDS_OF_##name = (needs),
enum operand_form_name { FORM_LIST(FORM_ENUMERATOR) FORM_COUNT };
enum operand_form_needs { FORM_LIST(FORM_NEEDS) };

struct operand_form {
	uint8_t kind;   /* enum insn_operand_kind */
	uint8_t source; /* enum operand_source */
	uint8_t size;   /* enum operand_size */
	uint8_t reg;    /* a register's size or its number, as above */
};

/* What an entry is: an instruction, or a table of entries and what selects among them. */
enum opcode_select {
	SELECT_INVALID,      /* no such instruction. What the tables leave out */
	SELECT_INSTRUCTION,  /* nothing is left to select */
	SELECT_REG,          /* 8 entries: ModRM.reg */
	SELECT_RM,           /* 8 entries: ModRM.rm */
	SELECT_MOD,          /* 2 entries: ModRM names memory, a register */
	SELECT_PREFIX,       /* 4 entries: no prefix, 66, F3, F2 */
	SELECT_OPERAND_SIZE, /* 2 entries: 16 bits, 32 bits */
	SELECT_ADDRESS_SIZE, /* 2 entries: 16 bits, 32 bits */
	SELECT_NEXT_MAP,     /* 256 entries: the next byte, opcode in another map */
	SELECT_NEXT_BYTE,    /* no table: this byte is a prefix */
};

struct opcode {
	const struct opcode *table; /* unless it is an instruction */
	uint16_t needs;             /* set of enum opcode_needs */
	uint16_t mnemonic;          /* enum insn_mnemonic */
	uint8_t select;             /* enum opcode_select */
	uint8_t class;              /* enum insn_class */
	uint8_t form[INSN_OPERANDS_MAX];
	uint8_t map;     /* enum insn_map, for SELECT_NEXT_MAP */
	uint8_t prefix;  /* PREFIX_ bit, for SELECT_NEXT_BYTE; 0 for an override */
	uint8_t segment; /* enum insn_segment, for an override */
};

extern const struct opcode opcode_map_one_byte[256];

/* What an instruction does with the memory operand at that position of its syntax (decode_uses.c):
 * enum insn_use. */
unsigned insn_use_at(const struct insn *insn, unsigned position);

extern const struct operand_form operand_forms[FORM_COUNT];

#endif
