/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The symbols of an ELF file: see symbols.h.
 *
 * The idea: the file is read once, checked, and boiled down to three sorted tables (symbols,
 * sections, segments) that need the file no more. Only open() meets hostile input.
 *
 * The invariant: every name in the tables is a string of our own that ends; every range is inside
 * the 32-bit address space and, for segments, inside the file.
 */
#include "symbols.h"

#include <elf.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX     (256u << 20)
#define SYMBOLS_MAX  (1u << 20)
#define SECTIONS_MAX 4096u
#define NAME_LENGTH                                                                                \
	4096u /* longer names than this are cut off in a hostile file, not in a real one */

struct symbol {
	char *name;
	uint32_t address;
	uint32_t size;
	uint16_t section;
	bool global;
};

struct segment {
	uint32_t address;
	uint32_t size; /* of what is stored in the file */
	uint32_t offset;
};

struct symbols {
	uint32_t entry;
	struct symbol *by_address;
	struct symbol **by_name; /* pointers into by_address; global ones first */
	size_t n_symbols;
	struct symbols_range *sections;
	size_t n_sections;
	struct segment *segments;
	size_t n_segments;
};

/* An open file while it is read. */
struct source {
	const char *path;
	char *error;
	Elf *elf;
	uint64_t size;
};

static bool source_fail(const struct source *f, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static bool source_fail(const struct source *f, const char *format, ...)
{
	va_list arguments;
	char reason[SYMBOLS_ERROR_MAX / 2];

	va_start(arguments, format);
	vsnprintf(reason, sizeof(reason), format, arguments);
	va_end(arguments);
	snprintf(f->error, SYMBOLS_ERROR_MAX, "%.200s: %s", f->path, reason);
	return false;
}

static bool header_read(struct symbols *s, const struct source *f)
{
	const char *ident = elf_getident(f->elf, NULL);
	Elf32_Ehdr *header;

	if (elf_kind(f->elf) != ELF_K_ELF || !ident)
		return source_fail(f, "not an ELF file");
	if (ident[EI_CLASS] != ELFCLASS32 || ident[EI_DATA] != ELFDATA2LSB)
		return source_fail(f, "not a 32-bit little-endian ELF file; compile with -m32");
	header = elf32_getehdr(f->elf);
	if (!header)
		return source_fail(f, "a broken ELF file: %s", elf_errmsg(-1));
	if (header->e_machine != EM_386)
		return source_fail(f, "not for the i386; compile with -m32");
	if (header->e_type != ET_EXEC)
		return source_fail(f, "not a linked program (type %u)", header->e_type);
	/* libelf would take this for a program without sections */
	if (header->e_shoff + (uint64_t)header->e_shnum * header->e_shentsize > f->size)
		return source_fail(f, "its section headers are past its end: truncated?");
	s->entry = header->e_entry;
	return true;
}

static bool segments_read(struct symbols *s, const struct source *f)
{
	Elf32_Phdr *headers = elf32_getphdr(f->elf);
	size_t n;

	if (elf_getphdrnum(f->elf, &n) || !n || !headers)
		return source_fail(f, "no program headers: nothing in it can be loaded");
	s->segments = calloc(n, sizeof(*s->segments));
	if (!s->segments)
		return source_fail(f, "no memory");
	for (size_t i = 0; i < n; i++) {
		const Elf32_Phdr *p = &headers[i];

		if (p->p_type != PT_LOAD || !p->p_filesz)
			continue;
		if ((uint64_t)p->p_offset + p->p_filesz > f->size)
			return source_fail(
				f, "segment %zu goes past the end of the file: truncated?", i);
		if ((uint64_t)p->p_vaddr + p->p_filesz > 1ull << 32)
			return source_fail(f, "segment %zu goes past 4 GiB", i);
		s->segments[s->n_segments++] =
			(struct segment){p->p_vaddr, p->p_filesz, p->p_offset};
	}
	return true;
}

static int range_compare(const void *a, const void *b)
{
	const struct symbols_range *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

/* A copy of a string in one of the file's string tables; NULL if it has none. */
static char *name_copy(const struct source *f, size_t table, size_t offset)
{
	const char *name = elf_strptr(f->elf, table, offset);

	return name ? strndup(name, NAME_LENGTH) : NULL;
}

static bool sections_read(struct symbols *s, const struct source *f)
{
	size_t n, names;

	if (elf_getshdrnum(f->elf, &n) || (n && elf_getshdrstrndx(f->elf, &names)))
		return source_fail(f, "broken section headers: %s", elf_errmsg(-1));
	if (n > SECTIONS_MAX)
		return source_fail(f, "%zu sections: too many", n);
	s->sections = calloc(n + 1, sizeof(*s->sections));
	if (!s->sections)
		return source_fail(f, "no memory");
	for (size_t i = 1; i < n; i++) {
		Elf32_Shdr *h = elf32_getshdr(elf_getscn(f->elf, i));
		struct symbols_range *range = &s->sections[s->n_sections];

		if (!h)
			return source_fail(f, "broken section %zu: %s", i, elf_errmsg(-1));
		if (!(h->sh_flags & SHF_ALLOC) || !h->sh_size)
			continue;
		if ((uint64_t)h->sh_addr + h->sh_size > UINT32_MAX)
			return source_fail(f, "section %zu goes past 4 GiB", i);
		range->name = name_copy(f, names, h->sh_name);
		if (!range->name)
			return source_fail(f, "section %zu has no name", i);
		range->start = h->sh_addr;
		range->end = h->sh_addr + h->sh_size;
		range->executable = h->sh_flags & SHF_EXECINSTR;
		range->writable = h->sh_flags & SHF_WRITE;
		s->n_sections++;
	}
	qsort(s->sections, s->n_sections, sizeof(*s->sections), range_compare);
	return true;
}

/* The loaded section that holds an address, or that ends there: a linker script's labels do. */
static const struct symbols_range *range_find(const struct symbols *s, uint32_t address, bool end)
{
	for (size_t i = 0; i < s->n_sections; i++) {
		const struct symbols_range *range = &s->sections[i];

		if (address >= range->start &&
			(address < range->end || (end && address == range->end)))
			return range;
	}
	return NULL;
}

/* Of several names for one address, the one to show: the program's own rather than the linker's. */
static int name_rank(const struct symbol *symbol)
{
	return 4 * (symbol->size != 0) + 2 * symbol->global + (symbol->name[0] != '_');
}

/* By address, the best name last. */
static int address_compare(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	if (name_rank(x) != name_rank(y))
		return name_rank(x) - name_rank(y);
	return strcmp(y->name, x->name);
}

static int name_compare(const void *a, const void *b)
{
	const struct symbol *x = *(struct symbol *const *)a, *y = *(struct symbol *const *)b;
	int order = strcmp(x->name, y->name);

	if (order)
		return order;
	if (x->global != y->global)
		return y->global - x->global;
	return (x->address > y->address) - (x->address < y->address);
}

/* Is it a symbol that a test or a report may want? */
static bool symbol_is_wanted(const Elf32_Sym *symbol)
{
	unsigned type = ELF32_ST_TYPE(symbol->st_info);

	return symbol->st_name && symbol->st_shndx != SHN_UNDEF &&
	       (type == STT_NOTYPE || type == STT_FUNC || type == STT_OBJECT);
}

static bool table_read(struct symbols *s, const struct source *f, Elf_Scn *section)
{
	Elf32_Shdr *h = elf32_getshdr(section);
	Elf_Data *data = elf_getdata(section, NULL);
	size_t n;

	if (!data || !data->d_buf)
		return !h->sh_size || source_fail(f, "a broken symbol table: %s", elf_errmsg(-1));
	n = data->d_size / sizeof(Elf32_Sym);
	if (n > SYMBOLS_MAX)
		return source_fail(f, "%zu symbols: too many", n);
	s->by_address = calloc(n + 1, sizeof(*s->by_address));
	if (!s->by_address)
		return source_fail(f, "no memory");
	for (size_t i = 0; i < n; i++) {
		const Elf32_Sym *symbol = (const Elf32_Sym *)data->d_buf + i;
		struct symbol *entry = &s->by_address[s->n_symbols];

		if (!symbol_is_wanted(symbol))
			continue;
		entry->name = name_copy(f, h->sh_link, symbol->st_name);
		if (!entry->name)
			return source_fail(f, "symbol %zu has a broken name", i);
		entry->address = symbol->st_value;
		entry->size = symbol->st_size;
		entry->section = symbol->st_shndx;
		entry->global = ELF32_ST_BIND(symbol->st_info) != STB_LOCAL;
		s->n_symbols++;
	}
	return true;
}

static bool table_find_and_read(struct symbols *s, const struct source *f)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(f->elf, section))) {
		Elf32_Shdr *h = elf32_getshdr(section);

		if (!h || h->sh_type != SHT_SYMTAB)
			continue;
		if (!table_read(s, f, section))
			return false;
		break;
	}
	if (!s->n_symbols)
		return true;
	qsort(s->by_address, s->n_symbols, sizeof(*s->by_address), address_compare);
	s->by_name = calloc(s->n_symbols, sizeof(*s->by_name));
	if (!s->by_name)
		return source_fail(f, "no memory");
	for (size_t i = 0; i < s->n_symbols; i++)
		s->by_name[i] = &s->by_address[i];
	qsort(s->by_name, s->n_symbols, sizeof(*s->by_name), name_compare);
	return true;
}

static bool elf_read(struct symbols *s, int fd, struct source *f)
{
	struct stat st;
	bool ok;

	if (fstat(fd, &st))
		return source_fail(f, "%s", strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_size > FILE_MAX)
		return source_fail(f, "not a file of at most %u MiB", FILE_MAX >> 20);
	f->size = (uint64_t)st.st_size;
	if (elf_version(EV_CURRENT) == EV_NONE)
		return source_fail(f, "libelf is too old");
	f->elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!f->elf)
		return source_fail(f, "not an ELF file: %s", elf_errmsg(-1));
	ok = header_read(s, f) && segments_read(s, f) && sections_read(s, f) &&
	     table_find_and_read(s, f);
	elf_end(f->elf);
	return ok;
}

struct symbols *symbols_open(const char *path, char error[SYMBOLS_ERROR_MAX])
{
	struct source f = {.path = path, .error = error};
	struct symbols *s = calloc(1, sizeof(*s));
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool ok;

	*error = 0;
	if (!s)
		ok = source_fail(&f, "no memory");
	else if (fd < 0)
		ok = source_fail(&f, "%s", strerror(errno));
	else
		ok = elf_read(s, fd, &f);
	if (fd >= 0)
		close(fd);
	if (ok)
		return s;
	symbols_close(s);
	return NULL;
}

void symbols_close(struct symbols *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n_symbols; i++)
		free(s->by_address[i].name);
	for (size_t i = 0; i < s->n_sections; i++)
		free((char *)s->sections[i].name);
	free(s->by_address);
	free(s->by_name);
	free(s->sections);
	free(s->segments);
	free(s);
}

uint32_t symbols_entry(const struct symbols *s)
{
	return s->entry;
}

/* The first symbol of that name in by_name, or n_symbols. */
static size_t name_find(const struct symbols *s, const char *name)
{
	size_t low = 0, high = s->n_symbols;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (strcmp(s->by_name[middle]->name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < s->n_symbols && !strcmp(s->by_name[low]->name, name) ? low : s->n_symbols;
}

static const struct symbol *symbol_find(const struct symbols *s, const char *name)
{
	size_t i = name_find(s, name);
	const struct symbol *found, *other;

	if (i == s->n_symbols)
		return NULL;
	found = s->by_name[i];
	for (i++; !found->global && i < s->n_symbols; i++) {
		other = s->by_name[i];
		if (strcmp(other->name, name))
			break;
		if (other->address != found->address)
			return NULL;
	}
	return found;
}

bool symbols_address(const struct symbols *s, const char *name, uint32_t *address)
{
	const struct symbol *found = symbol_find(s, name);

	if (found)
		*address = found->address;
	return found != NULL;
}

uint32_t symbols_size(const struct symbols *s, const char *name)
{
	const struct symbol *found = symbol_find(s, name);

	return found ? found->size : 0;
}

const char *symbols_lookup(const struct symbols *s, uint32_t address, uint32_t *offset)
{
	const struct symbols_range *range = range_find(s, address, false);
	size_t low = 0, high = s->n_symbols;

	if (!range)
		return NULL;
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (s->by_address[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	while (low-- > 0) {
		const struct symbol *symbol = &s->by_address[low];

		if (symbol->address < range->start)
			break;
		if (symbol->section == SHN_ABS ||
			(symbol->size && address - symbol->address >= symbol->size))
			continue;
		if (offset)
			*offset = address - symbol->address;
		return symbol->name;
	}
	return NULL;
}

bool symbols_file_offset(
	const struct symbols *s, uint32_t address, uint32_t length, uint32_t *offset)
{
	for (size_t i = 0; i < s->n_segments; i++) {
		const struct segment *segment = &s->segments[i];

		if (address < segment->address || address - segment->address >= segment->size ||
			length > segment->size - (address - segment->address))
			continue;
		*offset = segment->offset + (address - segment->address);
		return true;
	}
	return false;
}

const struct symbols_range *symbols_sections(const struct symbols *s, size_t *n)
{
	*n = s->n_sections;
	return s->sections;
}

void symbols_each(const struct symbols *s, symbols_fn *fn, void *context)
{
	for (size_t i = 0; i < s->n_symbols; i++)
		if (range_find(s, s->by_address[i].address, true))
			fn(context, s->by_address[i].name, s->by_address[i].address,
				s->by_address[i].size);
}
