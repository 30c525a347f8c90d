/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that executes each sensitive instruction of x86 in all of its forms (sensitives.asm), and
 * asks LAR, LSL, VERR and VERW about every selector of a table full of descriptors.
 *
 * These are the instructions because of which x86 is not virtualizable in Popek and Goldberg's
 * sense: in ring 1 they tell of the monitor's tables, or do something else, and never trap.
 */
#include "sensitives.h"
#include "random.h"
#include "paging.h"

SEEDED uint32_t sensitives_seed = 0x2545f491;

struct sensitive_record sensitive_records[FORMS_MAX];
volatile uint32_t sensitives_done;
struct sensitive_selector sensitive_selectors[SELECTORS];

/* sensitives.asm */
#define COUNT_VECTOR 0x61
#define GS_OPERAND   KERNEL_FREE
#define CODE_NEAR    (KERNEL_FREE + 8)
#define STACK_16     (KERNEL_FREE + 16)
#define CODE_16      (KERNEL_FREE + 24)
#define CONFORMING   (KERNEL_FREE + 32)
#define FIRST_RANDOM ((KERNEL_FREE + 40) / 8)
extern const uint8_t near_code[], near_code_end[], code_16[], code_16_end[], far_target[];
extern const uint8_t sensitives_count_handler[];
void selector_try(uint32_t selector, struct sensitive_selector *result);

#define OPERAND_BYTES 1024u
#define GS_BELOW      6u /* bytes */
#define STACK_WORDS   64u
extern uint8_t operand[OPERAND_BYTES], other_stack[];

/* ---- what a form finds ---- */

/* Preparations of probes. */
void prepare_data(void)
{
	for (uint32_t i = 0; i < OPERAND_BYTES / 4; i++)
		((uint32_t *)operand)[i] = random_u32();
}

void prepare_selector(void)
{
	prepare_data();
	*(uint16_t *)operand = KERNEL_DS;
}

static void far_fill(uint32_t offset, uint16_t selector, size_t offset_size)
{
	prepare_data();
	memcpy(operand, &offset, offset_size);
	*(uint16_t *)(operand + offset_size) = selector;
}

void prepare_far(void)
{
	far_fill((uint32_t)far_target, KERNEL_CS, 4);
}

void prepare_far16(void)
{
	far_fill(0, CODE_NEAR, 2);
}

void prepare_stack(void)
{
	far_fill((uint32_t)other_stack, KERNEL_DS, 4);
}

/* ---- one form ---- */

static struct sensitive_record *current;

static void record(struct frame *frame)
{
	const uint32_t *esp = &frame->user_esp;

	*current = (struct sensitive_record){
		.registers = {frame->edi, frame->esi, frame->ebp, (uint32_t)esp, frame->ebx,
			frame->edx, frame->ecx, frame->eax},
		.vector = frame->vector,
		.error_code = frame->error_code,
		.eip = frame->eip,
		.cs = frame->cs,
		.eflags = frame->eflags,
	};
	for (uint32_t i = 0; i < 6; i++)
		current->operand[i] = ((uint32_t *)operand)[i];
	for (uint32_t i = 0; i < 5; i++)
		current->stack[i] = esp[i];
	user_leave(0);
}

static void form_run(uint32_t number)
{
	const struct probe *probe = &probe_table[number];
	uint32_t at = (uint32_t)operand, esp = at - 4;
	struct frame *frame = (struct frame *)(esp - offsetof(struct frame, user_esp));

	for (uint32_t i = 1; i <= STACK_WORDS; i++)
		*(uint32_t *)(at - 4 * i) = random_u32();
	*frame = (struct frame){.edi = at + 16,
		.esi = at - 8,
		.ebp = at + 32,
		.ebx = at,
		.edx = at - 4,
		.ecx = 1,
		.eax = at - 16,
		.eip = probe->code,
		.cs = KERNEL_CS,
		.eflags = EFLAGS_FIXED | probe->eflags};
	if (probe->prepare) /* now: the frame's last word is the operand */
		((void (*)(void))probe->prepare)();
	current = &sensitive_records[number];
	__asm__ volatile("movl %0, %%gs" : : "r"(GS_OPERAND));
	frame_run(frame);
	interrupts_disable();
}

/* ---- descriptors ---- */

static struct descriptor code_make(const uint8_t *start, const uint8_t *end, uint32_t flags)
{
	uint32_t base = (uint32_t)start;

	return descriptor_make(base, (uint32_t)end - base - 1, ACCESS_CODE, flags);
}

static void segments_fill(void)
{
	struct descriptor *gdt = kernel_gdt;

	gdt[GS_OPERAND / 8] =
		descriptor_make((uint32_t)operand - GS_BELOW, 0xffff, ACCESS_DATA, FLAG_BIG);
	gdt[CODE_NEAR / 8] = code_make(near_code, near_code_end, FLAG_BIG);
	gdt[STACK_16 / 8] = descriptor_make((uint32_t)operand, 0xffff, ACCESS_DATA, 0);
	gdt[CODE_16 / 8] = code_make(code_16, code_16_end, 0);
	gdt[CONFORMING / 8] = descriptor_make(0, LIMIT_MAX, ACCESS_CODE | TYPE_CONFORMING, FLAT);
}

/* Every type of segment and of system descriptor, with any DPL, limit and granularity, some not
 * present. Accessed bits are set: the processor leaves these as they are. */
static void descriptors_fill(void)
{
	for (uint32_t i = FIRST_RANDOM; i < KERNEL_GDT_ENTRIES; i++) {
		uint32_t drawn = random_u32(), type = i % 16, access = type;
		if (i & 16)
			access |= 0x10 | TYPE_ACCESSED; /* S: code or data */
		if (drawn & 7)
			access |= 0x80; /* P */
		access |= ACCESS_DPL(drawn >> 3 & 3);
		kernel_gdt[i] = descriptor_make(
			random_u32(), random_u32() & LIMIT_MAX, access, drawn >> 8 & 15);
	}
}

static void selectors_try(void)
{
	for (uint32_t i = 0; i < SELECTORS; i++) {
		uint32_t selector = i % 256 / 4 << 3 | i % 4;
		if (i >= 256)
			selector |= SELECTOR_TI;
		selector_try(selector, &sensitive_selectors[i]);
	}
}

void kernel_main(uint32_t info)
{
	uint32_t total;

	(void)info;
	if (probe_count > FORMS_MAX) {
		console_printf("raise FORMS_MAX to %u\n", probe_count);
		return;
	}
	random_seed(sensitives_seed);
	segments_fill();
	descriptors_fill();
	kernel_tables_load();
	ldt_load(0);
	for (unsigned vector = 0; vector < VECTORS; vector++)
		handler_set((uint8_t)vector, record);
	kernel_idt[COUNT_VECTOR] =
		gate_make(KERNEL_CS, (uint32_t)sensitives_count_handler, GATE_INTERRUPT);
	pic_init(0x20, 0x28);
	cr0_write(CR0_PE | CR0_ET); /* whatever the boot loader left: SMSW shows all of it */
	selectors_try();
	for (uint32_t i = 0; i < probe_count; i++) {
		form_run(i);
		sensitives_done = i + 1;
	}
	total = probe_sum(0, sensitive_records, sizeof(sensitive_records));
	console_printf("sensitives: %u forms, %08x, selectors %08x\n", probe_count, total,
		probe_sum(0, sensitive_selectors, sizeof(sensitive_selectors)));
}
