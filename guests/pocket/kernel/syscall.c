/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One function for each system call. It gets the program's EBX, ECX and EDX, trusts none of them,
 * and returns what EAX is to be: a result, or an error, which is negative.
 */
#include "syscall.h"

#include "clock.h"
#include "console.h"
#include "program.h"
#include "string.h"
#include "task.h"
#include "timer.h"
#include "user_memory.h"

#define CHUNK_BYTES 128u

typedef int32_t system_call(uint32_t ebx, uint32_t ecx, uint32_t edx);

static int32_t call_exit(uint32_t status, uint32_t ecx, uint32_t edx)
{
	(void)ecx, (void)edx;
	task_exit((int32_t)status);
}

static int32_t call_write(uint32_t file, uint32_t pointer, uint32_t length)
{
	if (file != FILE_OUTPUT)
		return ERROR_NO_FILE;
	const char *text = user_memory(pointer, length);
	if (!text)
		return ERROR_POINTER;
	console_write(text, length);
	return (int32_t)length;
}

static int32_t call_read(uint32_t file, uint32_t pointer, uint32_t size)
{
	char chunk[CHUNK_BYTES];

	if (file != FILE_INPUT)
		return ERROR_NO_FILE;
	char *text = user_memory(pointer, size);
	if (!text)
		return ERROR_POINTER;
	uint32_t count = console_read(chunk, size < CHUNK_BYTES ? size : CHUNK_BYTES);
	memcpy(text, chunk, count);
	return (int32_t)count;
}

static int32_t call_getpid(uint32_t ebx, uint32_t ecx, uint32_t edx)
{
	(void)ebx, (void)ecx, (void)edx;
	return (int32_t)task_current()->id;
}

static int32_t call_yield(uint32_t ebx, uint32_t ecx, uint32_t edx)
{
	(void)ebx, (void)ecx, (void)edx;
	task_yield();
	return 0;
}

static int32_t call_sleep(uint32_t milliseconds, uint32_t ecx, uint32_t edx)
{
	(void)ecx, (void)edx;
	timer_sleep(milliseconds);
	return 0;
}

static int32_t call_spawn(uint32_t pointer, uint32_t ecx, uint32_t edx)
{
	char name[TASK_NAME_MAX];
	int32_t error = user_string(pointer, name, sizeof(name));

	(void)ecx, (void)edx;
	if (error == ERROR_TOO_LONG)
		return ERROR_NO_PROGRAM;
	return error < 0 ? error : program_start(name);
}

static int32_t call_wait(uint32_t pointer, uint32_t ecx, uint32_t edx)
{
	int32_t status, *user_status = user_memory(pointer, sizeof(status));

	(void)ecx, (void)edx;
	if (!user_status)
		return ERROR_POINTER;
	int32_t id = task_wait(&status);
	if (id > 0)
		*user_status = status;
	return id;
}

static int32_t call_time(uint32_t ebx, uint32_t ecx, uint32_t edx)
{
	(void)ebx, (void)ecx, (void)edx;
	return (int32_t)clock_now();
}

static int32_t call_uptime(uint32_t ebx, uint32_t ecx, uint32_t edx)
{
	(void)ebx, (void)ecx, (void)edx;
	return (int32_t)(timer_ticks() * MILLISECONDS_PER_TICK);
}

static system_call *const calls[] = {
	[CALL_EXIT] = call_exit,
	[CALL_WRITE] = call_write,
	[CALL_READ] = call_read,
	[CALL_GETPID] = call_getpid,
	[CALL_YIELD] = call_yield,
	[CALL_SLEEP] = call_sleep,
	[CALL_SPAWN] = call_spawn,
	[CALL_WAIT] = call_wait,
	[CALL_TIME] = call_time,
	[CALL_UPTIME] = call_uptime,
};

void syscall_handle(struct trap_frame *frame)
{
	system_call *call = frame->eax < ARRAY_LENGTH(calls) ? calls[frame->eax] : NULL;
	int32_t result = call ? call(frame->ebx, frame->ecx, frame->edx) : ERROR_NO_CALL;

	frame->eax = (uint32_t)result;
}
