# SPDX-License-Identifier: BSD-2-Clause
# Ringfence: every job is a target here. `make help` lists them.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

LAB   ?= 1
FROM  ?= labs
BUILD ?= build

# One short line for each thing that is built.
SAY = @printf '  %-5s %s\n' $(1) $(2)

include monitor/monitor.mk
