# SPDX-License-Identifier: BSD-2-Clause
"""`virtio`: the registers of a guest's virtio devices, as the driver would find them.

monitor/include/virtio_devices.h is where the monitor keeps them. Names are those of the
specification, VIRTIO 1.2: registers 4.2.2, status 2.1, features 5 and 6."""
import gdb

from . import machine
from .commands import Command, command
from .machine import Refusal

STATUS = (
    (1, "ACKNOWLEDGE"), (2, "DRIVER"), (8, "FEATURES_OK"), (4, "DRIVER_OK"), (64, "DEVICE_NEEDS_RESET"),
    (128, "FAILED"),
)
INTERRUPTS = ((1, "used buffer notification"), (2, "configuration change notification"))
NEEDS_RESET = 64
F_INDIRECT_DESC, F_EVENT_IDX = 28, 29
FEATURES = {  # of every device (6)
    24: "VIRTIO_F_NOTIFY_ON_EMPTY", 27: "VIRTIO_F_ANY_LAYOUT", 28: "VIRTIO_F_INDIRECT_DESC",
    29: "VIRTIO_F_EVENT_IDX", 32: "VIRTIO_F_VERSION_1", 33: "VIRTIO_F_ACCESS_PLATFORM",
    34: "VIRTIO_F_RING_PACKED", 35: "VIRTIO_F_IN_ORDER", 36: "VIRTIO_F_ORDER_PLATFORM",
    37: "VIRTIO_F_SR_IOV", 38: "VIRTIO_F_NOTIFICATION_DATA", 39: "VIRTIO_F_NOTIF_CONFIG_DATA",
    40: "VIRTIO_F_RING_RESET",
}
NETWORK, BLOCK, CONSOLE, ENTROPY = 1, 2, 3, 4  # device IDs (5)
OWN_FEATURES = {
    NETWORK: (
        "VIRTIO_NET_F_", "CSUM GUEST_CSUM CTRL_GUEST_OFFLOADS MTU 4 MAC 6 GUEST_TSO4 GUEST_TSO6 GUEST_ECN GUEST_UFO "
        "HOST_TSO4 HOST_TSO6 HOST_ECN HOST_UFO MRG_RXBUF STATUS CTRL_VQ CTRL_RX CTRL_VLAN 20 GUEST_ANNOUNCE MQ "
        "CTRL_MAC_ADDR"),
    BLOCK: (
        "VIRTIO_BLK_F_", "0 SIZE_MAX SEG_MAX 3 GEOMETRY RO BLK_SIZE 7 8 FLUSH TOPOLOGY CONFIG_WCE MQ DISCARD "
        "WRITE_ZEROES LIFETIME SECURE_ERASE"),
    CONSOLE: ("VIRTIO_CONSOLE_F_", "SIZE MULTIPORT EMERG_WRITE"),
}
QUEUES = {  # the names of 5.1.2, 5.2.2, 5.3.2 and 5.4.2
    NETWORK: ("receiveq1", "transmitq1"),
    BLOCK: ("requestq",),
    CONSOLE: ("receiveq", "transmitq"),
    ENTROPY: ("requestq",),
}
CONFIGURATIONS = {  # the structure, and how its numbers are written
    NETWORK: ("struct virtio_net_config", "x"),
    BLOCK: ("struct virtio_blk_config", "d"),
    CONSOLE: ("struct virtio_console_config", "d"),
}


def names_text(bits, value):
    """The names of a register's bits; of those that have none, the number."""
    known = sum(bit for bit, _name in bits)
    found = [name for bit, name in bits if value & bit]
    if value & ~known:
        found.append("and %x, which means nothing" % (value & ~known))
    return ", ".join(found) or "-"


def feature_name(device_id, bit):
    if bit in FEATURES:
        return FEATURES[bit]
    prefix, names = OWN_FEATURES.get(device_id, ("", ""))
    own = names.split()
    return prefix + own[bit] if bit < len(own) and not own[bit].isdigit() else "bit %d" % bit


class Device:
    """A struct virtio_device of the running guest."""

    def __init__(self, place, value):
        self.place, self.value = place, value
        kind = value["kind"].dereference()
        self.name, self.id = kind["name"].string(errors="replace"), int(kind["id"])
        self.irq, self.queues = int(kind["irq"]), int(kind["queues"])
        self.own_features = int(kind["features"])
        self.status, self.accepted = int(value["status"]), int(value["accepted"])
        self.base = int(value["base"]["raw"])

    def queue_name(self, number):
        names = QUEUES.get(self.id, ())
        return names[number] if number < len(names) else "?"

    def offered(self):
        """VIRTIO_FEATURES is a macro: what every device here offers."""
        return self.own_features | sum(1 << bit for bit in (F_INDIRECT_DESC, F_EVENT_IDX, 32, 40))

    def has(self, feature):
        return bool(self.accepted >> feature & 1)

    def features_text(self, value):
        return ", ".join(feature_name(self.id, bit) for bit in range(64) if value >> bit & 1) or "-"

    def status_text(self):
        return names_text(STATUS, self.status) if self.status else "0, as after a reset"


def devices():
    """Those of the running guest, and its virtual processor."""
    vcpu = machine.running_vcpu()
    if machine.symbol_address("virtio_mmio_attach") is None:
        raise Refusal("Before lab 5 a guest has no virtio devices.")
    if int(vcpu["vm"]["virtio"]) == 0:
        raise Refusal(
            "%s has no virtio devices: it gets them by the word `virtio` on its command line (make gdb ARGS=virtio)."
            % machine.vm_name(vcpu))
    table = vcpu["vm"]["virtio"]["device"]
    places = range(table.type.range()[1] + 1)
    return vcpu, [Device(place, table[place]) for place in places if int(table[place]["kind"])]


def names():
    """For completion."""
    try:
        return [device.name for device in devices()[1]]
    except gdb.error:
        return []


def find(found, word):
    """The device of that name, or at that place."""
    for device in found:
        if word in (device.name, str(device.place)):
            return device
    raise Refusal("There is no virtio device `%s`. There are: %s." % (word, ", ".join(each.name for each in found)))


# ---- registers ----


def row(offset, name, value, text=""):
    print(("%03x  %-20s %-17s %s" % (offset, name, value, text)).rstrip())


def features_rows(device):
    value = device.value
    select = int(value["device_features_select"])
    row(0x010, "DeviceFeatures", "%016x" % device.offered(), device.features_text(device.offered()))
    row(0x014, "DeviceFeaturesSel", "%x" % select)
    note = device.features_text(device.accepted)
    if device.accepted & ~device.offered():
        note += "; not offered: " + device.features_text(device.accepted & ~device.offered())
    row(0x020, "DriverFeatures", "%016x" % device.accepted, note)
    row(0x024, "DriverFeaturesSel", "%x" % int(value["driver_features_select"]))


def queue_rows(device):
    """The registers of the queue that is selected."""
    number = int(device.value["queue_select"])
    if number >= device.queues:
        row(0x030, "QueueSel", "%x" % number, "there is no such queue: QueueNumMax is 0")
        return
    queue = device.value["queue"][number]
    ready = bool(queue["queue"]["ready"])
    most = queue["chain"]["segment"].type.range()[1] + 1
    row(0x030, "QueueSel", "%x" % number, device.queue_name(number))
    row(0x034, "QueueNumMax", "%x" % most, "%d descriptors" % most)
    row(0x038, "QueueNum", "%x" % int(queue["size"]), "%d descriptors" % int(queue["size"]))
    row(0x044, "QueueReady", "%x" % ready)
    row(0x080, "QueueDesc", "%016x" % int(queue["desc"]), "the descriptor table")
    row(0x090, "QueueDriver", "%016x" % int(queue["avail"]), "the available ring")
    row(0x0A0, "QueueDevice", "%016x" % int(queue["used"]), "the used ring")


def configuration_text(device):
    if device.id not in CONFIGURATIONS:
        return "none"
    name, style = CONFIGURATIONS[device.id]
    one, data = gdb.lookup_type(name), device.value["config"]
    content = machine.read(int(data.address), min(one.sizeof, data.type.sizeof))
    return gdb.Value(content, one).format_string(format=style)


def show(device):
    interrupts = int(device.value["interrupt_status"])
    print("%s: guest-physical %08x, IRQ %d" % (device.name, device.base, device.irq))
    row(0x000, "MagicValue", "74726976", '"virt"')
    row(0x004, "Version", "2")
    row(0x008, "DeviceID", "%x" % device.id)
    features_rows(device)
    queue_rows(device)
    row(0x060, "InterruptStatus", "%x" % interrupts, names_text(INTERRUPTS, interrupts))
    row(0x070, "Status", "%02x" % device.status, device.status_text())
    row(0x100, "Config", "", configuration_text(device))


@command
class Virtio(Command):
    """Show the registers of a virtio device, by the specification's names.
    virtio           the devices of the running guest: where they are, and their status
    virtio DEVICE    one device's registers; DEVICE is its name, or its number from 0 on

    Features have 64 bits: both halves are shown at once, what is offered and what the driver has
    accepted. Of the queues it is the one that QueueSel selects: `queues` shows all. Registers that
    can only be written are not there."""

    name = "virtio"

    def words(self):
        return names()

    def run(self, words):
        _vcpu, found = devices()
        if len(words) > 1:
            raise gdb.GdbError("Write `virtio` or `virtio DEVICE`.")
        if words:
            show(find(found, words[0]))
            return
        for device in found:
            print("%-8s guest-physical %08x  IRQ %-2d  Status %s" % (
                device.name, device.base, device.irq, device.status_text()))


def install():
    """Nothing but the commands."""
