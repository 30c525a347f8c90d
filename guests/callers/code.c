/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * INT 82h that is no hypercall: it leads where the guest's own gate does. And firmware of the
 * guest's own, which is code like all other.
 */
#include "callers.h"

#define USER_PAGE (WINDOW + 0x20000)
#define VICTIM    (WINDOW + 0x30000)
#define ELSEWHERE (WINDOW + 0x40000)
#define OWN_CS    KERNEL_FREE
#define STEPS     60u

/* ---- gates ---- */

static void note_call(const char *name, const struct frame *frame)
{
	struct outcome outcome = try_frame(*frame);

	outcome_note(name, &outcome);
	result_note("- EIP", outcome.eip);
}

static struct frame kernel_frame(uint32_t eip, uint16_t cs)
{
	return (struct frame){
		.eax = PAL_UPDATE,
		.edx = USER_PAGE,
		.ecx = 1,
		.eip = eip,
		.cs = cs,
		.eflags = EFLAGS_FIXED | EFLAGS_IF,
		.user_esp = (uint32_t)code_end,
	};
}

static struct frame user_frame(const uint8_t *code)
{
	struct frame frame = kernel_frame((uint32_t)code, USER_CS);

	frame.user_esp = USER_PAGE + PAGE_SIZE - 16;
	frame.user_ss = USER_DS;
	return frame;
}

/* The same instruction through all gates that a guest may have there. */
static void calls_run(void)
{
	static const uint32_t gates[] = {GATE_INTERRUPT, GATE_INTERRUPT | ACCESS_DPL(3), GATE_TRAP,
		GATE_TRAP | ACCESS_DPL(3), GATE_TRAP & 0x7f};

	for (uint32_t i = 0; i < callers_rounds; i++) {
		gate_set(CALL_VECTOR, gates[random_below(sizeof(gates) / sizeof(gates[0]))]);
		struct frame frame = kernel_frame((uint32_t)code_call, KERNEL_CS);
		note_call("INT 82h in the kernel", &frame);
		frame = user_frame(code_call_user);
		note_call("INT 82h in ring 3", &frame);
		result_note("- what a hypercall would change", *(uint32_t *)VICTIM);
		frame = kernel_frame(
			(uint32_t)pal_code + PAGE_SIZE - 1 - random_below(64), KERNEL_CS);
		note_call("where the code page has INT3", &frame);
	}
}

/* EIP is in the code page, and what is there with that segment's base is not. */
static void segments_run(void)
{
	uint8_t *code = (uint8_t *)page_new(ELSEWHERE, PAGE_KERNEL_WRITE);

	for (uint32_t i = 0; i < callers_rounds; i++) {
		uint32_t at = random_below(PAGE_SIZE - 16), eip = (uint32_t)pal_code + at;
		uint32_t there = random_below(PAGE_SIZE - 16);
		memcpy(code + there, code_call, 2);
		kernel_gdt[OWN_CS / 8] =
			descriptor_make((uint32_t)code + there - eip, LIMIT_MAX, ACCESS_CODE, FLAT);
		struct frame frame = kernel_frame(eip, OWN_CS);
		note_call("INT 82h in another segment", &frame);
		result_note("- what a hypercall would change", *(uint32_t *)VICTIM);
	}
}

/* What the firmware does for the kernel, users may not have. */
static void users_run(void)
{
	uint32_t *entry = pte_at(directory, (uint32_t)pal_code);

	*entry |= PTE_US;
	page_invalidate((uint32_t)pal_code);
	for (uint32_t i = 0; i < callers_rounds; i++) {
		struct frame frame = user_frame(code_slot_user);
		gate_set(CALL_VECTOR, i & 1 ? GATE_INTERRUPT : GATE_INTERRUPT | ACCESS_DPL(3));
		frame.eax = (uint32_t)pal_code + PAL_UPDATE * PAL_SLOT;
		try_frame(frame);
		result_note("a user's PAL_UPDATE", *(uint32_t *)VICTIM);
		frame = user_frame(code_slot_user);
		frame.eax = (uint32_t)pal_code + PAL_SET_CR3 * PAL_SLOT;
		frame.edx = frame_take();
		try_frame(frame);
		result_check("a user's PAL_SET_CR3", cr3_read(), directory);
		frame_give(frame.edx);
	}
}

void gates_run(void)
{
	static void (*const choices[])(void) = {calls_run, segments_run, users_run};
	uint32_t *list = page_new(USER_PAGE, PAGE_USER_WRITE);

	*page_new(VICTIM, PAGE_KERNEL_WRITE) = random_u32();
	memcpy(list, &(struct pal_update){VICTIM, random_u32(), VICTIM}, PAL_UPDATE_SIZE);
	choices[callers_choice]();
}

/* ---- firmware of the guest's own ---- */

static uint8_t first_pal[PAGE_SIZE];

/* The firmware that is there keeps the flag. */
static uint32_t flag_step(uint32_t flag)
{
	uint32_t wanted = random_u32() & EFLAGS_IF;

	switch (random_below(4)) {
	case 0:
		pal_mask();
		return 0;
	case 1:
		pal_unmask();
		return EFLAGS_IF;
	case 2:
		pal_set_flags(wanted);
		return wanted;
	default:
		return flag;
	}
}

static void note_flags(const char *name)
{
	uint32_t flag = pal_flags() & EFLAGS_IF, wrong = 0;

	for (uint32_t i = 0; i < STEPS; i++) {
		flag = flag_step(flag);
		wrong += (pal_flags() & EFLAGS_IF) != flag;
	}
	result_check(name, wrong, 0);
}

static void rewrite_in_place(void)
{
	for (uint32_t i = 0; i < callers_rounds; i++) {
		bool own = random_below(2);
		memcpy(pal_code, own ? other_pal : first_pal, PAGE_SIZE);
		note_flags(own ? "firmware that was written" : "firmware that was put back");
		result_note("- whose it is", own ? pal_version() : 0);
	}
}

/* The page at the firmware's address is another, and then the firmware again. */
static void rewrite_elsewhere(void)
{
	uint32_t *entry = pte_at(directory, (uint32_t)pal_code), first = *entry;
	uint32_t other = frame_take();

	memcpy((void *)other, other_pal, PAGE_SIZE);
	for (uint32_t i = 0; i < callers_rounds; i++) {
		bool own = random_below(2);
		*entry = own ? other | PAGE_KERNEL_WRITE : first;
		page_invalidate((uint32_t)pal_code);
		note_flags(own ? "another page there" : "the firmware's page again");
		result_note("- whose it is", own ? pal_version() : 0);
		if (!own)
			continue;
		struct outcome outcome = try_pal(OTHER_CALL, USER_PAGE, 1, 0);
		outcome_note("INT 82h in another page there", &outcome);
	}
}

void rewrite_run(void)
{
	memcpy(first_pal, pal_code, PAGE_SIZE);
	page_new(USER_PAGE, PAGE_KERNEL_WRITE);
	if (callers_choice)
		rewrite_elsewhere();
	else
		rewrite_in_place();
}
