# SPDX-License-Identifier: BSD-2-Clause
#
# pocket: build/guests/pocket.elf from kernel/ and shared/, with every program of user/ in it.
#
# A program is user/NAME.c; a file more is a program more.

GUESTS += pocket
guests: $(BUILD)/guests/pocket.elf

POCKET := guests/pocket
POCKET_OUT := $(BUILD)/$(POCKET)
POCKET_CFLAGS := -m32 -march=i686 -std=c11 -O2 -g -ffreestanding -fno-pic -fno-pie \
	-fno-stack-protector -fno-asynchronous-unwind-tables -mgeneral-regs-only \
	-fno-omit-frame-pointer -Wall -Wextra -Werror -I$(POCKET)/shared
POCKET_NASMFLAGS := -f elf32 -g -F dwarf -Werror -I$(POCKET_OUT)/
POCKET_LDFLAGS := -m elf_i386 -z max-page-size=4096 -z noexecstack --fatal-warnings

# $(call POCKET_OBJECTS,FOLDER)
POCKET_OBJECTS = $(patsubst %,$(BUILD)/%.o,$(wildcard $(1:%=$(POCKET)/%/*.c) $(1:%=$(POCKET)/%/*.asm)))
POCKET_PROGRAMS := $(basename $(notdir $(sort $(wildcard $(POCKET)/user/*.c))))
POCKET_IMAGES := $(POCKET_PROGRAMS:%=$(POCKET_OUT)/user/%.elf)

$(BUILD)/guests/pocket.elf: $(POCKET)/kernel/kernel.ld $(call POCKET_OBJECTS,kernel shared)
	$(call SAY,LD,$(@F))
	@ld $(POCKET_LDFLAGS) -T $< -o $@ $(filter %.o,$^)

# Stripped: symbols of programs are of no use inside the kernel.
$(POCKET_IMAGES): $(POCKET_OUT)/user/%.elf: $(POCKET)/user/user.ld $(POCKET_OUT)/user/%.c.o $(call POCKET_OBJECTS,user/lib shared)
	@ld $(POCKET_LDFLAGS) -s -T $< -o $@ $(filter %.o,$^)

# The folder changes when a program comes or goes.
$(POCKET_OUT)/programs.inc: $(POCKET)/user
	@mkdir -p $(@D)
	@printf 'program %s\n' $(POCKET_PROGRAMS) >$@

$(POCKET_OUT)/kernel/programs.asm.o: $(POCKET_OUT)/programs.inc $(POCKET_IMAGES)

$(POCKET_OUT)/kernel/%.c.o: POCKET_CFLAGS += -Imonitor/include
$(POCKET_OUT)/user/%.c.o: POCKET_CFLAGS += -I$(POCKET)/user/lib

$(POCKET_OUT)/%.c.o: $(POCKET)/%.c
	@mkdir -p $(@D)
	$(call SAY,CC,$<)
	@gcc $(POCKET_CFLAGS) -MMD -MP -c -o $@ $<

$(POCKET_OUT)/%.asm.o: $(POCKET)/%.asm
	@mkdir -p $(@D)
	$(call SAY,NASM,$<)
	@nasm $(POCKET_NASMFLAGS) -MD $(@:.o=.d) -MP -o $@ $<

-include $(wildcard $(POCKET_OUT)/*/*.d $(POCKET_OUT)/*/*/*.d)
