# SPDX-License-Identifier: BSD-2-Clause
#
# The guests: $(BUILD)/guests/NAME.elf from guests/NAME/*.c and *.asm and guests/lib/. What is in
# guests/lib/kernel/ and guests/lib/virtio/ is linked where a guest uses it.
#
#   make guests                      all of them
#   make driven FROM=f OUT=o         those with a driver in them, of f: o/guests/NAME.elf
#
# A guest's code must run on any 32-bit x86 whose general registers are all that is set up: no x87,
# MMX or SSE, and no library.

GUESTS := hello compute crack registers privileged user hostile greedy pair \
	exceptions interruptflag control tables returns syscalls scramble \
	ports interrupts timer serial ticker disk rogue costs \
	torture cow mapped escape pagecosts \
	patchcosts jumble intruder leaps selfmod views flags sensitives section \
	pal palcosts callers virtqueues requests
# those that are there
GUESTS := $(foreach guest,$(GUESTS),$(if $(wildcard guests/$(guest)/*),$(guest)))

GUEST_CFLAGS := -m32 -march=i686 -std=c11 -O2 -g -ffreestanding -fno-pic -fno-pie \
	-fno-stack-protector -fno-asynchronous-unwind-tables -mgeneral-regs-only \
	-Wall -Wextra -Werror -Iguests/lib -Imonitor/include
GUEST_NASMFLAGS := -f elf32 -g -F dwarf -Werror -Iguests/lib/ -I$(BUILD)/guests/

# the objects of one folder: $(call GUEST_OBJECTS,NAME)
GUEST_SOURCES = $(sort $(wildcard guests/$(1)/*.c guests/$(1)/*.asm))
GUEST_OBJECTS = $(patsubst guests/%,$(BUILD)/guests/%.o,$(filter-out %/constants.c,$(GUEST_SOURCES)))
GUEST_CONSTANTS := $(BUILD)/guests/constants.inc
GUEST_KERNEL := $(BUILD)/guests/kernel.a
GUEST_KERNEL_CONSTANTS := $(BUILD)/guests/kernel.inc
GUEST_VIRTIO := $(BUILD)/guests/virtio.a

.PHONY: guests
guests: $(GUESTS:%=$(BUILD)/guests/%.elf)

$(BUILD)/guests/%.c.o: guests/%.c
	@mkdir -p $(@D)
	$(call SAY,CC,$<)
	@gcc $(GUEST_CFLAGS) -MMD -MP -c -o $@ $<

# NASM 2.16 leaves out of its -MD what a source includes.
$(BUILD)/guests/%.asm.o: guests/%.asm $(GUEST_CONSTANTS) $(GUEST_KERNEL_CONSTANTS) $(wildcard guests/*/*.inc)
	@mkdir -p $(@D)
	$(call SAY,NASM,$<)
	@nasm $(GUEST_NASMFLAGS) -Iguests/$(*D)/ -MD $(@:.o=.d) -MP -o $@ $<

# A constants.c leaves lines "@ NAME value" in its assembly; NASM reads them as %define.
define GUEST_CONSTANTS_RULE
$(2): guests/$(1)/constants.c guests/lib/kernel.h $$(wildcard monitor/include/*.h)
	@mkdir -p $$(@D)
	@gcc $$(GUEST_CFLAGS) -S -o - $$< | awk -F'"' '/@ /{ split($$$$2, w, " "); \
		printf "%%define %s %.0f\n", w[2], w[3] < 0 ? w[3] + 4294967296 : w[3] }' >$$@
endef
$(eval $(call GUEST_CONSTANTS_RULE,lib,$(GUEST_CONSTANTS)))
$(eval $(call GUEST_CONSTANTS_RULE,lib/kernel,$(GUEST_KERNEL_CONSTANTS)))

$(GUEST_KERNEL): $(call GUEST_OBJECTS,lib/kernel)
	@rm -f $@
	@ar rcsD $@ $^

$(GUEST_VIRTIO): $(call GUEST_OBJECTS,lib/virtio)
	@rm -f $@
	@ar rcsD $@ $^

define GUEST_RULE
$$(BUILD)/guests/$(1).elf: guests/guest.ld $$(call GUEST_OBJECTS,lib) $$(call GUEST_OBJECTS,$(1)) \
		$$(GUEST_VIRTIO) $$(GUEST_KERNEL)
	$$(call SAY,LD,$$(@F))
	@ld -m elf_i386 -z max-page-size=4096 -z noexecstack --fatal-warnings -T guests/guest.ld \
		-o $$@ $$(filter %.o,$$^) $$(GUEST_VIRTIO) $$(GUEST_KERNEL)
endef
$(foreach guest,$(GUESTS),$(eval $(call GUEST_RULE,$(guest))))

# A disk beside NAME.elf is that guest's: raw sectors. These tell their numbers.
$(BUILD)/guests/disk.disk $(BUILD)/guests/virtqueues.disk: guests/guests.mk
	$(call SAY,DISK,$(@F))
	@awk 'BEGIN { for (i = 0; i < 256; i++) for (j = 0; j < 16; j++) \
		printf "sector %4u, line %2u: ringfence\n", i, j }' >$@
guests: $(BUILD)/guests/disk.disk $(BUILD)/guests/virtqueues.disk

# ---- guests with a driver in them, which comes from FROM ----
#
# All of such a guest but the driver is $(DRIVERLESS)/NAME.o; beside it are its linker script and its
# disk. Whoever has this folder and monitor/include/ can link them.

GUESTS_WITH_DRIVER := blocks pocket_virtio
DRIVERLESS := $(BUILD)/guests/driverless

$(DRIVERLESS)/blocks.o: $(call GUEST_OBJECTS,lib) $(call GUEST_OBJECTS,blocks) $(GUEST_VIRTIO) $(GUEST_KERNEL)
$(DRIVERLESS)/blocks.ld: guests/guest.ld

# a driver that is not written yet needs guest_unwritten()
$(DRIVERLESS)/%.o:
	@mkdir -p $(@D)
	@ld -m elf_i386 -r -z noexecstack -u guest_unwritten -o $@ $^

$(DRIVERLESS)/%.ld:
	@mkdir -p $(@D)
	@cp $< $@

# A megabyte.
$(DRIVERLESS)/blocks.disk: guests/guests.mk
	@mkdir -p $(@D)
	$(call SAY,DISK,$(@F))
	@awk 'BEGIN { for (i = 0; i < 2048; i++) for (j = 0; j < 16; j++) \
		printf "sector %04u, line %02u: ringfence\n", i, j }' >$@

guests: $(foreach suffix,o ld disk,$(GUESTS_WITH_DRIVER:%=$(DRIVERLESS)/%.$(suffix)))

# As the monitor's organs: always compiled anew. The flags that are more than a guest's are those that
# organs have.
DRIVER = $(call ORGAN_FOLDER,5)/$(GUEST_ORGANS_5)

.PHONY: driven
driven:
	@mkdir -p $(OUT)/guests
	@gcc $(GUEST_CFLAGS) -fno-strict-aliasing -fmax-errors=20 -c -o $(OUT)/guests/driver.o $(DRIVER)
	@set -e; for guest in $(GUESTS_WITH_DRIVER); do \
		ld -m elf_i386 -z max-page-size=4096 -z noexecstack --fatal-warnings \
			-T $(DRIVERLESS)/$$guest.ld -o $(OUT)/guests/$$guest.elf \
			$(DRIVERLESS)/$$guest.o $(OUT)/guests/driver.o; \
		cp $(DRIVERLESS)/$$guest.disk $(OUT)/guests/; \
	done

# a guest's file; one with a driver lies beside the monitor of LAB and FROM
GUEST_FILE = $(if $(filter $(1),$(GUESTS_WITH_DRIVER)),$(OUT),$(BUILD))/guests/$(1).elf
# what else is to be made for the guests that are named
GUEST_DRIVEN = $(if $(filter $(GUESTS_WITH_DRIVER),$(GUEST)),driven)

# with lab 5's monitor come the guests for it
organs: $(if $(filter 5,$(LAB_NUMBERS)),driven,$(GUEST_DRIVEN))

-include $(wildcard $(BUILD)/guests/*/*.d $(BUILD)/guests/*/*/*.d)

-include guests/pocket/pocket.mk
