"""A scene whose work is done in this process, at once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bot.actions import one_run
from bot.jobs.durable import Json
from bot.jobs.progress import heard
from bot.jobs.task import Done, Task
from bot.jobs.workshop import light_outcome
from bot.work.folder import leave_outcome
from bot.work.told import Told
from tests.bot.actions.scene import Scene
from tests.bot.jobs import fake_work


class QuickShop:
    """Stands in for `Workshop`; what is wanted steers it as it does `fake_work`."""

    def __init__(self, folder_of: Any, show: Any, *_: Any) -> None:
        self._folder_of, self._show = folder_of, show

    async def work(self, child: str, raw: Json) -> Json:
        task = Task.model_validate(raw)
        folder: Path = self._folder_of(task.repository, task.number)
        live = task.live
        (folder / "outcome.json").unlink(missing_ok=True)

        def tell(told: Told) -> None:
            nonlocal live
            live = heard(live, told)

        if "HANG" in fake_work._wanted(folder).body and task.kind.value == "build":
            await asyncio.Event().wait()
        leave_outcome(folder, fake_work.WORK[task.kind.value](folder, tell))
        return Done(outcome=light_outcome(folder), live=live).model_dump(mode="json")


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    monkeypatch.setattr(one_run, "Workshop", QuickShop)
    monkeypatch.delenv("BOARDWRIGHT_SETTINGS", raising=False)
    return Scene(tmp_path)
