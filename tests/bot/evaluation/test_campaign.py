"""Campaigns: what is run, kept, gone on with, and counted."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bot.cli import invoke
from bot.errors import ExitCode, Infrastructure, RequestError
from bot.evaluation import paper
from bot.evaluation.campaign import RECORD, Case, Watch, cases, run_all
from bot.evaluation.record import (
    End,
    RunRecord,
    StageRecord,
    end_of,
    is_sound,
    reading,
    stage_records,
)
from bot.evaluation.report import requests_table, table, write_results
from bot.evaluation.table import CANNOT_BE_MET, END_TO_END, rows
from bot.evidence import Evidence, Outcome, Relation, Stage, judge
from bot.llm.language_model import BudgetReached, RequestBudgetReached, Usage
from bot.proposal import Asked, AuthoredFile, Proposal
from bot.questions import Question, Questions
from tests.bot import small_project

MODEL = "some-model"


def evidence(stage: Stage, value: float = 1.0) -> Evidence:
    return judge(f"{stage.value}.x", stage, "It holds", value, "", Relation.EQUAL, 1.0, "looked")


def asked(stage: Stage, number: int, cost: float | None = 0.01) -> Asked:
    usage = Usage(MODEL, 1, 1000, 0, 100, 2.0, cost)
    return Asked(stage.value, number, MODEL, (usage,))


def proposal(
    *,
    authors: dict[Stage, str] | None = None,
    values: dict[Stage, float] | None = None,
    tries: dict[Stage, int] | None = None,
    cost: float | None = 0.01,
) -> Proposal:
    authors, values, tries = authors or {}, values or {}, tries or {}
    return Proposal(
        goal=small_project.goal(),
        files={},
        authored=tuple(AuthoredFile(f"{s.value}.x", s, authors.get(s, MODEL)) for s in Stage),
        evidence=tuple(evidence(stage, values.get(stage, 1.0)) for stage in Stage),
        reports=(),
        figures=None,
        asked=tuple(
            asked(stage, number + 1, cost)
            for stage in Stage
            for number in range(tries.get(stage, 1))
        ),
    )


def record(made: Proposal, author: str = MODEL, run: int = 1, can_be_met: bool = True) -> RunRecord:
    end, detail = end_of(made)
    stages = stage_records(made, author, dict.fromkeys(Stage, 3.0))
    tokens, usd = reading(made)
    return RunRecord(
        request="r",
        author=author,
        run=run,
        can_be_met=can_be_met,
        end=end,
        detail=detail,
        seconds=20.0,
        stages=stages,
        sound=is_sound(made),
        reading_tokens=tokens,
        reading_usd=usd,
    )


def issue(folder: Path, name: str = "r") -> Path:
    path = folder / f"{name}.md"
    path.write_text("# Title\n\nDo it.\n")
    return path


def test_every_request_is_run_once_before_any_is_run_twice() -> None:
    made = cases([Path("a.md"), Path("b.md")], ["x", "y"], 2, ["b.md"])
    assert [(c.issue.stem, c.author, c.run, c.can_be_met) for c in made[:4]] == [
        ("a", "x", 1, True),
        ("a", "y", 1, True),
        ("b", "x", 1, False),
        ("b", "y", 1, False),
    ]
    assert {c.run for c in made[4:]} == {2}
    assert len({c.folder for c in made}) == 8


def test_names_of_models_make_safe_folders() -> None:
    folder = Case(Path("a.md"), "../qwen3:30b/x", 1).folder
    assert ".." not in folder.parts
    assert len(folder.parts) == 4


@pytest.mark.parametrize(
    ("outcome", "end"),
    [
        (proposal(), End.MET),
        (proposal(values={Stage.TRAIN: 0.5}), End.MISSED),
        (Questions((Question("Data", "none named", "which?", "csv:x"),)), End.REFUSED),
        (RequestError("It cannot be.", "Ask for less."), End.REFUSED),
        (RequestBudgetReached("spent"), End.BUDGET),
        (BudgetReached("spent for today"), End.INFRASTRUCTURE),
        (Infrastructure("no disk"), End.INFRASTRUCTURE),
        (ZeroDivisionError("oops"), End.ERROR),
    ],
)
def test_how_a_run_ends(outcome: Proposal | Questions | Exception, end: End) -> None:
    found, detail = end_of(outcome)
    assert found is end
    assert bool(detail) == (end is not End.MET)


def test_what_the_machine_spoilt_is_no_success() -> None:
    spoilt = Evidence(
        **{**evidence(Stage.FIRMWARE).model_dump(), "outcome": Outcome.INFRASTRUCTURE}
    )
    made = proposal()
    broken = Proposal(made.goal, {}, made.authored, (*made.evidence, spoilt), (), None)
    assert end_of(broken)[0] is End.INFRASTRUCTURE


def test_files_of_the_template_are_not_the_models_success() -> None:
    kept = record(proposal(authors={Stage.FIRMWARE: "template: tabular-sensor"}))
    assert kept.end is End.MET
    assert not kept.success
    assert kept.stages["data"].success
    assert not kept.stages["firmware"].success


def test_the_template_is_judged_by_its_own_files() -> None:
    made = proposal(authors=dict.fromkeys(Stage, "template: tabular-sensor"))
    assert record(made, "template").success


def test_a_plain_no_is_right_where_a_request_cannot_be_met() -> None:
    good = proposal()
    limit = good.evidence[-1].model_copy(update={"source": "goal", "outcome": Outcome.FAIL})
    missed = replace(good, evidence=(*good.evidence, limit))
    assert record(missed, can_be_met=False).success
    assert not record(good, can_be_met=False).success


def test_a_project_that_does_not_work_is_no_plain_no() -> None:
    broken = record(proposal(values={Stage.FIRMWARE: 0.0}), can_be_met=False)
    assert broken.end is End.MISSED
    assert not broken.success


def test_reading_a_request_counts_in_the_whole() -> None:
    good = proposal()
    read = Asked("understand", 1, MODEL, (Usage(MODEL, 1, 2000, 0, 300, 1.0, 0.02),))
    before, after = (
        rows([record(p)])[-1] for p in (good, replace(good, asked=(read, *good.asked)))
    )
    assert after.tokens == pytest.approx((before.tokens or 0) + 2300)
    assert after.cost_usd == pytest.approx((before.cost_usd or 0) + 0.02)


def test_rows() -> None:
    runs = [
        record(proposal(), run=1),
        record(proposal(tries={Stage.FIRMWARE: 3}), run=2),
        record(proposal(values={Stage.CONVERT: 0.0}), run=3),
        record(proposal(values={Stage.TRAIN: 0.0}), run=4, can_be_met=False),
    ]
    runs[3] = runs[3].model_copy(update={"sound": True})
    by_name = {line.stage: line for line in rows(runs)}
    assert list(by_name) == [*(stage.value for stage in Stage), END_TO_END, CANNOT_BE_MET]
    firmware, convert, whole = by_name["firmware"], by_name["convert"], by_name[END_TO_END]
    assert (firmware.successes, firmware.runs) == (3, 3)
    assert firmware.first_try == pytest.approx(2 / 3)
    assert firmware.repairs == pytest.approx(2 / 3)
    assert firmware.tokens == pytest.approx(1100 * 5 / 3)
    assert firmware.paper == pytest.approx(11 / 30)
    assert (convert.successes, convert.runs) == (2, 3)
    assert (whole.successes, whole.runs, whole.cost_usd) == (2, 3, pytest.approx(0.17 / 3))
    assert whole.first_try == pytest.approx(1 / 3)
    assert whole.paper == pytest.approx(0.9 * 1.0 * 11 / 30)
    assert (by_name[CANNOT_BE_MET].successes, by_name[CANNOT_BE_MET].paper) == (1, None)


def test_an_unknown_price_is_not_taken_for_nothing() -> None:
    whole = rows([record(proposal(cost=None))])[-1]
    assert whole.cost_usd is None


def test_runs_that_the_machine_ended_are_left_out() -> None:
    good = record(proposal())
    lost = good.model_copy(update={"end": End.INFRASTRUCTURE, "stages": {}})
    assert rows([good, lost])[-1].runs == 1


def test_the_chain_of_the_paper() -> None:
    assert paper.chained_share() == pytest.approx(0.33)


def test_kept_runs_are_not_made_again(tmp_path: Path) -> None:
    made: list[Case] = []

    def make(case: Case, folder: Path, watch: Watch) -> Proposal:
        made.append(case)
        watch.stage_finished(Stage.DATA, (), 2.0, resumed=False)
        if len(made) == 2:
            raise Infrastructure("no power")
        return proposal()

    wanted = cases([issue(tmp_path)], [MODEL], 3)
    first = list(run_all(wanted, tmp_path / "out", make))
    assert [one.end for one in first] == [End.MET, End.INFRASTRUCTURE, End.MET]
    assert first[0].stages["data"].seconds == 2.0
    second = list(run_all(wanted, tmp_path / "out", make))
    assert [one.end for one in second] == [End.MET] * 3
    assert [case.run for case in made] == [1, 2, 3, 2]


def test_a_damaged_record_is_made_again(tmp_path: Path) -> None:
    wanted = cases([issue(tmp_path)], [MODEL], 1)
    list(run_all(wanted, tmp_path, lambda *_: proposal()))
    (tmp_path / wanted[0].folder / RECORD).write_text("{")
    assert [one.end for one in run_all(wanted, tmp_path, lambda *_: proposal())] == [End.MET]


def test_no_run_begins_once_the_budget_is_spent(tmp_path: Path) -> None:
    wanted = cases([issue(tmp_path)], [MODEL], 10)
    found = list(run_all(wanted, tmp_path, lambda *_: proposal(), jobs=2, budget_usd=0.08))
    assert 2 <= len(found) <= 3
    again = list(run_all(wanted, tmp_path, lambda *_: proposal(), budget_usd=10.0))
    assert len(again) == 10


def test_results_are_written_for_people_and_programs(tmp_path: Path) -> None:
    records = [record(proposal()), record(proposal(values={Stage.TRAIN: 0.0}), run=2)]
    places = write_results(tmp_path / "results", records)
    assert [path.name for path in places] == ["table.md", "results.json", "rows.csv", "plot.svg"]
    results = json.loads(places[1].read_text())
    assert len(results["runs"]) == 2
    assert RunRecord.model_validate(results["runs"][0]) == records[0]
    assert places[2].read_text().splitlines()[0].startswith("author,stage,successes,runs")
    assert places[3].read_bytes().startswith(b"<?xml")
    assert write_results(tmp_path / "results", records) == places
    assert "1 of 2" in table(records).markdown()
    assert requests_table(records).rows[0][:2] == ("r", "missed")


def test_stage_records_are_strict() -> None:
    with pytest.raises(ValueError, match="surprise"):
        StageRecord.model_validate({"surprise": 1})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none.md"], "There is no none.md"),
        (["."], "holds no request"),
        (["r.md", "--models", ","], "names nobody"),
        (["r.md", "--data", "x"], "names no file"),
        (["r.md", "--data", "a/b=r.md"], "names no file"),
        (["r.md", "sub/r.md"], "Two requests are called r"),
    ],
)
def test_what_the_command_refuses(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    if arguments != ["."]:
        issue(tmp_path)
    (tmp_path / "sub").mkdir()
    issue(tmp_path / "sub")
    assert invoke(["eval", *arguments]) == ExitCode.REQUEST
    assert said in " ".join(capsys.readouterr().err.split())


def test_the_command_counts_a_plain_no_as_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "no.md").write_text("# No\n\nWith mps2-an386 tell `csv:data.csv` apart, 90 %.\n")
    (tmp_path / "data.csv").write_text("label,x\na,1\nb,2\n")
    (tmp_path / "eval.toml").write_text('cannot_be_met = ["no.md"]\n')
    assert invoke(["eval", "no.md", "--data", f"data.csv={tmp_path / 'data.csv'}"]) == 0
    results = json.loads((tmp_path / "evaluation" / "results.json").read_text())
    assert results["runs"][0]["end"] == "refused"
    assert results["rows"][0]["successes"] == 1
    assert "no, template, run 1: refused" in " ".join(capsys.readouterr().out.split())
