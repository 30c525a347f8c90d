# SPDX-License-Identifier: BSD-2-Clause
"""The guest's page tables as its memory has them, and the pool of shadow pages.

monitor/include/shadow.h is the contract; Intel SDM volume 3A: 4.3. The walk is written down here
once more, so that it can be held against the monitor's. Nothing here changes an A or D bit."""
import struct

import gdb

from . import machine
from .machine import Refusal

P, RW, US, A, D, PS = 1, 2, 4, 0x20, 0x40, 0x80
BITS = ((P, "P"), (RW, "R/W"), (US, "U/S"), (8, "PWT"), (16, "PCD"), (A, "A"), (D, "D"), (PS, "PS"), (0x100, "G"))
FRAME = 0xFFFFF000
PAGE, LARGE = 4096, 1 << 22
LARGE_HIGH, LARGE_RESERVED = 0x1FE000, 0x200000
ROLE = RW | US | D
CR0_WP, CR0_PG, CR4_PSE = 1 << 16, 1 << 31, 1 << 4


def bits_text(entry):
    """The names of an entry's bits."""
    return " ".join(name for bit, name in BITS if entry & bit) or "-"


# ---- memory ----


def machine_u32s(address, count):
    return struct.unpack("<%dI" % count, machine.read(machine.monitor_base() + address, 4 * count))


class Memory:
    """A guest's memory by guest-physical address. Tables are read once: make one for each command."""

    def __init__(self, vcpu):
        self.vm, self.pages = vcpu["vm"], {}
        self.size = int(self.vm["memory_size"])

    def frame(self, physical):
        """Where the page lies in the machine and the flags of vm.h; 0: the guest has no memory there."""
        if physical >= self.size:
            return 0
        return int(self.vm["frames"][physical // PAGE]["raw"])

    def table(self, physical):
        """The 1024 entries at a page; an empty bus gives all ones."""
        page = physical & FRAME
        if page not in self.pages:
            frame = self.frame(page)
            self.pages[page] = machine_u32s(frame & FRAME, 1024) if frame else (0xFFFFFFFF,) * 1024
        return self.pages[page]

    def has(self, physical, size):
        """Is all of it memory of the guest's? It has all from 0 up to its size."""
        return size <= self.size and physical <= self.size - size

    def read(self, physical, size):
        """Bytes at a guest-physical address, wherever the machine has them; or a Refusal."""
        if not self.has(physical, size):
            raise Refusal("The guest has no memory at %08x: it has %08x bytes." % (physical, self.size))
        data = b""
        while len(data) < size:
            at = physical + len(data)
            frame, part = self.frame(at), min(size - len(data), PAGE - at % PAGE)
            if not frame:
                raise Refusal("The guest has no memory at %08x." % at)
            data += machine.read(machine.monitor_base() + (frame & FRAME) + at % PAGE, part)
        return data


def read_linear(vcpu, linear, size):
    """Bytes of the guest's, by its own tables: the shadow may not have them yet."""
    if not machine.has_shadow(vcpu):
        return machine.read(linear, size)
    memory, rules, data = Memory(vcpu), Rules(vcpu), b""
    while size:
        walk = Walk(memory, rules, linear)
        frame = 0 if walk.fault or walk.beyond else memory.frame(walk.page)
        if not frame:
            raise Refusal("The guest has no memory mapped at %08x." % linear)
        part = min(size, PAGE - linear % PAGE)
        data += machine.read(machine.monitor_base() + (frame & FRAME) + linear % PAGE, part)
        linear, size = linear + part, size - part
    return data


# ---- the guest's walk ----


class Rules:
    """What the guest's control registers say of a walk."""

    def __init__(self, vcpu, cr3=None):
        cr0, cr4 = int(vcpu["cr0"]), int(vcpu["cr4"])
        self.paging, self.wp, self.pse = bool(cr0 & CR0_PG), bool(cr0 & CR0_WP), bool(cr4 & CR4_PSE)
        self.cr3 = int(vcpu["cr3"]) & FRAME if cr3 is None else cr3


class Walk:
    """A walk of the guest's own tables for a linear address. `entries` has (name, place, entry) of each
    that was read; `fault` says in words why there is nothing, or is None."""

    def __init__(self, memory, rules, linear):
        self.entries, self.fault, self.beyond = [], None, False
        self.large = not rules.paging
        if not rules.paging:
            self.page, self.table = linear & FRAME, linear & ~(LARGE - 1)
            self.rights, self.role, self.accessed, self.dirty = RW | US, ROLE, True, True
            return
        pde = self.read(memory, "PDE", rules.cr3, linear >> 22)
        if not pde & P:
            self.fault = "P of the guest's PDE is clear"
            return
        self.large = bool(pde & PS and rules.pse)
        self.table = pde & FRAME
        last = pde if self.large else self.read(memory, "PTE", self.table, linear >> 12 & 1023)
        if not last & P:
            self.fault = "P of the guest's PTE is clear"
            return
        if self.large and pde & LARGE_RESERVED:
            self.fault = "a reserved bit of the guest's PDE is set (bit 21 of a page of 4 MiB)"
            return
        self.rights = pde & last & (RW | US)
        self.accessed, self.dirty = bool(pde & last & A), bool(last & D)
        self.role, self.page = pde & (RW | US), last & FRAME
        if self.large:
            self.table = pde & ~(LARGE - 1)
            self.page = self.table | linear & (LARGE - 1) & FRAME
            self.role |= last & D
            self.beyond = bool(pde & LARGE_HIGH)

    def read(self, memory, name, table, index):
        entry = memory.table(table)[index]
        self.entries.append((name, table + 4 * index, entry))
        return entry


# ---- the pool ----


def kinds():
    """Number -> name of enum shadow_kind: SHADOW_ROOT is "root"."""
    return {
        field.enumval: field.name[len("SHADOW_") :].lower().replace("_", " ")
        for field in gdb.lookup_type("enum shadow_kind").fields()
    }


class ShadowPage:
    """A struct shadow_page, read once."""

    def __init__(self, number, value, names):
        self.number, self.kind = number, names.get(int(value["kind"]), "?")
        self.role, self.guest = int(value["role"]), int(value["guest"]["raw"])
        self.frame = int(value["entry"]) - machine.monitor_base() & machine.WORD
        self.address = int(value.address) if value.address else 0
        self.older, self.writes = int(value["older"]), int(value["writes"])

    def is_root(self):
        return self.kind in ("root", "flat")

    def has_table(self):
        """Was it made from a table of the guest's, that the guest can change?"""
        return self.kind in ("root", "table")

    def entries(self):
        return machine_u32s(self.frame, 1024)

    def text(self):
        """What it was made from."""
        if self.kind == "flat":
            return "paging off"
        if self.kind == "root":
            return "page directory %08x" % self.guest
        if self.kind == "table":
            return "page table %08x, role %s" % (self.guest, bits_text(self.role))
        if self.kind == "large":
            return "4 MiB at %08x, role %s" % (self.guest, bits_text(self.role))
        return "a %s" % self.kind


class Pool:
    """The shadow pages of a virtual processor."""

    def __init__(self, vcpu):
        self.shadow = shadow = vcpu["shadow"].dereference()
        self.tracing, self.roots_max = bool(shadow["tracing"]), int(shadow["roots_max"])
        self.recycled, count, names = int(shadow["recycled"]), int(shadow["pages"]), kinds()
        # the whole array in one piece: many small reads are slow
        base, one = int(shadow["page"]), gdb.lookup_type("struct shadow_page")
        data, size = machine.read(base, count * one.sizeof), one.sizeof
        self.pages = []
        for i in range(count):
            page = ShadowPage(i, gdb.Value(data[i * size : (i + 1) * size], one), names)
            page.address = base + i * size
            self.pages.append(page)
        self.by_frame = {page.frame: page for page in self.pages if page.kind != "free"}
        by_address = {page.address: page for page in self.pages}
        self.root = by_address.get(int(shadow["root"]))
        self.newest, at = [], by_address.get(int(shadow["newest"]))
        while at and len(self.newest) < count:
            self.newest.append(at)
            at = by_address.get(at.older)

    def roots(self):
        """From the newest to the oldest."""
        return [page for page in self.newest if page.is_root()]

    def made_from(self, page):
        """The shadow pages made from a table in that page of the guest's."""
        return [each for each in self.newest if each.has_table() and each.guest == page]

    def child(self, entry):
        """The shadow page that an entry of a root leads to; None: not present, or none of the pool."""
        return self.by_frame.get(entry & FRAME) if entry & P else None


def require_shadow():
    """The running virtual processor, of a monitor with shadow page tables."""
    vcpu = machine.running_vcpu()
    if not machine.has_shadow(vcpu):
        raise Refusal("Before lab 3 a guest has no page tables of its own, and so no shadow.")
    return vcpu
