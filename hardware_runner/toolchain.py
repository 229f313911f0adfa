"""The C compilers: which one a board needs, with which options, and what it said."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hardware_runner.board import Board
from hardware_runner.errors import BuildError, ToolMissing, ToolSlow

COMPILE_TIMEOUT_S = 300.0  # a hundred times what the largest file takes on an idle machine
MESSAGE_LINES = 40

INSTALL = {
    "gcc": "apt-get install --no-install-recommends gcc libc6-dev",
    "arm-none-eabi-gcc": "apt-get install --no-install-recommends gcc-arm-none-eabi "
    "libnewlib-arm-none-eabi",
}

# A product and a sum may not share one rounding (FMA): features must be equal on every core.
COMMON_FLAGS = (
    *("-std=c99", "-O2", "-ffp-contract=off", "-fno-common"),
    *("-ffunction-sections", "-fdata-sections"),
    *("-fdiagnostics-color=never", "-fmax-errors=5", "-Wall", "-Wextra"),
)
STRICT_FLAGS = ("-pedantic", "-Wconversion", "-Werror")
HOST_FLAGS = ("-fsanitize=undefined", "-fsanitize-undefined-trap-on-error")
HOST_LINK_FLAGS = ("-Wl,--gc-sections", "-lm")
TARGET_LINK_FLAGS = (
    *("-nostdlib", "-Wl,--gc-sections", "-Wl,--no-warn-rwx-segments,--orphan-handling=error"),
    *("-Wl,--start-group", "-lm", "-lc_nano", "-lgcc", "-Wl,--end-group"),
)


@dataclass(frozen=True, slots=True)
class Compiler:
    """A compiler with the options that choose a board's core."""

    program: str
    version: str
    cpu_flags: tuple[str, ...]
    link_flags: tuple[str, ...]

    def compile(self, cwd: Path, source: str, target: str, flags: Sequence[str]) -> str:
        """Compile one file and return the warnings.

        Raises:
            BuildError: with the compiler's messages.
            ToolSlow: it did not end.
        """
        command = [*COMMON_FLAGS, *self.cpu_flags, *flags, "-c", source, "-o", target]
        return self.run(cwd, command, f"{source} does not compile")

    def link(self, cwd: Path, objects: Sequence[str], target: str, flags: Sequence[str]) -> None:
        """Link objects. Raises BuildError with the linker's messages."""
        command = [*self.cpu_flags, *flags, *objects, "-o", target, *self.link_flags]
        self.run(cwd, command, "the firmware does not link")

    def run(self, cwd: Path, arguments: Sequence[str], problem: str) -> str:
        """Run the compiler and return what it said.

        Raises:
            BuildError: it refuses.
            ToolSlow: it did not end; that is the machine's fault until more is known.
        """
        with subprocess.Popen(
            [self.program, *arguments],
            cwd=cwd,
            env=os.environ | {"LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        ) as process:
            try:
                _, stderr = process.communicate(timeout=COMPILE_TIMEOUT_S)
            except subprocess.TimeoutExpired as error:
                os.killpg(process.pid, signal.SIGKILL)  # the driver and the compiler it started
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.communicate(timeout=5)  # until the last of them let go of its output
                raise ToolSlow(
                    f"{self.program} did not end within {COMPILE_TIMEOUT_S:.0f} s, where a second "
                    "is usual: the machine is overloaded. Run the same command again."
                ) from error
        said = stderr.decode("utf-8", "replace")
        if process.returncode != 0:
            raise BuildError(f"{problem}:\n{relevant(said)}{_hint(said)}")
        return said.strip()


def find_compiler(board: Board) -> Compiler:
    """Return the compiler for a board.

    Raises:
        ToolMissing: names the package and the command that installs it.
    """
    if board.is_process:
        return Compiler("gcc", _version("gcc"), HOST_FLAGS, HOST_LINK_FLAGS)
    if not board.is_built_here:
        raise ToolMissing(
            f"Firmware for {board.name} ({board.core}) is not built here: take "
            f"`boardwright export --as {board.exports[0]}` and build with that."
        )
    program = "arm-none-eabi-gcc"
    version = _version(program)
    library = _ask(program, *board.cpu_flags, "-print-file-name=libc_nano.a")
    if not Path(library).is_absolute():
        raise ToolMissing(
            f"newlib for {board.core} is not installed, though {program} is: {INSTALL[program]}"
        )
    return Compiler(program, version, board.cpu_flags, TARGET_LINK_FLAGS)


def relevant(said: str) -> str:
    """Return the lines of a compiler's output that tell what is wrong, without the noise around."""
    noise = re.compile(r"^(collect2: |compilation terminated|cc1: all warnings)")
    lines = [line for line in said.strip().splitlines() if not noise.match(line)]
    if len(lines) > MESSAGE_LINES:
        left = len(lines) - MESSAGE_LINES
        lines = [*lines[:MESSAGE_LINES], f"... and {left} lines more"]
    return "\n".join(lines)


def _hint(said: str) -> str:
    if re.search(r"undefined reference to `(_sbrk|_write|_read|_close|_fstat|_isatty|_exit)", said):
        return "\nFirmware has neither heap nor stdio: do without malloc, printf and their like."
    return ""


def _version(program: str) -> str:
    if shutil.which(program) is None:
        raise ToolMissing(f"{program} is not installed: {INSTALL[program]}")
    return _ask(program, "-dumpfullversion")


def _ask(program: str, *arguments: str) -> str:
    try:
        done = subprocess.run(
            [program, *arguments], capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise ToolMissing(f"{program} does not work: {error}. {INSTALL[program]}") from error
    return done.stdout.strip()
