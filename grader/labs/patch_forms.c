/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 4, graded tests of each sensitive instruction in each of its forms (guests/sensitives), and
 * of EFLAGS with all that hangs on them: single steps, interrupts that wait, critical sections
 * (guests/flags).
 */
#include "patch_tests.h"

#define WORDS "mem=4"

/* ---- guests/sensitives/sensitives.h ---- */

#define FORMS_MAX 1000
#define SELECTORS 272

struct record {
	uint32_t registers[8];
	uint32_t vector, error_code, eip, cs, eflags;
	uint32_t operand[6], stack[5];
};

struct selector {
	uint32_t rights, limit;
	uint16_t rights_16, limit_16;
	uint32_t good;
};

static const char *const words_of_a_record[] = {"EDI", "ESI", "EBP", "ESP", "EBX", "EDX", "ECX",
	"EAX", "the vector", "the error code", "EIP", "CS", "EFLAGS", "its operand",
	"its operand + 4", "its operand + 8", "its operand + 12", "its operand + 16",
	"its operand + 20", "the stack", "the stack + 4", "the stack + 8", "the stack + 12",
	"the stack + 16"};

/* A selector that was pushed is two bytes: what is behind them lay there before. */
static void mask_pushed(struct record *record, const char *name)
{
	if (strncmp(name, "push_", 5) == 0 || strncmp(name, "call_", 5) == 0)
		record->stack[0] &= 0xffff;
}

static void compare_record(const struct probe *probe, struct record *bare, struct record *got,
	const uint8_t code[INSN_MAX_LENGTH])
{
	uint32_t want[sizeof(*bare) / 4], found[sizeof(*got) / 4];
	char text[INSN_TEXT_SIZE] = "?";
	struct insn insn;

	if (insn_decode(&insn, code, INSN_MAX_LENGTH, 32) == DECODE_OK)
		insn_format(&insn, probe->code, text, sizeof(text));
	mask_pushed(bare, probe->name);
	mask_pushed(got, probe->name);
	memcpy(want, bare, sizeof(want));
	memcpy(found, got, sizeof(found));
	for (size_t i = 0; i < sizeof(want) / 4; i++)
		ck_assert_msg(want[i] == found[i],
			"%s (at %08x, which begins with %s): %s is %08x on the bare machine and %08x under this monitor",
			probe->name, probe->code, text, words_of_a_record[i], want[i], found[i]);
}

static struct guest *sensitives_open(void)
{
	struct guest *guest = guest_open("sensitives");

	guest_write_u32(guest, "sensitives_seed", random_u32() | 1);
	return guest;
}

static void assert_forms_are_alike(const char *group)
{
	static struct probe probes[FORMS_MAX];
	static struct record bare[FORMS_MAX], got[FORMS_MAX];
	struct guest *guest = sensitives_open();
	uint32_t count = guest_read_u32(guest, "probe_count"), tried = 0;

	if (count > FORMS_MAX)
		infrastructure_error("raise FORMS_MAX to %u", count);
	guest_read(guest, "probe_table", probes, count * sizeof(*probes));
	struct twins twins = twins_run(guest, WORDS);
	uint32_t done = twin_read_u32(&twins, false, "sensitives_done");
	twin_read(&twins, true, "sensitive_records", bare, sizeof(bare));
	twin_read(&twins, false, "sensitive_records", got, sizeof(got));
	for (uint32_t i = 0; i < count; i++) {
		uint8_t code[INSN_MAX_LENGTH];
		if (!probe_is_of(&probes[i], group))
			continue;
		ck_assert_msg(i < done, "%s, at %08x: under this monitor the guest did not get %s",
			probes[i].name, probes[i].code, i == done ? "beyond it" : "there");
		physical_read(twins.bare, true, probes[i].code, code, sizeof(code));
		compare_record(&probes[i], &bare[i], &got[i], code);
		tried++;
	}
	if (tried == 0)
		infrastructure_error("the guest sensitives has no form of the group %s", group);
	measure("forms", tried);
}

START_TEST(tables_and_status_are_the_guests_own)
{
	hint("SGDT, SIDT, SLDT, STR and SMSW show what the guest has loaded. The monitor performs them: they must be CODE_REPLACED.");
	assert_forms_are_alike("sgdt sidt sldt str smsw cpuid");
}
END_TEST

START_TEST(segment_registers_show_what_the_guest_loaded)
{
	hint("CS and SS have RPL 1 in ring 1, and the guest's kernel believes in 0.");
	assert_forms_are_alike("mov_ push_ pop_ lds les lfs lgs lss");
}
END_TEST

START_TEST(far_transfers_and_flags_have_all_their_forms)
{
	hint("Operand sizes: 66h makes PUSHF, POPF, IRET and RETF those of 16 bits. EIP is cut, ESP moves by less.");
	assert_forms_are_alike("pushf popf stack16_ code16_ call_ jmp_ retf int iret");
}
END_TEST

START_TEST(descriptors_are_as_the_guest_wrote_them)
{
	static struct selector bare[SELECTORS], got[SELECTORS];
	struct guest *guest = sensitives_open();
	struct twins twins = twins_run(guest, WORDS);

	hint("LAR, LSL, VERR and VERW ask the guest's tables with the guest's ring, which is 0.");
	twins_assert_finished(&twins);
	twin_read(&twins, true, "sensitive_selectors", bare, sizeof(bare));
	twin_read(&twins, false, "sensitive_selectors", got, sizeof(got));
	for (unsigned i = 0; i < SELECTORS; i++)
		ck_assert_msg(memcmp(&bare[i], &got[i], sizeof(bare[i])) == 0,
			"selector number %u: LAR, LSL, both with 16 bits, and ZF of each are %08x %08x %04x %04x %02x on the bare machine and %08x %08x %04x %04x %02x under this monitor",
			i, bare[i].rights, bare[i].limit, bare[i].rights_16, bare[i].limit_16,
			bare[i].good, got[i].rights, got[i].limit, got[i].rights_16,
			got[i].limit_16, got[i].good);
	assert_forms_are_alike("verr verw lar lsl");
}
END_TEST

/* ---- guests/flags ---- */

#define FLAGS_STEPS 4096

struct flags_step {
	uint32_t eip, eflags, dr6, esp;
};

START_TEST(single_steps_show_every_instruction_once)
{
	static struct flags_step bare[FLAGS_STEPS], got[FLAGS_STEPS];
	struct twins twins = twins_run(guest_open("flags"), WORDS);
	uint32_t count = twin_read_u32(&twins, true, "flags_trace_count"),
		 reached = twin_read_u32(&twins, false, "flags_trace_count");

	hint("The guest's own TF is for the plain view: what patch_make() has put there is not seen by it.");
	twin_read(&twins, true, "flags_trace", bare, sizeof(bare));
	twin_read(&twins, false, "flags_trace", got, sizeof(got));
	for (uint32_t i = 0; i < count && i < FLAGS_STEPS; i++) {
		ck_assert_msg(i < reached,
			"step %u of guests/flags, to EIP %08x, is the first that does not come", i,
			bare[i].eip);
		ck_assert_msg(memcmp(&bare[i], &got[i], sizeof(bare[i])) == 0,
			"step %u of guests/flags: EIP %08x, EFLAGS %08x, DR6 %08x, ESP %08x on the bare machine; under this monitor EIP %08x, EFLAGS %08x, DR6 %08x, ESP %08x",
			i, bare[i].eip, bare[i].eflags, bare[i].dr6, bare[i].esp, got[i].eip,
			got[i].eflags, got[i].dr6, got[i].esp);
	}
	ck_assert_uint_eq(reached, count);
	twins_assert_finished(&twins);
}
END_TEST

START_TEST(every_flag_is_pushed_and_popped)
{
	hint("IF and IOPL are the guest's virtual ones; AC, ID, NT, DF and the status flags are real. `request_` probes say where a waiting interrupt came in.");
	assert_probes_end_alike("flags", "popf pushf nest id_ ac_ cli_ lahf_ request_ user_");
}
END_TEST

const struct graded_test patch_forms_tests[] = {
	{&tables_and_status_are_the_guests_own, EQUIVALENCE, 1, "sensitives"},
	{&segment_registers_show_what_the_guest_loaded, EQUIVALENCE, 2, "sensitives"},
	{&far_transfers_and_flags_have_all_their_forms, EQUIVALENCE, 2, "sensitives"},
	{&descriptors_are_as_the_guest_wrote_them, EQUIVALENCE, 1, "sensitives"},
	{&single_steps_show_every_instruction_once, EQUIVALENCE, 2, "flags"},
	{&every_flag_is_pushed_and_popped, EQUIVALENCE, 2, "flags"},
	{0},
};
