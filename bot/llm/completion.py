"""Completion: what came back from a model, before it is read as a value."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens of one call; `cached` are among `input`, reasoning is among `output`."""

    input: int
    cached: int
    output: int


class Ending(Enum):
    """Why a reply ends. The values are those of Chat Completions' `finish_reason`."""

    COMPLETE = "stop"
    CUT = "length"
    FILTERED = "content_filter"


@dataclass(frozen=True, slots=True)
class Completion:
    """A reply as it came over the line.

    Attributes:
        text: what the model says.
        refusal: what it says instead, where it declines.
        ending: why it ends.
        model: the model's name as the server gave it; empty where it gave none.
        tokens: None where the server does not count.
        identifier: the server's name for the reply; may be empty.
    """

    text: str
    refusal: str
    ending: Ending
    model: str
    tokens: Tokens | None
    identifier: str = field(default="", compare=False)
