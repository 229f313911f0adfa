"""Object files of the kernels, which are built once in a session for each set of flags.

A kernel is the same text in every model, and the emulated ones take seconds to build under the
sanitizers. Their objects are kept in one folder, under a digest of all that goes into them, which
the workers of pytest-xdist share.
"""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

TIMEOUT_S = 300
EMULATION = Path(__file__).parent / "emulation"

_FOLDER = Path(str(resources.files("model_compiler.kernels")))


def build(command: Sequence[str]) -> None:
    """Run a C compiler, which must have nothing to say."""
    done = subprocess.run(command, capture_output=True, timeout=TIMEOUT_S, check=False)
    said = (done.stdout + done.stderr).decode(errors="replace")
    assert done.returncode == 0 and not said, said[:4000]


@dataclass(slots=True)
class Kept:
    """Where objects are kept; `conftest.py` sets it at the beginning of a session."""

    folder: Path


KEPT = Kept(Path())


def build_program(
    compiler: Sequence[str], sources: Iterable[Path], to: Path, link: Sequence[str] = ()
) -> None:
    """Build a program; the objects of kernels among its sources are kept.

    Args:
        compiler: The C compiler, with its flags.
        sources: C files; headers stand beside them.
        to: The program.
        link: Flags for the linker.
    """
    files = [
        _kernel_object(compiler, path) if path.name in _kernels() else path for path in sources
    ]
    build([*compiler, *link, "-o", str(to), *map(str, files)])


def _kernel_object(compiler: Sequence[str], source: Path) -> Path:
    """Return the object of a kernel, which a model brings as it is in the package."""
    text = _kernels()[source.name]
    assert source.read_bytes() == text, f"{source.name} was edited while the tests ran"
    digest = hashlib.sha256("\0".join(compiler).encode())
    for content in (text, *_headers()):
        digest.update(hashlib.sha256(content).digest())
    kept = KEPT.folder
    target = kept / f"{source.stem}-{digest.hexdigest()[:24]}.o"
    if not target.exists():
        with tempfile.TemporaryDirectory(dir=kept) as folder:
            made = Path(folder) / target.name
            build([*compiler, "-c", "-o", str(made), str(source)])
            made.replace(target)
    return target


@cache
def _kernels() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in _FOLDER.glob("*.c")}


@cache
def _headers() -> tuple[bytes, ...]:
    files = [*sorted(_FOLDER.glob("*.h")), *sorted(EMULATION.glob("*.h"))]
    return tuple(path.read_bytes() for path in files)
