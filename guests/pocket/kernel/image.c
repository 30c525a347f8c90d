/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads and checks an ELF file's headers. Nothing behind this file has to doubt them: every segment
 * lies in the program's part of memory, below the stack, and no sum overflows. */
#include "image.h"

#include "abi.h"
#include "cpu.h"
#include "heap.h"
#include "program.h"
#include "space.h"
#include "string.h"

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

#define ELF_CLASS_32     1
#define ELF_EXECUTABLE   2
#define ELF_386          3
#define SEGMENT_LOAD     1
#define SEGMENT_WRITABLE 2
#define HEADERS_MAX      16

/* [offset, offset + size) lies in [start, end). */
static bool in_range(uint32_t offset, uint32_t size, uint32_t start, uint32_t end)
{
	return offset >= start && offset <= end && size <= end - offset;
}

static bool header_is_good(const struct elf_header *header)
{
	return memcmp(header->ident, "\177ELF", 4) == 0 && header->ident[4] == ELF_CLASS_32 &&
	       header->type == ELF_EXECUTABLE && header->machine == ELF_386 &&
	       header->program_size == sizeof(struct elf_segment) &&
	       header->program_count <= HEADERS_MAX;
}

static bool segment_add(struct image *image, const struct elf_segment *segment)
{
	if (segment->type != SEGMENT_LOAD || segment->memory_size == 0)
		return true;
	if (image->segment_count == IMAGE_SEGMENTS_MAX ||
		segment->file_size > segment->memory_size ||
		!in_range(segment->offset, segment->file_size, 0, image->file_size) ||
		!in_range(segment->address, segment->memory_size, USER_BASE, HEAP_LIMIT))
		return false;
	image->segment[image->segment_count++] = (struct image_segment){
		.address = segment->address,
		.memory_size = segment->memory_size,
		.offset = segment->offset,
		.file_size = segment->file_size,
		.writable = segment->flags & SEGMENT_WRITABLE,
	};
	if (segment->address + segment->memory_size > image->end)
		image->end = segment->address + segment->memory_size;
	return true;
}

/* False: the file is not read whole, or broken. */
static bool headers_read(struct image *image)
{
	struct elf_header header;
	struct elf_segment segment;
	const int32_t segment_size = sizeof(segment);

	if (program_read(image, 0, &header, sizeof(header)) != sizeof(header) ||
		!header_is_good(&header))
		return false;
	image->entry = header.entry;
	for (uint32_t i = 0; i < header.program_count; i++) {
		uint32_t offset = header.program_offset + i * sizeof(segment);
		if (program_read(image, offset, &segment, sizeof(segment)) != segment_size ||
			!segment_add(image, &segment))
			return false;
	}
	return image->segment_count > 0;
}

int32_t image_open(const char *path, struct image **result)
{
	struct image *image = heap_allocate(sizeof(*image));

	if (!image)
		return ERROR_MEMORY;
	memset(image, 0, sizeof(*image));
	image->users = 1;
	int32_t error = program_open(path, image);
	if (error < 0) {
		heap_free(image);
		return error;
	}
	if (!headers_read(image)) {
		image_close(image);
		return ERROR_FORMAT;
	}
	*result = image;
	return 0;
}

void image_share(struct image *image)
{
	uint32_t flags = interrupts_disable();

	image->users++;
	interrupts_restore(flags);
}

void image_close(struct image *image)
{
	uint32_t flags = interrupts_disable();
	bool last = --image->users == 0;

	interrupts_restore(flags);
	if (!last)
		return;
	program_close(image);
	heap_free(image);
}
