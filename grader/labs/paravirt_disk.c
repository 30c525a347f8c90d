/* SPDX-License-Identifier: BSD-2-Clause */
/* What a disk costs a guest: paravirt_disk.h. */
#include "paravirt_disk.h"

#include "monitor_layout.h"

static struct machine *disk_boot(enum disk_way way, struct guest *guest, const char *steps)
{
	char words[96];

	snprintf(words, sizeof(words), "%s do=%s", way == DISK_VIRTIO ? "virtio mem=4" : "mem=4",
		steps);
	const struct boot_guest with_words = {guest, words};
	return way == DISK_BARE ? boot_bare_with(&with_words) : boot_several(&with_words, 1);
}

/* All steps but the last. */
static void steps_skip(struct machine *m, const struct guest *guest, const char *steps)
{
	for (const char *comma = steps; (comma = strchr(comma, ',')); comma++)
		run_until(m, guest_symbol(guest, "blocks_end"));
}

/* One call of a driver, from its first instruction to its caller. */
static uint64_t driver_run(struct machine *m)
{
	const struct bochs_registers *r = registers(m);

	return ticks_to(m, memory_read_u32(m, r->ss.base + r->esp));
}

static uint64_t instructions_of(enum disk_way way, struct guest *guest, const char *steps)
{
	struct machine *m = disk_boot(way, guest, steps);
	const uint32_t places[] = {
		guest_symbol(guest, way == DISK_VIRTIO ? "virtio_transfer" : "ide_transfer"),
		guest_symbol(guest, "blocks_end")};
	uint64_t instructions = 0;

	steps_skip(m, guest, steps);
	while (run_until_any(m, places, 2) == 0)
		instructions += driver_run(m);
	machine_end(m);
	return instructions;
}

struct disk_cost disk_cost(enum disk_way way, const char *steps)
{
	struct guest *guest = guest_open("blocks");
	struct disk_cost cost = {.instructions = instructions_of(way, guest, steps)};

	if (way == DISK_BARE)
		return cost;
	struct machine *m = disk_boot(way, guest, steps);
	steps_skip(m, guest, steps);
	cost.exits = exits_between(
		m, guest_symbol(guest, "blocks_begin"), guest_symbol(guest, "blocks_end"), false);
	machine_end(m);
	return cost;
}
