"""A bench's run, from the event that GitHub sends to the comment, through real requests."""

from __future__ import annotations

import json

from bot.events.delivery import read
from bot.events.event import Measured, Rerun
from bot.events.heeded import Heeded
from bot.measured.taking import Run, take_run
from bot.measured.workflow import AGAIN, ARTIFACT, Started, start
from tests.bot.github.worlds import RemoteWorld, remote_world
from tests.bot.measured.benches import artifact, broken, cost, goal, project_files, report
from tests.github.emulator.receiver import Delivery
from tests.github.emulator.seed import PEOPLE
from tests.github.emulator.server import HubServer
from tests.github.test_emulator import recorded_keys

WORKFLOW = ".github/workflows/boardwright-measure.yml"
BRANCH = "boardwright/issue-1-three-fruits"


def lab(server: HubServer) -> RemoteWorld:
    world = remote_world(server, {login: server.token(login) for login in PEOPLE})
    text = b"name: Measure\non: {workflow_dispatch: {inputs: {pull: {}, commit: {}, boards: {}}}}\n"
    world.push("owner", "main", {WORKFLOW: text})
    return world


def event_of(delivery: Delivery) -> object:
    return read(delivery.event, json.dumps(delivery.payload).encode(), Heeded("tinyml"))


def taken(server: HubServer, world: RemoteWorld, content: bytes) -> None:
    """Let a run end, hear of it, and take what it left."""
    run = server.workflow_run(WORKFLOW)
    server.complete(run, {ARTIFACT: content})
    delivery = server.deliveries("workflow_run.completed")[-1]
    assert recorded_keys("workflow_run", "completed") <= set(delivery.payload) | {"organization"}
    event = event_of(delivery)
    assert isinstance(event, Measured) and event.run == run
    for _ in range(2):
        take_run(world.hub, world.ours, Run(event.run, event.url))


def test_a_run_of_the_bench_becomes_a_comment_checks_and_a_base(hub_server: HubServer) -> None:
    world = lab(hub_server)
    main = world.push("maint", "main", dict(project_files()))
    taken(hub_server, world, artifact(report(cost=cost(model=1_900)), commit=main))
    head = world.push("maint", BRANCH, dict(project_files(goal(accuracy_min=0.9))))
    pull = world.hub.put_pull(BRANCH, "main", "Fruits", "", "<!-- boardwright:key=x -->")

    taken(hub_server, world, artifact(report(), broken("pico", "No answer."), commit=head))
    (comment,) = world.hub.comments(pull.number)
    assert "2 boards: 1 passed, 1 was out of order." in comment.body
    assert "-4.8 % to base" in comment.body
    taken(hub_server, world, artifact(report("pico"), commit=head))
    (comment,) = world.hub.comments(pull.number)
    assert "Both boards passed." in comment.body
    found = {(check.name, check.key, check.conclusion) for check in world.checks(head)}
    assert found == {
        ("Boardwright / nucleo-f446re", "board:nucleo-f446re", "success"),
        ("Boardwright / pico", "board:pico", "success"),
    }

    runs = world.ask("owner", "GET", f"/commits/{head}/check-runs")["check_runs"]
    number = next(run["id"] for run in runs if run["name"].endswith("pico"))
    world.ask("maint", "POST", f"/check-runs/{number}/rerequest")
    hub_server.press(number, AGAIN, "maint")
    asked = [
        event_of(hub_server.deliveries(name)[-1])
        for name in ("check_run.rerequested", "check_run.requested_action")
    ]
    for event in asked:
        assert isinstance(event, Rerun) and (event.key, event.head_sha) == ("board:pico", head)
    assert start(world.hub, pull.number, head, ["pico"]) is Started.YES
    inputs = {"pull": str(pull.number), "commit": head, "boards": "pico"}
    assert world.dispatched() == [("main", inputs)]
    (requested,) = hub_server.deliveries("workflow_run.requested")
    assert not isinstance(event_of(requested), Measured)
