"""Imported first by every attack: it goes on only within a sandbox, and never as root.

The attacks are bounded in time, bytes and processes as well, and write nothing to what is the
kernel's.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path

_INSIDE = (
    os.geteuid() != 0
    and Path.cwd() == Path("/")
    and Path(__file__).parent == Path("/in")
    and socket.gethostname() == "sandbox"
    and not os.access("/", os.W_OK)
)
if not _INSIDE:
    sys.exit("refused: an attack runs only inside a sandbox")

CASE = sys.argv[1] if len(sys.argv) > 1 else ""
TARGETS: dict[str, str] = json.loads(Path("/in/targets.json").read_text())


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def contained(what: object, why: object = "") -> None:
    """Tell that an attempt failed."""
    say(f"contained: {what}: {why}")


def escaped(what: object) -> None:
    """Tell that an attempt succeeded."""
    say(f"ESCAPED: {what}")
