"""What ADD and SUB share: both inputs brought to one scale, 20 bits finer than their own."""

from __future__ import annotations

from dataclasses import dataclass

from model_compiler import arithmetic, c_text, ir
from model_compiler.operators import agreement, elementwise, expect
from model_compiler.operators.contract import Context, Emitted

LEFT_SHIFT = 20
_TABLE_BYTES = 4 * 256
_LEAST_TABLED = 1024  # elements, so that the table is filled less often than read
_GREATEST_RIGHT_SHIFT = 21  # leaves room for the zero point before the shift


@dataclass(frozen=True, slots=True)
class Multipliers:
    """Real multipliers of the first input, of the second, and of the output."""

    first: float
    second: float
    output: float


def check(op: ir.Operator, model: ir.Model, multipliers: Multipliers) -> None:
    """Refuse multipliers that TFLM refuses: they must be above 0 and below 1."""
    target = model.tensors[op.outputs[0]]
    if max(multipliers.first, multipliers.second) != 0.5:
        expect.refuse(op, "the scales of its inputs overflow", agreement.CALIBRATE, target.name)
    for multiplier in (multipliers.first, multipliers.second, multipliers.output):
        if not 0 < multiplier < 1 or arithmetic.quantize_multiplier(multiplier)[1] > 0:
            problem = f"its scale and those of the inputs make a multiplier of {multiplier:g}"
            expect.refuse(op, problem, agreement.CALIBRATE, target.name)


def emit(op: ir.Operator, context: Context, multipliers: Multipliers, sign: int) -> Emitted:
    """Return one call; `sign` is that of the second input.

    The input with the greater scale has the multiplier 1/2: its part of the sum is exact.
    """
    model = context.model
    grid = elementwise.grid(op, model)
    places = (0, 1) if multipliers.first >= multipliers.second else (1, 0)
    signs = (1, sign)
    coarse, fine = (model.tensors[op.inputs[place]] for place in places)
    multiplier, shift = arithmetic.quantize_multiplier(min(multipliers.first, multipliers.second))
    output_multiplier, output_shift = arithmetic.quantize_multiplier(multipliers.output)
    name = context.symbol(op)
    parameters = c_text.struct(
        "bw_add_t",
        name,
        {
            "size": grid.sizes,
            "coarse_stride": grid.strides[places[0]],
            "fine_stride": grid.strides[places[1]],
            "coarse_offset": -coarse.zero_point,
            "coarse_factor": signs[places[0]] << (LEFT_SHIFT - 1),
            "fine_offset": -fine.zero_point,
            "fine_multiplier": multiplier,
            "fine_right_shift": -shift,
            "fine_sign": signs[places[1]],
            "output_multiplier": output_multiplier,
            "output_right_shift": -output_shift,
            **elementwise.limits(op, model),
        },
    )
    constants = [parameters]
    for index in dict.fromkeys(op.inputs):
        constants += context.constant(index)
    operands = (coarse.index, fine.index, op.outputs[0])
    addresses = ", ".join(context.address(index) for index in operands)
    if _is_tabled(op, model, multipliers):
        call = f"bw_add_equal(&{name}, {addresses}, {context.scratch()});"
        return Emitted((call,), tuple(constants), ("bw_add_equal", "bw_add"))
    return Emitted((f"bw_add(&{name}, {addresses});",), tuple(constants), ("bw_add",))


def scratch_bytes(op: ir.Operator, model: ir.Model, multipliers: Multipliers) -> int:
    """Return the bytes of the table with which long sums are computed."""
    return _TABLE_BYTES if _is_tabled(op, model, multipliers) else 0


def _is_tabled(op: ir.Operator, model: ir.Model, multipliers: Multipliers) -> bool:
    """Return whether bw_add_equal computes the operator: inputs of one shape, and long ones."""
    grid = elementwise.grid(op, model)
    run = grid.sizes[-1]
    whole = run == model.tensors[op.outputs[0]].count >= _LEAST_TABLED
    equal = grid.strides[0] == grid.strides[1]
    shift = arithmetic.quantize_multiplier(multipliers.output)[1]
    return whole and equal and 1 <= -shift <= _GREATEST_RIGHT_SHIFT
