"""MAX_POOL_2D: the max of a window, padding left out."""

from __future__ import annotations

from model_compiler import ir
from model_compiler.operators import pool_2d
from model_compiler.operators.contract import Context, Emitted, Memory

MEMORY = Memory.OWN


def check(op: ir.Operator, model: ir.Model) -> None:
    """Refuse what `pool_2d.check` refuses."""
    pool_2d.check(op, model)


def macs(op: ir.Operator, model: ir.Model) -> int:
    """Return 0."""
    del op, model
    return 0


def scratch_bytes(op: ir.Operator, model: ir.Model) -> int:
    """Return 0."""
    del op, model
    return 0


def emit(op: ir.Operator, context: Context) -> Emitted:
    """Return the call of bw_max_pool_2d."""
    return pool_2d.emit(op, context, "bw_max_pool_2d")
