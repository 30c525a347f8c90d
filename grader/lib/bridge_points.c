/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where GDB wants the machine to stop.
 *
 * Breakpoints are linear addresses. Bochs has 16 places for them and never stops on the first
 * instruction of a *hardware* interrupt's handler. So a breakpoint to which a gate of vector 32 or
 * above leads gets a twin: a second place, at the instruction that follows. (Vectors below are
 * exceptions, where Bochs does stop.) The machine then stops one instruction late, which GDB is
 * told. Twins are looked for again and again while the machine runs, because it may load its
 * interrupt table after the breakpoint was set.
 *
 * Since lab 4 an instruction of the guest's kernel is fetched from elsewhere (bridge_view.c), so a
 * breakpoint on it takes two places, and one more in each patch block that it has moved to.
 *
 * Watchpoints are machine addresses to Bochs and linear ones to GDB: they are translated when GDB
 * sets them, which it does anew at each "continue".
 *
 * The invariant: the breakpoints are in order of address, no two alike, and they fit Bochs's
 * places, with their twins and all.
 *
 * Read: Intel SDM volume 3, 6.11 (gates), 6.2 (vectors); Debugging with GDB, appendix E, "Z".
 */
#include "bridge_internal.h"

#include "decode.h"

#include <inttypes.h>
#include <string.h>

#define PAGE_SIZE           4096u
#define WATCH_LENGTH_MAX    PAGE_SIZE
#define VECTOR_FIRST_DEVICE 32u
#define VECTORS             256u
#define GATE_SIZE           8u
#define GATE_PRESENT        0x80
#define CR0_PE              (1u << 0)

/* ---- breakpoints ---- */

static size_t breakpoint_place(const struct bridge *b, uint32_t address)
{
	size_t i = 0;

	while (i < b->n_breakpoints && b->breakpoints[i].address < address)
		i++;
	return i;
}

const struct breakpoint *points_at(const struct bridge *b, uint32_t address)
{
	size_t i = breakpoint_place(b, address);

	return i < b->n_breakpoints && b->breakpoints[i].address == address ? &b->breakpoints[i]
									    : NULL;
}

const struct breakpoint *points_twin_at(const struct bridge *b, uint32_t address)
{
	for (size_t i = 0; i < b->n_breakpoints; i++)
		if (b->breakpoints[i].has_twin && b->breakpoints[i].twin == address)
			return &b->breakpoints[i];
	return NULL;
}

/* What they cannot do without: twins and blocks get what is left. */
static size_t places_needed(const struct bridge *b)
{
	size_t needed = b->n_breakpoints + (b->options.commit != 0);

	for (size_t i = 0; i < b->n_breakpoints; i++)
		needed += view_has(b, b->breakpoints[i].address);
	return needed;
}

static size_t places_used(const struct bridge *b)
{
	size_t used = places_needed(b);

	for (size_t i = 0; i < b->n_breakpoints; i++)
		used += b->breakpoints[i].has_twin;
	return used;
}

static void breakpoint_insert(struct bridge *b, uint32_t address, bool hardware)
{
	size_t i = breakpoint_place(b, address);

	if (!points_at(b, address)) {
		if (places_needed(b) + 1 + view_has(b, address) > BOCHS_BREAKPOINTS_MAX) {
			refuse(b, "Bochs has room for %u breakpoints%s: delete or disable some",
				BOCHS_BREAKPOINTS_MAX,
				b->options.commit ? ", and one in the guest's code takes two" : "");
			return;
		}
		memmove(&b->breakpoints[i + 1], &b->breakpoints[i],
			(b->n_breakpoints - i) * sizeof(b->breakpoints[0]));
		b->breakpoints[i] = (struct breakpoint){.address = address};
		b->n_breakpoints++;
	}
	if (hardware)
		b->breakpoints[i].hardware = true;
	else
		b->breakpoints[i].software = true;
	reply_ok(b);
}

static void breakpoint_remove(struct bridge *b, uint32_t address, bool hardware)
{
	size_t i = breakpoint_place(b, address);

	if (points_at(b, address)) {
		struct breakpoint *p = &b->breakpoints[i];

		if (hardware)
			p->hardware = false;
		else
			p->software = false;
		if (!p->hardware && !p->software) {
			b->n_breakpoints--;
			memmove(p, p + 1, (b->n_breakpoints - i) * sizeof(*p));
		}
	}
	reply_ok(b);
}

/* ---- twins ---- */

/* The addresses that the gates from vector 32 on lead to; 0 where a gate leads nowhere. */
static void gates_read(struct bridge *b, uint32_t targets[VECTORS])
{
	const struct bochs_registers *r = bochs_registers(b->machine);
	uint8_t table[VECTORS * GATE_SIZE] = {0};

	memset(targets, 0, VECTORS * sizeof(targets[0]));
	if (!r || !(r->cr0 & CR0_PE))
		return;
	bochs_read_linear(b->machine, r->idtr.base, table, sizeof(table));
	for (unsigned v = VECTOR_FIRST_DEVICE; v < VECTORS; v++) {
		const uint8_t *gate = table + GATE_SIZE * v;

		if ((gate[5] & GATE_PRESENT) && GATE_SIZE * v + GATE_SIZE - 1 <= r->idtr.limit)
			targets[v] = gate[0] | (uint32_t)gate[1] << 8 | (uint32_t)gate[6] << 16 |
				     (uint32_t)gate[7] << 24;
	}
}

static bool is_target(const uint32_t targets[VECTORS], uint32_t address)
{
	for (unsigned v = VECTOR_FIRST_DEVICE; v < VECTORS; v++)
		if (address && targets[v] == address)
			return true;
	return false;
}

/* The place where the handler's second instruction is, if the first one tells. */
static bool second_instruction(struct bridge *b, uint32_t address, uint32_t *second)
{
	uint8_t code[INSN_MAX_LENGTH];
	struct insn insn;
	size_t n = bochs_read_linear(b->machine, address, code, sizeof(code));

	if (insn_decode(&insn, code, n, 32) != DECODE_OK)
		return false;
	*second = address + insn.length;
	if (insn.class == INSN_CONTROL_FLOW) {
		/* JMP and CALL with a distance; others go who knows where */
		if (insn.map != MAP_ONE_BYTE ||
			(insn.opcode != 0xe8 && insn.opcode != 0xe9 && insn.opcode != 0xeb))
			return false;
		*second += insn.immediate;
	}
	return true;
}

void points_find_twins(struct bridge *b)
{
	uint32_t targets[VECTORS];

	if (!b->n_breakpoints)
		return;
	gates_read(b, targets);
	for (size_t i = 0; i < b->n_breakpoints; i++)
		b->breakpoints[i].has_twin = false;
	for (size_t i = 0; i < b->n_breakpoints; i++) {
		struct breakpoint *p = &b->breakpoints[i];

		bool told;

		if (!is_target(targets, p->address) || view_has(b, p->address))
			continue;
		told = second_instruction(b, p->address, &p->twin);
		if (told && points_at(b, p->twin))
			continue;
		if (told && places_used(b) < BOCHS_BREAKPOINTS_MAX) {
			p->has_twin = true;
		} else if (!p->warned) {
			p->warned = true;
			say(b,
				"bridge: the breakpoint at %08" PRIx32
				" will not stop hardware interrupts, only exceptions and INT: Bochs needs a second "
				"place for those, and there is none\n",
				p->address);
		}
	}
}

/* ---- watchpoints ---- */

static bool watch_is(const struct watchpoint *w, uint32_t address, uint32_t length, uint32_t kind)
{
	return w->address == address && w->length == length && (uint32_t)w->kind == kind;
}

/* How many places of one access the watchpoints take. */
static size_t watches_used(const struct bridge *b, enum watch_kind not_this)
{
	size_t used = 0;

	for (size_t i = 0; i < b->n_watchpoints; i++)
		if (b->watchpoints[i].kind != not_this)
			used += b->watchpoints[i].first_length < b->watchpoints[i].length ? 2 : 1;
	return used;
}

/* Finds the machine addresses. False: a page is not present. */
static bool watch_translate(struct bridge *b, struct watchpoint *w)
{
	uint32_t on_page = PAGE_SIZE - w->address % PAGE_SIZE;

	w->first_length = w->length < on_page ? w->length : on_page;
	return bochs_translate(b->machine, w->address, &w->first) &&
	       (w->first_length == w->length ||
		       bochs_translate(b->machine, w->address + on_page, &w->second));
}

static void watch_insert(struct bridge *b, uint32_t address, uint32_t length, uint32_t kind)
{
	struct watchpoint w = {.address = address, .length = length, .kind = (enum watch_kind)kind};
	size_t places;

	for (size_t i = 0; i < b->n_watchpoints; i++)
		if (watch_is(&b->watchpoints[i], address, length, kind)) {
			reply_ok(b);
			return;
		}
	if (!length || length > WATCH_LENGTH_MAX) {
		refuse(b, "a watchpoint on %" PRIu32 " bytes: 1 to %u can be watched", length,
			WATCH_LENGTH_MAX);
		return;
	}
	if (!watch_translate(b, &w)) {
		refuse(b,
			"linear address %08" PRIx32
			" is not mapped now: set the watchpoint where the machine can reach it",
			address);
		return;
	}
	places = w.first_length < w.length ? 2 : 1;
	if ((kind != WATCH_READ && watches_used(b, WATCH_READ) + places > BOCHS_WATCHES_MAX) ||
		(kind != WATCH_WRITE &&
			watches_used(b, WATCH_WRITE) + places > BOCHS_WATCHES_MAX)) {
		refuse(b, "Bochs has room for %u watchpoints of each access: delete some",
			BOCHS_WATCHES_MAX);
		return;
	}
	b->watchpoints[b->n_watchpoints++] = w;
	reply_ok(b);
}

static void watch_remove(struct bridge *b, uint32_t address, uint32_t length, uint32_t kind)
{
	for (size_t i = 0; i < b->n_watchpoints; i++)
		if (watch_is(&b->watchpoints[i], address, length, kind)) {
			b->n_watchpoints--;
			memmove(&b->watchpoints[i], &b->watchpoints[i + 1],
				(b->n_watchpoints - i) * sizeof(b->watchpoints[0]));
			break;
		}
	reply_ok(b);
}

/* ---- packets: "kind,address,length" ---- */

static void point_change(struct bridge *b, const char *text, bool insert)
{
	uint32_t kind, address, length;

	if (!rsp_take_number(&text, &kind) || !rsp_take_word(&text, ",") ||
		!rsp_take_number(&text, &address) || !rsp_take_word(&text, ",") ||
		!rsp_take_number(&text, &length))
		refuse(b, "a point needs a kind, an address below 4 GiB and a length");
	else if (kind > WATCH_ACCESS)
		reply(b, "%s", "");
	else if (kind < WATCH_WRITE)
		(insert ? breakpoint_insert : breakpoint_remove)(b, address, kind == 1);
	else
		(insert ? watch_insert : watch_remove)(b, address, length, kind);
}

void point_insert(struct bridge *b, const char *text)
{
	point_change(b, text, true);
}

void point_remove(struct bridge *b, const char *text)
{
	point_change(b, text, false);
}

/* ---- for Bochs ---- */

static void watch_collect(
	struct points *p, size_t owner, const struct watchpoint *w, enum bochs_access access)
{
	p->watches[p->n_watches] = (struct bochs_watch){w->first, w->first_length, access};
	p->owners[p->n_watches++] = owner;
	if (w->first_length == w->length)
		return;
	p->watches[p->n_watches] =
		(struct bochs_watch){w->second, w->length - w->first_length, access};
	p->owners[p->n_watches++] = owner;
}

/* The places in patch blocks where the breakpoint's instruction begins, as far as there is room. */
static void blocks_collect(struct bridge *b, struct breakpoint *p, struct points *points)
{
	uint32_t places[BOCHS_BREAKPOINTS_MAX];
	size_t n = view_blocks_of(b, p->address, places, BOCHS_BREAKPOINTS_MAX);

	for (size_t i = 0; i < n; i++) {
		if (points->n_addresses < BOCHS_BREAKPOINTS_MAX) {
			points->addresses[points->n_addresses++] = places[i];
		} else if (!p->warned) {
			p->warned = true;
			say(b,
				"bridge: the breakpoint at %08" PRIx32
				" will not stop in the patch block at %08" PRIx32
				": Bochs needs one more place for it, and there is none: delete some\n",
				p->address, places[i]);
		}
	}
}

void points_collect(struct bridge *b, struct points *points)
{
	memset(points, 0, sizeof(*points));
	if (b->options.commit)
		points->addresses[points->n_addresses++] = b->options.commit;
	for (size_t i = 0; i < b->n_breakpoints; i++) {
		const struct breakpoint *p = &b->breakpoints[i];

		if (!b->options.commit || p->address != b->options.commit)
			points->addresses[points->n_addresses++] = p->address;
		if (view_has(b, p->address))
			points->addresses[points->n_addresses++] = view_fetched(p->address);
		if (p->has_twin)
			points->addresses[points->n_addresses++] = p->twin;
	}
	for (size_t i = 0; i < b->n_breakpoints; i++)
		if (view_has(b, b->breakpoints[i].address))
			blocks_collect(b, &b->breakpoints[i], points);
	for (size_t i = 0; i < b->n_watchpoints; i++) {
		const struct watchpoint *w = &b->watchpoints[i];

		if (w->kind != WATCH_READ)
			watch_collect(points, i, w, BOCHS_WRITE);
		if (w->kind != WATCH_WRITE)
			watch_collect(points, i, w, BOCHS_READ);
	}
}
