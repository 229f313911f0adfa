"""Compile one authored C file in the sandbox, with flags that only the harness chooses.

No `-I`: a project's `features.h` would then hide the one that the C library includes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.errors import ToolMissing
from bot.evidence import Evidence, Outcome, Stage
from bot.sandbox.job import Job, Limits, Origin, Reason, Result, Sandbox
from bot.sandbox.seccomp import NOT_FOUND
from bot.stages.stage_result import MIB, unmeasured, verdict

WARNINGS = ("-std=c99", "-Wall", "-Wextra", "-pedantic", "-Wconversion", "-Werror")
# Contraction into fused multiply-adds would let a board's floats differ from the host's.
EXACT = ("-ffp-contract=off",)
HOST_COMPILER = "gcc"
ARM_COMPILER = "arm-none-eabi-gcc"

_INSTALL = {
    HOST_COMPILER: "sudo apt-get install gcc libc6-dev",
    ARM_COMPILER: "sudo apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi",
}
# A hundred times what a file takes on an idle machine.
_LIMITS = Limits(seconds=300, memory_bytes=1 << 30, log_bytes=64 << 10)


def compile_object(
    sandbox: Sandbox,
    compiler: str,
    flags: Sequence[str],
    source: str,
    files: Mapping[str, bytes],
    origin: Origin,
) -> Result:
    """Compile `source`, one of `files`, to `out/object.o`; warnings are errors.

    Raises:
        ToolMissing: the sandbox does not have this compiler.
    """
    result = sandbox.run(
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
    if result.reason is Reason.FAILED and result.exit_code == NOT_FOUND:
        raise ToolMissing(
            f"{compiler} is not installed where C is compiled.", _INSTALL.get(compiler, "")
        )
    return result


def built(result: Result, check: str, stage: Stage, claim: str, method: str) -> Evidence:
    """Judge what came of a compiler; one that found no end is the machine's fault."""
    if result.reason is Reason.TIMEOUT:
        slow = f"{result.explanation()}\nThe machine is overloaded: run the same command again."
        return unmeasured(check, stage, claim, Outcome.INFRASTRUCTURE, method, slow)
    return verdict(check, stage, claim, result.completed, method, result.explanation())
