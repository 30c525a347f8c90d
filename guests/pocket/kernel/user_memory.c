/* SPDX-License-Identifier: BSD-2-Clause */
/* Checked access to the running program's memory: see user_memory.h. */
#include "user_memory.h"

#include "task.h"

void *user_memory(uint32_t pointer, uint32_t size)
{
	const struct task *task = task_current();

	if (pointer < USER_BASE || pointer > task->memory_size ||
		size > task->memory_size - pointer)
		return NULL;
	return task->memory + pointer;
}

int32_t user_string(uint32_t pointer, char *text, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++) {
		const char *c = user_memory(pointer + i, 1);
		if (!c)
			return ERROR_POINTER;
		text[i] = *c;
		if (*c == '\0')
			return 0;
	}
	return ERROR_TOO_LONG;
}
