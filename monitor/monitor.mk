# SPDX-License-Identifier: BSD-2-Clause
# The monitor: the chassis, compiled once, and the organs of labs 1 to LAB, which come from FROM.
#
#   make chassis                     everything but the organs, into $(BUILD)/chassis
#   make organs LAB=n FROM=f OUT=o   the organs of f, linked with the chassis: o/monitor.elf
#
# FROM is a folder that has the labs' folders in it (labs, solutions), or one that holds the
# files of lab n themselves (a submission). Organs of labs below n come from FROM too; where
# CATCHUP=1 says so, or where FROM does not have them, from solutions.

LAB_FOLDERS := 1-rings 2-traps 3-shadow 4-patch 5-paravirt
ORGANS_1    := segments.c enter.asm
ORGANS_2    := emulate.c inject.c vpic.c
ORGANS_3    := shadow.c
ORGANS_4    := scan.c patch.c
ORGANS_5    := hypercall.c firmware.asm virtqueue.c
# those that run in guests (guests/guests.mk)
GUEST_ORGANS_5 := virtio_blk.c

MONITOR_CFLAGS := -m32 -march=i686 -std=c11 -O2 -g -ffreestanding -fno-pic -fno-pie \
	-fno-stack-protector -fno-strict-aliasing -freg-struct-return -mgeneral-regs-only \
	-fomit-frame-pointer -fno-asynchronous-unwind-tables -fmax-errors=20 \
	-Wall -Wextra -Werror -Imonitor/include
MONITOR_NASMFLAGS := -f elf32 -g -F dwarf -Werror -I$(BUILD)/chassis/

CHASSIS_C   := $(wildcard monitor/*.c monitor/machine/*.c)
CHASSIS_C   := $(filter-out monitor/constants.c,$(CHASSIS_C))
CHASSIS_ASM := monitor/start.asm monitor/stubs.asm
# What stands in for the organs of labs above LAB: name the lab that replaces each.
PLAIN_2 := emulate inject vpic views
PLAIN_3 := memory access
PLAIN_4 := code
PLAIN_5 := paravirt virtio
PLAIN_6 := wire
PLAIN_C := $(wildcard monitor/plain/*.c)
# Parts of the chassis that a monitor has from that lab on.
SINCE_2 := views
SINCE_3 := shadow_pool page_faults audit access access_fast access_plan access_string arithmetic
SINCE_4 := code_life code_page code_block code_emit code_segments code_exit code_resume sensitive port_string
SINCE_5 := pal virtio_devices virtqueue_memory virtio_mmio virtio_block virtio_console virtio_entropy virtio_net

CHASSIS_OBJECTS := $(CHASSIS_C:monitor/%.c=$(BUILD)/chassis/%.o) \
	$(CHASSIS_ASM:monitor/%.asm=$(BUILD)/chassis/%.asm.o)
PLAIN_OBJECTS := $(PLAIN_C:monitor/%.c=$(BUILD)/chassis/%.o)
CONSTANTS := $(BUILD)/chassis/constants.inc
BOOT := $(BUILD)/boot/mbr.bin $(BUILD)/boot/stage2.bin

.PHONY: chassis
chassis: $(CHASSIS_OBJECTS) $(PLAIN_OBJECTS) $(CONSTANTS) $(BOOT)

$(BUILD)/chassis/%.o: monitor/%.c
	@mkdir -p $(@D)
	$(call SAY,CC,$<)
	@gcc $(MONITOR_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/chassis/%.asm.o: monitor/%.asm $(CONSTANTS) monitor/unwind.inc
	@mkdir -p $(@D)
	$(call SAY,NASM,$<)
	@nasm $(MONITOR_NASMFLAGS) -Imonitor/ -o $@ $<

# constants.c leaves lines "@ NAME value" in its assembly; NASM reads them as %define.
$(CONSTANTS): monitor/constants.c $(wildcard monitor/include/*.h)
	@mkdir -p $(@D)
	@gcc $(MONITOR_CFLAGS) -S -o - $< | awk -F'"' '/@ /{ split($$2, w, " "); \
		printf "%%define %s %.0f\n", w[2], w[3] < 0 ? w[3] + 4294967296 : w[3] }' >$@

$(BUILD)/boot/%.bin: monitor/boot/%.asm $(wildcard monitor/boot/*.inc monitor/boot/*.asm)
	@mkdir -p $(@D)
	$(call SAY,NASM,$<)
	@nasm -f bin -Werror -Imonitor/boot/ -o $@ $<

# ---- organs ----

LAB_NUMBERS := $(wordlist 1,$(LAB),1 2 3 4 5 6 7 8)
FOLDER = $(filter $(1)-%,$(LAB_FOLDERS))
# where the organs of lab $(1) come from; those of LAB itself only from FROM
ORGAN_FOLDER = $(if $(filter $(LAB),$(1)),$(firstword \
	$(or $(wildcard $(FROM)/$(call FOLDER,$(1))/. $(FROM)/.),$(error FROM=$(FROM): there is no such folder))),$(firstword \
	$(if $(CATCHUP),,$(wildcard $(FROM)/$(call FOLDER,$(1))/.)) solutions/$(call FOLDER,$(1))))
ORGAN_SOURCES = $(foreach n,$(LAB_NUMBERS),$(addprefix $(call ORGAN_FOLDER,$(n))/,$(ORGANS_$(n))))
# the fallbacks that labs 1 to LAB have not replaced
PLAIN_USED := $(foreach n,2 3 4 5 6 7 8,$(if $(filter $(n),$(LAB_NUMBERS)),,$(PLAIN_$(n))))
# the parts of the chassis that need a later lab
NOT_YET := $(foreach n,2 3 4 5 6 7 8,$(if $(filter $(n),$(LAB_NUMBERS)),,$(SINCE_$(n))))
LINK_OBJECTS = $(filter-out $(NOT_YET:%=$(BUILD)/chassis/%.o),$(CHASSIS_OBJECTS)) \
	$(PLAIN_USED:%=$(BUILD)/chassis/plain/%.o)

OUT ?= $(BUILD)/monitor/$(LAB)-$(subst /,_,$(FROM))

# Always compiled anew: the files of a submission may have any name and any date.
.PHONY: organs
organs:
	@mkdir -p $(OUT)
	@set -e; for source in $(ORGAN_SOURCES); do \
		object=$(OUT)/$$(basename $$source).o; \
		case $$source in \
		*.c) gcc $(MONITOR_CFLAGS) -c -o $$object $$source ;; \
		*) nasm $(MONITOR_NASMFLAGS) -o $$object $$source ;; \
		esac; \
	done
	@ld -m elf_i386 -nostdlib -z max-page-size=4096 -z noexecstack --defsym=MONITOR_BASE=0xf0000000 \
		--defsym=MONITOR_LOAD=0x100000 -T monitor/monitor.ld -o $(OUT)/monitor.elf \
		$(LINK_OBJECTS) $(foreach s,$(ORGAN_SOURCES),$(OUT)/$(notdir $(s)).o)

.PHONY: monitor
monitor: chassis
	@$(MAKE) --no-print-directory organs

-include $(CHASSIS_OBJECTS:.o=.d) $(PLAIN_OBJECTS:.o=.d)
