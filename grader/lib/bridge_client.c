/* SPDX-License-Identifier: BSD-2-Clause */
/* A connection to a bridge, seen from GDB's side. */
#include "bridge_client.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

void bridge_client_connect(struct bridge_client *c, int fd)
{
	c->process = 0;
	c->fd = fd;
	c->output_length = 0;
	c->output[0] = 0;
	rsp_open(&c->rsp, fd, fd);
}

bool bridge_client_start(struct bridge_client *c, char *const argv[])
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return false;
	bridge_client_connect(c, ends[0]);
	c->process = fork();
	if (c->process == 0) {
		dup2(ends[1], STDIN_FILENO);
		dup2(ends[1], STDOUT_FILENO);
		execv(argv[0], argv);
		_exit(127);
	}
	close(ends[1]);
	return c->process > 0;
}

/* "O" and pairs of digits. "OK" is none. */
static bool output_take(struct bridge_client *c)
{
	size_t room = sizeof(c->output) - 1 - c->output_length;

	if (c->rsp.packet[0] != 'O' || !strcmp(c->rsp.packet, "OK"))
		return false;
	c->output_length +=
		rsp_from_hex((uint8_t *)c->output + c->output_length, c->rsp.packet + 1, room);
	c->output[c->output_length] = 0;
	return true;
}

const char *bridge_client_reply(struct bridge_client *c)
{
	enum rsp_event event;

	do
		event = rsp_receive(&c->rsp);
	while (event != RSP_CLOSED && (event != RSP_PACKET || output_take(c)));
	return event == RSP_CLOSED ? NULL : c->rsp.packet;
}

const char *bridge_client_ask(struct bridge_client *c, const char *request)
{
	c->output_length = 0;
	c->output[0] = 0;
	rsp_send(&c->rsp, request, strlen(request));
	return bridge_client_reply(c);
}

int bridge_client_end(struct bridge_client *c)
{
	int status = 0;

	close(c->fd);
	while (c->process > 0 && waitpid(c->process, &status, 0) < 0 && errno == EINTR)
		;
	c->process = 0;
	return status;
}
