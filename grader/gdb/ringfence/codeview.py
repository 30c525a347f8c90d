# SPDX-License-Identifier: BSD-2-Clause
"""The code view as the monitor keeps it, and where in the guest's own code the processor is.

monitor/include/code.h and patch.h are the contract. Everything here is read anew for each command.

Invariant: this module asks no frame. The unwinder (blocks.py) uses it while GDB makes one."""
import functools
import re

import gdb

from . import machine
from .machine import Refusal
from .paging import FRAME, PAGE, P

CODE_VIEW = 0xFC000000  # layout.h
CODE_MAX = 0x01C00000  # code.h
VIEW_SIZE = 0x100000000 - CODE_VIEW
NEVER = 255  # PATCH_NEVER
BRANCH = re.compile(r"(j\w+|call|loop\w*) 0x([0-9a-f]+)( <.*>)?$")


def running():
    """The virtual processor that the monitor names, where it has a code view; or None."""
    found = gdb.lookup_global_symbol("vcpu_running")
    pointer = found.value() if found else None
    if pointer is None or int(pointer) == 0 or not machine.has_code_view(pointer.dereference()):
        return None
    return pointer.dereference()


def is_block_eip(eip):
    """Can it be in a patch block? Then it is no address of the guest's own code."""
    return CODE_MAX <= eip < VIEW_SIZE


def places(address):
    """Where a breakpoint must be to stop at an address of the guest's. On Bochs that is the bridge's own
    business; QEMU must be told where the guest's kernel is fetched from."""
    if address >= CODE_MAX or machine.shows_fetch() or running() is None:
        return [address]
    return [address, CODE_VIEW + address]


# ---- pages and patches ----


def kind_names():
    """Number -> name of enum code_kind: CODE_COPIED is "copied"."""
    return {
        field.enumval: field.name[len("CODE_") :].lower()
        for field in gdb.lookup_type("enum code_kind").fields()
    }


class Page:
    """A struct code_page that is in use."""

    def __init__(self, value, names):
        self.value, self.names = value, names
        self.linear, self.physical = int(value["linear"]["raw"]), int(value["page"]["raw"])
        self.original, self.copy = int(value["original"]), int(value["copy"])
        self.behind = int(value["behind"]["raw"]) if int(value["next"]) else None
        self.code_size = int(value["code_size"])
        self.kinds, self.target, self.hits = (self.bytes_of(each) for each in ("kind", "target", "hits"))

    def bytes_of(self, field):
        return machine.read(int(self.value[field].address), PAGE)

    def kind(self, offset):
        return self.names.get(self.kinds[offset], "?")

    def begins(self, offset):
        """Does a known instruction begin there?"""
        return self.kind(offset) not in ("unknown", "inside")

    @functools.cached_property
    def patches(self):
        """In the order of their places."""
        found, at = [], self.value["patches"]
        while int(at):
            found.append(Patch(self, at.dereference()))
            at = at.dereference()["next"]
        return sorted(found, key=lambda patch: patch.offset)

    def patch_at(self, offset):
        for patch in self.patches:
            if patch.offset <= offset < patch.offset + patch.length:
                return patch
        return None

    def instruction(self, offset):
        """The guest's own instruction: its text and length. One that reaches into the page behind is read
        at its own address."""
        where = self.original + offset
        if offset + 15 > PAGE:
            where = self.linear + offset
        return disassemble(where, self.linear + offset)

    def length(self, offset):
        return self.instruction(offset)[1]


class Point:
    """A struct block_point."""

    def __init__(self, value):
        self.at, self.original, self.pushed = (int(value[name]) for name in ("at", "original", "pushed"))
        self.exact, self.moved, self.after_sti, self.undo_if = (
            bool(value[name]) for name in ("exact", "moved", "after_sti", "undo_if"))

    def text(self):
        parts = ["exact" if self.exact else "%d pushed" % self.pushed]
        for name, text in (("moved", "the guest's own"), ("after_sti", "behind STI"), ("undo_if", "IF has changed")):
            if getattr(self, name):
                parts.append(text)
        return ", ".join(parts)


class Patch:
    """A struct patch: a run of the guest's instructions, and the block that a jump leads to."""

    def __init__(self, page, value):
        self.page, self.offset, self.length = page, int(value["offset"]), int(value["length"])
        self.eip, self.size = int(value["block"]), int(value["block_length"])
        self.entry = int(value["entry"])
        self.run, self.block = page.linear + self.offset, CODE_VIEW + self.eip
        self.value = value

    @functools.cached_property
    def points(self):
        """Read in one piece: many small reads are slow."""
        count, one = int(self.value["points"]), gdb.lookup_type("struct block_point")
        data = machine.read(int(self.value["point"].address), count * one.sizeof)
        return [Point(gdb.Value(data[i * one.sizeof : (i + 1) * one.sizeof], one)) for i in range(count)]

    def point(self, at):
        """The point that a byte of the block belongs to: the last at or before it."""
        return ([point for point in self.points if point.at <= at] or self.points)[-1]

    def originals(self):
        """Offset in the run and text of each of the guest's instructions."""
        at = 0
        while at < self.length:
            text, length = self.page.instruction(self.offset + at)
            yield at, text
            at += length

    def text(self):
        return "; ".join(text for _at, text in self.originals())


def all_pages(vcpu):
    """All pages in use, the newest first."""
    names, at = kind_names(), vcpu["code_view"]["newest"]
    while int(at):
        value = at.dereference()
        if int(value["original"]):
            yield Page(value, names)
        at = value["older"]


def mapped_copy(vcpu, linear):
    """The copy that the processor fetches from at that address of the guest's: where GDB reads it, or
    None."""
    root = vcpu["shadow"]["root"]
    if linear >= CODE_MAX or int(root) == 0:
        return None
    entry = int(root["entry"][(CODE_VIEW + linear) >> 22])
    if entry & P:
        entry = machine.read_u32(machine.monitor_base() + (entry & FRAME) + (linear >> 12 & 1023) * 4)
    return machine.monitor_base() + (entry & FRAME) if entry & P else None


def pages_at(vcpu, linear):
    """All pages for that address, the mapped one first; and is the first one mapped?"""
    copy = mapped_copy(vcpu, linear)
    found = [page for page in all_pages(vcpu) if page.linear == linear & FRAME]
    found.sort(key=lambda page: page.copy != copy)
    return found, bool(found) and found[0].copy == copy


def patch_of_block(vcpu, eip):
    """The patch whose block has the byte at this EIP, or None."""
    if not is_block_eip(eip):
        return None
    at = vcpu["code_view"]["newest"]
    while int(at):
        page = at.dereference()
        patch = page["patches"] if int(page["original"]) else 0
        while int(patch):
            value = patch.dereference()
            if eip == int(value["entry"]) or 0 <= eip - int(value["block"]) < int(value["block_length"]):
                return Patch(Page(page, kind_names()), value)
            patch = value["next"]
        at = page["older"]
    return None


# ---- instructions ----


def disassemble(where, address):
    """The instruction in memory at `where`, as if it stood at `address`: text and length. A jump from the
    code view to the guest's code leads to the guest's own address."""
    try:
        line = gdb.selected_inferior().architecture().disassemble(where)[0]
    except gdb.MemoryError:
        return "?", 1
    text = re.sub(r"\s+", " ", line["asm"]).strip()
    branch = BRANCH.match(text)
    if branch:
        target = int(branch.group(2), 16) - where + address & machine.WORD
        if 0 <= target - CODE_VIEW < CODE_MAX:
            target -= CODE_VIEW
        text = "%s 0x%x%s" % (branch.group(1), target, machine.symbol_text(target))
    return text, line["length"]


def place(address):
    return "%08x%s" % (address, machine.symbol_text(address))


# ---- where is the processor? ----


class Position:
    """In a patch block: which, which byte of it, and which of the guest's instructions that belongs to.
    A jump to a block that stands elsewhere is as its first byte."""

    def __init__(self, patch, eip):
        self.at = 0 if eip == patch.entry else eip - patch.eip
        self.patch, self.point, self.fetch = patch, patch.point(self.at), CODE_VIEW + eip
        self.address = patch.run + self.point.original

    def original_text(self):
        if self.point.original >= self.patch.length:
            return "the way back to %s" % place(self.address)
        text = self.patch.page.instruction(self.patch.offset + self.point.original)[0]
        return "%s at %s" % (text, place(self.address))

    def text(self):
        where = "byte %d of %d" % (self.at, self.patch.size)
        if self.fetch != self.patch.block + self.at:
            where = "a jump to it"
        return "%08x, %s, for %s; %s" % (self.fetch, where, self.original_text(), self.point.text())


def position(vcpu, eip):
    """From an EIP of the guest's kernel; None where it is in no block."""
    patch = patch_of_block(vcpu, eip)
    return Position(patch, eip) if patch and patch.points else None


def here():
    """Where the guest's kernel runs now in a block; or None."""
    if machine.is_bare() or machine.register("cpl") != 1:
        return None
    vcpu = running()
    return position(vcpu, machine.fetch() - CODE_VIEW) if vcpu is not None else None


def fetch_text(vcpu):
    """Where the guest's next instruction is fetched from."""
    fetch = machine.fetch()
    if machine.register("cpl") == 3:
        return "%08x, a user's: its own code" % fetch
    if fetch < CODE_VIEW:
        return "%08x, its own code: the plain view, for a step" % fetch
    found = here()
    if found:
        return "%08x, a patch block, for %s" % (fetch, found.original_text())
    return "%08x, the copy of its own code" % fetch


def require_view():
    """The running virtual processor, of a monitor that patches code."""
    vcpu = machine.running_vcpu()
    if not machine.has_code_view(vcpu):
        raise Refusal("Before lab 4 the guest's kernel executes its own code: there are no copies and no patches.")
    return vcpu
