"""Let the bands of an operator share their constants: tables, and parameters of equal geometry.

The text of a constant may hold several definitions, and others for each kernel set between `#if`
and `#endif`. They are taken apart, and what an earlier band has defined already is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from model_compiler import ir
from model_compiler.c_text import Constant, definition_bytes
from model_compiler.operators.contract import Emitted

_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
_DEFINITION = re.compile(r"static const \w+ (\w+)[^;]*;", re.ASCII)
_Key = tuple[int, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class _Definition:
    """One definition; `branch` is the line before it that chooses a kernel set, or empty."""

    branch: str
    name: str
    text: str


def shared_by_bands(model: ir.Model, emitted: Mapping[int, Emitted]) -> dict[int, Emitted]:
    """Return the C of each operator, in which equal constants of one operator's bands are one.

    What differs from a definition of an earlier band in nothing but its name is left out, and the
    other name stands wherever it was named.

    Args:
        model: The model, in which some operators may have bands.
        emitted: The C of each operator by its index; constants come before those that name them.
    """
    known: dict[_Key, str] = {}
    result = dict(emitted)
    for op in model.operators:
        if op.band is not None:
            result[op.index] = _shared(emitted[op.index], op.band.source, known)
    return result


def _shared(emitted: Emitted, source: int, known: dict[_Key, str]) -> Emitted:
    names: dict[str, str] = {}
    constants: list[Constant] = []
    for constant in emitted.constants:
        all_of_them = _definitions(constant.text)
        left = list(_new(all_of_them, source, known, names))
        if left:
            constants.append(_constant(constant, [one.branch for one in all_of_them], left))
    statements = tuple(_renamed(statement, names) for statement in emitted.statements)
    return replace(emitted, statements=statements, constants=tuple(constants))


def _definitions(text: str) -> list[_Definition]:
    branch, found = "", []
    for line_or_definition in re.findall(r"^#.*$|^static const [^;]*;", text, re.MULTILINE):
        match = _DEFINITION.fullmatch(line_or_definition)
        if match is None:
            branch = line_or_definition
        else:
            found.append(_Definition(branch, match[1], line_or_definition))
    return found


def _new(
    definitions: Iterable[_Definition], source: int, known: dict[_Key, str], names: dict[str, str]
) -> Iterable[_Definition]:
    """Yield the definitions that no earlier band has; put the names of the others in `names`.

    A name that kernel sets define each in its way is left out only if all of them are known.
    """
    by_name: dict[str, list[_Definition]] = {}
    for one in definitions:  # in the order of their last definitions: what they name comes before
        by_name[one.name] = [*by_name.pop(one.name, []), one]
    for name, ways in by_name.items():
        key = tuple((way.branch, _renamed(way.text, {**names, name: "_"})) for way in ways)
        names[name] = known.setdefault((source, key), name)
        if names[name] == name:
            yield from (replace(way, text=_renamed(way.text, names)) for way in ways)


def _constant(
    constant: Constant, branches: Iterable[str], definitions: Iterable[_Definition]
) -> Constant:
    """Return a constant of some of its definitions, in all its branches."""
    texts: dict[str, list[str]] = {branch: [] for branch in branches}
    for one in definitions:
        texts[one.branch].append(one.text)
    sizes = [sum(map(definition_bytes, found)) for found in texts.values()]
    text = "\n".join("\n".join((branch, "\n\n".join(found))) for branch, found in texts.items())
    text = text.strip() if list(texts) == [""] else f"{text}\n#endif"
    most = max(sizes)
    return replace(constant, text=text, nbytes=most, spare_bytes=most - min(sizes))


def _renamed(text: str, names: Mapping[str, str]) -> str:
    return _IDENTIFIER.sub(lambda found: names.get(found[0], found[0]), text)
