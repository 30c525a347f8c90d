/* SPDX-License-Identifier: BSD-2-Clause */
/* The list of a guest's results (results.h). */
#include "results.h"

#define PRINTED_MAX 32u

struct result results[RESULTS_MAX];
volatile uint32_t result_count;
uint32_t results_wrong;

void result_check(const char *name, uint32_t value, uint32_t wanted)
{
	if (result_count == RESULTS_MAX) {
		console_printf("raise RESULTS_MAX\n");
		power_off();
	}
	struct result *result = &results[result_count];
	text_printf(result->name, sizeof(result->name), "%s", name);
	result->value = value;
	result->wanted = wanted;
	result_count++;
	if (value != wanted && results_wrong++ < PRINTED_MAX)
		console_printf("%s: %08x, must be %08x\n", name, value, wanted);
}

void result_note(const char *name, uint32_t value)
{
	result_check(name, value, value);
}

void results_print(const char *guest)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < result_count; i++)
		sum = (sum << 5 | sum >> 27) + results[i].value;
	console_printf(
		"%s: %u results, %u are wrong, %08x\n", guest, result_count, results_wrong, sum);
}
