/* SPDX-License-Identifier: BSD-2-Clause */
/* What the graded tests of more than one lab use: shared.h. */
#include "shared.h"

#include "layout.h"
#include "x86.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

void random_word(char word[16])
{
	size_t length = 4 + random_below(11);

	for (size_t i = 0; i < length; i++)
		word[i] = (char)('a' + random_below(26));
	memset(word + length, 0, 16 - length);
}

void assert_same_console(struct machine *bare, struct machine *m)
{
	ck_assert_msg(strcmp(console(m), console(bare)) == 0,
		"on the bare machine the console shows\n%s\nunder this monitor it shows\n%s",
		console(bare), console(m));
}

const struct symbols_range *monitor_text(void)
{
	static struct symbols *symbols;
	char error[SYMBOLS_ERROR_MAX];
	size_t count;

	if (!symbols)
		symbols = symbols_open(judgement()->monitor, error);
	if (!symbols)
		infrastructure_error("%s", error);
	const struct symbols_range *range = symbols_sections(symbols, &count);
	for (size_t i = 0; i < count; i++)
		if (strcmp(range[i].name, ".text") == 0)
			return &range[i];
	infrastructure_error("the monitor has no section .text");
}

struct integrity integrity_take(struct machine *m)
{
	const struct symbols_range *text = monitor_text();
	const struct bochs_registers *r = registers(m);
	struct integrity taken = {
		.text_size = text->end - text->start,
		.cr0 = r->cr0,
		.cr4 = r->cr4,
		.idtr = r->idtr.base,
	};

	taken.text = malloc(taken.text_size);
	if (!taken.text)
		infrastructure_error("out of memory");
	memory_read(m, text->start, taken.text, taken.text_size);
	memory_read(m, r->idtr.base, taken.idt, sizeof(taken.idt));
	return taken;
}

void integrity_check(struct machine *m, const struct integrity *before, const char *attack)
{
	struct integrity now = integrity_take(m);

	ck_assert_msg(memcmp(before->text, now.text, now.text_size) == 0,
		"the attack %s changed the monitor's code", attack);
	ck_assert_msg(memcmp(before->idt, now.idt, sizeof(now.idt)) == 0,
		"the attack %s changed the monitor's IDT", attack);
	ck_assert_msg(before->cr0 == now.cr0 && before->cr4 == now.cr4 && before->idtr == now.idtr,
		"the attack %s changed CR0, CR4 or IDTR of the real machine", attack);
	free(now.text);
}

void integrity_check_monitor(struct machine *m, const struct integrity *before, const char *attack)
{
	const uint32_t bits0 = CR0_PE | CR0_WP | CR0_PG, bits4 = CR4_PSE | CR4_PAE;
	struct integrity now = integrity_take(m);

	ck_assert_msg(memcmp(before->text, now.text, now.text_size) == 0,
		"the attack %s changed the monitor's code", attack);
	ck_assert_msg((now.cr0 & bits0) == (before->cr0 & bits0) &&
			      (now.cr4 & bits4) == (before->cr4 & bits4),
		"the attack %s changed CR0 or CR4 of the real machine: %08x and %08x", attack,
		now.cr0, now.cr4);
	free(now.text);
}

/* ---- what it costs ---- */

uint64_t ticks_to(struct machine *m, uint32_t address)
{
	uint64_t start = ticks(m);

	run_until(m, address);
	return ticks(m) - start;
}

uint64_t exits_between(struct machine *m, uint32_t from, uint32_t to, bool with_interrupts)
{
	const struct bochs_event *events;
	uint64_t exits = 0;

	run_until(m, from);
	trace_begin(m);
	run_until(m, to);
	size_t count = trace_end(m, &events);
	for (size_t i = 0; i < count; i++)
		exits += events[i].delivered && events[i].cs == MONITOR_CS &&
			 events[i].kind != BOCHS_IRET &&
			 (with_interrupts || events[i].kind != BOCHS_HARDWARE_INT);
	return exits;
}

static uint64_t loop_cost(
	struct machine *m, const struct guest *guest, const char *begin, const char *end)
{
	run_until(m, guest_symbol(guest, begin));
	return ticks_to(m, guest_symbol(guest, end));
}

void assert_loop_runs_bare(struct guest *guest, const char *begin, const char *end,
	const char *measured, unsigned percent)
{
	uint64_t bare = loop_cost(boot_bare(guest), guest, begin, end);
	uint64_t got = loop_cost(boot(guest), guest, begin, end);

	measure(measured, got * 1000 / bare);
	ck_assert_msg(bare * 100 >= got * percent,
		"the loop takes %llu instructions bare and %llu under this monitor: less than %u per cent of the bare machine",
		(unsigned long long)bare, (unsigned long long)got, percent);
}

void assert_within(const char *what, uint64_t cost, uint64_t budget)
{
	ck_assert_msg(cost <= budget,
		"%s takes %llu instructions under this monitor; the budget is %llu", what,
		(unsigned long long)cost, (unsigned long long)budget);
}

/* ---- predict, then measure ---- */

/* The number behind "name =" in answers.txt; false where there is none. */
static bool answer(const char *name, uint64_t *value)
{
	char path[PATH_MAX], line[256], *equals, *end;
	size_t length = strlen(name);
	bool found = false;

	snprintf(path, sizeof(path), "%s/answers.txt", judgement()->submission);
	FILE *file = fopen(path, "r");
	ck_assert_msg(file, "answers.txt was not handed in");
	while (!found && fgets(line, sizeof(line), file)) {
		if (strncmp(line, name, length) != 0 || (equals = strchr(line, '=')) == NULL ||
			strspn(line + length, " \t") != (size_t)(equals - line) - length)
			continue;
		errno = 0;
		*value = strtoull(equals + 1, &end, 0);
		found = end != equals + 1 && errno == 0 && strspn(end, " \t\r\n") == strlen(end);
	}
	fclose(file);
	return found;
}

/* What answers.txt says. */
static uint64_t predicted(const char *name)
{
	uint64_t value;

	ck_assert_msg(answer(name, &value), "answers.txt has no number for %s (write: %s = NUMBER)",
		name, name);
	return value;
}

void assert_prediction(const char *name, uint64_t measured)
{
	uint64_t value = predicted(name);

	ck_assert_msg(value == measured,
		"%s: you predicted %llu (%#llx), this monitor shows %llu (%#llx). Why?", name,
		(unsigned long long)value, (unsigned long long)value, (unsigned long long)measured,
		(unsigned long long)measured);
}

void assert_predictions(const struct prediction *predictions, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		predicted(predictions[i].name);
		assert_prediction(predictions[i].name, predictions[i].measure());
	}
}
