# SPDX-License-Identifier: BSD-2-Clause
"""The two worlds: the guest and the monitor that carries it.

Symbols need no switch: the guest's are below MONITOR_BASE, the monitor's above it. What changes
is the frame that GDB looks at, and with it the registers, the locals and the source."""
import gdb

from . import codeview, frames, machine, tables, traps
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


def table_row(vcpu, name):
    """GDTR or IDTR. Before lab 2 the guest has an IDTR only in name."""
    field = "guest_" + name
    believed = None
    if machine.has_field(vcpu, field) and (name == "gdtr" or machine.has_traps(vcpu)):
        believed = table_text(vcpu[field])
    base, limit = machine.register(name + "_base"), machine.register(name + "_limit")
    row(name, believed, "%08x limit %04x" % (base, limit))


def kept(vcpu, name, form="%08x"):
    """What the monitor keeps for the guest from lab 2 on: its value as text, or None."""
    return form % int(vcpu[name]) if machine.has_traps(vcpu) else None


def system_text(vcpu, field, segment):
    """LDTR or TR, with the segment that LLDT or LTR took from the guest's GDT."""
    text = "%04x" % int(vcpu[field])
    if not vcpu[segment]["present"]:
        return text + " none"
    return text + " %08x+%08x" % (int(vcpu[segment]["base"]), int(vcpu[segment]["limit"]))


DEBUG_AT_RESET = {6: 0xFFFF0FF0, 7: 0x400}


def debug_rows(vcpu):
    """The debug registers that the guest has changed. GDB does not know the processor's own."""
    for number in (0, 1, 2, 3, 6, 7):
        value = int(vcpu["dr"][number])
        if value != DEBUG_AT_RESET.get(number, 0):
            print("%-8s %08x" % ("dr%d" % number, value))


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
    if selector & 4:
        there, base, limit = local_table(vcpu)
    else:
        there, base, limit = True, int(vcpu["guest_gdtr"]["base"]), int(vcpu["guest_gdtr"]["limit"])
    at = selector & 0xFFF8
    if not there or at + 7 > limit:
        return tables.EMPTY
    try:
        return tables.read_guests_table(vcpu, base + at, 7)[0]
    except Refusal:
        return tables.EMPTY


def local_table(vcpu):
    """Is there an LDT, where, and its limit."""
    local = vcpu["local"]
    return bool(local["present"]), int(local["base"]), int(local["limit"])


def believed_selector(selector):
    """In ring 1 the guest's kernel believes that it is in ring 0."""
    return selector & ~3 if selector & 3 == 1 else selector


@command
class Vcpu(Command):
    """Show the virtual processor beside the real one.
    vcpu    what the guest believes, what the processor has while the guest runs; * marks
            where the two differ

    Segments are written: selector, base + limit, type, DPL. CR0 to CR4 and the table registers
    are the processor's now. What this monitor does not keep yet, a later lab adds. From lab 2
    on: `tables` says which view of the guest's tables is loaded and why, `next` what happens
    before the guest's next instruction or behind it. From lab 4 on its kernel's code has a base
    in the code view: `fetch` is where it is fetched from. Debug registers show where they are
    not as after reset."""

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
        believed = "%d" % machine.virtual_if(vcpu) if machine.has_traps(vcpu) else None
        row("IF", believed, str(value("eflags") >> 9 & 1))
        row("IOPL", kept(vcpu, "virtual_iopl", "%d"), str(value("eflags") >> 12 & 3))
        for name in ("cr0", "cr2", "cr3", "cr4"):
            row(name, kept(vcpu, name), "%08x" % machine.register(name))
        for name in ("gdtr", "idtr"):
            table_row(vcpu, name)
        if machine.has_traps(vcpu):
            self.traps_rows(vcpu)

    @staticmethod
    def traps_rows(vcpu):
        """What a monitor keeps from lab 2 on."""
        for name, field, segment in (("ldtr", "guest_ldtr", "local"), ("tr", "guest_tr", "task")):
            row(name, system_text(vcpu, field, segment), "%04x" % machine.register(name))
        debug_rows(vcpu)
        print("%-8s %s" % ("tables", traps.view_text(vcpu)))
        print("%-8s %s" % ("next", traps.next_text(vcpu)))
        if machine.has_code_view(vcpu) and machine.in_guest():
            print("%-8s %s" % ("fetch", codeview.fetch_text(vcpu)))

    @staticmethod
    def segment_row(vcpu, name, selector):
        real = tables.Descriptor(*machine.loaded_descriptor(vcpu, selector))
        wanted = believed_selector(selector)
        believed = guests_own_descriptor(vcpu, wanted)
        row(name, segment_text(wanted, believed), segment_text(selector, real))


def install():
    """Nothing but the commands."""
