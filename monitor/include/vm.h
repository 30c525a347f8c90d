/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtual machine: memory, devices, one virtual processor. Nothing in the monitor is about
 * "the guest": every function is told which one.
 *
 * Life of a virtual machine: vm_create() gives it memory and loads its kernel; world_enter()
 * runs it; vm_end() is its end, whether it halted, switched itself off or was killed. The
 * others go on.
 */
#ifndef VM_H
#define VM_H

#include "bus.h"
#include "decode.h"
#include "elf.h"
#include "exit.h"
#include "rings.h"
#include "uart.h"

#define VM_MAX        32          /* virtual machines at once */
#define VM_NAME_SIZE  24          /* bytes, with the final NUL */
#define VM_MEMORY     (16u << 20) /* bytes of memory where the command line does not say */
#define VM_MEMORY_MIN (2u << 20)

/* A whole global descriptor table. */
struct gdt {
	struct descriptor entry[GDT_ENTRIES];
};

struct vm;

/* The virtual processor. `registers` must stay first: the way out of the guest pushes there. */
struct vcpu {
	struct guest_registers registers;
	struct vm *vm;
	/* what the processor really uses while this one runs */
	struct gdt *gdt;
	maddr_t page_directory;
	uint16_t code_selector; /* whose descriptor `code` is; 0: no one's */
	struct segment code;
	/* what the guest believes: LGDT's operand */
	struct table_register guest_gdtr;
	struct exit_history exits;
};

enum vm_state { VM_READY, VM_ENDED };

struct vm {
	struct vcpu vcpu;
	char name[VM_NAME_SIZE];
	unsigned number; /* from 0, in the order of the modules */
	enum vm_state state;
	uint32_t memory_size; /* bytes, a multiple of PAGE_SIZE */
	maddr_t memory;     /* what it was given, memory_size bytes side by side; 0: nothing yet */
	maddr_t *frames;    /* guest-physical page -> machine address of its frame */
	uint32_t time_left; /* 10 ms ticks until the monitor ends it; 0: for ever */
	struct elf_image image; /* the module it came from: symbols for reports */
	struct bus bus;
	struct uart uart;
	unsigned power_off_progress; /* bytes of "Shutdown" seen on the power-off port */
};

/* What is to be run, as the boot loader left it. */
struct vm_config {
	const char
		*command_line; /* "name word word ..."; mem=MIB and time=TICKS are the monitor's */
	const uint8_t *image;  /* an ELF file in the direct map */
	uint32_t image_size;   /* bytes */
};

/* A new virtual machine, ready to run, or NULL after a message on the log that says why not. */
struct vm *vm_create(const struct vm_config *config);

/* Its turn: the screen is its own from here on, and the processor's tables are set for it. */
void vm_start(struct vm *vm);

/* Marks it as ended and logs `how`. Its memory stays as it is, for whoever wants to look. */
void vm_end(struct vm *vm, const char *how);

/* The next virtual machine that is ready, after the one with number `after`; NULL: none. */
struct vm *vm_next_ready(unsigned after);

/* Makes `vcpu` the one that the processor's own tables describe: CR3, GDT, TSS. */
void vcpu_activate(struct vcpu *vcpu);

/* The one that vcpu_activate() chose last. */
extern struct vcpu *vcpu_running;

/*
 * Takes a guest's GDT over into the one that the processor uses, every descriptor through
 * descriptor_deprivilege(). False, with nothing changed, where the table is not in the guest's
 * memory, or where a segment register in use would not load from it (SDM 3A 5.5 to 5.7).
 * `problem` then says which.
 */
bool vcpu_load_gdt(struct vcpu *vcpu, struct table_register gdtr, const char **problem);

/* True where the processor, at the guest's privilege level, would load `selector` into that
 * segment register without a fault. `segment` is one of the decoder's SEGMENT_.... */
bool vcpu_selector_loads(const struct vcpu *vcpu, enum insn_segment segment, uint16_t selector);

/* The general register with that number in an instruction's encoding: 0 EAX, 4 ESP, 7 EDI. */
uint32_t *vcpu_register(struct vcpu *vcpu, unsigned number);

/* The segment register with Intel's number: 0 ES, 1 CS, 2 SS, 3 DS, 4 FS, 5 GS. */
uint32_t *vcpu_segment_register(struct vcpu *vcpu, enum insn_segment segment);

/* The privilege level that the guest's code really runs at: 1 for its kernel, 3 for its users. */
static inline unsigned vcpu_ring(const struct vcpu *vcpu)
{
	return vcpu->registers.cs & SELECTOR_RPL;
}

/*
 * The linear address of `offset` in a segment of the guest, for an access of `size` bytes.
 * False where the processor's own check of present, type and limit would fail.
 */
bool vcpu_linear(const struct vcpu *vcpu, enum insn_segment segment, uint32_t offset, uint32_t size,
	bool write, gla_t *linear);

/* Copies between the monitor and a guest's memory, at most up to the first byte that is not
 * there: the number of bytes copied. */
uint32_t vcpu_read(struct vcpu *vcpu, gla_t from, void *to, uint32_t size);
uint32_t vcpu_write(struct vcpu *vcpu, gla_t to, const void *from, uint32_t size);
uint32_t vm_read(struct vm *vm, gpa_t from, void *to, uint32_t size);
uint32_t vm_write(struct vm *vm, gpa_t to, const void *from, uint32_t size);

/* The machine address of a guest-physical one; false where the guest has no memory there. */
bool vm_translate(const struct vm *vm, gpa_t address, maddr_t *machine);

/* The guest-physical address of a linear one; false where the guest's own paging has none.
 * Before lab 3 guests have no paging (plain/memory.c). */
bool vcpu_translate(const struct vcpu *vcpu, gla_t linear, gpa_t *physical);

/* Fills a new virtual processor's page directory. False: no memory for it. Before lab 3 every
 * page of the guest's memory is mapped where it is (plain/memory.c). */
bool vcpu_map_memory(struct vcpu *vcpu);

/*
 * Reads and decodes the instruction at the guest's CS:EIP. `bytes` receives what was read, at
 * most 15 bytes, `count` how many.
 */
enum decode_status vcpu_decode(
	struct vcpu *vcpu, struct insn *insn, uint8_t bytes[15], size_t *count);

#endif
