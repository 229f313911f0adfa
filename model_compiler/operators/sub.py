"""SUB: the difference of two tensors, of which either may be repeated along axes."""

from __future__ import annotations

import numpy as np

from model_compiler import ir
from model_compiler.operators import addition, elementwise, expect
from model_compiler.operators.contract import Context, Emitted, Memory

MEMORY = Memory.IN_PLACE


def check(op: ir.Operator, model: ir.Model) -> None:
    """Accept int8 of up to four dimensions, computed or constant."""
    elementwise.check_pair(op, model)
    addition.check(op, model, _multipliers(op, model))


def macs(op: ir.Operator, model: ir.Model) -> int:
    """Return 0: nothing is accumulated."""
    return 0


def scratch_bytes(op: ir.Operator, model: ir.Model) -> int:
    """Return the table of long sums; short ones need none."""
    return addition.scratch_bytes(op, model, _multipliers(op, model))


def emit(op: ir.Operator, context: Context) -> Emitted:
    """Return one call."""
    return addition.emit(op, context, _multipliers(op, context.model), sign=-1)


def _multipliers(op: ir.Operator, model: ir.Model) -> addition.Multipliers:
    """Divide in float32, where ADD divides in double precision.

    Source: CalculateOpDataSub in tensorflow/lite/micro/kernels/sub_common.cc at 90b983c.
    """
    first, second = (
        np.float32(expect.input_tensor(op, model, position).scale) for position in (0, 1)
    )
    with np.errstate(all="ignore"):
        common = np.float32(2) * max(first, second)
        fine = np.float32(2**addition.LEFT_SHIFT) * np.float32(model.tensors[op.outputs[0]].scale)
        return addition.Multipliers(
            float(first / common), float(second / common), float(common / fine)
        )
