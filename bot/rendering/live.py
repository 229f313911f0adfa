"""The one comment that tells how a request fares, edited in place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from pydantic import Field

from bot.frozen import Frozen
from bot.rendering.environment import render_text
from bot.rendering.marker import BODY_MAX_CHARACTERS, marker
from bot.rendering.text import Markdown, code, inline

PART = "live"
"""Names this comment in its marker; no board has this name."""


class Phase(Enum):
    """Where a job stands."""

    QUEUED = "queued"
    UNDERSTANDING = "understanding"
    ASKING = "asking"  # a person answers
    APPROVING = "approving"  # a person approves the plan
    BUILDING = "building"
    PUBLISHING = "publishing"
    REVIEWING = "reviewing"  # the pull request is there; a person reviews
    REVISING = "revising"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


class StageLine(Frozen):
    """One line of the checklist."""

    name: str
    state: str = Field(description="waiting, running, done, missed, unproven")
    checks: int = 0
    missed: tuple[str, ...] = ()
    unproven: tuple[str, ...] = ()
    seconds: float = 0.0
    resumed: bool = False


class Live(Frozen):
    """All that the comment shows. Texts are Markdown where they come from `bot.work.outcome`."""

    key: str
    phase: Phase
    requested_by: str
    delivery: str = Field(description="id by which logs are found")
    understood: str = ""
    plan: str = ""
    questions: str = ""
    stages: tuple[StageLine, ...] = ()
    notes: tuple[str, ...] = Field(default=(), description="plain text, the newest last")
    cost: str = Field(default="", description="such as '3 calls, 12,345 tokens, $0.02'")
    pull_url: str = ""
    headline: str = ""
    bench: str = Field(default="", description="what boards of the bench measured, in a sentence")
    problem: str = ""
    cure: str = ""
    revisions: int = 0


@dataclass(frozen=True, slots=True)
class _Words:
    """How a phase is told: a mark, a heading, and what happens next or is awaited."""

    mark: str
    heading: str
    next: str
    alert: str = ""  # of GitHub's kinds: what a person must do, or what went wrong


_PHASES: Mapping[Phase, _Words] = {
    Phase.QUEUED: _Words("🕓", "Waiting for its turn", "Work begins by itself."),
    Phase.UNDERSTANDING: _Words(
        "🔎", "Reading the request and its data", "The plan, or questions, come next."
    ),
    Phase.ASKING: _Words(
        "❓",
        "Answers are needed",
        "A comment on this issue is an answer. The job waits for days and costs nothing meanwhile.",
        "IMPORTANT",
    ),
    Phase.APPROVING: _Words(
        "📝",
        "The plan waits for approval",
        "Somebody with write permission comments `/boardwright approve` to build this. "
        "`/boardwright plan smaller` or `/boardwright plan larger` asks for another network first, "
        "`/boardwright cancel` ends it.",
        "IMPORTANT",
    ),
    Phase.BUILDING: _Words(
        "🔨",
        "Building",
        "A draft pull request comes next. `/boardwright cancel` stops the work.",
    ),
    Phase.PUBLISHING: _Words("📤", "Publishing", "The pull request is there in a moment."),
    Phase.REVIEWING: _Words(
        "👀",
        "Ready for review",
        "Review the pull request: the remarks of one review are followed together, and each is "
        "answered in its thread. `/boardwright revise TEXT` asks for a change without a review. "
        "Nothing is merged by itself.",
        "TIP",
    ),
    Phase.REVISING: _Words(
        "✏️", "Following a review", "One commit comes next, and an answer to each remark."
    ),
    Phase.DONE: _Words("🚀", "Done", "Nothing more happens here."),
    Phase.CANCELLED: _Words(
        "⏹️",
        "Cancelled",
        "What was published stays. `/boardwright retry` goes on where it was, `/boardwright build` "
        "begins with what the issue says now.",
    ),
    Phase.FAILED: _Words("😕", "It could not be done", "", "CAUTION"),
}
_STATES = {"waiting": "⬜", "running": "⏳", "done": "✅", "missed": "❌", "unproven": "⚠️"}
_UNFOLDED = (Phase.APPROVING,)
_URL = re.compile(r"https?://[\w.:/-]{1,300}")
# Characters of a text of ours, lines against a stage, characters of one: until all of it fits.
_SIZES = ((20_000, 20, 300), (9_000, 8, 200), (4_000, 3, 120), (1_500, 1, 80))


@dataclass(frozen=True, slots=True)
class _Row:
    """A stage in the checklist."""

    mark: str
    name: Markdown
    checks: Markdown
    time: Markdown


@dataclass(frozen=True, slots=True)
class _Against:
    """What stands against a stage."""

    name: Markdown
    mark: str
    claims: list[Markdown]
    left_out: int


def live_comment(live: Live) -> str:
    """Return the comment, Markdown of at most 65,536 characters that mentions nobody."""
    for text_max, claims_max, claim_max in _SIZES:
        text = render_text("live.md.jinja", _values(live, text_max, claims_max, claim_max))
        if len(text) <= BODY_MAX_CHARACTERS:
            return text
    raise AssertionError("a text of bounded parts is longer than their sum")


def _values(live: Live, text_max: int, claims_max: int, claim_max: int) -> dict[str, object]:
    words = _PHASES[live.phase]
    return {
        "marker": marker(live.key, PART),
        "words": words,
        "heading": Markdown(_heading(live, words)),
        "next": Markdown(words.next),
        "pull": _link(live.pull_url),
        "headline": live.headline[:1_000],
        "bench": live.bench[:1_000],
        "problem": _in_block(_ours(live.problem, text_max)),
        "cure": _in_block(_ours(f"**What to do:** {live.cure}", text_max)) if live.cure else "",
        "questions": _ours(live.questions, text_max) if live.phase is Phase.ASKING else "",
        "understood": _ours(live.understood, text_max),
        "plan": _ours(live.plan, text_max),
        "unfolded": live.phase in _UNFOLDED,
        "rows": [_row(line) for line in live.stages],
        "against": _against(live, claims_max, claim_max),
        "notes": [inline(note, claim_max) for note in live.notes[-12:]],
        "cost": live.cost[:200],
        "requested_by": code(live.requested_by, 60),
        "delivery": code(live.delivery, 80),
        "revisions": live.revisions,
        "failed": live.phase is Phase.FAILED,
    }


def _heading(live: Live, words: _Words) -> str:
    running = next((line for line in live.stages if line.state == "running"), None)
    ended = sum(line.state not in ("waiting", "running") for line in live.stages)
    if live.phase in (Phase.BUILDING, Phase.REVISING) and live.stages:
        at = f": {inline(running.name, 40)}" if running else ""
        return f"{words.heading}{at}, {ended} of {len(live.stages)} stages done"
    return words.heading


def _row(line: StageLine) -> _Row:
    bad = len(line.missed) + len(line.unproven)
    checks = "" if not line.checks else f"{line.checks - bad} of {line.checks} hold"
    time = "kept from before" if line.resumed else _duration(line.seconds) if line.checks else ""
    if line.state == "running":
        checks, time = "at work", ""
    return _Row(
        _STATES.get(line.state, "⬜"), inline(line.name, 40), Markdown(checks), Markdown(time)
    )


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def _against(live: Live, claims_max: int, claim_max: int) -> list[_Against]:
    found = []
    for line in live.stages:
        for state, claims in (("missed", line.missed), ("unproven", line.unproven)):
            if claims:
                shown = [inline(claim, claim_max) for claim in claims[:claims_max]]
                left_out = len(claims) - len(shown)
                found.append(_Against(inline(line.name, 40), _STATES[state], shown, left_out))
    return found


def _link(url: str) -> Markdown:
    """Return an address that can stand in a link's brackets; empty for any other text."""
    return Markdown(url if _URL.fullmatch(url) else "")


def _in_block(text: Markdown) -> Markdown:
    """Return Markdown as the inside of a block quote."""
    return Markdown("\n".join(f"> {line}".rstrip() for line in text.splitlines()))


def _ours(text: str, at_most: int) -> Markdown:
    """Return Markdown of ours, cut at the end of a line; a fence that this opens is closed."""
    text = text.strip()
    if len(text) > at_most:
        text = text[:at_most].rpartition("\n")[0] or text[:at_most]
        fences = re.findall(r"(?m)^[ >]*(`{3,}|~{3,})", text)
        text += (f"\n{fences[-1]}" if len(fences) % 2 else "") + "\n\n…"
    return Markdown(text.replace("<!--", "&lt;!--"))
