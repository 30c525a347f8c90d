/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The mnemonics of the instruction decoder: one list, from which come both the enumerators
 * (MNEMONIC_CLI, ...) and their text ("cli", ...), so that the two cannot drift apart.
 *
 * Names are those of Intel SDM volume 2. Where the SDM has several names for a condition, the list
 * has the one that GDB prints (JE, not JZ). Names for two different instructions are told apart:
 * MOVSD and CMPSD are string instructions, MOVSD_XMM and CMPSD_XMM are those of SSE2; CALL_FAR,
 * JMP_FAR and RET_FAR load CS, CALL, JMP and RET do not.
 */
#ifndef MNEMONICS_H
#define MNEMONICS_H

/* clang-format off */
#define MNEMONIC_LIST(X) \
	X(AAA, "aaa") X(AAD, "aad") X(AAM, "aam") X(AAS, "aas") X(ADC, "adc") X(ADD, "add") \
	X(ADDPD, "addpd") X(ADDPS, "addps") X(ADDSD, "addsd") X(ADDSS, "addss") \
	X(ADDSUBPD, "addsubpd") X(ADDSUBPS, "addsubps") X(AND, "and") X(ANDNPD, "andnpd") \
	X(ANDNPS, "andnps") X(ANDPD, "andpd") X(ANDPS, "andps") X(ARPL, "arpl") \
	X(BLENDPD, "blendpd") X(BLENDPS, "blendps") X(BLENDVPD, "blendvpd") \
	X(BLENDVPS, "blendvps") X(BOUND, "bound") X(BSF, "bsf") X(BSR, "bsr") \
	X(BSWAP, "bswap") X(BT, "bt") X(BTC, "btc") X(BTR, "btr") X(BTS, "bts") \
	X(CALL, "call") X(CALL_FAR, "call far") X(CBW, "cbw") X(CDQ, "cdq") X(CLC, "clc") \
	X(CLD, "cld") X(CLFLUSH, "clflush") X(CLI, "cli") X(CLTS, "clts") X(CMC, "cmc") \
	X(CMOVA, "cmova") X(CMOVAE, "cmovae") X(CMOVB, "cmovb") X(CMOVBE, "cmovbe") \
	X(CMOVE, "cmove") X(CMOVG, "cmovg") X(CMOVGE, "cmovge") X(CMOVL, "cmovl") \
	X(CMOVLE, "cmovle") X(CMOVNE, "cmovne") X(CMOVNO, "cmovno") X(CMOVNP, "cmovnp") \
	X(CMOVNS, "cmovns") X(CMOVO, "cmovo") X(CMOVP, "cmovp") X(CMOVS, "cmovs") \
	X(CMP, "cmp") X(CMPPD, "cmppd") X(CMPPS, "cmpps") X(CMPSB, "cmpsb") X(CMPSD, "cmpsd") \
	X(CMPSD_XMM, "cmpsd") X(CMPSS, "cmpss") X(CMPSW, "cmpsw") X(CMPXCHG, "cmpxchg") \
	X(CMPXCHG8B, "cmpxchg8b") X(COMISD, "comisd") X(COMISS, "comiss") X(CPUID, "cpuid") \
	X(CRC32, "crc32") X(CVTDQ2PD, "cvtdq2pd") X(CVTDQ2PS, "cvtdq2ps") \
	X(CVTPD2DQ, "cvtpd2dq") X(CVTPD2PI, "cvtpd2pi") X(CVTPD2PS, "cvtpd2ps") \
	X(CVTPI2PD, "cvtpi2pd") X(CVTPI2PS, "cvtpi2ps") X(CVTPS2DQ, "cvtps2dq") \
	X(CVTPS2PD, "cvtps2pd") X(CVTPS2PI, "cvtps2pi") X(CVTSD2SI, "cvtsd2si") \
	X(CVTSD2SS, "cvtsd2ss") X(CVTSI2SD, "cvtsi2sd") X(CVTSI2SS, "cvtsi2ss") \
	X(CVTSS2SD, "cvtss2sd") X(CVTSS2SI, "cvtss2si") X(CVTTPD2DQ, "cvttpd2dq") \
	X(CVTTPD2PI, "cvttpd2pi") X(CVTTPS2DQ, "cvttps2dq") X(CVTTPS2PI, "cvttps2pi") \
	X(CVTTSD2SI, "cvttsd2si") X(CVTTSS2SI, "cvttss2si") X(CWD, "cwd") X(CWDE, "cwde") \
	X(DAA, "daa") X(DAS, "das") X(DEC, "dec") X(DIV, "div") X(DIVPD, "divpd") \
	X(DIVPS, "divps") X(DIVSD, "divsd") X(DIVSS, "divss") X(DPPD, "dppd") X(DPPS, "dpps") \
	X(EMMS, "emms") X(ENTER, "enter") X(EXTRACTPS, "extractps") \
	X(F2XM1, "f2xm1") X(FABS, "fabs") X(FADD, "fadd") X(FADDP, "faddp") X(FBLD, "fbld") \
	X(FBSTP, "fbstp") X(FCHS, "fchs") X(FCMOVB, "fcmovb") X(FCMOVBE, "fcmovbe") \
	X(FCMOVE, "fcmove") X(FCMOVNB, "fcmovnb") X(FCMOVNBE, "fcmovnbe") \
	X(FCMOVNE, "fcmovne") X(FCMOVNU, "fcmovnu") X(FCMOVU, "fcmovu") X(FCOM, "fcom") \
	X(FCOMI, "fcomi") X(FCOMIP, "fcomip") X(FCOMP, "fcomp") X(FCOMPP, "fcompp") \
	X(FCOS, "fcos") X(FDECSTP, "fdecstp") X(FDIV, "fdiv") X(FDIVP, "fdivp") \
	X(FDIVR, "fdivr") X(FDIVRP, "fdivrp") X(FFREE, "ffree") X(FFREEP, "ffreep") \
	X(FIADD, "fiadd") X(FICOM, "ficom") X(FICOMP, "ficomp") X(FIDIV, "fidiv") \
	X(FIDIVR, "fidivr") X(FILD, "fild") X(FIMUL, "fimul") X(FINCSTP, "fincstp") \
	X(FIST, "fist") X(FISTP, "fistp") X(FISTTP, "fisttp") X(FISUB, "fisub") \
	X(FISUBR, "fisubr") X(FLD, "fld") X(FLD1, "fld1") X(FLDCW, "fldcw") \
	X(FLDENV, "fldenv") X(FLDL2E, "fldl2e") X(FLDL2T, "fldl2t") X(FLDLG2, "fldlg2") \
	X(FLDLN2, "fldln2") X(FLDPI, "fldpi") X(FLDZ, "fldz") X(FMUL, "fmul") \
	X(FMULP, "fmulp") X(FNCLEX, "fnclex") X(FNDISI, "fndisi") X(FNENI, "fneni") \
	X(FNINIT, "fninit") X(FNOP, "fnop") X(FNSAVE, "fnsave") X(FNSETPM, "fnsetpm") \
	X(FNSTCW, "fnstcw") X(FNSTENV, "fnstenv") X(FNSTSW, "fnstsw") X(FPATAN, "fpatan") \
	X(FPREM, "fprem") X(FPREM1, "fprem1") X(FPTAN, "fptan") X(FRNDINT, "frndint") \
	X(FRSTOR, "frstor") X(FSCALE, "fscale") X(FSIN, "fsin") X(FSINCOS, "fsincos") \
	X(FSQRT, "fsqrt") X(FST, "fst") X(FSTP, "fstp") X(FSTPNCE, "fstpnce") X(FSUB, "fsub") \
	X(FSUBP, "fsubp") X(FSUBR, "fsubr") X(FSUBRP, "fsubrp") X(FTST, "ftst") \
	X(FUCOM, "fucom") X(FUCOMI, "fucomi") X(FUCOMIP, "fucomip") X(FUCOMP, "fucomp") \
	X(FUCOMPP, "fucompp") X(FWAIT, "fwait") X(FXAM, "fxam") X(FXCH, "fxch") \
	X(FXRSTOR, "fxrstor") X(FXSAVE, "fxsave") X(FXTRACT, "fxtract") X(FYL2X, "fyl2x") \
	X(FYL2XP1, "fyl2xp1") \
	X(HADDPD, "haddpd") X(HADDPS, "haddps") X(HLT, "hlt") X(HSUBPD, "hsubpd") \
	X(HSUBPS, "hsubps") \
	X(IDIV, "idiv") X(IMUL, "imul") X(IN, "in") X(INC, "inc") X(INSB, "insb") \
	X(INSD, "insd") X(INSERTPS, "insertps") X(INSW, "insw") X(INT, "int") X(INT1, "int1") \
	X(INT3, "int3") X(INTO, "into") X(INVD, "invd") X(INVLPG, "invlpg") X(IRET, "iret") \
	X(IRETD, "iretd") \
	X(JA, "ja") X(JAE, "jae") X(JB, "jb") X(JBE, "jbe") X(JCXZ, "jcxz") X(JE, "je") \
	X(JECXZ, "jecxz") X(JG, "jg") X(JGE, "jge") X(JL, "jl") X(JLE, "jle") X(JMP, "jmp") \
	X(JMP_FAR, "jmp far") X(JNE, "jne") X(JNO, "jno") X(JNP, "jnp") X(JNS, "jns") \
	X(JO, "jo") X(JP, "jp") X(JS, "js") \
	X(LAHF, "lahf") X(LAR, "lar") X(LDDQU, "lddqu") X(LDMXCSR, "ldmxcsr") X(LDS, "lds") \
	X(LEA, "lea") X(LEAVE, "leave") X(LES, "les") X(LFENCE, "lfence") X(LFS, "lfs") \
	X(LGDT, "lgdt") X(LGS, "lgs") X(LIDT, "lidt") X(LLDT, "lldt") X(LMSW, "lmsw") \
	X(LODSB, "lodsb") X(LODSD, "lodsd") X(LODSW, "lodsw") X(LOOP, "loop") \
	X(LOOPE, "loope") X(LOOPNE, "loopne") X(LSL, "lsl") X(LSS, "lss") X(LTR, "ltr") \
	X(MASKMOVDQU, "maskmovdqu") X(MASKMOVQ, "maskmovq") X(MAXPD, "maxpd") \
	X(MAXPS, "maxps") X(MAXSD, "maxsd") X(MAXSS, "maxss") X(MFENCE, "mfence") \
	X(MINPD, "minpd") X(MINPS, "minps") X(MINSD, "minsd") X(MINSS, "minss") \
	X(MONITOR, "monitor") X(MOV, "mov") X(MOVAPD, "movapd") X(MOVAPS, "movaps") \
	X(MOVD, "movd") X(MOVDDUP, "movddup") X(MOVDQ2Q, "movdq2q") X(MOVDQA, "movdqa") \
	X(MOVDQU, "movdqu") X(MOVHLPS, "movhlps") X(MOVHPD, "movhpd") X(MOVHPS, "movhps") \
	X(MOVLHPS, "movlhps") X(MOVLPD, "movlpd") X(MOVLPS, "movlps") X(MOVMSKPD, "movmskpd") \
	X(MOVMSKPS, "movmskps") X(MOVNTDQ, "movntdq") X(MOVNTDQA, "movntdqa") \
	X(MOVNTI, "movnti") X(MOVNTPD, "movntpd") X(MOVNTPS, "movntps") X(MOVNTQ, "movntq") \
	X(MOVQ, "movq") X(MOVQ2DQ, "movq2dq") X(MOVSB, "movsb") X(MOVSD, "movsd") \
	X(MOVSD_XMM, "movsd") X(MOVSHDUP, "movshdup") X(MOVSLDUP, "movsldup") \
	X(MOVSS, "movss") X(MOVSW, "movsw") X(MOVSX, "movsx") X(MOVUPD, "movupd") \
	X(MOVUPS, "movups") X(MOVZX, "movzx") X(MPSADBW, "mpsadbw") X(MUL, "mul") \
	X(MULPD, "mulpd") X(MULPS, "mulps") X(MULSD, "mulsd") X(MULSS, "mulss") \
	X(MWAIT, "mwait") \
	X(NEG, "neg") X(NOP, "nop") X(NOT, "not") \
	X(OR, "or") X(ORPD, "orpd") X(ORPS, "orps") X(OUT, "out") X(OUTSB, "outsb") \
	X(OUTSD, "outsd") X(OUTSW, "outsw") \
	X(PABSB, "pabsb") X(PABSD, "pabsd") X(PABSW, "pabsw") X(PACKSSDW, "packssdw") \
	X(PACKSSWB, "packsswb") X(PACKUSDW, "packusdw") X(PACKUSWB, "packuswb") \
	X(PADDB, "paddb") X(PADDD, "paddd") X(PADDQ, "paddq") X(PADDSB, "paddsb") \
	X(PADDSW, "paddsw") X(PADDUSB, "paddusb") X(PADDUSW, "paddusw") X(PADDW, "paddw") \
	X(PALIGNR, "palignr") X(PAND, "pand") X(PANDN, "pandn") X(PAUSE, "pause") \
	X(PAVGB, "pavgb") X(PAVGW, "pavgw") X(PBLENDVB, "pblendvb") X(PBLENDW, "pblendw") \
	X(PCMPEQB, "pcmpeqb") X(PCMPEQD, "pcmpeqd") X(PCMPEQQ, "pcmpeqq") \
	X(PCMPEQW, "pcmpeqw") X(PCMPESTRI, "pcmpestri") X(PCMPESTRM, "pcmpestrm") \
	X(PCMPGTB, "pcmpgtb") X(PCMPGTD, "pcmpgtd") X(PCMPGTQ, "pcmpgtq") \
	X(PCMPGTW, "pcmpgtw") X(PCMPISTRI, "pcmpistri") X(PCMPISTRM, "pcmpistrm") \
	X(PEXTRB, "pextrb") X(PEXTRD, "pextrd") X(PEXTRW, "pextrw") X(PHADDD, "phaddd") \
	X(PHADDSW, "phaddsw") X(PHADDW, "phaddw") X(PHMINPOSUW, "phminposuw") \
	X(PHSUBD, "phsubd") X(PHSUBSW, "phsubsw") X(PHSUBW, "phsubw") X(PINSRB, "pinsrb") \
	X(PINSRD, "pinsrd") X(PINSRW, "pinsrw") X(PMADDUBSW, "pmaddubsw") \
	X(PMADDWD, "pmaddwd") X(PMAXSB, "pmaxsb") X(PMAXSD, "pmaxsd") X(PMAXSW, "pmaxsw") \
	X(PMAXUB, "pmaxub") X(PMAXUD, "pmaxud") X(PMAXUW, "pmaxuw") X(PMINSB, "pminsb") \
	X(PMINSD, "pminsd") X(PMINSW, "pminsw") X(PMINUB, "pminub") X(PMINUD, "pminud") \
	X(PMINUW, "pminuw") X(PMOVMSKB, "pmovmskb") X(PMOVSXBD, "pmovsxbd") \
	X(PMOVSXBQ, "pmovsxbq") X(PMOVSXBW, "pmovsxbw") X(PMOVSXDQ, "pmovsxdq") \
	X(PMOVSXWD, "pmovsxwd") X(PMOVSXWQ, "pmovsxwq") X(PMOVZXBD, "pmovzxbd") \
	X(PMOVZXBQ, "pmovzxbq") X(PMOVZXBW, "pmovzxbw") X(PMOVZXDQ, "pmovzxdq") \
	X(PMOVZXWD, "pmovzxwd") X(PMOVZXWQ, "pmovzxwq") X(PMULDQ, "pmuldq") \
	X(PMULHRSW, "pmulhrsw") X(PMULHUW, "pmulhuw") X(PMULHW, "pmulhw") X(PMULLD, "pmulld") \
	X(PMULLW, "pmullw") X(PMULUDQ, "pmuludq") X(POP, "pop") X(POPA, "popa") \
	X(POPAD, "popad") X(POPCNT, "popcnt") X(POPF, "popf") X(POPFD, "popfd") X(POR, "por") \
	X(PREFETCH, "prefetch") X(PREFETCHNTA, "prefetchnta") X(PREFETCHT0, "prefetcht0") \
	X(PREFETCHT1, "prefetcht1") X(PREFETCHT2, "prefetcht2") X(PREFETCHW, "prefetchw") \
	X(PSADBW, "psadbw") X(PSHUFB, "pshufb") X(PSHUFD, "pshufd") X(PSHUFHW, "pshufhw") \
	X(PSHUFLW, "pshuflw") X(PSHUFW, "pshufw") X(PSIGNB, "psignb") X(PSIGND, "psignd") \
	X(PSIGNW, "psignw") X(PSLLD, "pslld") X(PSLLDQ, "pslldq") X(PSLLQ, "psllq") \
	X(PSLLW, "psllw") X(PSRAD, "psrad") X(PSRAW, "psraw") X(PSRLD, "psrld") \
	X(PSRLDQ, "psrldq") X(PSRLQ, "psrlq") X(PSRLW, "psrlw") X(PSUBB, "psubb") \
	X(PSUBD, "psubd") X(PSUBQ, "psubq") X(PSUBSB, "psubsb") X(PSUBSW, "psubsw") \
	X(PSUBUSB, "psubusb") X(PSUBUSW, "psubusw") X(PSUBW, "psubw") X(PTEST, "ptest") \
	X(PUNPCKHBW, "punpckhbw") X(PUNPCKHDQ, "punpckhdq") X(PUNPCKHQDQ, "punpckhqdq") \
	X(PUNPCKHWD, "punpckhwd") X(PUNPCKLBW, "punpcklbw") X(PUNPCKLDQ, "punpckldq") \
	X(PUNPCKLQDQ, "punpcklqdq") X(PUNPCKLWD, "punpcklwd") X(PUSH, "push") \
	X(PUSHA, "pusha") X(PUSHAD, "pushad") X(PUSHF, "pushf") X(PUSHFD, "pushfd") \
	X(PXOR, "pxor") \
	X(RCL, "rcl") X(RCPPS, "rcpps") X(RCPSS, "rcpss") X(RCR, "rcr") X(RDMSR, "rdmsr") \
	X(RDPMC, "rdpmc") X(RDTSC, "rdtsc") X(RET, "ret") X(RET_FAR, "retf") X(ROL, "rol") \
	X(ROR, "ror") X(ROUNDPD, "roundpd") X(ROUNDPS, "roundps") X(ROUNDSD, "roundsd") \
	X(ROUNDSS, "roundss") X(RSM, "rsm") X(RSQRTPS, "rsqrtps") X(RSQRTSS, "rsqrtss") \
	X(SAHF, "sahf") X(SALC, "salc") X(SAR, "sar") X(SBB, "sbb") X(SCASB, "scasb") \
	X(SCASD, "scasd") X(SCASW, "scasw") X(SETA, "seta") X(SETAE, "setae") X(SETB, "setb") \
	X(SETBE, "setbe") X(SETE, "sete") X(SETG, "setg") X(SETGE, "setge") X(SETL, "setl") \
	X(SETLE, "setle") X(SETNE, "setne") X(SETNO, "setno") X(SETNP, "setnp") \
	X(SETNS, "setns") X(SETO, "seto") X(SETP, "setp") X(SETS, "sets") X(SFENCE, "sfence") \
	X(SGDT, "sgdt") X(SHL, "shl") X(SHLD, "shld") X(SHR, "shr") X(SHRD, "shrd") \
	X(SHUFPD, "shufpd") X(SHUFPS, "shufps") X(SIDT, "sidt") X(SLDT, "sldt") \
	X(SMSW, "smsw") X(SQRTPD, "sqrtpd") X(SQRTPS, "sqrtps") X(SQRTSD, "sqrtsd") \
	X(SQRTSS, "sqrtss") X(STC, "stc") X(STD, "std") X(STI, "sti") X(STMXCSR, "stmxcsr") \
	X(STOSB, "stosb") X(STOSD, "stosd") X(STOSW, "stosw") X(STR, "str") X(SUB, "sub") \
	X(SUBPD, "subpd") X(SUBPS, "subps") X(SUBSD, "subsd") X(SUBSS, "subss") \
	X(SYSENTER, "sysenter") X(SYSEXIT, "sysexit") \
	X(TEST, "test") \
	X(UCOMISD, "ucomisd") X(UCOMISS, "ucomiss") X(UD0, "ud0") X(UD1, "ud1") X(UD2, "ud2") \
	X(UNPCKHPD, "unpckhpd") X(UNPCKHPS, "unpckhps") X(UNPCKLPD, "unpcklpd") \
	X(UNPCKLPS, "unpcklps") \
	X(VERR, "verr") X(VERW, "verw") \
	X(WBINVD, "wbinvd") X(WRMSR, "wrmsr") \
	X(XADD, "xadd") X(XCHG, "xchg") X(XLATB, "xlatb") X(XOR, "xor") X(XORPD, "xorpd") \
	X(XORPS, "xorps")
/* clang-format on */

#endif
