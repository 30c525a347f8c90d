# SPDX-License-Identifier: BSD-2-Clause
#qemu-bare crack
tbreak interrupts_disable
continue
#> interrupts_disable \(\) at guests/crack/crack.c
p $cs & 3
#> = 0$
refused vmexit
#> refused: vmexit: This is the bare machine
