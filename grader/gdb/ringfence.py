# SPDX-License-Identifier: BSD-2-Clause
"""Ringfence's commands for GDB. GDB loads this file; the modules beside it do the work.

The idea: a debugger that follows an instruction out of the guest, through the stub, into the
monitor's handler and back, and that can show what the guest believes beside what is real.

  machine.py    the machine as it stands: registers, memory, the running virtual processor
  commands.py   what all commands have in common, and the list of them
  running.py    vmexit, vmresume, guest-step, block-step
  exits.py      exits
  tables.py     gdt
  gates.py      idt
  world.py      guest, host, vcpu
  traps.py      traced, and the view of the tables that is loaded
  devices.py    pic, devices
  paging.py     the guest's page tables and the pool of shadow pages
  shadow.py     shadow
  codeview.py   the copies and patch blocks that the guest's kernel executes, and where it is
  patches.py    patches, code
  virtio.py     virtio: a guest's virtio devices and their registers
  queues.py     queues: virtqueues
  firmware.py   firmware, and what hypercalls ask for
  blocks.py     frames in patch blocks
  fetches.py    breakpoints in the guest's kernel on QEMU
  frames.py     backtraces across the rings, pretty-printers
  symbols.py    whose symbols are loaded where there are several guests

A later lab adds its command in a module of its own and names it here.
"""
import os
import sys

import gdb

sys.dont_write_bytecode = True  # no __pycache__ in the kit
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

# Both worlds are in one address space: a frame of the guest lies "inside" the monitor's start.
gdb.execute("set backtrace past-entry on")
# Code that ends with a call has its return address behind its end; asking who that is warns.
gdb.execute("set print entry-values no")
gdb.execute("set disassembly-flavor intel")
gdb.execute("set confirm off")

from ringfence import blocks, commands, devices, exits, fetches, firmware, frames  # noqa: E402
from ringfence import gates, patches, queues, running, shadow, symbols, tables, traps  # noqa: E402
from ringfence import virtio, world  # noqa: E402

symbols.install()
frames.install()
blocks.install()
fetches.install()
for module in (running, exits, world, tables, gates, traps, devices, shadow, patches, virtio, queues, firmware):
    module.install()
commands.install()
