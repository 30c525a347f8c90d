# SPDX-License-Identifier: BSD-2-Clause
# A reason that follows from the vector alone.
#run greedy mem=4
vmexit page_fault
#> ^exit [0-9]+  page_fault vector 14 .* <greedy_site>
#> ^#0 +(0x[0-9a-f]+ in )?(handle|vcpu)_page_fault
continue
