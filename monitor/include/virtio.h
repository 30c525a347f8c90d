/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names from the specification: Virtual I/O Device (VIRTIO) version 1.2, OASIS 2022. The monitor's
 * devices and the guests' drivers both use them. Numbers behind names are its sections.
 *
 * All fields are little-endian, as x86 is.
 */
#ifndef VIRTIO_H
#define VIRTIO_H

#include <stdint.h>

/* ---- the registers of virtio-mmio (4.2.2) ---- */

#define VIRTIO_MMIO_SIZE 0x200 /* bytes; the configuration space is from 100h on */

#define VIRTIO_MMIO_MAGIC               0x000
#define VIRTIO_MMIO_VERSION             0x004
#define VIRTIO_MMIO_DEVICE_ID           0x008
#define VIRTIO_MMIO_VENDOR_ID           0x00c
#define VIRTIO_MMIO_DEVICE_FEATURES     0x010
#define VIRTIO_MMIO_DEVICE_FEATURES_SEL 0x014
#define VIRTIO_MMIO_DRIVER_FEATURES     0x020
#define VIRTIO_MMIO_DRIVER_FEATURES_SEL 0x024
#define VIRTIO_MMIO_QUEUE_SEL           0x030
#define VIRTIO_MMIO_QUEUE_NUM_MAX       0x034
#define VIRTIO_MMIO_QUEUE_NUM           0x038
#define VIRTIO_MMIO_QUEUE_READY         0x044
#define VIRTIO_MMIO_QUEUE_NOTIFY        0x050
#define VIRTIO_MMIO_INTERRUPT_STATUS    0x060
#define VIRTIO_MMIO_INTERRUPT_ACK       0x064
#define VIRTIO_MMIO_STATUS              0x070
#define VIRTIO_MMIO_QUEUE_DESC_LOW      0x080
#define VIRTIO_MMIO_QUEUE_DESC_HIGH     0x084
#define VIRTIO_MMIO_QUEUE_DRIVER_LOW    0x090
#define VIRTIO_MMIO_QUEUE_DRIVER_HIGH   0x094
#define VIRTIO_MMIO_QUEUE_DEVICE_LOW    0x0a0
#define VIRTIO_MMIO_QUEUE_DEVICE_HIGH   0x0a4
#define VIRTIO_MMIO_SHM_SEL             0x0ac
#define VIRTIO_MMIO_SHM_LEN_LOW         0x0b0 /* to BASE_HIGH at 0bch: all ones, there is none */
#define VIRTIO_MMIO_SHM_BASE_HIGH       0x0bc
#define VIRTIO_MMIO_QUEUE_RESET         0x0c0
#define VIRTIO_MMIO_CONFIG_GENERATION   0x0fc
#define VIRTIO_MMIO_CONFIG              0x100

#define VIRTIO_MAGIC        0x74726976 /* "virt" */
#define VIRTIO_MMIO_CURRENT 2          /* the version that is no legacy */

#define VIRTIO_INTERRUPT_USED   1 /* a buffer was used */
#define VIRTIO_INTERRUPT_CONFIG 2 /* the configuration, or the status, has changed */

/* ---- the device's status (2.1) ---- */

#define VIRTIO_STATUS_ACKNOWLEDGE 1
#define VIRTIO_STATUS_DRIVER      2
#define VIRTIO_STATUS_DRIVER_OK   4
#define VIRTIO_STATUS_FEATURES_OK 8
#define VIRTIO_STATUS_NEEDS_RESET 64
#define VIRTIO_STATUS_FAILED      128

/* ---- features of every device (6): numbers of bits ---- */

#define VIRTIO_F_INDIRECT_DESC 28
#define VIRTIO_F_EVENT_IDX     29
#define VIRTIO_F_VERSION_1     32
#define VIRTIO_F_RING_RESET    40

#define VIRTIO_FEATURE(bit) (UINT64_C(1) << (bit))

/* ---- split virtqueues (2.7) ---- */

#define VIRTQ_SIZE_MAX 32768u /* descriptors of one queue: 2.7 */

#define VIRTQ_DESC_F_NEXT     1
#define VIRTQ_DESC_F_WRITE    2 /* the device writes; otherwise it reads */
#define VIRTQ_DESC_F_INDIRECT 4

struct virtq_desc { /* 2.7.5; the table is aligned to 16 */
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next;
};

#define VIRTQ_AVAIL_F_NO_INTERRUPT 1

struct virtq_avail { /* 2.7.6; aligned to 2. Behind ring[] lies used_event */
	uint16_t flags, idx;
	uint16_t ring[];
};

#define VIRTQ_USED_F_NO_NOTIFY 1

struct virtq_used_elem {
	uint32_t id, len;
};

struct virtq_used { /* 2.7.8; aligned to 4. Behind ring[] lies avail_event */
	uint16_t flags, idx;
	struct virtq_used_elem ring[];
};

/* Bytes of each part of a queue with `size` descriptors (2.7), the event field included. */
#define VIRTQ_DESC_BYTES(size)  (16u * (size))
#define VIRTQ_AVAIL_BYTES(size) (6u + 2u * (size))
#define VIRTQ_USED_BYTES(size)  (6u + 8u * (size))

/* ---- devices (5) ---- */

#define VIRTIO_ID_NET     1
#define VIRTIO_ID_BLOCK   2
#define VIRTIO_ID_CONSOLE 3
#define VIRTIO_ID_ENTROPY 4

/* Block (5.2). */
#define VIRTIO_BLK_F_SEG_MAX  2
#define VIRTIO_BLK_F_RO       5
#define VIRTIO_BLK_F_BLK_SIZE 6
#define VIRTIO_BLK_F_FLUSH    9

#define VIRTIO_BLK_T_IN     0
#define VIRTIO_BLK_T_OUT    1
#define VIRTIO_BLK_T_FLUSH  4
#define VIRTIO_BLK_T_GET_ID 8

#define VIRTIO_BLK_S_OK     0
#define VIRTIO_BLK_S_IOERR  1
#define VIRTIO_BLK_S_UNSUPP 2

#define VIRTIO_BLK_SECTOR   512u
#define VIRTIO_BLK_ID_BYTES 20u

struct virtio_blk_config { /* 5.2.4 */
	uint64_t capacity; /* sectors */
	uint32_t size_max, seg_max;
	struct {
		uint16_t cylinders;
		uint8_t heads, sectors;
	} geometry;
	uint32_t blk_size;
};

struct virtio_blk_header { /* 5.2.6: before the data; behind them lies one byte of status */
	uint32_t type, reserved;
	uint64_t sector;
};

/* Console (5.3): queue 0 is what the guest receives, queue 1 what it sends. */
#define VIRTIO_CONSOLE_F_SIZE        0
#define VIRTIO_CONSOLE_F_EMERG_WRITE 2

struct virtio_console_config { /* 5.3.4 */
	uint16_t cols, rows;
	uint32_t max_nr_ports, emerg_wr;
};

/* Network (5.1): queue 0 is what the guest receives, queue 1 what it sends. */
#define VIRTIO_NET_F_MAC    5
#define VIRTIO_NET_F_STATUS 16

#define VIRTIO_NET_S_LINK_UP 1

struct virtio_net_config { /* 5.1.4 */
	uint8_t mac[6];
	uint16_t status;
};

struct virtio_net_header { /* 5.1.6: before each frame */
	uint8_t flags, gso_type;
	uint16_t hdr_len, gso_size, csum_start, csum_offset, num_buffers;
};

#endif
