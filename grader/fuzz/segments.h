/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The checks of the processor (processor.h) at every access, and the accesses.
 *
 * A function that returns false has left the exception that comes of it in `fault`.
 */
#ifndef SEGMENTS_H
#define SEGMENTS_H

#include "processor.h"

struct fault {
	unsigned vector;
	uint32_t error_code;
};

extern struct fault fault;

/* Notes it, and returns false. */
bool fault_raise(unsigned vector, uint32_t error_code);

unsigned cpl(const struct vm *vm);
bool selector_null(uint16_t selector);

/* What a load of DS, ES, FS or GS checks in that ring (volume 2A, MOV). */
bool check_data(uint16_t selector, unsigned ring);

/* And of SS. `bad` is the exception for all but absence. */
bool check_stack(uint16_t selector, unsigned ring, unsigned bad);

/* What a far return to that CS checks (volume 2A, IRET), in ring `from`. */
bool check_return(uint16_t selector, unsigned from);

/* The byte's page is there, and may be written. */
bool check_page(const struct vm *vm, uint32_t linear, bool write);
uint8_t *byte_at(uint32_t linear);

/* An access through a segment register. */
bool load(const struct vm *vm, enum insn_segment segment, uint32_t offset, void *to, uint32_t size);
bool store(const struct vm *vm, enum insn_segment segment, uint32_t offset, const void *from,
	uint32_t size);

/* The bits of ESP that count. */
uint32_t stack_mask(const struct vm *vm);
void stack_move(struct vm *vm, uint32_t by);

/* Doublewords or words from the top of the stack, which stay there. */
bool peek(const struct vm *vm, unsigned first, unsigned size, unsigned count, uint32_t *to);
bool push(struct vm *vm, uint32_t value, unsigned size);

/* PUSHA, ENTER: `count` values downwards; ESP moves when all are there. */
bool push_many(struct vm *vm, uint32_t value, unsigned count, unsigned size);

#endif
