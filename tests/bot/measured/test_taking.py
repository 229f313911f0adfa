"""From a run of the bench to comment, checks and remark, on a repository in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Any

import pytest

from bot.github.fake import FakeGitHub, Fault
from bot.github.fake_repository import FakeRepository
from bot.github.hub import Conclusion, Hub, HubError, PullRequest, Refused, Unavailable
from bot.measured import posting
from bot.measured.base import base_of
from bot.measured.kept import kept
from bot.measured.posting import BUTTON
from bot.measured.taking import Run, Taken, take_run
from bot.measured.workflow import ARTIFACT, Started, start
from bot.size import Size
from bot.work.sizes import wished_size
from hardware_runner.report import RunOutcome, RunReport
from tests.bot.measured.benches import (
    HOST,
    PROJECT,
    artifact,
    broken,
    cost,
    footprint,
    goal,
    project_files,
    report,
    zipped,
)

REPOSITORY, BRANCH = "octo/Widgets", "boardwright/issue-1-three-fruits"
WORKFLOW = ".github/workflows/boardwright-measure.yml"
ONE_SAMPLE = b'{"host": {"scores_sha256": "", "predictions": [0], "truth": [0]}}'
WRONG = [(x + 1) % 3 if i % 9 == 0 else x for i, x in enumerate(HOST)]


class Lab:
    """A repository with a bench's workflow and a pull request."""

    def __init__(self, files: Mapping[str, bytes | None] | None = None, **limits: Any) -> None:
        self.github = FakeGitHub()
        self.there: FakeRepository = self.github.add(REPOSITORY)
        self.there.push("owner", "main", {WORKFLOW: b"on: workflow_dispatch\n"})
        self.files = files if files is not None else project_files(goal(**limits))
        self.there.push("boardwright[bot]", BRANCH, self.files)
        self.pull: PullRequest = self.there.open_pull(
            "boardwright[bot]", BRANCH, "main", "Fruits", ""
        )

    @property
    def hub(self) -> Hub:
        return self.github.open(REPOSITORY, 1)

    @property
    def head(self) -> str:
        return self.there.pulls[self.pull.number].head_sha

    def take(self, *reports: RunReport, commit: str = "", left: bytes | None = None) -> Taken:
        content = artifact(*reports, commit=commit or self.head) if left is None else left
        run = self.there.run(WORKFLOW, {ARTIFACT: content, "logs": b""})
        return take_run(self.hub, self.github.login, Run(run.id, run.url))

    def said(self) -> list[str]:
        return [c.body for c in self.there.comments[self.pull.number]]

    def checks(self) -> dict[str, Conclusion | None]:
        return {check.name: check.conclusion for check in self.there.checks.values()}


def test_a_run_becomes_one_comment_and_a_check_for_each_board() -> None:
    lab = Lab(accuracy_min=0.9)
    taken = lab.take(report(), report("pico", WRONG), broken("esp32s3", "The cable is out."))
    assert (taken.pull, taken.branch, taken.commit) == (lab.pull.number, BRANCH, lab.head)
    assert not taken.is_good
    (said,) = lab.said()
    assert taken.headline in said and "The cable is out." in said
    assert lab.checks() == {
        "Boardwright / nucleo-f446re": Conclusion.SUCCESS,
        "Boardwright / pico": Conclusion.FAILURE,
        "Boardwright / esp32s3": Conclusion.NEUTRAL,
    }
    check = next(iter(lab.there.checks.values()))
    assert (check.key, check.head_sha) == ("board:nucleo-f446re", lab.head)
    assert check.buttons == (BUTTON,) and "/actions/runs/" in (check.details_url or "")


def test_a_run_that_is_taken_twice_changes_nothing() -> None:
    lab = Lab()
    content = artifact(report(), commit=lab.head)
    run = lab.there.run(WORKFLOW, {ARTIFACT: content})
    first = take_run(lab.hub, lab.github.login, Run(run.id, run.url))
    before = (lab.said(), dict(lab.there.checks))
    assert take_run(lab.hub, lab.github.login, Run(run.id, run.url)) == first
    assert (lab.said(), dict(lab.there.checks)) == before


@pytest.mark.parametrize("method", ["put_comment", "put_check", "download", "pulls_at"])
@pytest.mark.parametrize("after", [False, True])
def test_what_was_cut_off_is_finished_without_a_second_comment(method: str, after: bool) -> None:
    lab = Lab()
    run = lab.there.run(WORKFLOW, {ARTIFACT: artifact(report(), commit=lab.head)})
    lab.github.fail(Fault(method, Unavailable("GitHub is away."), after=after))
    with pytest.raises(Unavailable):
        take_run(lab.hub, lab.github.login, Run(run.id, run.url))
    take_run(lab.hub, lab.github.login, Run(run.id, run.url))
    assert len(lab.said()) == len(lab.there.checks) == 1


def test_boards_of_later_runs_join_those_of_earlier_ones() -> None:
    lab = Lab(files=project_files(goal(("nucleo-f446re", "pico"))))
    first = lab.take(report())
    assert not first.is_good and "1 is missing" in first.headline
    assert lab.take(report("pico")).is_good
    again = lab.take(broken("pico", "It does not answer any more."))
    assert again.is_good, "a try that came to nothing takes no figures away"
    (said,) = lab.said()
    assert "A later run came to nothing: It does not answer any more." in said
    assert lab.checks()["Boardwright / pico"] is Conclusion.SUCCESS
    worse = lab.take(report("pico", WRONG))
    assert worse.headline == "2 boards: 1 passed, 1 disagrees with the host."
    found = kept(lab.said()[0])
    assert found is not None and [b.board for b in found.boards] == ["nucleo-f446re", "pico"]


def test_a_new_head_gets_a_comment_of_its_own_and_old_results_no_comment() -> None:
    lab = Lab()
    lab.take(report())
    old = lab.head
    lab.there.push("ada", BRANCH, {f"{PROJECT}/app.c": b"int x;\n"})
    stale = lab.take(report("pico"), commit=old)
    assert (stale.pull, len(lab.said())) == (0, 1)
    assert "Boardwright / pico" in lab.checks(), "the commit's check says it all the same"
    lab.take(report("pico"))
    lab.take(report())
    said = lab.there.comments[lab.pull.number]
    assert len(said) == 2 and lab.there.minimised == {said[0].id}
    assert lab.github.count("minimise") == 1, "once, with the newer head's first word"


@pytest.mark.parametrize("fault", [None, Unavailable("GitHub is away."), Refused("No.")])
def test_an_old_comment_that_cannot_be_folded_away_does_no_harm(fault: HubError | None) -> None:
    lab = Lab()
    lab.take(report())
    lab.there.push("ada", BRANCH, {f"{PROJECT}/app.c": b"int x;\n"})
    lab.there.allows_resolving = False
    if fault:
        lab.github.fail(Fault("minimise", fault))
    assert lab.take(report()).is_good and len(lab.said()) == 2 and not lab.there.minimised


def test_what_another_worker_posts_meanwhile_is_joined() -> None:
    lab, named = Lab(files=project_files(goal(("nucleo-f446re", "pico")))), list[str]()
    left = artifact(report(), commit=lab.head)
    run = lab.there.run(WORKFLOW, {ARTIFACT: left})

    @contextmanager
    def after_another(name: str) -> Iterator[None]:
        named.append(name)
        with monkeypatch.context() as other:  # whose lock is its own process's
            other.setattr(posting, "_one_at_a_time", nullcontext())
            lab.take(report("pico"))
        yield

    monkeypatch = pytest.MonkeyPatch()
    taken = take_run(lab.hub, lab.github.login, Run(run.id, run.url), after_another)
    assert taken.is_good and taken.headline == "Both boards passed."
    assert named == [lab.pull.url] and len(lab.said()) == 1


def test_a_fork_of_the_same_commit_gets_no_comment() -> None:
    lab = Lab()
    lab.there.pulls[lab.pull.number] = replace(lab.pull, head_repository="mallory/Widgets")
    assert lab.take(report()).pull == 0
    assert lab.said() == []


def test_without_the_right_to_write_checks_the_comment_stands() -> None:
    lab = Lab()
    lab.github.fail(Fault("put_check", Refused("You must authenticate via a GitHub App.")))
    assert lab.take(report()).pull == lab.pull.number
    assert (len(lab.said()), lab.checks()) == (1, {})


@pytest.mark.parametrize(
    ("left", "why"),
    [
        (b"PK", "The zip file is damaged"),
        (zipped("{}"), "does not fit its schema"),
        (artifact(report(), commit="f" * 40), "The repository has no commit ffffffffff"),
        (b"P" * (17 << 20), "larger than 16,777,216 bytes"),
    ],
)
def test_what_cannot_be_believed_is_posted_nowhere(left: bytes, why: str) -> None:
    lab = Lab()
    taken = lab.take(left=left)
    assert why in taken.line and not taken.commit
    assert lab.said() == [] and lab.checks() == {}


def test_a_run_without_results_says_nothing() -> None:
    lab = Lab()
    run = lab.there.run(WORKFLOW, {"logs": b""}, "failure")
    assert take_run(lab.hub, lab.github.login, Run(run.id)).line == f"run {run.id} left no results"


@pytest.mark.parametrize(
    ("conclusion", "told"),
    [
        ("cancelled", "was cancelled"),
        ("failure", "was not approved"),
        ("timed_out", "took too long"),
        ("success", ""),
        ("skipped", ""),
    ],
)
def test_a_run_that_came_to_nothing_is_told_where_its_head_is_known(
    conclusion: str, told: str
) -> None:
    lab = Lab()
    run = lab.there.run(WORKFLOW, {"logs": b""}, conclusion)

    def took(commit: str) -> Taken:
        return take_run(lab.hub, lab.github.login, Run(run.id, run.url, conclusion, commit))

    assert not took("").pull and not took("f" * 40).pull and lab.said() == []
    taken = took(lab.head)
    assert taken.pull == (lab.pull.number if told else 0) and told in taken.headline
    assert took(lab.head) == taken and len(lab.said()) == bool(told)
    if told:
        (said,) = lab.said()
        assert "### ⚠️ Nothing was measured" in said and f"[run]({run.url})" in said
        assert told in said and not lab.checks() and not taken.remark and not taken.is_measured
    assert lab.take(report()).is_good
    (said,) = lab.said()
    assert "Nothing was measured" not in said and "passed" in said
    assert took(lab.head).pull == 0, "older news"


def test_what_was_measured_before_stays_when_a_later_run_comes_to_nothing() -> None:
    lab = Lab()
    first = lab.take(report())
    run = lab.there.run(WORKFLOW, {}, "cancelled")
    take_run(lab.hub, lab.github.login, Run(run.id, run.url, "cancelled", lab.head))
    (said,) = lab.said()
    assert first.headline in said and f"A [run]({run.url}) that was to measure" in said
    assert lab.take(report()).is_good and run.url not in lab.said()[0]


@pytest.mark.parametrize(
    "spoiled",
    [
        {f"{PROJECT}/goal.toml": None},
        {f"{PROJECT}/evidence.json": b"[]"},
        {f"{PROJECT}/testset.npz": b"PK"},
        {f"{PROJECT}/evidence.json": ONE_SAMPLE},
    ],
)
def test_a_project_that_contradicts_itself_is_not_judged(spoiled: dict[str, bytes | None]) -> None:
    lab = Lab(files={**project_files(), **spoiled})
    taken = lab.take(report())
    assert "refused" in taken.line and PROJECT in taken.line
    assert lab.said() == []


def test_the_base_is_what_the_default_branch_measured_last() -> None:
    lab = Lab()
    assert base_of(lab.hub, PROJECT, lab.head) is None
    main = lab.there.push("ada", "main", dict(project_files()))
    older = cost(model=2_000.0)
    for content in (
        artifact(report(cost=older), report("pico"), commit=main),
        artifact(report(cost=cost(model=1_900.0)), commit=main),
        artifact(report(cost=cost(model=1.0)), commit=lab.head),  # of no commit of main
        zipped("nonsense"),
    ):
        lab.there.run(WORKFLOW, {ARTIFACT: content})
    lab.there.run(WORKFLOW, {ARTIFACT: artifact(report(), commit=main)}, "failure")
    base = base_of(lab.hub, PROJECT, lab.head)
    assert base is not None and base.commit == main
    medians = {b.board: b.cost.model_median for b in base.boards if b.cost}
    assert medians == {"nucleo-f446re": 1_900.0, "pico": 1_800.0}
    lab.take(report())
    assert "-4.8 % to base" in lab.said()[0] and main[:10] in lab.said()[0]


@pytest.mark.parametrize(
    ("reports", "size", "named"),
    [
        ([report(footprint=footprint(flash=50_000))], Size.SMALLER, "flash is 50,000 bytes"),
        ([report(answers=WRONG)], None, "otherwise than on the host"),
        (
            [report(), broken("pico", "Hard fault in bw_features", RunOutcome.FAIL)],
            None,
            "pico: the firmware failed: Hard fault in bw_features",
        ),
    ],
)
def test_the_remark_names_what_is_wanting(
    reports: list[RunReport], size: Size | None, named: str
) -> None:
    taken = Lab(accuracy_min=0.97, flash_max_bytes=40_000).take(*reports)
    assert taken.remark.startswith("Measured on the bench:") and named in taken.remark
    assert wished_size(taken.remark) is size


def test_infrastructure_asks_nobody_to_mend_files() -> None:
    assert Lab().take(broken("pico", "No answer.")).remark == ""


def test_a_bench_is_started_where_there_is_one_and_it_is_allowed() -> None:
    lab = Lab()
    assert start(lab.hub, lab.pull.number, lab.head, ["pico", "host"]) is Started.YES
    inputs = {"pull": str(lab.pull.number), "commit": lab.head, "boards": "pico host"}
    assert lab.there.dispatched == [("boardwright-measure.yml", "main", inputs)]
    lab.there.allows_actions = False
    assert start(lab.hub, 0, lab.head, []) is Started.NOT_ALLOWED
    lab.there.push("ada", "main", {WORKFLOW: None})
    assert start(lab.hub, 0, lab.head, []) is Started.NO_BENCH
