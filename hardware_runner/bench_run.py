"""Measure a bundle on a bench: all boards at once, each in a bounded time, each lease given back.

One thread a board works; the caller's thread supervises. A thread that hangs in a tool is given
up: its board becomes an infrastructure result, its place is marked, its lease ends.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hardware_runner.bench import Bench, Place
from hardware_runner.bench_place import REASON_CHARS, PlaceRun
from hardware_runner.board import Board
from hardware_runner.boards import find_board
from hardware_runner.build import Firmware
from hardware_runner.bundle import Bundle, Manifest
from hardware_runner.condition import wedged
from hardware_runner.gear import Gear
from hardware_runner.lease import default_lock_dir
from hardware_runner.recovery import Bounds
from hardware_runner.report import RunOutcome, RunReport
from hardware_runner.reservation import Reservations, reservations_of
from hardware_runner.results import Measured, Results
from hardware_runner.run import blank_report
from hardware_runner.watch import Watch

_LOOK_S = 0.05

OnProgress = Callable[[str, int, int], None]
"""Called with a board's name, samples answered, samples in all; never by two threads at once."""

OnNote = Callable[[str, str], None]
"""Called with a board's name and a line for people; never by two threads at once."""

_Tellers = tuple[OnProgress, OnNote]


@dataclass(slots=True)
class _Asked:
    """A board that was asked for; `work` is None where there is nothing to run."""

    board: Board
    watch: Watch
    answer: Measured | None = None
    work: PlaceRun | None = None
    answering: threading.Lock = field(default_factory=threading.Lock, repr=False)


def measure_bundle(
    bench: Bench,
    bundle: Bundle,
    boards: Sequence[str],
    *,
    on_progress: OnProgress | None = None,
    on_note: OnNote | None = None,
    lock_dir: Path | None = None,
    bounds: Bounds | None = None,
    gear: Gear | None = None,
) -> Results:
    """Run a bundle's firmware on all these boards at once and wait for all.

    Args:
        bench: Where to run.
        bundle: What to run.
        boards: Names of boards, or of places of the bench; none: every board of the bundle.
        on_progress: Told how far each board is.
        on_note: Told for whom a board waits, and what was tried with it in vain.
        lock_dir: Where the locks and markers are; None: the default.
        bounds: How long everything may take.
        gear: How boards are started and switched.

    Returns:
        One entry for each board, in the order asked for. One that could not run is skipped where
        bundle or bench lack it, and infrastructure where the bench failed; its reason says more.

    Raises:
        UnknownBoard: a name is neither a board's nor a place's.
        KeyboardInterrupt: after every board was given back.
    """
    started = datetime.now(UTC)
    folder = lock_dir or default_lock_dir()
    folder.mkdir(parents=True, exist_ok=True)
    bounds, called_off = bounds or Bounds(), threading.Event()
    setting = _Setting(
        bench, bundle, bundle.samples(), reservations_of(bench, folder), folder, bounds,
        gear or Gear(), called_off, *_one_at_a_time(on_progress, on_note),
    )  # fmt: skip
    asked = [_prepare(setting, name) for name in dict.fromkeys(boards or bundle.boards())]
    _run_all(asked, called_off)
    return Results(
        bench=bench.name,
        project=bundle.manifest.project,
        commit=bundle.manifest.commit,
        bundle_sha256=bundle.sha256,
        started=started,
        boards=tuple(one.answer for one in asked if one.answer is not None),
    )


@dataclass(frozen=True, slots=True)
class _Setting:
    """What all boards of a run share."""

    bench: Bench
    bundle: Bundle
    samples: npt.NDArray[np.generic]
    reservations: Reservations
    folder: Path
    bounds: Bounds
    gear: Gear
    called_off: threading.Event
    tell: OnProgress
    note: OnNote


def _prepare(setting: _Setting, name: str) -> _Asked:
    """Find places and firmware for a board that was asked for, or say why it does not run."""
    bench, bundle = setting.bench, setting.bundle
    places = [place for place in bench.places if place.name == name]
    board = find_board(places[0].board if places else name)
    places = places or [p for p in bench.places if find_board(p.board).name == board.name]
    asked = _Asked(board, Watch(setting.called_off, setting.bounds.grace_s))
    if board.name not in bundle.boards():
        asked.answer = _not_run(board, RunOutcome.SKIPPED, _why_no_firmware(bundle.manifest, board))
        return asked
    firmware = bundle.firmware(board.name)
    if not places:
        listed = ", ".join(sorted({p.board for p in bench.places})) or "none yet"
        reason = f"The bench {bench.name} has no {board.name}; its boards: {listed}."
        asked.answer = _not_run(board, RunOutcome.SKIPPED, reason, firmware)
        return asked
    usable = [place for place in places if wedged(place.name, setting.folder) is None]
    if not usable:
        asked.answer = _not_run(
            board, RunOutcome.INFRASTRUCTURE, _why_wedged(places, setting.folder), firmware,
            places[0].name,
        )  # fmt: skip
        return asked
    asked.work = PlaceRun(
        places=tuple(usable),
        board=board,
        firmware=firmware,
        image=bundle.image(board.name),
        samples=setting.samples,
        reservations=setting.reservations,
        folder=setting.folder,
        bounds=setting.bounds,
        gear=setting.gear,
        watch=asked.watch,
        on_progress=lambda done, total: setting.tell(board.name, done, total),
        on_note=lambda text: setting.note(board.name, text),
    )
    return asked


def _why_wedged(places: Sequence[Place], folder: Path) -> str:
    return " ".join(
        f"The place {place.name} is {wedged(place.name, folder)} "
        f"Look after the board, then: boardwright bench release {place.name}."
        for place in places
    )


def _why_no_firmware(manifest: Manifest, board: Board) -> str:
    if why := manifest.failed.get(board.name):
        return f"Its firmware was not built: {why}"
    listed = ", ".join(entry.board for entry in manifest.firmware) or "none"
    return f"The bundle holds no firmware for {board.name}; it holds it for: {listed}."


def _run_all(asked: Sequence[_Asked], called_off: threading.Event) -> None:
    """Fill in the answers of all that has work. Comes back when no thread works any more."""
    ended = threading.Event()
    # Daemons, so that one that hangs in a tool cannot keep this process from its end.
    threads = [
        threading.Thread(target=_work, args=(one, ended), daemon=True, name=one.board.name)
        for one in asked
        if one.work is not None
    ]
    interrupted = False
    while True:
        try:
            for thread in threads:
                if thread.ident is None:
                    thread.start()
            while any(one.answer is None for one in asked):
                ended.wait(_LOOK_S)
                ended.clear()
                _give_up_the_stuck(asked)
            break
        except KeyboardInterrupt:
            if interrupted:  # asked twice: leave at once; the locks end with the process
                raise
            interrupted = True
            called_off.set()
    if interrupted:
        raise KeyboardInterrupt


def _work(one: _Asked, ended: threading.Event) -> None:
    """Run one board. The thread itself sets the answer: an interrupt could lose it on its way."""
    assert one.work is not None  # noqa: S101, asked by the caller
    measured = one.work.run()
    with one.answering:
        one.answer = one.answer or measured
    ended.set()


def _give_up_the_stuck(asked: Sequence[_Asked]) -> None:
    for one in asked:
        if one.answer is None and one.work is not None and (late := one.watch.give_up_if_stuck()):
            measured = one.work.give_up(late)
            with one.answering:
                one.answer = one.answer or measured


def _not_run(
    board: Board,
    outcome: RunOutcome,
    reason: str,
    firmware: Firmware | None = None,
    place: str = "",
) -> Measured:
    reason = reason[:REASON_CHARS]
    if firmware is not None:
        report = blank_report(firmware, outcome, reason)
    else:
        report = RunReport(
            board=board.name, core=board.core, verified=board.verified, outcome=outcome,
            reason=reason,
        )  # fmt: skip
    return Measured(place=place, seconds=0.0, report=report)


def _one_at_a_time(on_progress: OnProgress | None, on_note: OnNote | None) -> _Tellers:
    lock = threading.Lock()

    def tell(board: str, done: int, total: int) -> None:
        if on_progress is not None:
            with lock:
                on_progress(board, done, total)

    def note(board: str, text: str) -> None:
        if on_note is not None:
            with lock:
                on_note(board, text)

    return tell, note
