"""The status page: jobs as HTML that needs no JavaScript and loads nothing."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import resources

import jinja2
from markupsafe import Markup

from bot.rendering.live import Phase
from bot.rendering.text import plain
from bot.service.intake import JobRow
from bot.service.security import policy

PHASES = {
    Phase.QUEUED: "waits for its turn",
    Phase.UNDERSTANDING: "understanding the request",
    Phase.ASKING: "questions are to be answered",
    Phase.APPROVING: "the plan is to be approved",
    Phase.BUILDING: "building",
    Phase.PUBLISHING: "publishing",
    Phase.REVIEWING: "to be reviewed",
    Phase.REVISING: "revising",
    Phase.DONE: "done",
    Phase.CANCELLED: "cancelled",
    Phase.FAILED: "failed",
}
"""What the page says of each phase."""

_WAITING = (Phase.ASKING, Phase.APPROVING, Phase.REVIEWING)
_ENDED = (Phase.DONE, Phase.CANCELLED, Phase.FAILED)


@dataclass(frozen=True, slots=True)
class Page:
    """The page, and the policy under which a browser may show it."""

    html: str
    policy: str


@dataclass(frozen=True, slots=True)
class _Moment:
    text: str
    machine: str


@dataclass(frozen=True, slots=True)
class _Shown:
    """A job as the template prints it."""

    name: str
    title: str
    issue_url: str
    phase: str
    phase_words: str
    ended: bool
    headline: str
    since: _Moment
    updated: _Moment
    duration: str
    cost: str
    pull_url: str
    boards: tuple[str, ...]


def render_page(
    rows: Sequence[JobRow],
    now: datetime,
    web_url: str,
    label: str,
    show_private: bool,
    trouble: str = "",
) -> Page:
    """Render the page.

    Args:
        rows: jobs in the order in which they are to be listed.
        now: with time zone.
        web_url: of GitHub, without a slash at its end.
        label: that asks for work.
        show_private: whether jobs in private repositories are named.
        trouble: why jobs cannot be listed; empty where they can.
    """
    seen = [row for row in rows if show_private or not row.private]
    shown = [(row.phase, _shown(row, now, web_url)) for row in seen]
    css = _css()
    html = (
        _environment()
        .get_template("status_page.html.jinja")
        .render(
            css=css,
            now=_moment(now),
            trouble=trouble,
            label=label,
            hidden=len(rows) - len(seen),
            waiting=[job for phase, job in shown if phase in _WAITING],
            ended=[job for phase, job in shown if phase in _ENDED],
            working=[job for phase, job in shown if phase not in (*_WAITING, *_ENDED)],
        )
    )
    return Page(html, policy(str(css)))


def _shown(row: JobRow, now: datetime, web_url: str) -> _Shown:
    ended = row.phase in _ENDED
    return _Shown(
        name=f"{row.repository}#{row.number}",
        title=plain(row.title)[:200],
        issue_url=f"{web_url}/{row.repository}/issues/{row.number}",
        phase=row.phase.value,
        phase_words=PHASES[row.phase],
        ended=ended,
        headline=plain(row.headline)[:400],
        since=_moment(row.since),
        updated=_moment(row.updated),
        duration=duration((row.updated if ended else now) - row.since),
        cost=plain(row.cost)[:200],
        pull_url=row.pull_url if row.pull_url.startswith(("https://", "http://")) else "",
        boards=tuple(plain(line)[:200] for line in row.boards[:20]),
    )


def duration(span: timedelta) -> str:
    """Return a duration in its two largest units, such as `2 h 5 min`."""
    seconds = max(0, int(span.total_seconds()))
    units = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
    parts = []
    for size, unit in units:
        amount, seconds = divmod(seconds, size)
        parts.append((amount, unit))
    first = next((index for index, (amount, _) in enumerate(parts) if amount), len(parts) - 1)
    return " ".join(f"{amount} {unit}" for amount, unit in parts[first : first + 2] if amount) or (
        "0 s"
    )


def _moment(moment: datetime) -> _Moment:
    utc = moment.astimezone(UTC)
    return _Moment(utc.strftime("%Y-%m-%d %H:%M UTC"), utc.isoformat(timespec="seconds"))


def _read(name: str) -> str:
    return resources.files("templates").joinpath("texts", name).read_text(encoding="utf-8")


@functools.cache
def _css() -> Markup:
    return Markup(_read("status_page.css"))  # noqa: S704  a file of ours


@functools.cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FunctionLoader(_read),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=True,
    )
