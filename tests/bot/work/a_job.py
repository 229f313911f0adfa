"""A job's folder as the service writes it, and a run in it that needs no TensorFlow."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.authorship import Authorship
from bot.llm.language_model import LanguageModel
from bot.llm.settings import Settings
from bot.sandbox.job import Sandbox
from bot.work import desk, revise
from bot.work.folder import PROJECT_FILES
from bot.work.job import FILES, REQUEST, REVISION, Remark, Revision, Wanted
from bot.work.outcome import PUBLICATION
from bot.work.telling import Teller
from bot.work.told import TOLD, Told
from tests.bot import small_project
from tests.bot.scripted import Trusting

BODY = """### Goal

Tell whether fruit is ripe.

### Data

csv:fruit.csv

### Boards

host

### Accuracy (%)

80
"""


def wanted(**changes: object) -> Wanted:
    """Return what is wanted of a job about `small_project`."""
    return Wanted.model_validate(
        {
            "key": "issue-7-ripeness",
            "number": 7,
            "repository": "orchard/fruit",
            "title": "Ripeness of fruit",
            "body": BODY,
            "person": "ada",
            "run": "r1",
            **changes,
        }
    )


def write_job(folder: Path, **changes: object) -> Path:
    """Write the folder of a job, with its data, as the service does."""
    (folder / FILES).mkdir(parents=True, exist_ok=True)
    small_project.records().frame.to_csv(folder / FILES / "fruit.csv", index=False)
    (folder / REQUEST).write_text(wanted(**changes).model_dump_json())
    return folder


def write_review(folder: Path, *remarks: Remark, **files: str) -> None:
    """Write a review of what was published, with files as somebody changed them on the branch."""
    revision = Revision(number=1, review_id=5, remarks=remarks)
    (folder / REVISION).write_text(revision.model_dump_json())
    published = folder / PUBLICATION / PROJECT_FILES
    changed = {name.replace("__", "."): text for name, text in files.items()}
    for path in published.rglob("*"):
        if path.is_file():
            name = path.relative_to(published).as_posix()
            target = folder / revise.BRANCH_FILES / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(changed.pop(name, path.read_text("latin-1")).encode("latin-1"))
    for name, text in changed.items():
        (folder / revise.BRANCH_FILES / name).write_text(text)


def listening() -> tuple[Teller, Callable[[], list[Told]]]:
    """Return who tells, and what returns what was told."""
    lines: list[str] = []
    return Teller(lines.append), lambda: [TOLD.validate_python(json.loads(x)) for x in lines]


def rehearsed(monkeypatch: pytest.MonkeyPatch, model: LanguageModel | None = None) -> None:
    """Let work run with a linear model instead of TensorFlow, and with `model` as the author."""
    sandbox: Sandbox = Trusting(small_project.RehearsedSandbox())

    def settled(settings: Settings, *rest: object, **more: object) -> Authorship:
        return Authorship(settings, model, "scripted", rest[2])  # type: ignore[arg-type]

    monkeypatch.setattr(desk, "settle_with", settled)
    monkeypatch.setattr(Authorship, "sandbox", lambda self: sandbox)
    monkeypatch.setattr(revise, "choose", lambda origin: sandbox)
