# SPDX-License-Identifier: BSD-2-Clause
# A shadow whose tables are not traced may be old, and the debugger says so.
#lab 3
#run pagecosts mem=4 trace=0 roots=1
tbreak *pagecosts_after_write
continue
traced
#> ^[0-9a-f]{8} read-only .*GDT
#! read-only page
shadow pool
#> tracing is off \(trace=0\)$
refused shadow audit
#> refused: shadow audit: With trace=0 the shadow may be old
shadow roots
#> ^1 of at most 1 roots
set var $frame = vcpu_running->vm->frames[(unsigned)pagecosts_table / 4096].raw
set var *(unsigned *)(0xf0000000 + ($frame & 0xfffff000)) = 0
shadow $esi
#> ^  old: the shadow has an entry, but P of the guest's PTE is clear$
#> ^  With trace=0 that may be, until the guest says INVLPG or loads CR3\.$
#! WRONG
#! NOT REFUSED
