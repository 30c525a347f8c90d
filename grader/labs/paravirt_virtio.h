/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of lab 5's graded tests of virtio share. */
#ifndef PARAVIRT_VIRTIO_H
#define PARAVIRT_VIRTIO_H

#include "shared.h"

/* Each file's tests; the last has no test. */
extern const struct graded_test paravirt_queue_tests[];  /* virtqueue.c, called from outside */
extern const struct graded_test paravirt_refuse_tests[]; /* the same, by a hostile driver */
extern const struct graded_test paravirt_virtio_tests[]; /* whole guests */
extern const struct graded_test paravirt_driver_tests[]; /* virtio_blk.c; the judge is the device */
extern const struct graded_test paravirt_virtio_cost_tests[]; /* what a disk costs */

#endif
