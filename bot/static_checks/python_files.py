"""File access in Python source: data.py reads what it is given, the others nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from bot.evidence import Stage
from bot.static_checks.finding import Finding
from bot.static_checks.python_lists import OTHER_DATA, PICKLES, PLACES, READ, READ_METHODS, WRITE

_OPENERS = frozenset({"Image", "io", "wave"})  # modules whose `open` takes a path


def check_files(path: str, tree: ast.Module, stage: Stage) -> Iterator[Finding]:
    """Find access to files that the stage's contract does not need."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.ImportFrom):
            yield from _foreign(path, node)
        if isinstance(node, ast.Call):
            yield from _call(path, node, stage)


def _foreign(path: str, node: ast.Attribute | ast.ImportFrom) -> Iterator[Finding]:
    names = {node.attr} if isinstance(node, ast.Attribute) else set((node.module or "").split("."))
    if isinstance(node, ast.ImportFrom):
        names |= {alias.name for alias in node.names}
    if names & OTHER_DATA:
        message = f"'{min(names & OTHER_DATA)}' brings other data than the request's."
        yield Finding(
            path, node.lineno, "python.other_data", message, "Use only the data that are passed in."
        )


def _call(path: str, node: ast.Call, stage: Stage) -> Iterator[Finding]:
    name = _called(node)

    def finding(rule: str, message: str, cure: str) -> Finding:
        return Finding(path, node.lineno, f"python.{rule}", message, cure)

    if name in PICKLES or _allows_pickle(node):
        yield finding(
            "pickle", f"'{name}' may run what a file holds.", "Read tables and arrays of numbers."
        )
    if name in WRITE or (name == "open" and _opens_to_write(node)):
        yield finding(
            "write", f"'{name}' writes to disk.", "Return the result; the harness keeps it."
        )
    elif name in READ and stage is not Stage.DATA:
        yield finding(
            "read",
            f"'{name}' reads a file, but this stage is passed all that it needs.",
            "Use the function's parameters.",
        )
    elif name in PLACES and isinstance(node.func, ast.Attribute) and not node.args:
        yield finding(
            "place", f"'{name}' depends on the machine.", "Work with the path that is passed in."
        )
    elif _takes_a_place(node, name) and _names_a_place(node):
        yield finding(
            "place",
            f"'{name}' is given a place that is written into the file.",
            "load() reads the path that it is given, wherever that is.",
        )


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _takes_a_place(node: ast.Call, name: str) -> bool:
    if name == "open" and isinstance(node.func, ast.Attribute):
        return isinstance(node.func.value, ast.Name) and node.func.value.id in _OPENERS
    return name in READ - READ_METHODS or name in ("Path", "PurePath")


def _names_a_place(node: ast.Call) -> bool:
    first = node.args[0] if node.args else None
    return isinstance(first, ast.JoinedStr) or (
        isinstance(first, ast.Constant) and isinstance(first.value, str | bytes | int)
    )


def _opens_to_write(node: ast.Call) -> bool:
    method = isinstance(node.func, ast.Attribute) and len(node.args) < 2
    modes = node.args[:1] if method else node.args[1:2]
    modes += [keyword.value for keyword in node.keywords if keyword.arg == "mode"]
    return any(
        isinstance(mode, ast.Constant)
        and isinstance(mode.value, str)
        and len(mode.value) <= 3
        and bool(set("wax+") & set(mode.value))
        for mode in modes
    )


def _allows_pickle(node: ast.Call) -> bool:
    return any(
        keyword.arg == "allow_pickle"
        and not (isinstance(keyword.value, ast.Constant) and keyword.value.value is False)
        for keyword in node.keywords
    )
