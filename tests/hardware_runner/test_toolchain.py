from __future__ import annotations

from pathlib import Path

import pytest

from hardware_runner import toolchain
from hardware_runner.errors import ToolSlow


def test_a_compiler_that_never_ends_is_ended_with_what_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = tmp_path / "slow-gcc"
    driver.write_text("#!/bin/sh\nsleep 600 &\necho $! >child\nwait\n")
    driver.chmod(0o755)
    monkeypatch.setattr(toolchain, "COMPILE_TIMEOUT_S", 1.0)
    compiler = toolchain.Compiler(str(driver), "1", (), ())
    with pytest.raises(ToolSlow, match="did not end within 1 s"):
        compiler.run(tmp_path, [], "features.c does not compile")
    child = int((tmp_path / "child").read_text())
    state = Path(f"/proc/{child}/stat")
    assert not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z"


def test_messages_are_never_translated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    driver = tmp_path / "any-gcc"
    driver.write_text('#!/bin/sh\necho "language $LC_ALL" >&2\n')
    driver.chmod(0o755)
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    compiler = toolchain.Compiler(str(driver), "1", (), ())
    assert compiler.run(tmp_path, [], "problem") == "language C"
