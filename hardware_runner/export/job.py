"""What an export is made of, what it results in, and how much of that was ever seen to work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from hardware_runner.board import Board

Files = dict[str, bytes]
"""Contents by path below the export's folder, with `/` between the parts."""


class Seen(StrEnum):
    """The most that is known of an export for a board; never more than that is claimed."""

    HARDWARE = "hardware"
    """It ran on the part."""
    EMULATOR = "emulator"
    """The tests build it, and its bytes are those of the firmware that they run in an emulator."""
    BUILDS = "builds"
    """It was built with its own tool, by the tests or, as its README then says, by hand."""
    DECLARATIONS = "compiled against declarations"
    """The tests compile its C against declarations of the framework's functions, written by us."""
    UNVERIFIED = "unverified"
    """Nobody but its author ever looked at it."""


@dataclass(frozen=True, slots=True)
class Job:
    """A project that is about to be exported for a board."""

    name: str  # safe for every tool: see `naming.safe_name`
    title: str  # what its folder is called
    board: Board
    project: Mapping[str, bytes]  # goal.h, features.h, features.c, app.h, app.c
    model: Mapping[str, bytes]  # the C of the model, in the order in which it is linked
    level: str  # option with which the model's C is built: "-O2"
    build_id: str  # what the firmware answers when it is asked who it is
    card: str = ""  # path of the project's README.md from the export's folder; "": it has none
    text_model: str = ""  # what a runner of MLPerf Tiny calls the model; "": it is not answered


Words = Mapping[str, str | bool | tuple[tuple[str, str], ...]]
"""Values for a README; `files` is a table of what lies where."""


class Exporter(Protocol):
    """One tool's kind of project: a module of this room."""

    TITLE: str
    """The tool, for people."""

    def files(self, job: Job) -> Files:
        """Return the project that the tool opens."""
        ...

    def words(self, board: Board) -> Words:
        """Return what the tool's page of README.md names."""
        ...

    def starts_the_core(self, board: Board) -> bool:
        """Say whether our startup code runs, and no framework around it."""
        ...

    def seen(self, board: Board) -> Seen:
        """Return the most that is known of this export for a board."""
        ...
