"""Choose what to run in bands: what makes the arena smallest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from model_compiler import ir
from model_compiler.buffers import ScratchKey, find_buffers, live_bytes
from model_compiler.passes.bands import Region, in_bands, most_bands, regions_around
from model_compiler.planner import plan

Bands = int | Literal["auto"]
"""How many bands; 1 is whole images, "auto" as many as make the arena smallest."""

_COUNTS = (2, 3, 4, 6, 8, 12, 16, 24, 32, 48)
_PROBES = (4, 12)
"""Counts that all stretches are tried with; the others only with those that these find good."""
_STRETCHES = 2
_MOST_REGIONS = 4
_NEAR = 1.05
_FEWEST_PIXELS = 16
"""That a band makes at a time: with fewer, kernels hardly begin before they end."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    """What a region would lead to; `nbytes` is what the greediest moment needs."""

    region: Region
    model: ir.Model
    nbytes: int

    @property
    def steps(self) -> int:
        return len(self.model.operators)


def with_bands(model: ir.Model, bands: Bands) -> tuple[ir.Model, tuple[Region, ...]]:
    """Return a model that needs less memory because some of it runs in bands.

    As long as the greediest moment is within operators that can run in bands, and bands help, a
    region around it is rewritten. With "auto", no band makes fewer than 16 pixels, and where needs
    are within five percent of the least, the fewest steps decide.

    Args:
        model: A model whose operators have been checked.
        bands: How many; where an image has fewer rows, it is not considered.

    Returns:
        The model, and what was rewritten, in terms of the operators of the model before; the same
        model and nothing where bands do not help.
    """
    regions: list[Region] = []
    scratch: dict[ScratchKey, int] = {}
    arena_bytes = plan(model, scratch).arena_bytes
    near, planned_at_most = (_NEAR, 2) if bands == "auto" else (1.0, 6)
    while bands != 1 and len(regions) < _MOST_REGIONS:
        found = _tried(model, scratch) if bands == "auto" else _all(model, bands, scratch)
        likely = [one for one in _best_first(found, near) if one.nbytes < arena_bytes]
        planned = [(plan(one.model, scratch).arena_bytes, one) for one in likely[:planned_at_most]]
        better = [(nbytes, one) for nbytes, one in planned if nbytes < arena_bytes]
        if not better:
            break
        most = min(nbytes for nbytes, _ in better) * near
        arena_bytes, best = next(pair for pair in better if pair[0] <= most)
        regions.append(_in_file(model, best.region))
        model = best.model
    return model, tuple(sorted(regions, key=lambda region: region.first))


def _in_file(model: ir.Model, region: Region) -> Region:
    """Return a region of a model that may have bands in terms of the operators of the file."""
    first, last = model.operators[region.first], model.operators[region.end - 1]
    return Region(_source(model, first.index), _source(model, last.index) + 1, region.bands)


def _source(model: ir.Model, index: int) -> int:
    sources = {op.band.source for op in model.operators[:index] if op.band is not None}
    added = sum(op.band is not None for op in model.operators[:index])
    return index - added + len(sources)


def _best_first(found: Sequence[_Candidate], near: float) -> list[_Candidate]:
    """Return those near the least need first, by steps, then the others by need."""
    least = min((one.nbytes for one in found), default=0)

    def rank(one: _Candidate) -> tuple[int, int, int]:
        need = least if one.nbytes <= least * near else one.nbytes
        return need, one.steps, one.nbytes

    return sorted(found, key=rank)


def _tried(model: ir.Model, scratch: dict[ScratchKey, int]) -> list[_Candidate]:
    """Return candidates of all counts: all stretches with a few counts, the best with the others.

    What leaves a band fewer than `_FEWEST_PIXELS` is not among them.
    """
    stretches = list(_stretches(model, scratch))
    found: list[_Candidate] = []
    good: list[tuple[int, int]] = []
    for count in _PROBES:
        tried = [
            _candidate(model, Region(*s, count), scratch) for s in _cut(model, stretches, count)
        ]
        best = sorted(tried, key=lambda one: (one.nbytes, one.steps))[:_STRETCHES]
        good += [(one.region.first, one.region.end) for one in best]
        found += tried
    for count in _COUNTS:
        if count not in _PROBES:
            cut = _cut(model, list(dict.fromkeys(good)) or stretches, count)
            found += [_candidate(model, Region(*s, count), scratch) for s in cut]
    return found


def _cut(
    model: ir.Model, stretches: Sequence[tuple[int, int]], count: int
) -> list[tuple[int, int]]:
    """Return the stretches whose result has pixels enough for so many bands."""
    return [
        (first, end)
        for first, end in stretches
        if count <= most_bands(model, end)
        and most_bands(model, end) // count * _width(model, end) >= _FEWEST_PIXELS
    ]


def _width(model: ir.Model, end: int) -> int:
    return model.tensors[model.operators[end - 1].outputs[0]].shape[2]


def _all(model: ir.Model, count: int, scratch: dict[ScratchKey, int]) -> list[_Candidate]:
    """Return all stretches that so many bands can be made of."""
    return [
        _candidate(model, Region(first, end, count), scratch)
        for first, end in _stretches(model, scratch)
        if count <= most_bands(model, end)
    ]


def _stretches(model: ir.Model, scratch: dict[ScratchKey, int]) -> Iterator[tuple[int, int]]:
    """Return what can run in bands around the greediest moment."""
    live = live_bytes(find_buffers(model, scratch).all())
    greediest = live.index(max(live)) - 1
    return regions_around(model, min(max(greediest, 0), len(model.operators) - 1))


def _candidate(model: ir.Model, region: Region, scratch: dict[ScratchKey, int]) -> _Candidate:
    rewritten = in_bands(model, region)
    return _Candidate(region, rewritten, _greediest(rewritten, scratch))


def _greediest(model: ir.Model, scratch: dict[ScratchKey, int]) -> int:
    return max(live_bytes(find_buffers(model, scratch).all()))
