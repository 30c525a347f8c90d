# SPDX-License-Identifier: BSD-2-Clause
"""Which guest's symbols are loaded.

All guests are linked at the same address, so at most one guest's symbols can be right: those of
the guest whose turn it is. GDB has them from the start, and they change when the turn does.

The environment's RINGFENCE_GUESTS names the guests' files, in the order of the boot modules."""
import os

import gdb

from . import machine

_files = {}  # a virtual machine's name -> its ELF file
_loaded = None


def load(path):
    global _loaded
    if path == _loaded:
        return
    if _loaded:
        gdb.execute("remove-symbol-file %s" % os.path.abspath(_loaded), to_string=True)
    gdb.execute("add-symbol-file %s" % path, to_string=True)
    _loaded = path


def on_stop(_event):
    """The monitor says whose turn it is; before the first turn it is the first guest's."""
    if not machine.exists():
        return
    try:
        path = _files.get(machine.vm_name(machine.running_vcpu()))
        if path:
            load(path)
    except (gdb.error, gdb.MemoryError):
        pass  # it does not stand where that can be known


def install():
    for path in os.environ.get("RINGFENCE_GUESTS", "").split():
        _files[os.path.basename(path).removesuffix(".elf")] = path
    if _files and gdb.lookup_global_symbol("monitor_main"):
        load(next(iter(_files.values())))
        if len(_files) > 1:
            gdb.events.stop.connect(on_stop)
