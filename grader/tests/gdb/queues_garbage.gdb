# SPDX-License-Identifier: BSD-2-Clause
# What a driver gets wrong, and what a monitor does: said in the line, and the rest is shown.
#lab 5
#run blocks virtio do=read mem=16
tbreak virtqueue_give
continue
set var $desc = (struct virtq_desc *)queue->desc.raw
set var $avail = (struct virtq_avail *)queue->avail.raw
set var $used = (struct virtq_used *)queue->used_ring.raw
set var $head = $avail->ring[0]
set var $first = $desc[$head]
# A loop; a descriptor that is not there.
set var $desc[$head].next = $head
queues block
#> ^    \[[0-9]+\] .* flags NEXT next [0-9]+  <- VIRTIO_BLK_T_IN
#> ^    \[[0-9]+\] once more: the chain is a loop \(2\.7\.5\.3\.1\)$
set var $desc[$head].next = 300
queues block
#> ^    \[300\] there is no such descriptor: the table has 256 \(2\.7\.5\)$
# Outside of the guest's memory, in several ways.
set var $desc[$head] = $first
set var $desc[$head].addr = 0xfffffff0
queues block
#> addr fffffff0 len 16 .*<- not all in the guest's memory, which has 01000000 bytes \(2\.7\.5\)$
set var $desc[$head].addr = 0x123456789
queues block
#> addr 0000000123456789 len 16 .*<- not all in the guest's memory
set var $desc[$head].addr = 0xffffff
queues block
#> addr 00ffffff len 16 .*<- not all in the guest's memory
set var $desc[$head] = $first
set var $desc[$head].len = 0xffffffff
queues block
#> len 4294967295 .*<- not all in the guest's memory
# Flags.
set var $desc[$head] = $first
set var $desc[$head].flags = 0x83
set var $desc[$first.next].flags = 1
queues block
#> flags NEXT WRITE next [0-9]+  <- 0080 means nothing$
#> flags NEXT next [0-9]+  <- to be read, behind one to be written \(2\.7\.4\.2\)$
# An indirect table: good, with one inside, too short, far away.
set var $desc[$head].flags = 4
set var $desc[$head].addr = queue->desc.raw + 16 * 100
set var $desc[$head].len = 48
set var $desc[100] = $first
set var $desc[100].next = 2
set var $desc[102] = $first
set var $desc[102].next = 1
set var $desc[101].flags = 4
set var $desc[101].len = 16
set var $desc[101].addr = 0
queues block
#> ^    \[[0-9]+\] addr [0-9a-f]{8} len 48 flags INDIRECT  <- INDIRECT was not negotiated \(2\.7\.5\.3\.1\)$
#> ^      \[0\] .* len 16 flags NEXT next 2  <- VIRTIO_BLK_T_IN
#> ^      \[2\] .* len 16 flags NEXT next 1$
#> ^      \[1\] addr 00000000 len 16 flags INDIRECT  <- .*INDIRECT in an indirect table \(2\.7\.5\.3\.1\)$
set var $desc[100].next = 3
queues block
#> ^      \[3\] there is no such descriptor: the table has 3 \(2\.7\.5\)$
set var $desc[$head].len = 40
queues block
#> len 40 flags INDIRECT  <- .*a table's length is a multiple of 16, and not 0
set var $desc[$head].len = 48
set var $desc[$head].addr = 0xfffff0
queues block
#> addr 00fffff0 len 48 flags INDIRECT  <- not all in the guest's memory
set var $desc[$head].flags = 5
queues block
#> flags NEXT INDIRECT next [0-9]+  <- .*INDIRECT together with NEXT
# A chain of more descriptors than the queue has; the table is written where the shadow need not be.
set var $desc[$head].flags = 4
set var $desc[$head].addr = 0x800000
set var $desc[$head].len = 16 * 300
set var $i = 0
set var $far = (struct virtq_desc *)(0xf0800000 + queue->vm->memory.raw)
while $i < 300
	set var $far[$i].flags = 1
	set var $far[$i].next = $i + 1
	set var $i = $i + 1
end
queues block
#> ^      \[255\] 
#> ^      \[256\] more descriptors than the queue has: it shows no more \(2\.7\.5\.3\.1\)$
set var $desc[$head] = $first
# The rings.
set var $avail->ring[0] = 999
queues block
#> ^        0: ring\[0\] = 999  taken$
#> ^  chain 999, at 0 in the available ring: taken$
#> ^    \[999\] there is no such descriptor
set var $avail->idx = 1000
queues
#> ^block .* avail\.idx is 999 ahead of taken, and the queue has 256 \(2\.7\.6\); 1 taken
queues block 0
#> ^      999: ring\[231\] = 0  \?$
#> ^  chain 999, at 0 in the available ring: taken$
#! at [0-9]+ in the available ring: \?
set var $avail->idx = 65535
set var $avail->flags = 0x41
set var $used->flags = 1
queues
#> ^block .* 0041 NO_NOTIFY +avail\.idx is 65534 ahead
set var $avail->idx = 1
set var $used->idx = 7
set var $used->ring[6].id = 256
queues
#> ^block .*; used\.idx is 7 in memory$
queues block
#> ^        6: ring\[6\] = id 256 len [0-9]+  <- there is no such descriptor$
# Indices have 16 bits, and wrap. There is nothing wrong with that.
set var $used->idx = 65534
set var queue->used = 65534
set var queue->taken = 2
set var $avail->idx = 3
queues
#> ^block    0 requestq +256 ready +3 +2 65534 .* 1 to be taken; 4 taken and not given back$
queues block 0
#> ^        1: ring\[1\] = 0  taken$
#> ^        2: ring\[2\] = 0  waits$
#> ^    65533: ring\[253\] = id 
#> ^  chain 0, at 65534 in the available ring: taken$
#> ^  chain 999, at 0 in the available ring: taken$
#> ^  chain 0, at 2 in the available ring: waits$
set var $avail->idx = 1
set var queue->taken = 1
# The monitor's own counts.
set var queue->used = 2
queues
#> ^block .*WRONG: more was given back than taken
queues block
#> ^  which chains are outstanding cannot be told$
set var queue->used = 0
set var queue->avail.raw = 0xfffffff0
queues
#> ^block    0 requestq +256 ready +- .* its rings cannot be read: The guest has no memory at fffffff0
#> ^network  1 transmitq1
queues block
#> its rings cannot be read
#! NOT REFUSED
