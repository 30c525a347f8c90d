/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a guest has whose kernel owns a processor: segments, gates and a task-state segment of its
 * own, handlers in C, users in ring 3, and the pair of 8259s (Intel SDM volume 3A, chapters 3, 5, 6
 * and 7; data sheet 231468).
 *
 * Only guests that call something of this are linked with it (lib/kernel/). NASM files find the
 * selectors in kernel.inc.
 *
 * Invariant: no function here looks at privileged state with an instruction that does not trap:
 * no PUSHF, no POPF, no reading of a segment register. So a handler knows EFLAGS and CS from its
 * frame, and segment registers are loaded with constants.
 */
#ifndef KERNEL_H
#define KERNEL_H

#include "guest.h"
#include "x86.h"
#include <stdbool.h>

/* ---- segments ---- */

/* The selectors of kernel_gdt. The first two are those that the boot loader leaves as well. All
 * segments but the TSS are flat. */
#define KERNEL_CS   0x08
#define KERNEL_DS   0x10
#define USER_CS     0x1b
#define USER_DS     0x23
#define KERNEL_TSS  0x28
#define KERNEL_FREE 0x30 /* from here on the guest's own: the entries are 0 */

#define KERNEL_GDT_ENTRIES 64

/* In section .tables, which shares no page with anything else. The IDT, GDT and TSS are on one
 * page. */
extern struct descriptor kernel_gdt[KERNEL_GDT_ENTRIES];
extern struct descriptor kernel_idt[VECTORS];
extern struct tss kernel_tss;

#define IN_TABLES __attribute__((section(".tables"), aligned(8)))

/*
 * Fills the tables and loads GDTR, IDTR, TR and all segment registers. Every vector has an
 * interrupt gate with DPL 0 to its stub. ESP0 is the end of kernel_trap_stack. Interrupts stay as
 * they are: off, after boot.
 */
void kernel_tables_load(void);

#define TRAP_STACK_SIZE 8192u
extern uint8_t kernel_trap_stack[TRAP_STACK_SIZE];

/* The access byte of a descriptor: present, DPL, S, type (3.4.5). Accessed bits are set, so that
 * the processor never writes the table. */
#define ACCESS_CODE   0x9bu /* readable */
#define ACCESS_DATA   0x93u /* writable */
#define ACCESS_LDT    0x82u
#define ACCESS_TSS    0x89u /* 32 bits, available */
#define ACCESS_DPL(n) ((uint32_t)(n) << 5)

/* The flags above the limit. */
#define FLAG_G    8u /* the limit counts pages of 4 KiB */
#define FLAG_BIG  4u /* D/B: 32-bit code, 32-bit stack */
#define FLAT      (FLAG_G | FLAG_BIG)
#define LIMIT_MAX 0xfffffu /* with FLAG_G: 4 GiB */

/* A segment's or system descriptor: base, limit field (20 bits), access byte, flags. */
struct descriptor descriptor_make(uint32_t base, uint32_t limit, uint32_t access, uint32_t flags);

/* A gate: selector, offset, and the access byte: GATE_..., with ACCESS_DPL(n) added. */
#define GATE_PRESENT   0x80u
#define GATE_INTERRUPT (GATE_PRESENT | TYPE_INTERRUPT_GATE)
#define GATE_TRAP      (GATE_PRESENT | TYPE_TRAP_GATE)
struct descriptor gate_make(uint16_t selector, uint32_t offset, uint32_t access);

/* Makes kernel_idt's entry for `vector` a gate to its stub, with such an access byte. */
void gate_set(uint8_t vector, uint32_t access);

static inline void gdt_load(const void *table, uint16_t limit)
{
	struct table_register operand = {limit, (uint32_t)table};

	__asm__ volatile("lgdt %0" : : "m"(operand) : "memory");
}

static inline void idt_load(const void *table, uint16_t limit)
{
	struct table_register operand = {limit, (uint32_t)table};

	__asm__ volatile("lidt %0" : : "m"(operand) : "memory");
}

static inline void task_load(uint16_t selector)
{
	__asm__ volatile("ltr %0" : : "r"(selector) : "memory");
}

static inline void ldt_load(uint16_t selector)
{
	__asm__ volatile("lldt %0" : : "r"(selector) : "memory");
}

/* ---- handlers ---- */

/* What a stub leaves on the stack. A handler may change all of it: it becomes the registers. */
struct frame {
	uint32_t edi, esi, ebp, esp, ebx, edx, ecx, eax; /* esp does not count */
	uint32_t vector;
	uint32_t error_code;        /* 0 where the vector has none */
	uint32_t eip, cs, eflags;   /* as the processor pushed them */
	uint32_t user_esp, user_ss; /* are there only when the frame is from ring 3 */
};

static inline bool frame_from_user(const struct frame *frame)
{
	return (frame->cs & SELECTOR_RPL) == 3;
}

typedef void handler(struct frame *frame);

/* The vector's handler from now on; NULL, as at first: kernel_unexpected(). It runs with DS and ES
 * flat, DF clear, and IF as the gate leaves it. When it returns to ring 0, DS and ES are KERNEL_DS;
 * when it returns to ring 3, all four data segment registers are USER_DS. The stubs of vectors 8,
 * 10 to 14 and 17 expect an error code: INT n must not be used for these. */
void handler_set(uint8_t vector, handler *function);

/* Prints the frame, and switches the machine off. */
_Noreturn void kernel_unexpected(struct frame *frame);

/* The stub of vector n is at kernel_stubs + n * KERNEL_STUB_BYTES. */
#define KERNEL_STUB_BYTES 16
extern const uint8_t kernel_stubs[];

/* Gives the processor to a frame, from ring 3 or ring 0, on whatever stack: for kernels that switch
 * tasks. The stack pointer becomes `frame`. */
_Noreturn void frame_resume(struct frame *frame);

/* ---- ring 3 ---- */

/* Code of users goes into a section of its own: it may use what the kernel may not. */
#define USER_CODE __attribute__((section(".user"), noinline))

/* Gives the processor to a frame, of ring 3 or ring 0, and returns the value of the user_leave()
 * that ends it. A frame of ring 0 goes on with ESP at its user_esp. */
uint32_t frame_run(struct frame *frame);

/* The same for `entry` in ring 3 with this ESP and these EFLAGS; all other registers are 0. */
uint32_t user_run(uint32_t entry, uint32_t esp, uint32_t eflags);

/* In a handler: ends frame_run() and user_run(), on the stack from which they were called. It does
 * not matter who was interrupted. IF stays as it is in the handler. */
_Noreturn void user_leave(uint32_t value);

/* INT n, n a constant. */
#define software_interrupt(vector) __asm__ volatile("int %0" : : "i"(vector) : "memory")

/* INT 80h: number and argument in EAX and EBX, the answer in EAX. */
#define SYSTEM_CALL 0x80
static inline uint32_t system_call(uint32_t number, uint32_t argument)
{
	uint32_t answer;

	__asm__ volatile("int $0x80" : "=a"(answer) : "a"(number), "b"(argument) : "memory");
	return answer;
}

/* ---- interrupts ---- */

static inline void interrupts_enable(void)
{
	__asm__ volatile("sti" : : : "memory");
}

static inline void interrupts_disable(void)
{
	__asm__ volatile("cli" : : : "memory");
}

/* Waits for an interrupt; none is lost between STI and HLT. Interrupts are on afterwards. */
static inline void interrupt_wait(void)
{
	__asm__ volatile("sti\n\thlt" : : : "memory");
}

/* Initializes both 8259s: IRQ 0 to 7 at vector `master`, 8 to 15 at `slave`, all masked. */
void pic_init(uint8_t master, uint8_t slave);

/* One bit for each IRQ, 0 to 15: set, it is masked. IRQ 2 is the slave: clear it for IRQ 8 to 15.
 */
void pic_mask(uint16_t masked);

/* The non-specific end of an interrupt, at the slave too where the IRQ is its. */
void pic_end(unsigned irq);

/* ---- ports ---- */

static inline uint16_t port_read16(uint16_t port)
{
	uint16_t value;

	__asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void port_write16(uint16_t port, uint16_t value)
{
	__asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint32_t port_read32(uint16_t port)
{
	uint32_t value;

	__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void port_write32(uint16_t port, uint32_t value)
{
	__asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

#endif
