/* SPDX-License-Identifier: BSD-2-Clause */
/* The system calls: see abi.h. */
#include "pocket.h"

int32_t system_call(uint32_t number, uint32_t ebx, uint32_t ecx, uint32_t edx)
{
	int32_t result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(number), "b"(ebx), "c"(ecx), "d"(edx)
			 : "memory");
	return result;
}

void exit(int32_t status)
{
	system_call(CALL_EXIT, (uint32_t)status, 0, 0);
	__builtin_unreachable();
}

int32_t write(int32_t file, const void *text, uint32_t length)
{
	return system_call(CALL_WRITE, (uint32_t)file, (uint32_t)text, length);
}

int32_t read(int32_t file, void *text, uint32_t size)
{
	return system_call(CALL_READ, (uint32_t)file, (uint32_t)text, size);
}

int32_t getpid(void)
{
	return system_call(CALL_GETPID, 0, 0, 0);
}

int32_t yield(void)
{
	return system_call(CALL_YIELD, 0, 0, 0);
}

int32_t sleep(uint32_t milliseconds)
{
	return system_call(CALL_SLEEP, milliseconds, 0, 0);
}

int32_t spawn(const char *name)
{
	return system_call(CALL_SPAWN, (uint32_t)name, 0, 0);
}

int32_t wait(int32_t *status)
{
	return system_call(CALL_WAIT, (uint32_t)status, 0, 0);
}

uint32_t time(void)
{
	return (uint32_t)system_call(CALL_TIME, 0, 0, 0);
}

uint32_t uptime(void)
{
	return (uint32_t)system_call(CALL_UPTIME, 0, 0, 0);
}
