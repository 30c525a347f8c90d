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
DECODER_OBJECTS := $(patsubst %,$(BUILD)/grader/decoder/%.o,decode decode_tables format elf)
# the oracle needs Zydis, which only the kit's own tests need
ORACLE := $(BUILD)/grader/decode_oracle
# the models of a guest's devices, for the tests that compare them with the real ones
DEVICE_OBJECTS := $(patsubst %,$(BUILD)/grader/decoder/%.o,bus cmos debug_ports devices keyboard \
	keyboard_device pit pit_counter uart)
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
