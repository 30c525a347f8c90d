/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The same guest on the bare machine and under the submission, and what its probes ended with.
 *
 * Both machines are read from outside, at the same label. Nothing that is compared depends on time.
 */
#include "decode.h"
#include "traps_tests.h"

#include <stdarg.h>

struct pair pair_run(struct guest *guest)
{
	struct pair pair = {.guest = guest, .bare = boot_bare(guest), .m = boot(guest)};
	uint32_t done = guest_symbol(guest, "guest_done");
	const uint32_t places[] = {done, monitor_symbol("vm_end")};

	run_until(pair.bare, done);
	int place = run_until_any(pair.m, places, 2);
	ck_assert_msg(place >= 0,
		"on the bare machine the guest comes to its end; under this monitor the machine switched itself off before");
	pair.ended = place == 1;
	return pair;
}

void pair_assert_finished(const struct pair *pair)
{
	ck_assert_msg(!pair->ended,
		"on the bare machine the guest comes to its end; under this monitor it was ended before");
}

void pair_assert_same_words(
	const struct pair *pair, const char *symbol, size_t count, const char *what)
{
	uint32_t address = guest_symbol(pair->guest, symbol);

	for (size_t i = 0; i < count; i++) {
		uint32_t at = address + (uint32_t)i * 4, bare = memory_read_u32(pair->bare, at),
			 got = memory_read_u32(pair->m, at);
		ck_assert_msg(bare == got,
			"%s: %s[%zu] is %08x on the bare machine and %08x under this monitor", what,
			symbol, i, bare, got);
	}
}

/* ---- one outcome ---- */

struct text {
	char bytes[3072];
	size_t length;
};

__attribute__((format(printf, 2, 3))) static void append(struct text *text, const char *format, ...)
{
	va_list arguments;
	size_t room = sizeof(text->bytes) - text->length;

	va_start(arguments, format);
	int length = vsnprintf(text->bytes + text->length, room, format, arguments);
	va_end(arguments);
	if (length > 0)
		text->length += (size_t)length < room ? (size_t)length : room - 1;
}

/* "exception 13 (error code 20) at +5, which is: mov ss, ecx" */
static void append_end(struct text *text, const struct outcome *end, uint32_t code,
	const uint8_t *bytes, size_t size)
{
	uint32_t at = end->eip - code;
	struct insn insn;
	char instruction[INSN_TEXT_SIZE];

	if (end->vector == PROBE_END)
		append(text, "went through to its end");
	else if (end->vector < 32)
		append(text, "ended with exception %u (error code %x)", end->vector,
			end->error_code);
	else
		append(text, "ended with interrupt %u", end->vector);
	append(text, " at EIP %08x", end->eip);
	if (at >= size || end->vector == PROBE_END)
		return;
	if (insn_decode(&insn, bytes + at, size - at, 32) != DECODE_OK)
		return;
	insn_format(&insn, end->eip, instruction, sizeof(instruction));
	append(text, ", before: %s", instruction);
}

static const struct {
	const char *name;
	size_t offset;
} fields[] = {
	{"EIP", offsetof(struct outcome, eip)},
	{"CS", offsetof(struct outcome, cs)},
	{"EFLAGS", offsetof(struct outcome, eflags)},
	{"SS", offsetof(struct outcome, ss)},
	{"ESP", offsetof(struct outcome, esp)},
	{"EAX", offsetof(struct outcome, eax)},
	{"ECX", offsetof(struct outcome, ecx)},
	{"EDX", offsetof(struct outcome, edx)},
	{"EBX", offsetof(struct outcome, ebx)},
	{"EBP", offsetof(struct outcome, ebp)},
	{"ESI", offsetof(struct outcome, esi)},
	{"EDI", offsetof(struct outcome, edi)},
	{"the stack of the frame", offsetof(struct outcome, frame)},
	{"the vector", offsetof(struct outcome, vector)},
	{"the error code", offsetof(struct outcome, error_code)},
	{"CR0", offsetof(struct outcome, cr0)},
	{"CR2", offsetof(struct outcome, cr2)},
	{"CR3", offsetof(struct outcome, cr3)},
	{"CR4", offsetof(struct outcome, cr4)},
	{"DR0", offsetof(struct outcome, dr[0])},
	{"DR1", offsetof(struct outcome, dr[1])},
	{"DR2", offsetof(struct outcome, dr[2])},
	{"DR3", offsetof(struct outcome, dr[3])},
	{"DR6", offsetof(struct outcome, dr6)},
	{"DR7", offsetof(struct outcome, dr7)},
};

static uint32_t field(const struct outcome *outcome, size_t index)
{
	uint32_t value;

	memcpy(&value, (const char *)outcome + fields[index].offset, sizeof(value));
	/* RF: what a debug exception pushes is for the model to say (SDM 3A 17.3.1.1), and Bochs
	 * says otherwise of one that a breakpoint did not cause */
	if (fields[index].offset == offsetof(struct outcome, eflags) &&
		outcome->vector == VECTOR_DB)
		value &= ~EFLAGS_RF;
	return value;
}

void assert_same_outcome(const char *name, uint32_t ring, uint32_t code, const uint8_t *bytes,
	size_t size, const struct outcome *bare, const struct outcome *got)
{
	struct text text = {.length = 0};
	bool same = true;

	append(&text, "%s, which begins in ring %u at %08x\non the bare machine: ", name, ring,
		code);
	append_end(&text, bare, code, bytes, size);
	append(&text, "\nunder this monitor: ");
	append_end(&text, got, code, bytes, size);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		uint32_t want = field(bare, i), found = field(got, i);
		if (want == found)
			continue;
		append(&text, "\n%s: bare %08x, here %08x", fields[i].name, want, found);
		same = false;
	}
	ck_assert_msg(same, "%s", text.bytes);
}

/* ---- a guest's table of probes ---- */

void probe_registers_random(struct guest *guest)
{
	uint32_t values[8];

	for (int i = 0; i < 8; i++)
		values[i] = random_u32();
	guest_write(guest, "probe_registers", values, sizeof(values));
}

uint32_t probes_read(const struct guest *guest, struct probe probes[PROBES_MAX])
{
	uint32_t count = guest_read_u32(guest, "probe_count");

	if (count > PROBES_MAX)
		infrastructure_error("raise PROBES_MAX to %u", count);
	guest_read(guest, "probe_table", probes, count * sizeof(*probes));
	return count;
}

bool probe_is_of(const struct probe *probe, const char *group)
{
	bool is = false;

	while (*group) {
		size_t length = strcspn(group, " ");
		bool excludes = *group == '!';
		if (strncmp(probe->name, group + excludes, length - excludes) == 0)
			is = !excludes;
		group += length + (group[length] == ' ');
	}
	return is;
}

/* The bytes that a probe begins with, from the guest's image as it was loaded. */
#define CODE_BYTES 64

void assert_probes_end_alike(const char *name, const char *group)
{
	static struct probe probes[PROBES_MAX];
	struct guest *guest = guest_open(name);
	uint32_t count = probes_read(guest, probes), tried = 0;

	probe_registers_random(guest);
	struct pair pair = pair_run(guest);
	uint32_t done = memory_read_u32(pair.m, guest_symbol(guest, "probes_done"));
	uint32_t outcomes = guest_symbol(guest, "probe_outcomes");
	for (uint32_t i = 0; i < count; i++) {
		struct outcome bare, got;
		uint8_t bytes[CODE_BYTES];
		if (!probe_is_of(&probes[i], group))
			continue;
		ck_assert_msg(i < done,
			"the probe %s, at %08x, goes through on the bare machine; under this monitor the guest did not get %s",
			probes[i].name, probes[i].code, i == done ? "beyond it" : "there");
		memory_read(pair.bare, outcomes + i * (uint32_t)sizeof(bare), &bare, sizeof(bare));
		memory_read(pair.m, outcomes + i * (uint32_t)sizeof(got), &got, sizeof(got));
		memory_read(pair.bare, probes[i].code, bytes, sizeof(bytes));
		assert_same_outcome(probes[i].name, probes[i].ring, probes[i].code, bytes,
			sizeof(bytes), &bare, &got);
		tried++;
	}
	if (tried == 0)
		infrastructure_error("the guest %s has no probe of the group %s", name, group);
	measure("probes", tried);
}
