# SPDX-License-Identifier: BSD-2-Clause
"""Patch blocks and backtraces: a frame in a block leads to the guest's instruction that it stands for.

On Bochs the guest's EIP is shown as the guest has it, in a block too (grader/lib/bridge_view.c). But
between two of the guest's instructions a block has pushed something, so the way on would be lost; and
an EIP in a block is what the monitor finds at an exit, until code_left(). Both get a frame of their
own: the next older one is the guest's function, with the guest's ESP."""
import gdb
from gdb.unwinder import Unwinder, register_unwinder

from . import codeview, frames, machine

REGISTERS = ("eax", "ecx", "edx", "ebx", "ebp", "esi", "edi", "eflags", "cs", "ss", "ds", "es", "fs", "gs")
PROGRAM_COUNTER_AND_STACK = ("eip", "esp")
BEHIND = 1  # GDB takes a caller to be one byte before its EIP: that is where it looks for the rules


def number(frame, name):
    return int(frame.read_register(name)) & machine.WORD


def block_position(frame):
    """What position in a block a frame is in, by its registers; or None."""
    eip, esp = number(frame, "eip"), number(frame, "esp")
    if number(frame, "cs") & 3 != 1 or eip >= machine.monitor_base():
        return None
    vcpu = codeview.running()
    if vcpu is None:
        return None
    if codeview.is_block_eip(eip):
        return codeview.position(vcpu, eip)
    return now(frame, vcpu) if number(frame, "cpl") == 1 else left(vcpu, eip, esp)


def now(frame, vcpu):
    """The processor is in a block and has something on the stack. In older frames `fetch` is the guest's
    own address: the unwinder sees to that."""
    found = codeview.position(vcpu, number(frame, "fetch") - codeview.CODE_VIEW)
    return found if found and found.point.pushed else None


def left(vcpu, eip, esp):
    """The monitor has taken EIP back to the guest's own code, and not yet ESP."""
    view, registers = vcpu["code_view"], vcpu["registers"]
    if not int(view["patch"]) or view["exact"] or int(view["pushed"]) == 0:
        return None
    if eip != int(registers["eip"]) or esp != int(registers["esp"]):
        return None
    patch = view["patch"].dereference()
    return codeview.position(vcpu, int(patch["block"]) + int(view["at"]))


def has_register(frame, name):
    """QEMU's stub does not offer all."""
    try:
        frame.read_register(name)
    except ValueError:
        return False
    return True


class FrameId:
    def __init__(self, sp, pc):
        self.sp, self.pc = sp, pc


class BlockUnwinder(Unwinder):
    def __init__(self):
        super().__init__("ringfence-blocks")

    def __call__(self, pending):
        try:
            found = block_position(pending)
        except (gdb.error, gdb.MemoryError, machine.Refusal, ValueError, TypeError):
            return None  # it does not stand where that can be known
        if not found:
            return None
        eip, esp = (pending.read_register(name) for name in PROGRAM_COUNTER_AND_STACK)
        info = pending.create_unwind_info(FrameId(esp, eip))
        for name in REGISTERS:
            info.add_saved_register(name, pending.read_register(name))
        info.add_saved_register("eip", gdb.Value(found.address + BEHIND).cast(eip.type))
        if has_register(pending, "fetch"):
            info.add_saved_register("fetch", gdb.Value(found.address).cast(pending.read_register("fetch").type))
        info.add_saved_register("esp", gdb.Value(number(pending, "esp") + found.point.pushed).cast(esp.type))
        return info


def note():
    """One line where the guest runs in a block."""
    found = codeview.here()
    if found:
        print("in a patch block: " + found.text())


def on_stop(_event):
    if not frames.quiet and machine.exists() and not machine.is_bare():
        note()


def block_of(frame):
    """For the frame filter: what block_position() says, where the frame can be asked."""
    try:
        return block_position(frame)
    except (gdb.error, gdb.MemoryError, machine.Refusal, ValueError):
        return None


def install():
    if machine.symbol_address("code_commit_block") is None:
        return
    frames.block_of = block_of
    register_unwinder(None, BlockUnwinder(), replace=True)
    gdb.events.stop.connect(on_stop)
