"""The process sandbox keeps accidents in bounds, passes on no secret, and refuses foreign code."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from pathlib import Path

import pytest

from bot.sandbox import process
from bot.sandbox.collect import RefusedOutputError, collect
from bot.sandbox.job import Job, Limits, NeedsSandboxError, Origin, Reason, Result
from bot.sandbox.process import ProcessSandbox

LIMITS = Limits(seconds=30, memory_bytes=300 << 20, log_bytes=1000)


def run(script: str, outputs: dict[str, int] | None = None, limits: Limits = LIMITS) -> Result:
    job = Job(
        ("python", "in/script.py"),
        {"script.py": script.encode()},
        outputs or {},
        Origin.TEMPLATE,
        limits,
    )
    return ProcessSandbox().run(job)


def test_gives_inputs_and_collects_results() -> None:
    result = run("open('out/copy','wb').write(open('in/script.py','rb').read())", {"copy": 1000})
    assert result.completed
    assert b"out/copy" in result.outputs["copy"]


def test_says_how_a_program_failed() -> None:
    result = run("print('before'); raise SystemExit(3)")
    assert (result.reason, result.exit_code) == (Reason.FAILED, 3)
    assert "before" in result.explanation()


def test_ends_a_program_that_does_not_end() -> None:
    result = run("import time\nwhile True: time.sleep(1)", limits=Limits(seconds=1))
    assert result.reason is Reason.TIMEOUT
    assert result.outputs == {}


def test_ends_a_program_that_ignores_requests_to_end() -> None:
    script = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: pass"
    assert run(script, limits=Limits(seconds=1)).reason is Reason.TIMEOUT


@pytest.mark.skipif(shutil.which("prlimit") is None, reason="prlimit is not installed")
def test_bounds_the_files_that_a_program_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_FILE_BYTES", 1 << 20)
    result = run("open('elsewhere', 'wb').write(bytes(2 << 20))")
    assert result.reason is Reason.FAILED
    assert "File too large" in result.explanation().splitlines()[0]


def test_a_full_disk_is_the_machine_s_fault() -> None:
    with pytest.raises(OSError, match="No space left") as caught:
        run("import os; raise OSError(28, os.strerror(28))")
    assert caught.value.errno == errno.ENOSPC


def test_ends_what_the_program_started(tmp_path: Path) -> None:
    script = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(tmp_path / 'pid')!r}, 'w').write(str(child.pid))\n"
    )
    result = run(script)
    assert result.completed
    state = Path(f"/proc/{(tmp_path / 'pid').read_text()}/stat")
    assert not state.exists() or state.read_text().rpartition(")")[2].split()[0] in "ZX"


def test_cuts_a_flood_of_output() -> None:
    result = run("while True: print('x' * 1000)")
    assert result.reason is Reason.LOG
    assert result.log_truncated
    assert len(result.log) <= LIMITS.log_bytes


@pytest.mark.skipif(sys.platform != "linux", reason="resident memory is read from /proc")
def test_ends_a_program_that_takes_too_much_memory() -> None:
    script = (
        "import time\nx = bytearray(600 << 20)\n"
        "for i in range(0, len(x), 4096): x[i] = 1\ntime.sleep(600)"
    )
    assert run(script).reason is Reason.MEMORY


def test_passes_on_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "ghs_not_to_be_seen")
    result = run("import os; print(dict(os.environ))")
    assert result.completed
    assert "ghs_not_to_be_seen" not in result.log
    assert os.environ["GITHUB_TOKEN"] == "ghs_not_to_be_seen"  # noqa: S105


def test_gives_nothing_to_read_from() -> None:
    assert run("import sys; assert sys.stdin.read() == ''").completed


def test_a_missing_result_is_told() -> None:
    result = run("pass", {"model.tflite": 10})
    assert result.reason is Reason.OUTPUT
    assert "model.tflite" in result.log


def test_a_result_that_is_too_large_is_refused() -> None:
    assert run("open('out/x','wb').write(bytes(11))", {"x": 10}).reason is Reason.OUTPUT


def test_a_link_is_refused() -> None:
    result = run("import os; os.symlink('/etc/hostname', 'out/x')", {"x": 1000})
    assert result.reason is Reason.OUTPUT


@pytest.mark.parametrize("origin", [Origin.LANGUAGE_MODEL, Origin.PERSON])
def test_refuses_what_did_not_come_with_boardwright(origin: Origin, tmp_path: Path) -> None:
    witness = tmp_path / "ran"
    job = Job(("python", "-c", f"open({str(witness)!r}, 'w')"), {}, {}, origin)
    with pytest.raises(NeedsSandboxError, match="needs a sandbox"):
        ProcessSandbox().run(job)
    assert not witness.exists()


@pytest.mark.parametrize("kind", ["folder", "pipe", "hard link"])
def test_collect_takes_plain_files_only(kind: str, tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"x")
    if kind == "folder":
        (tmp_path / "x").mkdir()
    elif kind == "pipe":
        os.mkfifo(tmp_path / "x")
    else:
        (tmp_path / "x").hardlink_to(tmp_path / "other")
    with pytest.raises(RefusedOutputError, match="'x'"):
        collect(tmp_path, {"x": 10})
