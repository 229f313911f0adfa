"""Repair: what of the evidence an author can mend, who that is, and what is told about it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.authors.author import Failure
from bot.evidence import Evidence, Outcome, Stage

LOG_LINES = 30
LOG_MAX_CHARACTERS = 2_400

# About the data themselves, or about us: no file of an author changes them.
_NOBODY = frozenset(
    {
        *("data.classes", "data.held_out_classes", "data.held_out", "data.leaks"),
        *("convert.oracle_equal", "train.networks"),
    }
)
# Figures that another network changes: first the ladder climbs, then these lead to a repair.
_FIGURES = frozenset(
    {
        *("accuracy", "accuracy_drop", "linear_baseline", "beats_majority", "size"),
        *("flash", "ram", "instructions", "latency", "fits_flash", "fits_ram"),
    }
)
# What comes to light in one stage and is made in another.
_BLAMED = {
    "convert.compiles": Stage.TRAIN,
    "convert.score_scale": Stage.TRAIN,
    "convert.accuracy_drop": Stage.TRAIN,
    "scores_equal": Stage.FEATURES,
}
# Of these, what the stage itself may also be at fault for: it is asked first.
_OWN_FIRST = frozenset({"convert.compiles"})
_FOLDERS = re.compile(r"(?<![\w.])(?:/[\w.+@-]+)+/(?=[\w.+-])")  # of absolute paths


def mendable(stage: Stage, evidence: Sequence[Evidence]) -> tuple[Failure, ...]:
    """Return what the author of a stage can mend at once, before any later stage runs."""
    return tuple(
        failure_of(e)
        for e in evidence
        if e.outcome is Outcome.FAIL
        and e.check not in _NOBODY
        and not _is_figure(e)
        and (e.check in _OWN_FIRST or _BLAMED.get(_last(e.check), stage) is stage)
    )


def blamed(evidence: Sequence[Evidence]) -> tuple[Stage, tuple[Failure, ...]] | None:
    """Return the stage whose files must change after all stages ran, and why; None for none.

    The earliest stage at fault is the one, as the later ones follow from it. Figures that were
    missed lead to `train.py`, which chooses the network.
    """
    found: dict[Stage, list[Failure]] = {}
    for e in evidence:
        if e.outcome is Outcome.FAIL and e.check not in _NOBODY:
            at = _BLAMED.get(e.check) or _BLAMED.get(_last(e.check))
            stage = Stage.TRAIN if at is None and _is_figure(e) else at or e.stage
            found.setdefault(stage, []).append(failure_of(e))
    first = next((stage for stage in Stage if stage in found), None)
    return None if first is None else (first, tuple(found[first]))


def failure_of(evidence: Evidence) -> Failure:
    """Return a failed check as an author is told of it."""
    unit = f" {evidence.unit}" if evidence.unit else ""
    limit = f"{evidence.relation.value} {evidence.limit}{unit}".strip()
    return Failure(
        check=evidence.check,
        claim=evidence.claim,
        expected="" if evidence.limit is None else limit,
        measured=f"{evidence.value}{unit}",
        method=evidence.method,
        detail=telling_lines(evidence.detail),
    )


def telling_lines(log: str) -> str:
    """Return the first lines of a log, bounded, without the folders of this machine."""
    lines = _FOLDERS.sub("", log).strip().splitlines()
    return "\n".join(line.rstrip() for line in lines[:LOG_LINES])[:LOG_MAX_CHARACTERS]


def _last(check: str) -> str:
    return check if check in _BLAMED else check.rpartition(".")[2]


def _is_figure(evidence: Evidence) -> bool:
    """Say whether a network of another size may change it; a firmware too large is one of them."""
    name = evidence.check.rpartition(".")[2]
    too_large = name == "builds" and evidence.detail.startswith("The firmware needs ")
    return name in _FIGURES or too_large
