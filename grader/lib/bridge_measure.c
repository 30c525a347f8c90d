/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the bridge costs, in milliseconds of the wall clock: unlike everything else in the kit,
 * these figures depend on the host and on what else it does. So each is the best of several rounds,
 * and the two runs that are compared take turns.
 *
 * How long the guest computes is written into a copy of its file. It cannot be written into its
 * memory: under a monitor with shadow page tables a variable that the guest has not touched has no
 * linear address yet.
 */
#include "bochs.h"
#include "bootdisk.h"
#include "bridge.h"
#include "bridge_client.h"
#include "image.h"
#include "symbols.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS         3
#define STEPS          300
#define COMPUTE_ROUNDS 500u /* of the guest's computation: 50 million instructions */

struct measurement {
	const char *program, *monitor;
	char *guest;         /* the copy */
	uint32_t begin, end; /* addresses in the guest */
	uint64_t first;      /* tick of the computation */
	uint64_t ticks;      /* that it takes */
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

/* Copies the guest to m->guest, with COMPUTE_ROUNDS for its own number. */
static int guest_copy(struct measurement *m, const char *guest, int fd, uint32_t rounds_at)
{
	uint32_t rounds = COMPUTE_ROUNDS;
	int from = open(guest, O_RDONLY | O_CLOEXEC);
	struct stat st;
	bool copied = from >= 0 && fstat(from, &st) == 0 &&
		      sendfile(fd, from, NULL, (size_t)st.st_size) == st.st_size &&
		      pwrite(fd, &rounds, sizeof(rounds), rounds_at) == sizeof(rounds);

	if (from >= 0)
		close(from);
	return copied ? 0 : fail(m, "cannot copy the guest to a temporary file");
}

static int guest_prepare(struct measurement *m, const char *guest, int fd)
{
	char error[SYMBOLS_ERROR_MAX];
	struct symbols *symbols = symbols_open(guest, error);
	uint32_t rounds, rounds_at;
	bool found;

	if (!symbols)
		return fail(m, error);
	found = symbols_address(symbols, "compute_rounds", &rounds) &&
		symbols_file_offset(symbols, rounds, sizeof(rounds), &rounds_at) &&
		symbols_address(symbols, "compute_begin", &m->begin) &&
		symbols_address(symbols, "compute_end", &m->end);
	symbols_close(symbols);
	if (!found)
		return fail(m, "the guest to measure with is \"compute\"");
	return guest_copy(m, guest, fd, rounds_at);
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

static bool ticks_read(struct bridge_client *c, uint64_t *ticks)
{
	char request[16];
	snprintf(request, sizeof(request), "p%x", BRIDGE_TICKS_NUMBER);
	const char *digits = bridge_client_ask(c, request);

	return digits && rsp_from_hex((uint8_t *)ticks, digits, 8) == 8;
}

static bool session_measure(struct measurement *m, struct bridge_client *c, double start)
{
	uint64_t end;

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
	if (!run_to(c, m->begin) || !ticks_read(c, &m->first))
		return false;
	start = now_ms();
	if (!run_to(c, m->end))
		return false;
	keep_best(&m->cost->run_ms, now_ms() - start);
	if (!ticks_read(c, &end))
		return false;
	m->ticks = end - m->first;
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
	double start;

	if (bochs_run_ticks(b, m->first) != BOCHS_STOP_LIMIT)
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
	char copy[] = "/tmp/ringfence-guest.XXXXXX", image[] = "/tmp/ringfence-measure.XXXXXX";
	struct measurement m = {.program = program,
		.monitor = monitor,
		.guest = copy,
		.cost = cost,
		.error = error};
	struct bootdisk disk = {.boot_dir = "build/boot",
		.monitor = monitor,
		.guests = &m.guest,
		.count = 1,
		.memory_mib = IMAGE_MEMORY_MIB_DEFAULT};
	int copy_fd = mkstemp(copy), image_fd = mkstemp(image), result = -1;

	memset(cost, 0, sizeof(*cost));
	if (copy_fd < 0 || image_fd < 0)
		fail(&m, "cannot make a temporary file");
	else
		result = guest_prepare(&m, guest, copy_fd);
	if (result == 0)
		result = bootdisk_write(image, &disk, error, BRIDGE_ERROR_MAX);
	for (int i = 0; i < ROUNDS && result == 0; i++) {
		result = bridge_round(&m);
		if (result == 0)
			result = plain_round(&m, image);
	}
	if (copy_fd >= 0)
		close(copy_fd), unlink(copy);
	if (image_fd >= 0)
		close(image_fd), unlink(image);
	return result;
}
