/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a guest finds in its PC: one timer, one serial port, one clock with its memory, one keyboard
 * controller, one disk if it was given one, the debugging ports. Each virtual machine has its own;
 * nothing is shared.
 *
 * Two kinds of thing move a device: the guest's accesses to its ports (bus.h), and time. A device
 * says when time will change something (its deadline), and catches up when it is told what time it
 * is. So a device does no work while nothing happens.
 */
#ifndef DEVICES_H
#define DEVICES_H

#include "cmos.h"
#include "clock.h"
#include "debug_ports.h"
#include "ide.h"
#include "keyboard.h"
#include "pit.h"
#include "uart.h"

struct vm;

struct devices {
	struct uart uart;
	struct pit pit;
	struct cmos cmos;
	struct keyboard keyboard;
	struct ide ide;
	struct debug_ports debug_ports;
};

/* Resets all devices of a new virtual machine and puts them on its bus. */
void devices_attach(struct vm *vm);

/* Brings all of them up to `now`: interrupt lines rise and fall as they should have. Returns the
 * next deadline. */
uint64_t devices_advance(struct vm *vm, uint64_t now);

/* The earliest time at which an interrupt line may change by itself, or CLOCK_NEVER. */
uint64_t devices_deadline(const struct vm *vm);

/*
 * The interrupt request line `irq` (0 to 15) of the virtual machine's pair of 8259s goes to
 * `level`. To raise an edge-triggered request again, lower it first.
 */
void vm_irq(struct vm *vm, unsigned irq, bool level);

/* A device's deadline may have become earlier: the machine's timer is set anew before the guest
 * goes on. */
void vm_deadline_changed(struct vm *vm);

/* What arrived from outside for the guest: a byte on its serial line, a scan code of its keyboard.
 */
void devices_serial_input(struct vm *vm, uint8_t byte);
void devices_key(struct vm *vm, uint8_t scan_code);

#endif
