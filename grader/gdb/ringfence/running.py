# SPDX-License-Identifier: BSD-2-Clause
"""Running to the next crossing of the rings: vmexit and vmresume.

vm_exit() does not know an exit's reason yet when it begins: the handler finds out. So `vmexit
REASON` watches the byte into which the handler writes the reason, and stops there: the handler
knows what it has before it, and has done nothing about it yet.
"""
import contextlib

import gdb

from . import exits, frames, machine
from .commands import Command, command
from .machine import Refusal

# Reasons that a handler writes first and may make more precise, from lab 2 on: they hold when
# vm_exit() reads them.
PROVISIONAL = ("page_fault",)

_last_stop = None


def _remember_stop(event):
    global _last_stop
    _last_stop = event


@contextlib.contextmanager
def points(*specifications):
    """Breakpoints of our own while a command runs; the user never sees them."""
    made = [gdb.Breakpoint(each, internal=True) for each in specifications]
    for each in made:
        each.silent = True
    try:
        yield made
    finally:
        for each in made:
            if each.is_valid():
                each.delete()


@contextlib.contextmanager
def access_point(address):
    """Stops at each access to one byte."""
    made = gdb.Breakpoint(
        "*(unsigned char *)0x%x" % address,
        gdb.BP_WATCHPOINT,
        wp_class=gdb.WP_ACCESS,
        internal=True,
    )
    made.silent = True
    try:
        yield made
    finally:
        if made.is_valid():
            made.delete()


def at(address):
    return "*0x%x" % address


def resume(ours):
    """Lets the machine run. False where something else than one of `ours` has stopped it: the
    user's own breakpoint, Ctrl-C, the machine's end. That has been said then."""
    frames.quiet = True
    try:
        text = gdb.execute("continue", to_string=True)
    except gdb.error as problem:
        if machine.exists():
            raise
        text = str(problem)  # QEMU ends without a word when the machine switches itself off
    finally:
        frames.quiet = False
    if text.strip():
        print(text.strip("\n"))  # what the machine printed, and GDB if a point of the user's was hit
    if not machine.exists():
        print("The machine has ended.")
        return False
    stopped = _last_stop
    if isinstance(stopped, gdb.BreakpointEvent) and any(b in ours for b in stopped.breakpoints):
        return True
    frames.on_stop(stopped)
    return False


def show_place():
    gdb.newest_frame().select()
    frames.show_newest()


def need(name):
    address = machine.symbol_address(name)
    if address is None:
        raise Refusal("The monitor has no symbol %s." % name)
    return address


@command
class VmExit(Command):
    """Run to the next exit of the guest.
    vmexit           stops at the start of vm_exit(), whatever the exit is
    vmexit REASON    stops at the next exit with that reason, for example `vmexit port`

    With a reason it stops in the handler, where it has just named the reason and has not yet
    acted on it. From lab 2 on `vmexit page_fault` stops when vm_exit() counts it, since the handler
    says page_fault first and then looks whether it is a traced write. The reasons are those of
    enum exit_reason."""

    name = "vmexit"

    def words(self):
        return list(exits.reasons())

    def run(self, words):
        machine.require_monitor("exits")
        if len(words) > 1:
            raise gdb.GdbError("`vmexit` takes one reason: %s." % ", ".join(exits.reasons()))
        if not words:
            self.run_to_any()
        else:
            self.run_to_reason(words[0])

    def run_to_any(self):
        with points(at(need("vm_exit"))) as ours:
            if not resume(ours):
                return
        print(exits.entry_text(self.vcpu_argument()))
        show_place()

    @staticmethod
    def vcpu_argument():
        """vm_exit()'s argument, at its first instruction."""
        pointer = gdb.lookup_type("struct vcpu").pointer()
        return gdb.Value(machine.read_u32(machine.register("esp") + 4)).cast(pointer).dereference()

    def run_to_reason(self, name):
        wanted = exits.reason_number(name)
        entry = need("vm_exit")
        with points(at(entry)) as ours:
            going = resume(ours)
            while going:
                vcpu = self.vcpu_argument()
                number = int(vcpu["exits"]["total"])
                record = exits.record(vcpu, number)
                final = name not in PROVISIONAL or not machine.has_traps(vcpu)
                verdict = self.follow(record, final, wanted, entry, ours)
                if verdict is None:
                    return
                if verdict:
                    print(exits.record_text(vcpu, record))
                    show_place()
                    return
                going = machine.pc() == entry or resume(ours)

    @staticmethod
    def follow(record, final, wanted, entry, ours):
        """From vm_exit()'s start until the exit's reason is known; `final`: as soon as it is first
        written. True: it is the wanted one.
        None: something else has stopped the machine."""
        address = int(record["reason"].address) & machine.WORD
        with access_point(address) as access:
            while True:
                if not resume(ours + [access]):
                    return None
                here = machine.pc()
                if here == entry:
                    return False  # the next exit already: QEMU misses an access now and then
                counted = gdb.newest_frame().name() == "vm_exit"
                found = machine.read(address, 1)[0] == wanted
                if counted or (found and final):
                    return found


@command
class VmResume(Command):
    """Run to the next entry into a guest.
    vmresume    stops before the guest's next instruction, after the IRET of world_enter()

    Where an interrupt is waiting, the processor takes it before that instruction: then the
    entry after it counts."""

    name = "vmresume"

    def run(self, words):
        self.refuse_words(words)
        machine.require_monitor("world_enter()")
        enter = need("world_enter")
        with points(at(enter)) as ours:
            while machine.pc() == enter or resume(ours):
                target = machine.guest_pc(VmExit.vcpu_argument())
                with points(at(target)) as arrival:
                    if not resume(ours + arrival):
                        return
                if machine.pc() == target:
                    show_place()
                    return


def install():
    gdb.events.stop.connect(_remember_stop)
