/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is on the disks of a machine's guests. A bare guest's is the machine's second disk, which
 * outlives the machine. Under a monitor it is a module's memory, which goes with the machine: it is
 * kept where the monitor switches off, as the log is.
 *
 * The boot sectors' module table says where a module lies. Whoever has written over it is not
 * believed: the module must be as long as the disk that was booted.
 */
#include "bootdisk.h"
#include "machines_private.h"

#include <stdlib.h>

/* The place of the guest's disk among the modules: each guest's own file, and each disk behind its
 * guest's. */
static size_t disk_module(const struct machine *machine, size_t guest)
{
	size_t module = 1;

	for (size_t i = 0; i < guest; i++)
		module += machine->guests[i]->disk ? 2 : 1;
	return module;
}

/* All of it, or false. */
static bool disk_read(struct machine *machine, size_t guest, uint8_t *bytes, size_t size)
{
	if (machine->bare)
		return bochs_second_disk_read(machine->bochs, 0, bytes, size) == size;
	return bootdisk_read_module(machine->bochs, disk_module(machine, guest), bytes, size);
}

/* NULL: it cannot be read. */
static uint8_t *disk_keep(struct machine *machine, size_t guest)
{
	size_t size = machine->guests[guest]->disk_size;
	uint8_t *bytes = malloc(size);

	if (!bytes)
		infrastructure_error("out of memory");
	if (!disk_read(machine, guest, bytes, size)) {
		free(bytes);
		bytes = NULL;
	}
	free(machine->disks[guest]);
	machine->disks[guest] = bytes;
	return bytes;
}

void disks_keep(struct machine *machine)
{
	for (size_t i = 0; i < machine->guest_count; i++)
		if (machine->guests[i]->disk)
			disk_keep(machine, i);
}

void disks_free(struct machine *machine)
{
	for (size_t i = 0; i < machine->guest_count; i++)
		free(machine->disks[i]);
}

const uint8_t *machine_disk(struct machine *machine, const struct guest *guest)
{
	size_t number = 0;

	while (number < machine->guest_count && machine->guests[number] != guest)
		number++;
	if (number == machine->guest_count || !guest->disk)
		infrastructure_error("%s has no disk in this machine", guest->name);
	if (machine->bare || !machine->over)
		disk_keep(machine, number);
	if (!machine->disks[number])
		ck_abort_msg("the disk of %s is not where the boot loader put it", guest->name);
	return machine->disks[number];
}
