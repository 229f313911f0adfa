"""A request that is run again from the start is published as the very same bytes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot.authors.template_author import TemplateAuthor
from bot.forge import Origin, Published
from bot.forge.local import LocalForge
from bot.pipeline import run_stages
from bot.progress import Silent
from tests.bot import small_project

TOOLS = ("gcc", "git", "arm-none-eabi-gcc", "qemu-system-arm")


def publish(workdir: Path, forge: LocalForge) -> Published:
    goal = small_project.goal(boards=("mps2-an386",))
    proposal = run_stages(
        goal,
        small_project.records(),
        workdir=workdir,
        author=TemplateAuthor(goal.task),
        progress=Silent(),
        sandbox=small_project.RehearsedSandbox(),
    )
    assert any(report.samples_per_second for report in proposal.reports)
    return forge.publish(proposal, Origin("fruit"))


@pytest.mark.slow
@pytest.mark.skipif(
    not all(map(shutil.which, TOOLS)), reason=f"one of {', '.join(TOOLS)} is not installed"
)
def test_a_run_from_the_start_is_adopted(tmp_path: Path) -> None:
    forge = LocalForge(tmp_path / "repository")
    first = publish(tmp_path / "once", forge)
    texts = [path.read_bytes() for path in (first.body_path, *first.comment_paths)]
    again = publish(tmp_path / "again", forge)
    assert (again.adopted, again.commit) == (True, first.commit)
    assert [path.read_bytes() for path in (again.body_path, *again.comment_paths)] == texts
