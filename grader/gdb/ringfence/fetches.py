# SPDX-License-Identifier: BSD-2-Clause
"""Breakpoints in the guest's kernel on QEMU, since lab 4.

The kernel is fetched from CODE_VIEW + its own address. Bochs's bridge knows that. QEMU's stub stops
where it is told, says the guest's own EIP, and cannot step over a breakpoint that GDB does not see
there. So a temporary breakpoint gets a companion in the view, which goes with it; for others there
is only a message."""
import gdb

from . import codeview, machine

_companions = {}  # the guest's address -> the breakpoint in the view
_said = False


def addresses(point):
    """In the guest's code."""
    found = (int(each.address) for each in point.locations if each.address is not None)
    return [each for each in found if each < codeview.CODE_MAX]


def on_created(point):
    global _said
    if not machine.exists() or machine.shows_fetch() or point.type != gdb.BP_BREAKPOINT or not point.visible:
        return
    wanted = addresses(point)
    if point.temporary and not point.condition:
        for address in wanted:
            if address not in _companions:
                made = gdb.Breakpoint("*0x%x" % (codeview.CODE_VIEW + address), internal=True)
                made.silent = True
                _companions[address] = made
    elif wanted and not _said:
        _said = True
        print("From lab 4 on QEMU stops in the guest's kernel only at `tbreak` without a condition: "
              "this one stops its users. On Bochs it stops both.")


def on_stop(_event):
    if not _companions or not machine.exists():
        return
    here = machine.pc()
    if here in _companions:
        _companions.pop(here).delete()


def on_deleted(point):
    if point.temporary and point.type == gdb.BP_BREAKPOINT:
        for address in addresses(point):
            made = _companions.pop(address, None)
            if made and made.is_valid():
                made.delete()


def install():
    if machine.symbol_address("code_commit_block") is None:
        return
    gdb.events.breakpoint_created.connect(on_created)
    gdb.events.breakpoint_deleted.connect(on_deleted)
    gdb.events.stop.connect(on_stop)
