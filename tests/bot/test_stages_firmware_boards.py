"""Boards that nothing here runs: built, weighed, unproven, never failed; one stands in."""

from __future__ import annotations

import numpy as np
import pytest

from bot.board_names import boards_in_text
from bot.board_names import find_board as named
from bot.evidence import Evidence, Outcome
from bot.goal import Limits
from bot.stages.firmware import to_measure
from bot.stages.firmware_answers import Expected, check_answers
from bot.stages.firmware_cost import check_cost, check_footprint
from hardware_runner.boards import BOARDS, find_board, nearest_emulated
from hardware_runner.report import Cost, Footprint, RunOutcome, RunReport

NUCLEO = find_board("nucleo-f446re")
PICO = find_board("pico")
EXPECTED = Expected(np.zeros(3, np.int64), np.zeros((3, 2), np.int8), (0, 0, 0), macs=8000)
LIMITS = Limits(
    accuracy_min=0.9,
    flash_max_bytes=8000,
    ram_max_bytes=1500,
    instructions_max=60_000,
    latency_max_ms=5.0,
)
FOOTPRINT = Footprint(
    flash_bytes=7000,
    flash_limit_bytes=512 * 1024,
    ram_bytes=900,
    ram_limit_bytes=128 * 1024,
    model_code_bytes=2000,
    model_constant_bytes=2500,
    arena_bytes=464,
)
NOT_RUN = RunReport(
    board=NUCLEO.name,
    core=NUCLEO.core,
    verified="build-only",
    outcome=RunOutcome.SKIPPED,
    reason="Nothing here runs it.",
    footprint=FOOTPRINT,
)
CYCLES = Cost(
    unit="cycles",
    method="rp2040js",
    features_median=400,
    features_max=500,
    model_median=40_000,
    model_max=45_000,
)
RAN = RunReport(
    board=PICO.name,
    core=PICO.core,
    verified="emulator",
    outcome=RunOutcome.PASS,
    samples=3,
    scores=((0, 0),) * 3,
    decisions=(0, 0, 0),
    cost=CYCLES,
    footprint=FOOTPRINT,
)


def judged(board, report: RunReport, limits: Limits = LIMITS) -> dict[str, Evidence]:
    found = (
        *check_answers(board, report, EXPECTED, limits),
        *check_footprint(board, report, limits),
        *check_cost(board, report, EXPECTED.macs, limits),
    )
    return {e.check.removeprefix(f"firmware.{board.name}."): e for e in found}


def test_what_only_a_bench_can_show_is_not_proven_and_not_failed() -> None:
    found = judged(NUCLEO, NOT_RUN)
    outcomes = {name: e.outcome for name, e in found.items()}
    assert outcomes == {
        "runs": Outcome.SKIPPED,
        "accuracy": Outcome.SKIPPED,
        "fits_flash": Outcome.PASS,
        "fits_ram": Outcome.PASS,
        "flash": Outcome.PASS,
        "ram": Outcome.SKIPPED,  # without the stack nobody knows
        "latency": Outcome.SKIPPED,
        "instructions": Outcome.SKIPPED,
    }
    skipped = [e for e in found.values() if e.outcome is Outcome.SKIPPED]
    assert all("Nothing here runs it." in e.detail for e in skipped)


def test_what_is_too_large_without_a_run_is_too_large() -> None:
    found = judged(NUCLEO, NOT_RUN, LIMITS.model_copy(update={"ram_max_bytes": 800}))
    assert found["ram"].outcome is Outcome.FAIL


def test_cycles_of_an_emulator_prove_no_latency_and_no_instructions() -> None:
    found = judged(PICO, RAN)
    assert (found["cycles"].value, found["cycles"].unit) == (45_500, "cycles")
    assert found["executed"].outcome is Outcome.PASS
    assert found["latency"].outcome is Outcome.SKIPPED
    assert "count cycles, never time" in found["latency"].detail
    assert found["instructions"].outcome is Outcome.SKIPPED


def test_microseconds_of_a_part_prove_a_latency() -> None:
    cost = CYCLES.model_copy(update={"unit": "us", "model_max": 4400.0, "model_median": 4300.0})
    ran = RAN.model_copy(update={"cost": cost, "verified": "hardware", "board": NUCLEO.name})
    found = judged(NUCLEO, ran)
    assert found["latency"].outcome is Outcome.PASS
    assert found["latency"].value == pytest.approx(4.9)
    assert found["time"].unit == "us"
    assert (found["executed"].value, found["executed"].unit) == (4300 * 168, "cycles")
    slow = ran.model_copy(update={"cost": cost.model_copy(update={"model_max": 4600.0})})
    assert judged(NUCLEO, slow)["latency"].outcome is Outcome.FAIL


def test_an_emulated_board_of_the_same_core_stands_in() -> None:
    assert to_measure(["mps2-an386", "nucleo-f446re"]) == ("host", "mps2-an386", "nucleo-f446re")
    assert to_measure(["nucleo-h743zi", "host"]) == ("host", "nucleo-h743zi", "mps2-an500")
    assert to_measure(["pico"]) == ("host", "raspberry-pi-pico")
    assert to_measure(["esp32s3"]) == ("host", "esp32s3")


@pytest.mark.parametrize("board", BOARDS.values(), ids=lambda b: b.name)
def test_a_stand_in_gets_the_same_code(board) -> None:
    near = nearest_emulated(board)
    if board.runs_here or not board.is_built_here:
        assert near is None
        return
    assert near is not None

    def cpu(one) -> set[str]:
        return {flag for flag in one.cpu_flags if not flag.startswith("-mfpu=")}

    assert cpu(near) == cpu(board)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Raspberry Pi Pico", "raspberry-pi-pico"),
        ("Arduino Nano 33 BLE Sense", "arduino-nano33ble"),
        ("STM32F446RE", "nucleo-f446re"),
        ("NUCLEO-L476RG", "nucleo-l476rg"),
        ("Portenta H7", "arduino-portenta-h7"),
        ("ESP32-S3", "esp32s3"),
        ("Cortex-M33", "mps2-an505"),
    ],
)
def test_people_name_boards_as_they_are_sold(said: str, name: str) -> None:
    assert named(said, BOARDS) == name
    assert name in boards_in_text(f"It shall run on a {said}, please.", BOARDS)
