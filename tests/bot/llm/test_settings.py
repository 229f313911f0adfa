"""What `boardwright.toml` and the environment say about language models."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from bot.errors import Infrastructure
from bot.evidence import Stage
from bot.llm.language_model import Tier
from bot.llm.server import NO_KEY, OPENAI_URL, find_server, with_environment
from bot.llm.settings import Settings, find_settings, read_settings

WHOLE = """\
[llm]
base_url = "http://127.0.0.1:11434/v1/"
timeout_s = 60
[llm.tiers]
cheap = "qwen3"
[llm.stages]
train = "cheap"
[llm.prices."qwen3"]
input = 0.5
output = 1
[budget]
per_request_usd = 0.25
per_day_usd = inf
max_repairs = 2
[data]
allowed_hosts = ["example.org"]
"""
KEY = "sk-test-0123456789abcdef"
FILE = {"llm": {"base_url": "http://elsewhere.example/v1"}}


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "boardwright.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_defaults_without_a_file() -> None:
    settings = read_settings(None)
    assert settings.model_of(Tier.CHEAP) == "gpt-6.1-terra"
    assert settings.model_of(Tier.STRONG) == "gpt-6.1-sol"
    assert settings.tier_of(Stage.CONVERT) is Tier.CHEAP
    assert settings.tier_of(Stage.FIRMWARE) is Tier.STRONG
    assert settings.budget.per_request_usd == 1.0


def test_a_whole_file(tmp_path: Path) -> None:
    settings = read_settings(written(tmp_path, WHOLE))
    assert settings.llm.base_url == "http://127.0.0.1:11434/v1"
    assert settings.model_of(Tier.CHEAP) == "qwen3"
    assert settings.model_of(Tier.STRONG) == "gpt-6.1-sol"
    assert settings.tier_of(Stage.TRAIN) is Tier.CHEAP
    assert settings.llm.prices["qwen3"].output == 1.0
    assert (settings.budget.per_request_usd, settings.budget.per_day_usd) == (0.25, math.inf)


WRONG = [
    ("[llm]\nbase_ulr = 'http://a'", "llm.base_ulr is unknown: did you mean 'base_url'?"),
    ("[llm.tiers]\nstrnog = 'a'", "llm.tiers.strnog is unknown: did you mean 'strong'?"),
    ("[llm.prices.qwen3]\nimput = 1\ninput = 1\noutput = 1", "did you mean 'input'?"),
    ("[budget]\nper_week_usd = 1", "budget.per_week_usd is unknown: did you mean 'per_"),
    ("[llm]\napi_key = 'sk-1'", "llm.api_key is unknown: known here are base_url"),
    ("[llm]\nbase_url = 'file:///etc'", "must begin with http:// or https://"),
    ("[llm.stages]\ntrain = 'best'", "llm.stages.train: Input should be 'cheap' or 'strong'"),
    ("[budget]\nper_day_usd = -1", "budget.per_day_usd: Input should be greater"),
    ("[budget]\nper_day_usd = nan", "budget.per_day_usd: Input should be greater"),
    ("[llm", "is no TOML"),
]


@pytest.mark.parametrize(("text", "words"), WRONG)
def test_what_it_must_not_say(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(Infrastructure) as caught:
        read_settings(written(tmp_path, text))
    assert words in str(caught.value)
    assert "boardwright.toml" in str(caught.value)


def test_the_file_is_looked_for_upwards(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    elsewhere = tmp_path / "c"
    elsewhere.mkdir()
    path = written(tmp_path / "a", "")
    assert find_settings(inner) == path
    assert find_settings(elsewhere, inner) == path


SERVERS = [
    ({}, {}, None),
    ({"OPENAI_API_KEY": KEY}, {}, (OPENAI_URL, KEY)),
    ({"OPENAI_API_KEY": "  "}, {}, None),
    ({"BOARDWRIGHT_LLM_BASE_URL": "http://a/v1/"}, {}, ("http://a/v1", NO_KEY)),
    ({"OPENAI_BASE_URL": "http://a/v1", "OPENAI_API_KEY": KEY}, {}, ("http://a/v1", KEY)),
    (
        {
            "BOARDWRIGHT_LLM_BASE_URL": "http://a/v1",
            "OPENAI_API_KEY": KEY,
            "BOARDWRIGHT_LLM_API_KEY": "own",
        },
        {},
        ("http://a/v1", "own"),
    ),
    # The file may come with somebody else's repository: OpenAI's key does not go there.
    ({"OPENAI_API_KEY": KEY}, FILE, ("http://elsewhere.example/v1", NO_KEY)),
    ({"BOARDWRIGHT_LLM_API_KEY": "own"}, FILE, ("http://elsewhere.example/v1", "own")),
    ({"OPENAI_API_KEY": KEY}, {"llm": {"base_url": OPENAI_URL}}, (OPENAI_URL, KEY)),
    (
        {"OPENAI_API_KEY": KEY},
        {"llm": {"base_url": "https://api.openai.com.evil.example/v1"}},
        ("https://api.openai.com.evil.example/v1", NO_KEY),
    ),
]


@pytest.mark.parametrize(("environment", "table", "expected"), SERVERS)
def test_which_server_gets_which_key(
    environment: dict[str, str], table: dict[str, object], expected: tuple[str, str] | None
) -> None:
    server = find_server(Settings.model_validate(table), environment)
    assert (server and (server.base_url, server.key)) == expected
    assert KEY not in repr(server)


def test_a_key_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n", encoding="utf-8")
    server = find_server(Settings(), {"OPENAI_API_KEY_FILE": str(file)})
    assert server is not None
    assert server.key == KEY
    file.write_text("two words", encoding="utf-8")
    with pytest.raises(Infrastructure, match="one key and nothing else"):
        find_server(Settings(), {"OPENAI_API_KEY_FILE": str(file)})
    with pytest.raises(Infrastructure, match="OPENAI_API_KEY_FILE names"):
        find_server(Settings(), {"OPENAI_API_KEY_FILE": str(tmp_path / "none")})


def test_a_base_url_that_is_none() -> None:
    with pytest.raises(Infrastructure, match="must begin with http"):
        find_server(Settings(), {"BOARDWRIGHT_LLM_BASE_URL": "localhost:11434"})


def test_the_environment_names_models() -> None:
    settings = with_environment(Settings(), {"BOARDWRIGHT_LLM_STRONG": "big"})
    assert settings.model_of(Tier.STRONG) == "big"
    assert settings.model_of(Tier.CHEAP) == "gpt-6.1-terra"
