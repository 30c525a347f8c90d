/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Block devices: reads, writes and flushes of every size from 1 to 64 sectors, one at a time and 64
 * at a time, by polling and by interrupt, each checked against a model of the disk.
 *
 * Where the command line names a virtio block device (VIRTIO 1.2, 4.2 and 5.2) it is done with
 * that, by the driver that this guest is linked with; otherwise with the IDE disk, as on the bare
 * machine. What is printed is the same.
 *
 * Words:  seed=N rounds=N  of the random transfers
 *         do=STEP,STEP...  only these steps, in this order
 *         ide              the IDE disk, although there is virtio
 *         queue=N          at most N descriptors, a power of 2 from 4 to 256
 *         events=0         without EVENT_IDX
 *         who              says which of the two it is
 */
#include "blocks.h"
#include "kernel.h"
#include "random.h"

SEEDED uint32_t blocks_seed = 1;
SEEDED uint32_t blocks_rounds = 40;

struct blocks_results blocks_results;

static struct driver driver;
static struct transfer transfers[QUEUED];
static uint8_t buffer[QUEUED][QUEUED_SPAN * SECTOR_SIZE];
static bool by_interrupt;

/* A test stops here. */
__attribute__((noinline)) void blocks_begin(uint32_t step)
{
	__asm__ volatile("" : : "r"(step) : "memory");
}

__attribute__((noinline)) void blocks_end(uint32_t step)
{
	__asm__ volatile("" : : "r"(step) : "memory");
}

/* ---- transfers ---- */

static struct transfer make(enum transfer_kind kind, uint32_t sector, uint32_t count, void *data)
{
	struct transfer transfer = {.kind = kind, .sector = sector, .count = count, .data = data};

	if (kind == TRANSFER_WRITE)
		model_fill(&transfer);
	return transfer;
}

/* Does `count` of transfers[], and checks what came out. */
static void transfer_all(uint32_t count)
{
	struct blocks_results *r = &blocks_results;

	driver.transfer(transfers, count, by_interrupt);
	for (uint32_t i = 0; i < count; i++) {
		const struct transfer *t = &transfers[i];

		if (t->failed || !model_check(t))
			r->mistakes++;
		if (t->kind == TRANSFER_READ)
			r->sum = sum_of(t->data, t->count * SECTOR_SIZE, r->sum);
		r->transfers++;
		r->moved += t->count;
	}
}

static void transfer_one(enum transfer_kind kind, uint32_t sector, uint32_t count)
{
	transfers[0] = make(kind, sector, count, buffer);
	transfer_all(1);
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* ---- steps ---- */

/* A megabyte, or what there is. */
static void read_whole(void)
{
	for (uint32_t at = 0; at < driver.sectors; at += SECTORS_MAX)
		transfer_one(TRANSFER_READ, at, smaller(SECTORS_MAX, driver.sectors - at));
}

static void read_sector(void)
{
	transfer_one(TRANSFER_READ, random_below(driver.sectors), 1);
}

static void write_sector(void)
{
	uint32_t sector = random_below(driver.sectors);

	transfer_one(TRANSFER_WRITE, sector, 1);
	transfer_one(TRANSFER_READ, sector, 1);
}

static void flush(void)
{
	transfer_one(TRANSFER_FLUSH, 0, 0);
}

static void random_transfers(void)
{
	for (uint32_t i = 0; i < blocks_rounds; i++) {
		uint32_t count = 1 + random_below(SECTORS_MAX);
		uint32_t sector = random_below(driver.sectors - count + 1);

		transfer_one(random_below(2) ? TRANSFER_WRITE : TRANSFER_READ, sector, count);
	}
}

static void sleeping(void)
{
	by_interrupt = true;
	random_transfers();
	by_interrupt = false;
}

/* Whoever does them may do so in any order: so each has a part of the disk of its own. */
static void queue_all(enum transfer_kind kind)
{
	uint32_t part = driver.sectors / QUEUED, most = smaller(part, QUEUED_SPAN);

	for (uint32_t i = 0; i < QUEUED; i++) {
		uint32_t count = 1 + random_below(most);
		uint32_t sector = i * part + random_below(part - count + 1);

		transfers[i] = make(kind, sector, count, buffer[i]);
	}
	transfer_all(QUEUED);
}

static void queued(void)
{
	queue_all(TRANSFER_WRITE);
	queue_all(TRANSFER_READ);
}

static void queued_sleeping(void)
{
	by_interrupt = true;
	queued();
	by_interrupt = false;
}

static const struct step {
	const char *name;
	void (*run)(void);
} steps[] = {
	{"whole", read_whole},
	{"read", read_sector},
	{"write", write_sector},
	{"random", random_transfers},
	{"queued", queued},
	{"sleeping", sleeping},
	{"queued-sleeping", queued_sleeping},
	{"flush", flush},
	{"again", read_whole},
};
#define STEPS (sizeof(steps) / sizeof(steps[0]))

static void step_do(uint32_t step)
{
	struct blocks_results *r = &blocks_results;
	uint32_t before = r->transfers, moved = r->moved;

	blocks_begin(step);
	steps[step].run();
	blocks_end(step);
	console_printf("blocks: %s: %u transfers, %u sectors, %08x\n", steps[step].name,
		r->transfers - before, r->moved - moved, r->sum);
}

/* ---- words ---- */

/* What stands behind `name` in the word of the command line that begins with it; NULL: none does.
 */
static const char *word_find(const char *words, const char *name)
{
	while (*words) {
		const char *word = words, *n = name;

		while (*n && *word == *n)
			word++, n++;
		if (!*n)
			return word;
		while (*words && *words++ != ' ')
			;
	}
	return NULL;
}

static bool word_is_there(const char *words, const char *name)
{
	const char *end = word_find(words, name);

	return end && (*end == ' ' || *end == '\0');
}

static uint32_t number(const char *words, const char *name, uint32_t otherwise)
{
	const char *digit = word_find(words, name);
	uint32_t value = 0;

	if (!digit)
		return otherwise;
	for (; *digit >= '0' && *digit <= '9'; digit++)
		value = value * 10 + (uint32_t)(*digit - '0');
	return value;
}

/* Does the list, which a comma or the word's end divides, begin with this name? Then what follows.
 */
static const char *list_skip(const char *list, const char *name)
{
	while (*name && *list == *name)
		list++, name++;
	if (*name || (*list && *list != ',' && *list != ' '))
		return NULL;
	return *list == ',' ? list + 1 : list;
}

static void steps_do(const char *list)
{
	while (*list && *list != ' ') {
		const char *rest = NULL;
		uint32_t step = 0;

		while (step < STEPS && !(rest = list_skip(list, steps[step].name)))
			step++;
		if (!rest) {
			console_printf("blocks: there is no step %s\n", list);
			return;
		}
		step_do(step);
		list = rest;
	}
}

static bool disk_open(const char *words)
{
	uint32_t size = number(words, "queue=", 256);
	bool events = number(words, "events=", 1) != 0;

	if (!word_is_there(words, "ide") && virtio_open(&driver, words, size, events))
		return true;
	return ide_open(&driver);
}

void kernel_main(uint32_t info)
{
	struct blocks_results *r = &blocks_results;
	const char *words = command_line(info), *list = word_find(words, "do=");

	kernel_tables_load();
	random_seed(number(words, "seed=", blocks_seed));
	blocks_rounds = number(words, "rounds=", blocks_rounds);
	if (!disk_open(words) || driver.sectors < SECTORS_MAX || driver.sectors > MODEL_SECTORS) {
		console_printf("blocks: there is no disk of %u to %u sectors\n", SECTORS_MAX,
			MODEL_SECTORS);
		return;
	}
	r->sectors = driver.sectors;
	console_printf("blocks: %u sectors\n", r->sectors);
	if (word_is_there(words, "who"))
		console_printf("blocks: by %s, %u descriptors, events %u\n", driver.name,
			r->descriptors, r->events);
	if (list)
		steps_do(list);
	else
		for (uint32_t step = 0; step < STEPS; step++)
			step_do(step);
	if (word_is_there(words, "who"))
		console_printf("blocks: %u interrupts\n", r->interrupts);
	console_printf("blocks: %u mistakes\n", r->mistakes);
}
