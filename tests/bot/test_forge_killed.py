"""A publisher that is killed at any moment leaves the old state or the new one."""

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from bot.forge import Origin
from bot.forge.local import OURS, LocalForge
from tests.bot import proposals

REPOSITORY = Path(__file__).parents[2]
CHILD = """
import sys
from dataclasses import replace
from pathlib import Path
from bot.forge import Origin
from bot.forge.local import LocalForge
from tests.bot import proposals
proposal = replace(proposals.passing(), figures=None)
print("ready", flush=True)
LocalForge(Path(sys.argv[1])).publish(proposal, Origin("digits"))
"""


def _git(repository: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=repository, capture_output=True, check=True, text=True
    )
    return done.stdout.strip()


@pytest.mark.slow
@pytest.mark.parametrize("with_children", [False, True])
def test_killed_at_random_points(
    tmp_path: Path, with_children: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    proposal = replace(proposals.passing(), figures=None)
    moments = random.Random(20)  # noqa: S311
    unfinished = 0
    for attempt in range(12):
        repository = tmp_path / f"repo{attempt}"
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(repository)],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        time.sleep(moments.uniform(0, 0.5))  # where it is killed, nothing waits for it
        if with_children:
            os.killpg(child.pid, signal.SIGKILL)
        else:
            child.kill()
        unfinished += child.wait() != 0
        child.stdout.close()
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
