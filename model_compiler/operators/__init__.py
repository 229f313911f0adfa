"""One module per operator, and the dict that lists them."""

from __future__ import annotations

from model_compiler.builtin_operator import BuiltinOperator
from model_compiler.operators.contract import OperatorModule

OPERATORS: dict[BuiltinOperator, OperatorModule] = {}
