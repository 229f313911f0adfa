"""Run operators that follow one another band by band, so that large images never exist whole.

The output of the last of them is made in bands of rows, from top to bottom. For each band every
operator makes the rows that this band needs and that are not there yet. Of the rows above, those
that its successor still reads are copied from the band before; so nothing is computed twice.

Bands span the full width: in the order height, width, channel they stand in one piece, and the
kernels work on them as on any image.

Source: patch-based inference of Lin et al., "MCUNetV2" (arXiv 2110.15352), which computes the rows
between two patches once more.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field

from model_compiler import ir
from model_compiler.builtin_operator import BuiltinOperator
from model_compiler.options import ConcatenationOptions
from model_compiler.passes.rows import Rows, computed_inputs, is_row_wise, rows_read

_HEIGHT_AXIS = 1


@dataclass(frozen=True, slots=True)
class Region:
    """Operators `first` to `end`, which is not among them, to be run in `bands` bands."""

    first: int
    end: int
    bands: int


def regions_around(model: ir.Model, index: int) -> Iterator[tuple[int, int]]:
    """Yield first and end of all that can run in bands and holds operator `index` and another."""
    first = index
    while first >= 0 and is_row_wise(model.operators[first], model):
        end = index + 1
        while end <= len(model.operators) and is_row_wise(model.operators[end - 1], model):
            if end - first > 1 and _has_one_result(model, first, end):
                yield first, end
            end += 1
        first -= 1


def _has_one_result(model: ir.Model, first: int, end: int) -> bool:
    """Return whether only the last operator's output is read outside."""
    made = {op.outputs[0] for op in model.operators[first : end - 1]}
    outside = (*model.operators[:first], *model.operators[end:])
    return made.isdisjoint(model.outputs) and all(made.isdisjoint(op.inputs) for op in outside)


def most_bands(model: ir.Model, end: int) -> int:
    """Return the rows of what the operator before `end` makes."""
    return model.tensors[model.operators[end - 1].outputs[0]].shape[_HEIGHT_AXIS]


def in_bands(model: ir.Model, region: Region) -> ir.Model:
    """Return a model that gives the same answers and runs a region band by band.

    Args:
        model: A model whose operators have been checked.
        region: One of `regions_around`, in at most `most_bands` bands.
    """
    writer = _Writer(model, region, list(model.tensors))
    height = most_bands(model, region.end)
    for number in range(region.bands):
        first, end = (place * height // region.bands for place in (number, number + 1))
        writer.write(number, Rows(first, end))
    before, after = model.operators[: region.first], model.operators[region.end :]
    operators = enumerate((*before, *writer.operators, *after))
    return dataclasses.replace(
        model,
        tensors=tuple(writer.tensors),
        operators=tuple(dataclasses.replace(op, index=index) for index, op in operators),
    )


@dataclass(slots=True)
class _Writer:
    """The operators and tensors of the bands so far.

    `homes` says in which tensor the rows of an image are now, and which row is the first there;
    images that are not mentioned are whole. `done` says how many rows of an image were made.
    """

    model: ir.Model
    region: Region
    tensors: list[ir.Tensor]
    operators: list[ir.Operator] = field(default_factory=list)
    homes: dict[int, tuple[int, int]] = field(default_factory=dict)
    done: dict[int, int] = field(default_factory=dict)

    def write(self, number: int, rows: Rows) -> None:
        """Add what makes these rows of the last output."""
        inside = self.model.operators[self.region.first : self.region.end]
        result = inside[-1].outputs[0]
        wanted, made = self._wanted({result: rows})
        for op in inside:
            output = op.outputs[0]
            if output not in made:
                continue
            if output != result:
                self._open(op, number, wanted[output], made[output])
            self._run(op, number, made[output])
            self.done[output] = made[output].end

    def _wanted(self, wanted: dict[int, Rows]) -> tuple[dict[int, Rows], dict[int, Rows]]:
        """Return the rows that this band reads of each image, and those of them to be made."""
        made: dict[int, Rows] = {}
        for op in reversed(self.model.operators[self.region.first : self.region.end]):
            output = op.outputs[0]
            if output not in wanted:
                continue
            rows = Rows(max(wanted[output].first, self.done.get(output, 0)), wanted[output].end)
            if rows.count > 0:
                made[output] = rows
                read, _ = rows_read(op, self.model, rows)
                for index in computed_inputs(op, self.model):
                    wanted[index] = read.joined(wanted.get(index))
        return wanted, made

    def _open(self, op: ir.Operator, number: int, wanted: Rows, made: Rows) -> None:
        """Give an image a tensor for this band, with a copy of the rows that are there already."""
        image = op.outputs[0]
        old = Rows(wanted.first, made.first)
        source = self._slice(image, old) if old.count > 0 else ir.NO_TENSOR
        self.homes[image] = (self._tensor(image, wanted.count, None), wanted.first)
        if old.count > 0:
            copy = ir.Operator(
                0,
                BuiltinOperator.CONCATENATION,
                (source,),
                (self._slice(image, old),),
                ConcatenationOptions(axis=_HEIGHT_AXIS),
                ir.Band(number, op.index, old.count, 0),
            )
            self.operators.append(copy)

    def _run(self, op: ir.Operator, number: int, rows: Rows) -> None:
        """Add the operator, such that it makes these rows of its output."""
        read, padding = rows_read(op, self.model, rows)
        computed = computed_inputs(op, self.model)
        self.operators.append(
            dataclasses.replace(
                op,
                inputs=tuple(self._slice(i, read) if i in computed else i for i in op.inputs),
                outputs=(self._slice(op.outputs[0], rows),),
                band=ir.Band(number, op.index, rows.count, padding),
            )
        )

    def _slice(self, image: int, rows: Rows) -> int:
        """Return a tensor that is these rows of an image, in its present home."""
        home, top = self.homes.get(image, (image, 0))
        whole = self.tensors[home]
        height = whole.shape[_HEIGHT_AXIS]
        if rows.count == height:
            return home
        offset = (rows.first - top) * whole.nbytes // height
        return self._tensor(home, rows.count, ir.Part(home, offset))

    def _tensor(self, like: int, height: int, part: ir.Part | None) -> int:
        """Add a tensor that differs from another in its height, and return its index."""
        batch, _, width, channels = self.tensors[like].shape
        index = len(self.tensors)
        shape = (batch, height, width, channels)
        self.tensors.append(
            dataclasses.replace(self.tensors[like], index=index, shape=shape, part=part)
        )
        return index
