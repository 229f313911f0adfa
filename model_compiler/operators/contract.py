"""What an operator's module provides, and what it hands to the emitter.

An operator is one module of this package, listed in `model_compiler.operators.OPERATORS`. To add
one: write the module with the five names of `OperatorModule`, its kernel
`model_compiler/kernels/bw_<x>.c` with a declaration in `bw_kernels.h`, and an entry in `OPERATORS`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from model_compiler import ir
from model_compiler.c_text import Constant, c_type, constant_tensor
from model_compiler.optimise import Optimise


class Memory(Enum):
    """Where the outputs of an operator may stand."""

    OWN = "own"  # in bytes of their own
    IN_PLACE = "in place"  # output 0 may replace an input of as many bytes that nobody needs later
    VIEW = "view"  # output 0 is input 0 under another shape: nothing runs


@dataclass(frozen=True, slots=True)
class Emitted:
    """C of one operator.

    Attributes:
        statements: Calls, in order, without indentation: `("bw_softmax(&softmax_4, a, a + 16);",)`.
            A call that can fail does not exist: `check` has refused what could.
        constants: What the statements name, `static const`; those of equal name are written once.
        kernels: Names of the kernel files without suffix: `("bw_softmax",)`.
    """

    statements: tuple[str, ...] = ()
    constants: tuple[Constant, ...] = ()
    kernels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Context:
    """What an operator needs to know about its surroundings when it is emitted.

    Attributes:
        model: The model that is compiled.
        offsets: Tensor index to byte offset in the arena, for every tensor that is no constant.
        scratch_offset: Byte offset of the operator's own scratch; 0 where it asked for none.
        texts: Constant tensors that have been written out, by tensor index and role; operators that
            share weights share their text.
    """

    model: ir.Model
    offsets: dict[int, int]
    scratch_offset: int = 0
    texts: dict[tuple[int, str], Constant] = field(default_factory=dict, repr=False)

    @property
    def optimise(self) -> Optimise:
        """Return what the compilation prefers; `model.optimise` is the same."""
        return self.model.optimise

    def symbol(self, op: ir.Operator, role: str = "") -> str:
        """Return a C name that only this operator uses: `conv_2d_3`, `conv_2d_3_multipliers`."""
        return f"{op.code.name.lower()}_{op.index}" + (f"_{role}" if role else "")

    def address(self, tensor_index: int) -> str:
        """Return a tensor's C expression: `a + 512` for int8, a cast pointer, or a constant's name.

        Put `self.constant(tensor_index)` among the constants wherever the tensor may be one.
        """
        tensor = self.model.tensors[tensor_index]
        if tensor.data is not None:
            return self.constant(tensor_index)[0].name
        place = f"a + {self.offsets[tensor_index]}"
        name = c_type(tensor.dtype)
        return place if name == "int8_t" else f"({name} *)(void *)({place})"

    def scratch(self) -> str:
        """Return the C expression for the operator's scratch, an `int8_t *` at a multiple of 8."""
        return f"a + {self.scratch_offset}"

    def constant(self, tensor_index: int, role: str = "tensor") -> tuple[Constant, ...]:
        """Return a constant tensor as the array `<role>_<index>`; empty for the others."""
        tensor = self.model.tensors[tensor_index]
        if tensor.data is None:
            return ()
        key = (tensor_index, role)
        if key not in self.texts:
            self.texts[key] = constant_tensor(tensor, role)
        return (self.texts[key],)


class OperatorModule(Protocol):
    """The names that an operator's module has at its top level."""

    MEMORY: Memory

    def check(self, op: ir.Operator, model: ir.Model) -> None:
        """Return if the operator can be compiled, or raise UnsupportedModel that names the cure.

        Everything that `macs`, `scratch_bytes` and `emit` rely on is checked here: number of inputs
        and outputs, dtypes, shapes, quantisation, options. Use `model_compiler.operators.expect`.
        """

    def macs(self, op: ir.Operator, model: ir.Model) -> int:
        """Return the multiply-accumulates of one inference, padding counted; 0 where none."""

    def scratch_bytes(self, op: ir.Operator, model: ir.Model) -> int:
        """Return the bytes of arena that the kernel needs during its call, beside its tensors.

        `model.optimise` says what the compilation prefers.
        """

    def emit(self, op: ir.Operator, context: Context) -> Emitted:
        """Return the C of the operator. Called only after `check`; not called for views."""
