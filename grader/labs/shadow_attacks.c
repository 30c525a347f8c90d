/* SPDX-License-Identifier: BSD-2-Clause */
/* What an attack of the guest escape saw, bare and under the submission: the first difference. */
#include "shadow_attacks.h"

#include <stdio.h>

static const char *const states[] = {"has not begun", "began, and did not come to its end",
	"came to its end", "was ended by an exception that it did not expect"};

uint32_t attacks_read(const struct guest *guest, struct attack table[ATTACKS_MAX])
{
	uint32_t count = guest_read_u32(guest, "escape_attack_count");

	if (count > ATTACKS_MAX)
		infrastructure_error("guests/escape has %u attacks: raise ATTACKS_MAX", count);
	guest_read(guest, "escape_attacks", table, count * sizeof(*table));
	return count;
}

/* Of an exception its vector and error code are seen, and then CR2. */
static bool is_exception(uint32_t value)
{
	return value >> 24 == 0xfa && (value >> 16 & 0xff) < 32;
}

/* "0a1b2c3d", or "a page fault, error code 7" */
static const char *value_text(const struct seen *seen, uint32_t i)
{
	static char text[2][64];
	static int turn;
	char *to = text[turn ^= 1];
	uint32_t value = i < seen->count ? seen->value[i] : 0;

	if (i >= seen->count)
		snprintf(to, sizeof(text[0]), "nothing more");
	else if (value >> 16 == 0xfa0e)
		snprintf(to, sizeof(text[0]), "a page fault, error code %x", value & 0xffff);
	else if (is_exception(value))
		snprintf(to, sizeof(text[0]), "exception %u, error code %x", value >> 16 & 0xff,
			value & 0xffff);
	else
		snprintf(to, sizeof(text[0]), "%08x%s", value,
			i > 0 && is_exception(seen->value[i - 1]) ? " in CR2" : "");
	return to;
}

void seen_compare(const struct attack *attack, const struct seen *bare, const struct seen *got)
{
	uint32_t i = 0;

	while (i < bare->count && i < got->count && i < SEEN_MAX && bare->value[i] == got->value[i])
		i++;
	if (bare->state == got->state && bare->count == got->count && bare->sum == got->sum)
		return;
	ck_assert_msg(i == SEEN_MAX || (i == bare->count && i == got->count),
		"guests/escape, attack %s: the first %u things that it saw are as on the bare machine.\nthen on the bare machine: %s\nunder this monitor: %s",
		attack->name, i, value_text(bare, i), value_text(got, i));
	ck_abort_msg(
		"guests/escape, attack %s: on the bare machine it %s, under this monitor it %s",
		attack->name, states[bare->state & 3], states[got->state & 3]);
}

void attack_judge(const struct attack *attack, const struct seen *bare, const struct seen *got,
	const char *monitor_says)
{
	bool over = got->state > SEEN_BEGUN;

	if (attack->kind == ATTACK_ENDS)
		ck_assert_msg(!over,
			"guests/escape, attack %s: it came to its end, and no processor goes on there: the exception cannot be delivered",
			attack->name);
	if (attack->kind == ATTACK_ALIKE)
		ck_assert_msg(over,
			"guests/escape, attack %s: on the bare machine it came to its end; this monitor ended the guest %s:\n%s",
			attack->name, got->state == SEEN_BEGUN ? "in it" : "before", monitor_says);
	if (attack->kind == ATTACK_ALIKE || (attack->kind == ATTACK_MAY_END && over))
		seen_compare(attack, bare, got);
}
