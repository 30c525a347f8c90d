# SPDX-License-Identifier: BSD-2-Clause
"""`queues`: the virtqueues of a guest's virtio devices.

Two things are put beside each other: what the device's side keeps (struct virtqueue: taken, used,
told), and what stands in the guest's memory now. Nothing there can be trusted: a bad value is said
in its line, and the line after it is shown all the same.

VIRTIO 1.2, 2.7; fields have its names."""
import struct

import gdb

from . import machine, paging, virtio
from .commands import Command, command
from .machine import Refusal

NEXT, WRITE, INDIRECT = 1, 2, 4
FLAGS = ((NEXT, "NEXT"), (WRITE, "WRITE"), (INDIRECT, "INDIRECT"))
LATEST = 4  # entries of a ring that are shown
CHAINS = 4  # outstanding chains of each queue, where no queue was asked for
DESCRIPTOR = 16  # bytes of struct virtq_desc
BLOCK_HEADER = 16
BLOCK_TYPES = {0: "VIRTIO_BLK_T_IN", 1: "VIRTIO_BLK_T_OUT", 4: "VIRTIO_BLK_T_FLUSH", 8: "VIRTIO_BLK_T_GET_ID"}


def since(new, old):
    """From one index to another: they have 16 bits, and wrap."""
    return new - old & 0xFFFF


def ring_flags_text(flags, name):
    """Each ring has one flag, bit 0."""
    return {0: "0", 1: name}.get(flags, "%04x" % flags)


class Queue:
    """A struct virtio_queue, and the rings that it leads to."""

    def __init__(self, memory, device, number):
        self.memory, self.device, self.number = memory, device, number
        self.value = device.value["queue"][number]
        queue = self.value["queue"]
        self.ready, self.refused = bool(queue["ready"]), bool(queue["refused"])
        self.size, self.chosen = int(queue["size"]), int(self.value["size"])
        self.taken, self.used, self.told = (int(queue[name]) for name in ("taken", "used", "told"))
        self.event_index, self.indirect = bool(queue["event_index"]), bool(queue["indirect"])
        self.desc, self.avail, self.used_ring = (
            int(queue[name]["raw"]) for name in ("desc", "avail", "used_ring"))
        self.busy, self.head = bool(self.value["busy"]), int(self.value["chain"]["head"])
        self.problem = None
        if self.ready:
            self.read_rings()

    def read_rings(self):
        """The queue was looked at when it became ready: so where this fails the monitor's own are bad."""
        size = self.size
        try:
            avail = self.memory.read(self.avail, 6 + 2 * size)
            used = self.memory.read(self.used_ring, 6 + 8 * size)
        except Refusal as why:
            self.problem = "its rings cannot be read: %s" % why
            return
        words = struct.unpack("<%dH" % (size + 3), avail)
        self.avail_flags, self.avail_idx, self.used_event = words[0], words[1], words[-1]
        self.avail_entries = words[2:-1]
        self.used_flags, self.used_idx = struct.unpack_from("<HH", used)
        self.used_entries = list(struct.iter_unpack("<II", used[4:-2]))
        self.avail_event = struct.unpack_from("<H", used, len(used) - 2)[0]

    def has_rings(self):
        return self.ready and self.problem is None

    def state(self):
        if not self.ready:
            return "not ready"
        return "refused" if self.refused else "ready"

    def title(self):
        return "%d %s" % (self.number, self.device.queue_name(self.number))

    def waiting(self):
        """Chains in the available ring that were not taken; more than `size` is a mistake of the driver's."""
        return since(self.avail_idx, self.taken)

    def outstanding(self):
        """Places in the available ring of what was not given back: from `used` on, since these devices
        give back in the order in which they take. Where an index cannot be right, only what is sure."""
        taken = since(self.taken, self.used)
        if taken > self.size:
            return []
        count = taken + (self.waiting() if self.waiting() <= self.size else 0)
        return [(self.used + i) & 0xFFFF for i in range(min(count, self.size))]

    def flags_text(self):
        """With VIRTIO_F_EVENT_IDX the events count, and the flags are 0 (2.7.7.1, 2.7.10)."""
        rings = ((self.avail_flags, "NO_INTERRUPT"), (self.used_flags, "NO_NOTIFY"))
        return " ".join(ring_flags_text(flags, name) for flags, name in rings if flags) or "0"

    def notes(self):
        """What is not as it should be, and what is going on."""
        if self.problem:
            yield self.problem
        if self.device.status & virtio.NEEDS_RESET:
            yield "DEVICE_NEEDS_RESET"
        if not self.has_rings():
            return
        if self.waiting() > self.size:
            yield "avail.idx is %d ahead of taken, and the queue has %d (2.7.6)" % (self.waiting(), self.size)
        elif self.waiting():
            yield "%d to be taken" % self.waiting()
        if since(self.taken, self.used) > self.size:
            yield "WRONG: more was given back than taken"
        elif since(self.taken, self.used):
            yield "%d taken and not given back" % since(self.taken, self.used)
        if self.used_idx != self.used:
            yield "used.idx is %d in memory" % self.used_idx


# ---- one line for each queue ----

COLUMNS = "%-8s %-13s %5s %-9s  %9s %5s %5s %5s  %10s %11s  %-12s %s"


def show_line(queue):
    values = ["-"] * 7
    if queue.has_rings():
        values = [queue.avail_idx, queue.taken, queue.used, queue.told]
        values += [queue.used_event, queue.avail_event] if queue.event_index else ["-", "-"]
        values.append(queue.flags_text())
    size = queue.size if queue.ready else queue.chosen
    row = (queue.device.name, queue.title(), size, queue.state(), *values, "; ".join(queue.notes()))
    print((COLUMNS % row).rstrip())


def show_all(memory, found):
    print((COLUMNS % ("device", "queue", "size", "state", "avail.idx", "taken", "used", "told", "used_event",
                      "avail_event", "flags", "")).rstrip())
    for device in found:
        for number in range(device.queues):
            show_line(Queue(memory, device, number))


# ---- chains ----


class Table:
    """A table of descriptors in the guest's memory: the queue's, or an indirect one."""

    def __init__(self, address, entries, indent):
        self.address, self.entries, self.indent = address, entries, indent


class Chain:
    """A chain, descriptor by descriptor, as the guest's memory has it now; each becomes a line that
    says what is wrong with it. It ends where the next descriptor cannot be found."""

    def __init__(self, queue):
        self.queue, self.memory, self.count = queue, queue.memory, 0
        self.first, self.behind_write = True, False

    def lines(self, head):
        yield from self.walk(Table(self.queue.desc, self.queue.size, 4), head)

    def walk(self, table, index):
        seen = set()
        while True:
            at = "%*s[%d]" % (table.indent, "", index)
            if index >= table.entries:
                yield "%s there is no such descriptor: the table has %d (2.7.5)" % (at, table.entries)
                return
            if index in seen:
                yield "%s once more: the chain is a loop (2.7.5.3.1)" % at
                return
            if self.count == self.queue.size:
                yield "%s more descriptors than the queue has: it shows no more (2.7.5.3.1)" % at
                return
            seen.add(index)
            try:
                data = self.memory.read(table.address + DESCRIPTOR * index, DESCRIPTOR)
            except Refusal as why:
                yield "%s cannot be read: %s" % (at, why)
                return
            address, length, flags, following = struct.unpack("<QIHH", data)
            behind = " next %u" % following if flags & NEXT else ""
            notes = "; ".join(self.notes(table, address, length, flags))
            yield "%s addr %s len %u flags %s%s%s" % (
                at, address_text(address), length, flags_text(flags), behind, "  <- " + notes if notes else "")
            if flags & INDIRECT:
                yield from self.enter(table, address, length)
            else:
                self.count += 1
            if not flags & NEXT:
                return
            index = following

    def enter(self, table, address, length):
        """The indirect table that a descriptor leads to, two columns further in."""
        good = table.indent == 4 and length >= DESCRIPTOR and length % DESCRIPTOR == 0
        if good and self.memory.has(address, length):
            yield from self.walk(Table(address, length // DESCRIPTOR, table.indent + 2), 0)

    def notes(self, table, address, length, flags):
        """What is wrong with a descriptor; of the first of a good chain, what it asks for."""
        first, self.first = self.first and not flags & INDIRECT, self.first and bool(flags & INDIRECT)
        if flags & ~(NEXT | WRITE | INDIRECT):
            yield "%04x means nothing" % (flags & ~(NEXT | WRITE | INDIRECT))
        if length and not self.memory.has(address, length):
            yield "not all in the guest's memory, which has %08x bytes (2.7.5)" % self.memory.size
        elif first and not flags & WRITE:
            yield from self.header(address, length)
        if flags & INDIRECT:
            yield from self.notes_indirect(table, length, flags)
        elif not flags & WRITE and self.behind_write:
            yield "to be read, behind one to be written (2.7.4.2)"
        self.behind_write |= flags & (INDIRECT | WRITE) == WRITE

    def notes_indirect(self, table, length, flags):
        if not self.queue.indirect:
            yield "INDIRECT was not negotiated (2.7.5.3.1)"
        if table.indent > 4:
            yield "INDIRECT in an indirect table (2.7.5.3.1)"
        if flags & NEXT:
            yield "INDIRECT together with NEXT (2.7.5.3.1)"
        if length == 0 or length % DESCRIPTOR:
            yield "a table's length is a multiple of 16, and not 0 (2.7.5.3.1)"

    def header(self, address, length):
        """What a block device is asked for (5.2.6), where the header is in one piece."""
        if self.queue.device.id != virtio.BLOCK or length < BLOCK_HEADER:
            return
        kind, _reserved, sector = struct.unpack("<IIQ", self.memory.read(address, BLOCK_HEADER))
        yield "%s, sector %u" % (BLOCK_TYPES.get(kind, "type %u" % kind), sector)


def address_text(address):
    return "%08x" % address if address <= machine.WORD else "%016x" % address


def flags_text(flags):
    return " ".join(name for bit, name in FLAGS if flags & bit) or "0"


# ---- one queue ----


def show_avail(queue):
    print("  available ring at %08x: flags %s, idx %d%s" % (
        queue.avail, ring_flags_text(queue.avail_flags, "NO_INTERRUPT"), queue.avail_idx,
        ", used_event %d" % queue.used_event if queue.event_index else ""))
    for place in latest(queue.avail_idx, queue.size):
        print("    %5d: ring[%d] = %d  %s" % (
            place, place % queue.size, queue.avail_entries[place % queue.size], place_text(queue, place)))


def show_used(queue):
    print("  used ring at %08x: flags %s, idx %d%s" % (
        queue.used_ring, ring_flags_text(queue.used_flags, "NO_NOTIFY"), queue.used_idx,
        ", avail_event %d" % queue.avail_event if queue.event_index else ""))
    for place in latest(queue.used_idx, queue.size):
        head, length = queue.used_entries[place % queue.size]
        wrong = "" if head < queue.size else "  <- there is no such descriptor"
        print("    %5d: ring[%d] = id %u len %u%s" % (place, place % queue.size, head, length, wrong))


def latest(index, size):
    """The last places before an index. Behind 65535 it begins anew at 0, and nothing before that is shown."""
    return range(index - min(LATEST, size, index), index)


def place_text(queue, place):
    """What has become of an entry of the available ring."""
    if since(queue.taken, place) - 1 & 0xFFFF >= 0x8000:  # it is not before `taken`
        return "waits" if queue.waiting() <= queue.size else "?"
    return "given back" if since(queue.used, place) - 1 & 0xFFFF < 0x8000 else "taken"


def show_chains(queue, most):
    places = queue.outstanding()
    if since(queue.taken, queue.used) > queue.size:
        print("  which chains are outstanding cannot be told")
    elif not places:
        print("  no chain is outstanding")
    for place in places[:most]:
        head = queue.avail_entries[place % queue.size]
        text = place_text(queue, place)
        if queue.busy and text == "taken" and head == queue.head:
            text = "taken, and being served: %u bytes written so far" % int(queue.value["written"])
        print("  chain %d, at %d in the available ring: %s" % (head, place, text))
        for line in Chain(queue).lines(head):
            print(line)
    if len(places) > most:
        print("  and %d chains more: `queues %s %d` shows all" % (
            len(places) - most, queue.device.name, queue.number))


def show_queue(queue, most):
    notes = list(queue.notes())
    print("%s: queue %s, %d descriptors%s, %s%s" % (
        queue.device.name, queue.title(), queue.size if queue.ready else queue.chosen,
        " at %08x" % queue.desc if queue.ready else "", queue.state(), "".join("; " + note for note in notes)))
    if not queue.has_rings():
        return
    print("  the device: taken %d, used %d, told %d" % (queue.taken, queue.used, queue.told))
    show_avail(queue)
    show_used(queue)
    show_chains(queue, most)


@command
class Queues(Command):
    """Show the virtqueues of the running guest: indices, rings and descriptors.
    queues                   one line for each queue of each device
    queues DEVICE            its queues: the latest entries of both rings, the first chains that are
                             outstanding, and their descriptors
    queues DEVICE NUMBER     one of them, with all chains that are outstanding

    DEVICE is its name, or its number from 0 on. Indices and events are those of the specification
    (VIRTIO 1.2, 2.7): avail.idx, used_event and the descriptors are the driver's, used.idx and
    avail_event the device's. `taken`, `used` and `told` are what virtqueue.c has counted (struct
    virtqueue). It is what the guest's memory has now; where that breaks the specification the line
    says how."""

    name = "queues"

    def words(self):
        return virtio.names()

    def run(self, words):
        vcpu, found = virtio.devices()
        memory = paging.Memory(vcpu)
        if not words:
            show_all(memory, found)
            return
        device = virtio.find(found, words[0])
        numbers = self.numbers(device, words[1:])
        for number in numbers:
            queue = Queue(memory, device, number)
            show_queue(queue, queue.size if words[1:] else CHAINS)

    @staticmethod
    def numbers(device, words):
        if not words:
            return range(device.queues)
        if len(words) > 1 or not words[0].isdigit():
            raise gdb.GdbError("Write `queues`, `queues DEVICE` or `queues DEVICE NUMBER`.")
        if int(words[0]) >= device.queues:
            raise Refusal("%s has no queue %s, but %d." % (device.name, words[0], device.queues))
        return [int(words[0])]


def install():
    """Nothing but the commands."""
