/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The opcode maps: what Intel SDM volume 2, appendix A, says about each opcode, and its class. The
 * letter in front of an entry is the class (decode.h):
 *
 *     I  harmless               L  harmless, and allows LOCK
 *     B  control flow           P  privileged               S  sensitive
 *
 * So P(IN, AL, DX) reads: IN AL, DX is privileged. `no` is an opcode that does not exist; at the
 * end of a table it may be left out. Where more than the opcode decides, a smaller table stands in
 * the place of the entry, and its name says what it is indexed by: BY_REG, BY_MOD, BY_RM (fields of
 * ModRM), BY_PREFIX (none, 66, F3, F2), BY_OPERAND_SIZE and BY_ADDRESS_SIZE (16 bits, 32 bits).
 *
 * Invariant: an instruction without a table BY_PREFIX ignores 66, F2 and F3 where they mean nothing
 * to it, as the processor does.
 */
#include "decode_tables.h"

/* clang-format off */

/* The spare "none" stand for the operands that an entry does not have. */
#define ENTRY(letter, lock, name, a, b, c, ...)                                                   \
	{.select = SELECT_INSTRUCTION, .class = letter, .mnemonic = MNEMONIC_##name,              \
	 .form = {FORM_##a, FORM_##b, FORM_##c},                                                  \
	 .needs = NEEDS_OF_##a | NEEDS_OF_##b | NEEDS_OF_##c | (lock)}
#define I(...) ENTRY(INSN_HARMLESS, 0, __VA_ARGS__, none, none, none, none)
#define L(...) ENTRY(INSN_HARMLESS, ALLOWS_LOCK, __VA_ARGS__, none, none, none, none)
#define B(...) ENTRY(INSN_CONTROL_FLOW, 0, __VA_ARGS__, none, none, none, none)
#define P(...) ENTRY(INSN_PRIVILEGED, 0, __VA_ARGS__, none, none, none, none)
#define S(...) ENTRY(INSN_SENSITIVE, 0, __VA_ARGS__, none, none, none, none)
#define no     {.select = SELECT_INVALID}

#define TABLE(by, count, modrm, ...)                                                              \
	{.select = by, .needs = modrm, .table = (const struct opcode[count]){__VA_ARGS__}}
#define BY_REG(...)          TABLE(SELECT_REG, 8, NEEDS_MODRM, __VA_ARGS__)
#define BY_RM(...)           TABLE(SELECT_RM, 8, NEEDS_MODRM, __VA_ARGS__)
#define BY_MOD(...)          TABLE(SELECT_MOD, 2, NEEDS_MODRM, __VA_ARGS__)
#define BY_PREFIX(...)       TABLE(SELECT_PREFIX, 4, NEEDS_MODRM, __VA_ARGS__)
#define BY_PREFIX_ALONE(...) TABLE(SELECT_PREFIX, 4, NEEDS_NOTHING, __VA_ARGS__)
#define BY_OPERAND_SIZE(...) TABLE(SELECT_OPERAND_SIZE, 2, NEEDS_NOTHING, __VA_ARGS__)
#define BY_ADDRESS_SIZE(...) TABLE(SELECT_ADDRESS_SIZE, 2, NEEDS_NOTHING, __VA_ARGS__)
#define GROUP(entries)       {.select = SELECT_REG, .needs = NEEDS_MODRM, .table = entries}
#define MAP(number, entries) {.select = SELECT_NEXT_MAP, .map = number, .table = entries}
#define PREFIX(bit)          {.select = SELECT_NEXT_BYTE, .prefix = PREFIX_##bit}
#define OVERRIDE(name)       {.select = SELECT_NEXT_BYTE, .segment = SEGMENT_##name}

/* The one-byte map leads to these, which follow it. */
static const struct opcode opcode_map_0f[256], opcode_map_0f38[256], opcode_map_0f3a[256];
static const struct opcode x87_d8[8], x87_d9[8], x87_da[8], x87_db[8];
static const struct opcode x87_dc[8], x87_dd[8], x87_de[8], x87_df[8];

/* ---- One-byte opcodes: table A-2 ---- */

#define EIGHT(entry) entry, entry, entry, entry, entry, entry, entry, entry

/* The six forms of ADD, OR, ADC, SBB, AND, SUB, XOR, CMP. CMP does not write, so no LOCK. */
#define ARITHMETIC(X, name)                                                                       \
	X(name, Eb, Gb), X(name, Ev, Gv), I(name, Gb, Eb), I(name, Gv, Ev),                       \
	I(name, AL, Ib), I(name, rAX, Iz)

#define GROUP_1(E, immediate)                                                                     \
	BY_REG(L(ADD, E, immediate), L(OR, E, immediate), L(ADC, E, immediate),                   \
	       L(SBB, E, immediate), L(AND, E, immediate), L(SUB, E, immediate),                  \
	       L(XOR, E, immediate), I(CMP, E, immediate))

/* Shifts. /6 is another SHL. */
#define GROUP_2(E, count)                                                                         \
	BY_REG(I(ROL, E, count), I(ROR, E, count), I(RCL, E, count), I(RCR, E, count),            \
	       I(SHL, E, count), I(SHR, E, count), I(SHL, E, count), I(SAR, E, count))

/* /1 is another TEST. */
#define GROUP_3(E, immediate)                                                                     \
	BY_REG(I(TEST, E, immediate), I(TEST, E, immediate), L(NOT, E), L(NEG, E),                \
	       I(MUL, E), I(IMUL, E), I(DIV, E), I(IDIV, E))

/* Sixteen conditions, in the order of their encoding. */
#define BY_CONDITION(X, name, ...)                                                                \
	X(name##O, __VA_ARGS__), X(name##NO, __VA_ARGS__),                                        \
	X(name##B, __VA_ARGS__), X(name##AE, __VA_ARGS__),                                        \
	X(name##E, __VA_ARGS__), X(name##NE, __VA_ARGS__),                                        \
	X(name##BE, __VA_ARGS__), X(name##A, __VA_ARGS__),                                        \
	X(name##S, __VA_ARGS__), X(name##NS, __VA_ARGS__),                                        \
	X(name##P, __VA_ARGS__), X(name##NP, __VA_ARGS__),                                        \
	X(name##L, __VA_ARGS__), X(name##GE, __VA_ARGS__),                                        \
	X(name##LE, __VA_ARGS__), X(name##G, __VA_ARGS__)

/* MOV from and to a segment register. There are six, and CS cannot be loaded this way. */
#define MOV_FROM_SEGMENT S(MOV, RvMw, Sw)
#define MOV_TO_SEGMENT   S(MOV, Sw, Ew)

const struct opcode opcode_map_one_byte[256] = {
	[0x00] = ARITHMETIC(L, ADD), S(PUSH, ES), S(POP, ES),
	[0x08] = ARITHMETIC(L, OR),  S(PUSH, CS), MAP(MAP_0F, opcode_map_0f),
	[0x10] = ARITHMETIC(L, ADC), S(PUSH, SS), S(POP, SS),
	[0x18] = ARITHMETIC(L, SBB), S(PUSH, DS), S(POP, DS),
	[0x20] = ARITHMETIC(L, AND), OVERRIDE(ES), I(DAA),
	[0x28] = ARITHMETIC(L, SUB), OVERRIDE(CS), I(DAS),
	[0x30] = ARITHMETIC(L, XOR), OVERRIDE(SS), I(AAA),
	[0x38] = ARITHMETIC(I, CMP), OVERRIDE(DS), I(AAS),
	[0x40] = EIGHT(I(INC, Zv)),
	[0x48] = EIGHT(I(DEC, Zv)),
	[0x50] = EIGHT(I(PUSH, Zv)),
	[0x58] = EIGHT(I(POP, Zv)),

	[0x60] = BY_OPERAND_SIZE(I(PUSHA), I(PUSHAD)), BY_OPERAND_SIZE(I(POPA), I(POPAD)),
	[0x62] = I(BOUND, Gv, Ma), I(ARPL, Ew, Gw),
	[0x64] = OVERRIDE(FS), OVERRIDE(GS), PREFIX(OPERAND_SIZE), PREFIX(ADDRESS_SIZE),
	[0x68] = I(PUSH, Iz), I(IMUL, Gv, Ev, Iz), I(PUSH, sIb), I(IMUL, Gv, Ev, sIb),
	[0x6C] = P(INSB, Yb, DX), BY_OPERAND_SIZE(P(INSW, Yv, DX), P(INSD, Yv, DX)),
	[0x6E] = P(OUTSB, DX, Xb), BY_OPERAND_SIZE(P(OUTSW, DX, Xv), P(OUTSD, DX, Xv)),
	[0x70] = BY_CONDITION(B, J, Jb),

	[0x80] = GROUP_1(Eb, Ib), GROUP_1(Ev, Iz), GROUP_1(Eb, Ib), GROUP_1(Ev, sIb),
	[0x84] = I(TEST, Eb, Gb), I(TEST, Ev, Gv), L(XCHG, Eb, Gb), L(XCHG, Ev, Gv),
	[0x88] = I(MOV, Eb, Gb), I(MOV, Ev, Gv), I(MOV, Gb, Eb), I(MOV, Gv, Ev),
	[0x8C] = BY_REG(MOV_FROM_SEGMENT, MOV_FROM_SEGMENT, MOV_FROM_SEGMENT, MOV_FROM_SEGMENT,
			MOV_FROM_SEGMENT, MOV_FROM_SEGMENT),
	[0x8D] = I(LEA, Gv, Mn),
	[0x8E] = BY_REG(MOV_TO_SEGMENT, no, MOV_TO_SEGMENT, MOV_TO_SEGMENT,
			MOV_TO_SEGMENT, MOV_TO_SEGMENT),
	[0x8F] = BY_REG(I(POP, Ev)),

	[0x90] = BY_PREFIX_ALONE(I(NOP), I(NOP), I(PAUSE), I(NOP)),
	[0x91] = I(XCHG, Zv, rAX), I(XCHG, Zv, rAX), I(XCHG, Zv, rAX), I(XCHG, Zv, rAX),
	[0x95] = I(XCHG, Zv, rAX), I(XCHG, Zv, rAX), I(XCHG, Zv, rAX),
	[0x98] = BY_OPERAND_SIZE(I(CBW), I(CWDE)), BY_OPERAND_SIZE(I(CWD), I(CDQ)),
	[0x9A] = S(CALL_FAR, Ap), I(FWAIT),
	[0x9C] = BY_OPERAND_SIZE(S(PUSHF), S(PUSHFD)), BY_OPERAND_SIZE(S(POPF), S(POPFD)),
	[0x9E] = I(SAHF), I(LAHF),

	[0xA0] = I(MOV, AL, Ob), I(MOV, rAX, Ov), I(MOV, Ob, AL), I(MOV, Ov, rAX),
	[0xA4] = I(MOVSB, Yb, Xb), BY_OPERAND_SIZE(I(MOVSW, Yv, Xv), I(MOVSD, Yv, Xv)),
	[0xA6] = I(CMPSB, Xb, Yb), BY_OPERAND_SIZE(I(CMPSW, Xv, Yv), I(CMPSD, Xv, Yv)),
	[0xA8] = I(TEST, AL, Ib), I(TEST, rAX, Iz),
	[0xAA] = I(STOSB, Yb, AL), BY_OPERAND_SIZE(I(STOSW, Yv, rAX), I(STOSD, Yv, rAX)),
	[0xAC] = I(LODSB, AL, Xb), BY_OPERAND_SIZE(I(LODSW, rAX, Xv), I(LODSD, rAX, Xv)),
	[0xAE] = I(SCASB, AL, Yb), BY_OPERAND_SIZE(I(SCASW, rAX, Yv), I(SCASD, rAX, Yv)),
	[0xB0] = EIGHT(I(MOV, Zb, Ib)),
	[0xB8] = EIGHT(I(MOV, Zv, Iz)),

	[0xC0] = GROUP_2(Eb, Ib), GROUP_2(Ev, Ib), B(RET, Iw), B(RET),
	[0xC4] = S(LES, Gv, Mp), S(LDS, Gv, Mp), BY_REG(I(MOV, Eb, Ib)), BY_REG(I(MOV, Ev, Iz)),
	[0xC8] = I(ENTER, Iw, Ib2), I(LEAVE), S(RET_FAR, Iw), S(RET_FAR),
	[0xCC] = S(INT3), S(INT, Ib), S(INTO), BY_OPERAND_SIZE(S(IRET), S(IRETD)),

	[0xD0] = GROUP_2(Eb, one), GROUP_2(Ev, one), GROUP_2(Eb, CL), GROUP_2(Ev, CL),
	[0xD4] = I(AAM, Ib), I(AAD, Ib), I(SALC), I(XLATB),
	[0xD8] = GROUP(x87_d8), GROUP(x87_d9), GROUP(x87_da), GROUP(x87_db),
	[0xDC] = GROUP(x87_dc), GROUP(x87_dd), GROUP(x87_de), GROUP(x87_df),

	[0xE0] = B(LOOPNE, Jb), B(LOOPE, Jb), B(LOOP, Jb),
	[0xE3] = BY_ADDRESS_SIZE(B(JCXZ, Jb), B(JECXZ, Jb)),
	[0xE4] = P(IN, AL, Ib), P(IN, rAX, Ib), P(OUT, Ib, AL), P(OUT, Ib, rAX),
	[0xE8] = B(CALL, Jz), B(JMP, Jz), S(JMP_FAR, Ap), B(JMP, Jb),
	[0xEC] = P(IN, AL, DX), P(IN, rAX, DX), P(OUT, DX, AL), P(OUT, DX, rAX),

	[0xF0] = PREFIX(LOCK), S(INT1), PREFIX(REPNE), PREFIX(REP),
	[0xF4] = P(HLT), I(CMC), GROUP_3(Eb, Ib), GROUP_3(Ev, Iz),
	[0xF8] = I(CLC), I(STC), P(CLI), P(STI), I(CLD), I(STD),
	[0xFE] = BY_REG(L(INC, Eb), L(DEC, Eb)),
	[0xFF] = BY_REG(L(INC, Ev), L(DEC, Ev), B(CALL, Ev), S(CALL_FAR, Mp),
			B(JMP, Ev), S(JMP_FAR, Mp), I(PUSH, Ev)),
};

/* ---- Opcodes behind 0F: table A-3 ---- */

/* Groups 6 and 7: what the 286 brought for protection. */
#define GROUP_6                                                                                   \
	BY_REG(S(SLDT, RvMw), S(STR, RvMw), P(LLDT, Ew), P(LTR, Ew), S(VERR, Ew), S(VERW, Ew))
#define GROUP_7                                                                                   \
	BY_REG(S(SGDT, Ms), BY_MOD(S(SIDT, Ms), ONLY(BY_RM(P(MONITOR), P(MWAIT)))),               \
	       P(LGDT, Ms), P(LIDT, Ms), S(SMSW, RvMw), no, P(LMSW, Ew), P(INVLPG, Mn))

/* Bit tests with an immediate. */
#define GROUP_8                                                                                   \
	BY_REG(no, no, no, no, I(BT, Ev, Ib), L(BTS, Ev, Ib), L(BTR, Ev, Ib), L(BTC, Ev, Ib))

/* State of x87 and SSE. With a register operand, the fences. */
#define GROUP_15                                                                                  \
	BY_MOD(BY_REG(ONLY(I(FXSAVE, Mfx)), ONLY(I(FXRSTOR, Mfx)), ONLY(I(LDMXCSR, Md)),          \
		      ONLY(I(STMXCSR, Md)), no, no, no, ONLY(I(CLFLUSH, Mn))),                    \
	       BY_REG(no, no, no, no, no, ONLY(I(LFENCE)), ONLY(I(MFENCE)), ONLY(I(SFENCE))))

/* Hints: what is no prefetch is a NOP. */
#define PREFETCH_3DNOW                                                                            \
	BY_MOD(BY_REG(I(PREFETCH, Mn), I(PREFETCHW, Mn), I(PREFETCH, Mn), I(PREFETCH, Mn),        \
		      I(PREFETCH, Mn), I(PREFETCH, Mn), I(PREFETCH, Mn), I(PREFETCH, Mn)),        \
	       I(NOP, Ev))
#define PREFETCH_SSE                                                                              \
	BY_MOD(BY_REG(I(PREFETCHNTA, Mn), I(PREFETCHT0, Mn), I(PREFETCHT1, Mn),                   \
		      I(PREFETCHT2, Mn), I(NOP, Ev), I(NOP, Ev), I(NOP, Ev), I(NOP, Ev)),         \
	       I(NOP, Ev))

/* CR1, CR5, CR6 and CR7 do not exist. */
#define BY_CONTROL_REGISTER(entry) BY_REG(entry, no, entry, entry, entry)

/*
 * MMX and SSE, where prefixes select. The columns are those of BY_PREFIX: none, 66, F3, F2. Most
 * opcodes follow a pattern: one operation on MMX or XMM registers; on packed single and double
 * numbers; on packed and scalar ones. ONLY is what the SDM calls NP: invalid with a prefix.
 */
#define ONLY(...)    BY_PREFIX(__VA_ARGS__)
#define XMM(...)     BY_PREFIX(no, I(__VA_ARGS__))
#define MMX_XMM(name) BY_PREFIX(I(name, Pq, Qq), I(name, Vdq, Wdq))
#define UNPACK(name) BY_PREFIX(I(name, Pq, Qd), I(name, Vdq, Wdq))
#define SHIFT(name)  BY_PREFIX(I(name, Nq, Ib), I(name, Udq, Ib))
#define PACKED(name) BY_PREFIX(I(name##PS, Vdq, Wdq), I(name##PD, Vdq, Wdq))
#define SCALAR(name)                                                                              \
	BY_PREFIX(I(name##PS, Vdq, Wdq), I(name##PD, Vdq, Wdq),                                   \
		  I(name##SS, Vdq, Wd), I(name##SD, Vdq, Wq))

static const struct opcode opcode_map_0f[256] = {
	[0x00] = GROUP_6, GROUP_7, S(LAR, Gv, RvMw), S(LSL, Gv, RvMw),
	[0x06] = P(CLTS), [0x08] = P(INVD), P(WBINVD), [0x0B] = I(UD2), [0x0D] = PREFETCH_3DNOW,

	[0x10] = BY_PREFIX(I(MOVUPS, Vdq, Wdq), I(MOVUPD, Vdq, Wdq),
			   I(MOVSS, Vdq, Wd), I(MOVSD_XMM, Vdq, Wq)),
	[0x11] = BY_PREFIX(I(MOVUPS, Wdq, Vdq), I(MOVUPD, Wdq, Vdq),
			   I(MOVSS, Wd, Vdq), I(MOVSD_XMM, Wq, Vdq)),
	[0x12] = BY_PREFIX(BY_MOD(I(MOVLPS, Vdq, Mq), I(MOVHLPS, Vdq, Udq)),
			   I(MOVLPD, Vdq, Mq), I(MOVSLDUP, Vdq, Wdq), I(MOVDDUP, Vdq, Wq)),
	[0x13] = BY_PREFIX(I(MOVLPS, Mq, Vdq), I(MOVLPD, Mq, Vdq)),
	[0x14] = PACKED(UNPCKL), PACKED(UNPCKH),
	[0x16] = BY_PREFIX(BY_MOD(I(MOVHPS, Vdq, Mq), I(MOVLHPS, Vdq, Udq)),
			   I(MOVHPD, Vdq, Mq), I(MOVSHDUP, Vdq, Wdq)),
	[0x17] = BY_PREFIX(I(MOVHPS, Mq, Vdq), I(MOVHPD, Mq, Vdq)),
	[0x18] = PREFETCH_SSE, I(NOP, Ev), I(NOP, Ev), I(NOP, Ev),
	[0x1C] = I(NOP, Ev), I(NOP, Ev), I(NOP, Ev), I(NOP, Ev),

	[0x20] = BY_CONTROL_REGISTER(P(MOV, Rd, Cd)), P(MOV, Rd, Dd),
	[0x22] = BY_CONTROL_REGISTER(P(MOV, Cd, Rd)), P(MOV, Dd, Rd),
	[0x28] = BY_PREFIX(I(MOVAPS, Vdq, Wdq), I(MOVAPD, Vdq, Wdq)),
	[0x29] = BY_PREFIX(I(MOVAPS, Wdq, Vdq), I(MOVAPD, Wdq, Vdq)),
	[0x2A] = BY_PREFIX(I(CVTPI2PS, Vdq, Qq), I(CVTPI2PD, Vdq, Qq),
			   I(CVTSI2SS, Vdq, Ed), I(CVTSI2SD, Vdq, Ed)),
	[0x2B] = BY_PREFIX(I(MOVNTPS, Mdq, Vdq), I(MOVNTPD, Mdq, Vdq)),
	[0x2C] = BY_PREFIX(I(CVTTPS2PI, Pq, Wq), I(CVTTPD2PI, Pq, Wdq),
			   I(CVTTSS2SI, Gd, Wd), I(CVTTSD2SI, Gd, Wq)),
	[0x2D] = BY_PREFIX(I(CVTPS2PI, Pq, Wq), I(CVTPD2PI, Pq, Wdq),
			   I(CVTSS2SI, Gd, Wd), I(CVTSD2SI, Gd, Wq)),
	[0x2E] = BY_PREFIX(I(UCOMISS, Vdq, Wd), I(UCOMISD, Vdq, Wq)),
	[0x2F] = BY_PREFIX(I(COMISS, Vdq, Wd), I(COMISD, Vdq, Wq)),

	[0x30] = P(WRMSR), P(RDTSC), P(RDMSR), P(RDPMC), S(SYSENTER), P(SYSEXIT),
	[0x38] = MAP(MAP_0F38, opcode_map_0f38), [0x3A] = MAP(MAP_0F3A, opcode_map_0f3a),

	[0x40] = BY_CONDITION(I, CMOV, Gv, Ev),

	[0x50] = BY_PREFIX(I(MOVMSKPS, Gd, Udq), I(MOVMSKPD, Gd, Udq)),
	[0x51] = SCALAR(SQRT),
	[0x52] = BY_PREFIX(I(RSQRTPS, Vdq, Wdq), no, I(RSQRTSS, Vdq, Wd)),
	[0x53] = BY_PREFIX(I(RCPPS, Vdq, Wdq), no, I(RCPSS, Vdq, Wd)),
	[0x54] = PACKED(AND), PACKED(ANDN), PACKED(OR), PACKED(XOR),
	[0x58] = SCALAR(ADD), SCALAR(MUL),
	[0x5A] = BY_PREFIX(I(CVTPS2PD, Vdq, Wq), I(CVTPD2PS, Vdq, Wdq),
			   I(CVTSS2SD, Vdq, Wd), I(CVTSD2SS, Vdq, Wq)),
	[0x5B] = BY_PREFIX(I(CVTDQ2PS, Vdq, Wdq), I(CVTPS2DQ, Vdq, Wdq), I(CVTTPS2DQ, Vdq, Wdq)),
	[0x5C] = SCALAR(SUB), SCALAR(MIN), SCALAR(DIV), SCALAR(MAX),

	[0x60] = UNPACK(PUNPCKLBW),  UNPACK(PUNPCKLWD),  UNPACK(PUNPCKLDQ),  MMX_XMM(PACKSSWB),
	[0x64] = MMX_XMM(PCMPGTB),   MMX_XMM(PCMPGTW),   MMX_XMM(PCMPGTD),   MMX_XMM(PACKUSWB),
	[0x68] = MMX_XMM(PUNPCKHBW), MMX_XMM(PUNPCKHWD), MMX_XMM(PUNPCKHDQ), MMX_XMM(PACKSSDW),
	[0x6C] = XMM(PUNPCKLQDQ, Vdq, Wdq), XMM(PUNPCKHQDQ, Vdq, Wdq),
	[0x6E] = BY_PREFIX(I(MOVD, Pq, Ed), I(MOVD, Vdq, Ed)),
	[0x6F] = BY_PREFIX(I(MOVQ, Pq, Qq), I(MOVDQA, Vdq, Wdq), I(MOVDQU, Vdq, Wdq)),
	[0x70] = BY_PREFIX(I(PSHUFW, Pq, Qq, Ib), I(PSHUFD, Vdq, Wdq, Ib),
			   I(PSHUFHW, Vdq, Wdq, Ib), I(PSHUFLW, Vdq, Wdq, Ib)),
	[0x71] = BY_REG(no, no, SHIFT(PSRLW), no, SHIFT(PSRAW), no, SHIFT(PSLLW)),
	[0x72] = BY_REG(no, no, SHIFT(PSRLD), no, SHIFT(PSRAD), no, SHIFT(PSLLD)),
	[0x73] = BY_REG(no, no, SHIFT(PSRLQ), XMM(PSRLDQ, Udq, Ib),
			no, no, SHIFT(PSLLQ), XMM(PSLLDQ, Udq, Ib)),
	[0x74] = MMX_XMM(PCMPEQB), MMX_XMM(PCMPEQW), MMX_XMM(PCMPEQD), BY_PREFIX_ALONE(I(EMMS)),
	[0x7C] = BY_PREFIX(no, I(HADDPD, Vdq, Wdq), no, I(HADDPS, Vdq, Wdq)),
	[0x7D] = BY_PREFIX(no, I(HSUBPD, Vdq, Wdq), no, I(HSUBPS, Vdq, Wdq)),
	[0x7E] = BY_PREFIX(I(MOVD, Ed, Pq), I(MOVD, Ed, Vdq), I(MOVQ, Vdq, Wq)),
	[0x7F] = BY_PREFIX(I(MOVQ, Qq, Pq), I(MOVDQA, Wdq, Vdq), I(MOVDQU, Wdq, Vdq)),

	[0x80] = BY_CONDITION(B, J, Jz),
	[0x90] = BY_CONDITION(I, SET, Eb),

	[0xA0] = S(PUSH, FS), S(POP, FS), S(CPUID), I(BT, Ev, Gv),
	[0xA4] = I(SHLD, Ev, Gv, Ib), I(SHLD, Ev, Gv, CL),
	[0xA8] = S(PUSH, GS), S(POP, GS), I(RSM), L(BTS, Ev, Gv),
	[0xAC] = I(SHRD, Ev, Gv, Ib), I(SHRD, Ev, Gv, CL), GROUP_15, I(IMUL, Gv, Ev),

	[0xB0] = L(CMPXCHG, Eb, Gb), L(CMPXCHG, Ev, Gv), S(LSS, Gv, Mp), L(BTR, Ev, Gv),
	[0xB4] = S(LFS, Gv, Mp), S(LGS, Gv, Mp), I(MOVZX, Gv, Eb), I(MOVZX, Gv, Ew),
	[0xB8] = BY_PREFIX(no, no, I(POPCNT, Gv, Ev)), I(UD1, Gv, Ev), GROUP_8, L(BTC, Ev, Gv),
	[0xBC] = I(BSF, Gv, Ev), I(BSR, Gv, Ev), I(MOVSX, Gv, Eb), I(MOVSX, Gv, Ew),

	[0xC0] = L(XADD, Eb, Gb), L(XADD, Ev, Gv),
	[0xC2] = BY_PREFIX(I(CMPPS, Vdq, Wdq, Ib), I(CMPPD, Vdq, Wdq, Ib),
			   I(CMPSS, Vdq, Wd, Ib), I(CMPSD_XMM, Vdq, Wq, Ib)),
	[0xC3] = ONLY(I(MOVNTI, Md, Gd)),
	[0xC4] = BY_PREFIX(I(PINSRW, Pq, RdMw, Ib), I(PINSRW, Vdq, RdMw, Ib)),
	[0xC5] = BY_PREFIX(I(PEXTRW, Gd, Nq, Ib), I(PEXTRW, Gd, Udq, Ib)),
	[0xC6] = BY_PREFIX(I(SHUFPS, Vdq, Wdq, Ib), I(SHUFPD, Vdq, Wdq, Ib)),
	[0xC7] = BY_REG(no, L(CMPXCHG8B, Mq)),
	[0xC8] = EIGHT(I(BSWAP, Zd)),

	[0xD0] = BY_PREFIX(no, I(ADDSUBPD, Vdq, Wdq), no, I(ADDSUBPS, Vdq, Wdq)),
	[0xD1] = MMX_XMM(PSRLW),   MMX_XMM(PSRLD),   MMX_XMM(PSRLQ),
	[0xD4] = MMX_XMM(PADDQ),   MMX_XMM(PMULLW),
	[0xD6] = BY_PREFIX(no, I(MOVQ, Wq, Vdq), I(MOVQ2DQ, Vdq, Nq), I(MOVDQ2Q, Pq, Udq)),
	[0xD7] = BY_PREFIX(I(PMOVMSKB, Gd, Nq), I(PMOVMSKB, Gd, Udq)),
	[0xD8] = MMX_XMM(PSUBUSB), MMX_XMM(PSUBUSW), MMX_XMM(PMINUB), MMX_XMM(PAND),
	[0xDC] = MMX_XMM(PADDUSB), MMX_XMM(PADDUSW), MMX_XMM(PMAXUB), MMX_XMM(PANDN),
	[0xE0] = MMX_XMM(PAVGB),   MMX_XMM(PSRAW),   MMX_XMM(PSRAD),  MMX_XMM(PAVGW),
	[0xE4] = MMX_XMM(PMULHUW), MMX_XMM(PMULHW),
	[0xE6] = BY_PREFIX(no, I(CVTTPD2DQ, Vdq, Wdq), I(CVTDQ2PD, Vdq, Wq), I(CVTPD2DQ, Vdq, Wdq)),
	[0xE7] = BY_PREFIX(I(MOVNTQ, Mq, Pq), I(MOVNTDQ, Mdq, Vdq)),
	[0xE8] = MMX_XMM(PSUBSB),  MMX_XMM(PSUBSW),  MMX_XMM(PMINSW), MMX_XMM(POR),
	[0xEC] = MMX_XMM(PADDSB),  MMX_XMM(PADDSW),  MMX_XMM(PMAXSW), MMX_XMM(PXOR),
	[0xF0] = BY_PREFIX(no, no, no, I(LDDQU, Vdq, Mdq)),
	[0xF1] = MMX_XMM(PSLLW),   MMX_XMM(PSLLD),   MMX_XMM(PSLLQ),
	[0xF4] = MMX_XMM(PMULUDQ), MMX_XMM(PMADDWD), MMX_XMM(PSADBW),
	[0xF7] = BY_PREFIX(I(MASKMOVQ, Pq, Nq), I(MASKMOVDQU, Vdq, Udq)),
	[0xF8] = MMX_XMM(PSUBB),   MMX_XMM(PSUBW),   MMX_XMM(PSUBD),  MMX_XMM(PSUBQ),
	[0xFC] = MMX_XMM(PADDB),   MMX_XMM(PADDW),   MMX_XMM(PADDD),  I(UD0, Gv, Ev),
};

/* ---- Opcodes behind 0F 38: table A-4. SSSE3, SSE4.1, SSE4.2 ---- */

static const struct opcode opcode_map_0f38[256] = {
	[0x00] = MMX_XMM(PSHUFB),    MMX_XMM(PHADDW), MMX_XMM(PHADDD), MMX_XMM(PHADDSW),
	[0x04] = MMX_XMM(PMADDUBSW), MMX_XMM(PHSUBW), MMX_XMM(PHSUBD), MMX_XMM(PHSUBSW),
	[0x08] = MMX_XMM(PSIGNB),    MMX_XMM(PSIGNW), MMX_XMM(PSIGND), MMX_XMM(PMULHRSW),
	[0x10] = XMM(PBLENDVB, Vdq, Wdq),
	[0x14] = XMM(BLENDVPS, Vdq, Wdq), XMM(BLENDVPD, Vdq, Wdq), [0x17] = XMM(PTEST, Vdq, Wdq),
	[0x1C] = MMX_XMM(PABSB),     MMX_XMM(PABSW),  MMX_XMM(PABSD),
	[0x20] = XMM(PMOVSXBW, Vdq, Wq),  XMM(PMOVSXBD, Vdq, Wd),  XMM(PMOVSXBQ, Vdq, Ww),
	[0x23] = XMM(PMOVSXWD, Vdq, Wq),  XMM(PMOVSXWQ, Vdq, Wd),  XMM(PMOVSXDQ, Vdq, Wq),
	[0x28] = XMM(PMULDQ, Vdq, Wdq),   XMM(PCMPEQQ, Vdq, Wdq),
	[0x2A] = XMM(MOVNTDQA, Vdq, Mdq), XMM(PACKUSDW, Vdq, Wdq),
	[0x30] = XMM(PMOVZXBW, Vdq, Wq),  XMM(PMOVZXBD, Vdq, Wd),  XMM(PMOVZXBQ, Vdq, Ww),
	[0x33] = XMM(PMOVZXWD, Vdq, Wq),  XMM(PMOVZXWQ, Vdq, Wd),  XMM(PMOVZXDQ, Vdq, Wq),
	[0x37] = XMM(PCMPGTQ, Vdq, Wdq),
	[0x38] = XMM(PMINSB, Vdq, Wdq),   XMM(PMINSD, Vdq, Wdq),
	[0x3A] = XMM(PMINUW, Vdq, Wdq),   XMM(PMINUD, Vdq, Wdq),
	[0x3C] = XMM(PMAXSB, Vdq, Wdq),   XMM(PMAXSD, Vdq, Wdq),
	[0x3E] = XMM(PMAXUW, Vdq, Wdq),   XMM(PMAXUD, Vdq, Wdq),
	[0x40] = XMM(PMULLD, Vdq, Wdq),   XMM(PHMINPOSUW, Vdq, Wdq),
	[0xF0] = BY_PREFIX(no, no, no, I(CRC32, Gd, Eb)),
	[0xF1] = BY_PREFIX(no, no, no, I(CRC32, Gd, Ev)),
};

/* ---- Opcodes behind 0F 3A: table A-5. The same, with an immediate ---- */

static const struct opcode opcode_map_0f3a[256] = {
	[0x08] = XMM(ROUNDPS, Vdq, Wdq, Ib), XMM(ROUNDPD, Vdq, Wdq, Ib),
	[0x0A] = XMM(ROUNDSS, Vdq, Wd, Ib),  XMM(ROUNDSD, Vdq, Wq, Ib),
	[0x0C] = XMM(BLENDPS, Vdq, Wdq, Ib), XMM(BLENDPD, Vdq, Wdq, Ib),
	[0x0E] = XMM(PBLENDW, Vdq, Wdq, Ib),
	[0x0F] = BY_PREFIX(I(PALIGNR, Pq, Qq, Ib), I(PALIGNR, Vdq, Wdq, Ib)),
	[0x14] = XMM(PEXTRB, RdMb, Vdq, Ib), XMM(PEXTRW, RdMw, Vdq, Ib),
	[0x16] = XMM(PEXTRD, Ed, Vdq, Ib),   XMM(EXTRACTPS, Ed, Vdq, Ib),
	[0x20] = XMM(PINSRB, Vdq, RdMb, Ib), XMM(INSERTPS, Vdq, Wd, Ib), XMM(PINSRD, Vdq, Ed, Ib),
	[0x40] = XMM(DPPS, Vdq, Wdq, Ib), XMM(DPPD, Vdq, Wdq, Ib), XMM(MPSADBW, Vdq, Wdq, Ib),
	[0x60] = XMM(PCMPESTRM, Vdq, Wdq, Ib), XMM(PCMPESTRI, Vdq, Wdq, Ib),
	[0x62] = XMM(PCMPISTRM, Vdq, Wdq, Ib), XMM(PCMPISTRI, Vdq, Wdq, Ib),
};

/*
 * ---- x87: appendix A.5 ----
 *
 * X87 holds what ModRM.reg selects with a memory operand, then with a register operand, where in a
 * few rows rm selects too. A few forms stand here that the SDM does not list, and that processors
 * decode all the same: with a register, DC /2 and /3, DD /1, DE /2, DF /0 to /3, and D9 /3.
 */
#define X87(memory, register_form) BY_MOD(memory, register_form)
#define ST0_STi(name)              I(name, ST0, STi)
#define STi_ST0(name)              I(name, STi, ST0)

static const struct opcode x87_d8[8] = {
	X87(I(FADD, Md), ST0_STi(FADD)), X87(I(FMUL, Md), ST0_STi(FMUL)),
	X87(I(FCOM, Md), ST0_STi(FCOM)), X87(I(FCOMP, Md), ST0_STi(FCOMP)),
	X87(I(FSUB, Md), ST0_STi(FSUB)), X87(I(FSUBR, Md), ST0_STi(FSUBR)),
	X87(I(FDIV, Md), ST0_STi(FDIV)), X87(I(FDIVR, Md), ST0_STi(FDIVR)),
};

static const struct opcode x87_d9[8] = {
	X87(I(FLD, Md), I(FLD, STi)),
	X87(no, I(FXCH, STi)),
	X87(I(FST, Md), BY_RM(I(FNOP))),
	X87(I(FSTP, Md), I(FSTPNCE, STi)),
	X87(I(FLDENV, Menv), BY_RM(I(FCHS), I(FABS), no, no, I(FTST), I(FXAM))),
	X87(I(FLDCW, Mw), BY_RM(I(FLD1), I(FLDL2T), I(FLDL2E), I(FLDPI),
				I(FLDLG2), I(FLDLN2), I(FLDZ))),
	X87(I(FNSTENV, Menv), BY_RM(I(F2XM1), I(FYL2X), I(FPTAN), I(FPATAN),
				    I(FXTRACT), I(FPREM1), I(FDECSTP), I(FINCSTP))),
	X87(I(FNSTCW, Mw), BY_RM(I(FPREM), I(FYL2XP1), I(FSQRT), I(FSINCOS),
				 I(FRNDINT), I(FSCALE), I(FSIN), I(FCOS))),
};

static const struct opcode x87_da[8] = {
	X87(I(FIADD, Md), ST0_STi(FCMOVB)),  X87(I(FIMUL, Md), ST0_STi(FCMOVE)),
	X87(I(FICOM, Md), ST0_STi(FCMOVBE)), X87(I(FICOMP, Md), ST0_STi(FCMOVU)),
	X87(I(FISUB, Md), no),               X87(I(FISUBR, Md), BY_RM(no, I(FUCOMPP))),
	X87(I(FIDIV, Md), no),               X87(I(FIDIVR, Md), no),
};

static const struct opcode x87_db[8] = {
	X87(I(FILD, Md), ST0_STi(FCMOVNB)),  X87(I(FISTTP, Md), ST0_STi(FCMOVNE)),
	X87(I(FIST, Md), ST0_STi(FCMOVNBE)), X87(I(FISTP, Md), ST0_STi(FCMOVNU)),
	X87(no, BY_RM(I(FNENI), I(FNDISI), I(FNCLEX), I(FNINIT), I(FNSETPM))),
	X87(I(FLD, Mt), ST0_STi(FUCOMI)),
	X87(no, ST0_STi(FCOMI)),
	X87(I(FSTP, Mt), no),
};

static const struct opcode x87_dc[8] = {
	X87(I(FADD, Mq), STi_ST0(FADD)),  X87(I(FMUL, Mq), STi_ST0(FMUL)),
	X87(I(FCOM, Mq), ST0_STi(FCOM)),  X87(I(FCOMP, Mq), ST0_STi(FCOMP)),
	X87(I(FSUB, Mq), STi_ST0(FSUBR)), X87(I(FSUBR, Mq), STi_ST0(FSUB)),
	X87(I(FDIV, Mq), STi_ST0(FDIVR)), X87(I(FDIVR, Mq), STi_ST0(FDIV)),
};

static const struct opcode x87_dd[8] = {
	X87(I(FLD, Mq), I(FFREE, STi)),     X87(I(FISTTP, Mq), I(FXCH, STi)),
	X87(I(FST, Mq), I(FST, STi)),       X87(I(FSTP, Mq), I(FSTP, STi)),
	X87(I(FRSTOR, Mst), I(FUCOM, STi)), X87(no, I(FUCOMP, STi)),
	X87(I(FNSAVE, Mst), no),            X87(I(FNSTSW, Mw), no),
};

static const struct opcode x87_de[8] = {
	X87(I(FIADD, Mw), STi_ST0(FADDP)),  X87(I(FIMUL, Mw), STi_ST0(FMULP)),
	X87(I(FICOM, Mw), ST0_STi(FCOMP)),  X87(I(FICOMP, Mw), BY_RM(no, I(FCOMPP))),
	X87(I(FISUB, Mw), STi_ST0(FSUBRP)), X87(I(FISUBR, Mw), STi_ST0(FSUBP)),
	X87(I(FIDIV, Mw), STi_ST0(FDIVRP)), X87(I(FIDIVR, Mw), STi_ST0(FDIVP)),
};

static const struct opcode x87_df[8] = {
	X87(I(FILD, Mw), I(FFREEP, STi)),         X87(I(FISTTP, Mw), I(FXCH, STi)),
	X87(I(FIST, Mw), I(FSTP, STi)),           X87(I(FISTP, Mw), I(FSTP, STi)),
	X87(I(FBLD, Mt), BY_RM(I(FNSTSW, AX))),   X87(I(FILD, Mq), ST0_STi(FUCOMIP)),
	X87(I(FBSTP, Mt), ST0_STi(FCOMIP)),       X87(I(FISTP, Mq), no),
};

/* ---- Operand forms ---- */

#define FORM(name, kind, source, size, reg, needs)                                                \
	[FORM_##name] = {OPERAND_##kind, FROM_##source, size, reg},

const struct operand_form operand_forms[FORM_COUNT] = {FORM_LIST(FORM)};
