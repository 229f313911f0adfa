"""Whatever board, port, hub or tool do: a right outcome, in bounded time, and no lock left."""

from __future__ import annotations

import os
import re
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from hardware_runner import attached, session
from hardware_runner.bench import Place, Usb
from hardware_runner.bench_run import measure_bundle
from hardware_runner.boards import find_board
from hardware_runner.condition import clear, history, wedged
from hardware_runner.gear import Gear
from hardware_runner.lease import is_held, lease
from hardware_runner.recovery import Bounds
from hardware_runner.report import RunOutcome
from hardware_runner.results import Measured
from tests.hardware_runner.bench_bundle import SAMPLES, bench_of, pretended
from tests.hardware_runner.mischief import Act, Plan, PlayedSwitch, PlayedTool, Player, attach

BOARD = find_board("netduinoplus2")
LEFT = Place(
    name="left",
    board=BOARD.name,
    flasher="openocd",
    probe=Usb(vendor="0483", product="374b", serial="A1"),
)
BOUNDS = Bounds(
    lease_s=0.2, start_s=1.0, run_s=1.0, response_s=0.3, recovery_s=1.0, answer_s=0.2,
    power_s=0.1, grace_s=0.1,
)  # fmt: skip


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "RESEND_AFTER_S", 0.05)
    monkeypatch.setattr(attached, "ASK_TIMEOUT_S", 0.1)
    monkeypatch.setattr(session, "_READ_SLICE_S", 0.02)


@dataclass
class Rig:
    """One board on a bench; `run` measures on it."""

    folder: Path
    player: Player
    tool: PlayedTool
    switch: PlayedSwitch | None = None
    place: Place = LEFT
    seen: list[int] = field(default_factory=list)

    @property
    def locks(self) -> Path:
        return self.folder / "locks"

    def run(self, bounds: Bounds = BOUNDS, on_sample=lambda done: None) -> Measured:
        def progress(board: str, done: int, total: int) -> None:
            self.seen.append(done)
            on_sample(done)

        results = measure_bundle(
            bench_of(self.place),
            pretended([BOARD], Path(tempfile.mkdtemp(dir=self.folder))),
            [BOARD.name],
            on_progress=progress,
            lock_dir=self.locks,
            bounds=bounds,
            gear=Gear(
                start=lambda place, board, image, firmware: attach(
                    self.player, self.tool, image, firmware, self.folder / "memory"
                ),
                switch=lambda place: self.switch,
            ),
        )
        assert not is_held("left", self.locks)
        (measured,) = results.boards
        assert measured.place == "left"
        assert measured.report.board == BOARD.name
        return measured


@pytest.fixture
def rigs(tmp_path: Path) -> Iterator[list[Rig]]:
    made: list[Rig] = []
    yield made
    for rig in made:
        if rig.tool.hang is not None:
            rig.tool.hang.set()
        rig.player.close()


@pytest.fixture
def rig_of(rigs: list[Rig], tmp_path: Path):
    def make(plan: Plan = lambda number, sample: Act.ANSWER) -> Rig:
        player = Player(BOARD, plan)
        rigs.append(Rig(tmp_path, player, PlayedTool(player)))
        return rigs[-1]

    return make


def once(act: Act, at: int = 5) -> Plan:
    return lambda number, sample: act if number == at else Act.ANSWER


def always_at_sample(act: Act, index: int = 5) -> Plan:
    wanted = SAMPLES[index].tobytes()
    return lambda number, sample: act if sample == wanted else Act.ANSWER


def test_a_good_board_needs_nothing(rig_of) -> None:
    rig = rig_of()
    measured = rig.run()
    assert measured.report.outcome is RunOutcome.PASS, measured.report.reason
    assert measured.report.samples == len(SAMPLES)
    assert measured.recoveries == ()
    assert measured.seconds > 0


@pytest.mark.parametrize("act", [Act.LATE, Act.BAD_CRC, Act.GARBAGE])
def test_a_bad_line_costs_time_alone(rig_of, act: Act) -> None:
    measured = rig_of(lambda number, sample: act if number % 7 == 3 else Act.ANSWER).run()
    assert measured.report.outcome is RunOutcome.PASS, measured.report.reason
    assert measured.report.samples == len(SAMPLES)
    assert measured.recoveries == ()


@pytest.mark.parametrize("act", [Act.HANG, Act.FLOOD, Act.REBOOT, Act.VANISH])
def test_what_happens_once_is_survived(rig_of, act: Act) -> None:
    rig = rig_of(once(act))
    measured = rig.run()
    assert measured.report.outcome is RunOutcome.PASS, measured.report.reason
    assert measured.report.samples == len(SAMPLES)
    if act in (Act.HANG, Act.FLOOD):
        assert measured.recoveries[-1] == "reset by tool"
        assert measured.recoveries[0].startswith("reopen, in vain: ")
    if act is Act.REBOOT:
        assert measured.recoveries == ("reopen",)
    assert history("left", rig.locks).recovered == (act is not Act.VANISH)


def test_a_firmware_that_hangs_at_one_sample_fails_and_the_board_is_well(rig_of) -> None:
    rig = rig_of(always_at_sample(Act.HANG))
    measured = rig.run()
    assert measured.report.outcome is RunOutcome.FAIL
    assert "fell silent twice after 5 samples" in measured.report.reason
    assert wedged("left", rig.locks) is None


def test_a_board_that_resets_itself_again_and_again_is_no_fault_of_the_firmware(rig_of) -> None:
    rig = rig_of(lambda number, sample: Act.REBOOT if number % 6 == 5 else Act.ANSWER)
    measured = rig.run()
    assert measured.report.outcome is RunOutcome.INFRASTRUCTURE
    assert "Tried to bring it back: reopen; reopen; reopen" in measured.report.reason
    assert wedged("left", rig.locks) is None


def test_a_hard_fault_is_the_firmwares(rig_of) -> None:
    measured = rig_of(once(Act.FAULT)).run()
    assert measured.report.outcome is RunOutcome.FAIL
    assert "The firmware met a fault in bw_features(), at sample 5" in measured.report.reason


def test_a_board_that_nothing_brings_back_is_wedged_until_it_is_cleared(rig_of) -> None:
    rig = rig_of(once(Act.HANG))
    rig.player.reset = lambda: None  # type: ignore[method-assign]
    measured = rig.run()
    assert measured.report.outcome is RunOutcome.INFRASTRUCTURE
    assert [r.split(",")[0] for r in measured.recoveries] == [
        "reopen", "reset by tool", "flash again",
    ]  # fmt: skip
    mark = wedged("left", rig.locks)
    assert mark is not None
    assert mark.tried == measured.recoveries
    calls = len(rig.tool.calls)
    refused = rig.run()
    assert refused.report.outcome is RunOutcome.INFRASTRUCTURE
    assert "boardwright bench release left" in refused.report.reason
    assert len(rig.tool.calls) == calls
    del rig.player.reset
    rig.player.reset()
    clear("left", rig.locks)
    assert rig.run().report.outcome is RunOutcome.PASS


@pytest.mark.parametrize("works", [True, False])
def test_power_is_the_last_step_and_only_where_it_was_proven(rig_of, works: bool) -> None:
    rig = rig_of(once(Act.HANG))
    reset, rig.player.reset = rig.player.reset, lambda: None
    rig.switch = PlayedSwitch(rig.player, rig.tool, trusted=False, works=True)
    assert rig.run().report.outcome is RunOutcome.INFRASTRUCTURE
    assert rig.switch.calls == []
    clear("left", rig.locks)
    rig.switch = PlayedSwitch(rig.player, rig.tool, trusted=True, works=works)
    if works:
        rig.switch.on = reset  # type: ignore[method-assign]
    measured = rig.run()
    assert rig.switch.calls[0] == "off"
    assert (measured.recoveries[-1] == "power cycle") is works
    assert (measured.report.outcome is RunOutcome.PASS) is works
    assert (wedged("left", rig.locks) is None) is works


def test_another_board_on_the_port_is_never_measured(rig_of) -> None:
    rig = rig_of()
    rig.player.answers_as = "somebody-else"
    measured = rig.run()
    assert measured.report.outcome is RunOutcome.INFRASTRUCTURE
    assert "'somebody-else' with build" in measured.report.reason
    assert measured.report.scores == ()


def test_two_devices_that_could_be_meant_are_not_guessed_between(rig_of) -> None:
    rig = rig_of()
    ports = rig.player.ports
    rig.player.ports = lambda: [*ports(), *(p for p in _other(ports()))]
    measured = rig.run()
    assert measured.report.outcome is RunOutcome.INFRASTRUCTURE
    assert "Two devices could be meant" in measured.report.reason
    assert wedged("left", rig.locks) is None  # bench.toml is wrong, and not the board


def test_another_board_of_the_same_kind_is_left_alone(rig_of) -> None:
    rig = rig_of()
    ports = rig.player.ports
    rig.player.ports = lambda: [*(replace(p, serial="B2") for p in _other(ports())), *ports()]
    assert rig.run().report.outcome is RunOutcome.PASS


def _other(ports):
    return [type(p)(p.path + "x", p.vendor, p.product, p.serial, "1-2", None) for p in ports]


def test_a_tool_that_fails_is_tried_again_then_the_place_is_marked(rig_of) -> None:
    rig = rig_of()
    rig.tool.broken = "no probe with serial number A1"
    rig.switch = PlayedSwitch(rig.player, rig.tool, trusted=True, works=True)
    assert rig.run().report.outcome is RunOutcome.PASS
    assert rig.tool.calls.count("flash") == 3
    rig.switch = None
    rig.tool.broken = "no probe with serial number A1"
    shutil.rmtree(rig.folder / "memory")  # or it would find its firmware there, and be content
    measured = rig.run()
    assert measured.report.outcome is RunOutcome.INFRASTRUCTURE
    assert "no probe with serial number A1" in measured.report.reason
    assert wedged("left", rig.locks) is not None


def test_a_tool_that_hangs_is_given_up_and_cannot_use_the_board_later(rig_of) -> None:
    rig = rig_of()
    rig.tool.hang = threading.Event()
    measured = rig.run(Bounds(start_s=0.1, grace_s=0.1))
    assert measured.report.outcome is RunOutcome.INFRASTRUCTURE
    assert "did not end within 0.1 s: flash and start the board" in measured.report.reason
    assert wedged("left", rig.locks) is not None
    rig.tool.hang.set()
    for thread in threading.enumerate():
        if thread.name == BOARD.name:
            thread.join(5)
            assert not thread.is_alive()
    assert rig.tool.calls == ["flash"]
    with rig.player.opened_again() as line:  # nobody has it open any more
        assert line.is_open


def test_a_run_that_is_too_long_is_ended(rig_of) -> None:
    rig = rig_of(lambda number, sample: Act.LATE)
    measured = rig.run(Bounds(run_s=0.15, response_s=0.3, answer_s=0.2, grace_s=1.0))
    assert measured.report.outcome is RunOutcome.INFRASTRUCTURE
    assert "did not end within 0.15 s: measure" in measured.report.reason


def test_a_board_in_use_is_infrastructure_and_its_holder_named(tmp_path: Path) -> None:
    notes: list[str] = []
    with lease("left", timeout_s=0, lock_dir=tmp_path / "locks"):
        results = measure_bundle(
            bench_of(LEFT),
            pretended([BOARD], tmp_path),
            [BOARD.name],
            on_note=lambda board, text: notes.append(f"{board}: {text}"),
            lock_dir=tmp_path / "locks",
            bounds=BOUNDS,
        )
    (measured,) = results.boards
    assert (measured.place, measured.report.outcome) == ("", RunOutcome.INFRASTRUCTURE)
    held = rf"The board left is held by .*process {os.getpid()} on "
    assert re.match(held, measured.report.reason)
    assert len(notes) == 1 and re.match(rf"{BOARD.name}: waits: {held}", notes[0])


def test_an_interrupt_gives_everything_back(rig_of) -> None:
    rig = rig_of(once(Act.HANG, at=3))  # without an interrupt it would be waited for an hour

    def interrupt(done: int) -> None:
        if done == 3:
            signal.raise_signal(signal.SIGINT)

    # A shell that starts tests in the background lets them ignore interrupts.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            rig.run(Bounds(run_s=3600, response_s=3600), on_sample=interrupt)
    finally:
        signal.signal(signal.SIGINT, before)
    assert not is_held("left", rig.locks)
    assert rig.seen == [1, 2, 3]
    assert wedged("left", rig.locks) is None


def test_firmware_is_erased_where_the_place_asks_for_it(rig_of) -> None:
    rig = rig_of()
    rig.place = LEFT.model_copy(update={"tags": ("erase",)})
    assert rig.run().report.outcome is RunOutcome.PASS
    assert rig.tool.calls[-1] == "erase"


def test_what_bundle_or_bench_lack_is_skipped_and_said(tmp_path: Path) -> None:
    bundle = pretended([BOARD], tmp_path, {"mps2-an500": "features.c does not compile"})
    results = measure_bundle(
        bench_of(), bundle, ["f405", "an500", "an386"], lock_dir=tmp_path / "locks"
    )
    assert [m.report.outcome for m in results.boards] == [RunOutcome.SKIPPED] * 3
    assert [m.report.board for m in results.boards] == [BOARD.name, "mps2-an500", "mps2-an386"]
    reasons = [m.report.reason for m in results.boards]
    assert "attic has no netduinoplus2; its boards: none yet" in reasons[0]
    assert reasons[1] == "Its firmware was not built: features.c does not compile"
    assert "no firmware for mps2-an386; it holds it for: netduinoplus2" in reasons[2]


def test_a_bench_that_others_reserve_is_not_used_behind_their_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOARDWRIGHT_LABGRID", "/nowhere/labgrid-client")
    bench = bench_of(LEFT).model_copy(update={"reservation": "labgrid://rig:20408"})
    results = measure_bundle(bench, pretended([BOARD], tmp_path), [BOARD.name], lock_dir=tmp_path)
    (measured,) = results.boards
    assert measured.report.outcome is RunOutcome.INFRASTRUCTURE
    assert "labgrid-client is not installed: run scripts/labgrid.sh" in measured.report.reason
