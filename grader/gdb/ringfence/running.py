# SPDX-License-Identifier: BSD-2-Clause
"""Running to the next crossing of the rings: vmexit and vmresume; and steps of the guest's own.

vm_exit() does not know an exit's reason yet when it begins: the handler finds out. So `vmexit
REASON` watches the byte into which the handler writes the reason, and stops there: the handler
knows what it has before it, and has done nothing about it yet.
"""
import contextlib

import gdb

from . import blocks, codeview, exits, firmware, frames, machine
from .commands import Command, command
from .machine import Refusal

# Reasons that a handler writes first and may make more precise, from lab 2 on: they hold when
# vm_exit() reads them.
PROVISIONAL = ("page_fault", "code_scan")
# The functions that vm_exit() consists of (monitor/exit.c): one of them counts the exit.
COUNTING = ("vm_exit", "exit_viewed", "exit_and_return")

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
    says page_fault first and then looks whether it is a traced write; so does `vmexit code_scan`.
    From lab 5 on the line of a hypercall ends with the operation and its arguments. The reasons
    are those of enum exit_reason."""

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
                    print(exits.current_text(vcpu, record))
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
                counted = gdb.newest_frame().name() in COUNTING
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
        if to_guest(need("world_enter")):
            show_place()
            blocks.note()
            firmware.note()


def to_guest(enter):
    """Runs to the next entry into a guest. False: something else has stopped the machine."""
    with points(at(enter)) as ours:
        while machine.pc() == enter or resume(ours):
            target, places = next_places(VmExit.vcpu_argument())
            with points(*map(at, places)) as arrival:
                if not resume(ours + arrival):
                    return False
            if machine.pc() == target:
                return True
    return False


def next_places(vcpu):
    """What $pc will be when the guest runs, and where breakpoints must be to stop there. In a patch block
    there may be no instruction of the guest's that begins at that byte."""
    target = machine.guest_pc(vcpu)
    eip = int(vcpu["registers"]["eip"])
    ring = int(vcpu["registers"]["cs"]) & 3
    found = codeview.position(vcpu, eip) if machine.has_code_view(vcpu) and ring == 1 else None
    if not found:
        return target, codeview.places(target)
    if machine.shows_fetch():
        target = found.address
    return target, [target, found.fetch]


# Exits behind which the guest's instruction is begun anew.
AGAIN = ("code_scan", "shadow_fill", "interrupt")
TRIES = 16


@command
class GuestStep(Command):
    """Step one instruction of the guest's, over all exits that it takes.
    guest-step    stops before the guest's next instruction, and shows the exits in between

    `stepi` follows an instruction into the monitor, and `vmresume` comes back. This does both, and
    again where the monitor had to look at the instruction first. Where the guest takes an exception
    or an interrupt, the next instruction is its handler's first."""

    name = "guest-step"

    def run(self, words):
        self.refuse_words(words)
        machine.require_monitor("virtual processor")
        enter = need("world_enter")
        if not machine.in_guest():
            raise Refusal("The monitor runs now: `vmresume` runs to the guest's next instruction.")
        first, start = int(machine.running_vcpu()["exits"]["total"]), machine.pc()
        for _ in range(TRIES):
            gdb.execute("stepi")
            if not machine.exists():
                return
            inside = not machine.in_guest()
            if inside and not to_guest(enter):
                return
            if machine.pc() != start or not self.begins_anew(first):
                break
        vcpu = machine.running_vcpu()
        for sequence in range(first, int(vcpu["exits"]["total"])):
            print(exits.record_text(vcpu, exits.record(vcpu, sequence)))
        if inside:  # else GDB has said it
            show_place()
            blocks.note()
            firmware.note()

    @staticmethod
    def begins_anew(first):
        """Is the instruction still to be done?"""
        vcpu = machine.running_vcpu()
        total = int(vcpu["exits"]["total"])
        if total == first:
            return False
        if machine.has_field(vcpu, "stepping") and vcpu["stepping"]:
            return True
        return exits.reason_name(int(exits.record(vcpu, total - 1)["reason"])) in AGAIN


@command
class BlockStep(Command):
    """Step one instruction of a patch block.
    block-step    from a jump into its block, and on in there

    `stepi` takes a whole instruction of the guest's at once where a block does it. GDB shows that one
    all the while; the line says where in the block the processor is, and what is true there."""

    name = "block-step"

    def run(self, words):
        self.refuse_words(words)
        codeview.require_view()
        found = codeview.here()
        if not found and not self.at_jump():
            raise Refusal("The guest is in no patch block, nor at a jump to one: `patches` lists them.")
        machine.require_bochs("QEMU's stub steps that way by itself: `stepi`")
        gdb.execute("monitor inside 1", to_string=True)
        try:
            gdb.execute("stepi")
        finally:
            if machine.exists():
                gdb.execute("monitor inside 0", to_string=True)
        found = codeview.here() if machine.exists() else None
        if found:
            print("=> %08x  %s" % (found.fetch, codeview.disassemble(found.fetch, found.fetch)[0]))

    @staticmethod
    def at_jump():
        if not machine.in_guest() or machine.register("cpl") != 1:
            return False
        pages, mapped = codeview.pages_at(machine.running_vcpu(), machine.pc())
        patch = pages[0].patch_at(machine.pc() % 4096) if mapped else None
        return patch is not None and patch.run == machine.pc()


def install():
    gdb.events.stop.connect(_remember_stop)
