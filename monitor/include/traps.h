/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 2, traps: the contract.
 *
 * The guest's kernel believes that it is in ring 0. In ring 1 its privileged instructions trap,
 * and so does everything that it expects to arrive through its own tables. Three organs keep the
 * belief alive:
 *
 *   emulate.c  performs a trapped instruction on the virtual processor
 *   inject.c   delivers exceptions and interrupts through the guest's own gates
 *   vpic.c     the pair of 8259 interrupt controllers that decides which interrupt is next
 *
 * Sections are of the Intel SDM, volume 3A, and the instructions' pages of volume 2.
 *
 * The words. The *real ring* of the guest's kernel is 1 and of its users 3: vcpu_ring(). The *CPL
 * that the guest believes* is 0 and 3: vcpu_cpl(). A selector that the guest wrote has RPL 0 where
 * the processor wants 1: selector_deprivilege() goes that way, selector_believed() back.
 * registers.eflags holds the real flags, in which IF is always 1 and IOPL always 0; what the guest
 * believes of these two is in vcpu->virtual_if and vcpu->virtual_iopl, and vcpu_flags() and
 * vcpu_set_flags() join the two.
 *
 * One rule for every function: *decode, then perform*. First read all operands and make all checks,
 * then change the virtual processor and its memory in a part that cannot fail. An instruction that
 * faults has changed nothing, and EIP still points at it.
 *
 * Checks answer with a verdict (exit.h). VERDICT_RESUME: nothing is wrong. VERDICT_GUEST_FAULT: the
 * guest takes an exception, which vcpu_raise() has noted. VERDICT_ENDED: the guest is over.
 * Whatever is not VERDICT_RESUME is to be returned as it is.
 */
#ifndef TRAPS_H
#define TRAPS_H

#include "decode.h"
#include "exit.h"
#include "organ.h"

/* ---- emulate.c ---- */

/* clang-format off */
/*
 * Performs an instruction that trapped and is privileged or sensitive (decode.h), or says which
 * exception it raises on the bare machine. The skeleton has the dispatch, and examples.
 *
 * VERDICT_RESUME       done; EIP stands behind it, or where it went
 * VERDICT_GUEST_FAULT  it faults, and nothing is changed; the exception is the one that trapped,
 *                      unless vcpu_raise() has named another
 * VERDICT_WAIT         it was HLT; EIP stands behind it
 *
 * The chassis has cleared RF, and raises the guest's own single-step trap afterwards: neither is a
 * matter here. At CPL 3 every instruction below faults with #GP(0), unless IOPL or the port
 * permissions allow it.
 *
 * CLI, STI
 *     #GP(0) where CPL > virtual_iopl. STI that turns the flag on also sets interrupt_shadow: no
 *     interrupt before the next instruction is done.
 * HLT
 *     VERDICT_WAIT.
 * IN, OUT
 *     AL, AX or EAX; the port is an immediate byte or DX. vcpu_port_check() first. Only as many
 *     bytes of EAX change as are read. bus_read(), bus_write().
 * INS, OUTS
 *     As IN and OUT, with memory at ES:(E)DI, or at the source segment and (E)SI; the index moves by
 *     the size, down where DF is set. With REP or REPNE, (E)CX counts; the port is checked even
 *     where it is 0. One element after the other is complete: a fault in the fifth leaves four done.
 *     At most PORT_BURST elements at once, one while TF is set: then return with EIP still at the
 *     instruction, so that interrupts find a moment. INS checks the memory first
 *     (vcpu_check_store()): an element whose memory faults has not read the port.
 * LGDT, LIDT
 *     Six bytes from memory; the base has 24 bits where the operand size is 2. vcpu_load_gdt(),
 *     vcpu_load_idt().
 * LLDT, LTR
 *     r/m16. vcpu_load_ldt(), vcpu_load_task().
 * MOV to and from CRn, DRn
 *     A general register, always 32 bits. vcpu_write_cr(), vcpu_read_cr(), vcpu_write_dr(),
 *     vcpu_read_dr().
 * CLTS, LMSW
 *     CR0.TS; CR0's low four bits, of which PE cannot be cleared. vcpu_write_cr().
 * INVLPG, INVD, WBINVD
 *     vcpu_invalidate(). The caches are not the guest's to change: no effect.
 * RDMSR, WRMSR
 *     EDX:EAX and the register in ECX. Where vcpu_read_msr() or vcpu_write_msr() says false, #GP(0).
 * RDTSC, RDPMC
 *     They trap where CR4.TSD or CR4.PCE deny them to an outer ring. The guest's kernel may: EDX:EAX
 *     is MSR_TSC, or the performance counter with the number in ECX.
 * IRET
 *     Pops EIP, CS and EFLAGS, and to an outer ring ESP and SS; two bytes each where the operand
 *     size is 2 (the upper halves of EIP and ESP become 0, that of EFLAGS stays). It traps where CS
 *     has RPL 0, or where the guest's interrupts are off. In this order:
 *     1. NT is set: vm_kill() that names it (a task switch).
 *     2. EIP, CS and EFLAGS are inside the stack segment: else #SS(0).
 *     3. VM is set in the popped EFLAGS, at CPL 0: vm_kill() that names it (virtual-8086 mode).
 *     4. CS's RPL is not below the CPL: else #GP(selector). Then vcpu_check_selector() for the ring
 *        that it names.
 *     5. To an outer ring: ESP and SS are inside the stack segment, and SS fits that ring.
 *     6. EIP is inside CS: else #GP(0).
 *     IF and IOPL change only as far as CPL and IOPL allow: IOPL at CPL 0, IF where CPL <= IOPL. Data
 *     segments that an outer ring may not hold are no matter here: the processor itself takes them
 *     away when world_enter() goes there.
 * RET far
 *     As IRET, without EFLAGS; the immediate of RET n is added to ESP, and in an outer ring to the
 *     new ESP too.
 * MOV SS, POP SS, LSS
 *     The kernel's selector has RPL 0, which ring 1 refuses. vcpu_check_selector(); then SS and its
 *     companion (ESP behind POP, the general register of LSS) change together. POP moves ESP by the
 *     operand size and uses two bytes. They set interrupt_shadow.
 * anything else
 *     VERDICT_GUEST_FAULT: on the bare machine it would have raised this exception too.
 */
/* clang-format on */
enum verdict vcpu_emulate(struct vcpu *vcpu, const struct insn *insn);

#define PORT_BURST 64 /* elements of one REP INS or OUTS between two looks at the interrupts */

/* ---- inject.c ---- */

enum event_kind {
	EVENT_NONE,
	EVENT_EXCEPTION, /* the processor found it: a fault or a trap */
	EVENT_SOFTWARE,  /* INT n, INT3 or INTO: the gate's DPL decides who may */
	EVENT_EXTERNAL,  /* the interrupt controller brought it */
};

struct event {
	enum event_kind kind;
	uint8_t vector;
	uint32_t error_code; /* of an exception that has one: event_has_error_code() */
	uint32_t return_eip; /* what the handler shall find as EIP: behind INT n, else registers.eip
			      */
};

/* True for the exceptions that push an error code (table 6-1), and for nothing else. */
bool event_has_error_code(struct event event);

/* clang-format off */
/*
 * Delivers an event as 6.12 says, through the guest's IDT and, from ring 3, its TSS:
 *
 * 1. The gate. The vector's eight bytes lie within guest_idtr.limit, and the gate is a 32-bit
 *    interrupt or trap gate: else #GP. A task gate or a 16-bit gate, present or not: vm_kill() that
 *    names it. For EVENT_SOFTWARE its DPL >= CPL: else #GP. It is present: else #NP. The error code of
 *    these is vector * 8 + ERROR_IDT.
 * 2. The code. The gate's selector names (vcpu_segment()) a code segment whose ring is not an outer
 *    one: a null selector is #GP(0), else #GP(selector). It is present: else #NP(selector). The
 *    offset is within its limit: else #GP(0).
 * 3. The stack. To an inner ring (not conforming, real ring 1 while vcpu_ring() is 3) it is SS0:ESP0
 *    of the guest's TSS (vcpu_task_stack(), which leaves ERROR_EXT to you). SS null, not a writable
 *    data segment, or of the wrong RPL or ring is #TS(selector); not present #SS(selector); no room
 *    for the frame #SS(selector). Else the stack stays, and no room is #SS(0).
 * 4. The frame. Pushed are, to an inner ring SS and ESP, then EFLAGS (vcpu_flags()), CS, return_eip,
 *    and the error code where there is one. CS and SS as the guest believes them:
 *    selector_believed().
 * 5. The flags. IF is cleared for an interrupt gate, and TF, NT, RF and VM for both.
 *
 * Where the event was not EVENT_SOFTWARE, the error codes of 1 to 3 have ERROR_EXT set.
 *
 * A fault during delivery is delivered in its place; the EFLAGS that it pushes have RF set
 * (17.3.1.1). Where both are contributory (table 6-5: #DE, #TS, #NP, #SS, #GP), or a page fault is
 * followed by a contributory fault or a page fault, it becomes a double fault (error code 0). A
 * fault in delivering a double fault is a triple fault, which resets a bare machine:
 * vm_kill("triple fault: ..."). The return address of all of these is registers.eip.
 *
 * VERDICT_RESUME: the guest goes on in its handler. VERDICT_ENDED: vm_kill() has said why.
 */
/* clang-format on */
enum verdict vcpu_inject(struct vcpu *vcpu, struct event event);

/* ---- vpic.c ---- */

#define VPIC_LINES 8

/*
 * One 8259A (data sheet 231468), in the mode that PCs use: 8086, edge triggered. The names are
 * those of the data sheet.
 */
struct vpic_chip {
	uint8_t irr;          /* requests that wait */
	uint8_t isr;          /* requests in service */
	uint8_t imr;          /* masked: OCW1 */
	uint8_t lines;        /* the inputs' level now */
	uint8_t vector_base;  /* ICW2, low three bits 0 */
	uint8_t cascade;      /* ICW3 */
	uint8_t lowest;       /* the input with the lowest priority: 7 after ICW1 */
	uint8_t initializing; /* the initialization word that the data port expects, 2 to 4; 0: none
			       */
	bool wants_icw4;      /* ICW1's IC4 */
	bool single;          /* ICW1's SNGL: no ICW3 */
	bool automatic_eoi;   /* ICW4's AEOI */
	bool rotate_on_aeoi;  /* OCW2: rotate in automatic EOI mode */
	bool special_mask;    /* OCW3's SMM: inputs in service block only themselves */
	bool special_nested;  /* ICW4's SFNM: the master takes another request of a slave in service
			       */
	bool reads_isr;       /* OCW3: the command port reads ISR, else IRR */
	bool poll;            /* OCW3: the next read is a poll */
};

/* The master at ports 20h and 21h, and the slave at A0h and A1h, on the master's input 2. */
struct vpic {
	struct vpic_chip master, slave;
};

/* As after power-on, before a word was written: no requests, all masked. */
void vpic_reset(struct vpic *vpic);

/* Input `irq` (0 to 15) goes to `level`. A rising edge is a request; falling takes a request back
 * that was not yet acknowledged (it then shows as spurious, if the processor asks). */
void vpic_line(struct vpic *vpic, unsigned irq, bool level);

/* The INT output: a request is not masked and has a higher priority than all that are in service.
 */
bool vpic_pending(const struct vpic *vpic);

/* The processor's INTA takes the slave's INT back; it rises again if another request may. The
 * vector of the request with the highest priority, which goes from IRR to ISR (unless AEOI). Where
 * there is none any more: the vector of input 7, and nothing goes into service; of the slave's
 * input 7 where it was the slave's request, and then the master's input 2 is in service. */
uint8_t vpic_acknowledge(struct vpic *vpic);

/* The ports 20h, 21h, A0h and A1h. ICW1 to ICW4, OCW1, OCW2 (all eight: non-specific, specific,
 * rotating, set priority, rotate in AEOI on and off), OCW3 (read IRR or ISR, poll, special mask).
 */
uint8_t vpic_read(struct vpic *vpic, uint16_t port);
void vpic_write(struct vpic *vpic, uint16_t port, uint8_t value);

#endif
