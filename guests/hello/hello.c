/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first guest: one line, on the screen and on the console.
 *
 * The screen comes first. It is memory, so the line appears without a single exit: a monitor that
 * can enter a guest but not yet come back shows it. The console needs the way back.
 */
#include "guest.h"

#define WORD_MAX 16

SEEDED char hello_word[WORD_MAX] = "world"; /* NUL-terminated where it is shorter */

void kernel_main(uint32_t info)
{
	char word[WORD_MAX + 1] = "";
	char line[TEXT_MAX];

	for (unsigned i = 0; i < WORD_MAX; i++)
		word[i] = hello_word[i];
	text_printf(line, sizeof(line), "hello, %s", word);
	screen_write(0, line);
	console_printf("%s\n", line);
	console_printf("%u KiB of memory\n", memory_kib(info));
}
