"""The pipeline: it survives being killed, climbs where that may help, and hides no missed limit."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot import pipeline
from bot.authors.author import Written
from bot.authors.template_author import TemplateAuthor
from bot.evidence import Evidence, Outcome, Relation, Stage, judge
from bot.goal import Limits
from bot.journal import Journal
from bot.ladder import describe, next_size
from bot.pipeline import choose, run_stages
from bot.plan import make_plan
from bot.progress import Silent
from bot.publication import Attempt, Step
from bot.sandbox.job import NeedsSandboxError, Origin
from bot.stages.stage_result import Context, StageResult, unmeasured
from tests.bot import small_project

ROOT = Path(__file__).resolve().parents[2]
SIZES = make_plan(small_project.goal(), small_project.records(), 0).sizes
STAGES = [stage.value for stage in Stage]

needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")


class Run:
    """A run in another process, whose events are read line by line."""

    def __init__(self, workdir: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.bot.rehearsed_run", str(workdir)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def lines(self) -> list[str]:
        assert self.process.stdout is not None
        found = self.process.stdout.read().splitlines()
        assert self.process.wait() == 0
        return found

    def kill_after(self, line: str) -> None:
        """Kill it, and nothing gently, right after it has said `line`."""
        assert self.process.stdout is not None
        for said in self.process.stdout:
            if said.strip() == line:
                break
        else:
            pytest.fail(f"it never said {line!r}")
        os.killpg(self.process.pid, signal.SIGKILL)
        assert self.process.wait() == -signal.SIGKILL
        self.process.stdout.close()


def resumed(lines: Sequence[str]) -> list[str]:
    return [line.removeprefix("resumed ") for line in lines if line.startswith("resumed ")]


def proposed(lines: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = json.loads(lines[-1].removeprefix("proposal "))
    return found


@needs_gcc
@pytest.mark.slow
def test_a_run_that_is_killed_again_and_again_leads_to_the_same_proposal(tmp_path: Path) -> None:
    undisturbed = Run(tmp_path / "undisturbed").lines()
    assert resumed(undisturbed) == []
    workdir = tmp_path / "killed"
    for done, stage in enumerate(STAGES):
        # Each run ends the stage that the one before was killed in, and is killed in the next one:
        # all that ended is kept, and nothing of what had begun.
        Run(workdir).kill_after(f"started {stage}")
        kept = list((workdir / "journal").glob("*.json")) if done else []
        assert len(kept) == done
    Run(workdir).kill_after("advanced host: samples 5")
    lines = Run(workdir).lines()
    assert resumed(lines) == STAGES[:-1]
    assert proposed(lines) == proposed(undisturbed)
    again = Run(workdir).lines()
    assert resumed(again) == STAGES
    assert proposed(again) == proposed(undisturbed)


@needs_gcc
@pytest.mark.slow
def test_damaged_results_are_made_again(tmp_path: Path) -> None:
    first = Run(tmp_path).lines()
    (convert,) = (tmp_path / "journal").glob("convert-*.json")
    convert.write_bytes(convert.read_bytes()[:-40])
    again = Run(tmp_path).lines()
    assert resumed(again) == ["data", "features", "train", "firmware"]
    assert proposed(again) == proposed(first)


def figure(check: str, outcome: Outcome, value: float = 90.0) -> Evidence:
    found = judge(check, Stage.FIRMWARE, check, value, "%", Relation.AT_LEAST, 95, "made up")
    return found.model_copy(update={"outcome": outcome})


WEAK = (figure("firmware.host.accuracy", Outcome.FAIL),)
LARGE = (figure("firmware.mps2-an386.flash", Outcome.FAIL),)
GOOD = (figure("firmware.host.accuracy", Outcome.PASS, 97.0),)


def test_the_ladder_goes_up_where_the_model_is_too_weak() -> None:
    assert next_size(SIZES, SIZES[:1], WEAK) == SIZES[1]
    assert next_size(SIZES, SIZES[:2], WEAK) == SIZES[2]


def test_the_ladder_goes_down_where_the_model_is_too_large() -> None:
    assert next_size(SIZES, SIZES[1:2], LARGE) == SIZES[0]
    assert next_size(SIZES, SIZES[:1], LARGE) is None


def test_the_ladder_ends() -> None:
    assert next_size(SIZES, SIZES, WEAK) is None
    assert next_size(SIZES, SIZES[:1], GOOD) is None
    assert next_size(SIZES, SIZES[1:2], WEAK + LARGE) is None  # no size can mend both
    many = tuple(replace(SIZES[0], name=f"size {i}") for i in range(9))
    assert next_size(many, many[:3], WEAK) is None


def test_a_board_that_failed_is_no_reason_to_climb() -> None:
    trouble = (figure("firmware.host.accuracy", Outcome.INFRASTRUCTURE),)
    assert next_size(SIZES, SIZES[:1], trouble) is None


def test_a_size_that_was_tried_is_described_with_what_it_missed() -> None:
    said = describe(SIZES[0], WEAK)
    assert said.startswith("small network")
    assert "wanted >= 95" in said


def test_the_best_attempt_is_chosen() -> None:
    context = small_project.context()

    def attempt(evidence: tuple[Evidence, ...]) -> Attempt:
        return Attempt(context, (Step(StageResult(Stage.FIRMWARE, evidence)),))

    weak, large, good = (attempt(evidence) for evidence in (WEAK, LARGE, GOOD))
    better = attempt((figure("firmware.host.accuracy", Outcome.FAIL, 93.0),))
    assert choose([weak, good, large]) is good
    assert choose([weak, better]) is better
    assert choose([good, attempt(GOOD)]) is good


def rehearsed(
    monkeypatch: pytest.MonkeyPatch, accuracies: dict[str, float], outcome: Outcome = Outcome.PASS
) -> list[tuple[Stage, str]]:
    """Replace every stage by one that answers at once, and return what is run."""
    ran: list[tuple[Stage, str]] = []

    def answer(stage: Stage) -> object:
        def run(context: Context) -> StageResult:
            ran.append((stage, context.size.name))
            evidence = figure(f"{stage.value}.fine", outcome)
            if stage is Stage.FIRMWARE:
                value = accuracies[context.size.name]
                reached = Outcome.PASS if value >= 95 else Outcome.FAIL
                evidence = figure("firmware.host.accuracy", reached, value)
            return StageResult(stage, (evidence,), {f"{stage.value}.made": b"x"})

        return run

    monkeypatch.setattr(pipeline, "RUNS", {stage: answer(stage) for stage in Stage})
    return ran


def proposal_of(workdir: Path) -> pipeline.Proposal:
    goal = small_project.goal(Limits(accuracy_min=0.95))
    return run_stages(
        goal,
        small_project.records(),
        workdir=workdir,
        author=TemplateAuthor(goal.task),
        progress=Silent(),
    )


def test_a_larger_network_is_tried_where_the_first_misses(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ran = rehearsed(monkeypatch, {"small": 90.0, "medium": 96.0, "large": 97.0})
    found = proposal_of(tmp_path)
    assert [name for stage, name in ran if stage is Stage.TRAIN] == ["small", "medium"]
    assert [stage for stage, _ in ran].count(Stage.DATA) == 1
    assert found.missed == ()
    assert [line.split()[0] for line in found.tried] == ["small", "medium"]
    assert b"HIDDEN = (32, 16)" in found.files["train.py"]


def test_a_limit_that_is_missed_by_all_is_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    rehearsed(monkeypatch, {"small": 90.0, "medium": 92.0, "large": 91.0})
    found = proposal_of(tmp_path)
    assert [(e.check, e.value) for e in found.missed] == [("firmware.host.accuracy", 92.0)]
    assert len(found.tried) == 3


def test_a_choice_by_the_held_out_set_is_disclosed() -> None:
    assert pipeline.disclose(1) == ()
    (found,) = pipeline.disclose(2)
    assert (found.check, found.value) == ("train.networks", 2)
    assert "a little too good" in found.method


def test_results_in_which_the_machine_failed_are_not_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    accuracies = {"small": 97.0}
    ran = rehearsed(monkeypatch, accuracies, Outcome.INFRASTRUCTURE)
    proposal_of(tmp_path)
    assert [p.name.partition("-")[0] for p in (tmp_path / "journal").iterdir()] == ["firmware"]
    before = len(ran)
    proposal_of(tmp_path)
    assert [stage for stage, _ in ran[before:]] == list(Stage)[:-1]


def test_a_stage_that_breaks_ends_in_a_proposal_that_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    rehearsed(monkeypatch, {"small": 97.0})
    broken = figure("features.runs", Outcome.FAIL)
    monkeypatch.setitem(
        pipeline.RUNS,  # type: ignore[arg-type]
        Stage.FEATURES,
        lambda _context: StageResult(Stage.FEATURES, (broken,)),
    )
    found = proposal_of(tmp_path)
    assert found.missed == (broken,)
    assert found.figures is None
    assert "train.py" not in found.files
    assert [file.path for file in found.authored] == ["data.py", "features.h", "features.c"]


def test_code_of_others_is_not_run(tmp_path: Path) -> None:
    class Model(TemplateAuthor):
        def write(self, *arguments: Any, **named: Any) -> Written:
            return replace(super().write(*arguments, **named), origin=Origin.LANGUAGE_MODEL)

    goal = small_project.goal()
    with pytest.raises(NeedsSandboxError):
        run_stages(
            goal,
            small_project.records(),
            workdir=tmp_path,
            author=Model(goal.task),
            progress=Silent(),
        )


def test_missing_evidence_keeps_its_reason() -> None:
    found = unmeasured("a.b", Stage.DATA, "claim", Outcome.SKIPPED, "method", "why")
    assert (found.value, found.detail) == (None, "why")


def test_a_journal_is_kept_below_the_folder_given(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    rehearsed(monkeypatch, {"small": 97.0})
    proposal_of(tmp_path)
    keys = [path.stem for path in (tmp_path / "journal").iterdir()]
    assert sorted(key.partition("-")[0] for key in keys) == sorted(STAGES)
    assert all(Journal(tmp_path / "journal").read(key) for key in keys)
