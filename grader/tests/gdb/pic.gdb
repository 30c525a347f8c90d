# SPDX-License-Identifier: BSD-2-Clause
# The guest's 8259s.
#lab 2
#run timer mem=4
tbreak interrupt_wait
continue
pic
#> ^master: vectors 20h to 27h, reads IRR$
#> ^  0   timer      20h    1    1   0   0  <- asks$
#> ^  1   keyboard   21h    0    0   0   1$
#> ^slave: vectors 28h to 2fh, reads IRR$
#> ^  8   clock      28h    0    0   0   1$
#> ^next: IRQ 0 \(timer\), vector 20h, when the guest's IF is 1$
# In service: nothing of that priority or below comes.
tbreak timer_interrupt
continue
set var $vpic = &vcpu_running->vm->vpic
set var $vpic->master.irr = 0xff
set var $vpic->master.imr = 0
pic
#> ^  0   timer      20h    1    1   1   0$
#> ^  1   keyboard   21h    0    1   0   0$
#> ^next: none$
# Special mask: what is in service counts no more.
set var $vpic->master.special_mask = 1
pic
#> ^master: vectors 20h to 27h, special mask, reads IRR$
#> ^next: IRQ 1 \(keyboard\), vector 21h
#> ^The monitor has not noticed yet, or found otherwise: interrupt_pending is 0\.$
set var $vpic->master.special_mask = 0
# Rotated: priorities begin behind `lowest`, and a higher one interrupts a lower one.
set var $vpic->master.lowest = 1
pic
#> ^  2   the slave  22h .* <- asks$
#> ^  0   timer      20h    1    1   1   0$
#> ^next: IRQ 15 \(disk 2\), vector 2fh
# The slave's own request.
set var $vpic->slave.irr = 0x40
set var $vpic->slave.imr = 0
pic
#> ^  14  disk 1     2eh    0    1   0   0  <- asks$
#> ^next: IRQ 14 \(disk 1\), vector 2eh
# Nested: the slave may ask again while it is served, if the master is told to let it.
set var $vpic->master.isr = 4
pic
#> ^next: none$
set var $vpic->master.special_nested = 1
pic
#> ^next: IRQ 14 \(disk 1\)
set var $vpic->slave.initializing = 3
pic
#> ^slave: vectors 28h to 2fh, waits for ICW3, reads IRR$
refused pic 1
#> refused: pic 1: `pic` takes no arguments
#! NOT REFUSED
