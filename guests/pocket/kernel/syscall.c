/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of system calls, and those that are not about files: see calls.h. */
#include "syscall.h"

#include "calls.h"
#include "clock.h"
#include "console.h"
#include "exec.h"
#include "frames.h"
#include "panic.h"
#include "task.h"
#include "timer.h"
#include "user_memory.h"

static int32_t call_exit(uint32_t status, uint32_t ecx, uint32_t edx)
{
	(void)ecx, (void)edx;
	task_exit((int32_t)status);
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

static int32_t call_fork(uint32_t ebx, uint32_t ecx, uint32_t edx)
{
	(void)ebx, (void)ecx, (void)edx;
	return task_fork();
}

/* The status is written once before anyone is waited for: no child is lost to a bad pointer. */
static int32_t call_wait(uint32_t pointer, uint32_t id, uint32_t edx)
{
	int32_t status = 0;

	(void)edx;
	if (!user_write(pointer, &status, sizeof(status)))
		return ERROR_POINTER;
	int32_t child = task_wait(id, &status);
	if (child > 0 && !user_write(pointer, &status, sizeof(status)))
		return ERROR_POINTER;
	return child;
}

static int32_t arguments_take(struct arguments *arguments, uint32_t argv)
{
	uint32_t pointer;

	for (;; argv += sizeof(pointer)) {
		if (!user_read(&pointer, argv, sizeof(pointer)))
			return ERROR_POINTER;
		if (pointer == 0)
			return 0;
		int32_t error = arguments_add_user(arguments, pointer);
		if (error < 0)
			return error;
	}
}

static int32_t call_exec(uint32_t path_pointer, uint32_t argv, uint32_t edx)
{
	char path[PATH_MAX];
	struct arguments arguments;
	int32_t error = user_string(path_pointer, path, sizeof(path));

	(void)edx;
	if (error < 0)
		return error;
	arguments_begin(&arguments);
	error = arguments_take(&arguments, argv);
	if (error < 0) {
		arguments_drop(&arguments);
		return error;
	}
	return exec_program(path, &arguments, task_trap_frame(task_current()));
}

static int32_t call_getppid(uint32_t ebx, uint32_t ecx, uint32_t edx)
{
	(void)ebx, (void)ecx, (void)edx;
	return (int32_t)task_current()->parent->id;
}

static int32_t call_sbrk(uint32_t bytes, uint32_t ecx, uint32_t edx)
{
	(void)ecx, (void)edx;
	return (int32_t)space_move_heap_end(task_current()->space, (int32_t)bytes);
}

static int32_t call_kill(uint32_t id, uint32_t ecx, uint32_t edx)
{
	(void)ecx, (void)edx;
	return task_kill(id);
}

static int32_t call_frames(uint32_t ebx, uint32_t ecx, uint32_t edx)
{
	(void)ebx, (void)ecx, (void)edx;
	return (int32_t)frames_free_count();
}

static int32_t call_power_off(uint32_t ebx, uint32_t ecx, uint32_t edx)
{
	(void)ebx, (void)ecx, (void)edx;
	if (!task_is_first(task_current()))
		return ERROR_DENIED;
	fs_unmount();
	machine_power_off();
}

static int32_t call_job(uint32_t foreground, uint32_t ecx, uint32_t edx)
{
	(void)ecx, (void)edx;
	task_current()->job = task_current()->id;
	if (foreground)
		console_job(task_current()->job);
	return 0;
}

static int32_t call_task(uint32_t id, uint32_t pointer, uint32_t edx)
{
	struct task_status status;
	int32_t found = task_status(id, &status);

	(void)edx;
	if (found > 0 && !user_write(pointer, &status, sizeof(status)))
		return ERROR_POINTER;
	return found;
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
	[CALL_FORK] = call_fork,
	[CALL_WAIT] = call_wait,
	[CALL_TIME] = call_time,
	[CALL_UPTIME] = call_uptime,
	[CALL_EXEC] = call_exec,
	[CALL_GETPPID] = call_getppid,
	[CALL_SBRK] = call_sbrk,
	[CALL_KILL] = call_kill,
	[CALL_FRAMES] = call_frames,
	[CALL_POWER_OFF] = call_power_off,
	[CALL_OPEN] = call_open,
	[CALL_CLOSE] = call_close,
	[CALL_SEEK] = call_seek,
	[CALL_DUPLICATE] = call_duplicate,
	[CALL_PIPE] = call_pipe,
	[CALL_STATUS] = call_status,
	[CALL_NEXT_NAME] = call_next_name,
	[CALL_TRUNCATE] = call_truncate,
	[CALL_UNLINK] = call_unlink,
	[CALL_MKDIR] = call_mkdir,
	[CALL_RMDIR] = call_rmdir,
	[CALL_RENAME] = call_rename,
	[CALL_CHDIR] = call_chdir,
	[CALL_SYNC] = call_sync,
	[CALL_SPACE] = call_space,
	[CALL_JOB] = call_job,
	[CALL_TASK] = call_task,
};

void syscall_handle(struct trap_frame *frame)
{
	system_call *call = frame->eax < ARRAY_LENGTH(calls) ? calls[frame->eax] : NULL;
	int32_t result = call ? call(frame->ebx, frame->ecx, frame->edx) : ERROR_NO_CALL;

	frame->eax = (uint32_t)result;
}
