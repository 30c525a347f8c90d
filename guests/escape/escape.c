/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest that tries to reach what is not its own by its page tables: memory of the monitor's and
 * of other guests, and the processor itself. One attack in one boot, or all that a right monitor
 * survives, one after the other. A right monitor shows each what the bare machine shows, or ends
 * the guest with a report.
 *
 * With number 0 it is a guest that behaves, for who comes after another.
 */
#include "escape.h"

SEEDED uint32_t escape_choice = ESCAPE_TOUR;
SEEDED uint32_t escape_target = 0xf0100000;
SEEDED uint32_t escape_machine = 0x00400000;
SEEDED uint32_t escape_seed = 1;

const struct escape_attack escape_attacks[] = {
#define ATTACK(name, kind, group) {#name, (uint32_t)(name), kind, group},
#include "attacks.def"
#undef ATTACK
};
const uint32_t escape_attack_count = sizeof(escape_attacks) / sizeof(escape_attacks[0]);
_Static_assert(
	sizeof(escape_attacks) / sizeof(escape_attacks[0]) <= ATTACKS_MAX, "raise ATTACKS_MAX");

struct escape_seen escape_seen[ATTACKS_MAX];

#define USER_DONE   0x61 /* of access.asm */
#define ATTACK_DONE 0x62

static struct escape_seen *seen;
uint8_t user_stack[PAGE_SIZE] __attribute__((aligned(4096)));
static uint8_t attack_stack[2 * PAGE_SIZE] __attribute__((aligned(4096)));

void see(uint32_t value)
{
	if (seen->count < SEEN_MAX)
		seen->value[seen->count] = value;
	seen->count++;
	seen->sum = seen->sum * 31 + value;
}

/* ---- accesses that may fault ---- */

extern const uint8_t access_begin[], access_end[], access_failed[], attack_return[];
extern const uint8_t user_reads[], user_writes[], user_calls[];
uint32_t access_read(uint32_t address);
uint32_t access_write(uint32_t address, uint32_t value);
uint32_t access_call(uint32_t address);
void access_cr0(uint32_t value);
void access_cr4(uint32_t value);
uint32_t access_segment(uint32_t selector, uint32_t offset);

static bool faulted, calling, fell;

static void see_fault(const struct frame *frame)
{
	faulted = true;
	see(SEEN_FAULT(frame->vector, frame->error_code));
	see(cr2_read());
}

static void on_exception(struct frame *frame)
{
	if (frame_from_user(frame)) {
		see_fault(frame);
		user_leave(0);
	}
	if (!calling &&
		(frame->eip < (uint32_t)access_begin || frame->eip >= (uint32_t)access_end)) {
		see_fault(frame);
		see(frame->eip);
		fell = true;
		user_leave(0); /* ends the attack */
	}
	see_fault(frame);
	frame->eip = (uint32_t)access_failed;
}

static void on_user_done(struct frame *frame)
{
	user_leave(frame->eax);
}

static void on_attack_done(struct frame *frame)
{
	(void)frame;
	user_leave(0);
}

uint32_t try_read(uint32_t address)
{
	faulted = false;
	uint32_t value = access_read(address);
	if (!faulted)
		see(value);
	return value;
}

void access_quietly(uint32_t address)
{
	faulted = false;
	uint32_t value = access_read(address);
	if (!faulted)
		access_write(address, value);
	see(faulted);
}

void try_write(uint32_t address, uint32_t value)
{
	faulted = false;
	value = access_write(address, value);
	if (!faulted)
		see(value);
}

void try_segment(uint16_t selector, uint32_t offset)
{
	faulted = false;
	uint32_t value = access_segment(selector, offset);
	if (!faulted)
		see(value);
}

void try_cr0(uint32_t value)
{
	faulted = false;
	access_cr0(value);
	see(faulted);
}

void try_cr4(uint32_t value)
{
	faulted = false;
	access_cr4(value);
	see(faulted);
}

void try_call(uint32_t address)
{
	faulted = false;
	calling = true;
	uint32_t value = access_call(address);
	calling = false;
	if (!faulted)
		see(value);
}

static uint32_t user_try(const uint8_t *entry, uint32_t ebx, uint32_t eax)
{
	struct frame frame = {
		.eip = (uint32_t)entry,
		.cs = USER_CS,
		.eflags = EFLAGS_FIXED,
		.user_esp = (uint32_t)&user_stack[PAGE_SIZE],
		.user_ss = USER_DS,
		.ebx = ebx,
		.eax = eax,
	};

	faulted = false;
	uint32_t value = frame_run(&frame);
	if (!faulted)
		see(value);
	return value;
}

uint32_t user_read(uint32_t address)
{
	return user_try(user_reads, address, 0);
}

void user_write(uint32_t address, uint32_t value)
{
	user_try(user_writes, address, value);
}

void user_call(uint32_t address)
{
	user_try(user_calls, address, 0);
}

void user_go(uint32_t entry, uint32_t ebx, uint32_t eax)
{
	user_try((const uint8_t *)entry, ebx, eax);
}

/* ---- one attack ---- */

__attribute__((noipa)) void escape_begin(uint32_t number)
{
	(void)number;
}

__attribute__((noipa)) void escape_over(uint32_t number)
{
	(void)number;
}

static void gates_fill(void)
{
	for (unsigned vector = 0; vector < VECTORS; vector++)
		handler_set((uint8_t)vector, on_exception);
	gate_set(USER_DONE, GATE_INTERRUPT | ACCESS_DPL(3));
	handler_set(USER_DONE, on_user_done);
	handler_set(ATTACK_DONE, on_attack_done);
}

static void attack(uint32_t number)
{
	/* what is behind the frame is the stack that the attack begins with */
	struct frame *frame = (struct frame *)&attack_stack[sizeof(attack_stack) - 128];

	world_make();
	gates_fill();
	calling = fell = false;
	random_seed(escape_seed | 1);
	seen = &escape_seen[number];
	seen->state = SEEN_BEGUN;
	memset(frame, 0, sizeof(*frame));
	frame->eip = escape_attacks[number].run;
	frame->cs = KERNEL_CS;
	frame->eflags = EFLAGS_FIXED;
	frame->user_esp = (uint32_t)attack_return;
	escape_begin(number);
	paging_on(world_root);
	frame_run(frame);
	world_make();
	seen->state = fell ? SEEN_FELL : SEEN_OVER;
	escape_over(number);
}

static uint32_t sum_all(void)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < escape_attack_count; i++)
		sum = sum * 31 + escape_seen[i].sum;
	return sum;
}

void kernel_main(uint32_t info)
{
	uint32_t tried = 0;

	(void)info;
	pic_init(0x20, 0x28);
	if (escape_choice != ESCAPE_TOUR) {
		if (escape_choice >= escape_attack_count) {
			console_printf("there is no attack %u: the last one is %u\n", escape_choice,
				escape_attack_count - 1);
			return;
		}
		console_printf(
			"attack %u: %s\n", escape_choice, escape_attacks[escape_choice].name);
		attack(escape_choice);
		console_printf("the attack is over, saw %08x\n", escape_seen[escape_choice].sum);
		return;
	}
	for (uint32_t i = 0; i < escape_attack_count; i++) {
		if (escape_attacks[i].kind != ESCAPE_ALIKE)
			continue;
		attack(i);
		tried++;
	}
	console_printf("escape: %u attacks, saw %08x\n", tried, sum_all());
}
