"""Journal: results of finished steps, kept so that an interrupted run goes on where it stopped.

One file for each step, named for a key that covers everything the step depends on. A file is there
whole or not at all, and carries a checksum; one that is damaged counts as absent.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from pydantic import ValidationError

from bot.evidence import Evidence, Stage
from bot.frozen import Frozen
from bot.stages.stage_result import StageResult
from bot.workspace import write_atomically

_ROOMS = ("bot", "hardware_runner", "model_compiler", "templates")
_CODE_SUFFIXES = (".py", ".c", ".h", ".j2", ".in", ".md")


class _Entry(Frozen):
    stage: Stage
    evidence: tuple[Evidence, ...]
    made: dict[str, str]  # base64
    seconds: float


class Journal:
    """The finished steps below one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, key: str) -> tuple[StageResult, float] | None:
        """Return a finished step and the seconds it took; None where it must be done (again)."""
        try:
            checksum, _, body = (self._folder / f"{key}.json").read_bytes().partition(b"\n")
            if hashlib.sha256(body).hexdigest().encode() != checksum:
                return None
            entry = _Entry.model_validate_json(body)
            made = {k: base64.b64decode(v, validate=True) for k, v in entry.made.items()}
        except (OSError, ValidationError, ValueError):
            return None
        return StageResult(entry.stage, entry.evidence, made), entry.seconds

    def write(self, key: str, result: StageResult, seconds: float) -> None:
        """Keep a finished step."""
        entry = _Entry(
            stage=result.stage,
            evidence=result.evidence,
            made={k: base64.b64encode(v).decode() for k, v in result.made.items()},
            seconds=seconds,
        )
        body = entry.model_dump_json().encode()
        checksum = hashlib.sha256(body).hexdigest().encode()
        write_atomically(self._folder / f"{key}.json", checksum + b"\n" + body)

    def keep(self, keys: Collection[str]) -> None:
        """Remove every step but these, and what a killed writer left."""
        names = {f"{key}.json" for key in keys}
        for path in self._folder.glob("*") if self._folder.is_dir() else ():
            if path.name not in names:
                path.unlink(missing_ok=True)


def step_key(what: str, parts: Mapping[str, bytes]) -> str:
    """Return the key of a step: its name and a hash of all that it depends on, ours included."""
    digest = hashlib.sha256(code_version().encode())
    for name in sorted(parts):
        digest.update(json.dumps([name, len(parts[name])]).encode())
        digest.update(parts[name])
    return f"{what}-{digest.hexdigest()[:32]}"


@cache
def code_version() -> str:
    """Return a hash over our own sources: no version goes on with the steps of another."""
    digest = hashlib.sha256()
    for room in _ROOMS:
        for name, content in sorted(_sources(resources.files(room), room)):
            digest.update(f"{name} {len(content)}\n".encode())
            digest.update(content)
    return digest.hexdigest()


def _sources(folder: Traversable, path: str) -> Iterable[tuple[str, bytes]]:
    for entry in folder.iterdir():
        name = f"{path}/{entry.name}"
        if entry.is_dir():
            yield from _sources(entry, name)
        elif entry.name.endswith(_CODE_SUFFIXES):
            yield name, entry.read_bytes()
