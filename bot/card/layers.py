"""The layers of a converted model, read from the file by the compiler's own reader."""

from __future__ import annotations

from dataclasses import dataclass

from bot.rendering.numbers import number
from bot.rendering.text import Markdown
from model_compiler.errors import ModelError
from model_compiler.ir import Model, Operator, Tensor
from model_compiler.reader import read_model


@dataclass(frozen=True, slots=True)
class LayerRow:
    """One operator of the model."""

    operator: str
    output: Markdown
    constants: Markdown
    quantisation: Markdown


def layers(content: bytes) -> list[LayerRow]:
    """Return the input and every operator; nothing where the file cannot be read."""
    try:
        model = read_model(content)
    except ModelError:
        return []
    inputs = [
        LayerRow("input", _shape(model.tensors[i]), Markdown("-"), _quantisation(model.tensors[i]))
        for i in model.inputs
    ]
    return inputs + [_row(model, operator) for operator in model.operators]


def _row(model: Model, operator: Operator) -> LayerRow:
    output = model.tensors[operator.outputs[0]]
    constants = [model.tensors[i] for i in operator.inputs if i >= 0 and model.tensors[i].data]
    held = sum(len(tensor.data or b"") for tensor in constants)
    shapes = ", ".join(_shape(tensor) for tensor in constants)
    return LayerRow(
        operator=operator.code.name,
        output=_shape(output),
        constants=Markdown(f"{shapes}: {number(held)} bytes" if constants else "-"),
        quantisation=_quantisation(output),
    )


def _shape(tensor: Tensor) -> Markdown:
    extents = " x ".join(map(str, tensor.shape)) or "scalar"
    return Markdown(f"{extents} {tensor.dtype.name.lower()}")


def _quantisation(tensor: Tensor) -> Markdown:
    found = tensor.quantization
    if found is None or len(found.scales) != 1:
        return Markdown("-")
    return Markdown(f"{found.scales[0]:.6g}, {found.zero_points[0]}")
