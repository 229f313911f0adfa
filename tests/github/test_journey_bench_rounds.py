"""What follows when a bench has measured: told once, followed in bounds, and believed by nobody.

Boards, their results and the work on the request are made up and quick; the service, GitHub's
events and what the repository says about the project are not.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from github.CheckRun import CheckRun

from bot.jobs import ends
from bot.jobs.bench import NOT_ALLOWED
from bot.measured.workflow import AGAIN, ARTIFACT
from bot.rendering.bench_comment import comment_marker
from bot.work.outcome import Built, Outcome
from bot.work.told import Told
from hardware_runner.report import RunOutcome
from tests.bot.jobs import fake_work
from tests.bot.jobs.fake_work import FOLDER
from tests.bot.measured.benches import (
    HOST,
    artifact,
    broken,
    footprint,
    goal,
    plain,
    project_files,
    report,
    zipped,
)
from tests.github.runner import MEASURE_PATH
from tests.github.service import US, Service

WRONG = [(x + 1) % 3 if i % 9 == 0 else x for i, x in enumerate(HOST)]
TRAIN = f"{FOLDER}/train.py"
MEASURE = "name: Boardwright measure\non: {workflow_dispatch: {inputs: {pull: {}, commit: {}}}}\n"


class Bench:
    """A request whose pull request waits for a review, in a repository with a bench."""

    def __init__(self, service: Service, boards: tuple[str, ...], **limits: Any) -> None:
        self.service, self._limits, self._boards = service, limits, boards
        self.owner, self.maint = service.person("owner"), service.person("maint")
        settings = "[service]\nmax_bench_rounds = 2\n"
        self.owner.push("main", {MEASURE_PATH: MEASURE, "boardwright.toml": settings})
        service.works_by({kind: self._with_truth(kind) for kind in fake_work.WORK})
        self.issue = self.maint.open_issue("Three fruits", "Tell fruits apart", ["tinyml"]).number
        service.settle()
        self.number = service.pull().number

    def _with_truth(self, kind: str) -> Callable[[Path, Callable[[Told], None]], Outcome]:
        """Return work that also publishes what must come out on a board."""

        def work(folder: Path, tell: Callable[[Told], None]) -> Outcome:
            outcome = fake_work.WORK[kind](folder, tell)
            if isinstance(outcome, Built):
                files = project_files(goal(self._boards, **self._limits))
                for path, content in files.items():
                    name = path.rpartition("/")[2]
                    (folder / "publication" / "files" / name).write_bytes(content)
            return outcome

        return work

    @property
    def head(self) -> str:
        return self.service.pull().head.sha

    def measured(self, *reports: Any, commit: str = "", left: bytes | None = None) -> None:
        """Let a run of the bench end, and the service come to rest."""
        self.completed(
            self.service.hub.workflow_run(MEASURE_PATH), *reports, commit=commit, left=left
        )

    def completed(
        self, run: int, *reports: Any, commit: str = "", left: bytes | None = None
    ) -> None:
        content = artifact(*reports, commit=commit or self.head) if left is None else left
        self.service.hub.complete(run, {ARTIFACT: content})
        self.service.settle()

    def said(self) -> list[str]:
        """Return the comments about measurements, oldest first."""
        found = self.service.comments(self.number)
        return [c.body for c in found if "boardwright:key=bench/" in c.body]

    def live(self) -> str:
        return self.service.live(self.issue)

    def checks(self, sha: str = "") -> dict[str, CheckRun]:
        """Return the check runs of boards at a commit."""
        found = self.owner.repository.get_commit(sha or self.head).get_check_runs()
        boards = [run for run in found if run.external_id.startswith("board:")]
        named = {run.name.partition(" / ")[2]: run for run in boards}
        assert len(named) == len(boards), "one for each"
        return named

    def conclusions(self, sha: str = "") -> dict[str, str]:
        return {name: run.conclusion for name, run in self.checks(sha).items()}

    def asked_for(self) -> list[Mapping[str, str]]:
        """Return the inputs of the measurements that we started."""
        rows = self.service.hub.log("POST", "/dispatches")
        return [row["body"]["inputs"] for row in rows if row["status"] == 204]


def bench(service: Service, *boards: str, **limits: Any) -> Bench:
    return Bench(service, boards or ("nucleo-f446re",), **limits)


def test_each_head_has_its_comment_and_each_board_its_check(service: Service) -> None:
    lab = bench(service)
    first = lab.head
    lab.measured(report())
    (one,) = lab.said()
    before = service.writes()
    lab.measured(report())
    edits = [w for w in service.writes()[len(before) :] if w.startswith("POST")]
    assert len(lab.said()) == 1 and edits == [], "measured again: edited in place, nothing new"
    lab.measured(report("raspberry-pi-pico"))
    (one,) = lab.said()
    assert "Both boards passed." in one
    assert lab.conclusions() == {"nucleo-f446re": "success", "raspberry-pi-pico": "success"}

    second = lab.maint.push(service.pull().head.ref, {TRAIN: "# by a person\n"})
    service.settle()
    lab.measured(report())
    old, new = lab.said()
    assert comment_marker(first) in old and comment_marker(second) in new
    assert old == one, "what was measured of the old head stays"
    folded = [w for w in service.hub.log("POST", "/graphql") if "minimizeComment" in str(w["body"])]
    assert len(folded) == 1, "folded away, once"
    assert lab.conclusions(second) == {"nucleo-f446re": "success"}


def test_a_missed_limit_goes_back_is_measured_again_and_is_well(service: Service) -> None:
    lab = bench(service, flash_max_bytes=40_000)
    first = lab.head
    lab.measured(report(footprint=footprint(flash=50_000)))
    second = lab.head
    assert second != first and lab.conclusions(first) == {"nucleo-f446re": "failure"}
    assert "flash is 50,000 bytes" in service.file(TRAIN, second), "the author saw the evidence"
    assert "revised once" in lab.live() and first[:10] in lab.live()
    lab.measured(report())
    assert lab.head == second and lab.conclusions(second) == {"nucleo-f446re": "success"}
    assert f"1 board passed. Measured at {second[:10]}" in lab.live()
    assert [("❌" in body[:200], "✅" in body[:200]) for body in lab.said()] == [
        (True, False),
        (False, True),
    ]


def test_after_two_rounds_a_person_decides(service: Service) -> None:
    lab = bench(service, flash_max_bytes=40_000)
    for size in (50_000, 51_000, 52_000, 53_000):
        lab.measured(report(footprint=footprint(flash=size)))
    assert service.pull().commits == 3, "the first, and one for each round"
    assert "revised 2 times" in lab.live()
    assert ends.BENCH_ROUNDS_SPENT in lab.live() and "/boardwright revise TEXT" in lab.live()


def test_a_finding_that_stays_is_not_followed_twice(service: Service) -> None:
    lab = bench(service)
    lab.measured(report(answers=WRONG))
    lab.measured(report(answers=WRONG))
    assert service.pull().commits == 2 and ends.BENCH_SAYS_THE_SAME in lab.live()


def test_a_wedged_board_is_nobodys_fault_who_writes(service: Service) -> None:
    lab = bench(service, "nucleo-f446re", "raspberry-pi-pico", "esp32s3")
    head, works = lab.head, service.works
    why = "The place desk is wedged: no answer. Look after the board, then: bench release desk."
    no_firmware = "Its firmware was not built: no compiler for it."
    lab.measured(broken("nucleo-f446re", why), broken("esp32s3", no_firmware, RunOutcome.SKIPPED))
    (said,) = lab.said()
    assert "was out of order" in said and "The place desk is wedged" in said
    assert "not measured: Its firmware was not built" in said
    assert "not measured: The goal asks for it" in said and "`raspberry-pi-pico`" in said
    assert set(lab.conclusions().values()) == {"neutral"}
    assert (lab.head, service.works) == (head, works), "nothing is written anew because of it"
    assert "Ready for review" in lab.live() and "out of order" in lab.live()


def test_a_run_that_nobody_approved_is_told_until_one_measures(service: Service) -> None:
    lab = bench(service)
    run = service.hub.workflow_run(MEASURE_PATH)
    service.hub.entitle(run, f"Boardwright measure {lab.head}")
    service.hub.complete(run, conclusion="failure")
    service.settle()
    (said,) = lab.said()
    assert "Nothing was measured" in said and "was not approved" in said and lab.checks() == {}
    assert "was not approved" in lab.live() and service.pull().commits == 1
    lab.measured(report())
    (said,) = lab.said()
    assert "1 board passed." in said and "Nothing was measured" not in said


def bomb() -> bytes:
    return zipped(" " * (15 << 20))


def lying() -> bytes:
    said = plain(report())
    said["boards"][0]["report"]["accuracy"] = 2.0
    return zipped(said)


def impossible() -> bytes:
    said = plain(report())
    said["boards"][0]["report"]["cost"]["model_max"] = float("nan")
    return zipped(said)


HOSTILE = {
    "unpacks to far more than it holds: a bomb": bomb,
    "does not fit its schema at boards.0.report": lying,
    "holds a number that is negative, too large, or none": impossible,
    "The repository has no commit bbbbbbbbbb": lambda: artifact(report(), commit="b" * 40),
    "The zip file is damaged": lambda: b"PK\x05\x06 no zip",
}


def test_what_no_bench_leaves_is_a_line_in_the_log_and_nothing_else(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    lab = bench(service)
    before, live = service.writes(), lab.live()
    with caplog.at_level(logging.INFO, "bot.jobs.bench"):
        for left in HOSTILE.values():
            lab.measured(left=left())
    assert (service.writes(), lab.live()) == (before, live)
    lines = [r.getMessage() for r in caplog.records if r.name == "bot.jobs.bench"]
    assert len(lines) == len(HOSTILE)
    for why, line in zip(HOSTILE, lines, strict=True):
        assert why in line and "refused" in line and "\n" not in line


def test_results_of_a_commit_that_is_no_head_are_told_of_at_that_commit_alone(
    service: Service,
) -> None:
    lab = bench(service)
    old = lab.head
    new = lab.maint.push(service.pull().head.ref, {TRAIN: "# by a person\n"})
    service.settle()
    lab.measured(report(answers=WRONG), commit=old)
    assert lab.said() == [] and lab.conclusions(new) == {} and lab.head == new
    assert lab.conclusions(old) == {"nucleo-f446re": "failure"}


def of_a_fork(run: dict[str, Any]) -> None:
    run["head_repository"] = {**run["head_repository"], "id": 4711, "full_name": "visitor/widget"}


def of_another_workflow(run: dict[str, Any]) -> None:
    run["path"] = ".github/workflows/nightly.yml"


def of_another_branch(run: dict[str, Any]) -> None:
    run["event"], run["head_branch"] = "workflow_dispatch", "boardwright/issue-1-three-fruits"


def of_a_pull_request(run: dict[str, Any]) -> None:
    run["event"] = "pull_request"


def test_a_run_that_is_no_bench_s_is_not_even_looked_at(service: Service) -> None:
    lab = bench(service)
    run = service.hub.workflow_run(MEASURE_PATH)
    service.hub.forward(None)
    service.hub.complete(run, {ARTIFACT: artifact(report(), commit=lab.head)})
    good = service.hub.deliveries("workflow_run.completed")[-1].payload
    service.hub.forward(service.hand_on)
    before = len(service.hub.log(path="/actions/"))
    for spoil in (of_a_fork, of_another_workflow, of_another_branch, of_a_pull_request):
        payload = copy.deepcopy(good)
        spoil(payload["workflow_run"])
        service.hub.emit("workflow_run", payload)
        service.settle()
        assert len(service.hub.log(path="/actions/")) == before, spoil
    assert lab.said() == []
    service.hub.emit("workflow_run", good)
    service.settle()
    assert len(lab.said()) == 1, "nothing else was in its way"


def test_a_board_is_measured_again_from_its_check_or_by_a_comment(service: Service) -> None:
    lab = bench(service, "nucleo-f446re", "mps3-an547")
    lab.measured(report(), broken("mps3-an547", "No answer."))
    check = lab.checks()["mps3-an547"]
    assert check.conclusion == "neutral"
    service.hub.press(check.id, AGAIN, "reader")
    service.person("reader").comment(lab.number, "/boardwright measure mps3-an547")
    service.settle()
    assert lab.asked_for() == [], "who may not write starts nothing"
    lab.maint.rerun(check.id)
    service.settle()
    service.hub.press(check.id, AGAIN, "maint")
    service.settle()
    lab.maint.comment(lab.number, "/boardwright measure mps3-an547")
    service.settle()
    wanted = {"pull": str(lab.number), "commit": lab.head, "boards": "mps3-an547"}
    assert lab.asked_for() == [wanted] * 3
    assert "mps3-an547 is to measure this commit" in lab.live()

    started = service.hub.deliveries("workflow_run.requested")[-1].payload["workflow_run"]
    lab.completed(started["id"], report("mps3-an547", verified="emulator"))
    (said,) = lab.said()
    assert "Both boards passed." in said
    again = lab.checks()["mps3-an547"]
    assert (again.id, again.conclusion) == (check.id, "success"), "the same check, edited"


def test_a_bench_that_may_not_be_started_is_told_of_politely(service: Service) -> None:
    lab = bench(service)
    lab.measured(report())
    refusal = {"message": "Resource not accessible by integration"}
    service.hub.fault("^POST .*/dispatches$", status=403, body=refusal, times=9)
    check = lab.checks()["nucleo-f446re"]
    for _ in range(2):
        lab.maint.rerun(check.id)
        service.settle()
    told = [c.body for c in service.comments(lab.number) if NOT_ALLOWED in c.body]
    assert len(told) == 1 and lab.asked_for() == []
    lab.maint.comment(lab.number, "/boardwright measure nucleo-f446re")
    service.settle()
    assert NOT_ALLOWED in lab.live() and service.pull().user.login == US
