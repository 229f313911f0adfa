"""Errors of the compiler, and who must act on each.

    CompilerError
    ├── ModelError                 whoever made the model
    │   ├── MalformedModel         the file is damaged or no TensorFlow Lite model: export it again
    │   └── UnsupportedModel       the file is sound, but not for this compiler: change the model
    └── HostError                  whoever looks after this machine
        ├── HostCompilerMissing    install a C compiler
        └── HostBuildFailed        the C compiler refused the generated files: report it to us

All of them survive pickling.
"""

from __future__ import annotations


class CompilerError(Exception):
    """What this package raises on purpose."""


class ModelError(CompilerError):
    """The model cannot be compiled."""


class MalformedModel(ModelError):
    """The bytes are not a sound TensorFlow Lite model."""


class UnsupportedModel(ModelError):
    """The model is sound, but holds something that this compiler does not translate.

    Args:
        problem: What is not supported, as a clause: "dilation 2 with stride 2".
        cure: What to do about it, as a sentence: "Use stride 1.".
        operator: TFLite's name of the operator, "" where none is concerned.
        index: Place of the operator in the model, -1 where none is concerned.
        tensor: Name of the tensor, "" where none is concerned.
    """

    def __init__(
        self, problem: str, cure: str = "", operator: str = "", index: int = -1, tensor: str = ""
    ) -> None:
        super().__init__(problem, cure, operator, index, tensor)
        self.problem = problem
        self.cure = cure
        self.operator = operator
        self.index = index
        self.tensor = tensor

    def __str__(self) -> str:
        place = f"operator {self.index} ({self.operator})" if self.operator else "the model"
        tensor = f", tensor '{self.tensor}'" if self.tensor else ""
        cure = f" {self.cure}" if self.cure else ""
        return f"{place}{tensor}: {self.problem}.{cure}"


class HostError(CompilerError):
    """The compiled model cannot be run on this machine."""


class HostCompilerMissing(HostError):
    """There is no C compiler on this machine."""


class HostBuildFailed(HostError):
    """The C compiler of this machine refused the generated files."""
