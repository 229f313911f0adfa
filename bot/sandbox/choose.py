"""Choose the strongest sandbox of this machine, or say what would make one."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Protocol

from bot.sandbox import bubblewrap, cgroup, container
from bot.sandbox.bubblewrap import BubblewrapSandbox
from bot.sandbox.job import NeedsSandboxError, Origin, Sandbox
from bot.sandbox.process import ProcessSandbox

ACCEPT_VARIABLE = "BOARDWRIGHT_UNSANDBOXED"
ACCEPT_WORDS = "I accept that authored code runs unconfined"
CHOICE_VARIABLE = "BOARDWRIGHT_SANDBOX"


def choose(origin: Origin, variables: Mapping[str, str] = os.environ) -> Sandbox:
    """Return where code of an origin runs.

    Shipped templates run as plain processes. Everything else runs in Docker, with gVisor where the
    daemon has it, else in bubblewrap, and without a sandbox only where somebody accepted that in
    words. `BOARDWRIGHT_SANDBOX` names one of `docker` and `bubblewrap` to use no other.

    Raises:
        NeedsSandboxError: there is none; the text names the cures.
    """
    if origin is Origin.TEMPLATE:
        return ProcessSandbox()
    problems = []
    for name, look in _wanted(variables).items():
        found = look()
        if not isinstance(found, str):
            return found
        problems.append(f"{name}: {found}")
    if variables.get(ACCEPT_VARIABLE, "").strip() == ACCEPT_WORDS:
        return ProcessSandbox(accept_any=True)
    listed = "\n- ".join(problems)
    raise NeedsSandboxError(
        f"Code by a {origin.value.replace('-', ' ')} runs only where it is isolated, and there is "
        f"no sandbox here.\n- {listed}\n{'Either of them' if problems[1:] else 'That'} will do. "
        "The shipped templates need none: --author template. To run other code without, at your "
        f'own risk, set {ACCEPT_VARIABLE}="{ACCEPT_WORDS}".'
    )


class BackEnd(Sandbox, Protocol):
    """A sandbox that people are told the name of."""

    name: str


def find_bubblewrap() -> BackEnd | str:
    """Return bubblewrap's sandbox, or what keeps it from working here, with its cure."""
    if problem := bubblewrap.missing():
        return problem
    cgroup.sweep()
    return BubblewrapSandbox()


BACK_ENDS: Mapping[str, Callable[[], BackEnd | str]] = {
    "docker": container.available,
    "bubblewrap": find_bubblewrap,
}
"""What there is, the strongest first."""


def _wanted(variables: Mapping[str, str]) -> Mapping[str, Callable[[], BackEnd | str]]:
    name = variables.get(CHOICE_VARIABLE, "").strip()
    if not name:
        return BACK_ENDS
    if name not in BACK_ENDS:
        raise NeedsSandboxError(
            f"{CHOICE_VARIABLE} is '{name}'; it can be {' or '.join(BACK_ENDS)}, or left out."
        )
    return {name: BACK_ENDS[name]}
