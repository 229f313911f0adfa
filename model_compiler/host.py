"""Run a compiled model on this machine: the same C, built as a shared library and called."""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model_compiler.compiled import CompiledModel, Port
from model_compiler.errors import HostBuildFailed, HostCompilerMissing
from model_compiler.planner import ALIGNMENT_BYTES

STRICT_FLAGS = ("-std=c99", "-Wall", "-Wextra", "-pedantic", "-Wconversion", "-Werror")
"""What every generated file must pass."""

Array = npt.NDArray[Any]
"""Elements of whatever type the input or output has."""

_NUMPY_TYPES = {"int8_t": np.int8, "int32_t": np.int32, "float": np.float32}
_BUILD_SECONDS = 300


def host_compiler() -> str:
    """Return the path of this machine's C compiler: $CC, or cc, gcc, clang, whichever is there.

    Raises:
        HostCompilerMissing: there is none.
    """
    for name in (os.environ.get("CC", ""), "cc", "gcc", "clang"):
        path = shutil.which(name) if name else None
        if path is not None:
            return path
    raise HostCompilerMissing(
        "no C compiler was found (looked for $CC, cc, gcc, clang). Install one, "
        "for example with `apt install gcc` or `xcode-select --install`."
    )


def build_library(compiled: CompiledModel, directory: Path, cflags: Sequence[str] = ()) -> Path:
    """Build a compiled model as a shared library and return its path.

    Args:
        compiled: The model.
        directory: Where sources and library go.
        cflags: Flags after `-O2`, such as `-fsanitize=undefined`.

    Raises:
        HostCompilerMissing: there is no C compiler.
        HostBuildFailed: the compiler refused the sources or took too long.
    """
    compiled.write(directory)
    library = directory / f"libbw_{compiled.name}_{_digest(compiled, cflags)}.so"
    sources = [str(directory / name) for name in compiled.files if name.endswith(".c")]
    command = [host_compiler(), "-O2", "-std=c99", "-shared", "-fPIC", *cflags]
    try:
        done = subprocess.run(
            [*command, "-o", str(library), *sources],
            capture_output=True,
            text=True,
            check=False,
            timeout=_BUILD_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise HostBuildFailed(f"{command[0]} took more than {_BUILD_SECONDS} s") from None
    if done.returncode != 0:
        raise HostBuildFailed(f"{command[0]} refused the generated C:\n{done.stderr[-4000:]}")
    return library


def _digest(compiled: CompiledModel, cflags: Sequence[str]) -> str:
    """Return what tells libraries of one name apart: dlopen looks at a path only once."""
    text = "\0".join((*cflags, *(f"{name}\0{text}" for name, text in compiled.files.items())))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class HostModel:
    """A compiled model that runs on this machine.

    Args:
        compiled: The model.
        directory: Where sources and library go; without it a temporary one, gone with the object.
        cflags: Flags for the C compiler after `-O2`.

    Raises:
        HostError: there is no C compiler, or it refused the sources.
    """

    def __init__(
        self,
        compiled: CompiledModel,
        *,
        directory: Path | None = None,
        cflags: Sequence[str] = (),
    ) -> None:
        self._temporary = tempfile.TemporaryDirectory() if directory is None else None
        place = Path(self._temporary.name) if self._temporary else directory
        assert place is not None  # noqa: S101
        self._summary = compiled.summary
        library = ctypes.CDLL(str(build_library(compiled, place, cflags)))
        self._invoke = getattr(library, f"bw_{compiled.name}_invoke")
        self._invoke.argtypes, self._invoke.restype = [ctypes.c_void_p], ctypes.c_int
        self._arena = _aligned_bytes(compiled.summary.arena_bytes)

    def run(self, *inputs: npt.ArrayLike) -> npt.NDArray[np.int8]:
        """Return the only output, int8, for n samples; see `run_all`.

        Raises:
            ValueError: as `run_all`, or the model has several outputs or one that is not int8.
        """
        if [port.dtype for port in self._summary.outputs] != ["int8_t"]:
            raise ValueError("the model does not have one int8 output: use run_all")
        return self.run_all(*inputs)[0]

    def run_all(self, *inputs: npt.ArrayLike) -> list[Array]:
        """Return every output for n samples.

        Args:
            inputs: One array for each input of the model, `[n, ...]` of the input's type; a sample
                has as many elements as the input, in any shape.

        Returns:
            One array for each output, `[n, *shape]`, where a leading batch axis of 1 is left out.

        Raises:
            ValueError: the number of inputs, their types or their sizes do not fit the model.
        """
        arrays = self._samples(inputs)
        results = [_empty(port, len(arrays[0])) for port in self._summary.outputs]
        for sample in range(len(arrays[0])):
            for port, array in zip(self._summary.inputs, arrays, strict=True):
                self._view(port)[:] = array[sample]
            status = self._invoke(self._arena.ctypes.data)
            if status != 0:
                raise RuntimeError(f"the compiled model answered {status}")
            for port, result in zip(self._summary.outputs, results, strict=True):
                result[sample] = self._view(port).reshape(result.shape[1:])
        return results

    def _view(self, port: Port) -> Array:
        """Return the elements of an input or output in the arena, typed."""
        raw = self._arena[port.offset : port.offset + port.nbytes]
        typed: Array = raw.view(_NUMPY_TYPES[port.dtype])
        return typed

    def _samples(self, inputs: Sequence[npt.ArrayLike]) -> list[Array]:
        ports = self._summary.inputs
        if len(inputs) != len(ports):
            raise ValueError(f"the model has {len(ports)} inputs, {len(inputs)} were given")
        arrays = [_samples(np.asarray(x), port) for x, port in zip(inputs, ports, strict=True)]
        if len({len(array) for array in arrays}) != 1:
            raise ValueError("the inputs hold different numbers of samples")
        return arrays


def _samples(array: Array, port: Port) -> Array:
    wanted = np.dtype(_NUMPY_TYPES[port.dtype])
    if array.dtype != wanted or array.ndim == 0 or array.size % port.count:
        raise ValueError(
            f"input '{port.name}' takes {wanted} samples of {port.count} elements, "
            f"not {array.dtype} of shape {array.shape}"
        )
    return array.reshape(-1, port.count)


def _empty(port: Port, samples: int) -> Array:
    shape = port.shape[1:] if port.shape[:1] == (1,) else port.shape
    return np.empty((samples, *shape), _NUMPY_TYPES[port.dtype])


def _aligned_bytes(count: int) -> npt.NDArray[np.uint8]:
    raw = np.zeros(count + ALIGNMENT_BYTES, np.uint8)
    start = -raw.ctypes.data % ALIGNMENT_BYTES
    return raw[start : start + count]
