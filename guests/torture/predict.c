/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What must come of an access: page by page, byte by byte, in the order in which the processor does
 * it. The model changes as the arena will.
 *
 * An operand in two pages is walked in both before anything of it is read or written; A and D of
 * the first page stay set when the second faults.
 */
#include "torture.h"

#define CODE_MOV_SIZE 5u /* MOV EAX, constant */
#define CODE_INT_SIZE 2u

/* An operand, once its pages are known. */
struct operand {
	uint32_t linear, size;
	uint32_t physical[2]; /* of its first byte, and of its first byte in the second page */
	uint32_t first;       /* bytes in the first page */
};

static enum walk operand_walk(
	struct access *a, struct operand *o, uint32_t linear, uint32_t size, bool write)
{
	enum walk walk;
	uint32_t room = PAGE_SIZE - linear % PAGE_SIZE;

	*o = (struct operand){.linear = linear, .size = size, .first = size < room ? size : room};
	a->want.cr2 = linear;
	walk = model_walk(linear, write, a->ring == 3, &o->physical[0], &a->want.error_code);
	if (walk != WALK_OK || o->first == size)
		return walk;
	a->want.cr2 = linear + o->first;
	return model_walk(a->want.cr2, write, a->ring == 3, &o->physical[1], &a->want.error_code);
}

static uint32_t byte_at(const struct operand *o, uint32_t i)
{
	return i < o->first ? o->physical[0] + i : o->physical[1] + (i - o->first);
}

static void operand_read(const struct operand *o, uint32_t cell[2])
{
	cell[0] = cell[1] = 0;
	for (uint32_t i = 0; i < o->size; i++) {
		uint32_t at = byte_at(o, i);
		cell[i / 4] |= (model_word(at & ~3u) >> at % 4 * 8 & 0xff) << i % 4 * 8;
	}
}

/* The entry for the kernel's own memory must stay as it is. */
static bool is_kept(uint32_t word)
{
	return word % PAGE_SIZE == 0 && is_root(word);
}

static bool operand_write(const struct operand *o, const uint32_t cell[2])
{
	for (uint32_t i = 0; i < o->size;) {
		uint32_t word = byte_at(o, i) & ~3u, value = model_word(word);
		if (is_kept(word))
			return false;
		do {
			uint32_t at = byte_at(o, i), shift = at % 4 * 8;
			if ((at & ~3u) != word)
				break;
			value &= ~(0xffu << shift);
			value |= (cell[i / 4] >> i % 4 * 8 & 0xff) << shift;
		} while (++i < o->size);
		if (value != model_word(word) && !model_set(word, value, true))
			return false;
	}
	return true;
}

static bool ends_with_fault(struct access *a, enum walk walk)
{
	a->want.vector = VECTOR_PF;
	return walk == WALK_FAULT;
}

static bool single_predict(struct access *a, const struct form *form)
{
	struct operand operand;
	struct registers *r = &a->want.registers;
	bool write = form->kind == FORM_WRITE;
	uint32_t cell[2], linear = r->edi;

	if (form->flags & FORM_BIT)
		linear += (uint32_t)((int32_t)r->eax >> 5) * 4;
	enum walk walk = operand_walk(a, &operand, linear, form->size, write);
	if (walk != WALK_OK)
		return ends_with_fault(a, walk);
	operand_read(&operand, cell);
	form->operate(r, cell, form->size);
	return !write || operand_write(&operand, cell);
}

/* Bochs reads the source before it walks the other page. Where the source holds the A or D that
 * this walk sets, another processor may read them set, and so may one that begins the instruction
 * again: that is not tried. */
static bool source_changed(const struct operand *from, const uint32_t cell[2])
{
	uint32_t again[2];

	operand_read(from, again);
	return again[0] != cell[0];
}

/* One step of a string instruction. */
static enum walk string_step(struct access *a, const struct form *form)
{
	struct operand from = {0}, to;
	struct registers *r = &a->want.registers;
	uint32_t cell[2] = {r->eax, 0}, by = a->backward ? 0u - form->size : form->size;
	enum walk walk = WALK_OK;

	if (form->kind != FORM_STOS) {
		walk = operand_walk(a, &from, r->esi, form->size, false);
		if (walk == WALK_OK)
			operand_read(&from, cell);
	}
	if (form->kind != FORM_LODS && walk == WALK_OK)
		walk = operand_walk(a, &to, r->edi, form->size, true);
	if (walk == WALK_OK && form->kind == FORM_MOVS && source_changed(&from, cell))
		return WALK_REJECT;
	if (model_entangled())
		return WALK_REJECT;
	if (walk != WALK_OK)
		return walk;
	if (form->kind != FORM_STOS)
		r->esi += by;
	if (form->kind == FORM_LODS) {
		op_read(r, cell, form->size);
		return WALK_OK;
	}
	r->edi += by;
	return operand_write(&to, cell) ? WALK_OK : WALK_REJECT;
}

static bool string_predict(struct access *a, const struct form *form)
{
	struct registers *r = &a->want.registers;

	if (!(form->flags & FORM_REP)) {
		enum walk walk = string_step(a, form);
		return walk == WALK_OK || ends_with_fault(a, walk);
	}
	for (; r->ecx; r->ecx--) {
		enum walk walk = string_step(a, form);
		if (walk != WALK_OK)
			return ends_with_fault(a, walk);
	}
	return true;
}

/* Puts the bytes of the access where they will be fetched, if that is no table. */
static bool code_put(const struct access *a)
{
	uint8_t code[CODE_MOV_SIZE + CODE_INT_SIZE] = {0xb8, 0, 0, 0, 0, 0xcd, TORTURE_END};

	memcpy(&code[1], &a->begin.edx, 4);
	for (uint32_t i = 0; i < sizeof(code); i++) {
		uint32_t at = model_peek(a->begin.edi + i, false, a->ring == 3);
		uint32_t shift = at % 4 * 8, word = at & ~3u, value;
		if (at == 0)
			continue;
		if (frame_is_table(at & PTE_FRAME) || is_root(at & PTE_FRAME))
			return false;
		value = (model_word(word) & ~(0xffu << shift)) | (uint32_t)code[i] << shift;
		if (value != model_word(word))
			poke(word, value);
	}
	return true;
}

static bool fetch_predict(struct access *a)
{
	struct operand operand;

	a->want.eip = a->begin.edi;
	enum walk walk = operand_walk(a, &operand, a->want.eip, CODE_MOV_SIZE, false);
	if (walk != WALK_OK)
		return ends_with_fault(a, walk);
	a->want.registers.eax = a->begin.edx;
	a->want.eip += CODE_MOV_SIZE;
	walk = operand_walk(a, &operand, a->want.eip, CODE_INT_SIZE, false);
	if (walk != WALK_OK)
		return ends_with_fault(a, walk);
	a->want.eip += CODE_INT_SIZE;
	return true;
}

bool access_predict(struct access *a)
{
	const struct form *form = &torture_forms[a->form];
	const uint8_t *code = a->ring == 0 ? form->kernel : form->user;
	bool predicted;

	a->want = (struct ending){
		.vector = TORTURE_END,
		.eip = (uint32_t)code + form->before,
		.registers = a->begin,
	};
	if (form->kind == FORM_FETCH && !code_put(a))
		return false;
	flush_now();
	model_begin();
	if (form->kind == FORM_FETCH)
		predicted = fetch_predict(a);
	else if (form->kind <= FORM_WRITE)
		predicted = single_predict(a, form);
	else
		predicted = string_predict(a, form);
	if (!predicted)
		model_undo();
	return predicted;
}
