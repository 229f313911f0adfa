"""A run on the host board: right answers, and a named reason for whatever goes wrong."""

from __future__ import annotations

import os
import random
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hardware_runner import session
from hardware_runner.boards import find_board
from hardware_runner.build import Firmware, build_firmware
from hardware_runner.lease import lease
from hardware_runner.measure import measure, start
from hardware_runner.report import RunOutcome, RunReport
from hardware_runner.run import converse
from model_compiler import HostModel, compile_model, dense_classifier
from tests.hardware_runner.stand_in import APP_C, FEATURES_C, GOAL_H, STAND_IN, write_project
from tests.hardware_runner.tools import needs_gcc

pytestmark = needs_gcc

HOST = find_board("host")
SAMPLES = np.random.default_rng(2).integers(0, 17, (120, 8, 8)).astype(np.uint8)


def build(folder: Path, **changed: str) -> Firmware:
    return build_firmware(HOST, write_project(folder / "p", **changed), STAND_IN, folder / "out")


def run(firmware: Firmware, folder: Path, samples=SAMPLES, timeout_s: float = 5.0) -> RunReport:
    return measure(HOST, firmware, samples, response_timeout_s=timeout_s, lock_dir=folder / "locks")


def test_scores_are_those_of_the_model_on_the_quantised_features(tmp_path: Path) -> None:
    compiled = compile_model(dense_classifier(16, 10))
    project = write_project(tmp_path / "p")
    firmware = build_firmware(HOST, project, compiled, tmp_path / "out")
    report = run(firmware, tmp_path)
    patches = SAMPLES.reshape(-1, 4, 2, 4, 2).sum(axis=(2, 4)).reshape(-1, 16) / np.float32(64)
    port = compiled.summary.inputs[0]
    away = np.trunc(patches / port.scale + 0.5).astype(np.int32) + port.zero_point
    scores = HostModel(compiled).run(np.clip(away, -128, 127).astype(np.int8))
    assert np.array_equal(np.array(report.scores), scores)


def test_a_report_tells_all_and_no_cost(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    firmware = build(tmp_path)
    report = measure(
        HOST, firmware, SAMPLES, lock_dir=tmp_path, on_progress=lambda *at: seen.append(at)
    )
    assert report.outcome is RunOutcome.PASS, report.reason
    assert report.samples == len(report.scores) == len(report.decisions) == len(SAMPLES)
    assert seen == [(i + 1, len(SAMPLES)) for i in range(len(SAMPLES))]
    assert report.cost is None  # a process's time says nothing about a board
    assert report.footprint is None
    assert report.firmware_sha256 == firmware.sha256
    assert report.tools.keys() == {"gcc"}
    assert RunReport.model_validate_json(report.model_dump_json()) == report


def test_the_application_sees_each_result_once_and_in_order(tmp_path: Path) -> None:
    report = run(build(tmp_path), tmp_path)
    best = [row.index(max(row)) for row in report.scores]
    twice = [b if i and b == best[i - 1] else -1 for i, b in enumerate(best)]
    assert list(report.decisions) == twice
    assert set(twice) != {-1}


def test_the_application_cannot_change_the_scores_that_are_reported(tmp_path: Path) -> None:
    honest = run(build(tmp_path / "a"), tmp_path)
    app = APP_C.replace("    int best = 0;", "    ((int8_t *)scores)[3] = 127;\n    int best = 0;")
    assert run(build(tmp_path / "b", app_c=app), tmp_path).scores == honest.scores


def test_no_samples_are_a_run_too(tmp_path: Path) -> None:
    report = run(build(tmp_path), tmp_path, SAMPLES[:0])
    assert (report.outcome, report.samples) == (RunOutcome.PASS, 0)


def test_samples_of_30_kilobytes_go_through(tmp_path: Path) -> None:
    goal = GOAL_H.replace("RAW_COUNT 64", "RAW_COUNT 30000")
    features = """#include "features.h"
void bw_features(const bw_raw_t raw[BW_RAW_COUNT], float features[BW_FEATURE_COUNT])
{
    for (int i = 0; i < BW_FEATURE_COUNT; ++i) {
        features[i] = (float)raw[i * 2000 + 1999 * (i == 14)] / 255.0f;
    }
}
"""
    firmware = build(tmp_path, goal_h=goal, features_c=features)
    samples = np.random.default_rng(0).integers(0, 256, (40, 30000)).astype(np.uint8)
    report = run(firmware, tmp_path, samples)
    assert report.outcome is RunOutcome.PASS, report.reason
    assert len(set(report.scores)) > 1


@pytest.mark.parametrize("name", ["int16_t", "float"])
def test_raw_types(tmp_path: Path, name: str) -> None:
    plain = run(build(tmp_path / "u"), tmp_path)
    goal = GOAL_H.replace("typedef uint8_t", f"typedef {name}")
    firmware = build(tmp_path / "x", goal_h=goal)
    dtype = {"int16_t": np.int16, "float": np.float32}[name]
    assert run(firmware, tmp_path, SAMPLES.astype(dtype)).scores == plain.scores
    refused = run(firmware, tmp_path, SAMPLES)
    assert refused.outcome is RunOutcome.INFRASTRUCTURE
    assert "goal.h and the samples must agree" in refused.reason


def test_undefined_behaviour_in_the_firmware_fails_the_run(tmp_path: Path) -> None:
    source = FEATURES_C.replace("for (int row", "int z = raw[0] + 2147483640;\n    for (int row", 1)
    source = source.replace("(float)(patch[0]", "(float)(z / 2147483600 + patch[0]")
    samples = np.full((3, 8, 8), 16, np.uint8)
    report = run(build(tmp_path, features_c=source), tmp_path, samples)
    assert report.outcome is RunOutcome.FAIL
    assert "SIGILL" in report.reason


def test_an_error_of_the_model_fails_the_run(tmp_path: Path) -> None:
    files = dict(STAND_IN.files)
    files["bw_model.c"] = files["bw_model.c"].replace("return 0;", "return -3;")
    broken = replace(STAND_IN, files=files)
    firmware = build_firmware(HOST, write_project(tmp_path / "p"), broken, tmp_path / "out")
    report = run(firmware, tmp_path)
    assert report.outcome is RunOutcome.FAIL
    assert "bw_model_invoke() returned -3. 0 samples were answered before" in report.reason


def test_a_decision_that_is_no_class_fails_the_run(tmp_path: Path) -> None:
    app = APP_C.replace("return decision;", "return decision == -1 ? 10 : decision;")
    report = run(build(tmp_path, app_c=app), tmp_path)
    assert report.outcome is RunOutcome.FAIL
    assert "returned 10: it must be -1 or a class, 0 to 9" in report.reason


def test_a_lock_folder_that_cannot_be_made_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    report = measure(HOST, build(tmp_path), SAMPLES, lock_dir=tmp_path / "file")
    assert report.outcome is RunOutcome.INFRASTRUCTURE
    assert "This machine failed" in report.reason


def test_a_firmware_that_computes_for_ever_fails_in_time(tmp_path: Path) -> None:
    app = APP_C.replace(
        "    int best = 0;", "    volatile int on = 1;\n    while (on) { }\n    int best = 0;"
    )
    report = run(build(tmp_path, app_c=app), tmp_path, timeout_s=0.5)
    assert report.outcome is RunOutcome.FAIL
    assert "did not answer sample 0 of 120" in report.reason
    assert "still computing" in report.reason


def test_another_firmware_than_the_expected_one_is_refused(tmp_path: Path) -> None:
    firmware = replace(build(tmp_path), build_id="0123456789abcdef")
    report = run(firmware, tmp_path)
    assert report.outcome is RunOutcome.INFRASTRUCTURE
    assert "flash it again" in report.reason


def test_a_firmware_that_does_not_start_is_reported(tmp_path: Path) -> None:
    firmware = build(tmp_path)
    firmware.elf.write_bytes(b"no program")
    report = run(firmware, tmp_path)
    assert report.outcome is RunOutcome.INFRASTRUCTURE
    assert report.reason


def test_a_held_board_is_reported_with_its_holder(tmp_path: Path) -> None:
    firmware = build(tmp_path)
    with lease("host", timeout_s=0, lock_dir=tmp_path):
        report = measure(HOST, firmware, SAMPLES, lease_timeout_s=0.1, lock_dir=tmp_path)
    assert report.outcome is RunOutcome.INFRASTRUCTURE
    assert f"process {os.getpid()}" in report.reason


@pytest.mark.parametrize("seed", range(4))
def test_the_c_shell_survives_a_bad_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """The real shell behind a line that loses, inserts and flips bytes, both ways."""
    monkeypatch.setattr(session, "RESEND_AFTER_S", 0.2)
    firmware = build(tmp_path)
    expected = run(firmware, tmp_path)
    machine = start(HOST, firmware)
    machine.console = Noisy(machine.console, random.Random(seed), rate=0.0005)  # noqa: S311
    try:
        report = converse(machine, firmware, SAMPLES, response_timeout_s=60.0)
    finally:
        machine.close()
    assert report.outcome is RunOutcome.PASS, report.reason
    assert (report.scores, report.decisions) == (expected.scores, expected.decisions)
    assert report.resends > 0


class Noisy:
    """A console that harms some bytes, but never the same request for ever."""

    def __init__(self, console, noise: random.Random, rate: float) -> None:
        self._console, self._noise, self._rate = console, noise, rate
        self.timeout: float | None = None

    @property
    def in_waiting(self) -> int:
        return self._console.in_waiting

    def read(self, size: int = 1, /) -> bytes:
        return self._harm(self._console.read(size))

    def write(self, data: bytes, /) -> int | None:
        return self._console.write(self._harm(data))

    def _harm(self, data: bytes) -> bytes:
        out = bytearray()
        for byte in data:
            dice = self._noise.random() / self._rate
            if dice < 1:
                out += [b"", bytes([byte, 0xA5]), bytes([byte ^ 0x10])][int(dice * 3)]
            else:
                out.append(byte)
        return bytes(out)


def test_a_process_killed_in_the_middle_is_reported(tmp_path: Path) -> None:
    firmware = build(tmp_path)
    machine = start(HOST, firmware)

    def kill(done: int, total: int) -> None:
        if done == 40:
            os.kill(machine._process.pid, signal.SIGKILL)

    try:
        report = converse(machine, firmware, SAMPLES, on_progress=kill, response_timeout_s=5.0)
    finally:
        machine.close()
    assert report.outcome is RunOutcome.INFRASTRUCTURE
    assert "SIGKILL" in report.reason
    assert 40 <= report.samples < 120
