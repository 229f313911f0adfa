"""The firmware stage: each check is seen to pass and to fail; then faults planted in app.c."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot.evidence import Evidence, Outcome
from bot.goal import Limits
from bot.sandbox.job import Job, NeedsSandboxError, Origin, Reason, Result
from bot.sandbox.process import ProcessSandbox
from bot.stages import arrays, firmware, run_firmware
from bot.stages.firmware_answers import Expected, check_answers
from bot.stages.firmware_cost import check_cost, check_footprint
from bot.stages.quantise import quantise
from bot.stages.stage_result import Context, StageResult
from hardware_runner import qemu
from hardware_runner.boards import find_board
from hardware_runner.errors import ToolSlow
from hardware_runner.report import Cost, Footprint, RunOutcome, RunReport
from model_compiler import HostModel, compile_model, load_model
from tests.bot import small_project

AN386 = find_board("an386")
TRUTH = np.repeat([0, 1, 2], 10)
SCORES = np.full((30, 3), -100, dtype=np.int8)
SCORES[np.arange(30), TRUTH] = 100
DECISIONS = tuple(int(label) for label in TRUTH)
EXPECTED = Expected(TRUTH, SCORES, DECISIONS, macs=8000)
LIMITS = Limits(
    accuracy_min=0.95, flash_max_bytes=8000, ram_max_bytes=1500, instructions_max=60_000
)
REPORT = RunReport(
    board="mps2-an386",
    core="Cortex-M4F",
    verified="emulator",
    outcome=RunOutcome.PASS,
    samples=30,
    samples_per_second=500.0,
    scores=tuple(tuple(int(v) for v in row) for row in SCORES),
    decisions=DECISIONS,
    cost=Cost(
        unit="instructions",
        method="counted",
        features_median=400,
        features_max=500,
        model_median=40_000,
        model_max=45_000,
    ),
    footprint=Footprint(
        flash_bytes=7000,
        flash_limit_bytes=1_000_000,
        ram_bytes=900,
        ram_limit_bytes=100_000,
        stack_bytes=350,
        model_code_bytes=2000,
        model_constant_bytes=2500,
        arena_bytes=464,
    ),
)


def judged(report: RunReport, limits: Limits | None = LIMITS) -> dict[str, Evidence]:
    found = (
        *check_answers(AN386, report, EXPECTED, limits),
        *check_footprint(AN386, report, limits),
        *check_cost(AN386, report, EXPECTED.macs, limits),
    )
    assert len({e.check for e in found}) == len(found)
    return {e.check.removeprefix("firmware.mps2-an386."): e for e in found}


def failed(report: RunReport, limits: Limits | None = LIMITS) -> list[str]:
    return [name for name, e in judged(report, limits).items() if e.outcome is Outcome.FAIL]


def changed(**changes: Any) -> RunReport:
    return REPORT.model_copy(update=changes)


def with_footprint(**changes: int) -> RunReport:
    assert REPORT.footprint is not None
    return changed(footprint=REPORT.footprint.model_copy(update=changes))


def with_cost(**changes: Any) -> RunReport:
    assert REPORT.cost is not None
    return changed(cost=REPORT.cost.model_copy(update=changes))


def test_a_good_report_passes_every_check() -> None:
    found = judged(REPORT)
    assert {e.outcome for e in found.values()} == {Outcome.PASS}
    assert set(found) == {
        *(
            "runs",
            "scores_equal",
            "decisions_equal",
            "accuracy",
            "recall",
            "fits_flash",
            "fits_ram",
        ),
        *("flash", "ram", "executed", "instructions"),
    }
    assert found["ram"].value == 1250  # data and stack
    assert found["accuracy"].source == "goal"
    assert "30 of 30" in found["accuracy"].method
    assert "88.6" in found["accuracy"].method  # the lower end of the interval


def test_one_byte_that_differs_from_the_host_is_found() -> None:
    scores = [list(row) for row in REPORT.scores]
    scores[7][2] += 1
    assert failed(changed(scores=tuple(map(tuple, scores)))) == ["scores_equal"]


def test_one_other_decision_is_found() -> None:
    assert failed(changed(decisions=(-1, *DECISIONS[1:]))) == ["decisions_equal"]
    assert failed(changed(decisions=DECISIONS[:-1])) == ["decisions_equal"]


def test_an_accuracy_below_the_goal_is_found() -> None:
    scores = np.roll(SCORES[:2], 1, axis=1)
    report = changed(scores=tuple(map(tuple, np.vstack([scores, SCORES[2:]]).tolist())))
    assert failed(report) == ["scores_equal", "accuracy"]


def test_missing_answers_are_found() -> None:
    assert failed(changed(scores=REPORT.scores[:-1], decisions=DECISIONS[:-1])) == ["runs"]


def test_a_firmware_that_fails_is_found() -> None:
    report = changed(outcome=RunOutcome.FAIL, reason="HardFault in bw_features()")
    assert failed(report)[0] == "runs"
    assert "bw_features" in judged(report)["runs"].detail


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (RunOutcome.INFRASTRUCTURE, Outcome.INFRASTRUCTURE),
        (RunOutcome.SKIPPED, Outcome.SKIPPED),
    ],
)
def test_a_board_that_fails_is_not_the_project_s_fault(
    outcome: RunOutcome, expected: Outcome
) -> None:
    report = changed(
        outcome=outcome, reason="QEMU ended", scores=(), decisions=(), cost=None, footprint=None
    )
    limits = LIMITS.model_copy(update={"latency_max_ms": 10.0})
    assert failed(report, limits) == []
    assert judged(report, limits)["runs"].outcome is expected
    assert judged(report, limits)["runs"].detail == "QEMU ended"


def test_a_part_that_is_too_small_is_found() -> None:
    assert failed(with_footprint(flash_limit_bytes=6999)) == ["fits_flash"]
    assert failed(with_footprint(ram_limit_bytes=1249)) == ["fits_ram"]


def test_flash_ram_and_instructions_above_the_goal_are_found() -> None:
    assert failed(with_footprint(flash_bytes=8001)) == ["flash"]
    assert failed(with_footprint(ram_bytes=1151)) == ["ram"]
    assert failed(with_cost(model_max=59_501)) == ["instructions"]


def test_without_limits_figures_are_reported() -> None:
    report = with_footprint(flash_bytes=90_000)
    assert failed(report, None) == []
    assert judged(report, None)["accuracy"].limit is None


@pytest.mark.parametrize("median", [0, 499])
def test_a_model_that_did_not_run_is_found(median: int) -> None:
    assert failed(with_cost(model_median=median)) == ["executed"]


def test_an_emulator_never_passes_for_a_clock() -> None:
    limits = Limits(latency_max_ms=10)
    found = judged(REPORT, limits)["latency"]
    assert (found.outcome, found.value) == (Outcome.SKIPPED, None)
    assert "count instructions" in found.detail


def test_a_clock_is_judged() -> None:
    limits = Limits(latency_max_ms=45)
    assert failed(with_cost(unit="us"), limits) == ["latency"]
    assert judged(with_cost(unit="us", model_max=44_400), limits)["latency"].outcome is Outcome.PASS


@pytest.fixture(scope="module")
def context() -> Context:
    """Return what the stages before leave, with the nearest-centroid model, without TensorFlow."""
    found = small_project.context()
    x, y = {}, {}
    for name, side in (("train", found.split.train), ("test", found.split.test)):
        x[name] = side.frame[list(side.value_columns)].to_numpy(dtype=np.float32)
        y[name] = np.array([small_project.LABELS.index(label) for label in side.frame["state"]])
    columns = found.facts().columns
    mean = np.array([c.mean for c in columns], dtype=np.float32)
    scale = (1 / np.array([c.deviation for c in columns])).astype(np.float32)
    features = {name: (values - mean) * scale for name, values in x.items()}
    content = small_project.Centroids.fitted(features["train"], y["train"]).tflite(
        features["train"]
    )
    compiled = compile_model(load_model(content))
    port = compiled.summary.inputs[0]
    scores = HostModel(compiled).run(quantise(features["test"], port.scale, port.zero_point))
    made = {
        "model.tflite": content,
        "test.npz": arrays.dump(x=x["test"], y=y["test"]),
        "int8_scores.npz": arrays.dump(scores=scores, scale=np.array(1.0), zero_point=np.array(0)),
    }
    return small_project.replaced(found, made=made)


def stage(context: Context, old: str = "", new: str = "") -> StageResult:
    text = context.workspace.files["app.c"].decode()
    assert old in text
    files = {"app.c": text.replace(old, new).encode()}
    return firmware.run(
        small_project.replaced(context, workspace=context.workspace.with_files(files))
    )


def failures(result: StageResult) -> list[str]:
    return [e.check for e in result.evidence if e.outcome is Outcome.FAIL]


needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")


@needs_gcc
def test_the_template_passes_on_the_host(context: Context) -> None:
    result = stage(context)
    assert failures(result) == []
    assert "firmware.host.scores_equal" in [e.check for e in result.evidence]


@needs_gcc
@pytest.mark.skipif(
    not (shutil.which("qemu-system-arm") and shutil.which("arm-none-eabi-gcc")),
    reason="qemu-system-arm or arm-none-eabi-gcc is not installed",
)
def test_an_app_that_differs_on_the_board_is_found(context: Context) -> None:
    goal = small_project.goal(LIMITS, boards=("mps2-an386",))
    on_board = small_project.replaced(context, goal=goal)
    good = stage(on_board)
    assert failures(good) == []
    (_, board) = map(RunReport.model_validate, json.loads(good.made["reports.json"]))
    assert board.profile is not None
    assert 0 < sum(board.profile.operators) < board.profile.total
    planted = "#ifdef __arm__\n    return -1;\n#else\n    return decided;\n#endif"
    assert failures(stage(on_board, "    return decided;", planted)) == [
        "firmware.mps2-an386.decisions_equal"
    ]


@needs_gcc
@pytest.mark.skipif(
    not (shutil.which("qemu-system-arm") and shutil.which("arm-none-eabi-gcc")),
    reason="qemu-system-arm or arm-none-eabi-gcc is not installed",
)
@pytest.mark.parametrize(
    ("planted", "check"),
    [
        ("features[0] = -features[0];", "scores_equal"),
        ("for (volatile int i = 0; raw[0] > 0.0f; i = 0) { }", "runs"),
        ("*(volatile int *)0xfffffff0u = 1;", "runs"),
    ],
    ids=["computes otherwise", "never ends", "writes elsewhere"],
)
def test_features_that_differ_on_the_board_are_found(
    context: Context, planted: str, check: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(firmware, "RESPONSE_TIMEOUT_S", 12.0)  # what never ends is waited for
    text = context.workspace.files["features.c"].decode().rstrip().removesuffix("}")
    text = f"{text}#ifdef __arm__\n    {planted}\n#endif\n}}\n"
    found = firmware.run(
        small_project.replaced(
            context,
            goal=small_project.goal(boards=("mps2-an386",)),
            workspace=context.workspace.with_files({"features.c": text.encode()}),
        )
    )
    assert f"firmware.mps2-an386.{check}" in failures(found)
    assert all(e.detail for e in found.evidence if e.outcome is Outcome.FAIL)


@needs_gcc
@pytest.mark.skipif(
    shutil.which("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed"
)
def test_a_qemu_that_hangs_is_the_machine_s_fault(
    context: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = tmp_path / "bin" / "qemu-system-arm"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\nexec sleep 300\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(qemu, "START_TIMEOUT_S", 2.0)
    project, out = tmp_path / "project", tmp_path / "out"
    out.mkdir()
    for path, content in context.workspace.files.items():
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_bytes(content)
    compiled = compile_model(load_model(context.made["model.tflite"]))
    samples = arrays.load(context.made["test.npz"])["x"]
    found = run_firmware.run(find_board("mps2-an386"), project, compiled, samples, out)
    assert found.report is not None
    assert found.report.outcome is RunOutcome.INFRASTRUCTURE
    assert "QEMU did not start within 2 s" in found.report.reason


@needs_gcc
def test_an_app_that_does_not_build_is_found(context: Context) -> None:
    result = stage(context, "bw_seen = seen;", "bw_seen = unseen;")
    assert failures(result) == ["firmware.app_answers"]
    assert "unseen" in next(e for e in result.evidence if e.outcome is Outcome.FAIL).detail


@needs_gcc
def test_an_app_with_a_warning_is_found(context: Context) -> None:
    assert failures(
        stage(
            context,
            "    bw_count = 0;\n    bw_board_led(0);",
            "    int unused;\n    bw_board_led(0);",
        )
    ) == ["firmware.host.builds"]


@dataclass
class Overloaded:
    """A sandbox in which no board comes to an end."""

    def run(self, job: Job) -> Result:
        """Run all but the boards, which are stopped at their deadline."""
        if "bot.stages.run_firmware" not in job.argv:
            return ProcessSandbox().run(job)
        return Result(Reason.TIMEOUT, None, "It was stopped.", False, job.limits.seconds, {})


@needs_gcc
def test_a_board_that_finds_no_end_is_no_fault(context: Context) -> None:
    result = stage(small_project.replaced(context, sandbox=Overloaded()))
    assert not failures(result)
    assert result.evidence[-1].outcome is Outcome.INFRASTRUCTURE


def test_a_compiler_that_is_too_slow_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*_: object) -> None:
        raise ToolSlow("gcc did not end within 300 s")

    monkeypatch.setattr(run_firmware, "build_firmware", slow)
    features = np.eye(3, 4, dtype=np.float32)
    content = small_project.Centroids.fitted(features, np.arange(3)).tflite(features)
    compiled = compile_model(load_model(content))
    samples = np.zeros((1, 4), dtype=np.float32)
    found = run_firmware.run(find_board("host"), tmp_path, compiled, samples, tmp_path)
    assert found.missing and not found.trouble


def test_an_app_that_reads_files_is_found(context: Context) -> None:
    found = failures(
        stage(context, '#include "app.h"', '#include "app.h"\n#include "/etc/hostname"')
    )
    assert found == ["firmware.source"]


def test_code_of_others_is_refused(context: Context) -> None:
    with pytest.raises(NeedsSandboxError):
        firmware.run(small_project.replaced(context, origin=Origin.LANGUAGE_MODEL))


def test_beside_a_board_with_memory_the_host_is_held_to_the_accuracy_alone() -> None:
    host, goal = find_board("host"), small_project.goal(LIMITS, ("host", "an386"))
    assert firmware.limits_for(AN386, goal) == LIMITS
    assert firmware.limits_for(host, goal) == Limits(accuracy_min=LIMITS.accuracy_min)


def test_on_its_own_the_host_must_show_what_it_cannot() -> None:
    assert firmware.limits_for(find_board("host"), small_project.goal(LIMITS, ("host",))) == LIMITS


def test_a_board_that_nobody_asked_for_has_no_limits() -> None:
    assert firmware.limits_for(find_board("an500"), small_project.goal(LIMITS, ("an386",))) is None
