/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the monitor performs at once where a page is traced or a device's (monitor/access_fast.c,
 * access_string.c, arithmetic.c), and the memory bus (bus_memory.c). access_fixture.h has the
 * idea; check_access_step.c and check_access_faults.c the rest.
 */
#include "access_fixture.h"

/* ---- forms that are performed at once, with the operand at [EBX] ---- */

struct form {
	const char *text;
	uint8_t reads, writes; /* bytes */
};

#define THREE(opcode8, opcode, modrm, reads, writes)                                               \
	{opcode8 " " modrm, reads, writes}, {opcode " " modrm, (reads)*4, (writes)*4},             \
	{                                                                                          \
		"66 " opcode " " modrm, (reads)*2, (writes)*2                                      \
	}

/* clang-format off */
static const struct form fast[] = {
	/* mov */
	THREE("88", "89", "03", 0, 1), THREE("88", "89", "33", 0, 1), /* from AL, EAX; DH, ESI */
	THREE("8a", "8b", "03", 1, 0), THREE("8a", "8b", "2b", 1, 0), /* CH, EBP */
	{"c6 03 5a", 0, 1}, {"c7 03 78 56 34 12", 0, 4}, {"66 c7 03 34 12", 0, 2},
	/* movzx, movsx */
	{"0f b6 0b", 1, 0}, {"66 0f b6 0b", 1, 0}, {"0f b7 0b", 2, 0}, {"66 0f b7 0b", 2, 0},
	{"0f be 0b", 1, 0}, {"66 0f be 0b", 1, 0}, {"0f bf 0b", 2, 0}, {"66 0f bf 0b", 2, 0},
	/* add, or, adc, sbb, and, sub, xor, cmp: r/m, r */
	THREE("00", "01", "0b", 1, 1), THREE("08", "09", "0b", 1, 1),
	THREE("10", "11", "0b", 1, 1), THREE("18", "19", "0b", 1, 1),
	THREE("20", "21", "0b", 1, 1), THREE("28", "29", "0b", 1, 1),
	THREE("30", "31", "0b", 1, 1), THREE("38", "39", "0b", 1, 0),
	/* the same: r, r/m */
	THREE("02", "03", "0b", 1, 0), THREE("0a", "0b", "0b", 1, 0),
	THREE("12", "13", "0b", 1, 0), THREE("1a", "1b", "0b", 1, 0),
	THREE("22", "23", "0b", 1, 0), THREE("2a", "2b", "0b", 1, 0),
	THREE("32", "33", "2b", 1, 0), THREE("3a", "3b", "3b", 1, 0),
	/* the same: r/m, immediate */
	{"80 03 7f", 1, 1}, {"80 0b 80", 1, 1}, {"80 13 01", 1, 1}, {"80 1b 01", 1, 1},
	{"80 23 f0", 1, 1}, {"80 2b 01", 1, 1}, {"80 33 ff", 1, 1}, {"80 3b 80", 1, 0},
	{"81 03 ff ff ff 7f", 4, 4}, {"66 81 23 0f f0", 2, 2}, {"81 3b 00 00 00 80", 4, 0},
	{"81 0b 01 00 00 80", 4, 4}, {"66 81 13 ff 7f", 2, 2}, {"81 2b 01 00 00 80", 4, 4},
	{"66 81 33 ff ff", 2, 2}, {"83 0b 80", 4, 4}, {"66 83 13 7f", 2, 2}, {"83 2b 80", 4, 4},
	{"66 83 33 ff", 2, 2}, {"66 83 3b 80", 2, 0},
	{"83 03 ff", 4, 4}, {"66 83 1b fe", 2, 2}, {"83 23 f0", 4, 4}, {"83 3b 01", 4, 0},
	/* test, not, neg, inc, dec */
	THREE("84", "85", "0b", 1, 0), {"f6 03 81", 1, 0}, {"f7 03 01 00 00 80", 4, 0},
	{"66 f7 0b 00 80", 2, 0}, THREE("f6", "f7", "13", 1, 1), THREE("f6", "f7", "1b", 1, 1),
	THREE("fe", "ff", "03", 1, 1), THREE("fe", "ff", "0b", 1, 1),
	/* xchg */
	THREE("86", "87", "0b", 1, 1), THREE("86", "87", "23", 1, 1),
	/* bt, bts, btr, btc with an immediate */
	{"0f ba 23 1f", 4, 0}, {"0f ba 2b 07", 4, 4}, {"0f ba 33 20", 4, 4}, {"0f ba 3b 3f", 4, 4},
	{"66 0f ba 23 0f", 2, 0}, {"66 0f ba 2b 11", 2, 2}, {"66 0f ba 33 08", 2, 2},
	{"66 0f ba 3b 00", 2, 2},
	/* the register is the one that addresses the operand */
	{"89 1b", 0, 4}, {"8b 1b", 4, 0}, {"8a 3b", 1, 0}, {"0f b6 1b", 1, 0}, {"87 1b", 4, 4},
	{"86 3b", 1, 1}, {"01 1b", 4, 4}, {"2b 1b", 4, 0},
	/* lock */
	{"f0 01 0b", 4, 4}, {"f0 66 29 0b", 2, 2}, {"f0 fe 03", 1, 1}, {"f0 87 0b", 4, 4},
	{"f0 0f ba 2b 05", 4, 4},
};
/* clang-format on */

static uint32_t larger(const struct form *form)
{
	return form->reads > form->writes ? form->reads : form->writes;
}

/* `back`: how far EBX is before the operand. */
static void form_try(const struct form *form, uint32_t back, bool cross)
{
	uint32_t size = larger(form), at = operand_place(size, form->writes, cross);

	window_randomize();
	registers_prepare(at - back, random_u32(), random_u32());
	reference();
	bool stepped = perform(fault_address(at, size, form->writes));
	ck_assert_msg(stepped == cross, "%s at %x: %s", form->text, at,
		stepped ? "is stepped" : "is done at once");
	equal_check(at);
	used_check(at, form->reads, form->writes);
}

START_TEST(fast_forms_are_performed_as_the_processor_does)
{
	insn_take(fast[_i].text);
	for (unsigned round = 0; round < ROUNDS; round++)
		form_try(&fast[_i], 0, false);
}
END_TEST

START_TEST(fast_forms_across_pages_are_stepped)
{
	if (larger(&fast[_i]) < 2)
		return;
	insn_take(fast[_i].text);
	for (unsigned round = 0; round < ROUNDS / 4; round++)
		form_try(&fast[_i], 0, true);
}
END_TEST

START_TEST(operands_may_be_addressed_in_any_way)
{
	static const struct {
		struct form form;
		uint32_t back;
	} forms[] = {
		{{"89 43 7f", 0, 4}, 0x7f},
		{{"88 4b 80", 0, 1}, -0x80u},
		{{"66 01 8b 00 01 00 00", 2, 2}, 0x100},
		{{"8b 04 1d f0 ff ff ff", 4, 0}, -0x10u},
	};

	for (unsigned round = 0; round < 4 * ROUNDS; round++) {
		unsigned i = random_u32() % ARRAY_LENGTH(forms);
		insn_take(forms[i].form.text);
		form_try(&forms[i].form, forms[i].back,
			larger(&forms[i].form) > 1 && round % 4 == 0);
	}
}
END_TEST

START_TEST(offsets_in_the_instruction_are_fast)
{
	static const struct form forms[] = {{"a0 04 00 02 00", 1, 0}, {"a1 04 00 02 00", 4, 0},
		{"66 a1 04 00 02 00", 2, 0}, {"a2 04 00 02 00", 0, 1}, {"a3 04 00 02 00", 0, 4},
		{"66 a3 04 00 02 00", 0, 2}};

	for (unsigned i = 0; i < ARRAY_LENGTH(forms); i++) {
		insn_take(forms[i].text);
		for (unsigned round = 0; round < ROUNDS; round++) {
			window_randomize();
			registers_prepare(random_u32(), random_u32(), random_u32());
			reference();
			ck_assert(!perform(0x20004));
			equal_check(0x20004);
			used_check(0x20004, forms[i].reads, forms[i].writes);
		}
	}
}
END_TEST

/* Behind the last instruction of a segment is nothing: that is found out before the guest runs. */
START_TEST(the_end_of_the_code_is_noticed)
{
	insn_take("89 03");
	registers_prepare(DEVICE, 0, 0);
	insn.before.eip = CODE;
	reference();
	segment_describe(FREE, 0, CODE + 2, TYPE_CODE0);
	vcpu->registers.cs = FREE | 1;
	vcpu->unchecked = false;
	ck_assert(!perform(DEVICE));
	ck_assert(!vcpu->unchecked);
	segment_describe(FREE, 0, CODE + 1, TYPE_CODE0);
	vcpu->unchecked = false;
	ck_assert(!perform(DEVICE));
	ck_assert(vcpu->unchecked);
}
END_TEST

/* ---- STOS and MOVS ---- */

struct string_form {
	const char *text;
	unsigned size;
	bool moves, repeat;
};

static const struct string_form strings[] = {
	{"aa", 1, false, false},
	{"66 ab", 2, false, false},
	{"ab", 4, false, false},
	{"a4", 1, true, false},
	{"66 a5", 2, true, false},
	{"a5", 4, true, false},
	{"f3 aa", 1, false, true},
	{"66 f3 ab", 2, false, true},
	{"f3 ab", 4, false, true},
	{"f2 ab", 4, false, true},
	{"f3 a4", 1, true, true},
	{"66 f3 a5", 2, true, true},
	{"f3 a5", 4, true, true},
};

#define STRING_MAX 600 /* elements */

/* Somewhere in the window, with room in front of it and behind it. */
static uint32_t string_place(void)
{
	return WINDOW + STRING_MAX * 4 + random_u32() % (WINDOW_SIZE - 2 * STRING_MAX * 4);
}

/* How many elements the monitor will do shows only afterwards. So the window is kept, and the
 * native processor then does as many. */
static void string_try(const struct string_form *form)
{
	static uint8_t kept[WINDOW_SIZE];
	uint32_t count = form->repeat ? 1 + random_u32() % STRING_MAX : 1, size = form->size;
	uint32_t esi = string_place(), edi = string_place(), at = 0;
	bool down = random_u32() & 1;

	if (form->moves)
		at = fault_address(esi, size, false);
	if (!at)
		at = fault_address(edi, size, true);
	if (!at)
		return; /* the processor needs no help */
	window_randomize();
	registers_prepare(SPARE, esi, edi);
	insn.before.general[1] = count;
	if (down)
		insn.before.eflags |= EFLAGS_DF;
	insn_place();
	window_copy(kept);
	insn.after.signal = 0;
	perform(at);
	uint32_t done = form->repeat ? count - vcpu->registers.ecx : 1;
	ck_assert(done >= 1 && done <= count);

	memcpy(native_at(WINDOW), kept, WINDOW_SIZE);
	insn.after = insn.before;
	insn.after.steps = done;
	native_execute(&insn.after);
	memcpy(insn.memory, native_at(WINDOW), WINDOW_SIZE);
	equal_check(edi);
	uint32_t back = down ? (done - 1) * size : 0;
	wants_write(edi - back, done * size);
	if (form->moves)
		wants_read(esi - back, done * size);
	uses_check();
}

START_TEST(strings_are_performed_as_the_processor_does)
{
	insn_take(strings[_i].text);
	for (unsigned round = 0; round < 2 * ROUNDS; round++)
		string_try(&strings[_i]);
}
END_TEST

START_TEST(a_burst_fills_more_than_one_element)
{
	insn_take("f3 ab");
	registers_prepare(0, 0, TRACED);
	insn.before.general[1] = 1024;
	insn.before.steps = 256;
	reference();
	ck_assert(!perform(TRACED));
	equal_check(TRACED);
	ck_assert_uint_eq(vcpu->registers.ecx, 1024 - 256);
	ck_assert_uint_eq(vcpu->registers.eip, insn.before.eip);
	ck_assert_uint_eq(traced_calls, 1);
}
END_TEST

/* What was made from a page table goes when so much is written. Then the processor can write. */
START_TEST(a_page_table_that_is_cleared_is_left_to_the_processor)
{
	uint32_t *frame = &vm->frames[TRACED_PHYSICAL / PAGE_SIZE].raw;

	insn_take("f3 ab");
	registers_prepare(0, 0, TRACED);
	insn.before.general[1] = _i ? 17 : 16; /* at 64 bytes they stay: SHADOW_BURST_SIZE */
	*frame |= FRAME_SHADOWED;
	registers_give();
	enum verdict verdict = access_perform(vcpu, gla(TRACED), false);
	ck_assert(verdict == VERDICT_RESUME && !vcpu->stepping);
	ck_assert_uint_eq(vcpu->registers.ecx, _i ? 17 : 0);
	ck_assert_uint_eq(vcpu->registers.eip == insn.before.eip, _i);
	ck_assert_uint_eq(traced_calls, 1);
	ck_assert(!(*frame & FRAME_SHADOWED));
}
END_TEST

/* Performs it element by element or in bursts, up to `count` elements of a doubleword. */
static void string_run(uint32_t count)
{
	uint32_t left = vcpu->registers.ecx & 0xffff, until = left - count;

	while (left != until) {
		gla_t at;
		uint32_t mask = insn.bytes[0] == 0x67 ? 0xffff : 0xffffffff;
		ck_assert(vcpu_linear(vcpu, SEGMENT_ES, vcpu->registers.edi & mask, 4, true, &at));
		ck_assert_int_eq(access_perform(vcpu, at, true), VERDICT_RESUME);
		ck_assert(!vcpu->stepping);
		left = vcpu->registers.ecx & 0xffff;
	}
}

START_TEST(a_burst_ends_with_its_segment)
{
	insn_take("f3 ab");
	segment_describe(FREE, 0, TRACED + 0x400 - 1, TYPE_DATA0);
	vcpu->registers.es = FREE;
	registers_prepare(0, 0, TRACED);
	insn.before.general[0] = 0x12345678;
	insn.before.general[1] = 1024;
	registers_give();
	string_run(256);
	ck_assert_uint_eq(vcpu->registers.edi, TRACED + 0x400);
	wants_write(TRACED, 0x400);
	uses_check();
	ck_assert_int_eq(access_perform(vcpu, gla(TRACED + 0x400), true), VERDICT_GUEST_FAULT);
	ck_assert_uint_eq(guest_fault().vector, VECTOR_GP);

	segment_describe(FREE, 0, TRACED + 0x3f8 - 1, TYPE_DATA0); /* two less: no whole burst */
	registers_give();
	string_run(254);
	ck_assert_uint_eq(vcpu->registers.edi, TRACED + 0x3f8);
	wants_write(TRACED, 0x3f8);
	uses_check();
}
END_TEST

/* DI, SI and CX alone count, and wrap; the upper halves stay. */
START_TEST(strings_may_have_addresses_of_16_bits)
{
	uint32_t base = DEVICE + 0x800 - 0x10000; /* DI wraps within a page */

	insn_take("67 f3 ab");
	segment_describe(FREE, base, 0xffff, TYPE_DATA0);
	vcpu->registers.es = FREE;
	registers_prepare(0, 0, 0xabcdfff0);
	insn.before.general[0] = 0x12345678;
	insn.before.general[1] = 0x00010006;
	registers_give();
	string_run(4);
	wants_write(DEVICE + 0x7f0, 16);
	uses_check();
	ck_assert_uint_eq(vcpu->registers.edi, 0xabcd0000);
	ck_assert_uint_eq(vcpu->registers.ecx, 0x00010002);
	ck_assert_uint_eq(vcpu->registers.eip, insn.before.eip);
	vcpu->registers.edi = 0x5678ff00;
	string_run(2);
	ck_assert_uint_eq(vcpu->registers.edi, 0x5678ff08);
	ck_assert_uint_eq(vcpu->registers.ecx, 0x00010000);
	ck_assert_uint_eq(vcpu->registers.eip, insn.before.eip + insn.length);
}
END_TEST

/* ---- the bus ---- */

static unsigned lines_count(const char *text)
{
	unsigned lines = 0;

	for (const char *at = host.log; (at = strstr(at, text)); at++)
		lines++;
	return lines;
}

START_TEST(an_empty_bus_floats_and_is_reported_sparingly)
{
	static const char text[] = "neither memory nor a device";
	uint8_t bytes[7];

	bus_load_memory(vm, gpa(0x1000001), bytes, sizeof(bytes));
	for (unsigned i = 0; i < sizeof(bytes); i++)
		ck_assert_uint_eq(bytes[i], 0xff);
	ck_assert_uint_eq(bus_read_memory(vm, gpa(0x1000004), 2), 0xffff);
	bus_write_memory(vm, gpa(0x1000004), 4, 0);
	ck_assert_uint_eq(bus_read_memory(vm, gpa(0x1000004), 4), 0xffffffff);
	ck_assert_uint_eq(lines_count(text), 1); /* it is one page */
	for (uint32_t page = 0; page < 100; page++)
		bus_write_memory(vm, gpa(0x2000000 + page * PAGE_SIZE), 4, 0);
	ck_assert_uint_eq(lines_count(text), BUS_MEMORY_REPORTS);
	ck_assert_ptr_nonnull(strstr(host.log, "the log names no more"));
}
END_TEST

/* One ends within a doubleword, and the next begins there; then that one's end. */
START_TEST(an_access_is_split_where_a_device_ends)
{
	uint32_t end = DEVICE_FIRST + PAGE_SIZE;

	vm->bus.memory[0].last = gpa(DEVICE_FIRST + 0x101);
	bus_attach_memory(&vm->bus, (struct bus_memory){gpa(DEVICE_FIRST + 0x102), gpa(end - 3),
					    device_read, device_write});
	memcpy(device.bytes + 0x100, "\x11\x22\x33\x44", 4);
	memcpy(device.bytes + 0xffc, "\x55\x66\x77\x88", 4);
	ck_assert_uint_eq(bus_read_memory(vm, gpa(DEVICE_FIRST + 0x100), 4), 0x44332211);
	ck_assert_uint_eq(bus_read_memory(vm, gpa(end - 4), 4), 0xffff6655);
	bus_write_memory(vm, gpa(DEVICE_FIRST + 0x100), 4, 0xccbbaa99);
	bus_write_memory(vm, gpa(end - 4), 4, 0xccbbaa99);
	ck_assert_int_eq(memcmp(device.bytes + 0x100, "\x99\xaa\xbb\xcc", 4), 0);
	ck_assert_int_eq(memcmp(device.bytes + 0xffc, "\x99\xaa\x77\x88", 4), 0);
}
END_TEST

/* Upwards, each access as large as its address and what is left allow. */
START_TEST(an_operand_is_moved_in_few_accesses)
{
	uint8_t bytes[11];

	uses_forget();
	bus_load_memory(vm, gpa(DEVICE_FIRST + 1), bytes, sizeof(bytes)); /* 1 2 4 4 */
	ck_assert_uint_eq(device.order, 4);
	bus_store_memory(vm, gpa(DEVICE_FIRST + 2), bytes, 9); /* 2 4 2 1 */
	ck_assert_uint_eq(device.order, 8);
	bus_store_memory(vm, gpa(DEVICE_FIRST + 4), bytes, 8);
	ck_assert_uint_eq(device.order, 10);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("access");
	TCase *cases = tcase_create("at once");

	tcase_set_timeout(cases, 60);
	tcase_add_checked_fixture(cases, setup, NULL);
	tcase_add_loop_test(
		cases, fast_forms_are_performed_as_the_processor_does, 0, ARRAY_LENGTH(fast));
	tcase_add_loop_test(cases, fast_forms_across_pages_are_stepped, 0, ARRAY_LENGTH(fast));
	tcase_add_test(cases, operands_may_be_addressed_in_any_way);
	tcase_add_test(cases, offsets_in_the_instruction_are_fast);
	tcase_add_test(cases, the_end_of_the_code_is_noticed);
	tcase_add_loop_test(
		cases, strings_are_performed_as_the_processor_does, 0, ARRAY_LENGTH(strings));
	tcase_add_test(cases, a_burst_fills_more_than_one_element);
	tcase_add_test(cases, a_burst_ends_with_its_segment);
	tcase_add_loop_test(cases, a_page_table_that_is_cleared_is_left_to_the_processor, 0, 2);
	tcase_add_test(cases, strings_may_have_addresses_of_16_bits);
	suite_add_tcase(suite, cases);

	cases = tcase_create("bus");
	tcase_add_checked_fixture(cases, setup, NULL);
	tcase_add_test(cases, an_empty_bus_floats_and_is_reported_sparingly);
	tcase_add_test(cases, an_access_is_split_where_a_device_ends);
	tcase_add_test(cases, an_operand_is_moved_in_few_accesses);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
