/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The text that Bochs 2.7 writes, turned into values. Nothing here knows a process, so that this
 * is the only file to look at when another version of Bochs words something differently.
 *
 * The invariant: a missing or misspelt line makes a function say so; it never makes up a value.
 * Read: Intel SDM volume 3, 3.4.5 (segment descriptors), for "dh" and "dl".
 */
#include "bochs_internal.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EFLAGS_VM (1u << 17)
#define CR0_PE    (1u << 0)

/* What follows the label at the start of a line, or NULL. */
static const char *line_after(const char *text, const char *label)
{
	size_t length = strlen(label);

	for (const char *p = text; p; p = strchr(p, '\n')) {
		if (*p == '\n')
			p++;
		if (!strncmp(p, label, length))
			return p + length;
	}
	return NULL;
}

/* Reads a number in any base that strtoull knows. */
static bool number_read(const char *p, int base, uint64_t *value)
{
	char *end;

	if (!p || !isalnum((unsigned char)*p))
		return false;
	*value = strtoull(p, &end, base);
	return end != p;
}

static bool number32_read(const char *p, int base, uint32_t *value)
{
	uint64_t wide;

	if (!number_read(p, base, &wide))
		return false;
	*value = (uint32_t)wide;
	return true;
}

/* "rax: 00000000_12345678" */
static bool general_read(const char *text, const char *label, uint32_t *value)
{
	const char *p = line_after(text, label);

	p = p ? strchr(p, '_') : NULL;
	return p && number32_read(p + 1, 16, value);
}

/* "cs:0x0008, dh=0x00cf9b00, dl=0x0000ffff, valid=1": the hidden part in a descriptor's form. */
static bool segment_read(const char *text, const char *label, struct bochs_segment *s)
{
	const char *p = line_after(text, label);
	unsigned selector, high, low, valid;

	if (!p ||
		sscanf(p, "0x%x, dh=0x%x, dl=0x%x, valid=%u", &selector, &high, &low, &valid) != 4)
		return false;
	s->selector = (uint16_t)selector;
	s->valid = valid != 0;
	s->base = low >> 16 | (high & 0xff) << 16 | (high & 0xff000000);
	s->limit = (low & 0xffff) | (high & 0x000f0000);
	s->type = high >> 8 & 0xf;
	s->code_or_data = high >> 12 & 1;
	s->dpl = high >> 13 & 3;
	s->present = high >> 15 & 1;
	s->big = high >> 22 & 1;
	s->granular = high >> 23 & 1;
	if (s->granular)
		s->limit = s->limit << 12 | 0xfff;
	return true;
}

/* "gdtr:base=0x00000000000f9ad7, limit=0x30" */
static bool table_read(const char *text, const char *label, struct bochs_table *t)
{
	const char *p = line_after(text, label);
	unsigned long long base;
	unsigned limit;

	if (!p || sscanf(p, "base=0x%llx, limit=0x%x", &base, &limit) != 2)
		return false;
	t->base = (uint32_t)base;
	t->limit = (uint16_t)limit;
	return true;
}

static bool label_read(const char *text, const char *label, uint32_t *value)
{
	return number32_read(line_after(text, label), 16, value);
}

static uint8_t cpl_of(const struct bochs_registers *r)
{
	if (!(r->cr0 & CR0_PE))
		return 0;
	return r->eflags & EFLAGS_VM ? 3 : r->cs.selector & 3;
}

bool parse_registers(const char *answer, struct bochs_registers *r)
{
	uint32_t activity;

	memset(r, 0, sizeof(*r));
	if (!general_read(answer, "rax: ", &r->eax) || !general_read(answer, "rcx: ", &r->ecx) ||
		!general_read(answer, "rdx: ", &r->edx) ||
		!general_read(answer, "rbx: ", &r->ebx) ||
		!general_read(answer, "rsp: ", &r->esp) ||
		!general_read(answer, "rbp: ", &r->ebp) ||
		!general_read(answer, "rsi: ", &r->esi) ||
		!general_read(answer, "rdi: ", &r->edi) ||
		!general_read(answer, "rip: ", &r->eip) ||
		!label_read(answer, "eflags ", &r->eflags))
		return false;
	if (!segment_read(answer, "es:", &r->es) || !segment_read(answer, "cs:", &r->cs) ||
		!segment_read(answer, "ss:", &r->ss) || !segment_read(answer, "ds:", &r->ds) ||
		!segment_read(answer, "fs:", &r->fs) || !segment_read(answer, "gs:", &r->gs) ||
		!segment_read(answer, "ldtr:", &r->ldtr) || !segment_read(answer, "tr:", &r->tr) ||
		!table_read(answer, "gdtr:", &r->gdtr) || !table_read(answer, "idtr:", &r->idtr))
		return false;
	if (!label_read(answer, "CR0=", &r->cr0) ||
		!label_read(answer, "CR2=page fault laddr=", &r->cr2) ||
		!label_read(answer, "CR3=", &r->cr3) || !label_read(answer, "CR4=", &r->cr4) ||
		!label_read(answer, "DR0=", &r->dr0) || !label_read(answer, "DR1=", &r->dr1) ||
		!label_read(answer, "DR2=", &r->dr2) || !label_read(answer, "DR3=", &r->dr3) ||
		!label_read(answer, "DR6=", &r->dr6) || !label_read(answer, "DR7=", &r->dr7))
		return false;
	if (!number_read(line_after(answer, "ptime: "), 10, &r->ticks) ||
		!number_read(line_after(answer, "icount = "), 10, &r->instructions) ||
		!number32_read(line_after(answer, "activity_state = "), 16, &activity))
		return false;
	r->pc = r->cs.base + r->eip;
	r->cpl = cpl_of(r);
	r->halted = activity != 0;
	return true;
}

/* "CPU 0: Exception 0x0d - (#GP) ... occurred (error_code=0x1238)" */
static bool announcement_read(const char *line, const char *label, struct trace_line *t)
{
	size_t length = strlen(label);
	const char *error = strstr(line, "(error_code=");
	uint32_t vector;

	if (strncmp(line, label, length) || !error)
		return false;
	if (!number32_read(line + length, 16, &vector) ||
		!number32_read(error + strlen("(error_code="), 16, &t->error_code))
		return false;
	t->vector = (uint8_t)vector;
	return true;
}

/* "00005042172: exception (not softint) 0008:00007d10 (0x00007d10)" */
static enum trace_line_kind transfer_read(const char *line, struct trace_line *t)
{
	static const struct {
		const char *label;
		enum trace_line_kind kind;
	} labels[] = {
		{": softint ", TRACE_SOFTINT},
		{": exception (not softint) ", TRACE_EXTINT},
		{": iret ", TRACE_IRET},
	};
	char *end;
	unsigned cs, eip;

	if (!isdigit((unsigned char)*line))
		return TRACE_NOTHING;
	t->tick = strtoull(line, &end, 10);
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		size_t length = strlen(labels[i].label);

		if (strncmp(end, labels[i].label, length))
			continue;
		if (sscanf(end + length, "%x:%x", &cs, &eip) != 2)
			return TRACE_NOTHING;
		t->cs = (uint16_t)cs;
		t->eip = eip;
		return labels[i].kind;
	}
	return TRACE_NOTHING;
}

struct trace_line parse_trace_line(const char *line)
{
	struct trace_line t = {.kind = TRACE_NOTHING};

	if (announcement_read(line, "CPU 0: Exception ", &t))
		t.kind = TRACE_EXCEPTION;
	else if (announcement_read(line, "CPU 0: Interrupt ", &t))
		t.kind = TRACE_INTERRUPT;
	else
		t.kind = transfer_read(line, &t);
	return t;
}

/*
 * "TICKp[DEVICE] >>PANIC<< message". Code in the machine can write lines to the log through the
 * BIOS's ports, but these begin with "TICKi[BIOS  ] ". Returns the message.
 */
static const char *panic_read(const char *line, uint64_t *tick)
{
	static const char mark[] = " >>PANIC<< ";
	const char *bracket;
	char *end;

	if (!isdigit((unsigned char)*line))
		return NULL;
	*tick = strtoull(line, &end, 10);
	bracket = strchr(end, ']');
	if (strncmp(end, "p[", 2) || !bracket || strncmp(bracket + 1, mark, strlen(mark)))
		return NULL;
	return bracket + 1 + strlen(mark);
}

static const char *line_next(const char *line)
{
	line += strcspn(line, "\n");
	return line + (*line == '\n');
}

bool parse_panic(const char *log, char message[WHY_MAX], uint64_t *tick)
{
	bool found = false;

	for (const char *line = log; *line; line = line_next(line)) {
		uint64_t value;
		const char *words = panic_read(line, &value);

		if (!words)
			continue;
		snprintf(message, WHY_MAX, "%.*s", (int)strcspn(words, "\n"), words);
		*tick = value;
		found = true;
	}
	return found;
}

void parse_report(const char *log, struct text *report)
{
	bool inside = false;
	uint64_t tick;

	for (const char *line = log; *line; line = line_next(line)) {
		if (panic_read(line, &tick)) {
			text_clear(report);
			inside = true;
		}
		/* Standard error comes the same way, without ticks: it repeats the panic. */
		if (inside && isdigit((unsigned char)*line))
			text_append(report, line, (size_t)(line_next(line) - line));
	}
}

void parse_last_line(const char *text, char line[WHY_MAX])
{
	line[0] = 0;
	for (; *text; text = line_next(text)) {
		size_t length = strcspn(text, "\n");

		if (strspn(text, " =\t\r") < length)
			snprintf(line, WHY_MAX, "%.*s", (int)length, text);
	}
}

bool parse_watch_hit(const char *answer, enum bochs_access *access, uint32_t *address)
{
	const char *p = line_after(answer, "(0) Caught write watch point at ");

	*access = BOCHS_WRITE;
	if (!p) {
		p = line_after(answer, "(0) Caught read watch point at ");
		*access = BOCHS_READ;
	}
	return number32_read(p, 16, address);
}

/* "[CPU0 WR]: LIN 0x0000000000105210 PHY 0x000000505210 (len=4, WB): 0x00104FF0" */
const char *parse_access(
	const char *text, enum bochs_access *access, uint32_t *address, uint32_t *length)
{
	while ((text = strstr(text, "[CPU0 ")) != NULL) {
		unsigned long long physical;
		char kind[3];

		text += strlen("[CPU0 ");
		if (sscanf(text, "%2[RWD]]: LIN 0x%*x PHY 0x%llx (len=%" SCNu32, kind, &physical,
			    length) != 3)
			continue;
		*access = *kind == 'W' ? BOCHS_WRITE : BOCHS_READ;
		*address = (uint32_t)physical;
		return text;
	}
	return NULL;
}

size_t parse_giants(const char *answer, uint64_t *values, size_t max)
{
	size_t n = 0;

	/* "0x0000000000007000 <bogus+       0>:\t0x...\t0x..." */
	for (const char *p = answer; n < max && (p = strstr(p, "\t0x")); p++)
		if (number_read(p + 1, 16, &values[n]))
			n++;
	return n;
}

/* Takes a word off a command; false if another one stands there. */
static bool word_take(const char **p, const char *word)
{
	size_t length = strlen(word);

	if (strncmp(*p, word, length) || ((*p)[length] && (*p)[length] != ' '))
		return false;
	*p += length;
	*p += strspn(*p, " ");
	return true;
}

/* Takes a number, which must end the word. */
static bool number_take(const char **p)
{
	char *end;

	if (!isdigit((unsigned char)**p))
		return false;
	strtoull(*p, &end, 0);
	if (*end && *end != ' ')
		return false;
	*p = end + strspn(end, " ");
	return true;
}

/* Takes "/16xb" or the like. */
static bool format_take(const char **p, const char *letters)
{
	const char *start = *p, *end;

	if (*start != '/')
		return false;
	end = start + 1 + strspn(start + 1, "0123456789");
	if (end == start + 1 || end > start + 5 || atoi(start + 1) == 0)
		return false;
	end += strspn(end, letters);
	if (*end && *end != ' ')
		return false;
	*p = end + strspn(end, " ");
	return true;
}

/*
 * Bochs ends itself over a command that it cannot parse, so that only commands on this list reach
 * it: the words, how many numbers may follow at most and must at least, the letters of a format
 * such as "/16xb".
 */
bool parse_is_inspection(const char *command)
{
	static const struct {
		const char *first, *second;
		unsigned least, most;
		const char *format;
	} commands[] = {
		{"r", NULL, 0, 0, NULL},
		{"sreg", NULL, 0, 0, NULL},
		{"creg", NULL, 0, 0, NULL},
		{"dreg", NULL, 0, 0, NULL},
		{"mmx", NULL, 0, 0, NULL},
		{"sse", NULL, 0, 0, NULL},
		{"ptime", NULL, 0, 0, NULL},
		{"info", "cpu", 0, 0, NULL},
		{"info", "idt", 0, 2, NULL},
		{"info", "gdt", 0, 2, NULL},
		{"info", "ivt", 0, 2, NULL},
		{"info", "tss", 0, 0, NULL},
		{"info", "tab", 0, 0, NULL},
		{"info", "eflags", 0, 0, NULL},
		{"info", "break", 0, 0, NULL},
		{"info", "device", 0, 0, NULL},
		{"print-stack", NULL, 0, 1, NULL},
		{"page", NULL, 1, 1, NULL},
		{"u", NULL, 1, 2, ""},
		{"x", NULL, 1, 1, "xduotcbhwgm"},
		{"xp", NULL, 1, 1, "xduotcbhwgm"},
	};

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		const char *p = command;
		unsigned numbers = 0;

		if (!word_take(&p, commands[i].first))
			continue;
		if (commands[i].second && !word_take(&p, commands[i].second))
			continue;
		if (commands[i].format && *p == '/' && !format_take(&p, commands[i].format))
			return false;
		while (numbers < commands[i].most && number_take(&p))
			numbers++;
		return !*p && numbers >= commands[i].least && strlen(command) < 100;
	}
	return false;
}
