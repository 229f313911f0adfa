"""What the service says in comments of its own; the live comment is rendered elsewhere."""

from __future__ import annotations

from bot.events.slash import HELP, PREFIX, Unknown
from bot.rendering.live import Live, Phase
from bot.rendering.text import code, inline

NOT_ALLOWED = (
    "Thank you for writing. Only people with write permission to this repository can start work "
    "here, so nothing was done. One of them can comment `/boardwright build` on this issue."
)
NOTHING_RUNS = (
    "Nothing is under way here. `/boardwright build` starts work on what the issue says now, "
    "`/boardwright retry` goes on with what it said before."
)
NOT_OURS = "This pull request is none that Boardwright made, so there is nothing that it can do."

_PHASES = {
    Phase.QUEUED: "It waits for its turn.",
    Phase.UNDERSTANDING: "The request is being read.",
    Phase.ASKING: "It waits for an answer to the questions; a comment on the issue is one.",
    Phase.APPROVING: "The plan waits for `/boardwright approve`.",
    Phase.BUILDING: "It is being built.",
    Phase.PUBLISHING: "It is being published.",
    Phase.REVIEWING: "The pull request waits for a review.",
    Phase.REVISING: "A review is being followed.",
    Phase.DONE: "It is done.",
    Phase.CANCELLED: "It was cancelled.",
    Phase.FAILED: "It failed.",
}


def help_text(unknown: Unknown | None = None) -> str:
    """Return the list of commands, after a word about one that is unknown."""
    lines = [f"- `{PREFIX} {usage}`: {what}" for usage, what in HELP.items()]
    if unknown is not None:
        nearest = code(f"{PREFIX} {unknown.nearest}")
        lines = [f"{code(unknown.said)} is no command; {nearest} is the nearest one.", "", *lines]
    return "\n".join(lines)


def status_text(live: Live | None, runs: bool) -> str:
    """Return how a request stands, in a few lines."""
    if live is None:
        return "The request is about to be read." if runs else NOTHING_RUNS
    lines = [_PHASES[live.phase]]
    if live.phase in (Phase.BUILDING, Phase.REVISING):
        done = [s.name for s in live.stages if s.state not in ("waiting", "running")]
        lines.append(f"{len(done)} of {len(live.stages)} stages are done.")
    if live.cost:
        lines.append(f"Language models took {inline(live.cost)}.")
    if live.pull_url:
        lines.append(live.pull_url)
    return " ".join(lines)


def plan_text(live: Live | None) -> str:
    """Return the plan as it stands."""
    if live is None or not live.plan:
        return "There is no plan yet. `/boardwright build` makes one."
    return f"{live.understood}\n\n{live.plan}"
