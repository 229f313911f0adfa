"""REDUCE_MAX: the greatest over some axes."""

from __future__ import annotations

from model_compiler import c_text, ir
from model_compiler.operators import agreement, reduction
from model_compiler.operators.contract import Context, Emitted, Memory

MEMORY = Memory.OWN


def check(op: ir.Operator, model: ir.Model) -> None:
    """Accept up to four dimensions, constant axes, and one quantisation."""
    source, target = reduction.check_reduction(op, model)
    agreement.same_quantization(op, source, target)


def macs(op: ir.Operator, model: ir.Model) -> int:
    """Return 0: numbers are compared."""
    return 0


def scratch_bytes(op: ir.Operator, model: ir.Model) -> int:
    """Return 0: one maximum is open at a time."""
    return 0


def emit(op: ir.Operator, context: Context) -> Emitted:
    """Return a call with the loops over kept and reduced axes."""
    name = context.symbol(op)
    parameters = c_text.struct(
        "bw_reduce_max_t", name, {"size": reduction.loops(op, context.model)}
    )
    source, target = op.inputs[0], op.outputs[0]
    call = f"bw_reduce_max(&{name}, {context.address(source)}, {context.address(target)});"
    return Emitted((call,), (*context.constant(source), parameters), ("bw_reduce_max",))
