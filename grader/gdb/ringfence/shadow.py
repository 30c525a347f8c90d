# SPDX-License-Identifier: BSD-2-Clause
"""`shadow`: the guest's page tables beside those that the processor walks, and why they differ.

The rules are those of monitor/include/shadow.h. A difference is one of three: a matter of course
(nothing touched yet, D is clear, a table lies in the page), one that the next miss mends, or WRONG:
the shadow says what the guest's own tables do not."""
import gdb

from . import machine
from .commands import Command, command
from .machine import Refusal
from .paging import FRAME, LARGE, P, RW, US
from .paging import Memory, Pool, Rules, Walk, bits_text, kinds, require_shadow

FRAME_TRACED, FRAME_SHADOWED = 1, 2  # vm.h
WRONG = "WRONG: "


def traced_because(pool, frame, page):
    """Which tables of the guest's lie in a page, or None."""
    why = []
    if frame & FRAME_SHADOWED:
        made = {each.kind for each in pool.made_from(page)}
        why += [name for kind, name in (("root", "a page directory"), ("table", "a page table")) if kind in made]
    if frame & FRAME_TRACED:
        why.append("a descriptor table")
    return " and ".join(why) or None


# ---- what an entry must be ----


def table_problem(walk, table):
    """Whether a shadow table is the one for this walk; text, or None."""
    kind = "large" if walk.large else "table"
    if table.kind == kind and table.guest == walk.table and table.role == walk.role:
        return None
    return "the shadow table was made from %s" % table.text()


def entry_problems(pool, rules, memory, walk, entry):
    """Texts on each way in which a present shadow entry differs from what the guest's walk allows."""
    frame = memory.frame(walk.page) if not walk.beyond else 0
    traced = traced_because(pool, frame, walk.page) if frame else None
    if not frame:
        yield WRONG + "the guest has no memory at guest-physical %08x" % walk.page
        return
    if entry & FRAME != frame & FRAME:
        yield WRONG + "guest-physical %08x is machine %08x, not %08x" % (
            walk.page, frame & FRAME, entry & FRAME)
    if not walk.accessed:
        yield WRONG + "A is clear in an entry of the guest's: the first access must be seen"
    if entry & US and not walk.rights & US:
        yield WRONG + "U/S is on, and not in both entries of the guest's"
    own = not rules.wp and not walk.rights & RW  # writable for a supervisor, since CR0.WP is 0
    if entry & RW:
        if not walk.rights & RW and (entry & US or rules.wp):
            yield WRONG + "R/W is on, and not in both entries of the guest's"
        elif own:
            yield "R/W is on: the guest's CR0.WP is 0, and its kernel has written there"
        if not walk.dirty:
            yield WRONG + "R/W is on, and D of the guest's is clear: the first write must be seen"
        if traced:
            yield WRONG + "R/W is on, and %s of the guest's lies in the page" % traced
    elif walk.rights & RW:
        if traced:
            yield "R/W is off: the page is traced, since %s of the guest's lies in it" % traced
        elif not walk.dirty:
            yield "R/W is off: D of the guest's is clear, and the first write must be seen"
        else:
            yield "R/W is off: left from before the guest's D was set, or from when the page was traced; " \
                "the next write misses, and turns it on"
    if walk.rights & US and not entry & US:
        if own and entry & RW:
            yield "U/S is off: the entry is writable because CR0.WP is 0, and users must not have that"
        else:
            yield "U/S is off, and the guest's entries allow users: the next access by one misses"


def missing(memory, walk):
    """Why there is no entry where the guest's walk finds a page."""
    if walk.beyond or not memory.frame(walk.page):
        return "No entry: the guest has no memory there. Each access is performed on the bus."
    if not walk.accessed:
        return "No entry: not touched yet, as the guest's A says. The first access will miss."
    return "No entry: not touched yet, or not since the guest's entry was changed or the table was dropped. " \
        "The next access will miss."


# ---- one address ----


def row(whose, name, index, where, entry, text):
    line = "%-7s %s %03x at %s  %08x  %-19s %s" % (whose, name, index, where, entry, bits_text(entry), text)
    print(line.rstrip())


def show_address(vcpu, linear):
    if linear >= machine.monitor_base():
        raise Refusal("%08x is the monitor's, in every address space: the direct map, machine address %08x."
                      % (linear, linear - machine.monitor_base()))
    memory, rules, pool = Memory(vcpu), Rules(vcpu), Pool(vcpu)
    walk = Walk(memory, rules, linear)
    print("linear %08x%s: %s" % (linear, machine.symbol_text(linear), rules_text(rules)))
    show_guests(walk, linear)
    if pool.root is None:
        print("shadow  none: the monitor is about to choose a root")
        return
    pde = pool.root.entries()[linear >> 22]
    table = pool.child(pde)
    row("shadow", "PDE", linear >> 22, "%08x" % (pool.root.frame + (linear >> 22) * 4), pde,
        "-> " + table.text() if table else "")
    index, entry = linear >> 12 & 1023, 0
    if table:
        entry = table.entries()[index]
        row("shadow", "PTE", index, "%08x" % (table.frame + index * 4), entry,
            "machine page %08x" % (entry & FRAME) if entry & P else "")
    lines = list(explain(pool, rules, memory, walk, table, entry))
    for line in lines:
        print("  " + (line if pool.tracing else line.replace(WRONG, "old: ")))
    if not pool.tracing and any(line.startswith(WRONG) for line in lines):
        print("  With trace=0 that may be, until the guest says INVLPG or loads CR3.")


def rules_text(rules):
    if not rules.paging:
        return "paging is off, the address is its own guest-physical one"
    return "CR3 %08x, WP %d, PSE %d" % (rules.cr3, rules.wp, rules.pse)


def show_guests(walk, linear):
    for name, place, entry in walk.entries:
        if not entry & P:
            text = ""
        elif name == "PDE":
            text = "-> 4 MiB at %08x" % walk.table if walk.large else "-> page table %08x" % walk.table
        else:
            text = "page %08x" % (entry & FRAME)
        row("guest", name, linear >> (22 if name == "PDE" else 12) & 1023, "%08x" % place, entry, text)


def explain(pool, rules, memory, walk, table, entry):
    """The differences in words."""
    if walk.fault:
        if entry & P:
            yield WRONG + "the shadow has an entry, but %s" % walk.fault
        yield "%s: an access is the guest's own page fault." % walk.fault
        return
    frame = 0 if walk.beyond else memory.frame(walk.page)
    if frame:
        yield "guest-physical %08x is machine %08x: to GDB, 0x%08x" % (
            walk.page, frame & FRAME, machine.monitor_base() + (frame & FRAME))
    if not table:
        yield "No shadow table: nothing in these 4 MiB was touched since this root is there, or its table " \
            "was dropped. The next access will miss."
        return
    problem = table_problem(walk, table)
    if problem:
        yield (WRONG if entry & P else "") + problem
    if not entry & P:
        yield missing(memory, walk)
        return
    problems = list(entry_problems(pool, rules, memory, walk, entry))
    yield from problems or ["The same page with the same rights."]


# ---- the pool ----


def show_roots(vcpu):
    pool = Pool(vcpu)
    roots = pool.roots()
    print("%d of at most %d roots, the newest first" % (len(roots), pool.roots_max))
    for root in roots:
        in_use = root is pool.root
        print("%s machine %08x  %s" % ("*" if in_use else " ", root.frame, root.text()))
        if in_use:
            show_tables(pool, root)


def show_tables(pool, root):
    for index, entry in enumerate(root.entries()[: machine.monitor_base() // LARGE]):
        table = pool.child(entry)
        if table:
            present = [each for each in table.entries() if each & P]
            print("    %08x  machine %08x  %-42s %4d entries, %d writable" % (
                index * LARGE, table.frame, table.text(), len(present), sum(each >> 1 & 1 for each in present)))


def show_pool(vcpu):
    pool = Pool(vcpu)
    names = list(kinds().values())
    counts = ["%d %s" % (sum(page.kind == name for page in pool.pages), name) for name in names[1:] + names[:1]]
    print("%d shadow pages: %s" % (len(pool.pages), ", ".join(counts)))
    print("%d recycled so far; tracing is %s" % (pool.recycled, "on" if pool.tracing else "off (trace=0)"))
    tables = {page.guest for page in pool.newest if page.has_table()}
    print("%d pages of the guest's hold its page tables" % len(tables))
    if pool.newest:
        print("the oldest, which is recycled first: %s" % pool.newest[-1].text())


def audit(vcpu):
    """Each entry of each root against the guest's own tables, by the rules above."""
    pool, memory, count, wrong = Pool(vcpu), Memory(vcpu), 0, 0
    if not pool.tracing:
        raise Refusal("With trace=0 the shadow may be old: there is nothing to hold it to.")
    for root in pool.roots():
        rules = Rules(vcpu, root.guest)
        if rules.paging == (root.kind == "flat"):
            print(WRONG + "a root for %s is left" % root.text())
            wrong += 1
            continue
        for index, entry in enumerate(root.entries()[: machine.monitor_base() // LARGE]):
            table = pool.child(entry)
            for i, each in enumerate(table.entries() if table else ()):
                if each & P:
                    count += 1
                    wrong += audit_entry(pool, rules, memory, index * LARGE + i * 4096, table, each)
    print("%d entries in %d roots: %s" % (
        count, len(pool.roots()), "%d WRONG" % wrong if wrong else "none says what the guest's tables do not"))


def audit_entry(pool, rules, memory, linear, table, entry):
    walk = Walk(memory, rules, linear)
    problems = [
        line for line in explain(pool, rules, memory, walk, table, entry) if line.startswith(WRONG)
    ]
    for line in problems:
        print("CR3 %08x linear %08x: %s" % (rules.cr3, linear, line))
    return bool(problems)


@command
class Shadow(Command):
    """Show the guest's page tables beside the shadow that the processor walks, and why they differ.
    shadow ADDRESS    the guest's walk of a linear address, the shadow's, and each difference in words
    shadow roots      the roots in the pool, the newest first; of the one in use (*) its tables
    shadow pool       how many shadow pages there are of each kind
    shadow audit      holds every entry of every root against the guest's own tables

    Places of the guest's entries are guest-physical addresses, those of the shadow's are machine
    addresses: what is at machine address M, `x/xw 0xf0000000 + M` shows. GDB reads memory through
    the shadow: what has no entry there it cannot read, but there it can. A and D in shadow entries
    are what the processor has set; nobody reads them. WRONG is a mistake of the monitor's."""

    name = "shadow"
    arguments = ["roots", "pool", "audit"]

    def run(self, words):
        actions = {"roots": show_roots, "pool": show_pool, "audit": audit}
        if len(words) == 1 and words[0] in actions:
            actions[words[0]](require_shadow())
            return
        if not words:
            raise gdb.GdbError("Write `shadow ADDRESS`, `shadow roots`, `shadow pool` or `shadow audit`.")
        vcpu = require_shadow()
        show_address(vcpu, int(gdb.parse_and_eval(" ".join(words))) & machine.WORD)


def install():
    """Nothing but the commands."""
