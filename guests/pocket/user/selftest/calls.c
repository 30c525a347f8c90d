/* SPDX-License-Identifier: BSD-2-Clause */
/* The console, time, and what a system call leaves alone. */
#include "checks.h"

#define TIME_2000 946684800u

static void write_checks(void)
{
	static const char text[] = "selftest: write\n";

	check(write(FILE_OUTPUT, text, sizeof(text) - 1) == sizeof(text) - 1, "write's length");
	check(write(FILE_OUTPUT, text, 0) == 0, "write of nothing");
	check(write(FILE_INPUT, text, 1) == ERROR_DESCRIPTOR, "write to the input");
	check(write(99, text, 1) == ERROR_DESCRIPTOR, "write to no file");
	check(write(FILE_OUTPUT, NULL, 1) == ERROR_POINTER, "write from NULL");
	check(write(FILE_OUTPUT, (void *)BELOW, 1) == ERROR_POINTER, "write from the kernel");
	check(write(FILE_OUTPUT, (void *)OUTSIDE, 1) == ERROR_POINTER, "write from outside");
	check(write(FILE_OUTPUT, (void *)(USER_END - 1), 2) == ERROR_POINTER, "write over the end");
	check(write(FILE_OUTPUT, (void *)(USER_END / 2), 1) == ERROR_POINTER, "write from nothing");
	check(write(FILE_OUTPUT, text, OUTSIDE) == ERROR_POINTER, "write of too much");
	check(write(FILE_OUTPUT, text, UINT32_MAX) == ERROR_POINTER, "write around the end");
	check(write(FILE_OUTPUT, (void *)UINT32_MAX, 2) == ERROR_POINTER, "write past the end");
}

/* No input is there, so only what ends at once. */
static void read_checks(void)
{
	char text[4];

	check(read(FILE_OUTPUT, text, 1) == ERROR_DESCRIPTOR, "read from the output");
	check(read(FILE_INPUT, NULL, 1) == ERROR_POINTER, "read to NULL");
	check(read(FILE_INPUT, (void *)OUTSIDE, 1) == ERROR_POINTER, "read to outside");
	check(read(FILE_INPUT, text, UINT32_MAX) == ERROR_POINTER, "read of too much");
}

static void time_checks(void)
{
	uint32_t before = uptime(), day = time();

	check(sleep(0) == 0, "sleep(0)");
	check(sleep(15) == 0, "sleep");
	check(uptime() - before >= 15, "sleep takes its time");
	check(day >= TIME_2000, "time is after 2000");
	check(time() - day < 10, "time goes on slowly");
	check(yield() == 0, "yield");
}

/*
 * A system call that fails, one that succeeds, one during which others run, and one during which
 * the task is copied. With DF set, LODSB moves ESI down: that shows the flag to any program.
 */
static void register_checks(void)
{
	static const uint32_t calls[] = {0, CALL_GETPID, CALL_SLEEP, CALL_FORK};
	static const char bytes[2];

	check(system_call(0, 0, 0, 0) == ERROR_NO_CALL, "system call 0");
	check(system_call(1000, 0, 0, 0) == ERROR_NO_CALL, "system call 1000");
	check(system_call(UINT32_MAX, 0, 0, 0) == ERROR_NO_CALL, "system call -1");
	for (unsigned i = 0; i < ARRAY_LENGTH(calls); i++) {
		uint32_t ebx = 1, ecx = 0x11111111, edx = 0x22222222;
		uint32_t esi = (uint32_t)&bytes[1], edi = 0x44444444;
		int32_t result, status;
		__asm__ volatile(
			"std\n"
			"int $0x80\n"
			"push %%eax\n"
			"lodsb\n"
			"cld\n"
			"pop %%eax"
			: "=a"(result), "+b"(ebx), "+c"(ecx), "+d"(edx), "+S"(esi), "+D"(edi)
			: "a"(calls[i])
			: "memory", "cc");
		bool same = ebx == 1 && ecx == 0x11111111 && edx == 0x22222222 && edi == 0x44444444;
		bool down = esi == (uint32_t)&bytes[0];
		if (calls[i] == CALL_FORK && result == 0)
			exit(same && down ? SEVEN : 1);
		check(same, "registers stay");
		check(down, "flags stay");
		if (calls[i] == CALL_FORK)
			check(waitpid(result, &status) > 0 && status == SEVEN,
				"a child has its parent's registers");
	}
}

void call_checks(void)
{
	write_checks();
	read_checks();
	time_checks();
	register_checks();
}
