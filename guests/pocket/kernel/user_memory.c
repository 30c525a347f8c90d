/* SPDX-License-Identifier: BSD-2-Clause */
/* Checked access to the running program's memory: see user_memory.h. */
#include "user_memory.h"

#include "abi.h"

/* user_copy.asm */
bool user_copy(void *to, const void *from, uint32_t size);
extern uint8_t user_copy_first[], user_copy_end[], user_copy_failed[];

bool user_range_is_good(uint32_t pointer, uint32_t size)
{
	return pointer >= USER_BASE && pointer <= USER_END && size <= USER_END - pointer;
}

bool user_read(void *to, uint32_t from, uint32_t size)
{
	return user_range_is_good(from, size) && user_copy(to, (const void *)from, size);
}

bool user_write(uint32_t to, const void *from, uint32_t size)
{
	return user_range_is_good(to, size) && user_copy((void *)to, from, size);
}

int32_t user_string(uint32_t pointer, char *text, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++) {
		if (!user_read(&text[i], pointer + i, 1))
			return ERROR_POINTER;
		if (text[i] == '\0')
			return (int32_t)i;
	}
	return ERROR_TOO_LONG;
}

bool user_copy_is_at(uint32_t eip)
{
	return eip >= (uint32_t)user_copy_first && eip < (uint32_t)user_copy_end;
}

uint32_t user_copy_way_out(void)
{
	return (uint32_t)user_copy_failed;
}
