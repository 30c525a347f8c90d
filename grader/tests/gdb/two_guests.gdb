# SPDX-License-Identifier: BSD-2-Clause
# The symbols are those of the guest whose turn it is.
#run crack mem=2, hello mem=2
vmresume
info symbol kernel_main
#> /crack.elf
p (int)sizeof(crack_ring)
tbreak vm_start
continue
finish
vmresume
guest
#> ^#0 .*guest_start
info line kernel_main
#> guests/hello/hello.c
vmexit port
bt
#> kernel_main .* at guests/hello/hello.c
