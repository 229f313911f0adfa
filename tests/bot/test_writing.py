"""Writing with a model: repairs are bounded, told what failed, and end in a template if need be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from bot import pipeline
from bot.authors.author import Failure
from bot.authors.kept_answers import KeptAnswers
from bot.authors.model import LanguageModelAuthor
from bot.authors.template_author import TemplateAuthor
from bot.evidence import Evidence, Outcome, Relation, Stage, judge
from bot.goal import Limits
from bot.llm.language_model import BudgetReached, CutShort, Malformed, Refused, Unreachable
from bot.pipeline import Authors, run_stages
from bot.proposal import Proposal
from bot.sandbox.job import Origin
from bot.stages.stage_result import Context, StageResult, verdict
from tests.bot import small_project
from tests.bot.scripted import Noted, Reply, ScriptedModel, reply, template_replies, usage

GOAL = small_project.goal(Limits(accuracy_min=0.95))
FILES = small_project.context(GOAL).workspace.files
Checks = Mapping[Stage, Callable[[Context], Sequence[Evidence]]]


def accuracy(value: float) -> Evidence:
    return judge(
        "firmware.host.accuracy", Stage.FIRMWARE, "Accuracy", value, "%", Relation.AT_LEAST, 95.0,
        "made up", source="goal",
    )  # fmt: skip


def good(stage: Stage) -> Evidence:
    return verdict(f"{stage.value}.fine", stage, "fine", True, "made up")


def bad(stage: Stage, detail: str = "in/x.c:3:1: error") -> Evidence:
    return verdict(f"{stage.value}.builds_here", stage, "builds", False, "made up", detail)


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> Callable[[Checks], list[tuple[Stage, Context]]]:
    """Replace the stages: each check looks at the files and answers at once."""

    def plant(checks: Checks) -> list[tuple[Stage, Context]]:
        seen: list[tuple[Stage, Context]] = []

        def stage_of(stage: Stage) -> Callable[[Context], StageResult]:
            def run(context: Context) -> StageResult:
                seen.append((stage, context))
                evidence = tuple(checks.get(stage, lambda _: (good(stage),))(context))
                broken = any(e.check.endswith("builds_here") for e in evidence)
                usable = not broken or all(e.outcome is Outcome.PASS for e in evidence)
                return StageResult(stage, evidence, {f"{stage.value}.x": b"x"} if usable else {})

            return run

        monkeypatch.setattr(pipeline, "RUNS", {stage: stage_of(stage) for stage in Stage})
        return seen

    return plant


def written(
    model: ScriptedModel | KeptAnswers,
    workdir: Path,
    *,
    fallback: bool = True,
    max_repairs: int = 3,
    candidates: int = 1,
    notes: Noted | None = None,
    inspect: pipeline.Inspect = lambda _stage, _files, _context: (),
) -> Proposal:
    authors = Authors(
        LanguageModelAuthor(model, "scripted"),
        TemplateAuthor(GOAL.task) if fallback else None,
        max_repairs=max_repairs,
        candidates=candidates,
        inspect=inspect,
    )
    return run_stages(
        GOAL,
        small_project.records(),
        workdir=workdir,
        author=authors,
        progress=notes or Noted(),
        seed=3,
    )


def scripted(**changes: Sequence[Reply]) -> ScriptedModel:
    return ScriptedModel({**template_replies(FILES), **changes})


def with_text(text: str) -> dict[str, str]:
    return reply(FILES, features_c=text)


def wants(words: bytes, path: str, stage: Stage) -> Checks:
    """Return checks of which one stage's is met by a file that holds certain words."""

    def check(context: Context) -> Sequence[Evidence]:
        return (good(stage) if words in context.workspace.files[path] else bad(stage),)

    return {stage: check}


def test_a_model_writes_all_stages_in_five_calls(
    ran: Callable[[Checks], object], tmp_path: Path
) -> None:
    ran({})
    model = scripted()
    found = written(model, tmp_path)
    assert [prompt.purpose for prompt in model.prompts] == [stage.value for stage in Stage]
    assert {file.author for file in found.authored} == {"scripted-1-cheap", "scripted-1-strong"}
    assert [(a.purpose, a.number, a.causes) for a in found.asked] == [
        (stage.value, 1, ()) for stage in Stage
    ]


def test_code_of_a_model_marks_every_later_job(
    ran: Callable[[Checks], list[tuple[Stage, Context]]], tmp_path: Path
) -> None:
    seen = ran(wants(b"Mean and 1", "features.c", Stage.FEATURES))
    written(scripted(data=[Refused("no", usage())]), tmp_path)
    origins = {stage: context.origin for stage, context in seen}
    assert origins[Stage.DATA] is Origin.TEMPLATE  # the template wrote it after all
    assert {origins[stage] for stage in list(Stage)[1:]} == {Origin.LANGUAGE_MODEL}


def test_a_failure_is_told_and_repaired(ran: Callable[[Checks], object], tmp_path: Path) -> None:
    ran(wants(b"good at last", "features.c", Stage.FEATURES))
    model = scripted(features=[with_text("int bad;"), with_text("/* good at last */")])
    notes = Noted()
    found = written(model, tmp_path, notes=notes)
    first, second = (p for p in model.prompts if p.purpose == "features")
    assert "in/x.c:3:1: error" in second.user
    assert "int bad;" in second.user
    assert "int bad;" not in first.user
    tries = {file.path: file.tries for file in found.authored}
    assert (tries["data.py"], tries["features.c"]) == (1, 2)
    assert [bool(a.causes) for a in found.asked if a.purpose == "features"] == [True, False]
    assert any("to mend: features.builds_here" in line for line in notes.lines)
    assert not found.missed


def test_no_prompt_is_sent_twice_and_the_template_steps_in(
    ran: Callable[[Checks], object], tmp_path: Path
) -> None:
    ran(wants(b"Mean and 1", "features.c", Stage.FEATURES))
    model = scripted(features=[with_text("int bad;")])
    found = written(model, tmp_path)
    sent = [p for p in model.prompts if p.purpose == "features"]
    assert len(sent) == 4
    assert len({(p.system, p.user) for p in sent}) == 4
    by_path = {file.path: file for file in found.authored}
    assert by_path["features.c"].author == "template: tabular-sensor"
    assert by_path["features.c"].tries == 5
    assert by_path["train.py"].author == "scripted-1-strong"


def test_without_a_template_what_passed_is_handed_over(
    ran: Callable[[Checks], object], tmp_path: Path
) -> None:
    ran(wants(b"never", "train.py", Stage.TRAIN))
    found = written(scripted(), tmp_path, fallback=False)
    assert {"data.py", "features.c"} <= set(found.files)
    assert [e.check for e in found.missed] == ["train.builds_here"]


@pytest.mark.parametrize("error", [Refused, CutShort, Malformed])
def test_unusable_answers_count_as_tries(
    error: type[Refused], ran: Callable[[Checks], object], tmp_path: Path
) -> None:
    ran({})
    unusable = error("field 'x' is missing", usage())
    model = scripted(convert=[unusable, reply(FILES)])
    found = written(model, tmp_path)
    sent = [p for p in model.prompts if p.purpose == "convert"]
    assert "field 'x' is missing" in sent[1].user
    assert [a.purpose for a in found.asked].count("convert") == 2
    assert not found.missed


def test_files_that_were_only_claimed_are_asked_for_again(
    ran: Callable[[Checks], object], tmp_path: Path
) -> None:
    ran({})
    claimed = {"app_c": "", "notes": "I have written app.c to /workspace/app.c."}
    model = scripted(firmware=[claimed, reply(FILES)])
    assert not written(model, tmp_path).missed
    assert "saying that a file was written does not write it" in model.prompts[-1].user


def test_what_static_checks_find_is_never_run(
    ran: Callable[[Checks], list[tuple[Stage, Context]]], tmp_path: Path
) -> None:
    def inspect(stage: Stage, files: Mapping[str, str], _: Context) -> tuple[Failure, ...]:
        text = "".join(files.values())
        rule = Failure("python.import", "allowed imports only", detail="data.py:1: no socket")
        return (rule,) if "socket" in text else ()

    seen = ran({})
    model = scripted(data=[reply(FILES, data_py="import socket\n"), reply(FILES)])
    written(model, tmp_path, inspect=inspect)
    texts = [c.workspace.files["data.py"] for stage, c in seen if stage is Stage.DATA]
    assert all(b"socket" not in text for text in texts)
    assert "no socket" in model.prompts[1].user


def test_where_nothing_could_be_run_the_proposal_says_so(
    ran: Callable[[Checks], object], tmp_path: Path
) -> None:
    ran({})
    found = written(scripted(data=[Refused("I cannot", usage())]), tmp_path, fallback=False)
    (missed,) = found.missed
    assert (missed.check, missed.stage) == ("data.written", Stage.DATA)
    assert "answer.given" in missed.detail
    assert "data.py" not in found.files


def test_a_reached_budget_stops_and_keeps_what_passed(
    ran: Callable[[Checks], object], tmp_path: Path
) -> None:
    ran({})
    stop = BudgetReached("The budget of $0.10 for this request is spent.")
    found = written(scripted(train=[stop]), tmp_path)
    assert {"data.py", "features.c"} <= set(found.files)
    assert "train.py" not in found.files
    (open_claim,) = found.unproven
    assert "$0.10" in open_claim.detail
    assert open_claim.outcome is Outcome.INFRASTRUCTURE


def test_a_budget_that_ends_during_a_repair_keeps_the_try(
    ran: Callable[[Checks], object], tmp_path: Path
) -> None:
    ran(wants(b"never", "app.c", Stage.FIRMWARE))
    stop = BudgetReached("spent")
    found = written(scripted(firmware=[reply(FILES), stop]), tmp_path)
    assert [e.check for e in found.missed] == ["firmware.builds_here"]
    assert [e.detail for e in found.unproven] == ["spent"]
    assert "app.c" in found.files


def test_a_server_that_cannot_be_reached_ends_the_run(
    ran: Callable[[Checks], object], tmp_path: Path
) -> None:
    ran({})
    with pytest.raises(Unreachable):
        written(scripted(data=[Unreachable("no route to host")]), tmp_path)


def by_size(values: Mapping[str, float]) -> Checks:
    return {Stage.FIRMWARE: lambda context: (accuracy(values[context.size.name]),)}


def test_another_size_costs_one_call(ran: Callable[[Checks], object], tmp_path: Path) -> None:
    ran(by_size({"small": 90.0, "medium": 96.0, "large": 97.0}))
    model = scripted()
    found = written(model, tmp_path)
    purposes = [p.purpose for p in model.prompts]
    assert purposes == [*(stage.value for stage in Stage), "train"]
    assert not found.missed


def test_a_limit_that_no_size_meets_becomes_a_repair_of_the_training(
    ran: Callable[[Checks], object], tmp_path: Path
) -> None:
    def check(context: Context) -> Sequence[Evidence]:
        better = b"better" in context.workspace.files["train.py"]
        return (accuracy(96.5 if better else 91.25),)

    ran({Stage.FIRMWARE: check})
    same = reply(FILES)
    model = scripted(train=[same, same, same, reply(FILES, train_py="better = True\n")])
    notes = Noted()
    found = written(model, tmp_path, notes=notes)
    asked = [p for p in model.prompts if p.purpose == "train"]
    assert len(asked) == 4
    assert "91.25 %" in asked[3].user and ">= 95.0 %" in asked[3].user
    assert not found.missed
    assert b"better" in found.files["train.py"]
    assert any(line.startswith("train is repaired: firmware.host.accuracy") for line in notes.lines)
    assert "(repair 1 of train)" in found.tried[-1]
    assert [p.purpose for p in model.prompts].count("firmware") == 1


def test_repairs_of_limits_are_bounded(ran: Callable[[Checks], object], tmp_path: Path) -> None:
    ran(by_size({"small": 90.0, "medium": 92.0, "large": 91.0}))
    model = scripted()
    found = written(model, tmp_path, max_repairs=2)
    assert [p.purpose for p in model.prompts].count("train") == 3 + 2
    assert [e.check for e in found.missed] == ["firmware.host.accuracy"]
    assert [e.value for e in found.evidence if e.check == "train.networks"] == [5]


def test_firmware_candidates_are_asked_side_by_side_and_chosen_by_checks(
    ran: Callable[[Checks], object], tmp_path: Path
) -> None:
    ran(wants(b"good at last", "app.c", Stage.FIRMWARE))

    def answer(prompt: object) -> dict[str, str]:
        third = "Candidate 3" in getattr(prompt, "user", "")
        return reply(FILES, app_c="/* good at last */" if third else "int bad;")

    model = scripted(firmware=[answer])
    found = written(model, tmp_path, candidates=3)
    sent = [p for p in model.prompts if p.purpose == "firmware"]
    assert len({p.user for p in sent}) == len(sent) == 3
    assert found.files["app.c"] == b"/* good at last */\n"
    assert not found.missed


def test_a_run_that_ended_pays_for_no_answer_twice(
    ran: Callable[[Checks], object], tmp_path: Path
) -> None:
    ran(wants(b"good at last", "features.c", Stage.FEATURES))
    lost = Unreachable("the line is down")
    first = [with_text("int bad;"), Malformed("no JSON", usage()), with_text("/* good at last */")]
    model = scripted(features=first, convert=[lost, reply(FILES)])
    with pytest.raises(Unreachable):
        written(KeptAnswers(model, "scripted", tmp_path / "answers"), tmp_path)
    assert len(model.prompts) == 1 + 3 + 1 + 1
    found = written(KeptAnswers(model, "scripted", tmp_path / "answers"), tmp_path)
    assert len(model.prompts) == 6 + 2
    assert [(a.purpose, a.number, bool(a.causes)) for a in found.asked] == [
        ("data", 1, False),
        ("features", 1, True),
        ("features", 2, True),
        ("features", 3, False),
        ("train", 1, False),
        ("convert", 1, False),
        ("firmware", 1, False),
    ]
    before = len(model.prompts)
    again = written(KeptAnswers(model, "scripted", tmp_path / "answers"), tmp_path)
    assert len(model.prompts) == before
    assert again.asked == found.asked


def test_another_model_is_asked_anew(ran: Callable[[Checks], object], tmp_path: Path) -> None:
    ran({})
    model = scripted()
    written(KeptAnswers(model, "one", tmp_path / "answers"), tmp_path)
    written(KeptAnswers(model, "another", tmp_path / "answers"), tmp_path)
    assert len(model.prompts) == 10
