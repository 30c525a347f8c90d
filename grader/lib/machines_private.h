/* SPDX-License-Identifier: BSD-2-Clause */
/* What guest.c, machines.c and explain.c share. */
#ifndef MACHINES_PRIVATE_H
#define MACHINES_PRIVATE_H

#include "machines.h"

#include <limits.h>

#define BOOT_GUESTS_MAX  16
#define MONITOR_LOG_SIZE 16384 /* LOG_BUFFER_SIZE of monitor/machine/log.c */

struct guest {
	struct guest *next;
	char name[32];
	char path[PATH_MAX];
	bool driven; /* a part of it is the student's (judge.h: lab->guests) */
	struct symbols *symbols;
	uint8_t *bytes;
	size_t size;
	uint8_t *disk; /* NULL: it has none */
	size_t disk_size;
};

struct machine {
	struct machine *next;
	struct bochs *bochs;
	char disk[PATH_MAX + 16]; /* the image that it booted; goes with the machine */
	uint32_t megs;
	bool bare;
	bool over; /* it has switched itself off, or died */
	enum bochs_stop last_stop;
	char second_disk[PATH_MAX + 16]; /* the bare guest's; "": none */
	struct guest *guests[BOOT_GUESTS_MAX];
	uint8_t *disks[BOOT_GUESTS_MAX]; /* theirs, as they were last seen; NULL: not yet */
	size_t guest_count;
	char log[MONITOR_LOG_SIZE + 1]; /* the monitor's, as it was last seen */
	char row[BOCHS_SCREEN_COLUMNS + 1];
	struct bochs_registers registers;   /* with the guest's own PC */
	struct bochs_registers before_call; /* of call_begin() */
	const char *called;
	struct bochs_event *events;
	size_t event_count, event_room;
};

/* The machines of this test's process, the newest first. */
extern struct machine *machines;

void guest_save(const struct guest *guest, const char *path);
void guest_save_disk(const struct guest *guest, const char *path);
void guests_free(void);

/* ---- machines_view.c ---- */

/* Where the guest's kernel is in its own code, wherever it is fetched from. Any other address is
 * what it is. */
uint32_t view_guest_address(const struct machine *machine, const struct bochs_registers *r);

/* Adds to the first `guests` of *count addresses where else a guest's kernel may be fetched. */
void view_add_places(const struct machine *machine, uint32_t *all, size_t *count, size_t guests);

/* One run, in which no instruction of the guest's is met twice since the monitor looked at it. */
enum bochs_stop view_run(struct machine *machine, const struct bochs_until *until);

/* Keeps what is on the guests' disks, while the machine's memory is still there. */
void disks_keep(struct machine *machine);
void disks_free(struct machine *machine);

/* The monitor's symbols, opened once. */
const struct symbols *monitor_symbols(void);

#endif
