"""MUL: the product of two tensors, of which either may be repeated along axes."""

from __future__ import annotations

from model_compiler import c_text, ir
from model_compiler.operators import agreement, elementwise, expect
from model_compiler.operators.contract import Context, Emitted, Memory

MEMORY = Memory.IN_PLACE


def check(op: ir.Operator, model: ir.Model) -> None:
    """Accept int8 of up to four dimensions, computed or constant."""
    elementwise.check_pair(op, model)
    _rescaling(op, model)


def macs(op: ir.Operator, model: ir.Model) -> int:
    """Return 0: nothing is accumulated."""
    return 0


def scratch_bytes(op: ir.Operator, model: ir.Model) -> int:
    """Return 0: each element is on its own."""
    return 0


def emit(op: ir.Operator, context: Context) -> Emitted:
    """Return one call."""
    model = context.model
    first, second = (model.tensors[index] for index in op.inputs)
    multiplier, shift = _rescaling(op, model)
    grid = elementwise.grid(op, model)
    name = context.symbol(op)
    parameters = c_text.struct(
        "bw_mul_t",
        name,
        {
            "size": grid.sizes,
            "stride1": grid.strides[0],
            "stride2": grid.strides[1],
            "input1_offset": -first.zero_point,
            "input2_offset": -second.zero_point,
            "output_multiplier": multiplier,
            "output_shift": shift,
            **elementwise.limits(op, model),
        },
    )
    constants = [parameters]
    for index in dict.fromkeys(op.inputs):
        constants += context.constant(index)
    addresses = ", ".join(context.address(index) for index in (*op.inputs, *op.outputs))
    return Emitted((f"bw_mul(&{name}, {addresses});",), tuple(constants), ("bw_mul",))


def _rescaling(op: ir.Operator, model: ir.Model) -> tuple[int, int]:
    """Return multiplier and shift of the product.

    Source: CalculateOpDataMul in tensorflow/lite/micro/kernels/mul_common.cc at 90b983c.
    """
    first, second = (expect.input_tensor(op, model, position) for position in (0, 1))
    target = model.tensors[op.outputs[0]]
    real = first.scale * second.scale / target.scale
    return agreement.rescale(op, target, real, 255 * 255)
