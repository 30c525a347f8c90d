/* SPDX-License-Identifier: BSD-2-Clause */
/* The Multiboot information, copied before anything else can overwrite it. */
#include "boot.h"

#include "multiboot.h"
#include "panic.h"
#include "string.h"

#define COMMAND_LINE_MAX 256
#define MIB              (1u << 20)

static char command_line[COMMAND_LINE_MAX];
static struct memory_range ranges[MEMORY_RANGES_MAX];
static unsigned range_count;

/* Cuts off what lies above `end`. */
static void range_add(uint64_t start, uint64_t length, uint32_t end)
{
	if (start >= end || length == 0 || range_count == MEMORY_RANGES_MAX)
		return;
	uint64_t range_end = length < end - start ? start + length : end;
	ranges[range_count++] =
		(struct memory_range){.start = (uint32_t)start, .end = (uint32_t)range_end};
}

static void map_read(const struct multiboot_info *info, uint32_t end)
{
	uint32_t at = info->map;

	while (at - info->map < info->map_length) {
		const struct multiboot_map_entry *entry = (const void *)at;
		if (entry->type == MULTIBOOT_MAP_USABLE)
			range_add(entry->base, entry->length, end);
		at += entry->size + sizeof(entry->size);
	}
}

/* A decimal number; 0 where there is none. */
static uint32_t number_read(const char *text)
{
	uint32_t value = 0;

	for (; *text >= '0' && *text <= '9'; text++)
		value = value * 10 + (uint32_t)(*text - '0');
	return value;
}

static uint32_t memory_end(void)
{
	char value[8];
	uint32_t mib = boot_option("mem", value, sizeof(value)) ? number_read(value) : 0;

	return mib == 0 || mib >= 4096 ? UINT32_MAX : mib * MIB;
}

void boot_init(uint32_t magic, uint32_t information)
{
	const struct multiboot_info *info = (const void *)information;

	if (magic != MULTIBOOT_BOOT_MAGIC)
		panic("the boot loader does not speak Multiboot");
	if (info->flags & MULTIBOOT_HAS_COMMAND_LINE)
		string_copy(command_line, sizeof(command_line), (const char *)info->command_line);
	uint32_t end = memory_end();
	if (info->flags & MULTIBOOT_HAS_MAP)
		map_read(info, end);
	else if (info->flags & MULTIBOOT_HAS_MEMORY)
		range_add(MIB, info->memory_upper * 1024ull, end);
	if (range_count == 0)
		panic("the boot loader does not say how much memory there is");
}

unsigned boot_memory(const struct memory_range **memory)
{
	*memory = ranges;
	return range_count;
}

bool boot_option(const char *name, char *value, uint32_t size)
{
	uint32_t length = strlen(name);

	for (const char *word = command_line; *word;) {
		uint32_t word_length = string_span(word, ' ');
		if (word_length > length && word[length] == '=' &&
			memcmp(word, name, length) == 0) {
			uint32_t value_length = word_length - length - 1;
			if (value_length > size - 1)
				value_length = size - 1;
			memcpy(value, word + length + 1, value_length);
			value[value_length] = '\0';
			return true;
		}
		word += word_length;
		while (*word == ' ')
			word++;
	}
	return false;
}

const char *boot_command_line(void)
{
	return command_line;
}
