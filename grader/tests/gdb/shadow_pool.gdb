# SPDX-License-Identifier: BSD-2-Clause
# The pool of shadow pages, and the audit from the debugger's side.
#lab 3
#run pagecosts mem=4
tbreak *pagecosts_after_switch
continue
shadow roots
#> ^2 of at most 16 roots, the newest first$
#> ^\* machine [0-9a-f]{5}000  page directory [0-9a-f]{5}000$
#> ^    00000000  machine [0-9a-f]{5}000  page table [0-9a-f]{5}000, role R/W U/S +[0-9]+ entries, [0-9]+ writable$
#> ^    00800000  machine [0-9a-f]{5}000  page table [0-9a-f]{5}000, role R/W U/S +[0-9]+ entries, [0-9]+ writable$
#> ^  machine [0-9a-f]{5}000  page directory [0-9a-f]{5}000$
shadow pool
#> ^128 shadow pages: 0 flat, 2 root, 3 table, 1 large, .*122 free$
#> ^0 recycled so far; tracing is on$
#> ^5 pages of the guest's hold its page tables$
#> ^the oldest, which is recycled first: 
shadow audit
#> ^[0-9]+ entries in 2 roots: none says what the guest's tables do not$
idt guest 14
#> ^000e guest  int gate .* <pagecosts_fault_handler>
# Mistakes of a monitor: an entry that is writable too early, one that leads elsewhere, one too many.
set var $root = vcpu_running->shadow->root
set var $table = (unsigned *)(0xf0000000 + ($root->entry[2] & 0xfffff000))
set var $kept = $table[16]
set var $table[16] = $kept | 2
shadow 0x810000
#> ^  WRONG: R/W is on, and D of the guest's is clear: the first write must be seen$
shadow audit
#> ^CR3 [0-9a-f]{5}000 linear 00810000: WRONG: R/W is on, and D of the guest's is clear
#> [0-9]+ entries in 2 roots: [12] WRONG$
set var $table[16] = $kept ^ 0x1000
shadow 0x810000
#> ^  WRONG: guest-physical [0-9a-f]{5}000 is machine [0-9a-f]{5}000, not [0-9a-f]{5}000$
set var $table[16] = $kept
set var $table[100] = 0x107
shadow 0x864000
#> ^  WRONG: the shadow has an entry, but P of the guest's PTE is clear$
set var $table[100] = 0
shadow audit
#> none says what the guest's tables do not$
