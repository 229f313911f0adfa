"""What looks like a safe use of bubblewrap and is not: each hole is opened here, then closed."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.sandbox import bubblewrap, seccomp
from bot.sandbox.bubblewrap import BubblewrapSandbox
from bot.sandbox.job import Job, Limits, Origin, Result
from bot.scratch import remove, scratch

SECRET = "ghs_not_to_be_seen"  # noqa: S105
LIMITS = Limits(seconds=60, memory_bytes=512 << 20)

pytestmark = pytest.mark.skipif(
    shutil.which("bwrap") is None, reason="bubblewrap is not installed: apt-get install bubblewrap"
)


@pytest.fixture(autouse=True)
def works() -> None:
    if problem := bubblewrap.missing():
        pytest.skip(problem)


def python(script: str) -> Result:
    job = Job(("python", "-c", script), {}, {}, Origin.LANGUAGE_MODEL, LIMITS)
    return BubblewrapSandbox(groups=False).run(job)


def naive(*options: str, script: str) -> str:
    """Return what a script prints under bubblewrap as its manual suggests it."""
    command = ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev"]
    done = subprocess.run(
        [*command, *options, "--", "sh", "-c", script], capture_output=True, text=True, check=False
    )
    return done.stdout


READ_FIRST = "tr '\\0' '\\n' < /proc/1/environ"


def test_an_environment_that_only_the_program_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", SECRET)
    assert SECRET in naive("--clearenv", script=READ_FIRST)
    result = python("print(open('/proc/1/environ').read())")
    assert result.completed
    assert SECRET not in result.log


OPEN_SETTING = "import os; os.close(os.open('/proc/sys/kernel/core_pattern', os.O_WRONLY))"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root outside is root for the kernel's settings")
def test_root_outside_is_root_for_the_kernel_s_settings() -> None:
    opens = "exec 3>>/proc/sys/kernel/core_pattern && echo opened"  # and writes nothing
    kept = naive("--unshare-user", "--uid", "10001", "--cap-drop", "ALL", script=opens)
    assert kept == "opened\n"
    result = python(OPEN_SETTING)
    assert "PermissionError" in result.log


def test_memory_that_no_process_has_mapped(monkeypatch: pytest.MonkeyPatch) -> None:
    script = "import os; print('made', os.memfd_create('x') > 0)"
    assert "Operation not permitted" in python(script).log
    with monkeypatch.context() as without:
        without.setitem(seccomp.DENIED, "memfd_create", (None, None))
        assert "made True" in python(script).log


def test_a_device_folder_that_is_memory_too() -> None:
    grown = naive(script="head -c 1000000 /dev/zero > /dev/grown && wc -c < /dev/grown")
    assert grown.strip() == "1000000"
    assert "Read-only file system" in python("open('/dev/grown', 'wb')").log


@pytest.fixture
def nested() -> Iterator[Path]:
    with scratch() as folder:
        yield folder


def test_folders_nested_beyond_the_length_of_a_path_are_removed(nested: Path) -> None:
    home = Path.cwd()
    try:
        os.chdir(nested)
        for _ in range(1500):
            Path("deeper").mkdir()
            os.chdir("deeper")
    finally:
        os.chdir(home)
    remove(nested)
    assert not nested.exists()
