"""The train stage: each check is seen to pass and to fail; then real trainings, good and bad."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot.errors import Infrastructure
from bot.evidence import Evidence, Outcome
from bot.plan import make_plan
from bot.sandbox.job import Job, Limits, Result
from bot.sandbox.process import ProcessSandbox
from bot.stages import arrays, train, train_checks
from bot.stages.stage_result import Context, StageResult
from tests.bot import small_project
from tests.bot.warm import WarmSandbox

TRUTH = np.repeat([0, 1, 2], 20)
GOOD = np.eye(3, dtype=np.float32)[TRUTH]
CURVE = {
    "loss": [1.0, 0.2],
    "accuracy": [0.3, 0.9],
    "val_loss": [1.0, 0.3],
    "val_accuracy": [0.3, 0.9],
}


def outcome(evidence: Evidence) -> Outcome:
    return evidence.outcome


def failed(result: StageResult) -> list[str]:
    return [e.check for e in result.evidence if e.outcome is Outcome.FAIL]


def test_a_model_better_than_the_majority_passes() -> None:
    assert outcome(train_checks.check_majority(TRUTH, GOOD)) is Outcome.PASS


def test_a_constant_answer_is_found() -> None:
    assert (
        outcome(train_checks.check_majority(TRUTH, np.roll(GOOD[:1], 0).repeat(60, 0)))
        is Outcome.FAIL
    )


def test_a_model_worse_than_a_linear_one_is_found() -> None:
    worse = GOOD.copy()
    worse[:12] = np.roll(worse[:12], 1, axis=1)
    assert outcome(train_checks.check_linear(TRUTH, worse, TRUTH)) is Outcome.FAIL
    assert outcome(train_checks.check_linear(TRUTH, GOOD, worse.argmax(axis=1))) is Outcome.PASS


def test_chance_is_no_reason_to_fail() -> None:
    nearly = GOOD.copy()
    nearly[:2] = np.roll(nearly[:2], 1, axis=1)
    assert outcome(train_checks.check_linear(TRUTH, nearly, TRUTH)) is Outcome.PASS


@pytest.mark.parametrize(
    "scores",
    [GOOD * 2, GOOD - 0.1, np.full_like(GOOD, np.nan)],
    ids=["sum is not 1", "negative", "not finite"],
)
def test_scores_that_are_no_probabilities_are_found(scores: Any) -> None:
    assert outcome(train_checks.check_softmax(GOOD)) is Outcome.PASS
    assert outcome(train_checks.check_softmax(scores)) is Outcome.FAIL


@pytest.mark.parametrize(
    "change",
    [{"loss": [0.2, 1.0]}, {"loss": [1.0, float("nan")]}, {"loss": []}],
    ids=["rises", "not finite", "empty"],
)
def test_a_curve_that_does_not_fall_is_found(change: dict[str, list[float]]) -> None:
    assert outcome(train_checks.check_history(CURVE)) is Outcome.PASS
    assert outcome(train_checks.check_history({**CURVE, **change})) is Outcome.FAIL


def test_a_curve_without_validation_is_found() -> None:
    assert outcome(train_checks.check_history({"loss": [1.0, 0.1]})) is Outcome.FAIL


def test_seeds_are_judged() -> None:
    good = {"same_seed_same_model": True, "other_seed_other_model": True}
    assert [e.outcome for e in train_checks.check_seed(good)] == [Outcome.PASS] * 2
    bad = {"same_seed_same_model": False, "other_seed_other_model": False}
    assert [e.outcome for e in train_checks.check_seed(bad)] == [Outcome.FAIL] * 2


def test_another_shape_is_found() -> None:
    wanted: tuple[list[int | None], list[int | None]] = ([None, 4], [None, 3])
    right = {"input": [None, 4], "output": [None, 3]}
    assert outcome(train_checks.check_shape(right, GOOD, wanted)) is Outcome.PASS
    for wrong in ({**right, "input": [None, 5]}, {**right, "output": [None, 2]}):
        assert outcome(train_checks.check_shape(wrong, GOOD, wanted)) is Outcome.FAIL
    assert outcome(train_checks.check_shape(right, GOOD[:, :2], wanted)) is Outcome.FAIL


def test_weights_larger_than_the_flash_are_found() -> None:
    size = make_plan(small_project.goal(), small_project.records(), 0).sizes[0]
    assert outcome(train_checks.check_size(size, 500, None)) is Outcome.PASS
    assert outcome(train_checks.check_size(size, 500, 501)) is Outcome.PASS
    assert outcome(train_checks.check_size(size, 500, 499)) is Outcome.FAIL


def test_short_trainings_take_some_of_each_class() -> None:
    assert arrays.first_of_each(np.array([2, 0, 0, 2, 0, 1]), 2).tolist() == [0, 1, 2, 3, 5]


@pytest.fixture(scope="module")
def context() -> Context:
    found = small_project.context()
    x = [
        side.frame[list(side.value_columns)].to_numpy(dtype=np.float32)
        for side in (found.split.train, found.split.test)
    ]
    y = [
        np.array([small_project.LABELS.index(label) for label in side.frame["state"]])
        for side in (found.split.train, found.split.test)
    ]
    scaled = [(part - x[0].mean(axis=0)) / x[0].std(axis=0) for part in x]
    made = {
        "train.npz": arrays.dump(x=x[0], y=y[0]),
        "test.npz": arrays.dump(x=x[1], y=y[1]),
        "features.npz": arrays.dump(train=scaled[0], test=scaled[1]),
    }
    return small_project.replaced(found, made=made)


def test_a_training_never_sees_the_held_out_samples(context: Context) -> None:
    seen: list[bytes] = []

    class Watching(small_project.RehearsedSandbox):
        def run(self, job: Any) -> Any:
            if job.argv[-1].endswith("run_train"):
                seen.append(job.inputs["features.npz"])
            return super().run(job)

    train.run(small_project.replaced(context, sandbox=Watching()))
    (given,) = (arrays.load(content) for content in seen)
    fed = {row.tobytes() for key in ("x_train", "x_val") for row in given[key].astype(np.float32)}
    held_out = arrays.load(context.made["features.npz"])["test"].astype(np.float32)
    assert len(given["x_train"]) + len(given["x_val"]) == len(context.split.train.frame)
    assert len(given["x_val"]) > 0
    assert not fed & {row.tobytes() for row in held_out}


needs_tensorflow = pytest.mark.skipif(
    find_spec("tensorflow") is None, reason="tensorflow is not installed"
)


def with_train_py(context: Context, old: str, new: str) -> StageResult:
    text = context.workspace.files["train.py"].decode()
    assert old in text
    text = text.replace(old, new).replace("EPOCHS = 60", "EPOCHS = 15")
    workspace = context.workspace.with_files({"train.py": text.encode()})
    return train.run(small_project.replaced(context, workspace=workspace))


@pytest.fixture
def warmed(context: Context, warm: WarmSandbox) -> Context:
    return small_project.replaced(context, sandbox=warm)


@needs_tensorflow
@pytest.mark.slow
def test_the_template_passes_and_counts_its_parameters(context: Context) -> None:
    result = with_train_py(context, "EPOCHS = 60", "EPOCHS = 15")
    assert failed(result) == []
    described = next(e for e in result.evidence if e.check == "train.size")
    assert described.value == context.size.parameters
    assert set(json.loads(result.made["training.json"])["history"]) == set(CURVE)


@needs_tensorflow
@pytest.mark.slow
def test_a_training_that_ignores_its_seed_is_found(warmed: Context) -> None:
    found = failed(with_train_py(warmed, "set_random_seed(seed)", "set_random_seed(1)"))
    assert found == ["train.seed_used"]


@needs_tensorflow
@pytest.mark.slow
def test_a_training_without_a_seed_is_found(warmed: Context) -> None:
    chance = "keras.utils.set_random_seed(np.random.SeedSequence().entropy % 2**31)"
    found = failed(with_train_py(warmed, "keras.utils.set_random_seed(seed)", chance))
    assert found == ["train.seeded"]


@needs_tensorflow
@pytest.mark.slow
def test_a_model_with_code_of_its_own_is_found(warmed: Context) -> None:
    found = with_train_py(
        warmed,
        'keras.layers.Dense(CLASSES, activation="softmax")(x))',
        'keras.layers.Lambda(lambda v: v)(keras.layers.Dense(CLASSES, activation="softmax")(x)))',
    )
    assert failed(found) == ["train.reloads"]
    assert not found.usable


@needs_tensorflow
@pytest.mark.slow
def test_a_training_that_breaks_is_told(warmed: Context) -> None:
    result = with_train_py(warmed, "    model = build()", "    raise ValueError('no data')")
    assert failed(result) == ["train.runs"]
    assert "no data" in result.evidence[0].detail


@needs_tensorflow
@pytest.mark.slow
def test_a_training_that_never_ends_is_stopped(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train, "_LIMITS", Limits(seconds=25))
    result = with_train_py(context, "    model = build()", "    while True:\n        pass")
    assert failed(result) == ["train.runs"]
    assert "must end within 25 s" in result.evidence[0].detail


@needs_tensorflow
@pytest.mark.slow
def test_a_model_that_always_names_one_class_is_found(warmed: Context) -> None:
    found = with_train_py(
        warmed,
        "    return model, history.history",
        "    weights = [w * 0 for w in model.get_weights()]\n    weights[-1][0] = 9\n"
        "    model.set_weights(weights)\n    return model, history.history",
    )
    assert {"train.beats_majority", "train.linear_baseline"} <= set(failed(found))


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        ("raise ImportError('libtensorflow_cc.so.2: cannot open')", "libtensorflow_cc.so.2"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGILL)", "AVX"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "too little free memory"),
        ("print('std::bad_alloc', flush=True); import os; os.abort()", "too little free memory"),
        ("raise ModuleNotFoundError('keras')", "make setup"),
    ],
    ids=["a broken library", "an old processor", "killed", "no memory", "not installed"],
)
def test_a_tensorflow_that_does_not_work_is_the_machine_s_fault(
    context: Context, tmp_path: Path, failure: str, told: str
) -> None:
    (tmp_path / "keras.py").write_text(f"{failure}\n")

    class BrokenKeras(ProcessSandbox):
        def run(self, job: Job) -> Result:
            code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import {job.argv[2]}"
            return super().run(replace(job, argv=("python", "-c", code)))

    with pytest.raises(Infrastructure, match=told) as caught:
        train.run(small_project.replaced(context, sandbox=BrokenKeras()))
    assert caught.value.remedy


def test_a_step_that_only_training_does_is_found() -> None:
    truth = np.arange(400) % 10
    right = np.eye(10, dtype=np.float32)[truth]
    same = np.eye(10, dtype=np.float32)[np.zeros(400, dtype=np.int64)]
    history = {"val_accuracy": [0.4, 0.97]}
    assert train_checks.check_serves(history, 200, truth, right).outcome is Outcome.PASS
    found = train_checks.check_serves(history, 200, truth, same)
    assert found.outcome is Outcome.FAIL
    assert "take every scaling out of train.py" in found.detail
