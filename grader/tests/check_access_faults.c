/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What can come between an instruction and a traced page or a device's (monitor/access.c): faults,
 * steps and breakpoints of the guest's own, flags that would show the step, ways that are not for a
 * step, and a lack of frames. access_fixture.h has the idea; check_access.c and check_access_step.c
 * the rest.
 */
#include "access_fixture.h"

#include <sanitizer/asan_interface.h>

/* ---- faults ---- */

/* Nothing was done: neither to the guest nor to the device. */
static void untouched(const char *what)
{
	for (unsigned i = 0; i < 8; i++)
		ck_assert_msg(*vcpu_register(vcpu, i) == insn.before.general[i], "%s: register %u",
			what, i);
	ck_assert_msg(vcpu->registers.eip == insn.before.eip, "%s: EIP", what);
	ck_assert_msg(
		vcpu->registers.eflags == (insn.before.eflags | EFLAGS_RF), "%s: EFLAGS", what);
	ck_assert_msg(device.order == 0, "%s: the device was asked", what);
	ck_assert_msg(traced_calls == 0, "%s: a write was told", what);
	ck_assert_msg(!vcpu->stepping && vcpu->access.pages == 0, "%s: a step was begun", what);
	mappings_check();
}

static void faults(const char *text, uint32_t at, unsigned vector, uint32_t error_code)
{
	insn_take(text);
	registers_give();
	ck_assert_msg(access_perform(vcpu, gla(at), false) == VERDICT_GUEST_FAULT, "%s: %s", text,
		host.log);
	ck_assert_msg(guest_fault().vector == vector && guest_fault().error_code == error_code,
		"%s: exception %u (%x)", text, guest_fault().vector, guest_fault().error_code);
	untouched(text);
}

START_TEST(an_access_that_page_faults_does_nothing)
{
	fault_page = WINDOW;
	registers_prepare(DEVICE + 8, DEVICE + 8, WINDOW + 16);
	insn.before.general[4] = WINDOW + 32;
	faults("a5", DEVICE + 8, VECTOR_PF, ACCESS_WRITE);    /* movsd */
	faults("f3 a5", DEVICE + 8, VECTOR_PF, ACCESS_WRITE); /* rep movsd */
	faults("a7", DEVICE + 8, VECTOR_PF, 0);               /* cmpsd */
	faults("ff 33", DEVICE + 8, VECTOR_PF, ACCESS_WRITE); /* push [ebx] */
	faults("8f 03", DEVICE + 8, VECTOR_PF, 0);            /* pop [ebx] */
	ck_assert_uint_eq(vcpu->cr2, WINDOW + 32);
	fault_page = DEVICE + PAGE_SIZE;
	registers_prepare(DEVICE + PAGE_SIZE - 2, DEVICE + PAGE_SIZE - 2, SPARE);
	faults("89 03", DEVICE + PAGE_SIZE - 2, VECTOR_PF, ACCESS_WRITE); /* mov [ebx], eax */
	ck_assert_uint_eq(vcpu->cr2, DEVICE + PAGE_SIZE);
	faults("8b 03", DEVICE + PAGE_SIZE - 2, VECTOR_PF, 0);
	faults("a5", DEVICE + PAGE_SIZE - 2, VECTOR_PF, 0);
	fault_page = DEVICE;
	registers_prepare(DEVICE + 8, DEVICE + 8, SPARE);
	faults("89 03", DEVICE + 8, VECTOR_PF, ACCESS_WRITE);
	faults("83 3b 01", DEVICE + 8, VECTOR_PF, 0); /* cmp writes nothing */
	guest_enter_user();
	faults("09 03", DEVICE + 8, VECTOR_PF, ACCESS_WRITE | ACCESS_USER);
}
END_TEST

START_TEST(an_access_to_what_is_not_the_guests_ends_it)
{
	static const char *const forms[] = {"89 03", "a5", "0f b1 03", "8f 03", "ff 34 24"};

	for (unsigned i = 0; i < ARRAY_LENGTH(forms); i++) {
		setup();
		ended_page = WINDOW;
		insn_take(forms[i]);
		registers_prepare(WINDOW, DEVICE + 8, WINDOW);
		insn.before.general[4] = DEVICE + 0x40;
		if (i == 4)
			insn.before.general[4] = DEVICE, ended_page = TRACED + PAGE_SIZE;
		registers_give();
		ck_assert_int_eq(
			access_perform(vcpu, gla(i == 1 || i == 4 ? DEVICE + 8 : WINDOW), true),
			VERDICT_ENDED);
		untouched(forms[i]);
	}
}
END_TEST

START_TEST(an_access_that_a_segment_refuses_does_nothing)
{
	segment_describe(FREE, 0, 0xffff, TYPE_DATA0);
	registers_prepare(DEVICE + 8, DEVICE + 8, 0x10000);
	vcpu->registers.es = FREE;
	faults("a5", DEVICE + 8, VECTOR_GP, 0);
	vcpu->registers.ss = FREE | 1;
	insn.before.general[4] = 0x18000;
	faults("ff 33", DEVICE + 8, VECTOR_SS, 0);
}
END_TEST

/* DIV of 0 reads its operand, and then faults: the step is not done. */
START_TEST(a_fault_in_the_step_writes_nothing)
{
	insn_take("f7 33");
	window_randomize();
	memset(device.bytes, 0, sizeof(device.bytes));
	registers_prepare(DEVICE + 8, 0, 0);
	reference();
	ck_assert_uint_eq(insn.after.signal, SIGFPE);
	registers_give();
	ck_assert_int_eq(access_perform(vcpu, gla(DEVICE + 8), false), VERDICT_RESUME);
	ck_assert(vcpu->stepping);
	ck_assert(!processor_step());
	used_check(DEVICE + 8, 4, 0);
	ck_assert_uint_eq(vcpu->registers.eip, insn.before.eip);
}
END_TEST

/* A step of the guest's own goes the native way, and is not taken for the monitor's. */
START_TEST(the_guests_own_step_is_its_own)
{
	insn_take("89 03");
	registers_prepare(DEVICE + 8, 0, 0);
	reference();
	registers_give();
	vcpu->registers.eflags |= EFLAGS_TF;
	ck_assert_int_eq(access_perform(vcpu, gla(DEVICE + 8), true), VERDICT_RESUME);
	ck_assert(vcpu->stepping);
	ck_assert(!processor_step());
	used_check(DEVICE + 8, 0, 4);
	ck_assert(vcpu->registers.eflags & EFLAGS_TF);
}
END_TEST

START_TEST(breakpoints_are_the_processors_business)
{
	insn_take("89 03");
	vcpu->dr[7] |= DR7_ENABLE(2);
	window_randomize();
	registers_prepare(DEVICE + 8, 0, 0);
	reference();
	ck_assert(perform(DEVICE + 8));
	equal_check(DEVICE + 8);
}
END_TEST

/* The image that PUSHF leaves in a step: TF 1 and IF 0, as the processor has them. */
static void flags_push(uint32_t esp, unsigned size)
{
	uint32_t image = (vcpu->registers.eflags & ~EFLAGS_RF) | EFLAGS_FIXED;

	for (uint32_t i = 0, at = esp - size; i < size; i++, at++)
		stand_in(at)->memory[at % PAGE_SIZE] = (uint8_t)(image >> i * 8);
	vcpu->registers.esp -= size;
	vcpu->registers.eip += insn.length;
}

static uint32_t flags_pushed(uint32_t esp, unsigned size)
{
	uint32_t image = 0;

	for (uint32_t i = 0, at = esp - size; i < size; i++, at++)
		image |= (uint32_t)window_page(at & ~PAGE_MASK)[at % PAGE_SIZE] << i * 8;
	return image;
}

/* Except for the guest's own TF. The second byte, which has both, may be in the next page. */
START_TEST(pushed_flags_do_not_show_the_step)
{
	static const uint32_t stacks[] = {DEVICE + 0x40, DEVICE + PAGE_SIZE + 1,
		DEVICE + PAGE_SIZE + 3, TRACED + 0x40, TRACED + PAGE_SIZE + 1};

	for (unsigned i = 0; i < 4 * ARRAY_LENGTH(stacks); i++) {
		uint32_t esp = stacks[i / 4];
		unsigned size = i & 1 ? 2 : 4;
		bool own_step = i & 2;
		insn_take(i & 1 ? "66 9c" : "9c");
		window_randomize();
		registers_prepare(0, 0, 0);
		insn.before.general[4] = esp;
		if (own_step)
			insn.before.eflags |= EFLAGS_TF;
		registers_give();
		ck_assert_int_eq(access_perform(vcpu, gla(esp - size), true), VERDICT_RESUME);
		ck_assert(vcpu->stepping);
		flags_push(esp, size);
		host.dr6 = DR6_FIXED | DR6_BS;
		ck_assert_int_eq(step_end(vcpu, VECTOR_DB), !own_step);
		uint32_t image = flags_pushed(esp, size);
		ck_assert_uint_eq(image & EFLAGS_IF, EFLAGS_IF);
		ck_assert_uint_eq((bool)(image & EFLAGS_TF), own_step);
		ck_assert_uint_eq((image ^ insn.before.eflags) & EFLAGS_STATUS, 0);
		wants_write(esp - size, size);
		uses_check();
	}
}
END_TEST

/* The instruction that was given is a step on the device's bytes, and the step ends. */
static void device_step(void)
{
	ck_assert_int_eq(access_perform(vcpu, gla(DEVICE + 0x40), true), VERDICT_RESUME);
	host.dr6 = DR6_FIXED | DR6_BS;
	ck_assert(step_end(vcpu, VECTOR_DB));
}

/* Processors differ in what becomes of the other two. */
START_TEST(a_selector_is_pushed_in_two_bytes)
{
	insn_take("06");
	registers_prepare(0, 0, 0);
	insn.before.general[4] = DEVICE + 0x44;
	registers_give();
	device_step();
	used_check(DEVICE + 0x40, 0, 2);
}
END_TEST

START_TEST(fxsave_writes_what_it_has_without_sse)
{
	insn_take("0f ae 03");
	registers_prepare(DEVICE + 0x40, 0, 0);
	registers_give();
	device_step();
	used_check(DEVICE + 0x40, 0, 160);
}
END_TEST

START_TEST(what_cannot_be_performed_ends_the_guest)
{
	insn_take("90");
	registers_prepare(0, 0, 0);
	registers_give();
	ck_assert_int_eq(access_perform(vcpu, gla(DEVICE), false), VERDICT_ENDED);
	ck_assert(guest_killed("in a way that this monitor does not emulate"));
	setup();
	registers_give();
	vcpu->registers.eip = DEVICE;
	vcpu_forget_decoded(vcpu);
	ck_assert_int_eq(access_perform(vcpu, gla(DEVICE), false), VERDICT_ENDED);
	ck_assert(guest_killed("executes at an address without memory"));
}
END_TEST

/* ---- other ways ---- */

/* The injector performs it when it comes back; its stack is what faulted. */
START_TEST(software_interrupts_are_stepped_without_stand_ins)
{
	static const char *const forms[] = {"cd 80", "cc", "ce"};

	for (unsigned i = 0; i < ARRAY_LENGTH(forms); i++) {
		insn_take(forms[i]);
		registers_prepare(0, 0, 0);
		registers_give();
		ck_assert_int_eq(access_perform(vcpu, gla(DEVICE), true), VERDICT_RESUME);
		ck_assert(vcpu->stepping && vcpu->access.pages == 0);
		ck_assert_uint_eq(vcpu->registers.eflags & EFLAGS_TF, EFLAGS_TF);
		host.dr6 = DR6_FIXED;
		ck_assert(!step_end(vcpu, VECTOR_GP));
	}
}
END_TEST

START_TEST(loads_of_ss_and_far_returns_are_emulated)
{
	static const char *const forms[] = {"8e 13", "17", "0f b2 0b", "cb", "ca 04 00", "cf"};
	static const char *const others[] = {"8e 1b", "1f", "8c 13"};

	for (unsigned i = 0; i < ARRAY_LENGTH(forms); i++) {
		insn_take(forms[i]);
		registers_prepare(DEVICE, 0, 0);
		registers_give();
		ck_assert_int_eq(access_perform(vcpu, gla(DEVICE), false), VERDICT_RESUME);
		ck_assert_msg(emulated == i + 1 && !vcpu->stepping, "%s is stepped", forms[i]);
	}
	emulated = 0;
	for (unsigned i = 0; i < ARRAY_LENGTH(others); i++) {
		insn_take(others[i]);
		registers_prepare(DEVICE, 0, 0);
		insn.before.general[4] = DEVICE;
		registers_give();
		ck_assert_int_eq(access_perform(vcpu, gla(DEVICE), false), VERDICT_RESUME);
		ck_assert_msg(!emulated && vcpu->stepping, "%s is emulated", others[i]);
		host.dr6 = DR6_FIXED;
		step_end(vcpu, VECTOR_GP);
	}
}
END_TEST

/* ---- the frames ---- */

START_TEST(stand_ins_are_taken_once_and_given_back)
{
	insn_take("0f b1 0b");
	registers_prepare(DEVICE, 0, 0);
	reference();
	ck_assert(perform(DEVICE));
	uint32_t frames = host.frames;
	uint8_t *first = machine_pointer(vcpu->access.frames);
	reference();
	ck_assert(perform(DEVICE));
	ck_assert_uint_eq(host.frames, frames);
	ck_assert(!__asan_address_is_poisoned(first));
	access_destroy(vcpu);
	ck_assert(__asan_address_is_poisoned(first));
	ck_assert(__asan_address_is_poisoned(first + ACCESS_PAGES * PAGE_SIZE - 1));
}
END_TEST

START_TEST(a_guest_ends_where_there_is_no_frame_for_it)
{
	insn_take("0f b1 0b");
	registers_prepare(DEVICE, 0, 0);
	registers_give();
	host.frames = 512; /* all that there are */
	ck_assert_int_eq(access_perform(vcpu, gla(DEVICE), true), VERDICT_ENDED);
	ck_assert(guest_killed("no memory left for its stand-ins"));
	untouched("cmpxchg");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("access");
	TCase *cases = tcase_create("faults");

	tcase_add_checked_fixture(cases, setup, NULL);
	tcase_add_test(cases, an_access_that_page_faults_does_nothing);
	tcase_add_test(cases, an_access_to_what_is_not_the_guests_ends_it);
	tcase_add_test(cases, an_access_that_a_segment_refuses_does_nothing);
	tcase_add_test(cases, a_fault_in_the_step_writes_nothing);
	tcase_add_test(cases, the_guests_own_step_is_its_own);
	tcase_add_test(cases, breakpoints_are_the_processors_business);
	tcase_add_test(cases, pushed_flags_do_not_show_the_step);
	tcase_add_test(cases, a_selector_is_pushed_in_two_bytes);
	tcase_add_test(cases, fxsave_writes_what_it_has_without_sse);
	tcase_add_test(cases, what_cannot_be_performed_ends_the_guest);
	tcase_add_test(cases, software_interrupts_are_stepped_without_stand_ins);
	tcase_add_test(cases, loads_of_ss_and_far_returns_are_emulated);
	tcase_add_test(cases, stand_ins_are_taken_once_and_given_back);
	tcase_add_test(cases, a_guest_ends_where_there_is_no_frame_for_it);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
