"""Inspection: static checks of authored files, as failures that their author is told of."""

from __future__ import annotations

from collections.abc import Mapping

from bot.authors.author import Failure
from bot.evidence import Stage
from bot.stages.stage_result import Context


def inspect_files(stage: Stage, files: Mapping[str, str], context: Context) -> tuple[Failure, ...]:
    """Return what is wrong with files, before anything of them runs."""
    return ()
