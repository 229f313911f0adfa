"""Write the C of a model: its header, its source, and the kernels it calls."""

from __future__ import annotations

import importlib.resources
import re
from collections.abc import Iterable, Mapping

from model_compiler import ir
from model_compiler.c_text import number
from model_compiler.compiled import Port, Summary
from model_compiler.operators.contract import Emitted
from model_compiler.optimise import Optimise
from model_compiler.planner import ALIGNMENT_BYTES
from model_compiler.version import COMPILER_VERSION

_LICENCE = "/* SPDX-License-Identifier: Apache-2.0 */"
_SHARED_KERNEL_FILES = ("bw_arithmetic.h", "bw_kernels.h")
_KERNEL_SETS = ("", "_dsp", "_mve")
"""What the names of kernel files end with: plain C, the DSP extension, Helium."""


_AIMS = {
    Optimise.SIZE: "size",
    Optimise.BALANCED: "size and speed",
    Optimise.SPEED: "speed",
}


def emit_header(name: str, summary: Summary) -> str:
    """Return `bw_<name>.h`: sizes, places, scales, and three functions."""
    prefix = f"BW_{name.upper()}"
    ports = "\n\n".join(
        _port_macros(prefix, kind, position, port)
        for kind, ports in (("INPUT", summary.inputs), ("OUTPUT", summary.outputs))
        for position, port in enumerate(ports)
    )
    return f"""{_LICENCE}
{_provenance(summary)}
#ifndef {prefix}_H
#define {prefix}_H

/* Memory that the caller provides to every function below, aligned to {ALIGNMENT_BYTES} bytes. */
#define {prefix}_ARENA_BYTES {summary.arena_bytes}

#define {prefix}_INPUTS {len(summary.inputs)}
#define {prefix}_OUTPUTS {len(summary.outputs)}

/* A real value is scale * (q - zero_point); OFFSET counts bytes from the start of the arena. */
{ports}

#define BW_ERROR_ARENA (-1) /* the arena is NULL or not aligned */

#ifdef __cplusplus
extern "C" {{
#endif

/* Returns where the caller writes input `index` before each inference, or NULL if there is none. */
void *bw_{name}_input(void *arena, int index);

/* Returns where output `index` stands after an inference, or NULL if there is none. */
const void *bw_{name}_output(const void *arena, int index);

/* Runs one inference of {summary.macs:,} multiply-accumulates. Destroys the inputs, keeps only the
 * outputs. Returns 0 or a negative BW_ERROR_. */
int bw_{name}_invoke(void *arena);

#ifdef __cplusplus
}}
#endif

#endif
"""


def _provenance(summary: Summary) -> str:
    return (
        f"/* Written by boardwright {COMPILER_VERSION} from the model with SHA-256\n"
        f" * {summary.model_sha256}. Do not edit: compile the model again.\n"
        f" * Optimised for {_AIMS[summary.optimise]}: build it and the kernels with "
        f"{summary.optimise.flag}. */"
    )


def _port_macros(prefix: str, kind: str, position: int, port: Port) -> str:
    stem = f"{prefix}_{kind}" + (f"_{position}" if position else "")
    macros = [
        f"/* {kind.capitalize()} {position}: {port.dtype} {_shape(port.shape)}, "
        f"{_quoted(port.name)} */",
        f"#define {stem}_OFFSET {port.offset}",
        f"#define {stem}_BYTES {port.nbytes}",
        f"#define {stem}_COUNT {port.count}",
    ]
    if port.scale:
        macros += [
            f"#define {stem}_SCALE {number(port.scale)}",
            f"#define {stem}_ZERO_POINT ({port.zero_point})",
        ]
    return "\n".join(macros)


def _shape(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "scalar"


def _quoted(name: str) -> str:
    """Return a name from the model file such that it cannot end a comment or spoil the text."""
    clean = re.sub(r"[^A-Za-z0-9_.:;,/ -]", "_", name)
    return f'"{clean[:60]}"'


def emit_source(
    name: str,
    model: ir.Model,
    emitted: Mapping[int, Emitted],
    summary: Summary,
    *,
    profiled: bool = False,
) -> str:
    """Return `bw_<name>.c`: constants by operator, then the functions of the header.

    Where it is `profiled`, a point stands before each operator and behind the last one.
    """
    constants = _constants(model, emitted, summary)
    calls = "\n\n".join(
        "\n".join(
            (
                f"    {_operator_comment(op, model, summary)}",
                *_point(op.index, profiled),
                *_indented(emitted[op.index]),
            )
        )
        for op in model.operators
    )
    end = "".join(f"{line}\n" for line in _point(len(summary.operators), profiled))
    profile_header = '#include "bw_profile.h"\n' if profiled else ""
    return f"""{_LICENCE}
{_provenance(summary)}
#include "bw_{name}.h"

#include <stddef.h>
#include <stdint.h>

#include "bw_kernels.h"
{profile_header}
{constants}
{_place_function(name, "input", summary.inputs)}
{_place_function(name, "output", summary.outputs)}
int bw_{name}_invoke(void *arena)
{{
    int8_t *const a = arena;

    if (a == NULL || (uintptr_t)a % {ALIGNMENT_BYTES} != 0) {{
        return BW_ERROR_ARENA;
    }}

{calls}

{end}    return 0;
}}
"""


def _point(index: int, profiled: bool) -> tuple[str, ...]:
    return (f"    BW_PROFILE({index});",) if profiled else ()


def _constants(model: ir.Model, emitted: Mapping[int, Emitted], summary: Summary) -> str:
    written: set[str] = set()
    blocks = []
    for op in model.operators:
        texts = []
        for constant in emitted[op.index].constants:
            if constant.name not in written:
                written.add(constant.name)
                texts.append(f"{constant.text}\n")
        if texts:
            blocks.append("\n".join((_operator_comment(op, model, summary), *texts)))
    return "\n".join(blocks)


def _operator_comment(op: ir.Operator, model: ir.Model, summary: Summary) -> str:
    """Return `/* 3 CONV_2D: 25x5x64 -> 25x5x64, 512,000 MACs */`."""
    sources = [model.tensors[i] for i in op.inputs if i != ir.NO_TENSOR]
    computed = ", ".join(_shape(tensor.shape) for tensor in sources if tensor.data is None)
    results = ", ".join(_shape(model.tensors[index].shape) for index in op.outputs)
    macs = summary.operators[op.index].macs
    cost = f", {macs:,} MACs" if macs else ""
    return f"/* {op.index} {op.code.name}: {computed} -> {results}{cost} */"


def _indented(emitted: Emitted) -> Iterable[str]:
    if not emitted.statements:
        return ("    /* the same bytes under another shape */",)
    return (f"    {statement}" for statement in emitted.statements)


def _place_function(name: str, kind: str, ports: tuple[Port, ...]) -> str:
    """Return the function that finds inputs or outputs in the arena."""
    constness = "const " if kind == "output" else ""
    cases = "".join(
        f"    case {position}:\n        return a + BW_{name.upper()}_{kind.upper()}"
        f"{f'_{position}' if position else ''}_OFFSET;\n"
        for position in range(len(ports))
    )
    return f"""{constness}void *bw_{name}_{kind}({constness}void *arena, int index)
{{
    {constness}int8_t *const a = arena;

    switch (index) {{
{cases}    default:
        return NULL;
    }}
}}
"""


def kernel_files(kernels: Iterable[str]) -> dict[str, str]:
    """Return the sources of these kernels in every kernel set, with the headers, by file name."""
    folder = importlib.resources.files("model_compiler.kernels")
    names = {file.name for file in folder.iterdir()}
    wanted = {f"{kernel}{of_set}.c" for kernel in kernels for of_set in _KERNEL_SETS} & names
    headers = {name for name in names if name.endswith(".h")}
    texts = {name: (folder / name).read_text(encoding="utf-8") for name in wanted | headers}
    needed = _included(_SHARED_KERNEL_FILES, texts) | _included(sorted(wanted), texts)
    return {name: texts[name] for name in sorted(wanted | needed)}


def _included(files: Iterable[str], texts: Mapping[str, str]) -> set[str]:
    """Return the kernel headers among some files, and those that they include, however deep."""
    found: set[str] = set()
    left = list(files)
    while left:
        name = left.pop()
        if name.endswith(".h"):
            found.add(name)
        new = set(re.findall(r'^#include "(bw_\w+\.h)"', texts[name], re.MULTILINE)) - found
        left += sorted(new)
    return found
