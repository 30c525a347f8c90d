# SPDX-License-Identifier: BSD-2-Clause
"""Gates: where events go, on the processor and in the guest's belief.

Intel SDM volume 3A: 6.10 to 6.12. Which of a guest's gates the processor may use without the
monitor is in monitor/include/views.h. The rules are written down here once more, so that a gate
that is open by mistake shows."""
import gdb

from . import machine, tables, traps
from .commands import command
from .machine import Refusal

STRIDE = 32  # bytes from one stub to the next, at most, in a row of stubs
TRAP_GATE = 15
BREAKPOINT_AND_OVERFLOW = (3, 4)


def alike(index, one, other):
    """Two gates in a row that lead to stubs in a row, and differ in nothing else."""
    if (one.high ^ other.high) & 0xFFFF or one.selector != other.selector:
        return False
    if one.offset < machine.monitor_base():
        return 0 <= other.offset - one.offset <= STRIDE
    return (
        machine.symbol_text(one.offset) == " <stub%d>" % index
        and machine.symbol_text(other.offset) == " <stub%d>" % (index + 1)
    )


def closed_because(vcpu, vector, gate):
    """Why the guest's gate is not the processor's, or None where it may be."""
    if not gate.is_gate():
        return "it is no gate: #GP"
    if not gate.present:
        return "it is absent: #NP"
    if vector < first_free() and vector not in BREAKPOINT_AND_OVERFLOW:
        return "exceptions and the machine's own interrupts are the monitor's"
    if gate.type != TRAP_GATE:
        return "an interrupt gate clears IF" if gate.type == 14 else "it is no trap gate"
    if gate.dpl != 3:
        return "users may not pass it (DPL %d)" % gate.dpl
    code = tables.Descriptor(*machine.guest_descriptor(vcpu, gate.selector))
    if not code.present or not code.code_or_data or not code.type & 8 or code.type & 4 or code.dpl != 1:
        return "its selector names no code of the kernel's"
    if traps.view_name(vcpu) != "open":
        return "the tables are closed" + traps.view_cause(vcpu)
    return None


def first_free():
    """The first vector behind the exceptions and the real interrupts."""
    return int(gdb.parse_and_eval("VECTOR_IRQ")) + 16


def is_direct(real):
    """A real gate of a monitor's leads to a stub of its own, in ring 0."""
    return real.selector & 3 == 1


@command
class Idt(tables.Table):
    """Show the interrupt descriptor table: the real one beside the guest's own.
    idt                 every gate that is not empty; a row of gates to stubs is one line
    idt VECTOR          one gate, for example `idt 13`
    idt guest           the guest's gates, and which of them the processor has, and why
    idt guest VECTOR    one of them

    Where the two differ, the guest's is shown first and the real one, marked *, below it.
    A gate is `direct` where the processor goes straight to the guest's handler, without an exit."""

    name = "idt"
    register = "idtr"
    arguments = ["guest"]

    def run(self, words):
        if words[:1] == ["guest"]:
            self.run_guest(words[1:])
        else:
            super().run(words)

    # ---- both tables ----

    def show(self, real, guests, indices):
        if len(indices) == 1:
            super().show(real, guests, indices)
            return
        pairs = [(tables.entry(real, i), tables.entry(guests or [], i)) for i in indices]
        for index, last in self.runs(pairs):
            super().show(real, guests, [index])
            if last > index and not (pairs[index][0].is_empty() and pairs[index][1].is_empty()):
                print("  to %04x: the same, each to a stub of its own" % last)

    @staticmethod
    def runs(rows):
        """First and last index of each run of rows that are alike in all their gates."""
        index = 0
        while index < len(rows):
            last = index
            while last + 1 < len(rows) and all(
                alike(last, one, other) for one, other in zip(rows[last], rows[last + 1])
            ):
                last += 1
            yield index, last
            index = last + 1

    # ---- the guest's ----

    def run_guest(self, words):
        vcpu = machine.require_traps("IDT of its own: events do not go through it")
        wanted = self.wanted(words)
        real = tables.read_real(self.register)
        guests = tables.read_guests(self.register)
        if not guests or int(vcpu["guest_idtr"]["base"]) == 0:
            raise Refusal("The guest has not loaded an IDT yet.")
        if wanted is None:
            self.show_runs(vcpu, real, guests)
        elif wanted >= len(guests):
            raise Refusal("The guest's table ends before %x: #GP." % wanted)
        else:
            self.show_gate(vcpu, wanted, guests[wanted], tables.entry(real, wanted))

    def show_runs(self, vcpu, real, guests):
        rows = [(guest, tables.entry(real, i)) for i, guest in enumerate(guests)]
        why = [self.how(vcpu, i, *each) for i, each in enumerate(rows)]
        index = 0
        while index < len(rows):
            last = index
            while (
                last + 1 < len(rows)
                and why[last + 1] == why[index]
                and alike(last, rows[last][0], rows[last + 1][0])
            ):
                last += 1
            if not rows[index][0].is_empty():
                self.show_gate(vcpu, index, *rows[index], last)
            index = last + 1

    def show_gate(self, vcpu, vector, gate, real, last=None):
        print(tables.row_text(vector, self.step, "guest", gate))
        if last is not None and last > vector:
            print("  to %04x: the same, each to a stub of its own" % last)
        print("            %s" % self.how(vcpu, vector, gate, real))

    @staticmethod
    def how(vcpu, vector, gate, real):
        why = closed_because(vcpu, vector, gate)
        if is_direct(real):
            return "direct" if why is None else "direct, which is wrong: " + why
        if why is None:
            return "through the monitor, though it could be direct"
        return "through the monitor: " + why


def install():
    """Nothing but the commands."""
