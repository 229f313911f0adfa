"""One module per operator, and the dict that lists them."""

from __future__ import annotations

from model_compiler.builtin_operator import BuiltinOperator
from model_compiler.operators import (
    add,
    concatenation,
    dequantize,
    hard_swish,
    leaky_relu,
    logistic,
    mean,
    mul,
    pad,
    quantize,
    relu,
    relu6,
    resize_nearest_neighbor,
    split,
    strided_slice,
    sub,
    tanh,
    transpose,
)
from model_compiler.operators.contract import OperatorModule

OPERATORS: dict[BuiltinOperator, OperatorModule] = {
    BuiltinOperator.ADD: add,
    BuiltinOperator.CONCATENATION: concatenation,
    BuiltinOperator.DEQUANTIZE: dequantize,
    BuiltinOperator.HARD_SWISH: hard_swish,
    BuiltinOperator.LEAKY_RELU: leaky_relu,
    BuiltinOperator.LOGISTIC: logistic,
    BuiltinOperator.MEAN: mean,
    BuiltinOperator.MUL: mul,
    BuiltinOperator.PAD: pad,
    BuiltinOperator.PADV2: pad,
    BuiltinOperator.QUANTIZE: quantize,
    BuiltinOperator.RELU: relu,
    BuiltinOperator.RELU6: relu6,
    BuiltinOperator.RESIZE_NEAREST_NEIGHBOR: resize_nearest_neighbor,
    BuiltinOperator.SPLIT: split,
    BuiltinOperator.STRIDED_SLICE: strided_slice,
    BuiltinOperator.SUB: sub,
    BuiltinOperator.TANH: tanh,
    BuiltinOperator.TRANSPOSE: transpose,
}
