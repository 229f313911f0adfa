"""What AVERAGE_POOL_2D and MAX_POOL_2D have in common."""

from __future__ import annotations

from model_compiler import ir
from model_compiler.arithmetic import activation_range
from model_compiler.c_text import struct
from model_compiler.operators import agreement, expect
from model_compiler.operators.contract import Context, Emitted
from model_compiler.operators.window import Axis, axes
from model_compiler.options import Pool2DOptions

_SCALE_TOLERANCE = 1.0e-6
_GREATEST_WINDOW = 2**22  # sums of int8 stay far within 32 bits


def check(op: ir.Operator, model: ir.Model) -> None:
    """Refuse windows without output, and outputs quantised differently from their input.

    Source: PoolingPrepare in tensorflow/lite/micro/kernels/pooling_common.cc.
    """
    options = expect.options(op, Pool2DOptions)
    expect.operands(op, (1, 1))
    source, target = expect.input_tensor(op, model, 0), model.tensors[op.outputs[0]]
    for tensor in (source, target):
        expect.per_tensor(op, tensor)
    agreement.activation_range(op, options.activation, target)
    expect.rank(op, source, 4, 4)
    y, x = _axes(op, model)
    expect.same_shape(op, target, (source.shape[0], y.output, x.output, source.shape[3]))
    if min(y.filter, y.input) * min(x.filter, x.input) > _GREATEST_WINDOW:
        expect.refuse(op, f"a window of {y.filter}x{x.filter}", "Pool in two steps.", source.name)
    same = abs(source.scale - target.scale) <= _SCALE_TOLERANCE
    if not (same and source.zero_point == target.zero_point):
        problem = "input and output are quantised differently"
        expect.refuse(op, problem, expect.EXPORT_AGAIN, target.name)


def _axes(op: ir.Operator, model: ir.Model) -> tuple[Axis, Axis]:
    options = expect.options(op, Pool2DOptions)
    image = model.tensors[op.inputs[0]].shape
    return axes(op, options, image, (options.filter_h, options.filter_w))


def emit(op: ir.Operator, context: Context, kernel: str) -> Emitted:
    """Return the call of a pooling kernel."""
    options = expect.options(op, Pool2DOptions)
    source, target = (context.model.tensors[i] for i in (op.inputs[0], op.outputs[0]))
    least, greatest = activation_range(options.activation, target.scale, target.zero_point)
    y, x = _axes(op, context.model)
    parameters = struct(
        "bw_pool_2d_t",
        context.symbol(op),
        {
            "batches": source.shape[0],
            "channels": source.shape[3],
            "y": y.members,
            "x": x.members,
            "activation_min": least,
            "activation_max": greatest,
        },
    )
    addresses = f"{context.address(source.index)}, {context.address(target.index)}"
    return Emitted(
        (f"{kernel}(&{parameters.name}, {addresses});",),
        (*context.constant(source.index), parameters),
        (kernel,),
    )
