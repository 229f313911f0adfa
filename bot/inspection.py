"""Inspection: static checks of authored files, as failures that their author is told of."""

from __future__ import annotations

from collections.abc import Mapping

from bot.authors.author import Failure
from bot.evidence import Stage
from bot.stages.stage_result import Context
from bot.static_checks.finding import Finding
from bot.static_checks.sources import check_sources


def inspect_files(stage: Stage, files: Mapping[str, str], context: Context) -> tuple[Failure, ...]:
    """Return what is wrong with files, before anything of them runs."""
    return tuple(
        failure_of(finding, files[finding.path]) for finding in check_sources(stage, files)
    )


def failure_of(finding: Finding, text: str) -> Failure:
    """Return a finding as an author is told of it, with the line that it is about."""
    lines = text.splitlines()
    at_line = 0 < finding.line <= len(lines)
    place = f"{finding.path}:{finding.line}" if at_line else finding.path
    shown = f"\n{lines[finding.line - 1].strip()[:200]}" if at_line else ""
    return Failure(
        check=finding.rule,
        claim=finding.message,
        method="static check: nothing was run",
        detail=f"{place}: {finding.cure}{shown}",
    )
