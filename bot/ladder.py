"""The ladder: which size of network to try next, after what was measured."""

from __future__ import annotations

from collections.abc import Sequence

from bot.evidence import Evidence, Outcome
from bot.plan import ModelSize

TRIES_MAX = 3

_TOO_WEAK = ("accuracy", "accuracy_drop", "linear_baseline", "beats_majority", "learns")
_TOO_LARGE = ("flash", "ram", "instructions", "latency", "fits_flash", "fits_ram", "builds", "size")


def missed(evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """Return what failed."""
    return tuple(e for e in evidence if e.outcome is Outcome.FAIL)


def next_size(
    sizes: Sequence[ModelSize], tried: Sequence[ModelSize], evidence: Sequence[Evidence]
) -> ModelSize | None:
    """Return the size to try after the last one, or None where another would not help.

    Args:
        sizes: the plan's candidates, from small to large.
        tried: those that were measured, in order.
        evidence: what was found for the last of them.
    """
    names = {e.check.rpartition(".")[2] for e in missed(evidence)}
    weak, large = names & set(_TOO_WEAK), names & set(_TOO_LARGE)
    if len(tried) >= TRIES_MAX or bool(weak) == bool(large):
        return None
    place = sizes.index(tried[-1])
    rest = sizes[place + 1 :] if weak else sizes[:place][::-1]
    return next((size for size in rest if size not in tried), None)


def describe(size: ModelSize, evidence: Sequence[Evidence]) -> str:
    """Say in one line what a size led to."""
    failed = missed(evidence)
    figures = "; ".join(f"{e.claim}: {_value(e)}" for e in failed)
    accuracies = [e for e in evidence if e.check.endswith(".accuracy") and e.value is not None]
    reached = f"{accuracies[-1].claim} {accuracies[-1].value} %" if accuracies else "no accuracy"
    outcome = f"missed: {figures}" if failed else "every limit met"
    return f"{size.name} network, {size.parameters:,} parameters: {reached}; {outcome}"


def _value(evidence: Evidence) -> str:
    unit = f" {evidence.unit}" if evidence.unit else ""
    return f"{evidence.value}{unit}, wanted {evidence.relation.value} {evidence.limit}{unit}"
