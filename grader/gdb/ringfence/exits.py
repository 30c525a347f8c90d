# SPDX-License-Identifier: BSD-2-Clause
"""The history of exits that the monitor keeps for each virtual processor (monitor/include/exit.h),
read with the types that the debug information has: a later lab may add reasons and fields."""
import gdb

from . import codeview, firmware, machine
from .commands import Command, command
from .machine import Refusal

SHOWN = 8  # records, where the user does not say
BAR = 40  # columns of the longest bar


def reasons():
    """Name -> number: EXIT_PAGE_FAULT is "page_fault"."""
    fields = gdb.lookup_type("enum exit_reason").fields()
    return {
        field.name[len("EXIT_") :].lower(): field.enumval
        for field in fields
        if field.name != "EXIT_REASONS"
    }


def reason_number(name):
    found = reasons().get(name.lower().replace("-", "_"))
    if found is None:
        raise Refusal("There is no exit reason `%s`. There are: %s." % (name, ", ".join(reasons())))
    return found


def reason_name(number):
    for name, value in reasons().items():
        if value == number:
            return name
    return "reason %d" % number


def record(vcpu, sequence):
    """The place of exit number `sequence` in the history."""
    records = vcpu["exits"]["record"]
    return records[sequence % (records.type.range()[1] + 1)]


def place_text(vcpu, cs, eip, length):
    """Where in the guest it was, and the instruction where the monitor had to look at it."""
    found = codeview.position(vcpu, eip) if machine.has_code_view(vcpu) and cs & 3 == 1 else None
    if found:
        return "%04x:%08x in a patch block, for %s" % (cs & 0xFFFF, eip, found.original_text())
    try:
        linear = machine.guest_linear(vcpu, cs, eip)
    except Refusal:
        linear = eip
    symbol = firmware.slot_text(vcpu, eip) or machine.symbol_text(linear)
    text = "%04x:%08x%s" % (cs & 0xFFFF, eip, symbol)
    return text + ("  " + machine.instruction_text(linear) if length else "")


def record_text(vcpu, one):
    where = place_text(vcpu, int(one["cs"]), int(one["eip"]), int(one["byte_count"]))
    address = int(one["address"])
    return "exit %u  %-10s vector %u error %x  %s%s" % (
        int(one["sequence"]),
        reason_name(int(one["reason"])),
        int(one["vector"]),
        int(one["error_code"]),
        where,
        "  CR2 %08x" % address if address else "",
    )


def current_text(vcpu, one):
    """The record of the exit that is being handled: a hypercall's arguments are in the registers still."""
    text = record_text(vcpu, one)
    return text + "  " + firmware.call_text(vcpu) if reason_name(int(one["reason"])) == "hypercall" else text


def entry_text(vcpu):
    """The exit that vm_exit() is about to handle: it has no reason yet."""
    registers = vcpu["registers"]
    called = firmware.is_call(vcpu)  # then EIP stands behind the instruction
    return "exit %u  vector %u error %x  %s%s" % (
        int(vcpu["exits"]["total"]),
        int(registers["vector"]),
        int(registers["error_code"]),
        place_text(vcpu, int(registers["cs"]), int(registers["eip"]), not called),
        "  " + firmware.call_text(vcpu) if called else "",
    )


def require_exits(vcpu):
    if int(vcpu["exits"]["total"]) == 0:
        raise Refusal("No exit of %s has been recorded yet: `vmexit` runs to the next." % machine.vm_name(vcpu))


@command
class Exits(Command):
    """Show the last exits of the running guest, or how many of each kind.
    exits              the last 8
    exits N            the last N, as far as the monitor keeps them
    exits by reason    how many of each kind, since the guest started

    The history lies in the monitor's memory; the monitor itself writes it."""

    name = "exits"
    arguments = ["by reason"]

    def run(self, words):
        vcpu = machine.running_vcpu()
        if words == ["by", "reason"]:
            require_exits(vcpu)
            self.by_reason(vcpu)
        elif not words or (len(words) == 1 and words[0].isdigit() and int(words[0]) > 0):
            require_exits(vcpu)
            self.last(vcpu, int(words[0]) if words else SHOWN)
        else:
            raise gdb.GdbError("Write `exits`, `exits N` or `exits by reason`.")

    @staticmethod
    def last(vcpu, count):
        total = int(vcpu["exits"]["total"])
        kept = vcpu["exits"]["record"].type.range()[1] + 1
        print("%s: %u exits" % (machine.vm_name(vcpu), total))
        for sequence in range(max(0, total - min(count, kept)), total):
            print(record_text(vcpu, record(vcpu, sequence)))

    @staticmethod
    def by_reason(vcpu):
        counts = vcpu["exits"]["count"]
        most = max(int(counts[number]) for number in reasons().values()) or 1
        print("%s: %u exits" % (machine.vm_name(vcpu), int(vcpu["exits"]["total"])))
        for name, number in reasons().items():
            count = int(counts[number])
            print(("%10u  %-20s %s" % (count, name, "#" * (count * BAR // most))).rstrip())


def install():
    """Nothing but the commands."""
