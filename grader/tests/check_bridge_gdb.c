/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bridge under the real GDB, started by it through a pipe as "make gdb" does.
 *
 * Invariant: the fixture checks after every test that no process and no file is left, however GDB
 * ended.
 */
#include "bridge_fixture.h"

#include <fcntl.h>
#include <signal.h>

#define RUNS_MS 200 /* long enough for a machine to be in the middle of a run */

/* GDB with a script, its output in folder/out; the process group is its own. */
static pid_t gdb_start(const char *script)
{
	char path[128], out[128];
	pid_t pid;
	FILE *f;

	snprintf(path, sizeof(path), "%s/script", folder);
	snprintf(out, sizeof(out), "%s/out", folder);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fprintf(f,
		"set pagination off\nset confirm off\nset architecture i386\n"
		"target remote | " BRIDGE " --monitor " MONITOR " " REGISTERS "\n%s",
		script);
	fclose(f);
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		dup2(open(out, O_WRONLY | O_CREAT | O_TRUNC, 0666), STDOUT_FILENO);
		dup2(STDOUT_FILENO, STDERR_FILENO);
		signal(SIGINT, SIG_DFL);
		execlp("gdb", "gdb", "-nx", "-batch", "-x", path, MONITOR, (char *)NULL);
		_exit(127);
	}
	return pid;
}

static void ck_assert_gdb_said(const char *words)
{
	ck_assert_msg(command_run("grep -q -- '%s' %s/out", words, folder) == 0,
		"GDB did not say \"%s\"; see %s/out", words, folder);
}

static void gdb_files_remove(void)
{
	ck_assert_int_eq(command_run("rm -f %s/script %s/out", folder, folder), 0);
}

START_TEST(gdb_follows_a_trap_across_the_rings)
{
	pid_t pid = gdb_start("add-symbol-file " REGISTERS "\n"
			      "break register_site\ncontinue\n"
			      "printf \"in ring %d\\n\", $cpl\n"
			      "stepi\nprintf \"then in ring %d\\n\", $cpl\ninfo symbol $pc\n"
			      "delete\ntbreak register_after\ncontinue\n"
			      "printf \"back in ring %d\\n\", $cpl\n"
			      "p/x $ds_limit < 0xf0000000\n"
			      "watch *(int *)&case_offset\ncontinue\ndelete\n"
			      "set $eflags = $eflags ^ 0x200\n"
			      "continue\n");

	ck_assert_int_eq(status_of(pid), 1); /* a script ends at an error */
	ck_assert_gdb_said("in ring 1");
	ck_assert_gdb_said("then in ring 0");
	ck_assert_gdb_said("^stub13 in section .text");
	ck_assert_gdb_said("back in ring 1");
	ck_assert_gdb_said("Hardware watchpoint");
	ck_assert_gdb_said("^Old value = 0");
	ck_assert_gdb_said("Could not write register .eflags.*Bochs cannot change EFLAGS");
	gdb_files_remove();
}
END_TEST

START_TEST(gdb_sees_the_console_and_the_end)
{
	pid_t pid = gdb_start("continue\n");

	ck_assert_int_eq(status_of(pid), 0);
	ck_assert_gdb_said("^monitor | ringfence: loaded registers");
	ck_assert_gdb_said("^console | registers ");
	ck_assert_gdb_said("exited normally");
	gdb_files_remove();
}
END_TEST

START_TEST(gdb_that_dies_leaves_no_machine)
{
	static const int signals[] = {SIGKILL, SIGTERM, SIGHUP};

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		/* runs for ever: a loop in the monitor */
		pid_t pid = gdb_start("set *(short *)$pc = 0xfeeb\necho running\\n\ncontinue\n");

		for (int t = 0; command_run("grep -qs running %s/out", folder) != 0; t++) {
			ck_assert_int_lt(t, 100 * SECONDS);
			usleep(10000);
		}
		usleep(RUNS_MS * 1000);
		ck_assert_int_eq(kill(pid, signals[i]), 0);
		status_of(pid);
		processes_check();
		gdb_files_remove();
	}
}
END_TEST

/* As a terminal does it: the signal goes to GDB and to the bridge. */
START_TEST(control_c_in_gdb_stops_the_machine_and_not_the_bridge)
{
	pid_t pid = gdb_start("set *(short *)$pc = 0xfeeb\necho running\\n\ncontinue\n"
			      "printf \"at %x\\n\", $pc\ninfo symbol $pc\n");

	for (int t = 0; command_run("grep -qs running %s/out", folder) != 0; t++) {
		ck_assert_int_lt(t, 100 * SECONDS);
		usleep(10000);
	}
	usleep(RUNS_MS * 1000);
	ck_assert_int_eq(kill(-pid, SIGINT), 0);
	status_of(pid);
	ck_assert_gdb_said("received signal SIGINT");
	gdb_files_remove();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bridge_gdb");
	TCase *t = tcase_create("gdb");

	tcase_add_checked_fixture(t, folder_make, folder_check_and_remove);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, gdb_follows_a_trap_across_the_rings);
	tcase_add_test(t, gdb_sees_the_console_and_the_end);
	tcase_add_test(t, gdb_that_dies_leaves_no_machine);
	tcase_add_test(t, control_c_in_gdb_stops_the_machine_and_not_the_bridge);
	suite_add_tcase(suite, t);
	return suite_run(suite);
}
