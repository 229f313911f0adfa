"""What operators with one int8 input share: 256 answers, computed when the model is compiled."""

from __future__ import annotations

from collections.abc import Callable

from model_compiler import c_text, ir
from model_compiler.operators import agreement, expect
from model_compiler.operators.contract import Context, Emitted


def check_unary(op: ir.Operator, model: ir.Model) -> tuple[ir.Tensor, ir.Tensor]:
    """Return input and output, int8 and of one shape, or refuse the operator."""
    expect.operands(op, (1, 1))
    agreement.not_empty(op, model)
    source = expect.input_tensor(op, model, 0)
    target = model.tensors[op.outputs[0]]
    for tensor in (source, target):
        expect.per_tensor(op, tensor)
    expect.same_shape(op, target, source.shape)
    return source, target


def table(answer: Callable[[int], int]) -> tuple[int, ...]:
    """Return the answers to -128, -127, ... 127.

    Args:
        answer: From a value to its answer, which is clamped to int8 here.
    """
    return tuple(max(-128, min(127, answer(value))) for value in range(-128, 128))


def emit_table(op: ir.Operator, context: Context, answers: tuple[int, ...]) -> Emitted:
    """Return the C that maps input 0 to output 0 through a table from `table`."""
    name = context.symbol(op, "table")
    source, target = op.inputs[0], op.outputs[0]
    call = (
        f"bw_lut({name}, {context.address(source)}, {context.address(target)}, "
        f"{context.model.tensors[target].count});"
    )
    constants = (c_text.array("int8_t", name, answers), *context.constant(source))
    return Emitted((call,), constants, ("bw_lut",))
