# SPDX-License-Identifier: BSD-2-Clause
"""The machine as it stands: registers, memory, and the virtual processor that runs on it.

Invariant: everything here is about the machine, not about the frame that the user looks at. In
a frame further up, $esp and $cs are what GDB has unwound; here they are the processor's own.

The running virtual processor is found as the processor itself finds it (Intel SDM 3A 7.2.1):
TR leads to the task-state segment, whose ESP0 is the end of its struct guest_registers.
"""
import re
import struct

import gdb

WORD = 0xFFFFFFFF
REAL_MODE_IDT_LIMIT = 0x3FF  # what the BIOS leaves


class Refusal(gdb.GdbError):
    """A command cannot do what it is for; the text says why and what to do. GDB prints it."""


# ---- is there a machine, and what runs on it? ----


def exists():
    return gdb.selected_inferior().pid != 0


def require():
    if not exists():
        raise Refusal("No machine is running: quit, and start again with `make gdb`.")


def symbol_address(name):
    """The address of a symbol, or None."""
    found = gdb.lookup_global_symbol(name) or gdb.lookup_static_symbol(name)
    try:
        if found and found.symtab:
            return int(found.value().address) & WORD
        return int(gdb.parse_and_eval("(unsigned long)&'%s'" % name)) & WORD
    except gdb.error:
        return None


def is_bare():
    return symbol_address("vm_exit") is None


def require_monitor(why):
    """Refuses where no monitor can be asked; `why` ends the sentence "... has no"."""
    require()
    if is_bare():
        raise Refusal("This is the bare machine: without a monitor it has no %s." % why)


def shows_fetch():
    """True on Bochs, where $pc is the guest's own address in a patch block too, and $fetch the real one."""
    try:
        gdb.newest_frame().read_register("fetch")
    except ValueError:
        return False
    return True


def require_bochs(what):
    """Refuses on another emulator, whose stub does less; `what` says what to do instead."""
    if not shows_fetch():
        raise Refusal("That needs Bochs. %s." % what)


def monitor_base():
    base = symbol_address("MONITOR_BASE")
    return WORD + 1 if base is None else base


# ---- registers ----


def _qemu_text():
    try:
        return gdb.execute("monitor info registers", to_string=True)
    except gdb.error:
        return ""


# QEMU's GDB stub does not offer these; its monitor prints them.
_QEMU = {
    "gdtr_base": r"GDT=\s+(\w+) \w+",
    "gdtr_limit": r"GDT=\s+\w+ (\w+)",
    "idtr_base": r"IDT=\s+(\w+) \w+",
    "idtr_limit": r"IDT=\s+\w+ (\w+)",
    "tr": r"TR =(\w+)",
    "tr_base": r"TR =\w+ (\w+)",
    "ldtr": r"LDT=(\w+)",
    "cs_base": r"CS =\w+ (\w+)",
    "cpl": r"CPL=(\d)",
}


def register(name):
    """A register of the processor's own, now."""
    require()
    try:
        return int(gdb.newest_frame().read_register(name)) & WORD
    except ValueError:
        pass
    found = re.search(_QEMU[name], _qemu_text()) if name in _QEMU else None
    if not found:
        raise Refusal("This emulator does not show the register %s: use Bochs." % name)
    return int(found.group(1), 16)


def pc():
    """The linear address of the next instruction: what GDB calls eip."""
    return register("eip")


def fetch():
    """The linear address that the next instruction is fetched from: since lab 4 not the guest's own."""
    try:
        return register("fetch")
    except Refusal:
        return (register("cs_base") + pc()) & WORD  # QEMU, where eip is the offset


def in_guest():
    """True while the guest's own code runs: not in the monitor, and after its start."""
    return not is_bare() and register("cpl") != 0


# ---- memory ----


def read(address, size):
    """`size` bytes at a linear address, or a Refusal that says what is not mapped."""
    require()
    try:
        return bytes(gdb.selected_inferior().read_memory(address, size))
    except gdb.MemoryError:
        raise Refusal("There is no memory mapped at %08x." % address) from None


def read_u32(address):
    return struct.unpack("<I", read(address, 4))[0]


def symbol_text(address):
    """ " <kernel_main+28>", or nothing."""
    text = gdb.execute("info symbol 0x%x" % address, to_string=True)
    found = re.match(r"(\S+)(?: \+ (\d+))? in section", text)
    if not found:
        return ""
    return " <%s%s>" % (found.group(1), "+" + found.group(2) if found.group(2) else "")


def instruction_text(address):
    """The instruction at a linear address, or nothing where it cannot be read."""
    try:
        line = gdb.newest_frame().architecture().disassemble(address)[0]
    except gdb.MemoryError:
        return ""
    return re.sub(r"\s+", " ", line["asm"]).strip()


# ---- the virtual processor ----


def running_vcpu():
    """The struct vcpu that the task-state segment names, as a gdb.Value."""
    require_monitor("virtual processor")
    if register("tr") == 0:
        raise Refusal(
            "The monitor has not loaded its tables yet (TR is 0): `vmresume` runs to the first guest."
        )
    esp0 = read_u32(register("tr_base") + 4)
    if esp0 < monitor_base():
        raise Refusal(
            "No guest has had its turn yet (the TSS's ESP0 is %08x): `vmresume` runs to the first guest."
            % esp0
        )
    size = gdb.lookup_type("struct guest_registers").sizeof
    pointer = gdb.lookup_type("struct vcpu").pointer()
    return gdb.Value(esp0 - size).cast(pointer).dereference()


def has_field(value, name):
    """True where the structure has a member of that name: later labs add some."""
    return any(field.name == name for field in value.type.strip_typedefs().fields())


def vm_name(vcpu):
    return vcpu["vm"]["name"].string(errors="replace")


def has_traps(vcpu):
    """True from lab 2 on: the monitor keeps what the guest believes of flags, tables and interrupts.
    Before, those fields are there and nobody writes them."""
    return has_field(vcpu, "idt") and int(vcpu["idt"]) != 0


def has_shadow(vcpu):
    """True from lab 3 on: the guest has page tables of its own, and the monitor a shadow of them."""
    return has_field(vcpu, "shadow") and int(vcpu["shadow"]) != 0


def has_code_view(vcpu):
    """True from lab 4 on: what the guest's kernel fetches is not what it reads."""
    return has_field(vcpu, "code_view") and int(vcpu["code_view"]) != 0


def virtual_if(vcpu):
    """EFLAGS.IF as the guest believes it. Since lab 4, while its kernel runs and until the monitor has
    looked at an exit, it is in memory that patch blocks share with the monitor (patch.h)."""
    if not has_code_view(vcpu):
        return int(vcpu["virtual_if"])
    fresh = register("cpl") == 1
    if register("cpl") == 0 and int(vcpu["registers"]["cs"]) & 3 == 1:
        fresh = pc() == symbol_address("vm_exit") or gdb.newest_frame().type() == gdb.SIGTRAMP_FRAME
    return int(int(vcpu["code_view"]["shared"]["delta"]) == 0) if fresh else int(vcpu["virtual_if"])


def require_traps(what):
    """The running virtual processor, of a monitor that emulates traps."""
    vcpu = running_vcpu()
    if not has_traps(vcpu):
        raise Refusal("Before lab 2 a guest has no %s." % what)
    return vcpu


def guest_descriptor(vcpu, selector):
    """The two doublewords that the processor has for a guest's selector (3.4.2)."""
    index = (selector & 0xFFFF) >> 3
    if selector & 4:
        if int(vcpu["ldt"]) == 0:
            return 0, 0
        entry = vcpu["ldt"][index]
    else:
        entry = vcpu["gdt"]["entry"][index]
    return int(entry["low"]), int(entry["high"])


def loaded_descriptor(vcpu, selector):
    """The same, as it is in the table that is loaded. Since lab 4 that of the kernel's code differs."""
    if not has_code_view(vcpu):
        return guest_descriptor(vcpu, selector)
    table = vcpu["open_ldt"] if selector & 4 else vcpu["open_gdt"]["entry"]
    if int(table.address if table.type.code == gdb.TYPE_CODE_ARRAY else table) == 0:
        return 0, 0
    entry = table[(selector & 0xFFFF) >> 3]
    return int(entry["low"]), int(entry["high"])


def guest_linear(vcpu, selector, offset):
    """The linear address of an offset in a segment of the guest's (SDM 3A figure 3-8)."""
    low, high = guest_descriptor(vcpu, selector)
    base = low >> 16 | (high & 0xFF) << 16 | high & 0xFF000000
    return (base + offset) & WORD


def guest_pc(vcpu):
    registers = vcpu["registers"]
    return guest_linear(vcpu, int(registers["cs"]), int(registers["eip"]))
