# SPDX-License-Identifier: BSD-2-Clause
# A guest has virtio devices where its command line says so.
#lab 5
#run blocks do=read
tbreak kernel_main
continue
refused queues
#> refused: queues: blocks has no virtio devices: it gets them by the word `virtio` on its command line
refused queues block
#> refused: queues block: blocks has no virtio devices
refused virtio
#> refused: virtio: blocks has no virtio devices
refused firmware
#> refused: firmware: This guest calls no firmware: it has no PAL header
#! NOT REFUSED
