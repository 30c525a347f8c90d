/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Control, debug and model-specific registers (SDM 3A 2.5, 9.4, 17.2; volume 4).
 *
 * The guest's values are its own. Some of their bits change how its instructions behave, and the
 * processor itself must know those while the guest runs: the bits for the FPU and for alignment in
 * CR0, for RDTSC and SSE in CR4, and the breakpoints, where they do not reach the monitor.
 */
#include "cpu.h"
#include "machine.h"
#include "vm.h"

#define CR0_DEFINED                                                                                \
	(CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD | CR0_PG)
#define CR0_FOR_GUEST (CR0_MP | CR0_EM | CR0_TS | CR0_NE | CR0_AM)

#define CR4_DEFINED                                                                                \
	(CR4_VME | CR4_PVI | CR4_TSD | CR4_DE | CR4_PSE | CR4_PAE | CR4_MCE | CR4_PGE | CR4_PCE |  \
		CR4_OSFXSR | CR4_OSXMMEXCPT)
#define CR4_FOR_GUEST (CR4_TSD | CR4_DE | CR4_OSFXSR | CR4_OSXMMEXCPT)

static void load_cr0(const struct vcpu *vcpu)
{
	cr0_write((cr0_read() & ~CR0_FOR_GUEST) | (vcpu->cr0 & CR0_FOR_GUEST));
}

static void load_cr4(const struct vcpu *vcpu)
{
	uint32_t value = (cr4_read() & ~CR4_FOR_GUEST) | (vcpu->cr4 & CR4_FOR_GUEST);

	if (!(cpu_features() & CPUID_FXSR))
		value &= ~(CR4_OSFXSR | CR4_OSXMMEXCPT);
	cr4_write(value);
}

/* A breakpoint that would reach the monitor's addresses stays off. */
static void load_breakpoints(const struct vcpu *vcpu)
{
	uint32_t address[4], dr7 = vcpu->dr[7] & ~DR7_GD;

	for (unsigned i = 0; i < 4; i++) {
		address[i] = vcpu->dr[i];
		if (address[i] < MONITOR_BASE - 8)
			continue;
		address[i] = 0;
		dr7 &= ~DR7_ENABLE(i);
	}
	breakpoints_write(address, dr7);
	dr6_write(vcpu->dr[6]);
}

void vcpu_load_control(struct vcpu *vcpu)
{
	load_cr4(vcpu);
	load_breakpoints(vcpu);
	load_cr0(vcpu); /* last: TS or EM would make the monitor's own use of the FPU fault */
}

void floating_point_clear(void)
{
	/* FCW and MXCSR as after FNINIT and reset; all registers 0 */
	static uint8_t image[512]
		__attribute__((aligned(16))) = {[0] = 0x7f, [1] = 0x03, [24] = 0x80, [25] = 0x1f};

	cr0_write(cr0_read() & ~(CR0_EM | CR0_TS));
	floating_point_init();
	if (cpu_features() & CPUID_FXSR) {
		cr4_write(cr4_read() | CR4_OSFXSR);
		floating_point_load(image);
	}
}

/* ---- control registers ---- */

uint32_t vcpu_read_cr(const struct vcpu *vcpu, unsigned number)
{
	switch (number) {
	case 0:
		return vcpu->cr0;
	case 2:
		return vcpu->cr2;
	case 3:
		return vcpu->cr3;
	default:
		return vcpu->cr4;
	}
}

static enum verdict write_cr0(struct vcpu *vcpu, uint32_t value)
{
	if ((value & (CR0_PG | CR0_PE)) == CR0_PG || (value & (CR0_NW | CR0_CD)) == CR0_NW)
		return vcpu_raise(vcpu, VECTOR_GP, 0);
	if (!(value & CR0_PE))
		return vm_kill(vcpu,
			"it left protected mode (CR0.PE = 0), and this monitor has no real mode");
	value = (value & CR0_DEFINED) | CR0_ET;
	uint32_t changed = vcpu->cr0 ^ value;
	vcpu->cr0 = value;
	load_cr0(vcpu);
	return vcpu_paging_changed(vcpu, changed, 0);
}

static enum verdict write_cr4(struct vcpu *vcpu, uint32_t value)
{
	if (value & ~CR4_DEFINED)
		return vcpu_raise(vcpu, VECTOR_GP, 0);
	uint32_t changed = vcpu->cr4 ^ value;
	vcpu->cr4 = value;
	load_cr4(vcpu);
	return vcpu_paging_changed(vcpu, 0, changed);
}

enum verdict vcpu_write_cr(struct vcpu *vcpu, unsigned number, uint32_t value)
{
	switch (number) {
	case 0:
		return write_cr0(vcpu, value);
	case 2:
		vcpu->cr2 = value;
		return VERDICT_RESUME;
	case 3:
		vcpu->cr3 = value;
		return vcpu_paging_changed(vcpu, 0, 0);
	default:
		return write_cr4(vcpu, value);
	}
}

/* ---- debug registers ---- */

/* DR4 and DR5 are DR6 and DR7, or do not exist; with DR7.GD every access is caught (17.2.4). */
static enum verdict debug_register(struct vcpu *vcpu, unsigned *number)
{
	if (*number == 4 || *number == 5) {
		if (vcpu->cr4 & CR4_DE)
			return vcpu_raise(vcpu, VECTOR_UD, 0);
		*number += 2;
	}
	if (vcpu->dr[7] & DR7_GD) {
		vcpu->dr[7] &= ~DR7_GD;
		vcpu->dr[6] |= DR6_BD;
		dr6_write(vcpu->dr[6]);
		return vcpu_raise(vcpu, VECTOR_DB, 0);
	}
	return VERDICT_RESUME;
}

enum verdict vcpu_read_dr(struct vcpu *vcpu, unsigned number, uint32_t *value)
{
	enum verdict verdict = debug_register(vcpu, &number);

	if (verdict == VERDICT_RESUME)
		*value = vcpu->dr[number];
	return verdict;
}

enum verdict vcpu_write_dr(struct vcpu *vcpu, unsigned number, uint32_t value)
{
	enum verdict verdict = debug_register(vcpu, &number);

	if (verdict != VERDICT_RESUME)
		return verdict;
	if (number == 6)
		value = (value & (DR6_HITS | DR6_BD | DR6_BS | 1u << 15)) | DR6_FIXED;
	if (number == 7)
		value = (value & 0xffff2fff) | DR7_FIXED;
	vcpu->dr[number] = value;
	load_breakpoints(vcpu);
	return VERDICT_RESUME;
}

void vcpu_take_dr6(struct vcpu *vcpu, bool own_step)
{
	if (own_step)
		dr6_write(vcpu->dr[6]);
	else
		vcpu->dr[6] = dr6_read();
}

enum verdict vcpu_raise_single_step(struct vcpu *vcpu)
{
	vcpu->dr[6] |= DR6_BS;
	dr6_write(vcpu->dr[6]);
	return vcpu_raise(vcpu, VECTOR_DB, 0);
}

/* ---- model-specific registers ---- */

bool vcpu_read_msr(const struct vcpu *vcpu, uint32_t number, uint64_t *value)
{
	switch (number) {
	case MSR_TSC:
		*value = tsc_read();
		return true;
	case MSR_PERFCTR0:
	case MSR_PERFCTR0 + 1:
		*value = 0; /* no event is counted */
		return true;
	case MSR_SYSENTER_CS:
	case MSR_SYSENTER_ESP:
	case MSR_SYSENTER_EIP:
		*value = vcpu->sysenter[number - MSR_SYSENTER_CS];
		return true;
	default:
		return false;
	}
}

bool vcpu_write_msr(struct vcpu *vcpu, uint32_t number, uint64_t value)
{
	switch (number) {
	case MSR_SYSENTER_CS:
	case MSR_SYSENTER_ESP:
	case MSR_SYSENTER_EIP:
		vcpu->sysenter[number - MSR_SYSENTER_CS] = (uint32_t)value;
		return true;
	default:
		return false;
	}
}
