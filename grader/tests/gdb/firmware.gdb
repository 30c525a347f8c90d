# SPDX-License-Identifier: BSD-2-Clause
# The monitor's firmware in a guest: its operations, what it shares with the monitor, where the guest is.
#lab 5
#run pal mem=4
tbreak pal_exit
continue
firmware
#> ^code page [0-9a-f]{8}: the monitor's, as it was put there$
#> ^PAL_VERSION$
#> ^  [0-9a-f]{6}00  b8 0b 4e 4f 4d +mov eax,0x4d4f4e0b$
#> ^PAL_FLAGS$
#> ^  [0-9a-f]{6}22  03 05 .* add eax,DWORD PTR ds:0x[0-9a-f]+  ; delta$
#> ^PAL_SET_FLAGS$
#> ^PAL_MASK$
#> ^PAL_UNMASK$
#> ; waiting$
#> ^PAL_HALT$
#> ^PAL_SET_CR3$
#> ^PAL_INVALIDATE$
#> ^PAL_UPDATE$
#> ^  [0-9a-f]{8}  cd 82 +int 0x82$
#> ^PAL_TIME$
#> ^PAL_CONSOLE$
#> ^  [0-9a-f]{6}40  b8 0a 00 00 00 +mov eax,0xa$
#> ^  [0-9a-f]{6}45  cd 82 +int 0x82$
#> ^  [0-9a-f]{6}47  c3 +ret$
#> ^data page [0-9a-f]{8}: machine [0-9a-f]{8}, the page that patch blocks share with the monitor$
set var vcpu_running->code_view->shared->delta = 0
set var vcpu_running->code_view->shared->waiting = 0
firmware
#> ^  delta    00000000  the kernel's IF is 1$
#> ^  waiting  00000000  no interrupt waits for it$
set var vcpu_running->code_view->shared->delta = -0x200
set var vcpu_running->code_view->shared->waiting = 1
firmware
#> ^  delta    fffffe00  the kernel's IF is 0$
#> ^  waiting  00000001  an interrupt waits for it$
set var vcpu_running->code_view->shared->delta = 5
firmware
#> ^  delta    00000005  .*WRONG$
set var vcpu_running->code_view->shared->delta = 0
# The guest writes there, or the monitor leads the data page elsewhere.
set var $code = vcpu_running->vm->pal.code.raw
set var $page = (unsigned char *)(0xf0000000 + (vcpu_running->vm->frames[$code / 4096].raw & ~0xfff))
set var $page[0x121] = 7
firmware
#> ^code page [0-9a-f]{8}: the guest has changed it, from byte 121 on: it is scanned like all its code$
#> ^  [0-9a-f]{5}120  b8 07 00 00 00 +mov eax,0x7$
set var $page[0x121] = 9
set var $i = 0x40
while $i < 0x60
	set var $page[$i] = 0xcc
	set var $i = $i + 1
end
firmware
#> ^  [0-9a-f]{5}040  nothing but INT3$
set var $i = 0x40
while $i < 0x60
	set var $page[$i] = vcpu_running->vm->pal.firmware[$i]
	set var $i = $i + 1
end
set var $data = vcpu_running->vm->pal.data.raw / 4096
set var $frame = vcpu_running->vm->frames[$data].raw
set var vcpu_running->vm->frames[$data].raw = 0x5000
firmware
#> ^code page [0-9a-f]{8}: the monitor's, as it was put there$
#> ^data page [0-9a-f]{8}: machine 00005000, WRONG: patch blocks share machine [0-9a-f]{8} with the monitor$
set var vcpu_running->vm->frames[$data].raw = $frame
# In there the guest's symbols are those of other firmware.
tbreak *(pal_code + 9 * 32)
continue
#> ^in the monitor's firmware: <PAL_TIME>  mov eax,0x9$
stepi
bt
#> ^#0 +.*<PAL_TIME\+5> \(\)$
#> ^#1 .* in pal_call 
tbreak *(pal_code + 3 * 32 + 1)
continue
#> ^in the monitor's firmware: <PAL_MASK\+1>  pop eax$
bt
#> ^#0 +.*<PAL_MASK\+1> \(\)$
#> ^#1 .* in pal_call 
tbreak *(pal_code + 9 * 32 + 5)
continue
stepi
bt
#> ^#0 .*stub130
#> ^#1 .* in <PAL_TIME\+7> \(\)$
#> ^#2 .* in pal_call 
vmexit
#> ^exit [0-9]+  vector 130 error 0  0009:[0-9a-f]{8} <PAL_TIME\+7>  PAL_TIME$
vmresume
#> ^in the monitor's firmware: <PAL_TIME\+7>  ret$
refused firmware 1
#> refused: firmware 1: `firmware` takes no arguments
#! NOT REFUSED
