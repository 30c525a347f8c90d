# SPDX-License-Identifier: BSD-2-Clause
#
# pocket: build/guests/pocket.elf from kernel/ and shared/, and its disk build/guests/pocket.disk with
# every program of user/ and the files of root/. pocket_quiet is the same without instructions that
# are sensitive and do not trap (README.md).
#
# pocket_virtio is pocket with one driver more for its disk, for virtio (virtio/). That driver's core is
# a student's, so only what is linked with it is made here (guests/guests.mk).
#
# A program is user/NAME.c, with what is in the folder user/NAME if there is one; a file more is a
# program more.

POCKETS := pocket pocket_quiet pocket_pal
GUESTS += $(POCKETS)
guests: $(foreach guest,$(POCKETS),$(BUILD)/guests/$(guest).elf $(BUILD)/guests/$(guest).disk)

POCKET := guests/pocket
POCKET_OUT := $(BUILD)/$(POCKET)
POCKET_QUIET_OUT := $(BUILD)/guests/pocket_quiet
POCKET_PAL_OUT := $(BUILD)/guests/pocket_pal
POCKET_CFLAGS := -m32 -march=i686 -std=c11 -O2 -g -ffreestanding -fno-pic -fno-pie \
	-fno-stack-protector -fno-asynchronous-unwind-tables -mgeneral-regs-only \
	-fno-omit-frame-pointer -Wall -Wextra -Werror -I$(POCKET)/shared
POCKET_NASMFLAGS := -f elf32 -g -F dwarf -Werror -I$(POCKET_OUT)/
POCKET_LDFLAGS := -m elf_i386 -z max-page-size=4096 -z noexecstack --fatal-warnings

# $(call POCKET_OBJECTS,FOLDER)
POCKET_OBJECTS = $(patsubst %,$(BUILD)/%.o,$(wildcard $(1:%=$(POCKET)/%/*.c) $(1:%=$(POCKET)/%/*.asm)))
POCKET_KERNEL := $(call POCKET_OBJECTS,kernel)
POCKET_QUIET_KERNEL := $(POCKET_KERNEL:$(POCKET_OUT)/%=$(POCKET_QUIET_OUT)/%)
POCKET_PAL_KERNEL := $(POCKET_KERNEL:$(POCKET_OUT)/%=$(POCKET_PAL_OUT)/%)
POCKET_PROGRAMS := $(basename $(notdir $(sort $(wildcard $(POCKET)/user/*.c))))

$(BUILD)/guests/pocket.elf: $(POCKET_KERNEL)
$(BUILD)/guests/pocket_quiet.elf: $(POCKET_QUIET_KERNEL)
$(BUILD)/guests/pocket_pal.elf: $(POCKET_PAL_KERNEL) $(BUILD)/guests/lib/kernel/pal.asm.o
$(POCKETS:%=$(BUILD)/guests/%.elf): $(POCKET)/kernel/kernel.ld $(call POCKET_OBJECTS,shared)
	$(call SAY,LD,$(@F))
	@ld $(POCKET_LDFLAGS) -T $< -o $@ $(filter %.o,$^)

POCKET_VIRTIO_KERNEL := $(filter-out %/kernel/ide.c.o,$(POCKET_KERNEL)) $(call POCKET_OBJECTS,virtio)
$(DRIVERLESS)/pocket_virtio.o: $(POCKET_VIRTIO_KERNEL) $(call POCKET_OBJECTS,shared) $(GUEST_VIRTIO)
$(DRIVERLESS)/pocket_virtio.ld: $(POCKET)/kernel/kernel.ld

# The programs' library: each program takes what it uses.
$(POCKET_OUT)/user.a: $(call POCKET_OBJECTS,user/lib shared)
	@rm -f $@
	@ar rcsD $@ $^

# user/NAME.elf is for a debugger; root/bin/NAME, without symbols, goes to the disk.
define POCKET_PROGRAM_RULE
$(POCKET_OUT)/user/$(1).elf: $(POCKET)/user/user.ld $(POCKET_OUT)/user/$(1).c.o $$(call POCKET_OBJECTS,user/$(1)) $(POCKET_OUT)/user.a
	@ld $$(POCKET_LDFLAGS) --gc-sections -T $$< -o $$@ $$(filter %.o %.a,$$^)
endef
$(foreach program,$(POCKET_PROGRAMS),$(eval $(call POCKET_PROGRAM_RULE,$(program))))

# ---- the disk ----

POCKET_DISK_KIB := 288
POCKET_FILES := $(shell find $(POCKET)/root -type f | sort)
POCKET_TOOLS := $(BUILD)/$(POCKET)/tools

$(POCKET_TOOLS)/mkfs: $(POCKET)/tools/mkfs.c
$(POCKET_TOOLS)/fsck: $(POCKET)/tools/fsck.c $(POCKET)/tools/image.c
# the kernel's own file system, under a test
$(POCKET_TOOLS)/fstest: $(wildcard $(POCKET)/tools/fstest*.c) $(wildcard $(POCKET)/kernel/fs*.c) $(POCKET)/kernel/cache.c
$(POCKET_TOOLS)/fstest: POCKET_HOST_CFLAGS += -iquote $(POCKET)/kernel -iquote monitor/include -fsanitize=address,undefined
POCKET_HOST_CFLAGS := -std=c11 -D_DEFAULT_SOURCE -O2 -g -Wall -Wextra -Werror -iquote $(POCKET)/shared
$(POCKET_TOOLS)/mkfs $(POCKET_TOOLS)/fsck $(POCKET_TOOLS)/fstest: $(wildcard $(POCKET)/shared/*.h $(POCKET)/kernel/*.h $(POCKET)/tools/*.h)
	@mkdir -p $(@D)
	$(call SAY,LINK,$@)
	@gcc $(POCKET_HOST_CFLAGS) -o $@ $(filter %.c,$^)
guests: $(POCKET_TOOLS)/mkfs $(POCKET_TOOLS)/fsck
tests: $(POCKET_TOOLS)/fstest

# `broken` is a file that ends too early, for selftest. The folders change when a file comes or goes.
$(BUILD)/guests/pocket.disk: $(POCKET_TOOLS)/mkfs $(POCKET_PROGRAMS:%=$(POCKET_OUT)/user/%.elf) $(POCKET_FILES) $(POCKET)/user $(POCKET)/root $(POCKET)/root/etc
	@rm -rf $(POCKET_OUT)/root
	@mkdir -p $(POCKET_OUT)/root/bin
	@cp -R $(POCKET)/root/. $(POCKET_OUT)/root
	@$(foreach program,$(POCKET_PROGRAMS),strip -s -o $(POCKET_OUT)/root/bin/$(program) $(POCKET_OUT)/user/$(program).elf &&) :
	@head -c 200 $(POCKET_OUT)/root/bin/hello >$(POCKET_OUT)/root/bin/broken
	$(call SAY,MKFS,$@)
	@$< $@ $(POCKET_DISK_KIB) $(POCKET_OUT)/root

$(BUILD)/guests/pocket_quiet.disk $(BUILD)/guests/pocket_pal.disk $(DRIVERLESS)/pocket_virtio.disk: $(BUILD)/guests/pocket.disk
	@mkdir -p $(@D)
	@cp $< $@

# ---- compiling ----

$(POCKET_OUT)/kernel/%.c.o: POCKET_CFLAGS += -Imonitor/include -I$(POCKET)/kernel/plain
$(POCKET_QUIET_OUT)/kernel/%.c.o: POCKET_CFLAGS += -Imonitor/include -I$(POCKET)/kernel/quiet
$(POCKET_PAL_OUT)/kernel/%.c.o: POCKET_CFLAGS += -Imonitor/include -Iguests/lib -I$(POCKET)/kernel/pal
$(POCKET_OUT)/virtio/%.c.o: POCKET_CFLAGS += -Imonitor/include -Iguests/lib/virtio -I$(POCKET)/kernel -I$(POCKET)/kernel/plain
$(POCKET_OUT)/user/%.c.o: POCKET_CFLAGS += -I$(POCKET)/user/lib -Os -ffunction-sections -fdata-sections
$(POCKET_OUT)/shared/%.c.o: POCKET_CFLAGS += -ffunction-sections
$(POCKET_QUIET_KERNEL): POCKET_CFLAGS += -DQUIET
$(POCKET_QUIET_KERNEL): POCKET_NASMFLAGS += -DQUIET

define POCKET_RULES
$(1)/%.c.o: $(POCKET)/%.c
	@mkdir -p $$(@D)
	$$(call SAY,CC,$$<)
	@gcc $$(POCKET_CFLAGS) -MMD -MP -c -o $$@ $$<

$(1)/%.asm.o: $(POCKET)/%.asm
	@mkdir -p $$(@D)
	$$(call SAY,NASM,$$<)
	@nasm $$(POCKET_NASMFLAGS) -MD $$(@:.o=.d) -MP -o $$@ $$<
endef
$(foreach out,$(POCKET_OUT) $(POCKET_QUIET_OUT) $(POCKET_PAL_OUT),$(eval $(call POCKET_RULES,$(out))))

-include $(wildcard $(POCKET_OUT)/*/*.d $(POCKET_OUT)/*/*/*.d $(POCKET_QUIET_OUT)/*/*.d $(POCKET_PAL_OUT)/*/*.d)
