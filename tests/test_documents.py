"""What the documents tell people to type exists, and what they link to is there."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from typer.main import get_command

from bot.cli import app
from bot.request import read_request
from bot.understand import Understood, understand

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
DOCUMENTS = [
    *ROOT.glob("*.md"),
    *(ROOT / "docs").rglob("*.md"),
]


def code_blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)\)", document.read_text())
    broken = [link for link in links if "://" not in link and not (document.parent / link).exists()]
    assert not broken


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_exist(document: Path) -> None:
    known = set(get_command(app).commands)  # type: ignore[attr-defined]
    named = set(re.findall(r"(?<![/=\w])boardwright ([a-z]+)", document.read_text()))
    assert named <= known


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_make_targets_exist(document: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:^\s*|`)make ([a-z]+)", document.read_text(), re.MULTILINE))
    assert named <= targets


def test_the_example_of_the_readme_is_understood(tmp_path: Path) -> None:
    (issue,) = code_blocks("markdown")
    (tmp_path / "fruit.md").write_text(issue)
    shutil.copy(ROOT / "examples/issues/data/fruit-colours.csv", tmp_path / "fruit.csv")
    understood = understand(read_request(tmp_path / "fruit.md"), tmp_path)
    assert isinstance(understood, Understood)
    assert understood.goal.limits.accuracy_min == 0.95
    assert understood.goal.limits.flash_max_bytes == 64 * 1024
