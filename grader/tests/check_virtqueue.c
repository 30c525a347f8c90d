/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtqueue.c alone, on the host and with sanitizers: VIRTIO 1.2, 2.7.
 *
 * What virtqueue.h says that the chassis has is here, over an array that is the guest's memory. It
 * watches: descriptors are loaded once, and nothing but the used ring is stored to. The driver is a
 * plain model, which knows what it has put in.
 */
#include "virtqueue.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY   0x80000u /* bytes */
#define DESC_AT  0x1000u
#define AVAIL_AT 0x3002u
#define USED_AT  0x4004u
#define TABLE_AT 0x6008u /* an indirect table: there is no rule for its place */
#define DATA_AT  0x10000u
#define DATA     (MEMORY - DATA_AT)

static uint8_t *memory;  /* MEMORY bytes, and then nothing */
static uint32_t claimed; /* the size of memory that the checks see */
static struct virtqueue queue;
static struct virtqueue_chain chain;
static char refusal[64], refusal_text[256];    /* "": none */
static bool loaded[MEMORY / 8];                /* a descriptor there, in the last take */
static uint32_t loads[2 * VIRTQUEUE_SIZE_MAX]; /* where */
static bool loads_may_repeat;
static unsigned load_count, descriptors;
static void (*after_store)(uint32_t at); /* what the driver does just then */

/* Check's own assertions each cost a write to a file. */
#define MUST(condition)                                                                            \
	do {                                                                                       \
		if (!(condition))                                                                  \
			ck_abort_msg("not so: %s (refused by %s: %s)", #condition, refusal,        \
				refusal_text);                                                     \
	} while (0)

/* ---- what the chassis has ---- */

void virtqueue_load(const struct virtqueue *from_queue, gpa_t from, void *to, uint32_t size)
{
	(void)from_queue;
	MUST(from.raw <= MEMORY && size <= MEMORY - from.raw);
	memcpy(to, memory + from.raw, size);
	load_count++;
	if (size != sizeof(struct virtq_desc) || loads_may_repeat)
		return;
	MUST(!loaded[from.raw / 8]); /* twice */
	loaded[from.raw / 8] = true;
	loads[descriptors++] = from.raw;
}

void virtqueue_store(const struct virtqueue *to_queue, gpa_t to, const void *from, uint32_t size)
{
	MUST(to.raw >= USED_AT && to.raw + size <= USED_AT + VIRTQ_USED_BYTES(to_queue->size));
	memcpy(memory + to.raw, from, size);
	if (after_store)
		after_store(to.raw);
}

bool virtqueue_has_memory(const struct virtqueue *of_queue, uint64_t address, uint32_t size)
{
	(void)of_queue;
	return address <= claimed && size <= claimed - address;
}

void virtqueue_refuse(struct virtqueue *of_queue, const char *section, const char *format, ...)
{
	va_list arguments;

	ck_assert_msg(!of_queue->refused, "refuses twice");
	of_queue->refused = true;
	snprintf(refusal, sizeof(refusal), "%s", section);
	va_start(arguments, format);
	vsnprintf(refusal_text, sizeof(refusal_text), format, arguments);
	va_end(arguments);
}

void organ_unwritten(const char *function)
{
	ck_abort_msg("%s is not written", function);
	abort();
}

/* ---- the driver ---- */

static uint32_t random_state;

static uint32_t draw(uint32_t below)
{
	random_state = random_state * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)random_state * below >> 32);
}

static uint16_t get16(uint32_t at)
{
	uint16_t value;

	memcpy(&value, memory + at, sizeof(value));
	return value;
}

static void put16(uint32_t at, uint16_t value)
{
	memcpy(memory + at, &value, sizeof(value));
}

static void put_desc(uint32_t table, unsigned n, uint64_t address, uint32_t length, uint16_t flags,
	uint16_t next)
{
	const struct virtq_desc desc = {address, length, flags, next};

	memcpy(memory + table + n * sizeof(desc), &desc, sizeof(desc));
}

static void offer(uint16_t head)
{
	uint16_t index = get16(AVAIL_AT + 2);

	put16(AVAIL_AT + 4 + 2 * (index % queue.size), head);
	put16(AVAIL_AT + 2, (uint16_t)(index + 1));
}

static void make(unsigned size)
{
	free(memory);
	memory = calloc(1, MEMORY);
	claimed = MEMORY;
	queue = (struct virtqueue){
		.ready = true,
		.size = size,
		.desc = gpa(DESC_AT),
		.avail = gpa(AVAIL_AT),
		.used_ring = gpa(USED_AT),
	};
	refusal[0] = '\0';
	after_store = NULL;
	random_state = size;
}

/* Takes, and looks whether every descriptor was loaded no more than once. */
static bool take(void)
{
	while (descriptors)
		loaded[loads[--descriptors] / 8] = false;
	bool taken = virtqueue_take(&queue, &chain);
	MUST(!taken || !queue.refused);
	return taken;
}

static void refuses(const char *section)
{
	uint16_t taken = queue.taken;

	ck_assert_msg(!take(), "what breaks %s is taken", section);
	ck_assert_msg(queue.refused && strcmp(refusal, section) == 0, "refused by %s, not %s: %s",
		queue.refused ? refusal : "nobody", section, refusal_text);
	ck_assert_uint_eq(queue.taken, taken);
	ck_assert_msg(!take(), "takes more after it has refused");
}

/* ---- chains ---- */

/* A random chain that a driver may make, of `count` descriptors: what it should come out as. */
static struct virtqueue_chain expected;

static void lay_chain(unsigned first, unsigned count, bool indirect)
{
	static uint16_t place[VIRTQUEUE_SIZE_MAX];
	uint32_t table = indirect ? TABLE_AT : DESC_AT;
	unsigned entries = indirect ? count : queue.size, written = draw(count + 1);

	expected = (struct virtqueue_chain){.head = (uint16_t)first};
	for (unsigned i = 0; i < count; i++)
		place[i] = (uint16_t)(indirect ? i : (first + i) % entries);
	for (unsigned i = count - 1; indirect && i > 1; i--) { /* the first stays the first */
		unsigned other = 1 + draw(i);
		uint16_t swapped = place[i];
		place[i] = place[other];
		place[other] = swapped;
	}
	for (unsigned i = 0; i < count; i++) {
		uint32_t length = draw(4) ? 1 + draw(4000) : 0,
			 at = DATA_AT + draw(DATA - length + 1);
		bool writable = i >= written, last = i + 1 == count;
		put_desc(table, place[i], at, length,
			(uint16_t)((writable ? VIRTQ_DESC_F_WRITE : 0) |
				   (last ? 0 : VIRTQ_DESC_F_NEXT)),
			last ? (uint16_t)draw(65536) : place[i + 1]);
		if (length == 0)
			continue;
		expected.segment[expected.count++] = (struct virtqueue_segment){gpa(at), length};
		*(writable ? &expected.writable : &expected.readable) += length;
		expected.readable_count += !writable;
	}
	if (indirect)
		put_desc(DESC_AT, first, TABLE_AT, count * 16,
			(uint16_t)(VIRTQ_DESC_F_INDIRECT | (draw(2) ? VIRTQ_DESC_F_WRITE : 0)), 3);
}

static void comes_out(void)
{
	MUST(take());
	MUST(chain.head == expected.head);
	MUST(chain.count == expected.count);
	MUST(chain.readable_count == expected.readable_count);
	MUST(chain.readable == expected.readable);
	MUST(chain.writable == expected.writable);
	for (unsigned i = 0; i < chain.count; i++) {
		MUST(chain.segment[i].address.raw == expected.segment[i].address.raw);
		MUST(chain.segment[i].length == expected.segment[i].length);
	}
}

/* What the used ring must say of chain number n. */
static void is_given(uint16_t n, uint32_t head, uint32_t written)
{
	struct virtq_used_elem element;

	memcpy(&element, memory + USED_AT + 4 + 8 * (n % queue.size), sizeof(element));
	MUST(element.id == head);
	MUST(element.len == written);
	MUST(get16(USED_AT + 2) == (uint16_t)(n + 1));
}

static const unsigned sizes[] = {1, 2, 8, 64, 256};

START_TEST(chains_come_out_as_they_went_in)
{
	make(sizes[_i]);
	queue.indirect = true;
	for (unsigned n = 0; n < 3000; n++) {
		unsigned most = draw(10) ? 5 : queue.size;
		unsigned count = 1 + draw(most < queue.size ? most : queue.size);
		lay_chain(draw(queue.size), count, draw(2));
		offer(expected.head);
		comes_out();
		MUST(!take());
		virtqueue_give(&queue, chain.head, n);
		is_given((uint16_t)n, expected.head, n);
	}
}
END_TEST

START_TEST(counters_wrap)
{
	make(sizes[_i]);
	put_desc(DESC_AT, 0, DATA_AT, 8, VIRTQ_DESC_F_WRITE, 0);
	for (unsigned n = 0; n < 140000;) {
		unsigned more = 1 + draw(queue.size);
		for (unsigned i = 0; i < more; i++)
			offer(0);
		for (unsigned i = 0; i < more; i++) {
			MUST(take());
			virtqueue_give(&queue, 0, n);
			is_given((uint16_t)n, 0, n);
			n++;
		}
		MUST(!take());
	}
}
END_TEST

/* A few of the queue's own descriptors, and then a table (2.7.5.3.2). */
START_TEST(a_table_may_end_a_chain)
{
	make(8);
	queue.indirect = true;
	put_desc(DESC_AT, 5, DATA_AT, 1, VIRTQ_DESC_F_NEXT, 2);
	put_desc(DESC_AT, 2, DATA_AT + 1, 2, VIRTQ_DESC_F_NEXT, 7);
	put_desc(DESC_AT, 7, TABLE_AT, 32, VIRTQ_DESC_F_INDIRECT, 0);
	put_desc(TABLE_AT, 0, DATA_AT + 3, 4, VIRTQ_DESC_F_NEXT, 1);
	put_desc(TABLE_AT, 1, DATA_AT + 7, 8, VIRTQ_DESC_F_WRITE, 0);
	offer(5);
	ck_assert_msg(take(), "%s", refusal_text);
	ck_assert_uint_eq(chain.count, 4);
	ck_assert_uint_eq(chain.readable, 7);
	ck_assert_uint_eq(chain.writable, 8);
}
END_TEST

START_TEST(the_longest_chains_are_good)
{
	make(256);
	queue.indirect = true;
	lay_chain(0, 256, _i);
	offer(0);
	comes_out();
}
END_TEST

/* ---- refusals ---- */

static void lay_one(uint64_t address, uint32_t length, uint16_t flags, uint16_t next)
{
	make(8);
	put_desc(DESC_AT, 0, address, length, flags, next);
	offer(0);
}

static const struct {
	uint64_t address;
	uint32_t length;
	uint16_t flags, next;
	const char *section;
} bad[] = {
	{MEMORY, 1, 0, 0, "2.7.5"}, {MEMORY - 1, 2, VIRTQ_DESC_F_WRITE, 0, "2.7.5"},
	{0, MEMORY + 1, 0, 0, "2.7.5"}, {UINT64_MAX, 1, 0, 0, "2.7.5"},
	{UINT64_MAX, 2, 0, 0, "2.7.5"}, {0xffffffff, 2, 0, 0, "2.7.5"},
	{UINT64_C(0x100010000), 4, 0, 0, "2.7.5"},
	{DATA_AT, 0xffffffff, VIRTQ_DESC_F_WRITE, 0, "2.7.5"},
	{DATA_AT, 4, VIRTQ_DESC_F_NEXT, 8, "2.7.5"},
	{DATA_AT, 4, VIRTQ_DESC_F_NEXT, 0xffff, "2.7.5"},
	{TABLE_AT, 16, VIRTQ_DESC_F_INDIRECT, 0, "2.7.5.3.1"}, /* not negotiated */
};

START_TEST(one_descriptor_is_refused)
{
	lay_one(bad[_i].address, bad[_i].length, bad[_i].flags, bad[_i].next);
	refuses(bad[_i].section);
}
END_TEST

static const struct {
	uint64_t address;
	uint32_t length;
	uint16_t flags;
	const char *section;
} bad_tables[] = {
	{TABLE_AT, 0, 0, "2.7.5.3.1"},
	{TABLE_AT, 8, 0, "2.7.5.3.1"},
	{TABLE_AT, 40, 0, "2.7.5.3.1"},
	{TABLE_AT, 16, VIRTQ_DESC_F_NEXT, "2.7.5.3.1"},
	{MEMORY - 16, 32, 0, "2.7.5"},
	{UINT64_MAX - 15, 32, 0, "2.7.5"},
	{UINT64_C(1) << 32 | TABLE_AT, 16, 0, "2.7.5"},
	{0, 0xfffffff0, 0, "2.7.5"},
};

START_TEST(an_indirect_table_is_refused)
{
	lay_one(bad_tables[_i].address, bad_tables[_i].length,
		VIRTQ_DESC_F_INDIRECT | bad_tables[_i].flags, 0);
	queue.indirect = true;
	refuses(bad_tables[_i].section);
}
END_TEST

static void lay_table(uint16_t flags, uint16_t next)
{
	lay_one(TABLE_AT, 64, VIRTQ_DESC_F_INDIRECT, 0);
	queue.indirect = true;
	put_desc(TABLE_AT, 0, TABLE_AT, 16, flags, next);
}

START_TEST(what_is_in_a_table_is_refused)
{
	lay_table(VIRTQ_DESC_F_INDIRECT, 0);
	refuses("2.7.5.3.1");
	lay_table(VIRTQ_DESC_F_NEXT, 4); /* the queue has 8, the table 4 */
	refuses("2.7.5");
	lay_table(VIRTQ_DESC_F_NEXT, 3);
	put_desc(TABLE_AT, 3, DATA_AT, 0, VIRTQ_DESC_F_NEXT, 3);
	loads_may_repeat = true;
	refuses("2.7.5.3.1");
}
END_TEST

START_TEST(loops_are_refused)
{
	make(256);
	for (unsigned i = 0; i < 256; i++)
		put_desc(DESC_AT, i, DATA_AT, 1, VIRTQ_DESC_F_NEXT, (uint16_t)(i + 1));
	put_desc(DESC_AT, 255, DATA_AT, 1, VIRTQ_DESC_F_NEXT, (uint16_t)_i);
	offer(0);
	loads_may_repeat = true;
	refuses("2.7.5.3.1");
}
END_TEST

/* 257 descriptors, none of them twice: through a table that is larger than the queue. */
START_TEST(a_long_table_is_no_longer_chain)
{
	make(64);
	queue.indirect = true;
	put_desc(DESC_AT, 0, TABLE_AT, 16 * 65, VIRTQ_DESC_F_INDIRECT, 0);
	for (unsigned i = 0; i < 65; i++)
		put_desc(
			TABLE_AT, i, DATA_AT, 1, i < 64 ? VIRTQ_DESC_F_NEXT : 0, (uint16_t)(i + 1));
	offer(0);
	refuses("2.7.5.3.1");
}
END_TEST

START_TEST(reading_comes_before_writing)
{
	make(8);
	put_desc(DESC_AT, 0, DATA_AT, 4, VIRTQ_DESC_F_WRITE | VIRTQ_DESC_F_NEXT, 1);
	put_desc(DESC_AT, 1, DATA_AT, 4, 0, 0);
	offer(0);
	refuses("2.7.4.2");
}
END_TEST

/* 16 times 256 MiB are 2^32 bytes; one byte less is good. */
START_TEST(bytes_do_not_overflow)
{
	for (uint32_t less = 0; less < 2; less++) {
		make(16);
		claimed = 0x80000000;
		for (unsigned i = 0; i < 16; i++)
			put_desc(DESC_AT, i, 0, 0x10000000 - (i == 15 ? less : 0),
				(uint16_t)(_i * VIRTQ_DESC_F_WRITE |
					   (i < 15 ? VIRTQ_DESC_F_NEXT : 0)),
				(uint16_t)(i + 1));
		offer(0);
		if (less == 0) {
			refuses("2.7.5.2");
			continue;
		}
		ck_assert_msg(take(), "%s", refusal_text);
		ck_assert_uint_eq(_i ? chain.writable : chain.readable, 0xffffffff);
	}
}
END_TEST

START_TEST(heads_that_are_not_there_are_refused)
{
	make(8);
	offer((uint16_t)_i);
	refuses("2.7.5");
}
END_TEST

START_TEST(indices_that_jump_are_refused)
{
	for (unsigned jump = 0; jump < 65536; jump += jump < 20 ? 1 : 1001) {
		make(8);
		queue.taken = queue.used = 65532; /* and it wraps */
		put16(AVAIL_AT + 2, (uint16_t)(65532 + jump));
		if (jump > 8)
			refuses("2.7.6");
		else
			ck_assert_int_eq(take(), jump != 0);
	}
}
END_TEST

/* Whatever there is: it is refused, or it is as the contract says; and soon. */
START_TEST(garbage_ends)
{
	unsigned taken = 0;

	loads_may_repeat = true;
	for (unsigned n = 0; n < 20000; n++) {
		if (n % 100 == 0) {
			make(16);
			queue.indirect = _i & 1;
			queue.event_index = _i & 2;
			random_state = n + (unsigned)_i;
		}
		for (unsigned i = 0; i < 20; i++)
			put_desc(draw(4) ? DESC_AT : TABLE_AT, draw(16),
				draw(8) ? draw(MEMORY) : (uint64_t)draw(0xffffffff) << 8,
				draw(8) ? draw(200) * 16 : draw(0xffffffff), (uint16_t)draw(8),
				(uint16_t)(draw(16) ? draw(16) : draw(65536)));
		put_desc(DESC_AT, draw(16), TABLE_AT, 16 * draw(16), VIRTQ_DESC_F_INDIRECT, 0);
		offer((uint16_t)draw(16));
		load_count = 0;
		bool good = take();
		MUST(load_count <= 4 + 16 + 1);
		if (!good) {
			MUST(queue.refused);
			queue.refused = false;
			queue.taken = get16(AVAIL_AT + 2);
			continue;
		}
		uint64_t bytes = 0;
		taken++;
		MUST(chain.readable_count <= chain.count);
		MUST(chain.count <= 16);
		for (unsigned i = 0; i < chain.count; i++) {
			MUST(chain.segment[i].length != 0);
			MUST(virtqueue_has_memory(
				&queue, chain.segment[i].address.raw, chain.segment[i].length));
			bytes += chain.segment[i].length;
		}
		MUST(bytes == (uint64_t)chain.readable + chain.writable);
	}
	ck_assert_uint_gt(taken, 1000);
}
END_TEST

/* ---- who is told ---- */

static void element_before_index(uint32_t at)
{
	if (at == USED_AT + 2)
		is_given(queue.used - 1, 5, 1234);
}

START_TEST(the_index_comes_after_its_element)
{
	make(8);
	after_store = element_before_index;
	virtqueue_give(&queue, 5, 1234);
	ck_assert_uint_eq(get16(USED_AT + 2), 1);
}
END_TEST

START_TEST(without_events_the_flag_counts)
{
	make(8);
	put16(AVAIL_AT + 4 + 2 * 8, 5000); /* used_event: not negotiated */
	ck_assert(!virtqueue_must_tell(&queue));
	virtqueue_give(&queue, 0, 0);
	ck_assert(virtqueue_must_tell(&queue));
	ck_assert(!virtqueue_must_tell(&queue));
	put16(AVAIL_AT, VIRTQ_AVAIL_F_NO_INTERRUPT);
	virtqueue_give(&queue, 0, 0);
	ck_assert(!virtqueue_must_tell(&queue));
	put16(AVAIL_AT, 0);
	ck_assert(!virtqueue_must_tell(&queue));
	put16(AVAIL_AT, 0xfffe); /* the other bits mean nothing */
	virtqueue_give(&queue, 0, 0);
	ck_assert(virtqueue_must_tell(&queue));
}
END_TEST

/* 2.7.7.2, element by element: the driver is told if the place of one of them is used_event. */
START_TEST(with_events_the_event_counts)
{
	make(16);
	queue.event_index = true;
	for (unsigned n = 0; n < 5000; n++) {
		uint16_t before = (uint16_t)(draw(2) ? draw(65536) : 65536 - draw(20));
		unsigned given = draw(30);
		uint16_t event = (uint16_t)(draw(4) ? before + draw(60) - 15 : draw(65536));
		bool expects = false;
		queue.used = queue.told = before;
		put16(AVAIL_AT, (uint16_t)draw(2)); /* means nothing now */
		put16(AVAIL_AT + 4 + 2 * 16, event);
		for (unsigned i = 0; i < given; i++) {
			expects = expects || (uint16_t)(before + i) == event;
			virtqueue_give(&queue, 0, 0);
		}
		if (virtqueue_must_tell(&queue) != expects)
			ck_abort_msg("event %u, %u given from %u on: should be %d", event, given,
				before, expects);
		MUST(!virtqueue_must_tell(&queue));
	}
}
END_TEST

static uint16_t avail_event(void)
{
	return get16(USED_AT + 4 + 8 * queue.size);
}

START_TEST(it_says_what_it_wants_to_be_told_of)
{
	make(8);
	queue.event_index = true;
	queue.taken = queue.used = 65530;
	put16(AVAIL_AT + 2, 65530);
	put_desc(DESC_AT, 0, DATA_AT, 8, VIRTQ_DESC_F_WRITE, 0);
	for (unsigned n = 0; n < 20; n++) {
		ck_assert(!take());
		ck_assert_uint_eq(avail_event(), (uint16_t)(65530 + n));
		offer(0);
		ck_assert(take());
	}
}
END_TEST

static void offer_now(uint32_t at)
{
	ck_assert_uint_eq(at, USED_AT + 4 + 8 * queue.size);
	after_store = NULL;
	offer(0);
}

/* The driver looks at the event, does not tell, and then the event comes. */
START_TEST(what_came_in_between_is_not_lost)
{
	make(8);
	queue.event_index = true;
	put_desc(DESC_AT, 0, DATA_AT, 8, VIRTQ_DESC_F_WRITE, 0);
	after_store = offer_now;
	ck_assert(take());
	ck_assert(!take());
}
END_TEST

START_TEST(without_events_it_says_no_event)
{
	make(8);
	memset(memory + USED_AT, 0xee, VIRTQ_USED_BYTES(8));
	ck_assert(!take());
	ck_assert_uint_eq(avail_event(), 0xeeee);
}
END_TEST

START_TEST(it_wants_no_notifications)
{
	make(8);
	virtqueue_want_notifications(&queue, false);
	ck_assert_uint_eq(get16(USED_AT), VIRTQ_USED_F_NO_NOTIFY);
	virtqueue_want_notifications(&queue, true);
	ck_assert_uint_eq(get16(USED_AT), 0);
	queue.event_index = true;
	virtqueue_want_notifications(&queue, false);
	ck_assert_uint_eq(get16(USED_AT), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("virtqueue");
	TCase *chains = tcase_create("chains"), *refusals = tcase_create("refusals");
	TCase *told = tcase_create("told");

	tcase_set_timeout(chains, 60);
	tcase_add_loop_test(chains, chains_come_out_as_they_went_in, 0, 5);
	tcase_add_loop_test(chains, counters_wrap, 0, 5);
	tcase_add_test(chains, a_table_may_end_a_chain);
	tcase_add_loop_test(chains, the_longest_chains_are_good, 0, 2);
	suite_add_tcase(suite, chains);
	tcase_set_timeout(refusals, 60);
	tcase_add_loop_test(refusals, one_descriptor_is_refused, 0, (int)ARRAY_LENGTH(bad));
	tcase_add_loop_test(
		refusals, an_indirect_table_is_refused, 0, (int)ARRAY_LENGTH(bad_tables));
	tcase_add_test(refusals, what_is_in_a_table_is_refused);
	tcase_add_loop_test(refusals, loops_are_refused, 0, 256);
	tcase_add_test(refusals, a_long_table_is_no_longer_chain);
	tcase_add_test(refusals, reading_comes_before_writing);
	tcase_add_loop_test(refusals, bytes_do_not_overflow, 0, 2);
	tcase_add_loop_test(refusals, heads_that_are_not_there_are_refused, 8, 40);
	tcase_add_test(refusals, indices_that_jump_are_refused);
	tcase_add_loop_test(refusals, garbage_ends, 0, 4);
	suite_add_tcase(suite, refusals);
	tcase_set_timeout(told, 60);
	tcase_add_test(told, the_index_comes_after_its_element);
	tcase_add_test(told, without_events_the_flag_counts);
	tcase_add_test(told, with_events_the_event_counts);
	tcase_add_test(told, it_says_what_it_wants_to_be_told_of);
	tcase_add_test(told, what_came_in_between_is_not_lost);
	tcase_add_test(told, without_events_it_says_no_event);
	tcase_add_test(told, it_wants_no_notifications);
	suite_add_tcase(suite, told);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	free(memory);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
