/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the monitor leaves to the processor where a page is traced or a device's: single steps with
 * stand-ins (monitor/access.c), and the plan of what an instruction touches (access_plan.c).
 * access_fixture.h has the idea; check_access.c and check_access_faults.c the rest.
 */
#include "access_fixture.h"

/* ---- one operand ---- */

enum place { AT_EBX, AT_ESI, AT_EDI, AT_ESP, BELOW_ESP, AT_EBP };

static const struct {
	const char *text;
	enum place place;
	uint16_t reads, writes;
} slow[] = {
	/* clang-format off */
	{"0f b0 0b", AT_EBX, 1, 1}, {"0f b1 0b", AT_EBX, 4, 4}, /* cmpxchg */
	{"0f c0 0b", AT_EBX, 1, 1}, {"66 0f c1 0b", AT_EBX, 2, 2}, /* xadd */
	{"0f c7 0b", AT_EBX, 8, 8}, {"f0 0f c7 0b", AT_EBX, 8, 8}, /* cmpxchg8b */
	{"c0 03 05", AT_EBX, 1, 1}, {"c1 0b 05", AT_EBX, 4, 4}, {"d3 13", AT_EBX, 4, 4}, /* rotate */
	{"66 d1 1b", AT_EBX, 2, 2}, {"d2 23", AT_EBX, 1, 1}, {"c1 3b 1f", AT_EBX, 4, 4}, /* shift */
	{"0f a4 0b 05", AT_EBX, 4, 4}, {"66 0f ad 0b", AT_EBX, 2, 2}, /* shld, shrd */
	{"0f 94 03", AT_EBX, 0, 1}, {"0f 9c 03", AT_EBX, 0, 1}, /* setcc */
	{"0f 44 0b", AT_EBX, 4, 0}, {"66 0f 4d 0b", AT_EBX, 2, 0}, /* cmovcc */
	{"63 0b", AT_EBX, 2, 2}, {"66 c1 13 03", AT_EBX, 2, 2}, /* arpl, rcl */
	{"f0 0f b1 0b", AT_EBX, 4, 4}, {"f0 66 0f c1 0b", AT_EBX, 2, 2}, {"0f c1 1b", AT_EBX, 4, 4},
	{"f6 23", AT_EBX, 1, 0}, {"f7 23", AT_EBX, 4, 0}, {"66 f7 2b", AT_EBX, 2, 0}, /* mul, imul */
	{"0f af 0b", AT_EBX, 4, 0}, {"69 0b 01 02 03 04", AT_EBX, 4, 0}, {"6b 0b fd", AT_EBX, 4, 0},
	{"0f bc 0b", AT_EBX, 4, 0}, {"66 0f bd 0b", AT_EBX, 2, 0}, /* bsf, bsr */
	{"ff 33", AT_EBX, 4, 0}, {"66 ff 33", AT_EBX, 2, 0}, /* push m */
	{"8f 03", AT_EBX, 0, 4}, {"66 8f 03", AT_EBX, 0, 2}, /* pop m */
	{"ff 13", AT_EBX, 4, 0}, {"ff 23", AT_EBX, 4, 0}, {"66 ff 23", AT_EBX, 2, 0}, /* call m, jmp m */
	{"50", BELOW_ESP, 0, 4}, {"66 50", BELOW_ESP, 0, 2}, {"6a 80", BELOW_ESP, 0, 4}, /* push */
	{"68 01 02 03 04", BELOW_ESP, 0, 4}, {"54", BELOW_ESP, 0, 4},
	{"58", AT_ESP, 4, 0}, {"66 58", AT_ESP, 2, 0}, {"5c", AT_ESP, 4, 0}, /* pop */
	{"60", BELOW_ESP, 0, 32}, {"66 60", BELOW_ESP, 0, 16}, /* pusha */
	{"61", AT_ESP, 32, 0}, {"66 61", AT_ESP, 16, 0}, /* popa */
	{"e8 10 00 00 00", BELOW_ESP, 0, 4}, {"ff d0", BELOW_ESP, 0, 4}, /* call */
	{"c3", AT_ESP, 4, 0}, {"c2 08 00", AT_ESP, 4, 0}, /* ret */
	{"c8 08 00 00", BELOW_ESP, 0, 4}, {"66 c8 08 00 00", BELOW_ESP, 0, 2}, /* enter */
	{"c9", AT_EBP, 4, 0}, {"66 c9", AT_EBP, 2, 0}, /* leave */
	{"8c 1b", AT_EBX, 0, 2}, /* mov m, ds */
	{"ac", AT_ESI, 1, 0}, {"66 ad", AT_ESI, 2, 0}, {"f3 ad", AT_ESI, 4, 0}, /* lods */
	{"ae", AT_EDI, 1, 0}, {"66 af", AT_EDI, 2, 0}, {"af", AT_EDI, 4, 0}, /* scas */
	{"a6", AT_ESI, 1, 0}, {"a7", AT_ESI, 4, 0}, {"a7", AT_EDI, 4, 0}, /* cmps */
	{"82 03 05", AT_EBX, 1, 1}, /* add, by its other name */
	{"0f ae 3b", AT_EBX, 0, 0}, /* clflush */
	/* x87; FNINIT and FLD1 come before */
	{"d9 03", AT_EBX, 4, 0}, {"dd 03", AT_EBX, 8, 0}, {"db 2b", AT_EBX, 10, 0}, /* fld */
	{"df 03", AT_EBX, 2, 0}, {"db 03", AT_EBX, 4, 0}, {"df 2b", AT_EBX, 8, 0}, /* fild */
	{"df 23", AT_EBX, 10, 0}, {"d8 03", AT_EBX, 4, 0}, {"dc 0b", AT_EBX, 8, 0}, /* fbld fadd */
	{"de 03", AT_EBX, 2, 0}, {"da 03", AT_EBX, 4, 0}, {"d9 2b", AT_EBX, 2, 0}, /* fiadd fldcw */
	{"d9 13", AT_EBX, 0, 4}, {"d9 1b", AT_EBX, 0, 4}, {"dd 1b", AT_EBX, 0, 8}, /* fst fstp */
	{"db 3b", AT_EBX, 0, 10}, {"df 33", AT_EBX, 0, 10}, /* fstp m80, fbstp */
	{"df 13", AT_EBX, 0, 2}, {"db 1b", AT_EBX, 0, 4}, {"df 3b", AT_EBX, 0, 8}, /* fist fistp */
	{"d9 3b", AT_EBX, 0, 2}, {"dd 3b", AT_EBX, 0, 2}, /* fnstcw fnstsw */
	{"d9 33", AT_EBX, 0, 28}, {"66 d9 33", AT_EBX, 0, 14}, {"d9 23", AT_EBX, 28, 0},
	{"dd 33", AT_EBX, 0, 108}, {"66 dd 33", AT_EBX, 0, 94}, {"dd 23", AT_EBX, 108, 0},
	/* MMX and SSE */
	{"0f 6e 03", AT_EBX, 4, 0}, {"0f 7e 03", AT_EBX, 0, 4}, /* movd */
	{"0f 6f 03", AT_EBX, 8, 0}, {"0f 7f 03", AT_EBX, 0, 8}, {"0f fc 03", AT_EBX, 8, 0},
	{"0f 60 03", AT_EBX, 4, 0}, {"0f f7 c8", AT_EDI, 8, 8}, /* punpcklbw, maskmovq */
	{"0f c3 0b", AT_EBX, 0, 4}, {"0f 10 03", AT_EBX, 16, 0}, {"0f 11 03", AT_EBX, 0, 16},
	{"0f e7 03", AT_EBX, 0, 8}, {"0f c4 03 01", AT_EBX, 2, 0}, /* movntq, pinsrw */
	{"f3 0f 6f 03", AT_EBX, 16, 0}, {"0f ae 1b", AT_EBX, 0, 4}, /* movdqu, stmxcsr */
	{"f3 0f 10 03", AT_EBX, 4, 0}, {"f2 0f 11 03", AT_EBX, 0, 8}, {"0f 17 03", AT_EBX, 0, 8},
	/* clang-format on */
};

static void native_quick(const char *text)
{
	struct native registers = {.eip = CODE, .eflags = EFLAGS_FIXED, .steps = 1};

	insn_take(text);
	memcpy(native_at(CODE), insn.bytes, insn.length);
	registers.general[4] = SPARE;
	native_execute(&registers);
	ck_assert_uint_eq(registers.signal, 0);
}

/* The same x87 registers before both executions. */
static void floating_prepare(void)
{
	const char *text = insn.text;

	native_quick("db e3");
	native_quick("d9 e8");
	native_quick("d9 eb");
	insn_take(text);
}

static void place_operand(enum place place, uint32_t at, uint32_t size)
{
	uint32_t *general = insn.before.general;

	registers_prepare(SPARE, SPARE + 0x100, SPARE + 0x200);
	general[1] = general[1] & 0xff ? general[1] : 1; /* REP */
	switch (place) {
	case AT_EBX:
		general[3] = at;
		break;
	case AT_ESI:
		general[6] = at;
		break;
	case AT_EDI:
		general[7] = at;
		break;
	case AT_ESP:
		general[4] = at;
		break;
	case BELOW_ESP:
		general[4] = at + size;
		break;
	case AT_EBP:
		general[5] = at;
		break;
	}
}

static void slow_try(unsigned number, bool cross)
{
	uint32_t reads = slow[number].reads, writes = slow[number].writes;
	uint32_t size = reads > writes ? reads : writes;

	if (size == 0)
		size = 1; /* CLFLUSH faults as a read does */
	if (cross && size < 2)
		return;
	uint32_t at = operand_place(size, writes, cross);
	window_randomize();
	place_operand(slow[number].place, at, size);
	floating_prepare();
	reference();
	floating_prepare();
	bool stepped = perform(fault_address(at, size, writes));
	ck_assert_msg(stepped, "%s is done at once", insn.text);
	equal_check(at);
	used_check(at, reads, writes);
}

START_TEST(other_instructions_are_stepped_with_stand_ins)
{
	insn_take(slow[_i].text);
	for (unsigned round = 0; round < ROUNDS / 4; round++) {
		slow_try((unsigned)_i, false);
		slow_try((unsigned)_i, true);
	}
}
END_TEST

/* ---- bit strings ---- */

static const struct bit_form {
	const char *text;
	unsigned size;
	bool writes;
} bits[] = {
	{"0f a3 0b", 4, false},
	{"0f ab 0b", 4, true},
	{"0f b3 0b", 4, true},
	{"0f bb 0b", 4, true},
	{"f0 0f b3 0b", 4, true},
	{"66 0f a3 0b", 2, false},
	{"66 0f ab 0b", 2, true},
	{"66 0f b3 0b", 2, true},
	{"66 0f bb 0b", 2, true},
	{"f0 66 0f bb 0b", 2, true},
};

/* Near zero, near what the register can hold, or anywhere. */
static int32_t bit_number(unsigned size)
{
	uint32_t number = random_value();

	if (random_u32() & 1)
		number = random_u32() % 20000 - 10000;
	return size == 4 ? (int32_t)number : (int16_t)number;
}

/* A bit's number leads to another doubleword than the one that is named: by 256 MiB at most, in
 * either direction, and modulo 2^32. */
START_TEST(bit_strings_reach_beyond_their_operand)
{
	const struct bit_form *form = &bits[_i];

	insn_take(form->text);
	for (unsigned round = 0; round < 4 * ROUNDS; round++) {
		int32_t number = bit_number(form->size);
		int32_t distance = form->size == 4 ? (number >> 5) * 4 : (number >> 4) * 2;
		uint32_t at = operand_place(form->size, form->writes, round % 4 == 0);
		window_randomize();
		registers_prepare(at - (uint32_t)distance, 0, 0);
		insn.before.general[1] = (uint32_t)number;
		if (form->size == 2) /* the upper half does not count */
			insn.before.general[1] = random_u32() << 16 | (number & 0xffff);
		reference();
		ck_assert(perform(fault_address(at, form->size, form->writes)));
		equal_check(at);
		used_check(at, form->size, form->writes ? form->size : 0);
	}
}
END_TEST

/* As compilers write it: the operand at [EDI], its number in EAX. */
START_TEST(the_number_may_be_in_any_register)
{
	static const char *const forms[] = {"0f bb 07", "f0 0f b3 07", "0f ab 07"};

	for (unsigned round = 0; round < 4 * ROUNDS; round++) {
		uint32_t at = operand_place(4, true, false) & ~3u;
		uint32_t words = random_u32() % 64 - 32;
		insn_take(forms[random_u32() % ARRAY_LENGTH(forms)]);
		window_randomize();
		registers_prepare(random_u32(), random_u32(), at - words * 4);
		insn.before.general[0] = words * 32 + random_u32() % 32;
		reference();
		ck_assert(perform(at));
		equal_check(at);
		used_check(at, 4, 4);
	}
}
END_TEST

/* ---- two operands ---- */

/* What it uses at `one` (EBX and ESI), and at `other` (ESP and EDI). */
static const struct pair {
	const char *text;
	struct {
		int8_t from; /* bytes behind it */
		uint8_t reads, writes;
	} one, other;
	bool other_first;
} pairs[] = {
	{"ff 33", {0, 4, 0}, {-4, 0, 4}, false},     /* push [ebx] */
	{"66 ff 33", {0, 2, 0}, {-2, 0, 2}, false},  /* likewise 16 bits */
	{"ff 13", {0, 4, 0}, {-4, 0, 4}, false},     /* call [ebx] */
	{"8f 03", {0, 0, 4}, {0, 4, 0}, true},       /* pop [ebx] */
	{"66 8f 43 02", {2, 0, 2}, {0, 2, 0}, true}, /* pop word [ebx + 2] */
	{"a6", {0, 1, 0}, {0, 1, 0}, false},         /* cmpsb */
	{"66 a7", {0, 2, 0}, {0, 2, 0}, false},      /* cmpsw */
	{"a7", {0, 4, 0}, {0, 4, 0}, false},         /* cmpsd */
};

static void pair_try(const struct pair *pair, uint32_t one, uint32_t other)
{
	uint32_t first = one + (uint32_t)pair->one.from,
		 second = other + (uint32_t)pair->other.from;
	uint32_t first_size = pair->one.reads | pair->one.writes;
	uint32_t second_size = pair->other.reads | pair->other.writes;
	uint32_t first_fault = fault_address(first, first_size, pair->one.writes);
	uint32_t second_fault = fault_address(second, second_size, pair->other.writes);
	uint32_t at = pair->other_first ? second_fault : first_fault;

	if (!at)
		at = pair->other_first ? first_fault : second_fault;
	if (!at)
		return; /* the processor needs no help */
	insn_take(pair->text);
	window_randomize();
	registers_prepare(one, one, other);
	insn.before.general[4] = other;
	reference();
	ck_assert(perform(at));
	equal_check(at);
	wants_read(first, pair->one.reads);
	wants_write(first, pair->one.writes);
	wants_read(second, pair->other.reads);
	wants_write(second, pair->other.writes);
	uses_check();
}

/* Each in the window, in whatever pages; often close by. */
START_TEST(both_operands_may_be_anything)
{
	for (unsigned round = 0; round < 8 * ROUNDS; round++) {
		uint32_t one = WINDOW + 64 + random_u32() % (WINDOW_SIZE - 128);
		uint32_t other = WINDOW + 64 + random_u32() % (WINDOW_SIZE - 128);
		if (random_u32() & 1)
			one = operand_place(4, true, random_u32() & 1);
		if (random_u32() & 1)
			other = one + (one < DEVICE + PAGE_SIZE ? 12 : -12u);
		pair_try(&pairs[_i], one, other);
	}
}
END_TEST

/* [ESP + n] is counted from ESP as it is after the pop. */
START_TEST(pop_to_the_stack_counts_from_its_new_end)
{
	insn_take("8f 44 24 08");
	for (unsigned round = 0; round < ROUNDS; round++) {
		uint32_t at = operand_place(4, true, round & 1);
		window_randomize();
		registers_prepare(0, 0, 0);
		insn.before.general[4] = at - 12;
		reference();
		uint32_t fault = fault_address(at - 12, 4, false);
		ck_assert(perform(fault ? fault : fault_address(at, 4, true)));
		equal_check(at);
		wants_read(at - 12, 4);
		wants_write(at, 4);
		uses_check();
	}
}
END_TEST

/* A table in the page of the code that writes to it, as small kernels have it. */
START_TEST(a_traced_page_may_hold_the_code)
{
	static const char *const forms[] = {"0f b1 0b", "89 0b", "d1 03", "0f ab 0b"};

	for (unsigned i = 0; i < ARRAY_LENGTH(forms); i++) {
		insn_take(forms[i]);
		window_randomize();
		registers_prepare(TRACED + 0x10, 0, 0);
		insn.before.general[1] = 5;
		insn.before.eip = TRACED + 0x800;
		reference();
		perform(TRACED + 0x10);
		equal_check(TRACED + 0x10);
		wants_write(TRACED + 0x10, 4);
		uses_check();
	}
}
END_TEST

/* ENTER's frame pointers are read where EBP is, its frame is written, and its end is only checked.
 */
START_TEST(enter_reads_and_writes_two_places)
{
	insn_take("c8 10 00 03");
	for (unsigned round = 0; round < 2 * ROUNDS; round++) {
		window_randomize();
		registers_prepare(0, 0, 0);
		uint32_t esp = insn.before.general[4] = DEVICE + 0x100 + random_u32() % 0x1e00;
		uint32_t ebp = insn.before.general[5] =
			WINDOW + 0x40 + random_u32() % (WINDOW_SIZE - 0x40);
		if (round & 1) /* both in the traced page */
			esp = insn.before.general[4] = TRACED + 0x400,
			ebp = insn.before.general[5] = TRACED + 0x800;
		reference();
		ck_assert(perform(esp - 4));
		equal_check(esp);
		wants_read(ebp - 8, 8);
		wants_write(esp - 16, 16);
		uses_check();
	}
}
END_TEST

START_TEST(xlat_reads_its_table)
{
	insn_take("d7");
	for (unsigned round = 0; round < ROUNDS; round++) {
		window_randomize();
		registers_prepare(DEVICE + random_u32() % 0x1f00, 0, 0);
		uint32_t at = insn.before.general[3] + (insn.before.general[0] & 0xff);
		reference();
		ck_assert(perform(at));
		equal_check(at);
		used_check(at, 1, 0);
	}
}
END_TEST

/* ---- what only the plan shows: segments with a base, addresses of 16 bits ---- */

START_TEST(plans_respect_bases_and_sizes_of_addresses)
{
	static const struct {
		const char *text;
		uint32_t at, size;
		unsigned use;
	} plans[] = {
		/* EAX -1, EBX 12340008, ECX FFFFFFE0 (bit -32), ESI and EDI 5678FFF8, ESP 9ABC0004
		 */
		{"64 0f bb 0b", 0x00100004 + 0x12340000, 4, USE_CHANGES},
		{"64 67 0f bb 0f", 0x00100004, 4, USE_CHANGES}, /* [bx] */
		{"64 67 0f bb 4f fc", 0x00100000, 4, USE_CHANGES},
		{"64 67 66 0f bb 4f f8", 0x0010fffc, 2, USE_CHANGES}, /* wraps */
		{"64 67 ad", 0x0010fff8, 4, USE_READS},
		{"64 ad", 0x00100000 + 0x5678fff8, 4, USE_READS},
		{"64 67 d7", 0x00100107, 1, USE_READS}, /* [bx + al] */
		{"64 67 0f b1 0f", 0x00100008, 4, USE_CHANGES},
		{"26 ae", 0x00100000 + 0x5678fff8, 1, USE_READS}, /* scasb */
		{"26 67 ae", 0x0010fff8, 1, USE_READS},
		{"64 67 0f f7 c8", 0x0010fff8, 8, USE_CHANGES},           /* maskmovq [di] */
		{"64 62 0b", 0x00100000 + 0x12340008, 8, USE_READS},      /* bound */
		{"64 c5 0b", 0x00100000 + 0x12340008, 6, USE_READS},      /* lds */
		{"64 0f ae 0b", 0x00100000 + 0x12340008, 160, USE_READS}, /* fxrstor */
		{"64 0f 01 0b", 0x00100000 + 0x12340008, 6, USE_WRITES},  /* sidt */
		{"64 0f 01 1b", 0x00100000 + 0x12340008, 6, USE_READS},   /* lidt */
		{"50", 0x00200000, 4, USE_WRITES}, {"58", 0x00200004, 4, USE_READS},
		{"0e", 0x00200000, 2, USE_WRITES}, /* push cs */
		{"c9", 0x0020ffe0, 4, USE_READS},  /* leave: BP */
		{"36 0f ae 44 24 fc", 0x00200000 + 0x9abc0000, 160,
			USE_WRITES}, /* fxsave [esp - 4] */
	};

	guest_set_descriptor(FREE, 0x0000ffff, 0x00cf9210);     /* base 1 MiB, all that is */
	guest_set_descriptor(FREE + 8, 0x0000ffff, 0x008f9220); /* 2 MiB, and SP */
	vcpu->registers.fs = vcpu->registers.es = FREE;
	vcpu->registers.ss = (FREE + 8) | 1;
	for (unsigned i = 0; i < ARRAY_LENGTH(plans); i++) {
		struct access_plan plan;
		insn_take(plans[i].text);
		insn.before = (struct native){
			.general = {0xffffffff, 0xffffffe0, 0, 0x12340008, 0x9abc0004, 0x3333ffe0,
				0x5678fff8, 0x5678fff8},
			.eip = CODE,
		};
		registers_give();
		ck_assert_int_eq(
			access_plan_make(vcpu, &vcpu_decode(vcpu)->insn, &plan), VERDICT_RESUME);
		ck_assert_uint_eq(plan.count, 1);
		ck_assert_msg(plan.range[0].at.raw == plans[i].at &&
				      plan.range[0].size == plans[i].size &&
				      plan.range[0].use == plans[i].use,
			"%s: %u bytes at %x, use %u", insn.text, plan.range[0].size,
			plan.range[0].at.raw, plan.range[0].use);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("access");
	TCase *cases = tcase_create("steps");

	tcase_set_timeout(cases, 60);
	tcase_add_checked_fixture(cases, setup, NULL);
	tcase_add_loop_test(
		cases, other_instructions_are_stepped_with_stand_ins, 0, ARRAY_LENGTH(slow));
	tcase_add_loop_test(cases, bit_strings_reach_beyond_their_operand, 0, ARRAY_LENGTH(bits));
	tcase_add_loop_test(cases, both_operands_may_be_anything, 0, ARRAY_LENGTH(pairs));
	tcase_add_test(cases, the_number_may_be_in_any_register);
	tcase_add_test(cases, pop_to_the_stack_counts_from_its_new_end);
	tcase_add_test(cases, a_traced_page_may_hold_the_code);
	tcase_add_test(cases, enter_reads_and_writes_two_places);
	tcase_add_test(cases, xlat_reads_its_table);
	tcase_add_test(cases, plans_respect_bases_and_sizes_of_addresses);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
