"""Keep every answer of a language model before it is used, so that none is paid for twice.

One file for each question, named for a hash of it; no two questions of a run are equal.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from pydantic import BaseModel, ValidationError

from bot.frozen import Frozen
from bot.llm.language_model import (
    Answer,
    CutShort,
    LanguageModel,
    Malformed,
    Prompt,
    Refused,
    Unusable,
    Usage,
    Value,
)
from bot.workspace import write_atomically

_UNUSABLE: dict[str, type[Unusable]] = {
    kind.__name__: kind for kind in (Unusable, Refused, CutShort, Malformed)
}


class _Kept(Frozen):
    usage: Usage | None
    value: str = ""  # the answer as JSON; empty where it could not be used
    unusable: str = ""  # the name of the error
    message: str = ""


class KeptAnswers:
    """A language model whose answers are looked up in a folder first."""

    def __init__(
        self,
        model: LanguageModel,
        name: str,
        folder: Path,
        used: Callable[[Usage], None] = lambda usage: None,
    ) -> None:
        """Ask `model` for what is not in `folder`.

        Args:
            model: what is asked.
            name: which models these are: others are asked anew.
            folder: where answers are kept.
            used: is told what each answer took when it came, kept ones included.
        """
        self._model = model
        self._name = name
        self._folder = folder
        self._tell = used
        self._used: set[str] = set()

    def ask(self, prompt: Prompt, answer: type[Value]) -> Answer[Value]:
        """Return the kept answer, or ask and keep it, also where it cannot be used."""
        key = _key(self._name, prompt, answer)
        self._used.add(key)
        path = self._folder / f"{key}.json"
        kept = _read(path)
        if kept is None:
            kept = self._ask(prompt, answer)
            write_atomically(path, kept.model_dump_json().encode())
        if kept.usage is not None:
            self._tell(kept.usage)
        if kept.unusable or kept.usage is None:
            raise _UNUSABLE.get(kept.unusable, Unusable)(kept.message, kept.usage)
        return Answer(answer.model_validate_json(kept.value), kept.usage)

    def forget_others(self) -> None:
        """Remove the answers that this run did not use."""
        for path in self._folder.glob("*.json") if self._folder.is_dir() else ():
            if path.stem not in self._used:
                path.unlink(missing_ok=True)

    def _ask(self, prompt: Prompt, answer: type[Value]) -> _Kept:
        try:
            came = self._model.ask(prompt, answer)
        except Unusable as error:
            kind = type(error).__name__
            return _Kept(usage=error.usage, unusable=kind, message=str(error))
        return _Kept(usage=came.usage, value=came.value.model_dump_json())


def _key(name: str, prompt: Prompt, answer: type[BaseModel]) -> str:
    asked = {**asdict(prompt), "tier": prompt.tier.value}
    content = json.dumps([name, asked, answer.model_json_schema()], sort_keys=True)
    return f"{prompt.purpose}-{hashlib.sha256(content.encode()).hexdigest()[:32]}"


def _read(path: Path) -> _Kept | None:
    """Return what is kept; None where nothing is, or where it is damaged."""
    try:
        return _Kept.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
