/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What scan() must make of a page of code, whatever it was asked for first, and what the monitor
 * has made of it.
 */
#ifndef PATCH_MODEL_H
#define PATCH_MODEL_H

#include "patch_audit.h"

/* A page, what scan() must have made of it, and the monitor's record of it. */
struct page {
	struct seen seen;
	uint32_t vcpu, strict;
	uint8_t kind[PAGE_SIZE];
	bool target[PAGE_SIZE];
	bool was_run[PAGE_SIZE]; /* a jump has stood for it */
};

/* Control has come to the page's byte `from`. */
void model_scan(struct page *p, uint32_t from);

/* Reads the page, and fails the test where it is not as the model has it, or breaks the contract in
 * another way. What has once been in the way of a jump may be CODE_STEPPED. */
void model_check(struct page *p);

#endif
