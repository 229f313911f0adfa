"""The doctor: what is installed, in which version, and what installs the rest."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from importlib.metadata import PackageNotFoundError, version

from bot.errors import INSTALL_PACKAGES, ToolMissing
from hardware_runner import rp2040
from hardware_runner.board import Board
from hardware_runner.errors import ToolMissing as RunnerToolMissing


class Need(Enum):
    """What a tool is needed for."""

    RUN = "every run"
    BOARDS = "emulated boards"
    PICO = "the emulated Raspberry Pi Pico"
    CHECK = "the comparison with TFLM"
    TESTS = "board tests under pytest"


REQUIRED = (Need.RUN, Need.BOARDS)


class System(Enum):
    """The systems whose commands are known."""

    APT = "Debian or Ubuntu"
    BREW = "macOS"
    OTHER = "another system"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one tool; `version` is empty where it is missing."""

    name: str
    need: Need
    version: str
    remedy: str = ""

    @property
    def missing(self) -> bool:
        """Say whether the tool is not there, or does not work."""
        return not self.version


@dataclass(frozen=True, slots=True)
class Program:
    """A program that is looked for on the path, and its package on each system."""

    name: str
    need: Need
    commands: tuple[str, ...]  # any one of them will do
    arguments: tuple[str, ...]
    apt: str
    brew: str


PROGRAMS = (
    Program("git", Need.RUN, ("git",), ("--version",), "git", "git"),
    Program("C compiler", Need.RUN, ("gcc",), ("-dumpfullversion",), "gcc libc6-dev", "gcc"),
    Program(
        "arm-none-eabi-gcc",
        Need.BOARDS,
        ("arm-none-eabi-gcc",),
        ("-dumpfullversion",),
        "gcc-arm-none-eabi libnewlib-arm-none-eabi",
        "--cask gcc-arm-embedded",
    ),
    Program(
        "qemu-system-arm",
        Need.BOARDS,
        ("qemu-system-arm",),
        ("--version",),
        "qemu-system-arm",
        "qemu",
    ),
)
PACKAGES = (
    ("TensorFlow", Need.RUN, ("tensorflow-cpu", "tensorflow")),
    ("pandas", Need.RUN, ("pandas",)),
    ("scikit-learn", Need.RUN, ("scikit-learn",)),
    ("matplotlib", Need.RUN, ("matplotlib",)),
    ("tflite-micro", Need.CHECK, ("tflite-micro",)),
    ("pytest-embedded", Need.TESTS, ("pytest-embedded",)),
)
PYTHON_RANGE = ((3, 11), (3, 14))

Ask = Callable[[Sequence[str]], str]


def require(boards: Sequence[Board], ask: Ask | None = None) -> None:
    """Return if everything is there that a run on these boards needs.

    Raises:
        ToolMissing: it names all that is missing, and the commands that install it.
    """
    needs = {Need.RUN} | ({Need.BOARDS} if not all(board.is_process for board in boards) else set())
    missing = [f for f in examine(ask=ask) if f.missing and f.need in needs]
    if missing:
        names = ", ".join(finding.name for finding in missing)
        remedies = " && ".join(dict.fromkeys(finding.remedy for finding in missing))
        raise ToolMissing(f"Missing on this machine: {names}.", remedies)


def examine(system: System | None = None, ask: Ask | None = None) -> tuple[Finding, ...]:
    """Look for everything that is needed.

    Args:
        system: whose commands to give; None: this one's.
        ask: runs a command and returns what it printed, "" where that fails; None: a process.
    """
    system = system or this_system()
    ask = ask or run_tool
    programs = tuple(_program(program, system, ask) for program in PROGRAMS)
    packages = tuple(_package(*package) for package in PACKAGES)
    libraries = (_host_library(system, ask), _newlib(system, ask))
    return (_python(), *programs, *libraries, _pico(), *packages)


def this_system() -> System:
    """Return the system that this is, by the package tools that it has."""
    if platform.system() == "Darwin":
        return System.BREW
    return System.APT if shutil.which("apt-get") else System.OTHER


def run_tool(command: Sequence[str]) -> str:
    """Run a short command and return its output; empty where it is missing or fails."""
    if shutil.which(command[0]) is None:
        return ""
    try:
        done = subprocess.run(
            list(command),
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _python() -> Finding:
    low, high = PYTHON_RANGE
    if low <= sys.version_info[:2] < high:
        return Finding("Python", Need.RUN, platform.python_version())
    wanted = f"{low[0]}.{low[1]}"
    return Finding("Python", Need.RUN, "", f"uv venv --python {wanted}")


def _program(program: Program, system: System, ask: Ask) -> Finding:
    for command in program.commands:
        if said := ask([command, *program.arguments]):
            number = re.search(r"\d+(?:\.\d+)+|\d+", said)
            return Finding(program.name, program.need, number[0] if number else said[:40])
    return Finding(program.name, program.need, "", _install(system, program.apt, program.brew))


def _host_library(system: System, ask: Ask) -> Finding:
    """Look for the headers and start-up code of this machine's C library, packaged apart."""
    if system is System.BREW:
        return Finding("C library", Need.RUN, "found")  # comes with the compiler
    found = "found" if ask(["gcc", "-print-file-name=crt1.o"]).startswith("/") else ""
    return Finding("C library", Need.RUN, found, _install(system, "libc6-dev", ""))


def _newlib(system: System, ask: Ask) -> Finding:
    """Look for the C library of the Arm compiler; some systems package it apart."""
    path = ask(["arm-none-eabi-gcc", "-print-file-name=libc_nano.a"])
    found = "found" if path.startswith("/") else ""
    remedy = _install(system, "libnewlib-arm-none-eabi", "--cask gcc-arm-embedded")
    return Finding("newlib for Arm", Need.BOARDS, found, "" if found else remedy)


def _pico() -> Finding:
    """Look for Node.js and the emulator that it runs."""
    try:
        return Finding(rp2040.NAME, Need.PICO, rp2040.emulator_version())
    except RunnerToolMissing as error:
        return Finding(rp2040.NAME, Need.PICO, "", str(error))


def _package(name: str, need: Need, distributions: Sequence[str]) -> Finding:
    for distribution in distributions:
        try:
            return Finding(name, need, version(distribution))
        except PackageNotFoundError:
            continue
    if need is Need.CHECK and (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        return Finding(name, need, "", "has wheels for Linux on x86-64 only")
    return Finding(name, need, "", INSTALL_PACKAGES)


def _install(system: System, apt: str, brew: str) -> str:
    if system is System.APT:
        sudo = "" if os.geteuid() == 0 else "sudo "
        return f"{sudo}apt-get install --no-install-recommends {apt}"
    if system is System.BREW:
        return f"brew install {brew}"
    return f"install {apt} (names of the Debian packages) with your system's package tool"
