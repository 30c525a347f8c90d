# SPDX-License-Identifier: BSD-2-Clause
"""Makes inputs for fuzz_traps from the exits of a real guest.

Run by GDB on a machine that boots the guest under the reference monitor:

    make gdb LAB=2 FROM=solutions GUEST=exceptions \\
        GDBARGS="-nx -batch -ex 'python folder, guest = \\"/tmp/inputs\\", \\"exceptions\\"' -x grader/fuzz/exits.py"

At each call of vm_exit() it notes what the guest's registers, stack and instruction were; sixteen
exits (of those at one place, the first) make one input. fuzz_traps.c has the format.
"""
import collections
import os
import struct

import gdb

LIMIT = 1500  # exits of one guest that are looked at
REPEATS = 3  # of those at the same place, so many are kept
PART = 16  # in one input
EVENT_EXECUTE, EVENT_TRAP, EVENT_INTERRUPT, EVENT_FRAME, EVENT_STATE = 3, 4, 6, 11, 15
# the index of each vector in event_trap()
VECTORS = {0: 0, 1: 1, 5: 2, 6: 3, 7: 4, 10: 5, 11: 6, 12: 7, 16: 12, 17: 13, 18: 14, 19: 15}
REGISTERS = ("eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi")


def memory(address, size):
    try:
        return bytes(gdb.selected_inferior().read_memory(address, size))
    except gdb.MemoryError:
        return bytes(size)


def place(address):
    return struct.pack("<H", address // 4 & 0xFFFF)


def frame(words):
    eip, cs, eflags, esp, ss = words
    return (
        place(eip) + bytes([cs & 0xFF]) + struct.pack("<I", eflags) + place(esp) + bytes([ss & 0xFF])
    )


def instruction(registers):
    found = memory(registers["eip"], 8)
    return bytes([len(found) - 1]) + found


def state(registers):
    out = bytes([EVENT_STATE])
    out += b"".join(struct.pack("<I", registers[name]) for name in REGISTERS)
    out += bytes([0, registers["ds"] & 0xFF, 1, registers["es"] & 0xFF])
    out += struct.pack("<I", registers["eflags"])
    out += place(registers["eip"]) + bytes([registers["eip"] % 4])
    out += frame(struct.unpack("<5I", memory(registers["esp"], 20)))
    return out + instruction(registers)


def event(registers):
    vector = registers["vector"]
    if 32 <= vector < 48:
        return bytes([EVENT_INTERRUPT, vector - 32]) + struct.pack("<H", 5000) + b"\x41"
    if vector in VECTORS:
        error = struct.pack("<H", registers["error_code"] & 0xFFFF)
        return bytes([EVENT_TRAP, VECTORS[vector]]) + error + instruction(registers)
    return state(registers)


def to_user(registers):
    words = (registers["eip"], 0x1B, registers["eflags"], registers["esp"], 0x23)
    return bytes([EVENT_FRAME]) + frame(words) + bytes([EVENT_EXECUTE, 0, 0xCF])


def exits():
    fields = [field.name for field in gdb.lookup_type("struct guest_registers").fields()]
    seen = collections.Counter()
    gdb.Breakpoint("*vm_exit", internal=True).silent = True
    for _ in range(LIMIT):
        gdb.execute("continue", to_string=True)
        if not gdb.selected_inferior().pid:
            return
        stack = int(gdb.parse_and_eval("(unsigned)$esp"))
        (vcpu,) = struct.unpack("<I", memory(stack + 4, 4))
        values = struct.unpack("<%dI" % len(fields), memory(vcpu, 4 * len(fields)))
        registers = dict(zip(fields, values))
        where = registers["eip"], registers["vector"]
        seen[where] += 1
        if seen[where] <= REPEATS:
            yield registers


def write(name, part, events):
    if events:
        with open(os.path.join(folder, "%s-%03d" % (name, part)), "wb") as file:
            file.write(b"\x02" + b"".join(events))


def main():
    events, part, ring = [], 0, 1
    try:
        for registers in exits():
            if registers["cs"] & 3 == 3 and ring == 1:
                events.append(to_user(registers))
            ring = registers["cs"] & 3
            events.append(event(registers))
            if len(events) >= PART:
                write(guest, part, events)
                events, part, ring = [], part + 1, 1
    except gdb.error as error:
        print("%s: %s" % (guest, error))
    write(guest, part, events)


os.makedirs(folder, exist_ok=True)
main()
