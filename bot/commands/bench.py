"""`boardwright bench`: the boards of this machine, for the people beside them."""

from __future__ import annotations

import json
import re
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.errors import ExitCode, RequestError

app = typer.Typer(
    help="The boards of this machine: find them, look after them, hold and release them.",
    no_args_is_help=True,
)

File = Annotated[
    Path | None,
    typer.Option("--bench", help="the file; default: $BOARDWRIGHT_BENCH, bench.toml, your own"),
]


@app.command("enroll", short_help="Find boards and write bench.toml.")
def enroll(
    bench: File = None,
    name: Annotated[str, typer.Option(help="of a new bench")] = "",
    emulated: Annotated[
        list[str] | None, typer.Option(help="add this emulated board; may be repeated")
    ] = None,
    board: Annotated[
        list[str] | None,
        typer.Option(metavar="DEVICE=BOARD", help="what the device of this serial number is"),
    ] = None,
    power: Annotated[
        list[str] | None,
        typer.Option(metavar="DEVICE=HUB:PORT", help="what switches its power: A1=1-1.4:2"),
    ] = None,
    prove_power: Annotated[
        list[str] | None, typer.Option(metavar="PLACE", help="prove the switch of a place again")
    ] = None,
    keep_firmware: Annotated[bool, typer.Option(help="do not erase it after each run")] = False,
    flash: Annotated[
        Path | None, typer.Option(help="folder of a bundle: write it into new boards, hear them")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="ask nothing; add what is certain")] = False,
) -> int:
    """Find boards and probes, ask who they are, prove reset and power, and add them to the file.

    Nothing is written into a board, unless --flash brings a firmware for it. What the file holds
    already is left as it is.
    """
    from bot import enrolment  # noqa: PLC0415
    from hardware_runner.bench import NAME  # noqa: PLC0415
    from hardware_runner.bench_file import default_path  # noqa: PLC0415

    if name and not re.fullmatch(NAME, name):
        cure = "Take small letters, digits and `-`, at most 40, such as `attic`."
        raise RequestError(f"'{name[:60]}' is no name of a bench.", cure)
    wishes = enrolment.Wishes(
        file=bench or default_path(),
        name=name or _bench_name(),
        emulated=tuple(emulated or ()),
        boards=_pairs(board, "--board"),
        power=_pairs(power, "--power"),
        prove_power=tuple(prove_power or ()),
        flash=flash,
        tags=() if keep_firmware else ("erase",),
        ask=None if yes else lambda question: typer.prompt(question, default=""),
    )
    return enrolment.enroll(wishes, _say)


@app.command("doctor", short_help="What is wrong at the bench, and what mends it.")
def doctor(
    bench: File = None,
    rules: Annotated[bool, typer.Option("--rules", help="print the udev rules alone")] = False,
) -> int:
    """Look after tools, probes, rights, ports, hubs and places; ends with 3 where one is wrong."""
    from bot.console import output  # noqa: PLC0415
    from hardware_runner.bench_doctor import examine, udev_rules  # noqa: PLC0415
    from hardware_runner.bench_file import default_path, read_bench  # noqa: PLC0415
    from hardware_runner.lease import default_lock_dir  # noqa: PLC0415

    path = bench or default_path()
    if rules:  # also before there is a bench: without rights no board can be enrolled
        typer.echo(udev_rules(read_bench(path) if path.exists() else None), nl=False)
        return int(ExitCode.DONE)
    described = read_bench(path)
    found = examine(described, default_lock_dir())
    console = output()
    for finding in found:
        style = "yellow" if finding.is_trouble else "green"
        at = f"{finding.place}: " if finding.place else ""
        console.print(f"{at}{finding.what}: {finding.said}", style=style, markup=False,
                      highlight=False, soft_wrap=True)  # fmt: skip
        if finding.is_trouble:
            console.print(f"    {finding.cure}", markup=False, highlight=False, soft_wrap=True)
    troubles = sum(finding.is_trouble for finding in found)
    _say(f"{troubles} to mend." if troubles else "All is well.")
    return int(ExitCode.MACHINE if troubles else ExitCode.DONE)


@app.command("status", short_help="Who uses what now.")
def status(
    bench: File = None,
    as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
) -> int:
    """Show each place: free, held or wedged, and how its runs ended. Takes no lock."""
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from bot.console import PLAIN, output  # noqa: PLC0415
    from bot.rendering.text import plain  # noqa: PLC0415
    from hardware_runner.bench_file import read_bench  # noqa: PLC0415
    from hardware_runner.bench_status import statuses  # noqa: PLC0415
    from hardware_runner.lease import default_lock_dir  # noqa: PLC0415

    rows = [_row(one) for one in statuses(read_bench(bench), default_lock_dir())]
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return int(ExitCode.DONE)
    table = Table("place", "board", "state", "by whom, or why", "runs", "spoilt", "last", **PLAIN)
    for row in rows:
        table.add_row(
            *(Text(plain(str(row[key]))) for key in _COLUMNS)
        )  # a tool's words: no markup
    output().print(table)
    return int(ExitCode.DONE)


_COLUMNS = ("place", "board", "state", "detail", "runs", "spoilt", "last")


def _row(one: Any) -> dict[str, str | int]:
    detail = str(one.holder or "") if one.state.value == "held" else str(one.wedged or "")
    last = one.history.last_outcome
    return {
        "place": one.place.name,
        "board": one.place.board,
        "state": one.state.value,
        "detail": detail,
        "runs": one.history.runs,
        "spoilt": one.history.infrastructure,
        "last": "" if last is None else f"{last.value}, {one.history.last_ended:%Y-%m-%d %H:%M}",
    }


@app.command("hold", short_help="Keep boards for yourself.")
def hold(
    place: Annotated[list[str], typer.Argument(help="names in bench.toml")],
    purpose: Annotated[str, typer.Option("--for", help="what others are told")],
    minutes: Annotated[
        float | None, typer.Option(min=0.1, max=1440, help="hold so long, in the background")
    ] = None,
    bench: File = None,
) -> int:
    """Hold boards until Ctrl-C, `release`, or the minutes are over.

    The kernel keeps the hold for a process, this one or one in the background, and drops it when
    that process ends, however it ends: no board stays held by a file that somebody forgot.
    """
    from hardware_runner.bench_file import find_place, read_bench  # noqa: PLC0415
    from hardware_runner.hold import keep, keep_apart  # noqa: PLC0415
    from hardware_runner.lease import default_lock_dir  # noqa: PLC0415

    described, folder = read_bench(bench), default_lock_dir()
    names = list(dict.fromkeys(find_place(described, name).name for name in place))
    listed = ", ".join(names)
    if described.reservation != "flock":
        address = described.reservation.removeprefix("labgrid://")
        raise RequestError(
            f"The places of {described.name} are reserved by labgrid.",
            f"Hold it there: labgrid-client --coordinator {address} --place {names[0]} acquire.",
        )
    if not purpose.strip():
        raise RequestError("A hold needs a reason.", 'Say what for: --for "new probe"')
    if minutes is not None:
        pid = keep_apart(names, purpose, folder, minutes)
        _say(f"{listed}: held by process {pid} for {minutes:g} minutes; boardwright bench release "
             f"{names[0]} ends it.")  # fmt: skip
        return int(ExitCode.DONE)
    try:
        keep(names, purpose, folder, on_held=lambda: _say(f"{listed}: held; Ctrl-C releases."))
    except KeyboardInterrupt:
        _say(f"{listed}: released.")
    else:
        _say(f"{listed}: released, as somebody asked.")
    return int(ExitCode.DONE)


@app.command("release", short_help="End a hold, or a wedge after proof.")
def release(
    place: Annotated[str, typer.Argument(help="name in bench.toml")], bench: File = None
) -> int:
    """Ask a hold to end; where the place is wedged, reset its board and see whether it is well.

    A run that holds the board is never broken.
    """
    from bot.bench_release import release_place  # noqa: PLC0415
    from hardware_runner.bench_file import find_place, read_bench  # noqa: PLC0415
    from hardware_runner.lease import default_lock_dir  # noqa: PLC0415

    described = read_bench(bench)
    return release_place(described, find_place(described, place), default_lock_dir(), _say)


def _pairs(given: list[str] | None, option: str) -> dict[str, str]:
    pairs = {}
    for text in given or ():
        key, equals, value = text.partition("=")
        if not (key and equals and value):
            raise RequestError(f"`{option} {text}` is no pair.", f"Write {option} DEVICE=VALUE.")
        pairs[key] = value
    return pairs


def _bench_name() -> str:
    kept = "".join(c if c.isascii() and c.isalnum() else "-" for c in socket.gethostname().lower())
    return kept.strip("-")[:40] or f"bench-{datetime.now(UTC):%Y%m%d}"


def _say(text: str) -> None:
    typer.echo(text)
