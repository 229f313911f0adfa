"""The convert stage: each check is seen to pass and to fail; then the paper's faults, for real."""

from __future__ import annotations

import shutil
from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.evidence import Evidence, Outcome
from bot.sandbox.process import ProcessSandbox
from bot.stages import arrays, calibration, convert, convert_checks, train
from bot.stages.quantise import quantise, represented
from bot.stages.stage_result import Context, StageResult
from model_compiler import Model, load_model
from tests.bot import small_project
from tests.bot.warm import WarmSandbox
from tests.model_compiler.tflite_builder import ModelBuilder

RANDOM = np.random.default_rng(4)
FEATURES = RANDOM.normal(size=(90, 4)).astype(np.float32)
TRUTH = np.repeat([0, 1, 2], 30)
CENTROIDS = small_project.Centroids.fitted(FEATURES, TRUTH)


def model(*, per_channel: bool = True) -> Model:
    return load_model(CENTROIDS.tflite(FEATURES, per_channel=per_channel))


def passes(evidence: Evidence) -> bool:
    return evidence.outcome is Outcome.PASS


def failed(result: StageResult) -> list[str]:
    return [e.check for e in result.evidence if e.outcome is Outcome.FAIL]


@given(st.floats(-1e4, 1e4, width=32), st.floats(2**-10, 10, width=32), st.integers(-128, 127))
def test_quantises_as_the_firmware_does(value: float, scale: float, zero_point: int) -> None:
    ratio = np.float32(value) / np.float32(scale)
    whole = int(np.trunc(ratio)) + (
        int(np.sign(ratio)) if abs(ratio - np.trunc(ratio)) >= 0.5 else 0
    )
    expected = min(127, max(-128, whole + zero_point))
    assert quantise(np.array([value], dtype=np.float32), scale, zero_point)[0] == expected


def test_halves_are_rounded_away_from_zero() -> None:
    values = np.array([0.5, 1.5, -0.5, -1.5, 0.49999997], dtype=np.float32)
    assert quantise(values, 1.0, 0).tolist() == [1, 2, -1, -2, 0]


def test_int8_stands_for_a_range() -> None:
    assert represented(1 / 255, -128) == pytest.approx((0, 1))


def test_sizes_at_both_ends_are_judged() -> None:
    assert passes(convert_checks.check_types(model(), 4, 3))
    assert not passes(convert_checks.check_types(model(), 5, 3))
    assert not passes(convert_checks.check_types(model(), 4, 2))


def test_float_ends_are_found() -> None:
    builder = ModelBuilder()
    x = builder.tensor((1, 4), "float32")
    y = builder.tensor((1, 4), scale=0.1)
    builder.add("QUANTIZE", [x], [y])
    found = convert_checks.check_types(load_model(builder.finish([x], [y])), 4, 4)
    assert not passes(found)
    assert "float32 x 4" in found.detail


def test_scores_that_are_no_softmax_are_found() -> None:
    assert passes(convert_checks.check_output(model()))
    builder = ModelBuilder()
    x, y = builder.tensor((1, 4), scale=0.1), builder.tensor((1, 4), scale=0.1)
    builder.add("RELU", [x], [y])
    assert not passes(convert_checks.check_output(load_model(builder.finish([x], [y]))))


def test_weights_with_one_scale_are_found() -> None:
    assert passes(convert_checks.check_weights(model()))
    assert not passes(convert_checks.check_weights(model(per_channel=False)))


def test_ranges_that_are_not_the_data_s_are_found() -> None:
    features = np.linspace(-2, 6, 50, dtype=np.float32)
    assert passes(calibration.check_input(8 / 255, -64, features))
    assert not passes(calibration.check_input(1 / 255, -128, features))  # 0 to 1
    assert not passes(calibration.check_input(255 / 255, -128, features))  # 0 to 255


def test_ranges_of_layers_that_are_not_the_data_s_are_found() -> None:
    sound = CENTROIDS.tflite(FEATURES)
    assert passes(calibration.check_inner(model(), sound))
    # Random numbers between the smallest and the largest feature: the input's range is right.
    made_up = RANDOM.uniform(FEATURES.min(), FEATURES.max(), FEATURES.shape).astype(np.float32)
    made_up[0, 0], made_up[0, 1] = FEATURES.min(), FEATURES.max()
    found = load_model(CENTROIDS.tflite(made_up))
    port = found.tensors[found.inputs[0]]
    assert passes(calibration.check_input(port.scale, port.zero_point, FEATURES))
    assert not passes(calibration.check_inner(found, sound))


def test_another_graph_than_the_model_s_is_found() -> None:
    builder = ModelBuilder()
    x, y = builder.tensor((1, 4), scale=0.1), builder.tensor((1, 4), scale=0.1)
    builder.add("RELU", [x], [y])
    other = load_model(builder.finish([x], [y]))
    found = calibration.check_inner(other, CENTROIDS.tflite(FEATURES))
    assert found.outcome is Outcome.FAIL
    assert "convert() led to RELU; the model as it is leads to FULLY_CONNECTED" in found.detail


def test_without_an_own_conversion_nothing_is_claimed() -> None:
    assert calibration.check_inner(model(), b"").outcome is Outcome.SKIPPED


def test_a_loss_of_accuracy_is_found() -> None:
    scores = np.eye(3, dtype=np.float32)[TRUTH]
    int8 = (scores * 255 - 128).astype(np.int8)
    assert passes(convert_checks.check_drop(TRUTH, scores, int8, 0.02))
    int8[:2] = np.roll(int8[:2], 1, axis=1)
    assert not passes(convert_checks.check_drop(TRUTH, scores, int8, 0.02))
    assert passes(convert_checks.check_drop(TRUTH, scores, int8, 0.03))


def test_one_byte_that_the_oracle_answers_otherwise_is_found() -> None:
    ours = RANDOM.integers(-128, 128, (20, 3), dtype=np.int8)
    assert passes(convert_checks.check_oracle(ours, ours.copy()))
    theirs = ours.copy()
    theirs[7, 1] ^= 1
    found = convert_checks.check_oracle(ours, theirs)
    assert (found.outcome, found.value) == (Outcome.FAIL, 1)
    assert not passes(convert_checks.check_oracle(ours, theirs[:5]))


def test_calibration_samples_hold_the_extremes() -> None:
    features = np.zeros((5000, 2), dtype=np.float32)
    features[1234, 0], features[4321, 1] = -7, 9
    chosen = calibration.calibration_samples(features)
    assert len(chosen) <= calibration.CALIBRATION_SAMPLES + 2
    assert (chosen.min(), chosen.max()) == (-7, 9)


@pytest.fixture(scope="module")
def context() -> Context:
    features = {"train": FEATURES[:60], "test": FEATURES[60:]}
    made = {
        "test.npz": arrays.dump(x=features["test"], y=TRUTH[60:]),
        "features.npz": arrays.dump(**features),
        "reference.tflite": CENTROIDS.tflite(calibration.calibration_samples(FEATURES[:60])),
        "float_scores.npz": arrays.dump(scores=CENTROIDS.scores(features["test"])),
        "model.keras": arrays.dump(
            weights=CENTROIDS.weights, bias=CENTROIDS.bias, shape=np.array([4])
        ),
    }
    sandbox = small_project.RehearsedSandbox()
    return small_project.replaced(small_project.context(), made=made, sandbox=sandbox)


@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
def test_a_sound_model_passes_and_is_held_against_the_oracle(context: Context) -> None:
    result = convert.run(context)
    assert failed(result) == []
    oracle = next(e for e in result.evidence if e.check == "convert.oracle_equal")
    expected = Outcome.PASS if find_spec("tflite_micro") else Outcome.SKIPPED
    assert oracle.outcome is expected
    assert set(result.made) == {"model.tflite", "int8_scores.npz"}


@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
def test_an_oracle_that_is_not_there_is_no_pass(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(convert, "find_spec", lambda _name: None)
    found = next(e for e in convert.run(context).evidence if e.check == "convert.oracle_equal")
    assert found.outcome is Outcome.SKIPPED
    assert "not installed" in found.detail


needs_tensorflow = pytest.mark.skipif(
    find_spec("tensorflow") is None, reason="tensorflow is not installed"
)


@pytest.fixture(scope="module")
def trained(
    context: Context, warm: WarmSandbox, tmp_path_factory: pytest.TempPathFactory
) -> Context:
    """Return a context with a real Keras model, made and loaded in another process."""
    import subprocess
    import sys

    path = tmp_path_factory.mktemp("model") / "model.keras"
    script = (
        "import keras, sys; keras.utils.set_random_seed(1)\n"
        "m = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation='softmax')])\n"
        "m.save(sys.argv[1])"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], check=True, capture_output=True)
    real = small_project.replaced(context, sandbox=warm)
    features = arrays.load(context.made["features.npz"])
    judged = train.predict(real, path.read_bytes(), features)
    reference = judged.outputs["reference.tflite"]
    made = {**context.made, "model.keras": path.read_bytes(), "reference.tflite": reference}
    return small_project.replaced(real, made=made)


def with_convert_py(context: Context, old: str, new: str) -> StageResult:
    text = context.workspace.files["convert.py"].decode()
    assert old in text
    workspace = context.workspace.with_files({"convert.py": text.replace(old, new).encode()})
    return convert.run(small_project.replaced(context, workspace=workspace))


@needs_tensorflow
@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "check"),
    [
        # The faults that most of the published conversions had: random calibration, wrong types.
        (
            "yield [sample[np.newaxis].astype(np.float32)]",
            "yield [np.random.rand(1, *sample.shape).astype(np.float32)]",
            "convert.calibration",
        ),
        (
            "yield [sample[np.newaxis].astype(np.float32)]",
            "low, high = calibration.min(), calibration.max()\n"
            "            made_up = np.random.uniform(low, high, (1, *sample.shape))\n"
            "            made_up.flat[:2] = low, high\n"
            "            yield [made_up.astype(np.float32)]",
            "convert.inner_ranges",
        ),
        ("converter.inference_input_type = tf.int8", "", "convert.int8"),
        (
            "converter.inference_output_type = tf.int8",
            "converter.inference_output_type = tf.uint8",
            "convert.compiles",
        ),
        (
            "    converter.optimizations = [tf.lite.Optimize.DEFAULT]\n"
            "    converter.representative_dataset = samples\n"
            "    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]\n"
            "    converter.inference_input_type = tf.int8\n"
            "    converter.inference_output_type = tf.int8\n",
            "",
            "convert.compiles",
        ),
        (
            "return converter.convert()",
            "converter._experimental_disable_per_channel = True\n"
            "    converter._experimental_disable_per_channel_quantization_for_dense_layers = True\n"
            "    return converter.convert()",
            "convert.per_channel",
        ),
        ("return converter.convert()", "return b'not a model'", "convert.compiles"),
        (
            "return converter.convert()",
            "return converter.convert()[:-700]",
            "convert.compiles",
        ),
        ("return converter.convert()", "raise ValueError('no')", "convert.runs"),
    ],
)
def test_a_planted_fault_is_found(trained: Context, old: str, new: str, check: str) -> None:
    assert check in failed(with_convert_py(trained, old, new))


@needs_tensorflow
@pytest.mark.slow
def test_the_template_converts(trained: Context) -> None:
    real = small_project.replaced(trained, sandbox=ProcessSandbox())
    found = failed(with_convert_py(real, "return", "return"))
    assert set(found) <= {"convert.accuracy_drop"}  # the model was never trained
