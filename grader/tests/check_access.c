/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The monitor's access.c and what belongs to it, against the host's own processor: an instruction
 * is executed natively on plain memory (grader/fuzz/native.c), and performed by the monitor with
 * the same registers and bytes, where some pages are a device's and one is traced. Registers, flags
 * and bytes must be equal.
 *
 * Where the monitor begins a single step, the test is its processor: it hands the stand-ins to the
 * native program, as the bytes at that address, and tells step_end() what came of it.
 *
 * The device remembers each access: every byte of an operand is read or written once, and no other.
 */
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

/* The pages: two of memory, a traced one, one of memory, two of the device. */
#define WINDOW      0x1c000u
#define TRACED      0x1e000u
#define DEVICE      HOST_GUEST_MEMORY
#define DEVICE_SIZE 0x2000u
#define WINDOW_SIZE (DEVICE + DEVICE_SIZE - WINDOW)
#define CODE        0x10100u
#define SPARE       0x1c800u /* memory for what an instruction touches beside the operand */

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

/* ---- the device, and the traced page ---- */

static struct {
	uint8_t bytes[DEVICE_SIZE];
	uint8_t read[DEVICE_SIZE], written[DEVICE_SIZE]; /* how often */
	unsigned order;                                  /* accesses so far */
	unsigned last_read, first_write;
} device;

static struct {
	unsigned calls;
	uint8_t told[PAGE_SIZE]; /* how often, each byte */
} traced;

static uint32_t fault_page; /* where the guest has nothing mapped; 0: nowhere */

static uint32_t device_read(struct vm *machine, gpa_t address, unsigned size)
{
	uint32_t value = 0, offset = address.raw - DEVICE;

	(void)machine;
	ck_assert_msg((size == 1 || size == 2 || size == 4) && address.raw % size == 0,
		"%u bytes are read at %x", size, address.raw);
	memcpy(&value, device.bytes + offset, size);
	for (unsigned i = 0; i < size; i++)
		device.read[offset + i]++;
	device.last_read = ++device.order;
	return value;
}

static void device_write(struct vm *machine, gpa_t address, unsigned size, uint32_t value)
{
	uint32_t offset = address.raw - DEVICE;

	(void)machine;
	ck_assert_msg((size == 1 || size == 2 || size == 4) && address.raw % size == 0,
		"%u bytes are written at %x", size, address.raw);
	memcpy(device.bytes + offset, &value, size);
	for (unsigned i = 0; i < size; i++)
		device.written[offset + i]++;
	device.order++;
	if (!device.first_write)
		device.first_write = device.order;
}

void __wrap_traced_written(struct vcpu *of, gla_t at, gpa_t page, uint32_t offset, uint32_t size);
void __wrap_traced_written(struct vcpu *of, gla_t at, gpa_t page, uint32_t offset, uint32_t size)
{
	ck_assert_ptr_eq(of, vcpu);
	ck_assert_uint_eq(page.raw, TRACED);
	ck_assert_uint_eq(at.raw, TRACED + offset); /* linear addresses are physical here */
	ck_assert(size > 0 && offset + size <= PAGE_SIZE);
	traced.calls++;
	for (uint32_t i = 0; i < size; i++)
		traced.told[offset + i]++;
}

enum page_kind __real_vcpu_page(
	struct vcpu *of, gla_t at, uint32_t access, uint8_t **memory, gpa_t *physical);
enum page_kind __wrap_vcpu_page(
	struct vcpu *of, gla_t at, uint32_t access, uint8_t **memory, gpa_t *physical);
enum page_kind __wrap_vcpu_page(
	struct vcpu *of, gla_t at, uint32_t access, uint8_t **memory, gpa_t *physical)
{
	ck_assert_uint_eq(access & ACCESS_USER, vcpu_cpl(of) == 3 ? ACCESS_USER : 0);
	if (fault_page && (at.raw & ~PAGE_MASK) == fault_page) {
		vcpu_raise(of, VECTOR_PF, access);
		of->cr2 = at.raw;
		return PAGE_FAULT;
	}
	return __real_vcpu_page(of, at, access, memory, physical);
}

static void setup(void)
{
	guest_make();
	memset(&device, 0, sizeof(device));
	memset(&traced, 0, sizeof(traced));
	fault_page = 0;
	bus_attach_memory(&vm->bus, (struct bus_memory){gpa(DEVICE), gpa(DEVICE + DEVICE_SIZE - 1),
					    device_read, device_write});
	vm->frames[TRACED / PAGE_SIZE].raw |= FRAME_TRACED;
	vcpu_write_protect(vcpu, gpa(TRACED), true);
	native_start();
}

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

/* ---- one instruction ---- */

/* A page of the window, wherever it is. */
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
	host_guest_write(vm, CODE, insn.bytes, insn.length);
	memcpy(native_at(CODE), insn.bytes, insn.length);
	vcpu_forget_decoded(vcpu);
}

/* Random registers, with the operand at `at` through every register that addresses it. ESI and EDI
 * as they are given. */
static void registers_prepare(uint32_t at, uint32_t esi, uint32_t edi)
{
	struct native *to = &insn.before;

	for (unsigned i = 0; i < 8; i++)
		to->general[i] = random_value();
	to->general[3] = at;
	to->general[4] = SPARE;
	to->general[6] = esi;
	to->general[7] = edi;
	to->eip = CODE;
	to->eflags = EFLAGS_FIXED | EFLAGS_IF | (random_u32() & EFLAGS_STATUS);
	to->steps = 1;
}

static void registers_give(void)
{
	for (unsigned i = 0; i < 8; i++)
		*vcpu_register(vcpu, i) = insn.before.general[i];
	vcpu->registers.eip = CODE;
	vcpu->registers.eflags = insn.before.eflags | EFLAGS_RF;
}

/* What the processor makes of it on plain memory. */
static void reference(void)
{
	window_copy(native_at(WINDOW));
	insn.after = insn.before;
	native_execute(&insn.after);
	memcpy(insn.memory, native_at(WINDOW), WINDOW_SIZE);
	memset(device.read, 0, sizeof(device.read));
	memset(device.written, 0, sizeof(device.written));
	memset(&traced, 0, sizeof(traced));
	device.order = device.last_read = device.first_write = 0;
}

static const struct access_page *stand_in(uint32_t page)
{
	for (unsigned i = 0; i < vcpu->access.pages; i++)
		if (vcpu->access.page[i].page.raw == page)
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

/* The step that the monitor asks for. Pages without a stand-in may be neither read nor written, but
 * by a mistake that the comparison shows. */
static void processor_step(bool *own)
{
	struct native step = insn.before;
	uint32_t *eflags = &vcpu->registers.eflags;

	ck_assert_msg(
		*eflags & EFLAGS_TF && !(*eflags & EFLAGS_IF), "%s: EFLAGS %x", insn.text, *eflags);
	mappings_check();
	EACH_PAGE(page)
	if (stand_in(page))
		memcpy(native_at(page), stand_in(page)->memory, PAGE_SIZE);
	else if (page < DEVICE)
		memcpy(native_at(page), host_guest_memory(vm, page), PAGE_SIZE);
	else
		memset(native_at(page), 0xa5, PAGE_SIZE);
	native_execute(&step);
	ck_assert_uint_eq(step.signal, insn.after.signal);
	EACH_PAGE(page)
	if (stand_in(page))
		memcpy(stand_in(page)->memory, native_at(page), PAGE_SIZE);
	for (unsigned i = 0; i < 8; i++)
		*vcpu_register(vcpu, i) = step.general[i];
	vcpu->registers.eip = step.eip;
	*eflags = (step.eflags & ~EFLAGS_IF) | EFLAGS_TF;
	host.dr6 = DR6_FIXED | (step.signal ? 0 : DR6_BS);
	*own = step_end(vcpu, step.signal ? VECTOR_GP : VECTOR_DB);
	mappings_check();
}

static void equal_check(uint32_t at)
{
	for (unsigned i = 0; i < 8; i++)
		ck_assert_msg(*vcpu_register(vcpu, i) == insn.after.general[i],
			"%s at %x: register %u is %08x, not %08x", insn.text, at, i,
			*vcpu_register(vcpu, i), insn.after.general[i]);
	ck_assert_msg(vcpu->registers.eip == insn.after.eip, "%s: EIP is %x, not %x", insn.text,
		vcpu->registers.eip, insn.after.eip);
	ck_assert_msg(((vcpu->registers.eflags ^ insn.after.eflags) & FLAGS_EQUAL) == 0,
		"%s at %x: EFLAGS is %x, not %x (before %x)", insn.text, at, vcpu->registers.eflags,
		insn.after.eflags, insn.before.eflags);
	ck_assert_msg((vcpu->registers.eflags & (EFLAGS_IF | EFLAGS_TF | EFLAGS_RF)) == EFLAGS_IF,
		"%s: EFLAGS is %x", insn.text, vcpu->registers.eflags);
	EACH_PAGE(page)
	{
		const uint8_t *is = window_page(page), *wanted = insn.memory + (page - WINDOW);
		if (memcmp(is, wanted, PAGE_SIZE) == 0)
			continue;
		for (uint32_t i = 0; i < PAGE_SIZE; i++)
			ck_assert_msg(is[i] == wanted[i],
				"%s at %x: the byte at %x is %02x, not %02x", insn.text, at,
				page + i, is[i], wanted[i]);
	}
}

/* Of the bytes first .. first + size - 1 those that are in that area, and none else, were used. */
static void count_check(const char *what, const uint8_t count[], uint32_t area, uint32_t area_size,
	uint32_t first, uint32_t size)
{
	static const uint8_t never[DEVICE_SIZE];
	uint32_t last = first + size;

	if (first < area)
		first = area;
	if (last > area + area_size)
		last = area + area_size;
	if (last < first)
		first = last = area;
	for (uint32_t at = first; at < last; at++)
		ck_assert_msg(count[at - area] == 1, "%s: the byte at %x is %s %u times", insn.text,
			at, what, count[at - area]);
	ck_assert_msg(memcmp(count, never, first - area) == 0 &&
			      memcmp(count + (last - area), never, area + area_size - last) == 0,
		"%s: a byte outside of %x .. %x is %s", insn.text, first, last, what);
}

static void device_check(const char *what, const uint8_t count[], uint32_t first, uint32_t size)
{
	count_check(what, count, DEVICE, DEVICE_SIZE, first, size);
}

static void traced_check(uint32_t first, uint32_t size)
{
	count_check("told to be written", traced.told, TRACED, PAGE_SIZE, first, size);
}

static void used_check(uint32_t at, uint32_t reads, uint32_t writes)
{
	device_check("read", device.read, at, reads);
	device_check("written", device.written, at, writes);
	traced_check(at, writes);
	if (device.first_write)
		ck_assert_msg(device.last_read < device.first_write, "%s reads after it writes",
			insn.text);
}

/* Performs it, with a step where the monitor wants one. */
static bool perform(uint32_t at, bool write)
{
	bool stepped, own = true;

	registers_give();
	vcpu->event.kind = EVENT_NONE;
	enum verdict verdict = access_perform(vcpu, gla(at), write);
	ck_assert_msg(verdict == VERDICT_RESUME, "%s at %x: verdict %d: %s", insn.text, at, verdict,
		host.log);
	stepped = vcpu->stepping;
	if (stepped)
		processor_step(&own);
	ck_assert(own || insn.after.signal);
	return stepped;
}

/* Where an operand of `size` bytes may be, in a page or across two; `cross` says which. */
static uint32_t operand_place(uint32_t size, bool cross)
{
	static const uint32_t pages[] = {TRACED, DEVICE, DEVICE + PAGE_SIZE};
	static const uint32_t ends[] = {TRACED, TRACED + PAGE_SIZE, DEVICE, DEVICE + PAGE_SIZE};

	if (cross)
		return ends[random_u32() % ARRAY_LENGTH(ends)] - 1 - random_u32() % (size - 1);
	uint32_t room = PAGE_SIZE - size;
	uint32_t offset =
		random_u32() & 1 ? random_u32() % (room + 1) : (random_u32() & 1 ? 0 : room);
	return pages[random_u32() % ARRAY_LENGTH(pages)] + offset;
}

/* The byte of the operand at which the processor faults first: in memory alone it would not. */
static uint32_t fault_address(uint32_t at, uint32_t size)
{
	uint32_t page = at & ~PAGE_MASK, last = (at + size - 1) & ~PAGE_MASK;

	return page == TRACED || page >= DEVICE ? at : last;
}

/* ---- forms that are performed at once, with the operand at [EBX] ---- */

struct form {
	const char *text;
	uint8_t reads, writes; /* bytes */
};

#define THREE(opcode8, opcode, modrm, reads, writes)                                               \
	{opcode8 " " modrm, reads, writes}, {opcode " " modrm, (reads)*4, (writes)*4},             \
	{                                                                                          \
		"66 " opcode " " modrm, (reads)*2, (writes)*2                                      \
	}

/* clang-format off */
static const struct form fast[] = {
	/* mov */
	THREE("88", "89", "03", 0, 1), THREE("88", "89", "33", 0, 1), /* from AL, EAX; DH, ESI */
	THREE("8a", "8b", "03", 1, 0), THREE("8a", "8b", "2b", 1, 0), /* CH, EBP */
	{"c6 03 5a", 0, 1}, {"c7 03 78 56 34 12", 0, 4}, {"66 c7 03 34 12", 0, 2},
	/* movzx, movsx */
	{"0f b6 0b", 1, 0}, {"66 0f b6 0b", 1, 0}, {"0f b7 0b", 2, 0}, {"66 0f b7 0b", 2, 0},
	{"0f be 0b", 1, 0}, {"66 0f be 0b", 1, 0}, {"0f bf 0b", 2, 0}, {"66 0f bf 0b", 2, 0},
	/* add, or, adc, sbb, and, sub, xor, cmp: r/m, r */
	THREE("00", "01", "0b", 1, 1), THREE("08", "09", "0b", 1, 1),
	THREE("10", "11", "0b", 1, 1), THREE("18", "19", "0b", 1, 1),
	THREE("20", "21", "0b", 1, 1), THREE("28", "29", "0b", 1, 1),
	THREE("30", "31", "0b", 1, 1), THREE("38", "39", "0b", 1, 0),
	/* the same: r, r/m */
	THREE("02", "03", "0b", 1, 0), THREE("0a", "0b", "0b", 1, 0),
	THREE("12", "13", "0b", 1, 0), THREE("1a", "1b", "0b", 1, 0),
	THREE("22", "23", "0b", 1, 0), THREE("2a", "2b", "0b", 1, 0),
	THREE("32", "33", "2b", 1, 0), THREE("3a", "3b", "3b", 1, 0),
	/* the same: r/m, immediate */
	{"80 03 7f", 1, 1}, {"80 0b 80", 1, 1}, {"80 13 01", 1, 1}, {"80 1b 01", 1, 1},
	{"80 23 f0", 1, 1}, {"80 2b 01", 1, 1}, {"80 33 ff", 1, 1}, {"80 3b 80", 1, 0},
	{"81 03 ff ff ff 7f", 4, 4}, {"66 81 23 0f f0", 2, 2}, {"81 3b 00 00 00 80", 4, 0},
	{"83 03 ff", 4, 4}, {"66 83 1b fe", 2, 2}, {"83 23 f0", 4, 4}, {"83 3b 01", 4, 0},
	/* test, not, neg, inc, dec */
	THREE("84", "85", "0b", 1, 0), {"f6 03 81", 1, 0}, {"f7 03 01 00 00 80", 4, 0},
	{"66 f7 0b 00 80", 2, 0}, THREE("f6", "f7", "13", 1, 1), THREE("f6", "f7", "1b", 1, 1),
	THREE("fe", "ff", "03", 1, 1), THREE("fe", "ff", "0b", 1, 1),
	/* xchg */
	THREE("86", "87", "0b", 1, 1), THREE("86", "87", "23", 1, 1),
	/* bt, bts, btr, btc with an immediate */
	{"0f ba 23 1f", 4, 0}, {"0f ba 2b 07", 4, 4}, {"0f ba 33 20", 4, 4}, {"0f ba 3b 3f", 4, 4},
	{"66 0f ba 23 0f", 2, 0}, {"66 0f ba 2b 11", 2, 2}, {"66 0f ba 33 08", 2, 2},
	{"66 0f ba 3b 00", 2, 2},
	/* lock */
	{"f0 01 0b", 4, 4}, {"f0 0f ba 2b 05", 4, 4},
};
/* clang-format on */

static uint32_t larger(const struct form *form)
{
	return form->reads > form->writes ? form->reads : form->writes;
}

static void form_try(const struct form *form, bool cross, bool wants_step)
{
	uint32_t size = larger(form), at = operand_place(size, cross);

	/* a traced page does not stop a read */
	if (!form->writes && at + size > TRACED && at < TRACED + PAGE_SIZE)
		at += DEVICE - TRACED;
	if (!form->writes && at < DEVICE && at + size <= DEVICE)
		return;
	window_randomize();
	registers_prepare(at, random_u32(), random_u32());
	reference();
	bool stepped = perform(fault_address(at, size), form->writes);
	ck_assert_msg(stepped == wants_step, "%s at %x: %s", form->text, at,
		stepped ? "is stepped" : "is done at once");
	equal_check(at);
	used_check(at, form->reads, form->writes);
}

START_TEST(fast_forms_are_performed_as_the_processor_does)
{
	insn_take(fast[_i].text);
	for (unsigned round = 0; round < ROUNDS; round++)
		form_try(&fast[_i], false, false);
}
END_TEST

START_TEST(fast_forms_across_pages_are_stepped)
{
	if (larger(&fast[_i]) < 2)
		return;
	insn_take(fast[_i].text);
	for (unsigned round = 0; round < ROUNDS / 4; round++)
		form_try(&fast[_i], true, true);
}
END_TEST

START_TEST(offsets_in_the_instruction_are_fast)
{
	static const struct form forms[] = {{"a0 04 00 02 00", 1, 0}, {"a1 04 00 02 00", 4, 0},
		{"66 a1 04 00 02 00", 2, 0}, {"a2 04 00 02 00", 0, 1}, {"a3 04 00 02 00", 0, 4},
		{"66 a3 04 00 02 00", 0, 2}};

	for (unsigned i = 0; i < ARRAY_LENGTH(forms); i++) {
		insn_take(forms[i].text);
		for (unsigned round = 0; round < ROUNDS; round++) {
			window_randomize();
			registers_prepare(random_u32(), random_u32(), random_u32());
			reference();
			ck_assert(!perform(0x20004, forms[i].writes));
			equal_check(0x20004);
			used_check(0x20004, forms[i].reads, forms[i].writes);
		}
	}
}
END_TEST

/* ---- STOS and MOVS ---- */

/* Elements of `size`, in whatever direction, from and to the pages of the window: until the native
 * processor has done as many as the monitor. */
static void string_try(const char *text, unsigned size, bool moves, bool repeat)
{
	uint32_t count = repeat ? 1 + random_u32() % 600 : 1;
	uint32_t esi = WINDOW + random_u32() % (WINDOW_SIZE - 600 * 4);
	uint32_t edi = WINDOW + random_u32() % (WINDOW_SIZE - 600 * 4);
	bool down = random_u32() & 1;

	if (down) {
		esi += 599 * 4;
		edi += 599 * 4;
	}
	insn_take(text);
	window_randomize();
	registers_prepare(SPARE, esi, edi);
	insn.before.general[1] = count;
	if (down)
		insn.before.eflags |= EFLAGS_DF;
	/* the first byte at which it faults; where it does not, there is nothing to perform */
	uint32_t at = fault_address(edi, size);
	bool faults = at >= DEVICE || (at & ~PAGE_MASK) == TRACED;
	if (moves && fault_address(esi, size) >= DEVICE)
		at = fault_address(esi, size), faults = true;
	if (!faults)
		return;
	registers_give();
	struct native start = insn.before;
	uint32_t before = count, after;
	/* how many elements the monitor will do shows only afterwards: the window is kept */
	static uint8_t kept[WINDOW_SIZE];
	window_copy(kept);
	insn.before.steps = 1;
	reference();
	perform(at, true);
	after = repeat ? vcpu->registers.ecx : 0;
	ck_assert(after < before);
	memcpy(native_at(WINDOW), kept, WINDOW_SIZE);
	insn.after = start;
	insn.after.steps = before - after;
	native_execute(&insn.after);
	memcpy(insn.memory, native_at(WINDOW), WINDOW_SIZE);
	equal_check(edi);

	uint32_t done = (before - after) * size, back = down ? done - size : 0;
	device_check("written", device.written, edi - back, done);
	device_check("read", device.read, moves ? esi - back : 0, moves ? done : 0);
	traced_check(edi - back, done);
}

START_TEST(strings_are_performed_as_the_processor_does)
{
	static const struct {
		const char *text;
		unsigned size;
		bool moves, repeat;
	} forms[] = {
		{"aa", 1, false, false},
		{"66 ab", 2, false, false},
		{"ab", 4, false, false},
		{"a4", 1, true, false},
		{"66 a5", 2, true, false},
		{"a5", 4, true, false},
		{"f3 aa", 1, false, true},
		{"66 f3 ab", 2, false, true},
		{"f3 ab", 4, false, true},
		{"f2 ab", 4, false, true},
		{"f3 a4", 1, true, true},
		{"66 f3 a5", 2, true, true},
		{"f3 a5", 4, true, true},
	};

	for (unsigned round = 0; round < ROUNDS; round++)
		string_try(forms[_i].text, forms[_i].size, forms[_i].moves, forms[_i].repeat);
}
END_TEST

START_TEST(a_burst_fills_more_than_one_element)
{
	insn_take("f3 ab");
	registers_prepare(0, 0, TRACED);
	insn.before.general[1] = 1024;
	insn.before.steps = 256;
	reference();
	ck_assert(!perform(TRACED, true));
	equal_check(TRACED);
	ck_assert_uint_eq(vcpu->registers.ecx, 1024 - 256);
	ck_assert_uint_eq(vcpu->registers.eip, CODE);
	ck_assert_uint_eq(traced.calls, 1);
}
END_TEST

/* ---- everything else ---- */

enum place { AT_EBX, AT_ESI, AT_EDI, AT_ESP, BELOW_ESP, AT_EBP };

static const struct {
	const char *text;
	enum place place;
	uint16_t reads, writes;
} slow[] = {
	/* clang-format off */
	{"0f b0 0b", AT_EBX, 1, 1}, {"0f b1 0b", AT_EBX, 4, 4}, /* cmpxchg */
	{"0f c0 0b", AT_EBX, 1, 1}, {"66 0f c1 0b", AT_EBX, 2, 2}, /* xadd */
	{"0f c7 0b", AT_EBX, 8, 8}, {"f0 0f c7 0b", AT_EBX, 8, 8}, /* cmpxchg8b */
	{"c0 03 05", AT_EBX, 1, 1}, {"c1 0b 05", AT_EBX, 4, 4}, {"d3 13", AT_EBX, 4, 4}, /* rotate */
	{"66 d1 1b", AT_EBX, 2, 2}, {"d2 23", AT_EBX, 1, 1}, {"c1 3b 1f", AT_EBX, 4, 4}, /* shift */
	{"0f a4 0b 05", AT_EBX, 4, 4}, {"66 0f ad 0b", AT_EBX, 2, 2}, /* shld, shrd */
	{"0f 94 03", AT_EBX, 0, 1}, {"0f 9c 03", AT_EBX, 0, 1}, /* setcc */
	{"0f 44 0b", AT_EBX, 4, 0}, {"66 0f 4d 0b", AT_EBX, 2, 0}, /* cmovcc */
	{"f6 23", AT_EBX, 1, 0}, {"f7 23", AT_EBX, 4, 0}, {"66 f7 2b", AT_EBX, 2, 0}, /* mul, imul */
	{"0f af 0b", AT_EBX, 4, 0}, {"69 0b 01 02 03 04", AT_EBX, 4, 0}, {"6b 0b fd", AT_EBX, 4, 0},
	{"0f bc 0b", AT_EBX, 4, 0}, {"66 0f bd 0b", AT_EBX, 2, 0}, /* bsf, bsr */
	{"ff 33", AT_EBX, 4, 0}, {"66 ff 33", AT_EBX, 2, 0}, /* push m */
	{"8f 03", AT_EBX, 0, 4}, {"66 8f 03", AT_EBX, 0, 2}, /* pop m */
	{"ff 13", AT_EBX, 4, 0}, {"ff 23", AT_EBX, 4, 0}, {"66 ff 23", AT_EBX, 2, 0}, /* call m, jmp m */
	{"50", BELOW_ESP, 0, 4}, {"66 50", BELOW_ESP, 0, 2}, {"6a 80", BELOW_ESP, 0, 4}, /* push */
	{"68 01 02 03 04", BELOW_ESP, 0, 4}, {"54", BELOW_ESP, 0, 4},
	{"58", AT_ESP, 4, 0}, {"66 58", AT_ESP, 2, 0}, {"5c", AT_ESP, 4, 0}, /* pop */
	{"60", BELOW_ESP, 0, 32}, {"66 60", BELOW_ESP, 0, 16}, /* pusha */
	{"61", AT_ESP, 32, 0}, {"66 61", AT_ESP, 16, 0}, /* popa */
	{"e8 10 00 00 00", BELOW_ESP, 0, 4}, {"ff d0", BELOW_ESP, 0, 4}, /* call */
	{"c3", AT_ESP, 4, 0}, {"c2 08 00", AT_ESP, 4, 0}, /* ret */
	{"c8 08 00 00", BELOW_ESP, 0, 4}, {"66 c8 08 00 00", BELOW_ESP, 0, 2}, /* enter */
	{"c9", AT_EBP, 4, 0}, {"66 c9", AT_EBP, 2, 0}, /* leave */
	{"8c 1b", AT_EBX, 0, 2}, /* mov m, ds */
	{"ac", AT_ESI, 1, 0}, {"66 ad", AT_ESI, 2, 0}, {"f3 ad", AT_ESI, 4, 0}, /* lods */
	{"ae", AT_EDI, 1, 0}, {"66 af", AT_EDI, 2, 0}, {"af", AT_EDI, 4, 0}, /* scas */
	{"a6", AT_ESI, 1, 0}, {"a7", AT_ESI, 4, 0}, {"a7", AT_EDI, 4, 0}, /* cmps */
	{"82 03 05", AT_EBX, 1, 1}, /* add, by its other name */
	{"0f ae 3b", AT_EBX, 0, 0}, /* clflush */
	/* x87; FNINIT and FLD1 come before */
	{"d9 03", AT_EBX, 4, 0}, {"dd 03", AT_EBX, 8, 0}, {"db 2b", AT_EBX, 10, 0}, /* fld */
	{"df 03", AT_EBX, 2, 0}, {"db 03", AT_EBX, 4, 0}, {"df 2b", AT_EBX, 8, 0}, /* fild */
	{"df 23", AT_EBX, 10, 0}, {"d8 03", AT_EBX, 4, 0}, {"dc 0b", AT_EBX, 8, 0}, /* fbld fadd */
	{"de 03", AT_EBX, 2, 0}, {"da 03", AT_EBX, 4, 0}, {"d9 2b", AT_EBX, 2, 0}, /* fiadd fldcw */
	{"d9 13", AT_EBX, 0, 4}, {"d9 1b", AT_EBX, 0, 4}, {"dd 1b", AT_EBX, 0, 8}, /* fst fstp */
	{"db 3b", AT_EBX, 0, 10}, {"df 33", AT_EBX, 0, 10}, /* fstp m80, fbstp */
	{"df 13", AT_EBX, 0, 2}, {"db 1b", AT_EBX, 0, 4}, {"df 3b", AT_EBX, 0, 8}, /* fist fistp */
	{"d9 3b", AT_EBX, 0, 2}, {"dd 3b", AT_EBX, 0, 2}, /* fnstcw fnstsw */
	{"d9 33", AT_EBX, 0, 28}, {"66 d9 33", AT_EBX, 0, 14}, {"d9 23", AT_EBX, 28, 0},
	{"dd 33", AT_EBX, 0, 108}, {"66 dd 33", AT_EBX, 0, 94}, {"dd 23", AT_EBX, 108, 0},
	/* MMX and SSE */
	{"0f 6e 03", AT_EBX, 4, 0}, {"0f 7e 03", AT_EBX, 0, 4}, /* movd */
	{"0f 6f 03", AT_EBX, 8, 0}, {"0f 7f 03", AT_EBX, 0, 8}, {"0f fc 03", AT_EBX, 8, 0},
	{"0f 60 03", AT_EBX, 4, 0}, {"0f f7 c8", AT_EDI, 8, 8}, /* punpcklbw, maskmovq */
	{"0f c3 0b", AT_EBX, 0, 4}, {"0f 10 03", AT_EBX, 16, 0}, {"0f 11 03", AT_EBX, 0, 16},
	{"f3 0f 10 03", AT_EBX, 4, 0}, {"f2 0f 11 03", AT_EBX, 0, 8}, {"0f 17 03", AT_EBX, 0, 8},
	/* clang-format on */
};

static void native_quick(const char *text)
{
	struct native registers = {.eip = CODE, .eflags = EFLAGS_FIXED, .steps = 1};

	insn_take(text);
	registers.general[4] = SPARE;
	native_execute(&registers);
	ck_assert_uint_eq(registers.signal, 0);
}

/* The same x87 registers before both executions. */
static void floating_prepare(void)
{
	const char *text = insn.text;

	native_quick("db e3");
	native_quick("d9 e8");
	native_quick("d9 eb");
	insn_take(text);
}

static void place_operand(enum place place, uint32_t at, uint32_t size)
{
	uint32_t *general = insn.before.general;

	registers_prepare(SPARE, SPARE + 0x100, SPARE + 0x200);
	general[1] = general[1] & 0xff ? general[1] : 1; /* REP */
	switch (place) {
	case AT_EBX:
		general[3] = at;
		break;
	case AT_ESI:
		general[6] = at;
		break;
	case AT_EDI:
		general[7] = at;
		break;
	case AT_ESP:
		general[4] = at;
		break;
	case BELOW_ESP:
		general[4] = at + size;
		break;
	case AT_EBP:
		general[5] = at;
		break;
	}
}

static void slow_try(unsigned number, bool cross)
{
	uint32_t reads = slow[number].reads, writes = slow[number].writes;
	uint32_t size = reads > writes ? reads : writes;

	if (cross && size < 2)
		return;
	uint32_t at = operand_place(size ? size : 1, cross);
	if (!writes && fault_address(at, size) < DEVICE)
		at = DEVICE + at % (DEVICE_SIZE - size);
	window_randomize();
	place_operand(slow[number].place, at, size);
	floating_prepare();
	reference();
	floating_prepare();
	bool stepped = perform(fault_address(at, size), writes);
	ck_assert_msg(stepped, "%s is done at once", insn.text);
	equal_check(at);
	used_check(at, reads, writes);
}

START_TEST(other_instructions_are_stepped_with_stand_ins)
{
	insn_take(slow[_i].text);
	for (unsigned round = 0; round < ROUNDS / 4; round++) {
		slow_try((unsigned)_i, false);
		slow_try((unsigned)_i, true);
	}
}
END_TEST

/* A bit's number leads to another doubleword. */
START_TEST(bit_strings_reach_beyond_their_operand)
{
	static const struct {
		const char *text;
		unsigned size;
		bool writes;
	} forms[] = {
		{"0f a3 0b", 4, false},
		{"0f ab 0b", 4, true},
		{"0f b3 0b", 4, true},
		{"0f bb 0b", 4, true},
		{"66 0f a3 0b", 2, false},
		{"66 0f ab 0b", 2, true},
	};

	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned i = random_u32() % ARRAY_LENGTH(forms), size = forms[i].size;
		int32_t number = (int32_t)(random_u32() % 20000) - 10000;
		int32_t distance = size == 4 ? (number >> 5) * 4 : (number >> 4) * 2;
		uint32_t at = DEVICE + 0x800 + random_u32() % 0xffc;
		insn_take(forms[i].text);
		window_randomize();
		registers_prepare(at - (uint32_t)distance, 0, 0);
		insn.before.general[1] = (uint32_t)number & (size == 4 ? 0xffffffff : 0xffff);
		reference();
		ck_assert(perform(at, forms[i].writes));
		equal_check(at);
		used_check(at, size, forms[i].writes ? size : 0);
	}
}
END_TEST

/* Two operands: each in the window, in whatever pages. */
START_TEST(both_operands_may_be_anything)
{
	static const char *const forms[] = {
		"ff 33", "8f 03", "8f 44 24 08", "a7", "a6", "66 a7", "ff 13"};

	for (unsigned round = 0; round < 4 * ROUNDS; round++) {
		const char *text = forms[random_u32() % ARRAY_LENGTH(forms)];
		uint32_t one = WINDOW + 64 + random_u32() % (WINDOW_SIZE - 128);
		uint32_t other = WINDOW + 64 + random_u32() % (WINDOW_SIZE - 128);
		if (random_u32() & 1)
			other = one + 12; /* close by */
		insn_take(text);
		window_randomize();
		registers_prepare(one, one, other);
		insn.before.general[4] = other;
		reference();
		/* the handler of a page fault would be told one of these */
		uint32_t faults[] = {one, one + 3, other - 4, other, other + 3, other + 15};
		uint32_t at = 0;
		for (unsigned i = 0; i < ARRAY_LENGTH(faults) && at < DEVICE; i++)
			at = faults[i];
		if (at < DEVICE)
			continue;
		registers_give();
		struct access_plan plan;
		ck_assert_int_eq(
			access_plan_make(vcpu, &vcpu_decode(vcpu)->insn, &plan), VERDICT_RESUME);
		at = 0;
		for (unsigned i = 0; i < plan.count; i++)
			if (plan.range[i].at.raw + plan.range[i].size > DEVICE)
				at = plan.range[i].at.raw + plan.range[i].size - 1;
		if (!at)
			continue;
		ck_assert(perform(at, false));
		equal_check(one);
	}
}
END_TEST

/* ---- what can go wrong ---- */

/* Nothing was done: neither to the guest nor to the device. */
static void untouched(const char *what)
{
	for (unsigned i = 0; i < 8; i++)
		ck_assert_msg(*vcpu_register(vcpu, i) == insn.before.general[i], "%s: register %u",
			what, i);
	ck_assert_msg(vcpu->registers.eip == CODE, "%s: EIP", what);
	ck_assert_msg(
		vcpu->registers.eflags == (insn.before.eflags | EFLAGS_RF), "%s: EFLAGS", what);
	ck_assert_msg(device.order == 0, "%s: the device was asked", what);
	ck_assert_msg(traced.calls == 0, "%s: a write was told", what);
	ck_assert_msg(!vcpu->stepping && vcpu->access.pages == 0, "%s: a step was begun", what);
	mappings_check();
}

static void faults(const char *text, uint32_t at, unsigned vector, uint32_t error_code)
{
	insn_take(text);
	registers_give();
	vcpu->event.kind = EVENT_NONE;
	ck_assert_msg(access_perform(vcpu, gla(at), false) == VERDICT_GUEST_FAULT, "%s: %s", text,
		host.log);
	ck_assert_msg(guest_fault().vector == vector && guest_fault().error_code == error_code,
		"%s: exception %u (%x)", text, guest_fault().vector, guest_fault().error_code);
	untouched(text);
}

START_TEST(an_access_that_page_faults_does_nothing)
{
	fault_page = WINDOW;
	registers_prepare(DEVICE + 8, DEVICE + 8, WINDOW + 16);
	insn.before.general[4] = WINDOW + 32;
	faults("a5", DEVICE + 8, VECTOR_PF, ACCESS_WRITE);    /* movsd */
	faults("f3 a5", DEVICE + 8, VECTOR_PF, ACCESS_WRITE); /* rep movsd */
	faults("a7", DEVICE + 8, VECTOR_PF, 0);               /* cmpsd */
	faults("ff 33", DEVICE + 8, VECTOR_PF, ACCESS_WRITE); /* push [ebx] */
	faults("8f 03", DEVICE + 8, VECTOR_PF, 0);            /* pop [ebx] */
	ck_assert_uint_eq(vcpu->cr2, WINDOW + 32);
	fault_page = DEVICE + PAGE_SIZE;
	registers_prepare(DEVICE + PAGE_SIZE - 2, DEVICE + PAGE_SIZE - 2, SPARE);
	faults("89 03", DEVICE + PAGE_SIZE - 2, VECTOR_PF, ACCESS_WRITE); /* mov [ebx], eax */
	ck_assert_uint_eq(vcpu->cr2, DEVICE + PAGE_SIZE);
	faults("8b 03", DEVICE + PAGE_SIZE - 2, VECTOR_PF, 0);
	faults("a5", DEVICE + PAGE_SIZE - 2, VECTOR_PF, 0);
	fault_page = DEVICE;
	registers_prepare(DEVICE + 8, DEVICE + 8, SPARE);
	faults("89 03", DEVICE + 8, VECTOR_PF, ACCESS_WRITE);
	faults("83 3b 01", DEVICE + 8, VECTOR_PF, 0); /* cmp writes nothing */
	guest_enter_user();
	faults("09 03", DEVICE + 8, VECTOR_PF, ACCESS_WRITE | ACCESS_USER);
}
END_TEST

START_TEST(an_access_that_a_segment_refuses_does_nothing)
{
	guest_set_descriptor(FREE, 0x0000ffff, 0x00409200); /* 64 KiB */
	registers_prepare(DEVICE + 8, DEVICE + 8, 0x10000);
	vcpu->registers.es = FREE;
	faults("a5", DEVICE + 8, VECTOR_GP, 0);
	vcpu->registers.ss = FREE | 1;
	insn.before.general[4] = 0x18000;
	faults("ff 33", DEVICE + 8, VECTOR_SS, 0);
}
END_TEST

/* DIV of 0 reads its operand, and then faults: the step is not done. */
START_TEST(a_fault_in_the_step_writes_nothing)
{
	bool own;

	insn_take("f7 33");
	window_randomize();
	memset(device.bytes, 0, sizeof(device.bytes));
	registers_prepare(DEVICE + 8, 0, 0);
	reference();
	ck_assert_uint_eq(insn.after.signal, SIGFPE);
	registers_give();
	ck_assert_int_eq(access_perform(vcpu, gla(DEVICE + 8), false), VERDICT_RESUME);
	ck_assert(vcpu->stepping);
	processor_step(&own);
	ck_assert(!own);
	used_check(DEVICE + 8, 4, 0);
	ck_assert_uint_eq(vcpu->registers.eip, CODE);
}
END_TEST

/* A step of the guest's own goes the native way, and is not taken for the monitor's. */
START_TEST(the_guests_own_step_is_its_own)
{
	bool own;

	insn_take("89 03");
	registers_prepare(DEVICE + 8, 0, 0);
	reference();
	registers_give();
	vcpu->registers.eflags |= EFLAGS_TF;
	ck_assert_int_eq(access_perform(vcpu, gla(DEVICE + 8), true), VERDICT_RESUME);
	ck_assert(vcpu->stepping);
	processor_step(&own);
	ck_assert(!own);
	used_check(DEVICE + 8, 0, 4);
	ck_assert(vcpu->registers.eflags & EFLAGS_TF);
}
END_TEST

START_TEST(breakpoints_are_the_processors_business)
{
	insn_take("89 03");
	vcpu->dr[7] |= DR7_ENABLE(2);
	window_randomize();
	registers_prepare(DEVICE + 8, 0, 0);
	reference();
	ck_assert(perform(DEVICE + 8, true));
	equal_check(DEVICE + 8);
}
END_TEST

START_TEST(pushed_flags_do_not_show_the_step)
{
	static const char *const forms[] = {"9c", "66 9c"};

	for (unsigned i = 0; i < ARRAY_LENGTH(forms); i++) {
		insn_take(forms[i]);
		window_randomize();
		registers_prepare(0, 0, 0);
		insn.before.general[4] = DEVICE + 0x40;
		registers_give();
		ck_assert_int_eq(access_perform(vcpu, gla(DEVICE + 0x3e), true), VERDICT_RESUME);
		ck_assert(vcpu->stepping);
		/* as the real processor pushes it in this step: TF 1, IF 0 */
		unsigned size = i ? 2 : 4;
		uint32_t image = (vcpu->registers.eflags & ~EFLAGS_RF) | EFLAGS_FIXED;
		memcpy(stand_in(DEVICE)->memory + 0x40 - size, &image, size);
		vcpu->registers.esp -= size;
		vcpu->registers.eip += insn.length;
		host.dr6 = DR6_FIXED | DR6_BS;
		ck_assert(step_end(vcpu, VECTOR_DB));
		memcpy(&image, device.bytes + 0x40 - size, size);
		ck_assert_uint_eq(image & (EFLAGS_TF | EFLAGS_IF), EFLAGS_IF);
		ck_assert_uint_eq((image ^ insn.before.eflags) & EFLAGS_STATUS, 0);
	}
}
END_TEST

/* Processors differ in what becomes of the other two. */
START_TEST(a_selector_is_pushed_in_two_bytes)
{
	insn_take("06");
	registers_prepare(0, 0, 0);
	insn.before.general[4] = DEVICE + 0x44;
	registers_give();
	ck_assert_int_eq(access_perform(vcpu, gla(DEVICE + 0x40), true), VERDICT_RESUME);
	host.dr6 = DR6_FIXED | DR6_BS;
	ck_assert(step_end(vcpu, VECTOR_DB));
	used_check(DEVICE + 0x40, 0, 2);
}
END_TEST

START_TEST(fxsave_writes_what_it_has_without_sse)
{
	insn_take("0f ae 03");
	registers_prepare(DEVICE + 0x40, 0, 0);
	registers_give();
	ck_assert_int_eq(access_perform(vcpu, gla(DEVICE + 0x40), true), VERDICT_RESUME);
	host.dr6 = DR6_FIXED | DR6_BS;
	ck_assert(step_end(vcpu, VECTOR_DB));
	used_check(DEVICE + 0x40, 0, 160);
}
END_TEST

/* ENTER's frame pointers are read where EBP is, its frame is written, and its end is only checked.
 */
START_TEST(enter_reads_and_writes_two_places)
{
	insn_take("c8 10 00 03");
	for (unsigned round = 0; round < ROUNDS; round++) {
		window_randomize();
		registers_prepare(0, 0, 0);
		insn.before.general[4] = DEVICE + 0x100 + random_u32() % 0x1e00;
		insn.before.general[5] = WINDOW + 0x40 + random_u32() % (WINDOW_SIZE - 0x40);
		reference();
		ck_assert(perform(insn.before.general[4] - 4, true));
		equal_check(0);
		device_check("read", device.read, insn.before.general[5] - 8, 8);
		device_check("written", device.written, insn.before.general[4] - 16, 16);
	}
}
END_TEST

START_TEST(xlat_reads_its_table)
{
	insn_take("d7");
	for (unsigned round = 0; round < ROUNDS; round++) {
		window_randomize();
		registers_prepare(DEVICE + random_u32() % 0x1f00, 0, 0);
		uint32_t at = insn.before.general[3] + (insn.before.general[0] & 0xff);
		reference();
		ck_assert(perform(at, false));
		equal_check(at);
		used_check(at, 1, 0);
	}
}
END_TEST

START_TEST(what_cannot_be_performed_ends_the_guest)
{
	insn_take("90");
	registers_prepare(0, 0, 0);
	registers_give();
	ck_assert_int_eq(access_perform(vcpu, gla(DEVICE), false), VERDICT_ENDED);
	ck_assert(guest_killed("in a way that this monitor does not emulate"));
	setup();
	registers_give();
	vcpu->registers.eip = DEVICE;
	ck_assert_int_eq(access_perform(vcpu, gla(DEVICE), false), VERDICT_ENDED);
	ck_assert(guest_killed("executes at an address without memory"));
}
END_TEST

/* ---- the bus ---- */

START_TEST(an_empty_bus_floats_and_is_reported_sparingly)
{
	uint8_t bytes[7];
	unsigned lines = 0;

	bus_load_memory(vm, gpa(0x1000001), bytes, sizeof(bytes));
	for (unsigned i = 0; i < sizeof(bytes); i++)
		ck_assert_uint_eq(bytes[i], 0xff);
	ck_assert_uint_eq(bus_read_memory(vm, gpa(0x1000004), 2), 0xffff);
	bus_write_memory(vm, gpa(0x1000004), 4, 0);
	ck_assert_uint_eq(bus_read_memory(vm, gpa(0x1000004), 4), 0xffffffff);
	for (uint32_t page = 0; page < 100; page++)
		bus_write_memory(vm, gpa(0x2000000 + page * PAGE_SIZE), 4, 0);
	for (const char *at = host.log; (at = strstr(at, "neither memory nor a device")); at++)
		lines++;
	ck_assert_uint_eq(lines, BUS_MEMORY_REPORTS);
}
END_TEST

/* Two devices side by side, and nothing behind the second. */
START_TEST(an_access_is_split_where_a_device_ends)
{
	bus_attach_memory(&vm->bus,
		(struct bus_memory){gpa(0x30000), gpa(0x30001), device_read, device_write});
	device.bytes[0x1ffe] = 0x11;
	device.bytes[0x1fff] = 0x22;
	ck_assert_uint_eq(bus_read_memory(vm, gpa(DEVICE + 0x1ffc), 4), 0x22110000);
	bus_attach_memory(
		&vm->bus, (struct bus_memory){gpa(DEVICE + DEVICE_SIZE),
				  gpa(DEVICE + DEVICE_SIZE + 1), device_read, device_write});
	vm->bus.memory[0].last = gpa(DEVICE + 5);
	device.bytes[4] = 0x33;
	device.bytes[5] = 0x44;
	ck_assert_uint_eq(bus_read_memory(vm, gpa(DEVICE + 4), 4), 0xffff4433);
	bus_write_memory(vm, gpa(DEVICE + 4), 4, 0x88776655);
	ck_assert_uint_eq(device.bytes[4], 0x55);
	ck_assert_uint_eq(device.bytes[5], 0x66);
	ck_assert_uint_eq(device.bytes[6], 0);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		offsets_in_the_instruction_are_fast,
		a_burst_fills_more_than_one_element,
		bit_strings_reach_beyond_their_operand,
		both_operands_may_be_anything,
		an_access_that_page_faults_does_nothing,
		an_access_that_a_segment_refuses_does_nothing,
		a_fault_in_the_step_writes_nothing,
		the_guests_own_step_is_its_own,
		breakpoints_are_the_processors_business,
		pushed_flags_do_not_show_the_step,
		a_selector_is_pushed_in_two_bytes,
		fxsave_writes_what_it_has_without_sse,
		enter_reads_and_writes_two_places,
		xlat_reads_its_table,
		what_cannot_be_performed_ends_the_guest,
		an_empty_bus_floats_and_is_reported_sparingly,
		an_access_is_split_where_a_device_ends,
	};
	Suite *suite = suite_create("access");
	TCase *cases = tcase_create("access");
	SRunner *runner = srunner_create(suite);

	signal(SIGPIPE, SIG_IGN);
	tcase_set_timeout(cases, 60);
	tcase_add_checked_fixture(cases, setup, NULL);
	for (unsigned i = 0; i < ARRAY_LENGTH(tests); i++)
		tcase_add_test(cases, tests[i]);
	tcase_add_loop_test(
		cases, fast_forms_are_performed_as_the_processor_does, 0, ARRAY_LENGTH(fast));
	tcase_add_loop_test(cases, fast_forms_across_pages_are_stepped, 0, ARRAY_LENGTH(fast));
	tcase_add_loop_test(cases, strings_are_performed_as_the_processor_does, 0, 13);
	tcase_add_loop_test(
		cases, other_instructions_are_stepped_with_stand_ins, 0, ARRAY_LENGTH(slow));
	suite_add_tcase(suite, cases);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
