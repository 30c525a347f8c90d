/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exceptions whose delivery needs pages that are not there: stacks, tables, handlers. Some become
 * another page fault; one that cannot be delivered at all shuts a processor down (Intel SDM volume
 * 3A, 6.15, table 6-5).
 */
#include "escape.h"

static uint32_t *identity_entry(uint32_t address)
{
	return pte_at(world_root, address);
}

static void entry_put(uint32_t address, uint32_t bits)
{
	*identity_entry(address) = (address & PTE_FRAME) | bits;
	page_invalidate(address);
}

/* Sets ESP, and reads where nothing is. */
static void fault_with_stack(uint32_t esp)
{
	__asm__ volatile("movl %0, %%esp\n\tmovl (%1), %%eax" : : "r"(esp), "r"(WINDOW) : "eax");
}

/* ---- nothing can be pushed ---- */

void stack_absent(void)
{
	fault_with_stack(WINDOW + 0x1000);
}

void stack_read_only(void)
{
	map(world_root, WINDOW + PAGE_SIZE, frame_new(), PAGE_USER_READ);
	fault_with_stack(WINDOW + 0x1800);
}

void stack_half_absent(void)
{
	map(world_root, WINDOW + PAGE_SIZE, frame_new(), PAGE_USER_WRITE);
	fault_with_stack(WINDOW + PAGE_SIZE + 8);
}

void stack_without_memory(void)
{
	map(world_root, WINDOW + PAGE_SIZE, 0x00500000, PAGE_USER_WRITE);
	fault_with_stack(WINDOW + PAGE_SIZE + 0x800);
}

void stack_for_users_faults_absent(void)
{
	kernel_tss.esp0 = WINDOW + 0x1000;
	user_read(WINDOW);
}

void stack_for_users_faults_half_absent(void)
{
	map(world_root, WINDOW + PAGE_SIZE, frame_new(), PAGE_USER_WRITE);
	kernel_tss.esp0 = WINDOW + PAGE_SIZE + 12;
	user_read(WINDOW);
}

void idt_absent(void)
{
	idt_load(words(WINDOW), 0x7ff);
	try_read(WINDOW + LARGE_PAGE_SIZE);
}

void page_fault_gate_absent(void)
{
	kernel_idt[VECTOR_PF].high &= ~DESCRIPTOR_PRESENT;
	kernel_idt[VECTOR_NP].high &= ~DESCRIPTOR_PRESENT;
	kernel_idt[VECTOR_DF].high &= ~DESCRIPTOR_PRESENT;
	try_read(WINDOW);
}

void tss_absent(void)
{
	kernel_gdt[KERNEL_FREE / 8] = descriptor_make(WINDOW, 103, ACCESS_TSS, 0);
	task_load(KERNEL_FREE);
	user_read(POOL);
}

/* The handler's own page is not there: faults until the stack is used up. */
void handler_absent(void)
{
	kernel_idt[VECTOR_PF] = gate_make(KERNEL_CS, WINDOW, GATE_INTERRUPT);
	map(world_root, WINDOW + 0x10000, frame_new(), PAGE_USER_WRITE);
	fault_with_stack(WINDOW + 0x11000);
}

/* ---- one fault on the way to another ---- */

/* A page fault whose gate is no good becomes a double fault, which can be delivered. */
void double_fault(void)
{
	kernel_idt[VECTOR_PF].high &= ~DESCRIPTOR_PRESENT;
	try_read(WINDOW);
	kernel_idt[VECTOR_PF] = gate_make(KERNEL_DS, WINDOW, GATE_INTERRUPT);
	try_read(WINDOW + 4);
	kernel_idt[VECTOR_PF] = gate_make(0, WINDOW, GATE_INTERRUPT);
	user_read(WINDOW + 8);
}

/* Only the gates behind vector 20h are on a page that is not there. */
static void idt_split(void)
{
	uint32_t at = WINDOW + PAGE_SIZE - 0x100, first = frame_new();

	map(world_root, WINDOW, first, PAGE_USER_WRITE);
	memcpy(words(first + PAGE_SIZE - 0x100), kernel_idt, 0x100);
	idt_load(words(at), 0x7ff);
}

void gate_absent(void)
{
	extern const uint8_t user_raises_80[];
	uint32_t second = frame_new();

	idt_split();
	try_call((uint32_t)user_raises_80);
	user_go((uint32_t)user_raises_80, 0, 0);
	memcpy(words(second), (const uint8_t *)kernel_idt + 0x100, 0x700);
	map(world_root, WINDOW + PAGE_SIZE, second, PAGE_USER_WRITE);
	user_go((uint32_t)user_raises_80, 0, 0);
	map(world_root, WINDOW + PAGE_SIZE, second, PAGE_KERNEL_READ);
	page_invalidate(WINDOW + PAGE_SIZE);
	user_read(POOL);
}

/* The kernel's own GDT, which lacks what GS was loaded with. */
static void gdt_back(void)
{
	try_segment(0, 0);
	gdt_load(kernel_gdt, sizeof(kernel_gdt) - 1);
}

void gdt_half_absent(void)
{
	uint32_t first = frame_new();

	map(world_root, WINDOW, first, PAGE_USER_WRITE);
	memcpy(words(first + PAGE_SIZE - 0x40), kernel_gdt, 0x40);
	gdt_load(words(WINDOW + PAGE_SIZE - 0x40), 0x1ff);
	try_segment(0x38, 0); /* 0: no segment */
	try_segment(0x40, 0); /* not there */
	try_segment(USER_DS, POOL);
	entry_put(POOL, PAGE_USER_READ);
	try_segment(USER_DS, POOL);
	map(world_root, WINDOW + PAGE_SIZE, frame_new(), PAGE_USER_WRITE);
	words(*pte_at(world_root, WINDOW + PAGE_SIZE) & PTE_FRAME)[0] = 0x0000ffff;
	words(*pte_at(world_root, WINDOW + PAGE_SIZE) & PTE_FRAME)[1] = 0x00cff200;
	try_segment(0x43, POOL + 4);
	see(words(*pte_at(world_root, WINDOW + PAGE_SIZE) & PTE_FRAME)[1]);
	gdt_back();
}

/* The accessed bit of a descriptor cannot be written: that is a page fault of the kernel's. */
void gdt_read_only(void)
{
	uint32_t first = frame_new();

	memcpy(words(first), kernel_gdt, 0x40);
	((struct descriptor *)first)[6] =
		descriptor_make(0, LIMIT_MAX, (ACCESS_DATA & ~1u) | ACCESS_DPL(3), FLAT);
	map(world_root, WINDOW, first, PAGE_KERNEL_READ);
	gdt_load(words(WINDOW), 0x3f);
	try_segment(USER_DS, POOL);
	try_segment(0x33, POOL + 4);
	see(words(first)[13]);
	gdt_back();
}

/* A frame that reaches over two pages, the lower one of which is there or not. */
void frame_across_pages(void)
{
	uint32_t upper = frame_new(), lower = frame_new();

	map(world_root, WINDOW, lower, PAGE_KERNEL_WRITE);
	map(world_root, WINDOW + PAGE_SIZE, upper, PAGE_KERNEL_WRITE);
	for (uint32_t i = 4; i < 32; i += 4) {
		kernel_tss.esp0 = WINDOW + PAGE_SIZE + i;
		user_read(WINDOW + 3 * PAGE_SIZE);
		see(words(upper)[i / 4 - 1]);
	}
	see(*pte_at(world_root, WINDOW) & 0xfff);
	see(*pte_at(world_root, WINDOW + PAGE_SIZE) & 0xfff);
}

/* Stacks and tables that only the kernel may use serve users' faults as well. */
void tables_are_the_kernels(void)
{
	entry_put((uint32_t)&kernel_tss, PAGE_KERNEL_READ);
	entry_put((uint32_t)kernel_idt, PAGE_KERNEL_READ);
	entry_put((uint32_t)kernel_trap_stack, PAGE_KERNEL_WRITE);
	entry_put((uint32_t)kernel_trap_stack + PAGE_SIZE, PAGE_KERNEL_WRITE);
	user_read(WINDOW);
	user_read((uint32_t)kernel_trap_stack);
	user_write((uint32_t)kernel_gdt, 0);
	user_read((uint32_t)kernel_idt);
}

/* ---- #PF and CR2 ---- */

static uint32_t nested[8], nesting;

static void on_nested(struct frame *frame)
{
	(void)frame;
	nested[nesting++] = cr2_read();
	if (nesting < 5)
		try_read(WINDOW + nesting * PAGE_SIZE); /* faults in the handler */
	nested[nesting++] = cr2_read();
	user_leave(0);
}

/* The handler's own faults come to the other handler, which goes on. */
static void on_other(struct frame *frame)
{
	if (nesting == 0 || frame_from_user(frame)) {
		on_nested(frame);
		return;
	}
	see(cr2_read());
	frame->eip += 2;
}

void fault_in_the_handler(void)
{
	nesting = 0;
	handler_set(VECTOR_PF, on_other);
	user_go(WINDOW + 0x123, 0, 0);
	for (uint32_t i = 0; i < nesting; i++)
		see(nested[i]);
}

void cr2_is_kept(void)
{
	cr2_write(MARK);
	try_segment(0x1f8, 0); /* #GP */
	see(cr2_read());
	user_write(POOL, 1);
	see(cr2_read());
	user_read(WINDOW + 0x678);
	see(cr2_read());
	cr2_write(0xf0000004);
	user_read(POOL);
	page_invalidate(WINDOW);
	cr3_write(world_root);
	see(cr2_read());
}

/* An instruction across a page's end, whose second half is not there, then is. */
void code_across_pages(void)
{
	uint32_t first = frame_new(), second = frame_new();

	map(world_root, WINDOW, first, PAGE_USER_READ);
	words(first)[1023] = 0x0001b890; /* NOP; MOV EAX, ...01 */
	words(second)[0] = 0x90c30300;   /* 0003...; RET */
	for (uint32_t i = 0; i < 4; i++) {
		try_call(WINDOW + PAGE_SIZE - 4);
		user_call(WINDOW + PAGE_SIZE - 4);
		map(world_root, WINDOW + PAGE_SIZE, second,
			i == 0 ? PAGE_KERNEL_READ : PAGE_USER_READ);
		page_invalidate(WINDOW + PAGE_SIZE);
		if (i == 2) {
			page_unmap(world_root, WINDOW);
			page_invalidate(WINDOW);
		}
	}
}

/* Error codes of all rights at both levels. */
void every_right(void)
{
	uint32_t page = frame_filled(0xc3c3c3c3);

	for (uint32_t i = 0; i < 64; i++) {
		map(world_root, WINDOW, page, i & 7);
		*pde_at(world_root, WINDOW) = (*pde_at(world_root, WINDOW) & PTE_FRAME) | i >> 3;
		cr3_write(world_root);
		if (!(i >> 3 & 1)) {
			try_read(WINDOW);
			*pde_at(world_root, WINDOW) |= PTE_P;
			continue;
		}
		try_read(WINDOW);
		try_write(WINDOW + 4, page);
		user_read(WINDOW + 8);
		user_write(WINDOW + 12, 0xc3c3c3c3);
		user_call(WINDOW);
		see(*pte_at(world_root, WINDOW) & 0xfff);
	}
}
