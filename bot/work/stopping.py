"""Stopping: what people are told where nothing could be made, and who acts."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from bot.errors import ExitCode, Infrastructure, RequestError, ToolMissing, explain
from bot.llm.language_model import RequestBudgetReached
from bot.rendering.text import Markdown, code, inline
from bot.sandbox.job import NeedsSandboxError
from bot.work.outcome import Stopped

_PROBLEM_MAX = 2_000
# Absolute paths of the machine: what stands before the last part of one.
_FOLDERS = re.compile(r"(?<![\w./:])/(?:[\w.+@-]+/)+(?=[\w.+-])")

RETRY = "ask for `/boardwright retry`: what passed is kept, and it goes on from there."
_RUNS = "Whoever runs Boardwright must act"


def stopped(error: BaseException, folder: Path) -> Stopped:
    """Return what people are told about an exception; the log gets it in full.

    Args:
        error: what ended the work.
        folder: of the job, whose place on the machine is nobody's business.
    """
    explanation = explain(error)
    print(explanation.message, file=sys.stderr)  # noqa: T201  (this process's log)
    if isinstance(error, RequestError):
        return Stopped(
            whose="request",
            problem=_located(error) + error.problem,
            cure=f"{error.cure} Then {RETRY}".strip(),
            again=False,
        )
    said = inline(_FOLDERS.sub("", explanation.message.replace(str(folder), "")), _PROBLEM_MAX)
    if explanation.code is ExitCode.REQUEST:
        return Stopped(
            whose="request", problem=said, cure=f"Change the request, then {RETRY}", again=False
        )
    if explanation.code is ExitCode.OURS:
        name = code(type(error).__name__)
        return Stopped(
            whose="service",
            problem=f"Something went wrong that should not have ({name}). "
            "The fault is Boardwright's, not the request's.",
            cure=f"{_RUNS}: the log of this delivery says more. Trying again may do: {RETRY}",
            again=False,
        )
    return _of_machine(error, said)


def _of_machine(error: BaseException, said: str) -> Stopped:
    if isinstance(error, Infrastructure):
        said = inline(_FOLDERS.sub("", error.problem), _PROBLEM_MAX)
    if isinstance(error, RequestBudgetReached):
        cure = f"{_RUNS}: the budget of one request is set there. Then {RETRY}"
        return Stopped(whose="service", problem=said, cure=cure, again=False)
    remedy = error.remedy if isinstance(error, Infrastructure) else ""
    lasting = isinstance(error, ToolMissing | NeedsSandboxError)
    does = f" by {code(remedy)}" if remedy else ""
    cure = f"{_RUNS}{does}. Then {RETRY}" if lasting or remedy else f"Later, {RETRY}"
    return Stopped(whose="service", problem=said, cure=cure, again=not lasting)


def _located(error: RequestError) -> Markdown:
    return Markdown(f"**{inline(error.field)}:** " if error.field else "")
