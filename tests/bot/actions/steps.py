"""Runs the `run:` steps of an action or a job in real bash, with the files of GitHub's runner.

Of a runner this is a small part: `if`, `env`, outputs, `uses:` answered by the test, and of the
expressions what our files use: paths, strings, `==`, `!=`, `&&`, `||`, `!`, two functions.

Source: https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax; there,
`shell: bash` is `bash --noprofile --norc -eo pipefail {0}`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

_TOKEN = re.compile(r"\s*(==|!=|&&|\|\||!|,|\(|\)|'(?:[^']|'')*'|[\w*-]+(?:\.[\w*-]+)*)")
_INSERTED = re.compile(r"\$\{\{(.*?)\}\}")


class Unknown(AssertionError):
    """An expression that this runner does not know."""


def evaluate(expression: str, contexts: Mapping[str, Any]) -> Any:
    """Return the value of an expression."""
    tokens = _TOKEN.findall(expression)
    if "".join(tokens) != re.sub(r"\s+(?=(?:[^']*'[^']*')*[^']*$)", "", expression):
        raise Unknown(expression)
    value, rest = _either(tokens, contexts)
    if rest:
        raise Unknown(expression)
    return value


def _either(tokens: list[str], contexts: Mapping[str, Any]) -> tuple[Any, list[str]]:
    value, tokens = _both(tokens, contexts)
    while tokens[:1] == ["||"]:
        other, tokens = _both(tokens[1:], contexts)
        value = value or other
    return value, tokens


def _both(tokens: list[str], contexts: Mapping[str, Any]) -> tuple[Any, list[str]]:
    value, tokens = _compared(tokens, contexts)
    while tokens[:1] == ["&&"]:
        other, tokens = _compared(tokens[1:], contexts)
        value = value and other
    return value, tokens


def _compared(tokens: list[str], contexts: Mapping[str, Any]) -> tuple[Any, list[str]]:
    value, tokens = _one(tokens, contexts)
    while tokens[:1] in (["=="], ["!="]):
        other, rest = _one(tokens[1:], contexts)
        equal = str(value or "").lower() == str(other or "").lower()
        value, tokens = equal == (tokens[0] == "=="), rest
    return value, tokens


def _one(tokens: list[str], contexts: Mapping[str, Any]) -> tuple[Any, list[str]]:
    head, rest = tokens[0], tokens[1:]
    if head == "!":
        value, rest = _one(rest, contexts)
        return not value, rest
    if head == "(":
        value, rest = _either(rest, contexts)
        return value, rest[1:]
    if head.startswith("'"):
        return head[1:-1].replace("''", "'"), rest
    if rest[:1] == ["("]:
        return _called(head, rest[1:], contexts)
    return _found(contexts, head.split(".")), rest


def _found(value: Any, names: list[str]) -> Any:
    for index, name in enumerate(names):
        if name == "*":
            return [_found(one, names[index + 1 :]) for one in value or ()]
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _called(name: str, tokens: list[str], contexts: Mapping[str, Any]) -> tuple[Any, list[str]]:
    if name in _OF_THE_JOB and tokens[:1] == [")"]:
        return _OF_THE_JOB[name], tokens[1:]
    if name not in _FUNCTIONS:
        raise Unknown(name)
    first, tokens = _either(tokens, contexts)
    second, tokens = _either(tokens[1:], contexts)
    return _FUNCTIONS[name](first or "", str(second).lower()), tokens[1:]


_FUNCTIONS: Mapping[str, Callable[[Any, str], bool]] = {
    "startsWith": lambda text, start: text.lower().startswith(start),
    "contains": lambda items, item: item in [str(one).lower() for one in items],
}
"""None of them regards case. Source: GitHub Docs, "Evaluate expressions"."""

_OF_THE_JOB = {"always": True, "cancelled": False}
"""What they say in a job that nobody stopped."""


def filled(text: str, contexts: Mapping[str, Any]) -> str:
    """Return a text with the values of its `${{ }}`."""
    return _INSERTED.sub(lambda m: str(evaluate(m[1], contexts) or ""), text)


@dataclass
class Ran:
    """What came of the steps."""

    code: int = 0
    log: str = ""
    summary: str = ""
    steps: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)


@dataclass
class Runner:
    """A machine for steps.

    Attributes:
        folder: for the files of the run.
        contexts: what expressions may name, but for `steps`.
        variables: of the environment, besides PATH.
        used: answers a step that uses an action: its name and inputs, to outputs.
        workspace: where steps begin; None: where the tests do.
        timeout_s: of each step.
    """

    folder: Path
    contexts: Mapping[str, Any]
    variables: Mapping[str, str]
    used: Callable[[str, Mapping[str, str]], Mapping[str, str]]
    workspace: Path | None = None
    timeout_s: float = 60

    def run(self, steps: list[dict[str, Any]]) -> Ran:
        """Run steps until one fails."""
        if shutil.which("bash") is None:
            pytest.skip("bash is not installed")
        ran = Ran()
        for step in steps:
            known = {**self.contexts, "steps": ran.steps}
            if "if" in step and not evaluate(step["if"], known):
                continue
            ran.done.append(step["name"])
            if "uses" in step:
                given = {k: filled(str(v), known) for k, v in step.get("with", {}).items()}
                outputs = dict(self.used(step["uses"], given))
            else:
                outputs = self._bash(step, known, ran)
            if "id" in step:
                ran.steps[step["id"]] = {"outputs": outputs}
            if ran.code:
                break
        return ran

    def _bash(self, step: dict[str, Any], known: Mapping[str, Any], ran: Ran) -> dict[str, str]:
        script, output, summary = (self.folder / name for name in ("step.sh", "output", "summary"))
        assert "${{" not in step["run"], "values reach scripts as variables alone"
        script.write_text(step["run"])
        output.write_text("")
        summary.write_text("")
        environment = {
            "PATH": os.environ["PATH"],
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(summary),
            "RUNNER_TEMP": str(self.folder),
            **self.variables,
            **{k: filled(str(v), known) for k, v in step.get("env", {}).items()},
        }
        ended = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            env=environment,
            cwd=self.workspace,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=self.timeout_s,
            check=False,
        )
        ran.code, ran.log = ended.returncode, ran.log + ended.stdout
        ran.summary += summary.read_text()
        return dict(line.split("=", 1) for line in output.read_text().splitlines())
