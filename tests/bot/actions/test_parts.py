"""The parts of a run: environment, state, log lines, engine, comments that are heard."""

from __future__ import annotations

import asyncio
import logging
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.actions.context import close_doors, read_context
from bot.actions.engine import PERSON_S, RunEngine
from bot.actions.memory import Memory
from bot.actions.report import group, log_errors, say, visible
from bot.actions.state import PACKED_MAX_CHARACTERS, State, found, hidden
from bot.cli import invoke
from bot.errors import Infrastructure
from bot.github.hub import Person
from bot.jobs.durable import Dispatch, Durable, Json
from bot.jobs.durable import Queue as Turn
from bot.jobs.messages import Start, Verb
from bot.rendering.live import Live, Phase
from bot.rendering.marker import BODY_MAX_CHARACTERS
from bot.work.job import REQUEST, Wanted
from bot.workspace import write_atomically


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "event.json").write_text("{}")
    return {
        "GITHUB_EVENT_NAME": "issues",
        "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
        "GITHUB_REPOSITORY": "octo/widgets",
        "GITHUB_RUN_ID": "12",
        "GITHUB_TOKEN": "ghs_secret",
        "RUNNER_TEMP": str(tmp_path),
    }


def test_the_environment_tells_the_run(variables: dict[str, str]) -> None:
    context = read_context({**variables, "GITHUB_SERVER_URL": "https://github.com"})
    assert (context.run, context.login) == ("run-12-1", "github-actions[bot]")
    assert context.run_url == "https://github.com/octo/widgets/actions/runs/12"
    assert "ghs_secret" not in repr(context)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GITHUB_TOKEN", ""),
        ("GITHUB_EVENT_NAME", ""),
        ("GITHUB_REPOSITORY", "../../etc"),
        ("GITHUB_RUN_ID", "1/../2"),
        ("RUNNER_TEMP", ""),
    ],
)
def test_an_environment_that_no_runner_sets_is_refused_by_name(
    variables: dict[str, str], name: str, value: str
) -> None:
    with pytest.raises(Infrastructure, match=name):
        read_context({**variables, name: value})


def test_outside_of_a_workflow_the_command_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    assert invoke(["act"]) == 3
    said = capsys.readouterr().err
    assert "GITHUB_REPOSITORY is not set" in said and "docs/actions.md" in said
    assert invoke(["act", "--fail-on", "sometimes"]) == 2


def test_what_works_for_us_gets_no_door_of_the_runner(variables: dict[str, str]) -> None:
    closed = {
        **variables,
        **dict.fromkeys(("ACTIONS_RUNTIME_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL"), "x"),
        **dict.fromkeys(("GITHUB_ENV", "GITHUB_PATH", "GH_TOKEN", "OPENAI_API_KEY"), "x"),
    }
    close_doors(closed)
    left = {"GITHUB_EVENT_NAME", "GITHUB_REPOSITORY", "GITHUB_RUN_ID", "RUNNER_TEMP"}
    assert set(closed) == {*left, "OPENAI_API_KEY"}


@pytest.mark.parametrize(
    "text",
    [
        "::error::x",
        "  ::add-mask::x",
        "a\n::stop-commands::x",
        "x ##[command]rm",
        "\x1b[2Ja\r::set-output name=a::b",
        "ghs_" + "a" * 36,
    ],
)
def test_no_line_of_the_log_is_a_command(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    say(text)
    with group(text):
        pass
    first, second, last = capsys.readouterr().out.splitlines()
    assert not first.lstrip().startswith("::") and "##[" not in first and "\x1b" not in first
    assert "ghs_a" not in first + second
    assert second.startswith("::group::") and last == "::endgroup::"


def test_nor_is_a_line_that_a_module_logs(capsys: pytest.CaptureFixture[str]) -> None:
    before = logging.getLogger().handlers[:]
    log_errors()
    try:
        logging.getLogger("bot.x").warning("two\n::error::lines")
    finally:
        logging.getLogger().handlers[:] = before
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2 and all(line.startswith("| ") for line in lines)


def _start() -> Start:
    return Start(
        repository="octo/widgets",
        installation_id=None,
        number=1,
        person=Person("ada", 7),
        delivery="run-1-1",
        comment_id=None,
        title="",
        body="",
        verb=Verb.BUILD,
    )


def _wanted(body: str) -> Wanted:
    return Wanted(
        key="issue-1-a",
        number=1,
        repository="octo/widgets",
        title="a",
        body=body,
        person="ada",
        run="run-1-1",
    )


def _state(body: str) -> State:
    live = Live(key="issue-1-a", phase=Phase.ASKING, requested_by="ada", delivery="run-1-1")
    return State(
        start=_start(),
        wanted=_wanted(body),
        live=live,
        built=None,
        heard=3,
        begun=datetime(2026, 1, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize("body", ["", "@ada -- <!-- x --> `--`", "ä\u2028" * 500])
def test_a_state_comes_back_as_it_was(body: str) -> None:
    line = hidden(_state(body))
    assert line.count("--") == 2 and "@" not in line and "\n" not in line
    assert found(f"Some text\r\n{line}\r\n") == _state(body)


def test_a_state_inside_of_a_line_or_a_quotation_is_none() -> None:
    line = hidden(_state("x"))
    assert found(f"> {line}") is None and found(f"look: {line}") is None and found("") is None


def test_a_state_that_unpacks_without_end_is_none() -> None:
    import base64
    import zlib

    content = _state("x").model_dump_json().encode()
    packed = base64.b64encode(zlib.compress(content)).decode()
    assert found(f"<!-- boardwright:state=1 {packed} -->") == _state("x")
    packed = base64.b64encode(zlib.compress(content + b" " * (1 << 24))).decode()
    assert found(f"<!-- boardwright:state=1 {packed} -->") is None


@pytest.mark.parametrize(("characters", "kept"), [(20_000, True), (65_536, False)])
def test_a_comment_holds_the_state_or_says_that_it_cannot(
    tmp_path: Path, characters: int, kept: bool
) -> None:
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/"
    body = "".join(random.Random(1).choices(letters, k=characters))  # noqa: S311
    write_atomically(tmp_path / REQUEST, _wanted(body).model_dump_json().encode())
    memory = Memory(tmp_path, datetime(2026, 1, 1, tzinfo=UTC), _start())
    long = "\n".join(["- a line of the plan"] * 3_000)
    live = _state("").live.model_copy(update={"understood": long, "plan": long, "problem": long})
    text = memory.render(live)
    assert len(text) <= BODY_MAX_CHARACTERS
    state = found(text)
    assert (state is not None) == kept == ("too long to be kept" not in text)
    if kept:
        assert state is not None and state.wanted is not None and state.wanted.body == body
    assert PACKED_MAX_CHARACTERS < BODY_MAX_CHARACTERS


def test_the_engine_rests_when_a_person_is_waited_for_and_not_before() -> None:
    heard: list[Json] = []

    async def deliver(durable: Dispatch, event: Json) -> Json:
        name = await durable.begin("job", "only", event)
        again = await durable.begin("other", "only", event)
        for _ in range(2):
            await durable.send(name, "hello", "same key")
        return [name, again]

    async def job(durable: Durable, start: Json) -> Json:
        await durable.start("child", Turn.BUILDS, "p", "task")
        while (message := await durable.receive(60.0)) is not None:
            heard.append(message)
            if isinstance(message, dict):
                break
        heard.append(await durable.receive(PERSON_S))
        return "over"

    async def work(child: str, task: Json) -> Json:
        await asyncio.sleep(0)
        return "made"

    async def run() -> None:
        engine = RunEngine(deliver, job, work)
        assert await engine.deliver("d1", "start") == ["job", "job"]
        await engine.rest()
        assert heard == ["hello", {"kind": "worked", "child": "child", "result": "made"}]
        assert engine.living("") == ["job"]
        engine.send("job", "answer")
        await engine.rest()
        assert heard[-1] == "answer" and engine.living("") == []
        await engine.stop()

    asyncio.run(run())


def test_what_a_flow_raises_is_raised_and_what_waits_is_ended() -> None:
    ended: list[str] = []

    async def deliver(durable: Dispatch, event: Json) -> Json:
        return await durable.begin(str(event), str(event), event)

    async def job(durable: Durable, start: Json) -> Json:
        if start == "breaks":
            raise RuntimeError("ours")
        try:
            return await durable.receive(PERSON_S)
        finally:
            ended.append(durable.id)

    async def work(child: str, task: Json) -> Json:
        return None

    async def run() -> None:
        engine = RunEngine(deliver, job, work)
        await engine.deliver("d1", "waits")
        await engine.deliver("d2", "breaks")
        with pytest.raises(RuntimeError, match="ours"):
            await engine.rest()
        await engine.stop()
        assert ended == ["waits"]

    asyncio.run(run())


def test_visible_keeps_what_is_harmless() -> None:
    assert visible("three  fruits: 98 %") == "three fruits: 98 %"
