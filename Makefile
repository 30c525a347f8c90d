# SPDX-License-Identifier: BSD-2-Clause
# Ringfence: every job is a target here.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

LAB   ?= 1
FROM  ?= labs
GUEST ?= hello
SEED  ?= 1
BUILD ?= build
JOBS  ?= $(shell nproc)

# One short line for each thing that is built.
SAY = @printf '  %-5s %s\n' "$(1)" "$(2)"

include monitor/monitor.mk
include guests/guests.mk
include grader/grader.mk

# ---- packages ----

PACKAGES := gcc libc6-dev nasm bochs bochsbios vgabios check pkg-config libjansson-dev libelf-dev \
	libarchive-dev libsubunit-dev bubblewrap
CHECK_PACKAGES := libzydis-dev parallel gdb qemu-system-x86 clang-format cppcheck shellcheck jq patch \
	tmux procps binutils gcc-multilib

.PHONY: packages check-packages
packages:
	@grader/install.sh $(PACKAGES)
check-packages:
	@grader/install.sh $(PACKAGES) $(CHECK_PACKAGES)

.PHONY: kit
kit: packages
	@$(MAKE) -s --no-print-directory -j$(JOBS) chassis guests tools

# ---- the commands ----

.PHONY: help
help: ## this list
	@echo "Ringfence. Variables: LAB=1 FROM=labs|solutions|folder GUEST=hello SEED=1"
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 22

.PHONY: demo
demo: kit ## boots the reference monitor, shows what happened, grades a sample
	@grader/demo.sh

# names that are no guest end here, with the list of those that are
CHECK_GUESTS = $(foreach g,$(GUEST),$(if $(filter $(g),$(GUESTS) $(GUESTS_WITH_DRIVER)),,\
	$(error GUEST=$(g): there is no such guest. There are: $(GUESTS) $(GUESTS_WITH_DRIVER))))
# for a run without a monitor
MAKE_DRIVEN = $(if $(GUEST_DRIVEN),$(MAKE) --no-print-directory driven LAB=$(LAB) FROM=$(FROM))
GUEST_WORDS = $(foreach g,$(GUEST),"$(call GUEST_FILE,$(g)) $(ARGS)")

.PHONY: run
run: kit ## boots GUEST under the monitor of LAB and FROM (GUI=x or GUI=term shows its screen)
	$(CHECK_GUESTS)
	@$(MAKE) --no-print-directory organs LAB=$(LAB) FROM=$(FROM)
	@$(BUILD)/grader/run --monitor $(OUT)/monitor.elf $(if $(GUI),--gui $(GUI)) $(GUEST_WORDS)

.PHONY: bare
bare: kit ## boots GUEST with no monitor
	$(CHECK_GUESTS)
	@$(MAKE_DRIVEN)
	@$(BUILD)/grader/run $(if $(GUI),--gui $(GUI)) $(GUEST_WORDS)

.PHONY: qemu
qemu: kit ## boots the same in QEMU (DISK=1: from the disk image)
	$(CHECK_GUESTS)
	@grader/install.sh qemu-system-x86
	@$(MAKE) --no-print-directory organs LAB=$(LAB) FROM=$(FROM)
	@grader/qemu.sh $(OUT)/monitor.elf $(GUEST_WORDS)

.PHONY: grade
grade: kit ## judges a submission: LAB= FROM= SEED= TEST= JSON=file
	@$(BUILD)/grader/judge --lab $(LAB) --from "$(FROM)" --seed $(SEED) --jobs $(JOBS) \
		--record $(BUILD)/failures \
		$(if $(TEST),--test "$(TEST)") $(if $(JSON),--json "$(JSON)")

.PHONY: gdb
gdb: kit ## GDB on the machine, inside the monitor and its guest (BARE=1, EMULATOR=qemu, TEST=, GDBARGS=)
	@grader/install.sh gdb $(if $(filter qemu,$(EMULATOR)),qemu-system-x86)
	@$(if $(TEST),,$(if $(BARE),$(MAKE_DRIVEN),$(MAKE) --no-print-directory organs LAB=$(LAB) FROM=$(FROM)))
	@BARE="$(BARE)" EMULATOR="$(EMULATOR)" TEST="$(TEST)" SEED="$(SEED)" GDBARGS='$(GDBARGS)' \
		grader/gdb.sh $(LAB) "$(FROM)" $(foreach g,$(GUEST),"$(g) $(ARGS)")

.PHONY: mutation
mutation: check-packages kit ## grades every seeded bug and every cheat of LAB (FULL=1: the whole matrix)
	@grader/mutation.sh $(LAB) $(JOBS) $(FULL)

.PHONY: bench
bench: FROM := $(if $(filter command line,$(origin FROM)),$(FROM),solutions)
bench: kit ## the cost tables of FROM (default: solutions), in Bochs's instruction counts
	@$(MAKE) --no-print-directory organs LAB=$(LAB) FROM=$(FROM)
	@$(BUILD)/grader/bench $(OUT)/monitor.elf $(LAB)
	@grader/times.sh $(LAB) $(FROM)

.PHONY: fuzz
fuzz: SECONDS ?= 600
fuzz: packages ## fuzzes the emulator, the injector and the virtio devices on the host: SECONDS=600 each
	@grader/install.sh clang libclang-rt-dev
	@$(MAKE) -s --no-print-directory -j$(JOBS) fuzzer
	@grader/fuzz.sh traps run $(SECONDS) $(JOBS)
	@grader/fuzz.sh virtio run $(SECONDS) $(JOBS)

.PHONY: slides
slides: ## the decks, as HTML and PDF, in build/slides
	@grader/install.sh chromium graphviz
	@grader/slides.sh build

.PHONY: labs
labs: ## makes the skeletons in labs/ from solutions/ (FORCE=1: over files that were changed)
	@grader/skeletons.sh labs $(FORCE)

.PHONY: check-fast
check-fast: check-packages ## the tests that take seconds, in two minutes
	@$(MAKE) -s --no-print-directory -j$(JOBS) chassis guests tools tests
	@grader/check.sh fast $(JOBS)

.PHONY: check
check: check-packages ## all tests
	@$(MAKE) -s --no-print-directory -j$(JOBS) chassis guests tools tests
	@grader/check.sh all $(JOBS)

.PHONY: format
format: ## puts the C sources into the house style
	@clang-format -i $$(git ls-files '*.c' '*.h')

.PHONY: transcript
transcript: ## the transcript in README.md, made anew
	@grader/transcript.sh

.PHONY: clean
clean: ## removes everything that was built
	@rm -rf $(BUILD)
