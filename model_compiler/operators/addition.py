"""What ADD and SUB share: both inputs brought to one scale, 20 bits finer than their own."""

from __future__ import annotations

from dataclasses import dataclass

from model_compiler import arithmetic, c_text, ir
from model_compiler.operators import agreement, elementwise, expect
from model_compiler.operators.contract import Context, Emitted

LEFT_SHIFT = 20


@dataclass(frozen=True, slots=True)
class Multipliers:
    """Real multipliers of the first input, of the second, and of the output."""

    first: float
    second: float
    output: float


def check(op: ir.Operator, model: ir.Model, multipliers: Multipliers) -> None:
    """Refuse multipliers that TFLM refuses: they must be above 0 and below 1."""
    target = model.tensors[op.outputs[0]]
    for multiplier in (multipliers.first, multipliers.second, multipliers.output):
        if not 0 < multiplier < 1 or arithmetic.quantize_multiplier(multiplier)[1] > 0:
            problem = f"its scale and those of the inputs make a multiplier of {multiplier:g}"
            expect.refuse(op, problem, agreement.CALIBRATE, target.name)


def emit(op: ir.Operator, context: Context, multipliers: Multipliers, sign: int) -> Emitted:
    """Return one call; `sign` is that of the second input."""
    model = context.model
    first, second = (model.tensors[index] for index in op.inputs)
    fields: dict[str, int | float | str | list[int]] = {**elementwise.grid(op, model)}
    for role, offset, multiplier in (
        ("input1", -first.zero_point, multipliers.first),
        ("input2", -second.zero_point, multipliers.second),
    ):
        quantized, shift = arithmetic.quantize_multiplier(multiplier)
        fields |= {
            f"{role}_offset": offset,
            f"{role}_multiplier": quantized,
            f"{role}_right_shift": -shift,
        }
    quantized, shift = arithmetic.quantize_multiplier(multipliers.output)
    fields |= {
        "input2_sign": sign,
        "output_multiplier": quantized,
        "output_right_shift": -shift,
        **elementwise.limits(op, model),
    }
    name = context.symbol(op)
    constants = [c_text.struct("bw_add_t", name, fields)]
    for index in dict.fromkeys(op.inputs):
        constants += context.constant(index)
    addresses = ", ".join(context.address(index) for index in (*op.inputs, *op.outputs))
    return Emitted((f"bw_add(&{name}, {addresses});",), tuple(constants), ("bw_add",))
