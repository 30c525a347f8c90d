/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a monitor since lab 5 has for guests that know that they are guests: firmware of the
 * monitor's (pal.h, hypercall.h) and virtio devices (virtio_devices.h). Before lab 5
 * plain/paravirt.c is there instead, and has nothing.
 */
#ifndef PARAVIRT_H
#define PARAVIRT_H

#include "code.h"
#include "hypercall.h"
#include "vm.h"

/* ---- firmware (pal.c) ---- */

/* Where the guest's file has a note that asks for it: the monitor's firmware takes the place of its
 * own, and the page that is shared with patch blocks that of its data page. The processor has been
 * made. NULL, or what is wrong with the note. */
const char *pal_install(struct vm *vm);
void pal_remove(struct vm *vm);

/* Is the page the firmware, as the monitor has put it there? */
bool pal_is_firmware(const struct vm *vm, const struct code_page *page);

/* An exit through the gate of HYPERCALL_VECTOR: a hypercall, or the guest's own interrupt. */
enum verdict pal_exit(struct vcpu *vcpu, struct exit_record *exit);

/* Is the instruction at EIP, INT n, a hypercall? Then hypercall() performs it. */
bool pal_called(struct vcpu *vcpu, const struct insn *insn);

/* ---- devices (virtio_devices.c) ---- */

/* With the word `virtio` on its command line a guest gets its devices, on its bus. NULL, or what is
 * wrong. */
const char *virtio_attach(struct vm *vm);
void virtio_detach(struct vm *vm);

/* They are devices as those of devices.h: a deadline, time (both only where vm->virtio is not
 * NULL), and what arrives on the serial line. */
uint64_t virtio_deadline(const struct vm *vm);
void virtio_advance(struct vm *vm, uint64_t now);
void virtio_serial_input(struct vm *vm, uint8_t byte);

/* Adds a word for each device, as Linux wants them: virtio_mmio.device=SIZE@ADDRESS:IRQ. */
void virtio_describe(const struct vm *vm, char *command_line, size_t size);

#endif
