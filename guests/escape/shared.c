/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pages that are a table and something else at once: a descriptor table, a task-state segment, code
 * that runs, a stack. A monitor watches such a page for more than one reason.
 */
#include "escape.h"

/* A page table in use, with room from its middle on for something else. It maps WINDOW + n pages.
 */
static uint32_t table_with_room(void)
{
	uint32_t table = frame_new();

	*pde_at(world_root, WINDOW) = table | PAGE_USER_WRITE;
	for (uint32_t i = 0; i < 8; i++)
		words(table)[i] = frame_filled(MARK + i) | PAGE_USER_WRITE;
	return table;
}

#define MIDDLE(table) ((table) + PAGE_SIZE / 2)

static void use(uint32_t table)
{
	for (uint32_t i = 0; i < 8; i++) {
		words(table)[i] ^= i & 1 ? PTE_RW : 0;
		page_invalidate(WINDOW + i * PAGE_SIZE);
		user_read(WINDOW + i * PAGE_SIZE);
		user_write(WINDOW + i * PAGE_SIZE + 4, i);
		see(words(table)[i] & 0xfff);
	}
}

void table_shares_with_the_gdt(void)
{
	uint32_t table = table_with_room();
	struct descriptor *gdt = (struct descriptor *)MIDDLE(table);

	memcpy(gdt, kernel_gdt, 0x100);
	gdt_load(gdt, 0xff);
	use(table);
	gdt[8] = descriptor_make(POOL, 0xff, ACCESS_DATA | ACCESS_DPL(3), FLAG_BIG);
	*words(POOL + 0x80) = MARK;
	try_segment(8 * 8 + 3, 0x80);
	try_segment(8 * 8 + 3, 0x100);
	use(table);
	gdt[8].high &= ~DESCRIPTOR_PRESENT;
	try_segment(8 * 8 + 3, 0x80);
	try_read(WINDOW + (uint32_t)(gdt - (struct descriptor *)table) / 4);
}

void table_shares_with_the_idt(void)
{
	uint32_t table = table_with_room();
	struct descriptor *idt = (struct descriptor *)MIDDLE(table);

	memcpy(idt, kernel_idt, PAGE_SIZE / 2);
	idt_load(idt, PAGE_SIZE / 2 - 1);
	use(table);
	try_read(WINDOW + 9 * PAGE_SIZE);
	idt[VECTOR_PF].high &= ~DESCRIPTOR_PRESENT;
	try_read(WINDOW + 9 * PAGE_SIZE); /* #NP */
	idt[VECTOR_PF].high |= DESCRIPTOR_PRESENT;
	use(table);
	try_read(WINDOW + 9 * PAGE_SIZE);
}

void table_shares_with_the_tss(void)
{
	uint32_t table = table_with_room();
	struct tss *tss = (struct tss *)MIDDLE(table);
	static uint8_t other_stack[PAGE_SIZE] __attribute__((aligned(16)));

	*tss = kernel_tss;
	kernel_gdt[KERNEL_FREE / 8] =
		descriptor_make((uint32_t)tss, sizeof(*tss) - 1, ACCESS_TSS, 0);
	task_load(KERNEL_FREE);
	use(table);
	memset(other_stack, 0, sizeof(other_stack));
	tss->esp0 = (uint32_t)&other_stack[sizeof(other_stack)];
	user_read(WINDOW + 9 * PAGE_SIZE);
	see(*words((uint32_t)&other_stack[sizeof(other_stack) - 4]));
	use(table);
}

/* An accessed bit that loading a segment sets is a bit of a PTE as well. */
void segment_load_changes_an_entry(void)
{
	uint32_t table = table_with_room();
	struct descriptor *gdt = (struct descriptor *)table;

	memcpy(&gdt[1], &kernel_gdt[1], 5 * sizeof(*gdt));
	/* as a PTE, its upper half leads to page 39h and is present */
	gdt[100] = descriptor_make(0x00070000, 0x3ffff, ACCESS_DATA & ~1u, 0);
	*words(0x00039000) = MARK;
	*words(0x00070000) = MARK + 1;
	cr3_write(world_root);
	gdt_load(gdt, 101 * 8 - 1);
	try_read(WINDOW + 201 * PAGE_SIZE);
	see(gdt[100].high);
	try_segment(100 * 8, 0);
	see(gdt[100].high);
	page_invalidate(WINDOW + 201 * PAGE_SIZE);
	try_write(WINDOW + 201 * PAGE_SIZE, 5);
	see(gdt[100].high);
	try_segment(100 * 8, 0);
}

/* LTR sets the busy bit of a descriptor, which is in a table. */
void task_load_changes_an_entry(void)
{
	uint32_t table = table_with_room();
	struct descriptor *gdt = (struct descriptor *)table;

	memcpy(&gdt[1], &kernel_gdt[1], 5 * sizeof(*gdt));
	gdt[100] = descriptor_make((uint32_t)&kernel_tss, sizeof(kernel_tss) - 1, ACCESS_TSS, 0);
	cr3_write(world_root);
	gdt_load(gdt, 101 * 8 - 1);
	see(gdt[100].high);
	task_load(100 * 8);
	see(gdt[100].high);
	user_read(WINDOW + 9 * PAGE_SIZE);
}

/* Code in a table: MOV [EBX], EAX; INVLPG [ESI]; MOV EAX, [ESI]; RET. It changes the table. */
static const uint8_t changer[] = {0x89, 0x03, 0x0f, 0x01, 0x3e, 0x8b, 0x06, 0xc3};

static uint32_t changer_run(uint32_t at, uint32_t *entry, uint32_t value, uint32_t linear)
{
	__asm__ volatile("call *%1" : "+a"(value) : "r"(at), "b"(entry), "S"(linear) : "memory");
	return value;
}

void table_has_the_code_that_runs(void)
{
	uint32_t table = table_with_room();

	memcpy(words(MIDDLE(table)), changer, sizeof(changer));
	for (uint32_t i = 0; i < 20; i++) {
		uint32_t to = words(table)[(i + 1) & 7];
		see(changer_run(
			MIDDLE(table), &words(table)[i & 7], to, WINDOW + (i & 7) * PAGE_SIZE));
	}
	/* it changes the page that it runs in: another alias of it, which goes */
	map(world_root, WINDOW + LARGE_PAGE_SIZE, table, PAGE_USER_WRITE);
	see(changer_run(WINDOW + LARGE_PAGE_SIZE + PAGE_SIZE / 2, &words(table)[3], words(table)[4],
		WINDOW + 3 * PAGE_SIZE));
	user_call(MIDDLE(table) + 7);
}

void directory_has_the_code_that_runs(void)
{
	uint32_t table = POOL + PAGE_SIZE;

	memcpy(words(MIDDLE(world_root)), changer, sizeof(changer));
	words(table)[POOL >> 12] = POOL | PAGE_USER_WRITE;
	for (uint32_t i = 0; i < 8; i++) {
		uint32_t value = (i & 1 ? PTE_PS : table) | PAGE_USER_WRITE;
		*words(POOL) = i;
		see(changer_run(MIDDLE(world_root), &words(world_root)[700 + i], value,
			((700 + i) << 22) + POOL));
	}
}

/* The code is written through a table's alias, and is in the table: both at once. */
void code_in_a_table_is_rewritten(void)
{
	uint32_t table = table_with_room(), code = MIDDLE(table);

	for (uint32_t i = 0; i < 20; i++) {
		*words(code) = 0x00c3b890 | i << 24;
		*words(code) = 0x000000b8 | i << 8; /* MOV EAX, i */
		*words(code + 4) = 0x90c39000;
		words(table)[i & 7] ^= PTE_RW;
		try_call(code);
		user_call(code);
	}
}

/* The stack of C code is a table: what the compiler pushes are entries. */
__attribute__((noinline)) static uint32_t depth(uint32_t n)
{
	volatile uint32_t local[8] = {n, n + 1};

	return n ? depth(n - 1) + local[1] : local[0];
}

void table_is_the_stack(void)
{
	uint32_t table = table_with_room(), old, sum;

	for (uint32_t i = 0; i < 5; i++) {
		__asm__ volatile(
			"movl %%esp, %0\n\tmovl %3, %%esp\n\tpushl %0\n\tpushl %4\n\tcall *%2\n\t"
			"addl $4, %%esp\n\tpopl %%esp"
			: "=&b"(old), "=a"(sum)
			: "r"(depth), "r"(table + PAGE_SIZE - 16), "r"(i * 4)
			: "ecx", "edx", "memory");
		see(sum);
		page_invalidate(WINDOW + (i + 1000) * PAGE_SIZE);
		words(table)[i] = POOL | PAGE_USER_WRITE;
		page_invalidate(WINDOW + i * PAGE_SIZE);
		try_write(WINDOW + i * PAGE_SIZE, i);
		see(*words(POOL));
	}
}

/* ESP0 in a table: what happens to users is pushed there. */
void table_is_the_stack_for_ring_0(void)
{
	uint32_t table = table_with_room();

	kernel_tss.esp0 = table + PAGE_SIZE;
	for (uint32_t i = 0; i < 4; i++) {
		user_read(WINDOW + i * PAGE_SIZE);
		user_write(WINDOW + 9 * PAGE_SIZE, 1);
		see(words(table)[TABLE_ENTRIES - 1]);
		see(words(table)[TABLE_ENTRIES - 4]);
	}
}
