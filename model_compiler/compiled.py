"""What a compilation yields: the C files, and the figures that tables and reports show."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from model_compiler.ir import Band
from model_compiler.optimise import Optimise
from model_compiler.peak import Peak


@dataclass(frozen=True, slots=True)
class OperatorSummary:
    """One operator: its place, TFLite's name of it, what it yields, and what it costs.

    `band` is set where it makes a band of what an operator of the model file makes, or copies rows
    from one band to the next.
    """

    index: int
    name: str
    output_shape: tuple[int, ...]
    macs: int
    constant_bytes: int
    band: Band | None = None


@dataclass(frozen=True, slots=True)
class Port:
    """An input or an output of the model; `offset` is its place in the arena.

    `scale` is 0.0 and `zero_point` 0 where the tensor is not quantised.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str  # C type of the elements: "int8_t"
    count: int
    nbytes: int
    offset: int
    scale: float
    zero_point: int


@dataclass(frozen=True, slots=True)
class BandedSummary:
    """Operators `first` to `last` of the model file, which run band by band."""

    first: int
    last: int
    bands: int


@dataclass(frozen=True, slots=True)
class Summary:
    """Figures of a compiled model.

    Attributes:
        operators: In the order in which they run; views, which cost nothing, included. An operator
            of the model file that runs in bands is there once for each of them.
        macs: Multiply-accumulates of one inference, padding counted.
        constant_bytes: Flash of weights, tables and parameters on a 32-bit target, without code.
        arena_bytes: RAM that the caller provides.
        arena_lower_bound_bytes: RAM that no plan could do with less of.
        inputs: The model's inputs in order.
        outputs: The model's outputs in order.
        model_sha256: Digest of the model file, in hex.
        whole_arena_bytes: What `arena_bytes` would be if nothing ran in bands.
        banded: What runs in bands.
        constant_spare_bytes: By how much `constant_bytes` is too much for the kernel set that needs
            least; 0 where all need the same.
        peak: The moment that needs most memory.
        optimise: What the compilation preferred; `optimise.flag` is how to build the files.
    """

    operators: tuple[OperatorSummary, ...]
    macs: int
    constant_bytes: int
    arena_bytes: int
    arena_lower_bound_bytes: int
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    model_sha256: str
    whole_arena_bytes: int = 0
    banded: tuple[BandedSummary, ...] = ()
    constant_spare_bytes: int = 0
    peak: Peak | None = None
    optimise: Optimise = Optimise.BALANCED


@dataclass(frozen=True, slots=True)
class CompiledModel:
    """C99 of one model.

    Attributes:
        name: What files, functions and macros are prefixed with.
        files: Names to contents: `bw_<name>.h`, `bw_<name>.c`, kernels.
        summary: What it costs.
        profiled_source: `bw_<name>.c` with a point before each operator; see `profiled`.
    """

    name: str
    files: Mapping[str, str]
    summary: Summary
    profiled_source: str = field(default="", repr=False)

    def profiled(self) -> CompiledModel:
        """Return the same C with `BW_PROFILE(index);` before each operator.

        It includes bw_profile.h, which comes from whoever measures; the last point, behind the last
        operator, has the number of operators as its index.
        """
        files = {**self.files, f"bw_{self.name}.c": self.profiled_source}
        return replace(self, files=files, profiled_source="")

    def write(self, directory: Path) -> None:
        """Write the files into a directory, made if missing; each replaces its elder at once."""
        directory.mkdir(parents=True, exist_ok=True)
        for name, text in self.files.items():
            _replace(directory / name, text)


def _replace(path: Path, text: str) -> None:
    with tempfile.NamedTemporaryFile(
        "w", dir=path.parent, prefix=f".{path.name}.", delete=False, encoding="utf-8", newline="\n"
    ) as file:
        temporary = Path(file.name)
        try:
            file.write(text)
            file.flush()
            temporary.chmod(0o644)
            os.replace(temporary, path)  # noqa: PTH105, atomic on every platform
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
