/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the monitor says about a guest: the report when it must end one, and the count of its
 * exits. A guest that is killed never stops the monitor or another guest.
 */
#include "exit.h"
#include "machine.h"
#include "vm.h"

#define REPORT_EXITS 8  /* the last ones, in a kill report */
#define TEXT_SIZE    64 /* of one instruction */

/* "kernel_main+0x1c" of an address in the guest's code, or nothing. */
static void symbol_text(const struct vcpu *vcpu, uint32_t address, char text[TEXT_SIZE])
{
	uint32_t distance;
	const char *symbol = elf_symbol_at(&vcpu->vm->image, address, &distance);

	if (symbol)
		text_printf(text, TEXT_SIZE, " <%s+0x%x>", symbol, distance);
	else
		text[0] = '\0';
}

static void report_instruction(struct vcpu *vcpu)
{
	const struct decoded *decoded = vcpu_decode(vcpu);
	char text[TEXT_SIZE];

	if (decoded->status == DECODE_OK) {
		insn_format(&decoded->insn, vcpu->registers.eip, text, sizeof(text));
		log_printf("  instruction  %s (%s)\n", text, insn_class_name(decoded->insn.class));
	} else {
		log_printf("  instruction  cannot be decoded; bytes");
		for (size_t i = 0; i < decoded->count; i++)
			log_printf(" %02x", decoded->bytes[i]);
		log_printf("\n");
	}
}

static void report_registers(const struct guest_registers *r)
{
	log_printf("  eax %08x ebx %08x ecx %08x edx %08x\n", r->eax, r->ebx, r->ecx, r->edx);
	log_printf("  esi %08x edi %08x ebp %08x esp %08x\n", r->esi, r->edi, r->ebp, r->esp);
	log_printf("  cs %04x ss %04x ds %04x es %04x fs %04x gs %04x eflags %08x\n",
		r->cs & 0xffff, r->ss & 0xffff, r->ds & 0xffff, r->es & 0xffff, r->fs & 0xffff,
		r->gs & 0xffff, r->eflags);
}

static void report_exit(const struct vcpu *vcpu, const struct exit_record *exit)
{
	char symbol[TEXT_SIZE], text[TEXT_SIZE] = "";
	struct insn insn;

	symbol_text(vcpu, exit->eip, symbol);
	if (insn_decode(&insn, exit->bytes, exit->byte_count, 32) == DECODE_OK)
		insn_format(&insn, exit->eip, text, sizeof(text));
	log_printf("  %8u  %-22s vector %2u error %04x  %04x:%08x%s  %s\n", exit->sequence,
		exit_reason_name(exit->reason), exit->vector, exit->error_code & 0xffff,
		exit->cs & 0xffff, exit->eip, symbol, text);
}

static void report_last_exits(const struct vcpu *vcpu)
{
	uint32_t total = vcpu->exits.total;
	uint32_t first = total > REPORT_EXITS ? total - REPORT_EXITS : 0;

	log_printf("  last exits, of %u:\n", total);
	for (uint32_t sequence = first; sequence < total; sequence++)
		report_exit(vcpu, &vcpu->exits.record[sequence % EXIT_HISTORY]);
}

enum verdict vm_kill(struct vcpu *vcpu, const char *why)
{
	const struct guest_registers *registers = &vcpu->registers;
	char symbol[TEXT_SIZE];

	if (vcpu->vm->state != VM_READY) /* one report is enough */
		return VERDICT_ENDED;
	symbol_text(vcpu, registers->eip, symbol);
	log_printf("ringfence: killing %s: %s\n", vcpu->vm->name, why);
	log_printf("  exception    vector %u, error code %x, in ring %u\n", registers->vector,
		registers->error_code, vcpu_ring(vcpu));
	log_printf("  at           %04x:%08x%s\n", registers->cs & 0xffff, registers->eip, symbol);
	report_instruction(vcpu);
	report_registers(registers);
	report_last_exits(vcpu);
	vm_end(vcpu->vm, "was killed");
	return VERDICT_ENDED;
}

void exit_summary(const struct vcpu *vcpu)
{
	log_printf("ringfence: %s took %u exits:", vcpu->vm->name, vcpu->exits.total);
	for (unsigned reason = 0; reason < EXIT_REASONS; reason++)
		if (vcpu->exits.count[reason])
			log_printf(" %u %s;", vcpu->exits.count[reason],
				exit_reason_name((enum exit_reason)reason));
	log_printf("\n");
}
