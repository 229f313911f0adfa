"""bench.toml: find it, read it with messages that name the cure, and add places to it.

A person may have written comments and an order into the file, so nothing in it is ever written
again: places are added at its end, and the whole must still read as what was meant.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

import tomli_w
from pydantic import ValidationError

from hardware_runner.atomic import write_text
from hardware_runner.bench import Bench, Place
from hardware_runner.bench_checks import CHECKS, ENROLL, near, told
from hardware_runner.errors import BenchError

FILE = "bench.toml"
FILE_VARIABLE = "BOARDWRIGHT_BENCH"


def default_path() -> Path:
    """Return which file describes the bench, whether it is there or not.

    $BOARDWRIGHT_BENCH; ./bench.toml where there is one; else the user's own.
    Source: XDG Base Directory Specification 0.8.

    Raises:
        BenchError: there is no place for it, because this user has no home folder.
    """
    if named := os.environ.get(FILE_VARIABLE):
        return Path(named)
    if (here := Path(FILE)).is_file():
        return here
    try:
        config = os.environ.get("XDG_CONFIG_HOME") or str(Path("~/.config").expanduser())
    except RuntimeError as error:
        raise BenchError(
            f"This user has no home folder: name the file with --bench, or in {FILE_VARIABLE}."
        ) from error
    return Path(config) / "boardwright" / FILE


def read_bench(path: Path | None = None) -> Bench:
    """Return the bench that a file describes.

    Raises:
        BenchError: there is none, or it says what cannot be meant; names table, key and cure.
    """
    path = path or default_path()
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BenchError(
            f"There is no {path}: {ENROLL} finds the boards of this machine and writes it."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BenchError(f"{path} cannot be read: {error}.") from error
    return parse_bench(text, str(path))


def parse_bench(text: str, name: str = FILE) -> Bench:
    """Return the bench that a text describes; `name` stands in the messages.

    Raises:
        BenchError: as `read_bench`.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BenchError(f"{name} is no TOML: {error}.") from error
    try:
        bench = Bench.model_validate(raw)
    except ValidationError as error:
        lines = [told(raw, one) for one in error.errors(include_url=False)]
        raise BenchError("\n".join(f"{name}, {line}" for line in lines)) from error
    if wrong := [f"{name}, {line}" for check in CHECKS for line in check(bench)]:
        raise BenchError("\n".join(wrong))
    return bench


def add_places(path: Path, name: str, places: Sequence[Place]) -> Bench:
    """Add places at the end of a file, which is made if need be, in one step.

    Args:
        path: The file.
        name: The bench's name, for a new file.
        places: What to add.

    Returns:
        The bench as it is now described.

    Raises:
        BenchError: the file cannot be read, or would not be right with these places.
    """
    path = path.resolve()  # what a link leads to is the file
    text = path.read_text(encoding="utf-8") if path.exists() else _head(name)
    parse_bench(text, str(path))
    for place in places:
        text = f"{text.rstrip()}\n\n{as_toml(place)}"
    bench = parse_bench(text, str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, text)
    return bench


def as_toml(place: Place) -> str:
    """Return a place as a table, with what it has and no more."""
    table = place.model_dump(exclude_defaults=True)
    for part in ("console", "power", "meter"):  # told apart by their kind, also where it is usual
        if (inner := getattr(place, part)) is not None:
            table[part] = {"kind": inner.kind} | table[part]
    table.pop("tags", None)
    if place.tags:
        table["tags"] = list(place.tags)
    lines = ["[[place]]"]
    for key, value in table.items():
        lines.append(f"{key} = {_inline(value)}")
    return "\n".join(lines) + "\n"


def find_place(bench: Bench, name: str) -> Place:
    """Return the place of this name.

    Raises:
        BenchError: there is none; names the nearest.
    """
    names = {place.name: place for place in bench.places}
    if name in names:
        return names[name]
    listed = ", ".join(names) or "none yet"
    raise BenchError(
        f"The bench {bench.name} has no place '{name}'.{near(name, names)} It has: {listed}."
    )


def _head(name: str) -> str:
    return (
        "# The boards of this machine; `boardwright bench doctor` looks after them.\n"
        f'schema_version = 1\nname = "{name}"\n'
    )


def _inline(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} = {_inline(v)}" for key, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    return tomli_w.dumps({"x": value}).removeprefix("x = ").strip()
