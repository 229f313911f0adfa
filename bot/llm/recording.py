"""Recording: exchanges with a model kept in files, and answered from there without a network.

One JSON file for each exchange, named for its purpose, a hash of the question and its turn: the
same question asked twice has two answers, which are given in the same order again. The hash covers
the prompt, the answer's schema and the tier, not the model: a recording tells of what was asked.
Keys, and what looks like one, are removed from all of it; headers are never written.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from bot.errors import Infrastructure
from bot.frozen import Frozen
from bot.llm.completion import Completion, Ending, Tokens
from bot.llm.endpoints import strict_schema
from bot.llm.language_model import Answer, Prompt, Unreachable, Usage, Value
from bot.llm.reading import read
from bot.llm.redaction import redact
from bot.workspace import write_atomically

_PARTS = ("system", "user", "answer_schema", "tier", "max_output_tokens")
_SHOWN = 160


class Question(Frozen):
    """What was asked, independent of the model, without secrets."""

    purpose: str
    system: str
    user: str
    answer_schema: str
    tier: Literal["cheap", "strong"]
    max_output_tokens: int

    @property
    def sha256(self) -> str:
        """Return the hash that names it."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


class Took(Frozen):
    """What the exchange took when it was recorded."""

    model: str
    calls: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    seconds: float
    cost_usd: float | None


class Exchange(Frozen):
    """One file of a recording."""

    format: Literal[1] = 1
    question: Question
    text: str
    refusal: str
    ending: Ending
    took: Took


def question_of(prompt: Prompt, answer: type[Value], secrets: Sequence[str] = ()) -> Question:
    """Return what identifies a prompt and the answer that is wanted."""
    return Question(
        purpose=prompt.purpose,
        system=redact(prompt.system, secrets),
        user=redact(prompt.user, secrets),
        answer_schema=json.dumps(strict_schema(answer), sort_keys=True),
        tier=prompt.tier.value,
        max_output_tokens=prompt.max_output_tokens,
    )


class Recorder:
    """Writes exchanges below a folder.

    Args:
        folder: made if need be; files of an earlier recording of the same questions are replaced.
        secrets: what must not be written, beside what looks like a key.
    """

    def __init__(self, folder: Path, secrets: Sequence[str] = ()) -> None:
        self._folder = folder
        self._secrets = tuple(secrets)
        self._turns: Counter[str] = Counter()
        self._lock = threading.Lock()

    def write(
        self, prompt: Prompt, answer: type[Value], completion: Completion, usage: Usage
    ) -> Path:
        """Keep one exchange, and return its file."""
        question = question_of(prompt, answer, self._secrets)
        took: dict[str, Any] = {name: getattr(usage, name) for name in Took.model_fields}
        exchange = Exchange(
            question=question,
            text=redact(completion.text, self._secrets),
            refusal=redact(completion.refusal, self._secrets),
            ending=completion.ending,
            took=Took(**took),
        )
        with self._lock:
            turn = self._turns[question.sha256]
            self._turns[question.sha256] += 1
        path = self._folder / _file_name(question, turn)
        write_atomically(path, (exchange.model_dump_json(indent=1) + "\n").encode())
        return path


class ReplayModel:
    """Answers from a recording; nothing else is asked, and nothing is paid.

    Usage tells what the exchange took when it was recorded, at a cost of 0.0.

    Raises:
        Infrastructure: the folder holds no recording, or a damaged one.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        paths = sorted(folder.glob("*.json")) if folder.is_dir() else []
        if not paths:
            raise Infrastructure(
                f"{folder} holds no recording. Make one with --record {folder} first."
            )
        self._exchanges = {path.name: _read_exchange(path) for path in paths}
        self._turns: Counter[str] = Counter()
        self._lock = threading.Lock()

    def ask(self, prompt: Prompt, answer: type[Value]) -> Answer[Value]:
        """Return the recorded answer, or raise what the recorded reply led to."""
        question = question_of(prompt, answer)
        with self._lock:
            turn = self._turns[question.sha256]
            self._turns[question.sha256] += 1
        exchange = self._exchanges.get(_file_name(question, turn))
        if exchange is None:
            raise Unreachable(self._not_recorded(question, turn))
        took = exchange.took.model_copy(update={"cost_usd": 0.0})
        usage = Usage(**took.model_dump())
        tokens = Tokens(usage.input_tokens, usage.cached_tokens, usage.output_tokens)
        completion = Completion(
            exchange.text, exchange.refusal, exchange.ending, usage.model, tokens
        )
        return Answer(read(completion, answer, usage), usage)

    def _not_recorded(self, question: Question, turn: int) -> str:
        """Say for which purpose nothing is recorded, and what differs from what is."""
        again = "Record it again with --record."
        if turn:
            return (
                f"{self._folder} holds no answer number {turn + 1} for '{question.purpose}': the "
                f"same was asked less often when it was recorded. {again}"
            )
        what = f"{self._folder} holds no answer for '{question.purpose}'"
        others = [
            exchange.question
            for exchange in self._exchanges.values()
            if exchange.question.purpose == question.purpose
        ]
        if not others:
            known = sorted({e.question.purpose for e in self._exchanges.values()})
            return f"{what}, only for {', '.join(known)}. {again}"
        differences = min((_differences(question, other) for other in others), key=len)
        return f"{what} to this very question. Beside the nearest one that was recorded:\n" + (
            "\n".join(f"- {line}" for line in differences) + f"\n{again}"
        )


def _differences(asked: Question, recorded: Question) -> list[str]:
    lines = []
    for part in _PARTS:
        new, old = str(getattr(asked, part)), str(getattr(recorded, part))
        if new != old:
            lines.append(f"{part.replace('_', ' ')} differs {_first_difference(new, old)}")
    return lines


def _first_difference(new: str, old: str) -> str:
    ours, theirs = new.splitlines(), old.splitlines()
    for number, (one, other) in enumerate(zip(ours, theirs, strict=False), start=1):
        if one != other:
            return f"in line {number}: '{one[:_SHOWN]}' is asked, '{other[:_SHOWN]}' was"
    return f"in length: {len(ours)} lines are asked, {len(theirs)} were"


def _file_name(question: Question, turn: int) -> str:
    purpose = re.sub(r"[^a-z0-9-]+", "-", question.purpose.lower()).strip("-")[:40] or "exchange"
    return f"{purpose}-{question.sha256[:20]}-{turn:03}.json"


def _read_exchange(path: Path) -> Exchange:
    try:
        return Exchange.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        first = str(error).splitlines()[0]
        raise Infrastructure(f"{path} is no recorded exchange: {first}") from None
