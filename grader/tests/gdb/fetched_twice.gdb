# SPDX-License-Identifier: BSD-2-Clause
# An instruction that the monitor must look at before it is executed is one stop, not two.
#lab 4
#run flags mem=4
# The first fetch from there: a breakpoint of the monitor's, a scan, and then the instruction.
break trace_run
tbreak critical_run
continue
#> ^Breakpoint 1, trace_run
continue
#> ^Temporary breakpoint 2, critical_run
info breakpoints
#> already hit 1 time
