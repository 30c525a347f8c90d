/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stands between exit.c and emulate.c (the linker's --wrap) and holds vcpu_emulate() to "decode,
 * then perform": an instruction that faults has changed nothing. The exceptions are the two that
 * traps.h names: the elements of a string that were done, and DR7.GD, which is cleared as DR6.BD is
 * set.
 */
#include "machine.h"
#include "processor.h"

enum verdict __real_vcpu_emulate(struct vcpu *vcpu, const struct insn *insn);
enum verdict __wrap_vcpu_emulate(struct vcpu *vcpu, const struct insn *insn);

static struct vcpu before;
static struct devices devices_before;
static struct vpic vpic_before;
static uint8_t memory_before[HOST_GUEST_MEMORY];

static void keep(struct vm *vm)
{
	memcpy(&before, &vm->vcpu, sizeof(before));
	devices_before = vm->devices;
	vpic_before = vm->vpic;
	for (uint32_t at = 0; at < HOST_GUEST_MEMORY; at += PAGE_SIZE)
		memcpy(memory_before + at, host_guest_memory(vm, at), PAGE_SIZE);
}

static void compare(struct vm *vm, const struct insn *insn)
{
	/* the exception itself may differ, and what is kept to save time */
	memcpy(&before.event, &vm->vcpu.event, sizeof(before.event));
	memcpy(before.decoded, vm->vcpu.decoded, sizeof(before.decoded));
	memcpy(before.unpacked, vm->vcpu.unpacked, sizeof(before.unpacked));
	before.code_selector = vm->vcpu.code_selector;
	memcpy(&before.code, &vm->vcpu.code, sizeof(before.code));
	for (size_t i = 0; i < sizeof(before); i++)
		if (((const uint8_t *)&before)[i] != ((const uint8_t *)&vm->vcpu)[i])
			host_finding("%s faults, and byte %zu of the virtual processor has changed",
				insn_mnemonic_name(insn->mnemonic), i);
	if (memcmp(&devices_before, &vm->devices, sizeof(devices_before)) != 0 ||
		memcmp(&vpic_before, &vm->vpic, sizeof(vpic_before)) != 0)
		host_finding(
			"%s faults, and a device has changed", insn_mnemonic_name(insn->mnemonic));
	for (uint32_t at = 0; at < HOST_GUEST_MEMORY; at += PAGE_SIZE)
		if (memcmp(memory_before + at, host_guest_memory(vm, at), PAGE_SIZE) != 0)
			host_finding("%s faults, and memory has changed",
				insn_mnemonic_name(insn->mnemonic));
}

enum verdict __wrap_vcpu_emulate(struct vcpu *vcpu, const struct insn *insn)
{
	bool repeated = insn->prefixes & (PREFIX_REP | PREFIX_REPNE);

	keep(vcpu->vm);
	enum verdict verdict = __real_vcpu_emulate(vcpu, insn);
	bool general_detect = verdict == VERDICT_GUEST_FAULT && vcpu->event.vector == VECTOR_DB;

	if (verdict == VERDICT_GUEST_FAULT && !repeated && !general_detect &&
		!processor_ended(vcpu->vm))
		compare(vcpu->vm, insn);
	return verdict;
}
