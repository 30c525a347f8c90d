/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a device's request to the guest's handler: the lines into the guest's interrupt controllers
 * (devices.h: vm_irq), the moment at which its processor takes an interrupt, and the wait for one.
 */
#ifndef DELIVERY_H
#define DELIVERY_H

#include "vcpu.h"

/* Resets the guest's 8259s and puts them on its bus. */
void vpic_attach(struct vm *vm);

/* Injects what is pending, if the guest's interrupts are on; steps over an instruction that must be
 * done before. */
enum verdict vcpu_deliver(struct vcpu *vcpu);

/* The guest has executed HLT: waits for an interrupt. Ends a guest that waits for ever. */
enum verdict vcpu_wait(struct vcpu *vcpu);

/* A real interrupt has come, by its vector. Ends the guest whose time is up. */
enum verdict machine_interrupt(struct vm *vm, uint32_t vector);

#endif
