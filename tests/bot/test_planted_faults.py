"""The faults that language models really made: each is found by a check, and told with a cure.

Source of the faults: "Consolidating TinyML Lifecycle with Large Language Models", arXiv 2501.12420,
and "When the Code Autopilot Breaks", arXiv 2509.10946.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec

import pytest

from bot.authors.author import Failure
from bot.evidence import Outcome, Stage
from bot.goal import Limits
from bot.inspection import inspect_files
from bot.pipeline import RUNS
from bot.records import TableRecords
from bot.repair import blamed, mendable
from bot.stages.stage_result import Context, StageResult
from bot.workspace import AUTHORED_PATHS
from tests.bot import small_project
from tests.bot.warm import WarmSandbox

needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
needs_tensorflow = pytest.mark.skipif(
    find_spec("tensorflow") is None, reason="tensorflow is not installed"
)

RESET = "void bw_app_reset(void)\n{\n}\n"
HEAD = '#include "app.h"\n\n'
ON_RESULT = "int bw_app_on_result(const int8_t scores[BW_CLASS_COUNT])\n"
HIGHEST = (
    "    int best = 0;\n    for (int i = 1; i < BW_CLASS_COUNT; ++i) {\n"
    "        if (read[i] > read[best]) {\n            best = i;\n        }\n    }\n"
    "    return best;\n}\n\n"
)


@dataclass(frozen=True)
class Fault:
    """What is planted, which checks may find it, and what the author must be told."""

    stage: Stage
    files: Mapping[str, str]
    found_by: tuple[str, ...]
    words: str


def app(body: str, head: str = HEAD) -> dict[str, str]:
    return {"app.c": head + ON_RESULT + body + RESET}


FAULTS = {
    "wrong name of the model's function": Fault(
        Stage.FIRMWARE,
        app("{\n    model_invoke();\n    return scores[0] > 0 ? 0 : -1;\n}\n\n"),
        ("firmware.app_answers", "c.call", "c.undeclared"),
        "model_invoke",
    ),
    "wrong name of its own function": Fault(
        Stage.FIRMWARE,
        {
            "app.c": HEAD
            + "int on_result(const int8_t *scores)\n{\n    return scores[0];\n}\n"
            + RESET
        },
        ("c.prototype",),
        "bw_app_on_result",
    ),
    "uint8 read of int8 scores": Fault(
        Stage.FIRMWARE,
        app("{\n    const uint8_t *read = (const uint8_t *)scores;\n" + HIGHEST),
        ("firmware.follows_scores",),
        "signed int8_t",
    ),
    "an application that ignores the scores": Fault(
        Stage.FIRMWARE,
        app("{\n    (void)scores;\n    bw_board_led(1);\n    return 0;\n}\n\n"),
        ("firmware.follows_scores",),
        "app.c decided for 0",
    ),
    "an application that never acts": Fault(
        Stage.FIRMWARE,
        app("{\n    bw_board_led(scores[0] > 0);\n    return -1;\n}\n\n"),
        ("firmware.acts",),
        "never returns the class",
    ),
    "a missing header": Fault(
        Stage.FIRMWARE,
        app("{\n    return scores[0] > 0 ? 0 : -1;\n}\n\n", "#include <TensorFlowLite.h>\n" + HEAD),
        ("c.include",),
        "TensorFlowLite.h",
    ),
    "a name clash": Fault(
        Stage.FIRMWARE,
        app(
            "{\n    return scores[0] > 0 ? 0 : -1;\n}\n\n",
            HEAD + "int bw_model_invoke(void *arena);\n"
            "int bw_model_invoke(void *arena)\n{\n    return arena != 0;\n}\n\n",
        ),
        ("c.linkage", "firmware.host.builds"),
        "bw_model_invoke",
    ),
    "no normalisation": Fault(
        Stage.FEATURES,
        {
            "features.c": '#include "features.h"\n\n'
            "void bw_features(const bw_raw_t raw[BW_RAW_COUNT], float features[BW_FEATURE_COUNT])\n"
            "{\n    for (int i = 0; i < BW_FEATURE_COUNT; ++i) {\n"
            "        features[i] = (float)raw[i];\n    }\n}\n"
        },
        ("features.range",),
        "Scale or standardise",
    ),
    "a file that it never wrote": Fault(
        Stage.DATA,
        {
            "data.py": "import pathlib\n\nimport numpy as np\nimport pandas as pd\n\n\n"
            "def load(path: pathlib.Path) -> tuple[np.ndarray, np.ndarray]:\n"
            '    """Read what was cleaned before."""\n'
            '    table = pd.read_csv(path.parent / "cleaned.csv")\n'
            '    return table.to_numpy(), table["state"].to_numpy()\n'
        },
        ("data.loads", "python.file"),
        "cleaned.csv",
    ),
    "normalisation in data.py": Fault(
        Stage.DATA,
        {
            "data.py": "import pathlib\n\nimport numpy as np\nimport pandas as pd\n\n"
            'LABELS = ["ripe", "green", "spoilt"]\n\n\n'
            "def load(path: pathlib.Path) -> tuple[np.ndarray, np.ndarray]:\n"
            '    """Read and normalise."""\n'
            "    table = pd.read_csv(path)\n"
            '    x = table.drop(columns="state").to_numpy(dtype=np.float32)\n'
            '    y = np.array([LABELS.index(label) for label in table["state"]])\n'
            "    return x / x.max(), y\n"
        },
        ("data.values", "python.preprocessing"),
        "features.c",
    ),
}


@cache
def prepared() -> Context:
    """Return a context in which all stages ran, on readings that are hundreds."""
    records = small_project.records()
    frame = records.frame.copy()
    frame[list(records.value_columns)] *= 100
    table = TableRecords(frame, records.label_column, records.uri, "")
    context = small_project.context(small_project.goal(Limits(accuracy_min=0.9)), table)
    context = small_project.replaced(context, sandbox=small_project.RehearsedSandbox())
    for stage in Stage:
        made = RUNS[stage](context).made
        context = small_project.replaced(context, made={**context.made, **made})
    return context


def told(fault: Fault, context: Context) -> tuple[Failure, ...]:
    """Return what the author of the stage is told."""
    paths = AUTHORED_PATHS[fault.stage]
    files = {p: fault.files.get(p, context.workspace.files[p].decode()) for p in paths}
    changed = context.workspace.with_files({p: t.encode() for p, t in files.items()})
    context = small_project.replaced(context, workspace=changed)
    if found := inspect_files(fault.stage, files, context):
        return found
    return mendable(fault.stage, RUNS[fault.stage](context).evidence)


@needs_gcc
@pytest.mark.parametrize("name", FAULTS)
def test_the_fault_is_found_and_told(name: str) -> None:
    fault = FAULTS[name]
    found = told(fault, prepared())
    checks = {failure.check for failure in found}
    assert checks & set(fault.found_by), found
    text = " ".join(f"{f.claim} {f.detail}" for f in found if f.check in fault.found_by)
    assert fault.words in text
    assert all(failure.detail for failure in found)
    assert "/tmp/" not in text and "site-packages" not in text and "boardwright-" not in text


@needs_gcc
@pytest.mark.parametrize("stage", Stage)
def test_the_templates_pass_what_finds_the_faults(stage: Stage) -> None:
    assert told(Fault(stage, {}, (), ""), prepared()) == ()


def test_failures_of_data_and_compiler_are_nobody_s_to_mend() -> None:
    context = prepared()
    result = RUNS[Stage.DATA](context)
    wrong = [
        e.model_copy(update={"outcome": Outcome.FAIL})
        for e in result.evidence
        if e.check in ("data.classes", "data.held_out", "data.leaks")
    ]
    assert len(wrong) == 3
    assert mendable(Stage.DATA, wrong) == ()
    assert blamed(wrong) is None


# With TensorFlow: calibration that is made up, and a scaling that only the training does.
CONVERT = small_project.context().workspace.files["convert.py"].decode()
TRAIN = small_project.context().workspace.files["train.py"].decode()
SAMPLES = (
    "        for sample in calibration:\n"
    "            yield [sample[np.newaxis].astype(np.float32)]\n"
)
ONLY_IN_TRAINING = {
    "    model = build()\n": "    x_train, x_val = -x_train, -x_val\n    model = build()\n"
}
RANDOM = {
    SAMPLES: "        for _ in range(200):\n"
    "            yield [np.random.rand(1, 4).astype(np.float32)]\n"
}
PICTURES = {
    SAMPLES: "        for _ in range(4):\n"
    "            yield [np.random.rand(1, 224, 224, 3).astype(np.float32)]\n"
}


@pytest.fixture(scope="module")
def trained(warm: WarmSandbox) -> Context:
    """Return a context with a model that Keras fitted."""
    context = small_project.context(data=small_project.records(per_class=150))
    context = small_project.replaced(context, sandbox=warm)
    for stage in (Stage.DATA, Stage.FEATURES, Stage.TRAIN):
        made = RUNS[stage](context).made
        context = small_project.replaced(context, made={**context.made, **made})
    return context


def ran(
    stage: Stage, context: Context, path: str, text: str, changes: Mapping[str, str]
) -> StageResult:
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    workspace = context.workspace.with_files({path: text.encode()})
    return RUNS[stage](small_project.replaced(context, workspace=workspace))


@needs_gcc
@needs_tensorflow
@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "checks", "words"),
    [
        (
            RANDOM,
            {"convert.calibration", "convert.inner_ranges"},
            "the samples that convert() is given",
        ),
        (
            PICTURES,
            {"convert.calibration", "convert.inner_ranges"},
            "samples that convert() is given",
        ),
    ],
    ids=["random calibration", "224 x 224 calibration"],
)
def test_made_up_calibration_is_found(
    trained: Context, changes: Mapping[str, str], checks: set[str], words: str
) -> None:
    result = ran(Stage.CONVERT, trained, "convert.py", CONVERT, changes)
    found = mendable(Stage.CONVERT, result.evidence)
    assert {failure.check for failure in found} & checks
    assert any(words in failure.detail for failure in found)


@needs_gcc
@needs_tensorflow
@pytest.mark.slow
def test_normalisation_in_training_only_comes_to_light(trained: Context) -> None:
    result = ran(Stage.TRAIN, trained, "train.py", TRAIN, ONLY_IN_TRAINING)
    found = {failure.check: failure for failure in mendable(Stage.TRAIN, result.evidence)}
    assert "take every scaling out of train.py" in found["train.serves"].detail


def test_normalisation_in_training_only_is_seen_before_it_runs() -> None:
    scaled = {"    model = build()\n": "    x_train = x_train / 255.0\n    model = build()\n"}
    text = TRAIN.replace(*next(iter(scaled.items())))
    found = inspect_files(Stage.TRAIN, {"train.py": text}, small_project.context())
    assert any("x_train" in failure.detail for failure in found)
