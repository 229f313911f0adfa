"""A firmware that its users flashed themselves is measured, and no other one."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from hardware_runner import run
from hardware_runner.bench import Bench, Place
from hardware_runner.boards import find_board
from hardware_runner.console import FakeConsole
from hardware_runner.cycles import prove_time
from hardware_runner.errors import BenchError
from hardware_runner.export import Exported
from hardware_runner.lease import lease
from hardware_runner.listening import listen
from hardware_runner.report import RunOutcome, RunReport
from tests.hardware_runner.test_run_timing import BUILD_ID, HZ, SAMPLES, Part

ESP32 = Exported(schema_version=1, kind="esp-idf", board="esp32s3", build_id=BUILD_ID)
CONSOLE = {"kind": "pty", "path": "/dev/null"}


class FakeLine(FakeConsole):
    dtr = rts = False
    lost = ""
    is_open = False

    def __init__(self, part: Part, trouble: str = "") -> None:
        super().__init__(part)
        self.trouble = trouble
        self.closed = 0

    def open_soon(self) -> None:
        if self.trouble:
            raise OSError(self.trouble)

    def close(self) -> None:
        self.closed += 1


def heard(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    exported: Exported = ESP32,
    answering: str = "esp32s3",
    trouble: str = "",
) -> RunReport:
    part = Part(find_board(answering), HZ)
    monkeypatch.setattr(run, "prove_time", partial(prove_time, now=part.now))
    place = Place(name="left", board=exported.board, flasher="esptool", console=CONSOLE)
    bench = Bench(name="attic", place=(place,))
    line = FakeLine(part, trouble)
    report = listen(
        bench, place, exported, SAMPLES, lock_dir=tmp_path, open_line=lambda there: line
    )  # fmt: skip
    assert trouble or line.closed
    with lease("left", timeout_s=0, lock_dir=tmp_path):  # it was given back
        return report


def test_the_exported_build_is_measured_by_the_clock_that_its_framework_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    report = heard(monkeypatch, tmp_path)
    assert (report.outcome, report.samples) == (RunOutcome.PASS, len(SAMPLES)), report.reason
    assert report.verified == "hardware"
    assert report.footprint is None
    assert report.cost is not None
    assert report.cost.unit == "us"
    assert report.cost.features_median == pytest.approx(10 / 168, abs=1e-3)  # not at 240 MHz
    assert "ESP-IDF" in report.cost.method
    assert report.tools == {"boardwright export": "esp-idf"}


@pytest.mark.parametrize(
    ("exported", "answering", "said"),
    [
        (ESP32.model_copy(update={"build_id": "f" * 16}), "esp32s3", "flash it again"),
        (ESP32, "nucleo-f446re", "'nucleo-f446re' with build"),
    ],
)
def test_another_build_or_board_is_refused(
    exported: Exported,
    answering: str,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    report = heard(monkeypatch, tmp_path, exported, answering)
    assert report.outcome is RunOutcome.INFRASTRUCTURE
    assert said in report.reason


def test_bare_metal_keeps_the_clock_of_its_description(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    l476 = ESP32.model_copy(update={"kind": "cmake", "board": "nucleo-l476rg"})
    report = heard(monkeypatch, tmp_path, l476, "nucleo-l476rg")
    assert report.outcome is RunOutcome.INFRASTRUCTURE
    assert "runs at 168,000,000 Hz and not at 80,000,000" in report.reason


def test_a_line_that_does_not_open_is_the_benchs_trouble(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    report = heard(monkeypatch, tmp_path, trouble="[Errno 16] Device or resource busy")
    assert report.outcome is RunOutcome.INFRASTRUCTURE
    assert "monitor" in report.reason


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (Place(name="a", board="nucleo-f446re", flasher="openocd", console=CONSOLE), "has nucleo"),
        (Place(name="a", board="esp32s3", flasher="esptool"), "no console"),
        (Place(name="a", board="esp32s3", flasher="qemu", console=CONSOLE), "is emulated"),
    ],
)
def test_a_place_that_cannot_be_meant_is_refused(place: Place, said: str, tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=said):
        listen(Bench(name="attic", place=(place,)), place, ESP32, SAMPLES, lock_dir=tmp_path)
