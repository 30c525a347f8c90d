/* SPDX-License-Identifier: BSD-2-Clause */
/* The judge as a block device: paravirt_device.h. VIRTIO 1.2, 2.7 and 5.2.6. */
#include "paravirt_device.h"

#include "layout.h"
#include "monitor_layout.h"

#define IDLE_MAX 300 /* looks of the driver after which it should have found what was given */
#define JUMP_MAX 20000

/* struct virtio_blk, as it lies in the guest */
#define BLK_COUNTERS 28 /* added, told, seen */

/* ---- the guest's memory, by physical addresses ---- */

static void guest_get(const struct device *d, uint64_t at, void *data, size_t size)
{
	ck_assert_msg(at <= d->limit && size <= d->limit - at,
		"the driver's descriptors name %zu bytes at %llx, where there is no memory", size,
		(unsigned long long)at);
	memory_read(d->m, d->memory + (uint32_t)at, data, size);
}

static uint16_t guest_get16(const struct device *d, uint32_t at)
{
	uint16_t value;

	guest_get(d, at, &value, sizeof(value));
	return value;
}

static void guest_put(const struct device *d, uint64_t at, const void *data, size_t size)
{
	memory_write(d->m, d->memory + (uint32_t)at, data, size);
}

static uint16_t avail_index_of(const struct device *d)
{
	return guest_get16(d, d->queue.avail + 2);
}

/* ---- what the driver has added ---- */

static bool is_held(const struct device *d, uint16_t descriptor)
{
	for (unsigned i = 0; i < d->holds; i++)
		for (unsigned n = 0; n < d->held[i].count; n++)
			if (d->held[i].desc[n] == descriptor)
				return true;
	return false;
}

static struct virtq_desc desc_get(struct device *d, struct held *held, uint16_t number)
{
	struct virtq_desc desc;

	ck_assert_msg(number < d->queue.size,
		"the driver's request leads to descriptor %u, and the queue has %u", number,
		d->queue.size);
	ck_assert_msg(!is_held(d, number),
		"the driver uses descriptor %u for a request while the device has it for another",
		number);
	for (unsigned n = 0; n < held->count; n++)
		ck_assert_msg(held->desc[n] != number,
			"the driver's request has descriptor %u twice", number);
	guest_get(d, d->queue.desc + 16 * number, &desc, sizeof(desc));
	held->desc[held->count++] = number;
	return desc;
}

static void assert_desc(const struct virtq_desc *desc, const char *what, uint16_t flags)
{
	ck_assert_msg(desc->flags == flags,
		"the flags of the descriptor of %s are %u; they should be %u (NEXT 1, WRITE 2)",
		what, desc->flags, flags);
}

static void take_one(struct device *d, uint16_t head)
{
	struct held *held = &d->held[d->holds];

	*held = (struct held){.head = head};
	struct virtq_desc desc = desc_get(d, held, head);
	assert_desc(&desc, "a request's header", VIRTQ_DESC_F_NEXT);
	ck_assert_msg(desc.len == sizeof(held->header),
		"the first descriptor of a request has %u bytes; a header has 16", desc.len);
	guest_get(d, desc.addr, &held->header, sizeof(held->header));
	ck_assert_msg(held->header.type <= VIRTIO_BLK_T_FLUSH && held->header.reserved == 0,
		"a request has the type %u, and %u in its reserved field", held->header.type,
		held->header.reserved);
	if (held->header.type != VIRTIO_BLK_T_FLUSH) {
		held->data = desc_get(d, held, desc.next);
		desc = held->data;
		assert_desc(&desc,
			held->header.type == VIRTIO_BLK_T_IN ? "data that is read from the disk"
							     : "data that goes to the disk",
			held->header.type == VIRTIO_BLK_T_IN
				? VIRTQ_DESC_F_NEXT | VIRTQ_DESC_F_WRITE
				: VIRTQ_DESC_F_NEXT);
		ck_assert_msg(
			desc.len > 0 && desc.len % VIRTIO_BLK_SECTOR == 0 &&
				desc.len <= d->disk_size &&
				held->header.sector * VIRTIO_BLK_SECTOR <= d->disk_size - desc.len,
			"a request is for %u bytes from sector %llu on", desc.len,
			(unsigned long long)held->header.sector);
	}
	held->status = desc_get(d, held, desc.next);
	assert_desc(&held->status, "a request's status", VIRTQ_DESC_F_WRITE);
	ck_assert_msg(
		held->status.len == 1, "the descriptor of a status has %u bytes", held->status.len);
	d->holds++;
	d->requests++;
}

void device_take(struct device *d)
{
	uint16_t index = avail_index_of(d), count = (uint16_t)(index - d->taken);

	ck_assert_msg(count <= d->queue.size,
		"the available ring's index goes from %u to %u, and the queue has %u descriptors",
		d->taken, index, d->queue.size);
	for (; d->taken != index; d->taken++)
		take_one(d, guest_get16(d, d->queue.avail + 4 + 2 * (d->taken % d->queue.size)));
}

/* ---- when it wants to be told ---- */

static void wish(struct device *d)
{
	uint16_t flags;

	/* one that lies behind is no wish */
	d->event = (uint16_t)(d->told + (d->late ? 0 : (int)random_below(5) - 2));
	d->no_notify = !d->queue.event_index && !d->late && random_below(2);
	flags = d->no_notify ? VIRTQ_USED_F_NO_NOTIFY : 0;
	if (d->queue.event_index)
		guest_put(d, d->queue.used_ring + 4 + 8 * d->queue.size, &d->event, 2);
	guest_put(d, d->queue.used_ring, &flags, 2);
}

static bool wants_telling(const struct device *d, uint16_t index)
{
	uint16_t news = (uint16_t)(index - d->told);

	if (d->queue.event_index)
		return (uint16_t)(index - d->event - 1) < news;
	return news > 0 && !d->no_notify;
}

/* ---- giving back ---- */

static void element_put(struct device *d, uint32_t id, uint32_t length)
{
	uint32_t element[] = {id, length};

	guest_put(d, d->queue.used_ring + 4 + 8 * (d->used++ % d->queue.size), element,
		sizeof(element));
}

static void index_put(struct device *d)
{
	guest_put(d, d->queue.used_ring + 2, &d->used, 2);
}

static uint32_t held_serve(struct device *d, const struct held *held)
{
	uint8_t *at = d->disk + held->header.sector * VIRTIO_BLK_SECTOR, status = VIRTIO_BLK_S_OK;
	uint32_t written = 1;

	if (held->header.type == VIRTIO_BLK_T_OUT)
		guest_get(d, held->data.addr, at, held->data.len);
	if (held->header.type == VIRTIO_BLK_T_IN) {
		guest_put(d, held->data.addr, at, held->data.len);
		written += held->data.len;
	}
	guest_put(d, held->status.addr, &status, 1);
	return written;
}

/* An element of the used ring that names nothing that the device has. */
static uint32_t lie(const struct device *d)
{
	uint32_t id;

	switch (random_below(5)) {
	case 0:
		return 0xffffffff;
	case 1:
		return d->queue.size + random_below(100);
	case 2: /* good, if only its lower half is looked at */
		return (d->holds ? d->held[0].head : 0) | (1 + random_below(0xffff)) << 16;
	case 3: /* the middle of a chain */
		if (d->holds)
			return d->held[random_below(d->holds)].desc[1];
		/* fall through */
	default:
		id = random_below(d->queue.size);
		return is_held(d, (uint16_t)id) ? 0x80000000 | id : id;
	}
}

/* All elements are lies, and the index is much further. */
static void jump(struct device *d)
{
	for (uint32_t i = 0; i < d->queue.size; i++)
		element_put(d, lie(d), random_u32());
	d->used = (uint16_t)(d->used + random_below(JUMP_MAX));
	index_put(d);
}

/* Gives `count` requests back, in any order. */
static void give_some(struct device *d, unsigned count)
{
	uint16_t before = d->used;

	while (count-- > 0 && d->holds > 0) {
		unsigned i = random_below(d->holds);
		struct held held = d->held[i];
		uint32_t written = held_serve(d, &held);
		d->held[i] = d->held[--d->holds];
		if (d->lies && random_below(2) && (uint16_t)(d->used - before) < d->queue.size / 2)
			element_put(d, lie(d), random_u32());
		element_put(d, held.head, d->lies ? random_u32() : written);
		if (d->lies && (uint16_t)(d->used - before) < d->queue.size / 2)
			element_put(d, held.head, written); /* and again */
	}
	index_put(d);
}

/* Does the driver want an interrupt for what was given back since then? */
static bool wants_interrupt(const struct device *d, uint16_t before)
{
	uint16_t given = (uint16_t)(d->used - before);

	if (!d->queue.event_index)
		return given > 0 && !(guest_get16(d, d->queue.avail) & VIRTQ_AVAIL_F_NO_INTERRUPT);
	return (uint16_t)(guest_get16(d, d->queue.avail + 4 + 2 * d->queue.size) - before) < given;
}

/* ---- the course of things ---- */

void device_open(struct device *d, const char *words)
{
	char line[128];
	const uint8_t *disk;

	memset(d, 0, sizeof(*d));
	d->guest = guest_open("blocks");
	disk = guest_disk(d->guest, &d->disk_size);
	ck_assert(d->disk_size <= sizeof(d->disk));
	memcpy(d->disk, disk, d->disk_size);
	snprintf(line, sizeof(line), "virtio mem=4 %s", words);
	d->m = boot_several(&(struct boot_guest){d->guest, line}, 1);
}

void device_begin(struct device *d)
{
	uint32_t vm;

	d->device = memory_read_u32(d->m, registers(d->m)->esp + 4);
	memory_read(d->m, d->device + VIRTIO_QUEUE_OFFSET, &d->queue, sizeof(d->queue));
	vm = d->queue.vm;
	d->memory = MONITOR_BASE + memory_read_u32(d->m, vm + VM_MEMORY_OFFSET);
	d->limit = memory_read_u32(d->m, vm + VM_SIZE_OFFSET);
	d->open = true;
}

/* Before the first request: both sides' counters go to where they are to begin. */
static void counters_begin(struct device *d)
{
	uint16_t counters[] = {d->start, d->start, d->start};

	d->blk = memory_read_u32(d->m, registers(d->m)->ss.base + registers(d->m)->esp + 4);
	guest_put(d, d->blk + BLK_COUNTERS, counters, sizeof(counters));
	guest_put(d, d->queue.avail + 2, &d->start, 2);
	d->taken = d->used = d->told = d->start;
	index_put(d);
	wish(d);
}

/* The driver writes QueueNotify. */
static void on_told(struct device *d)
{
	uint16_t index = avail_index_of(d), before = d->used;

	ck_assert_msg(wants_telling(d, index),
		d->queue.event_index
			? "the driver tells of requests %u to before %u, and avail_event is %u: nobody wants to know (told %u)"
			: "the driver tells of requests %u to before %u although VIRTQ_USED_F_NO_NOTIFY is set",
		d->told, index, d->event, d->told);
	d->told = index;
	device_take(d);
	if (d->late) {
		give_some(d, 1 + random_below(d->holds));
		if (wants_interrupt(d, before))
			call(d->m, "virtio_interrupt",
				(uint32_t[]){d->device, VIRTIO_INTERRUPT_USED}, 2);
	}
	wish(d);
}

/* The driver looks for what has come back: it has told, if it had to. */
static void on_poll(struct device *d)
{
	uint16_t index = avail_index_of(d);

	d->idle = d->holds || index != d->told ? 0 : d->idle + 1;
	ck_assert_msg(d->idle < IDLE_MAX,
		"the device has given all %u requests back, and the driver still waits for one",
		d->requests);
	ck_assert_msg(!wants_telling(d, index),
		"the driver has added requests %u to before %u and waits without having told of them; avail_event is %u, the used ring's flags %u",
		d->told, index, d->event, d->no_notify);
	device_take(d);
	if (d->told != index) {
		d->told = index;
		wish(d);
	}
	if (d->late || random_below(3) == 0)
		return;
	if (d->lies && random_below(8) == 0)
		jump(d);
	else
		give_some(d, 1 + random_below(d->holds + 1));
}

/* The driver asks for an interrupt: what comes just before it has asked brings none. */
static void on_wish(struct device *d)
{
	if (!d->blk)
		counters_begin(d);
	else if (d->late)
		give_some(d, d->holds);
}

void device_run(struct device *d)
{
	const uint32_t places[] = {monitor_symbol("virtio_work"),
		guest_symbol(d->guest, "virtio_blk_next"),
		guest_symbol(d->guest, "virtio_blk_want_interrupt"),
		guest_symbol(d->guest, "guest_done")};

	for (;;) {
		switch (run_until_any(d->m, places, sizeof(places) / sizeof(places[0]))) {
		case 0:
			if (!d->open)
				device_begin(d);
			else if (memory_read_u32(d->m, registers(d->m)->esp + 4) == d->device)
				on_told(d);
			function_leave(d->m);
			break;
		case 1:
			on_poll(d);
			break;
		case 2:
			on_wish(d);
			break;
		default:
			return;
		}
	}
}
