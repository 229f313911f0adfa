"""What is recorded is replayed; what is not is named; no key is in it; spans hold no content."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes as gen_ai
from pydantic import BaseModel

from bot.errors import Infrastructure
from bot.llm import telemetry
from bot.llm.fake import ScriptedModel
from bot.llm.language_model import (
    CutShort,
    LanguageModel,
    Malformed,
    Prompt,
    Refused,
    Tier,
    Unreachable,
)
from bot.llm.ledger import Account
from bot.llm.opening import open_model
from bot.llm.redaction import REMOVED, redact
from bot.llm.settings import Settings
from tests.bot.llm.server import Reply, ScriptedServer

KEY = "a-key-of-no-known-shape"
SHAPED = "ghp_" + "a1B2" * 9


class Wanted(BaseModel):
    name: str


ASKED = Prompt("features", "You write C.", "Facts:\nthree\nfour")


def opened(server: ScriptedServer, tmp_path: Path, record: Path | None) -> LanguageModel:
    environment = {
        "BOARDWRIGHT_LLM_BASE_URL": server.base_url,
        "BOARDWRIGHT_LLM_API_KEY": KEY,
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }
    model = open_model(Settings(), Account("r"), record=record, environment=environment)
    assert model is not None
    return model


def replayed(folder: Path) -> LanguageModel:
    model = open_model(Settings(), Account("r"), replay=folder, environment={})
    assert model is not None
    return model


def test_neither_key_nor_address() -> None:
    assert open_model(Settings(), Account("r"), environment={}) is None


def test_a_recording_answers_in_the_same_order(tmp_path: Path) -> None:
    record = tmp_path / "record"
    with ScriptedServer() as server:
        for name in "ab":
            server.reply("features", f'{{"name": "{name}"}}')
        model = opened(server, tmp_path, record)
        first, second = (model.ask(ASKED, Wanted) for _ in range(2))
    model = replayed(record)
    for live in (first, second):
        again = model.ask(ASKED, Wanted)
        assert again.value == live.value
        assert again.usage.cost_usd == 0.0
        assert again.usage.input_tokens == live.usage.input_tokens
        assert again.usage.model == live.usage.model
    with pytest.raises(Unreachable, match="no answer number 3 for"):
        model.ask(ASKED, Wanted)


UNUSABLE = [
    (Reply(refusal="No."), Refused),
    (Reply("{", cut=True), CutShort),
    (Reply("prose"), Malformed),
]


@pytest.mark.parametrize(("reply", "kind"), UNUSABLE)
def test_what_went_wrong_goes_wrong_again(
    reply: Reply, kind: type[Exception], tmp_path: Path
) -> None:
    with ScriptedServer() as server:
        server.reply("features", reply)
        model = opened(server, tmp_path, tmp_path / "record")
        with pytest.raises(kind) as live:
            model.ask(ASKED, Wanted)
    with pytest.raises(kind) as again:
        replayed(tmp_path / "record").ask(ASKED, Wanted)
    assert str(again.value) == str(live.value)


def test_no_secret_is_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    record = tmp_path / "record"
    asked = Prompt("features", f"Key: {KEY}", f"Token: {SHAPED}")
    with ScriptedServer() as server:
        server.reply("features", f'{{"name": "{KEY} {SHAPED}"}}')
        opened(server, tmp_path, record).ask(asked, Wanted)
    (path,) = record.iterdir()
    text = path.read_text(encoding="utf-8")
    assert REMOVED in text
    assert KEY not in text
    assert SHAPED not in text
    assert "uthorization" not in text
    assert KEY not in caplog.text


DIFFERENT = [
    (Prompt("train", "You write C.", "x"), "only for features"),
    (Prompt("features", "You write C.", "Facts:\nthree\nfive"), "user differs in line 3: 'five'"),
    (Prompt("features", "You write C.", "Facts:\nthree\nfour\n5"), "4 lines are asked, 3 were"),
    (Prompt("features", ASKED.system, ASKED.user, Tier.STRONG), "tier differs"),
    (
        Prompt("features", ASKED.system, ASKED.user, max_output_tokens=9),
        "max output tokens differs",
    ),
]


@pytest.mark.parametrize(("asked", "words"), DIFFERENT)
def test_what_is_not_recorded_is_named(asked: Prompt, words: str, tmp_path: Path) -> None:
    with ScriptedServer() as server:
        server.reply("features", '{"name": "a"}')
        opened(server, tmp_path, tmp_path / "record").ask(ASKED, Wanted)
    with pytest.raises(Unreachable) as caught:
        replayed(tmp_path / "record").ask(asked, Wanted)
    assert words in str(caught.value)
    assert f"'{asked.purpose}'" in str(caught.value)
    assert "--record" in str(caught.value)


def test_the_answers_schema_is_part_of_the_question(tmp_path: Path) -> None:
    class Other(BaseModel):
        name: int

    with ScriptedServer() as server:
        server.reply("features", '{"name": "a"}')
        opened(server, tmp_path, tmp_path / "record").ask(ASKED, Wanted)
    with pytest.raises(Unreachable, match="answer schema differs"):
        replayed(tmp_path / "record").ask(ASKED, Other)


def test_folders_that_are_no_recording(tmp_path: Path) -> None:
    with pytest.raises(Infrastructure, match="--record"):
        replayed(tmp_path / "none")
    (tmp_path / "a.json").write_text("{}", encoding="utf-8")
    with pytest.raises(Infrastructure, match=r"a\.json is no recorded exchange"):
        replayed(tmp_path)


@pytest.mark.parametrize(
    "secret",
    [
        "sk-proj-abcDEF0123456789",
        SHAPED,
        "AKIAABCDEFGHIJKLMNOP",
        "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_what_looks_like_a_key_is_removed(secret: str) -> None:
    assert redact(f"a {secret} b") == f"a {REMOVED} b"


@pytest.mark.parametrize("text", ["task-force", "int8_t sk = 3;", "ghp_", "a" * 64, "risk-averse"])
def test_what_is_no_key_stays(text: str) -> None:
    assert redact(text, ("short",)) == text


def test_spans_say_what_it_took_and_not_what_was_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(telemetry.trace, "get_tracer", provider.get_tracer)
    with ScriptedServer() as server:
        server.reply("features", '{"name": "a secret reply"}')
        server.reply("features", Reply(refusal="a secret refusal"))
        model = opened(server, tmp_path, None)
        model.ask(ASKED, Wanted)
        with pytest.raises(Refused):
            model.ask(ASKED, Wanted)
    good, bad = exporter.get_finished_spans()
    assert good.name == "chat gpt-6.1-terra"
    assert good.kind is trace.SpanKind.CLIENT
    expected = {
        gen_ai.GEN_AI_OPERATION_NAME: "chat",
        gen_ai.GEN_AI_PROVIDER_NAME: "openai",
        gen_ai.GEN_AI_REQUEST_MODEL: "gpt-6.1-terra",
        gen_ai.GEN_AI_REQUEST_MAX_TOKENS: 16_000,
        gen_ai.GEN_AI_REQUEST_STREAM: True,
        gen_ai.GEN_AI_OUTPUT_TYPE: "json",
        gen_ai.GEN_AI_RESPONSE_MODEL: "gpt-6.1-terra",
        gen_ai.GEN_AI_RESPONSE_ID: "resp_1",
        gen_ai.GEN_AI_RESPONSE_FINISH_REASONS: ("stop",),
        gen_ai.GEN_AI_USAGE_INPUT_TOKENS: 1000,
        gen_ai.GEN_AI_USAGE_OUTPUT_TOKENS: 300,
        gen_ai.GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS: 200,
        "server.address": "127.0.0.1",
        "boardwright.purpose": "features",
    }
    assert good.attributes is not None
    assert {key: good.attributes[key] for key in expected} == expected
    assert bad.attributes is not None
    assert bad.attributes["error.type"] == "Refused"
    assert bad.attributes[gen_ai.GEN_AI_USAGE_INPUT_TOKENS] == 1000
    assert bad.status.status_code is trace.StatusCode.ERROR
    for span in (good, bad):
        assert "secret" not in span.to_json()
        assert ASKED.user not in span.to_json()


def test_the_fake_answers_by_purpose_in_order() -> None:
    script = {"features": ['{"name": "a"}', Wanted(name="b"), Refused("no")], "train": ["prose"]}
    model = ScriptedModel(script)
    assert model.ask(ASKED, Wanted).value.name == "a"
    assert model.ask(ASKED, Wanted).value.name == "b"
    with pytest.raises(Refused):
        model.ask(ASKED, Wanted)
    with pytest.raises(Malformed):
        model.ask(Prompt("train", "", ""), Wanted)
    with pytest.raises(Unreachable, match="no more answers for 'train'"):
        model.ask(Prompt("train", "", ""), Wanted)
    assert [prompt.purpose for prompt in model.prompts] == ["features"] * 3 + ["train"] * 2
