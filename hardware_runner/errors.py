"""Errors of the runner, and who must act on each.

    RunnerError
    ├── ProjectError               whoever wrote the project
    │   ├── UnknownBoard           name one of the boards that exist
    │   ├── BundleRefused          build it again: it is not what a bundle must be
    │   ├── BuildError             the C compiler or linker refused the files
    │   │   └── TooLarge           the firmware does not fit the real part
    │   ├── FeaturesCrashed        bw_features() ended its process, or never ended
    │   └── FirmwareFault          the firmware failed while it handled a sample
    ├── ToolMissing                whoever looks after this machine: install it
    ├── ToolSlow                   whoever looks after this machine: give it time, try again
    └── BoardTrouble               the bench: board, emulator, cable or machine
        ├── BoardBusy              somebody else holds the lease
        ├── BoardWedged            it did not come back, and waits for a person
        ├── BoardStuck             what was done with it did not end in its time
        ├── BoardDied              the emulator or process ended
        ├── BoardSilent            no answer within the time allowed
        ├── BenchError             bench.toml says something that cannot be meant
        │   └── UnknownTool        it names a tool that does not exist
        ├── ToolFailed             a tool at the board said no, or did not end
        │   └── NoReset            it writes boards, and has no command that resets one
        │   └── ToolLate           it did not end
        ├── PortMissing            the board's serial port or drive is not there
        ├── WrongFirmware          another board or firmware answered
        └── ClockRefused           the clock does not count instructions

All of them survive pickling: each hands exactly its arguments to `Exception`.
"""

from __future__ import annotations


class RunnerError(Exception):
    """What this package raises on purpose."""


class ProjectError(RunnerError):
    """The project's files must change."""


class UnknownBoard(ProjectError):
    """No board has this name."""


class BundleRefused(ProjectError):
    """A bundle is damaged, or holds what none may hold; nothing of it was run."""


class BuildError(ProjectError):
    """The compiler or linker refused the files; the text holds its relevant messages."""


class TooLarge(BuildError):
    """The firmware does not fit the real part.

    Args:
        message: What is too large, by how much, and what costs most.
        section: "flash" or "RAM".
        needed_bytes: What the firmware needs.
        available_bytes: What the part has.
    """

    def __init__(
        self, message: str, section: str = "", needed_bytes: int = 0, available_bytes: int = 0
    ) -> None:
        super().__init__(message, section, needed_bytes, available_bytes)
        self.section = section
        self.needed_bytes = needed_bytes
        self.available_bytes = available_bytes

    def __str__(self) -> str:
        return str(self.args[0])


class FeaturesCrashed(ProjectError):
    """`bw_features` ended its process, or did not come to an end."""


class FirmwareFault(ProjectError):
    """The firmware met a fault, or an error of the model, while it handled a sample.

    Args:
        message: What happened, with the registers.
        pc: Program counter of the failing instruction, 0 where it is not known.
    """

    def __init__(self, message: str, pc: int = 0) -> None:
        super().__init__(message, pc)
        self.pc = pc

    def __str__(self) -> str:
        return str(self.args[0])


class ToolMissing(RunnerError):
    """A program is not installed; the text names the package and the command that installs it."""


class ToolSlow(RunnerError):
    """A compiler did not end in the time allowed, and was ended; it says nothing of the project."""


class BoardTrouble(RunnerError):
    """The run says nothing about the project: try again, or look after the board."""


class BoardBusy(BoardTrouble):
    """Somebody else holds the lease."""


class BoardWedged(BoardTrouble):
    """The board was given up, and is refused until somebody proved that it answers again."""


class BoardStuck(BoardTrouble):
    """A tool, or the run as a whole, did not end in the time allowed, or was called off."""


class BoardDied(BoardTrouble):
    """The emulator or process ended, or the line to it was lost."""


class BoardSilent(BoardTrouble):
    """The board did not answer within the time allowed."""


class BenchError(BoardTrouble):
    """What bench.toml says cannot be meant; the text names the line's cure."""


class UnknownTool(BenchError):
    """There is no tool of this name; the text lists those there are."""


class ToolFailed(BoardTrouble):
    """A tool at the board said no, or did not end in time; the text holds its last words."""


class ToolLate(ToolFailed):
    """A tool did not end in the time allowed, and was ended."""


class NoReset(ToolFailed):
    """The tool cannot reset a firmware that runs; its board is written anew instead."""


class PortMissing(BoardTrouble):
    """The board's serial port or drive is not there."""


class WrongFirmware(BoardTrouble):
    """Another board, or another firmware, answered."""


class ClockRefused(BoardTrouble):
    """The clock's test of itself failed, so no count can be trusted."""
