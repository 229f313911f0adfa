"""Names that nothing defines: the commonest error that only shows when a line is run."""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Iterator

from bot.static_checks.finding import Finding

_ALWAYS = frozenset(dir(builtins)) | {"__file__", "__name__", "__doc__", "__annotations__"}


def check_names(path: str, text: str) -> Iterator[Finding]:
    """Find names that are used in a file which parses, but defined nowhere in it."""
    module = symtable.symtable(text, path, "exec")
    defined = {
        symbol.get_name()
        for symbol in module.get_symbols()
        if symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()
    } | _globals(module)
    undefined = {name for name in _used(module) if name not in defined and name not in _ALWAYS}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Name) and node.id in undefined:
            undefined.discard(node.id)
            message = f"The name '{node.id}' is not defined."
            cure = "Import or define it, or mend its spelling."
            yield Finding(path, node.lineno, "python.undefined", message, cure)


def _used(scope: symtable.SymbolTable) -> set[str]:
    """Return the names that a scope, and those within it, look up in the module."""
    module = scope.get_type() == "module"
    names = {
        symbol.get_name()
        for symbol in scope.get_symbols()
        if symbol.is_referenced() and (module or symbol.is_global())
    }
    return names.union(*(_used(child) for child in scope.get_children()))


def _globals(scope: symtable.SymbolTable) -> set[str]:
    """Return the names that functions assign to the module by `global`."""
    names = {
        symbol.get_name()
        for symbol in scope.get_symbols()
        if symbol.is_declared_global() and symbol.is_assigned()
    }
    return names.union(*(_globals(child) for child in scope.get_children()))
