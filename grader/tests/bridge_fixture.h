/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of the bridge share: sessions with the real program on the real Bochs, and the
 * promise that every test is held to: no process and no file is left.
 */
#ifndef BRIDGE_FIXTURE_H
#define BRIDGE_FIXTURE_H

#include "bridge_client.h"
#include "symbols.h"

#include <check.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define BRIDGE    "build/grader/bridge"
#define MONITOR   "build/monitor/1-solutions/monitor.elf"
#define REGISTERS "build/guests/registers.elf"
#define SECONDS   30 /* until what must happen at once has failed to */

/* tests/data/bridge_guest.asm */
enum how { TRIPLE_FAULT = 1, SLEEP, TIMER, COMPUTE, SEGMENT };

static char folder[64]; /* the test's own, also its TMPDIR */
static char guest[128]; /* the guest assembled last */

static inline void folder_make(void)
{
	strcpy(folder, "/tmp/check_bridge.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(setenv("TMPDIR", folder, 1), 0);
	unsetenv("BOCHS");
	snprintf(guest, sizeof(guest), "%s/guest.elf", folder);
	prctl(PR_SET_CHILD_SUBREAPER, 1); /* orphans come to us */
	signal(SIGPIPE, SIG_IGN);
}

/* Every process below us must end by itself, and soon. */
static inline void processes_check(void)
{
	pid_t pid = 0;

	for (int i = 0; i < 100 * SECONDS && pid >= 0; i++) {
		pid = waitpid(-1, NULL, WNOHANG);
		if (pid == 0)
			usleep(10000);
	}
	ck_assert_msg(pid == -1 && errno == ECHILD, "a process is left");
}

static inline void folder_check_and_remove(void)
{
	processes_check();
	unlink(guest);
	ck_assert_msg(rmdir(folder) == 0, "the bridge left something in %s", folder);
}

__attribute__((format(printf, 1, 2))) static inline int command_run(const char *format, ...)
{
	char command[1024];
	va_list arguments;
	int status;

	va_start(arguments, format);
	vsnprintf(command, sizeof(command), format, arguments);
	va_end(arguments);
	status = system(command);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* How it ended by itself; -1: by a signal. */
static inline int status_of(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ---- guests ---- */

static inline void guest_assemble(enum how how)
{
	int status = command_run(
		"nasm -f elf32 -Wall -Werror -DHOW=%d -o %s/guest.o grader/tests/data/bridge_guest.asm && "
		"ld -m elf_i386 -n --no-warn-rwx-segments -Ttext 0x100000 -e guest_start -o %s %s/guest.o && "
		"rm %s/guest.o",
		how, folder, guest, folder, folder);

	ck_assert_int_eq(status, 0);
}

static inline uint32_t symbol(const char *elf, const char *name)
{
	char error[SYMBOLS_ERROR_MAX];
	struct symbols *symbols = symbols_open(elf, error);
	uint32_t address;

	ck_assert_msg(symbols != NULL, "%s", error);
	ck_assert_msg(symbols_address(symbols, name, &address), "%s: no %s", elf, name);
	symbols_close(symbols);
	return address;
}

/* ---- sessions ---- */

static inline void session_start(struct bridge_client *c, char *const argv[])
{
	ck_assert(bridge_client_start(c, argv));
}

/* The solution's monitor with the guest "registers", at monitor_main. */
static inline void monitor_start(struct bridge_client *c)
{
	session_start(c, (char *[]){BRIDGE, "--monitor", MONITOR, REGISTERS, NULL});
}

static inline void bare_start(struct bridge_client *c, enum how how)
{
	guest_assemble(how);
	session_start(c, (char *[]){BRIDGE, guest, NULL});
}

/* Ends in order: the bridge must say that all was well. */
static inline void session_end(struct bridge_client *c)
{
	int status = bridge_client_end(c);

	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the bridge ended with %x",
		(unsigned)status);
}

__attribute__((format(printf, 2, 3))) static inline const char *ask(
	struct bridge_client *c, const char *format, ...)
{
	char request[4096];
	const char *got;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(request, sizeof(request), format, arguments);
	va_end(arguments);
	got = bridge_client_ask(c, request);
	ck_assert_msg(got != NULL, "the bridge closed the connection at \"%s\"", request);
	return got;
}

#define ck_assert_reply(text, start)                                                               \
	do {                                                                                       \
		const char *text_ = (text);                                                        \
		ck_assert_msg(!strncmp(text_, start, strlen(start)), "\"%s\" instead of \"%s\"",   \
			text_, start);                                                             \
	} while (0)

#define ck_assert_says(c, words)                                                                   \
	ck_assert_msg(strstr((c)->output, words), "\"%s\" without \"%s\"", (c)->output, words)

static inline const char *monitor_ask(struct bridge_client *c, const char *command)
{
	char digits[256];

	rsp_to_hex(digits, command, strlen(command));
	ck_assert_reply(ask(c, "qRcmd,%s", digits), "OK");
	return c->output;
}

/* Runs to an address. */
static inline void run_to(struct bridge_client *c, uint32_t address)
{
	ck_assert_reply(ask(c, "Z0,%x,1", address), "OK");
	ck_assert_reply(ask(c, "vCont;c"), "T05swbreak:;");
	ck_assert_reply(ask(c, "z0,%x,1", address), "OK");
}

/* ---- registers, by the names in the target description ---- */

static inline unsigned register_number(struct bridge_client *c, const char *name)
{
	static char description[16384];
	char wanted[40];
	const char *p;
	unsigned number;

	if (!*description) {
		p = ask(c, "qXfer:features:read:target.xml:0,3fff");
		ck_assert_int_eq(*p, 'l');
		snprintf(description, sizeof(description), "%s", p + 1);
	}
	snprintf(wanted, sizeof(wanted), "name=\"%s\"", name);
	p = strstr(description, wanted);
	ck_assert_msg(p != NULL, "the description has no %s", name);
	ck_assert_int_eq(sscanf(strstr(p, "regnum="), "regnum=\"%u\"", &number), 1);
	return number;
}

static inline uint64_t reg(struct bridge_client *c, const char *name)
{
	unsigned number = register_number(c, name);
	uint64_t value = 0;

	ck_assert_uint_ge(rsp_from_hex((uint8_t *)&value, ask(c, "p%x", number), 8), 4);
	return value;
}

/* The reply to a change. */
static inline const char *reg_set(struct bridge_client *c, const char *name, uint32_t value)
{
	unsigned number = register_number(c, name);
	char digits[9];

	rsp_to_hex(digits, &value, 4);
	return ask(c, "P%x=%s", number, digits);
}

static inline uint32_t word_at(struct bridge_client *c, uint32_t address)
{
	uint32_t value = 0;

	ck_assert_uint_eq(rsp_from_hex((uint8_t *)&value, ask(c, "m%x,4", address), 4), 4);
	return value;
}

static inline int suite_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
