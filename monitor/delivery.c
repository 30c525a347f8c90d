/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts on their way to a guest. Real ones move the guest's devices; the devices move the
 * lines into its 8259s (vpic.c, lab 2); the 8259s ask its virtual processor, and that takes an
 * interrupt when its own flag allows it (SDM 3A 6.8).
 *
 * Invariant: vm->interrupt_pending is what vpic_pending() says. The way back into a guest looks at
 * nothing else.
 */
#include "code.h"
#include "delivery.h"
#include "machine.h"
#include "step.h"
#include "vm.h"

#define PIC_MASTER 0x20
#define PIC_SLAVE  0xa0

/* ---- the 8259s ---- */

static uint32_t pic_read(struct vm *vm, uint16_t port, unsigned size)
{
	(void)size;
	uint8_t value = vpic_read(&vm->vpic, port);
	vm->interrupt_pending = vpic_pending(&vm->vpic);
	return value;
}

static void pic_write(struct vm *vm, uint16_t port, unsigned size, uint32_t value)
{
	(void)size;
	vpic_write(&vm->vpic, port, (uint8_t)value);
	vm->interrupt_pending = vpic_pending(&vm->vpic);
}

void vpic_attach(struct vm *vm)
{
	vpic_reset(&vm->vpic);
	bus_attach(&vm->bus, (struct bus_range){.first = PIC_MASTER,
				     .last = PIC_MASTER + 1,
				     .read = pic_read,
				     .write = pic_write});
	bus_attach(&vm->bus, (struct bus_range){.first = PIC_SLAVE,
				     .last = PIC_SLAVE + 1,
				     .read = pic_read,
				     .write = pic_write});
}

void vm_irq(struct vm *vm, unsigned irq, bool level)
{
	vpic_line(&vm->vpic, irq, level);
	if (level || vm->interrupt_pending) /* a line that falls asks for nothing new */
		vm->interrupt_pending = vpic_pending(&vm->vpic);
}

/* ---- the machine's own interrupts ---- */

void vm_deadline_changed(struct vm *vm)
{
	uint64_t deadline = devices_deadline(vm);

	if (deadline == vm->deadline)
		return;
	vm->deadline = deadline;
	timer_set(clock_now(), deadline);
}

static enum verdict timer_interrupt(struct vm *vm)
{
	uint64_t now = clock_now();

	if (now >= vm->deadline)
		vm->deadline = devices_advance(vm, now);
	timer_set(now, vm->deadline);
	if (vm->time_limit && now >= vm->time_end)
		return vm_kill(&vm->vcpu, "its time is up (time= on its command line)");
	return VERDICT_RESUME;
}

static void keyboard_interrupt(struct vm *vm)
{
	devices_key(vm, keyboard_get());
}

static void serial_interrupt(struct vm *vm)
{
	for (int byte = serial_get(); byte >= 0; byte = serial_get())
		devices_serial_input(vm, (uint8_t)byte);
}

enum verdict machine_interrupt(struct vm *vm, uint32_t vector)
{
	unsigned irq = vector - VECTOR_IRQ;

	if (!interrupt_acknowledge(irq))
		return VERDICT_RESUME;
	switch (irq) {
	case IRQ_TIMER:
		return timer_interrupt(vm);
	case IRQ_KEYBOARD:
		keyboard_interrupt(vm);
		break;
	case IRQ_SERIAL:
		serial_interrupt(vm);
		break;
	}
	return VERDICT_RESUME;
}

/* ---- the virtual processor ---- */

/* The instruction behind STI, or behind a load of SS, is not done yet. */
static bool in_shadow(struct vcpu *vcpu)
{
	if (vcpu->registers.eip != vcpu->shadow_eip)
		vcpu->interrupt_shadow = false;
	return vcpu->interrupt_shadow;
}

/* One instruction, and then the interrupt: by a step, or done at once where a step would get it
 * wrong. */
static __attribute__((cold)) enum verdict step_over(struct vcpu *vcpu)
{
	if (vcpu->code_view && vcpu_ring(vcpu) == 1)
		return code_perform_next(vcpu);
	step_begin(vcpu);
	return VERDICT_RESUME;
}

enum verdict vcpu_deliver(struct vcpu *vcpu)
{
	struct vm *vm = vcpu->vm;
	enum verdict verdict = VERDICT_RESUME;

	while (vm->interrupt_pending && vcpu->virtual_if && verdict == VERDICT_RESUME) {
		if (in_shadow(vcpu))
			return step_over(vcpu);
		struct event event = {
			.kind = EVENT_EXTERNAL,
			.vector = vpic_acknowledge(&vm->vpic),
			.return_eip = vcpu->registers.eip,
		};
		vcpu->registers.eflags &= ~EFLAGS_RF; /* of the fault that brought us here */
		vm->interrupt_pending = vpic_pending(&vm->vpic);
		verdict = vcpu_inject(vcpu, event);
	}
	return verdict;
}

enum verdict vcpu_wait(struct vcpu *vcpu)
{
	struct vm *vm = vcpu->vm;
	enum verdict verdict = VERDICT_RESUME;

	vcpu->interrupt_shadow = false;
	if (!vcpu->virtual_if) {
		vm_end(vm, "halted for ever: its interrupts are off");
		return VERDICT_ENDED;
	}
	while (!vm->interrupt_pending && verdict == VERDICT_RESUME)
		verdict = machine_interrupt(vm, machine_idle());
	return verdict;
}
