/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loads an ELF file (Tool Interface Standard, ELF 1.2) into memory of its own:
 *
 *   0          one page that belongs to nothing: NULL is no address of the program's
 *   USER_BASE  the file's segments, as they were linked
 *   ...        the stack, which grows down from the end of the memory
 *
 * These are offsets in the program's segments. The file is checked before it is used.
 */
#include "program.h"

#include "abi.h"
#include "frames.h"
#include "string.h"
#include "task.h"

#define PROGRAM_STACK_BYTES (2 * PAGE_SIZE)
#define PROGRAM_BYTES_MAX   (16u << 20)

struct elf_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version, entry, program_offset, section_offset, flags;
	uint16_t header_size, program_size, program_count;
	uint16_t section_size, section_count, section_names;
};

struct elf_segment {
	uint32_t type, offset, address, physical_address, file_size, memory_size, flags, alignment;
};

#define ELF_CLASS_32   1
#define ELF_EXECUTABLE 2
#define ELF_386        3
#define SEGMENT_LOAD   1

struct program {
	const char *name;
	const uint8_t *file, *file_end;
};

/* programs.asm */
extern const struct program programs[];
extern const uint32_t program_count;

const char *program_name(unsigned index)
{
	return index < program_count ? programs[index].name : NULL;
}

static const struct program *program_find(const char *name)
{
	for (uint32_t i = 0; i < program_count; i++)
		if (strcmp(programs[i].name, name) == 0)
			return &programs[i];
	return NULL;
}

static const struct elf_segment *segments(const struct program *program)
{
	const struct elf_header *header = (const void *)program->file;

	return (const void *)(program->file + header->program_offset);
}

/* [offset, offset + size) lies in the first `end` bytes. */
static bool in_range(uint32_t offset, uint32_t size, uint32_t end)
{
	return offset <= end && size <= end - offset;
}

static bool header_is_good(const struct program *program)
{
	const struct elf_header *header = (const void *)program->file;
	uint32_t size = (uint32_t)(program->file_end - program->file);

	return size >= sizeof(*header) && memcmp(header->ident, "\177ELF", 4) == 0 &&
	       header->ident[4] == ELF_CLASS_32 && header->type == ELF_EXECUTABLE &&
	       header->machine == ELF_386 && header->program_size == sizeof(struct elf_segment) &&
	       in_range(header->program_offset,
		       header->program_count * (uint32_t)sizeof(struct elf_segment), size);
}

static bool segment_is_loaded(const struct elf_segment *segment)
{
	return segment->type == SEGMENT_LOAD && segment->memory_size > 0;
}

/* The bytes of memory that the file wants from address 0 on, without the stack; 0: it is broken. */
static uint32_t program_size(const struct program *program)
{
	const struct elf_header *header = (const void *)program->file;
	uint32_t file_size = (uint32_t)(program->file_end - program->file), size = 0;

	if (!header_is_good(program))
		return 0;
	for (unsigned i = 0; i < header->program_count; i++) {
		const struct elf_segment *segment = &segments(program)[i];
		if (!segment_is_loaded(segment))
			continue;
		if (segment->address < USER_BASE || segment->file_size > segment->memory_size ||
			!in_range(segment->offset, segment->file_size, file_size) ||
			!in_range(segment->address, segment->memory_size, PROGRAM_BYTES_MAX))
			return 0;
		if (segment->address + segment->memory_size > size)
			size = segment->address + segment->memory_size;
	}
	return header->entry < size ? size : 0;
}

int32_t program_start(const char *name)
{
	const struct program *program = program_find(name);

	if (!program)
		return ERROR_NO_PROGRAM;
	const struct elf_header *header = (const void *)program->file;
	uint32_t size = program_size(program);
	if (size == 0)
		return ERROR_FORMAT;
	size = page_round_up(size) + PROGRAM_STACK_BYTES;
	uint8_t *memory = frames_allocate(size / PAGE_SIZE);
	if (!memory)
		return ERROR_MEMORY;
	memset(memory, 0, size);
	for (unsigned i = 0; i < header->program_count; i++) {
		const struct elf_segment *segment = &segments(program)[i];
		if (segment_is_loaded(segment))
			memcpy(memory + segment->address, program->file + segment->offset,
				segment->file_size);
	}
	int32_t id = task_start_program(name, memory, size, header->entry);
	if (id < 0)
		frames_free(memory, size / PAGE_SIZE);
	return id;
}
