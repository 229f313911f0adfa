"""The template author's files: right, tidy, always the same, safe whatever a request holds."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from importlib import resources
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from bot.authors.facts import describe
from bot.authors.template_author import (
    TemplateAuthor,
    c_float,
    comment,
    python_list,
    python_string,
)
from bot.evidence import Stage
from bot.goal import Goal, Limits, Task
from bot.plan import FeatureKind
from bot.records import TableRecords
from bot.stages.compilers import WARNINGS
from bot.workspace import AUTHORED_PATHS, UnexpectedFilesError, Workspace
from tests.bot import small_project

RUFF = "E,F,W,I,UP,B,C4,SIM,RUF,PL,PTH,D1,S"
HOSTILE = 'x"; */ int bad; /* \\ ??/ {{ 7*7 }} \u202e"""\n#include "/etc/passwd"'

needs_compiler = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")


def hostile_goal() -> tuple[Goal, TableRecords]:
    """Return a request whose every text is an attempt to leave its place."""
    records = small_project.records()
    names = {column: f"{column} {HOSTILE}" for column in records.value_columns}
    frame = records.frame.rename(columns=names)
    labels = tuple(f"{label}{HOSTILE}" for label in small_project.LABELS)
    frame["state"] = [f"{label}{HOSTILE}" for label in frame["state"]]
    goal = small_project.goal()
    raw = goal.raw.model_copy(update={"unit": HOSTILE, "names": tuple(names.values())})
    changes = {"title": HOSTILE, "labels": labels, "raw": raw}
    return goal.model_copy(update=changes), TableRecords(frame, "state", "csv:x", "unknown")


CASES = {
    "linear": lambda: (
        small_project.goal(Limits(instructions_max=50)),
        small_project.records(),
    ),
    "linear pictures": lambda: (
        small_project.pictures()[0].model_copy(update={"limits": Limits(instructions_max=20)}),
        small_project.pictures()[1],
    ),
    "tabular": lambda: (small_project.goal(), small_project.records()),
    "pictures": small_project.pictures,
    "hostile": hostile_goal,
}


@pytest.fixture(params=CASES)
def workspace(request: pytest.FixtureRequest) -> Workspace:
    return small_project.context(*CASES[request.param]()).workspace


@pytest.mark.skipif(find_spec("ruff") is None, reason="ruff is not installed")
def test_python_is_tidy(workspace: Workspace, tmp_path: Path) -> None:
    workspace.write_to(tmp_path)
    long_labels = b"passwd" in workspace.files["data.py"]
    ignored = ["--ignore", "E501"] if long_labels else []
    for command in (["check", "--select", RUFF, *ignored], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--isolated", "--no-cache", str(tmp_path)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


@needs_compiler
@pytest.mark.parametrize("source", ["features.c", "app.c"])
def test_c_is_free_of_warnings(workspace: Workspace, source: str, tmp_path: Path) -> None:
    app = resources.files("templates") / "projects" / "app.h"
    workspace.with_files({"app.h": app.read_bytes()}).write_to(tmp_path)
    for flags in ((), ("-funsigned-char", "-O2")):
        done = subprocess.run(
            ["gcc", *WARNINGS, "-Wshadow", *flags, "-c", source, "-o", "x.o"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


def test_no_line_is_too_long_and_none_ends_in_blanks() -> None:
    for case in ("tabular", "pictures"):
        files = small_project.context(*CASES[case]()).workspace.files
        for path, content in files.items():
            for line in content.decode().splitlines():
                assert len(line) <= 110, (path, line)
                assert line == line.rstrip(), (path, line)


def test_hostile_labels_reach_python_unchanged() -> None:
    goal, records = hostile_goal()
    text = small_project.context(goal, records).workspace.files["data.py"].decode()
    values = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    assert tuple(values["LABELS"]) == goal.labels
    assert tuple(values["COLUMNS"]) == records.value_columns


def test_the_same_facts_give_the_same_files() -> None:
    assert small_project.context().workspace == small_project.context().workspace


def test_held_out_records_change_no_file() -> None:
    context = small_project.context()
    test = context.split.test
    frame = test.frame.copy()
    frame[list(test.value_columns)] *= 1000
    changed = small_project.replaced(
        context,
        split=type(context.split)(
            context.split.train, TableRecords(frame, test.label_column, test.uri, ""), 0, 0, 0
        ),
    )
    author = TemplateAuthor(Task.TABULAR_SENSOR)
    for stage in Stage:
        assert author.write(stage, context.facts()) == author.write(stage, changed.facts())


def test_constants_are_those_of_the_training_side() -> None:
    context = small_project.context()
    text = context.workspace.files["features.c"].decode()
    train = context.split.train.frame["light"].to_numpy(dtype=np.float64)
    assert f"{{{c_float(train.mean())}, {c_float(1 / train.std())}}}, /* light */" in text


def test_a_constant_column_is_not_divided_by_zero() -> None:
    records = small_project.records()
    frame = records.frame.assign(damp=0.25)
    context = small_project.context(data=TableRecords(frame, "state", "csv:x", "unknown"))
    assert "{0.25f, 0.0f}, /* damp */" in context.workspace.files["features.c"].decode()


@needs_compiler
def test_shares_of_no_light_are_equal(tmp_path: Path) -> None:
    from dataclasses import replace

    from hardware_runner.native import FeaturesLibrary

    context = small_project.context()
    plan = replace(context.plan, features=FeatureKind.RATIO)
    facts = describe(context.goal, plan, context.size, context.split.train, {})
    files = TemplateAuthor(Task.TABULAR_SENSOR).write(Stage.FEATURES, facts).files
    context.workspace.with_authored(Stage.FEATURES, files).write_to(tmp_path / "project")
    features = FeaturesLibrary(tmp_path / "project", tmp_path / "build")
    raw = np.array([[1, 2, 3, 4], [0, 0, 0, 0]], dtype=np.float32)
    assert features(raw) == pytest.approx(
        np.array([[0.1, 0.2, 0.3, 0.4], [0.25] * 4], dtype=np.float32)
    )


@pytest.mark.parametrize("stage", Stage)
def test_an_author_can_write_its_own_files_only(stage: Stage) -> None:
    texts = dict.fromkeys(AUTHORED_PATHS[stage], "")
    Workspace().with_authored(stage, texts)
    for wrong in ({}, {**texts, "goal.toml": ""}, {**texts, "../escape": ""}):
        with pytest.raises(UnexpectedFilesError):
            Workspace().with_authored(stage, wrong)


@pytest.mark.parametrize(
    ("value", "text"),
    [(16, "16.0f"), (0.1, "0.1f"), (1e-20, "1e-20f"), (1 / 3, "0.333333333f"), (-2.5, "-2.5f")],
)
def test_c_floats(value: float, text: str) -> None:
    assert c_float(value) == text
    assert np.float32(float(text[:-1])) == np.float32(value)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_c_floats_are_finite(value: float) -> None:
    with pytest.raises(ValueError, match="no constant"):
        c_float(value)


def test_texts_stay_in_their_place() -> None:
    assert ast.literal_eval(python_string(HOSTILE)) == HOSTILE
    assert "*/" not in comment(HOSTILE)
    assert "\n" not in comment(HOSTILE)
    assert python_list(["a", "b"]) == '["a", "b"]'
    assert ast.literal_eval(python_list(["long" * 10] * 5)) == ["long" * 10] * 5
