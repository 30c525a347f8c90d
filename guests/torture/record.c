/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What happened, for whoever compares two runs: a ring of records with a running sum, and a digest
 * for each block of steps. Nothing of it depends on where the machine's time goes.
 */
#include "torture.h"

struct torture_record torture_records[TORTURE_RECORDS];
uint32_t torture_record_count;
struct torture_digest torture_digests[TORTURE_STEPS_MAX / TORTURE_BLOCK];
uint32_t torture_blocks;
uint32_t torture_failed;

const char torture_events[][NAME_SIZE] = {
	[EVENT_INVLPG] = "INVLPG",
	[EVENT_CR3] = "MOV CR3",
	[EVENT_CR0] = "MOV CR0",
	[EVENT_CR4] = "MOV CR4",
	[EVENT_STORE] = "the kernel stores a word",
	[EVENT_FILL] = "the kernel fills a frame",
};
const uint32_t torture_event_count = EVENTS;

static uint32_t sum;

static struct torture_record *record_new(enum record_kind kind, uint32_t number)
{
	struct torture_record *record = &torture_records[torture_record_count % TORTURE_RECORDS];

	*record = (struct torture_record){
		.step = state.step,
		.kind = (uint8_t)kind,
		.number = (uint8_t)number,
		.control = (uint8_t)state.control,
		.cr3 = root_now(),
	};
	return record;
}

/* `size`: of the record's beginning; the rest of it is 0. */
static void record_close(struct torture_record *record, size_t size)
{
	const uint32_t *word = (const uint32_t *)record;

	for (uint32_t i = 0; i < size / 4; i++)
		sum = (sum << 5 | sum >> 27) + word[i];
	sum *= 0x9e3779b1u;
	record->sum = sum;
	torture_record_count++;
}

void record_action(uint8_t number)
{
	record_close(record_new(RECORD_ACTION, number), offsetof(struct torture_record, edi));
}

void record_event(enum event event, uint32_t address, uint32_t value)
{
	struct torture_record *record = record_new(RECORD_EVENT, event);

	record->edi = address;
	record->eax = value;
	record_close(record, offsetof(struct torture_record, edx));
}

static uint32_t entry_now(uint32_t word)
{
	return word ? *(volatile uint32_t *)word : 0;
}

void record_access(const struct access *a)
{
	struct torture_record *record = record_new(RECORD_ACCESS, a->form);
	const struct registers *begin = &a->begin, *after = &a->got.registers;

	record->ring = a->ring;
	record->control |= a->backward ? CONTROL_DF : 0;
	record->edi = begin->edi;
	record->esi = begin->esi;
	record->ecx = begin->ecx;
	record->eax = begin->eax;
	record->edx = begin->edx;
	record->vector = a->got.vector;
	record->error_code = a->got.error_code;
	record->cr2 = a->got.cr2;
	record->eip = a->got.eip;
	record->edi_after = after->edi;
	record->esi_after = after->esi;
	record->ecx_after = after->ecx;
	record->eax_after = after->eax;
	record->edx_after = after->edx;
	for (uint32_t i = 0; i < 2; i++) {
		record->entries[i] = entry_now(walked_entries.first[i]);
		record->entries[2 + i] = entry_now(walked_entries.last[i]);
	}
	record_close(record, offsetof(struct torture_record, sum));
}

/* Whoever stops here finds the block's records in the ring. */
__attribute__((noinline)) void torture_block_done(void)
{
	__asm__ volatile("" : : : "memory");
}

void block_end(void)
{
	uint32_t word = model_compare_all();

	if (word)
		fail_at(word);
	torture_digests[torture_blocks++] = (struct torture_digest){sum, torture_record_count};
	torture_block_done();
}

/* "step 7, unmap a page: MOV m32, EAX at 40000ffc in ring 3" */
static void last_print(void)
{
	const struct torture_record *last =
		&torture_records[(torture_record_count - 1) % TORTURE_RECORDS];

	console_printf("torture: seed %u, step %u, %s:\n", torture_seed, state.step,
		torture_actions[state.action].name);
	if (last->kind == RECORD_ACCESS)
		console_printf("%s with EDI %08x, ESI %08x, EAX %08x in ring %u,\nCR3 %08x:\n",
			torture_forms[last->number].name, last->edi, last->esi, last->eax,
			last->ring, last->cr3);
	else
		console_printf("after it, ");
}

void fail(const char *what, uint32_t got, uint32_t want)
{
	torture_failed = 1;
	last_print();
	console_printf("%s is %08x and must be %08x\n", what, got, want);
	power_off();
}

void fail_at(uint32_t word)
{
	char what[32];

	text_printf(what, sizeof(what), "the word at %08x", word);
	fail(what, *(volatile uint32_t *)word, model_word(word));
}
