# SPDX-License-Identifier: BSD-2-Clause
# Everything that runs on the host: the library, the tools on it, and the kit's own tests.
#
#   grader/lib/*.c          one library: images, Bochs, symbols, submissions, sandbox, results
#   grader/labs/*.c         the graded tests of each lab
#   grader/tools/NAME.c     one program each: build/grader/NAME
#   grader/tests/check_*.c  one Check program each: build/tests/check_*

HOST_CFLAGS := -std=c11 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Werror -Igrader/include -I$(BUILD)/gen
HOST_PACKAGES := check jansson libelf libarchive
# expanded only when something is compiled: by then the packages are there
HOST_INCLUDES = $(shell pkg-config --cflags $(HOST_PACKAGES))
HOST_LIBS = $(shell pkg-config --libs $(HOST_PACKAGES))

LIBRARY := $(BUILD)/grader/libgrader.a
LIBRARY_OBJECTS := $(patsubst grader/%.c,$(BUILD)/grader/%.o,$(wildcard grader/lib/*.c))
LABS_OBJECTS := $(patsubst grader/%.c,$(BUILD)/grader/%.o,$(wildcard grader/labs/*.c))
# the monitor's pure code, compiled for the host
DECODER_OBJECTS := $(patsubst %,$(BUILD)/grader/decoder/%.o,decode decode_tables decode_uses format elf)
# the oracle needs Zydis, which only the kit's own tests need
ORACLE := $(BUILD)/grader/decode_oracle
# the models of a guest's devices, for the tests that compare them with the real ones
DEVICE_OBJECTS := $(patsubst %,$(BUILD)/grader/decoder/%.o,bus cmos debug_ports devices keyboard \
	ide ide_command ide_transfer keyboard_device pit pit_counter uart plain/virtio)
TOOLS := $(filter-out $(ORACLE),$(patsubst grader/tools/%.c,$(BUILD)/grader/%,$(wildcard grader/tools/*.c)))
TESTS := $(ORACLE) $(patsubst grader/tests/%.c,$(BUILD)/tests/%,$(wildcard grader/tests/check_*.c))

# Sizes and offsets of the monitor's structures that have pointers in them, for C on the host.
GENERATED := $(BUILD)/gen/monitor_layout.h
$(GENERATED): $(CONSTANTS)
	@mkdir -p $(@D)
	@sed -n '/_OFFSET /{s/^%/#/; s/$$/u/; p}' $< >$@

.PHONY: tools
tools: $(TOOLS)

.PHONY: tests
tests: $(TESTS)

$(BUILD)/grader/%.o: grader/%.c | $(GENERATED)
	@mkdir -p $(@D)
	$(call SAY,CC,$<)
	@gcc $(HOST_CFLAGS) $(HOST_INCLUDES) -iquote monitor/include -MMD -MP -c -o $@ $<

$(BUILD)/grader/decoder/%.o: monitor/%.c
	@mkdir -p $(@D)
	$(call SAY,CC,$< (host))
	@gcc $(HOST_CFLAGS) -iquote monitor/include -MMD -MP -c -o $@ $<

$(LIBRARY): $(LIBRARY_OBJECTS) $(DECODER_OBJECTS)
	@rm -f $@
	@ar rcs $@ $^

$(BUILD)/grader/judge $(BUILD)/grader/bench: $(LABS_OBJECTS)

$(filter $(BUILD)/tests/check_devices%,$(TESTS)): $(DEVICE_OBJECTS)

$(ORACLE): HOST_LIBS += -lZydis

$(BUILD)/grader/%: $(BUILD)/grader/tools/%.o $(LIBRARY)
	$(call SAY,LINK,$@)
	@gcc -o $@ $(filter %.o,$^) $(LIBRARY) $(HOST_LIBS)

$(BUILD)/tests/%: $(BUILD)/grader/tests/%.o $(LIBRARY)
	@mkdir -p $(@D)
	$(call SAY,LINK,$@)
	@gcc -o $@ $(filter %.o,$^) $(LIBRARY) $(HOST_LIBS)

.PRECIOUS: $(BUILD)/grader/%.o $(BUILD)/grader/tools/%.o $(BUILD)/grader/tests/%.o
-include $(wildcard $(BUILD)/grader/*/*.d)

# ---- the monitor on the host: under Check with sanitizers, and under a fuzzer (grader/fuzz) ----
#
# Instrumented is the monitor; what stands around it (the machine's processor, the invariants) is
# not, so that the fuzzer looks for new ways through the monitor alone.

# of a monitor with labs 1 and 2; lab 3's part of the chassis has its own test
FUZZED_C := $(filter-out $(patsubst %,monitor/%.c,main constants $(SINCE_3) $(SINCE_4) $(SINCE_5)),$(wildcard monitor/*.c)) \
	monitor/machine/paging.c $(patsubst %,monitor/plain/%.c,$(PLAIN_3) $(PLAIN_4) $(PLAIN_5)) \
	solutions/1-rings/segments.c $(wildcard solutions/2-traps/*.c)
# machine.h comes first: then the guard of the chassis's own keeps that one out
FUZZ_MACHINE := -include grader/fuzz/machine.h -iquote grader/fuzz
FUZZ_CFLAGS := -std=c11 -D_GNU_SOURCE -g -Wall -Wextra -Werror $(FUZZ_MACHINE) \
	-iquote monitor/include -MMD -MP
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all
AROUND := $(patsubst %,$(BUILD)/fuzz/%.o,processor segments invariants watch)
FUZZED_GCC := $(FUZZED_C:%.c=$(BUILD)/fuzz/gcc/%.o) $(BUILD)/fuzz/gcc/grader/fuzz/host.o
FUZZED_CLANG := $(FUZZED_C:%.c=$(BUILD)/fuzz/clang/%.o) $(BUILD)/fuzz/clang/grader/fuzz/host.o
HOST_TESTS := check_emulate check_ide check_inject check_vpic
ACCESS_TESTS := check_access check_access_faults check_access_step
ACCESS_GCC := $(filter-out %/plain/access.o,$(FUZZED_GCC)) $(patsubst %,$(BUILD)/fuzz/gcc/monitor/%.o,$(filter access% arithmetic,$(SINCE_3)))
FUZZER := $(BUILD)/fuzz/fuzz_traps
FUZZ_REPLAY := $(BUILD)/fuzz/replay

$(BUILD)/fuzz/gcc/%.o: %.c
	@mkdir -p $(@D)
	$(call SAY,CC,$< (sanitized))
	@gcc $(FUZZ_CFLAGS) -O1 $(SANITIZE) -c -o $@ $<

$(BUILD)/fuzz/clang/%.o: %.c
	@mkdir -p $(@D)
	$(call SAY,CLANG,$< (fuzzed))
	@clang $(FUZZ_CFLAGS) -O1 $(SANITIZE) -fsanitize=fuzzer-no-link -c -o $@ $<

$(BUILD)/fuzz/%.o: grader/fuzz/%.c
	@mkdir -p $(@D)
	$(call SAY,CC,$<)
	@gcc $(FUZZ_CFLAGS) -O2 -c -o $@ $<

$(HOST_TESTS:%=$(BUILD)/grader/tests/%.o): HOST_CFLAGS += $(SANITIZE) $(FUZZ_MACHINE)
$(HOST_TESTS:%=$(BUILD)/tests/%): HOST_LIBS += $(SANITIZE) -Wl,--wrap=vcpu_emulate
$(HOST_TESTS:%=$(BUILD)/tests/%): $(FUZZED_GCC) $(AROUND) $(BUILD)/fuzz/guest.o

# The device's side of virtqueues alone; and lab 5's virtio devices instead of none.
VIRTQUEUE_GCC := $(BUILD)/fuzz/gcc/solutions/5-paravirt/virtqueue.o
VIRTIO_GCC := $(filter-out %/plain/virtio.o,$(FUZZED_GCC)) $(VIRTQUEUE_GCC) \
	$(patsubst %,$(BUILD)/fuzz/gcc/monitor/%.o,$(filter virt%,$(SINCE_5)))
VIRTIO_TESTS := check_virtio check_virtio_devices
$(patsubst %,$(BUILD)/grader/tests/%.o,check_virtqueue $(VIRTIO_TESTS)): HOST_CFLAGS += $(SANITIZE) $(FUZZ_MACHINE)
$(patsubst %,$(BUILD)/tests/%,check_virtqueue $(VIRTIO_TESTS)): HOST_LIBS += $(SANITIZE)
$(BUILD)/tests/check_virtqueue: $(VIRTQUEUE_GCC)
$(VIRTIO_TESTS:%=$(BUILD)/tests/%): HOST_LIBS += -Wl,--wrap=vcpu_emulate
$(VIRTIO_TESTS:%=$(BUILD)/tests/%): $(VIRTIO_GCC) $(AROUND) $(BUILD)/fuzz/guest.o

# The same with lab 3's accesses, and the host's own processor in 32-bit mode to compare with.
NATIVE := $(BUILD)/fuzz/native
$(ACCESS_TESTS:%=$(BUILD)/grader/tests/%.o): HOST_CFLAGS += $(SANITIZE) $(FUZZ_MACHINE) -DNATIVE='"$(NATIVE)"'
$(ACCESS_TESTS:%=$(BUILD)/tests/%): HOST_LIBS += $(SANITIZE) \
	-Wl,--wrap=vcpu_emulate,--wrap=insn_emulate,--wrap=vcpu_page,--wrap=vcpu_stand_out,--wrap=traced_written
$(ACCESS_TESTS:%=$(BUILD)/tests/%): $(ACCESS_GCC) $(AROUND) $(BUILD)/fuzz/guest.o | $(NATIVE)

# The guests' side of virtio.
DRIVER_TESTS := check_virtio_blk
DRIVER_GCC := $(patsubst %,$(BUILD)/fuzz/driver/%.o,solutions/5-paravirt/virtio_blk \
	$(patsubst %,guests/lib/virtio/%,words device blk))
$(DRIVER_TESTS:%=$(BUILD)/grader/tests/%.o): HOST_CFLAGS += $(SANITIZE)
$(DRIVER_TESTS:%=$(BUILD)/tests/%): HOST_LIBS += $(SANITIZE)
$(DRIVER_TESTS:%=$(BUILD)/tests/%): $(DRIVER_GCC)

$(BUILD)/fuzz/driver/%.o: %.c
	@mkdir -p $(@D)
	$(call SAY,CC,$< (sanitized))
	@gcc -std=c11 -g -O1 -Wall -Wextra -Werror $(SANITIZE) -iquote monitor/include -MMD -MP -c -o $@ $<

$(NATIVE): grader/fuzz/native.c grader/fuzz/native.h
	@mkdir -p $(@D)
	$(call SAY,CC,$< (32 bits))
	@gcc -m32 -std=c11 -D_GNU_SOURCE -O1 -g -Wall -Wextra -Werror -fno-pie -no-pie -o $@ $<

# Lab 5's devices, fuzzed as lab 2's traps are.
FUZZER_VIRTIO := $(BUILD)/fuzz/fuzz_virtio
FUZZ_REPLAY_VIRTIO := $(BUILD)/fuzz/replay_virtio
VIRTIO_CLANG := $(VIRTIO_GCC:$(BUILD)/fuzz/gcc/%=$(BUILD)/fuzz/clang/%)

$(FUZZER_VIRTIO): $(VIRTIO_CLANG) $(AROUND) $(BUILD)/fuzz/guest.o $(BUILD)/fuzz/fuzz_virtio.o
	$(call SAY,LINK,$@)
	@clang $(SANITIZE) -fsanitize=fuzzer -Wl,--wrap=vcpu_emulate -o $@ $^

$(FUZZ_REPLAY_VIRTIO): $(VIRTIO_GCC) $(AROUND) $(BUILD)/fuzz/guest.o $(BUILD)/fuzz/fuzz_virtio.o $(BUILD)/fuzz/replay.o
	$(call SAY,LINK,$@)
	@gcc $(SANITIZE) -Wl,--wrap=vcpu_emulate -o $@ $^

$(FUZZER): $(FUZZED_CLANG) $(AROUND) $(BUILD)/fuzz/fuzz_traps.o
	$(call SAY,LINK,$@)
	@clang $(SANITIZE) -fsanitize=fuzzer -Wl,--wrap=vcpu_emulate -o $@ $^

# The same inputs, without libFuzzer.
$(FUZZ_REPLAY): $(FUZZED_GCC) $(AROUND) $(BUILD)/fuzz/fuzz_traps.o $(BUILD)/fuzz/replay.o
	$(call SAY,LINK,$@)
	@gcc $(SANITIZE) -Wl,--wrap=vcpu_emulate -o $@ $^

tests: $(FUZZ_REPLAY) $(FUZZ_REPLAY_VIRTIO)

.PHONY: fuzzer
fuzzer: $(FUZZER) $(FUZZER_VIRTIO)

-include $(DRIVER_GCC:.o=.d) $(VIRTIO_GCC:.o=.d) $(ACCESS_GCC:.o=.d) $(FUZZED_GCC:.o=.d) $(FUZZED_CLANG:.o=.d) $(wildcard $(BUILD)/fuzz/*.d)
