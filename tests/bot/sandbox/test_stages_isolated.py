"""The stages that compile and emulate, with code of a language model, in each sandbox."""

from __future__ import annotations

import dataclasses
import os

import numpy as np
import pytest

from bot.evidence import Outcome
from bot.sandbox import bubblewrap
from bot.sandbox.bubblewrap import BubblewrapSandbox
from bot.sandbox.container import DockerSandbox, connect
from bot.sandbox.image import build_image, image_exists, image_name
from bot.sandbox.job import Origin, Sandbox
from bot.stages import arrays, data, features, firmware
from bot.stages.quantise import quantise
from bot.stages.stage_result import Context, StageResult
from model_compiler import HostModel, compile_model, load_model
from tests.bot import small_project

pytestmark = pytest.mark.slow


@pytest.fixture(params=["bubblewrap", "docker"])
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    if request.param == "bubblewrap":
        if problem := bubblewrap.missing():
            pytest.skip(problem)
        return BubblewrapSandbox()
    client = connect()
    if client is None:
        pytest.skip("no Docker daemon answers: sh scripts/docker-daemon.sh start, as root")
    name = image_name()
    if not image_exists(client, name):
        list(build_image(client, os.environ.get("PIP_INDEX_URL", "")))
    return DockerSandbox(client, name)


def gone_on(context: Context, result: StageResult) -> Context:
    failed = [e for e in result.evidence if e.outcome is not Outcome.PASS]
    assert failed == [], failed
    return dataclasses.replace(context, made={**context.made, **result.made})


def with_model(context: Context) -> Context:
    found = arrays.load(context.made["features.npz"])
    labels = arrays.load(context.made["train.npz"])["y"].astype(np.int64)
    train = found["train"].astype(np.float32)
    content = small_project.Centroids.fitted(train, labels).tflite(train)
    compiled = compile_model(load_model(content))
    port = compiled.summary.inputs[0]
    test = quantise(found["test"].astype(np.float32), port.scale, port.zero_point)
    scores = HostModel(compiled).run(test)
    made = {
        "model.tflite": content,
        "int8_scores.npz": arrays.dump(scores=scores, scale=np.array(1.0), zero_point=np.array(0)),
    }
    return dataclasses.replace(context, made={**context.made, **made})


def test_compiler_and_emulator_run_isolated(sandbox: Sandbox) -> None:
    goal = small_project.goal(boards=("host", "mps2-an386"))
    context = dataclasses.replace(
        small_project.context(goal), sandbox=sandbox, origin=Origin.LANGUAGE_MODEL
    )
    for stage in (data, features):
        context = gone_on(context, stage.run(context))
    result = firmware.run(with_model(context))
    assert [e.check for e in result.evidence if e.outcome is Outcome.FAIL] == []
    proven = {e.check for e in result.evidence if e.outcome is Outcome.PASS}
    assert {"firmware.mps2-an386.runs", "firmware.mps2-an386.decisions_equal"} <= proven


def test_firmware_that_reads_a_file_is_stopped_by_the_sandbox_alone(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = dataclasses.replace(
        small_project.context(), sandbox=sandbox, origin=Origin.LANGUAGE_MODEL
    )
    for stage in (data, features):
        context = gone_on(context, stage.run(context))
    context = with_model(context)
    text = context.workspace.files["app.c"].decode()
    reads = f'__asm__(".incbin \\"{__file__}\\"");\n'  # it exists here, and not in there
    hidden = context.workspace.with_files({"app.c": (text + reads).encode()})
    monkeypatch.setattr(firmware, "forbidden_words", lambda _: [])  # as if the scan had a hole
    result = firmware.run(dataclasses.replace(context, workspace=hidden))
    broken = next(e for e in result.evidence if e.outcome is Outcome.FAIL)
    assert "file not found" in broken.detail.lower() or "no such file" in broken.detail.lower()
