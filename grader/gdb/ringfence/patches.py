# SPDX-License-Identifier: BSD-2-Clause
"""`patches` and `code`: what the guest's kernel executes in place of its own code, since lab 4."""
import gdb

from . import codeview, machine
from .codeview import place
from .commands import Command, command
from .machine import Refusal
from .paging import PAGE

AROUND = 12  # instructions that `code` shows to either side


def hits_text(hits):
    return "no way to patch it" if hits == codeview.NEVER else "%d hit%s" % (hits, "" if hits == 1 else "s")


def page_text(page):
    text = "page %08x, guest-physical %08x, behind it %s" % (
        page.linear, page.physical, "none that is known" if page.behind is None else "%08x" % page.behind)
    return text + (", 16 bits" if page.code_size == 16 else "")


# ---- patches ----


def page_rows(page, only_jumps, counted):
    """A line for each instruction of the page that does not run as it is, in order."""
    rows = [
        (patch.offset, "%-32s jump        block %08x  %s" % (place(patch.run), patch.block, patch.text()))
        for patch in page.patches
    ]
    if only_jumps:
        return [text for _offset, text in rows]
    in_runs = [range(patch.offset, patch.offset + patch.length) for patch in page.patches]
    for offset in range(PAGE):
        kind = {"replaced": "breakpoint", "stepped": "stepped"}.get(page.kind(offset))
        if kind and not any(offset in run for run in in_runs):
            rows.append((offset, "%-32s %-11s %-15s %s" % (
                place(page.linear + offset), kind, hits_text(page.hits[offset]) if counted else "",
                page.instruction(offset)[0])))
    return [text for _offset, text in sorted(rows)]


def show_all(vcpu, only_jumps=False):
    count = jumps = 0
    counted = bool(vcpu["code_view"]["blocks"])
    for page in sorted(codeview.all_pages(vcpu), key=lambda each: each.linear):
        rows = page_rows(page, only_jumps, counted)
        jumps += len(page.patches)
        count += len(rows)
        if rows:
            mapped = codeview.mapped_copy(vcpu, page.linear) == page.copy
            print(page_text(page) + ("" if mapped else "; not mapped now"))
        for row in rows:
            print("  " + row)
    off = "" if counted else " (there are to be none: patch=0 or strict=1)"
    print("%d places, %d of them jumps to patch blocks%s" % (count, jumps, off))


def show_patch(vcpu, patch):
    """The run's instructions beside the block's, and what is true at each of the block's."""
    now = codeview.here()
    entry = "" if patch.entry == patch.eip else ", by a jump at %08x" % (codeview.CODE_VIEW + patch.entry)
    print("%s: a run of %d bytes; its block has %d bytes at %08x%s" % (
        place(patch.run), patch.length, patch.size, patch.block, entry))
    originals, last = dict(patch.originals()), None
    for point in patch.points:
        text, _length = codeview.disassemble(patch.block + point.at, patch.block + point.at)
        if point.original != last:
            last = point.original
            print("%s  %s" % (place(patch.run + last), originals.get(last, "<- behind the run")))
        mark = "=>" if now and now.fetch == patch.block + point.at else "  "
        print("  %s %08x  %-32s %s" % (mark, patch.block + point.at, text, point.text()))


def show_one(vcpu, address):
    eip = address - codeview.CODE_VIEW if address >= codeview.CODE_VIEW else address
    patch = codeview.patch_of_block(vcpu, eip)
    if patch:
        show_patch(vcpu, patch)
        return
    pages, _mapped = codeview.pages_at(vcpu, address)
    if not pages:
        raise Refusal("Nothing is known of the code at %s: the guest's kernel has not executed it." % place(address))
    page, offset = pages[0], address % PAGE
    patch, kind = page.patch_at(offset), page.kind(offset)
    text = page.instruction(offset)[0]
    if patch:
        show_patch(vcpu, patch)
    elif kind == "replaced":
        print("%s: a breakpoint stands for `%s`, which the monitor performs; %s" % (
            place(address), text, hits_text(page.hits[offset])))
    elif kind == "stepped":
        print("%s: a breakpoint stands for `%s`, which is executed where it is, by a single step" % (place(address), text))
    elif kind == "copied":
        hits = "; it traps, %s" % hits_text(page.hits[offset]) if page.hits[offset] else ""
        print("%s: `%s` runs as it is%s" % (place(address), text, hits))
    else:
        raise Refusal("No instruction is known to begin at %s (%s). `code` shows what is known." % (place(address), kind))


@command
class Patches(Command):
    """Show where the guest's kernel does not execute its own instructions, and what it does instead.
    patches            one line for each place: a breakpoint, a stepped instruction, a jump
    patches jumps      the jumps alone
    patches ADDRESS    one of them in full, by the guest's address or the block's

    A `breakpoint` is an exit: the monitor performs the instruction. One that is hit often becomes a
    `jump` to a patch block, with the instructions around it. `stepped` is harmless, and cannot be in
    the copy. Of a patch block: at an `exact` point the state is the guest's own, and an interrupt may
    come; else the block has so many bytes of its own pushed on the stack. => is where the processor is.
    `block-step` goes through a block, `code` shows the whole page."""

    name = "patches"
    arguments = ["jumps"]

    def run(self, words):
        vcpu = codeview.require_view()
        if words == ["jumps"]:
            show_all(vcpu, True)
        elif words:
            show_one(vcpu, address_of(words))
        else:
            show_all(vcpu)


def address_of(words):
    value = gdb.parse_and_eval(" ".join(words))
    try:
        return int(value) & machine.WORD
    except gdb.error:  # a function, or a label of assembly code
        return int(value.address) & machine.WORD


# ---- code ----


class Row:
    """Bytes of a page that belong together: an instruction, or a stretch of which nothing is known."""

    def __init__(self, page, first, end):
        self.page, self.first, self.end = page, first, end

    def known(self):
        return self.page.begins(self.first)

    def text(self, wanted):
        page, first, end = self.page, self.first, min(self.end, PAGE)
        mark = "=>" if first <= wanted < self.end else "  "
        if not self.known():
            return "%s %08x  %d bytes unknown: breakpoints" % (mark, page.linear + first, end - first)
        original, copy = (
            machine.read(where + first, end - first).hex(" ") for where in (page.original, page.copy))
        patch, kind = page.patch_at(first), page.kind(first)
        if patch:
            kind = "jump" if patch.offset == first else "in the run"
        elif kind == "replaced":
            kind = "breakpoint"
        target = "*" if page.target[first] else " "
        same = "the same" if copy == original else copy
        return "%s %08x%s %-20s | %-20s %-10s %s" % (
            mark, page.linear + first, target, original, same, kind, page.instruction(first)[0])


def page_table(page):
    """All rows of a page. Instructions may overlap: then a row ends where the next one begins."""
    rows, offset = [], 0
    while offset < PAGE:
        if page.begins(offset):
            end = offset + page.length(offset)
            following = next((i for i in range(offset + 1, min(end, PAGE)) if page.begins(i)), end)
            rows.append(Row(page, offset, end))
            offset = following
        else:
            end = next((i for i in range(offset, PAGE) if page.begins(i)), PAGE)
            rows.append(Row(page, offset, end))
            offset = end
    return rows


def show_page(vcpu, page, mapped, wanted):
    print(page_text(page))
    print("its copy is at %08x, and %s" % (
        page.copy, "the kernel fetches from it" if mapped else "not mapped now: found again at the next fetch"))
    counts = ["%d %s" % (sum(1 for each in page.kinds if page.names.get(each) == name), name)
              for name in ("copied", "replaced", "stepped")]
    print("instructions: %s; %d jumps; %d bytes unknown" % (
        ", ".join(counts), len(page.patches), sum(1 for each in page.kinds if page.names.get(each) == "unknown")))
    rows = page_table(page)
    middle = next((i for i, row in enumerate(rows) if row.first <= wanted < row.end), 0)
    first, end = max(0, middle - AROUND), middle + AROUND + 1
    print("   %-10s%-20s | %s" % ("", "the guest's", "the copy"))
    for row in rows[first:end]:
        print(row.text(wanted))


@command
class Code(Command):
    """Show the copy that the guest's kernel executes beside the guest's own code.
    code [ADDRESS]    the instructions around an address of the guest's, or around the next one

    What the scanner has not reached is a breakpoint in the copy. What runs as it is, is `the same`;
    the others are breakpoints, or jumps to patch blocks (`patches`). * marks what a direct branch
    leads to: no run may have that inside. The guest reads its own bytes, never the copy."""

    name = "code"

    def run(self, words):
        vcpu = codeview.require_view()
        address = address_of(words) if words else self.next_address(vcpu)
        pages, mapped = codeview.pages_at(vcpu, address)
        if not pages:
            if address >= codeview.CODE_MAX:
                raise Refusal("%08x lies beyond the code view, which ends at %08x: the guest's kernel is stepped there."
                              % (address, codeview.CODE_MAX))
            raise Refusal("There is no copy of the code at %s: the guest's kernel has not executed there, or it was "
                          "needed for another page." % place(address))
        show_page(vcpu, pages[0], mapped, address % PAGE)
        for page in pages[1:]:
            print("another copy for this address, of %s" % page_text(page))

    @staticmethod
    def next_address(vcpu):
        if not machine.in_guest():
            return machine.guest_pc(vcpu)
        found = codeview.here()
        return found.address if found else machine.pc()


def install():
    """Nothing but the commands."""
