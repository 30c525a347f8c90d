# SPDX-License-Identifier: BSD-2-Clause
#
# A walk along one request for a sector: the driver puts it into the available ring and tells the
# device, the device takes it, serves it and gives it back, and the driver finds it. Then one whose
# driver sleeps until the interrupt. And in a second guest one list of page-table entries, in pieces.
#
#   make gdb LAB=5 GUEST="blocks pal" FROM=labs ARGS="virtio do=read,sleeping rounds=1" \
#       GDBARGS="-x labs/5-paravirt/walk.gdb"
#
# Or open GDB without GDBARGS and type the commands yourself. Lines with #> are what to look for;
# the kit's tests look for it too. It needs all four of your files.
#lab 5
#run blocks virtio do=read,sleeping rounds=1, pal virtio

# ---- 1. The driver, in the guest. Nothing of this is an exit for its own sake. ----

tbreak virtio_blk_submit
continue
#> virtio_blk_submit \(blk=.*, request=.*\)
virtio
#> ^block    guest-physical d0000000  IRQ 5   Status ACKNOWLEDGE, DRIVER, FEATURES_OK, DRIVER_OK$
#> ^console  guest-physical d0001000  IRQ 9   Status 0, as after a reset$
queues
#> ^block    0 requestq +256 ready +0 +0 +0 +0 +65535 +0  0$
print *request
#> type = 0, sector = [0-9]+, .* bytes = 512
# Descriptors, then the ring, then its index. The device does not know yet.
tbreak virtio_blk_tell
continue
queues block
#> ^  the device: taken 0, used 0, told 0$
#> ^  available ring at [0-9a-f]{8}: flags 0, idx 1, used_event 65535$
#> ^        0: ring\[0\] = [0-9]+  waits$
#> ^  chain [0-9]+, at 0 in the available ring: waits$
#> ^    \[[0-9]+\] addr [0-9a-f]{8} len 16 flags NEXT next [0-9]+  <- VIRTIO_BLK_T_IN, sector [0-9]+$
#> ^    \[[0-9]+\] addr [0-9a-f]{8} len 512 flags NEXT WRITE next [0-9]+$
#> ^    \[[0-9]+\] addr [0-9a-f]{8} len 1 flags WRITE$

# ---- 2. QueueNotify: the one exit. avail_event was 0, and what was added is number 0. ----

vmexit device_memory
#> ^exit [0-9]+  device_memory vector 14 error [0-9a-f]+  0009:[0-9a-f]{8} <virtio_blk_tell\+[0-9]+> .* CR2 d0000050$

# ---- 3. The device's side, in the monitor. ----

tbreak virtqueue_take
continue
#> virtqueue_take \(queue=.*, chain=.*\)
bt
#> virtio_work \(device=
#> bus_store_memory \(
#> world_exit \(\)
#> in virtio_blk_tell
finish
#> = true$
queues block
#> ^  the device: taken 1, used 0, told 0$
#> ^        0: ring\[0\] = [0-9]+  taken$
# What it took is its own copy, checked: the guest may write what it likes from here on.
tbreak block_serve
continue
print queue->chain.count
#> = 3$
print queue->chain.readable
#> = 16$
print queue->chain.writable
#> = 513$
tbreak virtqueue_give
continue
#> virtqueue_give \(queue=.*, head=[0-9]+, written=513\)
finish
queues block
#> ^  the device: taken 1, used 1, told 0$
#> ^        0: ring\[0\] = [0-9]+  given back$
#> ^  used ring at [0-9a-f]{8}: flags 0, idx 1, avail_event 0$
#> ^        0: ring\[0\] = id [0-9]+ len 513$
#> ^  no chain is outstanding$
# Is there another? No: so it wants to be told of number 1. And it looks once more.
tbreak virtqueue_take
continue
finish
#> = false$
queues block
#> ^  used ring at [0-9a-f]{8}: flags 0, idx 1, avail_event 1$
# This driver polls: its used_event is far away, and there is no interrupt.
tbreak virtqueue_must_tell
continue
finish
#> = false$

# ---- 4. The driver again. ----

vmresume
#> virtio_blk_tell
tbreak virtio_blk_next
continue
finish
#> = \(struct virtio_blk_request \*\) 0x[0-9a-f]+
print $.status
#> = 0
queues
#> ^block    0 requestq +256 ready +1 +1 +1 +1 +65535 +1  0$

# ---- 5. A request whose driver sleeps: used_event is what it waits for. ----

tbreak virtqueue_must_tell
continue
queues
#> ^block    0 requestq +256 ready +2 +2 +2 +1 +1 +2  0$
finish
#> = true$
tbreak virtio_acknowledge
continue
#> virtio_acknowledge \(device=.*\)
bt
#> in on_interrupt
virtio block
#> ^060  InterruptStatus      1                 used buffer notification$
pic
#> ^  5 .* 25h +1 +0 +1 +0$
# The handler's exits, and the line is down.
vmexit device_memory
#> CR2 d0000060$
vmexit device_memory
#> CR2 d0000064$
vmresume
virtio block
#> ^060  InterruptStatus      0                 -$
tbreak virtio_blk_next
continue
finish
#> = \(struct virtio_blk_request \*\) 0x[0-9a-f]+

# ---- 6. Another guest, which calls its firmware. ----

tbreak hypercall
continue
#> hypercall \(vcpu=.*\)
firmware
#> ^code page [0-9a-f]{8}: the monitor's, as it was put there$
#> ^PAL_MASK$
#> ; delta$
#> ^PAL_UPDATE$
#> ^  [0-9a-f]{8}  cd 82 +int 0x82$
#> ^data page [0-9a-f]{8}: machine [0-9a-f]{8}, the page that patch blocks share with the monitor$
# 8 is PAL_UPDATE. The list is longer than what one hypercall does.
tbreak hypercall if vcpu->registers.eax == 8 && vcpu->registers.ecx > 64
continue
print $count = vcpu->registers.ecx
print $list = vcpu->registers.edx
exits 1
#> ^exit [0-9]+  hypercall  vector 130 error 0  0009:[0-9a-f]{8} <PAL_UPDATE\+7>$
finish
#> = VERDICT_RESUME$
print $count - vcpu_running->registers.ecx
#> = 64$
print (vcpu_running->registers.edx - $list) / sizeof(struct pal_update)
#> = 64$
# Not done, and no mistake: the guest is at the INT still.
vmresume
#> ^in the monitor's firmware: <PAL_UPDATE\+5>  int 0x82$
vmexit hypercall
#> ^exit [0-9]+  hypercall  vector 130 error 0  0009:[0-9a-f]{8} <PAL_UPDATE\+7>  PAL_UPDATE EDX [0-9a-f]{8} ECX [0-9a-f]{8}$
exits by reason
#> ^ +[0-9]+  hypercall +#
