/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * There is one interrupt flag, whoever changes it: a random mixture of the firmware's operations
 * and of the processor's own instructions, with a timer that interrupts. Each instruction is
 * executed very often, so a monitor that replaces what is hot has replaced it.
 */
#include "parts.h"

#define STEPS 4000u
#define TICKS 40u /* at least */

static volatile uint32_t on, masked, in_masked, bad_frames, bad_handlers;

void mixture_interrupted(const struct frame *frame)
{
	if (!on)
		return;
	in_masked += masked;
	bad_frames += (frame->eflags & EFLAGS_IF) == 0;
	bad_handlers += (pal_flags() & EFLAGS_IF) != 0 || (own_flags() & EFLAGS_IF) != 0;
}

/* Does something with the flag, and returns what it must be now. `wrong` counts answers that are
 * not what it was. */
static uint32_t step(uint32_t flag, uint32_t *wrong)
{
	uint32_t wanted = random_u32() & EFLAGS_IF, was = flag, told = flag;

	switch (random_below(8)) {
	case 0:
		told = pal_mask();
		flag = 0;
		break;
	case 1:
		told = own_mask();
		flag = 0;
		break;
	case 2:
		masked = 0;
		pal_unmask();
		flag = EFLAGS_IF;
		break;
	case 3:
		masked = 0;
		own_unmask();
		flag = EFLAGS_IF;
		break;
	case 4:
		masked = 0;
		pal_set_flags(wanted);
		flag = wanted;
		break;
	case 5:
		masked = 0;
		own_set_flags(EFLAGS_FIXED | wanted);
		flag = wanted;
		break;
	case 6:
		masked = 0;
		*wrong += (own_section() & EFLAGS_IF) != 0;
		break;
	default:
		told = own_mask();
		*wrong += (pal_mask() & EFLAGS_IF) != 0;
		masked = 0;
		pal_set_flags(told);
	}
	masked = flag == 0;
	*wrong += (told & EFLAGS_IF) != was;
	return flag;
}

void try_mixture(void)
{
	uint32_t first = ticks, wrong_pal = 0, wrong_own = 0, wrong_answers = 0;
	uint32_t flag = pal_flags() & EFLAGS_IF;

	masked = flag == 0;
	on = 1;
	for (uint32_t i = 0; i < STEPS || ticks - first < TICKS; i++) {
		flag = step(flag, &wrong_answers);
		wrong_pal += (pal_flags() & EFLAGS_IF) != flag;
		wrong_own += (own_flags() & EFLAGS_IF) != flag;
	}
	pal_mask();
	on = 0;
	result_check("mixture: flags by PAL_FLAGS", wrong_pal, 0);
	result_check("mixture: flags by PUSHF", wrong_own, 0);
	result_check("mixture: what the flag was before", wrong_answers, 0);
	result_check("mixture: interrupts while masked", in_masked, 0);
	result_check("mixture: IF in frames", bad_frames, 0);
	result_check("mixture: IF in handlers", bad_handlers, 0);
}
