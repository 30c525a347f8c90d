/* SPDX-License-Identifier: BSD-2-Clause */
/* What pocket's self-test costs: patch_costs.h. */
#include "patch_costs.h"
#include "monitor_layout.h"

#define SELFTEST "run=selftest"
#define RUNS     12 /* each of LIMIT instructions at most */

uint64_t selftest_cost(const char *name, bool bare, const char *words, uint32_t *exits)
{
	return selftest_cost_within(RUNS, name, bare, words, exits);
}

uint64_t selftest_cost_within(
	unsigned limits, const char *name, bool bare, const char *words, uint32_t *exits)
{
	char line[200];
	struct guest *guest = guest_open(name);

	snprintf(line, sizeof(line), "%s %s", words, SELFTEST);
	const struct boot_guest with_words = {guest, line};
	struct machine *m = bare ? boot_bare_with(&with_words) : boot_several(&with_words, 1);
	run_until(m, guest_symbol(guest, "kernel_main"));
	uint64_t start = registers(m)->instructions;
	unsigned runs = 0;
	while (runs < limits && !run_until_or_for(m, guest_symbol(guest, "guest_done"), LIMIT))
		runs++;
	ck_assert_msg(runs < limits, "pocket's self-test does not end within %u instructions",
		limits * LIMIT);
	uint64_t taken = registers(m)->instructions - start;
	ck_assert_msg(strstr(console(m), "checks passed"),
		"pocket's self-test does not pass. It says:\n%s", console(m));
	if (!bare && exits)
		*exits = memory_read_u32(m, running_vcpu(m) + VCPU_EXITS_OFFSET);
	machine_end(m);
	return taken;
}
