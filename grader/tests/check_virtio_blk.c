/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guests' side of virtio on the host, with sanitizers: the reference's driver against a model
 * of a device that answers in every way that one may, and in some that it may not; and how a device
 * is found. VIRTIO 1.2: 2.7, 4.2 and 5.2.
 *
 * A device's registers are plain memory here: what is written can be read again.
 */
#include "../../guests/lib/virtio/virtio_guest.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define REGISTERS (VIRTIO_MMIO_SIZE / 4)
#define UNTOUCHED 0x5a5a5a5au
#define ROUNDS    200000u /* requests: the indices wrap three times */
#define BYTES     (2 * VIRTIO_BLK_SECTOR)

static struct virtio_blk blk;
static struct virtio_blk_rings rings;
static volatile uint32_t registers[REGISTERS];
static struct virtio_blk_request requests[VIRTIO_BLK_QUEUE];
static uint8_t data[VIRTIO_BLK_QUEUE][BYTES];

_Noreturn void guest_unwritten(const char *function)
{
	ck_abort_msg("%s() is not written", function);
	abort();
}

/* An assertion that costs nothing where it holds: these stand in long loops. */
#define HOLDS(what) ((what) ? (void)0 : ck_abort_msg("not so: %s", #what))

/* ---- a device ---- */

/* What the device has taken out of the available ring, and not given back. */
struct chain {
	uint16_t head;
	const struct virtio_blk_header *header;
	const struct virtq_desc *data; /* NULL: there is none */
	uint8_t *status;
};

static struct chain chains[VIRTIO_BLK_QUEUE];
static unsigned chain_count;
static uint16_t taken; /* of the available ring */

/* A queue whose indices have come so far. Both sides begin there. */
static void begin(unsigned size, bool event_index, uint16_t index)
{
	memset(&rings, 0, sizeof(rings));
	for (unsigned i = 0; i < REGISTERS; i++)
		registers[i] = UNTOUCHED;
	blk = (struct virtio_blk){
		.registers = registers, .rings = &rings, .size = size, .event_index = event_index};
	virtio_blk_begin(&blk);
	blk.added = blk.told = blk.seen = taken = index;
	virtio_blk_avail(&blk)->idx = index;
	virtio_blk_used(&blk)->idx = index;
	chain_count = 0;
}

static const struct virtq_desc *desc_at(unsigned index)
{
	HOLDS(index < blk.size);
	return &rings.desc[index];
}

/* Takes the next chain, and looks at all of it. */
static void device_take(void)
{
	struct chain *chain = &chains[chain_count++];

	HOLDS(virtio_blk_avail(&blk)->idx != taken);
	chain->head = virtio_blk_avail(&blk)->ring[taken++ % blk.size];
	const struct virtq_desc *desc = desc_at(chain->head);
	HOLDS(desc->flags == VIRTQ_DESC_F_NEXT);
	HOLDS(desc->len == sizeof(struct virtio_blk_header));
	chain->header = (const struct virtio_blk_header *)(uintptr_t)desc->addr;
	HOLDS(chain->header->reserved == 0);
	desc = desc_at(desc->next);
	chain->data = NULL;
	if (desc->flags & VIRTQ_DESC_F_NEXT) {
		chain->data = desc;
		desc = desc_at(desc->next);
	}
	HOLDS(desc->flags == VIRTQ_DESC_F_WRITE);
	HOLDS(desc->len == 1);
	chain->status = (uint8_t *)(uintptr_t)desc->addr;
}

static void used_add(uint32_t id)
{
	volatile struct virtq_used *used = virtio_blk_used(&blk);

	used->ring[used->idx % blk.size].id = id;
	used->ring[used->idx % blk.size].len = 1;
	used->idx++;
}

/* Gives one back, whichever. */
static void device_give(unsigned number, uint8_t status)
{
	struct chain chain = chains[number];

	chains[number] = chains[--chain_count];
	*chain.status = status;
	used_add(chain.head);
}

/* Does the device interrupt when `used` goes from one index to another? (2.7.7.2) */
static bool device_interrupts(uint16_t from, uint16_t to)
{
	if (!blk.event_index)
		return !(virtio_blk_avail(&blk)->flags & VIRTQ_AVAIL_F_NO_INTERRUPT);
	for (uint16_t i = from; i != to; i++)
		if (i == *virtio_blk_used_event(&blk))
			return true;
	return false;
}

/* ---- the driver ---- */

static struct virtio_blk_request *fill(unsigned number, uint32_t type, uint64_t sector)
{
	struct virtio_blk_request *request = &requests[number];

	*request = (struct virtio_blk_request){.type = type,
		.sector = sector,
		.data = type == VIRTIO_BLK_T_FLUSH ? NULL : data[number],
		.bytes = type == VIRTIO_BLK_T_FLUSH ? 0 : BYTES,
		.owner = &data[number]};
	return request;
}

static void submit(unsigned number)
{
	HOLDS(virtio_blk_submit(&blk, fill(number, VIRTIO_BLK_T_IN, number)));
}

static bool told(void)
{
	registers[VIRTIO_MMIO_QUEUE_NOTIFY / 4] = UNTOUCHED;
	virtio_blk_tell(&blk);
	uint32_t value = registers[VIRTIO_MMIO_QUEUE_NOTIFY / 4];
	HOLDS(value == UNTOUCHED || value == 0);
	for (unsigned i = 0; i < REGISTERS; i++)
		HOLDS(i == VIRTIO_MMIO_QUEUE_NOTIFY / 4 || registers[i] == UNTOUCHED);
	return value == 0;
}

/* Random numbers: xorshift. */
static uint32_t random_state;
static uint32_t random_below(uint32_t bound)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state % bound;
}

/* ---- submitting ---- */

static const uint32_t types[] = {
	VIRTIO_BLK_T_IN, VIRTIO_BLK_T_OUT, VIRTIO_BLK_T_FLUSH, VIRTIO_BLK_T_GET_ID};

START_TEST(a_request_is_a_chain_that_the_device_understands)
{
	uint32_t type = types[_i];
	uint16_t direction = type == VIRTIO_BLK_T_OUT ? 0 : VIRTQ_DESC_F_WRITE;

	begin(8, false, 65535);
	ck_assert(virtio_blk_submit(&blk, fill(0, type, UINT64_C(0x123456789a))));
	ck_assert_uint_eq(virtio_blk_avail(&blk)->idx, 0);
	device_take();
	ck_assert_uint_eq(chains[0].header->type, type);
	ck_assert_uint_eq(chains[0].header->sector, UINT64_C(0x123456789a));
	ck_assert_ptr_eq(chains[0].status, &requests[0].status);
	ck_assert_uint_gt(requests[0].status, VIRTIO_BLK_S_UNSUPP);
	ck_assert_ptr_eq(requests[0].owner, data[0]);
	if (type == VIRTIO_BLK_T_FLUSH) {
		ck_assert_ptr_null(chains[0].data);
		return;
	}
	ck_assert_ptr_nonnull(chains[0].data);
	ck_assert_uint_eq(chains[0].data->addr, (uintptr_t)data[0]);
	ck_assert_uint_eq(chains[0].data->len, BYTES);
	ck_assert_uint_eq(chains[0].data->flags, VIRTQ_DESC_F_NEXT | direction);
}
END_TEST

START_TEST(a_full_table_refuses_and_changes_nothing)
{
	static struct virtio_blk_rings rings_before;
	static struct virtio_blk blk_before;
	bool flush = _i == 1;
	unsigned room = flush ? 256 / 2 : 256 / 3;

	begin(256, true, 0);
	for (unsigned i = 0; i < room; i++)
		ck_assert(virtio_blk_submit(
			&blk, fill(i, flush ? VIRTIO_BLK_T_FLUSH : VIRTIO_BLK_T_OUT, i)));
	struct virtio_blk_request *more = fill(room, VIRTIO_BLK_T_OUT, 0);
	rings_before = rings;
	blk_before = blk;
	ck_assert(!virtio_blk_submit(&blk, more));
	ck_assert_int_eq(memcmp(&rings, &rings_before, sizeof(rings)), 0);
	ck_assert_int_eq(memcmp(&blk, &blk_before, sizeof(blk)), 0);
	for (unsigned i = 0; i < room; i++) {
		device_take();
		ck_assert_uint_eq(chains[i].header->sector, i);
	}
	device_give(random_below(room), VIRTIO_BLK_S_OK);
	ck_assert_ptr_nonnull(virtio_blk_next(&blk));
	ck_assert(virtio_blk_submit(&blk, fill(room, VIRTIO_BLK_T_FLUSH, 0)));
}
END_TEST

START_TEST(no_two_requests_share_a_descriptor)
{
	bool used[VIRTIO_BLK_QUEUE] = {false};

	begin(256, false, 0);
	for (unsigned i = 0; i < 85; i++) {
		submit(i);
		device_take();
		unsigned at = chains[i].head;
		for (unsigned part = 0; part < 3; part++) {
			ck_assert(!used[at]);
			used[at] = true;
			at = rings.desc[at].next;
		}
	}
}
END_TEST

/* ---- telling ---- */

START_TEST(the_device_is_told_if_its_event_is_among_what_was_added)
{
	static const uint16_t starts[] = {0, 100, 65533, 65535};

	for (unsigned s = 0; s < 4; s++)
		for (unsigned count = 0; count <= 4; count++)
			for (int distance = -300; distance <= 300; distance++) {
				begin(16, true, starts[s]);
				for (unsigned i = 0; i < count; i++)
					submit(i);
				uint16_t event = (uint16_t)(starts[s] + distance);
				*virtio_blk_avail_event(&blk) = event;
				bool wanted = distance >= 0 && distance < (int)count;
				if (told() != wanted)
					ck_abort_msg("%u added from %u on, event %u: told %d",
						count, starts[s], event, !wanted);
				HOLDS(!told()); /* twice of the same */
			}
}
END_TEST

START_TEST(the_device_is_told_unless_its_flag_is_set)
{
	begin(16, false, 65534);
	for (unsigned i = 0; i < 4; i++) {
		virtio_blk_used(&blk)->flags = i % 2 ? VIRTQ_USED_F_NO_NOTIFY : 0;
		submit(i);
		ck_assert_int_eq(told(), i % 2 == 0);
		virtio_blk_used(&blk)->flags = 0;
		ck_assert(!told());
	}
}
END_TEST

START_TEST(sixty_four_requests_are_told_once)
{
	unsigned tells = 0;

	begin(256, _i == 1, 65500);
	*virtio_blk_avail_event(&blk) = 65500;
	for (unsigned i = 0; i < 64; i++) {
		submit(i);
		ck_assert_uint_eq(registers[VIRTIO_MMIO_QUEUE_NOTIFY / 4], UNTOUCHED);
	}
	for (unsigned i = 0; i < 3; i++)
		tells += told();
	ck_assert_uint_eq(tells, 1);
}
END_TEST

/* ---- what comes back ---- */

START_TEST(nothing_comes_back_before_the_device_gives_it)
{
	begin(8, true, 0);
	ck_assert_ptr_null(virtio_blk_next(&blk));
	submit(0);
	device_take();
	ck_assert_ptr_null(virtio_blk_next(&blk));
	device_give(0, VIRTIO_BLK_S_IOERR);
	ck_assert_ptr_eq(virtio_blk_next(&blk), &requests[0]);
	ck_assert_uint_eq(requests[0].status, VIRTIO_BLK_S_IOERR);
	ck_assert_ptr_null(virtio_blk_next(&blk));
}
END_TEST

/* Puts in, takes out and gives back by chance; each request must come back once, with its status.
 */
static void run_by_chance(unsigned size, bool event_index)
{
	bool busy[VIRTIO_BLK_QUEUE] = {false};
	uint8_t status[VIRTIO_BLK_QUEUE];
	unsigned submitted = 0, returned = 0, in_flight = 0;
	struct virtio_blk_request *request;

	begin(size, event_index, 0);
	while (returned < ROUNDS) {
		unsigned number = random_below(size), type = types[random_below(3)];

		if (!busy[number] && virtio_blk_submit(&blk, fill(number, type, number))) {
			busy[number] = true;
			submitted++;
			in_flight++;
		} else if (!busy[number]) {
			HOLDS(in_flight > 0);
		}
		if (virtio_blk_avail(&blk)->idx != taken && random_below(2))
			device_take();
		if (chain_count && random_below(2)) {
			unsigned which = random_below(chain_count);
			uint64_t number_of = chains[which].header->sector;
			status[number_of] = (uint8_t)random_below(3);
			device_give(which, status[number_of]);
		}
		if (random_below(3))
			continue;
		while ((request = virtio_blk_next(&blk))) {
			unsigned i = (unsigned)(request - requests);
			HOLDS(i < size);
			HOLDS(busy[i]);
			HOLDS(request->status == status[i]);
			HOLDS(request->owner == data[i]);
			busy[i] = false;
			returned++;
			in_flight--;
		}
	}
	HOLDS(submitted - returned == in_flight);
}

START_TEST(every_request_comes_back_once_in_whatever_order)
{
	random_state = 1 + (uint32_t)_i;
	run_by_chance(4u << _i % 7, _i >= 7);
}
END_TEST

/* Heads that the driver did not give: beyond the table, inside of a chain, free, or given back. */
START_TEST(what_the_device_was_not_given_is_ignored)
{
	begin(16, true, 65530);
	for (unsigned i = 0; i < 3; i++) {
		submit(i);
		device_take();
	}
	uint16_t middle = rings.desc[chains[1].head].next, twice = chains[2].head;
	const uint32_t bad[] = {
		16, 255, 256, 65535, 65536, 65536 + chains[0].head, UINT32_MAX, middle, blk.free};
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		used_add(bad[i]);
	ck_assert_ptr_null(virtio_blk_next(&blk));
	device_give(2, VIRTIO_BLK_S_OK);
	used_add(twice);
	used_add(middle);
	ck_assert_ptr_eq(virtio_blk_next(&blk), &requests[2]);
	ck_assert_ptr_null(virtio_blk_next(&blk));
	device_give(0, VIRTIO_BLK_S_OK);
	used_add(bad[6]);
	device_give(0, VIRTIO_BLK_S_OK);
	ck_assert_ptr_eq(virtio_blk_next(&blk), &requests[0]);
	ck_assert_ptr_eq(virtio_blk_next(&blk), &requests[1]);
	ck_assert_ptr_null(virtio_blk_next(&blk));
	for (unsigned i = 0; i < 5; i++)
		submit(i);
	ck_assert_uint_eq(blk.free_count, 1);
}
END_TEST

/* Then the ring is read through more than once. */
START_TEST(a_used_index_that_jumps_ends)
{
	begin(8, false, 5);
	submit(0);
	device_take();
	virtio_blk_used(&blk)->idx = 4;
	for (unsigned i = 0; virtio_blk_next(&blk); i++)
		ck_assert_uint_lt(i, 2);
	ck_assert_uint_eq(blk.seen, 4);
}
END_TEST

/* ---- interrupts ---- */

START_TEST(an_interrupt_comes_for_what_is_given_back_next)
{
	static const uint16_t starts[] = {0, 7, 65534, 65535};

	for (unsigned s = 0; s < 4; s++)
		for (unsigned before = 0; before < 3; before++) {
			begin(32, _i == 1, starts[s]);
			for (unsigned i = 0; i < 6; i++) {
				submit(i);
				device_take();
			}
			for (unsigned i = 0; i < before; i++)
				device_give(0, VIRTIO_BLK_S_OK);
			while (virtio_blk_next(&blk))
				;
			ck_assert(virtio_blk_want_interrupt(&blk, true));
			uint16_t from = virtio_blk_used(&blk)->idx;
			device_give(0, VIRTIO_BLK_S_OK);
			ck_assert(device_interrupts(from, virtio_blk_used(&blk)->idx));
		}
}
END_TEST

START_TEST(none_comes_that_is_not_wanted)
{
	begin(256, _i == 1, 65500);
	ck_assert(virtio_blk_want_interrupt(&blk, true));
	ck_assert(virtio_blk_want_interrupt(&blk, false));
	for (unsigned i = 0; i < 85; i++) {
		submit(i);
		device_take();
	}
	uint16_t from = virtio_blk_used(&blk)->idx;
	while (chain_count)
		device_give(0, VIRTIO_BLK_S_OK);
	ck_assert(!device_interrupts(from, virtio_blk_used(&blk)->idx));
	ck_assert(virtio_blk_want_interrupt(&blk, false));
}
END_TEST

START_TEST(what_came_before_it_was_asked_is_not_slept_through)
{
	begin(8, _i == 1, 65535);
	submit(0);
	device_take();
	device_give(0, VIRTIO_BLK_S_OK);
	ck_assert(!virtio_blk_want_interrupt(&blk, true));
	ck_assert(!virtio_blk_want_interrupt(&blk, true));
	ck_assert_ptr_nonnull(virtio_blk_next(&blk));
	ck_assert(virtio_blk_want_interrupt(&blk, true));
}
END_TEST

/* 2.7.7.1: flags is 0 where used_event says it. */
START_TEST(with_events_the_flag_stays_clear)
{
	begin(8, true, 0);
	virtio_blk_want_interrupt(&blk, false);
	ck_assert_uint_eq(virtio_blk_avail(&blk)->flags, 0);
	virtio_blk_want_interrupt(&blk, true);
	ck_assert_uint_eq(virtio_blk_avail(&blk)->flags, 0);
}
END_TEST

/* ---- the command line ---- */

static const struct {
	const char *word;
	uint32_t address, size;
	unsigned irq;
} good_words[] = {
	{"virtio_mmio.device=0x200@0xd0000000:5", 0xd0000000, 0x200, 5},
	{"virtio_mmio.device=512@3489660928:5", 0xd0000000, 0x200, 5},
	{"virtio_mmio.device=01000@0XD0000000:011", 0xd0000000, 0x200, 9},
	{"virtio_mmio.device=1K@0x100b0000:15:7", 0x100b0000, 1024, 15},
	{"virtio_mmio.device=4k@0xffffe000:0", 0xffffe000, 4096, 0},
	{"virtio_mmio.device=1M@0x1000000:10", 0x1000000, 1 << 20, 10},
	{"virtio_mmio.device=1G@0:10", 0, 1 << 30, 10},
};

static const char *const bad_words[] = {
	"",
	"   ",
	"virtio",
	"virtio_mmio.device",
	"virtio_mmio.device=",
	"virtio_mmio.device=@0xd0000000:5",
	"virtio_mmio.device=0x200",
	"virtio_mmio.device=0x200@",
	"virtio_mmio.device=0x200@0xd0000000",
	"virtio_mmio.device=0x200@0xd0000000:",
	"virtio_mmio.device=0x200@0xd0000000:5:",
	"virtio_mmio.device=0x200@0xd0000000:5x",
	"virtio_mmio.device=0x200@0xd0000000:5:1:",
	"virtio_mmio.device=0x200@0xd0000000:16",
	"virtio_mmio.device=0x200@0xd0000000:-1",
	"virtio_mmio.device=0x200@0xd0000002:5",
	"virtio_mmio.device=0x200@0x:5",
	"virtio_mmio.device=0x200@0xfffffffc:5",
	"virtio_mmio.device=0x200@0x1d0000000:5",
	"virtio_mmio.device=0x200@99999999999999999999999:5",
	"virtio_mmio.device=0x200@08:5",
	"virtio_mmio.device=255@0xd0000000:5",
	"virtio_mmio.device=0x200KK@0xd0000000:5",
	"virtio_mmio.device=4G@0:5",
	"virtio_mmio.device=0xffffffffG@0:5",
	"virtio_mmio.device=0x200@ 0xd0000000:5",
	"xvirtio_mmio.device=0x200@0xd0000000:5",
	"\"virtio_mmio.device=0x200@0xd0000000:5\"",
	"virtio_mmio.devices=0x200@0xd0000000:5",
};

#define COUNT(list) ((int)(sizeof(list) / sizeof((list)[0])))

/* The words lie in memory of just their size, so that a sanitizer sees who reads behind them. */
static char *exact(const char *text)
{
	char *copy = strdup(text);

	ck_assert_ptr_nonnull(copy);
	return copy;
}

START_TEST(a_device_is_where_the_word_says)
{
	char line[160];
	struct virtio_place place;

	snprintf(line, sizeof(line), "name mem=4  %s run=hello", good_words[_i].word);
	char *copy = exact(line);
	const char *words = copy;
	ck_assert(virtio_place_next(&words, &place));
	ck_assert_uint_eq(place.address, good_words[_i].address);
	ck_assert_uint_eq(place.size, good_words[_i].size);
	ck_assert_uint_eq(place.irq, good_words[_i].irq);
	ck_assert_str_eq(words, "run=hello");
	ck_assert(!virtio_place_next(&words, &place));
	ck_assert_str_eq(words, "");
	free(copy);
	copy = exact(good_words[_i].word);
	words = copy;
	ck_assert(virtio_place_next(&words, &place));
	free(copy);
}
END_TEST

START_TEST(a_word_that_says_anything_else_is_none)
{
	struct virtio_place place;
	char *copy = exact(bad_words[_i]);
	const char *words = copy;

	ck_assert(!virtio_place_next(&words, &place));
	ck_assert_ptr_eq(words, copy + strlen(copy));
	free(copy);
}
END_TEST

/* Every prefix of a good line, and every change of one byte of it: nothing is read behind it. */
START_TEST(damaged_words_do_no_harm)
{
	static const char line[] = "a virtio_mmio.device=4K@0xd0000000:10:3 b";
	struct virtio_place place;

	for (size_t length = 0; length < sizeof(line); length++)
		for (unsigned byte = 1; byte < 256; byte++) {
			char *copy = exact(line);
			copy[length] = (char)byte;
			if (length == sizeof(line) - 1)
				copy[length] = '\0';
			char *shorter = strndup(copy, length + 1);
			const char *words = copy, *less = shorter;
			while (virtio_place_next(&words, &place))
				;
			while (virtio_place_next(&less, &place))
				;
			HOLDS(*words == '\0');
			free(copy);
			free(shorter);
		}
}
END_TEST

/* ---- finding a device ---- */

static volatile uint32_t *place; /* of a device's registers, below 4 GiB */
static char found_line[160];

/* A block device that agrees to everything. */
static void device_place(void)
{
	place = mmap(NULL, 2 * VIRTIO_MMIO_SIZE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	ck_assert_ptr_ne((const void *)place, MAP_FAILED);
	place[VIRTIO_MMIO_MAGIC / 4] = VIRTIO_MAGIC;
	place[VIRTIO_MMIO_VERSION / 4] = 2;
	place[VIRTIO_MMIO_DEVICE_ID / 4] = VIRTIO_ID_BLOCK;
	/* both halves read the same: bits 0, 9, 28 and 29, and those above 32 */
	place[VIRTIO_MMIO_DEVICE_FEATURES / 4] = 0x30000201;
	place[VIRTIO_MMIO_QUEUE_NUM_MAX / 4] = 1024;
	place[VIRTIO_MMIO_CONFIG / 4] = 0x89abcdef;
	place[VIRTIO_MMIO_CONFIG / 4 + 1] = 0x1234567;
	snprintf(found_line, sizeof(found_line),
		"name virtio_mmio.device=0x200@%#x:3 virtio_mmio.device=0x200@%#x:5",
		(unsigned)(uintptr_t)place + VIRTIO_MMIO_SIZE, (unsigned)(uintptr_t)place);
}

static struct virtio_device device;

static enum virtio_outcome find(unsigned size, uint64_t wanted)
{
	memset(&rings, 0xff, sizeof(rings));
	return virtio_blk_find(&blk, &device, found_line, &rings, size, wanted);
}

START_TEST(a_block_device_is_found_and_runs)
{
	uint32_t desc = (uint32_t)(uintptr_t)rings.desc;

	ck_assert_int_eq(
		find(256, VIRTIO_FEATURE(VIRTIO_F_EVENT_IDX) | VIRTIO_FEATURE(VIRTIO_BLK_F_FLUSH) |
				  VIRTIO_FEATURE(VIRTIO_BLK_F_RO)),
		VIRTIO_FOUND);
	ck_assert_ptr_eq((const void *)blk.registers, (const void *)place);
	ck_assert_uint_eq(device.irq, 5);
	ck_assert_uint_eq(device.features, UINT64_C(1) << 32 | 1 << 29 | 1 << 9);
	ck_assert(blk.event_index);
	ck_assert_uint_eq(blk.size, 256);
	ck_assert_uint_eq(blk.sectors, UINT64_C(0x123456789abcdef));
	ck_assert_uint_eq(blk.free_count, 256);
	ck_assert_uint_eq(place[VIRTIO_MMIO_STATUS / 4], 15);
	ck_assert_uint_eq(place[VIRTIO_MMIO_DRIVER_FEATURES / 4], 1);
	ck_assert_uint_eq(place[VIRTIO_MMIO_DRIVER_FEATURES_SEL / 4], 1);
	ck_assert_uint_eq(place[VIRTIO_MMIO_QUEUE_SEL / 4], 0);
	ck_assert_uint_eq(place[VIRTIO_MMIO_QUEUE_NUM / 4], 256);
	ck_assert_uint_eq(place[VIRTIO_MMIO_QUEUE_DESC_LOW / 4], desc);
	ck_assert_uint_eq(place[VIRTIO_MMIO_QUEUE_DRIVER_LOW / 4],
		(uint32_t)(uintptr_t)virtio_blk_avail(&blk));
	ck_assert_uint_eq(place[VIRTIO_MMIO_QUEUE_DEVICE_LOW / 4],
		(uint32_t)(uintptr_t)virtio_blk_used(&blk));
	ck_assert_uint_eq(place[VIRTIO_MMIO_QUEUE_READY / 4], 1);
	ck_assert_uint_eq(rings.avail[1], 0);
	ck_assert_uint_eq(rings.used[0], 0);
}
END_TEST

START_TEST(only_what_is_wanted_is_accepted)
{
	ck_assert_int_eq(find(64, 0), VIRTIO_FOUND);
	ck_assert_uint_eq(device.features, UINT64_C(1) << 32);
	ck_assert(!blk.event_index);
	ck_assert_uint_eq(blk.size, 64);
}
END_TEST

static const struct {
	unsigned offset;
	uint32_t value;
	enum virtio_outcome outcome;
	uint32_t status; /* that the device is left in */
	unsigned size;   /* of the queue, where it is found */
} changes[] = {
	{VIRTIO_MMIO_MAGIC, 0, VIRTIO_ABSENT, 0, 0},
	{VIRTIO_MMIO_MAGIC, 0x7472697a, VIRTIO_ABSENT, 0, 0},
	{VIRTIO_MMIO_DEVICE_ID, 0, VIRTIO_ABSENT, 0, 0},
	{VIRTIO_MMIO_DEVICE_ID, VIRTIO_ID_NET, VIRTIO_ABSENT, 0, 0},
	{VIRTIO_MMIO_VERSION, 1, VIRTIO_VERSION_UNKNOWN, 0, 0},
	{VIRTIO_MMIO_VERSION, 3, VIRTIO_VERSION_UNKNOWN, 0, 0},
	{VIRTIO_MMIO_DEVICE_FEATURES, 0x30000200, VIRTIO_FEATURES_MISSING, 128 + 3, 0},
	{VIRTIO_MMIO_QUEUE_NUM_MAX, 0, VIRTIO_QUEUE_MISSING, 128 + 11, 0},
	{VIRTIO_MMIO_QUEUE_NUM_MAX, 3, VIRTIO_QUEUE_MISSING, 128 + 11, 0},
	{VIRTIO_MMIO_QUEUE_READY, 1, VIRTIO_QUEUE_MISSING, 128 + 11, 0},
	{VIRTIO_MMIO_QUEUE_NUM_MAX, 4, VIRTIO_FOUND, 15, 4},
	{VIRTIO_MMIO_QUEUE_NUM_MAX, 100, VIRTIO_FOUND, 15, 64},
	{VIRTIO_MMIO_QUEUE_NUM_MAX, 256, VIRTIO_FOUND, 15, 256},
};

START_TEST(a_device_that_does_not_fit_is_given_up)
{
	place[changes[_i].offset / 4] = changes[_i].value;
	ck_assert_int_eq(find(256, VIRTIO_FEATURE(VIRTIO_F_EVENT_IDX)), changes[_i].outcome);
	ck_assert_uint_eq(place[VIRTIO_MMIO_STATUS / 4], changes[_i].status);
	ck_assert_str_ne(virtio_outcome_text(changes[_i].outcome), "");
	if (changes[_i].outcome == VIRTIO_FOUND)
		ck_assert_uint_eq(blk.size, changes[_i].size);
}
END_TEST

START_TEST(an_interrupt_is_acknowledged_with_what_it_was_for)
{
	ck_assert_int_eq(find(256, 0), VIRTIO_FOUND);
	ck_assert_uint_eq(virtio_acknowledge(&device), 0);
	ck_assert_uint_eq(place[VIRTIO_MMIO_INTERRUPT_ACK / 4], 0);
	place[VIRTIO_MMIO_INTERRUPT_STATUS / 4] = 3;
	ck_assert_uint_eq(virtio_acknowledge(&device), 3);
	ck_assert_uint_eq(place[VIRTIO_MMIO_INTERRUPT_ACK / 4], 3);
}
END_TEST

int main(void)
{
	TCase *driver = tcase_create("driver"), *words = tcase_create("words");
	TCase *finding = tcase_create("finding");
	Suite *suite = suite_create("virtio_blk");
	SRunner *runner = srunner_create(suite);

	random_state = 1;
	tcase_set_timeout(driver, 60);
	tcase_add_loop_test(
		driver, a_request_is_a_chain_that_the_device_understands, 0, COUNT(types));
	tcase_add_loop_test(driver, a_full_table_refuses_and_changes_nothing, 0, 2);
	tcase_add_test(driver, no_two_requests_share_a_descriptor);
	tcase_add_test(driver, the_device_is_told_if_its_event_is_among_what_was_added);
	tcase_add_test(driver, the_device_is_told_unless_its_flag_is_set);
	tcase_add_loop_test(driver, sixty_four_requests_are_told_once, 0, 2);
	tcase_add_test(driver, nothing_comes_back_before_the_device_gives_it);
	tcase_add_loop_test(driver, every_request_comes_back_once_in_whatever_order, 0, 14);
	tcase_add_test(driver, what_the_device_was_not_given_is_ignored);
	tcase_add_test(driver, a_used_index_that_jumps_ends);
	tcase_add_loop_test(driver, an_interrupt_comes_for_what_is_given_back_next, 0, 2);
	tcase_add_loop_test(driver, none_comes_that_is_not_wanted, 0, 2);
	tcase_add_loop_test(driver, what_came_before_it_was_asked_is_not_slept_through, 0, 2);
	tcase_add_test(driver, with_events_the_flag_stays_clear);
	tcase_add_loop_test(words, a_device_is_where_the_word_says, 0, COUNT(good_words));
	tcase_add_loop_test(words, a_word_that_says_anything_else_is_none, 0, COUNT(bad_words));
	tcase_add_test(words, damaged_words_do_no_harm);
	tcase_add_checked_fixture(finding, device_place, NULL);
	tcase_add_test(finding, a_block_device_is_found_and_runs);
	tcase_add_test(finding, only_what_is_wanted_is_accepted);
	tcase_add_loop_test(finding, a_device_that_does_not_fit_is_given_up, 0, COUNT(changes));
	tcase_add_test(finding, an_interrupt_is_acknowledged_with_what_it_was_for);
	suite_add_tcase(suite, driver);
	suite_add_tcase(suite, words);
	suite_add_tcase(suite, finding);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
