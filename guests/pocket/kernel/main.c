/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The start of the kernel, in the order in which one part needs another, and the first thread.
 *
 * Interrupts go on when the idle task runs for the first time.
 */
#include "boot.h"
#include "clock.h"
#include "console.h"
#include "cpu.h"
#include "frames.h"
#include "interrupts.h"
#include "panic.h"
#include "program.h"
#include "string.h"
#include "task.h"
#include "timer.h"
#include "traps.h"

#define OPTION_MAX 128
#define MIB        (1u << 20)

/* What runs when the command line has no run=NAME,NAME... */
static const char default_run[] = "hello,count,primes,ping,fault,selftest";

void kernel_main(uint32_t magic, uint32_t information);

static void program_run(const char *name)
{
	int32_t status, id = program_start(name);

	if (id < 0) {
		console_printf("init: cannot run %s: error %d\n", name, id);
		return;
	}
	while (task_wait(&status) != id)
		; /* an orphan */
	console_printf("init: %s ended with status %d\n", name, status);
}

/* The first task. It also waits for the children of those that did not wait for them. */
static void init(void)
{
	char names[OPTION_MAX];

	console_printf("timer: %u ticks a second\n", TICKS_PER_SECOND);
	timer_check();
	if (boot_option("crash", names, sizeof(names)))
		__asm__ volatile("ud2"); /* to show what a panic looks like */
	if (!boot_option("run", names, sizeof(names)))
		string_copy(names, sizeof(names), default_run);
	for (char *name = names; *name;) {
		uint32_t length = string_span(name, ',');
		bool last = name[length] == '\0';
		name[length] = '\0';
		program_run(name);
		name += length + !last;
	}
	console_printf("pocket: all done\n");
	machine_power_off();
}

static void programs_print(void)
{
	const char *name;

	console_printf("programs:");
	for (unsigned i = 0; (name = program_name(i)); i++)
		console_printf(" %s", name);
	console_printf("\n");
}

void kernel_main(uint32_t magic, uint32_t information)
{
	tasks_init();
	traps_init();
	interrupts_init();
	console_init();
	boot_init(magic, information);
	frames_init();
	console_printf("memory: %u MiB\n", (frames_memory_end() + MIB / 2) / MIB);
	clock_init();
	clock_print();
	timer_init();
	programs_print();
	cr0_write(cr0_read() | CR0_EM); /* no one saves the x87's state, so no one may have any */
	if (task_start_thread("init", init) < 0)
		panic("there is no memory for the first task");
	task_idle();
}
