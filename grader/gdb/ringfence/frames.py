# SPDX-License-Identifier: BSD-2-Clause
"""How frames and addresses look.

The unwind rules of the stubs and of enter.asm (monitor/unwind.inc) call these frames ones that
interrupt, because the frame before them stands at its instruction and not behind a call. GDB's
word for that is "<signal handler called>". Here they get their own names and source lines back.
"""
import gdb
from gdb.FrameDecorator import FrameDecorator

from . import machine

quiet = False  # True while a command lets the machine run several times


def is_crossing(frame):
    return frame.type() == gdb.SIGTRAMP_FRAME and frame.pc() >= machine.monitor_base()


def address_of(frame):
    """Where the frame's code stands: before the return address of its call, unless it is the newest
    one or was interrupted by a trap."""
    newer = frame.newer()
    if not newer or newer.type() == gdb.SIGTRAMP_FRAME:
        return frame.pc()
    return frame.pc() - 1 & machine.WORD


class Patched(FrameDecorator):
    """The guest's function, at the instruction that a patch block is about."""

    def address(self):
        return address_of(self.inferior_frame())

    def function(self):
        frame = self.inferior_frame()
        return frame.name() or name_of(address_of(frame))


def name_of(address):
    text = gdb.execute("info symbol 0x%x" % address, to_string=True)
    return text.split()[0] if " in section" in text else "0x%x" % address


class Nameless(FrameDecorator):
    """A frame of code that C did not write: the symbol table knows its name."""

    def function(self):
        return name_of(address_of(self.inferior_frame()))


class Crossing(FrameDecorator):
    """A frame of the stubs or of enter.asm."""

    def __init__(self, base):
        super().__init__(base)
        frame = base.inferior_frame()
        self.at = address_of(frame)
        self.sal = gdb.find_pc_line(self.at)

    def function(self):
        return name_of(self.at)

    def filename(self):
        return self.sal.symtab.filename if self.sal.symtab else None

    def line(self):
        return self.sal.line or None

    def frame_args(self):
        return None


def block_of(_frame):
    """The position of a frame in a patch block. blocks.py puts its own here, since lab 4."""
    return None


class Block(FrameDecorator):
    """A frame in a patch block; the next older one is the guest's own."""

    def __init__(self, base, position):
        super().__init__(base)
        self.position = position

    def function(self):
        return "<patch block %08x+%d, %d bytes pushed>" % (
            self.position.patch.block, self.position.at, self.position.point.pushed)

    def filename(self):
        return None

    def line(self):
        return None

    def frame_args(self):
        return None


def firmware_of(_frame):
    """The name of a place in the monitor's firmware. firmware.py puts its own here, since lab 5."""
    return None


class InFirmware(Nameless):
    """A frame in the monitor's firmware: the guest's symbols and lines there are of another one."""

    def function(self):
        return firmware_of(self.inferior_frame())

    def filename(self):
        return None

    def line(self):
        return None


class Filter:
    """Gives the frames of a backtrace that cross the rings their names."""

    name = "ringfence"
    enabled = True
    priority = 100

    def filter(self, frames):
        block = None
        for each in frames:
            frame, before = each.inferior_frame(), block
            block = block_of(frame)
            if block:
                yield Block(each, block)
            elif before:
                yield Patched(each)
            elif is_crossing(frame):
                yield Crossing(each)
            elif firmware_of(frame):
                yield InFirmware(each)
            else:
                yield each if frame.function() else Nameless(each)


def show_newest():
    """The place where the machine stands, with its source line."""
    frame = gdb.newest_frame()
    if is_crossing(frame):
        show_crossing(frame)
    else:
        print(gdb.execute("frame", to_string=True), end="")


def show_crossing(frame):
    sal = gdb.find_pc_line(frame.pc())
    name = machine.symbol_text(frame.pc()).strip(" <>") or "0x%x" % frame.pc()
    if not sal.symtab:
        print("in %s" % name)
        return
    print("in %s at %s:%d" % (name, sal.symtab.filename, sal.line))
    print(gdb.execute("list %d,%d" % (sal.line, sal.line), to_string=True), end="")


def on_stop(_event):
    """After GDB has said "<signal handler called>": which instruction it really is."""
    if quiet or not machine.exists():
        return
    frame = gdb.newest_frame()
    if is_crossing(frame):
        show_crossing(frame)


# ---- the three kinds of address (monitor/include/types.h) ----


class Address:
    KINDS = {"gla_t": "linear", "gpa_t": "guest-physical", "maddr_t": "machine"}

    def __init__(self, value):
        self.value = value

    def to_string(self):
        if self.value.is_optimized_out:
            return "<optimized out>"
        return "%s 0x%08x" % (self.KINDS[self.value.type.name], int(self.value["raw"]))


def printer(value):
    return Address(value) if value.type.name in Address.KINDS else None


def install():
    gdb.frame_filters[Filter.name] = Filter()
    gdb.pretty_printers.append(printer)
    gdb.events.stop.connect(on_stop)
