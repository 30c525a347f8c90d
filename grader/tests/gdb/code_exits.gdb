# SPDX-License-Identifier: BSD-2-Clause
# The exits that lab 4 adds, and what the monitor finds where one comes out of a patch block.
#lab 4
#run section mem=4
vmexit code_scan
#> ^exit 0  code_scan +vector 14 error 0  0009:[0-9a-f]{8} <guest_start> 
vmresume
#> ^#0 +guest_start \(\) at
vmexit sensitive
#> ^exit [0-9]+  sensitive +vector 13 error 1a 
#> ^#0 .*perform
bt
#> world_exit \(\) at solutions/1-rings/./enter.asm
#> ^#[0-9]+ +segments_load \(\) at guests/lib/kernel/segments.asm
# Not one that the handler says first and then makes more precise.
vmexit code_scan
#> ^exit [0-9]+  code_scan 
#> ^#0 .*(vm_exit|exit_and_return|exit_viewed) 
vmexit code_step
#> ^exit [0-9]+  code_step +vector 13 error 0  0009:[0-9a-f]{8} <section_peek>
vmresume
print $fetch == $pc
#> = 1$
vcpu
#> ^next     a step
#> ^fetch    [0-9a-f]{8}, its own code: the plain view, for a step$
exits by reason
#> ^ +[0-9]+  code_scan +#
#> ^ +[0-9]+  sensitive
#> ^ +1  code_step
