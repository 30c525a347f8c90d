# SPDX-License-Identifier: BSD-2-Clause
#run crack mem=4
vmresume
refused exits
#> refused: exits: No exit of crack has been recorded yet
vmexit privileged
exits
#> ^crack: [0-9]+ exits
#> ^exit [0-9]+  privileged vector 13 error 0  0009:[0-9a-f]+ <kernel_main\+[0-9]+>  cli$
tbreak exit_summary
continue
exits 2
#> ^crack: 16[0-9] exits
#> ^exit 16[0-9]  port .*  out dx,al
#> ^exit 16[0-9]  port .*  out dx,al
exits 99
#> ^exit 13[0-9]
#> ^exit 14[0-9]
#> ^exit 15[0-9]
#> ^exit 16[4-9]
exits by reason
#> ^crack: 16[0-9] exits
#> ^ +[0-9]+  interrupt
#> ^ +1  privileged
#> ^ +16[0-9]  port                 #{40}$
#> ^ +0  page_fault
refused exits 0
#> refused: exits 0: Write `exits`
refused exits by number
#> refused: exits by number: Write `exits`
#! NOT REFUSED
