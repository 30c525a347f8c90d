/* SPDX-License-Identifier: BSD-2-Clause */
/* The IDE driver once more, by other names: in this kernel the functions of disk.h are disk.c's. */
#include "drivers.h"

#define disk_init    ide_disk_init
#define disk_sectors ide_disk_sectors
#define disk_name    ide_disk_name
#define disk_submit  ide_disk_submit
#define disk_wait    ide_disk_wait

#include "../kernel/ide.c"
