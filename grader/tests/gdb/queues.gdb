# SPDX-License-Identifier: BSD-2-Clause
# The virtqueues of a guest's devices: indices, rings, and the chains that are outstanding.
#lab 5
#run blocks virtio do=read,queued
refused queues
#> refused: queues: The monitor has not loaded its tables yet
tbreak kernel_main
continue
queues
#> ^device +queue +size state +avail.idx +taken +used +told +used_event +avail_event +flags$
#> ^block    0 requestq +0 not ready +- 
#> ^console  0 receiveq +0 not ready +- 
#> ^console  1 transmitq +0 not ready +- 
#> ^entropy  0 requestq +0 not ready +- 
#> ^network  0 receiveq1 +0 not ready +- 
#> ^network  1 transmitq1 +0 not ready +- 
queues block
#> ^block: queue 0 requestq, 0 descriptors, not ready$
# The first request: it has been served, and not given back.
tbreak virtqueue_give
continue
queues
#> ^block    0 requestq +256 ready +1 +1 +0 +0 +65535 +0  0 +1 taken and not given back$
#> ^network  1 transmitq1 +0 not ready
queues block
#> ^block: queue 0 requestq, 256 descriptors at [0-9a-f]{8}, ready; 1 taken and not given back$
#> ^  the device: taken 1, used 0, told 0$
#> ^  available ring at [0-9a-f]{8}: flags 0, idx 1, used_event 65535$
#> ^        0: ring\[0\] = [0-9]+  taken$
#> ^  used ring at [0-9a-f]{8}: flags 0, idx 0, avail_event 0$
#> ^  chain [0-9]+, at 0 in the available ring: taken$
#> ^    \[[0-9]+\] addr [0-9a-f]{8} len 16 flags NEXT next [0-9]+  <- VIRTIO_BLK_T_IN, sector [0-9]+$
#> ^    \[[0-9]+\] addr [0-9a-f]{8} len 512 flags NEXT WRITE next [0-9]+$
#> ^    \[[0-9]+\] addr [0-9a-f]{8} len 1 flags WRITE$
finish
queues 0
#> ^  the device: taken 1, used 1, told 0$
#> ^        0: ring\[0\] = [0-9]+  given back$
#> ^  used ring at [0-9a-f]{8}: flags 0, idx 1, avail_event 0$
#> ^        0: ring\[0\] = id [0-9]+ len 513$
#> ^  no chain is outstanding$
# Many at once: the device is in the middle of one, and the others wait.
tbreak virtqueue_write if queue->used == 5
continue
queues
#> ^block    0 requestq +256 ready +65 +6 +5 +1 .* 59 to be taken; 1 taken and not given back$
queues block
#> ^  the device: taken 6, used 5, told 1$
#> ^       61: ring\[61\] = [0-9]+  waits$
#> ^       64: ring\[64\] = [0-9]+  waits$
#> ^  chain [0-9]+, at 5 in the available ring: taken, and being served: [0-9]+ bytes written so far$
#> <- VIRTIO_BLK_T_OUT, sector [0-9]+$
#> ^  chain [0-9]+, at 8 in the available ring: waits$
#> ^  and 56 chains more: `queues block 0` shows all$
#! at 9 in the available ring
tbreak virtqueue_give if queue->used == 62
continue
queues block 0
#> ^  chain [0-9]+, at 62 in the available ring: taken$
#> ^  chain [0-9]+, at 63 in the available ring: waits$
#> ^  chain [0-9]+, at 64 in the available ring: waits$
refused queues block 1
#> refused: queues block 1: block has no queue 1, but 1\.$
refused queues block x
#> refused: queues block x: Write `queues`
refused queues floppy
#> refused: queues floppy: There is no virtio device `floppy`\. There are: block, console, entropy, network\.$
complete queues c
#> ^queues console$
#! WRONG
#! NOT REFUSED
