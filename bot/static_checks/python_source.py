"""Python source by its syntax tree: the contract's function, allowed imports, no way out.

See the package: this explains, the sandbox protects.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.evidence import Stage
from bot.static_checks.finding import Finding, check_text
from bot.static_checks.python_files import check_files
from bot.static_checks.python_lists import (
    BUILTINS,
    DUNDERS,
    IMAGES,
    INSIDES,
    PACKAGES,
    STANDARD_LIBRARY,
)
from bot.static_checks.python_names import check_names

SIGNATURES: Mapping[Stage, tuple[str, tuple[str, ...]]] = {
    Stage.DATA: ("load", ("path",)),
    Stage.TRAIN: ("fit", ("x_train", "y_train", "x_val", "y_val", "seed")),
    Stage.CONVERT: ("convert", ("model", "calibration")),
}
"""The function of each stage, as docs/architecture.md has it."""

_GIVEN = frozenset({"x_train", "x_val", "calibration"})
_SCALING = (ast.Div, ast.Mult, ast.Sub, ast.FloorDiv)


@dataclass(frozen=True, slots=True)
class _Source:
    path: str
    stage: Stage
    tree: ast.Module

    def finding(self, node: ast.AST, rule: str, message: str, cure: str) -> Finding:
        return Finding(self.path, getattr(node, "lineno", 0), f"python.{rule}", message, cure)


def check_python(path: str, text: str, stage: Stage) -> tuple[Finding, ...]:
    """Return what is wrong with a Python file of a stage, in the order of its lines.

    Nothing of it is run. A file that does not parse has that one finding.
    """
    found = list(check_text(path, text))
    if any(finding.rule == "source.size" for finding in found):
        return tuple(found)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text, path)
            compile(tree, path, "exec", dont_inherit=True)  # sees what the grammar alone allows
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None) or 0
        message = f"This is not Python: {getattr(error, 'msg', None) or error}."
        return (*found, Finding(path, line, "python.syntax", message, "Write valid Python 3.11."))
    source = _Source(path, stage, tree)
    for check in (_imports, _builtins, _insides, _function, _second_preprocessing):
        found += check(source)
    found += check_files(path, tree, stage)
    found += check_names(path, text)
    return tuple(sorted(set(found)))


def _imports(source: _Source) -> Iterator[Finding]:
    allowed = PACKAGES | STANDARD_LIBRARY | (IMAGES if source.stage is Stage.DATA else set())
    for node in ast.walk(source.tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parent = "." * node.level + (node.module or "")
            names = [f"{parent}.{alias.name}" for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] not in allowed:
                yield source.finding(
                    node,
                    "import",
                    f"'{'.'.join(parts[:2]) if parts[0] else name}' is not to be imported.",
                    f"Use only {', '.join(sorted(PACKAGES))} and what computes or parses in the "
                    "standard library; the other files of the project are not importable.",
                )
            elif (inside := INSIDES & set(parts[1:])) or "*" in parts:
                what = f"'{min(inside)}'" if inside else "everything"
                yield source.finding(
                    node,
                    "import",
                    f"From '{parts[0]}', {what} is not to be imported.",
                    "Import by name what the task itself needs.",
                )


def _builtins(source: _Source) -> Iterator[Finding]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Name) and node.id in BUILTINS:
            if node.id == "open" and source.stage is Stage.DATA:
                continue  # judged by what it opens
            yield source.finding(
                node,
                "builtin",
                f"'{node.id}' is not to be used.",
                "Write out what is meant: plain calls and attributes do.",
            )


def _insides(source: _Source) -> Iterator[Finding]:
    for node in ast.walk(source.tree):
        name = ""
        if isinstance(node, ast.Attribute):
            name = node.attr
        elif isinstance(node, ast.Name):
            name = node.id
        dunder = name.startswith("__") and name.endswith("__") and name not in DUNDERS
        inside = isinstance(node, ast.Attribute) and name in INSIDES
        if (dunder and name not in BUILTINS) or inside:
            yield source.finding(
                node,
                "insides",
                f"'{name}' reaches into the insides of Python or of a package.",
                "Use the package's public functions for arrays, tables and models.",
            )


def _function(source: _Source) -> Iterator[Finding]:
    name, parameters = SIGNATURES[source.stage]
    wanted = f"def {name}({', '.join(parameters)})"
    functions = [
        node
        for node in source.tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name
    ]
    if len(functions) != 1 or isinstance(functions[0], ast.AsyncFunctionDef):
        found = "no such function" if not functions else "another kind of it, or several"
        yield source.finding(
            functions[-1] if functions else source.tree,
            "signature",
            f"The file must define '{wanted}' once, at its top level; it has {found}.",
            f"Define '{wanted}'.",
        )
        return
    function, arguments = functions[0], functions[0].args
    has = tuple(argument.arg for argument in arguments.args)
    others = (arguments.posonlyargs, arguments.kwonlyargs, arguments.vararg, arguments.kwarg)
    if has != parameters or any(others) or arguments.defaults or function.decorator_list:
        yield source.finding(
            function,
            "signature",
            f"'{name}' is called as '{wanted}': these parameters in this order, no defaults, "
            "no decorators.",
            f"Define it as '{wanted}'.",
        )
        return
    used = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
    for parameter in parameters:
        if parameter not in used:
            yield source.finding(
                function,
                "unused",
                f"'{name}' never uses its parameter '{parameter}'.",
                f"Use it: {_PURPOSES[parameter]}",
            )


_PURPOSES = {
    "path": "it names the records to read.",
    "x_train": "the network learns from it.",
    "y_train": "the network learns from it.",
    "x_val": "the learning curve needs val_loss and val_accuracy.",
    "y_val": "the learning curve needs val_loss and val_accuracy.",
    "seed": "keras.utils.set_random_seed(seed) makes one model of one seed.",
    "model": "it is what is to be converted.",
    "calibration": "the ranges of int8 come from these features, never from invented numbers.",
}


def _second_preprocessing(source: _Source) -> Iterator[Finding]:
    """Find scaling of what comes from features.c, which the device would not do."""
    for node in ast.walk(source.tree):
        name = None
        if isinstance(node, ast.BinOp) and isinstance(node.op, _SCALING):
            name = _name(node.left) or (
                _name(node.right) if isinstance(node.op, ast.Mult) else None
            )
        elif isinstance(node, ast.AugAssign) and isinstance(node.op, _SCALING):
            name = _name(node.target)
        if name in _GIVEN and source.stage is not Stage.DATA:
            yield source.finding(
                node,
                "preprocessing",
                f"'{name}' is scaled here, but the device scales only in features.c.",
                "Take the features as they are; what scaling is needed belongs into features.c.",
            )


def _name(node: ast.expr) -> str | None:
    """Return the name that an expression is, or is made of by casts and indices."""
    while True:
        if isinstance(node, ast.Name):
            return node.id
        if isinstance(node, ast.Subscript):
            node = node.value
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ("astype", "reshape", "copy")
        ):
            node = node.func.value
        else:
            return None
