/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that uses memory where there is none: every instruction that has an operand in memory,
 * with the operand at physical addresses beyond the guest's memory, or half there. On a PC such
 * memory floats: it reads as all ones, and what is written to it is lost. With paging, what the
 * entries say comes first (Intel SDM volume 3A, 4.6).
 *
 * forms.asm has the instructions; this file has the places, and leaves a record of each
 * instruction in each place. The registers are compared one by one, memory and x87 by checksums.
 */
#include "mapped.h"
#include "paging.h"

SEEDED uint32_t mapped_places = (1u << MAPPED_PLACES) - 1;
SEEDED struct general_registers mapped_registers = {
	0xd1d1d1d1, 0x51515151, 0xb9b9b9b9, 0, 0, 0xd0d0d0d0, 0xc0c0c0c0, 0xa0a0a0a0};
SEEDED uint32_t mapped_eflags = EFLAGS_STATUS;
SEEDED uint32_t mapped_pattern = 0x1d2d3d4d;

struct mapped_record mapped_records[MAPPED_PLACES * MAPPED_PROBES_MAX];

/* ---- places ---- */

/* In the GDT: begins at the operand. forms.asm has it once more. */
#define MAPPED_DATA (KERNEL_FREE + 3)

#define EDGE  0x00800000u /* linear addresses: pages of 4 KiB, in pairs */
#define LARGE 0x00c00000u
#define FAR   0x01000000u

struct mapped_place mapped_place_table[MAPPED_PLACES] = {
	{"beyond the end of memory", 0, PLACE_ALONE},
	{"1 byte before the end of memory", 0, 0},
	{"16 bytes before the end of memory", 0, 0},
	{"a page without memory", EDGE + 0x200, PLACE_PAGED | PLACE_ALONE},
	{"a page of 4 MiB without memory", LARGE + 0x12340, PLACE_PAGED | PLACE_ALONE},
	{"a page of 4 MiB beyond 4 GiB", FAR + 0x2340, PLACE_PAGED | PLACE_ALONE},
	{"memory, 1 byte before a page without", EDGE + 0x3000 - 1, PLACE_PAGED},
	{"memory, 16 bytes before a page without", EDGE + 0x3000 - 16, PLACE_PAGED},
	{"no memory, 3 bytes before memory", EDGE + 0x6000 - 3, PLACE_PAGED},
	{"no memory, 16 bytes before memory", EDGE + 0x6000 - 16, PLACE_PAGED},
	{"across two pages without memory", EDGE + 0x9000 - 2, PLACE_PAGED},
	{"a read-only page without memory", EDGE + 0xb200,
		PLACE_PAGED | PLACE_ALONE | PLACE_FAULTS},
	{"a kernel's page without memory", EDGE + 0xd200, PLACE_PAGED | PLACE_ALONE},
	{"1 byte before a page not present", EDGE + 0x10000 - 1, PLACE_PAGED | PLACE_FAULTS},
	{"16 bytes before a page not present", EDGE + 0x10000 - 16, PLACE_PAGED | PLACE_FAULTS},
};

#define WINDOW 128u /* bytes of memory beside an operand that are looked at */

static uint8_t arena[8][PAGE_SIZE] __attribute__((aligned(4096)));
static uint8_t page_before[PAGE_SIZE] __attribute__((aligned(4096)));
static uint8_t page_behind[PAGE_SIZE] __attribute__((aligned(4096)));

/* Readable and writable in both rings. */
uint8_t mapped_data[PAGE_SIZE] __attribute__((aligned(4096)));
static uint8_t stack[PAGE_SIZE] __attribute__((aligned(4096)));

static uint32_t memory_end, directory;

/* The first MiB from 4 MiB on that keeps nothing. */
static uint32_t memory_end_find(void)
{
	for (uint32_t at = 4u << 20;; at += 1u << 20) {
		volatile uint32_t *word = (volatile uint32_t *)at;
		*word = 0x5ca1ab1e;
		if (*word != 0x5ca1ab1e)
			return at;
	}
}

/* Pages without memory lie at different distances from its end. */
static void tables_fill(void)
{
	uint32_t nowhere = memory_end + 0x00345000;

	frames_init(arena, sizeof(arena) / PAGE_SIZE);
	directory = paging_directory();
	page_map(directory, EDGE, nowhere, PAGE_USER_WRITE);
	page_map(directory, EDGE + 0x2000, (uint32_t)page_before, PAGE_USER_WRITE);
	page_map(directory, EDGE + 0x3000, memory_end, PAGE_USER_WRITE);
	page_map(directory, EDGE + 0x5000, nowhere + 0x1000, PAGE_USER_WRITE);
	page_map(directory, EDGE + 0x6000, (uint32_t)page_behind, PAGE_USER_WRITE);
	page_map(directory, EDGE + 0x8000, nowhere + 0x10000000, PAGE_USER_WRITE);
	page_map(directory, EDGE + 0x9000, nowhere + 0x3000, PAGE_USER_WRITE);
	page_map(directory, EDGE + 0xb000, nowhere, PAGE_USER_READ);
	page_map(directory, EDGE + 0xd000, nowhere, PAGE_KERNEL_WRITE);
	page_map(directory, EDGE + 0xf000, nowhere + 0x4000, PAGE_USER_WRITE);
	large_map(directory, LARGE, 0x20000000, PAGE_USER_WRITE);
	large_map(directory, FAR, 0x20000000 | 3u << 13, PAGE_USER_WRITE);
	page_protect(directory, (uint32_t)mapped_data, PAGE_USER_WRITE);
	page_protect(directory, (uint32_t)stack, PAGE_USER_WRITE);
	mapped_place_table[0].operand = nowhere + 0x40;
	mapped_place_table[1].operand = memory_end - 1;
	mapped_place_table[2].operand = memory_end - 16;
}

/* ---- what a probe finds, and what it leaves ---- */

/* As FXSAVE has it: five of the x87 registers hold numbers, three are empty. */
static _Alignas(16) uint8_t floating[512], floating_left[512];

static void floating_fill(void)
{
	static const uint16_t sign_and_exponent[] = {0x3fff, 0x4003, 0xbffe, 0x400d, 0x3ff0};
	uint32_t *word = (uint32_t *)floating;

	word[0] = 0x037f | 3u << (16 + 11); /* all exceptions masked; TOP is 3 */
	word[1] = 0xf8;
	word[6] = 0x1f80;
	for (unsigned i = 0; i < 5; i++) {
		word[8 + i * 4] = 0x12345678 * (i + 1);
		word[9 + i * 4] = 0x80000000 | i << 20;
		word[10 + i * 4] = sign_and_exponent[i];
	}
	for (unsigned i = 0; i < 32; i++)
		word[40 + i] = 0x3f800000 + i * 0x01234567;
}

static uint32_t windows[3]; /* addresses, by their physical place */

/* As selectors, the bytes name an LDT that there is none of; as addresses, what is not mapped. */
static void memory_fill(void)
{
	for (unsigned i = 0; i < 3; i++) {
		uint32_t *word = (uint32_t *)windows[i], value = mapped_pattern;
		for (unsigned n = 0; n < WINDOW / 4; n++) {
			word[n] = value | 0x05050505;
			value = (value << 3 | value >> 29) + i;
		}
	}
}

static const struct mapped_place *place;
static struct mapped_record *current;

static void record(struct frame *frame)
{
	bool user = frame_from_user(frame);
	const uint32_t *left = (const uint32_t *)floating_left;

	__asm__ volatile("fxsave %0" : "=m"(floating_left));
	*current = (struct mapped_record){
		.registers = {frame->edi, frame->esi, frame->ebp,
			user ? frame->user_esp : (uint32_t)&frame->user_esp, frame->ebx, frame->edx,
			frame->ecx, frame->eax},
		.vector = frame->vector,
		.error_code = frame->error_code,
		.eip = frame->eip,
		.eflags = frame->eflags,
		.cr2 = frame->vector == VECTOR_PF ? cr2_read() : 0,
		.x87_opcode = left[1] >> 16,
		.x87_eip = left[2],
		.x87_operand = left[4],
	};
	user_leave(0);
}

static uint32_t sum(uint32_t total, const uint32_t *word, unsigned count)
{
	while (count--)
		total = total * 31 + *word++;
	return total;
}

/* Reads the operand once more: what was written must be lost. */
static void operand_read(void)
{
	static const uint32_t offset[MAPPED_AGAIN] = {0, 4, 12};

	if (place->flags & PLACE_FAULTS)
		return;
	for (unsigned i = 0; i < MAPPED_AGAIN; i++)
		current->again[i] = *(const volatile uint32_t *)(place->operand + offset[i]);
}

static void sums_take(void)
{
	uint32_t *left = (uint32_t *)floating_left;

	left[1] &= 0xff; /* the tags, without the opcode */
	current->floating = sum(sum(left[6], left, 2), left + 8, 64);
	for (unsigned i = 0; i < 3; i++)
		current->memory = sum(current->memory, (const uint32_t *)windows[i], WINDOW / 4);
}

/* ---- running ---- */

static bool left_out;

/* Preparations of probes. */
void mapped_paged(void)
{
	left_out = !(place->flags & PLACE_PAGED);
}

void mapped_without_faults(void)
{
	left_out = place->flags & PLACE_FAULTS;
}

void mapped_alone(void)
{
	left_out = !(place->flags & PLACE_ALONE);
}

static void probe_begin(const struct probe *probe)
{
	uint32_t top = (uint32_t)&stack[PAGE_SIZE] - 64;
	struct frame user, *frame = &user;

	if (probe->ring == 0)
		frame = (struct frame *)(top - offsetof(struct frame, user_esp));
	frame->edi = mapped_registers.edi;
	frame->esi = mapped_registers.esi;
	frame->ebp = mapped_registers.ebp;
	frame->ebx = place->operand;
	frame->edx = mapped_registers.edx;
	frame->ecx = mapped_registers.ecx;
	frame->eax = mapped_registers.eax;
	frame->eip = probe->code;
	frame->cs = probe->ring == 0 ? KERNEL_CS : USER_CS;
	frame->eflags = (mapped_eflags & EFLAGS_STATUS) | EFLAGS_FIXED;
	if (probe->ring != 0) {
		frame->user_esp = top;
		frame->user_ss = USER_DS;
	}
	memory_fill();
	__asm__ volatile("fxrstor %0" : : "m"(floating));
	frame_run(frame);
	operand_read();
	sums_take();
}

static void place_run(uint32_t number)
{
	place = &mapped_place_table[number];
	bool paged = place->flags & PLACE_PAGED;
	kernel_gdt[MAPPED_DATA / 8] =
		descriptor_make(place->operand, 0xffff, ACCESS_DATA | ACCESS_DPL(3), FLAG_BIG);
	if (paged)
		paging_on(directory);
	windows[0] = (uint32_t)mapped_data;
	windows[1] = paged ? (uint32_t)page_before + PAGE_SIZE - WINDOW : memory_end - WINDOW;
	windows[2] = (uint32_t)page_behind;
	for (uint32_t i = 0; i < probe_count; i++) {
		left_out = false;
		if (probe_table[i].prepare)
			((void (*)(void))probe_table[i].prepare)();
		current = &mapped_records[number * probe_count + i];
		if (!left_out)
			probe_begin(&probe_table[i]);
	}
	if (paged)
		paging_off();
}

void kernel_main(uint32_t info)
{
	(void)info;
	if (probe_count > MAPPED_PROBES_MAX) {
		console_printf("raise MAPPED_PROBES_MAX to %u\n", probe_count);
		return;
	}
	kernel_tables_load();
	ldt_load(0); /* a processor begins with one that is all of the first 64 KiB */
	for (unsigned vector = 0; vector < VECTORS; vector++)
		handler_set((uint8_t)vector, record);
	gate_set(PROBE_END, GATE_INTERRUPT | ACCESS_DPL(3));
	pic_init(0x20, 0x28);
	memory_end = memory_end_find();
	tables_fill();
	floating_fill();
	cr4_write(CR4_PSE | CR4_OSFXSR | CR4_OSXMMEXCPT);
	cr0_write(CR0_PE | CR0_ET | CR0_NE | CR0_WP);
	for (uint32_t i = 0; i < MAPPED_PLACES; i++)
		if (mapped_places & 1u << i)
			place_run(i);
	uint32_t total = sum(0, (const uint32_t *)mapped_records,
		probe_count * MAPPED_PLACES * sizeof(*mapped_records) / 4);
	console_printf("mapped: %u probes in %u places, memory ends at %08x, %08x\n", probe_count,
		MAPPED_PLACES, memory_end, total);
}
