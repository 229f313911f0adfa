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
_PLANNED = 4
_MOST_REGIONS = 4
_NEAR = 1.02


@dataclass(frozen=True, slots=True)
class _Candidate:
    region: Region
    model: ir.Model
    nbytes: int

    @property
    def steps(self) -> int:
        return len(self.model.operators)


def with_bands(model: ir.Model, bands: Bands) -> tuple[ir.Model, tuple[Region, ...]]:
    """Return a model that needs less memory because some of it runs in bands.

    As long as the greediest moment is within operators that can run in bands, and bands help, the
    best region around it is rewritten. With "auto", arenas within two percent of the smallest count
    as equal, and the fewest steps decide.

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
    while bands != 1 and len(regions) < _MOST_REGIONS:
        counts = _COUNTS if bands == "auto" else (bands,)
        planned = [
            _Candidate(found.region, found.model, plan(found.model, scratch).arena_bytes)
            for found in _likely(model, counts, scratch)
        ]
        better = [found for found in planned if found.nbytes < arena_bytes]
        if not better:
            break
        smallest = min(found.nbytes for found in better)
        near = (found for found in better if found.nbytes <= smallest * _NEAR)
        best = min(near, key=lambda found: (found.steps, found.nbytes))
        regions.append(_in_file(model, best.region))
        model, arena_bytes = best.model, best.nbytes
    return model, tuple(sorted(regions, key=lambda region: region.first))


def _in_file(model: ir.Model, region: Region) -> Region:
    """Return a region of a model that may have bands in terms of the operators of the file."""
    first, last = model.operators[region.first], model.operators[region.end - 1]
    return Region(_source(model, first.index), _source(model, last.index) + 1, region.bands)


def _source(model: ir.Model, index: int) -> int:
    sources = {op.band.source for op in model.operators[:index] if op.band is not None}
    added = sum(op.band is not None for op in model.operators[:index])
    return index - added + len(sources)


def _likely(
    model: ir.Model, counts: Sequence[int], scratch: dict[ScratchKey, int]
) -> list[_Candidate]:
    """Return the candidates with the least greediest moments, a few of them for each count."""
    best: list[_Candidate] = []
    for count in counts:
        found = sorted(_candidates(model, count, scratch), key=lambda c: (c.nbytes, c.steps))
        best += found[: _PLANNED if len(counts) == 1 else 2]
    return sorted(best, key=lambda c: (c.nbytes, c.steps))[:_PLANNED]


def _candidates(
    model: ir.Model, count: int, scratch: dict[ScratchKey, int]
) -> Iterator[_Candidate]:
    live = live_bytes(find_buffers(model, scratch).all())
    greediest = live.index(max(live)) - 1
    index = min(max(greediest, 0), len(model.operators) - 1)
    for first, end in regions_around(model, index):
        if count <= most_bands(model, end):
            region = Region(first, end, count)
            rewritten = in_bands(model, region)
            yield _Candidate(region, rewritten, _greediest(rewritten, scratch))


def _greediest(model: ir.Model, scratch: dict[ScratchKey, int]) -> int:
    return max(live_bytes(find_buffers(model, scratch).all()))
