"""Ledger: what was spent, by day, person and request, in a file that outlives processes.

Before a call its worst case is entered, after it what it took; so calls that run side by side, in
however many processes, cannot overrun a budget together. A process that is killed between the two
leaves the worst case standing: that day's budget errs to the safe side.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.errors import Infrastructure

_TABLE = """
create table if not exists calls (
    id integer primary key,
    day text not null,
    person text not null,
    request text not null,
    purpose text not null,
    model text not null,
    usd real not null,
    tokens integer not null,
    settled integer not null default 0
);
create index if not exists calls_by_day on calls (day, person);
create index if not exists calls_by_request on calls (request);
"""
_WAIT_S = 30.0


@dataclass(frozen=True, slots=True)
class Account:
    """Who pays for a call.

    Attributes:
        request: what identifies one run of one request, such as its URL and when it was triggered.
        person: who triggered it; empty: nobody is named, and no person's budget counts.
    """

    request: str
    person: str = ""


@dataclass(frozen=True, slots=True)
class Amount:
    """What a call takes: money where the price is known, else tokens."""

    usd: float | None
    tokens: int


@dataclass(frozen=True, slots=True)
class Spent:
    """What was entered before, of one unit: dollars, or tokens without a price."""

    request: float
    day: float
    person: float


def ledger_path(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the ledger of this user. Source: XDG base directories, `$XDG_STATE_HOME`."""
    state = environment.get("XDG_STATE_HOME", "")
    folder = Path(state) if state.startswith("/") else Path.home() / ".local" / "state"
    return folder / "boardwright" / "spending.sqlite"


def _now() -> datetime:
    return datetime.now(UTC)


class Ledger:
    """The ledger in one file.

    Args:
        path: made with its folder if need be, readable for its owner only.
        now: tells the time; its day is counted in UTC.
    """

    def __init__(self, path: Path, now: Callable[[], datetime] = _now) -> None:
        self._path = path
        self._now = now

    @property
    def path(self) -> Path:
        """Return where it is kept."""
        return self._path

    def enter(
        self,
        account: Account,
        purpose: str,
        model: str,
        worst: Amount,
        allowed: Callable[[Spent], None],
    ) -> int:
        """Enter a call with the most that it may take, and return its number.

        Args:
            allowed: is told what was spent before; raises where the call must not be made, and
                then nothing is entered.

        Raises:
            Infrastructure: the file cannot be used.
        """
        with self._transaction() as database:
            allowed(self._spent(database, account, worst.usd is not None))
            cursor = database.execute(
                "insert into calls (day, person, request, purpose, model, usd, tokens)"
                " values (?, ?, ?, ?, ?, ?, ?)",
                (self._day(), account.person, account.request, purpose, model, *_columns(worst)),
            )
            return int(cursor.lastrowid or 0)

    def settle(self, number: int, took: Amount) -> None:
        """Put what a call really took in the place of its worst case."""
        with self._transaction() as database:
            database.execute(
                "update calls set usd = ?, tokens = ?, settled = 1 where id = ?",
                (*_columns(took), number),
            )

    def spent(self, account: Account, in_usd: bool = True) -> Spent:
        """Return what was spent so far, worst cases of unfinished calls included."""
        with self._transaction() as database:
            return self._spent(database, account, in_usd)

    def _spent(self, database: sqlite3.Connection, account: Account, in_usd: bool) -> Spent:
        column = "usd" if in_usd else "tokens"

        def total(where: str, *values: str) -> float:
            query = f"select coalesce(sum({column}), 0) from calls where {where}"  # noqa: S608
            return float(database.execute(query, values).fetchone()[0])

        day = self._day()
        return Spent(
            request=total("request = ?", account.request),
            day=total("day = ?", day),
            person=total("day = ? and person = ?", day, account.person),
        )

    def _day(self) -> str:
        return self._now().astimezone(UTC).date().isoformat()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Give the database under its write lock, and close it again."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            database = sqlite3.connect(self._path, timeout=_WAIT_S, isolation_level=None)
            self._path.chmod(0o600)
        except (OSError, sqlite3.Error) as error:
            raise self._unusable(error) from error
        try:
            database.executescript(_TABLE)
            database.execute("begin immediate")
            yield database
            database.execute("commit")
        except sqlite3.Error as error:
            raise self._unusable(error) from error
        finally:
            database.close()

    def _unusable(self, error: Exception) -> Infrastructure:
        return Infrastructure(
            f"The ledger of what language models cost, {self._path}, cannot be used: {error}. "
            "Without it no budget holds, so no model is called.",
            f"mv {self._path} {self._path}.broken",
        )


def _columns(amount: Amount) -> tuple[float, int]:
    """Return dollars, and the tokens that have no price."""
    return (0.0, amount.tokens) if amount.usd is None else (amount.usd, 0)
