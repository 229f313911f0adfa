"""Which paths of the repository a request names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

MOST = 20
# `csv:data/fruit.csv`, `images:data/shots` ...; and a bare path of a file of records.
_NAMED = re.compile(r"(?<![\w:/])(?:csv|npz|images|wav):([^\s`'\"<>|)\],;]+)", re.IGNORECASE)
_BARE = re.compile(r"(?<![\w:/.-])([\w.-]+(?:/[\w.-]+)*\.(?:csv|npz))(?![\w/])", re.IGNORECASE)


def named_files(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the paths that texts name, each once; none that leaves the repository."""
    found = dict.fromkeys(path for text in texts for path in _found(text))
    return tuple(found)[:MOST]


def _found(text: str) -> Iterator[str]:
    for pattern in (_NAMED, _BARE):
        for match in pattern.finditer(text):
            path = match[1].rstrip(".:").removeprefix("./").rstrip("/")
            parts = PurePosixPath(path).parts
            safe = parts and ".." not in parts and not path.startswith(("/", ".git/"))
            if safe and path == "/".join(parts) and "\\" not in path:
                yield path
