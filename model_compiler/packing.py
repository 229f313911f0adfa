"""Place buffers at offsets such that no two share a byte at one moment, in little memory.

Greedy orders come first: each buffer goes to the lowest place that is free when its turn comes, and
there is always an order for which this is optimal. Where none of the usual orders reaches the lower
bound, orders with two buffers swapped are tried, and then all orders, as far as the budgets go.

Source: for orders and swaps, Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net
Inference" (arXiv 2001.03288), and the hill climb of TVM's unified static memory planner.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from model_compiler.buffers import Buffer, lower_bound_bytes

_SWAPS = 400
_SWAPPED_BUFFERS = 40_000
"""Swaps that are tried, and buffers that are placed for it: there are fewer swaps of many."""
_NODES = 4000
_SEARCHED_BUFFERS = 40
"""Steps of the search through all orders, and the most buffers for which it is tried."""
_SEED = 0


@dataclass(frozen=True, slots=True)
class Packing:
    """Offsets of buffers in their order, and the bytes up to the end of the last of them."""

    offsets: tuple[int, ...]
    nbytes: int


def pack(buffers: Sequence[Buffer]) -> Packing:
    """Return where to place buffers; the same each time.

    The result is optimal where it reaches the lower bound. It is optimal, too, where buffers have a
    single span each and are few enough for all orders to be tried; then no other plan is better.
    """
    problem = _Problem.of(buffers)
    bound = lower_bound_bytes(buffers)
    best = min((problem.place(order) for order in _greedy_orders(buffers)), key=lambda p: p.nbytes)
    for improve in (_swap, _search):
        if best.nbytes > bound:
            best = improve(problem, best, bound)
    return best


_ORDERS: tuple[Callable[[Buffer], tuple[int, ...]], ...] = (
    lambda b: (-b.nbytes, _first(b)),
    lambda b: (-b.nbytes * (_last(b) - _first(b) + 1), _first(b)),
    lambda b: (_first(b), -b.nbytes),
    lambda b: (-_last(b), -b.nbytes),
)
"""The smallest packing wins, the earlier order where two are equal."""


def _first(buffer: Buffer) -> int:
    return min((span.first for span in buffer.spans), default=0)


def _last(buffer: Buffer) -> int:
    return max((span.last for span in buffer.spans), default=0)


def _greedy_orders(buffers: Sequence[Buffer]) -> list[list[int]]:
    return [sorted(range(len(buffers)), key=lambda i: order(buffers[i])) for order in _ORDERS]


@dataclass(frozen=True, slots=True)
class _Problem:
    """Buffers, and which distances they must not have.

    `forbidden[a][b]` holds pairs: the offset of b minus that of a lies in none of the open
    intervals between them.
    """

    buffers: Sequence[Buffer]
    sizes: tuple[int, ...]
    forbidden: tuple[dict[int, tuple[tuple[int, int], ...]], ...]

    @classmethod
    def of(cls, buffers: Sequence[Buffer]) -> _Problem:
        forbidden: tuple[dict[int, tuple[tuple[int, int], ...]], ...]
        forbidden = tuple({} for _ in buffers)
        lives = [(_first(buffer), _last(buffer)) for buffer in buffers]
        for a, (first, last) in enumerate(lives):
            for b in range(a):
                if first > lives[b][1] or lives[b][0] > last:
                    continue
                pairs = _distances(buffers[a], buffers[b])
                if pairs:
                    forbidden[a][b] = pairs
                    forbidden[b][a] = tuple((-high, -low) for low, high in pairs)
        return cls(buffers, tuple(buffer.nbytes for buffer in buffers), forbidden)

    def place(self, order: Sequence[int]) -> Packing:
        """Give each buffer in turn the lowest place that is free."""
        found = self.place_within(order, {}, None)
        assert found is not None  # noqa: S101, there is no limit
        return found

    def place_within(
        self, order: Sequence[int], placed: dict[int, int], limit: int | None
    ) -> Packing | None:
        """Go on behind the buffers that have a place; None if the limit in bytes is passed."""
        offsets = dict(placed)
        for index in order[len(placed) :]:
            offset = offsets[index] = self.lowest(index, offsets)
            if limit is not None and offset + self.sizes[index] > limit:
                return None
        nbytes = max((offsets[i] + self.sizes[i] for i in order), default=0)
        return Packing(tuple(offsets[i] for i in range(len(self.buffers))), nbytes)

    def lowest(self, index: int, offsets: dict[int, int]) -> int:
        """Return the lowest offset of a buffer that goes with those that have one."""
        alignment = self.buffers[index].alignment
        taken = [
            (offsets[other] - high, offsets[other] - low)
            for other, pairs in self.forbidden[index].items()
            if other in offsets
            for low, high in pairs
        ]
        taken.sort()
        offset = 0
        for low, high in taken:
            if low >= offset:
                break
            if high > offset:
                offset = -(-high // alignment) * alignment
        return offset


def _distances(a: Buffer, b: Buffer) -> tuple[tuple[int, int], ...]:
    """Return the distances from a to b that make them share a byte, as open intervals."""
    return tuple(
        (mine.start - yours.end, mine.end - yours.start)
        for mine in a.spans
        for yours in b.spans
        if mine.first <= yours.last and yours.first <= mine.last
    )


def _swap(problem: _Problem, best: Packing, bound: int) -> Packing:
    """Swap one of the buffers that end highest with any other in the order, as long as it helps."""
    chance = random.Random(_SEED)  # noqa: S311, the same numbers each time are wanted
    order = sorted(range(len(best.offsets)), key=lambda i: best.offsets[i])
    for _ in range(min(_SWAPS, _SWAPPED_BUFFERS // len(order))):
        highest = [i for i in order if best.offsets[i] + problem.sizes[i] == best.nbytes]
        one, other = order.index(chance.choice(highest)), chance.randrange(len(order))
        tried = order.copy()
        tried[one], tried[other] = tried[other], tried[one]
        same = {i: best.offsets[i] for i in order[: min(one, other)]}
        packing = problem.place_within(tried, same, best.nbytes)
        if packing is not None:
            best, order = packing, tried
        if best.nbytes <= bound:
            break
    return best


def _search(problem: _Problem, best: Packing, bound: int) -> Packing:
    """Try the orders of ascending offsets, leaving out those that cannot become better.

    For buffers of one span each, one of these orders is optimal.
    """
    search = _Search(problem, best, bound, _NODES)
    if len(problem.sizes) <= _SEARCHED_BUFFERS:
        search.extend({}, 0)
    return search.best


@dataclass(slots=True)
class _Search:
    """Branch and bound over orders in which no buffer stands below the one before it."""

    problem: _Problem
    best: Packing
    bound: int
    nodes: int

    def extend(self, offsets: dict[int, int], level: int) -> None:
        """Try each buffer that may come next; `level` is the offset of the one before."""
        problem = self.problem
        left = [i for i in range(len(problem.sizes)) if i not in offsets]
        if not left:
            nbytes = max(offsets[i] + size for i, size in enumerate(problem.sizes))
            if nbytes < self.best.nbytes:
                self.best = Packing(tuple(offsets[i] for i in range(len(offsets))), nbytes)
            return
        lowest = {i: problem.lowest(i, offsets) for i in left}
        ceiling = min(lowest[i] + problem.sizes[i] for i in left)
        if ceiling <= level or self._least(offsets, level) >= self.best.nbytes:
            return  # a buffer was left out that fits below, or no order gets better from here
        ready = (i for i in left if level <= lowest[i] < ceiling)
        for i in sorted(ready, key=lambda i: (lowest[i], -problem.sizes[i])):
            if self.nodes == 0 or self.best.nbytes <= self.bound:
                return
            if lowest[i] + problem.sizes[i] < self.best.nbytes:
                self.nodes -= 1
                self.extend({**offsets, i: lowest[i]}, lowest[i])

    def _least(self, offsets: dict[int, int], level: int) -> int:
        """Return what the greediest moment needs if all that is left stands at `level` or above."""
        changes: dict[int, int] = {}
        for i in range(len(self.problem.sizes)):
            for span in self.problem.buffers[i].spans:
                start = offsets.get(i, level) + span.start
                size = max(0, offsets.get(i, level) + span.end - max(level, start))
                changes[span.first] = changes.get(span.first, 0) + size
                changes[span.last + 1] = changes.get(span.last + 1, 0) - size
        total, most = 0, 0
        for moment in sorted(changes):
            total += changes[moment]
            most = max(most, total)
        return level + most
