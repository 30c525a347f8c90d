/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a run is to stop: Bochs's breakpoints, watches and time breakpoints.
 *
 * The idea: a caller names all of a run's conditions each time, and Bochs is told only what
 * changed.
 *
 * The invariant: when a run starts, Bochs has the breakpoints and watches of that run and no
 * others.
 */
#include "bochs_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The numbers of the breakpoints in the answer to "info break"; returns how many. */
static size_t breakpoint_ids(const char *answer, unsigned ids[BOCHS_BREAKPOINTS_MAX])
{
	size_t n = 0;

	for (const char *p = answer; p && n < BOCHS_BREAKPOINTS_MAX; p = strchr(p, '\n')) {
		int end = 0;

		p += *p == '\n';
		if (sscanf(p, "%u lbreakpoint%n", &ids[n], &end) == 1 && end)
			n++;
	}
	return n;
}

static bool breakpoints_are(const struct bochs *b, const struct bochs_until *until)
{
	return b->n_breakpoints == until->n_addresses &&
	       (!until->n_addresses || !memcmp(b->breakpoints, until->addresses,
					       until->n_addresses * sizeof(uint32_t)));
}

static int breakpoints_clear(struct bochs *b)
{
	unsigned ids[BOCHS_BREAKPOINTS_MAX];
	char commands[BOCHS_BREAKPOINTS_MAX * 16 + 1] = "";
	size_t n, at = 0;

	if (!b->n_breakpoints)
		return 0;
	if (talk_ask(b, "info break\n"))
		return -1;
	n = breakpoint_ids(b->answer.bytes, ids);
	for (size_t i = 0; i < n; i++)
		at += (size_t)sprintf(commands + at, "d %u\n", ids[i]);
	if (talk_ask(b, commands))
		return -1;
	b->n_breakpoints = 0;
	return 0;
}

int breakpoints_set(struct bochs *b, const struct bochs_until *until)
{
	char commands[BOCHS_BREAKPOINTS_MAX * 16 + 1] = "";
	size_t at = 0;

	if (breakpoints_are(b, until))
		return 0;
	if (until->n_addresses > BOCHS_BREAKPOINTS_MAX)
		return bochs_fail(b, "%zu addresses to stop at: Bochs has room for %u",
			until->n_addresses, BOCHS_BREAKPOINTS_MAX);
	if (breakpoints_clear(b))
		return -1;
	if (!until->n_addresses)
		return 0;
	for (size_t i = 0; i < until->n_addresses; i++)
		at += (size_t)sprintf(commands + at, "lb 0x%" PRIx32 "\n", until->addresses[i]);
	memcpy(b->breakpoints, until->addresses, until->n_addresses * sizeof(uint32_t));
	b->n_breakpoints = until->n_addresses;
	if (talk_ask(b, commands))
		return -1;
	if (!strstr(b->answer.bytes, "Error"))
		return 0;
	breakpoints_clear(b);
	return bochs_fail(b, "Bochs refuses a breakpoint");
}

int watches_set(struct bochs *b, const struct bochs_until *until)
{
	char commands[2 * BOCHS_WATCHES_MAX * 40 + 16] = "unwatch\n";
	size_t at = strlen(commands);

	if (!until->n_watches && !b->watching)
		return 0;
	if (until->n_watches > 2 * BOCHS_WATCHES_MAX)
		return bochs_fail(b, "%zu watches: Bochs has room for %u of each access",
			until->n_watches, BOCHS_WATCHES_MAX);
	for (size_t i = 0; i < until->n_watches; i++) {
		const struct bochs_watch *w = &until->watches[i];

		if (!w->length)
			return bochs_fail(b, "a watch of no bytes");
		at += (size_t)sprintf(commands + at, "watch %c 0x%" PRIx32 " %" PRIu32 "\n",
			w->access == BOCHS_WRITE ? 'w' : 'r', w->address, w->length);
	}
	b->watching = true;
	if (talk_ask(b, commands))
		return -1;
	if (strstr(b->answer.bytes, "Too many"))
		return bochs_fail(b, "too many watches: Bochs has room for %u of each access",
			BOCHS_WATCHES_MAX);
	b->watching = until->n_watches != 0;
	return 0;
}

static int time_breakpoint_add(struct bochs *b, uint64_t at)
{
	char command[40];

	snprintf(command, sizeof(command), "sba %" PRIu64 "\n", at);
	if (talk_ask(b, command))
		return -1;
	if (!strstr(b->answer.bytes, "Time breakpoint inserted"))
		return bochs_fail(b, "Bochs refuses to stop at tick %" PRIu64, at);
	b->time_breakpoints[b->n_time_breakpoints++] = at;
	return 0;
}

/*
 * Bochs keeps at most five times to stop at and cannot forget one. So a time is added only if none
 * is due before it: those that are in the way are passed when they come, and the list empties
 * itself, but for one that never comes: Bochs goes on counting when the list is empty, and then
 * writes beside it. If it is full, a machine that sleeps may go past its limit; nothing else does.
 */
int time_breakpoint_set(struct bochs *b, uint64_t now, uint64_t limit)
{
	size_t kept = 0;
	bool earlier = false;

	if (!b->n_time_breakpoints && time_breakpoint_add(b, INT64_MAX))
		return -1;
	for (size_t i = 0; i < b->n_time_breakpoints; i++) {
		if (b->time_breakpoints[i] <= now)
			continue;
		earlier |= b->time_breakpoints[i] <= limit;
		b->time_breakpoints[kept++] = b->time_breakpoints[i];
	}
	b->n_time_breakpoints = kept;
	if (earlier || limit <= now || kept == TIME_BREAKPOINTS_MAX)
		return 0;
	return time_breakpoint_add(b, limit);
}
