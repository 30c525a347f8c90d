/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IN, OUT, INS and OUTS in every form, from ring 0 and from ring 3 (Intel SDM volume 1, chapter
 * 19; volume 2, the instructions' pages).
 *
 * A case is one instruction with registers, segments and a direction. It ends with the INT behind
 * it, or with its exception; the frame of either is kept. Ports whose answers do not depend on time
 * are used: the UART's scratch register, the clock's memory, the interrupt masks, counter 2 of the
 * timer, which stands still while its gate is low and gives its low and its high byte in turn, and
 * ports where nothing is.
 *
 * Afterwards come accesses of two and four bytes to devices that have single bytes. An ISA bus
 * makes byte accesses of them; what they find is kept apart.
 */
#include "ports.h"
#include "kernel.h"

#define VECTOR_END 0x81
#define AREA       0x10000u

#define CMOS_ADDRESS    0x70
#define CMOS_DATA       0x71
#define CMOS_FREE       0x60 /* bytes of its memory that no BIOS cares about */
#define CMOS_FREE_COUNT 32
#define UART_MODEM      0x3fe /* the modem status; the scratch register follows, then nothing */
#define UART_SCRATCH    0x3ff
#define PIT_2           0x42
#define PIT_CONTROL     0x43
#define PIT_GATE        0x61
#define CONTROL_2       0xb0 /* counter 2, low byte then high byte, mode 0 */

#define SETTLE 400 /* turns of a loop, in which a count that was written is loaded */

/* The guest's own descriptors, and how they differ from a flat one. */
#define SMALL    KERNEL_FREE          /* base at ports_area, limit ports_small_limit */
#define DOWN     (KERNEL_FREE + 0x08) /* the same, expand-down */
#define READABLE (KERNEL_FREE + 0x10) /* the same, not writable */
#define AREA_64K (KERNEL_FREE + 0x18) /* all of ports_area */
#define MAP_TSS  (KERNEL_FREE + 0x20)

#define ACCESS_READABLE 0x91u
#define ACCESS_DOWN     0x97u

/* Two examples; whoever judges writes others. */
SEEDED struct ports_case ports_cases[PORTS_CASES] = {
	{.site = 0, .eax = 0x12345678, .es = KERNEL_DS, .fs = KERNEL_DS},
	{.site = 4, .eax = 0x12345678, .edx = UART_SCRATCH, .es = KERNEL_DS, .fs = KERNEL_DS},
};
SEEDED uint32_t ports_case_count = 2;
SEEDED uint32_t ports_area_seed = 1;
SEEDED uint32_t ports_small_limit = 31;
SEEDED uint32_t ports_map_limit = 0xe8; /* of the TSS with the permission map */
SEEDED uint8_t ports_map[0x82] = {0};   /* a bit for each port: 1, it is forbidden */
SEEDED uint32_t ports_wide_value = 0x12345678;

struct ports_result ports_results[PORTS_CASES];
uint32_t ports_done; /* cases that have ended */
uint32_t ports_wide[6];
uint8_t ports_area[AREA] __attribute__((aligned(4096)));

static IN_TABLES struct {
	struct tss tss;
	uint8_t map[sizeof(ports_map)];
} task;

static void case_ended(struct frame *frame)
{
	ports_results[ports_done++] = (struct ports_result){
		.eax = frame->eax,
		.ecx = frame->ecx,
		.edx = frame->edx,
		.ebx = frame->ebx,
		.esi = frame->esi,
		.edi = frame->edi,
		.vector = frame->vector,
		.error_code = frame->error_code,
		.eip = frame->eip,
		.cs = frame->cs,
		.eflags = frame->eflags,
	};
	ports_case_end();
}

static void tables_prepare(void)
{
	uint32_t base = (uint32_t)ports_area;
	struct descriptor *own = &kernel_gdt[KERNEL_FREE / 8];

	kernel_tables_load();
	task.tss = kernel_tss;
	task.tss.io_map_base = sizeof(task.tss);
	for (unsigned i = 0; i < sizeof(ports_map); i++)
		task.map[i] = ports_map[i];
	own[0] = descriptor_make(base, ports_small_limit, ACCESS_DATA | ACCESS_DPL(3), FLAG_BIG);
	own[1] = descriptor_make(base, ports_small_limit, ACCESS_DOWN | ACCESS_DPL(3), 0);
	own[2] =
		descriptor_make(base, ports_small_limit, ACCESS_READABLE | ACCESS_DPL(3), FLAG_BIG);
	own[3] = descriptor_make(base, AREA - 1, ACCESS_DATA | ACCESS_DPL(3), FLAG_BIG);
	own[4] = descriptor_make((uint32_t)&task, ports_map_limit, ACCESS_TSS, 0);
	task_load(MAP_TSS);
	gate_set(VECTOR_END, GATE_INTERRUPT | ACCESS_DPL(3));
	handler_set(VECTOR_END, case_ended);
	handler_set(VECTOR_GP, case_ended);
	handler_set(VECTOR_SS, case_ended);
}

static void area_fill(void)
{
	uint32_t x = ports_area_seed;

	for (uint32_t i = 0; i < AREA; i++) {
		x = x * 1664525 + 1013904223;
		ports_area[i] = (uint8_t)(x >> 24);
	}
}

static void settle(void)
{
	for (volatile unsigned i = 0; i < SETTLE; i++)
		;
}

/* Nothing is left that could differ from one machine to the next. */
static void devices_prepare(void)
{
	pic_init(0x20, 0x28);
	port_write8(UART_SCRATCH, 0x5a);
	for (unsigned i = 0; i < CMOS_FREE_COUNT; i++) {
		port_write8(CMOS_ADDRESS, (uint8_t)(CMOS_FREE + i));
		port_write8(CMOS_DATA, (uint8_t)(i * 7));
	}
	port_write8(PIT_GATE, 0);
	port_write8(PIT_CONTROL, CONTROL_2);
	port_write8(PIT_2, 0x34);
	port_write8(PIT_2, 0x12);
	settle();
}

/* The clock's address and data, and the scratch register with what is around it. */
static void wide_accesses(void)
{
	uint32_t value = ports_wide_value;
	uint8_t address = 0x60 | (value & 0x0f), data = (uint8_t)(value >> 8);

	port_write16(CMOS_ADDRESS, (uint16_t)(data << 8 | address));
	port_write8(CMOS_ADDRESS, address);
	ports_wide[0] = port_read8(CMOS_DATA); /* data */
	port_write8(UART_SCRATCH, (uint8_t)(value >> 16));
	ports_wide[1] = port_read16(UART_SCRATCH); /* and FF */
	ports_wide[2] = port_read32(UART_SCRATCH); /* and FFFFFF */
	ports_wide[3] = port_read16(UART_MODEM) >> 8;
	port_write32(UART_SCRATCH, value);
	ports_wide[4] = port_read8(UART_SCRATCH); /* the low byte */
	port_write16(
		UART_SCRATCH - 2, (uint16_t)(value >> 16)); /* not as far as the scratch register */
	ports_wide[5] = port_read8(UART_SCRATCH);
}

static uint32_t checksum(void)
{
	const uint32_t *word = (const uint32_t *)ports_results;
	uint32_t sum = 0;

	for (uint32_t i = 0; i < ports_done * sizeof(*ports_results) / sizeof(*word); i++)
		sum = (sum << 5 | sum >> 27) + word[i];
	for (uint32_t i = 0; i < AREA; i++)
		sum = (sum << 5 | sum >> 27) + ports_area[i];
	return sum;
}

void kernel_main(uint32_t info)
{
	(void)info;
	area_fill();
	tables_prepare();
	devices_prepare();
	for (uint32_t i = 0; i < ports_case_count; i++) {
		struct ports_case test = ports_cases[i];
		port_write8(CMOS_ADDRESS, (uint8_t)test.cmos);
		ports_case_run(&test, ports_sites[test.site].address);
		settle();
	}
	wide_accesses();
	console_printf("ports: %u cases, checksum %08x\n", ports_done, checksum());
}
