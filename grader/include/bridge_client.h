/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The other end of the bridge: what GDB would be, for tests and measurements.
 */
#ifndef BRIDGE_CLIENT_H
#define BRIDGE_CLIENT_H

#include "rsp.h"

#include <sys/types.h>

#define BRIDGE_CLIENT_OUTPUT_MAX 65536u

struct bridge_client {
	struct rsp rsp;
	pid_t process; /* 0: only a connection */
	int fd;
	char output[BRIDGE_CLIENT_OUTPUT_MAX]; /* text of O packets since the last request */
	size_t output_length;
};

/* Starts a bridge that speaks on its standard input and output. argv ends in NULL. False: errno. */
bool bridge_client_start(struct bridge_client *c, char *const argv[]);

/* Takes over a connection. */
void bridge_client_connect(struct bridge_client *c, int fd);

/* The reply to a request, without the O packets before it; NULL: the connection has ended. */
const char *bridge_client_ask(struct bridge_client *c, const char *request);

/* The next reply, without a request. */
const char *bridge_client_reply(struct bridge_client *c);

/* Closes the connection and waits for the bridge: its status as waitpid() gives it. */
int bridge_client_end(struct bridge_client *c);

#endif
