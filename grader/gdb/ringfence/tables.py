# SPDX-License-Identifier: BSD-2-Clause
"""Descriptor tables: the one that the processor uses beside the guest's own.

Intel SDM volume 3A: 3.4.5 (code and data), 3.5 (system descriptors), 6.11 (gates)."""
import struct

import gdb

from . import machine, paging
from .commands import Command, command
from .machine import Refusal

SYSTEM_TYPES = {
    1: "tss16",
    2: "ldt",
    3: "tss16 busy",
    4: "call gate16",
    5: "task gate",
    6: "int gate16",
    7: "trap gate16",
    9: "tss",
    11: "tss busy",
    12: "call gate",
    14: "int gate",
    15: "trap gate",
}
GATES = (4, 5, 6, 7, 12, 14, 15)


class Descriptor:
    """An entry of a table, taken apart."""

    def __init__(self, low, high):
        self.low, self.high = low, high
        self.type = high >> 8 & 15
        self.code_or_data = bool(high >> 12 & 1)
        self.dpl = high >> 13 & 3
        self.present = bool(high >> 15 & 1)
        self.granular = bool(high >> 23 & 1)
        self.base = low >> 16 | (high & 0xFF) << 16 | high & 0xFF000000
        field = low & 0xFFFF | high & 0xF0000
        self.limit = field << 12 | 0xFFF if self.granular else field
        self.offset = low & 0xFFFF | high & 0xFFFF0000
        self.selector = low >> 16

    def is_empty(self):
        return self.low == 0 and self.high == 0

    def is_gate(self):
        return not self.code_or_data and self.type in GATES

    def type_text(self):
        if not self.code_or_data:
            return SYSTEM_TYPES.get(self.type, "reserved %d" % self.type)
        if self.type & 8:
            text = "code " + ("r" if self.type & 2 else "-") + ("c" if self.type & 4 else "-")
        else:
            text = "data " + ("w" if self.type & 2 else "-") + ("d" if self.type & 4 else "-")
        return text + ("a" if self.type & 1 else "-")

    def text(self):
        if self.is_empty():
            return "empty"
        if self.is_gate():
            where = "%04x:%08x%s" % (self.selector, self.offset, machine.symbol_text(self.offset))
            if self.type == 5:
                where = "task %04x" % self.selector
        else:
            where = "base %08x limit %08x" % (self.base, self.limit)
        present = "present" if self.present else "absent"
        return "%-9s DPL %d %-7s %s" % (self.type_text(), self.dpl, present, where)


def take_apart(data):
    return [Descriptor(low, high) for low, high in struct.iter_unpack("<II", data)]


def read_table(base, limit):
    """A table of the processor's."""
    return take_apart(machine.read(base, (limit + 1) // 8 * 8))


def read_guests_table(vcpu, base, limit):
    """A table of the guest's, also where the processor's page tables do not have it yet."""
    return take_apart(paging.read_linear(vcpu, base, (limit + 1) // 8 * 8))


def read_real(name):
    base, limit = machine.register(name + "_base"), machine.register(name + "_limit")
    if not machine.register("cr0") & 1:
        raise Refusal("The processor is in real mode: it uses no descriptors.")
    if name == "idtr" and base == 0 and limit == machine.REAL_MODE_IDT_LIMIT:
        raise Refusal("No IDT has been loaded: IDTR is still the BIOS's, for real mode.")
    print("the processor's: %s base %08x limit %04x" % (name.upper(), base, limit))
    return read_table(base, limit)


def read_guests(name):
    """The guest's own table, or None where there is none to show."""
    if machine.is_bare():
        return None
    try:
        vcpu = machine.running_vcpu()
    except Refusal as why:
        print("the guest's:     none. %s" % why)
        return None
    if not machine.has_field(vcpu, "guest_" + name):
        print("the guest's:     this monitor does not keep the guest's %s yet (a later lab)"
              % name.upper())
        return None
    register = vcpu["guest_" + name]
    base, limit = int(register["base"]), int(register["limit"])
    print("the guest's:     %s base %08x limit %04x" % (name.upper(), base, limit))
    if limit == 0:
        return None
    if name == "idtr" and not machine.has_traps(vcpu):
        print("                 Before lab 2 no event goes through it.")
        return None
    try:
        return read_guests_table(vcpu, base, limit)
    except Refusal as why:
        print(why)
        return None


EMPTY = Descriptor(0, 0)


def entry(table, index):
    return table[index] if index < len(table) else EMPTY


def row_text(index, step, label, descriptor):
    return "%04x %-6s %s" % (index * step, label, descriptor.text())


class Table(Command):
    """What gdt and idt share."""

    register = None  # "gdtr"
    step = 1  # from one index to the next, as it is shown

    def run(self, words):
        machine.require()
        wanted = self.wanted(words)
        real = read_real(self.register)
        guests = read_guests(self.register)
        last = max(len(real), len(guests or []))
        if wanted is not None and wanted >= last:
            raise Refusal("The table ends before %x." % (wanted * self.step))
        indices = range(last) if wanted is None else [wanted]
        self.show(real, guests, indices)

    def wanted(self, words):
        if not words:
            return None
        try:
            if len(words) > 1:
                raise ValueError
            number = int(gdb.parse_and_eval(words[0]))
        except (gdb.error, ValueError):
            number = -1
        if not 0 <= number < 0x10000:
            raise gdb.GdbError("`%s` takes one number. Try `help %s`." % (self.name, self.name))
        return number // self.step

    def show(self, real, guests, indices):
        for index in indices:
            mine = entry(real, index)
            theirs = entry(guests, index) if guests and index < len(guests) else None
            if theirs and (mine.low, mine.high) != (theirs.low, theirs.high):
                print(row_text(index, self.step, "guest", theirs))
                print(row_text(index, self.step, "real *", mine))
            elif not mine.is_empty() or len(indices) == 1:
                print(row_text(index, self.step, "both" if theirs else "real", mine))


@command
class Gdt(Table):
    """Show the global descriptor table: the real one beside the guest's own.
    gdt             every entry that is not empty
    gdt SELECTOR    one entry, for example `gdt 8`

    Where the two differ, the guest's is shown first and the real one, marked *, below it."""

    name = "gdt"
    register = "gdtr"
    step = 8


def install():
    """Nothing but the commands."""
