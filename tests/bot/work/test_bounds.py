"""A repository may lower what the service allows, and nothing else."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import RequestError
from bot.evidence import Stage
from bot.llm.language_model import Tier
from bot.llm.settings import Budget, Settings
from bot.work.bounds import SETTINGS_VARIABLE, bounded, refused, settings_of_job

SERVICE = Settings.model_validate(
    {
        "llm": {"base_url": "http://127.0.0.1:1/v1", "firmware_candidates": 2},
        "budget": {"per_request_usd": 2.0, "max_repairs": 3},
        "data": {"allowed_hosts": ["data.example.org", "files.example.org"]},
    }
)


def repository(**tables: object) -> Settings:
    return Settings.model_validate(tables)


def test_a_repository_that_says_nothing_gets_what_the_service_allows() -> None:
    assert bounded(SERVICE, Settings()) == SERVICE
    assert not list(refused(SERVICE, Settings()))


AMOUNTS = st.floats(min_value=0, allow_nan=False) | st.just(math.inf)


@given(st.dictionaries(st.sampled_from(sorted(Budget.model_fields)), AMOUNTS))
def test_no_budget_is_ever_raised(asked: dict[str, float]) -> None:
    if "max_repairs" in asked:
        asked["max_repairs"] = int(min(20, asked["max_repairs"]))
    found = bounded(SERVICE, repository(budget=asked)).budget
    for name in Budget.model_fields:
        most = getattr(SERVICE.budget, name)
        assert getattr(found, name) == min(most, asked.get(name, most))


def test_neither_server_nor_models_nor_prices_nor_waiting_are_the_repositorys() -> None:
    wish = repository(
        llm={
            "base_url": "http://evil.example/v1",
            "tiers": {"cheap": "dear-model", "strong": "dearer-model"},
            "prices": {"gpt-6.1-sol": {"input": 0, "output": 0}},
            "timeout_s": 1e6,
            "max_reply_bytes": 10**9,
            "retries": 10,
            "firmware_candidates": 8,
            "stages": {"data": "strong"},
        }
    )
    found = bounded(SERVICE, wish)
    assert found.llm.model_copy(update={"stages": SERVICE.llm.stages}) == SERVICE.llm
    assert found.tier_of(Stage.DATA) is Tier.STRONG
    said = "\n".join(refused(SERVICE, wish))
    assert "llm.base_url" in said
    assert "llm.prices" in said
    assert "evil" not in said


def test_a_host_must_stand_in_both_lists() -> None:
    wish = repository(data={"allowed_hosts": ["files.example.org", "evil.example"]})
    assert bounded(SERVICE, wish).data.allowed_hosts == ("files.example.org",)
    assert list(refused(SERVICE, wish)) == [
        "boardwright.toml: the service does not allow data from evil.example"
    ]
    assert bounded(SERVICE, repository(data={"allowed_hosts": []})).data.allowed_hosts == ()


def test_a_repositorys_file_never_counts_as_the_services(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "boardwright.toml"
    own.write_text('[llm]\nbase_url = "http://evil.example/v1"\n[budget]\nper_request_usd = 100\n')
    monkeypatch.chdir(tmp_path)
    service, repo = settings_of_job(tmp_path, {})
    assert service == Settings()
    assert bounded(service, repo).llm.base_url is None
    assert bounded(service, repo).budget.per_request_usd == Settings().budget.per_request_usd
    elsewhere = tmp_path.parent / "service.toml"
    elsewhere.write_text("[budget]\nper_request_usd = 7\n")
    service, repo = settings_of_job(tmp_path, {SETTINGS_VARIABLE: str(elsewhere)})
    assert bounded(service, repo).budget.per_request_usd == 7


def test_a_mistake_in_a_repositorys_file_is_told_without_a_path_of_this_machine(
    tmp_path: Path,
) -> None:
    (tmp_path / "boardwright.toml").write_text("[budget]\nper_requets_usd = 1\n")
    with pytest.raises(RequestError) as caught:
        settings_of_job(tmp_path, {})
    assert "per_request_usd" in caught.value.problem
    assert str(tmp_path) not in str(caught.value)
