# SPDX-License-Identifier: BSD-2-Clause
# Before lab 2 there is nothing to show: each command says so.
#run hello mem=4
refused pic
#> refused: pic: The monitor has not loaded its tables yet
vmresume
refused pic
#> refused: pic: Before lab 2 a guest has no interrupt controllers
refused traced
#> refused: traced: Before lab 2 a guest has no traced pages
refused idt guest
#> refused: idt guest: Before lab 2 a guest has no IDT of its own
devices
#> ^counter 0
#> ^UART        interrupts for: nothing
refused devices now
#> refused: devices now: `devices` takes no arguments
#! NOT REFUSED
