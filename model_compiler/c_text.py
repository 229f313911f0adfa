"""C constants as text that reads as if typed: arrays, structs, numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from model_compiler import ir
from model_compiler.schema import TensorType

_C_TYPES = {
    TensorType.INT8: "int8_t",
    TensorType.UINT8: "uint8_t",
    TensorType.INT16: "int16_t",
    TensorType.INT32: "int32_t",
    TensorType.FLOAT32: "float",
    TensorType.BOOL: "uint8_t",
}
_LINE_WIDTH = 96
_INDENT = "    "
_C_SIZES = {"int8_t": 1, "uint8_t": 1, "int16_t": 2, "uint16_t": 2, "int32_t": 4, "float": 4}


@dataclass(frozen=True, slots=True)
class Constant:
    """A `static const` definition: name, text, and the bytes it takes on a 32-bit target.

    Where kernel sets have forms of different sizes, `nbytes` is that of the largest, and
    `spare_bytes` is by how much the smallest is smaller.
    """

    name: str
    text: str
    nbytes: int
    spare_bytes: int = 0


def c_type(dtype: TensorType) -> str:
    """Return the C element type of a tensor type; KeyError for those that C code never touches."""
    return _C_TYPES[dtype]


def number(value: int | float) -> str:
    """Return a C literal of an int32 or of a float32, such that compilers read the same value."""
    if isinstance(value, float):
        text = f"{np.float32(value)!s}"
        return f"{text}f" if "." in text or "e" in text else f"{text}.0f"
    return "INT32_MIN" if value == -(2**31) else str(value)


def array(ctype: str, name: str, values: Iterable[int | float]) -> Constant:
    """Return `static const <ctype> <name>[n] = {...};`, wrapped at 96 columns."""
    items = [number(value) for value in values]
    text = f"static const {ctype} {name}[{len(items)}] = {{\n{_wrapped(items)}\n}};"
    return Constant(name, text, len(items) * _C_SIZES[ctype])


def _wrapped(items: Sequence[str]) -> str:
    """Return items with commas between them, as many on a line as fit."""
    lines: list[str] = []
    first, width = 0, 0
    for place, item in enumerate(items):
        if place > first and width + len(item) + 1 > _LINE_WIDTH - len(_INDENT):
            lines.append(", ".join(items[first:place]))
            first, width = place, 0
        width += len(item) + 2
    lines.append(", ".join(items[first:]))
    return ",\n".join(_INDENT + line for line in lines)


def struct(
    ctype: str, name: str, fields: Mapping[str, int | float | str | Sequence[int]]
) -> Constant:
    """Return `static const <ctype> <name> = {.field = value, ...};`, one field a line.

    Args:
        ctype: A struct of kernels/bw_kernels.h whose members take 4 bytes each: int32_t, float,
            pointers, or arrays of them.
        name: Name of the constant.
        fields: Member to value: a number, a sequence for an array member, or a C expression such as
            the name of another constant.
    """
    lines = "".join(f"    .{key} = {_member(value)},\n" for key, value in fields.items())
    words = sum(1 if isinstance(v, int | float | str) else len(v) for v in fields.values())
    return Constant(name, f"static const {ctype} {name} = {{\n{lines}}};", 4 * words)


def _member(value: int | float | str | Sequence[int]) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return number(value)
    return "{" + ", ".join(number(item) for item in value) + "}"


def definition_bytes(text: str) -> int:
    """Return the bytes that a definition as `array` and `struct` write it takes on a target."""
    head, _, body = text.partition("=")
    values = re.findall(r"-?\w+(?:\.\w+)?(?![\w.]| =)", re.sub(r"\.\w+ =", "", body))
    return len(values) * _C_SIZES.get(head.split()[2], 4)


def by_kernel_set(
    plain: Constant, *, dsp: Constant | None = None, mve: Constant | None = None
) -> Constant:
    """Return a constant that each kernel set has in a form of its own, chosen by `#if`.

    Args:
        plain: The form for plain C, and for the sets that have none of their own.
        dsp: The form where BW_DSP is 1; of the same name.
        mve: The form where BW_MVE is 1; of the same name.

    The bytes of the result are those of the largest form.
    """
    forms = [(macro, form) for macro, form in (("BW_MVE", mve), ("BW_DSP", dsp)) if form]
    if not forms:
        return plain
    lines = [f"{'#elif' if place else '#if'} {m}\n{f.text}" for place, (m, f) in enumerate(forms)]
    text = "\n".join((*lines, f"#else\n{plain.text}", "#endif"))
    sizes = [plain.nbytes, *(form.nbytes for _, form in forms)]
    return Constant(plain.name, text, max(sizes), max(sizes) - min(sizes))


def constant_tensor(tensor: ir.Tensor, role: str) -> Constant:
    """Return a constant tensor as the array `<role>_<tensor index>`."""
    return array(c_type(tensor.dtype), f"{role}_{tensor.index}", tensor.values().ravel().tolist())
