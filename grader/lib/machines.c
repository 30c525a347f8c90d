/* SPDX-License-Identifier: BSD-2-Clause */
/* Machines for graded tests, on top of the Bochs library. machines.h has the contract. */
#include "machines.h"
#include "image.h"
#include "machines_private.h"
#include "rings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CALL_LIMIT 1000000 /* instructions that a called function may take */
#define TEXT_SIZE  256

static unsigned limit = LIMIT;

void run_limit(unsigned instructions)
{
	limit = instructions;
}

struct machine *machines;

/* ---- the monitor's symbols ---- */

const struct symbols *monitor_symbols(void)
{
	static struct symbols *symbols;
	char error[SYMBOLS_ERROR_MAX];

	if (!symbols)
		symbols = symbols_open(judgement()->monitor, error);
	if (!symbols)
		infrastructure_error("%s", error);
	return symbols;
}

uint32_t monitor_symbol(const char *name)
{
	uint32_t address;

	if (!symbols_address(monitor_symbols(), name, &address))
		infrastructure_error("the monitor has no symbol %s", name);
	return address;
}

/* ---- booting ---- */

/* A guest's files in a folder of its own, for the file's name is the guest's. */
struct boot_files {
	char folder[PATH_MAX + 16], elf[PATH_MAX + 64], disk[PATH_MAX + 64];
};

static void boot_files_write(
	struct boot_files *files, const char *folder, size_t number, const struct guest *guest)
{
	snprintf(files->folder, sizeof(files->folder), "%s/%zu", folder, number);
	mkdir(files->folder, 0700);
	snprintf(files->elf, sizeof(files->elf), "%s/%zu/%s.elf", folder, number, guest->name);
	snprintf(files->disk, sizeof(files->disk), "%s/%zu/%s.disk", folder, number, guest->name);
	guest_save(guest, files->elf);
	if (guest->disk)
		guest_save_disk(guest, files->disk);
}

static void boot_files_remove(const struct boot_files *files)
{
	unlink(files->elf);
	unlink(files->disk);
	rmdir(files->folder);
}

/* Writes the guests and the disk image into a private folder, starts Bochs on it, and removes
 * the guests again: Bochs has a copy. */
static void machine_start(
	struct machine *machine, const struct boot_guest *guests, size_t count, const char *monitor)
{
	const char *temporary = getenv("TMPDIR");
	char folder[PATH_MAX], disk[PATH_MAX + 16], error[512];
	struct boot_files written[BOOT_GUESTS_MAX];
	struct image_file files[2 * BOOT_GUESTS_MAX + 1];
	char boot_folder[PATH_MAX];
	size_t file_count = 0;

	snprintf(folder, sizeof(folder), "%s/machine.XXXXXX", temporary ? temporary : "/tmp");
	if (!mkdtemp(folder))
		infrastructure_error("cannot make a temporary folder: %s", strerror(errno));
	if (monitor)
		files[file_count++] = (struct image_file){monitor, "log=memory"};
	for (size_t i = 0; i < count; i++) {
		const struct guest *guest = guests[i].guest;
		boot_files_write(&written[i], folder, i, guest);
		files[file_count++] = (struct image_file){written[i].elf, guests[i].arguments};
		if (guest->disk && monitor)
			files[file_count++] = (struct image_file){written[i].disk, ""};
		machine->guests[i] = guests[i].guest;
	}
	machine->guest_count = count;
	snprintf(disk, sizeof(disk), "%s/disk.img", folder);
	if (!monitor && guests[0].guest->disk) {
		snprintf(machine->second_disk, sizeof(machine->second_disk), "%s/second.img",
			folder);
		guest_save_disk(guests[0].guest, machine->second_disk);
	}
	snprintf(boot_folder, sizeof(boot_folder), "%s/build/boot", judgement()->kit);
	struct image_plan plan = {
		.boot_dir = boot_folder,
		.files = files,
		.count = file_count,
		.memory_mib = monitor ? MACHINE_MEGS : GUEST_MEGS,
	};
	struct bochs_config config = {
		.disk = disk,
		.second_disk = machine->second_disk[0] ? machine->second_disk : NULL,
		.megs = plan.memory_mib,
	};
	int image = image_write(disk, &plan, error, sizeof(error));
	int started = image == 0 ? bochs_start(&machine->bochs, &config) : -1;
	for (size_t i = 0; i < count; i++)
		boot_files_remove(&written[i]);
	snprintf(machine->disk, sizeof(machine->disk), "%s", disk);
	machine->megs = plan.memory_mib;
	if (image != 0)
		infrastructure_error("%s", error);
	if (started != 0)
		infrastructure_error(
			"%s", machine->bochs ? bochs_error(machine->bochs) : "out of memory");
}

static struct machine *machine_new(void)
{
	struct machine *machine = calloc(1, sizeof(*machine));

	if (!machine)
		infrastructure_error("out of memory");
	machine->next = machines;
	machines = machine;
	return machine;
}

#define STRINGIFY(value) #value
#define TO_STRING(value) STRINGIFY(value)

static struct machine *power_on_several(const struct boot_guest *guests, size_t count)
{
	struct machine *machine = machine_new();

	machine_start(machine, guests, count, judgement()->monitor);
	return machine;
}

struct machine *power_on(struct guest *guest)
{
	return power_on_several(&(struct boot_guest){guest, "mem=" TO_STRING(GUEST_MEGS)}, 1);
}

static struct machine *power_on_bare_with(const struct boot_guest *guest)
{
	struct machine *machine = machine_new();

	machine->bare = true;
	machine_start(machine, guest, 1, NULL);
	return machine;
}

struct machine *power_on_bare(struct guest *guest)
{
	return power_on_bare_with(&(struct boot_guest){guest, ""});
}

struct machine *boot(struct guest *guest)
{
	struct machine *machine = power_on(guest);

	run_until(machine, monitor_symbol("monitor_main"));
	return machine;
}

struct machine *boot_several(const struct boot_guest *guests, size_t count)
{
	if (count > BOOT_GUESTS_MAX)
		infrastructure_error("a machine takes at most %d guests", BOOT_GUESTS_MAX);
	struct machine *machine = power_on_several(guests, count);
	run_until(machine, monitor_symbol("monitor_main"));
	return machine;
}

struct machine *boot_bare_with(const struct boot_guest *guest)
{
	struct machine *machine = power_on_bare_with(guest);

	run_until(machine, symbols_entry(guest->guest->symbols));
	return machine;
}

struct machine *boot_bare(struct guest *guest)
{
	return boot_bare_with(&(struct boot_guest){guest, ""});
}

void machine_end(struct machine *machine)
{
	bochs_end(machine->bochs);
	machine->over = true;
}

/* The images, and the folder that was made for them. */
static void disk_remove(struct machine *machine)
{
	unlink(machine->disk);
	if (machine->second_disk[0])
		unlink(machine->second_disk);
	char *slash = strrchr(machine->disk, '/');
	if (slash) {
		*slash = '\0';
		rmdir(machine->disk);
	}
}

void machines_end(void)
{
	while (machines) {
		struct machine *machine = machines;
		machines = machine->next;
		disk_remove(machine);
		bochs_free(machine->bochs);
		disks_free(machine);
		free(machine->events);
		free(machine);
	}
	guests_free();
}

/* ---- running ---- */

/* What stopped the machine, where the test wanted something else. */
static void unexpected_stop(struct machine *machine, const char *wanted)
{
	const char *kind = machine->bare ? "the bare machine" : "the machine";

	switch (machine->last_stop) {
	case BOCHS_STOP_ERROR:
	case BOCHS_STOP_TIMEOUT:
	case BOCHS_STOP_INTERRUPTED:
		infrastructure_error("%s", bochs_error(machine->bochs));
	case BOCHS_STOP_LIMIT:
		ck_abort_msg("%s did not %s within %u instructions: it is at EIP %08x", kind,
			wanted, limit, registers(machine)->pc);
	case BOCHS_STOP_POWER_OFF:
		ck_abort_msg("%s switched itself off before it could %s", kind, wanted);
	case BOCHS_STOP_TRIPLE_FAULT:
		hint("A triple fault means that not even the double fault could be reported. Look first at what world_enter and world_exit loaded, then at the TSS and the gates.");
		ck_abort_msg(
			"%s reset itself with a triple fault before it could %s", kind, wanted);
	default:
		ck_abort_msg("%s stopped (%s) before it could %s", kind,
			bochs_stop_name(machine->last_stop), wanted);
	}
}

/* The monitor keeps a copy of its log in memory (monitor/machine/log.c); it goes with the machine.
 */
static void keep_log(struct machine *machine)
{
	char ring[MONITOR_LOG_SIZE];
	uint32_t length;
	size_t kept = 0;

	if (bochs_read_linear(machine->bochs, monitor_symbol("log_length"), &length, 4) != 4 ||
		bochs_read_linear(machine->bochs, monitor_symbol("log_buffer"), ring,
			sizeof(ring)) != sizeof(ring))
		return;
	for (uint32_t at = length > sizeof(ring) ? length - sizeof(ring) : 0; at < length; at++)
		machine->log[kept++] = ring[at % sizeof(ring)];
	machine->log[kept] = '\0';
}

/* Runs as far as Bochs goes. On the way to a power-off the log and the disks are kept. */
static enum bochs_stop machine_run(
	struct machine *machine, const uint32_t *addresses, size_t count, uint64_t limit)
{
	uint32_t all[BOCHS_BREAKPOINTS_MAX];
	struct bochs_until until = {.ticks = limit, .addresses = addresses, .n_addresses = count};

	if (machine->over)
		ck_abort_msg("the machine is already off");
	if (!machine->bare && count < BOCHS_BREAKPOINTS_MAX) {
		for (size_t i = 0; i < count; i++)
			all[i] = addresses[i];
		all[until.n_addresses++] = monitor_symbol("machine_power_off");
		until.addresses = all;
		view_add_places(machine, all, &until.n_addresses, count);
	}
	machine->last_stop = view_run(machine, &until);
	if (machine->last_stop == BOCHS_STOP_BREAKPOINT && until.addresses == all &&
		registers(machine)->pc == all[count]) {
		keep_log(machine);
		disks_keep(machine);
		machine->last_stop = bochs_run(machine->bochs, &until);
	}
	switch (machine->last_stop) {
	case BOCHS_STOP_POWER_OFF:
	case BOCHS_STOP_TRIPLE_FAULT:
	case BOCHS_STOP_PANIC:
		machine->over = true;
		break;
	default:
		break;
	}
	return machine->last_stop;
}

/* "kernel_main (0010004c)", of the monitor's or a guest's. */
static const char *address_name(struct machine *machine, uint32_t address)
{
	static char text[TEXT_SIZE];
	uint32_t offset;
	const struct symbols *symbols =
		address >= MONITOR_BASE ? monitor_symbols() : machine->guests[0]->symbols;
	const char *name = symbols_lookup(symbols, address, &offset);

	if (name && offset)
		snprintf(text, sizeof(text), "%s+%#x (%08x)", name, offset, address);
	else
		snprintf(text, sizeof(text), "%s (%08x)", name ? name : "address", address);
	return text;
}

void run_until(struct machine *machine, uint32_t address)
{
	char wanted[TEXT_SIZE + 16];

	if (machine_run(machine, &address, 1, limit) == BOCHS_STOP_BREAKPOINT)
		return;
	snprintf(wanted, sizeof(wanted), "reach %s", address_name(machine, address));
	unexpected_stop(machine, wanted);
}

int run_until_any(struct machine *machine, const uint32_t *addresses, size_t count)
{
	switch (machine_run(machine, addresses, count, limit)) {
	case BOCHS_STOP_POWER_OFF:
		return -1;
	case BOCHS_STOP_BREAKPOINT:
		for (size_t i = 0; i < count; i++)
			if (addresses[i] == registers(machine)->pc)
				return (int)i;
		/* fall through */
	default:
		unexpected_stop(machine, "reach any of the places that the test waits for");
	}
	return -1;
}

void run_for(struct machine *machine, uint64_t instructions)
{
	if (machine_run(machine, NULL, 0, instructions) != BOCHS_STOP_LIMIT)
		unexpected_stop(machine, "run on");
}

bool run_until_or_for(struct machine *machine, uint32_t address, uint64_t instructions)
{
	switch (machine_run(machine, &address, 1, instructions)) {
	case BOCHS_STOP_BREAKPOINT:
		return true;
	case BOCHS_STOP_LIMIT:
		return false;
	default:
		unexpected_stop(machine, "run on");
	}
	return false;
}

void run_to_end(struct machine *machine)
{
	if (machine_run(machine, NULL, 0, LIMIT) != BOCHS_STOP_POWER_OFF)
		unexpected_stop(machine, "switch itself off");
}

void step(struct machine *machine)
{
	machine->last_stop = bochs_step(machine->bochs, 1);
	if (machine->last_stop != BOCHS_STOP_LIMIT)
		unexpected_stop(machine, "take one step");
}

/* ---- looking ---- */

const struct bochs_registers *registers(struct machine *machine)
{
	const struct bochs_registers *found = bochs_registers(machine->bochs);

	if (!found)
		infrastructure_error("%s", bochs_error(machine->bochs));
	machine->registers = *found;
	machine->registers.pc = view_guest_address(machine, found);
	return &machine->registers;
}

unsigned cpl(struct machine *machine)
{
	return registers(machine)->cpl;
}

uint64_t ticks(struct machine *machine)
{
	return bochs_ticks(machine->bochs);
}

void memory_read(struct machine *machine, uint32_t linear, void *data, size_t size)
{
	size_t got = bochs_read_linear(machine->bochs, linear, data, size);
	ck_assert_msg(got == size, "linear address %08x is not mapped", linear + (uint32_t)got);
}

void machine_memory_read(struct machine *machine, uint32_t address, void *data, size_t size)
{
	size_t got = bochs_read_physical(machine->bochs, address, data, size);
	ck_assert_msg(got == size, "the machine has no memory at %08x", address + (uint32_t)got);
}

uint32_t memory_read_u32(struct machine *machine, uint32_t linear)
{
	uint32_t value;

	memory_read(machine, linear, &value, sizeof(value));
	return value;
}

void memory_write(struct machine *machine, uint32_t linear, const void *data, size_t size)
{
	if (bochs_write_linear(machine->bochs, linear, data, size) != 0)
		infrastructure_error("%s", bochs_error(machine->bochs));
}

const char *console(struct machine *machine)
{
	size_t length;
	return bochs_console(machine->bochs, &length);
}

const char *monitor_log(struct machine *machine)
{
	if (!machine->over && !machine->bare)
		keep_log(machine);
	return machine->log;
}

const char *screen_row(struct machine *machine, unsigned row)
{
	char rows[BOCHS_SCREEN_ROWS][BOCHS_SCREEN_COLUMNS + 1];

	if (bochs_screen(machine->bochs, rows) != 0)
		infrastructure_error("%s", bochs_error(machine->bochs));
	memcpy(machine->row, rows[row], sizeof(machine->row));
	for (size_t end = strlen(machine->row); end > 0 && machine->row[end - 1] == ' '; end--)
		machine->row[end - 1] = '\0';
	return machine->row;
}

/* ---- calling a function of the monitor ---- */

/* The monitor's stack is empty or nearly so where a function may be called: its lower half is
 * free. */
uint32_t call_scratch(struct machine *machine)
{
	(void)machine;
	return monitor_symbol("monitor_stack_top") - 8192;
}

static void set_register(struct machine *machine, enum bochs_register reg, uint32_t value)
{
	if (bochs_set_register(machine->bochs, reg, value) != 0)
		infrastructure_error("%s", bochs_error(machine->bochs));
}

void call_begin(
	struct machine *machine, const char *function, const uint32_t *arguments, size_t count)
{
	machine->before_call = *registers(machine);
	uint32_t frame[8] = {machine->before_call.pc}; /* the return address: where we are now */
	uint32_t esp = call_scratch(machine) - sizeof(frame);

	memcpy(frame + 1, arguments, count * sizeof(*arguments));
	memory_write(machine, esp, frame, (count + 1) * sizeof(*frame));
	set_register(machine, BOCHS_ESP, esp);
	set_register(machine, BOCHS_EIP, monitor_symbol(function));
	machine->called = function;
}

int call_run(struct machine *machine, const uint32_t *addresses, size_t count)
{
	uint32_t all[BOCHS_BREAKPOINTS_MAX] = {machine->before_call.pc};
	char wanted[TEXT_SIZE];

	for (size_t i = 0; i < count; i++)
		all[i + 1] = addresses[i];
	if (machine_run(machine, all, count + 1, CALL_LIMIT) == BOCHS_STOP_BREAKPOINT) {
		uint32_t at = registers(machine)->pc;
		for (size_t i = 0; i <= count; i++)
			if (all[i] == at)
				return (int)i - 1;
	}
	snprintf(wanted, sizeof(wanted), "return from %s()", machine->called);
	unexpected_stop(machine, wanted);
	return -1;
}

uint64_t call_end(struct machine *machine)
{
	const struct bochs_registers *before = &machine->before_call;
	struct bochs_registers after = *registers(machine);

	set_register(machine, BOCHS_EAX, before->eax);
	set_register(machine, BOCHS_ECX, before->ecx);
	set_register(machine, BOCHS_EDX, before->edx);
	set_register(machine, BOCHS_EBX, before->ebx);
	set_register(machine, BOCHS_ESI, before->esi);
	set_register(machine, BOCHS_EDI, before->edi);
	set_register(machine, BOCHS_EBP, before->ebp);
	set_register(machine, BOCHS_ESP, before->esp);
	return (uint64_t)after.edx << 32 | after.eax;
}

uint64_t call(
	struct machine *machine, const char *function, const uint32_t *arguments, size_t count)
{
	call_begin(machine, function, arguments, count);
	call_run(machine, NULL, 0);
	return call_end(machine);
}

void function_leave(struct machine *machine)
{
	uint32_t esp = registers(machine)->esp;

	set_register(machine, BOCHS_EIP, memory_read_u32(machine, esp));
	set_register(machine, BOCHS_ESP, esp + 4);
}

/* ---- exits ---- */

/* The exceptions that a guest can raise, and whether an error code comes with each. */
static const struct {
	uint8_t vector;
	bool has_error_code;
} exceptions[] = {{0, false}, {1, false}, {5, false}, {6, false}, {8, true}, {10, true}, {11, true},
	{12, true}, {13, true}, {14, true}};
#define EXCEPTIONS (sizeof(exceptions) / sizeof(exceptions[0]))

/* Where the real IDT sends a vector. */
static uint32_t gate_target(struct machine *machine, uint8_t vector)
{
	uint32_t gate[2];

	memory_read(machine, registers(machine)->idtr.base + vector * 8u, gate, sizeof(gate));
	return (gate[0] & 0xffff) | (gate[1] & 0xffff0000);
}

bool run_until_trap(struct machine *machine, const uint32_t *addresses, size_t count,
	struct trap *trap, int *stopped_at)
{
	uint32_t all[BOCHS_BREAKPOINTS_MAX], frame[3];

	if (count > BOCHS_BREAKPOINTS_MAX - EXCEPTIONS - 1)
		infrastructure_error("run_until_trap() takes at most %zu addresses",
			BOCHS_BREAKPOINTS_MAX - EXCEPTIONS - 1);
	for (size_t i = 0; i < EXCEPTIONS; i++)
		all[i] = gate_target(machine, exceptions[i].vector);
	for (size_t i = 0; i < count; i++)
		all[EXCEPTIONS + i] = addresses[i];
	int index = run_until_any(machine, all, EXCEPTIONS + count);
	if (index < 0 || (size_t)index >= EXCEPTIONS) {
		*stopped_at = index < 0 ? -1 : index - (int)EXCEPTIONS;
		return false;
	}
	memory_read(machine, registers(machine)->esp, frame, sizeof(frame));
	bool code = exceptions[index].has_error_code;
	*trap = (struct trap){
		.vector = exceptions[index].vector,
		.error_code = code ? frame[0] : 0,
		.eip = frame[code ? 1 : 0],
		.cs = (uint16_t)frame[code ? 2 : 1],
	};
	return true;
}

uint32_t running_vcpu(struct machine *machine)
{
	uint32_t esp0 = memory_read_u32(machine, registers(machine)->tr.base + 4);
	return esp0 - (uint32_t)sizeof(struct guest_registers);
}

static void keep_event(void *context, const struct bochs_event *event)
{
	struct machine *machine = context;

	if (machine->event_count == machine->event_room) {
		machine->event_room = machine->event_room ? machine->event_room * 2 : 1024;
		machine->events =
			realloc(machine->events, machine->event_room * sizeof(*machine->events));
		if (!machine->events)
			infrastructure_error("out of memory");
	}
	machine->events[machine->event_count++] = *event;
}

void trace_begin(struct machine *machine)
{
	machine->event_count = 0;
	if (bochs_trace_start(machine->bochs, keep_event, machine) != 0)
		infrastructure_error("%s", bochs_error(machine->bochs));
}

size_t trace_end(struct machine *machine, const struct bochs_event **events)
{
	if (!machine->over && bochs_trace_stop(machine->bochs) != 0)
		infrastructure_error("%s", bochs_error(machine->bochs));
	*events = machine->events;
	return machine->event_count;
}
