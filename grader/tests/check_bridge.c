/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the bridge shows is what Bochs has, and what can be changed is changed.
 *
 * Invariant: the oracle is a second machine, driven by the library that the judge uses, or the
 * guest's own source.
 */
#include "bochs.h"
#include "bootdisk.h"
#include "bridge_fixture.h"

static struct bridge_client session;

/* ---- what the machine is ---- */

/* A machine of our own with the same disk, at the same place. */
static struct bochs *twin_machine(uint32_t address)
{
	char *guests[] = {REGISTERS}, image[128], error[512];
	struct bootdisk disk = {.boot_dir = "build/boot",
		.monitor = MONITOR,
		.guests = guests,
		.count = 1,
		.memory_mib = 64};
	struct bochs *b;

	snprintf(image, sizeof(image), "%s/twin.img", folder);
	ck_assert_msg(!bootdisk_write(image, &disk, error, sizeof(error)), "%s", error);
	ck_assert_int_eq(
		bochs_start(&b, &(struct bochs_config){.disk = image, .megs = 64, .e9 = true}), 0);
	unlink(image);
	ck_assert_int_eq(bochs_run_until(b, address, 1000000000), BOCHS_STOP_BREAKPOINT);
	return b;
}

START_TEST(registers_are_those_of_the_machine)
{
	uint32_t site = symbol(REGISTERS, "register_site");
	struct bochs *twin = twin_machine(site);
	const struct bochs_registers *r = bochs_registers(twin);

	monitor_start(&session);
	run_to(&session, site);
	ck_assert_uint_eq(reg(&session, "ticks"), r->ticks);
	ck_assert_uint_eq(reg(&session, "eax"), r->eax);
	ck_assert_uint_eq(reg(&session, "edi"), r->edi);
	ck_assert_uint_eq(reg(&session, "esp"), r->esp);
	ck_assert_uint_eq(reg(&session, "eip"), site);
	ck_assert_uint_eq(reg(&session, "eflags"), r->eflags);
	ck_assert_uint_eq(reg(&session, "cs"), r->cs.selector);
	ck_assert_uint_eq(reg(&session, "gs"), r->gs.selector);
	ck_assert_uint_eq(reg(&session, "cr0"), r->cr0);
	ck_assert_uint_eq(reg(&session, "cr3"), r->cr3);
	ck_assert_uint_eq(reg(&session, "ss_limit"), r->ss.limit);
	ck_assert_uint_eq(reg(&session, "gdtr_base"), r->gdtr.base);
	ck_assert_uint_eq(reg(&session, "gdtr_limit"), r->gdtr.limit);
	ck_assert_uint_eq(reg(&session, "idtr_base"), r->idtr.base);
	ck_assert_uint_eq(reg(&session, "tr"), r->tr.selector);
	ck_assert_uint_eq(reg(&session, "tr_base"), r->tr.base);
	ck_assert_uint_eq(reg(&session, "cpl"), 1);
	session_end(&session);
	bochs_free(twin);
}
END_TEST

/* All at once gives what one by one does, in the description's order. */
START_TEST(all_registers_at_once_are_the_same_registers)
{
	char all[1024];
	size_t at = 0;

	monitor_start(&session);
	snprintf(all, sizeof(all), "%s", ask(&session, "g"));
	for (unsigned n = 0; n <= register_number(&session, "ticks"); n++) {
		const char *one = ask(&session, "p%x", n);

		ck_assert_msg(!strncmp(all + at, one, strlen(one)), "register %u", n);
		at += strlen(one);
	}
	ck_assert_uint_eq(at, strlen(all));
	ck_assert_reply(ask(&session, "G%s", all), "OK");
	session_end(&session);
}
END_TEST

START_TEST(floating_point_registers_are_shown)
{
	static const char pi[] = "35c26821a2da0fc90040";
	unsigned st1;

	bare_start(&session, COMPUTE);
	run_to(&session, symbol(guest, "copying"));
	st1 = register_number(&session, "st1");
	ck_assert_str_eq(ask(&session, "p%x", st1), pi);
	ck_assert_str_eq(ask(&session, "p%x", st1 - 1), "0000000000000080ff3f"); /* 1 */
	ck_assert_uint_eq(reg(&session, "fstat") >> 11 & 7, 6);
	ck_assert_str_eq(ask(&session, "p%x", register_number(&session, "xmm1")),
		"000102030405060708090a0b0c0d0e0f");
	ck_assert_reply(ask(&session, "P%x=%s", st1, pi), "E.");
	session_end(&session);
}
END_TEST

START_TEST(eip_is_a_linear_address_unless_asked_otherwise)
{
	uint32_t base = 0x10000, place;

	bare_start(&session, SEGMENT);
	place = symbol(guest, "wait_here");
	run_to(&session, place);
	ck_assert_uint_eq(reg(&session, "eip"), place);
	ck_assert_uint_eq(reg(&session, "cs_base"), base);
	ck_assert_reply(reg_set(&session, "eip", place + 1), "OK");
	ck_assert_uint_eq(reg(&session, "eip"), place + 1);
	monitor_ask(&session, "linear 0");
	ck_assert_uint_eq(reg(&session, "eip"), place + 1 - base);
	ck_assert_reply(reg_set(&session, "eip", place - base), "OK");
	monitor_ask(&session, "linear 1");
	ck_assert_uint_eq(reg(&session, "eip"), place);
	session_end(&session);
}
END_TEST

START_TEST(registers_can_be_set_where_bochs_can)
{
	uint32_t flags;

	monitor_start(&session);
	ck_assert_reply(reg_set(&session, "ebx", 0x12345678), "OK");
	ck_assert_uint_eq(reg(&session, "ebx"), 0x12345678);
	flags = (uint32_t)reg(&session, "eflags");
	ck_assert_reply(reg_set(&session, "eflags", flags ^ 0x400), "OK"); /* DF */
	ck_assert_uint_eq(reg(&session, "eflags"), flags ^ 0x400);
	ck_assert_reply(reg_set(&session, "eflags", flags ^ 0x200), "E."); /* IF */
	ck_assert_uint_eq(reg(&session, "eflags"), flags ^ 0x400);
	ck_assert_ptr_nonnull(
		strstr(monitor_ask(&session, "why"), "CF, PF, AF, ZF, SF, DF and OF"));
	ck_assert_reply(reg_set(&session, "ds", 0x18), "E.Bochs's debugger cannot set ds");
	ck_assert_reply(reg_set(&session, "cr0", 0), "E.");
	ck_assert_reply(reg_set(&session, "ds", 0x10), "OK"); /* what it is */
	session_end(&session);
}
END_TEST

START_TEST(memory_is_that_of_the_machine)
{
	static const uint32_t lengths[] = {1, 4, 64, 4096, 8000};
	uint32_t site = symbol(REGISTERS, "register_site");
	uint32_t places[] = {site, symbol(REGISTERS, "register_cases") + 3,
		symbol(MONITOR, "vm_exit"), 0xf0000ffd};
	struct bochs *twin = twin_machine(site);
	uint8_t expected[8000], got[8000];

	monitor_start(&session);
	run_to(&session, site);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		for (size_t j = 0; j < sizeof(lengths) / sizeof(lengths[0]); j++) {
			size_t n = bochs_read_linear(twin, places[i], expected, lengths[j]);

			ck_assert_uint_eq(n, lengths[j]);
			ck_assert_uint_eq(
				rsp_from_hex(
					got, ask(&session, "m%x,%x", places[i], lengths[j]), n),
				n);
			ck_assert_mem_eq(got, expected, n);
		}
	session_end(&session);
	bochs_free(twin);
}
END_TEST

START_TEST(memory_that_is_not_mapped_is_refused)
{
	uint32_t site = symbol(REGISTERS, "register_site");

	monitor_start(&session);
	run_to(&session, site);
	ck_assert_str_eq(ask(&session, "me0000000,4"), "E14");
	ck_assert_str_eq(ask(&session, "Me0000000,4:00000000"), "E14");
	/* the guest's 16 MiB end there: what is before the hole, and no write at all */
	ck_assert_uint_eq(strlen(ask(&session, "mfffffc,8")), 8);
	ck_assert_str_eq(ask(&session, "Mfffffc,8:1122334455667788"), "E14");
	ck_assert_uint_ne(word_at(&session, 0xfffffc), 0x44332211);
	session_end(&session);
}
END_TEST

START_TEST(memory_can_be_written_and_code_takes_effect)
{
	uint32_t site = symbol(REGISTERS, "register_site"), place;

	monitor_start(&session);
	run_to(&session, site);
	place = symbol(REGISTERS, "register_results") + 1;
	ck_assert_str_eq(ask(&session, "M%x,6:010203040506", place), "OK");
	ck_assert_uint_eq(word_at(&session, place + 2), 0x06050403);
	ck_assert_str_eq(ask(&session, "X%x,5:AB#$}", place), "OK"); /* escaped on the way */
	ck_assert_uint_eq(word_at(&session, place + 1), 0x7d242342);
	ck_assert_str_eq(ask(&session, "X%x,0:", place), "OK");
	/* a NOP over the CLI: no trap any more */
	ck_assert_str_eq(ask(&session, "M%x,1:90", site), "OK");
	ck_assert_reply(ask(&session, "vCont;s"), "T05");
	ck_assert_uint_eq(reg(&session, "eip"), site + 1);
	session_end(&session);
}
END_TEST

/* ---- for people ---- */

START_TEST(bochs_can_be_asked_but_not_moved)
{
	monitor_start(&session);
	ck_assert_reply(ask(&session, "?"), "T05");
	ck_assert_ptr_nonnull(strstr(monitor_ask(&session, "help"), "until-tick"));
	ck_assert_ptr_nonnull(
		strstr(monitor_ask(&session, "info gdt"), "GDT[0x0008]=Code segment"));
	ck_assert_ptr_nonnull(strstr(monitor_ask(&session, "screen"), "Booting from Hard Disk"));
	ck_assert_ptr_nonnull(strstr(monitor_ask(&session, "ticks"), "\n"));
	for (const char *const *command = (const char *const[]){"c", "q", "s 5", "u 0x100\nq",
		     "set eax = 1", "nonsense", "exit", NULL};
		*command; command++)
		ck_assert_ptr_nonnull(strstr(monitor_ask(&session, *command), "\"monitor help\""));
	ck_assert_uint_eq(reg(&session, "eip"), symbol(MONITOR, "monitor_main"));
	session_end(&session);
}
END_TEST

START_TEST(the_log_can_go_to_a_file)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/log", folder);
	session_start(
		&session, (char *[]){BRIDGE, "--log", path, "--monitor", MONITOR, REGISTERS, NULL});
	ck_assert_str_eq(ask(&session, "vCont;c"), "W00");
	ck_assert_ptr_null(strstr(session.output, "monitor |"));
	session_end(&session);
	ck_assert_int_eq(
		command_run("grep -q '^monitor | ringfence: loaded registers' %s", path), 0);
	ck_assert_int_eq(command_run("grep -q '^console | ' %s && rm %s", path, path), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bridge");
	TCase *t = tcase_create("state");

	tcase_add_checked_fixture(t, folder_make, folder_check_and_remove);
	tcase_set_timeout(t, 120);
	suite_add_tcase(suite, t);
	tcase_add_test(t, registers_are_those_of_the_machine);
	tcase_add_test(t, all_registers_at_once_are_the_same_registers);
	tcase_add_test(t, floating_point_registers_are_shown);
	tcase_add_test(t, eip_is_a_linear_address_unless_asked_otherwise);
	tcase_add_test(t, registers_can_be_set_where_bochs_can);
	tcase_add_test(t, memory_is_that_of_the_machine);
	tcase_add_test(t, memory_that_is_not_mapped_is_refused);
	tcase_add_test(t, memory_can_be_written_and_code_takes_effect);
	tcase_add_test(t, bochs_can_be_asked_but_not_moved);
	tcase_add_test(t, the_log_can_go_to_a_file);
	return suite_run(suite);
}
