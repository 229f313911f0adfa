"""A publisher that is killed at any moment leaves the old state or the new one."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.forge import Origin
from bot.forge.local import OURS, LocalForge
from tests.bot import proposals

REPOSITORY = Path(__file__).parents[2]
# Imports once, then forks a publisher for each repository that it reads the path of.
NURSERY = """
import os, sys
from dataclasses import replace
from pathlib import Path
from bot.forge import Origin
from bot.forge.local import LocalForge
from tests.bot import proposals
proposal = replace(proposals.passing(), figures=None)
while path := sys.stdin.readline().strip():
    child = os.fork()
    if child == 0:
        os.setsid()
        print(os.getpid(), flush=True)
        LocalForge(Path(path)).publish(proposal, Origin("digits"))
        os._exit(0)
    sys.stdin.readline()  # until it was killed, its number stays its own
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class Nursery:
    """Starts publishers, and tells how each of them ended."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def start(self, repository: Path) -> int:
        """Start a publisher as the leader of a session, and return its number."""
        return self._ask(str(repository))

    def ended(self) -> int:
        """Wait for the end of the publisher that was started last, and return its code."""
        return self._ask("")

    def _ask(self, line: str) -> int:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


@pytest.fixture
def nursery(monkeypatch: pytest.MonkeyPatch) -> Iterator[Nursery]:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    with subprocess.Popen(
        [sys.executable, "-c", NURSERY],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Nursery(process)


def _git(repository: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=repository, capture_output=True, check=True, text=True
    )
    return done.stdout.strip()


@pytest.mark.slow
@pytest.mark.parametrize("with_children", [False, True])
def test_killed_at_random_points(tmp_path: Path, with_children: bool, nursery: Nursery) -> None:
    proposal = replace(proposals.passing(), figures=None)
    moments = random.Random(20)  # noqa: S311
    unfinished = 0
    for attempt in range(12):
        repository = tmp_path / f"repo{attempt}"
        child = nursery.start(repository)
        time.sleep(moments.uniform(0, 0.5))  # where it is killed, nothing waits for it
        if with_children:
            os.killpg(child, signal.SIGKILL)
        else:
            os.kill(child, signal.SIGKILL)
        unfinished += nursery.ended() != 0
        body = repository / OURS / "digits" / "pull-request.md"
        whole_if_there = body.read_text() if body.exists() else None
        published = LocalForge(repository).publish(proposal, Origin("digits"))
        assert whole_if_there in (None, body.read_text())
        branches = _git(repository, "for-each-ref", "--format=%(refname:short)", "refs/heads")
        assert branches.split() == ["boardwright/digits", "main"]
        assert _git(repository, "rev-list", "--count", "boardwright/digits") == "2"
        assert all(path.is_file() for path in (body, *published.comment_paths))
        assert _git(repository, "status", "--porcelain") == ""
        assert not list((repository / OURS).glob(".new-*"))
    assert unfinished, "no child was killed before it had ended"
