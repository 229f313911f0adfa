"""Payload: typed access to the few places of a webhook's JSON that are read.

Only these are checked. Recorded payloads break the published schemas in one case of six, always in
places that nobody here needs. Source: @octokit/webhooks-examples 7.6.1 against its own schemas.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

_Value = TypeVar("_Value")

# Source: names that github.com accepts; the `[bot]` of Apps is not part of a name that is typed.
_REPOSITORY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,99}/[A-Za-z0-9._-]{1,100}")
_LOGIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,99}(\[bot\])?")
_BRANCH = re.compile(r"[^\x00-\x20\x7f~^:?*\[\\]{1,255}")

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")

_LONGEST_TEXT = 4 * 65_536
"""Source: GitHub refuses bodies of more than 65,536 characters, of four bytes at most each."""

_LARGEST_ID = 2**63 - 1


class Malformed(Exception):
    """The payload is not what GitHub sends; the message names the place."""


@dataclass(frozen=True, slots=True)
class Payload:
    """An object in the JSON, and its path from the root for messages."""

    fields: Mapping[str, object]
    path: str = ""

    @classmethod
    def parse(cls, body: bytes) -> Payload:
        """Read the root object.

        Raises:
            Malformed: it is no JSON object in UTF-8.
        """
        try:
            value = json.loads(body.decode("utf-8"))
        except (ValueError, RecursionError):
            raise Malformed("The body is no JSON in UTF-8.") from None
        if not isinstance(value, dict):
            raise Malformed("The body is JSON, but no object.")
        return cls(value)

    def has(self, key: str) -> bool:
        """Say whether there is anything but null at a key."""
        return self.fields.get(key) is not None

    def sub(self, key: str) -> Payload:
        """Return the object at a key."""
        return Payload(self._value(key, _as_object, "an object"), self._at(key))

    def each(self, key: str) -> tuple[Payload, ...]:
        """Return the objects of the list at a key; null and absence are an empty list."""
        if not self.has(key):
            return ()
        items = self._value(key, lambda value: value if isinstance(value, list) else None, "a list")
        named = ((item, f"{self._at(key)}[{index}]") for index, item in enumerate(items))
        return tuple(
            Payload(_checked(item, _as_object, path, "an object"), path) for item, path in named
        )

    def word(self, key: str) -> str:
        """Return a short string, such as an action."""
        return self._value(key, lambda value: _string(value, 255), "a short string")

    def text(self, key: str) -> str:
        """Return what a person wrote; null and absence are empty.

        What no database and no UTF-8 holds, NUL and halves of characters, becomes U+FFFD.
        """
        if not self.has(key):
            return ""
        return self._value(key, lambda value: _string(value, _LONGEST_TEXT), "a string")

    def truth(self, key: str) -> bool:
        """Return a truth value."""
        return self._value(
            key, lambda value: value if isinstance(value, bool) else None, "a truth value"
        )

    def number(self, key: str) -> int:
        """Return an id or number, at least 1."""
        return self._value(key, _number, "a positive whole number")

    def repository(self, key: str) -> str:
        """Return `owner/name`."""
        return self._value(key, lambda value: _matching(value, _REPOSITORY), "owner/name")

    def login(self, key: str) -> str:
        """Return the name of an account."""
        return self._value(key, lambda value: _matching(value, _LOGIN), "the name of an account")

    def branch(self, key: str) -> str:
        """Return the name of a branch."""
        return self._value(key, lambda value: _matching(value, _BRANCH), "the name of a branch")

    def _value(self, key: str, read: Callable[[object], _Value | None], what: str) -> _Value:
        return _checked(self.fields.get(key), read, self._at(key), what)

    def _at(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key


def _checked(
    value: object, read: Callable[[object], _Value | None], path: str, what: str
) -> _Value:
    found = read(value)
    if found is None:
        raise Malformed(f"`{path}` must be {what}.")
    return found


def _as_object(value: object) -> Mapping[str, object] | None:
    return value if isinstance(value, dict) else None


def _number(value: object) -> int | None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and isinstance(value, int) and 1 <= value <= _LARGEST_ID else None


def _string(value: object, longest: int) -> str | None:
    if not isinstance(value, str) or len(value) > longest:
        return None
    return _UNSTORABLE.sub("\ufffd", value)


def _matching(value: object, pattern: re.Pattern[str]) -> str | None:
    if not isinstance(value, str) or pattern.fullmatch(value) is None:
        return None
    return None if value.endswith(("/.", "/..")) or _string(value, 255) != value else value
