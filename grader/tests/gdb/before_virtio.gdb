# SPDX-License-Identifier: BSD-2-Clause
# Before lab 5 there are no virtio devices, and a guest's firmware is its own.
#lab 4
#run pal mem=4
tbreak kernel_main
continue
refused queues
#> refused: queues: Before lab 5 a guest has no virtio devices
refused virtio
#> refused: virtio: Before lab 5
firmware
#> ^code page [0-9a-f]{8}: the bare machine's, from the guest's own image$
#> ^PAL_MASK$
#> ^  [0-9a-f]{8}  fa +cli$
#! NOT REFUSED
