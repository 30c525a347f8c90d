/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists the tasks. */
#include "pocket.h"

int32_t main(void)
{
	static const char *const states[] = {
		[TASK_READY] = "ready",
		[TASK_RUNNING] = "running",
		[TASK_SLEEPING] = "sleeping",
		[TASK_ENDED] = "ended",
	};
	struct task_status status;

	printf("   id parent    job state    name\n");
	for (int32_t id = 0; (id = task_status(id, &status)) > 0; id++)
		printf("%5u %6u %6u %s%s %s\n", status.id, status.parent, status.job,
			states[status.state], "         " + strlen(states[status.state]) + 1,
			status.name);
	return 0;
}
