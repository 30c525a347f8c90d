/* SPDX-License-Identifier: BSD-2-Clause */
/* Ends tasks, which are named by their ids. */
#include "pocket.h"

static int32_t id_kill(const char *id)
{
	return kill((int32_t)number_read(id));
}

int32_t main(int32_t argc, char **argv)
{
	return names_each(argc, argv, id_kill);
}
