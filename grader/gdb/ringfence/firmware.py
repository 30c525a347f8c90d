# SPDX-License-Identifier: BSD-2-Clause
"""`firmware`: what a guest's kernel calls for its privileged operations (monitor/include/pal.h), and
what a hypercall asks for.

The symbols and lines of the guest's file are those of the bare machine's firmware. Where the monitor
has put its own they are wrong, so places there are named after the operations."""
import struct

import gdb
from gdb.unwinder import Unwinder, register_unwinder

from . import blocks, codeview, frames, machine, paging
from .commands import Command, command
from .machine import Refusal
from .paging import FRAME, PAGE

# pal.h: the operations in order, and which of its arguments each has
OPERATIONS = (
    ("PAL_VERSION", ()),
    ("PAL_FLAGS", ()),
    ("PAL_SET_FLAGS", ("EDX",)),
    ("PAL_MASK", ()),
    ("PAL_UNMASK", ()),
    ("PAL_HALT", ()),
    ("PAL_SET_CR3", ("EDX",)),
    ("PAL_INVALIDATE", ("EDX",)),
    ("PAL_UPDATE", ("EDX", "ECX")),
    ("PAL_TIME", ()),
    ("PAL_CONSOLE", ("EDX", "ECX")),
)
SLOT = 32
HYPERCALL_VECTOR = 0x82  # hypercall.h
INT_LENGTH = 2
INT3 = 0xCC
IF_CLEAR = 0xFFFFFE00  # SHARED_IF_CLEAR (patch.h)


def operation_name(number):
    return OPERATIONS[number][0] if number < len(OPERATIONS) else "operation %u, which there is not" % number


def slot_name(offset):
    """ " <PAL_UPDATE+7>" for a byte of the code page, or nothing behind the operations."""
    if not 0 <= offset < SLOT * len(OPERATIONS):
        return ""
    at = offset % SLOT
    return " <%s%s>" % (OPERATIONS[offset // SLOT][0], "+%d" % at if at else "")


# ---- hypercalls ----


def installed(vcpu):
    """The pages that the monitor has put its firmware into: struct pal; or None."""
    pal = vcpu["vm"]["pal"]
    return pal if int(pal["firmware"]) else None


def slot_text(vcpu, eip):
    """slot_name() where EIP lies in the monitor's firmware, else nothing."""
    pal = installed(vcpu)
    return slot_name(eip - int(pal["code"]["raw"])) if pal is not None else ""


def call_text(vcpu):
    """What the registers of an exit ask for."""
    registers = vcpu["registers"]
    number = int(registers["eax"])
    arguments = OPERATIONS[number][1] if number < len(OPERATIONS) else ()
    return operation_name(number) + "".join(
        " %s %08x" % (name, int(registers[name.lower()])) for name in arguments)


def is_call(vcpu):
    """At vm_exit()'s start: is it a hypercall? EIP stands behind the INT."""
    registers = vcpu["registers"]
    return int(registers["vector"]) == HYPERCALL_VECTOR and slot_text(vcpu, int(registers["eip"]) - INT_LENGTH) != ""


# ---- the page ----


def page_of(vcpu, address):
    """Where GDB finds a page of the guest's kernel, whose linear address is its guest-physical one: also
    where the shadow does not have it yet."""
    frame = paging.Memory(vcpu).frame(address)
    if not frame:
        raise Refusal("The guest has no memory at %08x." % address)
    return machine.monitor_base() + (frame & FRAME)


class Firmware:
    """The guest's code page as it is now: `code` is its address, and `where` GDB finds it."""

    def __init__(self, code, where):
        self.code, self.where, self.content = code, where, machine.read(where, PAGE)

    def slot(self, number):
        """Offset and text of an operation's instructions, without the INT3 that fill its slot."""
        at, end = number * SLOT, (number + 1) * SLOT
        while end > at and self.content[end - 1] == INT3:
            end -= 1
        while at < end:
            text, length = codeview.disassemble(self.where + at, self.code + at)
            yield at, self.content[at : at + length], text
            at += length

    def show_slots(self):
        for number, (name, _arguments) in enumerate(OPERATIONS):
            print(name)
            instructions = list(self.slot(number))
            if not instructions:
                print("  %08x  nothing but INT3" % (self.code + number * SLOT))
            for at, data, text in instructions:
                print("  %08x  %-24s %s%s" % (self.code + at, data.hex(" "), self.target(text), self.note(data)))

    def target(self, text):
        """A jump from one operation into another, by its name."""
        branch = codeview.BRANCH.match(text)
        if not branch:
            return text
        address = int(branch.group(2), 16)
        name = slot_name(address - self.code) or machine.symbol_text(address)
        return "%s %08x%s" % (branch.group(1), address, name)

    def note(self, _data):
        return ""


class Installed(Firmware):
    """The monitor's, or what the guest has made of it."""

    def __init__(self, vcpu, pal):
        code = int(pal["code"]["raw"])
        super().__init__(code, page_of(vcpu, code))
        self.frame, self.data = page_of(vcpu, int(pal["data"]["raw"])), int(pal["data"]["raw"])
        self.original = machine.read(int(pal["firmware"]), PAGE)
        self.shared = vcpu["code_view"]["shared"]
        kept = gdb.lookup_type("struct shared_flags").fields()
        self.fields = {self.data + field.bitpos // 8: field.name for field in kept}

    def owner(self):
        changed = [i for i in range(PAGE) if self.content[i] != self.original[i]]
        if not changed:
            return "the monitor's, as it was put there"
        return "the guest has changed it, from byte %03x on: it is scanned like all its code" % changed[0]

    def note(self, data):
        """Which doubleword of the data page an instruction names."""
        for at in range(1, len(data) - 3):
            name = self.fields.get(struct.unpack_from("<I", data, at)[0])
            if name:
                return "  ; " + name
        return ""

    def show_data(self):
        base, shared = machine.monitor_base(), int(self.shared)
        print("data page %08x: machine %08x, %s" % (
            self.data, self.frame - base,
            "the page that patch blocks share with the monitor" if self.frame == shared
            else "WRONG: patch blocks share machine %08x with the monitor" % (shared - base)))
        delta, waiting = int(self.shared["delta"]), int(self.shared["waiting"])
        flag = {0: "1", IF_CLEAR: "0"}.get(delta, "neither 0 nor 1: WRONG")
        print("  delta    %08x  the kernel's IF is %s" % (delta, flag))
        print("  waiting  %08x  %s interrupt waits for it" % (waiting, "an" if waiting else "no"))


def guests_own(vcpu):
    """The firmware in the guest's own image, by its symbols; vcpu is None on the bare machine."""
    code, data = (machine.symbol_address(name) for name in ("pal_code", "pal_data"))
    if code is None or data is None:
        raise Refusal(
            "This guest calls no firmware: it has no PAL header. `pal`, `palcosts` and `pocket_pal` have one.")
    print("code page %08x: the bare machine's, from the guest's own image" % code)
    Firmware(code, page_of(vcpu, code) if vcpu is not None else code).show_slots()
    print("data page %08x: that firmware's own" % data)


@command
class ShowFirmware(Command):
    """Show the firmware that the guest's kernel calls: its operations and their instructions.
    firmware    the code page, whose it is, and what the data page says of interrupts

    On the bare machine, and before lab 5, it is the one in the guest's own image. Since lab 5 it is
    firmware.asm, and the data page is the one that patch blocks share with the monitor: `delta` is
    what must be added to the real EFLAGS to get the kernel's, `waiting` is not 0 while an interrupt
    waits for its IF. Jumps into another operation's slot are shown by that one's name."""

    name = "firmware"

    def run(self, words):
        self.refuse_words(words)
        machine.require()
        vcpu = None if machine.is_bare() else machine.running_vcpu()
        pal = installed(vcpu) if vcpu is not None else None
        if pal is None:
            guests_own(vcpu)
            return
        own = Installed(vcpu, pal)
        print("code page %08x: %s" % (own.code, own.owner()))
        own.show_slots()
        own.show_data()


# ---- where the guest runs ----


def name_of(frame):
    """For the frame filter."""
    try:
        vcpu = codeview.running()
        return slot_text(vcpu, frame.pc()).strip() if vcpu is not None else ""
    except (gdb.error, gdb.MemoryError):
        return ""


class FirmwareUnwinder(Unwinder):
    """The way from a frame in the monitor's firmware to the kernel that has called it: nothing but what
    the slot has pushed is above the return address, and no register but EAX, ECX, EDX has changed."""

    def __init__(self):
        super().__init__("ringfence-firmware")

    def __call__(self, pending):
        try:
            eip, esp = (blocks.number(pending, name) for name in blocks.PROGRAM_COUNTER_AND_STACK)
            vcpu = codeview.running()
            if vcpu is None or not slot_text(vcpu, eip):
                return None
            top = esp + pushed(vcpu, eip)
            caller = machine.read_u32(top)
        except (gdb.error, gdb.MemoryError, ValueError):
            return None  # it does not stand where that can be known
        kind = pending.read_register("eip").type
        info = pending.create_unwind_info(blocks.FrameId(pending.read_register("esp"), pending.read_register("eip")))
        for name in blocks.REGISTERS:
            info.add_saved_register(name, pending.read_register(name))
        info.add_saved_register("eip", gdb.Value(caller).cast(kind))
        info.add_saved_register("esp", gdb.Value(top + 4).cast(pending.read_register("esp").type))
        if blocks.has_register(pending, "fetch"):
            info.add_saved_register("fetch", gdb.Value(caller).cast(pending.read_register("fetch").type))
        return info


def pushed(vcpu, eip):
    """Bytes that a slot has pushed before EIP: it has no loops."""
    code = int(installed(vcpu)["code"]["raw"])
    depth, number = 0, (eip - code) // SLOT
    for at, _data, text in Firmware(code, page_of(vcpu, code)).slot(number):
        if code + at >= eip:
            break
        depth += 4 * (text.startswith("push") - text.startswith("pop"))
    return depth


def note():
    """One line where the guest runs in the monitor's firmware: GDB has shown a line of the other one."""
    frame = gdb.newest_frame()
    if machine.register("cpl") == 1 and name_of(frame):
        print("in the monitor's firmware: %s  %s" % (name_of(frame), machine.instruction_text(frame.pc())))


def on_stop(_event):
    if not frames.quiet and machine.exists() and not machine.is_bare():
        note()


def install():
    frames.firmware_of = name_of
    if machine.symbol_address("pal_exit") is not None:
        register_unwinder(None, FirmwareUnwinder(), replace=True)
    gdb.events.stop.connect(on_stop)
