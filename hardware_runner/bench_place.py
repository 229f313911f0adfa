"""One board of a bench run: lease, start, talk, bring back, erase, give back."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hardware_runner.bench import Place
from hardware_runner.board import Board
from hardware_runner.build import Firmware
from hardware_runner.condition import remember, wedge, wedged
from hardware_runner.errors import (
    BenchError,
    BoardStuck,
    BoardTrouble,
    BoardWedged,
    RunnerError,
    ToolMissing,
)
from hardware_runner.gear import EMULATED, Gear
from hardware_runner.joules import metering
from hardware_runner.lease import held_by, is_held
from hardware_runner.machine import Machine
from hardware_runner.recovery import (
    Bounds,
    Recoverable,
    Rung,
    climb,
    first_line,
    hangs_by_itself,
    power_cycle,
    until_there,
)
from hardware_runner.report import RunOutcome, RunReport
from hardware_runner.reservation import Held, Reservations
from hardware_runner.results import Measured
from hardware_runner.run import Progress, blank_report, converse
from hardware_runner.tools.flasher import Image
from hardware_runner.watch import Watch, WatchedMachine

RUNS = 3
"""How often a board is measured at most, where the bench spoils it."""

ERASE = "erase"
"""The tag of places whose firmware is erased after each run."""

REASON_CHARS = 2_000
"""The longest reason in results; whoever reads them refuses texts that are much longer."""

_INFRASTRUCTURE = RunOutcome.INFRASTRUCTURE
_MOST_TOLD = 20


@dataclass(slots=True)
class PlaceRun:
    """One board's run; `run` never raises, and comes back with the lease given back."""

    places: tuple[Place, ...]  # any of them will do
    board: Board
    firmware: Firmware
    image: Image
    samples: npt.NDArray[np.generic]
    reservations: Reservations
    folder: Path  # of what is remembered
    bounds: Bounds
    gear: Gear
    watch: Watch
    on_progress: Progress
    on_note: Callable[[str], None] = lambda text: None  # what a person who waits wants to know
    _place: Place | None = None
    _held: Held | None = None
    _began: float = 0.0
    _late: bool = False  # the samples took longer than they may: no second try
    _tried: list[str] = field(default_factory=list)
    _ending: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def run(self) -> Measured:
        """Measure, and say how that ended."""
        try:
            report = self._measure(self._take())
        except (RunnerError, OSError) as trouble:
            report = blank_report(self.firmware, _INFRASTRUCTURE, str(trouble))
        except Exception as error:  # whatever it is, the other boards go on
            reason = f"The runner failed: {type(error).__name__}: {error}."
            report = blank_report(self.firmware, _INFRASTRUCTURE, reason)
        return self._end(report)

    def give_up(self, late: str) -> Measured:
        """End the run from outside, where its thread hangs: mark the place and give it back."""
        reason = f"{late} The tool hangs, and the board with it."
        report = blank_report(self.firmware, _INFRASTRUCTURE, reason)
        if self._place is not None and (self._held is None or not self._held.lost):
            with contextlib.suppress(OSError):  # a full disk keeps no mark, and still no lease
                wedge(self._place.name, self.folder, reason, tuple(self._tried))
        return self._end(report)

    def _take(self) -> Place:
        names = {place.name: place for place in self.places}
        patience_s = self.bounds.lease_s + self.reservations.slack_s + self.bounds.grace_s
        held: Held | None = None
        if all(is_held(name, self.folder) for name in names):
            self.on_note(f"waits: {held_by(sorted(names), self.folder)}")
        try:
            with self.watch.step("wait for the board", patience_s):
                held = self.reservations.take_any(
                    sorted(names), timeout_s=self.bounds.lease_s,
                    called_off=lambda: self.watch.is_over,
                )  # fmt: skip
        except BoardStuck:  # given up meanwhile: nobody waits for it any more
            if held is not None:
                held.release()
            raise
        place = names[held.place]
        if held.console is not None:
            place = place.model_copy(update={"console": held.console})
        self._place, self._began = place, time.monotonic()
        if mark := wedged(held.place, self.folder):
            held.release()
            raise BoardWedged(f"The place {held.place} is {mark}")
        self._held = held
        self.watch.end_with(lambda: held.lost)
        return place

    def _is_ours(self, place: Place) -> bool:
        return wedged(place.name, self.folder) is None and not self._look()

    def _look(self) -> str:
        """Return why the place is no longer ours, or "": asked before anything more is tried."""
        return self._held.look() if self._held is not None else ""

    def _end(self, report: RunReport) -> Measured:
        with self._ending:  # the thread itself, or who gave it up: once
            if self._held is not None:
                with contextlib.suppress(OSError):
                    remember(self._held.place, self.folder, report, len(self._tried))
                self._held.release()
                self._held = None
        return Measured(
            place=self._place.name if self._place else "",
            recoveries=tuple(line[:200] for line in self._tried[:_MOST_TOLD]),
            seconds=time.monotonic() - self._began if self._began else 0.0,
            report=report.model_copy(update={"reason": report.reason[:REASON_CHARS]}),
        )

    def _measure(self, place: Place) -> RunReport:
        with self._started(place) as machine:
            report = self._resumed(place, machine)
            failures: list[tuple[int, Rung | None]] = []
            while report.outcome is _INFRASTRUCTURE and not (self.watch.is_over or self._late):
                if lost := self._look():
                    return blank_report(self.firmware, _INFRASTRUCTURE, lost)
                rung = self._bring_back(place, machine, report)
                failures.append((report.samples, rung))
                if rung is None or len(failures) >= RUNS:
                    return self._told(report)
                if hangs_by_itself(failures):
                    return _hanging(report)
                report = self._converse(place, machine)
            return report

    @contextlib.contextmanager
    def _started(self, place: Place) -> Iterator[Machine]:
        machine = self._start(place)
        try:
            yield machine
        finally:
            with self.watch.step("erase and close", self.bounds.start_s, to_the_end=True):
                if ERASE in place.tags and self._is_ours(place):
                    _erase(machine)
                machine.close()

    def _resumed(self, place: Place, machine: Machine) -> RunReport:
        try:
            with self.watch.step("reset the board", self.bounds.start_s):
                machine.resume()
        except BoardTrouble as trouble:
            return blank_report(self.firmware, _INFRASTRUCTURE, str(trouble))
        return self._converse(place, machine)

    def _start(self, place: Place) -> Machine:
        """Start the board; where that fails, once more, and once more after a power cycle."""

        def begin() -> Machine:
            return self.gear.start(place, self.board, self.image, self.firmware)

        for prepare in self._before_each_start(place):
            machine: Machine | None = None
            try:
                with self.watch.step("flash and start the board", self.bounds.start_s):
                    patience_s = prepare()
                    if (meter := self.gear.meter(place)) is not None:
                        meter.supply()
                    machine = until_there(begin, patience_s)
                return machine
            except BenchError:  # bench.toml is wrong, and not the board
                raise
            except BoardStuck:  # given up or called off meanwhile: nothing more with this board
                if machine is not None:
                    machine.close()
                raise
            except BoardTrouble as trouble:
                failed = trouble
                if lost := self._look():
                    raise BoardStuck(lost) from trouble
                self._tried.append(f"start, in vain: {first_line(trouble)}")
                self.on_note(self._tried[-1])
        if place.flasher != EMULATED:
            wedge(place.name, self.folder, str(failed), tuple(self._tried))
        raise failed

    def _before_each_start(self, place: Place) -> Iterator[Callable[[], float]]:
        """Yield what precedes each try; it returns how long the board may take to be found."""
        yield lambda: 0.0
        yield lambda: 0.0
        switch = self.gear.switch(place)
        if switch is not None and switch.is_trusted:

            def cycle() -> float:
                power_cycle(switch)
                return self.bounds.power_s

            yield cycle

    def _converse(self, place: Place, machine: Machine) -> RunReport:
        watched = WatchedMachine(machine, self.watch)
        began = time.monotonic()
        try:
            with (
                self.watch.step("measure", self.bounds.run_s),
                metering(self.gear.meter(place)) as energy,
            ):
                report = converse(
                    watched, self.firmware, self.samples,
                    on_progress=self.on_progress, response_timeout_s=self.bounds.response_s,
                )  # fmt: skip
            self._late = time.monotonic() - began > self.bounds.run_s
            return report.model_copy(update={"energy": energy()})
        except (BoardTrouble, ToolMissing) as trouble:
            return blank_report(self.firmware, _INFRASTRUCTURE, str(trouble))

    def _bring_back(self, place: Place, machine: Machine, report: RunReport) -> Rung | None:
        if not isinstance(machine, Recoverable):
            return None  # an emulator that failed is not made better by its board
        climbed = climb(machine, self.firmware, self.gear.switch(place), self.watch, self.bounds)
        self._tried += climbed.tried
        for line in climbed.tried:
            self.on_note(line)
        if climbed.rung is None and not self.watch.is_over:
            wedge(place.name, self.folder, report.reason, climbed.tried)
        return climbed.rung

    def _told(self, report: RunReport) -> RunReport:
        if not self._tried:
            return report
        reason = f"{report.reason} Tried to bring it back: {'; '.join(self._tried)}."
        return report.model_copy(update={"reason": reason})


def _erase(machine: Machine) -> None:
    erase = getattr(machine, "erase", None)
    if erase is not None:
        with contextlib.suppress(RunnerError, OSError):
            erase()


def _hanging(report: RunReport) -> RunReport:
    reason = (
        f"The firmware fell silent twice after {report.samples} samples, while the board came back "
        "by a reset each time: what features.c, the model or app.c compute there does not end."
    )
    return report.model_copy(update={"outcome": RunOutcome.FAIL, "reason": reason})
