# SPDX-License-Identifier: BSD-2-Clause
# An instruction that reads through CS is executed where it lies, by a step of the monitor's: the
# second fetch of it is no second stop.
#lab 4
#run section mem=4
break section_peek
commands
	silent
	printf "peek %d from %x\n", section_count, $fetch
	continue
end
tbreak section_done
continue
#> ^peek 1 from fc
#> ^peek 2 from fc
#> ^peek 16 from fc
#> ^Temporary breakpoint 2, section_done
#! from [0-9]
info breakpoints
#> already hit 16 times
