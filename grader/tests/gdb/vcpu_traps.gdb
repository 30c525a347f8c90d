# SPDX-License-Identifier: BSD-2-Clause
# What a lab 2 monitor keeps for the guest, beside what is real.
#lab 2
#run timer mem=4
tbreak interrupt_wait
continue
vcpu
#> ^IF       0 +\* 1$
#> ^IOPL     0 +  0$
#> ^cr0      00000011 +\* [0-9a-f]{8}$
#> ^cr4      00000000
#> ^gdtr     00102868 limit 01ff +\* f[0-9a-f]{7} limit ffff$
#> ^idtr     00102068 limit 07ff +\* f[0-9a-f]{7} limit 07ff$
#> ^ldtr     0000 none
#> ^tr       0028 00102000\+00000067 +\* ffd0$
#> ^tables   closed: no gate is the guest's own, and a return to ring 3 traps \(IF is 0\)$
#> ^next     an interrupt of its 8259s, which waits for IF$
# The shadow of STI, and the step that it needs.
vmexit privileged
vmresume
vcpu
#> ^IF       1 +  1$
#> ^tables   gates closed: no gate is the guest's own \(the monitor steps\)$
#> ^next     a step; the shadow of STI or MOV SS over [0-9a-f]{8}; an interrupt of its 8259s$
# After its IRET the guest is open.
vmexit protection
vmresume
vcpu
#> ^tables   open: what the processor shows is what the guest believes$
#> ^next     nothing is pending$
# A privileged flag that the processor must not have; debug registers as they change.
set var $vcpu = (struct vcpu *)vcpu_running
set var $vcpu->virtual_iopl = 3
set var $vcpu->dr[0] = 0x1234
set var $vcpu->view = VIEW_CLOSED
vcpu
#> ^IOPL     3 +\* 0$
#> ^dr0      00001234$
#> ^tables   closed: .* \(IOPL is 3\)$
#! ^dr7
#! not kept yet
