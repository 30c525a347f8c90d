/* SPDX-License-Identifier: BSD-2-Clause */
/* A way down to ring 3 that looks like a function call. */
#include "kernel.h"

uint32_t user_run(uint32_t entry, uint32_t esp, uint32_t eflags)
{
	struct frame frame = {
		.eip = entry, .cs = USER_CS, .eflags = eflags, .user_esp = esp, .user_ss = USER_DS};

	return frame_run(&frame);
}
