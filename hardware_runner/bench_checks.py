"""What a bench.toml may not say, each with the place, the key and the cure."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

from hardware_runner.bench import Bench, Place, SerialConsole
from hardware_runner.boards import find_board
from hardware_runner.errors import UnknownBoard
from hardware_runner.gear import EMULATED
from hardware_runner.tools import TOOLS

ENROLL = "`boardwright bench enroll`"


def near(name: str, names: Mapping[str, Any] | Sequence[str]) -> str:
    """Return a question about the nearest names, or nothing."""
    nearest = difflib.get_close_matches(name, list(names), n=3, cutoff=0.5)
    return f" Did you mean {' or '.join(nearest)}?" if nearest else ""


def told(raw: Mapping[str, Any], error: Any) -> str:
    """Return where a key is wrong, as people count, and what is wrong with it."""
    where = list(error["loc"])
    place = ""
    if len(where) > 1 and where[0] == "place" and isinstance(where[1], int):
        tables = raw.get("place")
        table = tables[where[1]] if isinstance(tables, list) else {}
        name = table.get("name") if isinstance(table, Mapping) else None
        place = (
            f"[[place]] {name!r}: "
            if isinstance(name, str)
            else f"[[place]] number {where[1] + 1}: "
        )
        where = where[2:]
    key = ".".join(str(part) for part in where)
    if error["type"] == "missing":
        return f"{place}`{key}` is missing: add it."
    if error["type"] == "extra_forbidden":
        hint = _near_key(str(where[-1]))
        return f"{place}`{key}` is no key that is known: correct or remove it{hint or '.'}"
    return f"{place}`{key}` {_MEANT.get(str(where[-1]), '') or _as_said(error)}."


_NAME = "takes small letters, digits and `-`, at most 40, such as `attic`"
_HEX = "takes four hexadecimal digits in small letters, as lsusb shows them"
_USB = 'takes a table: `{vendor = "0483", product = "374b", serial = "..."}`'
_MEANT = {
    "name": _NAME,
    "vendor": _HEX,
    "product": _HEX,
    "serial": 'takes a text: `serial = "..."`',
    "probe": _USB,
    "reservation": 'takes `"flock"`, or `"labgrid://host:port"`',
    "schema_version": "takes 1; another number is for another version of Boardwright",
    "place": "stands above each board as a line of its own: `[[place]]`",
    "location": "takes where the device is on USB, as uhubctl and lsusb -t show it: `1-1.4`",
    "address": "takes host and port: `bench.local:4000`",
    "tags": 'takes a list: `tags = ["erase"]`',
}
"""What a key takes, in the words of people."""


def _as_said(error: Any) -> str:
    said = str(error["msg"]).rstrip(".")
    return f"is wrong: {said[:1].lower()}{said[1:]}"


def _near_key(key: str) -> str:
    known = [*Bench.model_fields, *Place.model_fields, *SerialConsole.model_fields, "place"]
    nearest = difflib.get_close_matches(key, known, n=1)
    return f"; did you mean `{nearest[0]}`?" if nearest else ""


def _unknown_boards(bench: Bench) -> Iterator[str]:
    for place in bench.places:
        try:
            board = find_board(place.board)
        except UnknownBoard as error:
            yield f"{_at(place)}: `board`: {error}"
            continue
        if board.is_process:
            yield (
                f"{_at(place)}: `board`: {board.name} is a process of this machine, where firmware "
                "of others would run unguarded: take the place out."
            )
        elif place.flasher == EMULATED and board.machine is None:
            usual = f': `flasher = "{board.flasher}"`' if board.flasher else ""
            yield (
                f"{_at(place)}: `flasher`: nothing emulates {board.name}; name the tool that "
                f"writes it{usual}."
            )


def _unknown_tools(bench: Bench) -> Iterator[str]:
    for place in bench.places:
        if place.flasher.lower().replace("_", "-") not in TOOLS:
            listed = ", ".join(sorted(TOOLS))
            yield (
                f"{_at(place)}: `flasher`: there is no tool '{place.flasher}'."
                f"{near(place.flasher, list(TOOLS))} The tools are: {listed}."
            )


def _same_names(bench: Bench) -> Iterator[str]:
    for one, other in combinations(enumerate(bench.places, 1), 2):
        if one[1].name == other[1].name:
            yield (
                f"[[place]] number {one[0]} and number {other[0]}: both have the `name` "
                f"'{one[1].name}': give one another name."
            )


def _same_probes(bench: Bench) -> Iterator[str]:
    for one, other in combinations(bench.places, 2):
        if one.probe is not None and one.probe == other.probe:
            yield (
                f"[[place]] '{one.name}' and '{other.name}': both have the `probe` "
                f"{_ids(one)}: each board needs its own; correct the serial numbers."
            )


def _same_consoles(bench: Bench) -> Iterator[str]:
    for one, other in combinations(bench.places, 2):
        if one.console is not None and one.console == other.console:
            yield (
                f"[[place]] '{one.name}' and '{other.name}': both have the same `console`: each "
                "board needs its own; correct its serial number, `interface` or address."
            )


def _nameless_probes(bench: Bench) -> Iterator[str]:
    """Yield probes that two devices of the same kind could be."""
    for place in bench.places:
        if place.flasher == EMULATED:
            continue
        if place.probe is None:
            yield (
                f"{_at(place)}: `probe` is missing, so that {place.flasher} could write into "
                f"another board: add it, or let {ENROLL} find it."
            )
        elif not place.probe.serial and not place.probe.location:
            yield (
                f"{_at(place)}: `probe` {_ids(place)} has no serial number, and another board of "
                "that kind could be meant: add `serial`, or `location` where the device has none."
            )


def _ids(place: Place) -> str:
    probe = place.probe
    assert probe is not None  # noqa: S101, asked by callers
    serial = f" {probe.serial}" if probe.serial else ""
    return f"{probe.vendor}:{probe.product}{serial}"


def _at(place: Place) -> str:
    return f"[[place]] '{place.name}'"


CHECKS: tuple[Callable[[Bench], Iterator[str]], ...] = (
    _same_names,
    _unknown_boards,
    _unknown_tools,
    _same_probes,
    _same_consoles,
    _nameless_probes,
)
