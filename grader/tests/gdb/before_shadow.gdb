# SPDX-License-Identifier: BSD-2-Clause
# Before lab 3 there is no shadow.
#lab 2
#run timer mem=4
vmresume
refused shadow roots
#> refused: shadow roots: Before lab 3 a guest has no page tables of its own, and so no shadow
refused shadow 0x100000
#> refused: shadow 0x100000: Before lab 3
#! NOT REFUSED
