# SPDX-License-Identifier: BSD-2-Clause
"""The two worlds: the guest and the monitor that carries it.

Symbols need no switch: the guest's are below MONITOR_BASE, the monitor's above it. What changes
is the frame that GDB looks at, and with it the registers, the locals and the source."""
import gdb

from . import frames, machine, tables
from .commands import Command, command
from .machine import Refusal

GENERAL = ("eax", "ebx", "ecx", "edx", "esi", "edi", "ebp", "esp")
SEGMENTS = ("cs", "ss", "ds", "es", "fs", "gs")


def guest_frame():
    """The newest frame of the guest's, or None where the backtrace does not reach it."""
    frame = gdb.newest_frame()
    base = machine.monitor_base()
    try:
        while frame and frame.pc() >= base:
            frame = frame.older()
    except gdb.error:
        return None
    return frame


def register_lines(value):
    """General registers and flags in lines of less than 80 columns."""
    rows = [GENERAL[:4], GENERAL[4:], ("eip", "eflags")]
    for names in rows:
        print("  " + "  ".join("%-6s %08x" % (name, value(name)) for name in names))
    print("  " + "  ".join("%s %04x" % (name, value(name) & 0xFFFF) for name in SEGMENTS))


@command
class Guest(Command):
    """Look at the guest: its registers as they were saved, its source, its locals.
    guest    selects the newest frame of the guest's; `host` goes back

    While the guest itself runs, these are the processor's own registers. `bt` shows both worlds."""

    name = "guest"

    def run(self, words):
        self.refuse_words(words)
        machine.require()
        if machine.is_bare():
            raise Refusal("This is the bare machine: the guest is all there is.")
        if machine.in_guest():
            register_lines(machine.register)
            gdb.newest_frame().select()
            print(gdb.execute("frame", to_string=True), end="")
            return
        vcpu = machine.running_vcpu()
        registers = vcpu["registers"]
        print("%s, as the monitor has it:" % machine.vm_name(vcpu))
        register_lines(lambda name: int(registers[name]))
        frame = guest_frame()
        if frame and frame.pc() == machine.guest_pc(vcpu):
            frame.select()
            print(gdb.execute("frame", to_string=True), end="")
        else:
            self.show_address(machine.guest_pc(vcpu))

    @staticmethod
    def show_address(address):
        """Where no frame leads to the guest, as before its first entry."""
        sal = gdb.find_pc_line(address)
        where = " at %s:%d" % (sal.symtab.filename, sal.line) if sal.symtab else ""
        print("next: %08x%s%s" % (address, machine.symbol_text(address), where))
        print("The way to the guest is not on the stack here, so locals cannot be shown.")


@command
class Host(Command):
    """Look at the monitor again, after `guest`.
    host    selects the newest frame, where the processor itself stands"""

    name = "host"

    def run(self, words):
        self.refuse_words(words)
        machine.require()
        if machine.is_bare():
            raise Refusal("This is the bare machine: there is no monitor.")
        if machine.in_guest():
            raise Refusal(
                "The guest runs now, and the monitor's stack is empty: `vmexit` runs to the monitor."
            )
        gdb.newest_frame().select()
        frames.show_newest()


# ---- vcpu ----

HEADING = "%-8s %-32s %s"


def row(name, believed, real):
    """One line: what the guest believes, what the processor has; * where they differ."""
    unknown = believed is None
    mark = " " if unknown or believed == real else "*"
    print((HEADING % (name, "(not kept yet)" if unknown else believed, mark + " " + real)).rstrip())


def table_text(register):
    return "%08x limit %04x" % (int(register["base"]), int(register["limit"]))


def kept(vcpu, name, form="%08x"):
    """A register that a later lab keeps for the guest: its value as text, or None."""
    return form % int(vcpu[name]) if machine.has_field(vcpu, name) else None


def segment_text(selector, descriptor):
    if selector & 0xFFFC == 0:
        return "%04x null" % selector
    return "%04x %08x+%08x %s %d" % (
        selector,
        descriptor.base,
        descriptor.limit,
        descriptor.type_text(),
        descriptor.dpl,
    )


def guests_own_descriptor(vcpu, selector):
    gdtr = vcpu["guest_gdtr"]
    at = selector & 0xFFF8
    if at + 7 > int(gdtr["limit"]):
        return tables.EMPTY
    try:
        return tables.read_table(int(gdtr["base"]) + at, 7)[0]
    except Refusal:
        return tables.EMPTY


def believed_selector(selector):
    """In ring 1 the guest's kernel believes that it is in ring 0."""
    return selector & ~3 if selector & 3 == 1 else selector


@command
class Vcpu(Command):
    """Show the virtual processor beside the real one.
    vcpu    what the guest believes, what the processor has while the guest runs; * marks
            where the two differ

    Segments are written: selector, base + limit, type, DPL. CR0 to CR4 and IDTR are the
    processor's now. What this monitor does not keep yet, a later lab adds."""

    name = "vcpu"

    def run(self, words):
        self.refuse_words(words)
        vcpu = machine.running_vcpu()
        saved = vcpu["registers"]
        running = machine.in_guest()

        def value(name):
            return machine.register(name) if running else int(saved[name])

        print("%s, %s, %u exits so far" % (
            machine.vm_name(vcpu),
            "running" if running else "stopped while the monitor works",
            int(vcpu["exits"]["total"]),
        ))
        register_lines(value)
        print(HEADING % ("", "the guest believes", "  the processor"))
        ring = value("cs") & 3
        row("ring", str(0 if ring == 1 else ring), str(ring))
        for name in SEGMENTS:
            self.segment_row(vcpu, name, value(name) & 0xFFFF)
        row("IF", kept(vcpu, "virtual_if", "%d"), str(value("eflags") >> 9 & 1))
        row("IOPL", None, str(value("eflags") >> 12 & 3))
        for name in ("cr0", "cr2", "cr3", "cr4"):
            row(name, kept(vcpu, name), "%08x" % machine.register(name))
        for name in ("gdtr", "idtr"):
            field = "guest_" + name
            real = "%08x limit %04x" % (
                machine.register(name + "_base"),
                machine.register(name + "_limit"),
            )
            row(name, table_text(vcpu[field]) if machine.has_field(vcpu, field) else None, real)

    @staticmethod
    def segment_row(vcpu, name, selector):
        real = tables.Descriptor(*machine.guest_descriptor(vcpu, selector))
        wanted = believed_selector(selector)
        believed = guests_own_descriptor(vcpu, wanted)
        row(name, segment_text(wanted, believed), segment_text(selector, real))


def install():
    """Nothing but the commands."""
