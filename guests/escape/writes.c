/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A table that is in use is written in every way there is. What an address leads to must be what
 * the entry says, as soon as the manual says so: after INVLPG or MOV to CR3 (Intel SDM volume 3A,
 * 4.10.4). methods.asm has the ways.
 */
#include "escape.h"

typedef void method(uint32_t *entry, uint32_t value);

#define ENTRY 168u /* of the table, and of the directory: FXSAVE fits around it */

static uint32_t table_sum(uint32_t table)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < TABLE_ENTRIES; i++)
		sum = sum * 31 + words(table)[i];
	return sum;
}

static void frames_prepare(void)
{
	extern const uint8_t frame_back[], frame_back_from_user[];
	const uint32_t dpl_3 = GATE_INTERRUPT | ACCESS_DPL(3);

	kernel_idt[0x70] = gate_make(KERNEL_CS, (uint32_t)frame_back, GATE_INTERRUPT);
	kernel_idt[0x71] = gate_make(KERNEL_CS, (uint32_t)frame_back_from_user, dpl_3);
	kernel_idt[VECTOR_UD] = gate_make(KERNEL_CS, (uint32_t)frame_back, GATE_INTERRUPT);
	cr4_write(CR4_PSE | CR4_OSFXSR | CR4_OSXMMEXCPT);
}

/* What the entry is then, and where the address leads. */
static void look(uint32_t *entry, uint32_t linear)
{
	page_invalidate(linear);
	see(*entry);
	try_read(linear + 0x10);
	user_read(linear + 0x14);
	see(*entry);
}

static void write_pte(method *write)
{
	uint32_t table = frame_new(), linear = WINDOW + ENTRY * PAGE_SIZE;
	uint32_t alias = WINDOW + LARGE_PAGE_SIZE;
	uint32_t *entry = &words(table)[ENTRY];

	*pde_at(world_root, linear) = table | PAGE_USER_WRITE;
	map(world_root, alias, table, PAGE_USER_WRITE);
	*entry = frame_filled(1) | PAGE_USER_WRITE;
	try_read(linear);
	write(entry, frame_filled(2) | PAGE_USER_WRITE);
	look(entry, linear);
	/* by another address of the table's */
	write(words(alias) + ENTRY, frame_filled(3) | PAGE_USER_READ);
	look(entry, linear);
	/* an entry that is not there appears, and goes */
	write(entry, 0);
	look(entry, linear);
	write(entry, frame_filled(4) | PAGE_USER_WRITE);
	look(entry, linear);
	see(table_sum(table));
}

static void write_pde(method *write)
{
	uint32_t tables[2] = {frame_new(), frame_new()}, linear = ENTRY << 22;
	uint32_t *entry = &words(world_root)[ENTRY];

	for (uint32_t i = 0; i < 2; i++)
		words(tables[i])[0] = frame_filled(10 + i) | PAGE_USER_WRITE;
	*entry = tables[0] | PAGE_USER_WRITE;
	try_read(linear);
	write(entry, tables[1] | PAGE_USER_WRITE);
	cr3_write(world_root);
	look(entry, linear);
	write(entry, PTE_PS | PAGE_USER_WRITE);
	cr3_write(world_root);
	look(entry, linear + POOL);
	see(words(tables[0])[0] & 0xfff);
}

static void write_by(method *write)
{
	*words(POOL + 0x10) = MARK;
	*words(POOL + 0x14) = MARK + 1;
	frames_prepare();
	write_pte(write);
	write_pde(write);
}

/* The same for what leaves an address of code: as a page it may be read, as a table it would get
 * A and D bits. */
static void write_address_by(method *write)
{
	frames_prepare();
	write_pte(write);
}

#define WRITE_ATTACK(name, how)                                                                    \
	void method_##name(uint32_t *entry, uint32_t value);                                       \
	void write_by_##name(void)                                                                 \
	{                                                                                          \
		how(method_##name);                                                                \
	}
#include "methods.def"
#undef WRITE_ATTACK

/* ---- by users ---- */

static void method_user(uint32_t *entry, uint32_t value)
{
	user_write((uint32_t)entry, value);
}

void write_by_a_user(void)
{
	write_by(method_user);
}

/* ---- many at once ---- */

/* All entries of a table that is in use, in one instruction; then it is used again. */
void write_whole_table(void)
{
	uint32_t table = frame_new(), other = frame_new(), *to, *from, count;

	*pde_at(world_root, WINDOW) = table | PAGE_USER_WRITE;
	for (uint32_t i = 0; i < TABLE_ENTRIES; i++) {
		words(table)[i] = POOL + i % 64 * PAGE_SIZE + PAGE_USER_WRITE;
		words(other)[i] = POOL + (i + 9) % 64 * PAGE_SIZE + PAGE_USER_READ;
	}
	for (uint32_t i = 0; i < 64; i++)
		*words(POOL + i * PAGE_SIZE) = i;
	for (uint32_t round = 0; round < 6; round++) {
		for (uint32_t i = 0; i < TABLE_ENTRIES; i += 103)
			try_read(WINDOW + i * PAGE_SIZE);
		to = words(table);
		from = words(other);
		count = TABLE_ENTRIES;
		__asm__ volatile("rep movsl" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
		cr3_write(world_root);
		for (uint32_t i = 0; i < TABLE_ENTRIES; i += 103)
			user_write(WINDOW + i * PAGE_SIZE, i);
		words(other)[round * 103] = POOL | PAGE_USER_WRITE;
	}
	see(table_sum(table) ^ table_sum(other));
}

/* A write of two entries, and one that has the end of one and the beginning of the next: all that
 * are beside them are in use. */
void write_of_two_entries(void)
{
	uint32_t table = frame_new(), frames[4], pair[2], *to, *from, count;

	*pde_at(world_root, WINDOW) = table | PAGE_USER_WRITE;
	for (uint32_t i = 0; i < 4; i++)
		frames[i] = frame_filled(MARK + i) | PAGE_USER_WRITE;
	for (uint32_t round = 0; round < 6; round++) {
		memcpy(words(table), frames, sizeof(frames));
		cr3_write(world_root);
		for (uint32_t i = 0; i < 4; i++)
			try_read(WINDOW + i * PAGE_SIZE);
		if (round & 1) {
			pair[0] = frames[2];
			pair[1] = frames[0];
			to = words(table) + 1;
			from = pair;
			count = 2;
			__asm__ volatile("rep movsl"
					 : "+D"(to), "+S"(from), "+c"(count)
					 :
					 : "memory");
		} else {
			*words(table + 6) = (frames[0] & 0xffff) << 16 | frames[3] >> 16;
		}
		cr3_write(world_root);
		for (uint32_t i = 0; i < 4; i++)
			user_read(WINDOW + i * PAGE_SIZE);
	}
}

/* Present bits off and on, one after the other, thousands of times. */
void write_burst(void)
{
	uint32_t table = frame_new(), sum = 0, page = frame_filled(MARK);

	*pde_at(world_root, WINDOW) = table | PAGE_USER_WRITE;
	for (uint32_t i = 0; i < 3000; i++) {
		words(table)[i & 0x3ff] = page | PAGE_USER_WRITE;
		sum += *words(WINDOW + (i & 0x3ff) * PAGE_SIZE + 4 * (i & 0x3ff));
		words(table)[i & 0x3ff] = 0;
		page_invalidate(WINDOW + (i & 0x3ff) * PAGE_SIZE);
	}
	see(sum);
	try_read(WINDOW);
	try_read(WINDOW + 951 * PAGE_SIZE);
}
