/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a failed test says beyond its own message: where the machine stands, what the last exits
 * were, what the monitor logged. The exits and the log lie in memory that the student's code can
 * write: they explain a verdict, they never make one.
 */
#include "annotate.h"
#include "decode.h"
#include "exit.h"
#include "rings.h"
#include "machines_private.h"
#include "monitor_layout.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SHOWN_EXITS     6
#define SHOWN_LOG_LINES 6
#define TEXT_SIZE       96

struct writer {
	char *text;
	size_t size;
	size_t length;
};

__attribute__((format(printf, 2, 3))) static void say(struct writer *w, const char *format, ...)
{
	va_list arguments;

	if (w->length + 1 >= w->size)
		return;
	va_start(arguments, format);
	int added = vsnprintf(w->text + w->length, w->size - w->length, format, arguments);
	va_end(arguments);
	w->length += added < 0 ? 0 : (size_t)added;
	if (w->length >= w->size)
		w->length = w->size - 1;
}

/* " <kernel_main+0x1c>": the symbol of an address, the monitor's or the first guest's. */
static const char *symbol_text(
	const struct machine *machine, uint32_t address, char text[TEXT_SIZE])
{
	uint32_t offset;
	const struct symbols *symbols =
		address >= MONITOR_BASE ? monitor_symbols() : machine->guests[0]->symbols;
	const char *name = symbols_lookup(symbols, address, &offset);

	if (name)
		snprintf(text, TEXT_SIZE, " <%s+%#x>", name, offset);
	else
		text[0] = '\0';
	return text;
}

static void say_place(struct writer *w, struct machine *machine)
{
	const struct bochs_registers *r = bochs_registers(machine->bochs);
	char symbol[TEXT_SIZE], text[TEXT_SIZE];
	uint8_t bytes[15];
	struct insn insn;

	if (!r || r->pc == monitor_symbol("monitor_main"))
		return; /* where single functions are called */
	uint32_t at = view_guest_address(machine, r);
	size_t count = bochs_read_linear(machine->bochs, at, bytes, sizeof(bytes));
	if (count == 0) /* in a patch block */
		count = bochs_read_linear(machine->bochs, r->pc, bytes, sizeof(bytes));
	say(w, "The machine stands in ring %u at %04x:%08x%s", r->cpl, r->cs.selector, r->eip,
		symbol_text(machine, at, symbol));
	if (insn_decode(&insn, bytes, count, r->cs.big ? 32 : 16) == DECODE_OK) {
		insn_format(&insn, r->eip, text, sizeof(text));
		say(w, ": %s", text);
	}
	say(w, "\n");
}

static void say_exit(struct writer *w, struct machine *machine, const struct exit_record *exit)
{
	static const char *const names[EXIT_REASONS] = {"interrupt", "privileged instruction",
		"port", "software interrupt", "protection", "page fault", "exception",
		"traced write", "shadow fill", "device memory", "step", "code scan",
		"sensitive instruction", "stepped code"};
	char symbol[TEXT_SIZE], text[TEXT_SIZE] = "";
	struct insn insn;

	if (exit->byte_count <= sizeof(exit->bytes) &&
		insn_decode(&insn, exit->bytes, exit->byte_count, 32) == DECODE_OK)
		insn_format(&insn, exit->eip, text, sizeof(text));
	say(w, "  exit %u: %s, vector %u, error code %x, at %04x:%08x%s %s\n", exit->sequence,
		exit->reason < EXIT_REASONS ? names[exit->reason] : "?", exit->vector,
		exit->error_code, exit->cs & 0xffff, exit->eip,
		symbol_text(machine, exit->eip, symbol), text);
}

/* The exit history of the virtual processor that the real TSS points at, if there is one. */
static void say_exits(struct writer *w, struct machine *machine)
{
	const struct bochs_registers *r = bochs_registers(machine->bochs);
	struct exit_history history;
	uint32_t esp0;

	if (!r || !r->tr.valid ||
		bochs_read_linear(machine->bochs, r->tr.base + 4, &esp0, sizeof(esp0)) !=
			sizeof(esp0) ||
		esp0 < MONITOR_BASE)
		return;
	uint32_t at = esp0 - (uint32_t)sizeof(struct guest_registers) + VCPU_EXITS_OFFSET;
	if (bochs_read_linear(machine->bochs, at, &history, sizeof(history)) != sizeof(history) ||
		history.total == 0 ||
		history.record[(history.total - 1) % EXIT_HISTORY].sequence != history.total - 1)
		return; /* no guest runs yet, or this is no history */
	say(w, "The monitor's last exits, of %u:\n", history.total);
	uint32_t first = history.total > SHOWN_EXITS ? history.total - SHOWN_EXITS : 0;
	for (uint32_t n = first; n < history.total; n++)
		say_exit(w, machine, &history.record[n % EXIT_HISTORY]);
}

/* The last lines of a log, indented, a panic's addresses with their names. */
static void say_last_lines(struct writer *w, const char *text)
{
	const char *start = text + strlen(text);
	char names[TEXT_SIZE * 2];
	unsigned lines = 0;

	while (start > text && (start[-1] != '\n' || lines++ < SHOWN_LOG_LINES))
		start--;
	while (*start) {
		size_t length = strcspn(start, "\n");
		annotate_line(monitor_symbols(), start, length, names, sizeof(names));
		say(w, "  %.*s%s\n", (int)length, start, names);
		start += length + (start[length] == '\n');
	}
}

void machines_explain(char *text, size_t size)
{
	struct writer w = {.text = text, .size = size};
	struct machine *machine = machines;

	text[0] = '\0';
	if (!machine || !machine->bochs)
		return;
	if (!machine->over) {
		say_place(&w, machine);
		if (!machine->bare)
			say_exits(&w, machine);
	}
	if (!machine->bare && monitor_log(machine)[0]) {
		say(&w, "The end of the monitor's log:\n");
		say_last_lines(&w, monitor_log(machine));
	}
}
