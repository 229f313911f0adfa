"""Compile one authored C file in the sandbox, with flags that only the harness chooses.

No `-I`: a project's `features.h` would then hide the one that the C library includes.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence

from bot.errors import ToolMissing
from bot.sandbox.job import Job, Limits, Origin, Result, Sandbox
from bot.stages.stage_result import MIB

WARNINGS = ("-std=c99", "-Wall", "-Wextra", "-pedantic", "-Wconversion", "-Werror")
# Contraction into fused multiply-adds would let a board's floats differ from the host's.
EXACT = ("-ffp-contract=off",)
ARM_COMPILER = "arm-none-eabi-gcc"

_LIMITS = Limits(seconds=60, memory_bytes=1 << 30, log_bytes=64 << 10)


def host_compiler() -> str:
    """Return the host's C compiler.

    Raises:
        ToolMissing: there is none.
    """
    for name in ("gcc", "cc", "clang"):
        if path := shutil.which(name):
            return path
    raise ToolMissing("There is no C compiler on this machine.", "sudo apt-get install gcc")


def compile_object(
    sandbox: Sandbox,
    compiler: str,
    flags: Sequence[str],
    source: str,
    files: Mapping[str, bytes],
    origin: Origin,
) -> Result:
    """Compile `source`, one of `files`, to `out/object.o`; warnings are errors."""
    return sandbox.run(
        Job(
            argv=(
                *(compiler, *WARNINGS, *EXACT, *flags),
                *("-c", f"in/{source}", "-o", "out/object.o"),
            ),
            inputs=files,
            outputs={"object.o": 16 * MIB},
            origin=origin,
            limits=_LIMITS,
        )
    )
