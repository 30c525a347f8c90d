/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a machine starts and ends, in order and otherwise: nothing is left behind, the caller's image
 * never changes, and each way to fail has a message that says what to do.
 *
 * Invariant: the fixture checks after every test that no process, no file and no descriptor is
 * left.
 */
#include "bochs_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>

enum how { POWER_OFF, TRIPLE_FAULT, BIOS_PANIC, HALT };

#define WORDS "hello from the machine\n"

static const char *end_image(enum how how)
{
	char option[16];

	snprintf(option, sizeof(option), "-DHOW=%d", how);
	return assemble("bochs_end", option);
}

static void file_write(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static size_t file_read(const char *path, uint8_t *bytes, size_t length)
{
	FILE *f = fopen(path, "rb");
	size_t n;

	ck_assert_ptr_nonnull(f);
	n = fread(bytes, 1, length, f);
	fclose(f);
	return n;
}

/* The process that a process of ours started last, or 0. */
static pid_t child_of(pid_t pid)
{
	char path[64];
	FILE *f;
	int child = 0;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	if (fscanf(f, "%d", &child) != 1)
		child = 0;
	fclose(f);
	return child;
}

static double seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* --- Ends that a machine can come to --- */

static void end_check(enum how how, enum bochs_stop stop, enum bochs_exit status, const char *why)
{
	struct bochs *b = machine_boot(&(struct bochs_config){.disk = end_image(how), .e9 = true});
	uint64_t ticks = bochs_ticks(b), end;
	uint8_t byte;

	ck_assert_str_eq(bochs_report(b), "");
	ck_assert_stop(b, bochs_run_ticks(b, PLENTY), stop);
	ck_assert_int_eq(bochs_exit_status(b), status);
	end = bochs_ticks(b);
	ck_assert_uint_gt(end, ticks);
	ck_assert_msg(strstr(bochs_error(b), why) != NULL, "%s", bochs_error(b));
	ck_assert_ptr_nonnull(strstr(bochs_report(b), "| EAX="));
	ck_assert_ptr_null(strstr(bochs_report(b), "===="));
	/* what it said stays, what it was is gone */
	ck_assert_str_eq(bochs_log(b, NULL), WORDS);
	ck_assert_str_eq(bochs_console(b, NULL), WORDS);
	ck_assert_ptr_null(bochs_registers(b));
	ck_assert_uint_eq(bochs_read_linear(b, 0, &byte, 1), 0);
	ck_assert_uint_eq(bochs_read_physical(b, 0, &byte, 1), 0);
	ck_assert_int_eq(bochs_write_physical(b, 0, &byte, 1), -1);
	ck_assert_int_eq(bochs_set_register(b, BOCHS_EAX, 1), -1);
	ck_assert_stop(b, bochs_run_ticks(b, 1), BOCHS_STOP_ERROR);
	ck_assert_msg(strstr(bochs_error(b), why) != NULL, "%s", bochs_error(b));
	ck_assert_int_eq(bochs_end(b), 0);
	ck_assert_int_eq(bochs_exit_status(b), status);
	ck_assert_uint_eq(bochs_ticks(b), end);
	bochs_free(b);
}

START_TEST(a_machine_can_switch_itself_off)
{
	end_check(POWER_OFF, BOCHS_STOP_POWER_OFF, BOCHS_EXIT_POWER_OFF, "shutdown requested");
}
END_TEST

START_TEST(a_triple_fault_is_named)
{
	end_check(TRIPLE_FAULT, BOCHS_STOP_TRIPLE_FAULT, BOCHS_EXIT_TRIPLE_FAULT,
		"exception with no resolution");
}
END_TEST

START_TEST(a_panic_of_bochs_is_named)
{
	end_check(BIOS_PANIC, BOCHS_STOP_PANIC, BOCHS_EXIT_PANIC, "BIOS panic");
}
END_TEST

START_TEST(the_console_can_be_read_while_the_machine_runs)
{
	struct bochs *b = machine_boot(&(struct bochs_config){.disk = end_image(HALT)});
	size_t length;

	ck_assert_str_eq(bochs_console(b, &length), "");
	ck_assert_uint_eq(length, 0);
	ck_assert_stop(b, bochs_run_until(b, label(0), PLENTY), BOCHS_STOP_BREAKPOINT);
	ck_assert_str_eq(bochs_console(b, &length), WORDS);
	ck_assert_uint_eq(length, strlen(WORDS));
	ck_assert_str_eq(bochs_log(b, NULL), ""); /* no port 0xE9 was asked for */
	bochs_end(b);
	bochs_end(b);
	ck_assert_int_eq(bochs_exit_status(b), BOCHS_EXIT_ENDED);
	ck_assert_str_eq(bochs_error(b), "");
	ck_assert_str_eq(bochs_console(b, NULL), WORDS);
	ck_assert_stop(b, bochs_run_ticks(b, 1), BOCHS_STOP_ERROR);
	ck_assert_str_eq(bochs_error(b), "the machine has ended");
	bochs_free(b);
}
END_TEST

/* --- The disk --- */

#define SECOND_DISK (70u * 512) /* one cylinder, and a part of one */

START_TEST(the_machine_writes_to_a_copy_that_can_be_kept)
{
	static uint8_t before[1024], after[1024], kept[600000];
	char keep[128];
	struct bochs *b;
	size_t n;

	snprintf(keep, sizeof(keep), "%s/kept", folder);
	n = file_read(end_image(POWER_OFF), before, sizeof(before));
	ck_assert_uint_eq(n, 512);
	b = machine_boot(&(struct bochs_config){.disk = image, .keep_disk = keep});
	ck_assert_stop(b, bochs_run_ticks(b, PLENTY), BOCHS_STOP_POWER_OFF);
	ck_assert_int_eq(bochs_end(b), 0);
	bochs_free(b);
	ck_assert_uint_eq(file_read(image, after, sizeof(after)), 512);
	ck_assert_mem_eq(before, after, 512);
	/* a whole cylinder, the boot sector twice, zeros */
	ck_assert_uint_eq(file_read(keep, kept, sizeof(kept)), 16 * 63 * 512);
	ck_assert_mem_eq(kept, before, 512);
	ck_assert_mem_eq(kept + 512, before, 512);
	ck_assert_uint_eq(kept[1024], 0);
	unlink(keep);
}
END_TEST

START_TEST(a_disk_that_cannot_be_kept_is_said)
{
	struct bochs *b = machine_start(&(struct bochs_config){
		.disk = end_image(POWER_OFF), .keep_disk = "/nonexistent/disk"});

	ck_assert_int_eq(bochs_end(b), -1);
	ck_assert_str_eq(bochs_error(b),
		"/nonexistent/disk: cannot keep the disk: No such file or directory");
	bochs_free(b);
}
END_TEST

/* --- The second disk --- */

static const char *second_image(size_t size)
{
	static char path[128];
	static uint8_t bytes[SECOND_DISK];
	FILE *f;

	snprintf(path, sizeof(path), "%s/second", folder);
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(i * 7 + i / 512);
	f = fopen(path, "wb");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes, 1, size, f), size);
	fclose(f);
	return path;
}

/* The script of tests/data/ide_script.asm: steps of what, value, and a port or count. */
static const uint8_t write_a_sector[][4] = {{1, 0xe0, 0x76, 0x01}, {1, 1, 0x72, 0x01},
	{1, 68, 0x73, 0x01}, {1, 0, 0x74, 0x01}, {1, 0, 0x75, 0x01}, {1, 0x30, 0x77, 0x01},
	{5, 0, 0, 0}, {4, 0x11, 0x00, 0x01}, {5, 0, 0, 0}, {0, 0, 0, 0}};

START_TEST(the_second_disk_is_a_copy_that_can_be_read)
{
	static uint8_t before[SECOND_DISK], after[SECOND_DISK];
	const char *second = second_image(sizeof(before));
	struct bochs *b = machine_boot(
		&(struct bochs_config){.disk = assemble("ide_script", ""), .second_disk = second});

	ck_assert_uint_eq(bochs_second_disk_read(b, 0, before, sizeof(before)), sizeof(before));
	ck_assert_int_eq(
		bochs_write_physical(b, 0x8000, write_a_sector, sizeof(write_a_sector)), 0);
	ck_assert_stop(b, bochs_run_until(b, label(1), PLENTY), BOCHS_STOP_BREAKPOINT);
	ck_assert_uint_eq(bochs_second_disk_read(b, 0, after, sizeof(after)), sizeof(after));
	ck_assert_mem_eq(before, after, 68 * 512);
	ck_assert_uint_eq(after[68 * 512] | after[68 * 512 + 1] << 8, 0x1111 + 256);
	ck_assert_uint_eq(after[69 * 512 - 2] | after[69 * 512 - 1] << 8, 0x1111 + 1);
	ck_assert_mem_eq(before + 69 * 512, after + 69 * 512, sizeof(before) - 69 * 512);
	bochs_end(b);
	ck_assert_uint_eq(bochs_second_disk_read(b, 68 * 512, before, 1024), 1024);
	ck_assert_mem_eq(before, after + 68 * 512, 1024);
	ck_assert_uint_eq(bochs_second_disk_read(b, SECOND_DISK - 5, before, 1024), 5);
	ck_assert_uint_eq(bochs_second_disk_read(b, SECOND_DISK, before, 1024), 0);
	bochs_free(b);
	/* and the image is as it was */
	ck_assert_uint_eq(file_read(second, before, sizeof(before)), sizeof(before));
	ck_assert_uint_eq(before[68 * 512 + 3], (uint8_t)((68 * 512 + 3) * 7 + 68));
	unlink(second);
}
END_TEST

START_TEST(a_machine_may_have_one_disk)
{
	struct bochs *b = machine_start(&(struct bochs_config){.disk = assemble("bochs_loop", "")});
	uint8_t byte;

	ck_assert_uint_eq(bochs_second_disk_read(b, 0, &byte, 1), 0);
	bochs_free(b);
}
END_TEST

/* --- Starts that fail --- */

static void start_fails(const struct bochs_config *config, const char *why)
{
	struct bochs *b;

	ck_assert_int_eq(bochs_start(&b, config), -1);
	ck_assert_msg(strstr(bochs_error(b), why) != NULL, "\"%s\" does not say \"%s\"",
		bochs_error(b), why);
	ck_assert_ptr_null(strchr(bochs_error(b), '\n'));
	ck_assert_int_eq(bochs_exit_status(b), BOCHS_EXIT_FAILED);
	ck_assert_ptr_null(bochs_registers(b));
	ck_assert_stop(b, bochs_run_ticks(b, 1), BOCHS_STOP_ERROR);
	ck_assert_int_eq(bochs_end(b), 0);
	bochs_free(b);
}

START_TEST(a_missing_bochs_is_named_with_what_to_install)
{
	struct bochs_config config = {.disk = end_image(HALT), .program = "/nonexistent/bochs"};

	start_fails(&config, "cannot run /nonexistent/bochs: No such file");
	start_fails(&config, "apt-get install bochs bochsbios vgabios");
	config.program = NULL;
	ck_assert_int_eq(setenv("BOCHS", "/nonexistent/other", 1), 0);
	start_fails(&config, "cannot run /nonexistent/other");
}
END_TEST

START_TEST(a_program_that_is_not_bochs_is_named)
{
	char script[128];

	start_fails(&(struct bochs_config){.disk = end_image(HALT), .program = "/bin/false"},
		"/bin/false did not start a machine: it ended with status 1 and said nothing");
	snprintf(script, sizeof(script), "%s/talk", folder);
	file_write(script, "#!/bin/sh\necho first >&2\necho no such option >&2\nexit 3\n", 0755);
	start_fails(&(struct bochs_config){.disk = image, .program = script},
		"it ended with status 3; its last words: no such option");
	unlink(script);
}
END_TEST

START_TEST(a_bochs_that_hangs_is_killed_with_all_it_started)
{
	struct bochs_config config = {.disk = end_image(HALT), .seconds = 1};
	char script[128];
	double start = seconds_now();

	snprintf(script, sizeof(script), "%s/hang", folder);
	file_write(script, "#!/bin/sh\nsleep 1000 & sleep 1000\n", 0755);
	config.program = script;
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	start_fails(&config, "did not answer for 1 seconds");
	ck_assert(seconds_now() - start < 10);
	while (waitpid(-1, NULL, 0) > 0) /* the script's own children, dead */
		;
	unlink(script);
}
END_TEST

START_TEST(a_missing_bios_is_named_with_what_to_install)
{
	ck_assert_int_eq(setenv("BXSHARE", "/nonexistent", 1), 0);
	start_fails(&(struct bochs_config){.disk = end_image(HALT)}, "misses its BIOS");
	start_fails(&(struct bochs_config){.disk = image}, "apt-get install bochsbios vgabios");
}
END_TEST

START_TEST(a_bad_configuration_is_refused)
{
	start_fails(&(struct bochs_config){.disk = NULL}, "no disk image");
	start_fails(&(struct bochs_config){.disk = "/nonexistent/disk"},
		"/nonexistent/disk: No such file");
	start_fails(&(struct bochs_config){.disk = folder}, "not a file");
	file_write(image, "", 0644);
	start_fails(&(struct bochs_config){.disk = image}, "empty");
	end_image(HALT);
	start_fails(&(struct bochs_config){.disk = end_image(HALT), .second_disk = "/none"},
		"/none: No such file");
	start_fails(&(struct bochs_config){.disk = image, .second_disk = image},
		"has 512 bytes: a guest's disk has 32768 or more");
	start_fails(&(struct bochs_config){.disk = image, .megs = 4096}, "at most 2048");
	start_fails(&(struct bochs_config){.disk = image, .cpu_model = "a b"}, "not a name");
	start_fails(&(struct bochs_config){.disk = image, .cpu_model = "z80"}, "cpu directive");
}
END_TEST

/* --- Ends that others bring about --- */

START_TEST(a_killed_bochs_is_told_from_a_machine_that_ended)
{
	struct bochs *b = machine_boot(&(struct bochs_config){.disk = end_image(HALT)});

	ck_assert_int_eq(kill(child_of(getpid()), SIGKILL), 0);
	ck_assert_stop(b, bochs_run_ticks(b, PLENTY), BOCHS_STOP_ERROR);
	ck_assert_int_eq(bochs_exit_status(b), BOCHS_EXIT_KILLED);
	ck_assert_ptr_nonnull(strstr(bochs_error(b), "killed by signal 9"));
	bochs_free(b);
}
END_TEST

START_TEST(a_bochs_that_stops_answering_is_killed)
{
	struct bochs *b =
		machine_boot(&(struct bochs_config){.disk = end_image(HALT), .seconds = 1});

	ck_assert_int_eq(kill(child_of(getpid()), SIGSTOP), 0);
	ck_assert_ptr_null(bochs_inspect(b, "creg"));
	ck_assert_ptr_nonnull(strstr(bochs_error(b), "did not answer"));
	ck_assert_int_eq(bochs_exit_status(b), BOCHS_EXIT_FAILED);
	bochs_free(b);
}
END_TEST

START_TEST(the_end_does_not_wait_for_a_bochs_that_hangs)
{
	struct bochs *b = machine_boot(&(struct bochs_config){.disk = end_image(HALT)});
	double start = seconds_now();

	ck_assert_int_eq(kill(child_of(getpid()), SIGSTOP), 0);
	ck_assert_int_eq(bochs_end(b), 0);
	ck_assert(seconds_now() - start < 5);
	ck_assert_int_eq(bochs_exit_status(b), BOCHS_EXIT_ENDED);
	bochs_free(b);
}
END_TEST

/* A driver of its own that runs a machine without end; returns it once the machine runs. */
static pid_t driver_start(bool handle_signals)
{
	int ends[2];
	char byte;
	pid_t driver;

	assemble("bochs_loop", "");
	ck_assert_int_eq(pipe(ends), 0);
	driver = fork();
	if (driver == 0) {
		struct bochs *b;

		signal(SIGINT, SIG_DFL); /* Check has handlers of its own */
		signal(SIGTERM, SIG_DFL);
		if (bochs_start(&b, &(struct bochs_config){.disk = image}))
			_exit(1);
		if (handle_signals)
			bochs_end_all_on_signal();
		if (write(ends[1], "x", 1) != 1)
			_exit(1);
		bochs_run_ticks(b, UINT64_MAX);
		_exit(2);
	}
	ck_assert_int_eq(read(ends[0], &byte, 1), 1);
	close(ends[0]);
	close(ends[1]);
	usleep(100000);
	return driver;
}

/* We take in the orphans: every process below us must end. */
static void driver_dies_by(int signal_number, bool handle_signals)
{
	pid_t driver, machine;
	int status;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	driver = driver_start(handle_signals);
	machine = child_of(driver);
	ck_assert_int_gt(machine, 0);
	ck_assert_int_eq(kill(driver, signal_number), 0);
	ck_assert_int_eq(waitpid(driver, &status, 0), driver);
	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), signal_number);
	ck_assert_int_eq(waitpid(machine, &status, 0), machine);
	ck_assert_int_eq(kill(machine, 0), -1);
}

START_TEST(bochs_dies_with_a_driver_that_is_killed)
{
	driver_dies_by(SIGKILL, false);
}
END_TEST

START_TEST(bochs_dies_with_a_driver_that_is_interrupted)
{
	driver_dies_by(SIGINT, false);
	driver_dies_by(SIGINT, true);
	driver_dies_by(SIGTERM, true);
}
END_TEST

START_TEST(machines_do_not_hold_each_other_open)
{
	struct bochs *first = machine_start(&(struct bochs_config){.disk = end_image(HALT)});
	pid_t first_process = child_of(getpid());
	struct bochs *second = machine_start(&(struct bochs_config){.disk = image, .e9 = true});
	pid_t second_process = 0;
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", getpid(), getpid());
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fscanf(f, "%*d %d", &second_process), 1);
	fclose(f);
	ck_assert_int_ne(first_process, second_process);
	/* beside 0 to 2, what the driver hands over: 10 to 17, and what Bochs opens itself */
	for (int fd = 32; fd < 256; fd++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", second_process, fd);
		ck_assert_msg(access(path, F_OK) != 0, "the second machine has descriptor %d", fd);
	}
	/* the end of the first is seen at once: nobody else holds its streams */
	ck_assert_int_eq(kill(first_process, SIGKILL), 0);
	ck_assert_stop(first, bochs_run_ticks(first, 1), BOCHS_STOP_ERROR);
	ck_assert_int_eq(bochs_exit_status(first), BOCHS_EXIT_KILLED);
	ck_assert_stop(second, bochs_run_ticks(second, 1000), BOCHS_STOP_LIMIT);
	bochs_free(first);
	bochs_free(second);
}
END_TEST

/* --- The network --- */

static ino_t network_of(pid_t pid)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	ck_assert_int_eq(stat(path, &st), 0);
	return st.st_ino;
}

static void isolation_check(void)
{
	struct bochs *b = machine_boot(&(struct bochs_config){.disk = image, .seconds = 5});
	pid_t process = child_of(getpid());

	if (bochs_isolation(b) != BOCHS_ISOLATION_NONE)
		ck_assert_uint_ne(network_of(process), network_of(getpid()));
	ck_assert_stop(b, bochs_run_ticks(b, PLENTY), BOCHS_STOP_HALTED);
	bochs_free(b);
}

START_TEST(the_display_is_not_on_the_network)
{
	end_image(HALT);
	isolation_check();
}
END_TEST

/* Where nobody may become another user, the test above was this one. */
START_TEST(the_display_is_not_on_the_network_without_root)
{
	int status;
	pid_t user;

	if (geteuid() != 0)
		return;
	end_image(HALT);
	ck_assert_int_eq(chmod(folder, 0755), 0);
	user = fork();
	if (user == 0) {
		ck_assert_int_eq(setgid(65534), 0);
		ck_assert_int_eq(setuid(65534), 0);
		isolation_check();
		_exit(0);
	}
	ck_assert_int_eq(waitpid(user, &status, 0), user);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bochs_life");
	TCase *life = tcase_create("life");

	tcase_add_checked_fixture(life, folder_make, folder_check_and_remove);
	tcase_set_timeout(life, 60);
	suite_add_tcase(suite, life);

	tcase_add_test(life, a_machine_can_switch_itself_off);
	tcase_add_test(life, a_triple_fault_is_named);
	tcase_add_test(life, a_panic_of_bochs_is_named);
	tcase_add_test(life, the_console_can_be_read_while_the_machine_runs);
	tcase_add_test(life, the_machine_writes_to_a_copy_that_can_be_kept);
	tcase_add_test(life, a_disk_that_cannot_be_kept_is_said);
	tcase_add_test(life, the_second_disk_is_a_copy_that_can_be_read);
	tcase_add_test(life, a_machine_may_have_one_disk);
	tcase_add_test(life, a_missing_bochs_is_named_with_what_to_install);
	tcase_add_test(life, a_program_that_is_not_bochs_is_named);
	tcase_add_test(life, a_bochs_that_hangs_is_killed_with_all_it_started);
	tcase_add_test(life, a_missing_bios_is_named_with_what_to_install);
	tcase_add_test(life, a_bad_configuration_is_refused);
	tcase_add_test(life, a_killed_bochs_is_told_from_a_machine_that_ended);
	tcase_add_test(life, a_bochs_that_stops_answering_is_killed);
	tcase_add_test(life, the_end_does_not_wait_for_a_bochs_that_hangs);
	tcase_add_test(life, bochs_dies_with_a_driver_that_is_killed);
	tcase_add_test(life, bochs_dies_with_a_driver_that_is_interrupted);
	tcase_add_test(life, machines_do_not_hold_each_other_open);
	tcase_add_test(life, the_display_is_not_on_the_network);
	tcase_add_test(life, the_display_is_not_on_the_network_without_root);
	return suite_run(suite);
}
