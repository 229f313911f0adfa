"""Errors of this room, and the one place where an exception meets a person.

    BoardwrightError
    ├── RequestError        the author of the request must act; the text, markdown, says how
    │   └── SourceError     ... about the data that the request names
    └── Infrastructure      the person at the machine must act, or nobody: trying again may do
        └── ToolMissing     ... by running the one command that `remedy` holds

Everything else is our fault: the person sees one sentence and where the traceback is kept.
All of them survive pickling, because nothing but `args` carries their content.
"""

from __future__ import annotations

import errno
import os
import tempfile
import traceback
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

_OF_THE_MACHINE = frozenset((errno.ENOSPC, errno.EDQUOT, errno.ENOMEM, errno.EMFILE, errno.ENFILE))
"""What a system call says without naming a file, when the machine is full."""

_OUR_ROOMS = ("bot", "hardware_runner", "model_compiler", "templates")

_CHECKOUT = Path(__file__).parents[1]
INSTALL_PACKAGES = (
    f"make -C {_CHECKOUT} setup"
    if (_CHECKOUT / "Makefile").is_file()
    else "pip install 'boardwright[train,boards]'"
)
"""The command that brings the Python packages of a whole run."""


class ExitCode(IntEnum):
    """How the command line ends."""

    DONE = 0  # every limit is met
    LIMIT_MISSED = 1  # a proposal was made, as a draft
    REQUEST = 2  # the request must be changed, or questions answered
    MACHINE = 3  # machine, board or tool
    OURS = 70  # EX_SOFTWARE of sysexits.h
    INTERRUPTED = 130  # 128 + SIGINT, as shells count


class BoardwrightError(Exception):
    """Root of what this room raises on purpose."""


class RequestError(BoardwrightError):
    """The request cannot be followed as it stands."""

    def __init__(self, problem: str, cure: str = "", field: str = "") -> None:
        super().__init__(problem, cure, field)

    @property
    def problem(self) -> str:
        """Return what is wrong, as one or two sentences of markdown."""
        return str(self.args[0])

    @property
    def cure(self) -> str:
        """Return what the author of the request does about it."""
        return str(self.args[1])

    @property
    def field(self) -> str:
        """Return the label of the form's field to change; empty where it is none of them."""
        return str(self.args[2])

    def __str__(self) -> str:
        return f"{self.problem} {self.cure}".strip()


class SourceError(RequestError):
    """The data that the request names cannot be used as they stand."""


class Infrastructure(BoardwrightError):
    """Machine, board or tool failed; what was asked for may be fine."""

    def __init__(self, problem: str, remedy: str = "") -> None:
        super().__init__(problem, remedy)

    @property
    def problem(self) -> str:
        """Return what failed."""
        return str(self.args[0])

    @property
    def remedy(self) -> str:
        """Return the exact command that mends it; empty where there is none."""
        return str(self.args[1])

    def __str__(self) -> str:
        return f"{self.problem}\nTo mend it: {self.remedy}" if self.remedy else self.problem


class ToolMissing(Infrastructure):
    """A program or package that is needed is not installed."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a person is told about an exception, and the exit code that goes with it."""

    message: str
    code: ExitCode


def explain(error: BaseException) -> Explanation:
    """Translate any exception into a message for people and an exit code.

    An exception that nobody foresaw is kept, with its traceback, in a file that the message names.
    """
    if (code := _code(error)) is not None:
        return Explanation(_message(error), code)
    log = _keep_traceback(error)
    return Explanation(
        f"Something went wrong that should not have ({type(error).__name__}). "
        f"The fault is Boardwright's; the details are in {log}.",
        ExitCode.OURS,
    )


def _code(error: BaseException) -> ExitCode | None:
    """Return the exit code for what was raised on purpose, by us or by the machine."""
    # Imported here: they bring NumPy with them, which `boardwright --help` need not wait for.
    from hardware_runner.errors import ProjectError, RunnerError  # noqa: PLC0415
    from model_compiler.errors import CompilerError, HostBuildFailed, ModelError  # noqa: PLC0415

    codes: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], ExitCode | None], ...]
    codes = (
        (KeyboardInterrupt, ExitCode.INTERRUPTED),
        ((RequestError, ModelError, ProjectError), ExitCode.REQUEST),
        (HostBuildFailed, None),
        ((Infrastructure, CompilerError, RunnerError), ExitCode.MACHINE),
    )
    for kinds, code in codes:
        if isinstance(error, kinds):
            return code
    known = isinstance(error, ModuleNotFoundError) and error.name not in (None, *_OUR_ROOMS)
    known = known or (
        isinstance(error, OSError)
        and (error.filename is not None or error.errno in _OF_THE_MACHINE)
    )
    return ExitCode.MACHINE if known else None


def _message(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "Interrupted. Run the same command again to go on."
    if isinstance(error, ModuleNotFoundError):
        remedy = INSTALL_PACKAGES
        return str(ToolMissing(f"The Python package {error.name} is not installed.", remedy))
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror or type(error).__name__}."
    if isinstance(error, OSError) and error.errno in _OF_THE_MACHINE:
        return f"This machine says: {error.strerror}. Make room, then run the same command again."
    return str(error)


def _keep_traceback(error: BaseException) -> Path:
    handle, name = tempfile.mkstemp(prefix="boardwright-", suffix=".log")
    with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as log:
        log.writelines(traceback.format_exception(error))
    return Path(name)
