/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a disk costs by virtio, beside IDE and beside the bare machine. Not graded: `make bench`
 * prints it, and the graded tests' budgets are set from it.
 */
#include "bench.h"
#include "paravirt_disk.h"

static void measure_step(const char *what, const char *steps)
{
	struct disk_cost bare = disk_cost(DISK_BARE, steps), ide = disk_cost(DISK_IDE, steps),
			 virtio = disk_cost(DISK_VIRTIO, steps);
	char name[128];

	snprintf(name, sizeof(name), "%s by IDE (bare: %llu)", what,
		(unsigned long long)bare.instructions);
	measure(name, ide.instructions);
	snprintf(name, sizeof(name), "%s by virtio", what);
	measure(name, virtio.instructions);
	snprintf(name, sizeof(name), "exits of %s by IDE", what);
	measure(name, ide.exits);
	snprintf(name, sizeof(name), "exits of %s by virtio", what);
	measure(name, virtio.exits);
}

START_TEST(a_disk)
{
	measure_step("reading a sector", "read,read,read");
	measure_step("reading a megabyte", "whole,whole");
	measure_step("64 writes and 64 reads at once", "queued,queued");
}
END_TEST

START_TEST(a_disk_with_interrupts)
{
	measure_step("64 writes and 64 reads at once, asleep", "queued-sleeping,queued-sleeping");
}
END_TEST

const struct graded_test paravirt_virtio_bench_tests[] = {
	{&a_disk, EFFICIENCY, 0, NULL},
	{&a_disk_with_interrupts, EFFICIENCY, 0, NULL},
	{0},
};
