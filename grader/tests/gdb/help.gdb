# SPDX-License-Identifier: BSD-2-Clause
#run hello mem=4
ringfence
#>  block-step 
#>  code 
#>  devices 
#>  exits +Show the last exits
#> ^  firmware +Show
#>  gdt 
#>  guest 
#>  guest-step 
#>  host 
#>  idt 
#>  patches 
#>  pic 
#> ^  queues +Show the virtqueues
#>  shadow 
#>  traced 
#>  vcpu 
#> ^  virtio +Show
#>  vmexit 
#>  vmresume 
info ringfence
#>  vmexit 
help ringfence
#> ^vmexit 
help vmexit
#> With a reason it stops in the handler
help vcpu
#> what the guest believes
help shadow
#> ^shadow audit|shadow audit 
help patches
#> ^patches jumps|patches jumps 
help queues
#> VIRTIO 1\.2, 2\.7
help virtio
#> QueueSel
help firmware
#> firmware\.asm
complete shadow 
#> ^shadow audit$
complete vmexit p
#> ^vmexit page_fault$
#> ^vmexit port$
#> ^vmexit privileged$
p (gla_t){0x1234}
#> = linear 0x00001234
