"""What a working process tells while it works: one JSON object a line, on standard output."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from bot.evidence import Stage
from bot.frozen import Frozen


class Started(Frozen):
    """A stage began."""

    kind: Literal["started"] = "started"
    stage: Stage


class Finished(Frozen):
    """A stage ended: how many checks there were, and which of them did not pass."""

    kind: Literal["finished"] = "finished"
    stage: Stage
    checks: int
    missed: tuple[str, ...] = Field(description="claims of the checks that failed, plain text")
    unproven: tuple[str, ...] = Field(description="claims that could not be measured")
    seconds: float
    resumed: bool


class Noted(Frozen):
    """One line that a person should read."""

    kind: Literal["noted"] = "noted"
    text: str


class Cost(Frozen):
    """What language models took so far; `usd` is None where no price is known."""

    kind: Literal["cost"] = "cost"
    calls: int
    tokens: int
    usd: float | None


Told = Annotated[Started | Finished | Noted | Cost, Field(discriminator="kind")]
TOLD: TypeAdapter[Told] = TypeAdapter(Told)
