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

int32_t fork(void)
{
	return system_call(CALL_FORK, 0, 0, 0);
}

int32_t exec(const char *path, char *const argv[])
{
	return system_call(CALL_EXEC, (uint32_t)path, (uint32_t)argv, 0);
}

int32_t wait(int32_t *status)
{
	return waitpid(0, status);
}

int32_t waitpid(int32_t id, int32_t *status)
{
	return system_call(CALL_WAIT, (uint32_t)status, (uint32_t)id, 0);
}

int32_t getppid(void)
{
	return system_call(CALL_GETPPID, 0, 0, 0);
}

/* Errors are above all addresses. */
void *sbrk(int32_t bytes)
{
	uint32_t end = (uint32_t)system_call(CALL_SBRK, (uint32_t)bytes, 0, 0);

	return end < USER_END ? (void *)end : NULL;
}

int32_t kill(int32_t id)
{
	return system_call(CALL_KILL, (uint32_t)id, 0, 0);
}

int32_t frames_free(void)
{
	return system_call(CALL_FRAMES, 0, 0, 0);
}

int32_t power_off(void)
{
	return system_call(CALL_POWER_OFF, 0, 0, 0);
}

int32_t open(const char *path, uint32_t flags)
{
	return system_call(CALL_OPEN, (uint32_t)path, flags, 0);
}

int32_t close(int32_t file)
{
	return system_call(CALL_CLOSE, (uint32_t)file, 0, 0);
}

int32_t seek(int32_t file, int32_t offset, enum seek_from from)
{
	return system_call(CALL_SEEK, (uint32_t)file, (uint32_t)offset, from);
}

int32_t dup(int32_t file)
{
	return dup2(file, -1);
}

int32_t dup2(int32_t file, int32_t descriptor)
{
	return system_call(CALL_DUPLICATE, (uint32_t)file, (uint32_t)descriptor, 0);
}

int32_t pipe(int32_t ends[2])
{
	return system_call(CALL_PIPE, (uint32_t)ends, 0, 0);
}

int32_t file_status(int32_t file, struct file_status *status)
{
	return system_call(CALL_STATUS, (uint32_t)file, (uint32_t)status, 0);
}

int32_t path_status(const char *path, struct file_status *status)
{
	int32_t file = open(path, 0);

	if (file < 0)
		return file;
	int32_t error = file_status(file, status);
	close(file);
	return error;
}

int32_t next_name(int32_t directory, struct directory_name *name)
{
	return system_call(CALL_NEXT_NAME, (uint32_t)directory, (uint32_t)name, 0);
}

int32_t truncate(int32_t file, uint32_t size)
{
	return system_call(CALL_TRUNCATE, (uint32_t)file, size, 0);
}

int32_t unlink(const char *path)
{
	return system_call(CALL_UNLINK, (uint32_t)path, 0, 0);
}

int32_t mkdir(const char *path)
{
	return system_call(CALL_MKDIR, (uint32_t)path, 0, 0);
}

int32_t rmdir(const char *path)
{
	return system_call(CALL_RMDIR, (uint32_t)path, 0, 0);
}

int32_t rename(const char *path, const char *new_path)
{
	return system_call(CALL_RENAME, (uint32_t)path, (uint32_t)new_path, 0);
}

int32_t chdir(const char *path)
{
	return system_call(CALL_CHDIR, (uint32_t)path, 0, 0);
}

int32_t sync(void)
{
	return system_call(CALL_SYNC, 0, 0, 0);
}

int32_t disk_space(struct disk_space *space)
{
	return system_call(CALL_SPACE, (uint32_t)space, 0, 0);
}

int32_t job_begin(bool foreground)
{
	return system_call(CALL_JOB, foreground, 0, 0);
}

int32_t task_status(int32_t id, struct task_status *status)
{
	return system_call(CALL_TASK, (uint32_t)id, (uint32_t)status, 0);
}

uint32_t time(void)
{
	return (uint32_t)system_call(CALL_TIME, 0, 0, 0);
}

uint32_t uptime(void)
{
	return (uint32_t)system_call(CALL_UPTIME, 0, 0, 0);
}
