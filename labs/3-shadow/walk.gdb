# SPDX-License-Identifier: BSD-2-Clause
#
# A walk along one page of the guest's: paging goes on, the page is read, it is written, its entry is
# changed, another one is not there at all, and the guest goes to another address space and comes back.
#
#   make gdb LAB=3 GUEST=pagecosts FROM=labs GDBARGS="-x labs/3-shadow/walk.gdb"
#
# Or open GDB without GDBARGS and type the commands yourself. Lines with #> are what to look for;
# the kit's tests look for it too. It needs the whole of shadow.c.
#lab 3
#run pagecosts mem=4

# ---- 1. The guest turns paging on. Until now its root was one without tables. ----

tbreak shadow_control_changed if changed_cr0 >> 31
continue
#> shadow_control_changed \(vcpu=.*, changed_cr0=2147483648, changed_cr4=0\)
shadow roots
#> ^1 of at most 16 roots, the newest first$
#> ^\* machine [0-9a-f]{8}  paging off$
# Now the old rules are gone, and what was made by them.
tbreak shadow_use
continue
shadow roots
#> ^1 of at most 16 roots
#> ^  machine [0-9a-f]{8}  page directory [0-9a-f]{8}$
# The new root is empty. So the very next instruction of the guest misses.
vmexit shadow_fill
#> ^exit [0-9]+  shadow_fill vector 14 error 0  0009:([0-9a-f]{8}) .*  CR2 00100

# ---- 2. A page is read for the first time. ----

tbreak *pagecosts_touch
continue
x/i $pc
#> mov +eax,DWORD PTR \[esi\]
shadow $esi
#> ^guest   PDE 002 at [0-9a-f]{8}  [0-9a-f]{5}007  P R/W U/S +-> page table [0-9a-f]{8}$
#> ^guest   PTE 000 at [0-9a-f]{8}  [0-9a-f]{5}007  P R/W U/S +page [0-9a-f]{8}$
#> ^shadow  PDE 002 at [0-9a-f]{8}  00000000  -$
#> ^  No shadow table
tbreak shadow_miss
continue
#> shadow_miss \(vcpu=
print fault->linear
#> = linear 0x00800000$
print fault->access
#> = 0$
# Which shadow table: one that there is, or a new one. Its page of the guest's is traced from here on.
tbreak shadow_get
continue
#> shadow_get \(vcpu=.*, kind=SHADOW_TABLE, guest=guest-physical 0x[0-9a-f]{8}, role=6\)
tbreak shadow_protect
continue
#> shadow_protect \(vcpu=.*, page=guest-physical 0x[0-9a-f]{8}\)
tbreak shadow_link
continue
#> shadow_link \(vcpu=.*, index=2, table=
# And the entry itself. Which rights, if the guest's D is clear?
tbreak shadow_map
continue
#> shadow_map \(vcpu=.*, index=0, page=guest-physical 0x[0-9a-f]{8}, rights=4\)
tbreak *pagecosts_again
continue
shadow $esi
#> ^guest   PTE .*  P R/W U/S A +page
#> ^shadow  PTE .*  P U/S A +machine page
#> ^  R/W is off: D of the guest's is clear, and the first write must be seen$

# ---- 3. The first write. The guest's PTE gets its D, and the shadow's its R/W. ----

tbreak *pagecosts_write
continue
x/i $pc
#> mov +DWORD PTR \[esi\],eax
tbreak shadow_map
continue
#> shadow_map \(vcpu=.*, index=0, page=guest-physical 0x[0-9a-f]{8}, rights=6\)
tbreak *pagecosts_after_write
continue
shadow $esi
#> ^guest   PTE .*  P R/W U/S A D +page
#> ^  The same page with the same rights\.$

# ---- 4. The guest changes the entry. The table is a page like any other, but it is traced. ----

tbreak *pagecosts_entry
continue
x/i $pc
#> mov +DWORD PTR \[ebp.*\],edx
traced
#> ^[0-9a-f]{8} read-only page table, 1 shadow$
#> ^[0-9a-f]{8} read-only page directory, 1 shadow$
vmexit traced_write
#> ^exit [0-9]+  traced_write vector 14 error 3 
tbreak shadow_written
continue
#> shadow_written \(vcpu=.*, at=guest-physical 0x[0-9a-f]{8}, size=[0-9]+\)
tbreak shadow_clear
continue
#> shadow_clear \(vcpu=
tbreak *pagecosts_after_entry
continue
# What was made from the entry is gone. INVLPG would come too late for this monitor.
shadow $esi
#> ^guest   PTE .*  P R/W U/S A D +page
#> ^shadow  PTE 000 at [0-9a-f]{8}  00000000  -$
#> ^  No entry: not touched yet, or not since the guest's entry was changed

# ---- 5. A page that is not there for the guest either. The fault is its own. ----

tbreak *pagecosts_fault
continue
shadow $ecx
#> ^  P of the guest's PTE is clear: an access is the guest's own page fault\.$
vmexit page_fault
#> ^exit [0-9]+  page_fault vector 14 error [0-9]+ 
# GDB's error code is the one of the shadow. The guest's own comes from your walk.
print/x vcpu_running->cr2
#> = 0x850000$
print vcpu_running->event
#> vector = 14 
tbreak *pagecosts_fault_handler
continue
x/xw $esp
#> 0x00000000

# ---- 6. Another address space, and back. ----

tbreak *pagecosts_switch
continue
tbreak shadow_use
continue
#> shadow_use \(vcpu=
tbreak *pagecosts_after_switch
continue
shadow roots
#> ^2 of at most 16 roots, the newest first$
#> ^\* machine [0-9a-f]{8}  page directory [0-9a-f]{8}$
#> ^    00800000  machine [0-9a-f]{8}  page table [0-9a-f]{8}, role R/W U/S
#> ^  machine [0-9a-f]{8}  page directory [0-9a-f]{8}$
# The way back costs one exit, the MOV to CR3: the first root is still as it was.
print $before = vcpu_running->exits.count[EXIT_SHADOW_FILL]
#> = [0-9]+$
tbreak *pagecosts_after_switch_back
continue
print vcpu_running->exits.count[EXIT_SHADOW_FILL] - $before
#> = 0$

# ---- 7. Is the shadow right? ----

shadow audit
#> ^[0-9]+ entries in 2 roots: none says what the guest's tables do not$
shadow pool
#> ^128 shadow pages: 0 flat, 2 root, 
exits by reason
#> shadow_fill
