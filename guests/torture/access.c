/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One access: predicted, done by the processor, compared with the prediction.
 *
 * Its stack is not the caller's: what the processor pushes in ring 0 lies on the access's own.
 */
#include "torture.h"

static uint8_t kernel_stack[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
static uint8_t user_stack[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
static struct access none, *running = &none;

static void access_ends(struct frame *frame)
{
	struct access *a = running;

	running = &none;
	if (a == &none)
		kernel_unexpected(frame);
	a->got = (struct ending){
		.vector = frame->vector,
		.error_code = frame->error_code,
		.eip = frame->eip,
		.registers = {frame->edi, frame->esi, frame->ecx, frame->eax, frame->edx,
			frame->ebx},
	};
	if (frame->vector == VECTOR_PF)
		a->got.cr2 = cr2_read();
	user_leave(0);
}

void access_init(void)
{
	gate_set(TORTURE_END, GATE_INTERRUPT | ACCESS_DPL(3));
	handler_set(TORTURE_END, access_ends);
	handler_set(VECTOR_PF, access_ends);
	table_at(state.kernel_pde)[pte_index((uint32_t)user_stack)] |= PTE_US;
}

static void access_run(struct access *a)
{
	const struct form *form = &torture_forms[a->form];
	struct frame user, *frame = &user;
	const uint8_t *code = a->ring == 0 ? form->kernel : form->user;

	if (a->ring == 0)
		frame = (struct frame *)&kernel_stack[PAGE_SIZE - sizeof(*frame)];
	frame->edi = a->begin.edi;
	frame->esi = a->begin.esi;
	frame->ebp = 0;
	frame->ebx = a->begin.ebx;
	frame->edx = a->begin.edx;
	frame->ecx = a->begin.ecx;
	frame->eax = a->begin.eax;
	frame->eip = form->kind == FORM_FETCH ? a->begin.edi : (uint32_t)code;
	frame->cs = a->ring == 0 ? KERNEL_CS : USER_CS;
	frame->eflags = EFLAGS_FIXED | (a->backward ? EFLAGS_DF : 0);
	if (a->ring == 3) {
		frame->user_esp = form->flags & FORM_STACK ? a->begin.edi + form->size
							   : (uint32_t)&user_stack[PAGE_SIZE];
		frame->user_ss = USER_DS;
	}
	running = a;
	frame_run(frame);
}

static void same(const char *what, uint32_t got, uint32_t want)
{
	if (got != want)
		fail(what, got, want);
}

static void access_check(const struct access *a)
{
	const struct ending *got = &a->got, *want = &a->want;
	uint32_t word;

	same("the vector", got->vector, want->vector);
	if (want->vector == VECTOR_PF) {
		same("the error code", got->error_code, want->error_code);
		same("CR2", got->cr2, want->cr2);
	}
	if (want->vector == VECTOR_PF || torture_forms[a->form].kind == FORM_FETCH)
		same("EIP", got->eip, want->eip);
	same("EDI", got->registers.edi, want->registers.edi);
	same("ESI", got->registers.esi, want->registers.esi);
	same("ECX", got->registers.ecx, want->registers.ecx);
	same("EAX", got->registers.eax, want->registers.eax);
	same("EDX", got->registers.edx, want->registers.edx);
	word = model_compare();
	if (word)
		fail_at(word);
}

bool access_do(struct access *a)
{
	if (!access_predict(a))
		return false;
	access_run(a);
	record_access(a);
	access_check(a);
	for (uint32_t i = 0; i < change_count; i++)
		if (changes[i].data)
			flush_note(changes[i].word, changes[i].before);
	flush_now();
	return true;
}

/* ---- drawn ---- */

/*
 * No instruction lies in two pages: the first ends where its page ends, or both are in it. Bochs
 * keeps an instruction in two pages by the physical address of its first byte, and does not walk
 * the second page again when the tables have changed.
 */
static uint32_t fetch_align(uint32_t linear)
{
	return linear % PAGE_SIZE > PAGE_SIZE - 7 ? (linear & PTE_FRAME) + PAGE_SIZE - 5 : linear;
}

/* Few units before the end of a page, in the direction in which the string goes. */
static uint32_t string_align(const struct access *a, uint32_t linear)
{
	uint32_t units = (1 + random_below(8)) * torture_forms[a->form].size;

	if (one_in(2))
		return linear;
	return (linear & PTE_FRAME) + (a->backward ? units : PAGE_SIZE - units);
}

/* What CMPXCHG compares with is often what is there. */
static void compare_draw(struct access *a)
{
	uint32_t at = model_peek(a->begin.edi & ~3u, false, false);

	if (!at || one_in(2))
		return;
	a->begin.eax = model_word(at);
	if (torture_forms[a->form].size == 8)
		a->begin.edx = model_word(at + 4);
}

static void access_draw(struct access *a)
{
	const struct form *form;

	*a = (struct access){.ring = one_in(2) ? 3 : 0};
	a->form = one_in(8) ? form_fetch() : (uint8_t)random_below(torture_form_count);
	form = &torture_forms[a->form];
	if (form->flags & FORM_STACK)
		a->ring = 3;
	a->backward = one_in(4);
	a->begin = (struct registers){
		.edi = address_draw(),
		.esi = address_draw(),
		.ecx = form->flags & FORM_REP ? random_below(13) : value_draw(),
		.eax = value_draw(),
		.edx = value_draw(),
		.ebx = value_draw(),
	};
	/* most addresses are of no page; those that are come up more often */
	if (!one_in(3) && !model_peek(a->begin.edi, form->kind != FORM_READ, a->ring == 3))
		a->begin.edi = address_draw();
	if (form->flags & FORM_REP) {
		a->begin.edi = string_align(a, a->begin.edi);
		a->begin.esi = string_align(a, a->begin.esi);
	}
	if (form->kind == FORM_FETCH)
		a->begin.edi = fetch_align(a->begin.edi);
	if (form->flags & FORM_BIT) {
		/* the bit may be counted from another doubleword */
		uint32_t words = one_in(3) ? random_below(64) - 32 : 0;
		a->begin.eax = random_below(one_in(2) ? 8 : 32) + words * 32;
		a->begin.edi -= words * 4;
	}
	if (form->operate == op_cmpxchg || form->size == 8)
		compare_draw(a);
}

void access_random(void)
{
	struct access access;

	for (uint32_t tries = 0; tries < 4; tries++) {
		access_draw(&access);
		if (access_do(&access))
			return;
	}
}
