/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine of host.h: what monitor/machine/ is to the real one.
 *
 * Every run of frames that the monitor takes has a frame behind it that AddressSanitizer watches,
 * and so has each page of a guest's: nothing can be written across the end of anything. Before the
 * monitor takes a frame, and after it has given it back, no one may touch it.
 */
#include "host.h"

#include <sanitizer/asan_interface.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "clock.h"
#include "cpu.h"
#include "delivery.h"
#include "machine.h"

#define FRAMES_MAX 512u
#define TICK       (CLOCK_HZ / TICKS_PER_SECOND)

struct host host;
struct descriptor monitor_idt[VECTORS];
struct table_register monitor_idtr;
uint32_t boot_page_directory[TABLE_ENTRIES];

void host_finding(const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "FINDING: ");
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, "\n  the log: %s\n", host.log);
	abort();
}

/* ---- memory ---- */

static void *frame_pointer(uint32_t frame)
{
	return machine_pointer(maddr(frame * PAGE_SIZE));
}

static void memory_map(void)
{
	static bool mapped;
	void *wanted = frame_pointer(0);

	if (mapped)
		return;
	if (mmap(wanted, (size_t)FRAMES_MAX * PAGE_SIZE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != wanted) {
		perror("host: no memory at the address of the direct map");
		exit(2);
	}
	__asan_poison_memory_region(wanted, (size_t)FRAMES_MAX * PAGE_SIZE);
	mapped = true;
}

bool frames_allocate(uint32_t count, uint32_t alignment, maddr_t *first)
{
	if (alignment != PAGE_SIZE || host.frames + count + 1 > FRAMES_MAX)
		return false;
	*first = maddr(host.frames * PAGE_SIZE);
	host.frames += count + 1;
	__asan_unpoison_memory_region(machine_pointer(*first), (size_t)count * PAGE_SIZE);
	memset(machine_pointer(*first), 0, (size_t)count * PAGE_SIZE);
	return true;
}

void frames_free(maddr_t first, uint32_t count)
{
	__asan_poison_memory_region(machine_pointer(first), (size_t)count * PAGE_SIZE);
}

uint8_t *host_guest_memory(struct vm *vm, uint32_t address)
{
	maddr_t machine;

	if (!vm_translate(vm, gpa(address), &machine))
		return NULL;
	return machine_pointer(machine);
}

void host_guest_write(struct vm *vm, uint32_t address, const void *from, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++)
		*host_guest_memory(vm, address + i) = ((const uint8_t *)from)[i];
}

void host_guest_read(struct vm *vm, uint32_t address, void *to, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++)
		((uint8_t *)to)[i] = *host_guest_memory(vm, address + i);
}

/* ---- descriptor tables ---- */

static struct descriptor monitor_descriptor(uint32_t base, uint32_t limit, uint32_t attributes)
{
	return (struct descriptor){
		.low = base << 16 | (limit & 0xffff),
		.high = (base & 0xff000000) | (limit & 0xf0000) | attributes | (base >> 16 & 0xff),
	};
}

/* Code, data, and the two TSSs: where these are is no matter here. */
void gdt_fill_monitor(struct gdt *gdt)
{
	gdt->entry[SELECTOR_INDEX(MONITOR_CS)] = monitor_descriptor(0, 0xfffff, 0x00c09b00);
	gdt->entry[SELECTOR_INDEX(MONITOR_DS)] = monitor_descriptor(0, 0xfffff, 0x00c09300);
	gdt->entry[SELECTOR_INDEX(MONITOR_TSS)] = monitor_descriptor(0xf0001000, 103, 0x00008900);
	gdt->entry[SELECTOR_INDEX(MONITOR_FAULT_TSS)] =
		monitor_descriptor(0xf0002000, 103, 0x00008900);
}

struct table_register gdt_register(const struct gdt *gdt)
{
	return (struct table_register){sizeof(*gdt) - 1, (uint32_t)(uintptr_t)gdt};
}

struct table_register idt_register(const struct descriptor idt[VECTORS])
{
	return (struct table_register){VECTORS * sizeof(*idt) - 1, (uint32_t)(uintptr_t)idt};
}

static void tables_fill(void)
{
	for (unsigned vector = 0; vector < VECTORS; vector++)
		monitor_idt[vector] = (struct descriptor){
			.low = (uint32_t)MONITOR_CS << 16 | vector * 16,
			.high = 0xf0108e00,
		};
	monitor_idt[VECTOR_DF] = (struct descriptor){(uint32_t)MONITOR_FAULT_TSS << 16, 0x00008500};
	monitor_idtr = idt_register(monitor_idt);
}

void tss_set_stack(uint32_t esp0)
{
	host.esp0 = esp0;
}

void tss_set_inner_stack(uint16_t ss1, uint32_t esp1)
{
	host.ss1 = ss1;
	host.esp1 = esp1;
}

void host_load_ldt(uint16_t selector)
{
	const struct descriptor *gdt = (const void *)(uintptr_t)(HOST_MEMORY + host.gdtr.base);
	struct descriptor found = gdt[SELECTOR_INDEX(selector)];

	host.ldtr = selector;
	host.ldt_base = host.ldt_limit = 0;
	if (!(selector & ~SELECTOR_RPL))
		return;
	if ((found.high & 0x9f00) != 0x8200)
		host_finding("LLDT %04x finds %08x %08x, which is no LDT: #GP in the monitor",
			selector, found.high, found.low);
	host.ldt_base = (found.high & 0xff000000) | (found.high & 0xff) << 16 | found.low >> 16;
	host.ldt_limit = (found.high & 0xf0000) | (found.low & 0xffff);
}

/* ---- time and devices ---- */

uint64_t clock_now(void)
{
	return host.now;
}

void timer_set(uint64_t now, uint64_t deadline)
{
	host.due = now + TICK;
	if (deadline < host.due)
		host.due = deadline > now ? deadline : now + 1;
}

bool interrupt_acknowledge(unsigned irq)
{
	bool spurious = irq % 8 == 7 && host.spurious;

	host.spurious = false;
	return !spurious;
}

uint32_t machine_idle(void)
{
	if (host.serial >= 0)
		return VECTOR_IRQ + IRQ_SERIAL;
	if (host.key >= 0)
		return VECTOR_IRQ + IRQ_KEYBOARD;
	host.now = host.due > host.now ? host.due : host.now + 1;
	return VECTOR_IRQ + IRQ_TIMER;
}

uint8_t keyboard_get(void)
{
	int byte = host.key;

	host.key = -1;
	return (uint8_t)byte;
}

int serial_get(void)
{
	int byte = host.serial;

	host.serial = -1;
	return byte;
}

void serial_put(uint8_t byte)
{
	host.sent[host.sent_count++ % HOST_SENT] = byte;
}

void serial_flush(void)
{
}

void rtc_wait(void)
{
}

/* Saturday, the first of January 2000, 00:00:00, in BCD and 24 hours. */
uint8_t rtc_read(uint8_t address)
{
	static const uint8_t rtc[CMOS_SIZE] = {
		[0x06] = 7, [0x07] = 1, [0x08] = 1, [0x0b] = 0x02, [0x32] = 0x20};

	return rtc[address];
}

/* ---- text and the end ---- */

void log_printf(const char *format, ...)
{
	va_list arguments;

	if (host.log_length > sizeof(host.log) / 2)
		host.log_length = 0;
	va_start(arguments, format);
	host.log_length += (size_t)vsnprintf(
		host.log + host.log_length, sizeof(host.log) - host.log_length, format, arguments);
	va_end(arguments);
}

void text_format(char *text, size_t size, const char *format, va_list arguments)
{
	vsnprintf(text, size, format, arguments);
}

void text_printf(char *text, size_t size, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	text_format(text, size, format, arguments);
	va_end(arguments);
}

void panic(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(host.log, sizeof(host.log), format, arguments);
	va_end(arguments);
	host_finding("the monitor panics");
}

void organ_unwritten(const char *function)
{
	host_finding("%s is not written", function);
}

void machine_power_off(void)
{
	longjmp(host.off, 1);
}

/* A guest of host_guest_create() has no command line, as long as no test gives it one. */
const char *option_find(const char *command_line, const char *key)
{
	for (const char *at = command_line; at && (at = strchr(at, ' ')); at++)
		if (strncmp(at + 1, key, strlen(key)) == 0)
			return at + 1 + strlen(key);
	return NULL;
}

/* ---- a machine and its guest ---- */

void host_reset(void)
{
	memory_map();
	if (host.frames)
		__asan_poison_memory_region(frame_pointer(0), (size_t)host.frames * PAGE_SIZE);
	host = (struct host){
		.frames = 1, /* 0 means nothing */
		.now = 1000000,
		.key = -1,
		.serial = -1,
	};
	tables_fill();
}

static struct vm *vm_place(void)
{
	uint32_t pages = page_round_up(sizeof(struct vm)) / PAGE_SIZE;
	maddr_t first;

	if (!frames_allocate(pages, PAGE_SIZE, &first))
		host_finding("no memory for the guest");
	/* at the end, so that the byte behind it is watched */
	return machine_pointer(maddr(first.raw + pages * PAGE_SIZE - (uint32_t)sizeof(struct vm)));
}

static void vm_give_memory(struct vm *vm)
{
	maddr_t frame;

	vm->memory_size = HOST_GUEST_MEMORY;
	if (!frames_allocate(1, PAGE_SIZE, &frame))
		host_finding("no memory for the guest");
	vm->frames = machine_pointer(frame);
	for (uint32_t i = 0; i < HOST_GUEST_MEMORY / PAGE_SIZE; i++)
		if (!frames_allocate(1, PAGE_SIZE, &vm->frames[i]))
			host_finding("no memory for the guest");
}

/* Frames of its own, as a boot module has: what lies around them is watched. */
static void vm_give_disk(struct vm *vm)
{
	maddr_t first;

	if (!frames_allocate(HOST_DISK / PAGE_SIZE, PAGE_SIZE, &first))
		host_finding("no memory for the guest's disk");
	vm->disk = machine_pointer(first);
	vm->disk_size = HOST_DISK;
}

struct vm *host_guest_create(void)
{
	static const struct descriptor boot_gdt[] = {
		{0, 0}, {0x0000ffff, 0x00cf9b00}, {0x0000ffff, 0x00cf9300}};
	struct vm *vm = vm_place();
	struct guest_registers *registers = &vm->vcpu.registers;
	const char *problem;

	memcpy(vm->name, "guest", 6);
	vm_give_memory(vm);
	vm_give_disk(vm);
	devices_attach(vm);
	vpic_attach(vm);
	problem = vcpu_create(&vm->vcpu, vm);
	if (problem)
		host_finding("%s", problem);
	registers->eflags = EFLAGS_FIXED | EFLAGS_IF;
	registers->cs = BOOT_CS | 1;
	registers->ss = BOOT_DS | 1;
	registers->ds = registers->es = registers->fs = registers->gs = BOOT_DS;
	registers->esp = 0x7c00;
	vm_write(vm, gpa(0x7000), boot_gdt, sizeof(boot_gdt));
	if (!vcpu_load_gdt(
		    &vm->vcpu, (struct table_register){sizeof(boot_gdt) - 1, 0x7000}, &problem))
		host_finding("%s", problem);
	vcpu_activate(&vm->vcpu);
	vm_deadline_changed(vm);
	return vm;
}
