/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that leaps: control flow to, from and into instructions that a monitor must replace
 * (leaps.asm), and random code that is entered at every byte (soup.c).
 *
 * Every probe is run twice. The first time its code is new to a monitor that finds code by running
 * it; the second time all of it is known, with all the ways that lead there.
 */
#include "leaps.h"
#include "paging.h"

#define SMALL_DATA   KERNEL_FREE
#define SMALL_BYTES  16u
#define WINDOW       0x00401000u
#define ARENA_FRAMES 8u

extern const uint8_t leaps_back_handler[], leaps_count_handler[], leaps_skip_handler[],
	leaps_skip_error_handler[];

struct outcome leaps_first_outcomes[PROBES_MAX];
uint8_t leaps_operand[64] __attribute__((aligned(16)));

static uint8_t arena[ARENA_FRAMES][PAGE_SIZE] __attribute__((aligned(4096)));
static uint32_t directory;

static void gate_to(uint8_t vector, const uint8_t *code)
{
	kernel_idt[vector] = gate_make(KERNEL_CS, (uint32_t)code, GATE_INTERRUPT);
}

/* Preparations of probes. */
void leaps_paged(void)
{
	paging_on(directory);
}

void leaps_skips(void)
{
	leaps_paged();
	gate_to(VECTOR_DE, leaps_skip_handler);
	gate_to(VECTOR_UD, leaps_skip_handler);
	gate_to(VECTOR_GP, leaps_skip_error_handler);
	gate_to(VECTOR_PF, leaps_skip_error_handler);
}

static void reset(void)
{
	static const uint8_t vectors[] = {VECTOR_DE, VECTOR_UD, VECTOR_GP, VECTOR_PF};

	for (unsigned i = 0; i < sizeof(vectors); i++)
		gate_set(vectors[i], GATE_INTERRUPT);
	cr2_write(0);
}

static void directory_make(void)
{
	frames_init(arena, ARENA_FRAMES);
	directory = paging_directory();
	page_map(directory, WINDOW, frame_take(), PAGE_KERNEL_WRITE);
}

SEEDED uint32_t leaps_probing = 1;

void kernel_main(uint32_t info)
{
	(void)info;
	probes_init();
	ldt_load(0);
	kernel_gdt[SMALL_DATA / 8] =
		descriptor_make((uint32_t)leaps_operand, SMALL_BYTES - 1, ACCESS_DATA, FLAG_BIG);
	gate_to(VECTOR_BP, leaps_count_handler);
	gate_to(COUNT_VECTOR, leaps_count_handler);
	kernel_idt[BACK_VECTOR] =
		gate_make(KERNEL_CS, (uint32_t)leaps_back_handler, GATE_INTERRUPT | ACCESS_DPL(3));
	directory_make();
	if (leaps_probing) {
		probes_run("leaps", reset);
		memcpy(leaps_first_outcomes, probe_outcomes, sizeof(leaps_first_outcomes));
		probes_run("leaps again", reset);
		console_printf("leaps: %u counted, %u faults stepped over\n", leaps_count,
			leaps_fault_count);
	}
	soups_run();
}
