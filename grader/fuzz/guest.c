/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest of guest.h. */
#include "guest.h"

#include <stdlib.h>
#include <string.h>

struct vm *vm;
struct vcpu *vcpu;

void guest_write32(uint32_t address, uint32_t value)
{
	host_guest_write(vm, address, &value, sizeof(value));
}

void guest_write16(uint32_t address, uint16_t value)
{
	host_guest_write(vm, address, &value, sizeof(value));
}

uint32_t guest_read32(uint32_t address)
{
	uint32_t value;

	host_guest_read(vm, address, &value, sizeof(value));
	return value;
}

static void write_pair(uint32_t address, uint32_t low, uint32_t high)
{
	const uint32_t pair[] = {low, high};

	vcpu_write(vcpu, gla(address), pair, sizeof(pair));
}

void guest_set_descriptor(uint16_t selector, uint32_t low, uint32_t high)
{
	write_pair(GDT_AT + (selector & 0xfff8u), low, high);
}

void guest_set_gate(unsigned vector, uint32_t low, uint32_t high)
{
	write_pair(IDT_AT + vector * 8, low, high);
}

static void tables_write(void)
{
	const struct tss tss = {.esp0 = INNER_AT, .ss0 = DATA0, .io_map_base = sizeof(tss)};

	guest_set_descriptor(CODE0, FLAT_LOW, FLAT_HIGH | 0x9a00);
	guest_set_descriptor(DATA0, FLAT_LOW, FLAT_HIGH | 0x9200);
	guest_set_descriptor(CODE3, FLAT_LOW, FLAT_HIGH | 0xfa00);
	guest_set_descriptor(DATA3, FLAT_LOW, FLAT_HIGH | 0xf200);
	guest_set_descriptor(TSS, TSS_AT << 16 | (sizeof(tss) - 1), 0x8900);
	guest_set_descriptor(LDT, LDT_AT << 16 | 0x3f, 0x8200);
	for (unsigned vector = 0; vector < VECTORS; vector++)
		guest_set_gate(vector, (uint32_t)CODE0 << 16 | (HANDLER_AT + vector * 4), 0x8e00);
	host_guest_write(vm, TSS_AT, &tss, sizeof(tss));
}

void guest_make(void)
{
	const char *problem;

	host_reset();
	vm = host_guest_create();
	vcpu = &vm->vcpu;
	tables_write();
	vcpu_load_gdt(vcpu, (struct table_register){FREE_LAST + 7, GDT_AT}, &problem);
	vcpu_load_idt(vcpu, (struct table_register){VECTORS * 8 - 1, IDT_AT});
	if (problem || vcpu_load_task(vcpu, TSS) != VERDICT_RESUME)
		host_finding("the guest cannot load its tables: %s", problem);
	vcpu->registers.eip = CODE_AT;
	vcpu->registers.esp = STACK_AT;
}

void guest_enter_user(void)
{
	struct guest_registers *registers = &vcpu->registers;

	registers->cs = CODE3;
	registers->ss = registers->ds = registers->es = DATA3;
	registers->fs = registers->gs = 0;
	registers->esp = USER_AT;
}

enum verdict guest_emulate(const char *text)
{
	uint8_t bytes[INSN_MAX_LENGTH];
	uint32_t count = 0;
	char *end;

	for (unsigned long byte = strtoul(text, &end, 16); end != text;
		byte = strtoul(text, &end, 16)) {
		bytes[count++] = (uint8_t)byte;
		text = end;
	}
	struct segment code = vcpu_segment(vcpu, (uint16_t)vcpu->registers.cs);
	host_guest_write(vm, code.base + vcpu->registers.eip, bytes, count);
	const struct decoded *decoded = vcpu_decode(vcpu);
	if (decoded->status != DECODE_OK || decoded->insn.length != count)
		host_finding("%s is not one instruction", text);
	vcpu->event.kind = EVENT_NONE;
	vcpu->interrupt_shadow = false;
	return vcpu_emulate(vcpu, &decoded->insn);
}

struct event guest_fault(void)
{
	if (vcpu->event.kind != EVENT_NONE)
		return vcpu->event;
	return (struct event){
		.kind = EVENT_EXCEPTION, .vector = VECTOR_GP, .return_eip = vcpu->registers.eip};
}

bool guest_killed(const char *why)
{
	return vm->state == VM_ENDED && strstr(host.log, why);
}
