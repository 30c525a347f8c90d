/* SPDX-License-Identifier: BSD-2-Clause */
/* The results of a guest, bare and monitored: guest_results.h. */
#include "guest_results.h"

#define RESULTS_MAX   512
#define STEPPED_LIMIT 400000000 /* instructions, where much is stepped */

/* As guests/lib/results.h has it. */
struct guest_result {
	char name[40];
	uint32_t value, wanted;
};

static bool name_is_of(const char *name, const char *group)
{
	while (*group) {
		size_t length = strcspn(group, "|");
		if (strncmp(name, group, length) == 0)
			return true;
		group += length + (group[length] == '|');
	}
	return false;
}

void compare_results(const struct twins *twins, const char *group)
{
	static struct guest_result bare[RESULTS_MAX], got[RESULTS_MAX];
	uint32_t count = twin_read_u32(twins, true, "result_count"),
		 reached = twin_read_u32(twins, false, "result_count"), tried = 0;
	bool chosen = false;

	twin_read(twins, true, "results", bare, sizeof(bare));
	twin_read(twins, false, "results", got, sizeof(got));
	for (uint32_t i = 0; i < count; i++) {
		if (bare[i].name[0] != '-')
			chosen = !*group || name_is_of(bare[i].name, group);
		if (!chosen)
			continue;
		ck_assert_msg(i < reached,
			"\"%s\" is %08x on the bare machine; under this monitor the guest did not come there",
			bare[i].name, bare[i].value);
		ck_assert_msg(memcmp(bare[i].name, got[i].name, sizeof(bare[i].name)) == 0 &&
				      bare[i].value == got[i].value,
			"result %u, \"%s\", is %08x on the bare machine; under this monitor it is %08x (\"%.40s\")",
			i, bare[i].name, bare[i].value, got[i].value, got[i].name);
		tried++;
	}
	if (tried == 0)
		infrastructure_error("the guest has no result of the group %s", group);
}

void assert_results_are_alike(struct guest *guest, const char *words, const char *group)
{
	run_limit(STEPPED_LIMIT);
	struct twins twins = twins_run(guest, words);

	compare_results(&twins, group);
	twins_assert_finished(&twins);
}
