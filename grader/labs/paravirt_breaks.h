/* SPDX-License-Identifier: BSD-2-Clause */
/* Ways to break the rules of virtqueues (VIRTIO 1.2, 2.7). */
#ifndef PARAVIRT_BREAKS_H
#define PARAVIRT_BREAKS_H

#include "paravirt_bed.h"

/* What is broken: a queue with one chain of two descriptors at least. */
extern struct layout layout;
extern struct laid *const laid;

struct way {
	const char *what, *section;         /* of the rule */
	bool (*lay)(const struct bed *bed); /* false: not with this chain */
};

extern const struct way ways[]; /* the last has no `what` */

#endif
