# SPDX-License-Identifier: BSD-2-Clause
# Before lab 4 a guest's kernel executes its own code.
#lab 3
#run section mem=4
tbreak section_run
continue
refused patches
#> refused: patches: Before lab 4 the guest's kernel executes its own code
refused code
#> refused: code: Before lab 4
refused block-step
#> refused: block-step: Before lab 4
print $fetch == $pc
#> = 1$
# PUSHF is wrong here, and no exit.
guest-step
#> cli$
guest-step
#> ^exit [0-9]+  privileged vector 13 error 0  0009:[0-9a-f]+ <section_cli>  cli$
#> ^#0 +section_cli \(\) at guests/section/critical.asm
#! sensitive
#! NOT REFUSED
