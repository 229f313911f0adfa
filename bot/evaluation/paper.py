"""What the paper reports of its stages, to stand beside what is measured here.

Its stages were run one by one on inputs of its own, and counted as successful when the code ended
with exit code 0 or compiled; nothing was run on a board. Ours are chained, and count by evidence.

Source: arXiv 2501.12420; success-rate_statistics_MCU.csv in the authors' repository of raw results
(GPT-4o, 28 October 2024, 30 runs of each stage), with its means of tokens, cost and seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.evidence import Stage


@dataclass(frozen=True, slots=True)
class PaperStage:
    """One stage of the paper, GPT-4o."""

    name: str
    successes: int
    runs: int
    tokens: int
    cost_usd: float
    seconds: float


_FIRMWARE = PaperStage("sketch: compiles", 11, 30, 13_320, 0.1038, 60.5)
PAPER: Mapping[Stage, PaperStage] = {
    Stage.DATA: PaperStage("data processing: exit code 0", 27, 30, 10_832, 0.0797, 47.8),
    Stage.CONVERT: PaperStage("conversion: exit code 0", 30, 30, 688, 0.0063, 6.1),
    Stage.FIRMWARE: _FIRMWARE,
}


def chained_share() -> float:
    """Return the share of runs in which all its stages would succeed, were they independent."""
    share = 1.0
    for stage in PAPER.values():
        share *= stage.successes / stage.runs
    return share
