"""What is asked of a language model, what it answers, and how it can fail.

LanguageModelError             the call brought nothing to use
├── Unusable                   it answered, but not with what was asked for: ask otherwise
│   ├── Refused                it declined
│   ├── CutShort               its answer ended at the limit of output tokens
│   └── Malformed              its answer is no value of the type that was asked for
├── Unreachable                server, line or key failed, also after retries (Infrastructure)
└── BudgetReached              no money or tokens are left for another call (Infrastructure)
    └── RequestBudgetReached   ... of the budget of this request alone
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Generic, Protocol, TypeVar

from pydantic import BaseModel

from bot.errors import Infrastructure

Value = TypeVar("Value", bound=BaseModel)


class Tier(Enum):
    """How able a model is asked for; `boardwright.toml` says which model that is."""

    CHEAP = "cheap"
    STRONG = "strong"


@dataclass(frozen=True, slots=True)
class Prompt:
    """One question.

    Attributes:
        purpose: what it is for, in a word that tables and budgets show: 'understand', 'features'.
        system: role, contract and rules; the same for every request, so that servers can cache it.
        user: the facts at hand, with what people wrote quoted as data.
        tier: which model is asked.
        max_output_tokens: the longest answer, reasoning included.
    """

    purpose: str
    system: str
    user: str
    tier: Tier = Tier.CHEAP
    max_output_tokens: int = 16_000


@dataclass(frozen=True, slots=True)
class Usage:
    """What calls took.

    Attributes:
        model: the model's name as the server gave it, or as it was asked for.
        calls: HTTP calls that were answered, usable or not.
        input_tokens, cached_tokens: of the prompts; the latter are among the former.
        output_tokens: reasoning included.
        seconds: wall time, waiting between retries included.
        cost_usd: None where the price is not known; 0.0 where a replay cost nothing.
    """

    model: str
    calls: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    seconds: float
    cost_usd: float | None


@dataclass(frozen=True, slots=True)
class Answer(Generic[Value]):
    """A validated answer, and what it took."""

    value: Value
    usage: Usage


class LanguageModelError(Exception):
    """A call brought nothing to use; `usage` says what it took all the same, if anything."""

    def __init__(self, message: str, usage: Usage | None = None) -> None:
        super().__init__(message)
        self.usage = usage


class Unusable(LanguageModelError):
    """The model answered, but not with what was asked for."""


class Refused(Unusable):
    """The model declined; the message quotes how."""


class CutShort(Unusable):
    """The answer ended at the limit of output tokens."""


class Malformed(Unusable):
    """The answer is no value of the type that was asked for; the message says where and why."""


class Unreachable(LanguageModelError, Infrastructure):
    """Server, line, key or model name failed, also after retries; the message names the cure."""


class BudgetReached(LanguageModelError, Infrastructure):
    """A budget is spent; the message says which, its limit, and where it is set."""


class RequestBudgetReached(BudgetReached):
    """It is that of this request alone, so that it tells something about its author."""


class LanguageModel(Protocol):
    """Answers prompts with values of a pydantic model."""

    def ask(self, prompt: Prompt, answer: type[Value]) -> Answer[Value]:
        """Return the validated answer.

        Raises:
            LanguageModelError: see the module.
        """
