"""RunReport: what one board measured, as a value that can be stored, posted and compared."""

from __future__ import annotations

from enum import Enum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from hardware_runner.board import Verified

SCHEMA_VERSION = 1

Unit = Literal["instructions", "cycles", "us"]
"""What a cost is counted in. Microseconds are those of a part; instructions and cycles are what an
emulator counts, and say nothing of time."""


class RunOutcome(Enum):
    """How a run on a board ended."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"  # the firmware answered, and an answer was wrong
    INFRASTRUCTURE = "infrastructure"  # board, emulator, cable or machine; never the author's fault
    SKIPPED = "skipped"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Cost(_Frozen):
    """The cost of one inference over a test set. The unit is the method's, never a guess."""

    unit: Unit
    method: str
    features_median: float
    features_max: float
    model_median: float
    model_max: float
    features_p99: float | None = Field(default=None, description="99th percentile, nearest rank")
    model_p99: float | None = Field(default=None, description="99th percentile, nearest rank")


class Energy(_Frozen):
    """The energy of one inference, over the board's whole supply, idle power included."""

    joules_median: float
    joules_max: float
    volts: float
    method: str


class Footprint(_Frozen):
    """Bytes that the linked firmware takes on the real part, from the ELF; the stack from a run.

    ``flash_bytes`` is code, constants and the initial values of data; ``ram_bytes`` is data and
    bss, without the stack.
    """

    flash_bytes: int
    flash_limit_bytes: int
    ram_bytes: int
    ram_limit_bytes: int
    stack_bytes: int | None = Field(
        default=None, description="high-water mark, measured by painting"
    )
    model_code_bytes: int
    model_constant_bytes: int
    arena_bytes: int


class Profile(_Frozen):
    """The instructions of one inference by operator; what the points take is not in them.

    ``operators`` stands in the order of the model's operators. What ``total`` has more than their
    sum is the quantisation of the features, and the call of ``bw_model_invoke`` and its return.
    ``disturbance`` is by how much the build with points took more than ``total``, beside the
    points: 0 where the compiler made the same code of both.
    """

    operators: tuple[int, ...]
    total: int
    disturbance: int = 0

    @property
    def overhead(self) -> int:
        """Return what belongs to no operator."""
        return self.total - sum(self.operators)


class RunReport(_Frozen):
    """The answers and the cost of one firmware on one board.

    ``outcome`` is about the run itself: every sample was answered and the clock was sane. Whether
    the answers are good is judged by whoever holds the labels.
    """

    schema_version: Literal[1] = 1
    board: str
    core: str
    verified: Verified
    outcome: RunOutcome
    reason: str = ""
    firmware_sha256: str = ""
    samples: int = 0
    samples_per_second: float | None = None
    resends: int = 0
    scores: tuple[tuple[int, ...], ...] = Field(
        default=(), description="int8 output of the model for each sample, in order"
    )
    decisions: tuple[int, ...] = Field(
        default=(), description="class that app.c acted on for each sample, -1 for none"
    )
    cost: Cost | None = None
    profile: Profile | None = Field(
        default=None, description="instructions of one inference by operator, where measured"
    )
    energy: Energy | None = None
    footprint: Footprint | None = None
    tools: dict[str, str] = Field(default_factory=dict, description="tool name to version")
