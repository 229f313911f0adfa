"""Prices, and budgets that hold across calls, people, days and processes."""

from __future__ import annotations

import multiprocessing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.errors import Infrastructure
from bot.llm.completion import Tokens
from bot.llm.language_model import BudgetReached
from bot.llm.ledger import Account, Amount, Ledger, Spent, ledger_path
from bot.llm.prices import cost_usd, most_tokens, worst_case_usd
from bot.llm.purse import Purse
from bot.llm.server import OPENAI_URL
from bot.llm.settings import CHEAP_MODEL, STRONG_MODEL, Budget, Price

DAY = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
ADA, BOB = Account("request-1", "ada"), Account("request-2", "bob")


class Clock:
    now = DAY

    def __call__(self) -> datetime:
        return self.now


def purse(path: Path, account: Account = ADA, clock: Clock | None = None, **budget: float) -> Purse:
    return Purse(Budget(**budget), account, Ledger(path, clock or Clock()))  # type: ignore[arg-type]


def test_list_prices_hold_for_the_servers_they_name() -> None:
    tokens = Tokens(1_000_000, 0, 100_000)
    for model in (CHEAP_MODEL, STRONG_MODEL):
        price = cost_usd(model, tokens, {}, OPENAI_URL)
        assert price is not None
        assert price > 0
        assert cost_usd(model, tokens, {}, "http://127.0.0.1:11434/v1") is None
        cached = cost_usd(model, Tokens(1_000_000, 900_000, 100_000), {}, OPENAI_URL)
        assert cached is not None
        assert cached < price
        worst = worst_case_usd(model, tokens, {}, OPENAI_URL)
        assert worst is not None
        assert worst > price
    assert cost_usd("no-such-model", tokens, {}, OPENAI_URL) is None


def test_prices_of_ones_own_go_first() -> None:
    own = {STRONG_MODEL: Price(input=2, output=8, cached_input=1)}
    assert cost_usd(STRONG_MODEL, Tokens(1_000_000, 500_000, 250_000), own, OPENAI_URL) == 3.5
    free = {"qwen3": Price(input=0, output=0)}
    assert cost_usd("qwen3", Tokens(1, 0, 1), free, "http://a/v1") == 0.0
    assert worst_case_usd("qwen3", Tokens(1, 0, 1), free, "http://a/v1") == 0.0


def test_tokens_are_bounded_by_bytes() -> None:
    assert most_tokens("abc", "\u4e2d") == 3 + 3 + 100


def test_what_was_set_aside_is_replaced_by_what_was_spent(tmp_path: Path) -> None:
    own = purse(tmp_path / "a")
    number = own.open("train", "m", Amount(0.9, 0))
    assert own.ledger.spent(ADA) == Spent(0.9, 0.9, 0.9)
    own.close(number, Amount(0.1, 0))
    assert own.ledger.spent(ADA) == Spent(0.1, 0.1, 0.1)
    assert Ledger(tmp_path / "a", Clock()).spent(BOB) == Spent(0.0, 0.1, 0.0)
    assert own.ledger.spent(ADA, in_usd=False) == Spent(0, 0, 0)


SCOPES = [
    ({"per_request_usd": 1.0}, ADA, "per_request_usd", "this request"),
    ({"per_day_usd": 1.0}, BOB, "per_day_usd", "today (UTC), all requests together"),
    ({"per_person_usd": 1.0}, Account("request-3", "ada"), "per_person_usd", "ada today"),
]


@pytest.mark.parametrize(("budget", "account", "name", "words"), SCOPES)
def test_each_budget_stops_the_call_that_might_overrun_it(
    budget: dict[str, float], account: Account, name: str, words: str, tmp_path: Path
) -> None:
    purse(tmp_path / "a").open("train", "m", Amount(0.6, 0))
    late = purse(tmp_path / "a", account, **budget)
    late.close(late.open("train", "m", Amount(0.4, 0)), Amount(0.4, 0))  # fits exactly
    with pytest.raises(BudgetReached) as caught:
        late.open("train", "m", Amount(0.01, 0))
    assert f"{name} under [budget] in boardwright.toml" in str(caught.value)
    assert words in str(caught.value)
    assert "$1.00" in str(caught.value)


def test_days_and_persons_begin_again_requests_do_not(tmp_path: Path) -> None:
    clock = Clock()
    own = purse(tmp_path / "a", clock=clock, per_day_usd=1, per_person_usd=1, per_request_usd=1.5)
    own.open("train", "m", Amount(1.0, 0))
    with pytest.raises(BudgetReached):
        own.open("train", "m", Amount(0.1, 0))
    clock.now = datetime(2026, 11, 21, 0, 1, tzinfo=UTC)
    own.open("train", "m", Amount(0.5, 0))
    with pytest.raises(BudgetReached, match="per_request_usd"):
        own.open("train", "m", Amount(0.1, 0))


def test_nobody_named_has_no_budget_of_a_person(tmp_path: Path) -> None:
    own = purse(tmp_path / "a", Account("request-1"), per_person_usd=0)
    own.open("train", "m", Amount(0.5, 0))


def test_a_budget_of_nothing_allows_what_is_free(tmp_path: Path) -> None:
    own = purse(tmp_path / "a", per_request_usd=0)
    own.open("train", "m", Amount(0.0, 5))
    with pytest.raises(BudgetReached):
        own.open("train", "m", Amount(0.001, 5))


def _spend(path: Path) -> int:
    made = 0
    for _ in range(10):
        try:
            purse(path, per_request_usd=1.0).open("train", "m", Amount(0.1, 0))
        except BudgetReached:
            break
        made += 1
    return made


def test_processes_side_by_side_do_not_overrun_it_together(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        made = pool.map(_spend, [tmp_path / "a"] * 4)
    assert sum(made) == 9 or sum(made) == 10  # 0.1 has no exact double; never more than the limit
    assert Ledger(tmp_path / "a", Clock()).spent(ADA).request <= 1.0


def test_a_damaged_ledger_stops_spending(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"no database at all, but long enough to be one" * 100)
    with pytest.raises(Infrastructure, match="no model is called") as caught:
        purse(tmp_path / "a").open("train", "m", Amount(0.1, 0))
    assert str(tmp_path / "a") in str(caught.value)


def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    purse(tmp_path / "state" / "a").open("train", "m", Amount(0.1, 0))
    assert (tmp_path / "state" / "a").stat().st_mode & 0o777 == 0o600


def test_where_it_is() -> None:
    assert ledger_path({"XDG_STATE_HOME": "/s"}) == Path("/s/boardwright/spending.sqlite")
    assert ledger_path({}).parts[-4:] == (".local", "state", "boardwright", "spending.sqlite")
    assert ledger_path({"XDG_STATE_HOME": "relative"}) == ledger_path({})
