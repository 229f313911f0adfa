"""A package that is ours to bring is imported lean, and blamed on the machine where it fails."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bot.sandbox.trouble import UNAVAILABLE

NEED = "from bot.stages.needed import need; need('big'); "


def run(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    """Run code in a process where `big` and `sklearn` are what the folder holds."""
    start = f"import sys; sys.path.insert(0, {str(folder)!r}); {NEED}{code}"
    return subprocess.run(
        [sys.executable, "-c", start], capture_output=True, text=True, check=False
    )


def test_what_no_stage_uses_is_left_out_and_there_for_authors(tmp_path: Path) -> None:
    (tmp_path / "sklearn.py").write_text("print('sklearn is imported')\n")
    (tmp_path / "big.py").write_text(
        "try:\n    import sklearn\nexcept ImportError:\n    print('big does without')\n"
    )
    assert run(tmp_path, "").stdout.splitlines() == ["big does without"]
    said = run(tmp_path, "import sklearn").stdout.splitlines()
    assert said == ["big does without", "sklearn is imported"]


def test_what_is_broken_is_told_with_a_code_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "big.py").write_text("raise OSError('cannot open\\nshared object')\n")
    done = run(tmp_path, "print('never')")
    assert done.returncode == UNAVAILABLE
    assert done.stdout.split("\n", 1)[1] == "big: OSError: cannot open shared object\n"
