# SPDX-License-Identifier: BSD-2-Clause
# Breakpoints in the guest's kernel, wherever it is fetched from, and steps through a patch block.
#lab 4
#run section mem=4
# The first fetch there scans, the others are performed, the fourth is a jump: each is one stop.
break section_run
commands
	silent
	printf "run %d\n", section_count
	continue
end
tbreak section_done
continue
#> ^run 0$
#> ^run 1$
#> ^run 2$
#> ^run 3$
#> ^run 4$
#> ^run 15$
#> ^Temporary breakpoint 2, section_done
#! ^run 16$
info breakpoints
#> already hit 16 times
