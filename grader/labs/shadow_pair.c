/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The same guest bare and under the submission. Its memory is read by physical addresses: what a
 * page table of the guest's says, or one of the monitor's, is what is being judged.
 */
#include "monitor_layout.h"
#include "shadow_tests.h"

const char *monitor_end(struct machine *m)
{
	const char *log = monitor_log(m), *why = strstr(log, "killing");
	static char text[1500];

	snprintf(text, sizeof(text), "%s", why ? why : log);
	return text;
}

struct twins twins_run_to(struct guest *guest, const char *words, const char *label)
{
	struct twins twins = {.guest = guest,
		.bare = boot_bare(guest),
		.m = boot_several(&(struct boot_guest){guest, words}, 1)};
	uint32_t end = guest_symbol(guest, label);
	const uint32_t places[] = {end, monitor_symbol("vm_end")};

	run_until(twins.bare, end);
	int place = run_until_any(twins.m, places, 2);
	ck_assert_msg(place >= 0,
		"on the bare machine the guest comes to its end; under this monitor the machine switched itself off before. The monitor says:\n%s",
		monitor_end(twins.m));
	twins.ended = place == 1;
	return twins;
}

struct twins twins_run(struct guest *guest, const char *words)
{
	return twins_run_to(guest, words, "guest_done");
}

void physical_read(struct machine *m, bool bare, uint32_t at, void *data, size_t size)
{
	if (!bare) {
		uint32_t vm = memory_read_u32(m, running_vcpu(m) + VCPU_VM_OFFSET);
		at += memory_read_u32(m, vm + VM_MEMORY_OFFSET);
	}
	machine_memory_read(m, at, data, size);
}

void twin_read(const struct twins *twins, bool bare, const char *symbol, void *data, size_t size)
{
	physical_read(bare ? twins->bare : twins->m, bare, guest_symbol(twins->guest, symbol), data,
		size);
}

uint32_t twin_read_u32(const struct twins *twins, bool bare, const char *symbol)
{
	uint32_t value;

	twin_read(twins, bare, symbol, &value, sizeof(value));
	return value;
}

void twins_assert_finished(const struct twins *twins)
{
	ck_assert_msg(!twins->ended,
		"on the bare machine the guest comes to its end; under this monitor it ended before. The monitor says:\n%s",
		monitor_end(twins->m));
}

void twins_assert_same_console(const struct twins *twins)
{
	run_to_end(twins->bare);
	run_to_end(twins->m);
	assert_same_console(twins->bare, twins->m);
}
