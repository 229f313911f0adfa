"""Telling: what happens in a run, written as lines of JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.evidence import Evidence, Outcome, Stage
from bot.llm.language_model import Usage
from bot.work.told import Cost, Finished, Noted, Started, Told

Write = Callable[[str], None]
_UNPROVEN = (Outcome.INFRASTRUCTURE, Outcome.SKIPPED)
_NOTE_MAX = 600


class Teller:
    """Progress of a run as `Told` lines, with what language models took so far."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._calls = self._tokens = 0
        self._usd: float | None = 0.0

    def stage_started(self, stage: Stage) -> None:
        """A stage began."""
        self._say(Started(stage=stage))

    def stage_finished(
        self, stage: Stage, evidence: Sequence[Evidence], seconds: float, resumed: bool
    ) -> None:
        """A stage ended."""
        self._say(
            Finished(
                stage=stage,
                checks=len(evidence),
                missed=tuple(claim(e) for e in evidence if e.outcome is Outcome.FAIL),
                unproven=tuple(claim(e) for e in evidence if e.outcome in _UNPROVEN),
                seconds=round(seconds, 3),
                resumed=resumed,
            )
        )

    def advanced(self, what: str, done: int, total: int) -> None:
        """Say nothing: a comment is not edited that often."""

    def note(self, text: str) -> None:
        """Say one line."""
        self._say(Noted(text=" ".join(text.split())[:_NOTE_MAX]))

    def used(self, usage: Usage) -> None:
        """Add up what a call of a language model took."""
        self._calls += usage.calls
        self._tokens += usage.input_tokens + usage.output_tokens
        known = self._usd is not None and usage.cost_usd is not None
        self._usd = (self._usd or 0.0) + (usage.cost_usd or 0.0) if known else None
        self._say(Cost(calls=self._calls, tokens=self._tokens, usd=self._usd))

    def _say(self, told: Told) -> None:
        self._write(told.model_dump_json() + "\n")


def claim(evidence: Evidence) -> str:
    """Return a claim with its value and its limit in plain text."""
    value = "" if evidence.value is None else f": {evidence.value} {evidence.unit}".rstrip()
    bound = f"{evidence.relation.value} {evidence.limit}".strip()
    return f"{evidence.claim}{value}{'' if evidence.limit is None else f' (limit {bound})'}"
