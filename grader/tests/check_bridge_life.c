/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bridge's connections: what GDB sends may be damaged, and GDB may leave in any way; the bridge
 * answers or ends, and nothing of it is left.
 *
 * Invariant: the fixture checks after every test that no process and no file is left.
 */
#include "bridge_fixture.h"

#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

#define RUNS_MS 200 /* long enough for a machine to be in the middle of a run */

static struct bridge_client session, second;

static double seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- malformed requests ---- */

START_TEST(malformed_requests_are_refused_and_change_nothing)
{
	static const char *const requests[] = {"m", "m,", "mzz,4", "m0", "m100000000,4", "m-1,4",
		"M0,4:00", "M0,4", "M0:00", "X0,4:1", "X0,1:12", "P", "P9", "P9=", "P99=00000000",
		"P=0", "p", "pff", "p-1", "G", "G00", "Z", "Z0", "Z0,0", "Z0,123456789,1", "Z2,0",
		"vCont;", "vCont;q", "vCont;r1", "vCont;r1,", "vCont;t",
		"qXfer:features:read:", "qXfer:features:read:other.xml:0,10",
		"qXfer:features:read:target.xml:0", "H", "Hg7", "T", "T9"};
	static const char *const unknown[] = {"", "J", "vFile:open", "qNothing", "QNothing", "bc",
		"Z9,0,1", "vMustReplyEmpty", "qXfer:memory-map:read::0,10", "\377\376"};
	char before[1024];

	monitor_start(&session);
	snprintf(before, sizeof(before), "%s", ask(&session, "g"));
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		ck_assert_msg(*ask(&session, "%s", requests[i]) == 'E',
			"\"%s\" was answered \"%s\"", requests[i], session.rsp.packet);
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		ck_assert_msg(!*ask(&session, "%s", unknown[i]), "\"%s\" was answered \"%s\"",
			unknown[i], session.rsp.packet);
	ck_assert_str_eq(ask(&session, "qXfer:features:read:target.xml:ffffffff,ffffffff"), "l");
	ck_assert_uint_gt(strlen(ask(&session, "m%x,ffffffff", symbol(MONITOR, "vm_exit"))), 4096);
	ck_assert_str_eq(ask(&session, "qRcmd,"), "OK");
	ck_assert_str_eq(ask(&session, "qRcmd,zz"), "OK");
	ck_assert_str_eq(ask(&session, "g"), before);
	session_end(&session);
}
END_TEST

START_TEST(a_packet_that_is_too_long_is_refused)
{
	static char bytes[8 * RSP_PACKET_MAX];
	uint8_t sum = 0;
	char tail[8];

	monitor_start(&session);
	memset(bytes, 'm', sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++)
		sum = (uint8_t)(sum + bytes[i]);
	snprintf(tail, sizeof(tail), "#%02x", sum);
	ck_assert_int_eq(write(session.fd, "$", 1), 1);
	ck_assert_int_eq(write(session.fd, bytes, sizeof(bytes)), (ssize_t)sizeof(bytes));
	ck_assert_int_eq(write(session.fd, tail, 3), 3);
	ck_assert_reply(bridge_client_reply(&session), "E.a packet of more than");
	ck_assert_reply(ask(&session, "?"), "T05");
	session_end(&session);
}
END_TEST

/* Any letter but those that end the session by right. */
static void random_request(char *text, size_t length)
{
	static const char letters[] = "!?cCgGmMpPqQsSTvXzZH\003 abJ";

	text[0] = letters[(size_t)random() % (sizeof(letters) - 1)];
	for (size_t i = 1; i < length; i++)
		text[i] = random() % 4 ? "0123456789abcdef,;:=-"[random() % 21]
				       : (char)(random() % 256);
}

START_TEST(a_second_of_random_bytes_does_no_harm)
{
	double end = seconds_now() + 1;
	char text[512];
	unsigned n;

	srandom(1);
	bare_start(&session, TIMER);
	/* well-formed packets of nonsense: each is answered, a run is ended by the next one */
	for (n = 0; seconds_now() < end || n < 100; n++) {
		size_t length = 1 + (size_t)random() % 64;

		random_request(text, length);
		rsp_send(&session.rsp, text, length);
		if (strchr("cC", text[0]) || !strncmp(text, "vCont", 5))
			ck_assert_int_eq(write(session.fd, "\003", 1), 1);
		ck_assert_msg(bridge_client_reply(&session) != NULL, "packet %u ended it", n);
	}
	/* bytes without any form, among them requests to send again: answers come several times */
	for (n = 0; n < 64; n++) {
		for (size_t i = 0; i < sizeof(text); i++)
			text[i] = (char)random();
		ck_assert_int_eq(write(session.fd, text, sizeof(text)), sizeof(text));
	}
	rsp_send(&session.rsp, "qC", 2);
	do
		ck_assert_ptr_nonnull(bridge_client_reply(&session));
	while (strcmp(session.rsp.packet, "QC1") != 0);
	rsp_send(&session.rsp, "qfThreadInfo", 12);
	do
		ck_assert_ptr_nonnull(bridge_client_reply(&session));
	while (strcmp(session.rsp.packet, "m1") != 0);
	session_end(&session);
}
END_TEST

/* ---- ways to leave ---- */

static void let_it_run(struct bridge_client *c)
{
	ck_assert_reply(ask(c, "?"), "T05");
	rsp_send(&c->rsp, "vCont;c", 7);
	usleep(RUNS_MS * 1000);
}

START_TEST(a_connection_closed_in_the_middle_of_a_run_ends_the_machine)
{
	double start;

	bare_start(&session, TIMER);
	let_it_run(&session);
	start = seconds_now();
	session_end(&session);
	ck_assert(seconds_now() - start < 5);
}
END_TEST

START_TEST(a_connection_closed_during_the_boot_ends_the_machine)
{
	monitor_start(&session);
	rsp_send(&session.rsp, "?", 1);
	session_end(&session);
	/* and where the machine would never come to its start */
	guest_assemble(TIMER);
	session_start(&session, (char *[]){BRIDGE, "--until", "0x12345678", guest, NULL});
	rsp_send(&session.rsp, "?", 1);
	usleep(RUNS_MS * 1000);
	session_end(&session);
}
END_TEST

START_TEST(a_bridge_that_is_killed_takes_the_machine_with_it)
{
	static const int signals[] = {SIGKILL, SIGTERM, SIGHUP};

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		bare_start(&session, TIMER);
		let_it_run(&session);
		ck_assert_int_eq(kill(session.process, signals[i]), 0);
		ck_assert_int_eq(WTERMSIG(bridge_client_end(&session)), signals[i]);
		processes_check();
	}
}
END_TEST

START_TEST(detach_and_kill_end_the_session)
{
	static const char *const words[] = {"D", "D;1", "vKill;1", "k"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		monitor_start(&session);
		ck_assert_reply(ask(&session, "?"), "T05");
		rsp_send(&session.rsp, words[i], strlen(words[i]));
		if (*words[i] != 'k')
			ck_assert_str_eq(bridge_client_reply(&session), "OK");
		ck_assert_ptr_null(bridge_client_reply(&session));
		session_end(&session);
	}
}
END_TEST

START_TEST(two_sessions_at_once_do_not_meet)
{
	uint32_t site = symbol(REGISTERS, "register_site");
	char first_registers[1024];

	monitor_start(&session);
	monitor_start(&second);
	run_to(&session, site);
	ck_assert_reply(reg_set(&second, "ebx", 0x11111111), "OK");
	snprintf(first_registers, sizeof(first_registers), "%s", ask(&session, "g"));
	run_to(&second, site);
	ck_assert_str_eq(ask(&second, "g"), first_registers); /* the same machine */
	ck_assert_str_eq(ask(&session, "vCont;c"), "W00");
	ck_assert_reply(ask(&second, "vCont;s"), "T05");
	session_end(&session);
	ck_assert_str_eq(ask(&second, "vCont;c"), "W00");
	session_end(&second);
}
END_TEST

/* ---- sockets ---- */

static char socket_path[128];

static pid_t listener_start(const char *option, const char *value)
{
	pid_t pid = fork();

	if (pid == 0) {
		signal(SIGTERM, SIG_DFL);
		execl(BRIDGE, BRIDGE, option, value, "--monitor", MONITOR, REGISTERS, (char *)NULL);
		_exit(127);
	}
	return pid;
}

static void connection_open(struct bridge_client *c, const struct sockaddr *address, socklen_t size)
{
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	for (int i = 0; connect(fd, address, size) != 0; i++) {
		ck_assert_msg(i < 100 * SECONDS, "nobody listens");
		usleep(10000);
	}
	bridge_client_connect(c, fd);
}

static void path_connect(struct bridge_client *c)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	strcpy(address.sun_path, socket_path);
	connection_open(c, (struct sockaddr *)&address, sizeof(address));
}

START_TEST(a_socket_serves_one_gdb_and_is_gone)
{
	pid_t pid, other;

	snprintf(socket_path, sizeof(socket_path), "%s/socket", folder);
	pid = listener_start("--socket", socket_path);
	for (int i = 0; access(socket_path, F_OK) != 0; i++) {
		ck_assert_int_lt(i, 100 * SECONDS);
		usleep(10000);
	}
	ck_assert_reply((path_connect(&session), ask(&session, "?")), "T05");
	ck_assert_int_ne(access(socket_path, F_OK), 0);
	/* the path is free for another session */
	other = listener_start("--socket", socket_path);
	path_connect(&second);
	ck_assert_reply(ask(&second, "?"), "T05");
	bridge_client_end(&second);
	ck_assert_int_eq(status_of(other), 0);
	ck_assert_str_eq(ask(&session, "D"), "OK");
	bridge_client_end(&session);
	ck_assert_int_eq(status_of(pid), 0);
}
END_TEST

START_TEST(a_socket_in_use_is_refused_and_a_stale_one_replaced)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pid_t pid;

	snprintf(socket_path, sizeof(socket_path), "%s/socket", folder);
	strcpy(address.sun_path, socket_path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	ck_assert_int_eq(status_of(listener_start("--socket", socket_path)), 2);
	close(fd);
	pid = listener_start("--socket", socket_path);
	path_connect(&session);
	ck_assert_reply(ask(&session, "?"), "T05");
	bridge_client_end(&session);
	ck_assert_int_eq(status_of(pid), 0);
	/* a signal while it waits leaves no socket */
	pid = listener_start("--socket", socket_path);
	while (access(socket_path, F_OK) != 0)
		usleep(10000);
	ck_assert_int_eq(kill(pid, SIGTERM), 0);
	ck_assert_int_eq(status_of(pid), 128 + SIGTERM);
	ck_assert_int_ne(access(socket_path, F_OK), 0);
}
END_TEST

START_TEST(a_port_is_open_on_the_loopback_interface_only)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char port[16];
	pid_t pid;

	/* a port that is free now */
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, size), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	close(fd);
	snprintf(port, sizeof(port), "%u", ntohs(address.sin_port));
	pid = listener_start("--port", port);
	/* what the kernel says of it while it listens (state 0A): 127.0.0.1, nothing else */
	for (int i = 0; command_run("grep -qi ':%04X 00000000:0000 0A' /proc/net/tcp",
				(unsigned)atoi(port)) != 0;
		i++) {
		ck_assert_int_lt(i, 100 * SECONDS);
		usleep(10000);
	}
	ck_assert_int_eq(command_run("grep -qi ' 0100007F:%04X 00000000:0000 0A' /proc/net/tcp",
				 (unsigned)atoi(port)),
		0);
	connection_open(&session, (struct sockaddr *)&address, size);
	ck_assert_reply(ask(&session, "?"), "T05");
	bridge_client_end(&session);
	ck_assert_int_eq(status_of(pid), 0);
}
END_TEST

START_TEST(what_cannot_be_served_is_refused_with_one_line)
{
	static const struct {
		const char *arguments, *words;
	} cases[] = {
		{"", "usage: bridge"},
		{"a.elf b.elf", "usage: bridge"},
		{"--socket x --port 1 " REGISTERS, "usage: bridge"},
		{"--port 70000 " REGISTERS, "--port wants a number"},
		{"--until main " REGISTERS, "--until wants a number"},
		{"nothing.elf", "nothing.elf"},
		{"--log /nowhere/log " REGISTERS, "/nowhere/log"},
		{"--socket /nowhere/socket " REGISTERS, "cannot listen on /nowhere/socket"},
		{"--socket README.md " REGISTERS, "README.md exists and is not a socket"},
		{"--until 0x12345678 --socket x " REGISTERS, "the machine did not reach 12345678"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_msg(command_run(BRIDGE " %s </dev/null >%s/out 2>&1", cases[i].arguments,
				      folder) == 2,
			"%s", cases[i].arguments);
		ck_assert_msg(command_run("grep -q -- '%s' %s/out && [ $(wc -l <%s/out) = 1 ]",
				      cases[i].words, folder, folder) == 0,
			"%s: another message", cases[i].arguments);
		ck_assert_int_eq(command_run("rm %s/out", folder), 0);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bridge_life");
	TCase *life = tcase_create("life");

	tcase_add_checked_fixture(life, folder_make, folder_check_and_remove);
	tcase_set_timeout(life, 120);
	tcase_add_test(life, malformed_requests_are_refused_and_change_nothing);
	tcase_add_test(life, a_packet_that_is_too_long_is_refused);
	tcase_add_test(life, a_second_of_random_bytes_does_no_harm);
	tcase_add_test(life, a_connection_closed_in_the_middle_of_a_run_ends_the_machine);
	tcase_add_test(life, a_connection_closed_during_the_boot_ends_the_machine);
	tcase_add_test(life, a_bridge_that_is_killed_takes_the_machine_with_it);
	tcase_add_test(life, detach_and_kill_end_the_session);
	tcase_add_test(life, two_sessions_at_once_do_not_meet);
	tcase_add_test(life, a_socket_serves_one_gdb_and_is_gone);
	tcase_add_test(life, a_socket_in_use_is_refused_and_a_stale_one_replaced);
	tcase_add_test(life, a_port_is_open_on_the_loopback_interface_only);
	tcase_add_test(life, what_cannot_be_served_is_refused_with_one_line);
	suite_add_tcase(suite, life);
	return suite_run(suite);
}
