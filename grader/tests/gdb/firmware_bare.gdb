# SPDX-License-Identifier: BSD-2-Clause
# The bare machine's firmware.
#bare pal
firmware
#> ^code page [0-9a-f]{8}: the bare machine's, from the guest's own image$
#> ^PAL_VERSION$
#> ^  [0-9a-f]{6}00  b8 0b 4c 41 50 +mov eax,0x50414c0b$
#> ^PAL_FLAGS$
#> ^  [0-9a-f]{6}22  c3 +ret$
#> ^PAL_MASK$
#> ^  [0-9a-f]{6}62  fa +cli$
#> ^PAL_CONSOLE$
#> ^data page [0-9a-f]{8}: that firmware's own$
refused queues
#> refused: queues: This is the bare machine
refused virtio
#> refused: virtio: This is the bare machine
#! WRONG
#! NOT REFUSED
