# SPDX-License-Identifier: BSD-2-Clause
# The handler of #GP says "protection" of every exit first. Only one that stays so counts.
#run hostile mem=4
vmexit protection
#> ^exit [0-9]+  protection vector 13
exits by reason
#> ^hostile: 4[0-9] exits

