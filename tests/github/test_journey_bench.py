"""Hardware in the loop on GitHub: issue, pull request, firmware, boards, comment, checks.

The first journey does all of it for real but the training, whose stand-in is a linear model: the
service plans, builds and publishes, the steps of both workflows run in bash, and four emulated
boards measure at once. The others have quick results of made-up boards.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qsl, unquote

import pytest
from github.CheckRun import CheckRun
from github.PullRequest import PullRequest

from bot.measured.workflow import CHECK_KEY
from bot.rendering.bench_comment import BENCH_MARKERS
from bot.work.build import build
from bot.work.outcome import Outcome
from bot.work.planning import plan
from bot.work.telling import Teller
from bot.work.told import TOLD, Told
from tests.bot.small_project import records
from tests.bot.work.a_job import rehearsed
from tests.github.contract import Contract
from tests.github.emulator.server import HubServer
from tests.github.runner import LABEL, Done, Lab
from tests.github.service import US, Service

BOARDS = ("mps2-an386", "mps2-an500", "mps3-an547", "netduinoplus2")
TOOLS = ("gcc", "git", "arm-none-eabi-gcc", "qemu-system-arm")
PATIENCE_S = 600
ACTIONS = "github-actions[bot]"
MISSING = [name for name in TOOLS if shutil.which(name) is None]
BODY = f"""### Goal

Tell whether fruit is ripe.

### Data

csv:fruit.csv

### Boards

{", ".join(BOARDS)}

### Accuracy (%)

80

### Flash (KB)

64
"""


def bench(folder: Path) -> Path:
    """Describe a bench of four emulated boards."""
    places = (
        f'[[place]]\nname = "{name}"\nboard = "{name}"\nflasher = "qemu"\n' for name in BOARDS
    )
    file = folder / "bench.toml"
    file.write_text('name = "attic"\n\n' + "\n".join(places))
    return file


def said(service: Service, number: int, login: str) -> list[str]:
    """Return what somebody said about measurements."""
    issue = service.person("owner").repository.get_issue(number)
    found = [c.body for c in issue.get_comments() if c.user.login == login]
    return [body for body in found if body.startswith(BENCH_MARKERS)]


def rows(text: str) -> dict[str, list[str]]:
    """Return the cells of the first table, by board."""
    table = text.partition("|---|")[2].partition("\n\n")[0].splitlines()[1:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    return {row[1].partition("<br>")[0].strip("`*"): row for row in cells}


def checks(service: Service, sha: str, app: str) -> dict[str, CheckRun]:
    """Return the check runs of boards that an app made."""
    found = service.person("owner").repository.get_commit(sha).get_check_runs(filter="all")
    made = [r for r in found if r.external_id.startswith(CHECK_KEY) and r.app.slug == app]
    assert len({run.name for run in made}) == len(made), "one for each"
    return {run.external_id.removeprefix(CHECK_KEY): run for run in made}


def look_of(run: CheckRun) -> tuple[str, ...]:
    """Return what people see of a check run."""
    output = run.output
    return run.name, run.conclusion, run.details_url, output.title, output.summary, output.text


def number_of(cell: str) -> int:
    return int(cell.replace(",", ""))


def undescribed(hub: HubServer, contract: Contract, login: str) -> list[str]:
    """Return the requests of somebody that GitHub does not describe, of all processes."""
    mine = [row for row in hub.log() if row["actor"] == login]
    assert mine
    return [
        problem
        for row in mine
        for problem in contract.problems(
            row["method"],
            unquote(row["path"]),
            dict(parse_qsl(row["query"], keep_blank_values=True)),
            row["body"],
        )
    ]


def told(work: Callable[[Path, Teller], Outcome]) -> Callable[..., Outcome]:
    """Let work of `bot.work` tell the service's process what it does."""

    def worked(folder: Path, tell: Callable[[Told], None]) -> Outcome:
        return work(folder, Teller(lambda line: tell(TOLD.validate_json(line))))

    return worked


def requested(service: Service, lab: Lab) -> int:
    """Let somebody ask for a project, in a repository with a bench; return the issue's number."""
    lab.install()
    maint = service.person("maint")
    maint.push("main", {"fruit.csv": records().frame.to_csv(index=False)})
    issue = maint.open_issue("Ripeness of fruit", BODY, ["tinyml"])
    service.settle(PATIENCE_S)
    assert "Ready for review" in service.live(issue.number), service.live(issue.number)
    return issue.number


def measured(service: Service, lab: Lab, pull: PullRequest) -> Done:
    """Let firmware be built, and be measured once somebody approved it; the run goes on."""
    built = lab.build(pull)
    assert built.jobs["build"].result == "success", built.jobs["build"].ran.log
    completed = service.hub.deliveries("workflow_run.completed")[-1]
    waiting = lab.measure("workflow_run", completed.payload)
    assert waiting.jobs["plan"].outputs["go"] == "false", "nobody approved this commit"
    lab.end(waiting)
    service.person("maint").label(pull.number, LABEL)
    approved = service.hub.deliveries("pull_request.labeled")[-1]
    done = lab.measure("pull_request_target", approved.payload, pull.head.ref)
    assert done.jobs["measure"].result == "success", done.jobs["measure"].ran.log
    assert done.jobs["plan"].outputs["runner"] == '["self-hosted", "boardwright-attic"]'
    assert done.jobs["post"].result == "skipped", "the service tells"
    titles = {run.display_title for run in service.person("owner").repository.get_workflow_runs()}
    assert f"Boardwright measure {pull.head.sha}" in titles
    service.settle()
    assert said(service, pull.number, US) == []
    return done


def assert_all_passed(comment: str, runs: dict[str, CheckRun]) -> None:
    """Check a comment, and the check runs that belong to it."""
    assert "### ✅ All 4 boards passed." in comment
    found = rows(comment)
    assert list(found) == [*BOARDS, "asked for"]
    for board in BOARDS:
        mark, named, accuracy, same, cost, flash, ram = found[board]
        assert (mark, accuracy[:5], same) == ("✅", "100 %", "all 24")
        assert named.endswith(", emulated") and cost.endswith(" instr.")
        assert 0 < number_of(ram) < number_of(flash) < 65_536
    conclusions = {name: run.conclusion for name, run in runs.items()}
    assert conclusions == dict.fromkeys(BOARDS, "success")
    assert all(run.output.title.startswith("100 % right, ") for run in runs.values())


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")
def test_a_request_is_measured_on_four_boards_at_once(
    service: Service,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    _github_contract: Contract,
) -> None:
    rehearsed(monkeypatch)
    service.works_by({"plan": told(plan), "build": told(build)})
    lab = Lab(service.hub, tmp_path, bench(tmp_path))
    issue = requested(service, lab)
    pull = service.pull()
    head = pull.head.sha
    done = measured(service, lab, pull)

    lab.end(done)
    service.settle()
    (comment,) = said(service, pull.number, US)
    made = checks(service, head, "boardwright")
    assert_all_passed(comment, made)
    assert "On the bench: All 4 boards passed." in service.live(issue)
    assert service.works == 2 and service.pull().head.sha == head, "nothing to mend"

    inside = lab.tell(done)
    assert inside.result == "success", inside.ran.log
    assert said(service, pull.number, ACTIONS) == [comment], "the workflow alone says the same"
    alike = {name: look_of(run) for name, run in checks(service, head, "github-actions").items()}
    assert alike == {name: look_of(run) for name, run in made.items()}

    service.person("maint").comment(pull.number, "/boardwright measure mps3-an547")
    service.settle()
    again = lab.dispatched()
    assert again.jobs["plan"].outputs["boards"] == "mps3-an547"
    lab.end(again)
    service.settle()
    (edited,) = said(service, pull.number, US)
    assert rows(edited) == rows(comment), "the same firmware counts the same instructions"
    assert f"/actions/runs/{again.run})" in edited
    ids = {name: run.id for name, run in checks(service, head, "boardwright").items()}
    assert ids == {name: run.id for name, run in made.items()}, "edited in place"
    assert undescribed(service.hub, _github_contract, ACTIONS) == []
