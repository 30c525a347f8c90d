# SPDX-License-Identifier: BSD-2-Clause
# The registers of virtio devices, by the specification's names.
#lab 5
#run blocks virtio do=read
refused virtio block
#> refused: virtio block: The monitor has not loaded its tables yet
tbreak kernel_main
continue
virtio
#> ^block    guest-physical d0000000  IRQ 5   Status 0, as after a reset$
#> ^console  guest-physical d0001000  IRQ 9 
#> ^entropy  guest-physical d0002000  IRQ 11 
#> ^network  guest-physical d0003000  IRQ 10 
virtio console
#> ^008  DeviceID             3$
#> ^010  DeviceFeatures       [0-9a-f]{16}  VIRTIO_CONSOLE_F_SIZE, VIRTIO_CONSOLE_F_EMERG_WRITE, 
#> ^020  DriverFeatures       0000000000000000  -$
#> ^030  QueueSel             0                 receiveq$
#> ^100  Config .*cols = 80, rows = 25
virtio entropy
#> ^100  Config +none$
virtio network
#> VIRTIO_NET_F_MAC, VIRTIO_NET_F_STATUS, VIRTIO_F_INDIRECT_DESC
#> ^100  Config .*mac = \{0x52, 
# The driver negotiates.
tbreak virtio_interrupt
tbreak virtqueue_give
continue
virtio block
#> ^block: guest-physical d0000000, IRQ 5$
#> ^000  MagicValue           74726976          "virt"$
#> ^004  Version              2$
#> ^008  DeviceID             2$
#> ^010  DeviceFeatures       [0-9a-f]{16}  .*VIRTIO_BLK_F_FLUSH, VIRTIO_F_INDIRECT_DESC, VIRTIO_F_EVENT_IDX, VIRTIO_F_VERSION_1, VIRTIO_F_RING_RESET$
#> ^020  DriverFeatures       [0-9a-f]{16}  .*VIRTIO_F_EVENT_IDX, VIRTIO_F_VERSION_1$
#> ^030  QueueSel             0                 requestq$
#> ^034  QueueNumMax          100               256 descriptors$
#> ^038  QueueNum             100               256 descriptors$
#> ^044  QueueReady           1$
#> ^080  QueueDesc            00000000[0-9a-f]{8}  the descriptor table$
#> ^090  QueueDriver          00000000[0-9a-f]{8}  the available ring$
#> ^0a0  QueueDevice          00000000[0-9a-f]{8}  the used ring$
#> ^060  InterruptStatus      0                 -$
#> ^070  Status               0f                ACKNOWLEDGE, DRIVER, FEATURES_OK, DRIVER_OK$
#> ^100  Config .*capacity = 2048
# What a driver should not do.
set var $device = vcpu_running->vm->virtio->device
set var $device[0].interrupt_status = 3
set var $device[0].status = 0x5f
set var $device[0].queue_select = 4
set var $device[0].accepted = 0x100000008
virtio 0
#> ^020  DriverFeatures +0000000100000008  bit 3, VIRTIO_F_VERSION_1; not offered: bit 3$
#> ^030  QueueSel             4                 there is no such queue: QueueNumMax is 0$
#> ^060  InterruptStatus      3                 used buffer notification, configuration change notification$
#> ^070  Status               5f                ACKNOWLEDGE, DRIVER, FEATURES_OK, DRIVER_OK, DEVICE_NEEDS_RESET, and 10, which means nothing$
queues
#> ^block .*DEVICE_NEEDS_RESET
refused virtio 4
#> refused: virtio 4: There is no virtio device `4`\. There are: block, console, entropy, network\.$
refused virtio block 0
#> refused: virtio block 0: Write `virtio` or `virtio DEVICE`
#! NOT REFUSED
