# SPDX-License-Identifier: BSD-2-Clause
"""What a monitor that emulates traps does with a guest's tables, and what comes next for the guest.

monitor/include/views.h has the views and the traced pages, monitor/include/step.h the single step.
"""
import gdb

from . import machine, paging
from .commands import Command, command
from .machine import Refusal

PAGE = 4096
TSS_READ = 12  # bytes: what the monitor must know of a TSS, up to SS0
WHY = {
    "open": "what the processor shows is what the guest believes",
    "gates_closed": "no gate is the guest's own",
    "closed": "no gate is the guest's own, and a return to ring 3 traps",
}


def view_name(vcpu):
    """ "open", "gates_closed" or "closed": the view that is loaded now."""
    number = int(vcpu["view"])
    for field in gdb.lookup_type("enum view").fields():
        if field.enumval == number:
            return field.name[len("VIEW_") :].lower()
    return "view %d" % number


def view_cause(vcpu):
    """Why the view is not the open one, as words in brackets."""
    because = []
    if not machine.virtual_if(vcpu):
        because.append("IF is 0")
    if int(vcpu["virtual_iopl"]):
        because.append("IOPL is %d" % int(vcpu["virtual_iopl"]))
    if vcpu["stepping"]:
        because.append("the monitor steps")
    return " (%s)" % ", ".join(because) if because else ""


def view_text(vcpu):
    name = view_name(vcpu)
    return "%s: %s%s" % (name.replace("_", " "), WHY.get(name, ""), view_cause(vcpu))


def open_page(vcpu):
    """The traced page that the guest may write in this step, or None."""
    if not vcpu["stepping"] or not int(vcpu["step_size"]):
        return None
    return int(vcpu["step_page"]["raw"]) & ~(PAGE - 1)


def next_text(vcpu):
    """What stands between the guest and its next interrupt."""
    parts = []
    if vcpu["stepping"]:
        if open_page(vcpu) is not None:
            parts.append("a step, with the page %08x open" % open_page(vcpu))
        else:
            parts.append("a step")
    shadow, eip = bool(vcpu["interrupt_shadow"]), int(vcpu["shadow_eip"])
    if shadow and eip == int(vcpu["registers"]["eip"]):
        parts.append("the shadow of STI or MOV SS over %08x" % eip)
    if vcpu["vm"]["interrupt_pending"]:
        waits = "" if machine.virtual_if(vcpu) else ", which waits for IF"
        parts.append("an interrupt of its 8259s%s" % waits)
    if machine.has_code_view(vcpu) and int(vcpu["code_view"]["planted"]):
        parts.append("a breakpoint at the patch block's next exact point")
    return "; ".join(parts) or "nothing is pending"


# ---- traced ----


def table_ranges(vcpu):
    """Name, first byte and size of each table whose changes the monitor must see."""
    for name in ("gdtr", "idtr"):
        register = vcpu["guest_" + name]
        if int(register["base"]):
            size = int(register["limit"]) + 1
            yield name[:3].upper(), int(register["base"]), size
    if vcpu["task"]["present"]:
        yield "TSS", int(vcpu["task"]["base"]), TSS_READ
    if vcpu["local"]["present"]:
        yield "LDT", int(vcpu["local"]["base"]), int(vcpu["local"]["limit"]) + 1


def tables_on(vcpu, linear):
    """The descriptor tables that lie on a page, as text."""
    return [
        "%s %08x+%x%s" % (name, base, size, machine.symbol_text(base))
        for name, base, size in table_ranges(vcpu)
        if base < linear + PAGE and base + size > linear
    ]


def page_tables(vcpu):
    """The pages that hold page tables: guest-physical address -> text."""
    if not machine.has_shadow(vcpu):
        return {}
    pool, found = paging.Pool(vcpu), {}
    for page in pool.newest if pool.tracing else ():
        if page.has_table():
            found.setdefault(page.guest, []).append("page directory" if page.is_root() else "page table")
    return {
        guest: "%s, %d shadow%s" % (" and ".join(sorted(set(names))), len(names), "s" * (len(names) > 1))
        for guest, names in sorted(found.items())
    }


@command
class Traced(Command):
    """Show the guest's write-protected pages, and which of its tables lies in each.
    traced    one line for each page, and how many writes to them the monitor has seen

    A write to such a page is an exit, or two: the page fault, and the step that lets it through.
    Whatever else lies there is as slow: `vmexit traced_write` runs to the next such write. From
    lab 3 on pages that hold page tables are among them. Addresses are guest-physical."""

    name = "traced"

    def run(self, words):
        self.refuse_words(words)
        vcpu = machine.require_traps("traced pages")
        descriptors, shadowed = self.descriptor_tables(vcpu), page_tables(vcpu)
        if not descriptors and not shadowed:
            raise Refusal("No page is traced: the guest has loaded no table yet.")
        for page, tables in descriptors + list(shadowed.items()):
            is_open = open_page(vcpu) == page
            print("%08x %s %s" % (page, "open for a step" if is_open else "read-only", tables))
        writes = int(vcpu["exits"]["count"][int(gdb.parse_and_eval("EXIT_TRACED_WRITE"))])
        print("%u writes to traced pages so far" % writes)

    @staticmethod
    def descriptor_tables(vcpu):
        """(guest-physical page, which tables lie there) of each page that holds descriptor tables."""
        pages = [vcpu["traced"][i] for i in range(int(vcpu["traced_count"]))]
        return [
            (int(each["page"]["raw"]) & ~(PAGE - 1),
             ", ".join(tables_on(vcpu, int(each["linear"]["raw"]))) or "none of its tables")
            for each in pages
        ]


def install():
    """Nothing but the commands."""
