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
from tests.github.runner import LABEL, Lab
from tests.github.service import US, Service

BOARDS = ("mps2-an386", "mps2-an500", "mps3-an547", "netduinoplus2")
TOOLS = ("gcc", "git", "arm-none-eabi-gcc", "qemu-system-arm")
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
    lab.install()
    maint = service.person("maint")
    maint.push("main", {"fruit.csv": records().frame.to_csv(index=False)})
    issue = maint.open_issue("Ripeness of fruit", BODY, ["tinyml"])
    service.settle(patience_s=600)
    assert "Ready for review" in service.live(issue.number), service.live(issue.number)
    pull = service.pull()

    built = lab.build(pull)
    assert built.jobs["build"].result == "success", built.jobs["build"].ran.log
    completed = service.hub.deliveries("workflow_run.completed")[-1]
    waiting = lab.measure("workflow_run", completed.payload)
    assert waiting.jobs["plan"].outputs["go"] == "false", "nobody approved this commit"
    lab.end(waiting)
    maint.label(pull.number, LABEL)
    approved = service.hub.deliveries("pull_request.labeled")[-1]
    done = lab.measure("pull_request_target", approved.payload, pull.head.ref)
    plan_outputs, measured = done.jobs["plan"].outputs, done.jobs["measure"]
    assert plan_outputs["runner"] == '["self-hosted", "boardwright-attic"]'
    assert measured.result == "success", measured.ran.log
    assert done.jobs["post"].result == "skipped", "the service tells"
    service.settle()
    assert said(service, pull.number, US) == []

    lab.end(done)
    service.settle()
    (comment,) = said(service, pull.number, US)
    assert "### ✅ All 4 boards passed." in comment
    found = rows(comment)
    assert list(found) == [*BOARDS, "asked for"]
    for board in BOARDS:
        mark, named, accuracy, same, cost, flash, ram = found[board]
        assert (mark, accuracy[:5], same) == ("✅", "100 %", "all 24")
        assert named.endswith(", emulated") and cost.endswith(" instr.")
        assert 0 < number_of(ram) < number_of(flash) < 65_536
    made = checks(service, pull.head.sha, "boardwright")
    assert {name: run.conclusion for name, run in made.items()} == dict.fromkeys(BOARDS, "success")
    assert all(run.output.title.startswith("100 % right, ") for run in made.values())
    assert "On the bench: All 4 boards passed." in service.live(issue.number)
    assert service.works == 2 and service.pull().head.sha == pull.head.sha, "nothing to mend"

    told_inside = lab.tell(done)
    assert told_inside.result == "success", told_inside.ran.log
    assert said(service, pull.number, ACTIONS) == [comment], "the workflow alone says the same"
    inside = checks(service, pull.head.sha, "github-actions")
    assert {name: look_of(run) for name, run in inside.items()} == {
        name: look_of(run) for name, run in made.items()
    }
    assert undescribed(service.hub, _github_contract, ACTIONS) == []
