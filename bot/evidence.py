"""Evidence: what a check measured, in which unit, against which limit, and by which method."""

from __future__ import annotations

import math
from enum import Enum
from typing import Literal

from pydantic import Field

from bot.frozen import Frozen


class Stage(Enum):
    """The five stages of a project, in the order in which they build on each other."""

    DATA = "data"
    FEATURES = "features"
    TRAIN = "train"
    CONVERT = "convert"
    FIRMWARE = "firmware"


class Outcome(Enum):
    """What a check found. Only ``PASS`` supports a claim."""

    PASS = "pass"  # noqa: S105, no password
    FAIL = "fail"
    INFRASTRUCTURE = "infrastructure"  # the machine or the board failed, not the files
    SKIPPED = "skipped"  # not measured; ``detail`` says why


class Relation(Enum):
    """How a value must stand to its limit."""

    AT_LEAST = ">="
    AT_MOST = "<="
    EQUAL = "="
    NONE = ""  # a figure that is reported without a limit


class Evidence(Frozen):
    """One measured fact: a value, its unit, its limit, how it was measured, an outcome."""

    check: str = Field(description="stable identifier, for example 'convert.oracle_equal'")
    stage: Stage
    claim: str = Field(description="what is claimed, in one line for people")
    value: float | int | str | None
    unit: str = Field(description="'%', 'bytes', 'instructions', 'samples'; '' for none")
    relation: Relation
    limit: float | int | str | None
    method: str = Field(description="how the value came about, in one line for people")
    outcome: Outcome
    detail: str = Field(default="", description="what to do, or the relevant lines; may be empty")
    source: Literal["harness", "goal"] = Field(
        default="harness", description="'goal' where the limit is one that the request asked for"
    )


def judge(
    check: str,
    stage: Stage,
    claim: str,
    value: float | int,
    unit: str,
    relation: Relation,
    limit: float | int | None,
    method: str,
    *,
    detail: str = "",
    source: Literal["harness", "goal"] = "harness",
) -> Evidence:
    """Compare a number with its limit and return the evidence.

    A value that is not finite fails whatever the limit.
    ``detail`` is kept only where the outcome is not a pass.
    """
    passed = math.isfinite(value) and (
        limit is None
        or relation is Relation.NONE
        or (relation is Relation.AT_LEAST and value >= limit)
        or (relation is Relation.AT_MOST and value <= limit)
        or (relation is Relation.EQUAL and value == limit)
    )
    return Evidence(
        check=check,
        stage=stage,
        claim=claim,
        value=value if math.isfinite(value) else str(value),
        unit=unit,
        relation=relation,
        limit=limit,
        method=method,
        outcome=Outcome.PASS if passed else Outcome.FAIL,
        detail="" if passed else detail,
        source=source,
    )
