/* SPDX-License-Identifier: BSD-2-Clause */
/* Disk images from a command line: words taken apart for image.h. */
#include "bootdisk.h"

#include "image.h"
#include "symbols.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* "GUEST.elf words": the path alone. Returns the words. */
static const char *guest_split(const char *guest, char path[PATH_MAX])
{
	size_t length = strcspn(guest, " ");

	snprintf(path, PATH_MAX, "%.*s", (int)length, guest);
	return guest + length + strspn(guest + length, " ");
}

int bootdisk_write(const char *image, const struct bootdisk *disk, char *error, size_t error_size)
{
	static char paths[BOOTDISK_GUESTS_MAX][PATH_MAX];
	struct image_file files[BOOTDISK_GUESTS_MAX + 1];
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
