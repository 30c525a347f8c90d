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
#include "disk.h"
#include "exec.h"
#include "file.h"
#include "frames.h"
#include "interrupts.h"
#include "paging.h"
#include "panic.h"
#include "string.h"
#include "task.h"
#include "timer.h"
#include "traps.h"

#define MIB          (1u << 20)
#define INIT_PROGRAM "/bin/init"

void kernel_main(uint32_t magic, uint32_t information);

/* Starts the program init. Its arguments are the words of the command line. */
static _Noreturn void init_exec(void)
{
	struct arguments arguments;
	struct trap_frame frame;

	arguments_begin(&arguments);
	int32_t error = arguments_add(&arguments, INIT_PROGRAM, strlen(INIT_PROGRAM));
	for (const char *word = boot_command_line(); *word && error == 0;) {
		uint32_t length = string_span(word, ' ');
		if (length > 0)
			error = arguments_add(&arguments, word, length);
		word += length + (word[length] == ' ');
	}
	if (error == 0)
		error = exec_program(INIT_PROGRAM, &arguments, &frame);
	if (error < 0)
		panic("%s cannot be started: error %d", INIT_PROGRAM, error);
	trap_resume(&frame);
}

/* The first task. It begins as a thread in the kernel and goes on as a program. */
static void init(void)
{
	char value[2];

	console_printf("timer: %u ticks a second\n", TICKS_PER_SECOND);
	timer_check();
	paging_init();
	if (boot_option("crash", value, sizeof(value)))
		__asm__ volatile("ud2"); /* to show what a panic looks like */
	if (!fs_mount()) {
		console_printf("disk: there is none with a file system of pocket's, so there is "
			       "nothing to run\n");
		machine_power_off();
	}
	if (files_begin(&task_current()->files) < 0)
		panic("there is no memory for the first files");
	init_exec();
}

void kernel_main(uint32_t magic, uint32_t information)
{
	gdt_init();
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
	disk_init();
	cr0_write(cr0_read() | CR0_EM); /* no one saves the x87's state, so no one may have any */
	if (task_start_thread("init", init) < 0)
		panic("there is no memory for the first task");
	task_idle();
}
