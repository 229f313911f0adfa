"""Choose the strongest sandbox of this machine, or say what would make one."""

from __future__ import annotations

import os
from collections.abc import Mapping

from bot.sandbox import bubblewrap
from bot.sandbox.bubblewrap import BubblewrapSandbox
from bot.sandbox.job import NeedsSandboxError, Origin, Sandbox
from bot.sandbox.process import ProcessSandbox

ACCEPT_VARIABLE = "BOARDWRIGHT_UNSANDBOXED"
ACCEPT_WORDS = "I accept that authored code runs unconfined"
CHOICE_VARIABLE = "BOARDWRIGHT_SANDBOX"


def choose(origin: Origin, variables: Mapping[str, str] = os.environ) -> Sandbox:
    """Return where code of an origin runs.

    Shipped templates run as plain processes. For everything else it is bubblewrap, and no sandbox
    only where somebody accepted that in words.

    Raises:
        NeedsSandboxError: there is none; the text names the cures.
    """
    if origin is Origin.TEMPLATE:
        return ProcessSandbox()
    problem = bubblewrap.missing()
    if not problem:
        return BubblewrapSandbox()
    if variables.get(ACCEPT_VARIABLE, "").strip() == ACCEPT_WORDS:
        return ProcessSandbox(accept_any=True)
    raise NeedsSandboxError(
        f"Code by a {origin.value} needs a sandbox that isolates it. {problem}. "
        f'Or set {ACCEPT_VARIABLE}="{ACCEPT_WORDS}".'
    )
