"""Build an authored app.c as a library and hand it made-up scores; started within a sandbox."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bot.sandbox.trouble import UNAVAILABLE
from bot.stages import arrays

_LED = "void bw_board_led(int on);\nvoid bw_board_led(int on) { (void)on; }\n"
# Undefined behaviour ends the process: what it would have answered means nothing.
_FLAGS = ("-std=c99", "-O1", "-fPIC", "-shared", "-fsanitize=undefined")
_WANTED = ("bw_app_on_result", "bw_app_reset")
_TRAP = "-fsanitize-undefined-trap-on-error"


def main() -> None:
    """Read `in/app.c`, its headers and `in/scores.npz`, leave `out/decisions.npz`.

    Before each series of scores the application is reset.
    """
    _end_with_a_word(_answer)


def _answer() -> None:
    series = arrays.load(Path("in/scores.npz").read_bytes())["scores"].astype(np.int8)
    app = _library()
    decisions = np.array([_decide(app, one) for one in series], dtype=np.int64)
    Path("out/decisions.npz").write_bytes(arrays.dump(decisions=decisions))


def _end_with_a_word(work: Callable[[], None]) -> None:
    """Do the work in a child, and say so in words where a signal ended that."""
    child = os.fork()
    if child == 0:
        work()
        return
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        name = signal.Signals(os.WTERMSIG(status)).name
        sys.stdout.write(
            f"app.c ended with {name}: undefined behaviour, such as an index out of range, an "
            "overflow, or a division by zero\n"
        )
    if status:
        raise SystemExit(os.WEXITSTATUS(status) or 1)


def _library() -> ctypes.CDLL:
    folder = Path(tempfile.mkdtemp())
    led, built = folder / "led.c", folder / "app.so"
    led.write_text(_LED)
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        sys.stdout.write("gcc: there is no C compiler here\n")
        raise SystemExit(UNAVAILABLE)
    command = [compiler, *_FLAGS, _TRAP, "in/app.c", str(led), "-o", str(built), "-lm"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.stdout.write(done.stderr)
        raise SystemExit(1)
    try:
        library = ctypes.CDLL(str(built))
    except OSError as error:
        name = str(error).rpartition("undefined symbol: ")[2]
        sys.stdout.write(f"app.c uses '{name}', which nobody defines\n")
        raise SystemExit(1) from None
    missing = [name for name in _WANTED if not hasattr(library, name)]
    if missing:
        sys.stdout.write(f"app.c does not define {' and '.join(missing)}\n")
        raise SystemExit(1)
    library.bw_app_on_result.argtypes = [ctypes.POINTER(ctypes.c_int8)]
    library.bw_app_on_result.restype = ctypes.c_int
    return library


def _decide(app: ctypes.CDLL, series: npt.NDArray[np.int8]) -> list[int]:
    app.bw_app_reset()
    decisions = []
    for scores in series:
        buffer = (ctypes.c_int8 * len(scores))(*scores.tolist())
        decisions.append(int(app.bw_app_on_result(buffer)))
    return decisions


if __name__ == "__main__":
    main()
