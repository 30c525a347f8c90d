/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of the monitor's accesses share (monitor/access.c and what belongs to it): each
 * instruction is executed by the host's own processor on plain memory (grader/fuzz/native.c), and
 * performed by the monitor with the same registers and bytes, where some pages are a device's and
 * one is traced. Registers, flags and bytes must be equal.
 *
 * Where the monitor begins a single step, the test is its processor: it hands the stand-ins to the
 * native program, as the bytes at that address, and tells step_end() what came of it. All pages
 * that have no stand-in hold nothing but POISON then, so that a plan with a gap shows.
 *
 * The device remembers each access: every byte of an operand is read or written once, and no other.
 * Its two pages, side by side in linear addresses, are not so in physical ones.
 */
#ifndef ACCESS_FIXTURE_H
#define ACCESS_FIXTURE_H

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest.h"
#include "machine.h"
#include "native.h"
#include "processor.h"
#include "step.h"

/* The window, linear addresses: two pages of memory, a traced one, one of memory, two of the
 * device. */
#define WINDOW      0x1c000u
#define TRACED      0x1e000u
#define DEVICE      HOST_GUEST_MEMORY
#define DEVICE_SIZE 0x2000u
#define WINDOW_SIZE (DEVICE + DEVICE_SIZE - WINDOW)
#define SPARE       0x1c800u /* memory for what an instruction touches beside the operand */

/* Code in one page, and across two. */
#define CODE       0x10100u
#define CODE_CROSS 0x10fffu

/* Where these pages are on the guest's memory bus. */
#define DEVICE_FIRST    0xe0003000u
#define DEVICE_SECOND   0xe0001000u
#define TRACED_PHYSICAL 0x00083000u /* not its linear address */

#define POISON      0xa5
#define ROUNDS      60
#define FLAGS_EQUAL (EFLAGS_STATUS | EFLAGS_DF)

/* ---- the native processor ---- */

static struct {
	int in, out;
	uint8_t *memory; /* NATIVE_FIRST in it */
} native;

static void native_start(void)
{
	int to[2], from[2], memory = memfd_create("native", 0);

	ck_assert(memory >= 0 && ftruncate(memory, NATIVE_SIZE) == 0);
	ck_assert(pipe(to) == 0 && pipe(from) == 0);
	native.memory = mmap(NULL, NATIVE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
	ck_assert_ptr_ne(native.memory, MAP_FAILED);
	pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		dup2(to[0], STDIN_FILENO);
		dup2(from[1], STDOUT_FILENO);
		dup2(memory, NATIVE_MEMORY);
		close_range(NATIVE_MEMORY + 1, ~0u, 0);
		execl(NATIVE, NATIVE, (char *)NULL);
		_exit(127);
	}
	close(to[0]);
	close(from[1]);
	native.in = to[1];
	native.out = from[0];
}

static uint8_t *native_at(uint32_t address)
{
	return native.memory + (address - NATIVE_FIRST);
}

static void native_execute(struct native *registers)
{
	ck_assert_int_eq(write(native.in, registers, sizeof(*registers)), sizeof(*registers));
	ck_assert_msg(read(native.out, registers, sizeof(*registers)) == sizeof(*registers),
		NATIVE " has ended");
}

/* ---- what is used, byte by byte ---- */

struct uses {
	uint8_t read[DEVICE_SIZE], written[DEVICE_SIZE], told[PAGE_SIZE]; /* how often */
};

static struct uses seen, wanted;

static struct {
	uint8_t bytes[DEVICE_SIZE];
	unsigned order, last_read, first_write; /* accesses so far */
} device;

static unsigned traced_calls;

static void uses_forget(void)
{
	memset(&seen, 0, sizeof(seen));
	memset(&wanted, 0, sizeof(wanted));
	device.order = device.last_read = device.first_write = 0;
	traced_calls = 0;
}

static inline void wants_read(uint32_t at, uint32_t size)
{
	for (uint32_t i = at; i < at + size; i++)
		if (i - DEVICE < DEVICE_SIZE)
			wanted.read[i - DEVICE]++;
}

static inline void wants_write(uint32_t at, uint32_t size)
{
	for (uint32_t i = at; i < at + size; i++)
		if (i - DEVICE < DEVICE_SIZE)
			wanted.written[i - DEVICE]++;
		else if (i - TRACED < PAGE_SIZE)
			wanted.told[i - TRACED]++;
}

/* ---- the device, and the traced page ---- */

static uint32_t device_offset(uint32_t physical)
{
	uint32_t first = physical - DEVICE_FIRST, second = physical - DEVICE_SECOND;

	return first < PAGE_SIZE ? first : PAGE_SIZE + second;
}

static uint32_t device_physical(uint32_t linear)
{
	uint32_t offset = linear - DEVICE;

	return offset < PAGE_SIZE ? DEVICE_FIRST + offset : DEVICE_SECOND + offset - PAGE_SIZE;
}

static uint32_t device_read(struct vm *machine, gpa_t address, unsigned size)
{
	uint32_t value = 0, offset = device_offset(address.raw);

	(void)machine;
	ck_assert_msg((size == 1 || size == 2 || size == 4) && address.raw % size == 0,
		"%u bytes are read at %x", size, address.raw);
	memcpy(&value, device.bytes + offset, size);
	for (unsigned i = 0; i < size; i++)
		seen.read[offset + i]++;
	device.last_read = ++device.order;
	return value;
}

static void device_write(struct vm *machine, gpa_t address, unsigned size, uint32_t value)
{
	uint32_t offset = device_offset(address.raw);

	(void)machine;
	ck_assert_msg((size == 1 || size == 2 || size == 4) && address.raw % size == 0,
		"%u bytes are written at %x", size, address.raw);
	memcpy(device.bytes + offset, &value, size);
	for (unsigned i = 0; i < size; i++)
		seen.written[offset + i]++;
	device.order++;
	if (!device.first_write)
		device.first_write = device.order;
}

void __real_traced_written(struct vcpu *of, gpa_t at, uint32_t size);
void __wrap_traced_written(struct vcpu *of, gpa_t at, uint32_t size);
void __wrap_traced_written(struct vcpu *of, gpa_t at, uint32_t size)
{
	uint32_t offset = at.raw - TRACED_PHYSICAL;

	if (offset >= PAGE_SIZE) { /* a page with a table of the guest's */
		__real_traced_written(of, at, size);
		return;
	}
	ck_assert_msg(size > 0 && offset + size <= PAGE_SIZE, "%u bytes at %x", size, offset);
	traced_calls++;
	of->vm->frames[at.raw / PAGE_SIZE].raw &= ~FRAME_SHADOWED; /* its shadows have gone */
	for (uint32_t i = 0; i < size; i++)
		seen.told[offset + i]++;
}

static uint32_t fault_page; /* where the guest has nothing mapped; 0: nowhere */
static uint32_t ended_page; /* where it may not be at all; 0: nowhere */

/* As since lab 3: memory's physical address is nobody's business. */
enum page_kind __real_vcpu_page(
	struct vcpu *of, gla_t at, uint32_t access, uint8_t **memory, gpa_t *physical);
enum page_kind __wrap_vcpu_page(
	struct vcpu *of, gla_t at, uint32_t access, uint8_t **memory, gpa_t *physical);
enum page_kind __wrap_vcpu_page(
	struct vcpu *of, gla_t at, uint32_t access, uint8_t **memory, gpa_t *physical)
{
	uint32_t page = at.raw & ~PAGE_MASK;

	ck_assert_uint_eq(access & ACCESS_USER, vcpu_cpl(of) == 3 ? ACCESS_USER : 0);
	if (fault_page && page == fault_page) {
		vcpu_raise(of, VECTOR_PF, access);
		of->cr2 = at.raw;
		return PAGE_FAULT;
	}
	if (ended_page && page == ended_page) {
		vcpu_reached_monitor(of);
		return PAGE_ENDED;
	}
	if (at.raw - DEVICE < DEVICE_SIZE) {
		*physical = gpa(device_physical(at.raw));
		return PAGE_DEVICE;
	}
	enum page_kind kind = __real_vcpu_page(of, at, access, memory, physical);
	if (kind == PAGE_MEMORY)
		*physical = gpa(0xbad00000);
	else if (page == TRACED)
		*physical = gpa(TRACED_PHYSICAL + (at.raw - TRACED));
	return kind;
}

/* What was there is filled again on demand: nothing, where there is no memory. */
void __real_vcpu_stand_out(struct vcpu *of, gla_t at);
void __wrap_vcpu_stand_out(struct vcpu *of, gla_t at);
void __wrap_vcpu_stand_out(struct vcpu *of, gla_t at)
{
	__real_vcpu_stand_out(of, at);
	if (at.raw >= DEVICE)
		page_map(of->page_directory, at, maddr(0), 0);
}

static unsigned emulated; /* calls of insn_emulate() */

enum verdict __wrap_insn_emulate(struct vcpu *of, const struct insn *what);
enum verdict __wrap_insn_emulate(struct vcpu *of, const struct insn *what)
{
	(void)of, (void)what;
	emulated++;
	return VERDICT_RESUME;
}

static void setup(void)
{
	guest_make();
	memset(&device, 0, sizeof(device));
	uses_forget();
	fault_page = ended_page = 0;
	emulated = 0;
	bus_attach_memory(
		&vm->bus, (struct bus_memory){gpa(DEVICE_FIRST), gpa(DEVICE_FIRST + PAGE_SIZE - 1),
				  device_read, device_write});
	bus_attach_memory(
		&vm->bus, (struct bus_memory){gpa(DEVICE_SECOND),
				  gpa(DEVICE_SECOND + PAGE_SIZE - 1), device_read, device_write});
	vm->frames[TRACED / PAGE_SIZE].raw |= FRAME_TRACED;
	vcpu_write_protect(vcpu, gpa(TRACED), true);
	native_start();
}

/* A segment of the guest's, of 32 bits; `type`: bits 8 to 15 of the descriptor (3.4.5). */
static inline void segment_describe(uint16_t selector, uint32_t base, uint32_t limit, uint32_t type)
{
	guest_set_descriptor(selector, base << 16 | (limit & 0xffff),
		(base & 0xff000000) | 0x00400000 | (limit & 0xf0000) | type << 8 |
			(base >> 16 & 0xff));
}

#define TYPE_DATA0 0x92u /* present, DPL 0, writable */
#define TYPE_CODE0 0x9au

/* ---- random numbers ---- */

static uint32_t random_u32(void)
{
	static uint64_t state = 0x9e3779b97f4a7c15u;

	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (uint32_t)(state * 0x2545f4914f6cdd1du >> 32);
}

/* Often one at which something happens to the flags. */
static uint32_t random_value(void)
{
	static const uint32_t edges[] = {0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff,
		0x80000000, 0xffffffff, 0x7fff7f7f, 0x80008080};

	return random_u32() & 1 ? random_u32() : edges[random_u32() % ARRAY_LENGTH(edges)];
}

/* ---- the window ---- */

/* Where a page of it is. */
static uint8_t *window_page(uint32_t page)
{
	return page >= DEVICE ? &device.bytes[page - DEVICE] : host_guest_memory(vm, page);
}

#define EACH_PAGE(page) for (uint32_t page = WINDOW; page < WINDOW + WINDOW_SIZE; page += PAGE_SIZE)

static void window_randomize(void)
{
	EACH_PAGE(page)
	{
		uint32_t *word = (uint32_t *)(void *)window_page(page);
		for (unsigned i = 0; i < PAGE_SIZE / sizeof(*word); i++)
			word[i] = random_value();
	}
}

static void window_copy(uint8_t to[WINDOW_SIZE])
{
	EACH_PAGE(page)
	memcpy(to + (page - WINDOW), window_page(page), PAGE_SIZE);
}

/* Does an access to this byte trap? */
static bool traps(uint32_t at, bool write)
{
	return at - DEVICE < DEVICE_SIZE || (write && at - TRACED < PAGE_SIZE);
}

/* What a page fault says of an operand: its first byte that traps; 0: none does. */
static uint32_t fault_address(uint32_t at, uint32_t size, bool write)
{
	uint32_t last = (at + size - 1) & ~PAGE_MASK;

	if (traps(at, write))
		return at;
	return last > at && traps(last, write) ? last : 0;
}

/* Where an operand may be that traps: in one page, often at an end of it, or across two. */
static inline uint32_t operand_place(uint32_t size, bool write, bool cross)
{
	static const uint32_t pages[] = {TRACED, DEVICE, DEVICE + PAGE_SIZE};
	static const uint32_t ends[] = {TRACED, TRACED + PAGE_SIZE, DEVICE, DEVICE + PAGE_SIZE};
	uint32_t room = PAGE_SIZE - size, at;

	do {
		if (cross)
			at = ends[random_u32() % ARRAY_LENGTH(ends)] - 1 -
			     random_u32() % (size - 1);
		else
			at = pages[random_u32() % ARRAY_LENGTH(pages)] +
			     (random_u32() & 1 ? random_u32() % (room + 1)
					       : random_u32() % 2 * room);
	} while (!fault_address(at, size, write));
	return at;
}

/* ---- one instruction ---- */

static struct {
	const char *text;
	uint8_t bytes[INSN_MAX_LENGTH];
	uint32_t length;
	struct native before, after; /* on plain memory */
	uint8_t memory[WINDOW_SIZE]; /* likewise, afterwards */
} insn;

static void insn_take(const char *text)
{
	char *end;

	insn.text = text;
	insn.length = 0;
	for (unsigned long byte = strtoul(text, &end, 16); end != text;
		byte = strtoul(text, &end, 16)) {
		insn.bytes[insn.length++] = (uint8_t)byte;
		text = end;
	}
}

static void insn_place(void)
{
	host_guest_write(vm, insn.before.eip, insn.bytes, insn.length);
	memcpy(native_at(insn.before.eip), insn.bytes, insn.length);
	vcpu_forget_decoded(vcpu);
}

/* Random registers, but for those that are given. */
static void registers_prepare(uint32_t ebx, uint32_t esi, uint32_t edi)
{
	struct native *to = &insn.before;

	for (unsigned i = 0; i < 8; i++)
		to->general[i] = random_value();
	to->general[3] = ebx;
	to->general[4] = SPARE;
	to->general[6] = esi;
	to->general[7] = edi;
	to->eip = random_u32() & 1 ? CODE : CODE_CROSS;
	to->eflags = EFLAGS_FIXED | EFLAGS_IF | (random_u32() & EFLAGS_STATUS);
	to->steps = 1;
}

static void registers_give(void)
{
	insn_place();
	for (unsigned i = 0; i < 8; i++)
		*vcpu_register(vcpu, i) = insn.before.general[i];
	vcpu->registers.eip = insn.before.eip;
	vcpu->registers.eflags = insn.before.eflags | EFLAGS_RF;
	vcpu->interrupt_shadow = true;
	vcpu->event.kind = EVENT_NONE;
	uses_forget();
}

/* What the processor makes of it on plain memory. */
static void reference(void)
{
	insn_place();
	window_copy(native_at(WINDOW));
	insn.after = insn.before;
	native_execute(&insn.after);
	memcpy(insn.memory, native_at(WINDOW), WINDOW_SIZE);
}

/* ---- the step that the monitor asks for ---- */

static const struct access_page *stand_in(uint32_t at)
{
	for (unsigned i = 0; i < vcpu->access.pages; i++)
		if (vcpu->access.page[i].page.raw == (at & ~PAGE_MASK))
			return &vcpu->access.page[i];
	return NULL;
}

/* The tables that the processor uses have the stand-ins, or have them no more. */
static void mappings_check(void)
{
	EACH_PAGE(page)
	{
		const struct access_page *in = stand_in(page);
		uint32_t entry = processor_page(page);
		if (in)
			ck_assert_msg(
				(entry & PTE_RW) && (entry & PTE_US) &&
					machine_pointer(maddr(entry & PTE_FRAME)) == in->memory,
				"%s: %x has the entry %x", insn.text, page, entry);
		else if (page >= DEVICE)
			ck_assert_msg(!(entry & PTE_P), "%s: %x is mapped", insn.text, page);
		else if (page == TRACED)
			ck_assert_msg(!(entry & PTE_RW), "%s: %x is open", insn.text, page);
	}
}

static void window_stand_in(void)
{
	EACH_PAGE(page)
	if (stand_in(page))
		memcpy(native_at(page), stand_in(page)->memory, PAGE_SIZE);
	else
		memset(native_at(page), POISON, PAGE_SIZE);
}

static void window_stand_out(void)
{
	static uint8_t poison[PAGE_SIZE];

	memset(poison, POISON, sizeof(poison));
	EACH_PAGE(page)
	if (stand_in(page))
		memcpy(stand_in(page)->memory, native_at(page), PAGE_SIZE);
	else
		ck_assert_msg(memcmp(native_at(page), poison, PAGE_SIZE) == 0,
			"%s writes to %x, which its plan does not have", insn.text, page);
}

/* Performs it, and ends the step. False: it was not the monitor's alone. */
static inline bool processor_step(void)
{
	struct native step = insn.before;
	uint32_t *eflags = &vcpu->registers.eflags;

	ck_assert_msg(
		*eflags & EFLAGS_TF && !(*eflags & EFLAGS_IF), "%s: EFLAGS %x", insn.text, *eflags);
	mappings_check();
	ck_assert_msg(stand_in(step.eip) && stand_in(step.eip + insn.length - 1),
		"%s: its code is not sure to be there", insn.text);
	window_stand_in();
	native_execute(&step);
	ck_assert_uint_eq(step.signal, insn.after.signal);
	window_stand_out();
	for (unsigned i = 0; i < 8; i++)
		*vcpu_register(vcpu, i) = step.general[i];
	vcpu->registers.eip = step.eip;
	*eflags = (step.eflags & ~EFLAGS_IF) | EFLAGS_TF;
	host.dr6 = DR6_FIXED | (step.signal ? 0 : DR6_BS);
	bool own = step_end(vcpu, step.signal ? VECTOR_GP : VECTOR_DB);
	ck_assert(!vcpu->stepping && vcpu->access.pages == 0);
	mappings_check();
	return own;
}

/* The monitor performs it, with a step where it wants one. */
static bool perform(uint32_t at)
{
	registers_give();
	enum verdict verdict = access_perform(vcpu, gla(at), false);
	ck_assert_msg(verdict == VERDICT_RESUME, "%s at %x: verdict %d, exception %u: %s",
		insn.text, at, verdict, vcpu->event.vector, host.log);
	if (!vcpu->stepping) {
		ck_assert_msg(!vcpu->interrupt_shadow, "%s: its shadow stays", insn.text);
		return false;
	}
	ck_assert(processor_step() || insn.after.signal);
	return true;
}

/* ---- what must hold afterwards ---- */

static void equal_check(uint32_t at)
{
	const struct guest_registers *registers = &vcpu->registers;

	for (unsigned i = 0; i < 8; i++)
		ck_assert_msg(*vcpu_register(vcpu, i) == insn.after.general[i],
			"%s at %x: register %u is %08x, not %08x", insn.text, at, i,
			*vcpu_register(vcpu, i), insn.after.general[i]);
	ck_assert_msg(registers->eip == insn.after.eip, "%s: EIP is %x, not %x", insn.text,
		registers->eip, insn.after.eip);
	ck_assert_msg(((registers->eflags ^ insn.after.eflags) & FLAGS_EQUAL) == 0,
		"%s at %x: EFLAGS is %x, not %x (before %x)", insn.text, at, registers->eflags,
		insn.after.eflags, insn.before.eflags);
	ck_assert_msg((registers->eflags & (EFLAGS_IF | EFLAGS_TF | EFLAGS_RF)) == EFLAGS_IF,
		"%s: EFLAGS is %x", insn.text, registers->eflags);
	for (uint32_t i = WINDOW; i < WINDOW + WINDOW_SIZE; i++) {
		uint8_t is = window_page(i & ~PAGE_MASK)[i % PAGE_SIZE];
		if (is != insn.memory[i - WINDOW])
			ck_abort_msg("%s at %x: the byte at %x is %02x, not %02x", insn.text, at, i,
				is, insn.memory[i - WINDOW]);
	}
}

static void count_check(
	const char *what, const uint8_t is[], const uint8_t should[], uint32_t area, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++)
		if (is[i] != should[i])
			ck_abort_msg("%s: the byte at %x is %s %u times, not %u", insn.text,
				area + i, what, is[i], should[i]);
}

/* The device and the traced page have seen what was wanted since registers_give(). */
static void uses_check(void)
{
	count_check("read", seen.read, wanted.read, DEVICE, DEVICE_SIZE);
	count_check("written", seen.written, wanted.written, DEVICE, DEVICE_SIZE);
	count_check("told to be written", seen.told, wanted.told, TRACED, PAGE_SIZE);
}

static inline void used_check(uint32_t at, uint32_t reads, uint32_t writes)
{
	wants_read(at, reads);
	wants_write(at, writes);
	uses_check();
	if (device.first_write)
		ck_assert_msg(device.last_read < device.first_write, "%s reads after it writes",
			insn.text);
}

static int suite_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);

	signal(SIGPIPE, SIG_IGN);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
