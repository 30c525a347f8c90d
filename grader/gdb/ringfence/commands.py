# SPDX-License-Identifier: BSD-2-Clause
"""What all of Ringfence's commands have in common, and the list of them.

A command is a class with a name and a docstring, which is its `help` text: the first line says
what it does, the next one how it is written. It registers itself with @command.
"""
import gdb

registry = []


def command(cls):
    """Makes a subclass of Command known to GDB and to `info ringfence`."""
    registry.append(cls())
    return cls


class Command(gdb.Command):
    name = None
    arguments = []  # words that may follow: for completion

    def __init__(self):
        super().__init__(self.name, gdb.COMMAND_RUNNING)

    def complete(self, _text, word):
        return [each for each in self.words() if each.startswith(word)]

    def words(self):
        return self.arguments

    def invoke(self, argument, _from_tty):
        self.dont_repeat()
        self.run(argument.split())

    def run(self, words):
        raise NotImplementedError

    def refuse_words(self, words):
        if words:
            raise gdb.GdbError("`%s` takes no arguments. Try `help %s`." % (self.name, self.name))


def summary():
    lines = []
    for each in sorted(registry, key=lambda item: item.name):
        lines.append("  %-10s %s" % (each.name, each.__doc__.strip().splitlines()[0]))
    return "\n".join(lines)


def install():
    class List(gdb.Command):
        def __init__(self, name):
            super().__init__(name, gdb.COMMAND_STATUS)

        def invoke(self, _argument, _from_tty):
            print("Commands for a monitor and its guest; `help NAME` says more.\n" + summary())

    List.__doc__ = "Lists the commands for a monitor and its guest.\n\n" + summary()
    List("ringfence")
    List("info ringfence")
