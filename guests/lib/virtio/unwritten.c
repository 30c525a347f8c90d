/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the skeleton of a driver ends. */
#include "guest.h"
#include "virtio_guest.h"

void guest_unwritten(const char *function)
{
	console_printf("%s() is not written yet: see its contract in monitor/include and the lab's "
		       "README.md\n",
		function);
	power_off();
}
