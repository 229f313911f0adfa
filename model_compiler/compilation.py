"""From a model to its C: check, plan, emit, sum up."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping

from model_compiler import ir
from model_compiler.arithmetic import INT32_MAX, INT32_MIN
from model_compiler.c_text import Constant, c_type
from model_compiler.compiled import BandedSummary, CompiledModel, OperatorSummary, Port, Summary
from model_compiler.emitter import emit_header, emit_source, kernel_files
from model_compiler.errors import UnsupportedModel
from model_compiler.operators import OPERATORS
from model_compiler.operators.contract import Context, Emitted, Memory
from model_compiler.operators.expect import EXPORT_AGAIN
from model_compiler.optimise import Optimise
from model_compiler.passes.choice import Bands, with_bands
from model_compiler.passes.sharing import shared_by_bands
from model_compiler.peak import find_peak
from model_compiler.planner import Plan, plan
from model_compiler.reader import read_model
from model_compiler.schema import TensorType
from model_compiler.soundness import check_soundness

_PORT_TYPES = (TensorType.INT8, TensorType.INT32, TensorType.FLOAT32)
_MAX_ARENA_BYTES = 2**31 - 1
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")


def load_model(data: bytes) -> ir.Model:
    """Return the model in the bytes of a `.tflite` file.

    Raises:
        MalformedModel: the bytes are damaged or are no TensorFlow Lite model.
        UnsupportedModel: the model holds what this compiler does not translate.
    """
    model = read_model(data)
    check_model(model)
    return model


def check_model(model: ir.Model) -> None:
    """Return if every part of a model can be compiled.

    Raises:
        MalformedModel: tensors and operators do not fit together.
        UnsupportedModel: an operator, a type or a shape is not supported; the message says which.
    """
    check_soundness(model)
    for op in model.operators:
        if op.code not in OPERATORS:
            raise UnsupportedModel(
                "this operator is not supported",
                f"Supported are {', '.join(sorted(code.name for code in OPERATORS))}.",
                op.code.name,
                op.index,
            )
        OPERATORS[op.code].check(op, model)
    for index in (*model.inputs, *model.outputs):
        _check_port(model.tensors[index])


def _check_port(tensor: ir.Tensor) -> None:
    if tensor.dtype not in _PORT_TYPES:
        cure = "Use int8 inputs and outputs."
        raise UnsupportedModel(f"type {tensor.dtype.name}", cure, tensor=tensor.name)
    if not _is_quantised_per_tensor(tensor):
        return
    if not (math.isfinite(tensor.scale) and tensor.scale > 0):
        raise UnsupportedModel(f"scale {tensor.scale}", EXPORT_AGAIN, tensor=tensor.name)
    if not INT32_MIN <= tensor.zero_point <= INT32_MAX:
        raise UnsupportedModel(f"zero point {tensor.zero_point}", EXPORT_AGAIN, tensor=tensor.name)


def _is_quantised_per_tensor(tensor: ir.Tensor) -> bool:
    return tensor.quantization is not None and len(tensor.quantization.scales) == 1


def compile_model(
    model: ir.Model,
    *,
    name: str = "model",
    optimise: Optimise = Optimise.BALANCED,
    bands: Bands = 1,
) -> CompiledModel:
    """Return the C of a model.

    Args:
        model: From `load_model` or made in Python.
        name: Lower-case C identifier that prefixes files, functions and macros: `bw_<name>_invoke`.
        optimise: What to prefer where flash and instructions pull in different directions.
        bands: In how many bands of rows to run the operators that need most memory, if that lowers
            the arena; "auto" for the smallest arena, 1 for whole images.

    Raises:
        ModelError: see `check_model`.
        ValueError: the name is no such identifier, or is a kernel's; or less than one band.
    """
    if bands != "auto" and bands < 1:
        raise ValueError(f"{bands} bands cannot hold an image: use 1 or more, or 'auto'")
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"'{name}' cannot name a model: use up to 32 of a-z, 0-9 and _, a letter first"
        )
    check_model(model)
    model = dataclasses.replace(model, optimise=optimise)
    whole_arena_bytes = plan(model).arena_bytes
    model, regions = with_bands(model, bands)
    arena = plan(model)
    if arena.arena_bytes > _MAX_ARENA_BYTES:
        raise UnsupportedModel(f"an arena of {arena.arena_bytes:,} bytes", "Use a smaller model.")
    emitted = _emit(model, arena)
    summary = dataclasses.replace(
        _summarise(model, arena, emitted),
        whole_arena_bytes=whole_arena_bytes,
        constant_spare_bytes=_spare_bytes(emitted),
        peak=find_peak(model),
        optimise=optimise,
        banded=tuple(BandedSummary(r.first, r.end - 1, r.bands) for r in regions),
    )
    kernels = kernel_files(sorted({k for item in emitted.values() for k in item.kernels}))
    files = {
        f"bw_{name}.h": emit_header(name, summary),
        f"bw_{name}.c": emit_source(name, model, emitted, summary),
    }
    if files.keys() & kernels.keys() or name in ("kernels", "arithmetic"):
        raise ValueError(f"'{name}' is the name of a kernel: choose another name for the model")
    profiled = emit_source(name, model, emitted, summary, profiled=True)
    return CompiledModel(name, files | kernels, summary, profiled)


def _emit(model: ir.Model, arena: Plan) -> dict[int, Emitted]:
    """Return the C of each operator, by its index."""
    emitted: dict[int, Emitted] = {}
    texts: dict[tuple[int, str], Constant] = {}
    for op in model.operators:
        module = OPERATORS[op.code]
        scratch = arena.scratch_offsets.get(op.index, 0)
        is_view = module.MEMORY is Memory.VIEW
        context = Context(model, arena.offsets, scratch, texts)
        emitted[op.index] = Emitted() if is_view else module.emit(op, context)
    return shared_by_bands(model, emitted)


def _spare_bytes(emitted: Mapping[int, Emitted]) -> int:
    """Return by how much the constants of the smallest kernel set are fewer than those counted."""
    found = {c.name: c.spare_bytes for item in emitted.values() for c in item.constants}
    return sum(found.values())


def _summarise(model: ir.Model, arena: Plan, emitted: Mapping[int, Emitted]) -> Summary:
    counted: set[str] = set()
    operators = []
    for op in model.operators:
        new = {c.name: c.nbytes for c in emitted[op.index].constants if c.name not in counted}
        counted.update(new)
        operators.append(
            OperatorSummary(
                op.index,
                op.code.name,
                model.tensors[op.outputs[0]].shape,
                OPERATORS[op.code].macs(op, model),
                sum(new.values()),
                op.band,
            )
        )
    return Summary(
        tuple(operators),
        sum(item.macs for item in operators),
        sum(item.constant_bytes for item in operators),
        arena.arena_bytes,
        arena.lower_bound_bytes,
        tuple(_port(model.tensors[index], arena) for index in model.inputs),
        tuple(_port(model.tensors[index], arena) for index in model.outputs),
        model.sha256,
    )


def _port(tensor: ir.Tensor, arena: Plan) -> Port:
    quantised = _is_quantised_per_tensor(tensor)
    return Port(
        tensor.name,
        tensor.shape,
        c_type(tensor.dtype),
        tensor.count,
        tensor.nbytes,
        arena.offsets[tensor.index],
        tensor.scale if quantised else 0.0,
        tensor.zero_point if quantised else 0,
    )
