/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that rewrites its own code, and runs it (Intel SDM volume 3A, 8.1.3 and 11.6).
 *
 * A processor fetches what was last written, whoever wrote it, through whatever linear address, at
 * the latest after the next jump. A monitor that keeps scanned code beside the guest's own must
 * notice every such write. What it misses, it runs: the old code, in silence. So each part first
 * runs the code, that it may be known, then changes it, and runs it again.
 */
#include "selfmod.h"
#include "paging.h"

SEEDED uint32_t selfmod_seed = 0x2545f491;
SEEDED uint32_t selfmod_rounds = 1000;

void kernel_main(uint32_t info)
{
	(void)info;
	random_seed(selfmod_seed);
	kernel_tables_load();
	ldt_load(0);
	pic_init(0x20, 0x28);
	cr0_write(CR0_PE | CR0_ET); /* whatever the boot loader left: SMSW shows all of it */
	lines_run();
	jit_run();
	copies_run();
	turns_run();
	mappings_run();
	results_print("selfmod");
}
