"""Enrolment as a conversation: what was found, what was not, and what is added to bench.toml."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bot.errors import ExitCode, RequestError
from hardware_runner.bench import Bench, Place
from hardware_runner.bench_file import add_places, find_place, read_bench
from hardware_runner.board import Board
from hardware_runner.boards import find_board
from hardware_runner.bundle import read_bundle
from hardware_runner.enroll import (
    Found,
    Sighting,
    Surroundings,
    draft,
    emulated,
    look,
    prove_firmware,
    prove_reset,
    with_power,
)
from hardware_runner.errors import RunnerError
from hardware_runner.gear import EMULATED

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person asked for; devices are named by serial number, or location for want of one."""

    file: Path
    name: str
    emulated: tuple[str, ...] = ()
    boards: Mapping[str, str] = field(default_factory=dict)
    power: Mapping[str, str] = field(default_factory=dict)
    prove_power: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    flash: Path | None = None
    ask: Callable[[str], str] | None = None


def enroll(wishes: Wishes, say: Say, around: Surroundings | None = None) -> int:
    """Find boards, prove them, add them; ends with 3 where one was found and not added."""
    around = around or Surroundings()
    bench = read_bench(wishes.file) if wishes.file.exists() else None
    for name in wishes.prove_power:
        _prove_again(bench, name, say, around)
    taken = {place.name for place in bench.places} if bench else set()
    added: list[Place] = []
    there = Counter(
        find_board(place.board).name
        for place in (bench.places if bench else ())
        if place.flasher == EMULATED
    )
    for board in map(find_board, wishes.emulated):
        if there[board.name]:  # each counts once: whoever wants two names it twice
            there[board.name] -= 1
            say(f"{board.name}: is on the bench already.")
            continue
        added.append(emulated(board, taken))
        taken.add(added[-1].name)
    found = look(bench, around)
    _tell(found, say)
    if not (found.sightings or found.known or wishes.emulated):
        say(
            "No board that is known is plugged in: check cable and power, or add one that is "
            "emulated: --emulated mps2-an386"
        )
    left_out = 0
    for sighting in found.sightings:
        place = _place(sighting, wishes, taken, say, around)
        if place is None:
            left_out += 1
        else:
            added.append(place)
            taken.add(place.name)
    if added:
        bench = add_places(wishes.file, wishes.name, added)
        for place in added:
            say(f"{place.name}: added to the bench {bench.name}, {wishes.file}.")
    else:
        say(f"Nothing was added to {wishes.file}.")
    return int(ExitCode.MACHINE if left_out else ExitCode.DONE)


def _tell(found: Found, say: Say) -> None:
    for device in found.known:
        say(f"{device}: is on the bench already.")
    for drive in found.drives:
        model = drive.model or "no model named"
        say(f"{drive.folder}: a UF2 drive ({model}), waiting for firmware.")
    for device in found.others:
        say(f"{device}: is no board that is known.")


def _place(
    sighting: Sighting, wishes: Wishes, taken: set[str], say: Say, around: Surroundings
) -> Place | None:
    """Return what is added for a device, or None with the reason said."""
    device = sighting.device
    key = device.serial or device.location
    say(f"{device}: {sighting.answer}.")
    board = _which(sighting, key, wishes)
    if board is None:
        could = " or ".join(board.name for board in sighting.boards)
        say(f"    could be {could}: say which with --board {key}={sighting.boards[0].name}")
        return None
    place = draft(sighting, board, taken, tags=wishes.tags)
    try:
        say(f"    {board.name}: {prove_reset(place, board, around)}.")
        if wishes.flash is not None:
            bundle = read_bundle(wishes.flash)
            say(f"    {board.name}: {prove_firmware(place, board, bundle, around)}.")
    except (RunnerError, ValueError) as trouble:
        say(f"    {board.name}: does not obey, so it is not added: {trouble}")
        return None
    if where := wishes.power.get(key):
        hub, port = _hub(where)
        place, showed = with_power(place, hub, port, datetime.now(UTC).date(), around)
        proven = place.power is not None and place.power.proven is not None
        say(f"    power: {'proven' if proven else 'not proven, and not used'}: {showed}")
    return place


def _which(sighting: Sighting, key: str, wishes: Wishes) -> Board | None:
    named = wishes.boards.get(key)
    if named is not None:
        return find_board(named)
    if sighting.board is not None or wishes.ask is None:
        return sighting.board
    could = ", ".join(board.name for board in sighting.boards)
    answer = wishes.ask(f"    which board is {key} ({could}; empty: none of them)?").strip()
    return find_board(answer) if answer else None


def _prove_again(bench: Bench | None, name: str, say: Say, around: Surroundings) -> None:
    if bench is None:
        raise RequestError("There is no bench yet.", "Enrol its boards first.")
    place = find_place(bench, name)
    if place.power is None:
        raise RequestError(f"The place {name} has no switch.", "Add `power` to it in bench.toml.")
    today = datetime.now(UTC).date()
    again, showed = with_power(place, place.power.location, place.power.port, today, around)
    if again.power is not None and again.power.proven is not None:
        say(f"{name}: {showed} Write `proven = {today}` into its `power` in bench.toml.")
    else:
        say(f"{name}: {showed} Take `proven` out of its `power` in bench.toml.")


def _hub(where: str) -> tuple[str, int]:
    hub, _, port = where.rpartition(":")
    if not hub or not port.isdigit():
        raise RequestError(f"`{where}` is no port of a hub.", "Write HUB:PORT, such as 1-1.4:2.")
    return hub, int(port)
