"""All static checks of a stage's files."""

from __future__ import annotations

from collections.abc import Mapping

from bot.evidence import Stage
from bot.static_checks.c_source import check_c
from bot.static_checks.finding import Finding
from bot.static_checks.python_source import check_python


def check_sources(stage: Stage, files: Mapping[str, str]) -> tuple[Finding, ...]:
    """Return what is wrong with the files that an author wrote for a stage; nothing is run.

    Args:
        files: by path relative to the project folder, those of `AUTHORED_PATHS`.
    """
    found: list[Finding] = []
    for path, text in files.items():
        found += check_python(path, text, stage) if path.endswith(".py") else check_c(path, text)
    return tuple(sorted(found))
