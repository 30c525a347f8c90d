/* SPDX-License-Identifier: BSD-2-Clause */
/* A file that never ends, and one that waits for a person. */
#include "/dev/zero"
#include "/dev/stdin"
