"""The real journey to the wines: killed, out of disk, with a QEMU that dies; and again."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BRANCH = "boardwright/wine"
TOOLS = ("git", "gcc", "arm-none-eabi-gcc", "qemu-system-arm")
MISSING = [name for name in TOOLS if shutil.which(name) is None]
MISSING += [name for name in ("tensorflow",) if find_spec(name) is None]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}"),
]

# A line that the journey prints, and seconds after it.
STAGE_MOMENTS = (
    ("reading the request", 0.3),
    ("data: begins", 0.5),
    ("features: begins", 0.3),
    ("train: begins", 5.0),
    ("convert: begins", 1.0),
    ("firmware: begins", 0.5),
    ("mps2-an386: samples", 0.0),
)


def start(into: Path, **environment: str) -> subprocess.Popen[str]:
    """Start the journey in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "bot", "run", "examples/issues/wine.md", "--into", str(into)],
        cwd=ROOT,
        env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def end(into: Path, **environment: str) -> tuple[int, str]:
    """Return the exit code of a whole journey and what it printed."""
    process = start(into, **environment)
    said = process.communicate()[0]
    return process.returncode, said


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def kill_after(into: Path, words: str, seconds: float) -> bool:
    """Kill the journey so long after a line; say whether it was still on its way."""
    process = start(into)
    assert process.stdout is not None
    found = any(words in line for line in process.stdout)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    under_way = process.poll() is None
    kill(process)
    return found and under_way


def git(into: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=into, capture_output=True, check=True, text=True)
    return done.stdout.strip()


def assert_whole(into: Path) -> None:
    """Assert one branch, one commit on it, all files, and nothing left behind."""
    refs = git(into, "for-each-ref", "--format=%(refname:short)", "refs/heads").split()
    assert refs == [BRANCH, "main"]
    assert git(into, "rev-list", "--count", f"main..{BRANCH}") == "1"
    folder = f"{BRANCH}:tinyml/three-wines"
    assert {
        *("README.md", "app.c", "app.h", "convert.py", "data.py", "evidence.json", "features.c"),
        *("features.h", "goal.h", "goal.toml", "model.tflite", "test_board.py", "testset.npz"),
        *("train.csv", "train.py", "plots"),
    } == set(git(into, "ls-tree", "--name-only", folder).split())
    assert git(into, "status", "--porcelain") == ""
    assert git(into, "fsck", "--no-dangling") == ""
    ours = into / ".boardwright"
    assert (ours / "wine" / "pull-request.md").is_file()
    assert not list(ours.rglob(".new-*"))
    assert not list(ours.rglob("*.json.*"))
    assert len(list((ours / ".work" / "wine" / "journal").iterdir())) == 5


@pytest.fixture(scope="module")
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give every journey of this module a folder for temporary files of its own."""
    folder = tmp_path_factory.mktemp("temporary")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(folder))
        yield folder


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, temporary: Path) -> Path:
    """Return the repository of a journey that was killed again and again, and then came home."""
    into = tmp_path_factory.mktemp("repository") / "killed"
    killed = [kill_after(into, words, seconds) for words, seconds in STAGE_MOMENTS]
    assert sum(killed) >= len(STAGE_MOMENTS) - 2, "too few were killed on the way"
    code, said = end(into)
    assert code == 0, said
    return into


def with_work_of(finished: Path, into: Path, *, without: str = "nothing") -> Path:
    """Return a repository in which all stages are kept, but for one; what is there stays."""
    work = into / ".boardwright" / ".work"
    shutil.copytree(finished / ".boardwright" / ".work", work, dirs_exist_ok=True)
    for kept in work.rglob(f"{without}-*.json"):
        kept.unlink()
    return into


def test_killed_in_every_stage_it_comes_home(finished: Path, temporary: Path) -> None:
    assert_whole(finished)
    assert not [p for p in temporary.glob("boardwright-*") if (p / ".lock").exists()]


# Of the moments in test_forge_killed.py, one of each kind: before, in, and after what is published.
PUBLICATION_MOMENTS: dict[str, Callable[[Path], bool]] = {
    "lock": lambda into: (into / ".boardwright" / ".lock").exists(),
    "objects": lambda into: any((into / ".git" / "objects").glob("??")),
    "branch": lambda into: (into / ".git" / "refs" / "heads" / BRANCH).exists(),
    "texts": lambda into: (into / ".boardwright" / "wine").exists(),
}


@pytest.mark.parametrize("moment", PUBLICATION_MOMENTS)
def test_killed_while_it_publishes_it_comes_home(
    finished: Path, tmp_path: Path, moment: str
) -> None:
    into = with_work_of(finished, tmp_path / "repository")
    process = start(into)
    while not PUBLICATION_MOMENTS[moment](into) and process.poll() is None:
        pass
    kill(process)
    code, said = end(into)
    assert code == 0, said
    assert said.count("kept from the run before") == 5
    assert_whole(into)
    tree = f"{BRANCH}^{{tree}}"
    assert git(into, "rev-parse", tree) == git(finished, "rev-parse", tree)


@contextlib.contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Callable[[str], None]]:
    """Mount a small disk; yields a function that gives it another size."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk needs root")

    def resize(size: str) -> None:
        subprocess.run(["mount", "-o", f"remount,size={size}", str(folder)], check=True)

    try:
        yield resize
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize(("size", "words"), [("60k", "kept"), ("200k", "published")])
def test_a_repository_s_full_disk_is_named_and_then_forgotten(
    finished: Path, tmp_path: Path, size: str, words: str
) -> None:
    with small_disk(tmp_path / "disk", "20m") as resize:
        into = with_work_of(finished, tmp_path / "disk" / "r", without="features")
        if size == "60k":
            shutil.rmtree(into)
        resize(size)
        code, said = end(into)
        assert code == 3, said
        assert "is full" in said
        assert words in said
        assert not (into / ".boardwright" / "wine").exists()
        resize("20m")
        if size == "60k":  # beside what the full disk left there
            with_work_of(finished, into, without="features")
        code, said = end(into)
        assert code == 0, said
        assert_whole(into)


@pytest.mark.parametrize("size", ["12k", "100k"])
def test_a_full_disk_for_temporary_files_is_named_and_then_forgotten(
    finished: Path, tmp_path: Path, size: str
) -> None:
    into = with_work_of(finished, tmp_path / "repository", without="f*")
    with small_disk(tmp_path / "disk", size) as resize:
        code, said = end(into, TMPDIR=str(tmp_path / "disk"))
        assert code == 3, said
        assert "set TMPDIR" in said
        assert not (into / ".git").exists()
        resize("50m")
        code, said = end(into, TMPDIR=str(tmp_path / "disk"))
    assert code == 0, said
    assert_whole(into)


DIES = '"$real" "$@" & pid=$!\nsleep 1\nkill -9 $pid\n'


def test_a_qemu_that_dies_is_the_machine_s_fault(finished: Path, tmp_path: Path) -> None:
    into = with_work_of(finished, tmp_path / "repository", without="firmware")
    fake = tmp_path / "bin" / "qemu-system-arm"
    fake.parent.mkdir()
    fake.write_text(
        f"#!/bin/sh\nreal={shutil.which('qemu-system-arm')}\n"
        f'case "$1" in --version) exec "$real" --version;; esac\n{DIES}'
    )
    fake.chmod(0o755)
    code, said = end(into, PATH=f"{fake.parent}{os.pathsep}{os.environ['PATH']}")
    assert code == 3, said
    assert "not proven" in said
    code, said = end(into)
    assert code == 0, said
    assert said.count("kept from the run before") == 4
    tree = f"{BRANCH}^{{tree}}"
    assert git(into, "rev-parse", tree) == git(finished, "rev-parse", tree)
