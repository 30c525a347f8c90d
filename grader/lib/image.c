/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes the disk image that the boot sectors read.
 *
 * The host knows more than the boot sectors and says it better, so whatever can be checked is
 * checked here: a machine that does not boot costs its user far more time than a refusal.
 *
 * Invariant: the whole image is made under a temporary name beside the old one and takes its place
 * in one step, so there is never half an image. Every number read from a kernel is checked before
 * it is used.
 *
 * Reading: the ELF specification, "Program Header"; the Multiboot specification 0.6.96, 3.1.
 */
#include "image.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KIB            1024u
#define MIB            (1024u * KIB)
#define PAGE_BYTES     4096u
#define FILE_BYTES_MAX (1024u * MIB)

#define MULTIBOOT_MAGIC  0x1BADB002u
#define MULTIBOOT_SEARCH 8192u
#define MULTIBOOT_FLAGS  3u /* the flags that can be satisfied: modules on pages, memory */

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "structures go to the disk as they are");

#define MBR_SIGNATURE    0xAA55u
#define PARTITION_ACTIVE 0x80u

/* One file in memory, with zero bytes behind it up to a whole sector. */
struct content {
	const char *path;
	uint8_t *data;
	size_t size;
};

/* All that an image is made of. */
struct image {
	const struct image_plan *plan;
	struct content mbr, stage2;
	struct content *files; /* plan->count of them */
	uint32_t kernel_end;   /* machine address, the first byte behind its last segment */
	uint8_t directory[IMAGE_DIRECTORY_MAX];
	uint32_t directory_size;
	uint64_t disk_bytes;
	char *error;
	size_t error_size;
};

__attribute__((format(printf, 2, 3))) static int image_fail(
	struct image *image, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(image->error, image->error_size, format, arguments);
	va_end(arguments);
	return -1;
}

static uint64_t round_up(uint64_t value, uint64_t unit)
{
	return (value + unit - 1) / unit * unit;
}

unsigned image_cylinders(off_t bytes)
{
	return (unsigned)(round_up((uint64_t)bytes, IMAGE_CYLINDER_BYTES) / IMAGE_CYLINDER_BYTES);
}

uint32_t image_checksum(const void *data, size_t size)
{
	const uint8_t *bytes = data;
	size_t padded = round_up(size, 16);
	uint32_t sum = (uint32_t)size;

	for (size_t i = 0; i < padded; i += 4) {
		uint32_t dword = 0;

		if (i < size)
			memcpy(&dword, bytes + i, size - i < 4 ? size - i : 4);
		sum ^= dword;
		sum = sum << 13 | sum >> 19;
		sum *= 0x9E3779B1u;
	}
	return sum;
}

/* Reads all of an open file. */
static int content_fill(struct image *image, struct content *content, int fd)
{
	struct stat status;
	size_t done = 0;

	if (fstat(fd, &status) != 0)
		return image_fail(image, "%s: %s", content->path, strerror(errno));
	if (!S_ISREG(status.st_mode))
		return image_fail(image, "%s: not a regular file", content->path);
	if (status.st_size == 0)
		return image_fail(image, "%s: the file is empty", content->path);
	if (status.st_size > FILE_BYTES_MAX)
		return image_fail(
			image, "%s: larger than %u MiB", content->path, FILE_BYTES_MAX / MIB);
	content->size = (size_t)status.st_size;
	content->data = calloc(1, round_up(content->size, SECTOR_BYTES));
	if (!content->data)
		return image_fail(image, "%s: no memory to read it", content->path);
	while (done < content->size) {
		ssize_t got = read(fd, content->data + done, content->size - done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return image_fail(image, "%s: %s", content->path, strerror(errno));
		if (got == 0)
			return image_fail(
				image, "%s: became shorter while it was read", content->path);
		done += (size_t)got;
	}
	return 0;
}

static int content_read(struct image *image, struct content *content, const char *path)
{
	/* Non-blocking, so that a pipe is refused and not waited for. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int result;

	content->path = path;
	if (fd < 0)
		return image_fail(image, "%s: %s", path, strerror(errno));
	result = content_fill(image, content, fd);
	close(fd);
	return result;
}

static uint32_t load32(const uint8_t *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value));
	return value;
}

/* Reads one of the two files in the boot folder. */
static int boot_read(struct image *image, struct content *content, const char *name, size_t size)
{
	char path[4096];
	int length = snprintf(path, sizeof(path), "%s/%s", image->plan->boot_dir, name);

	if (length < 0 || (size_t)length >= sizeof(path))
		return image_fail(image, "the name of the boot folder is too long");
	if (content_read(image, content, path) != 0)
		return -1;
	content->path = name;
	if (content->size != size)
		return image_fail(image, "%s: has %zu bytes, not %zu: build the boot sectors again",
			path, content->size, size);
	return 0;
}

/* Reads the boot sectors and makes sure that they are what the layout says. */
static int image_read_boot(struct image *image)
{
	size_t stage2_size = IMAGE_STAGE2_SECTORS * SECTOR_BYTES;
	uint8_t *signature;

	if (boot_read(image, &image->mbr, "mbr.bin", SECTOR_BYTES) != 0)
		return -1;
	signature = image->mbr.data + SECTOR_BYTES - 2;
	if ((signature[0] | signature[1] << 8) != MBR_SIGNATURE)
		return image_fail(image, "mbr.bin: not a boot sector: build it again");
	for (uint8_t *byte = image->mbr.data + IMAGE_PARTITION_TABLE; byte < signature; byte++)
		if (*byte != 0)
			return image_fail(
				image, "mbr.bin: something is in the partition table's place");
	if (boot_read(image, &image->stage2, "stage2.bin", stage2_size) != 0)
		return -1;
	if (load32(image->stage2.data + stage2_size - 4) != IMAGE_STAGE2_MAGIC)
		return image_fail(image, "stage2.bin: not stage 2 of the boot: build it again");
	return 0;
}

/* Is there a Multiboot header in the first 8 KiB, with flags that can be satisfied? */
static int kernel_check_header(struct image *image, const struct content *kernel)
{
	size_t end = kernel->size < MULTIBOOT_SEARCH ? kernel->size : MULTIBOOT_SEARCH;

	for (size_t i = 0; i + 12 <= end; i += 4) {
		const uint8_t *header = kernel->data + i;
		uint32_t flags = load32(header + 4);

		if (load32(header) != MULTIBOOT_MAGIC ||
			MULTIBOOT_MAGIC + flags + load32(header + 8) != 0)
			continue;
		if (flags & ~MULTIBOOT_FLAGS)
			return image_fail(image,
				"%s: asks for Multiboot flags %08" PRIX32
				", only 1 and 2 can be given",
				kernel->path, flags);
		return 0;
	}
	return image_fail(image,
		"%s: no Multiboot header in the first 8 KiB: link the header first", kernel->path);
}

/* Checks one segment and moves the kernel's end behind it. */
static int kernel_check_segment(
	struct image *image, const struct content *kernel, const Elf32_Phdr *segment)
{
	uint64_t end = (uint64_t)segment->p_paddr + segment->p_memsz;

	if (segment->p_offset > kernel->size ||
		segment->p_filesz > kernel->size - segment->p_offset ||
		segment->p_filesz > segment->p_memsz)
		return image_fail(
			image, "%s: a segment lies outside the file: build it again", kernel->path);
	if (segment->p_paddr < MIB)
		return image_fail(image,
			"%s: wants to lie at %08" PRIX32 ": link it at 1 MiB (00100000) or above",
			kernel->path, segment->p_paddr);
	if (end > UINT32_MAX)
		return image_fail(image, "%s: a segment ends above 4 GiB", kernel->path);
	if (end > image->kernel_end)
		image->kernel_end = (uint32_t)end;
	return 0;
}

/* Checks every segment, and that the entry point lies in one. */
static int kernel_check_segments(
	struct image *image, const struct content *kernel, const Elf32_Ehdr *elf)
{
	bool entry_found = false;

	for (unsigned i = 0; i < elf->e_phnum; i++) {
		Elf32_Phdr segment;

		memcpy(&segment, kernel->data + elf->e_phoff + i * sizeof(segment),
			sizeof(segment));
		if (segment.p_type != PT_LOAD || segment.p_memsz == 0)
			continue;
		if (kernel_check_segment(image, kernel, &segment) != 0)
			return -1;
		if (elf->e_entry - segment.p_vaddr < segment.p_memsz ||
			elf->e_entry - segment.p_paddr < segment.p_memsz)
			entry_found = true;
	}
	if (image->kernel_end == 0)
		return image_fail(
			image, "%s: nothing to load: link it with program headers", kernel->path);
	if (!entry_found)
		return image_fail(image,
			"%s: the entry point %08" PRIX32
			" lies outside its segments: check its ENTRY",
			kernel->path, elf->e_entry);
	return 0;
}

/*
 * Cuts off what the boot sectors would read and no one would load: symbols and debugging
 * information, most of the file. The host reads those in the file itself.
 */
static void kernel_trim(struct content *kernel, Elf32_Ehdr elf)
{
	size_t end = elf.e_phoff + elf.e_phnum * sizeof(Elf32_Phdr);

	for (unsigned i = 0; i < elf.e_phnum; i++) {
		Elf32_Phdr segment;

		memcpy(&segment, kernel->data + elf.e_phoff + i * sizeof(segment), sizeof(segment));
		if (segment.p_type == PT_LOAD && segment.p_offset + segment.p_filesz > end)
			end = segment.p_offset + segment.p_filesz;
	}
	elf.e_shoff = 0;
	elf.e_shnum = elf.e_shstrndx = 0;
	memcpy(kernel->data, &elf, sizeof(elf));
	memset(kernel->data + end, 0, kernel->size - end);
	kernel->size = end;
}

/* Would the boot sectors load this kernel? */
static int kernel_check(struct image *image)
{
	struct content *kernel = &image->files[0];
	Elf32_Ehdr elf = {0};

	if (kernel->size >= sizeof(elf))
		memcpy(&elf, kernel->data, sizeof(elf));
	if (memcmp(elf.e_ident, ELFMAG, SELFMAG) != 0 || elf.e_ident[EI_CLASS] != ELFCLASS32 ||
		elf.e_ident[EI_DATA] != ELFDATA2LSB || elf.e_ident[EI_VERSION] != EV_CURRENT ||
		elf.e_type != ET_EXEC || elf.e_machine != EM_386)
		return image_fail(image,
			"%s: not an ELF executable for the i386: link it with ld -m elf_i386",
			kernel->path);
	if (elf.e_phentsize != sizeof(Elf32_Phdr) || elf.e_phoff > kernel->size ||
		elf.e_phnum * sizeof(Elf32_Phdr) > kernel->size - elf.e_phoff)
		return image_fail(image,
			"%s: the program headers lie outside the file: build it again",
			kernel->path);
	if (kernel_check_header(image, kernel) != 0 ||
		kernel_check_segments(image, kernel, &elf) != 0)
		return -1;
	kernel_trim(kernel, elf);
	return 0;
}

/*
 * Will it fit in the memory? The modules lie behind the kernel's segments, each on a page; before
 * they come, the kernel's file lies there as well (monitor/boot/kernel.inc).
 */
static int image_check_memory(struct image *image)
{
	uint64_t kernel_end = round_up(image->kernel_end, PAGE_BYTES);
	uint64_t modules_end = kernel_end;
	uint64_t file_end = kernel_end + round_up(image->files[0].size, PAGE_BYTES);
	uint64_t needed, there;

	for (size_t i = 1; i < image->plan->count; i++)
		modules_end += round_up(image->files[i].size, PAGE_BYTES);
	needed = ((modules_end > file_end ? modules_end : file_end) - MIB) / KIB;
	there = (image->plan->memory_mib - 1) * (uint64_t)KIB - IMAGE_FIRMWARE_KIB;
	if (needed > there)
		return image_fail(image,
			"the files need %" PRIu64
			" KiB of memory above 1 MiB, a machine of %u MiB has %" PRIu64
			" KiB: %" PRIu64 " KiB too much",
			needed, image->plan->memory_mib, there, needed - there);
	return 0;
}

/* Fills the boot directory and decides where on the disk each file goes. */
static int image_fill_directory(struct image *image)
{
	const struct image_plan *plan = image->plan;
	struct image_directory head = {.magic = IMAGE_DIRECTORY_MAGIC,
		.version = IMAGE_DIRECTORY_VERSION,
		.count = (uint32_t)plan->count};
	size_t at = sizeof(head);
	size_t string = at + plan->count * sizeof(struct image_entry);
	uint64_t lba = IMAGE_DIRECTORY_MAX / SECTOR_BYTES;

	for (size_t i = 0; i < plan->count; i++) {
		const struct content *file = &image->files[i];
		const char *arguments = plan->files[i].arguments ? plan->files[i].arguments : "";
		const char *slash = strrchr(file->path, '/');
		size_t room = string < IMAGE_DIRECTORY_MAX ? IMAGE_DIRECTORY_MAX - string : 0;
		int length = snprintf((char *)image->directory + IMAGE_DIRECTORY_MAX - room, room,
			"%s%s%s", slash ? slash + 1 : file->path, *arguments ? " " : "", arguments);
		struct image_entry entry = {.lba = (uint32_t)lba,
			.bytes = (uint32_t)file->size,
			.checksum = image_checksum(file->data, file->size),
			.string = (uint32_t)string};

		if (length < 0 || (size_t)length >= room)
			return image_fail(image,
				"too many files or too long arguments: the boot directory holds %u "
				"bytes",
				IMAGE_DIRECTORY_MAX);
		memcpy(image->directory + at, &entry, sizeof(entry));
		at += sizeof(entry);
		string += (size_t)length + 1;
		lba += round_up(file->size, SECTOR_BYTES) / SECTOR_BYTES;
	}
	head.size = (uint32_t)string;
	memcpy(image->directory, &head, sizeof(head));
	head.checksum = image_checksum(image->directory + offsetof(struct image_directory, version),
		string - offsetof(struct image_directory, version));
	memcpy(image->directory, &head, sizeof(head));
	image->disk_bytes = (IMAGE_PARTITION_LBA + lba) * SECTOR_BYTES;
	return 0;
}

/* Rounds the disk up to its size and writes the partition table into the boot record. */
static int image_fill_partition(struct image *image)
{
	uint64_t needed = round_up(image->disk_bytes, KIB) / KIB;
	uint64_t asked = image->plan->disk_mib * (uint64_t)KIB;
	/* The marker FEh FFh FFh in place of cylinder, head, sector: only the LBA counts. */
	uint8_t entry[16] = {
		PARTITION_ACTIVE, 0xFE, 0xFF, 0xFF, IMAGE_PARTITION_TYPE, 0xFE, 0xFF, 0xFF};
	uint32_t lba = IMAGE_PARTITION_LBA, sectors;

	if (asked != 0 && needed > asked)
		return image_fail(image,
			"the files need a disk of %" PRIu64 " KiB, %u MiB are %" PRIu64
			" KiB: %" PRIu64 " KiB too much",
			needed, image->plan->disk_mib, asked, needed - asked);
	if (asked != 0)
		image->disk_bytes = asked * KIB;
	image->disk_bytes = round_up(image->disk_bytes, IMAGE_CYLINDER_BYTES);
	sectors = (uint32_t)(image->disk_bytes / SECTOR_BYTES) - IMAGE_PARTITION_LBA;
	memcpy(entry + 8, &lba, sizeof(lba));
	memcpy(entry + 12, &sectors, sizeof(sectors));
	memcpy(image->mbr.data + IMAGE_PARTITION_TABLE, entry, sizeof(entry));
	return 0;
}

/* Writes a piece of the image from the sector `lba` on. errno says what went wrong. */
static bool piece_write(int fd, const uint8_t *data, size_t size, uint64_t lba)
{
	for (size_t done = 0; done < size;) {
		ssize_t put =
			pwrite(fd, data + done, size - done, (off_t)(lba * SECTOR_BYTES + done));

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return false;
		done += (size_t)put;
	}
	return true;
}

static bool image_write_pieces(const struct image *image, int fd)
{
	uint64_t lba = IMAGE_PARTITION_LBA + IMAGE_DIRECTORY_MAX / SECTOR_BYTES;

	if (ftruncate(fd, (off_t)image->disk_bytes) != 0 ||
		!piece_write(fd, image->mbr.data, image->mbr.size, 0) ||
		!piece_write(fd, image->stage2.data, image->stage2.size, IMAGE_STAGE2_LBA) ||
		!piece_write(fd, image->directory, IMAGE_DIRECTORY_MAX, IMAGE_PARTITION_LBA))
		return false;
	for (size_t i = 0; i < image->plan->count; i++) {
		if (!piece_write(fd, image->files[i].data, image->files[i].size, lba))
			return false;
		lba += round_up(image->files[i].size, SECTOR_BYTES) / SECTOR_BYTES;
	}
	return true;
}

/* May `out` be replaced? Not if it is one of the files to read, or no file at all. */
static int image_check_out(struct image *image, const char *out)
{
	struct stat there, file;

	if (stat(out, &there) != 0)
		return 0; /* nothing there, or open says what is wrong */
	if (!S_ISREG(there.st_mode))
		return image_fail(
			image, "%s: not a regular file: write the image to one, then copy it", out);
	for (size_t i = 0; i < image->plan->count; i++)
		if (stat(image->plan->files[i].path, &file) == 0 && file.st_dev == there.st_dev &&
			file.st_ino == there.st_ino)
			return image_fail(
				image, "%s: is one of the files to put in the image", out);
	return 0;
}

/* Writes the whole image beside `out`, then puts it in its place. */
static int image_replace(struct image *image, const char *out)
{
	char temporary[4096];
	int length = snprintf(temporary, sizeof(temporary), "%s.%ld.tmp", out, (long)getpid());
	int fd;
	bool written;

	if (length < 0 || (size_t)length >= sizeof(temporary))
		return image_fail(image, "the name of the image is too long");
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0)
		return image_fail(image, "%s: %s", temporary, strerror(errno));
	written = image_write_pieces(image, fd);
	if (close(fd) == 0 && written && rename(temporary, out) == 0)
		return 0;
	image_fail(image, "%s: %s", out, strerror(errno));
	unlink(temporary);
	return -1;
}

static int image_make(struct image *image, const char *out)
{
	const struct image_plan *plan = image->plan;

	if (image_check_out(image, out) != 0 || image_read_boot(image) != 0)
		return -1;
	for (size_t i = 0; i < plan->count; i++)
		if (content_read(image, &image->files[i], plan->files[i].path) != 0)
			return -1;
	if (kernel_check(image) != 0 || image_check_memory(image) != 0 ||
		image_fill_directory(image) != 0 || image_fill_partition(image) != 0)
		return -1;
	return image_replace(image, out);
}

int image_write(const char *out, const struct image_plan *plan, char *error, size_t error_size)
{
	struct image image = {.plan = plan, .error = error, .error_size = error_size};
	int result;

	if (plan->count == 0)
		return image_fail(&image, "no kernel given");
	if (plan->memory_mib < IMAGE_MEMORY_MIB_MIN || plan->memory_mib > IMAGE_MEMORY_MIB_MAX)
		return image_fail(&image, "a machine has %u to %u MiB of memory, not %u",
			IMAGE_MEMORY_MIB_MIN, IMAGE_MEMORY_MIB_MAX, plan->memory_mib);
	image.files = calloc(plan->count, sizeof(*image.files));
	if (!image.files)
		return image_fail(&image, "no memory for %zu files", plan->count);
	result = image_make(&image, out);
	for (size_t i = 0; i < plan->count; i++)
		free(image.files[i].data);
	free(image.files);
	free(image.stage2.data);
	free(image.mbr.data);
	return result;
}
