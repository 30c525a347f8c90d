# SPDX-License-Identifier: BSD-2-Clause
# The timer takes a guest that never traps by itself out of its loop.
#run user mem=4 time=50
vmexit interrupt
#> ^exit [0-9]+  interrupt  vector 32
#> ^#0 +handle_interrupt
guest
#> ^#[0-9] .*guests/user/
vmresume
p $cs & 3
#> = 3$
