/* SPDX-License-Identifier: BSD-2-Clause */
/* Lab 4: what scan() must make of a page, by the contract. See patch_model.h. */
#include "patch_model.h"

#define WAYS 64 /* that wait to be gone, at most: the contract lets a scan forget others */

/* Does control certainly come to what is behind it? */
static bool goes_on(const struct insn *insn)
{
	switch (insn->mnemonic) {
	case MNEMONIC_CALL:
	case MNEMONIC_CALL_FAR:
	case MNEMONIC_JMP:
	case MNEMONIC_JMP_FAR:
	case MNEMONIC_RET:
	case MNEMONIC_RET_FAR:
	case MNEMONIC_IRET:
	case MNEMONIC_IRETD:
	case MNEMONIC_INT:
	case MNEMONIC_INT1:
	case MNEMONIC_INT3:
	case MNEMONIC_UD2:
		return false;
	default:
		return true;
	}
}

/* Might a computed jump into its middle go wrong? */
static bool hides_another(const struct page *p, uint32_t at, uint32_t length)
{
	struct insn insn;

	for (uint32_t i = at + 1; p->strict && i < at + length; i++) {
		bool decodes = seen_decode(&p->seen, i, &insn);
		if (decodes && !insn_may_run_as_it_is(&insn))
			return true;
		if (p->strict > 1 && (!decodes || i + insn.length > at + length))
			return true;
	}
	return false;
}

/* By itself. */
static uint8_t kind_of(const struct page *p, uint32_t at, const struct insn *insn)
{
	if (!insn_may_run_as_it_is(insn))
		return REPLACED;
	return at + insn->length > PAGE_SIZE || hides_another(p, at, insn->length) ? STEPPED
										   : COPIED;
}

/* Whoever has the breakpoint of another inside is stepped, until nothing changes any more. */
static void step_those_around(struct page *p)
{
	bool changed = true;
	struct insn insn;

	while (changed) {
		changed = false;
		for (uint32_t at = 0; at < PAGE_SIZE; at++) {
			if (p->kind[at] != COPIED || !seen_decode(&p->seen, at, &insn))
				continue;
			for (uint32_t i = at + 1; i < at + insn.length; i++)
				if (p->kind[i] == REPLACED || p->kind[i] == STEPPED) {
					p->kind[at] = STEPPED;
					changed = true;
				}
		}
	}
}

void model_scan(struct page *p, uint32_t from)
{
	uint32_t way[WAYS] = {from}, ways = 1;
	struct insn_operand operand[INSN_OPERANDS_MAX];
	struct insn insn;

	while (ways) {
		uint32_t at = way[--ways];
		while (at < PAGE_SIZE && !kind_begins(p->kind[at])) {
			p->kind[at] = STEPPED;
			if (!seen_decode(&p->seen, at, &insn))
				break;
			p->kind[at] = kind_of(p, at, &insn);
			for (uint32_t i = at + 1; i < at + insn.length && i < PAGE_SIZE; i++)
				if (p->kind[i] == UNKNOWN)
					p->kind[i] = INSIDE;
			insn_operands(&insn, operand);
			uint32_t to = operand[0].kind == OPERAND_RELATIVE
					      ? insn_branch_target(&insn, p->seen.linear + at) -
							p->seen.linear
					      : PAGE_SIZE;
			if (to < PAGE_SIZE) {
				p->target[to] = true;
				if (ways == WAYS)
					infrastructure_error("a drawn page has too many branches");
				way[ways++] = to;
			}
			if (!goes_on(&insn))
				break;
			at += insn.length;
		}
	}
	step_those_around(p);
}

/* It has been CODE_STEPPED while a jump was in its way. */
static bool stood_in_a_run(const struct page *p, uint32_t at)
{
	struct insn insn;

	if (!seen_decode(&p->seen, at, &insn))
		return false;
	for (uint32_t i = at; i < at + insn.length && i < PAGE_SIZE; i++)
		if (p->was_run[i])
			return true;
	for (uint32_t i = at + 1; i < at + insn.length && i < PAGE_SIZE; i++)
		if (p->kind[i] == COPIED && p->seen.kind[i] == STEPPED && stood_in_a_run(p, i))
			return true;
	return false;
}

void model_check(struct page *p)
{
	static const char *const kinds[] = {
		"CODE_UNKNOWN", "CODE_COPIED", "CODE_REPLACED", "CODE_STEPPED", "CODE_INSIDE"};
	struct seen *seen = &p->seen;

	audit_page(seen);
	for (uint32_t i = 0; i < PAGE_SIZE; i++)
		p->was_run[i] |= seen->in_run[i];
	for (uint32_t i = 0; i < PAGE_SIZE; i++) {
		if (seen->target[i] != p->target[i])
			seen_wrong(seen, i, "target[] is %u", seen->target[i]);
		if (seen->kind[i] == p->kind[i] ||
			(p->kind[i] == COPIED && seen->kind[i] == STEPPED && stood_in_a_run(p, i)))
			continue;
		seen_wrong(seen, i, "it is kind %u; with strict=%u it should be %s", seen->kind[i],
			p->strict, kinds[p->kind[i]]);
	}
}
