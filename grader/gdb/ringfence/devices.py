# SPDX-License-Identifier: BSD-2-Clause
"""The devices of the running virtual machine: its pair of 8259s, its timer, its serial port.

Intel 8259A data sheet (231468), 8254 (231164), National PC16550D. `pic` works out by itself which
interrupt is next, so that it can be compared with what the monitor has found."""

from . import machine
from .commands import Command, command

LINES = (
    "timer", "keyboard", "the slave", "COM2", "COM1", "LPT2", "floppy", "LPT1",
    "clock", "free", "free", "free", "mouse", "FPU", "disk 1", "disk 2",
)
CASCADE = 2
NEVER = 0xFFFFFFFFFFFFFFFF
ACCESS = {1: "low byte", 2: "high byte", 3: "low, then high byte"}


# ---- the 8259s ----


class Chip:
    """One 8259A, with its inputs in the order of their priorities."""

    def __init__(self, value, first):
        self.value, self.first = value, first
        lowest = int(value["lowest"])
        self.order = [(lowest + 1 + i) % 8 for i in range(8)]

    def bit(self, register, number):
        return int(self.value[register]) >> number & 1

    def request(self):
        """The input that INT is raised for, or None: the first in order that asks, is not masked, and
        has nothing of its own or before it in service."""
        special = bool(self.value["special_mask"])
        for number in self.order:
            asks = self.bit("irr", number) and not self.bit("imr", number)
            if self.bit("isr", number):
                if special:
                    continue
                nested = asks and number == CASCADE and self.value["special_nested"]
                return number if nested else None
            if asks:
                return number
        return None

    def modes(self):
        names = (
            ("automatic_eoi", "automatic EOI"),
            ("rotate_on_aeoi", "rotating in AEOI"),
            ("special_mask", "special mask"),
            ("special_nested", "special fully nested"),
            ("poll", "the next read polls"),
            ("single", "single"),
        )
        found = [text for name, text in names if self.value[name]]
        if int(self.value["initializing"]):
            found.append("waits for ICW%d" % int(self.value["initializing"]))
        found.append("reads %s" % ("ISR" if self.value["reads_isr"] else "IRR"))
        return ", ".join(found)

    def show(self, name):
        base = int(self.value["vector_base"])
        print("%s: vectors %02xh to %02xh, %s" % (name, base, base + 7, self.modes()))
        print("  IRQ %-10s vector line IRR ISR masked" % "")
        request = self.request()
        for number in self.order:
            bits = tuple(self.bit(each, number) for each in ("lines", "irr", "isr", "imr"))
            mark = "  <- asks" if number == request else ""
            print("  %-3d %-10s %02xh    %d    %d   %d   %d%s" % (
                (self.first + number, LINES[self.first + number], base + number) + bits + (mark,)))


def next_interrupt(master, slave):
    """The IRQ that an INTA would bring now and its vector, or None."""
    chip, number = master, master.request()
    if number == CASCADE:
        chip, number = slave, slave.request()
        if number is None:  # its request has gone meanwhile
            number = 7
    if number is None:
        return None
    return chip.first + number, int(chip.value["vector_base"]) + number


@command
class Pic(Command):
    """Show the guest's pair of 8259s: who asks, who is served, who is masked, who is next.
    pic    both chips, their inputs from the highest priority down

    `line` is the wire, IRR a request that waits, ISR an interrupt that is in service until its EOI."""

    name = "pic"

    def run(self, words):
        self.refuse_words(words)
        vcpu = machine.require_traps("interrupt controllers")
        vpic = vcpu["vm"]["vpic"]
        master, slave = Chip(vpic["master"], 0), Chip(vpic["slave"], 8)
        master.show("master")
        slave.show("slave")
        found = next_interrupt(master, slave)
        if found is None:
            print("next: none")
        else:
            waits = "" if machine.virtual_if(vcpu) else ", when the guest's IF is 1"
            print("next: IRQ %d (%s), vector %02xh%s" % (found[0], LINES[found[0]], found[1], waits))
        pending = bool(vcpu["vm"]["interrupt_pending"])
        if pending != (found is not None):
            print("The monitor has not noticed yet, or found otherwise: interrupt_pending is %d." % pending)


# ---- the others ----


def time_text(value):
    value = int(value)
    return "never" if value == NEVER else "%u" % value


def counter_text(counter):
    bcd = ", BCD" if counter["bcd"] else ""
    text = "mode %d, %s%s" % (int(counter["mode"]), ACCESS.get(int(counter["access"]), "?"), bcd)
    if counter["paused"]:
        return text + ", paused"
    if counter["pending"]:  # what was written is loaded when someone asks next
        since = int(counter["load"])
        when = "when its gate rises" if since == NEVER else "from %u on" % since
        return text + ", counts down from %u, %s" % (int(counter["next"]), when)
    if not counter["running"]:
        return text + ", waits for a count"
    return text + ", counts down from %u, from %u on" % (int(counter["count"]), int(counter["start"]))


def uart_text(uart):
    enabled = int(uart["interrupt_enable"])
    kinds = ("received", "sent", "line status", "modem status")
    names = [name for i, name in enumerate(kinds) if enabled >> i & 1]
    yield "interrupts for: %s; OUT2 %d, line to IRQ 4 %d" % (
        ", ".join(names) or "nothing", int(uart["modem_control"]) >> 3 & 1, int(uart["line"]))
    yield "divisor %u, FIFOs %s%s, %u bytes received" % (
        int(uart["divisor"]),
        "on" if int(uart["fifo_control"]) & 1 else "off",
        ", loopback" if int(uart["modem_control"]) & 16 else "",
        int(uart["count"]) + int(uart["wire_count"]),
    )


@command
class Devices(Command):
    """Show the timer and the serial port of the running virtual machine.
    devices    the 8254's counters, when its interrupt comes, the UART

    Times are machine time: periods of the 8254's clock, 1193182 in a second. `pic` shows the
    interrupt controllers."""

    name = "devices"

    def run(self, words):
        self.refuse_words(words)
        vm = machine.running_vcpu()["vm"]
        devices = vm["devices"]
        pit = devices["pit"]
        for i in range(3):
            print("counter %d   %s" % (i, counter_text(pit["counter"][i])))
        print("IRQ 0       rises at %s" % time_text(pit["next_edge"]))
        print("deadline    %s: the next thing that time does to a device" % time_text(vm["deadline"]))
        for line in uart_text(devices["uart"]):
            print("UART        %s" % line)


def install():
    """Nothing but the commands."""
