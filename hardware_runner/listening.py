"""Listening: measure a firmware that its users built and flashed themselves, with their own tool.

Nothing is written into the board, and it is not reset. What answers must be the build that was
exported. Flash and RAM are not known: the tool's linker says them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hardware_runner.bench import Bench, Place
from hardware_runner.board import Board, Verified
from hardware_runner.boards import find_board
from hardware_runner.build import Firmware
from hardware_runner.condition import wedged
from hardware_runner.console import Console
from hardware_runner.consoles import line_at
from hardware_runner.consoles.line import Line
from hardware_runner.errors import BenchError, BoardTrouble, BoardWedged, WrongFirmware
from hardware_runner.export import EXPORTERS, Exported
from hardware_runner.gear import EMULATED
from hardware_runner.lease import default_lock_dir
from hardware_runner.machine import Death
from hardware_runner.report import Footprint, RunOutcome, RunReport
from hardware_runner.reservation import reservations_of
from hardware_runner.run import Progress, blank_report, converse
from hardware_runner.session import Session

LEASE_TIMEOUT_S = 300.0

_UNKNOWN = Footprint(
    flash_bytes=0,
    flash_limit_bytes=0,
    ram_bytes=0,
    ram_limit_bytes=0,
    model_code_bytes=0,
    model_constant_bytes=0,
    arena_bytes=0,
)


@dataclass(slots=True)
class _Flashed:
    """A board that runs already, as a Machine."""

    console: Console
    line: Line
    tools: Mapping[str, str]
    proves: Verified = "hardware"

    def resume(self) -> None:
        """Do nothing: it runs."""

    def died(self, patience_s: float = 0.0) -> Death | None:
        """Say that the line is gone, or None while it is there."""
        return Death(self.line.lost, by_firmware=False) if self.line.lost else None

    def busy_at(self) -> int | None:
        """Return None: a real core is not asked while it runs."""
        return None

    def close(self) -> None:
        """Close the line; the firmware goes on."""
        self.line.close()


def listen(
    bench: Bench,
    place: Place,
    exported: Exported,
    samples: npt.NDArray[np.generic],
    *,
    on_progress: Progress | None = None,
    lock_dir: Path | None = None,
    open_line: Callable[[Place], Line] | None = None,
) -> RunReport:
    """Run every sample through the exported firmware that is in the board of a place.

    Args:
        bench: Who gives the place.
        place: Where the board is; leased while it lasts.
        exported: What was exported, and must answer.
        samples: Raw samples `[N, ...]` of the goal's dtype.
        on_progress: Called with samples answered and samples in all.
        lock_dir: Where locks and markers are; None: this user's folder.
        open_line: Returns the place's line, closed; None: by its console.

    Returns:
        A report without a footprint; infrastructure where board, line or build are not as said.

    Raises:
        BenchError: the place has another board, or no line to listen to.
        UnknownBoard: the export is for a board that is not there.
    """
    board = find_board(exported.board)
    _refuse_place(place, board)
    unheard = _firmware(board, exported)
    folder = lock_dir or default_lock_dir()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        held = reservations_of(bench, folder).take_any(
            [place.name], timeout_s=LEASE_TIMEOUT_S, called_off=lambda: False
        )
        try:
            if mark := wedged(place.name, folder):
                raise BoardWedged(f"The place {place.name} is {mark}")
            if held.console is not None:
                place = place.model_copy(update={"console": held.console})
            return _converse((open_line or _line)(place), board, exported, samples, on_progress)
        finally:
            held.release()
    except BoardTrouble as trouble:
        return blank_report(unheard, RunOutcome.INFRASTRUCTURE, str(trouble))
    except OSError as error:
        reason = (
            f"The console of {place.name} does not open: {error}. Close other programs that use "
            "it, such as the tool's monitor; `boardwright bench doctor` tells about rights."
        )
        return blank_report(unheard, RunOutcome.INFRASTRUCTURE, reason)


def _converse(
    line: Line,
    board: Board,
    exported: Exported,
    samples: npt.NDArray[np.generic],
    on_progress: Progress | None,
) -> RunReport:
    machine = _Flashed(line, line, {"boardwright export": exported.kind})
    line.open_soon()
    try:
        identity = Session(line, died=machine.died).identify()
        if (identity.board, identity.build_id) != (board.name, exported.build_id):
            raise WrongFirmware(
                f"{identity.board[:40]!r} with build {identity.build_id[:40]!r} answered, but the "
                f"export is for {board.name!r} with build {exported.build_id!r}: build it and "
                "flash it again."
            )
        firmware = _firmware(_clocked(board, exported, identity.timer_hz), exported)
        return converse(machine, firmware, samples, on_progress=on_progress)
    except ValueError as error:
        raise WrongFirmware(f"What answered is no firmware of ours: {error}.") from error
    finally:
        machine.close()


def _refuse_place(place: Place, board: Board) -> None:
    there = find_board(place.board)
    if there.name != board.name:
        raise BenchError(
            f"The place {place.name!r} has {there.name}, and the export is for {board.name}: name "
            "another place, or export for that board."
        )
    if place.flasher == EMULATED:
        raise BenchError(
            f"The place {place.name!r} is emulated: `boardwright measure PROJECT --board "
            f"{board.name}` runs the same firmware there."
        )
    if place.console is None:
        raise BenchError(
            f"The place {place.name!r} has no console: add `console` to it in bench.toml."
        )


def _line(place: Place) -> Line:
    if place.console is None:
        raise BenchError(f"The place {place.name!r} has no console.")
    return line_at(place.console)


def _firmware(board: Board, exported: Exported) -> Firmware:
    sizeless = replace(board, flash_bytes=0)  # so that no report claims a footprint
    return Firmware(sizeless, Path(), "", exported.build_id, _UNKNOWN, (), {})


def _clocked(board: Board, exported: Exported, timer_hz: int) -> Board:
    """Return the board with the clock that a framework gave it: the host's will judge it."""
    exporter = EXPORTERS[exported.kind]
    if exporter.starts_the_core(board) or timer_hz == 0:
        return board
    return replace(
        board,
        timer_hz=timer_hz,
        clock_hz=max(timer_hz, board.clock_hz),
        counter=f"clock of {exporter.TITLE}, its interrupts included",
    )
