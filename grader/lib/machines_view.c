/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a guest's kernel is, since lab 4: it is fetched from the code view
 * (monitor/include/code.h), and stands for the judge where it is in the guest's own code.
 *
 * What the monitor has not looked at yet is a breakpoint in the view, or not there. Who stops
 * before it sees the guest arrive; then the monitor looks, and the guest arrives once more.
 */
#include "machines_private.h"
#include "rings.h"

#include "layout.h"

#define BREAKPOINT 0xcc

static bool has_code_view(const struct machine *machine)
{
	return !machine->bare && judgement()->lab->number >= 4;
}

uint32_t view_guest_address(const struct machine *machine, const struct bochs_registers *r)
{
	bool in_view = has_code_view(machine) && r->cpl == 1 && r->pc >= CODE_VIEW;

	return in_view ? r->pc - CODE_VIEW : r->pc;
}

void view_add_places(const struct machine *machine, uint32_t *all, size_t *count, size_t guests)
{
	if (!has_code_view(machine))
		return;
	for (size_t i = 0; i < guests; i++) {
		if (all[i] >= 0u - CODE_VIEW)
			continue; /* the monitor's */
		if (*count == BOCHS_BREAKPOINTS_MAX)
			infrastructure_error("too many addresses to wait for in the code view");
		all[(*count)++] = all[i] + CODE_VIEW;
	}
}

/* Is what the guest's kernel would fetch now a breakpoint, or not there? Then the monitor is next.
 */
static bool is_before_breakpoint(struct machine *machine)
{
	const struct bochs_registers *r = registers(machine);
	uint32_t fetched = r->cs.base + r->eip;
	uint8_t byte;

	if (!has_code_view(machine) || r->cpl != 1 || fetched == r->pc)
		return false;
	return bochs_read_linear(machine->bochs, fetched, &byte, 1) != 1 || byte == BREAKPOINT;
}

/* The monitor is about to give the processor to the guest's kernel: at this instruction? */
static bool comes_back_to(struct machine *machine, uint32_t eip)
{
	struct guest_registers guest;

	memory_read(machine, running_vcpu(machine), &guest, sizeof(guest));
	return guest.eip == eip && (guest.cs & 3) == 1;
}

/* What is left of a run. */
static enum bochs_stop run_until_tick(
	struct machine *machine, const struct bochs_until *until, uint64_t end)
{
	struct bochs_until rest = *until;

	if (ticks(machine) >= end)
		return BOCHS_STOP_LIMIT;
	rest.ticks = end - ticks(machine);
	return bochs_run(machine->bochs, &rest);
}

/* On to where the monitor gives the processor back to a guest, or what the test waits for. */
static enum bochs_stop run_to_door(
	struct machine *machine, const struct bochs_until *until, uint32_t door)
{
	uint32_t all[BOCHS_BREAKPOINTS_MAX];
	struct bochs_until way = {.ticks = until->ticks, .addresses = all};

	if (until->n_addresses == BOCHS_BREAKPOINTS_MAX)
		infrastructure_error("too many addresses to wait for in the code view");
	for (size_t i = 0; i < until->n_addresses; i++)
		all[way.n_addresses++] = until->addresses[i];
	all[way.n_addresses++] = door;
	return bochs_run(machine->bochs, &way);
}

enum bochs_stop view_run(struct machine *machine, const struct bochs_until *until)
{
	uint64_t end = ticks(machine) + until->ticks;

	if (!until->n_addresses || !is_before_breakpoint(machine))
		return bochs_run(machine->bochs, until);
	const struct bochs_registers before = *registers(machine);
	uint32_t door = monitor_symbol("world_enter");
	enum bochs_stop stop = run_to_door(machine, until, door);
	if (stop != BOCHS_STOP_BREAKPOINT || registers(machine)->pc != door)
		return stop;
	bool again = comes_back_to(machine, before.eip);
	stop = run_until_tick(machine, until, end);
	if (again && stop == BOCHS_STOP_BREAKPOINT && registers(machine)->pc == before.pc)
		stop = run_until_tick(machine, until, end);
	return stop;
}
