/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One function for each system call. It gets the program's EBX, ECX and EDX, trusts none of them,
 * and returns what EAX is to be: a result, or an error, which is negative. What they do is in
 * abi.h. The table of all is in syscall.c.
 */
#ifndef CALLS_H
#define CALLS_H

#include <stdint.h>

typedef int32_t system_call(uint32_t ebx, uint32_t ecx, uint32_t edx);

/* ---- calls_files.c: descriptors ---- */

system_call call_write, call_read, call_open, call_close, call_seek, call_duplicate, call_pipe,
	call_status, call_next_name, call_truncate;

/* ---- calls_names.c: names on the disk ---- */

system_call call_unlink, call_mkdir, call_rmdir, call_rename, call_chdir, call_sync, call_space;

#endif
