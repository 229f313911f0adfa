"""Purse: lets a call be made only if its worst case fits every budget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.llm.language_model import BudgetReached, RequestBudgetReached
from bot.llm.ledger import Account, Amount, Ledger, Spent
from bot.llm.settings import FILE_NAME, Budget


@dataclass(frozen=True, slots=True)
class Purse:
    """Who pays, out of which budgets, and where it is written down."""

    budget: Budget
    account: Account
    ledger: Ledger

    def open(self, purpose: str, model: str, worst: Amount) -> int:
        """Enter a call with its worst case, and return its number in the ledger.

        Raises:
            BudgetReached: it does not fit a budget; the message says which and where it is set.
            Infrastructure: the ledger cannot be used.
        """
        return self.ledger.enter(self.account, purpose, model, worst, self._allow(worst))

    def close(self, number: int, took: Amount) -> None:
        """Write down what the call took."""
        self.ledger.settle(number, took)

    def _allow(self, worst: Amount) -> Callable[[Spent], None]:
        def allow(spent: Spent) -> None:
            unit = "tokens" if worst.usd is None else "usd"
            more = worst.tokens if worst.usd is None else worst.usd
            checks = [("request", spent.request), ("day", spent.day)]
            if self.account.person:
                checks.append(("person", spent.person))
            for scope, before in checks:
                limit: float = getattr(self.budget, f"per_{scope}_{unit}")
                if before + more > limit:
                    kind = RequestBudgetReached if scope == "request" else BudgetReached
                    raise kind(self._message(scope, unit, limit, before, more))

        return allow

    def _message(self, scope: str, unit: str, limit: float, before: float, more: float) -> str:
        whose = {
            "request": "this request",
            "day": "today (UTC), all requests together",
            "person": f"{self.account.person} today (UTC)",
        }[scope]
        return (
            f"The budget of {_show(limit, unit)} for {whose} does not hold another call to the "
            f"language model: {_show(before, unit)} are spent or set aside, and the call may take "
            f"up to {_show(more, unit)}. The limit is per_{scope}_{unit} under [budget] in "
            f"{FILE_NAME}."
        )


def _show(amount: float, unit: str) -> str:
    return f"${amount:.2f}" if unit == "usd" else f"{amount:,.0f} tokens"
