/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the bridge costs, in milliseconds of the wall clock: unlike everything else in the kit,
 * these figures depend on the host and on what else it does. So each is the best of several rounds,
 * and the two runs that are compared take turns.
 */
#include "bochs.h"
#include "bootdisk.h"
#include "bridge.h"
#include "bridge_client.h"
#include "image.h"
#include "symbols.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS         3
#define STEPS          300
#define COMPUTE_ROUNDS 500u /* of the guest's computation: 50 million instructions */

struct measurement {
	const char *program, *monitor;
	char *guest;
	uint32_t main, rounds, begin, end; /* addresses in the guest */
	uint64_t ticks;                    /* of the computation */
	struct bridge_cost *cost;
	char *error;
};

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void keep_best(double *best, double value)
{
	if (*best == 0 || value < *best)
		*best = value;
}

static int fail(const struct measurement *m, const char *what)
{
	snprintf(m->error, BRIDGE_ERROR_MAX, "%s", what);
	return -1;
}

static int addresses_find(struct measurement *m)
{
	char error[SYMBOLS_ERROR_MAX];
	struct symbols *symbols = symbols_open(m->guest, error);
	bool found;

	if (!symbols)
		return fail(m, error);
	found = symbols_address(symbols, "kernel_main", &m->main) &&
		symbols_address(symbols, "compute_rounds", &m->rounds) &&
		symbols_address(symbols, "compute_begin", &m->begin) &&
		symbols_address(symbols, "compute_end", &m->end);
	symbols_close(symbols);
	return found ? 0 : fail(m, "the guest to measure with is \"compute\"");
}

/* ---- through the bridge ---- */

static bool asked(struct bridge_client *c, const char *request, const char *reply)
{
	const char *got = bridge_client_ask(c, request);

	return got && !strncmp(got, reply, strlen(reply));
}

static bool run_to(struct bridge_client *c, uint32_t address)
{
	char insert[32], remove[32];

	snprintf(insert, sizeof(insert), "Z0,%" PRIx32 ",1", address);
	snprintf(remove, sizeof(remove), "z0,%" PRIx32 ",1", address);
	return asked(c, insert, "OK") && asked(c, "vCont;c", "T05swbreak") &&
	       asked(c, remove, "OK");
}

static bool rounds_set(struct bridge_client *c, uint32_t address)
{
	uint32_t rounds = COMPUTE_ROUNDS;
	char request[40];
	int at = snprintf(request, sizeof(request), "M%" PRIx32 ",4:", address);

	rsp_to_hex(request + at, &rounds, 4);
	return asked(c, request, "OK");
}

/* The target description's last general register. */
static bool ticks_read(struct bridge_client *c, uint64_t *ticks)
{
	const char *digits = bridge_client_ask(c, "p28");

	return digits && rsp_from_hex((uint8_t *)ticks, digits, 8) == 8;
}

static bool session_measure(struct measurement *m, struct bridge_client *c, double start)
{
	uint64_t begin, end;

	if (!asked(c, "QStartNoAckMode", "OK"))
		return false;
	c->rsp.no_acks = true;
	if (!asked(c, "?", "T05"))
		return false;
	keep_best(&m->cost->attach_ms, now_ms() - start);
	start = now_ms();
	for (int i = 0; i < STEPS; i++)
		if (!asked(c, "vCont;s", "T05"))
			return false;
	keep_best(&m->cost->step_ms, (now_ms() - start) / STEPS);
	if (!run_to(c, m->main) || !rounds_set(c, m->rounds))
		return false;
	if (!run_to(c, m->begin) || !ticks_read(c, &begin))
		return false;
	start = now_ms();
	if (!run_to(c, m->end))
		return false;
	keep_best(&m->cost->run_ms, now_ms() - start);
	if (!ticks_read(c, &end))
		return false;
	m->ticks = end - begin;
	return true;
}

static int bridge_round(struct measurement *m)
{
	char *argv[] = {(char *)m->program, "--monitor", (char *)m->monitor, m->guest, NULL};
	struct bridge_client *c = malloc(sizeof(*c));
	double start = now_ms();
	bool measured = c && bridge_client_start(c, argv) && session_measure(m, c, start);

	if (c)
		bridge_client_end(c);
	free(c);
	return measured ? 0 : fail(m, "the bridge did not do what was asked");
}

/* ---- without it ---- */

static int plain_run(const struct measurement *m, struct bochs *b)
{
	uint32_t rounds = COMPUTE_ROUNDS;
	double start;

	if (bochs_run_until(b, m->main, UINT64_MAX) != BOCHS_STOP_BREAKPOINT ||
		bochs_write_linear(b, m->rounds, &rounds, sizeof(rounds)) ||
		bochs_run_until(b, m->begin, UINT64_MAX) != BOCHS_STOP_BREAKPOINT)
		return fail(m, bochs_error(b));
	start = now_ms();
	if (bochs_run_ticks(b, m->ticks) != BOCHS_STOP_LIMIT)
		return fail(m, bochs_error(b));
	keep_best(&m->cost->plain_ms, now_ms() - start);
	return 0;
}

static int plain_round(const struct measurement *m, const char *image)
{
	struct bochs_config config = {.disk = image, .megs = IMAGE_MEMORY_MIB_DEFAULT, .e9 = true};
	struct bochs *b;
	int result;

	if (bochs_start(&b, &config) == 0)
		result = plain_run(m, b);
	else
		result = fail(m, b ? bochs_error(b) : "out of memory");
	bochs_free(b);
	return result;
}

int bridge_measure(const char *program, const char *monitor, const char *guest,
	struct bridge_cost *cost, char error[BRIDGE_ERROR_MAX])
{
	struct measurement m = {.program = program,
		.monitor = monitor,
		.guest = (char *)guest,
		.cost = cost,
		.error = error};
	struct bootdisk disk = {.boot_dir = "build/boot",
		.monitor = monitor,
		.guests = &m.guest,
		.count = 1,
		.memory_mib = IMAGE_MEMORY_MIB_DEFAULT};
	char image[] = "/tmp/ringfence-measure.XXXXXX";
	int fd = mkstemp(image), result;

	memset(cost, 0, sizeof(*cost));
	if (fd < 0)
		return fail(&m, "cannot make a temporary file");
	close(fd);
	result = addresses_find(&m);
	if (result == 0)
		result = bootdisk_write(image, &disk, error, BRIDGE_ERROR_MAX);
	for (int i = 0; i < ROUNDS && result == 0; i++) {
		result = bridge_round(&m);
		if (result == 0)
			result = plain_round(&m, image);
	}
	unlink(image);
	return result;
}
