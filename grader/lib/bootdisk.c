/* SPDX-License-Identifier: BSD-2-Clause */
/* Disk images from a command line: words taken apart for image.h. */
#include "bootdisk.h"

#include "image.h"
#include "multiboot.h"
#include "symbols.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* "GUEST.elf words": the path alone. Returns the words. */
static const char *guest_split(const char *guest, char path[PATH_MAX])
{
	size_t length = strcspn(guest, " ");

	snprintf(path, PATH_MAX, "%.*s", (int)length, guest);
	return guest + length + strspn(guest + length, " ");
}

bool bootdisk_guest_disk(const char *guest, char path[PATH_MAX])
{
	static const char file[] = ".elf", disk[] = ".disk";

	guest_split(guest, path);
	size_t length = strlen(path);
	if (length < strlen(file) || strcmp(path + length - strlen(file), file) != 0 ||
		length - strlen(file) + sizeof(disk) > PATH_MAX)
		return false;
	strcpy(path + length - strlen(file), disk);
	return access(path, F_OK) == 0;
}

const char *bootdisk_second_disk(const struct bootdisk *disk, char path[PATH_MAX])
{
	return !disk->monitor && bootdisk_guest_disk(disk->guests[0], path) ? path : NULL;
}

bool bootdisk_read_module(struct bochs *machine, size_t number, void *bytes, size_t size)
{
	struct multiboot_module module;
	uint32_t entry = IMAGE_MODULE_TABLE + (uint32_t)(number * sizeof(module));

	return bochs_read_physical(machine, entry, &module, sizeof(module)) == sizeof(module) &&
	       module.end - module.start == size &&
	       bochs_read_physical(machine, module.start, bytes, size) == size;
}

int bootdisk_write(const char *image, const struct bootdisk *disk, char *error, size_t error_size)
{
	static char paths[BOOTDISK_GUESTS_MAX][PATH_MAX], disks[BOOTDISK_GUESTS_MAX][PATH_MAX];
	struct image_file files[2 * BOOTDISK_GUESTS_MAX + 1];
	struct image_plan plan = {
		.boot_dir = disk->boot_dir, .files = files, .memory_mib = disk->memory_mib};

	if (disk->count == 0 || disk->count > BOOTDISK_GUESTS_MAX ||
		(!disk->monitor && disk->count != 1)) {
		snprintf(error, error_size, "1 to %d guests under a monitor, one without: not %zu",
			BOOTDISK_GUESTS_MAX, disk->count);
		return -1;
	}
	if (disk->monitor)
		files[plan.count++] = (struct image_file){disk->monitor, ""};
	for (size_t i = 0; i < disk->count; i++) {
		const char *words = guest_split(disk->guests[i], paths[i]);

		files[plan.count++] = (struct image_file){paths[i], words};
		if (disk->monitor && bootdisk_guest_disk(disk->guests[i], disks[i]))
			files[plan.count++] = (struct image_file){disks[i], ""};
	}
	return image_write(image, &plan, error, error_size);
}

int bootdisk_address(const struct bootdisk *disk, const char *symbol, uint32_t *address,
	char *error, size_t error_size)
{
	char path[PATH_MAX], problem[SYMBOLS_ERROR_MAX];
	struct symbols *symbols;

	if (disk->monitor)
		snprintf(path, sizeof(path), "%s", disk->monitor);
	else
		guest_split(disk->guests[0], path);
	symbols = symbols_open(path, problem);
	if (!symbols) {
		snprintf(error, error_size, "%s", problem);
		return -1;
	}
	if (!symbols_address(symbols, symbol, address))
		*address = symbols_entry(symbols);
	symbols_close(symbols);
	return 0;
}
