/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Three kinds of address that must never be mixed, each a type of its own, so that mixing
 * them does not compile:
 *
 *   gla_t    a guest's linear address: what its segmentation unit produced
 *   gpa_t    a guest-physical address: what the guest takes for the memory bus
 *   maddr_t  a machine address: what really goes out on the memory bus
 *
 * Segmentation turns a selector and an offset into a linear address (Intel SDM volume 3A,
 * 3.4), the guest's own paging turns that into a guest-physical one, and the monitor turns
 * that into a machine address.
 */
#ifndef TYPES_H
#define TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
	uint32_t raw;
} gla_t;

typedef struct {
	uint32_t raw;
} gpa_t;

typedef struct {
	uint32_t raw;
} maddr_t;

static inline gla_t gla(uint32_t raw)
{
	return (gla_t){raw};
}

static inline gpa_t gpa(uint32_t raw)
{
	return (gpa_t){raw};
}

static inline maddr_t maddr(uint32_t raw)
{
	return (maddr_t){raw};
}

#define PAGE_SIZE 4096u
#define PAGE_MASK (PAGE_SIZE - 1)

static inline uint32_t page_round_up(uint32_t bytes)
{
	return (bytes + PAGE_MASK) & ~PAGE_MASK;
}

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#endif
