/* SPDX-License-Identifier: BSD-2-Clause */
/* guests/pocket under two machines: shared/fs_format.h there says what lies on its disk. */
#include "pocket.h"

#include "../../guests/pocket/shared/fs_format.h"

#define RUNS_MAX 10

void pocket_run(struct machine *m, const struct guest *guest)
{
	uint32_t done = guest_symbol(guest, "guest_done");
	int runs = 0;

	while (runs < RUNS_MAX && !run_until_or_for(m, done, LIMIT))
		runs++;
	ck_assert_msg(runs < RUNS_MAX, "pocket does not come to its end within %u instructions",
		RUNS_MAX * LIMIT);
}

static bool is_in_use(const uint8_t *disk, const struct super_block *super, uint32_t block)
{
	const uint8_t *bitmap = disk + super->block_bitmap * BLOCK_SIZE;

	return block < super->data || bitmap[block / 8] >> block % 8 & 1;
}

void assert_same_files(struct machine *bare, struct machine *m, const struct guest *guest)
{
	size_t size;
	struct super_block super;

	guest_disk(guest, &size);
	const uint8_t *want = machine_disk(bare, guest), *got = machine_disk(m, guest);
	memcpy(&super, want + SUPER_BLOCK_NUMBER * BLOCK_SIZE, sizeof(super));
	ck_assert_msg(super.magic == FS_MAGIC && super.blocks == size / BLOCK_SIZE,
		"pocket leaves no file system on the bare machine");
	for (uint32_t block = 0; block < super.blocks; block++)
		ck_assert_msg(!is_in_use(want, &super, block) ||
				      memcmp(want + block * BLOCK_SIZE, got + block * BLOCK_SIZE,
					      BLOCK_SIZE) == 0,
			"pocket leaves another disk than on the bare machine: block %u differs",
			block);
}

/* The console without the line that tells the time. */
static const char *timeless(struct machine *m)
{
	static char text[2][65536];
	static int turn;
	char *to = text[turn ^= 1];

	snprintf(to, sizeof(text[0]), "%s", console(m));
	char *clock = strstr(to, "clock: ");
	if (clock) {
		const char *next = clock + strcspn(clock, "\n");
		memmove(clock, next, strlen(next) + 1);
	}
	return to;
}

/* From the first line that differs. */
void assert_same_session(struct machine *bare, struct machine *m)
{
	const char *want = timeless(bare), *got = timeless(m);
	size_t line = 0;

	if (strcmp(want, got) == 0)
		return;
	for (size_t i = 0; want[i] && want[i] == got[i]; i++)
		if (want[i] == '\n')
			line = i + 1;
	ck_abort_msg(
		"the console differs from the bare machine's. There it goes on with\n%.400s\nunder this monitor with\n%.400s",
		want + line, got + line);
}
