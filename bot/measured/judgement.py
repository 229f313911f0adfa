"""Judgement: what was measured of one commit, held against goal, host and base, as a value.

It travels as JSON, also inside the comment that shows it, so that boards which are measured later
join those that were measured before. Texts from a bench are in it as they came: they are escaped
where they are printed.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Annotated

from pydantic import Field

from bot.evidence import Relation
from bot.frozen import Frozen
from hardware_runner.board import Verified
from hardware_runner.report import Cost, Energy, Unit

BOARDS_MAX = 128
Short = Annotated[str, Field(max_length=80)]
Text = Annotated[str, Field(max_length=4_000)]
Amount = Annotated[float, Field(ge=0, le=2**53, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=2**53)]


class Verdict(Enum):
    """What came of a board. Only the first says that the limits are met."""

    PASS = "pass"  # noqa: S105
    MISSED = "limit missed"
    DISAGREES = "disagrees with the host"
    FAILED = "firmware failed"
    INFRASTRUCTURE = "infrastructure"  # board, cable or machine: nobody's fault who wrote files
    MISSING = "missing"

    @property
    def is_of_the_files(self) -> bool:
        """Return whether who wrote the files must act."""
        return self in (Verdict.MISSED, Verdict.DISAGREES, Verdict.FAILED)


class Kind(Enum):
    """What a figure is about."""

    ACCURACY = "accuracy"
    TIME = "time of one inference"
    INSTRUCTIONS = "instructions of one inference"
    CYCLES = "cycles of one inference"  # of an emulator: no time is made of them
    FLASH = "flash"
    RAM = "RAM with stack"
    ENERGY = "energy of one inference"


COSTS: Mapping[Unit, Kind] = MappingProxyType(
    {"us": Kind.TIME, "instructions": Kind.INSTRUCTIONS, "cycles": Kind.CYCLES}
)
"""What a cost is about, by its unit."""


class State(Enum):
    """How a figure stands to its limit."""

    MET = "met"
    MISSED = "missed"
    UNPROVEN = "unproven"  # it was not, or cannot be, measured here
    REPORTED = "reported"  # nobody set a limit


class Figure(Frozen):
    """One figure and its limit, in a unit that both share.

    `value` is what the limit is held against: for time and instructions the worst case. None where
    it is unproven, and `why` says so. Accuracy is a percentage.
    """

    kind: Kind
    value: Amount | None
    unit: Short
    relation: Relation
    limit: Amount | None
    state: State
    why: Text = ""


class Change(Frozen):
    """A figure against the base branch's, on the same board and by the same method.

    `noise_percent` is how far two measurements of the same thing may lie apart; 0: exact.
    For accuracy `percent` is the difference in percentage points.
    """

    kind: Kind
    percent: float = Field(allow_inf_nan=False)
    noise_percent: float = Field(ge=0, allow_inf_nan=False)

    @property
    def is_noise(self) -> bool:
        """Return whether it means nothing."""
        return abs(self.percent) <= self.noise_percent


class Recall(Frozen):
    """How many samples of one class there are, and how many were recognised."""

    held_out: Count
    recognised: Count


class BoardJudgement(Frozen):
    """What came of one board."""

    board: Short
    verdict: Verdict
    reason: Text = Field(default="", description="of infrastructure, missing, failed")
    bench: Short = ""
    place: Short = ""
    core: Text = ""
    verified: Verified = "unverified"
    run: Count = Field(default=0, description="id of the workflow run that measured it")
    samples: Count = 0
    right: Count = 0
    same: Count | None = Field(default=None, description="samples answered as the host does")
    same_bytes: bool | None = Field(default=None, description="every score equals the host's")
    figures: tuple[Figure, ...] = Field(default=(), max_length=12)
    changes: tuple[Change, ...] = Field(default=(), max_length=12)
    cost: Cost | None = None
    energy: Energy | None = None
    flash_bytes: Count | None = None
    flash_limit_bytes: Count | None = None
    ram_bytes: Count | None = Field(default=None, description="without the stack")
    ram_limit_bytes: Count | None = None
    stack_bytes: Count | None = None
    samples_per_second: Amount | None = None
    recalls: tuple[Recall, ...] = Field(default=(), max_length=256)
    confusion: tuple[tuple[Count, ...], ...] = Field(
        default=(), max_length=16, description="row: true class; empty where there are many"
    )
    recoveries: tuple[Text, ...] = Field(default=(), max_length=20)
    tools: dict[Short, Text] = Field(default_factory=dict, max_length=40)
    firmware_sha256: Short = ""

    def figure(self, kind: Kind) -> Figure | None:
        """Return a figure; None where there is none."""
        return next((figure for figure in self.figures if figure.kind is kind), None)

    @property
    def unproven(self) -> tuple[Figure, ...]:
        """Return the figures that somebody asked for and that were not measured."""
        return tuple(figure for figure in self.figures if figure.state is State.UNPROVEN)


class Judgement(Frozen):
    """What came of one commit, board by board."""

    commit: str = Field(pattern=r"^[0-9a-f]{40}$")
    project: Short
    labels: tuple[str, ...] = Field(max_length=256)
    boards: tuple[BoardJudgement, ...] = Field(max_length=BOARDS_MAX)
    base_commit: str = Field(default="", pattern=r"^([0-9a-f]{40})?$")
    built: tuple[Short, ...] = Field(
        default=(), max_length=64, description="boards that were run when it was built, and passed"
    )

    def of(self, verdict: Verdict) -> tuple[BoardJudgement, ...]:
        """Return the boards with a verdict."""
        return tuple(board for board in self.boards if board.verdict is verdict)

    @property
    def is_good(self) -> bool:
        """Return whether all boards pass and nothing that was asked for is unproven."""
        return bool(self.boards) and all(
            board.verdict is Verdict.PASS and not board.unproven for board in self.boards
        )

    @property
    def wanting(self) -> tuple[BoardJudgement, ...]:
        """Return the boards for which who wrote the files must act."""
        return tuple(board for board in self.boards if board.verdict.is_of_the_files)

    @property
    def line(self) -> str:
        """Return what came of all boards in one sentence."""
        open_ = sum(board.verdict is Verdict.PASS and bool(board.unproven) for board in self.boards)
        counts = {verdict: len(self.of(verdict)) for verdict in Verdict}
        counts[Verdict.PASS] -= open_
        said = [
            (count, one if count == 1 else many)
            for verdict, (one, many) in _WORDS.items()
            if (count := counts[verdict])
        ]
        if open_:
            said.insert(1 if counts[Verdict.PASS] else 0, (open_, "passed with limits unproven"))
        if len(said) == 1:
            return f"{_all(len(self.boards))} {said[0][1]}."
        listed = ", ".join(f"{count} {words}" for count, words in said)
        return f"{_boards(len(self.boards))}: {listed}."


_WORDS: Mapping[Verdict, tuple[str, str]] = MappingProxyType(
    {
        Verdict.PASS: ("passed", "passed"),
        Verdict.MISSED: ("misses a limit", "miss a limit"),
        Verdict.DISAGREES: ("disagrees with the host", "disagree with the host"),
        Verdict.FAILED: ("failed", "failed"),
        Verdict.INFRASTRUCTURE: ("was out of order", "were out of order"),
        Verdict.MISSING: ("is missing", "are missing"),
    }
)


def _boards(count: int) -> str:
    return "1 board" if count == 1 else f"{count} boards"


def _all(count: int) -> str:
    return "Both boards" if count == 2 else _boards(count) if count < 2 else f"All {count} boards"
