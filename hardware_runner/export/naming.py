"""Names that every tool takes: a CMake target, a sketch, a component, an environment."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 40  # Arduino allows 63 characters, and Windows 260 for a path

_TAKEN = frozenset(
    {"all", "app", "clean", "component", "firmware", "flash", "help", "install", "main", "model"}
    | {"monitor", "package", "project", "shell", "src", "test", "zephyr", "aux", "con", "nul"}
)
"""Targets that tools define themselves, folders of ours, and what Windows keeps for devices."""


def safe_name(text: str) -> str:
    """Return a name like `text` of lower-case letters, digits and `_` that begins with a letter.

    Source: Arduino sketch specification, "Sketch folders and files"; CMake, policy CMP0037.
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
    if not name or not name[0].isalpha() or name in _TAKEN:
        name = f"tinyml_{name}".rstrip("_")
    return name[:LONGEST].rstrip("_")


def safe_title(text: str) -> str:
    """Return a text for people that means nothing to a comment, a shell or Markdown."""
    return " ".join(re.sub(r"[^\w.-]+", " ", text).split())[:80] or "a project"
