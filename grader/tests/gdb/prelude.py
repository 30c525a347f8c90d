# SPDX-License-Identifier: BSD-2-Clause
"""What the test scripts of this folder need beyond GDB's and Ringfence's own commands."""
import gdb


class Refused(gdb.Command):
    """Runs a command that must be refused, and prints why."""

    def __init__(self):
        super().__init__("refused", gdb.COMMAND_USER)

    def invoke(self, argument, _from_tty):
        try:
            gdb.execute(argument, to_string=True)
        except gdb.error as why:
            print("refused: %s: %s" % (argument, why))
        else:
            print("NOT REFUSED: %s" % argument)


class Along(gdb.Command):
    """along COUNT: steps that many instructions, and after each looks whether the backtrace still
    leads to the same place of the guest with the same registers as at the first."""

    def __init__(self):
        super().__init__("along", gdb.COMMAND_USER)

    @staticmethod
    def guest():
        frame = gdb.newest_frame()
        while frame.pc() >= 0xF0000000:
            frame = frame.older()
        names = "eax ecx edx ebx esp ebp esi edi eip cs ss ds es fs gs".split()
        return tuple(int(frame.read_register(name)) & 0xFFFFFFFF for name in names)

    def invoke(self, argument, _from_tty):
        first, steps = self.guest(), 0
        for _ in range(int(argument)):
            gdb.execute("stepi", to_string=True)
            if self.guest() != first:
                print("after %d steps, at %x: %r, not %r"
                      % (steps, gdb.newest_frame().pc(), self.guest(), first))
                return
            steps += 1
        print("the same guest after each of %d steps" % steps)


Refused()
Along()
gdb.execute("set pagination off")
gdb.execute("set width 0")
gdb.execute("set python print-stack full")
