/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lab 2, graded tests: IN, OUT, INS and OUTS (guests/ports). The seed chooses which form, with
 * which registers, segments and direction, in which ring, and who lets it; the same cases run on
 * the bare machine and under the monitor.
 */
#include "traps_tests.h"

#include "../../guests/ports/ports.h"

/* Selectors of guests/lib/kernel.h and of guests/ports/ports.c */
enum {
	KERNEL_DATA = 0x10,
	USER_DATA = 0x23,
	SMALL = 0x30,
	DOWN = 0x38,
	READABLE = 0x40,
	AREA_64K = 0x48,
};

#define AREA_SIZE   0x10000u
#define COUNTER_2   0x42
#define BYTE_PORTS  5 /* byte ports whose answers do not depend on time */
#define EMPTY_PORTS 5 /* ports with nothing behind them, also for wide accesses */
#define SITES_MAX   64
#define MAP_BYTES   0x82
#define TSS_BYTES   104

static const uint16_t byte_ports[BYTE_PORTS] = {0x3ff, 0x21, 0xa1, 0x71, COUNTER_2};
static const uint16_t empty_ports[EMPTY_PORTS] = {0x18, 0x10c, 0x210, 0x303, 0x5556};

/* Counter 2 gives its two bytes in turn, so it shows every element of an INS that is read once too
 * often. It is only read: half a count that was written is not the same thing everywhere. */
static uint16_t random_port(const struct ports_site *site)
{
	bool reads = site->kind == PORTS_IN || site->kind == PORTS_INS;

	if (site->size == 1 && site->kind == PORTS_INS && random_below(2))
		return COUNTER_2;
	if (site->size == 1 && random_below(4) != 0)
		return byte_ports[random_below(reads ? BYTE_PORTS : BYTE_PORTS - 1)];
	return empty_ports[random_below(EMPTY_PORTS)];
}

static uint32_t random_count(void)
{
	switch (random_below(8)) {
	case 0:
		return 0;
	case 1:
		return 60 + random_below(200); /* more than PORT_BURST */
	default:
		return 1 + random_below(40);
	}
}

/* A segment for INS or for FS, and an offset in it that is sometimes near an edge. */
static uint32_t random_operand(
	const struct ports_site *site, uint32_t area, uint32_t small_limit, uint32_t *selector)
{
	static const uint16_t selectors[] = {SMALL, SMALL, SMALL, DOWN, READABLE, AREA_64K,
		AREA_64K, AREA_64K, USER_DATA, USER_DATA, KERNEL_DATA, 0};
	uint32_t upper = site->flags & PORTS_ADDRESS16 ? random_u32() << 16 : 0;

	*selector = selectors[random_below(sizeof(selectors) / sizeof(selectors[0]))];
	switch (*selector) {
	case SMALL:
	case READABLE:
		return upper | random_below(small_limit + 4);
	case DOWN:
		return upper | (small_limit + random_below(64));
	case USER_DATA:
	case KERNEL_DATA:
		if (site->flags & PORTS_ADDRESS16) /* that would be the boot loader's memory */
			*selector = AREA_64K;
		else
			return area + 0x1000 * (1 + random_below(14)) - random_below(64);
		/* fall through */
	default:
		return upper | (random_below(2) ? random_below(AREA_SIZE)
						: (0xffd8 + random_below(80)) % AREA_SIZE);
	}
}

static struct ports_case random_ports_case(
	const struct ports_site *sites, uint32_t count, uint32_t area, uint32_t small_limit)
{
	struct ports_case c = {
		.site = random_below(count),
		.ring = random_below(3),
		.eax = random_u32(),
		.ebx = random_u32(),
		.backwards = random_below(2),
		.es = AREA_64K,
		.fs = AREA_64K,
		.cmos = 0x60 + random_below(32),
	};
	const struct ports_site *site = &sites[c.site];

	c.edx = random_u32() << 16 | random_port(site);
	c.ecx = site->flags & PORTS_REPEATED ? random_count() : random_u32();
	if (site->flags & PORTS_REPEATED && site->flags & PORTS_ADDRESS16)
		c.ecx |= random_u32() << 16;
	c.edi = random_operand(site, area, small_limit, &c.es);
	if (site->flags & PORTS_SOURCE_FS)
		c.esi = random_operand(site, area, small_limit, &c.fs);
	else
		c.esi = area + 0x1000 * (1 + random_below(14)) - random_below(64);
	return c;
}

static uint32_t site_named(const struct ports_site *sites, uint32_t count, const char *name)
{
	for (uint32_t i = 0; i < count; i++)
		if (strcmp(sites[i].name, name) == 0)
			return i;
	infrastructure_error("the guest ports has no %s", name);
}

#define DRAWN_UP 2 /* cases that are always the same, before those of the seed */

/* An element of INS that faults leaves its byte in the device: counter 2 gives its low byte and its
 * high byte in turn, and whoever reads next gets the low one. */
static void draw_up_cases(struct ports_case cases[DRAWN_UP], const struct ports_site *sites,
	uint32_t count, uint32_t small_limit)
{
	struct ports_case faults = {
		.site = site_named(sites, count, "insb"),
		.ring = PORTS_KERNEL,
		.edx = 0x42,
		.es = SMALL,
		.edi = small_limit + 1,
		.fs = AREA_64K,
		.cmos = 0x60,
	};

	cases[0] = cases[1] = faults;
	cases[1].site = site_named(sites, count, "in al, dx");
}

/* `ports` with cases, a permission map and an area that the seed chose. */
static struct guest *ports_guest(struct ports_case cases[PORTS_CASES], struct ports_site *sites)
{
	struct guest *guest = guest_open("ports");
	uint32_t site_count = guest_read_u32(guest, "ports_site_count");
	uint32_t small_limit = 8 + random_below(56), area = guest_symbol(guest, "ports_area");
	uint8_t map[MAP_BYTES];

	if (site_count > SITES_MAX)
		infrastructure_error("raise SITES_MAX to %u", site_count);
	guest_read(guest, "ports_sites", sites, site_count * sizeof(*sites));
	for (unsigned i = 0; i < PORTS_CASES; i++)
		cases[i] = random_ports_case(sites, site_count, area, small_limit);
	draw_up_cases(cases, sites, site_count, small_limit);
	for (unsigned i = 0; i < MAP_BYTES; i++)
		map[i] = (uint8_t)(random_u32() & random_u32());
	guest_write(guest, "ports_map", map, sizeof(map));
	guest_write_u32(guest, "ports_map_limit",
		TSS_BYTES + (random_below(3) ? MAP_BYTES - 1 : 0x7e + random_below(3)));
	guest_write(guest, "ports_cases", cases, PORTS_CASES * sizeof(*cases));
	guest_write_u32(guest, "ports_case_count", PORTS_CASES);
	guest_write_u32(guest, "ports_small_limit", small_limit);
	guest_write_u32(guest, "ports_area_seed", random_u32());
	guest_write_u32(guest, "ports_wide_value", random_u32());
	return guest;
}

static const char *const ring_names[] = {"ring 0", "ring 3 with IOPL 3", "ring 3 by the TSS's map"};

/* "rep insb (EDX 000003ff ECX 00000005 ... ring 3 with IOPL 3)" */
static const char *case_text(const struct ports_case *c, const struct ports_site *sites)
{
	static char text[256];

	snprintf(text, sizeof(text),
		"%s at %08x (EAX %08x ECX %08x EDX %08x ESI %08x EDI %08x ES %04x FS %04x DF %u, %s)",
		sites[c->site].name, sites[c->site].address, c->eax, c->ecx, c->edx, c->esi, c->edi,
		c->es, c->fs, c->backwards, ring_names[c->ring]);
	return text;
}

static void compare_results(unsigned number, const struct ports_case *c,
	const struct ports_site *sites, const struct ports_result *want,
	const struct ports_result *got)
{
	static const char *const names[] = {"EAX", "ECX", "EDX", "EBX", "ESI", "EDI", "the vector",
		"the error code", "EIP", "CS", "EFLAGS"};
	const uint32_t *wanted = (const uint32_t *)want, *found = (const uint32_t *)got;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ck_assert_msg(wanted[i] == found[i],
			"case %u, %s: afterwards %s is %08x on the bare machine and %08x under this monitor",
			number, case_text(c, sites), names[i], wanted[i], found[i]);
}

static void compare_ports(bool (*wanted)(const struct ports_case *, const struct ports_site *))
{
	struct ports_case cases[PORTS_CASES];
	struct ports_site sites[SITES_MAX];
	static struct ports_result want[PORTS_CASES], got[PORTS_CASES];
	struct guest *guest = ports_guest(cases, sites);
	struct machine *bare = boot_bare(guest), *m = boot(guest);
	uint32_t done = guest_symbol(guest, "guest_done"),
		 results = guest_symbol(guest, "ports_results");

	run_until(bare, done);
	run_until(m, done);
	memory_read(bare, results, want, sizeof(want));
	memory_read(m, results, got, sizeof(got));
	for (unsigned i = 0; i < PORTS_CASES; i++)
		if (i < DRAWN_UP || wanted(&cases[i], &sites[cases[i].site]))
			compare_results(i, &cases[i], sites, &want[i], &got[i]);
	static uint8_t area[AREA_SIZE], other[AREA_SIZE];
	memory_read(bare, guest_symbol(guest, "ports_area"), area, AREA_SIZE);
	memory_read(m, guest_symbol(guest, "ports_area"), other, AREA_SIZE);
	for (unsigned i = 0; i < AREA_SIZE; i++)
		ck_assert_msg(area[i] == other[i],
			"after all cases byte %04x of ports_area is %02x on the bare machine and %02x under this monitor",
			i, area[i], other[i]);
}

static bool is_single(const struct ports_case *c, const struct ports_site *site)
{
	(void)c;
	return site->kind == PORTS_IN || site->kind == PORTS_OUT;
}

static bool is_string(const struct ports_case *c, const struct ports_site *site)
{
	return !is_single(c, site);
}

START_TEST(ins_and_outs_do_what_they_do_bare)
{
	hint("With REP each element is complete before the next. A fault leaves the counts as they are then.");
	compare_ports(is_string);
}
END_TEST

/* What Bochs's devices do not do, an ISA bus does: an access of two or four bytes is one of bytes,
 * on consecutive ports, the low one first. */
static void assert_wide_accesses(void)
{
	struct ports_case cases[PORTS_CASES];
	struct ports_site sites[SITES_MAX];
	struct guest *guest = ports_guest(cases, sites);
	uint32_t value = guest_read_u32(guest, "ports_wide_value"), wide[6];

	guest_write_u32(guest, "ports_case_count", 0);
	struct machine *m = boot(guest);
	run_until(m, guest_symbol(guest, "guest_done"));
	memory_read(m, guest_symbol(guest, "ports_wide"), wide, sizeof(wide));
	/* the last OUT ends one port below the scratch register */
	const struct {
		const char *what;
		uint32_t expected;
	} accesses[] = {
		{"the clock's byte behind OUT 70h, AX", value >> 8 & 0xff},
		{"IN AX, 3FFh", 0xff00 | (value >> 16 & 0xff)},
		{"IN EAX, 3FFh", 0xffffff00 | (value >> 16 & 0xff)},
		{"the high byte of IN AX, 3FEh", value >> 16 & 0xff},
		{"the scratch register behind OUT 3FFh, EAX", value & 0xff},
		{"the scratch register behind OUT 3FDh, AX", value & 0xff},
	};
	hint("The size goes to bus_read() and bus_write(); they make bytes of it.");
	for (size_t i = 0; i < sizeof(accesses) / sizeof(accesses[0]); i++)
		ck_assert_msg(wide[i] == accesses[i].expected,
			"%s is %08x under this monitor; on an ISA bus it is %08x", accesses[i].what,
			wide[i], accesses[i].expected);
}

START_TEST(in_and_out_do_what_they_do_bare)
{
	hint("Only the bytes that were read change in EAX. In ring 3, IOPL and the TSS's map decide.");
	compare_ports(is_single);
	assert_wide_accesses();
}
END_TEST

const struct graded_test traps_ports_tests[] = {
	{&in_and_out_do_what_they_do_bare, EQUIVALENCE, 1, "ports"},
	{&ins_and_outs_do_what_they_do_bare, EQUIVALENCE, 2, "ports"},
	{0},
};
