/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's kernel that uses every privileged instruction once, each in a form that does no harm on
 * the bare machine (Intel SDM volume 3A, 5.9; volume 1, 19.3 and 19.5 for those that IOPL guards).
 *
 * In ring 1 every one of them must trap. sites.asm has the instructions, and with each of them an
 * entry of privileged_sites, so that whoever watches knows where to look.
 */
#include "guest.h"

/* sites.asm: one function for each group */
void privileged_flags(void);
void privileged_ports(void);
void privileged_strings(void);
void privileged_tables(void);
void privileged_control(void);
void privileged_debug(void);
void privileged_caches(void);
void privileged_model(void);
void privileged_counters(void);
void privileged_halt(void);

static const struct group {
	const char *name;
	void (*run)(void);
} groups[] = {
	{"interrupt flag", privileged_flags},
	{"ports", privileged_ports},
	{"strings and ports", privileged_strings},
	{"descriptor tables", privileged_tables},
	{"control registers", privileged_control},
	{"debug registers", privileged_debug},
	{"caches", privileged_caches},
	{"model-specific registers", privileged_model},
};

void kernel_main(uint32_t info)
{
	(void)info;
	for (unsigned i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		groups[i].run();
		console_printf("%s: done\n", groups[i].name);
	}
	console_printf("performance counters and HLT: nothing comes after\n");
	privileged_counters();
	privileged_halt();
}
