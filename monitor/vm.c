/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of a virtual machine: from a boot module to a processor that stands before its
 * kernel's first instruction, as the boot loader would leave it on the bare machine
 * (Multiboot 3.2): flat segments, paging off, EBX at the information structure.
 */
#include "delivery.h"
#include "machine.h"
#include "paravirt.h"
#include "strings.h"
#include "vm.h"

#define SCREEN_START 0xb8000u /* the VGA text buffer, guest-physical and machine address alike */
#define SCREEN_END   0xc0000u
#define SCREEN_BLANK 0x0720 /* a blank, light grey on black */

/* What the boot loader's part leaves in the guest's low memory. */
#define BOOT_STACK 0x7c00
#define BOOT_GDT   0x8000
#define BOOT_INFO  0x9000

static struct vm *machines[VM_MAX];

/* ---- memory ---- */

static uint32_t vm_copy(
	struct vm *vm, gpa_t address, uint8_t *buffer, uint32_t size, enum direction direction)
{
	uint32_t done = 0;
	maddr_t machine;

	while (done < size && vm_translate(vm, gpa(address.raw + done), &machine)) {
		uint32_t part = PAGE_SIZE - machine.raw % PAGE_SIZE;
		if (part > size - done)
			part = size - done;
		if (direction == FROM_GUEST)
			memcpy(buffer + done, machine_pointer(machine), part);
		else
			memcpy(machine_pointer(machine), buffer + done, part);
		done += part;
	}
	return done;
}

uint32_t vm_read(struct vm *vm, gpa_t from, void *to, uint32_t size)
{
	return vm_copy(vm, from, to, size, FROM_GUEST);
}

uint32_t vm_write(struct vm *vm, gpa_t to, const void *from, uint32_t size)
{
	return vm_copy(vm, to, (uint8_t *)(uintptr_t)from, size, TO_GUEST);
}

void *pages_allocate(uint32_t bytes)
{
	maddr_t where;

	if (!frames_allocate(page_round_up(bytes) / PAGE_SIZE, PAGE_SIZE, &where))
		return NULL;
	return machine_pointer(where);
}

void pages_free(const void *memory, uint32_t bytes)
{
	if (memory)
		frames_free(machine_address(memory), page_round_up(bytes) / PAGE_SIZE);
}

static bool vm_give_memory(struct vm *vm)
{
	maddr_t first;

	vm->frames = pages_allocate(vm->memory_size / PAGE_SIZE * sizeof(*vm->frames));
	if (!vm->frames || !frames_allocate(vm->memory_size / PAGE_SIZE, PAGE_SIZE, &first))
		return false;
	vm->memory = first;
	for (uint32_t at = 0; at < vm->memory_size; at += PAGE_SIZE)
		vm->frames[at / PAGE_SIZE] = maddr(first.raw + at);
	for (uint32_t at = SCREEN_START; at < SCREEN_END; at += PAGE_SIZE)
		vm->frames[at / PAGE_SIZE] = maddr(at);
	return true;
}

/* ---- devices ---- */

static void vm_attach_devices(struct vm *vm)
{
	devices_attach(vm); /* first, so that they are found first */
	vpic_attach(vm);
}

/* ---- what the boot loader leaves ---- */

struct boot_information {
	struct multiboot_info info;
	struct multiboot_map_entry map[4];
	char loader_name[16];
	char command_line[512];
};

static struct multiboot_map_entry map_entry(uint32_t start, uint32_t end, uint32_t type)
{
	return (struct multiboot_map_entry){
		.size = sizeof(struct multiboot_map_entry) - sizeof(uint32_t),
		.base = start,
		.length = end - start,
		.type = type,
	};
}

/* The memory map of a PC of that size: the last 64 KiB are the BIOS's. */
static void vm_write_information(struct vm *vm, const char *command_line)
{
	uint32_t top = vm->memory_size - 0x10000;
	struct boot_information boot = {
		.info =
			{
				.flags = MULTIBOOT_HAS_MEMORY | MULTIBOOT_HAS_COMMAND_LINE |
					 MULTIBOOT_HAS_MAP | MULTIBOOT_HAS_LOADER_NAME,
				.memory_lower = 639,
				.memory_upper = top / 1024 - 1024,
				.command_line =
					BOOT_INFO + offsetof(struct boot_information, command_line),
				.map_length = sizeof(boot.map),
				.map = BOOT_INFO + offsetof(struct boot_information, map),
				.loader_name =
					BOOT_INFO + offsetof(struct boot_information, loader_name),
			},
		.map =
			{
				map_entry(0, 639 * 1024, MULTIBOOT_MAP_USABLE),
				map_entry(639 * 1024, 640 * 1024, MULTIBOOT_MAP_RESERVED),
				map_entry(0x100000, top, MULTIBOOT_MAP_USABLE),
				map_entry(top, vm->memory_size, MULTIBOOT_MAP_RESERVED),
			},
		.loader_name = "Ringfence",
	};
	text_printf(boot.command_line, sizeof(boot.command_line), "%s", command_line);
	virtio_describe(vm, boot.command_line, sizeof(boot.command_line));
	vm_write(vm, gpa(BOOT_INFO), &boot, sizeof(boot));
}

/* Null, and flat code and data for what the kernel takes to be ring 0 (SDM 3A figure 3-8). */
static const struct descriptor boot_gdt[] = {
	{0, 0},
	{0x0000ffff, 0x00cf9b00},
	{0x0000ffff, 0x00cf9300},
};

static const char *vm_boot_processor(struct vm *vm)
{
	struct vcpu *vcpu = &vm->vcpu;
	struct guest_registers *registers = &vcpu->registers;
	const char *problem = vcpu_create(vcpu, vm);

	if (problem)
		return problem;
	registers->eax = MULTIBOOT_BOOT_MAGIC;
	registers->ebx = BOOT_INFO;
	registers->esp = BOOT_STACK;
	registers->eip = vm->image.entry;
	registers->eflags = EFLAGS_FIXED | EFLAGS_IF;
	registers->cs = selector_deprivilege(BOOT_CS);
	registers->ss = selector_deprivilege(BOOT_DS);
	registers->ds = registers->es = registers->fs = registers->gs = BOOT_DS;

	vm_write(vm, gpa(BOOT_GDT), boot_gdt, sizeof(boot_gdt));
	vcpu_load_gdt(vcpu, (struct table_register){sizeof(boot_gdt) - 1, BOOT_GDT}, &problem);
	return problem;
}

/* ---- creation ---- */

/* Gives everything back, also of a machine that is not complete. */
static void vm_destroy(struct vm *vm)
{
	if (vm->memory.raw)
		frames_free(vm->memory, vm->memory_size / PAGE_SIZE);
	pal_remove(vm);
	virtio_detach(vm);
	pages_free(vm->frames, vm->memory_size / PAGE_SIZE * sizeof(*vm->frames));
	vcpu_destroy(&vm->vcpu);
	pages_free(vm, sizeof(*vm));
}

uint32_t option_number(const char *command_line, const char *key, uint32_t otherwise)
{
	const char *at = option_find(command_line, key);
	uint32_t value = 0;

	if (!at)
		return otherwise;
	for (; *at >= '0' && *at <= '9'; at++)
		value = value * 10 + (uint32_t)(*at - '0');
	return value;
}

/* The first word, without ".elf". */
static void vm_take_name(struct vm *vm, const char *command_line)
{
	size_t length = 0;

	while (command_line[length] && command_line[length] != ' ' &&
		strncmp(command_line + length, ".elf", 4) != 0 && length < VM_NAME_SIZE - 1)
		length++;
	memcpy(vm->name, command_line, length);
}

static bool disk_size_is_good(uint32_t size)
{
	return size % IDE_SECTOR == 0 && size / IDE_SECTOR >= IDE_SECTORS_MIN;
}

static const char *vm_prepare(struct vm *vm, const struct vm_config *config)
{
	uint32_t mebibytes = option_number(config->command_line, "mem=", VM_MEMORY >> 20);

	if (mebibytes < VM_MEMORY_MIN >> 20 || mebibytes > MACHINE_MEMORY_MAX >> 20)
		return "mem= wants a number of MiB from 2 to 192";
	vm->memory_size = mebibytes << 20;
	vm->time_limit = option_number(config->command_line, "time=", 0);
	const char *problem = elf_check(&vm->image, config->image, config->image_size);
	if (problem)
		return problem;
	if (config->disk && !disk_size_is_good(config->disk_size))
		return "its disk has to have 64 sectors of 512 bytes or more, all of them whole";
	vm->disk = config->disk;
	vm->disk_size = config->disk_size;
	if (!vm_give_memory(vm))
		return "there is not enough memory left for it (give it less with mem=MIB)";
	problem = elf_load(&vm->image, vm);
	if (problem)
		return problem;
	vm_attach_devices(vm);
	problem = virtio_attach(vm);
	if (problem)
		return problem;
	vm_write_information(vm, config->command_line);
	problem = vm_boot_processor(vm);
	return problem ? problem : pal_install(vm);
}

struct vm *vm_create(const struct vm_config *config)
{
	unsigned number = 0;

	while (number < VM_MAX && machines[number])
		number++;
	struct vm *vm = number < VM_MAX ? pages_allocate(sizeof(*vm)) : NULL;
	if (!vm) {
		log_printf("ringfence: no room for another guest: %s\n", config->command_line);
		return NULL;
	}
	vm->number = number;
	vm->command_line = config->command_line;
	vm_take_name(vm, config->command_line);
	const char *problem = vm_prepare(vm, config);
	if (problem) {
		log_printf("ringfence: cannot load %s: %s\n", vm->name, problem);
		vm_destroy(vm);
		return NULL;
	}
	machines[number] = vm;
	log_printf("ringfence: loaded %s, %u MiB\n", vm->name, vm->memory_size >> 20);
	return vm;
}

/* ---- turns ---- */

struct vm *vm_next_ready(unsigned after)
{
	for (unsigned step = 1; step <= VM_MAX; step++) {
		struct vm *vm = machines[(after + step) % VM_MAX];
		if (vm && vm->state == VM_READY)
			return vm;
	}
	return NULL;
}

void vm_start(struct vm *vm)
{
	uint16_t *screen = machine_pointer(maddr(SCREEN_START));

	/* nothing of another guest's, or the boot loader's, stays to be read; every other register
	 * of the processor that a guest can read is in its struct guest_registers */
	for (unsigned i = 0; i < (SCREEN_END - SCREEN_START) / sizeof(*screen); i++)
		screen[i] = SCREEN_BLANK;
	floating_point_clear();
	log_printf("ringfence: %s starts at EIP %08x\n", vm->name, vm->vcpu.registers.eip);
	vcpu_activate(&vm->vcpu);
	vm->time_end = clock_now() + (uint64_t)vm->time_limit * (CLOCK_HZ / TICKS_PER_SECOND);
	vm->deadline = 0; /* the timer may be another guest's */
	vm_deadline_changed(vm);
}

void vm_end(struct vm *vm, const char *how)
{
	vm->state = VM_ENDED;
	serial_flush(); /* what it printed comes before what is said about it */
	debug_ports_flush(vm);
	log_printf("ringfence: %s %s\n", vm->name, how);
}
