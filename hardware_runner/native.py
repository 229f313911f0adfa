"""The project's `features.c` on this machine, for training: the same source as in the firmware.

It is built twice as a shared library, once with the address and undefined behaviour sanitizers and
once as it is, and always called in another process, so that whatever it does ends there.
"""

from __future__ import annotations

import os
import re
import struct
import subprocess
from dataclasses import replace
from importlib import resources
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hardware_runner.boards.host import BOARD as HOST
from hardware_runner.errors import BuildError, FeaturesCrashed
from hardware_runner.process import ended, with_parent
from hardware_runner.toolchain import STRICT_FLAGS, find_compiler

SANITIZE = (
    *("-fsanitize=address,undefined,float-cast-overflow", "-fno-sanitize-recover=all", "-g"),
    "-fno-omit-frame-pointer",
)
_CHUNK_BYTES = 32 * 1024 * 1024
_SHAPE = struct.Struct("=4i")
_SOURCES = ("goal.h", "features.h", "features.c")


class FeaturesLibrary:
    """`bw_features` as a function on arrays.

    Args:
        project: A folder with goal.h, features.h and features.c.
        out: Where the libraries go; made if need be.
        timeout_s: Longest time for one call, in seconds.

    Raises:
        BuildError: features.c does not compile.
        ToolMissing: there is no C compiler.

    Attributes:
        raw_dtype: NumPy type of a raw element.
        raw_count: Elements in a raw sample.
        feature_count: Features of a sample.
        warnings: What the compiler said about features.c, "" for nothing.
    """

    def __init__(self, project: Path, out: Path, *, timeout_s: float = 120.0) -> None:
        self._timeout_s = timeout_s
        out.mkdir(parents=True, exist_ok=True)
        for name in _SOURCES:
            if not (project / name).is_file():
                raise BuildError(f"{project.name} lacks {name}.")
            (out / name).write_bytes((project / name).read_bytes())
        main = resources.files("templates") / "firmware" / "native" / "bw_features_main.c"
        (out / "bw_features_main.c").write_bytes(main.read_bytes())
        self.warnings = _build(out, "plain", ())
        _build(out, "checked", SANITIZE)
        self._plain = out.resolve() / "features_plain"
        self._checked = out.resolve() / "features_checked"
        size, kind, self.raw_count, self.feature_count = _SHAPE.unpack(
            self._run(self._plain, b"", "shape")
        )
        self.raw_dtype = np.dtype(f"={chr(kind)}{size}")

    def __call__(self, raw: npt.NDArray[np.generic]) -> npt.NDArray[np.float32]:
        """Map raw samples `[n, *shape]` to float32 features `[n, BW_FEATURE_COUNT]`.

        A feature that the C leaves unwritten is NaN.

        Raises:
            FeaturesCrashed: it crashed, did something undefined, or did not end; names the sample.
            ValueError: the samples are not what goal.h says.
        """
        elements = int(np.prod(raw.shape[1:], dtype=np.int64))
        if raw.dtype != self.raw_dtype or elements != self.raw_count:
            raise ValueError(
                f"the samples are {raw.dtype} with {elements} elements each; goal.h says "
                f"{self.raw_dtype} with {self.raw_count}"
            )
        result = np.empty((len(raw), self.feature_count), np.float32)
        step = max(1, _CHUNK_BYTES // max(1, elements * raw.itemsize))
        for begin in range(0, len(raw), step):
            chunk = np.ascontiguousarray(raw[begin : begin + step]).tobytes()
            expected = 4 * self.feature_count * len(raw[begin : begin + step])
            checked = self._map(self._checked, chunk, expected, begin)
            plain = self._map(self._plain, chunk, expected, begin)
            if checked != plain:
                raise FeaturesCrashed(
                    "bw_features() gives other values when it is compiled with checks: it depends "
                    "on memory that it did not write, or on what C leaves undefined."
                )
            result[begin : begin + step] = np.frombuffer(plain, np.float32).reshape(
                -1, self.feature_count
            )
        return result

    def _map(self, program: Path, raw: bytes, expected: int, first: int) -> bytes:
        features = self._run(program, raw, first=first)
        if len(features) != expected:
            raise FeaturesCrashed(
                f"bw_features() led to {len(features):,} bytes of features and not {expected:,}: "
                "it must not write to standard output."
            )
        return features

    def _run(self, program: Path, raw: bytes, *arguments: str, first: int = 0) -> bytes:
        try:
            done = subprocess.run(
                with_parent([str(program), *arguments]),
                input=raw,
                capture_output=True,
                timeout=self._timeout_s,
                check=False,
                env={"ASAN_OPTIONS": "detect_leaks=0", "PATH": os.environ.get("PATH", "")},
            )
        except subprocess.TimeoutExpired as error:
            sample = first + self._finished(error.stdout or b"")
            raise FeaturesCrashed(
                f"bw_features() did not come to an end within {self._timeout_s:g} s, at sample "
                f"{sample}."
            ) from error
        if done.returncode != 0:
            sample = first + self._finished(done.stdout)
            said = _told(done.stderr.decode("utf-8", "replace").replace(f"{program.parent}/", ""))
            how = ended("bw_features()", done.returncode, said or "no message")
            raise FeaturesCrashed(f"At sample {sample}, {how}")
        return done.stdout

    def _finished(self, output: bytes) -> int:
        count = getattr(self, "feature_count", 0)
        return len(output) // (4 * count) if count else 0


def _told(said: str) -> str:
    """Return what a sanitizer found, without its dump of memory."""
    telling = re.compile(r"runtime error|^SUMMARY|^(READ|WRITE) of|^\s+#\d+ .*features\.c")
    return "\n".join(line.strip() for line in said.splitlines() if telling.search(line))


def _build(out: Path, kind: str, flags: tuple[str, ...]) -> str:
    """Build one library and the program around it; return the warnings."""
    compiler = replace(find_compiler(HOST), cpu_flags=())
    flags = ("-fPIC", "-iquote.", *flags)
    warnings = compiler.compile(out, "features.c", f"features_{kind}.o", flags)
    main = f"main_{kind}.o"
    compiler.compile(out, "bw_features_main.c", main, [*flags, *STRICT_FLAGS])
    library = f"libfeatures_{kind}.so"
    compiler.link(out, [f"features_{kind}.o"], library, [*flags, "-shared"])
    compiler.link(out, [main, library], f"features_{kind}", [*flags, "-Wl,-rpath,$ORIGIN"])
    return warnings
