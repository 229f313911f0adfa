"""The layers of a converted model, read by the compiler itself, and what each of them costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.rendering.numbers import number
from bot.rendering.text import Markdown, code
from hardware_runner.report import Profile, RunReport
from model_compiler import check_model
from model_compiler.errors import ModelError
from model_compiler.ir import Model, Operator, Tensor
from model_compiler.operators import OPERATORS
from model_compiler.reader import read_model

_NOT_MEASURED = Markdown("not measured")
_NONE = Markdown("-")


@dataclass(frozen=True, slots=True)
class LayerRow:
    """One operator of the model; `instructions` has an entry for each column of the table."""

    operator: str
    output: Markdown
    constants: Markdown
    macs: Markdown
    instructions: tuple[Markdown, ...]
    quantisation: Markdown


@dataclass(frozen=True, slots=True)
class LayerTable:
    """The input and every operator, with one column of instructions for each board that counts.

    `totals` are the multiply-accumulates, and the count of each column.
    """

    counted_on: tuple[Markdown, ...]
    rows: tuple[LayerRow, ...]
    totals: tuple[Markdown, ...]


def layer_table(content: bytes, reports: Sequence[RunReport]) -> LayerTable | None:
    """Return the layers of a `.tflite` file and what they cost; None where it cannot be read.

    There is a column of instructions also where no board counts, so that a reader sees what was
    not measured.
    """
    try:
        model = read_model(content)
        check_model(model)
    except ModelError:
        return None
    counting = [report for report in reports if report.verified == "emulator"]
    profiles = [_of(model, report.profile) for report in counting] or [None]
    blank = (_NONE,) * len(profiles)
    inputs = [
        LayerRow("input", _shape(tensor), _NONE, _NONE, blank, _quantisation(tensor))
        for tensor in (model.tensors[index] for index in model.inputs)
    ]
    macs = sum(_macs(model, operator) for operator in model.operators)
    return LayerTable(
        tuple(Markdown(f" on {code(report.board)}") for report in counting) or (Markdown(""),),
        (*inputs, *(_row(model, operator, profiles) for operator in model.operators)),
        (Markdown(number(macs)), *(_count(p.total if p else None) for p in profiles)),
    )


def _of(model: Model, profile: Profile | None) -> Profile | None:
    """Return a profile if it is one of the operators that stand in the file."""
    whole = profile is not None and len(profile.operators) == len(model.operators)
    return profile if whole else None


def _row(model: Model, operator: Operator, profiles: Sequence[Profile | None]) -> LayerRow:
    output = model.tensors[operator.outputs[0]]
    constants = [model.tensors[i] for i in operator.inputs if i >= 0 and model.tensors[i].data]
    held = sum(len(tensor.data or b"") for tensor in constants)
    shapes = ", ".join(_shape(tensor) for tensor in constants)
    macs = _macs(model, operator)
    return LayerRow(
        operator=operator.code.name,
        output=_shape(output),
        constants=Markdown(f"{shapes}: {number(held)} bytes") if constants else _NONE,
        macs=Markdown(number(macs)) if macs else _NONE,
        instructions=tuple(_count(p.operators[operator.index] if p else None) for p in profiles),
        quantisation=_quantisation(output),
    )


def _macs(model: Model, operator: Operator) -> int:
    return OPERATORS[operator.code].macs(operator, model)


def _count(instructions: int | None) -> Markdown:
    return _NOT_MEASURED if instructions is None else Markdown(number(instructions))


def _shape(tensor: Tensor) -> Markdown:
    extents = " x ".join(map(str, tensor.shape)) or "scalar"
    return Markdown(f"{extents} {tensor.dtype.name.lower()}")


def _quantisation(tensor: Tensor) -> Markdown:
    found = tensor.quantization
    if found is None or len(found.scales) != 1:
        return _NONE
    return Markdown(f"{found.scales[0]:.6g}, {found.zero_points[0]}")
