"""Make the runs of a campaign: each is a whole journey into a repository of its own."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from bot.authorship import Wishes, Writer
from bot.evaluation.campaign import Case, Make, Watch
from bot.evaluation.record import TEMPLATE
from bot.journey import travel
from bot.proposal import Proposal
from bot.questions import Questions


def make_with(data: Mapping[str, Path], replay: Path | None = None) -> Make:
    """Return what makes a run.

    Args:
        data: files by the names under which requests ask for them beside themselves.
        replay: a folder that all answers of models are taken from.
    """

    def make(case: Case, folder: Path, watch: Watch) -> Proposal | Questions:
        if case.author == TEMPLATE:
            wishes = Wishes(Writer.TEMPLATE)
        else:
            wishes = Wishes(Writer.LLM, replay=replay, model=case.author)
        issue = _beside_its_data(case.issue, folder / "request", data)
        end = travel(issue, folder / "repository", watch, seed=case.run, wishes=wishes)
        return end if isinstance(end, Questions) else end.proposal

    return make


def _beside_its_data(issue: Path, folder: Path, data: Mapping[str, Path]) -> Path:
    """Return the request, as a copy with the files beside it that it asks for by name."""
    text = issue.read_text(encoding="utf-8", errors="replace")
    asked = {name: path for name, path in data.items() if name in text}
    if not asked:
        return issue
    folder.mkdir(parents=True, exist_ok=True)
    for name, path in asked.items():
        shutil.copyfile(path, folder / name)
    return Path(shutil.copyfile(issue, folder / issue.name))
