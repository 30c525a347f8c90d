# SPDX-License-Identifier: BSD-2-Clause
# The guest's page tables beside the shadow, and each difference in words.
#lab 3
#run pagecosts mem=4
refused shadow 0x1000
#> refused: shadow 0x1000: The monitor has not loaded its tables yet
tbreak kernel_main
continue
shadow 0x101234
#> ^linear 00101234 <.*>: paging is off, the address is its own guest-physical one$
#> ^shadow  PDE 000 at [0-9a-f]{8}  [0-9a-f]{5}027 .* -> 4 MiB at 00000000, role R/W U/S D$
#> ^  guest-physical 00101000 is machine [0-9a-f]{5}000: to GDB, 0xf[0-9a-f]{4}000$
# Nothing is there yet.
tbreak *pagecosts_touch
continue
shadow $esi
#> ^linear 00800000: CR3 [0-9a-f]{5}000, WP 1, PSE 1$
#> ^guest   PDE 002 at [0-9a-f]{5}008  [0-9a-f]{5}007  P R/W U/S +-> page table [0-9a-f]{5}000$
#> ^guest   PTE 000 at [0-9a-f]{5}000  [0-9a-f]{5}007  P R/W U/S +page [0-9a-f]{5}000$
#> ^shadow  PDE 002 at [0-9a-f]{5}008  00000000  -
#> ^  No shadow table: nothing in these 4 MiB was touched
# Read: it is there, and not writable.
tbreak *pagecosts_again
continue
shadow $esi
#> ^guest   PTE .* P R/W U/S A +page
#> ^shadow  PDE 002 .* -> page table [0-9a-f]{5}000, role R/W U/S$
#> ^shadow  PTE 000 at [0-9a-f]{5}000  [0-9a-f]{5}025  P U/S A +machine page [0-9a-f]{5}000$
#> ^  R/W is off: D of the guest's is clear, and the first write must be seen$
shadow $esi + 4096
#> ^shadow  PTE 001 .* 00000000  -
#> ^  No entry: not touched yet, as the guest's A says
# Written: the same.
tbreak *pagecosts_after_write
continue
shadow $esi
#> ^guest   PTE .* P R/W U/S A D +page
#> ^shadow  PTE .* P R/W U/S A D +machine page
#> ^  The same page with the same rights\.$
# The table itself, as data.
tbreak *pagecosts_after_entry
continue
shadow pagecosts_table
#> ^linear [0-9a-f]{8} <arena.*>: CR3
#> ^  R/W is off: the page is traced, since a page table of the guest's lies in it$
traced
#> ^[0-9a-f]{5}000 read-only page table, 1 shadow$
#> ^[0-9a-f]{5}000 read-only page directory, 1 shadow$
#> ^[0-9]+ writes to traced pages so far$
# 4 MiB of the guest's, in pieces.
shadow 0x04005000
#> ^guest   PDE 010 .* P R/W U/S A PS +-> 4 MiB at 00000000$
#> ^shadow  PDE 010 .* -> 4 MiB at 00000000, role R/W U/S$
#> ^shadow  PTE 005 .* P U/S A +machine page
#> ^  R/W is off: D of the guest's is clear
# What GDB cannot read yet, since the processor has no entry for it, the guest's own tables lead to.
shadow 0x50000000
#> ^guest   PDE 140 .* 00000000  -
#> ^  P of the guest's PDE is clear: an access is the guest's own page fault\.$
refused shadow 0xf0100000
#> refused: shadow 0xf0100000: f0100000 is the monitor's, in every address space: the direct map, machine address 00100000\.
refused shadow
#> refused: shadow: Write `shadow ADDRESS`
tbreak *pagecosts_fault
continue
shadow $ecx
#> ^guest   PTE 050 .* 00000000  -
#> ^  P of the guest's PTE is clear: an access is the guest's own page fault\.$
#! WRONG
#! NOT REFUSED
