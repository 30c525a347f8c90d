/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtual processor: what the guest believes of its processor, and what the real one uses
 * while this guest runs.
 *
 * Functions that can find something wrong answer with a verdict (exit.h): VERDICT_RESUME where
 * nothing is, VERDICT_GUEST_FAULT where the guest takes the exception that vcpu_raise() has noted,
 * VERDICT_ENDED where the guest is over.
 */
#ifndef VCPU_H
#define VCPU_H

#include "access.h"
#include "decode.h"
#include "exit.h"
#include "rings.h"
#include "strings.h"
#include "traps.h"

/* A whole global descriptor table. */
struct gdt {
	struct descriptor entry[GDT_ENTRIES];
};

/* An instruction as it was found, kept by the linear address of its first byte. */
#define DECODE_CACHE 64 /* a power of two */

struct decoded {
	uint32_t linear;
	const uint8_t *text; /* where the bytes are; NULL: not to be found again */
	uint8_t status;      /* enum decode_status */
	uint8_t reason;      /* enum exit_reason of a fault here, where status is DECODE_OK */
	bool emulated;       /* privileged or sensitive: vcpu_emulate() knows it */
	uint8_t count;       /* of `bytes`: the instruction's, or all that could be read */
	uint8_t bytes[15];
	struct insn insn; /* where status is DECODE_OK */
} __attribute__((aligned(64)));

/* Segments as they were found in the table that the processor uses, by selector. */
#define UNPACKED       16 /* a power of two */
#define UNPACKED_VALID 0x10000u

struct unpacked {
	uint32_t key; /* the selector with all bits of RPL set, and UNPACKED_VALID */
	struct segment segment;
} __attribute__((aligned(32))); /* a power of two is found faster */

/* The most pages that the GDT, LDT, IDT and TSS can touch. */
#define TRACED_PAGES 40

struct vm;

/* `registers` must stay first: the way out of the guest pushes there. */
struct vcpu {
	struct guest_registers registers;
	struct vm *vm;

	/* what the guest believes */
	bool virtual_if;             /* EFLAGS.IF */
	uint8_t virtual_iopl;        /* EFLAGS.IOPL, 0 to 3 */
	bool interrupt_shadow;       /* no interrupt before one more instruction is done (6.8.3) */
	uint32_t shadow_eip;         /* where that instruction is */
	uint32_t cr0, cr2, cr3, cr4; /* CR2: where its last page fault was */
	uint32_t sysenter[3];        /* MSR_SYSENTER_CS, ESP, EIP */
	uint32_t dr[8];              /* 4 and 5 are other names of 6 and 7 */
	struct table_register guest_gdtr, guest_idtr;
	uint16_t guest_ldtr, guest_tr;
	struct segment task;  /* the TSS that guest_tr names; not present: none */
	struct segment local; /* the LDT that guest_ldtr names, 64 KiB at most; not present: none */

	/* what the processor uses (tables.h) */
	struct gdt *gdt;        /* the guest's descriptors, deprivileged */
	struct gdt *open_gdt;   /* what is loaded: since lab 4 not quite the same */
	struct gdt *closed_gdt; /* the same without the code of outer rings */
	struct descriptor *ldt, *open_ldt, *closed_ldt; /* NULL before the first LLDT */
	struct descriptor *idt; /* with the gates that the guest may pass by itself */
	struct table_register gdtr, closed_gdtr, idtr; /* where these are */
	unsigned view;                                 /* enum view: which of them are loaded */
	maddr_t page_directory;
	uint16_t code_selector; /* whose descriptor `code` is; 0: no one's */
	struct segment code;

	struct {
		gla_t linear;
		gpa_t page;
	} traced[TRACED_PAGES]; /* write-protected: the guest's descriptor tables lie there */
	unsigned traced_count;
	struct shadow *shadow;       /* since lab 3 */
	struct code_view *code_view; /* since lab 4 */
	/* performs an instruction that traps: vcpu_emulate(), since lab 4 code_emulate() */
	enum verdict (*emulate)(struct vcpu *vcpu, const struct insn *insn);

	/* a single step of the monitor's (step.h) */
	bool stepping;
	bool step_guest_tf;     /* the guest has TF set itself */
	uint16_t step_mnemonic; /* of the instruction; 0: unknown */
	uint32_t step_size;     /* bytes that it may write to either side of step_at; 0: none */
	gla_t step_at;
	gpa_t step_page;
	struct access_step access; /* the step performs an access (access.h) */

	struct decoded decoded[DECODE_CACHE];
	struct unpacked unpacked[UNPACKED];
	gla_t stored_at; /* where vcpu_store() was last, and how much */
	uint32_t stored;
	bool unchecked;     /* the segment registers or EIP may not load: vcpu_check() */
	struct event event; /* the exception that vcpu_raise() has noted */
	struct exit_history exits;
};

/* Its tables, registers and memory map, as a boot loader leaves the bare processor. What cannot be
 * had, or NULL. */
const char *vcpu_create(struct vcpu *vcpu, struct vm *vm);

/* Gives back what vcpu_create() took, also where that stopped half way. */
void vcpu_destroy(struct vcpu *vcpu);

/* Makes `vcpu` the one that the processor's own registers and tables describe. */
void vcpu_activate(struct vcpu *vcpu);

/* The one that vcpu_activate() chose last. */
extern struct vcpu *vcpu_running;

/* The same where it has no code view, else NULL. */
extern struct vcpu *vcpu_running_bare;

/* ---- registers (vcpu.c) ---- */

#define REGISTER(name) offsetof(struct guest_registers, name)

/* The general register with that number in an instruction's encoding: 0 EAX, 4 ESP, 7 EDI. */
static inline uint32_t *vcpu_register(struct vcpu *vcpu, unsigned number)
{
	static const uint8_t offset[] = {REGISTER(eax), REGISTER(ecx), REGISTER(edx), REGISTER(ebx),
		REGISTER(esp), REGISTER(ebp), REGISTER(esi), REGISTER(edi)};

	return (uint32_t *)(void *)((uint8_t *)&vcpu->registers + offset[number]);
}

/* The segment register with Intel's number: 0 ES, 1 CS, 2 SS, 3 DS, 4 FS, 5 GS. */
static inline uint32_t *vcpu_segment_register(struct vcpu *vcpu, enum insn_segment segment)
{
	static const uint8_t offset[] = {
		REGISTER(es), REGISTER(cs), REGISTER(ss), REGISTER(ds), REGISTER(fs), REGISTER(gs)};

	return (uint32_t *)(void *)((uint8_t *)&vcpu->registers + offset[segment]);
}

/* The privilege level that the guest's code really runs at: 1 for its kernel, 3 for its users. */
static inline unsigned vcpu_ring(const struct vcpu *vcpu)
{
	return vcpu->registers.cs & SELECTOR_RPL;
}

/* The one that it believes: 0 for its kernel. */
static inline unsigned vcpu_cpl(const struct vcpu *vcpu)
{
	return vcpu_ring(vcpu) == 1 ? 0 : vcpu_ring(vcpu);
}

/* The selector that the guest's kernel believes to be in use: selector_deprivilege() backwards. */
static inline uint16_t selector_believed(uint16_t selector)
{
	return (selector & SELECTOR_RPL) == 1 ? selector & ~SELECTOR_RPL : selector;
}

#define EFLAGS_VIRTUAL (EFLAGS_IF | EFLAGS_IOPL) /* not the processor's, but the guest's own */

/* EFLAGS as the guest believes them: with its own IF and IOPL. */
static inline uint32_t vcpu_flags(const struct vcpu *vcpu)
{
	return (vcpu->registers.eflags & ~EFLAGS_VIRTUAL) | (vcpu->virtual_if ? EFLAGS_IF : 0) |
	       (uint32_t)vcpu->virtual_iopl << EFLAGS_IOPL_SHIFT;
}

/* All of EFLAGS from a value that the guest may set, IF and IOPL among them. Bits that do not exist
 * are ignored. */
void vcpu_set_flags(struct vcpu *vcpu, uint32_t eflags);

/* ---- exceptions ---- */

/* Notes the exception that the guest is to take. Returns VERDICT_GUEST_FAULT. */
static inline enum verdict vcpu_raise(struct vcpu *vcpu, unsigned vector, uint32_t error_code)
{
	vcpu->event.kind = EVENT_EXCEPTION;
	vcpu->event.vector = (uint8_t)vector;
	vcpu->event.error_code = error_code;
	vcpu->event.return_eip = vcpu->registers.eip;
	return VERDICT_GUEST_FAULT;
}

/* The error code that names a selector (6.13). */
static inline uint32_t error_of_selector(uint16_t selector)
{
	return selector & ~SELECTOR_RPL;
}

/* ---- segments and memory (vcpu.c) ---- */

/* Reads a descriptor into its place among vcpu->unpacked. */
void vcpu_unpack(struct vcpu *vcpu, uint16_t selector);

/* A descriptor has changed: what was unpacked is old. */
void vcpu_forget_segments(struct vcpu *vcpu);

/* The segment that a selector names in the guest's GDT or LDT, as the processor sees it: what the
 * guest's kernel gave DPL 0 has DPL 1. A selector that is null or outside its table names a segment
 * that is not present, and neither code nor data. Good until the next call. */
static inline const struct segment *vcpu_look_up(const struct vcpu *vcpu, uint16_t selector)
{
	const struct unpacked *unpacked = &vcpu->unpacked[selector >> 3 & (UNPACKED - 1)];

	if (unpacked->key != (selector | SELECTOR_RPL | UNPACKED_VALID))
		vcpu_unpack((struct vcpu *)(uintptr_t)vcpu, selector);
	return &unpacked->segment;
}

/* The same, to keep. */
static inline struct segment vcpu_segment(const struct vcpu *vcpu, uint16_t selector)
{
	return *vcpu_look_up(vcpu, selector);
}

/*
 * Would the processor, in that real ring, load `selector` into that segment register (5.5 to 5.8)?
 * `selector` may be the guest's own or deprivileged. For CS: as a return into that ring does.
 * Raises #GP(0) for a null selector in CS or SS, #GP(selector) where type or privilege do not fit,
 * and where it is not present #NP(selector), or #SS(selector) for SS.
 */
enum verdict vcpu_check_selector(
	struct vcpu *vcpu, enum insn_segment segment, uint16_t selector, unsigned ring);

/* SDM 3A 5.3: is [offset, offset + size) inside the segment's limit? */
static inline bool segment_holds(const struct segment *segment, uint32_t offset, uint32_t size)
{
	uint32_t last = offset + size - 1;
	bool expand_down = !(segment->type & TYPE_CODE) && segment->type & TYPE_EXPAND_DOWN;

	if (last < offset)
		return false;
	if (expand_down)
		return offset > segment->limit &&
		       last <= (segment->default_big ? 0xffffffff : 0xffff);
	return last <= segment->limit;
}

/* Are the `size` bytes at `offset` inside the segment, and does its type allow the access? Sets
 * *linear where they are. */
static inline bool segment_linear(
	const struct segment *segment, uint32_t offset, uint32_t size, bool write, gla_t *linear)
{
	bool code = segment->type & TYPE_CODE;

	if (!segment->present || !segment_holds(segment, offset, size))
		return false;
	if (write && (code || !(segment->type & TYPE_WRITABLE)))
		return false;
	*linear = gla(segment->base + offset);
	return true;
}

/* The same for a segment register of the guest, whose execute-only code may not be read either. */
static inline bool vcpu_linear(const struct vcpu *vcpu, enum insn_segment segment, uint32_t offset,
	uint32_t size, bool write, gla_t *linear)
{
	uint32_t selector = *vcpu_segment_register((struct vcpu *)(uintptr_t)vcpu, segment);
	const struct segment *target = vcpu_look_up(vcpu, (uint16_t)selector);
	bool execute_only = target->type & TYPE_CODE && !(target->type & TYPE_READABLE);

	return !(execute_only && segment != SEGMENT_CS) &&
	       segment_linear(target, offset, size, write, linear);
}

/* What the monitor wants to know of the guest's memory, without a trace: at most up to the first
 * byte that is not there. Returns the bytes copied. */
uint32_t vcpu_read(struct vcpu *vcpu, gla_t from, void *to, uint32_t size);

/* A write of the processor's own, or one that vcpu_check_store() has looked at. Returns `size`. */
uint32_t vcpu_write(struct vcpu *vcpu, gla_t to, const void *from, uint32_t size);

/* An access of an instruction: `size` bytes at an offset of a segment register, all or nothing.
 * Raises #SS(0) or #GP(0) where the segment does not allow it, and #PF where the guest's page
 * tables do not; ends the guest, before lab 3, where it has no memory there. */
enum verdict vcpu_load(
	struct vcpu *vcpu, enum insn_segment segment, uint32_t offset, void *to, uint32_t size);
enum verdict vcpu_store(struct vcpu *vcpu, enum insn_segment segment, uint32_t offset,
	const void *from, uint32_t size);

/* All that vcpu_store() checks, and nothing written: vcpu_write() to *linear cannot fail then. */
enum verdict vcpu_check_store(struct vcpu *vcpu, enum insn_segment segment, uint32_t offset,
	uint32_t size, gla_t *linear);

/* What comes of an access that the segment does not allow: raises #SS(0) or #GP(0), or ends the
 * guest where only the monitor's clipping refuses it. */
enum verdict vcpu_segment_refuses(
	struct vcpu *vcpu, enum insn_segment segment, uint32_t offset, uint32_t size);

/* The same at a linear address, for what the processor itself reads and writes: tables, stacks. (In
 * memory.h.) */
static inline enum verdict vcpu_load_linear(struct vcpu *vcpu, gla_t from, void *to, uint32_t size);
static inline enum verdict vcpu_store_linear(
	struct vcpu *vcpu, gla_t to, const void *from, uint32_t size);

/* The offset of an instruction's memory operand. */
uint32_t vcpu_offset(struct vcpu *vcpu, const struct insn *insn);

/* The operand that ModRM's r/m field names, register or memory: `size` bytes, 2 or 4,
 * zero-extended. */
enum verdict vcpu_load_rm(
	struct vcpu *vcpu, const struct insn *insn, uint32_t size, uint32_t *value);

/* The stack pointer: ESP, or SP where the stack segment is a 16-bit one. Setting it keeps the upper
 * half of ESP then. */
static inline uint32_t vcpu_stack_pointer(const struct vcpu *vcpu)
{
	bool big = vcpu_look_up(vcpu, (uint16_t)vcpu->registers.ss)->default_big;

	return big ? vcpu->registers.esp : vcpu->registers.esp & 0xffff;
}

static inline void vcpu_set_stack_pointer(struct vcpu *vcpu, uint32_t value)
{
	if (!vcpu_look_up(vcpu, (uint16_t)vcpu->registers.ss)->default_big)
		value = (vcpu->registers.esp & 0xffff0000) | (value & 0xffff);
	vcpu->registers.esp = value;
}

/* The guest-physical address of a linear one, for the monitor to know: no rights are asked for, and
 * A and D bits stay. False where the guest's own paging has none. Before lab 3 guests have no
 * paging (plain/memory.c). */
bool vcpu_translate(const struct vcpu *vcpu, gla_t linear, gpa_t *physical);

/* Reads and decodes the instruction at the guest's CS:EIP. */
const struct decoded *vcpu_decode_anew(struct vcpu *vcpu);

/* Four bytes of memory, at any address. */
struct text_word {
	uint32_t value;
} __attribute__((packed, may_alias));

/* Are these the bytes of a decoded instruction? Nearly every one that traps has at most four. */
static inline bool decoded_holds(const struct decoded *decoded, const uint8_t *text)
{
	static const uint32_t mask[] = {0, 0xff, 0xffff, 0xffffff, 0xffffffff};
	const struct text_word *want = (const struct text_word *)decoded->bytes;
	const struct text_word *found = (const struct text_word *)text;

	if (decoded->count > 4)
		return memcmp(want, found, decoded->count) == 0;
	return ((want->value ^ found->value) & mask[decoded->count]) == 0;
}

/* Where the guest's paging has an instruction's first byte now. */
const uint8_t *vcpu_text(const struct vcpu *vcpu, gla_t linear);

/*
 * The same; but an instruction that traps once traps again, a loop's CLI, a driver's OUT. So what
 * was decoded is kept, and holds as long as the bytes are the same. What this returns is good until
 * the next call.
 */
static inline const struct decoded *vcpu_decode(struct vcpu *vcpu)
{
	uint32_t linear = vcpu->code.base + vcpu->registers.eip;
	const struct decoded *decoded = &vcpu->decoded[linear % DECODE_CACHE];

	if (decoded->text && decoded->linear == linear &&
		vcpu->code_selector == (uint16_t)vcpu->registers.cs &&
		(!vcpu->shadow || decoded->text == vcpu_text(vcpu, gla(linear))) &&
		decoded_holds(decoded, decoded->text))
		return decoded;
	return vcpu_decode_anew(vcpu);
}

/* The guest's memory lies elsewhere now: what was decoded must be read again. */
void vcpu_forget_decoded(struct vcpu *vcpu);

/* ---- the guest's tables (descriptors.c) ---- */

/*
 * Takes a guest's GDT over into the one that the processor uses, every descriptor through
 * descriptor_deprivilege(). False, with nothing changed, where the table is not in the guest's
 * memory, or where a segment register in use would not load from it (SDM 3A 5.5 to 5.7).
 * `problem` then says which.
 */
bool vcpu_load_gdt(struct vcpu *vcpu, struct table_register gdtr, const char **problem);

/* LIDT. It cannot fail: the table is read when an event needs it. */
void vcpu_load_idt(struct vcpu *vcpu, struct table_register idtr);

/* Descriptors `first` to `last` of the GDT or LDT were written in the guest's memory. */
void vcpu_reload_descriptors(struct vcpu *vcpu, bool local, uint32_t first, uint32_t last);

/* Something has changed on which the way back into the guest depends: do its segment registers
 * load, is EIP inside its code? Ends the guest by name where a register does not load; raises
 * #GP(0) where the next instruction lies outside. */
enum verdict vcpu_check(struct vcpu *vcpu);

/* LLDT and LTR, with their checks: #GP(0), #GP(selector), #NP(selector). */
enum verdict vcpu_load_ldt(struct vcpu *vcpu, uint16_t selector);
enum verdict vcpu_load_task(struct vcpu *vcpu, uint16_t selector);

/* True where the processor, at the guest's privilege level, would load `selector` into that
 * segment register without a fault. `segment` is one of the decoder's SEGMENT_.... */
bool vcpu_selector_loads(const struct vcpu *vcpu, enum insn_segment segment, uint16_t selector);

/* The descriptor that a selector names in the guest's own GDT or LDT, as it lies in its memory, and
 * where. False where the selector is null or outside its table. */
bool vcpu_guest_descriptor(
	struct vcpu *vcpu, uint16_t selector, gla_t *at, struct descriptor *descriptor);

/* Would the guest's own descriptor allow the access, and only the monitor's clipping does not? */
bool vcpu_was_clipped(struct vcpu *vcpu, enum insn_segment segment, uint32_t offset, uint32_t size);

/* True where the guest's own table has, at that selector, what a far CALL or JMP goes through and
 * is no code: a present call gate, task gate or available TSS. */
bool vcpu_names_gate(struct vcpu *vcpu, uint16_t selector);

/* Gives back what LLDT took. */
void descriptors_destroy(struct vcpu *vcpu);

/* ESP0 and SS0, as they stand in a TSS. */
struct task_stack {
	uint32_t esp0, ss0;
};

/* Where they are in the guest's TSS; false: it has none, or one that ends before them. */
bool vcpu_find_task_stack(const struct vcpu *vcpu, gla_t *at);

/* SS0 and ESP0 of the guest's TSS. Raises #TS(selector of the TSS) where it has none, without
 * ERROR_EXT: only the caller knows what kind of event it is for. */
enum verdict vcpu_task_stack(struct vcpu *vcpu, uint16_t *ss0, uint32_t *esp0);

/* May the guest use these ports now: by CPL and IOPL, or else by the permission map in its TSS
 * (SDM volume 1, 19.5)? #GP(0) where not. */
enum verdict vcpu_port_check(struct vcpu *vcpu, uint16_t port, unsigned size);

/* ---- control, debug and model-specific registers (control.c) ---- */

/* CR0, CR2, CR3, CR4. Writing raises #GP(0) for combinations that the processor refuses, and ends
 * the guest, by name, where it asks for what this stage does not have. */
uint32_t vcpu_read_cr(const struct vcpu *vcpu, unsigned number);
enum verdict vcpu_write_cr(struct vcpu *vcpu, unsigned number, uint32_t value);

/* DR0 to DR7. Both raise #UD for DR4 and DR5 where CR4.DE is set, and #DB where DR7.GD is. */
enum verdict vcpu_read_dr(struct vcpu *vcpu, unsigned number, uint32_t *value);
enum verdict vcpu_write_dr(struct vcpu *vcpu, unsigned number, uint32_t value);

/* False for a register that the virtual processor does not have, or a value that it refuses. */
bool vcpu_read_msr(const struct vcpu *vcpu, uint32_t number, uint64_t *value);
bool vcpu_write_msr(struct vcpu *vcpu, uint32_t number, uint64_t value);

/* INVLPG. Before lab 3 there is nothing to forget. */
void vcpu_invalidate(struct vcpu *vcpu, gla_t linear);

/* Empties the FPU and the SSE registers: nothing of one guest's stays for the next. */
void floating_point_clear(void);

/* Sets the processor's CR0, CR4 and debug registers as the guest wants them. */
void vcpu_load_control(struct vcpu *vcpu);

/* A debug exception came: what it says in DR6 is the guest's, but for the monitor's own step. */
void vcpu_take_dr6(struct vcpu *vcpu, bool own_step);

/* The guest's own single-step trap, after an instruction that the monitor performed (17.3.1.4). */
enum verdict vcpu_raise_single_step(struct vcpu *vcpu);

/* ---- memory map (page_faults.c; plain/memory.c until lab 3) ---- */

/* The tables that the processor walks, for a new virtual processor. False: no memory for them.
 * Before lab 3 every page of the guest's memory is mapped where it is. */
bool vcpu_map_memory(struct vcpu *vcpu);
void vcpu_unmap_memory(struct vcpu *vcpu);

/* The guest wrote CR0, CR3 or CR4, and the new values are in place; the bits that differ. */
enum verdict vcpu_paging_changed(struct vcpu *vcpu, uint32_t changed_cr0, uint32_t changed_cr4);

/* Makes a page of the guest's memory read-only to the guest, in every mapping, or writable again.
 */
void vcpu_write_protect(struct vcpu *vcpu, gpa_t page, bool protect);

/* For one instruction, a page that the guest may not write, or does not have, is this frame, with
 * all rights, in the tables that the processor uses now; and back. */
void vcpu_stand_in(struct vcpu *vcpu, gla_t at, maddr_t frame);
void vcpu_stand_out(struct vcpu *vcpu, gla_t at);

#endif
