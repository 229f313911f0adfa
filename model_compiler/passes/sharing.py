"""Let the bands of an operator share their constants: tables, and parameters of equal geometry."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from model_compiler import ir
from model_compiler.c_text import Constant
from model_compiler.operators.contract import Emitted

_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
_DEFINITION = re.compile(r"^static const \w+ (\w+)", re.MULTILINE)
_Key = tuple[int, str]


def shared_by_bands(model: ir.Model, emitted: Mapping[int, Emitted]) -> dict[int, Emitted]:
    """Return the C of each operator, in which equal constants of one operator's bands are one.

    A constant that differs from another in nothing but the names that it defines is left out, and
    the other's names stand wherever they were named.

    Args:
        model: The model, in which some operators may have bands.
        emitted: The C of each operator by its index; constants come before those that name them.
    """
    known: dict[_Key, Constant] = {}
    result = dict(emitted)
    for op in model.operators:
        if op.band is not None:
            result[op.index] = _shared(emitted[op.index], op.band.source, known)
    return result


def _shared(emitted: Emitted, source: int, known: dict[_Key, Constant]) -> Emitted:
    names: dict[str, str] = {}
    constants = []
    for constant in emitted.constants:
        text = _renamed(constant.text, names)
        own = _defined(text)
        nameless = _renamed(text, {name: f"{place}" for place, name in enumerate(own)})
        first = known.setdefault((source, nameless), replace(constant, text=text))
        names |= zip(own, _defined(first.text), strict=True)
        constants.append(first)
    statements = tuple(_renamed(statement, names) for statement in emitted.statements)
    return replace(emitted, statements=statements, constants=tuple(constants))


def _defined(text: str) -> list[str]:
    """Return the names that a text defines, each once; kernel sets may define one name each."""
    return list(dict.fromkeys(_DEFINITION.findall(text)))


def _renamed(text: str, names: Mapping[str, str]) -> str:
    return _IDENTIFIER.sub(lambda found: names.get(found[0], found[0]), text)
