# SPDX-License-Identifier: BSD-2-Clause
# Timer and serial port of the running virtual machine.
#lab 2
#run ticker mem=4
tbreak on_tick
continue
devices
#> ^counter 0   mode 2, low, then high byte, counts down from 1193, from [0-9]+ on$
#> ^IRQ 0       rises at [0-9]+$
#> ^deadline    [0-9]+: 
#> ^UART        interrupts for: nothing; OUT2 1, line to IRQ 4 0$
#> ^UART        divisor 1, FIFOs on, 0 bytes received$
tbreak output_put
continue
vmexit port
vmresume
devices
#> ^UART        interrupts for: sent; OUT2 1, line to IRQ 4 [01]$
set var vcpu_running->vm->devices.uart.modem_control = 16
set var vcpu_running->vm->devices.uart.fifo_control = 0
set var vcpu_running->vm->devices.uart.count = 3
set var vcpu_running->vm->devices.pit.next_edge = -1
devices
#> ^IRQ 0       rises at never$
#> OUT2 0
#> ^UART        divisor 1, FIFOs off, loopback, 3 bytes received$
#! NOT REFUSED
