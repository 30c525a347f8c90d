/* SPDX-License-Identifier: BSD-2-Clause */
/* The monitor has no symbols of its own: the host names the addresses in what it says. */
#ifndef ANNOTATE_H
#define ANNOTATE_H

#include "symbols.h"

#include <stddef.h>

/* A panic's line with numbers that are addresses in the monitor's code: writes " [f0107235:
 * world_enter+0x5]" for each into `text`, or nothing. */
void annotate_line(
	const struct symbols *monitor, const char *line, size_t length, char *text, size_t size);

#endif
