/* SPDX-License-Identifier: BSD-2-Clause */
/* From the boot loader's hand to the first guest. */
#include "machine.h"
#include "strings.h"
#include "vm.h"

_Noreturn void monitor_main(uint32_t magic, maddr_t information);

/* The word log=memory on the monitor's command line. */
static bool log_stays_in_memory(uint32_t magic, maddr_t information)
{
	const struct multiboot_info *info = machine_pointer(information);

	return magic == MULTIBOOT_BOOT_MAGIC && info->flags & MULTIBOOT_HAS_COMMAND_LINE &&
	       option_find(machine_pointer(maddr(info->command_line)), "log=memory");
}

static const struct multiboot_info *check_loader(uint32_t magic, maddr_t information)
{
	if (magic != MULTIBOOT_BOOT_MAGIC)
		panic("not started by a Multiboot loader: EAX is %08x, should be %08x", magic,
			MULTIBOOT_BOOT_MAGIC);
	const struct multiboot_info *info = machine_pointer(information);
	if (!(info->flags & (MULTIBOOT_HAS_MEMORY | MULTIBOOT_HAS_MAP)))
		panic("the boot loader does not say how much memory there is");
	if (!(info->flags & MULTIBOOT_HAS_MODULES) || info->module_count == 0)
		panic("no guest to run: give the monitor at least one Multiboot module");
	return info;
}

/* The last part of a path: loaders hand over the module's file name, some with its folders. */
static const char *without_folders(const char *command_line)
{
	const char *start = command_line;
	for (const char *c = command_line; *c && *c != ' '; c++)
		if (*c == '/')
			start = c + 1;
	return start;
}

static const char *module_command_line(const struct multiboot_module *module)
{
	return without_folders(machine_pointer(maddr(module->command_line)));
}

/* A module whose name ends in ".disk" is the disk of the guest that is the module before it. */
static bool module_is_disk(const struct multiboot_module *module)
{
	static const char ending[] = ".disk";
	const char *name = module_command_line(module), *end = name;

	while (*end && *end != ' ')
		end++;
	return end - name >= (int)strlen(ending) &&
	       strncmp(end - strlen(ending), ending, strlen(ending)) == 0;
}

/* `disk`: the module behind the guest's, if it is one; else NULL. */
static void create_guest(const struct multiboot_module *module, const struct multiboot_module *disk)
{
	struct vm_config config = {
		.command_line = module_command_line(module),
		.image = machine_pointer(maddr(module->start)),
		.image_size = module->end - module->start,
	};

	if (disk) {
		config.disk = machine_pointer(maddr(disk->start));
		config.disk_size = disk->end - disk->start;
	}
	vm_create(&config);
}

static void create_guests(const struct multiboot_info *info)
{
	const struct multiboot_module *module = machine_pointer(maddr(info->modules));
	uint32_t count = info->module_count;

	for (uint32_t i = 0; i < count; i++)
		if (module[i].end > MACHINE_MEMORY_MAX || module[i].start > module[i].end)
			panic("module %u lies at %08x to %08x, out of the monitor's reach (%u MiB)",
				i, module[i].start, module[i].end, MACHINE_MEMORY_MAX >> 20);
	for (uint32_t i = 0; i < count; i++) {
		if (module_is_disk(&module[i])) {
			log_printf(
				"ringfence: %s is a disk, and the module before it is no guest\n",
				module_command_line(&module[i]));
		} else if (i + 1 < count && module_is_disk(&module[i + 1])) {
			create_guest(&module[i], &module[i + 1]);
			i++;
		} else {
			create_guest(&module[i], NULL);
		}
	}
}

void monitor_main(uint32_t magic, maddr_t information)
{
	serial_init();
	log_init(log_stays_in_memory(magic, information));
	log_printf("ringfence: the monitor is running\n");
	const struct multiboot_info *info = check_loader(magic, information);
	memory_init(info);
	paging_init();
	tables_init();
	clock_init();
	log_printf("ringfence: %u KiB of memory free\n", frames_available() * (PAGE_SIZE / 1024));
	create_guests(info);

	struct vm *first = vm_next_ready(VM_MAX - 1);
	if (!first)
		panic("none of the guests could be loaded; the lines above say why");
	interrupts_init(); /* not before: a tick that is due would be the guest's first exit */
	vm_start(first);
	world_enter(&first->vcpu);
}
