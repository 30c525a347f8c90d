/* SPDX-License-Identifier: BSD-2-Clause */
/* Comes back when all that was written is on the disk. */
#include "pocket.h"

int32_t main(void)
{
	int32_t error = sync();

	return error < 0 ? complain("sync", "/", error) : 0;
}
