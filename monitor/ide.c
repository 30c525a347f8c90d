/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registers of a guest's disk (ATA-4, section 7), and when it interrupts (9.3). ide.h says
 * where the drive differs from a real one; ide_transfer.c has the data, ide_command.c the commands.
 *
 * Invariant: after every access IRQ 15 has been told what the pending interrupt, the selection and
 * nIEN say together.
 */
#include "ide.h"
#include "machine.h"
#include "vm.h"

enum ide_register {
	DATA,
	ERROR,
	FEATURES = ERROR, /* written */
	COUNT,
	SECTOR,
	CYLINDER_LOW,
	CYLINDER_HIGH,
	DEVICE,
	STATUS,
	COMMAND = STATUS, /* written */
};

/* Device control; alternate status is read at its port. */
#define DRIVE_ADDRESS  (IDE_CONTROL + 1)
#define NO_INTERRUPTS  0x02 /* nIEN */
#define SOFTWARE_RESET 0x04 /* SRST */

#define DEVICE_FIXED 0xa0 /* two bits that read as 1 */
#define OPEN_BUS     0xff /* what a port reads that nobody drives */

/* ---- interrupts ---- */

static void ide_update_line(struct vm *vm)
{
	struct ide *ide = &vm->devices.ide;
	bool line = ide->interrupt && !ide_slave_selected(ide) && !(ide->control & NO_INTERRUPTS);

	if (line == ide->line)
		return;
	ide->line = line;
	vm_irq(vm, IRQ_IDE, line);
}

void ide_interrupt(struct vm *vm)
{
	vm->devices.ide.interrupt = true;
	ide_update_line(vm);
}

static void ide_take_interrupt_back(struct vm *vm)
{
	vm->devices.ide.interrupt = false;
	ide_update_line(vm);
}

/* ---- reset ---- */

void ide_sign(struct ide *ide)
{
	ide->transfer = IDE_NO_TRANSFER;
	ide->count = ide->sector = 1;
	ide_set_cylinder(ide, 0);
	ide->device = 0;
	ide->error = IDE_DIAGNOSIS_GOOD;
	ide->status = IDE_READY | IDE_SEEK;
}

static void ide_reset(struct ide *ide, bool keep)
{
	ide_sign(ide);
	ide->asleep = false;
	ide->power = IDE_POWER_ACTIVE;
	if (keep)
		return;
	ide->multiple = 0;
	ide->geometry = (struct ide_geometry){
		.cylinders = ide->sectors / IDE_SECTORS_MIN,
		.heads = IDE_HEADS,
		.track = IDE_TRACK,
	};
}

static void control_write(struct vm *vm, uint8_t value)
{
	struct ide *ide = &vm->devices.ide;
	bool was_reset = ide->control & SOFTWARE_RESET;

	ide->control = value;
	if (value & SOFTWARE_RESET) { /* for as long as the bit is set */
		ide->transfer = IDE_NO_TRANSFER;
		ide->status = IDE_BUSY;
		ide->interrupt = false;
	} else if (was_reset) {
		ide_reset(ide, ide->keeps_settings);
	}
	ide_update_line(vm);
}

/* ---- ports ---- */

static void command_write(struct vm *vm, uint8_t command)
{
	struct ide *ide = &vm->devices.ide;

	if (ide->status & IDE_BUSY || ide->asleep)
		return;
	if (ide_slave_selected(ide) && command != IDE_EXECUTE_DIAGNOSTIC) /* which is for both */
		return;
	ide_take_interrupt_back(vm);
	ide_command(vm, command);
}

static uint32_t register_read(struct vm *vm, uint16_t port)
{
	struct ide *ide = &vm->devices.ide;

	switch ((enum ide_register)(port - IDE_PORT)) {
	case DATA: /* it has 16 bits */
		break;
	case ERROR:
		return ide->error;
	case COUNT:
		return ide->count;
	case SECTOR:
		return ide->sector;
	case CYLINDER_LOW:
		return ide->cylinder_low;
	case CYLINDER_HIGH:
		return ide->cylinder_high;
	case DEVICE:
		return ide->device | DEVICE_FIXED;
	case STATUS:
		if (ide_slave_selected(ide)) /* which is not there (9.16.1) */
			return 0;
		ide_take_interrupt_back(vm);
		return ide->status;
	}
	return OPEN_BUS;
}

static void register_write(struct vm *vm, uint16_t port, uint8_t value)
{
	struct ide *ide = &vm->devices.ide;

	switch ((enum ide_register)(port - IDE_PORT)) {
	case DATA:
		break;
	case FEATURES:
		ide->features = value;
		break;
	case COUNT:
		ide->count = value;
		break;
	case SECTOR:
		ide->sector = value;
		break;
	case CYLINDER_LOW:
		ide->cylinder_low = value;
		break;
	case CYLINDER_HIGH:
		ide->cylinder_high = value;
		break;
	case DEVICE:
		ide->device = value;
		ide_update_line(vm);
		break;
	case COMMAND:
		command_write(vm, value);
		break;
	}
}

/* The data port takes words; at the others a wide access is one of bytes, the low one first. */
static uint32_t ide_read(struct vm *vm, uint16_t port, unsigned size)
{
	uint32_t value = 0;

	if (port == IDE_PORT && size > 1) {
		for (unsigned i = 0; i < size; i += 2)
			value |= ide_data_read(vm) << i * 8;
	} else {
		for (unsigned i = 0; i < size; i++)
			value |= register_read(vm, (uint16_t)(port + i)) << i * 8;
	}
	return value;
}

static void ide_write(struct vm *vm, uint16_t port, unsigned size, uint32_t value)
{
	if (port == IDE_PORT && size > 1) {
		for (unsigned i = 0; i < size; i += 2)
			ide_data_write(vm, value >> i * 8 & 0xffff);
	} else {
		for (unsigned i = 0; i < size; i++)
			register_write(vm, (uint16_t)(port + i), (uint8_t)(value >> i * 8));
	}
}

static uint32_t control_port_read(struct vm *vm, uint16_t port, unsigned size)
{
	const struct ide *ide = &vm->devices.ide;

	(void)size;
	if (port == DRIVE_ADDRESS) /* drives do not answer there any more */
		return OPEN_BUS;
	return ide_slave_selected(ide) ? 0 : ide->status;
}

static void control_port_write(struct vm *vm, uint16_t port, unsigned size, uint32_t value)
{
	(void)size;
	if (port == IDE_CONTROL)
		control_write(vm, (uint8_t)value);
}

void ide_attach(struct vm *vm)
{
	struct ide *ide = &vm->devices.ide;

	if (!vm->disk)
		return;
	ide->disk = vm->disk;
	ide->sectors = vm->disk_size / IDE_SECTOR;
	ide_reset(ide, false);
	bus_attach(&vm->bus, (struct bus_range){.first = IDE_PORT,
				     .last = IDE_PORT + STATUS,
				     .read = ide_read,
				     .write = ide_write,
				     .sizes = BUS_WORD | BUS_DOUBLEWORD,
				     .move = ide_move});
	bus_attach(&vm->bus, (struct bus_range){.first = IDE_CONTROL,
				     .last = DRIVE_ADDRESS,
				     .read = control_port_read,
				     .write = control_port_write});
}
