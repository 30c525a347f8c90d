/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guests for graded tests: a copy of the ELF file in memory, into which a test writes what the
 * seed says. The student's code has been built by then, so it cannot know.
 *
 * Of some guests a part is the student's: a driver. Such a file comes out of the sandbox, as the
 * monitor does; its disk is the kit's.
 */
#include "machines.h"
#include "bootdisk.h"
#include "machines_private.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct guest *guests; /* of this test's process */

static uint8_t *file_read(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	struct stat status;

	if (!file || fstat(fileno(file), &status) != 0)
		infrastructure_error("cannot read %s: %m; `make kit` builds it", path);
	*size = (size_t)status.st_size;
	uint8_t *bytes = malloc(*size + 1);
	if (!bytes || fread(bytes, 1, *size, file) != *size)
		infrastructure_error("cannot read %s: %m", path);
	fclose(file);
	return bytes;
}

/* Is a part of it the student's? */
static bool guest_is_driven(const char *name)
{
	const char *const *guests = judgement()->lab->guests;

	for (size_t i = 0; guests && guests[i]; i++)
		if (strcmp(guests[i], name) == 0)
			return true;
	return false;
}

/* One with a driver lies beside the monitor that it came with. */
static void guest_find(struct guest *guest)
{
	const char *monitor = judgement()->monitor, *slash = strrchr(monitor, '/');
	int folder = slash ? (int)(slash + 1 - monitor) : 0;

	if (guest->driven)
		snprintf(guest->path, sizeof(guest->path), "%.*sguests/%s.elf", folder, monitor,
			guest->name);
	else
		snprintf(guest->path, sizeof(guest->path), "%s/build/guests/%s.elf",
			judgement()->kit, guest->name);
}

/* NAME.disk of the kit's. */
static void guest_take_disk(struct guest *guest)
{
	char beside[PATH_MAX], disk[PATH_MAX];

	snprintf(beside, sizeof(beside), "%s/build/guests/%s%s.elf", judgement()->kit,
		guest->driven ? "driverless/" : "", guest->name);
	if (bootdisk_guest_disk(beside, disk))
		guest->disk = file_read(disk, &guest->disk_size);
}

struct guest *guest_open(const char *name)
{
	char error[SYMBOLS_ERROR_MAX];
	struct guest *guest = calloc(1, sizeof(*guest));

	if (!guest)
		infrastructure_error("out of memory");
	snprintf(guest->name, sizeof(guest->name), "%s", name);
	guest->driven = guest_is_driven(name);
	guest_find(guest);
	guest->bytes = file_read(guest->path, &guest->size);
	guest->symbols = symbols_open(guest->path, error);
	if (!guest->symbols && guest->driven)
		ck_abort_msg("the guest %s, with the submission's driver: %s", name, error);
	if (!guest->symbols)
		infrastructure_error("%s", error);
	guest_take_disk(guest);
	guest->next = guests;
	guests = guest;
	return guest;
}

void guests_free(void)
{
	while (guests) {
		struct guest *guest = guests;
		guests = guest->next;
		symbols_close(guest->symbols);
		free(guest->bytes);
		free(guest->disk);
		free(guest);
	}
}

uint32_t guest_symbol(const struct guest *guest, const char *name)
{
	uint32_t address;

	if (!symbols_address(guest->symbols, name, &address))
		infrastructure_error("the guest %s has no symbol %s", guest->name, name);
	return address;
}

bool guest_has_code_at(const struct guest *guest, uint32_t address)
{
	size_t count;
	const struct symbols_range *section = symbols_sections(guest->symbols, &count);

	for (size_t i = 0; i < count; i++)
		if (section[i].executable && address >= section[i].start &&
			address < section[i].end)
			return true;
	return false;
}

static uint8_t *guest_data(const struct guest *guest, uint32_t address, size_t size)
{
	uint32_t offset;

	if (!symbols_file_offset(guest->symbols, address, (uint32_t)size, &offset))
		infrastructure_error("the guest %s has no %zu bytes in its file for address %08x",
			guest->name, size, address);
	return guest->bytes + offset;
}

void guest_write(struct guest *guest, const char *symbol, const void *data, size_t size)
{
	memcpy(guest_data(guest, guest_symbol(guest, symbol), size), data, size);
}

void guest_write_u32(struct guest *guest, const char *symbol, uint32_t value)
{
	guest_write(guest, symbol, &value, sizeof(value));
}

void guest_read(const struct guest *guest, const char *symbol, void *data, size_t size)
{
	memcpy(data, guest_data(guest, guest_symbol(guest, symbol), size), size);
}

uint32_t guest_read_u32(const struct guest *guest, const char *symbol)
{
	uint32_t value;

	guest_read(guest, symbol, &value, sizeof(value));
	return value;
}

void guest_set_disk(struct guest *guest, const void *bytes, size_t size)
{
	free(guest->disk);
	guest->disk = NULL;
	guest->disk_size = size;
	if (!size)
		return;
	guest->disk = malloc(size);
	if (!guest->disk)
		infrastructure_error("out of memory");
	memcpy(guest->disk, bytes, size);
}

const uint8_t *guest_disk(const struct guest *guest, size_t *size)
{
	*size = guest->disk_size;
	return guest->disk;
}

static void file_write(const char *path, const void *bytes, size_t size)
{
	FILE *file = fopen(path, "wb");

	if (!file || fwrite(bytes, 1, size, file) != size || fclose(file) != 0)
		infrastructure_error("cannot write %s: %m", path);
}

void guest_save(const struct guest *guest, const char *path)
{
	file_write(path, guest->bytes, guest->size);
}

void guest_save_disk(const struct guest *guest, const char *path)
{
	file_write(path, guest->disk, guest->disk_size);
}
