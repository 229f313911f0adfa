"""The Nucleo's firmware in QEMU's STM32F405: as far as their registers agree.

They agree in USART2, TIM2 and the memory map. QEMU models neither clocks nor cycle counter: the
PLL never locks and DWT reads 0, which is what a dead counter looks like.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from hardware_runner import qemu
from hardware_runner.boards import find_board
from hardware_runner.build import build_firmware
from hardware_runner.measure import measure
from hardware_runner.report import RunOutcome
from hardware_runner.run import converse
from hardware_runner.session import Session
from tests.hardware_runner.stand_in import STAND_IN, write_project
from tests.hardware_runner.tools import needs_arm_gcc, needs_gcc, needs_qemu

pytestmark = [needs_arm_gcc, needs_gcc, needs_qemu]

NUCLEO = find_board("nucleo-f446re")
SAMPLES = np.random.default_rng(4).integers(0, 17, (6, 8, 8)).astype(np.uint8)


@pytest.fixture
def nucleo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[qemu.QemuBoard, object]]:
    firmware = build_firmware(NUCLEO, write_project(tmp_path / "p"), STAND_IN, tmp_path / "out")
    emulated = dataclasses.replace(NUCLEO, machine="netduinoplus2")
    plain = qemu.command_line

    def with_usart2(*arguments) -> list[str]:
        command = plain(*arguments)
        at = command.index("-serial")
        return [*command[:at], "-serial", "null", *command[at:]]

    monkeypatch.setattr(qemu, "command_line", with_usart2)
    machine = qemu.QemuBoard(emulated, firmware.elf)
    try:
        machine.resume()
        yield machine, firmware
    finally:
        machine.close()


def test_it_answers_as_the_host_does(nucleo, tmp_path: Path) -> None:
    machine, _ = nucleo
    host = build_firmware(find_board("host"), tmp_path / "p", STAND_IN, tmp_path / "host")
    expected = measure(host.board, host, SAMPLES, lock_dir=tmp_path / "locks")
    assert expected.outcome is RunOutcome.PASS, expected.reason
    session = Session(machine.console, died=machine.died)
    identity = session.identify()
    assert (identity.board, identity.window) == ("nucleo-f446re", 1)
    answers = list(session.infer([sample.tobytes() for sample in SAMPLES], identity.window))
    assert tuple(answer.scores for answer in answers) == expected.scores
    assert tuple(answer.decision for answer in answers) == expected.decisions


def test_its_dead_counter_is_refused(nucleo) -> None:
    machine, firmware = nucleo
    report = converse(machine, firmware, SAMPLES)
    assert report.outcome is RunOutcome.INFRASTRUCTURE
    assert "stands still" in report.reason
    assert report.cost is None
    assert report.samples == 0
