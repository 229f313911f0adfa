"""README.md of an export: how to build, flash and measure it, and what was ever seen to work."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from hardware_runner.board import Board
from hardware_runner.export.job import Exporter, Job, Seen
from hardware_runner.export.rendering import render

_CLAIMS: Mapping[Seen, str] = {
    Seen.HARDWARE: "Its firmware ran on the part.",
    Seen.EMULATOR: "Boardwright's tests build this export and compare it with the firmware that "
    "they run in an emulator: code and constants are the same bytes. On the part itself it never "
    "ran.",
    Seen.BUILDS: "Boardwright's tests build this export. It never ran: no emulator has this part, "
    "and nobody has reported a run on one.",
    Seen.DECLARATIONS: "Boardwright's tests compile its C against declarations of the functions "
    "that it uses, and run it as a process with stand-ins for them, but for an Arm core's cycle "
    "counter: it answers as it should. It was never built with the tool itself, and never ran on "
    "the part.",
    Seen.UNVERIFIED: "Nothing but its C was ever built, and that by another tool; it never ran.",
}


def write_readme(job: Job, kind: str, exporter: Exporter) -> bytes:
    """Return README.md."""
    seen = exporter.seen(job.board)
    words = exporter.words(job.board)
    return render(
        "readme.md.jinja",
        job=job,
        board=job.board,
        title=exporter.TITLE,
        kind=kind,
        howto=f"{kind.replace('-', '_')}/howto.md.jinja",
        card=quote(job.card),
        seen=str(seen),
        claim=f"{words.get('claim', _CLAIMS[seen])}{words.get('more', '')}",
        words=words,
        starts_the_core=exporter.starts_the_core(job.board),
        openocd=_openocd(job.board),
    )


def _openocd(board: Board) -> str:
    """Return OpenOCD's configuration of the part; "" where another tool writes into the board."""
    return board.target if board.flasher == "openocd" else ""
