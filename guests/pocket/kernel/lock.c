/* SPDX-License-Identifier: BSD-2-Clause */
/* Locks: see lock.h. A spin lock that is found held can never become free, so that is a mistake. */
#include "lock.h"

#include "cpu.h"
#include "panic.h"
#include "task.h"

uint32_t lock_acquire(struct lock *lock)
{
	uint32_t flags = interrupts_disable();

	if (lock->held && !panicking())
		panic("the lock %s is taken twice", lock->name);
	lock->held = true;
	return flags;
}

void lock_release(struct lock *lock, uint32_t flags)
{
	if (!lock->held && !panicking())
		panic("the lock %s is released, but not held", lock->name);
	lock->held = false;
	interrupts_restore(flags);
}

void sleep_lock_acquire(struct sleep_lock *lock)
{
	uint32_t flags = lock_acquire(&lock->lock);

	while (lock->taken)
		task_sleep(lock, &lock->lock);
	lock->taken = true;
	lock_release(&lock->lock, flags);
}

void sleep_lock_release(struct sleep_lock *lock)
{
	uint32_t flags = lock_acquire(&lock->lock);

	lock->taken = false;
	task_wake(lock);
	lock_release(&lock->lock, flags);
}
