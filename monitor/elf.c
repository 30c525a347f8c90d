/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads a guest's ELF file. Checked first, whole; loaded after. What elf_check() has passed
 * can be read without a further thought: every header, segment and string lies in the file.
 */
#include "elf.h"
#include "multiboot.h"
#include "vm.h"

/* ELF 1.2, book I, figures 1-3, 1-8, 1-15 and 2-1 */
struct elf_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version, entry, program_offset, section_offset, flags;
	uint16_t header_size, program_size, program_count;
	uint16_t section_size, section_count, section_names;
};

struct elf_segment {
	uint32_t type, offset, virtual_address, physical_address;
	uint32_t file_size, memory_size, flags, alignment;
};

struct elf_section {
	uint32_t name, type, flags, address, offset, size;
	uint32_t link, info, alignment, entry_size;
};

struct elf_symbol {
	uint32_t name, value, size;
	uint8_t info, other;
	uint16_t section;
};

#define ELF_CLASS        4 /* in ident */
#define ELF_DATA         5
#define CLASS_32         1
#define DATA_LITTLE      1
#define TYPE_EXECUTABLE  2
#define MACHINE_386      3
#define SEGMENT_LOAD     1
#define SECTION_SYMBOLS  2
#define SECTION_STRINGS  3
#define SYMBOL_KIND(s)   ((s)->info & 15)
#define SYMBOL_NOTYPE    0
#define SYMBOL_FUNCTION  2
#define SECTION_RESERVED 0xff00 /* and 0, and above: not an address in a section */
#define LOAD_LOWEST      0x100000u

static const struct elf_header *elf_header(const struct elf_image *image)
{
	return (const struct elf_header *)(const void *)image->bytes;
}

static bool in_file(const struct elf_image *image, uint32_t offset, uint64_t size)
{
	return offset <= image->size && size <= image->size - offset;
}

/* A table of `count` entries that can be read in place. */
static bool table_in_file(
	const struct elf_image *image, uint32_t offset, uint32_t count, size_t size)
{
	return offset % 4 == 0 && in_file(image, offset, (uint64_t)count * size);
}

static const struct elf_segment *segments(const struct elf_image *image)
{
	return (const void *)(image->bytes + elf_header(image)->program_offset);
}

static const char *check_header(const struct elf_image *image)
{
	const struct elf_header *header = elf_header(image);

	if (image->size < sizeof(*header) || header->ident[0] != 0x7f || header->ident[1] != 'E' ||
		header->ident[2] != 'L' || header->ident[3] != 'F')
		return "this is not an ELF file";
	if (header->ident[ELF_CLASS] != CLASS_32 || header->ident[ELF_DATA] != DATA_LITTLE ||
		header->machine != MACHINE_386)
		return "this ELF file is not for a 32-bit x86 processor (link with -m elf_i386)";
	if (header->type != TYPE_EXECUTABLE)
		return "this ELF file is not a linked executable";
	if (header->program_count == 0)
		return "this ELF file has no segments to load";
	if (header->program_size != sizeof(struct elf_segment) ||
		!table_in_file(image, header->program_offset, header->program_count,
			sizeof(struct elf_segment)))
		return "the ELF file's program headers do not lie in the file: it is cut off or damaged";
	return NULL;
}

const void *elf_header_find(const struct elf_image *image, uint32_t magic, uint32_t size)
{
	uint32_t end =
		image->size < MULTIBOOT_HEADER_SEARCH ? image->size : MULTIBOOT_HEADER_SEARCH;

	for (uint32_t at = 0; at + size <= end; at += 4) {
		const uint32_t *word = (const void *)(image->bytes + at);
		if (word[0] == magic && word[0] + word[1] + word[2] == 0)
			return word;
	}
	return NULL;
}

static const char *check_multiboot(const struct elf_image *image)
{
	const struct multiboot_header *header =
		elf_header_find(image, MULTIBOOT_HEADER_MAGIC, sizeof(*header));

	if (!header)
		return "it has no Multiboot header in its first 8 KiB";
	if (header->flags & MULTIBOOT_REQUIRED & ~(MULTIBOOT_PAGE_ALIGN | MULTIBOOT_MEMORY_INFO))
		return "its Multiboot header asks for something that this monitor does not offer";
	return NULL;
}

static const char *check_segments(struct elf_image *image)
{
	bool entry_found = false;

	image->entry = elf_header(image)->entry;
	for (unsigned i = 0; i < elf_header(image)->program_count; i++) {
		const struct elf_segment *segment = &segments(image)[i];
		if (segment->type != SEGMENT_LOAD)
			continue;
		if (segment->file_size > segment->memory_size)
			return "a segment of the ELF file is larger in the file than in memory";
		if (!in_file(image, segment->offset, segment->file_size))
			return "a segment does not lie in the ELF file: it is cut off or damaged";
		if (segment->physical_address < LOAD_LOWEST)
			return "a segment wants to be loaded below 1 MiB";
		if (segment->memory_size > UINT32_MAX - segment->physical_address)
			return "a segment passes the end of the address space";
		entry_found |= image->entry - segment->physical_address < segment->memory_size;
	}
	return entry_found ? NULL : "the ELF file's entry point is in none of its segments";
}

/* Symbols are a help, not a need: a file with none, or with broken ones, has none. */
static void find_symbols(struct elf_image *image)
{
	const struct elf_header *header = elf_header(image);

	if (header->section_size != sizeof(struct elf_section) ||
		!table_in_file(image, header->section_offset, header->section_count,
			sizeof(struct elf_section)))
		return;
	const struct elf_section *section = (const void *)(image->bytes + header->section_offset);
	for (unsigned i = 0; i < header->section_count; i++) {
		uint32_t count = section[i].size / sizeof(struct elf_symbol);
		if (section[i].type != SECTION_SYMBOLS ||
			section[i].link >= header->section_count ||
			!table_in_file(image, section[i].offset, count, sizeof(struct elf_symbol)))
			continue;
		const struct elf_section *names = &section[section[i].link];
		if (names->type != SECTION_STRINGS || names->size == 0 ||
			!in_file(image, names->offset, names->size) ||
			image->bytes[names->offset + names->size - 1] != '\0')
			continue;
		image->symbols = image->bytes + section[i].offset;
		image->symbol_count = count;
		image->strings = (const char *)image->bytes + names->offset;
		image->strings_size = names->size;
		return;
	}
}

const char *elf_check(struct elf_image *image, const uint8_t *bytes, uint32_t size)
{
	*image = (struct elf_image){.bytes = bytes, .size = size};
	const char *problem = check_header(image);
	if (!problem)
		problem = check_multiboot(image);
	if (!problem)
		problem = check_segments(image);
	if (!problem)
		find_symbols(image);
	return problem;
}

const char *elf_load(const struct elf_image *image, struct vm *vm)
{
	for (unsigned i = 0; i < elf_header(image)->program_count; i++) {
		const struct elf_segment *segment = &segments(image)[i];
		if (segment->type != SEGMENT_LOAD)
			continue;
		/* the rest of memory_size is zero already: the guest's memory is new */
		if (segment->physical_address > vm->memory_size ||
			segment->memory_size > vm->memory_size - segment->physical_address)
			return "its segments do not fit in its memory (give it more with mem=MIB)";
		vm_write(vm, gpa(segment->physical_address), image->bytes + segment->offset,
			segment->file_size);
	}
	return NULL;
}

const char *elf_symbol_at(const struct elf_image *image, uint32_t address, uint32_t *distance)
{
	const struct elf_symbol *symbol = image->symbols, *best = NULL;

	for (uint32_t i = 0; i < image->symbol_count; i++) {
		const struct elf_symbol *s = &symbol[i];
		if (SYMBOL_KIND(s) != SYMBOL_NOTYPE && SYMBOL_KIND(s) != SYMBOL_FUNCTION)
			continue;
		if (s->section == 0 || s->section >= SECTION_RESERVED || s->value > address ||
			s->name >= image->strings_size || image->strings[s->name] == '\0' ||
			image->strings[s->name] == '.') /* NASM's private names */
			continue;
		if (!best || s->value > best->value)
			best = s;
	}
	if (!best)
		return NULL;
	*distance = address - best->value;
	return image->strings + best->name;
}
