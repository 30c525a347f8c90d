/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two kinds of lock.
 *
 * A spin lock keeps interrupts off while it is held. With one processor that is enough: whoever
 * holds it cannot be interrupted, so no one else can ask for it. It protects what interrupt
 * handlers use, for a few instructions at a time. Its holder must not sleep, except in
 * task_sleep(), which gives it up for that time.
 *
 * A sleep lock may be held for long, by a task, with interrupts on. Who finds it taken sleeps.
 */
#ifndef LOCK_H
#define LOCK_H

#include <stdbool.h>
#include <stdint.h>

struct lock {
	const char *name;
	bool held;
};

/* Interrupts are off from here. The result goes to lock_release(). */
uint32_t lock_acquire(struct lock *lock);

/* Interrupts are again as they were when the lock was acquired. */
void lock_release(struct lock *lock, uint32_t flags);

struct sleep_lock {
	struct lock lock; /* of this struct */
	bool taken;
};

void sleep_lock_acquire(struct sleep_lock *lock);
void sleep_lock_release(struct sleep_lock *lock);

#endif
