/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The monitor's firmware in a guest that calls one (pal.h), and the way of its hypercalls.
 *
 * The firmware is put where the guest's own was, in the guest's memory: it is the guest's to read,
 * and if it writes there it has other firmware, scanned like all its code. The data page is the
 * page that patch blocks share with the monitor, by another address. So there is one interrupt
 * flag, whoever changes it.
 */
#include "machine.h"
#include "paravirt.h"
#include "strings.h"
#include "views.h"

/* ---- putting it there ---- */

/* The pages that the guest's file names. NULL where that is all right. */
static const char *pages_check(const struct vm *vm, const struct pal_header *header)
{
	uint32_t end = vm->memory_size - PAGE_SIZE;

	if (header->version != PAL_HEADER_VERSION)
		return "its PAL header has another version than 1";
	if ((header->code | header->data) & PAGE_MASK)
		return "its PAL header names pages that are not aligned to 4096";
	if (header->code > end || header->data > end || header->code == header->data ||
		header->code == 0 || header->data == 0)
		return "its PAL header names pages that are not in its memory";
	if (header->code >= CODE_MAX)
		return "its PAL's code page is above 28 MiB, where its kernel cannot run fast";
	return NULL;
}

/* Addresses in the data page are this guest's. */
static void addresses_fix(uint8_t *page, uint32_t data)
{
	uint32_t word;

	for (uint32_t at = 0; at + sizeof(word) <= sizeof(firmware); at++) {
		memcpy(&word, page + at, sizeof(word));
		word -= PAL_DATA;
		if (word >= PAL_DATA_SIZE)
			continue;
		word += data;
		memcpy(page + at, &word, sizeof(word));
	}
}

const char *pal_install(struct vm *vm)
{
	const struct pal_header *header =
		elf_header_find(&vm->image, PAL_HEADER_MAGIC, sizeof(*header));
	const char *problem = header ? pages_check(vm, header) : NULL;

	if (!header || problem)
		return problem;
	vm->pal.firmware = pages_allocate(PAGE_SIZE);
	if (!vm->pal.firmware)
		return "there is not enough memory left for its firmware";
	memset(vm->pal.firmware, BREAKPOINT, PAGE_SIZE);
	memcpy(vm->pal.firmware, firmware, sizeof(firmware));
	addresses_fix(vm->pal.firmware, header->data);
	vm->pal.code = gpa(header->code);
	vm->pal.data = gpa(header->data);
	vm_write(vm, vm->pal.code, vm->pal.firmware, PAGE_SIZE);
	vm->frames[header->data / PAGE_SIZE] = machine_address(vm->vcpu.code_view->shared);
	gate_open_to_kernels(HYPERCALL_VECTOR);
	views_gates_changed(&vm->vcpu, HYPERCALL_VECTOR, 1);
	return NULL;
}

void pal_remove(struct vm *vm)
{
	pages_free(vm->pal.firmware, PAGE_SIZE);
}

/* ---- hypercalls ---- */

bool pal_is_firmware(const struct vm *vm, const struct code_page *page)
{
	return vm->pal.firmware && page->page.raw == vm->pal.code.raw && page->code_size == 32 &&
	       memcmp(page->original, vm->pal.firmware, PAGE_SIZE) == 0;
}

/* Does EIP lie in the code page: at its address, and is that page there? The copy that was fetched
 * from knows. */
static bool is_in_code_page(struct vcpu *vcpu)
{
	const struct pal *pal = &vcpu->vm->pal;
	const struct code_page *page;
	gpa_t physical;

	if (!pal->firmware)
		return false;
	gla_t linear =
		gla(vcpu_look_up(vcpu, (uint16_t)vcpu->registers.cs)->base + vcpu->registers.eip);
	if ((linear.raw & ~PAGE_MASK) != pal->code.raw)
		return false;
	page = code_page_at(vcpu, linear);
	if (page)
		return page->page.raw == pal->code.raw;
	return vcpu_translate(vcpu, linear, &physical) &&
	       (physical.raw & ~PAGE_MASK) == pal->code.raw;
}

enum verdict pal_exit(struct vcpu *vcpu, struct exit_record *exit)
{
	vcpu->registers.eip -= HYPERCALL_LENGTH; /* the processor has executed it */
	if (!is_in_code_page(vcpu)) {
		exit->reason = EXIT_SOFTWARE_INTERRUPT;
		return vcpu_raise_software(vcpu, HYPERCALL_VECTOR, HYPERCALL_LENGTH);
	}
	exit->reason = EXIT_HYPERCALL;
	vcpu->interrupt_shadow = false;
	return hypercall(vcpu);
}

bool pal_called(struct vcpu *vcpu, const struct insn *insn)
{
	return (insn->immediate & 0xff) == HYPERCALL_VECTOR && is_in_code_page(vcpu);
}

void hypercall_console(struct vcpu *vcpu, const uint8_t *bytes, uint32_t count)
{
	(void)vcpu;
	for (uint32_t i = 0; i < count; i++)
		serial_put(bytes[i]);
}
