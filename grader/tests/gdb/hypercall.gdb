# SPDX-License-Identifier: BSD-2-Clause
# Hypercalls: the exit's line says what the guest's firmware asks for.
#lab 5
#run pal mem=4
vmexit hypercall
#> ^exit [0-9]+  hypercall  vector 130 error 0  0009:[0-9a-f]{8} <PAL_[A-Z]+\+[0-9]+>  PAL_[A-Z]+$
#> ^#0 +pal_exit \(
# The list is long: the first part of it is done in one exit, and EIP stays at the INT.
tbreak hypercall if vcpu->registers.eax == 8 && vcpu->registers.ecx > 64
continue
set var $count = vcpu->registers.ecx
vmexit hypercall
#> ^exit [0-9]+  hypercall  vector 130 error 0  0009:[0-9a-f]{8} <PAL_UPDATE\+7>  PAL_UPDATE EDX [0-9a-f]{8} ECX [0-9a-f]{8}$
print $count - vcpu_running->registers.ecx
#> = 64$
exits 1
#> ^exit [0-9]+  hypercall  vector 130 error 0  0009:[0-9a-f]{8} <PAL_UPDATE\+7>$
tbreak hypercall if vcpu->registers.eax == 6
continue
exits 1
#> ^exit [0-9]+  hypercall .* <PAL_SET_CR3\+7>$
# What there is not. `vmexit` says so before the monitor has found out.
tbreak *(pal_code + 9 * 32 + 5)
continue
set var $eax = 77
vmexit
#> ^exit [0-9]+  vector 130 .* <PAL_TIME\+7>  operation 77, which there is not$
tbreak hypercall if vcpu->registers.eax == 10
continue
vmexit hypercall
#> PAL_CONSOLE EDX [0-9a-f]{8} ECX [0-9a-f]{8}$
exits by reason
#> ^ +[0-9]+  hypercall +#
#! NOT REFUSED
